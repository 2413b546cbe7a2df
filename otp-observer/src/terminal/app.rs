//! What the terminal program knows and shows, and what a key means. Pure.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use crate::forest::{Entry, Row, rows};
use crate::rates::{Rate, rates};
use crate::snapshot::{Crash, Process, Snapshot};
use crate::wire::{Request, Tell};

/// Crashes that are kept, the last ones.
const CRASHES: usize = 500;

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    #[default]
    Tree,
    Processes,
    Crashes,
}

/// By what processes are sorted; the greatest comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Mailbox,
    Memory,
    Messages,
    Calls,
    Restarts,
}

impl Sort {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Sort::Mailbox => "mailbox",
            Sort::Memory => "memory",
            Sort::Messages => "messages",
            Sort::Calls => "calls",
            Sort::Restarts => "restarts",
        }
    }

    const fn next(self) -> Self {
        match self {
            Sort::Mailbox => Sort::Memory,
            Sort::Memory => Sort::Messages,
            Sort::Messages => Sort::Calls,
            Sort::Calls => Sort::Restarts,
            Sort::Restarts => Sort::Mailbox,
        }
    }
}

/// A key, as far as it means something.
///
/// # Examples
///
/// ```
/// use otp_observer::terminal::{App, Key, Reaction};
///
/// assert_eq!(App::default().on_key(Key::Char('q')), Reaction::Quit);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Up.
    Up,
    /// Down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first line.
    Home,
    /// To the last line.
    End,
    /// To the next view.
    Tab,
    /// Asks for the state of what is selected.
    Enter,
    /// Away with what is open.
    Escape,
}

/// What is to be done after a key.
///
/// # Examples
///
/// ```
/// use otp_observer::terminal::{App, Key, Reaction};
///
/// assert_eq!(App::default().on_key(Key::Tab), Reaction::Nothing);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Only to draw it.
    Nothing,
    /// To ask the program.
    Ask(Request),
    /// To end.
    Quit,
}

/// What the terminal program knows and shows.
///
/// # Examples
///
/// ```
/// use otp_observer::terminal::{App, Key, Reaction};
/// use otp_observer::{Request, Tell};
///
/// let mut app = App::default();
/// let told = r#"{"tell": "snapshot", "processes": [{"pid": "<0.1>", "kind": "a::Cart"}]}"#;
/// app.on_tell(serde_json::from_str(told).unwrap());
/// let status = Request::Status { pid: "<0.1>".to_owned() };
/// assert_eq!(app.on_key(Key::Enter), Reaction::Ask(status));
/// ```
#[derive(Debug, Default)]
pub struct App {
    pub(super) program: String,
    pub(super) os_pid: u32,
    pub(super) now: Snapshot,
    pub(super) rates: HashMap<String, Rate>,
    /// The last one first.
    pub(super) crashes: VecDeque<Crash>,
    /// Crashes that were not told.
    pub(super) lost: u64,
    pub(super) view: View,
    pub(super) sort: Sort,
    /// The process that is selected, and the line where it was.
    selected: Option<String>,
    line: usize,
    /// The crash that is selected, counted from the first there was.
    crash: usize,
    /// A server, and the state that it has shown.
    pub(super) state: Option<(String, String)>,
    /// A process that is to be killed, if that is meant.
    pub(super) to_kill: Option<String>,
    pub(super) notice: String,
}

impl App {
    /// The lines of the view: a tree, or a list without guides.
    pub(super) fn rows(&self) -> Vec<Row<'_>> {
        match self.view {
            View::Tree => rows(&self.now),
            View::Processes => self.sorted(),
            View::Crashes => Vec::new(),
        }
    }

    fn sorted(&self) -> Vec<Row<'_>> {
        let mut processes: Vec<&Process> = self.now.processes.iter().collect();
        processes.sort_by_key(|process| Reverse(self.rank(process)));
        let row = |process| Row {
            guide: String::new(),
            what: Entry::Process(process),
        };
        processes.into_iter().map(row).collect()
    }

    fn rank(&self, process: &Process) -> u64 {
        match self.sort {
            Sort::Mailbox => process.mailbox as u64,
            Sort::Memory => process.memory as u64,
            Sort::Messages => process.messages.unwrap_or_default(),
            Sort::Calls => process.calls,
            Sort::Restarts => process.restarts,
        }
    }

    /// Where the selected process is, or where it was.
    pub(super) fn selected_line(&self, rows: &[Row<'_>]) -> Option<usize> {
        let selected = self.selected.as_deref();
        let found = rows.iter().position(|row| {
            matches!(row.what, Entry::Process(process) if Some(process.pid.as_str()) == selected)
        });
        found.or(rows.len().checked_sub(1).map(|last| self.line.min(last)))
    }

    /// The process that is selected.
    pub(super) fn selected(&self) -> Option<&Process> {
        let rows = self.rows();
        match rows.get(self.selected_line(&rows)?)?.what {
            Entry::Process(process) => Some(process),
            Entry::Vacant(_) => None,
        }
    }

    /// Which line of the crashes is selected: the same crash while others come.
    pub(super) fn selected_crash(&self) -> usize {
        self.crash.min(self.crashes.len().saturating_sub(1))
    }

    fn title_of(&self, pid: &str) -> String {
        let mut processes = self.now.processes.iter();
        let process = processes.find(|process| process.pid == pid);
        process.map_or_else(String::new, Process::title)
    }

    /// A pid with what it is called.
    pub(super) fn named(&self, pid: &str) -> String {
        format!("{pid} {}", self.title_of(pid))
            .trim_end()
            .to_owned()
    }

    /// Takes in what the program tells.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::Tell;
    /// use otp_observer::terminal::App;
    ///
    /// let mut app = App::default();
    /// app.on_tell(Tell::Lost { crashes: 2 });
    /// assert!(format!("{app:?}").contains("lost: 2"));
    /// ```
    pub fn on_tell(&mut self, tell: Tell) {
        match tell {
            Tell::Hello {
                program, os_pid, ..
            } => (self.program, self.os_pid) = (program, os_pid),
            Tell::Snapshot(snapshot) => self.look(snapshot),
            Tell::Crash(crash) => {
                self.crashes.push_front(crash);
                self.crashes.truncate(CRASHES);
                if self.crash > 0 {
                    self.crash += 1;
                }
            }
            Tell::Lost { crashes } => self.lost += crashes,
            Tell::Status { pid, state } => self.state = Some((pid, state)),
            Tell::Done { what, pid } => self.notice = format!("{what} {}: done", self.named(&pid)),
            Tell::Failed { what, pid, why } => {
                self.notice = format!("{what} {}: {why}", self.named(&pid));
            }
            Tell::Refused { why } => self.notice = format!("let go: {why}"),
        }
    }

    fn look(&mut self, snapshot: Snapshot) {
        self.rates = rates(&self.now, &snapshot);
        (self.program, self.os_pid) = (snapshot.program.clone(), snapshot.os_pid);
        self.now = snapshot;
        let rows = self.rows();
        let line = self.selected_line(&rows);
        self.line = line.unwrap_or_default();
    }

    /// Says something in the last line.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::terminal::App;
    ///
    /// let mut app = App::default();
    /// app.note("the program has ended");
    /// assert!(format!("{app:?}").contains("the program has ended"));
    /// ```
    pub fn note(&mut self, notice: impl Into<String>) {
        self.notice = notice.into();
    }

    /// Does what a key means.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::terminal::{App, Key, Reaction};
    ///
    /// let mut app = App::default();
    /// assert_eq!(app.on_key(Key::Char('x')), Reaction::Nothing); // There is nobody to kill.
    /// assert_eq!(app.on_key(Key::Char('q')), Reaction::Quit);
    /// ```
    pub fn on_key(&mut self, key: Key) -> Reaction {
        if let Some(pid) = self.to_kill.take() {
            return match key {
                Key::Char('y') => Reaction::Ask(Request::Kill { pid }),
                _ => Reaction::Nothing,
            };
        }
        self.notice.clear();
        match key {
            Key::Char('q') => return Reaction::Quit,
            Key::Char('1') => self.view = View::Tree,
            Key::Char('2') => self.view = View::Processes,
            Key::Char('3') => self.view = View::Crashes,
            Key::Tab => {
                self.view = match self.view {
                    View::Tree => View::Processes,
                    View::Processes => View::Crashes,
                    View::Crashes => View::Tree,
                }
            }
            Key::Char('o') => self.sort = self.sort.next(),
            Key::Up | Key::Char('k') => self.go(-1),
            Key::Down | Key::Char('j') => self.go(1),
            Key::PageUp => self.go(-10),
            Key::PageDown => self.go(10),
            Key::Home => self.go(isize::MIN),
            Key::End => self.go(isize::MAX),
            Key::Escape => self.state = None,
            Key::Enter => return self.with_selected(|pid| Request::Status { pid }),
            Key::Char('s') => return self.with_selected(|pid| Request::Suspend { pid }),
            Key::Char('r') => return self.with_selected(|pid| Request::Resume { pid }),
            Key::Char('x') => self.to_kill = self.selected().map(|process| process.pid.clone()),
            Key::Char(_) => {}
        }
        Reaction::Nothing
    }

    fn with_selected(&self, request: impl FnOnce(String) -> Request) -> Reaction {
        match self.selected() {
            Some(process) => Reaction::Ask(request(process.pid.clone())),
            None => Reaction::Nothing,
        }
    }

    fn go(&mut self, lines: isize) {
        let moved = |from: usize, last: usize| from.saturating_add_signed(lines).min(last);
        if self.view == View::Crashes {
            self.crash = moved(self.selected_crash(), self.crashes.len().saturating_sub(1));
            return;
        }
        let rows = self.rows();
        let Some(line) = self.selected_line(&rows) else {
            return;
        };
        let line = moved(line, rows.len() - 1);
        let selected = match rows[line].what {
            Entry::Process(process) => Some(process.pid.clone()),
            Entry::Vacant(_) => None,
        };
        (self.line, self.selected) = (line, selected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(processes: &str) -> App {
        let mut app = App::default();
        app.on_tell(told(processes));
        app
    }

    fn told(processes: &str) -> Tell {
        let json = format!(r#"{{"tell": "snapshot", "processes": [{processes}]}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn selected(app: &App) -> &str {
        app.selected().map_or("", |process| &process.pid)
    }

    const TWO: &str =
        r#"{"pid": "1", "mailbox": 1, "memory": 9}, {"pid": "2", "mailbox": 5, "memory": 3}"#;

    #[test]
    fn what_is_selected_stays_so_when_it_moves() {
        let mut app = app(TWO);
        assert_eq!(selected(&app), "1");
        app.on_key(Key::Down);
        assert_eq!(selected(&app), "2");
        app.on_key(Key::Down);
        app.on_key(Key::Tab);
        let rows = app.rows();
        assert_eq!((app.selected_line(&rows), selected(&app)), (Some(0), "2"));
        app.on_tell(told(r#"{"pid": "1"}"#));
        assert_eq!(selected(&app), "1");
        app.on_tell(told(""));
        assert_eq!(selected(&app), "");
    }

    #[test]
    fn processes_are_sorted_the_greatest_first() {
        let mut app = app(TWO);
        app.on_key(Key::Char('2'));
        let order = |app: &App| {
            let rows = app.rows();
            let pid = |row: &Row<'_>| match row.what {
                Entry::Process(process) => process.pid.clone(),
                Entry::Vacant(_) => String::new(),
            };
            (app.sort.name(), rows.iter().map(pid).collect::<String>())
        };
        assert_eq!(order(&app), ("mailbox", "21".to_owned()));
        app.on_key(Key::Char('o'));
        assert_eq!(order(&app), ("memory", "12".to_owned()));
        for name in ["messages", "calls", "restarts", "mailbox"] {
            app.on_key(Key::Char('o'));
            assert_eq!(app.sort.name(), name);
        }
    }

    #[test]
    fn a_kill_has_to_be_meant() {
        let mut app = app(TWO);
        assert_eq!(app.on_key(Key::Char('x')), Reaction::Nothing);
        assert_eq!(app.on_key(Key::Char('n')), Reaction::Nothing);
        assert_eq!(app.on_key(Key::Char('y')), Reaction::Nothing);
        app.on_key(Key::Char('x'));
        let pid = "1".to_owned();
        assert_eq!(
            app.on_key(Key::Char('y')),
            Reaction::Ask(Request::Kill { pid })
        );
    }

    #[test]
    fn crashes_are_the_last_ones_and_the_selected_one_stays() {
        let mut app = App::default();
        app.on_key(Key::Char('3'));
        let crash = |at_ms| {
            Tell::Crash(Crash {
                at_ms,
                ..Crash::default()
            })
        };
        let selected = |app: &App| app.crashes[app.selected_crash()].at_ms;
        app.on_tell(crash(1));
        app.on_tell(crash(2));
        assert_eq!(selected(&app), 2);
        app.on_key(Key::Down);
        app.on_tell(crash(3));
        assert_eq!(selected(&app), 1);
        for at_ms in 0..1000 {
            app.on_tell(crash(at_ms));
        }
        assert_eq!(app.crashes.len(), CRASHES);
    }
}

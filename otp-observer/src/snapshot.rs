//! What is seen of a program at one moment. Pure data, and pure questions to it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

/// A program at one moment.
///
/// # Examples
///
/// ```
/// use otp_observer::Snapshot;
///
/// let snapshot: Snapshot = serde_json::from_str(r#"{"processes": [{"pid": "<0.1>", "kind": "process"}]}"#).unwrap();
/// assert_eq!(snapshot.processes[0].title(), "process");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Snapshot {
    /// What the program is called.
    pub program: String,
    /// Its number for the operating system.
    pub os_pid: u32,
    /// Milliseconds since its observer began.
    pub at_ms: u64,
    /// Processes that there are, of which `processes` may hold a part.
    pub total: usize,
    /// In the order in which they were started.
    pub processes: Vec<Process>,
    /// Processes that wait for each other, each for the next and the last for the first: a deadlock, until a call times out.
    pub cycles: Vec<Vec<String>>,
}

/// A process at one moment.
///
/// # Examples
///
/// ```
/// use otp_observer::Process;
///
/// let mut process = Process::default();
/// process.kind = "shop::Cart<u32>".to_owned();
/// assert_eq!(process.title(), "Cart<u32>");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Process {
    /// Its pid.
    pub pid: String,
    /// The type of the server, `task` or `process`.
    pub kind: String,
    /// The name that it is registered under.
    pub name: Option<String>,
    /// What it calls itself.
    pub label: Option<String>,
    /// What its supervisor calls it.
    pub id: Option<String>,
    /// Who started it with a link.
    pub parent: Option<String>,
    /// The first of those that it is linked with.
    pub links: Vec<String>,
    /// The first of those that it monitors.
    pub monitors: Vec<String>,
    /// The first of those that monitor it.
    pub monitored_by: Vec<String>,
    /// Who it has called, and waits for.
    pub waiting_for: Option<String>,
    /// Whether it gets exit signals as messages.
    pub trap_exit: bool,
    /// Whether it was suspended.
    pub suspended: bool,
    /// Messages and signals that wait.
    pub mailbox: usize,
    /// Messages that the bound of its mailbox has cost.
    pub lost: u64,
    /// Bytes that are known of: its state without what that owns elsewhere, its mailbox, and what is shared of it. An estimate
    /// from below.
    pub memory: usize,
    /// Messages that it has handled while it was watched. None of what is no server.
    pub messages: Option<u64>,
    /// The message that it handles.
    pub message: Option<String>,
    /// Calls to it that have ended while it was watched.
    pub calls: u64,
    /// How long these took together, in microseconds.
    pub calls_us: u64,
    /// How often its supervisor has started it again.
    pub restarts: u64,
    /// What a supervisor has under it, in start order.
    pub children: Vec<Child>,
}

/// A child, as its supervisor tells of it.
///
/// # Examples
///
/// ```
/// use otp_observer::Child;
///
/// let child: Child = serde_json::from_str(r#"{"id": "ledger", "state": "restarting"}"#).unwrap();
/// assert_eq!((child.pid, child.restarts), (None, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Child {
    /// Its id.
    pub id: String,
    /// Its process, if there is one.
    pub pid: Option<String>,
    /// `running`, `restarting` or `undefined`.
    pub state: String,
    /// Whether it is a supervisor.
    pub supervisor: bool,
    /// When it is started again: `permanent`, `transient` or `temporary`.
    pub restart: String,
    /// How often it was.
    pub restarts: u64,
}

/// A process has crashed.
///
/// # Examples
///
/// ```
/// use otp_observer::Crash;
///
/// let crash: Crash = serde_json::from_str(r#"{"pid": "<0.3>", "reason": "panicked at 'boom'"}"#).unwrap();
/// assert_eq!(crash.reason, "panicked at 'boom'");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Crash {
    /// Milliseconds since the observer began.
    pub at_ms: u64,
    /// The process.
    pub pid: String,
    /// The type of the server, `task` or `process`.
    pub kind: String,
    /// Its name.
    pub name: Option<String>,
    /// What it called itself.
    pub label: Option<String>,
    /// Why it ended, of a panic with its place.
    pub reason: String,
    /// Who started it, who started that, and so on.
    pub ancestors: Vec<String>,
    /// The first of those that it was linked with.
    pub links: Vec<String>,
    /// Messages and signals that were in its mailbox.
    pub mailbox: usize,
}

impl Process {
    /// What to call it in one word: its name, its label, its id, or its kind without the path.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::Process;
    ///
    /// let mut process = Process::default();
    /// process.kind = "shop::Counter".to_owned();
    /// assert_eq!(process.title(), "Counter");
    /// process.name = Some("hits".to_owned());
    /// assert_eq!(process.title(), "hits");
    /// ```
    #[must_use]
    pub fn title(&self) -> String {
        let given = self.name.as_ref().or(self.label.as_ref());
        let given = given.or(self.id.as_ref());
        given.cloned().unwrap_or_else(|| short(&self.kind))
    }

    /// What it does now, in a few words; empty if it waits for messages.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::Process;
    ///
    /// let mut process = Process::default();
    /// process.waiting_for = Some("<0.7>".to_owned());
    /// assert_eq!(process.doing(), "waits for <0.7>");
    /// ```
    #[must_use]
    pub fn doing(&self) -> String {
        let suspended = self.suspended.then(|| "suspended".to_owned());
        let message = self.message.as_deref().map(short);
        let waiting = self.waiting_for.as_ref();
        let waiting = waiting.map(|server| format!("waits for {server}"));
        let all = [suspended, message, waiting].into_iter().flatten();
        all.collect::<Vec<_>>().join(", ")
    }
}

impl Snapshot {
    /// The processes by their pids.
    pub(crate) fn by_pid(&self) -> HashMap<&str, &Process> {
        let processes = self.processes.iter();
        processes
            .map(|process| (process.pid.as_str(), process))
            .collect()
    }

    /// Keeps about `most` processes: supervisors and what is busy first, each with all above it.
    pub(crate) fn limit(&mut self, most: usize) {
        if self.processes.len() <= most {
            return;
        }
        let by_pid = self.by_pid();
        let mut first: Vec<&Process> = self.processes.iter().collect();
        first.sort_by_key(|process| {
            let is_worker = process.children.is_empty();
            (
                is_worker,
                std::cmp::Reverse((process.mailbox, process.calls)),
            )
        });
        let mut kept: HashSet<String> = HashSet::with_capacity(most);
        for process in first {
            if kept.len() >= most {
                break;
            }
            let parent = |process: &&Process| by_pid.get(process.parent.as_deref()?).copied();
            for process in std::iter::successors(Some(process), parent) {
                if !kept.insert(process.pid.clone()) {
                    break;
                }
            }
        }
        self.processes.retain(|process| kept.contains(&process.pid));
    }
}

/// A type without the paths in it.
pub(crate) fn short(path: &str) -> String {
    let mut short = String::new();
    let mut rest = path;
    while let Some(end) = rest.find(|c: char| !c.is_alphanumeric() && c != '_') {
        let (word, after) = rest.split_at(end);
        if let Some(inside) = after.strip_prefix("::") {
            rest = inside;
            continue;
        }
        let next = after.chars().next().map_or(0, char::len_utf8);
        short.push_str(word);
        short.push_str(&after[..next]);
        rest = &after[next..];
    }
    short.push_str(rest);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_short_without_its_paths() {
        for (path, expected) in [
            ("process", "process"),
            ("shop::cart::Cart", "Cart"),
            ("a::B<c::D, e::F<u8>>", "B<D, F<u8>>"),
            ("a::B::{{closure}}", "{{closure}}"),
            ("", ""),
        ] {
            assert_eq!(short(path), expected);
        }
    }

    #[test]
    fn what_is_kept_of_too_many_is_what_is_busy_and_what_is_above_it() {
        let process = |pid: &str, parent: Option<&str>, mailbox| Process {
            pid: pid.to_owned(),
            parent: parent.map(str::to_owned),
            mailbox,
            ..Process::default()
        };
        let mut snapshot = Snapshot {
            processes: vec![
                process("1", None, 0),
                process("2", Some("1"), 0),
                process("3", Some("1"), 0),
                process("4", Some("3"), 9),
            ],
            ..Snapshot::default()
        };
        snapshot.limit(4);
        assert_eq!(snapshot.processes.len(), 4);
        snapshot.limit(3);
        let pids: Vec<&str> = snapshot.processes.iter().map(|p| p.pid.as_str()).collect();
        assert_eq!(pids, ["1", "3", "4"]);
    }
}

//! Draws what is shown. Nothing is decided or kept here.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Table, TableState, Wrap};

use super::app::{App, View};
use crate::forest::Entry;
use crate::rates::Rate;
use crate::snapshot::{Crash, Process, short};

/// Draws it.
///
/// # Examples
///
/// ```
/// use otp_observer::terminal::{App, draw};
/// use ratatui::Terminal;
/// use ratatui::backend::TestBackend;
///
/// let mut terminal = Terminal::new(TestBackend::new(100, 20)).unwrap();
/// terminal.draw(|frame| draw(&App::default(), frame)).unwrap();
/// assert!(terminal.backend().to_string().contains("q quit"));
/// ```
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let deadlocks = u16::try_from(app.now.cycles.len().min(3)).unwrap_or(3);
    let areas = [
        Constraint::Length(1),
        Constraint::Length(deadlocks),
        Constraint::Min(4),
        Constraint::Length(1),
    ];
    let [head, alarm, body, foot] = Layout::vertical(areas).areas(frame.area());
    frame.render_widget(summary(app), head);
    frame.render_widget(alarms(app), alarm);
    match app.view {
        View::Tree | View::Processes => processes(app, frame, body),
        View::Crashes => crashes(app, frame, body),
    }
    frame.render_widget(footer(app), foot);
    if let Some((pid, state)) = &app.state {
        let title = format!(" state of {} ", app.named(pid));
        popup(frame, body, title, state.as_str().into());
    }
    if let Some(pid) = &app.to_kill {
        let question = format!("Kill {}? y / n", app.named(pid));
        popup(frame, body, " kill ".to_owned(), question.bold().into());
    }
}

fn summary(app: &App) -> Line<'static> {
    let sum = |of: fn(&Rate) -> f64| app.rates.values().map(of).sum::<f64>();
    let processes = app.now.processes.iter();
    let (backlog, restarts) = processes.fold((0, 0), |(backlog, restarts), process| {
        (backlog + process.mailbox, restarts + process.restarts)
    });
    let shown = app.now.processes.len();
    let total = if shown < app.now.total {
        format!("{shown} of {}", app.now.total)
    } else {
        shown.to_string()
    };
    let crashes = app.crashes.len() as u64 + app.lost;
    let numbers = format!(
        "  processes {total}  messages/s {}  calls/s {}  backlog {backlog}  restarts {restarts}  crashes {crashes}",
        sum(|rate| rate.messages).round(),
        sum(|rate| rate.calls).round(),
    );
    let program = format!(" {} ({})", app.program, app.os_pid);
    Line::from(vec![program.bold(), numbers.into()])
}

fn alarms(app: &App) -> Text<'static> {
    let alarm = Style::new().fg(Color::White).bg(Color::Red);
    let cycles = app.now.cycles.iter().map(|cycle| {
        let mut names: Vec<String> = cycle.iter().map(|pid| app.named(pid)).collect();
        names.extend(names.first().cloned());
        Line::styled(format!(" deadlock: {} ", names.join(" → ")), alarm)
    });
    cycles.collect()
}

fn footer(app: &App) -> Line<'_> {
    if !app.notice.is_empty() {
        return Line::from(app.notice.as_str()).bold();
    }
    let keys = match app.view {
        View::Crashes => " q quit  1 tree  2 processes  3 crashes  ↑↓ select".to_owned(),
        View::Tree | View::Processes => format!(
            " q quit  1 tree  2 processes  3 crashes  ↑↓ select  o by {}  ⏎ state  s suspend  r resume  x kill",
            app.sort.name()
        ),
    };
    Line::from(keys).dim()
}

const COLUMNS: [&str; 9] = [
    "process",
    "pid",
    "mailbox",
    "messages/s",
    "calls/s",
    "a call",
    "memory",
    "restarts",
    "now",
];

fn processes(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let [list, side] = Layout::vertical([Constraint::Min(3), Constraint::Length(9)]).areas(area);
    let rows = app.rows();
    let selected = app.selected_line(&rows);
    let lines = rows.iter().map(|row| match row.what {
        Entry::Process(process) => {
            let rate = app.rates.get(&process.pid).copied().unwrap_or_default();
            process_row(&row.guide, process, rate)
        }
        Entry::Vacant(child) => {
            let name = format!("{}{}", row.guide, child.id);
            let restarts = number(child.restarts);
            let cells = [name, String::new(), String::new(), String::new()];
            let cells = cells
                .into_iter()
                .chain([String::new(), String::new(), String::new()]);
            let cells = cells.chain([restarts, child.state.clone()]);
            Row::new(cells.map(Cell::from).collect::<Vec<_>>()).dim()
        }
    });
    let widths = [
        Constraint::Min(28),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Length(10),
        Constraint::Length(8),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Min(20),
    ];
    let title = match app.view {
        View::Processes => format!(" processes by {} ", app.sort.name()),
        View::Tree | View::Crashes => " tree ".to_owned(),
    };
    let table = Table::new(lines, widths)
        .header(Row::new(COLUMNS).bold())
        .row_highlight_style(Modifier::REVERSED)
        .block(Block::bordered().title(title));
    let mut state = TableState::new().with_selected(selected);
    frame.render_stateful_widget(table, list, &mut state);
    let details = app.selected().map(|process| details(app, process));
    let block = Block::bordered().title(" selected ");
    let details = Paragraph::new(details.unwrap_or_default()).block(block);
    frame.render_widget(details.wrap(Wrap { trim: false }), side);
}

fn process_row<'a>(guide: &str, process: &Process, rate: Rate) -> Row<'a> {
    let name = format!("{guide}{}", process.title());
    let call = rate.call_time.map_or_else(String::new, time);
    let cells = [
        name,
        process.pid.clone(),
        number(process.mailbox as u64),
        self::rate(rate.messages),
        self::rate(rate.calls),
        call,
        bytes(process.memory),
        number(process.restarts),
        process.doing(),
    ];
    let style = if process.suspended {
        Style::new().fg(Color::Yellow)
    } else {
        Style::new()
    };
    Row::new(cells.map(Cell::from)).style(style)
}

fn details<'a>(app: &App, process: &Process) -> Text<'a> {
    let list = |pids: &[String]| match pids {
        [] => "none".to_owned(),
        pids => {
            let named: Vec<String> = pids.iter().map(|pid| app.named(pid)).collect();
            named.join(", ")
        }
    };
    let flags = [
        process.trap_exit.then_some("traps exits"),
        process.suspended.then_some("suspended"),
    ];
    let flags: Vec<&str> = flags.into_iter().flatten().collect();
    let parent = process.parent.as_deref();
    let parent = parent.map_or_else(|| "none".to_owned(), |parent| app.named(parent));
    let message = process
        .message
        .as_deref()
        .map_or_else(|| "none".to_owned(), short);
    let lost = match process.lost {
        0 => String::new(),
        lost => format!(", {lost} lost"),
    };
    Text::from(vec![
        field("kind", &format!("{}  {}", process.kind, flags.join(", "))),
        field("parent", &parent),
        field("links", &list(&process.links)),
        field("monitors", &list(&process.monitors)),
        field("monitored by", &list(&process.monitored_by)),
        field("mailbox", &format!("{} waiting{lost}", process.mailbox)),
        field(
            "message",
            &match &process.waiting_for {
                Some(server) => format!("{message}, waits for {}", app.named(server)),
                None => message,
            },
        ),
    ])
}

fn field<'a>(name: &str, value: &str) -> Line<'a> {
    Line::from(vec![
        format!("{name:>13}  ").dim(),
        Span::raw(value.to_owned()),
    ])
}

fn crashes(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let areas = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let [list, side] = Layout::vertical(areas).areas(area);
    let rows = app.crashes.iter().map(|crash| {
        let first = crash.reason.lines().next().unwrap_or_default().to_owned();
        let cells = [seconds(crash.at_ms), who(crash), crash.pid.clone(), first];
        Row::new(cells.map(Cell::from))
    });
    let widths = [
        Constraint::Length(9),
        Constraint::Length(24),
        Constraint::Length(9),
        Constraint::Min(20),
    ];
    let title = match app.lost {
        0 => " crashes ".to_owned(),
        lost => format!(" crashes, and {lost} that were not told "),
    };
    let table = Table::new(rows, widths)
        .header(Row::new(["at", "process", "pid", "reason"]).bold())
        .row_highlight_style(Modifier::REVERSED)
        .block(Block::bordered().title(title));
    let mut state = TableState::new().with_selected(app.selected_crash());
    frame.render_stateful_widget(table, list, &mut state);
    let report = app.crashes.get(app.selected_crash());
    let report = report
        .map(|crash| report_of(app, crash))
        .unwrap_or_default();
    let block = Block::bordered().title(" report ");
    let report = Paragraph::new(report).block(block);
    frame.render_widget(report.wrap(Wrap { trim: false }), side);
}

fn report_of<'a>(app: &App, crash: &Crash) -> Text<'a> {
    let list = |pids: &[String]| {
        let named: Vec<String> = pids.iter().map(|pid| app.named(pid)).collect();
        named.join(", ")
    };
    let mut lines = vec![
        field("process", &format!("{} {}", crash.pid, who(crash))),
        field("kind", &crash.kind),
        field("ancestors", &list(&crash.ancestors)),
        field("links", &list(&crash.links)),
        field("mailbox", &crash.mailbox.to_string()),
    ];
    for (nth, line) in crash.reason.lines().enumerate() {
        lines.push(field(if nth == 0 { "reason" } else { "" }, line));
    }
    Text::from(lines)
}

fn who(crash: &Crash) -> String {
    let given = crash.name.as_ref().or(crash.label.as_ref());
    given.cloned().unwrap_or_else(|| short(&crash.kind))
}

fn popup(frame: &mut Frame<'_>, area: Rect, title: String, text: Text<'_>) {
    let area = area.centered(Constraint::Percentage(80), Constraint::Percentage(60));
    let block = Block::bordered().title(title);
    frame.render_widget(Clear, area);
    let text = Paragraph::new(text).wrap(Wrap { trim: false }).block(block);
    frame.render_widget(text, area);
}

/// Empty for none, so that what is there can be seen.
fn number(number: u64) -> String {
    match number {
        0 => String::new(),
        number => number.to_string(),
    }
}

fn rate(rate: f64) -> String {
    if rate <= 0.0 {
        String::new()
    } else if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        micros if micros < 1000 => format!("{micros} µs"),
        micros if micros < 1_000_000 => format!("{} ms", micros / 1000),
        micros => format!("{} s", micros / 1_000_000),
    }
}

fn bytes(bytes: usize) -> String {
    match bytes {
        bytes if bytes < 10_000 => format!("{bytes} B"),
        bytes if bytes < 10_000_000 => format!("{} kB", bytes / 1000),
        bytes => format!("{} MB", bytes / 1_000_000),
    }
}

fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        assert_eq!([0.0, 2.25, 1234.5].map(rate), ["", "2.2", "1234"]);
        let times = [7, 7_000, 7_000_000].map(|micros| time(Duration::from_micros(micros)));
        assert_eq!(times, ["7 µs", "7 ms", "7 s"]);
        assert_eq!(
            [9, 70_000, 70_000_000].map(bytes),
            ["9 B", "70 kB", "70 MB"]
        );
        assert_eq!(seconds(1999), "1.9 s");
    }
}

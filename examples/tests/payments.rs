//! Runs `payments` as its users do, and stops it as their machines do.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "another program is looked at, without a runtime"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Without cards for which the fraud check crashes, unless asked for.
fn payments(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_payments"));
    command
        .args(arguments)
        .env("PAYMENTS__LOAD__ODD_CARDS", "0")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the program can be run")
}

fn text(output: &[u8]) -> &str {
    str::from_utf8(output).expect("it is text")
}

/// What a line of the log says, without the time and the level.
fn message(line: &str) -> &str {
    line.split_once(" INFO ")
        .or(line.split_once(" WARN "))
        .map_or(line, |(_, message)| message.trim())
}

/// A program that runs, and what it has logged so far.
struct Running {
    child: Child,
    log: Receiver<String>,
    /// Where the metrics are.
    address: String,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program can be run");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        // Read in any case, as the program waits for room in the pipe.
        let (read, log) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = read.send(message(&line).to_owned());
            }
        });
        let mut running = Running {
            child,
            log,
            address: String::new(),
        };
        let metrics = running.wait_for("metrics at http://");
        running.address = metrics.trim_end_matches("/metrics").to_owned();
        running.wait_for("payments started");
        running
    }

    /// Waits for a line that begins so, and gives the rest of it.
    fn wait_for(&self, beginning: &str) -> String {
        let mut read = Vec::new();
        for line in &self.log {
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
            read.push(line);
        }
        panic!("no `{beginning}` in {read:#?}")
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(kill.expect("there is `kill`").success());
    }

    /// The value of one of its metrics; 0 if there is none.
    fn metric(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(&self.address).expect("somebody listens");
        let request = format!(
            "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream
            .write_all(request.as_bytes())
            .expect("the request is read");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("the page is text");
        let value = page
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("it is a number"))
    }

    fn wait_until(&self, name: &str, is_enough: impl Fn(u64) -> bool) {
        let began = Instant::now();
        while !is_enough(self.metric(name)) {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{name} is {}",
                self.metric(name)
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it has still to log and to say, and its exit status.
    fn end(mut self) -> (Vec<String>, String, Option<i32>) {
        let log = self.log.iter().collect();
        let mut table = String::new();
        let mut stdout = self.child.stdout.take().expect("it is piped");
        stdout
            .read_to_string(&mut table)
            .expect("the table is text");
        let status = self.child.wait().expect("it has been started");
        (log, table, status.code())
    }
}

/// The numbers of "payments   10 = 7 settled + 1 declined + 1 failed + 0 crashed + 1 lost", which add up.
fn sums(table: &str) -> [u64; 6] {
    let line = table
        .lines()
        .find(|line| line.starts_with("payments"))
        .unwrap_or_default();
    let numbers: Vec<u64> = line
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let sums: [u64; 6] = numbers
        .try_into()
        .unwrap_or_else(|_| panic!("no sums in {table:?}"));
    assert_eq!(sums[0], sums[1..].iter().sum::<u64>(), "{table}");
    sums
}

#[test]
fn a_signal_stops_it_in_order_under_load() {
    for signal in ["TERM", "INT"] {
        let program = Running::start(payments(&[]).env("PAYMENTS__LOAD__RATE", "300"));
        program.wait_until("payments_ended_total{outcome=\"settled\"}", |settled| {
            settled > 20
        });
        program.signal(signal);
        program.wait_for("payments stopping");
        let (log, table, status) = program.end();
        let [accepted, settled, .., lost] = sums(&table);
        assert_eq!((status, lost), (Some(0), 0), "{log:#?} {table}");
        assert!(accepted >= settled && settled > 20, "{table}");

        let (books, rest): (Vec<String>, Vec<String>) = log
            .into_iter()
            .partition(|line| line.starts_with("ledger") || line.starts_with("journal"));
        let expected = [
            "load stopped",
            "intake drained",
            "intake stopped with 0 payments left",
            "gateway 3 stopped",
            "gateway 2 stopped",
            "gateway 1 stopped",
            "gateway 0 stopped",
            "fraud check stopped",
            "payments stopped",
            "metrics stopped",
        ];
        assert_eq!(rest, expected);
        let [ledger, journal] = &books[..] else {
            panic!("{books:?}")
        };
        assert!(
            ledger.starts_with(&format!("ledger stopped with {settled} payments")),
            "{ledger}"
        );
        assert_eq!(*journal, format!("journal stopped with {settled} entries"));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (second, code) in [("TERM", 143), ("INT", 130)] {
        // It would wait for a ledger that never answers.
        let slow = ["--inject", "hang:ledger@0s", "--stop-within", "3600"];
        let program = Running::start(payments(&slow).env("PAYMENTS__STOP__DRAIN_MS", "600000"));
        program.wait_until("payments_in_flight", |in_flight| in_flight > 0);
        program.signal("TERM");
        program.wait_for("load stopped");
        program.signal(second);
        let (log, table, status) = program.end();
        assert_eq!((status, table.as_str()), (Some(code), ""), "{log:#?}");
        assert!(
            !log.iter().any(|line| line == "payments stopped"),
            "{log:#?}"
        );
    }
}

#[test]
fn payments_that_are_not_done_in_time_are_lost_and_it_says_so() {
    let hang = ["--inject", "hang:ledger@0s"];
    let program = Running::start(payments(&hang).env("PAYMENTS__STOP__DRAIN_MS", "100"));
    program.wait_until("payments_in_flight", |in_flight| in_flight > 0);
    program.signal("TERM");
    program.wait_for("intake not drained");
    let (log, table, status) = program.end();
    assert_eq!(status, Some(3), "{log:#?}");
    assert!(sums(&table)[5] > 0, "{table}");
    assert_eq!(log.last().map(String::as_str), Some("metrics stopped"));
    assert!(
        !log.iter().any(|line| line.starts_with("ledger stopped")),
        "it was killed: {log:#?}"
    );
}

#[test]
fn the_bound_holds_for_the_whole_stop() {
    let hang = ["--inject", "hang:ledger@0s", "--stop-within", "1"];
    let program = Running::start(payments(&hang).env("PAYMENTS__STOP__DRAIN_MS", "600000"));
    program.wait_until("payments_in_flight", |in_flight| in_flight > 0);
    let told = Instant::now();
    program.signal("TERM");
    let (log, ..) = program.end();
    // Generously: the machine may be slow. Half a second for the payments, half a second for the servers.
    assert!(told.elapsed() < Duration::from_secs(30), "{log:#?}");
}

#[test]
fn a_server_that_crashes_is_started_again_and_the_payments_go_on() {
    let crashes = [
        "--inject",
        "crash:ledger@0s",
        "--inject",
        "crash:fraud@0s*9",
    ];
    let program = Running::start(&mut payments(&crashes));
    program.wait_until(
        "payments_restarts_total{child=\"payments/risk/fraud\"}",
        |restarts| restarts > 1,
    );
    program.wait_until(
        "payments_restarts_total{child=\"payments/books/ledger\"}",
        |restarts| restarts > 0,
    );
    program.wait_until(
        "otp_crashes_total{kind=\"payments::books::Ledger\"}",
        |crashes| crashes > 0,
    );
    let settled = "payments_ended_total{outcome=\"settled\"}";
    let before = program.metric(settled);
    program.wait_until(settled, |now| now > before);
    program.signal("TERM");
    let (log, table, status) = program.end();
    assert_eq!(status, Some(0), "{log:#?}");
    let settled = sums(&table)[1];
    assert!(
        log.contains(&format!("journal stopped with {settled} entries")),
        "{log:#?} {table}"
    );
}

#[test]
fn it_ends_when_the_supervisors_have_given_up() {
    let output = run(&mut payments(&["--inject", "crash:ledger@0s*1000"]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let log = text(&output.stderr);
    assert!(
        log.contains("the application `payments` ended: shutdown"),
        "{log}"
    );
    assert!(log.trim_end().contains("metrics stopped"), "{log}");
}

#[test]
fn so_many_payments_as_were_asked_for() {
    let few = &mut payments(&[]);
    let output = run(few
        .env("PAYMENTS__LOAD__PAYMENTS", "50")
        .env("PAYMENTS__LOAD__RATE", "1000"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let [accepted, settled, declined, failed, crashed, lost] = sums(text(&output.stdout));
    assert_eq!((accepted, settled + declined), (50, 50), "{output:?}");
    assert_eq!((failed, crashed, lost), (0, 0, 0));
}

#[test]
fn a_file_configures_it_and_a_variable_is_above() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("payments.toml");
    fs::write(
        &file,
        "[load]\nrate = 1000\npayments = 7\n[fraud]\nlimit_cents = 0\n",
    )
    .unwrap();
    let config = ["--config", file.to_str().unwrap()];
    assert_eq!(
        sums(text(&run(&mut payments(&config)).stdout)),
        [7, 0, 7, 0, 0, 0]
    );
    let more = run(payments(&config).env("PAYMENTS__LOAD__PAYMENTS", "9"));
    assert_eq!(sums(text(&more.stdout)), [9, 0, 9, 0, 0, 0]);
}

#[test]
fn a_wrong_configuration_is_told_before_anything_is_paid() {
    for (variable, value, told) in [
        (
            "PAYMENTS__LOAD__RATE",
            "many",
            "`PAYMENTS__LOAD__RATE`: string \"many\"",
        ),
        ("PAYMENTS__LOAD__RAET", "1", "unknown field `raet`"),
        ("METRICS__ADDRESS", "here", "`METRICS__ADDRESS`"),
    ] {
        let output = run(payments(&[]).env(variable, value));
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stderr).contains(told), "{output:?}");
        assert_eq!(text(&output.stdout), "");
    }
    let output = run(&mut payments(&["--config", "/no/such/file"]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("cannot be read from /no/such/file"));
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [
        &["--inject", "ledger"][..],
        &["--inject", "crash:bank@1s"],
        &["--stop-within", "0"],
        &["--nonsense"],
    ] {
        let output = run(&mut payments(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            text(&output.stderr).starts_with("error: "),
            "{arguments:?}: {output:?}"
        );
    }
}

#[test]
fn help_explains_the_program() {
    let output = run(&mut payments(&["--help"]));
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    for word in [
        "--inject",
        "crash",
        "hang",
        "drain_ms",
        "PAYMENTS__LOAD__RATE",
        "METRICS__ADDRESS",
        "Exit status",
    ] {
        assert!(help.contains(word), "{word}");
    }
    let width = help.lines().map(|line| line.chars().count()).max();
    assert!(width <= Some(100), "a line of {width:?} characters");
}

#[test]
fn who_is_asked_to_can_be_looked_into() {
    let directory = tempfile::tempdir().expect("there is room for a socket");
    let socket = directory.path().join("payments.sock");
    let path = socket.to_str().expect("it is text");
    let program = Running::start(&mut payments(&["--observe", path]));
    let mut stream = UnixStream::connect(&socket).expect("it listens");
    let asked = "{\"ask\": \"hello\", \"version\": 1}\n{\"ask\": \"snapshot\"}\n";
    stream.write_all(asked.as_bytes()).expect("it reads");
    let mut told = BufReader::new(stream).lines();
    let mut next = || told.next().expect("it tells").expect("it is text");
    assert!(next().contains("\"program\":\"payments\""));
    let snapshot = next();
    for id in ["books", "ledger", "gateways", "intake", "observer"] {
        assert!(snapshot.contains(&format!("\"id\":\"{id}\"")), "{id}");
    }
    program.signal("TERM");
    let (log, _, status) = program.end();
    assert_eq!(status, Some(0), "{log:#?}");
    assert!(!socket.exists());
}

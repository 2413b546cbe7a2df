//! AP-013, and AP-007 and AP-006 of a whole program: signals, bounds and exit statuses, of a program that is run.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::io::{BufRead, BufReader, Lines, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

/// The program of `tests/src/bin/application.rs`.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Runs it, until it has written `line`.
    fn until(act: &str, line: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_application"))
            .env("MAIN__ACT", act)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Program { child, lines };
        program.read_until(line);
        program
    }

    fn read_until(&mut self, line: &str) {
        let mut read = Vec::new();
        while read.last().map(String::as_str) != Some(line) {
            let next = self.lines.next();
            read.push(
                next.unwrap_or_else(|| panic!("no `{line}` after {read:?}"))
                    .unwrap(),
            );
        }
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    /// What it has still to say, on both outputs, and how it ends.
    fn end(mut self) -> (Vec<String>, String, ExitStatus) {
        let rest = self.lines.by_ref().map(Result::unwrap).collect();
        let mut errors = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut errors)
            .unwrap();
        (rest, errors, self.child.wait().unwrap())
    }
}

/// The lines in the order of the callbacks; the token's is a task's of its own.
fn without_token(lines: &[String]) -> Vec<&str> {
    lines
        .iter()
        .map(String::as_str)
        .filter(|line| *line != "token cancelled")
        .collect()
}

#[test]
fn ap_013_a_signal_stops_all_applications_in_reverse_start_order() {
    for signal in ["TERM", "INT"] {
        let program = Program::until("obey", "up");
        program.signal(signal);
        let (lines, errors, status) = program.end();
        assert_eq!(
            without_token(&lines),
            ["stop worker", "stop main", "stop repo"]
        );
        assert!(lines.contains(&"token cancelled".to_owned()), "{lines:?}");
        assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    }
}

#[test]
fn ap_013_a_second_signal_forces_the_end() {
    for (first, second, code) in [
        ("TERM", "TERM", 143),
        ("INT", "INT", 130),
        ("TERM", "INT", 130),
    ] {
        let mut program = Program::until("hang", "up");
        program.signal(first);
        program.read_until("stop worker");
        program.signal(second);
        let (lines, _, status) = program.end();
        assert!(!lines.iter().any(|line| line == "stop main"), "{lines:?}");
        assert_eq!((status.code(), status.signal()), (Some(code), None));
    }
}

#[test]
fn ap_013_a_signal_stops_applications_that_have_not_started() {
    let program = Program::until("start_slowly", "start main");
    program.signal("TERM");
    let (lines, errors, status) = program.end();
    assert_eq!(lines, ["stop repo"]);
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn ap_007_a_program_ends_in_time_though_a_thread_is_blocked() {
    let mut program = Program::until("block", "up");
    program.signal("TERM");
    program.read_until("stop worker");
    let (lines, _, status) = program.end();
    assert_eq!(without_token(&lines), ["stop repo"]);
    assert_eq!(status.code(), Some(0), "as in OTP");
}

#[test]
fn ap_006_a_root_that_gives_up_is_a_status_other_than_0() {
    let (lines, errors, status) = Program::until("give_up", "up").end();
    assert!(
        without_token(&lines).ends_with(&["stop main", "stop repo"]),
        "{lines:?}"
    );
    assert!(
        errors.contains("the application `main` ended: shutdown"),
        "{errors}"
    );
    assert_eq!(status.code(), Some(1));
}

#[test]
fn ap_001_an_application_that_does_not_start_is_told_and_is_status_1() {
    let (lines, errors, status) = Program::until("fail", "start main").end();
    assert_eq!(lines, ["stop repo"]);
    assert_eq!(errors, "the application `main` did not start: boom\n");
    assert_eq!(status.code(), Some(1));
    let (lines, errors, status) = Program::until("dance", "start repo").end();
    assert_eq!(lines, ["stop repo"]);
    assert!(
        errors.contains("wrong value for `act` in the environment variable `MAIN__ACT`"),
        "{errors}"
    );
    assert_eq!(status.code(), Some(1));
}

#[test]
fn ap_013_a_program_can_ask_for_its_end_and_a_status() {
    let (lines, errors, status) = Program::until("halt", "up").end();
    assert_eq!(
        without_token(&lines),
        ["stop worker", "stop main", "stop repo"]
    );
    assert_eq!((status.code(), errors.as_str()), (Some(7), ""));
}

//! The test kit: what processes report is kept for each test, and printed if it fails.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::process::Command;

use otp_core::prelude::*;
use otp_core::testing::{self, settle};
use tests::processes::boom;

#[otp_core::test]
async fn reports_of_processes_are_kept_with_their_fields() {
    let pid = process::spawn(async { boom() });
    settle().await;
    assert_eq!(testing::take_crashes().len(), 1);
    let log = testing::logs();
    assert_eq!(
        log,
        format!(
            "ERROR otp_core::crash: process crashed pid={pid} kind=process reason=boom ancestors=[] \
             message_queue_len=0 links=[] monitors=[] monitored_by=[] dictionary_len=0 trap_exit=false\n"
        )
    );
}

#[otp_core::test]
async fn a_capture_gives_what_was_reported_meanwhile() {
    tracing::info!("before");
    let (value, log) = testing::capture_log(async {
        let task = Task::spawn(async { tracing::warn!(n = 1, "within") });
        task.await.unwrap();
        7
    })
    .await;
    tracing::debug!("after");
    tracing::trace!("not kept");
    assert_eq!(value, 7);
    assert_eq!(log, "WARN testing_logs: within n=1\n");
    assert_eq!(
        testing::logs(),
        "INFO testing_logs: before\nWARN testing_logs: within n=1\nDEBUG testing_logs: after\n"
    );
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_and_blocking_threads_are_listened_to() {
    tokio::task::spawn_blocking(|| tracing::info!("blocking"))
        .await
        .unwrap();
    Task::spawn(async { tracing::info!("working") })
        .await
        .unwrap();
    assert_eq!(
        testing::logs(),
        "INFO testing_logs: blocking\nINFO testing_logs: working\n"
    );
}

/// Set in the programs that [`a_failed_test_prints_its_log`] runs.
const INSIDE: &str = "OTP_TEST_KIT_INSIDE";

#[otp_core::test]
async fn fails_if_it_is_asked_to() {
    tracing::info!("a line of the log");
    assert!(std::env::var_os(INSIDE).is_none(), "asked to");
}

#[otp_core::test]
async fn returns_an_error_if_it_is_asked_to() -> Result<(), String> {
    tracing::info!("a line of the log");
    std::env::var_os(INSIDE).map_or(Ok(()), |_| Err("asked to".to_owned()))
}

fn run(test: &str, inside: bool) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]);
    if inside {
        command.env(INSIDE, "yes");
    }
    let output = command.output().unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn a_failed_test_prints_its_log() {
    for test in [
        "fails_if_it_is_asked_to",
        "returns_an_error_if_it_is_asked_to",
    ] {
        let (passed, said) = run(test, true);
        assert!(!passed, "{said}");
        assert!(
            said.contains("the test's log:\nINFO testing_logs: a line of the log\n"),
            "{said}"
        );
        let (passed, said) = run(test, false);
        assert!(passed && !said.contains("a line of the log"), "{said}");
    }
}

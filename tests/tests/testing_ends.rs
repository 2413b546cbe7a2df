//! The test kit: leaks and crashes fail a test, unless they are allowed or expected.

use std::future::pending;

use otp_core::__private::TestOptions;
use otp_core::prelude::*;
use otp_core::testing::{self, eventually};
use otp_core::time::sleep;
use tests::processes::boom;
use tests::{Act, Journal, Puppet, failure, puppet};

const PLAIN: TestOptions = TestOptions::DEFAULT;

#[test]
fn a_process_that_is_left_fails_the_test_and_is_named() {
    let said = failure(PLAIN, async || {
        let server = Puppet::start(Journal::new()).await.unwrap();
        process::register("left", &server).unwrap();
    });
    assert!(said.contains("leaked:\n  <"), "{said}");
    assert!(
        said.contains("\"left\", which takes `tests::puppet::PuppetMessage`"),
        "{said}"
    );
}

#[test]
fn what_a_leaked_process_is_linked_with_is_told() {
    let said = failure(PLAIN, async || {
        process::spawn(async {
            process::spawn_link(pending::<()>());
            pending::<()>().await;
        });
        testing::settle().await;
    });
    assert!(
        said.contains(".2>, which takes no messages, linked with <"),
        "{said}"
    );
    assert!(
        said.contains(".3>, which takes no messages, linked with <"),
        "{said}"
    );
}

#[otp_core::test(leaks = allowed)]
async fn leaks_can_be_allowed() {
    process::spawn(pending::<()>());
}

#[otp_core::test]
async fn what_is_linked_or_ends_in_time_is_no_leak() {
    let _linked = Puppet::start_link(Journal::new()).await.unwrap();
    process::spawn_link(async {
        process::spawn_link(pending::<()>());
        pending::<()>().await;
    });
    process::spawn(sleep(Duration::from_secs(4)));
    let asked_to_stop = process::spawn(pending::<()>());
    process::exit(asked_to_stop, ExitReason::Shutdown);
    let _inbox = testing::mailbox::<u32>();
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_several_threads_what_is_linked_is_no_leak() {
    process::spawn_link(async {
        process::spawn_link(pending::<()>());
        pending::<()>().await;
    });
}

#[test]
fn a_crash_that_is_not_expected_fails_the_test_and_is_named() {
    let said = failure(PLAIN, async || {
        let (server, _) = puppet().await;
        process::register("clumsy", &server).unwrap();
        server.tell(Act::Panic("oops"));
        eventually(async || !server.is_alive()).await;
    });
    assert!(
        said.contains("\"clumsy\" tests::puppet::Puppet: panic: oops at "),
        "{said}"
    );
}

#[test]
fn a_crash_on_the_way_out_fails_the_test() {
    let said = failure(PLAIN, async || {
        process::spawn(async {
            sleep(Duration::from_secs(1)).await;
            boom()
        });
    });
    assert!(said.contains("process: boom"), "{said}");
}

#[otp_core::test(crashes = allowed)]
async fn crashes_can_be_allowed() {
    process::spawn(async { boom() });
}

#[otp_core::test]
async fn crashes_that_are_taken_are_expected() {
    let (server, _) = puppet().await;
    server.tell(Act::Stop(boom()));
    eventually(async || !server.is_alive()).await;
    let crashes = testing::take_crashes();
    assert_eq!(crashes.len(), 1);
    assert_eq!(
        (Some(crashes[0].pid), &crashes[0].reason),
        (server.pid(), &boom())
    );
    assert_eq!(crashes[0].kind, "tests::puppet::Puppet");
    assert_eq!(testing::take_crashes(), []);
}

#[otp_core::test]
async fn an_end_by_a_signal_or_in_order_is_no_crash() {
    process::spawn(async { ExitReason::shutdown_with("drained") });
    let killed = process::spawn(pending::<()>());
    process::exit(killed, ExitReason::Kill);
    testing::settle().await;
    assert_eq!(testing::take_crashes(), []);
}

#[otp_core::test]
async fn a_crash_can_be_announced() {
    let early = process::spawn(async { boom() });
    testing::expect_crash(early);
    let late = process::spawn(async {
        sleep(Duration::from_secs(1)).await;
        boom()
    });
    testing::expect_crash(late);
}

#[test]
fn a_crash_that_was_announced_and_does_not_come_fails_the_test() {
    let said = failure(PLAIN, async || {
        testing::expect_crash(process::spawn(async {}));
    });
    assert!(
        said.contains("did not crash that the test expects to:\n  <"),
        "{said}"
    );
}

#[test]
fn another_crash_than_the_announced_one_fails_the_test() {
    let said = failure(PLAIN, async || {
        testing::expect_crash(process::spawn(async { boom() }));
        process::spawn(async { ExitReason::error("another") });
    });
    assert!(said.contains("another") && !said.contains("boom"), "{said}");
}

#[test]
fn the_panic_of_the_body_comes_before_all_else() {
    let said = failure(PLAIN, async || {
        process::spawn(pending::<()>());
        process::spawn(async { boom() });
        testing::settle().await;
        panic!("the body's own");
    });
    assert_eq!(said, "the body's own");
}

#[otp_core::test]
async fn other_nodes_are_not_watched_over() {
    let other = Node::new();
    other.run(async { process::spawn(async { boom() }) }).await;
    eventually(async || other.processes().is_empty()).await;
    assert_eq!(testing::take_crashes(), []);
}

#[otp_core::test]
async fn an_error_is_passed_on() {
    let run = || {
        otp_core::__private::run_test(
            otp_core::__private::Flavor::Default,
            PLAIN,
            async || Err::<(), _>("no"),
            Result::is_err,
        )
    };
    assert_eq!(std::thread::spawn(run).join().unwrap(), Err("no"));
}

#[test]
#[should_panic(expected = "it was called outside of the node of an `#[otp_core::test]`")]
fn outside_a_test_the_kit_says_so() {
    let _ = testing::take_crashes();
}

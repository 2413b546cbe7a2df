//! The test kit: waiting for facts and for messages.

use std::cell::Cell;
use std::future::pending;

use otp_core::__private::TestOptions;
use otp_core::prelude::*;
use otp_core::testing::{self, eventually, settle};
use otp_core::time::{Instant, sleep};
use otp_core::{assert_receive, assert_received, refute_receive, refute_received};
use tests::failure;
use tests::processes::boom;

const PLAIN: TestOptions = TestOptions::DEFAULT;

/// Has no `Debug`.
struct Secret(u32);

#[derive(Debug, PartialEq)]
enum News {
    Tick(u32),
    Named { name: String },
    Done,
}

#[otp_core::test]
async fn a_fact_is_seen_at_the_moment_at_which_it_comes_to_be() {
    let began = Instant::now();
    let worker = process::spawn(sleep(Duration::from_millis(1234)));
    eventually(async || process::info(worker).is_none()).await;
    assert_eq!(began.elapsed(), Duration::from_millis(1234));
}

#[otp_core::test]
async fn a_fact_that_holds_already_costs_no_time() {
    let began = Instant::now();
    eventually(async || true).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[otp_core::test]
async fn what_can_run_runs_before_time_advances() {
    let began = Instant::now();
    let worker = process::spawn(async {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    });
    eventually(async || process::info(worker).is_none()).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[otp_core::test]
async fn a_look_may_wait_itself() {
    let looks = Cell::new(0);
    let value = eventually(async || {
        sleep(Duration::from_secs(1)).await;
        looks.set(looks.get() + 1);
        (looks.get() == 3).then_some("third")
    })
    .await;
    assert_eq!(value, "third");
}

#[otp_core::test]
async fn several_wait_at_once() {
    let waiting = |at: u64| {
        Task::spawn(async move {
            let (began, time) = (Instant::now(), Duration::from_secs(at));
            let inbox = process::spawn(sleep(time));
            while process::info(inbox).is_some() {
                settle().await;
                sleep(Duration::from_millis(100)).await;
            }
            began.elapsed()
        })
    };
    let (one, two) = (waiting(1), waiting(2));
    let mut polls = 0;
    eventually(async || {
        polls += 1;
        polls == 50
    })
    .await;
    assert_eq!(
        (one.await, two.await),
        (Ok(Duration::from_secs(1)), Ok(Duration::from_secs(2)))
    );
}

#[test]
fn a_fact_that_never_comes_fails_at_the_far_deadline_and_names_the_caller() {
    let said = failure(PLAIN, async || {
        let began = Instant::now();
        let never = eventually(async || Err::<(), _>("cold")).describe("the warm cache");
        let bell = process::spawn_link(async move {
            sleep(Duration::from_secs(3599)).await;
            assert!(began.elapsed() >= Duration::from_secs(3599));
            pending::<()>().await;
        });
        assert!(process::info(bell).is_some());
        never.await;
    });
    assert!(
        said.starts_with("the warm cache did not come to be within 3600s, waited for at tests/tests/testing_waits.rs:"),
        "{said}"
    );
    assert!(said.ends_with("seen last: Err(\"cold\")"), "{said}");
}

#[test]
fn a_look_that_hangs_fails_too() {
    let said = failure(PLAIN, async || {
        eventually(async || pending::<bool>().await)
            .within(Duration::from_secs(7))
            .await;
    });
    assert!(
        said.contains("within 7s") && said.contains("the look is not over"),
        "{said}"
    );
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_several_threads_a_fact_is_waited_for_in_real_time() {
    let worker = process::spawn(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    eventually(async || process::info(worker).is_none()).await;
    assert!(process::info(worker).is_none());
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "`settle` needs a test on one thread")]
async fn on_several_threads_nothing_settles() {
    settle().await;
}

#[otp_core::test]
async fn settled_is_when_nothing_can_run_and_time_stands() {
    let began = Instant::now();
    let (sleeper, worker) = (
        process::spawn_link(sleep(Duration::from_nanos(1))),
        process::spawn_link(async {
            tokio::spawn(async { tokio::task::yield_now().await })
                .await
                .unwrap();
        }),
    );
    settle().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(process::info(worker).is_none());
    assert!(process::info(sleeper).is_some());
}

#[otp_core::test]
async fn a_message_is_picked_out_and_the_rest_stays_in_order() {
    let mut inbox = testing::mailbox();
    for n in 1..=3 {
        inbox.address().send(News::Tick(n));
    }
    inbox.address().send(News::Named {
        name: "a".to_owned(),
    });
    let name = assert_received!(inbox, News::Named { name } => name);
    assert_eq!(name, "a");
    let two = assert_receive!(inbox, News::Tick(n) if *n > 1 => n);
    assert_eq!(two, 2);
    assert_eq!(
        assert_received!(inbox, News::Tick(1) | News::Done),
        News::Tick(1)
    );
    assert_eq!(assert_receive!(inbox, _), News::Tick(3));
    refute_received!(inbox, _);
}

#[otp_core::test]
async fn a_message_is_waited_for() {
    let mut inbox = testing::mailbox();
    let (sender, began) = (inbox.address(), Instant::now());
    process::spawn_link(async move {
        sleep(Duration::from_secs(100)).await;
        sender.send(News::Done);
    });
    refute_receive!(inbox, News::Done, within = Duration::from_secs(99));
    assert_receive!(inbox, News::Done, within = Duration::from_secs(2));
    assert_eq!(began.elapsed(), Duration::from_secs(100));
}

#[otp_core::test]
async fn a_borrowed_mailbox_will_do() {
    async fn ask(inbox: &mut Mailbox<u32>) -> u32 {
        assert_receive!(inbox, _)
    }
    let mut inbox = testing::mailbox();
    inbox.address().send(7);
    assert_eq!(ask(&mut inbox).await, 7);
}

#[otp_core::test]
async fn downs_and_exits_of_the_test_are_looked_through_too() {
    process::trap_exit(true);
    let linked = process::spawn_link(async { ExitReason::shutdown_with("done") });
    let (watched, _) = process::spawn_monitor(async {});
    let (_, ended) = process::spawn_monitor(async {});
    let exit = assert_receive!(testing::exits(), Exit { pid, .. } if *pid == linked);
    assert_eq!(exit.reason, ExitReason::shutdown_with("done"));
    assert_eq!(process::demonitor(ended), Ok(false), "it has fired");
    let down = assert_received!(
        testing::downs(),
        Down {
            reason: ExitReason::Normal,
            ..
        }
    );
    assert_eq!(down.pid, watched);
    refute_received!(testing::downs(), _);
    refute_received!(testing::exits(), _);
}

#[otp_core::test]
async fn a_process_can_look_through_its_own_mailbox() {
    let (address, monitor) = process::spawn_monitor(async |mut inbox: Mailbox<u32>| {
        assert_receive!(inbox, 2);
        assert_received!(inbox, 1);
    });
    address.send(1);
    address.send(2);
    assert_eq!(
        process::receive_down(monitor).await.reason,
        ExitReason::Normal
    );
}

#[test]
fn what_does_not_come_fails_with_what_is_there() {
    let said = failure(PLAIN, async || {
        let mut inbox = testing::mailbox();
        inbox.address().send(News::Tick(4));
        inbox.address().send(News::Done);
        assert_receive!(inbox, News::Tick(n) if *n == 5);
    });
    assert_eq!(
        said,
        "nothing that matches `News::Tick(n) if *n == 5` came within 3600s; there is:\n  Tick(4)\n  Done"
    );
}

#[test]
fn what_is_not_there_now_fails_at_once() {
    let said = failure(PLAIN, async || {
        let mut inbox = testing::mailbox::<News>();
        assert_received!(inbox, News::Done);
    });
    assert_eq!(
        said,
        "nothing that matches `News::Done` is there; nothing is there"
    );
}

#[test]
fn what_has_no_debug_is_shown_by_its_type() {
    let said = failure(PLAIN, async || {
        let mut inbox = testing::mailbox();
        inbox.address().send(Secret(1));
        assert_received!(inbox, Secret(2));
    });
    assert!(
        said.contains("something of type `testing_waits::Secret`"),
        "{said}"
    );
}

#[test]
fn what_is_refuted_and_is_on_its_way_fails() {
    let said = failure(PLAIN, async || {
        let mut inbox = testing::mailbox();
        let sender = inbox.address();
        process::spawn(async move {
            tokio::task::yield_now().await;
            sender.send(News::Tick(1));
        });
        refute_received!(inbox, News::Tick(_));
    });
    assert_eq!(said, "`News::Tick(_)` matches Tick(1)");
}

#[test]
fn what_is_refuted_for_a_time_and_comes_fails_as_it_comes() {
    let said = failure(PLAIN, async || {
        let mut inbox = testing::mailbox();
        let sender = inbox.address();
        process::spawn(async move {
            sleep(Duration::from_secs(5)).await;
            sender.send(News::Done);
        });
        refute_receive!(inbox, News::Done, within = Duration::from_secs(10));
    });
    assert_eq!(said, "`News::Done` matches Done");
}

#[otp_core::test]
async fn an_exit_signal_does_nothing_to_a_mailbox_of_the_test() {
    let mut inbox = testing::mailbox::<u32>();
    process::exit(&inbox.address(), boom());
    settle().await;
    inbox.address().send(1);
    assert_receive!(inbox, 1);
}

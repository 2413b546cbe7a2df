//! SUP-048 to SUP-058: how a supervisor stops its children.

use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use otp_core::{ChildSpec, Restart, Shutdown, Strategy, Supervisor, SupervisorRef};
use tests::child::{ChildRef, Habits, Nursery, apart, tree};
use tests::processes::{boom, crashes, now};
use tests::{Report, Reports};

const SECOND: Duration = Duration::from_secs(1);

/// A supervisor of one child, and a monitor of that.
async fn of_one(spec: ChildSpec<ChildRef>) -> (SupervisorRef, ChildRef, MonitorRef) {
    let (builder, [child]) = tree(Strategy::OneForOne, [spec]);
    let supervisor = apart(builder.start()).await;
    let monitor = child.monitor();
    (supervisor, child, monitor)
}

/// How long the stop of a supervisor of this child takes, and how the child ends.
async fn stopped(spec: ChildSpec<ChildRef>) -> (Duration, ExitReason) {
    let (supervisor, _, monitor) = of_one(spec).await;
    let began = Instant::now();
    assert_eq!(supervisor.stop().await, Ok(()));
    let took = began.elapsed();
    (took, process::receive_down(monitor).await.reason)
}

fn shutdown_errors(reports: &Reports) -> Vec<(String, String)> {
    let reports = reports.take("otp_core::supervisor");
    let errors = reports
        .iter()
        .filter(|report| report.get("context") == "shutdown_error");
    let id_and_reason =
        |report: &Report| (report.get("id").to_owned(), report.get("reason").to_owned());
    errors.map(id_and_reason).collect()
}

#[otp_core::test]
async fn sup_048_children_stop_in_reverse_start_order_one_after_the_other() {
    let nursery = Nursery::new();
    let linger = Duration::from_millis(100);
    let specs = ["a", "b", "c", "d", "e"].map(|id| nursery.lingering(id, linger));
    let (builder, _) = tree(Strategy::OneForOne, specs);
    let supervisor = apart(builder.start()).await;
    drop(nursery.take());
    let began = Instant::now();
    supervisor.stop().await.unwrap();
    assert_eq!(began.elapsed(), 5 * linger);
    let stop = |id| [format!("terminate {id}: shutdown"), format!("gone {id}")];
    let expected: Vec<_> = ["e", "d", "c", "b", "a"]
        .into_iter()
        .flat_map(stop)
        .collect();
    assert_eq!(nursery.take(), expected);
}

#[otp_core::test]
async fn sup_049_a_child_that_takes_longer_than_its_shutdown_time_is_killed() {
    for (linger, took, reason) in [(2, 2, ExitReason::Shutdown), (3600, 3, ExitReason::Killed)] {
        let (nursery, reports) = (Nursery::new(), Reports::new());
        let spec = nursery.lingering("a", linger * SECOND);
        let spec = spec.shutdown(Shutdown::Timeout(3 * SECOND));
        assert_eq!(stopped(spec).await, (took * SECOND, reason.clone()));
        assert_eq!(
            nursery.take(),
            ["start a", "terminate a: shutdown", "gone a"]
        );
        let reported = shutdown_errors(&reports);
        assert_eq!(reported.len(), usize::from(reason == ExitReason::Killed));
    }
}

#[otp_core::test]
async fn sup_050_brutal_kill_kills_at_once_and_no_terminate_runs() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    let spec = nursery
        .lingering("a", SECOND)
        .shutdown(Shutdown::BrutalKill);
    assert_eq!(stopped(spec).await, (Duration::ZERO, ExitReason::Killed));
    assert_eq!(nursery.take(), ["start a", "gone a"]);
    assert_eq!(shutdown_errors(&reports), [], "it is what was asked for");
}

#[otp_core::test]
async fn sup_051_infinity_waits_without_a_limit_for_workers_too() {
    let nursery = Nursery::new();
    let day = 24 * 3600 * SECOND;
    let spec = nursery.lingering("a", day).shutdown(Shutdown::Infinity);
    assert_eq!(stopped(spec).await, (day, ExitReason::Shutdown));
}

#[otp_core::test]
async fn sup_052_a_shutdown_time_of_zero_asks_and_kills_at_once() {
    let nursery = Nursery::new();
    let zero = Shutdown::Timeout(Duration::ZERO);
    let spec = nursery.lingering("a", SECOND).shutdown(zero);
    assert_eq!(stopped(spec).await, (Duration::ZERO, ExitReason::Killed));
    let (supervisor, child, monitor) = of_one(nursery.child("b").shutdown(zero)).await;
    supervisor.terminate_child("b").await.unwrap();
    let reason = process::receive_down(monitor).await.reason;
    assert!(
        matches!(reason, ExitReason::Shutdown | ExitReason::Killed),
        "{reason}"
    );
    assert!(!child.is_alive());
}

#[otp_core::test]
async fn sup_053_by_default_a_worker_has_five_seconds_and_a_supervisor_all_the_time() {
    let nursery = Nursery::new();
    let spec = nursery.lingering("a", 3600 * SECOND);
    assert_eq!(spec.shutdown, Shutdown::Timeout(5 * SECOND));
    assert_eq!(stopped(spec).await, (5 * SECOND, ExitReason::Killed));

    let below = nursery.clone();
    let inner = ChildSpec::new("inner", move || {
        let slow = below.lingering("leaf", 3600 * SECOND);
        let slow = slow.shutdown(Shutdown::Infinity);
        Supervisor::builder(Strategy::OneForOne)
            .child(slow)
            .start_link()
    });
    assert_eq!(inner.shutdown, Shutdown::Infinity);
    let (builder, _) = tree(Strategy::OneForOne, [inner]);
    let outer = apart(builder.start()).await;
    let began = Instant::now();
    outer.stop().await.unwrap();
    assert_eq!(began.elapsed(), 3600 * SECOND);
}

#[otp_core::test]
async fn sup_054_a_child_that_traps_exits_terminates_and_another_one_dies_at_once() {
    let nursery = Nursery::new();
    let (took, reason) = stopped(nursery.child("plain")).await;
    assert_eq!((took, reason), (Duration::ZERO, ExitReason::Shutdown));
    let (took, reason) = stopped(nursery.lingering("trapping", SECOND)).await;
    assert_eq!((took, reason), (SECOND, ExitReason::Shutdown));
    assert_eq!(
        nursery.take(),
        [
            "start plain",
            "gone plain",
            "start trapping",
            "terminate trapping: shutdown",
            "gone trapping"
        ]
    );
}

#[otp_core::test]
async fn sup_055_a_child_that_ends_by_itself_meanwhile_is_accepted() {
    for reason in [ExitReason::Normal, ExitReason::Shutdown, boom()] {
        let (nursery, reports) = (Nursery::new(), Reports::new());
        let [a, b] = [nursery.child("a"), nursery.lingering("b", SECOND)];
        let a = a.restart(Restart::Transient);
        let (builder, [a, _]) = tree(Strategy::OneForOne, [a, b]);
        let supervisor = apart(builder.start()).await;
        let mut stop = supervisor.stop();
        assert!(now(&mut stop).is_none());
        sleep(SECOND / 2).await;
        a.end(reason.clone());
        assert_eq!(stop.await, Ok(()));
        assert_eq!(nursery.story(), "start a, start b, gone a, gone b");
        let expected: &[_] = match reason {
            ExitReason::Error(_) => &[("a".to_owned(), "boom".to_owned())],
            _ => &[],
        };
        assert_eq!(shutdown_errors(&reports), expected);
    }
}

#[otp_core::test]
async fn sup_055_an_unexpected_end_is_reported_and_the_stop_goes_on() {
    for (restart, last, reported) in [
        (Restart::Permanent, ExitReason::Normal, true),
        (Restart::Transient, ExitReason::Normal, false),
        (Restart::Temporary, ExitReason::shutdown_with("bye"), false),
        (Restart::Permanent, ExitReason::shutdown_with("bye"), true),
        (Restart::Temporary, boom(), true),
    ] {
        let (nursery, reports) = (Nursery::new(), Reports::new());
        let habits = Habits {
            trap_exit: true,
            last: Some(last.clone()),
            ..Habits::default()
        };
        let stubborn = nursery.child_with("b", habits).restart(restart);
        let (builder, [_, b]) = tree(Strategy::OneForOne, [nursery.child("a"), stubborn]);
        let supervisor = apart(builder.start()).await;
        let monitor = b.monitor();
        assert_eq!(supervisor.stop().await, Ok(()));
        assert_eq!(process::receive_down(monitor).await.reason, last);
        assert_eq!(nursery.story(), "start a, start b, gone b, gone a");
        let errors = shutdown_errors(&reports);
        let expected = [("b".to_owned(), last.to_string())];
        assert_eq!(errors, expected[..usize::from(reported)], "{restart:?}");
    }
}

#[otp_core::test]
async fn sup_056_a_child_that_left_its_link_cannot_hang_the_stop() {
    let nursery = Nursery::new();
    let spec = nursery.lingering("a", 3600 * SECOND);
    let (supervisor, child, _) = of_one(spec).await;
    child.unlink(supervisor.pid().unwrap()).await.unwrap();
    let began = Instant::now();
    supervisor.stop().await.unwrap();
    assert!(!child.is_alive() && began.elapsed() <= 5 * SECOND);
    assert_eq!(nursery.story(), "start a, gone a");
}

#[otp_core::test]
async fn sup_057_a_killed_supervisor_takes_its_children_with_it() {
    let nursery = Nursery::new();
    let below = nursery.clone();
    let inner = ChildSpec::new("inner", move || {
        Supervisor::builder(Strategy::OneForOne)
            .child(below.child("leaf"))
            .start_link()
    });
    let (builder, children) = tree(
        Strategy::OneForOne,
        [nursery.child("a"), nursery.lingering("b", SECOND)],
    );
    let supervisor = apart(builder.child(inner).start()).await;
    let monitors = children.each_ref().map(|child| child.monitor());
    process::exit(supervisor.pid().unwrap(), ExitReason::Kill);
    for monitor in monitors {
        let down = process::receive_down(monitor).await;
        assert_eq!(down.reason, ExitReason::Killed);
    }
    let mut lines = nursery.take();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "gone a",
            "gone b",
            "gone leaf",
            "start a",
            "start b",
            "start leaf",
            "terminate b: killed"
        ]
    );
    // Of those who trap exits, the inner supervisor and b.
    assert_eq!(crashes(), [ExitReason::Killed, ExitReason::Killed]);
    let node = Node::current().unwrap();
    assert_eq!(node.processes(), [process::self_pid()], "no orphans");
}

#[otp_core::test]
async fn sup_058_a_stopped_supervisor_ends_normally_after_its_children() {
    let nursery = Nursery::new();
    let (builder, [_, b]) = tree(
        Strategy::OneForAll,
        [nursery.child("a"), nursery.lingering("b", SECOND)],
    );
    let supervisor = apart(builder.start()).await;
    let monitor = supervisor.monitor();
    assert_eq!(supervisor.stop().await, Ok(()));
    assert!(!b.is_alive());
    assert_eq!(nursery.story(), "start a, start b, gone b, gone a");
    let down = process::receive_down(monitor).await;
    assert_eq!(down.reason, ExitReason::Normal);
}

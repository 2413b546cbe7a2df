//! DS-010 to DS-018: restarts under a dynamic supervisor, and how it stops its children.

use std::pin::pin;

use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use otp_core::{
    AnyChild, BackOff, ChildState, DynamicSupervisor, DynamicSupervisorRef, Restart, Shutdown, sys,
};
use tests::child::{Begin, ChildRef, Habits, Nursery, apart, pid};
use tests::processes::{boom, now};
use tests::{Report, Reports};

const SECOND: Duration = Duration::from_secs(1);

type Dynamic = DynamicSupervisorRef<AnyChild>;

fn dynamic() -> DynamicSupervisor<AnyChild> {
    DynamicSupervisor::new()
}

/// Ends a child, and waits until its supervisor has seen to it.
async fn end_child(supervisor: &Dynamic, child: &ChildRef, reason: ExitReason) {
    let running = child.pin().expect("it runs");
    if reason == ExitReason::Kill {
        process::exit(pid(child), reason);
    } else {
        child.end(reason);
    }
    running.ended().await;
    drop(supervisor.count_children().await);
}

async fn states(supervisor: &Dynamic) -> Vec<ChildState> {
    let children = supervisor.which_children().await.expect("it answers");
    children.iter().map(|child| child.state).collect()
}

/// Whether a child of this type that ends with this reason is restarted; it is forgotten otherwise.
async fn is_restarted(restart: Restart, reason: ExitReason) -> bool {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let spec = nursery.child("a").restart(restart);
    let child = supervisor.start_child(spec).await.expect("it starts");
    let before = pid(&child);
    end_child(&supervisor, &child, reason).await;
    let states = states(&supervisor).await;
    if states.is_empty() {
        assert_eq!(nursery.story(), "start a, gone a");
        return false;
    }
    assert_eq!(states, [ChildState::Running(pid(&child))]);
    assert_ne!(pid(&child), before);
    true
}

fn clean() -> [ExitReason; 3] {
    [
        ExitReason::Normal,
        ExitReason::Shutdown,
        ExitReason::shutdown_with("drained"),
    ]
}

fn abnormal() -> [ExitReason; 3] {
    [boom(), ExitReason::NoProc, ExitReason::Kill]
}

#[otp_core::test]
async fn ds_010_a_temporary_child_is_forgotten_after_any_end() {
    for reason in clean().into_iter().chain(abnormal()) {
        assert!(!is_restarted(Restart::Temporary, reason).await);
    }
}

#[otp_core::test]
async fn ds_011_a_transient_child_is_restarted_after_an_end_that_is_not_clean() {
    for reason in clean() {
        assert!(!is_restarted(Restart::Transient, reason).await);
    }
    for reason in abnormal() {
        assert!(is_restarted(Restart::Transient, reason).await);
    }
}

#[otp_core::test]
async fn ds_012_a_permanent_child_is_restarted_after_any_end() {
    for reason in clean().into_iter().chain(abnormal()) {
        assert!(is_restarted(Restart::Permanent, reason).await);
    }
}

#[otp_core::test]
async fn ds_013_a_restart_that_is_ignored_forgets_the_child() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let child = supervisor.start_child(nursery.child("a")).await.unwrap();
    nursery.next("a", Begin::Ignore);
    end_child(&supervisor, &child, boom()).await;
    assert_eq!(states(&supervisor).await, []);
    assert_eq!(nursery.story(), "start a, gone a, no start a");
}

#[otp_core::test]
async fn ds_013_a_restart_that_fails_is_kept_as_restarting_and_tried_again() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let child = supervisor.start_child(nursery.child("a")).await.unwrap();
    nursery.next("a", Begin::Fail(boom()));
    sys::suspend(supervisor.server()).await.unwrap();
    let running = child.pin().unwrap();
    child.end(boom());
    running.ended().await;
    let (mut which, mut count) = (
        pin!(supervisor.which_children()),
        pin!(supervisor.count_children()),
    );
    assert!(now(which.as_mut()).is_none() && now(count.as_mut()).is_none());
    sys::resume(supervisor.server()).await.unwrap();
    assert_eq!(which.await.unwrap()[0].state, ChildState::Restarting);
    let count = count.await.unwrap();
    assert_eq!((count.workers, count.specs, count.active), (1, 1, 0));
    assert_eq!(
        states(&supervisor).await,
        [ChildState::Running(pid(&child))]
    );
}

#[otp_core::test]
async fn ds_014_a_restart_that_succeeds_in_the_end_is_active_again() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let child = supervisor.start_child(nursery.child("a")).await.unwrap();
    for _ in 0..2 {
        nursery.next("a", Begin::Fail(boom()));
    }
    end_child(&supervisor, &child, boom()).await;
    while states(&supervisor).await == [ChildState::Restarting] {}
    assert_eq!(child.count().await, Ok(1));
    let children = supervisor.which_children().await.unwrap();
    assert_eq!(children[0].state, ChildState::Running(pid(&child)));
    assert_eq!(children[0].restarts, 1);
    assert_eq!(
        nursery.story(),
        "start a, gone a, no start a, no start a, start a"
    );
}

#[otp_core::test]
async fn ds_015_too_many_restarts_end_all_children_and_the_supervisor_with_shutdown() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    let supervisor = apart(dynamic().max_restarts(1, SECOND).start()).await;
    let a = supervisor.start_child(nursery.child("a")).await.unwrap();
    let b = supervisor.start_child(nursery.child("b")).await.unwrap();
    end_child(&supervisor, &a, boom()).await;
    sleep(SECOND + Duration::from_millis(1)).await;
    end_child(&supervisor, &a, boom()).await;
    assert!(a.is_alive() && b.is_alive());
    let last = pid(&b).to_string();
    end_child(&supervisor, &b, boom()).await;
    assert_eq!(supervisor.server().ended().await, ExitReason::Shutdown);
    assert!(!a.is_alive() && !b.is_alive());
    let reports = reports.take("otp_core::supervisor");
    let shown = ["context", "reason", "id", "pid"].map(|field| reports.last().unwrap().get(field));
    let expected = ["shutdown", "reached_max_restart_intensity", "b", &last];
    assert_eq!(shown, expected);
}

#[otp_core::test]
async fn ds_015_failed_attempts_count_as_well() {
    for (max_restarts, survives) in [(3, true), (2, false)] {
        let nursery = Nursery::new();
        let builder = dynamic().max_restarts(max_restarts, SECOND);
        let supervisor = apart(builder.start()).await;
        let child = supervisor.start_child(nursery.child("a")).await.unwrap();
        for _ in 0..2 {
            nursery.next("a", Begin::Fail(boom()));
        }
        end_child(&supervisor, &child, boom()).await;
        while supervisor
            .count_children()
            .await
            .is_ok_and(|count| count.active == 0)
        {}
        assert_eq!(supervisor.server().is_alive(), survives);
        assert_eq!(child.is_alive(), survives);
    }
}

#[otp_core::test]
async fn ds_016_its_children_stop_all_at_once() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let linger = Duration::from_millis(200);
    for id in ["a", "b", "c", "d", "e"] {
        let spec = nursery.lingering(id, linger);
        supervisor.start_child(spec).await.unwrap();
    }
    drop(nursery.take());
    let began = Instant::now();
    assert_eq!(supervisor.stop().await, Ok(()));
    assert_eq!(began.elapsed(), linger);
    let lines = nursery.take();
    assert_eq!(lines.len(), 10);
    assert!(
        lines[..5].iter().all(|line| line.starts_with("terminate")),
        "{lines:?}"
    );
}

fn shutdown_errors(reports: &Reports) -> Vec<(String, String)> {
    let reports = reports.take("otp_core::supervisor");
    let errors = reports
        .iter()
        .filter(|report| report.get("context") == "shutdown_error");
    let shown = |report: &Report| (report.get("id").to_owned(), report.get("reason").to_owned());
    let mut errors: Vec<_> = errors.map(shown).collect();
    errors.sort();
    errors
}

#[otp_core::test]
async fn ds_017_each_child_has_its_own_shutdown_time() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    let supervisor = apart(dynamic().start()).await;
    let timeout = |seconds| Shutdown::Timeout(seconds * SECOND);
    let mut ends = Vec::new();
    for (id, linger, shutdown, reason, at) in [
        ("infinite", 9, Shutdown::Infinity, ExitReason::Shutdown, 9),
        ("late", 3600, timeout(4), ExitReason::Killed, 4),
        ("brutal", 1, Shutdown::BrutalKill, ExitReason::Killed, 0),
        ("early", 1, timeout(4), ExitReason::Shutdown, 1),
        ("hasty", 3600, timeout(2), ExitReason::Killed, 2),
    ] {
        let spec = nursery.lingering(id, linger * SECOND).shutdown(shutdown);
        let child = supervisor.start_child(spec).await.unwrap();
        let child = child.pin().unwrap();
        ends.push((
            Task::spawn({
                let began = Instant::now();
                async move { (child.ended().await, began.elapsed()) }
            }),
            (reason, at * SECOND),
        ));
    }
    let began = Instant::now();
    assert_eq!(supervisor.stop().await, Ok(()));
    assert_eq!(began.elapsed(), 9 * SECOND);
    for (end, expected) in ends {
        assert_eq!(end.await.unwrap(), expected);
    }
    let killed = |id: &str| (id.to_owned(), "killed".to_owned());
    let expected = [killed("hasty"), killed("late")];
    assert_eq!(shutdown_errors(&reports), expected);
}

#[otp_core::test]
async fn ds_018_children_that_end_otherwise_meanwhile_are_accepted() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    let supervisor = apart(dynamic().start()).await;
    for (id, restart, last) in [
        ("abnormal", Restart::Temporary, boom()),
        ("normal", Restart::Transient, ExitReason::Normal),
        ("permanent", Restart::Permanent, ExitReason::Normal),
        ("shutdown", Restart::Permanent, ExitReason::Shutdown),
    ] {
        let habits = Habits {
            trap_exit: true,
            last: Some(last),
            ..Habits::default()
        };
        let spec = nursery.child_with(id, habits).restart(restart);
        supervisor.start_child(spec).await.unwrap();
    }
    assert_eq!(supervisor.stop().await, Ok(()));
    let error = |id: &str, reason: &str| (id.to_owned(), reason.to_owned());
    let expected = [error("abnormal", "boom"), error("permanent", "normal")];
    assert_eq!(shutdown_errors(&reports), expected);
}

#[otp_core::test]
async fn a_back_off_doubles_under_a_dynamic_supervisor_too() {
    let nursery = Nursery::new();
    let builder = dynamic().back_off(BackOff::new(SECOND, 60 * SECOND));
    let supervisor = apart(builder.max_children(1).start()).await;
    let child = supervisor.start_child(nursery.child("a")).await.unwrap();
    for delay in [1, 2] {
        end_child(&supervisor, &child, boom()).await;
        assert_eq!(states(&supervisor).await, [ChildState::Restarting]);
        assert!(supervisor.start_child(nursery.child("b")).await.is_err());
        sleep(delay * SECOND - Duration::from_millis(1)).await;
        assert_eq!(states(&supervisor).await, [ChildState::Restarting]);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(
            states(&supervisor).await,
            [ChildState::Running(pid(&child))]
        );
    }
    let last = pid(&child);
    end_child(&supervisor, &child, boom()).await;
    assert_eq!(supervisor.terminate_child(last).await, Ok(()));
    sleep(60 * SECOND).await;
    assert_eq!(states(&supervisor).await, []);
    assert!(!child.is_alive());
}

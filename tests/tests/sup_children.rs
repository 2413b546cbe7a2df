//! SUP-011 to SUP-022: what can be asked of a supervisor about its children.

use otp_core::prelude::*;
use otp_core::{
    AutoShutdown, ChildCounts, ChildError, ChildInfo, ChildKind, ChildSpec, ChildState, Restart,
    Shutdown, StartChildError, Strategy, Supervisor, SupervisorRef, sys,
};
use std::pin::pin;
use tests::child::{Begin, ChildRef, Nursery, apart, end_child, pid, tree};
use tests::processes::{boom, now};

const SECOND: Duration = Duration::from_secs(1);

async fn one_for_one<const N: usize>(
    nursery: &Nursery,
    ids: [&str; N],
) -> (SupervisorRef, [ChildRef; N]) {
    let (builder, children) = tree(Strategy::OneForOne, nursery.children(ids));
    let supervisor = apart(builder.start()).await;
    drop(nursery.take());
    (supervisor, children)
}

fn ids(children: &[ChildInfo]) -> Vec<&str> {
    children.iter().map(|child| child.id.as_str()).collect()
}

/// A supervisor whose child `a` has ended and whose start has failed once; the queries come in between.
async fn while_restarting<T>(
    query: impl AsyncFnOnce(SupervisorRef) -> T,
) -> (Nursery, SupervisorRef, T) {
    let nursery = Nursery::new();
    let (supervisor, [a]) = one_for_one(&nursery, ["a"]).await;
    sys::suspend(&supervisor).await.expect("it answers");
    nursery.next("a", Begin::Fail(boom()));
    let running = a.pin().expect("it runs");
    a.end(boom());
    running.ended().await;
    // Behind the EXIT, before the attempt that follows the failure.
    let mut query = pin!(query(supervisor.clone()));
    assert!(now(query.as_mut()).is_none());
    sys::resume(&supervisor).await.expect("it answers");
    let answer = query.await;
    (nursery, supervisor, answer)
}

#[otp_core::test]
async fn sup_011_an_id_that_runs_is_already_started_and_one_that_does_not_already_present() {
    let nursery = Nursery::new();
    let (supervisor, [a]) = one_for_one(&nursery, ["a"]).await;
    let again = || supervisor.start_child(nursery.child("a"));
    assert_eq!(
        again().await.unwrap_err(),
        StartChildError::AlreadyStarted(pid(&a))
    );
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!(again().await.unwrap_err(), StartChildError::AlreadyPresent);
    supervisor.delete_child("a").await.unwrap();
    assert!(again().await.is_ok());
    assert_eq!(nursery.story(), "gone a, start a");

    let (nursery, _, refused) = while_restarting(async |supervisor| {
        supervisor.start_child(Nursery::new().child("a")).await
    })
    .await;
    assert_eq!(refused.unwrap_err(), StartChildError::AlreadyPresent);
    assert_eq!(nursery.story(), "gone a, no start a, start a");
}

#[otp_core::test]
async fn sup_012_a_child_that_does_not_start_leaves_nothing_behind_and_costs_no_restart() {
    let nursery = Nursery::new();
    let (builder, [a]) = tree(Strategy::OneForAll, nursery.children(["a"]));
    let builder = builder.max_restarts(1, 5 * SECOND);
    let supervisor = apart(builder.start()).await;
    let (before, first) = (supervisor.which_children().await, pid(&a));
    for begin in [
        Begin::Fail(boom()),
        Begin::Exit(boom()),
        Begin::Fail(ExitReason::Normal),
    ] {
        let reason = match &begin {
            Begin::Fail(reason) | Begin::Exit(reason) => reason.clone(),
            _ => unreachable!("not among them"),
        };
        nursery.next("b", begin);
        let refused = supervisor.start_child(nursery.child("b")).await;
        assert_eq!(
            refused.unwrap_err(),
            StartChildError::Start(StartError::Init(reason))
        );
    }
    assert_eq!(supervisor.which_children().await, before);
    assert_eq!(pid(&a), first);
    end_child(&supervisor, &a, boom()).await;
    assert!(a.is_alive(), "the one restart is still there");
}

#[otp_core::test]
async fn sup_013_a_child_more_is_the_last_in_start_order() {
    let nursery = Nursery::new();
    let (supervisor, _) = one_for_one(&nursery, ["b", "c"]).await;
    supervisor.start_child(nursery.child("a")).await.unwrap();
    let children = supervisor.which_children().await.unwrap();
    assert_eq!(ids(&children), ["a", "c", "b"]);
    supervisor.stop().await.unwrap();
    assert_eq!(nursery.story(), "start a, gone a, gone c, gone b");
}

#[otp_core::test]
async fn sup_014_a_terminated_child_is_kept_without_a_process() {
    let nursery = Nursery::new();
    let (supervisor, [a, b]) = one_for_one(&nursery, ["a", "b"]).await;
    let lingering = nursery.lingering("c", 3 * SECOND);
    let c = supervisor.start_child(lingering).await.unwrap();
    let began = otp_core::time::Instant::now();
    for _ in 0..2 {
        assert_eq!(supervisor.terminate_child("c").await, Ok(()));
        let info = supervisor.get_child("c").await.unwrap();
        assert_eq!((info.state, c.is_alive()), (ChildState::Undefined, false));
    }
    assert_eq!(began.elapsed(), 3 * SECOND, "as its shutdown time allows");
    assert_eq!(
        nursery.take(),
        ["start c", "terminate c: shutdown", "gone c"]
    );
    assert_eq!(
        supervisor.terminate_child("d").await,
        Err(ChildError::NotFound)
    );
    assert!(a.is_alive() && b.is_alive());
}

#[otp_core::test]
async fn sup_014_a_terminated_temporary_child_is_forgotten() {
    let nursery = Nursery::new();
    let spec = nursery.child("a").restart(Restart::Temporary);
    let (builder, _) = tree(Strategy::OneForOne, [spec]);
    let supervisor = apart(builder.start()).await;
    assert_eq!(supervisor.terminate_child("a").await, Ok(()));
    assert_eq!(
        supervisor.terminate_child("a").await,
        Err(ChildError::NotFound)
    );
    assert_eq!(supervisor.which_children().await.unwrap(), []);
}

#[otp_core::test]
async fn sup_015_a_terminated_child_costs_no_restart_and_shuts_nothing_down() {
    let nursery = Nursery::new();
    let significant = nursery
        .child("a")
        .restart(Restart::Transient)
        .significant(true);
    let (builder, [_, b]) = tree(Strategy::OneForAll, [significant, nursery.child("b")]);
    let builder = builder.auto_shutdown(AutoShutdown::AnySignificant);
    let supervisor = apart(builder.max_restarts(0, SECOND).start()).await;
    let first = pid(&b);
    for id in ["a", "b", "b", "a"] {
        supervisor.terminate_child(id).await.unwrap();
        supervisor.restart_child(id).await.unwrap();
        supervisor.terminate_child(id).await.unwrap();
        let counts = supervisor.count_children().await.unwrap();
        assert_eq!(counts.specs, 2);
        supervisor.restart_child(id).await.unwrap();
    }
    assert_ne!(pid(&b), first);
    assert_eq!(supervisor.get_child("b").await.unwrap().restarts, 4);
}

#[otp_core::test]
async fn sup_016_a_child_that_does_not_run_can_be_started_again() {
    let nursery = Nursery::new();
    let (supervisor, [a]) = one_for_one(&nursery, ["a"]).await;
    let restart = |id| supervisor.restart_child(id);
    assert_eq!(restart("a").await, Err(ChildError::Running));
    assert_eq!(restart("b").await, Err(ChildError::NotFound));
    supervisor.terminate_child("a").await.unwrap();
    nursery.next("a", Begin::Fail(boom()));
    assert_eq!(
        restart("a").await,
        Err(ChildError::Start(StartError::Init(boom())))
    );
    let info = supervisor.get_child("a").await.unwrap();
    assert_eq!(info.state, ChildState::Undefined, "it is not retried");
    assert_eq!(restart("a").await, Ok(a.pid()));
    assert_eq!(nursery.story(), "gone a, no start a, start a");

    let (_, _, refused) =
        while_restarting(async |supervisor| supervisor.restart_child("a").await).await;
    assert_eq!(refused, Err(ChildError::Restarting));
}

#[otp_core::test]
async fn sup_017_a_child_that_does_not_run_can_be_deleted() {
    let nursery = Nursery::new();
    let (supervisor, [_]) = one_for_one(&nursery, ["a"]).await;
    let delete = |id| supervisor.delete_child(id);
    assert_eq!(delete("a").await, Err(ChildError::Running));
    assert_eq!(delete("b").await, Err(ChildError::NotFound));
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!(delete("a").await, Ok(()));
    assert_eq!(delete("a").await, Err(ChildError::NotFound));
    assert_eq!(
        supervisor.get_child("a").await.unwrap_err(),
        ChildError::NotFound
    );

    let (_, _, refused) =
        while_restarting(async |supervisor| supervisor.delete_child("a").await).await;
    assert_eq!(refused, Err(ChildError::Restarting));
}

#[otp_core::test]
async fn sup_018_children_are_listed_in_reverse_start_order_with_how_they_are() {
    let nursery = Nursery::new();
    let (supervisor, [a, _]) = one_for_one(&nursery, ["a", "b"]).await;
    let inner = ChildSpec::new("c", || {
        Supervisor::builder(Strategy::OneForOne).start_link()
    });
    let c = supervisor.start_child(inner).await.unwrap();
    supervisor.terminate_child("b").await.unwrap();
    let children = supervisor.which_children().await.unwrap();
    let listed: Vec<_> = children
        .iter()
        .map(|child| (child.id.as_str(), child.state, child.kind))
        .collect();
    let running = |pid: Option<Pid>| ChildState::Running(pid.unwrap());
    assert_eq!(
        listed,
        [
            ("c", running(c.pid()), ChildKind::Supervisor),
            ("b", ChildState::Undefined, ChildKind::Worker),
            ("a", running(a.pid()), ChildKind::Worker),
        ]
    );
    supervisor.stop().await.unwrap();

    let (_, _, children) =
        while_restarting(async |supervisor| supervisor.which_children().await).await;
    assert_eq!(children.unwrap()[0].state, ChildState::Restarting);
}

fn counts(counts: ChildCounts) -> [usize; 4] {
    [
        counts.specs,
        counts.active,
        counts.supervisors,
        counts.workers,
    ]
}

#[otp_core::test]
async fn the_status_of_a_supervisor_shows_its_children_in_start_order() {
    let nursery = Nursery::new();
    let (supervisor, [_, b]) = one_for_one(&nursery, ["a", "b"]).await;
    supervisor.terminate_child("a").await.unwrap();
    let status = sys::get_status(&supervisor).await.unwrap();
    let shown = format!("Supervisor {{ a: undefined, b: {} }}", pid(&b));
    assert_eq!(status.state, shown);
}

#[otp_core::test]
async fn sup_019_children_are_counted_by_specification_and_the_active_ones_by_process() {
    let nursery = Nursery::new();
    let (supervisor, [_, _]) = one_for_one(&nursery, ["a", "b"]).await;
    let inner = ChildSpec::new("c", || {
        Supervisor::builder(Strategy::OneForOne).start_link()
    });
    supervisor.start_child(inner).await.unwrap();
    let count = async || counts(supervisor.count_children().await.unwrap());
    assert_eq!(count().await, [3, 3, 1, 2]);
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!(count().await, [3, 2, 1, 2]);
    supervisor.terminate_child("c").await.unwrap();
    assert_eq!(count().await, [3, 1, 1, 2]);
    supervisor.delete_child("c").await.unwrap();
    assert_eq!(count().await, [2, 1, 0, 2]);

    let (_, _, during) =
        while_restarting(async |supervisor| supervisor.count_children().await).await;
    assert_eq!(counts(during.unwrap()), [1, 0, 0, 1]);
}

/// A child that has ended and whose end the supervisor has not seen to is no active one.
#[otp_core::test]
async fn sup_019_a_child_that_is_dead_and_not_seen_to_is_not_active() {
    let nursery = Nursery::new();
    let (supervisor, [a, _]) = one_for_one(&nursery, ["a", "b"]).await;
    sys::suspend(&supervisor).await.unwrap();
    let mut count = pin!(supervisor.count_children());
    assert!(now(count.as_mut()).is_none());
    a.end(boom());
    a.ended().await;
    sys::resume(&supervisor).await.unwrap();
    assert_eq!(counts(count.await.unwrap()), [2, 1, 0, 2]);
}

#[otp_core::test]
async fn sup_020_a_specification_is_told_with_its_defaults_filled_in() {
    let nursery = Nursery::new();
    let (supervisor, [a]) = one_for_one(&nursery, ["a"]).await;
    let info = supervisor.get_child("a").await.unwrap();
    assert_eq!(info.id, "a");
    assert_eq!(info.state.pid(), a.pid());
    assert_eq!(info.kind, ChildKind::Worker);
    assert_eq!(info.restart, Restart::Permanent);
    assert_eq!(info.shutdown, Shutdown::Timeout(5 * SECOND));
    assert_eq!((info.significant, info.restarts), (false, 0));
    assert_eq!(
        supervisor.get_child("b").await.unwrap_err(),
        ChildError::NotFound
    );

    let spec = nursery.child("c").restart(Restart::Transient);
    let spec = spec.shutdown(Shutdown::Infinity).significant(true);
    let (builder, _) = tree(Strategy::OneForOne, [spec]);
    let builder = builder.auto_shutdown(AutoShutdown::AllSignificant);
    let supervisor = apart(builder.start()).await;
    let info = supervisor.get_child("c").await.unwrap();
    assert_eq!(
        (info.restart, info.shutdown, info.significant),
        (Restart::Transient, Shutdown::Infinity, true)
    );
}

#[otp_core::test]
async fn sup_021_what_is_asked_of_no_supervisor_fails_with_noproc() {
    let nursery = Nursery::new();
    let (supervisor, _) = one_for_one(&nursery, ["a"]).await;
    supervisor.stop().await.unwrap();
    for supervisor in [supervisor, SupervisorRef::named("nobody")] {
        let (noproc, failed) = (CallFailure::NoProc, ChildError::Failed(CallFailure::NoProc));
        let started = supervisor.start_child(nursery.child("b")).await;
        assert_eq!(
            started.unwrap_err(),
            StartChildError::Failed(noproc.clone())
        );
        assert_eq!(supervisor.terminate_child("a").await, Err(failed.clone()));
        assert_eq!(supervisor.restart_child("a").await, Err(failed.clone()));
        assert_eq!(supervisor.delete_child("a").await, Err(failed.clone()));
        assert_eq!(supervisor.get_child("a").await, Err(failed));
        assert_eq!(supervisor.which_children().await, Err(noproc.clone()));
        assert_eq!(supervisor.count_children().await, Err(noproc));
    }
}

#[otp_core::test]
async fn sup_021_what_is_asked_of_a_supervisor_waits_as_long_as_it_takes() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let nursery = Nursery::new();
    let (supervisor, [_]) = one_for_one(&nursery, ["a"]).await;
    nursery.next("b", Begin::Wait(DAY));
    let began = otp_core::time::Instant::now();
    let child = nursery.child("b");
    let (started, terminated, children) = tokio::join!(
        supervisor.start_child(child),
        supervisor.terminate_child("a"),
        supervisor.which_children(),
    );
    assert!(started.is_ok() && terminated.is_ok());
    assert_eq!(ids(&children.unwrap()), ["b", "a"]);
    assert_eq!(began.elapsed(), DAY);
}

#[otp_core::test]
async fn sup_022_a_child_is_its_id_and_not_its_process() {
    let nursery = Nursery::new();
    let (supervisor, [a]) = one_for_one(&nursery, ["a"]).await;
    let by_pid = pid(&a).to_string();
    assert_eq!(
        supervisor.terminate_child(by_pid).await,
        Err(ChildError::NotFound)
    );
    assert!(a.is_alive());
    let before = pid(&a);
    end_child(&supervisor, &a, boom()).await;
    let info = supervisor.get_child("a").await.unwrap();
    assert_eq!((info.state.pid(), info.restarts), (a.pid(), 1));
    assert_ne!(pid(&a), before);
}

//! SUP-023 to SUP-030: who is restarted after which end.

use otp_core::prelude::*;
use otp_core::{ChildSpec, ChildState, Restart, Strategy, Supervisor};
use tests::child::{Child, ChildRef, Habits, Nursery, apart, end_child, pid, tree};
use tests::processes::boom;

#[derive(Debug, PartialEq)]
enum Fate {
    /// It runs as another process.
    Restarted,
    /// Its specification is there, and no process.
    Kept,
    /// There is no such child.
    Forgotten,
}

/// What becomes of a child of this type that ends with this reason.
async fn fate(restart: Restart, reason: ExitReason) -> Fate {
    let nursery = Nursery::new();
    let specs = [nursery.child("a").restart(restart), nursery.child("b")];
    let (builder, [a, b]) = tree(Strategy::OneForOne, specs);
    let supervisor = apart(builder.start()).await;
    let (first, other) = (pid(&a), pid(&b));
    end_child(&supervisor, &a, reason).await;
    assert_eq!(pid(&b), other);
    match supervisor.get_child("a").await.map(|child| child.state) {
        Ok(ChildState::Running(second)) => {
            assert!(second != first && a.pid() == Some(second));
            assert_eq!(nursery.story(), "start a, start b, gone a, start a");
            Fate::Restarted
        }
        Ok(ChildState::Undefined) => Fate::Kept,
        Ok(ChildState::Restarting) => panic!("no start fails"),
        Err(_) => Fate::Forgotten,
    }
}

fn shutdowns() -> [ExitReason; 2] {
    [ExitReason::Shutdown, ExitReason::shutdown_with("drained")]
}

fn abnormal() -> [ExitReason; 3] {
    [boom(), ExitReason::NoProc, ExitReason::Kill]
}

#[otp_core::test]
async fn sup_023_a_permanent_child_that_ends_normally_is_restarted() {
    let fate = fate(Restart::Permanent, ExitReason::Normal).await;
    assert_eq!(fate, Fate::Restarted);
}

#[otp_core::test]
async fn sup_024_a_permanent_child_that_ends_with_shutdown_is_restarted() {
    for reason in shutdowns() {
        assert_eq!(fate(Restart::Permanent, reason).await, Fate::Restarted);
    }
}

#[otp_core::test]
async fn sup_025_a_permanent_child_that_crashes_or_is_killed_is_restarted() {
    for reason in abnormal() {
        assert_eq!(fate(Restart::Permanent, reason).await, Fate::Restarted);
    }
}

#[otp_core::test]
async fn sup_026_a_transient_child_that_ends_normally_is_kept_without_a_process() {
    let fate = fate(Restart::Transient, ExitReason::Normal).await;
    assert_eq!(fate, Fate::Kept);
}

#[otp_core::test]
async fn sup_027_a_transient_child_that_ends_with_shutdown_is_kept_without_a_process() {
    for reason in shutdowns() {
        assert_eq!(fate(Restart::Transient, reason).await, Fate::Kept);
    }
}

#[otp_core::test]
async fn sup_028_a_transient_child_that_crashes_or_is_killed_is_restarted() {
    for reason in abnormal() {
        assert_eq!(fate(Restart::Transient, reason).await, Fate::Restarted);
    }
}

#[otp_core::test]
async fn sup_029_a_temporary_child_is_forgotten_after_any_end() {
    let clean = [ExitReason::Normal].into_iter().chain(shutdowns());
    for reason in clean.chain(abnormal()) {
        assert_eq!(fate(Restart::Temporary, reason).await, Fate::Forgotten);
    }
}

#[otp_core::test]
async fn sup_030_a_restart_begins_anew_with_the_same_arguments_and_the_same_name() {
    let nursery = Nursery::new();
    let arguments = nursery.clone();
    let spec = ChildSpec::new("a", move || {
        Child::start_link("first".to_owned(), arguments.clone(), Habits::default()).name("counter")
    });
    let child = spec.handle();
    let builder = Supervisor::builder(Strategy::OneForOne).child(spec);
    let supervisor = apart(builder.start()).await;
    let by_name = ChildRef::named("counter");
    assert_eq!((child.count().await, by_name.count().await), (Ok(1), Ok(2)));
    let before = pid(&child);
    end_child(&supervisor, &child, boom()).await;
    assert_ne!(pid(&child), before);
    assert_eq!(by_name.pid(), child.pid());
    assert_eq!((child.count().await, by_name.count().await), (Ok(1), Ok(2)));
    assert_eq!(nursery.story(), "start first, gone first, start first");
}

#[otp_core::test]
async fn a_handle_is_there_before_its_child_and_follows_it() {
    let nursery = Nursery::new();
    let (builder, [a]) = tree(Strategy::OneForOne, nursery.children(["a"]));
    assert_eq!(a.count().await, Err(CallFailure::NoProc));
    let copy = a.clone();
    let supervisor = apart(builder.start()).await;
    assert_eq!(a.count().await, Ok(1));
    let pinned: ChildRef = a.pin().unwrap().into();
    end_child(&supervisor, &a, ExitReason::Kill).await;
    assert_eq!((a.count().await, copy.count().await), (Ok(1), Ok(2)));
    assert_eq!(pinned.count().await, Err(CallFailure::NoProc));
    assert_eq!(a, copy);
    assert_ne!(a, pinned);
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!(a.count().await, Err(CallFailure::NoProc));
    supervisor.delete_child("a").await.unwrap();
    let next = supervisor.start_child(nursery.child("a")).await.unwrap();
    assert_eq!(next.count().await, Ok(1));
    let old = a.count().await;
    assert_eq!(old, Err(CallFailure::NoProc), "another child of that id");
}

//! SUP-031 to SUP-038: whom a restart takes with it.

use otp_core::prelude::*;
use otp_core::{ChildError, ChildState, Restart, Strategy, SupervisorRef};
use tests::child::{Begin, ChildRef, Nursery, apart, end_child, pid, settled, tree};
use tests::processes::boom;

const SECOND: Duration = Duration::from_secs(1);

async fn started<const N: usize>(
    strategy: Strategy,
    nursery: &Nursery,
    ids: [&str; N],
) -> (SupervisorRef, [ChildRef; N]) {
    let (builder, children) = tree(strategy, nursery.children(ids));
    let supervisor = apart(builder.start()).await;
    drop(nursery.take());
    (supervisor, children)
}

fn pids<const N: usize>(children: &[ChildRef; N]) -> [Pid; N] {
    children.each_ref().map(pid)
}

#[otp_core::test]
async fn sup_031_one_for_one_leaves_the_siblings_alone() {
    let nursery = Nursery::new();
    let (supervisor, children) = started(Strategy::OneForOne, &nursery, ["a", "b", "c"]).await;
    let before = pids(&children);
    end_child(&supervisor, &children[1], boom()).await;
    let after = pids(&children);
    assert_eq!([after[0], after[2]], [before[0], before[2]]);
    assert_ne!(after[1], before[1]);
    assert_eq!(nursery.story(), "gone b, start b");
    let children = supervisor.which_children().await.unwrap();
    let ids: Vec<_> = children.iter().map(|child| child.id.as_str()).collect();
    assert_eq!(ids, ["c", "b", "a"], "it has kept its place");
}

#[otp_core::test]
async fn sup_032_one_for_all_stops_in_reverse_start_order_and_starts_in_start_order() {
    let nursery = Nursery::new();
    let (supervisor, children) = started(Strategy::OneForAll, &nursery, ["a", "b", "c"]).await;
    let before = pids(&children);
    end_child(&supervisor, &children[1], boom()).await;
    assert_eq!(
        nursery.story(),
        "gone b, gone c, gone a, start a, start b, start c"
    );
    let after = pids(&children);
    assert!(before.iter().all(|pid| !after.contains(pid)));
}

#[otp_core::test]
async fn sup_033_rest_for_one_restarts_those_that_were_started_after_it() {
    let nursery = Nursery::new();
    let ids = ["a", "b", "c", "d"];
    let (supervisor, children) = started(Strategy::RestForOne, &nursery, ids).await;
    let before = pids(&children);
    end_child(&supervisor, &children[1], boom()).await;
    assert_eq!(
        nursery.story(),
        "gone b, gone d, gone c, start b, start c, start d"
    );
    let after = pids(&children);
    assert_eq!(after[0], before[0]);
    assert!(before[1..].iter().all(|pid| !after.contains(pid)));
}

#[otp_core::test]
async fn sup_034_a_child_that_is_not_restarted_takes_nobody_with_it() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        for (restart, reason) in [
            (Restart::Transient, ExitReason::Normal),
            (Restart::Temporary, boom()),
        ] {
            let nursery = Nursery::new();
            let [a, b] = nursery.children(["a", "b"]);
            let (builder, [a, b]) = tree(strategy, [a.restart(restart), b]);
            let supervisor = apart(builder.start()).await;
            let before = pid(&b);
            end_child(&supervisor, &a, reason).await;
            assert_eq!((a.is_alive(), pid(&b)), (false, before));
            assert_eq!(nursery.story(), "start a, start b, gone a");
        }
    }
}

#[otp_core::test]
async fn sup_035_a_temporary_sibling_that_is_taken_down_is_forgotten() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let nursery = Nursery::new();
        let [a, b, c] = nursery.children(["a", "b", "c"]);
        let (builder, [a, ..]) = tree(strategy, [a, b.restart(Restart::Temporary), c]);
        let supervisor = apart(builder.start()).await;
        drop(nursery.take());
        end_child(&supervisor, &a, boom()).await;
        assert_eq!(nursery.story(), "gone a, gone c, gone b, start a, start c");
        assert_eq!(
            supervisor.get_child("b").await.unwrap_err(),
            ChildError::NotFound
        );
    }
}

#[otp_core::test]
async fn sup_036_a_group_restart_starts_those_that_were_stopped_before() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let nursery = Nursery::new();
        let [a, b, c] = nursery.children(["a", "b", "c"]);
        let (builder, [a, b, c]) = tree(strategy, [a, b, c.restart(Restart::Transient)]);
        let supervisor = apart(builder.start()).await;
        supervisor.terminate_child("b").await.unwrap();
        end_child(&supervisor, &c, ExitReason::Normal).await;
        assert!(!b.is_alive() && !c.is_alive());
        drop(nursery.take());
        end_child(&supervisor, &a, boom()).await;
        assert_eq!(nursery.story(), "gone a, start a, start b, start c");
        assert_eq!(supervisor.count_children().await.unwrap().active, 3);
    }
}

#[otp_core::test]
async fn sup_037_a_group_restart_counts_once() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let nursery = Nursery::new();
        let (builder, [a, b, c]) = tree(strategy, nursery.children(["a", "b", "c"]));
        let builder = builder.max_restarts(2, SECOND);
        let supervisor = apart(builder.start()).await;
        let monitor = supervisor.monitor();
        for _ in 0..2 {
            end_child(&supervisor, &a, boom()).await;
            assert!(a.is_alive() && b.is_alive() && c.is_alive());
        }
        end_child(&supervisor, &a, boom()).await;
        let down = process::receive_down(monitor).await;
        assert_eq!(down.reason, ExitReason::Shutdown);
    }
}

#[otp_core::test]
async fn sup_038_one_for_all_begins_again_when_another_child_does_not_start() {
    let nursery = Nursery::new();
    let (supervisor, [_, _, c]) = started(Strategy::OneForAll, &nursery, ["a", "b", "c"]).await;
    nursery.next("b", Begin::Fail(boom()));
    end_child(&supervisor, &c, boom()).await;
    settled(&supervisor).await;
    assert_eq!(
        nursery.story(),
        "gone c, gone b, gone a, start a, no start b, gone a, start a, start b, start c"
    );
}

#[otp_core::test]
async fn sup_038_rest_for_one_goes_on_with_the_child_that_does_not_start() {
    let nursery = Nursery::new();
    let ids = ["a", "b", "c", "d"];
    let (supervisor, [a, b, ..]) = started(Strategy::RestForOne, &nursery, ids).await;
    let first = pid(&a);
    nursery.next("c", Begin::Fail(boom()));
    end_child(&supervisor, &b, boom()).await;
    settled(&supervisor).await;
    assert_eq!(
        nursery.story(),
        "gone b, gone d, gone c, start b, no start c, start c, start d"
    );
    assert_eq!(pid(&a), first);
}

#[otp_core::test]
async fn sup_038_each_attempt_of_a_group_counts() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        for (max_restarts, survives) in [(2, true), (1, false)] {
            let nursery = Nursery::new();
            let (builder, [a, _]) = tree(strategy, nursery.children(["a", "b"]));
            let builder = builder.max_restarts(max_restarts, SECOND);
            let supervisor = apart(builder.start()).await;
            nursery.next("b", Begin::Fail(boom()));
            end_child(&supervisor, &a, boom()).await;
            settled(&supervisor).await;
            assert_eq!(supervisor.is_alive(), survives);
            assert_eq!(a.is_alive(), survives);
        }
    }
}

/// Those that stand behind the one that failed have no process meanwhile, and are not `restarting`.
#[otp_core::test]
async fn sup_038_only_the_child_that_does_not_start_is_restarting() {
    let nursery = Nursery::new();
    let (builder, [a, ..]) = tree(Strategy::OneForAll, nursery.children(["a", "b", "c"]));
    let supervisor = apart(builder.start()).await;
    nursery.next("b", Begin::Fail(boom()));
    otp_core::sys::suspend(&supervisor).await.unwrap();
    let running = a.pin().unwrap();
    a.end(boom());
    running.ended().await;
    let mut which = std::pin::pin!(supervisor.which_children());
    assert!(tests::processes::now(which.as_mut()).is_none());
    otp_core::sys::resume(&supervisor).await.unwrap();
    let states: Vec<_> = which
        .await
        .unwrap()
        .iter()
        .map(|child| child.state)
        .collect();
    let [
        ChildState::Undefined,
        ChildState::Restarting,
        ChildState::Running(_),
    ] = states[..]
    else {
        panic!("c, b, a: {states:?}")
    };
}

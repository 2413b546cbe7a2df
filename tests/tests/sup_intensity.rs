//! SUP-039 to SUP-047: how many restarts are too many, what follows, and how restarts are put off.

use std::pin::pin;

use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use otp_core::{
    BackOff, ChildError, ChildSpec, ChildState, Restart, Strategy, SupervisorBuilder,
    SupervisorRef, sys,
};
use tests::child::{Begin, ChildRef, Nursery, apart, end_child, pid, settled, tree};
use tests::processes::{boom, now};

const SECOND: Duration = Duration::from_secs(1);

fn one_for_one<const N: usize>(
    nursery: &Nursery,
    ids: [&str; N],
) -> (SupervisorBuilder, [ChildRef; N]) {
    tree(Strategy::OneForOne, nursery.children(ids))
}

/// How often a child of this supervisor may crash at once until it gives up.
async fn crashes_tolerated(max_restarts: u32) -> u32 {
    let nursery = Nursery::new();
    let (builder, [a]) = one_for_one(&nursery, ["a"]);
    let builder = builder.max_restarts(max_restarts, SECOND);
    let supervisor = apart(builder.start()).await;
    let mut crashes = 0;
    loop {
        end_child(&supervisor, &a, boom()).await;
        if !supervisor.is_alive() {
            return crashes;
        }
        crashes += 1;
    }
}

#[otp_core::test]
async fn sup_039_too_many_restarts_end_all_children_and_then_the_supervisor_with_shutdown() {
    for strategy in [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ] {
        let nursery = Nursery::new();
        let (builder, [_, b, _]) = tree(strategy, nursery.children(["a", "b", "c"]));
        let supervisor = apart(builder.max_restarts(1, SECOND).start()).await;
        let monitor = supervisor.monitor();
        end_child(&supervisor, &b, boom()).await;
        drop(nursery.take());
        end_child(&supervisor, &b, boom()).await;
        let down = process::receive_down(monitor).await;
        assert_eq!(down.reason, ExitReason::Shutdown);
        assert_eq!(nursery.story(), "gone b, gone c, gone a");
    }
}

#[otp_core::test]
async fn sup_040_n_restarts_are_tolerated_and_one_more_is_not() {
    for max_restarts in [0, 1, 3] {
        assert_eq!(crashes_tolerated(max_restarts).await, max_restarts);
    }
}

#[otp_core::test]
async fn sup_041_restarts_that_are_older_than_the_period_do_not_count() {
    let nursery = Nursery::new();
    let (builder, [a]) = one_for_one(&nursery, ["a"]);
    let supervisor = apart(builder.max_restarts(1, SECOND).start()).await;
    for _ in 0..20 {
        end_child(&supervisor, &a, boom()).await;
        assert!(a.is_alive());
        sleep(Duration::from_millis(2100)).await;
    }
    end_child(&supervisor, &a, boom()).await;
    sleep(SECOND).await;
    end_child(&supervisor, &a, boom()).await;
    assert!(!supervisor.is_alive(), "the period includes its end");
}

#[otp_core::test]
async fn sup_042_all_children_count_together() {
    let nursery = Nursery::new();
    let (builder, [a, b, c]) = one_for_one(&nursery, ["a", "b", "c"]);
    let supervisor = apart(builder.max_restarts(2, SECOND).start()).await;
    end_child(&supervisor, &a, boom()).await;
    end_child(&supervisor, &b, boom()).await;
    assert!(a.is_alive() && b.is_alive());
    end_child(&supervisor, &c, boom()).await;
    assert!(!supervisor.is_alive());
}

#[otp_core::test]
async fn sup_043_a_restart_that_fails_is_tried_again_at_once_and_each_attempt_counts() {
    for (max_restarts, survives) in [(4, true), (3, false)] {
        let (nursery, began) = (Nursery::new(), Instant::now());
        let (builder, [a, b]) = one_for_one(&nursery, ["a", "b"]);
        let builder = builder.max_restarts(max_restarts, SECOND);
        let supervisor = apart(builder.start()).await;
        drop(nursery.take());
        let first = pid(&b);
        for begin in [
            Begin::Fail(boom()),
            Begin::Panic("oops"),
            Begin::Exit(ExitReason::Normal),
        ] {
            nursery.next("a", begin);
        }
        end_child(&supervisor, &a, boom()).await;
        settled(&supervisor).await;
        let failures = "gone a, no start a, no start a, no start a";
        if survives {
            assert_eq!(nursery.story(), format!("{failures}, start a"));
            assert_eq!((a.is_alive(), b.pid()), (true, Some(first)));
        } else {
            assert_eq!(nursery.story(), format!("{failures}, gone b"));
            assert!(!supervisor.is_alive());
        }
        assert_eq!(began.elapsed(), Duration::ZERO, "there is no back-off");
    }
}

/// Ends the child, which does not start again at once, and leaves the supervisor suspended before it sees that.
async fn ended_unseen(nursery: &Nursery, supervisor: &SupervisorRef, child: &ChildRef) {
    sys::suspend(supervisor).await.expect("it answers");
    nursery.next("a", Begin::Fail(boom()));
    let running = child.pin().expect("it runs");
    child.end(boom());
    running.ended().await;
}

#[otp_core::test]
async fn sup_044_between_attempts_the_supervisor_answers_and_the_child_can_be_terminated() {
    let nursery = Nursery::new();
    let (builder, [a]) = one_for_one(&nursery, ["a"]);
    let supervisor = apart(builder.start()).await;
    ended_unseen(&nursery, &supervisor, &a).await;
    let mut child = pin!(supervisor.get_child("a"));
    let mut count = pin!(supervisor.count_children());
    let mut restarted = pin!(supervisor.restart_child("a"));
    let mut terminated = pin!(supervisor.terminate_child("a"));
    assert!(now(child.as_mut()).is_none() && now(count.as_mut()).is_none());
    assert!(now(restarted.as_mut()).is_none() && now(terminated.as_mut()).is_none());
    sys::resume(&supervisor).await.unwrap();

    assert_eq!(child.await.unwrap().state, ChildState::Restarting);
    let counts = count.await.unwrap();
    assert_eq!((counts.specs, counts.active, counts.workers), (1, 0, 1));
    assert_eq!(restarted.await, Err(ChildError::Restarting));
    assert_eq!(terminated.await, Ok(()));
    let child = supervisor.get_child("a").await.unwrap();
    assert_eq!(child.state, ChildState::Undefined);
    assert_eq!(nursery.story(), "start a, gone a, no start a");
    assert_eq!(supervisor.restart_child("a").await, Ok(a.pid()));
}

#[otp_core::test]
async fn sup_044_between_attempts_the_supervisor_can_be_stopped() {
    let nursery = Nursery::new();
    let specs = [nursery.child("a"), nursery.lingering("b", SECOND)];
    let (builder, [a, _]) = tree(Strategy::OneForOne, specs);
    let supervisor = apart(builder.start()).await;
    // While it waits for one child the other one ends, and the stop comes behind that.
    let mut terminated = pin!(supervisor.terminate_child("b"));
    assert!(now(terminated.as_mut()).is_none());
    nursery.next("a", Begin::Fail(boom()));
    let running = a.pin().unwrap();
    a.end(boom());
    running.ended().await;
    let mut stop = supervisor.stop();
    assert!(now(&mut stop).is_none());
    assert_eq!((terminated.await, stop.await), (Ok(()), Ok(())));
    assert_eq!(
        nursery.story(),
        "start a, start b, gone a, gone b, no start a"
    );
}

#[otp_core::test]
async fn sup_045_a_restart_that_is_ignored_leaves_the_child_without_a_process() {
    let nursery = Nursery::new();
    let (builder, [a, b]) = one_for_one(&nursery, ["a", "b"]);
    let supervisor = apart(builder.max_restarts(1, SECOND).start()).await;
    let first = pid(&b);
    nursery.next("a", Begin::Ignore);
    end_child(&supervisor, &a, boom()).await;
    let child = supervisor.get_child("a").await.unwrap();
    assert_eq!(child.state, ChildState::Undefined);
    assert_eq!(nursery.story(), "start a, start b, gone a, no start a");
    assert_eq!(b.pid(), Some(first));
    assert_eq!(supervisor.restart_child("a").await, Ok(a.pid()));
}

/// A supervisor that tolerates no restart, as a child.
fn strict(nursery: &Nursery, restart: Restart) -> (ChildSpec<SupervisorRef>, Nursery) {
    let below = nursery.clone();
    let spec = ChildSpec::new("inner", move || {
        let (builder, _) = one_for_one(&below, ["leaf"]);
        builder.max_restarts(0, SECOND).start_link().name("inner")
    });
    (spec.restart(restart), nursery.clone())
}

async fn crash_leaf(inner: &SupervisorRef) {
    let leaf = inner.get_child("leaf").await.expect("it is there");
    let leaf = leaf.state.pid().expect("it runs");
    process::exit(leaf, boom());
    inner.ended().await;
}

#[otp_core::test]
async fn sup_046_a_permanent_supervisor_that_gave_up_is_restarted_by_its_own_and_counts_there() {
    let (spec, nursery) = strict(&Nursery::new(), Restart::Permanent);
    let (builder, [inner]) = tree(Strategy::OneForOne, [spec]);
    let outer = apart(builder.max_restarts(1, SECOND).start()).await;
    let monitor = outer.monitor();
    crash_leaf(&inner.pin().unwrap().into()).await;
    assert_eq!(outer.count_children().await.unwrap().active, 1);
    assert_eq!(outer.get_child("inner").await.unwrap().restarts, 1);
    assert_eq!(nursery.story(), "start leaf, gone leaf, start leaf");
    crash_leaf(&inner.pin().unwrap().into()).await;
    let down = process::receive_down(monitor).await;
    assert_eq!(down.reason, ExitReason::Shutdown);
}

#[otp_core::test]
async fn sup_046_a_transient_supervisor_that_gave_up_is_not_restarted() {
    let (spec, nursery) = strict(&Nursery::new(), Restart::Transient);
    let (builder, [inner]) = tree(Strategy::OneForOne, [spec]);
    let outer = apart(builder.start()).await;
    crash_leaf(&inner.pin().unwrap().into()).await;
    let child = outer.get_child("inner").await.unwrap();
    assert_eq!(child.state, ChildState::Undefined);
    assert_eq!(nursery.story(), "start leaf, gone leaf");
}

#[otp_core::test]
async fn sup_047_a_supervisor_that_is_restarted_has_its_own_children_and_no_added_ones() {
    let nursery = Nursery::new();
    let below = nursery.clone();
    let spec = ChildSpec::new("inner", move || {
        one_for_one(&below, ["a", "b"]).0.start_link()
    });
    let (builder, [inner]) = tree(Strategy::OneForOne, [spec]);
    let outer = builder.start_link().await.unwrap();
    inner.start_child(nursery.child("added")).await.unwrap();
    assert_eq!(inner.count_children().await.unwrap().specs, 3);
    drop(nursery.take());
    inner.stop().await.unwrap();
    assert_eq!(outer.count_children().await.unwrap().active, 1);
    assert_eq!(
        nursery.story(),
        "gone added, gone b, gone a, start a, start b"
    );
    assert_eq!(inner.count_children().await.unwrap().specs, 2);
}

async fn state(supervisor: &SupervisorRef, id: &str) -> ChildState {
    supervisor.get_child(id).await.expect("it is there").state
}

#[otp_core::test]
async fn a_back_off_doubles_while_the_supervisor_serves_and_the_siblings_run() {
    for strategy in [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ] {
        let nursery = Nursery::new();
        let (builder, [a, b]) = tree(strategy, nursery.children(["a", "b"]));
        let builder = builder.back_off(BackOff::new(SECOND, 3 * SECOND));
        let builder = builder.max_restarts(10, 60 * SECOND);
        let supervisor = apart(builder.start()).await;
        for delay in [1, 2, 3, 3] {
            let sibling = pid(&b);
            end_child(&supervisor, &a, boom()).await;
            assert_eq!(state(&supervisor, "a").await, ChildState::Restarting);
            sleep(delay * SECOND - Duration::from_millis(1)).await;
            assert_eq!(state(&supervisor, "a").await, ChildState::Restarting);
            assert_eq!(b.pid(), Some(sibling));
            sleep(Duration::from_millis(1)).await;
            let running = state(&supervisor, "a").await;
            assert_eq!(running, ChildState::Running(pid(&a)));
            assert_eq!(b.pid() == Some(sibling), strategy == Strategy::OneForOne);
        }
    }
}

#[otp_core::test]
async fn a_start_that_fails_is_backed_off_as_well() {
    let nursery = Nursery::new();
    let (builder, [a]) = one_for_one(&nursery, ["a"]);
    let builder = builder.back_off(BackOff::new(SECOND, 60 * SECOND));
    let supervisor = apart(builder.start()).await;
    let began = Instant::now();
    nursery.next("a", Begin::Fail(boom()));
    nursery.next("a", Begin::Fail(boom()));
    end_child(&supervisor, &a, boom()).await;
    while state(&supervisor, "a").await == ChildState::Restarting {
        sleep(SECOND / 2).await;
    }
    assert_eq!(began.elapsed(), 7 * SECOND, "after one, two and four");
    assert_eq!(
        nursery.story(),
        "start a, gone a, no start a, no start a, start a"
    );
}

#[otp_core::test]
async fn a_restart_that_was_put_off_does_not_happen_after_the_child_was_seen_to() {
    let nursery = Nursery::new();
    let (builder, [a, b]) = one_for_one(&nursery, ["a", "b"]);
    let builder = builder.back_off(BackOff::new(SECOND, SECOND));
    let supervisor = apart(builder.start()).await;
    end_child(&supervisor, &a, boom()).await;
    assert_eq!(
        supervisor.delete_child("a").await,
        Err(ChildError::Restarting)
    );
    supervisor.terminate_child("a").await.unwrap();
    end_child(&supervisor, &b, boom()).await;
    supervisor.terminate_child("b").await.unwrap();
    let restarted = supervisor.restart_child("b").await.unwrap();
    sleep(2 * SECOND).await;
    assert_eq!(state(&supervisor, "a").await, ChildState::Undefined);
    assert_eq!((b.pid(), restarted.is_some()), (restarted, true));
    assert_eq!(nursery.story(), "start a, start b, gone a, gone b, start b");
}

#[otp_core::test]
async fn a_group_that_waits_for_two_children_is_restarted_once() {
    let nursery = Nursery::new();
    let (builder, [a, b]) = tree(Strategy::OneForAll, nursery.children(["a", "b"]));
    let builder = builder.back_off(BackOff::new(SECOND, SECOND));
    let supervisor = apart(builder.start()).await;
    end_child(&supervisor, &a, boom()).await;
    end_child(&supervisor, &b, boom()).await;
    drop(nursery.take());
    sleep(2 * SECOND).await;
    assert_eq!(supervisor.count_children().await.unwrap().active, 2);
    assert_eq!(nursery.story(), "start a, start b");
}

//! SUP-001 to SUP-010: how a supervisor starts, and what keeps it from starting.

use otp_core::prelude::*;
use otp_core::time::Instant;
use otp_core::{
    AutoShutdown, ChildCounts, ChildError, ChildSpec, ChildState, FailedToStartChild, Restart,
    SpecError, StartChildError, Strategy, Supervisor, SupervisorBuilder, SupervisorRef,
};
use tests::child::{Begin, Nursery, apart, end_child, pid, tree};
use tests::processes::{Peer, boom, crashes};
use tokio::sync::oneshot;

const SECOND: Duration = Duration::from_secs(1);

fn one_for_one<const N: usize>(nursery: &Nursery, ids: [&str; N]) -> SupervisorBuilder {
    tree(Strategy::OneForOne, nursery.children(ids)).0
}

fn failed(error: &StartError) -> &FailedToStartChild {
    let StartError::Init(reason) = error else {
        panic!("an init that failed, not {error}")
    };
    assert!(matches!(reason, ExitReason::ShutdownWith(_)), "{reason}");
    reason.downcast_ref().expect("it names the child")
}

fn lives_alone() -> bool {
    let node = Node::current().expect("a test has a node");
    node.processes() == [process::self_pid()]
}

#[otp_core::test]
async fn sup_001_children_start_one_after_the_other_in_list_order() {
    let (nursery, began) = (Nursery::new(), Instant::now());
    for id in ["a", "b", "c"] {
        nursery.next(id, Begin::Wait(SECOND));
    }
    let supervisor = one_for_one(&nursery, ["a", "b", "c"]).start_link().await;
    assert_eq!(nursery.story(), "start a, start b, start c");
    assert_eq!(began.elapsed(), 3 * SECOND);
    let counts = supervisor.unwrap().count_children().await.unwrap();
    assert_eq!((counts.specs, counts.active), (3, 3));
}

#[otp_core::test]
async fn sup_002_a_child_that_fails_stops_those_before_it_in_reverse_order() {
    for (begin, error) in [
        (Begin::Fail(boom()), "init failed: boom"),
        (Begin::Exit(boom()), "init failed: boom"),
        (Begin::Panic("oops"), "init failed: panic: oops at "),
    ] {
        let nursery = Nursery::new();
        nursery.next("c", begin);
        let started = one_for_one(&nursery, ["a", "b", "c", "d"]).start_link();
        let refused = started.await.unwrap_err();
        assert_eq!(failed(&refused).id, "c");
        let text = failed(&refused).error.to_string();
        assert!(text.starts_with(error), "{text}");
        assert_eq!(
            nursery.story(),
            "start a, start b, no start c, gone b, gone a"
        );
        assert!(lives_alone());
    }
}

#[otp_core::test]
async fn sup_002_a_failure_two_levels_down_names_both_children() {
    let nursery = Nursery::new();
    nursery.next("leaf", Begin::Fail(boom()));
    let below = nursery.clone();
    let inner = ChildSpec::new("inner", move || {
        one_for_one(&below, ["twig", "leaf"]).start_link()
    });
    let outer = one_for_one(&nursery, ["first"]).child(inner);
    let refused = outer.start_link().await.unwrap_err();
    let inner = failed(&refused);
    assert_eq!(inner.id, "inner");
    let leaf = failed(&inner.error);
    assert_eq!(
        (leaf.id.as_str(), &leaf.error),
        ("leaf", &StartError::Init(boom()))
    );
    assert_eq!(
        refused.to_string(),
        "init failed: shutdown: the child `inner` did not start: \
         init failed: shutdown: the child `leaf` did not start: init failed: boom"
    );
    assert_eq!(
        nursery.story(),
        "start first, start twig, no start leaf, gone twig, gone first"
    );
    assert!(lives_alone());
}

#[otp_core::test]
async fn sup_002_a_taken_name_of_a_child_is_a_failure_that_names_the_holder() {
    process::register("taken", process::self_pid()).unwrap();
    let spec = ChildSpec::new("a", || {
        Supervisor::builder(Strategy::OneForOne)
            .start_link()
            .name("taken")
    });
    let supervisor = Supervisor::builder(Strategy::OneForOne).child(spec);
    let refused = supervisor.start().await.unwrap_err();
    let holder = process::self_pid();
    assert_eq!(failed(&refused).error, StartError::AlreadyStarted(holder));
}

#[otp_core::test]
async fn sup_003_a_child_that_ignores_its_start_is_kept_without_a_process_unless_temporary() {
    let nursery = Nursery::new();
    for id in ["a", "b", "c"] {
        nursery.next(id, Begin::Ignore);
    }
    let [a, b, c] = nursery.children(["a", "b", "c"]);
    let specs = [
        a,
        b.restart(Restart::Transient),
        c.restart(Restart::Temporary),
    ];
    let (builder, [a, ..]) = tree(Strategy::OneForAll, specs);
    let supervisor = builder.start_link().await.unwrap();
    for id in ["a", "b"] {
        let child = supervisor.get_child(id).await.unwrap();
        assert_eq!(child.state, ChildState::Undefined);
    }
    assert_eq!(
        supervisor.get_child("c").await.unwrap_err(),
        ChildError::NotFound
    );

    nursery.next("a", Begin::Ignore);
    assert_eq!(supervisor.restart_child("a").await, Ok(None));
    let started = supervisor.restart_child("a").await.unwrap();
    assert_eq!((started, a.count().await), (a.pid(), Ok(1)));
}

#[otp_core::test]
async fn sup_004_a_supervisor_whose_init_says_ignore_is_not_started() {
    let ignored = Supervisor::start_link_with(async || Err(InitError::Ignore));
    assert_eq!(ignored.name("tree").await.unwrap_err(), StartError::Ignore);
    assert_eq!(process::whereis("tree"), None);
    assert!(lives_alone());

    let refused = Supervisor::start_link_with(async || Err(boom().into()));
    assert_eq!(refused.await.unwrap_err(), StartError::Init(boom()));
    assert_eq!(crashes(), [boom()]);
    assert!(lives_alone());
}

#[otp_core::test]
async fn sup_005_two_children_of_one_id_are_refused_before_anything_starts() {
    let nursery = Nursery::new();
    let twice = || one_for_one(&nursery, ["a", "b", "a"]);
    let error = SpecError::DuplicateChild("a".to_owned());
    assert_eq!(twice().check(), Err(error.clone()));
    let error = StartError::Spec(error);
    assert_eq!(twice().start_link().await.unwrap_err(), error);
    assert_eq!(twice().start().await.unwrap_err(), error);
    let twice = twice();
    let started = Supervisor::start_link_with(async || Ok(twice));
    assert_eq!(started.await.unwrap_err(), error);
    assert_eq!(crashes()[0].to_string(), "two children are named `a`");
    assert_eq!(nursery.story(), "");
}

/// In Rust most of what can be wrong with a specification is a type error; this is what remains.
#[otp_core::test]
async fn sup_006_a_wrong_specification_is_refused_before_anything_starts() {
    let nursery = Nursery::new();
    let named = "b".to_owned();
    for (wrong, auto_shutdown, error) in [
        (
            nursery.child("b").id(""),
            AutoShutdown::Never,
            SpecError::MissingId,
        ),
        (
            nursery.child("b").significant(true),
            AutoShutdown::AnySignificant,
            SpecError::SignificantPermanent(named.clone()),
        ),
        (
            nursery
                .child("b")
                .restart(Restart::Transient)
                .significant(true),
            AutoShutdown::Never,
            SpecError::SignificantWithoutAutoShutdown(named),
        ),
    ] {
        let builder = one_for_one(&nursery, ["a"]).auto_shutdown(auto_shutdown);
        let builder = builder.child(wrong);
        assert_eq!(builder.check(), Err(error.clone()));
        let refused = builder.start_link().await.unwrap_err();
        assert_eq!(refused, StartError::Spec(error));
    }
    assert_eq!(nursery.story(), "");
}

#[otp_core::test]
async fn sup_006_a_wrong_specification_of_a_child_more_is_refused() {
    let nursery = Nursery::new();
    let supervisor = one_for_one(&nursery, []).start_link().await.unwrap();
    let refused = supervisor.start_child(nursery.child("")).await;
    assert_eq!(
        refused.unwrap_err(),
        StartChildError::Spec(SpecError::MissingId)
    );
    let counts = supervisor.count_children().await.unwrap();
    assert_eq!(counts, ChildCounts::default());
}

/// An unknown strategy and a negative number of restarts are type errors in Rust.
#[otp_core::test]
async fn sup_007_a_period_of_no_time_is_refused_before_anything_starts() {
    let nursery = Nursery::new();
    let builder = || one_for_one(&nursery, ["a"]).max_restarts(1, Duration::ZERO);
    assert_eq!(builder().check(), Err(SpecError::ZeroPeriod));
    let error = StartError::Spec(SpecError::ZeroPeriod);
    assert_eq!(builder().start_link().await.unwrap_err(), error);
    let wrong = builder();
    let started = Supervisor::start_link_with(async || Ok(wrong));
    assert_eq!(started.await.unwrap_err(), error);
    let crash = crashes()[0].to_string();
    assert_eq!(crash, "the period of `max_restarts` is zero");
    assert_eq!(nursery.story(), "");
}

/// The strategy is an argument of the builder, so that it cannot be left out.
#[otp_core::test]
async fn sup_008_by_default_three_restarts_in_five_seconds_are_tolerated() {
    let nursery = Nursery::new();
    let (builder, [a]) = tree(Strategy::OneForOne, nursery.children(["a"]));
    let supervisor = apart(builder.start()).await;
    for _ in 0..2 {
        for _ in 0..3 {
            end_child(&supervisor, &a, boom()).await;
            assert!(a.is_alive());
        }
        otp_core::time::sleep(5 * SECOND + Duration::from_millis(1)).await;
    }
    for _ in 0..3 {
        end_child(&supervisor, &a, boom()).await;
    }
    otp_core::time::sleep(5 * SECOND).await;
    end_child(&supervisor, &a, boom()).await;
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
}

/// What a start says beyond the pid is, in Rust, the handle of its own type.
#[otp_core::test]
async fn sup_009_a_start_hands_back_the_typed_handle_and_a_restart_the_process() {
    let nursery = Nursery::new();
    let supervisor = one_for_one(&nursery, []).start_link().await.unwrap();
    let child = supervisor.start_child(nursery.child("a")).await.unwrap();
    assert_eq!(child.count().await, Ok(1));
    let below = nursery.clone();
    let inner = ChildSpec::new("inner", move || one_for_one(&below, ["leaf"]).start_link());
    let inner: SupervisorRef = supervisor.start_child(inner).await.unwrap();
    assert_eq!(inner.count_children().await.unwrap().active, 1);

    supervisor.terminate_child("a").await.unwrap();
    let restarted = supervisor.restart_child("a").await;
    assert_eq!(restarted, Ok(Some(pid(&child))));
    assert_eq!(child.count().await, Ok(1));
}

/// A supervisor whose parent ends as it is told, with the process that is the parent.
async fn orphan_to_be(nursery: &Nursery) -> (SupervisorRef, oneshot::Sender<ExitReason>) {
    let builder = one_for_one(nursery, ["a", "b"]);
    let (started, starting) = oneshot::channel();
    let (end, ended) = oneshot::channel::<ExitReason>();
    process::spawn(async move {
        let supervisor = builder.start_link().await.expect("no init fails");
        started.send(supervisor).expect("the test waits");
        process::exit_with(ended.await.expect("the test says how"))
    });
    (starting.await.expect("it starts"), end)
}

#[otp_core::test]
async fn sup_010_the_end_of_its_parent_ends_it_after_its_children_with_any_reason() {
    for reason in [ExitReason::Normal, ExitReason::Shutdown, boom()] {
        let nursery = Nursery::new();
        let (supervisor, end) = orphan_to_be(&nursery).await;
        end.send(reason.clone()).unwrap();
        assert_eq!(supervisor.ended().await, reason);
        assert_eq!(nursery.story(), "start a, start b, gone b, gone a");
    }
    // The parent, and the supervisor as it ended with its reason.
    assert_eq!(crashes(), [boom(), boom()]);
}

#[otp_core::test]
async fn sup_010_ends_of_strangers_and_their_exit_signals_mean_nothing() {
    let nursery = Nursery::new();
    let supervisor = one_for_one(&nursery, ["a"]).start_link().await.unwrap();
    let this = supervisor.pid().unwrap();
    let info = process::info(this).unwrap();
    assert!(info.trap_exit && info.links.contains(&process::self_pid()));

    for reason in [ExitReason::Normal, ExitReason::Shutdown, boom()] {
        let stranger = Peer::spawn();
        stranger.does(move || process::link(this)).await;
        let signal = reason.clone();
        stranger.does(move || process::exit(this, signal)).await;
        stranger.tell(move || process::exit_with(reason));
        let monitor = process::monitor(&stranger);
        process::receive_down(monitor).await;
        assert_eq!(supervisor.count_children().await.unwrap().active, 1);
    }
    assert_eq!(
        (supervisor.pid(), nursery.story().as_str()),
        (Some(this), "start a")
    );
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn a_start_that_takes_too_long_leaves_no_child_behind() {
    let nursery = Nursery::new();
    nursery.next("b", Begin::Wait(2 * SECOND));
    let (builder, [a, _]) = tree(Strategy::OneForOne, nursery.children(["a", "b"]));
    let late = builder.start_link().timeout(SECOND).await;
    assert_eq!(late.unwrap_err(), StartError::Timeout);
    a.ended().await;
    assert_eq!(nursery.story(), "start a, gone a");
    assert!(lives_alone());
}

#[otp_core::test]
async fn a_panic_in_the_making_of_a_start_is_a_failure_of_the_child() {
    let nursery = Nursery::new();
    let broken = || {
        ChildSpec::new("broken", || -> otp_core::SupervisorStart<SupervisorRef> {
            panic!("no arguments")
        })
    };
    let refused = one_for_one(&nursery, ["a"]).child(broken()).start().await;
    let refused = refused.unwrap_err();
    assert_eq!(failed(&refused).id, "broken");
    let text = failed(&refused).error.to_string();
    assert!(
        text.starts_with("init failed: panic: no arguments at "),
        "{text}"
    );

    let supervisor = apart(one_for_one(&nursery, ["a"]).start()).await;
    let refused = supervisor.start_child(broken()).await.unwrap_err();
    assert!(matches!(
        refused,
        StartChildError::Start(StartError::Init(ExitReason::Panic(_)))
    ));
    assert_eq!(supervisor.count_children().await.unwrap().specs, 1);
}

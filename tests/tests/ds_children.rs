//! DS-001 to DS-009, DS-019 to DS-025: dynamic supervisors, and what can be asked of them.

use std::pin::pin;

use otp_core::prelude::*;
use otp_core::time::Instant;
use otp_core::{
    AnyChild, ChildCounts, ChildError, ChildKind, ChildSpec, ChildState, DynamicSupervisor,
    DynamicSupervisorRef, FailedToStartChild, Restart, SpecError, StartChildError, Strategy,
    Supervisor, sys,
};
use tests::child::{Begin, Child, ChildRef, Habits, Nursery, apart, pid, tree};
use tests::processes::{boom, crashes, now};

const SECOND: Duration = Duration::from_secs(1);

type Dynamic = DynamicSupervisorRef<AnyChild>;

fn dynamic() -> DynamicSupervisor<AnyChild> {
    DynamicSupervisor::new()
}

fn counts(counts: ChildCounts) -> [usize; 4] {
    [
        counts.specs,
        counts.active,
        counts.supervisors,
        counts.workers,
    ]
}

async fn count(supervisor: &Dynamic) -> [usize; 4] {
    counts(supervisor.count_children().await.expect("it answers"))
}

/// Ends a child without its supervisor seeing that before it is resumed.
async fn end_unseen(supervisor: &Dynamic, child: &ChildRef) -> Pid {
    sys::suspend(supervisor.server()).await.expect("it answers");
    let (running, before) = (child.pin().expect("it runs"), pid(child));
    child.end(boom());
    running.ended().await;
    before
}

#[otp_core::test]
async fn ds_001_it_starts_empty_and_the_ids_of_its_children_mean_nothing() {
    let nursery = Nursery::new();
    let supervisor = dynamic().start_link().await.unwrap();
    assert_eq!(count(&supervisor).await, [0; 4]);
    let mut pids = Vec::new();
    for _ in 0..3 {
        let child = supervisor.start_child(nursery.child("same")).await.unwrap();
        pids.push(pid(&child));
    }
    supervisor.start_child(nursery.child("")).await.unwrap();
    assert_eq!(count(&supervisor).await, [4, 4, 0, 4]);
    let children = supervisor.which_children().await.unwrap();
    let listed: Vec<_> = children
        .iter()
        .filter_map(|child| child.state.pid())
        .collect();
    assert_eq!(listed[..3], pids, "the oldest process first");
}

#[otp_core::test]
async fn ds_002_what_a_start_says_is_handed_on() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let start = || supervisor.start_child(nursery.child("a"));
    assert_eq!(start().await.unwrap().count().await, Ok(1));
    nursery.next("a", Begin::Ignore);
    assert_eq!(
        start().await.unwrap_err(),
        StartChildError::Start(StartError::Ignore)
    );
    nursery.next("a", Begin::Fail(boom()));
    assert_eq!(
        start().await.unwrap_err(),
        StartChildError::Start(StartError::Init(boom()))
    );
    assert_eq!(count(&supervisor).await, [1, 1, 0, 1], "nothing is kept");
}

/// What Elixir's `{:ok, pid, extra}` tells beyond the pid is the handle's own type.
#[otp_core::test]
async fn ds_002_a_typed_one_takes_what_its_childs_start_takes() {
    let nursery = Nursery::new();
    let supervisor = apart(DynamicSupervisor::<Child>::new().start()).await;
    let child: ChildRef = supervisor
        .start_child("a".to_owned(), nursery.clone(), Habits::default())
        .await
        .unwrap();
    assert_eq!(child.count().await, Ok(1));
    let children = supervisor.which_children().await.unwrap();
    assert_eq!(children[0].state, ChildState::Running(pid(&child)));
    assert_eq!(nursery.story(), "start a");
}

#[otp_core::test]
async fn ds_003_a_start_that_panics_or_exits_is_an_error_and_the_supervisor_goes_on() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    for begin in [Begin::Panic("oops"), Begin::Exit(boom())] {
        nursery.next("a", begin);
        let refused = supervisor
            .start_child(nursery.child("a"))
            .await
            .unwrap_err();
        let text = refused.to_string();
        assert!(
            text == "init failed: boom" || text.starts_with("init failed: panic: oops at "),
            "{text}"
        );
    }
    let broken = ChildSpec::new(
        "a",
        || -> otp_core::SupervisorStart<otp_core::SupervisorRef> { process::exit_with(boom()) },
    );
    assert_eq!(
        supervisor.start_child(broken).await.unwrap_err(),
        StartChildError::Start(StartError::Init(boom()))
    );
    assert_eq!(count(&supervisor).await, [0; 4]);
    assert!(supervisor.start_child(nursery.child("a")).await.is_ok());
}

#[otp_core::test]
async fn ds_004_it_takes_no_more_children_than_it_was_told() {
    for max_children in [0, 1, 3] {
        let nursery = Nursery::new();
        let supervisor = apart(dynamic().max_children(max_children).start()).await;
        let start = || supervisor.start_child(nursery.child("a"));
        for _ in 0..max_children {
            start().await.unwrap();
        }
        assert_eq!(start().await.unwrap_err(), StartChildError::MaxChildren);
        let children = supervisor.which_children().await.unwrap();
        assert_eq!(children.len(), max_children);
        if let Some(first) = children.first() {
            let first = first.state.pid().unwrap();
            supervisor.terminate_child(first).await.unwrap();
            assert!(start().await.is_ok(), "there is room again");
        }
    }
}

#[otp_core::test]
async fn ds_005_a_child_that_is_being_restarted_counts_as_one() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().max_children(1).start()).await;
    let child = supervisor.start_child(nursery.child("a")).await.unwrap();
    end_unseen(&supervisor, &child).await;
    nursery.next("a", Begin::Fail(boom()));
    let mut more = supervisor.start_child(nursery.child("b"));
    assert!(now(&mut more).is_none());
    let mut during = pin!(supervisor.count_children());
    assert!(now(during.as_mut()).is_none());
    sys::resume(supervisor.server()).await.unwrap();
    assert_eq!(more.await.unwrap_err(), StartChildError::MaxChildren);
    assert_eq!(counts(during.await.unwrap()), [1, 0, 0, 1]);
    assert_eq!(nursery.story(), "start a, gone a, no start a, start a");
}

/// What Elixir puts before the arguments a Rust closure captures; it is asked anew at each start.
#[otp_core::test]
async fn ds_006_the_arguments_are_made_anew_at_the_start_and_at_every_restart() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let (extra, mut starts) = (nursery.clone(), 0);
    let spec = ChildSpec::new("a", move || {
        starts += 1;
        Child::start_link(format!("a{starts}"), extra.clone(), Habits::default())
    });
    let child = supervisor.start_child(spec).await.unwrap();
    for _ in 0..2 {
        let running = child.pin().unwrap();
        child.end(boom());
        running.ended().await;
        assert_eq!(count(&supervisor).await, [1, 1, 0, 1]);
    }
    assert_eq!(
        nursery.story(),
        "start a1, gone a1, start a2, gone a2, start a3"
    );
}

/// A dynamic supervisor has no `auto_shutdown` in Rust, so that only the children can be wrong.
#[otp_core::test]
async fn ds_007_significant_children_are_refused() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let spec = nursery.child("a").restart(Restart::Transient);
    let refused = supervisor.start_child(spec.significant(true)).await;
    let error = SpecError::SignificantDynamic("a".to_owned());
    assert_eq!(refused.unwrap_err(), StartChildError::Spec(error));
    assert_eq!(nursery.story(), "");
}

#[otp_core::test]
async fn ds_008_a_specification_is_checked_before_the_supervisor_is_asked() {
    let nursery = Nursery::new();
    let nobody = Dynamic::named("not used");
    let wrong = nobody.start_child(nursery.child("a").significant(true));
    let error = SpecError::SignificantDynamic("a".to_owned());
    assert_eq!(wrong.await.unwrap_err(), StartChildError::Spec(error));
    let right = nobody.start_child(nursery.child("a"));
    assert_eq!(
        right.await.unwrap_err(),
        StartChildError::Failed(CallFailure::NoProc)
    );
}

/// What else can be wrong with the flags is a type error in Rust.
#[otp_core::test]
async fn ds_009_a_period_of_no_time_is_refused() {
    let refused = dynamic().max_restarts(1, Duration::ZERO).start().await;
    assert_eq!(
        refused.unwrap_err(),
        StartError::Spec(SpecError::ZeroPeriod)
    );
    let spec = ChildSpec::new("dynamic", || {
        dynamic().max_restarts(1, Duration::ZERO).start_link()
    });
    let (builder, _) = tree(Strategy::OneForOne, [spec]);
    let StartError::Init(reason) = builder.start().await.unwrap_err() else {
        panic!("a child did not start")
    };
    let failed: &FailedToStartChild = reason.downcast_ref().unwrap();
    assert_eq!(failed.error, StartError::Spec(SpecError::ZeroPeriod));
    let crashes: Vec<_> = crashes().iter().map(ToString::to_string).collect();
    assert_eq!(crashes, ["the period of `max_restarts` is zero"; 2]);
}

#[otp_core::test]
async fn ds_019_a_child_is_terminated_by_its_process() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().max_restarts(0, SECOND).start()).await;
    let child = supervisor
        .start_child(nursery.lingering("a", 3 * SECOND))
        .await
        .unwrap();
    let (began, first) = (Instant::now(), pid(&child));
    assert_eq!(supervisor.terminate_child(first).await, Ok(()));
    assert_eq!((began.elapsed(), child.is_alive()), (3 * SECOND, false));
    let not_found = Err(ChildError::NotFound);
    assert_eq!(supervisor.terminate_child(first).await, not_found);
    let stranger = process::self_pid();
    assert_eq!(supervisor.terminate_child(stranger).await, not_found);
    assert_eq!(count(&supervisor).await, [0; 4]);
}

#[otp_core::test]
async fn ds_019_a_child_that_is_being_restarted_is_terminated_by_its_last_process() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let child = supervisor.start_child(nursery.child("a")).await.unwrap();
    let last = end_unseen(&supervisor, &child).await;
    nursery.next("a", Begin::Fail(boom()));
    let mut children = pin!(supervisor.which_children());
    let mut terminated = pin!(supervisor.terminate_child(last));
    assert!(now(children.as_mut()).is_none() && now(terminated.as_mut()).is_none());
    sys::resume(supervisor.server()).await.unwrap();
    assert_eq!(children.await.unwrap()[0].state, ChildState::Restarting);
    assert_eq!(terminated.await, Ok(()));
    assert_eq!(count(&supervisor).await, [0; 4]);
    assert_eq!(nursery.story(), "start a, gone a, no start a");
}

#[otp_core::test]
async fn ds_022_supervisors_are_counted_apart() {
    let nursery = Nursery::new();
    let supervisor = dynamic().start_link().await.unwrap();
    let inner = ChildSpec::new("inner", || {
        Supervisor::builder(Strategy::OneForOne).start_link()
    });
    supervisor.start_child(inner).await.unwrap();
    let inner = ChildSpec::new("dynamic", || dynamic().start_link());
    supervisor.start_child(inner).await.unwrap();
    supervisor.start_child(nursery.child("a")).await.unwrap();
    assert_eq!(count(&supervisor).await, [3, 3, 2, 1]);
    let children = supervisor.which_children().await.unwrap();
    let kinds = children.iter().map(|child| child.kind);
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            ChildKind::Supervisor,
            ChildKind::Supervisor,
            ChildKind::Worker
        ]
    );
}

/// With anything quadratic in it this takes long.
#[otp_core::test]
async fn ds_023_ten_thousand_temporary_children_come_and_go() {
    let nursery = Nursery::new();
    let supervisor = apart(dynamic().start()).await;
    let mut children = Vec::new();
    for _ in 0..10_000 {
        let spec = nursery.child("a").restart(Restart::Temporary);
        children.push(supervisor.start_child(spec).await.unwrap());
    }
    assert_eq!(count(&supervisor).await, [10_000, 10_000, 0, 10_000]);
    let (first, rest) = children.split_at(5_000);
    for child in first {
        supervisor.terminate_child(pid(child)).await.unwrap();
    }
    for child in rest {
        child.end(boom());
    }
    for child in rest {
        child.ended().await;
    }
    assert_eq!(count(&supervisor).await, [0; 4]);
}

#[otp_core::test]
async fn ds_024_it_can_be_a_supervised_child_and_two_of_one_id_cannot() {
    let nursery = Nursery::new();
    let spec = |name: &'static str| ChildSpec::new(name, move || dynamic().start_link().name(name));
    let (builder, [a, b]) = tree(Strategy::OneForOne, [spec("a"), spec("b")]);
    let outer = builder.start_link().await.unwrap();
    let child = a.start_child(nursery.child("leaf")).await.unwrap();
    assert_eq!(
        Dynamic::named("a").count_children().await.unwrap().active,
        1
    );
    assert_eq!(count(&b).await, [0; 4]);
    let taken = outer.start_child(spec("a")).await.unwrap_err();
    assert_eq!(taken, StartChildError::AlreadyStarted(a.pid().unwrap()));
    let twice = Supervisor::builder(Strategy::OneForOne)
        .child(spec("c"))
        .child(spec("c"));
    assert_eq!(
        twice.check(),
        Err(SpecError::DuplicateChild("c".to_owned()))
    );

    // The handle follows it, and it has lost its children.
    let (last, running) = (a.pid(), a.server().pin().unwrap());
    process::exit(last.unwrap(), ExitReason::Kill);
    running.ended().await;
    assert_eq!(outer.count_children().await.unwrap().active, 2);
    assert_ne!(a.pid(), last);
    child.ended().await;
    assert_eq!(count(&a).await, [0; 4]);
}

#[otp_core::test]
async fn ds_025_it_has_a_name_a_link_to_its_starter_and_a_stop_that_waits() {
    let nursery = Nursery::new();
    let supervisor = dynamic().start_link().name("dynamic").await.unwrap();
    assert_eq!(process::whereis("dynamic"), supervisor.pid());
    let links = process::info(process::self_pid()).unwrap().links;
    assert_eq!(links, [supervisor.pid().unwrap()]);
    let taken = dynamic().start_link().name("dynamic").await.unwrap_err();
    assert_eq!(taken, StartError::AlreadyStarted(links[0]));

    let spec = nursery.lingering("a", SECOND);
    let child = supervisor.start_child(spec).await.unwrap();
    let (monitor, began) = (supervisor.server().monitor(), Instant::now());
    assert_eq!(supervisor.stop().await, Ok(()));
    assert_eq!(began.elapsed(), SECOND);
    assert!(!child.is_alive() && process::whereis("dynamic").is_none());
    let down = process::receive_down(monitor).await;
    assert_eq!(down.reason, ExitReason::Normal);
}

//! `supervisor!`: trees whose children have typed handles.

use otp_core::prelude::*;
use otp_core::testing::{ChildExt, start_supervised};
use otp_core::{
    AnyChild, ChildHandle, ChildKind, ChildState, DynamicSupervisor, PartitionSupervisor, Restart,
    Shutdown, Strategy, Supervisor, SupervisorRef,
};
use tests::processes::end;
use tests::{Journal, Puppet};

/// Where a counter begins.
#[derive(Clone, Debug)]
struct Beginning {
    value: i64,
    journal: Journal,
}

impl Beginning {
    fn at(value: i64) -> Self {
        let journal = Journal::new();
        Beginning { value, journal }
    }
}

#[gen_server]
struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter { value }
    }

    #[call]
    fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[cast]
    fn end(&self, reason: ExitReason, cx: &mut Context<Self>) {
        cx.stop(reason);
    }
}

/// Knows two counters.
#[gen_server(restart = transient, shutdown = 2s)]
struct Sum {
    counters: [CounterRef; 2],
}

#[gen_server]
impl Sum {
    #[init]
    fn init(first: CounterRef, second: CounterRef) -> Self {
        Sum {
            counters: [first, second],
        }
    }

    #[call]
    async fn sum(&mut self) -> i64 {
        let [first, second] = &self.counters;
        first.add(0).await.unwrap_or(0) + second.add(0).await.unwrap_or(0)
    }
}

supervisor! {
    /// Counters, and the sum of two of them.
    pub struct Counters(beginning: Beginning, step: i64);

    strategy: one_for_one,
    max_restarts: 10 in 1s,
    auto_shutdown: any_significant,

    children: {
        /// The first counter.
        first: Counter(beginning.value),
        second: Counter({
            beginning.journal.note("second");
            beginning.value + step
        }) { restart: temporary, shutdown: 10s, significant: true },
        sum: Sum(first.clone(), second),
        puppet: Puppet(beginning.journal).name("puppet") { shutdown: brutal_kill },
        others: DynamicSupervisor::<Counter>::new() { max_children: 1, max_restarts: 0 in 500ms },
    }
}

supervisor! {
    /// A tree in a tree.
    pub struct Outer(beginning: Beginning);

    strategy: rest_for_one,
    back_off: 100ms to 10s,

    children: {
        inner: Counters(beginning, 10),
        log: Puppet(Journal::new()),
        trees: DynamicSupervisor::<Inner>::new(),
        shards: PartitionSupervisor::<Counter>::with_arguments(2, move |_| beginning.value).max_restarts(1, Duration::from_secs(1)),
        more_shards: PartitionSupervisor::<Inner>::new(1) { max_restarts: 1 in 1s },
    }
}

supervisor! {
    struct Inner;
    children: { only: Counter(1) },
    strategy: one_for_all,
}

/// Ends the process that is the child now, and waits until its supervisor has started it again.
async fn crash(supervisor: &SupervisorRef, counter: &CounterRef) {
    let crashed = counter.pid().expect("it runs");
    let monitor = process::monitor(crashed);
    process::exit(crashed, ExitReason::Kill);
    assert_eq!(end(monitor).await, ExitReason::Killed);
    // The supervisor answers behind what it was told before.
    supervisor.count_children().await.expect("it answers");
    assert_ne!(counter.pid(), Some(crashed));
}

#[otp_core::test]
async fn handles_are_typed_and_follow_restarts() {
    let tree = Counters::start_link(Beginning::at(40), 2).await.unwrap();
    let first: CounterRef = tree.first();
    assert_eq!(first.add(1).await, Ok(41));
    assert_eq!(tree.second().add(0).await, Ok(42));
    crash(&tree, &first).await;
    assert_eq!(first.add(0).await, Ok(40));
    assert_eq!(first, tree.first());
    assert_ne!(tree.first(), tree.second());
    assert_eq!(tree.get_child("first").await.unwrap().restarts, 1);
}

#[otp_core::test]
async fn siblings_are_handles_in_arguments_and_follow_restarts_there() {
    let tree = Counters::start_link(Beginning::at(40), 2).await.unwrap();
    assert_eq!(tree.sum().sum().await, Ok(82));
    tree.first().add(100).await.unwrap();
    assert_eq!(tree.sum().sum().await, Ok(182));
    crash(&tree, &tree.first()).await;
    assert_eq!(tree.sum().sum().await, Ok(82));
}

#[otp_core::test]
async fn arguments_are_evaluated_anew_at_each_start() {
    let beginning = Beginning::at(1);
    let journal = beginning.journal.clone();
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));

    supervisor! {
        struct Anew(calls: std::sync::Arc<std::sync::atomic::AtomicI64>, beginning: Beginning);
        strategy: one_for_one,
        children: {
            counter: Counter({
                beginning.journal.note("evaluated");
                calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
            }),
        }
    }

    let start = Anew::start_link(calls.clone(), beginning);
    assert!(journal.take().is_empty());
    let tree = start.await.unwrap();
    assert_eq!(tree.counter().add(0).await, Ok(0));
    crash(&tree, &tree.counter()).await;
    assert_eq!(tree.counter().add(0).await, Ok(1));
    assert_eq!(journal.take(), ["evaluated"; 2]);
}

#[otp_core::test]
async fn each_start_has_clones_of_its_own() {
    #[derive(Debug)]
    struct Counted(i64);

    impl Clone for Counted {
        fn clone(&self) -> Self {
            Counted(self.0)
        }
    }

    fn change(mut counted: Counted) -> i64 {
        counted.0 += 1;
        counted.0
    }

    supervisor! {
        struct Clones(counted: Counted);
        strategy: one_for_one,
        children: {
            // Used up, at each start.
            one: Counter(change(counted)),
            other: Counter(change(counted)),
        }
    }

    let tree = Clones::start_link(Counted(1)).await.unwrap();
    crash(&tree, &tree.one()).await;
    assert_eq!(tree.one().add(0).await, Ok(2));
    assert_eq!(tree.other().add(0).await, Ok(2));
}

#[otp_core::test]
async fn options_reach_the_supervisor() {
    let tree = Counters::start_link(Beginning::at(1), 1).await.unwrap();
    let children = tree.which_children().await.unwrap();
    let told = children.iter().map(|child| {
        let ids = (child.id.as_str(), child.restart, child.shutdown);
        (ids, child.significant, child.kind)
    });
    let five = Shutdown::Timeout(Duration::from_secs(5));
    let ten = Shutdown::Timeout(Duration::from_secs(10));
    let two = Shutdown::Timeout(Duration::from_secs(2));
    let (worker, supervisor) = (ChildKind::Worker, ChildKind::Supervisor);
    let expected = [
        (
            ("others", Restart::Permanent, Shutdown::Infinity),
            false,
            supervisor,
        ),
        (
            ("puppet", Restart::Permanent, Shutdown::BrutalKill),
            false,
            worker,
        ),
        (("sum", Restart::Transient, two), false, worker),
        (("second", Restart::Temporary, ten), true, worker),
        (("first", Restart::Permanent, five), false, worker),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);

    // The methods behind the arguments, and the options of what makes a child.
    assert_eq!(process::whereis("puppet"), tree.puppet().pid());
    let others = tree.others();
    others.start_child(1).await.unwrap();
    let refused = others.start_child(1).await.unwrap_err();
    assert_eq!(refused, otp_core::StartChildError::MaxChildren);
}

#[otp_core::test]
async fn the_flags_are_the_trees() {
    let tree = Counters::start(Beginning::at(1), 1).await.unwrap();
    let monitor = process::monitor(tree.pid().unwrap());
    tree.second().end(ExitReason::Normal);
    assert_eq!(end(monitor).await, ExitReason::Shutdown);

    let tree = Inner::start().await.unwrap();
    let monitor = process::monitor(tree.pid().unwrap());
    // Unless it says otherwise: three restarts within five seconds.
    for _ in 0..3 {
        crash(&tree, &tree.only()).await;
    }
    process::exit(tree.only().pid().unwrap(), ExitReason::Kill);
    assert_eq!(end(monitor).await, ExitReason::Shutdown);
}

#[otp_core::test]
async fn the_handles_of_a_nested_tree_survive_its_restart() {
    let tree = Outer::start_link(Beginning::at(40)).await.unwrap();
    let (inner, first) = (tree.inner(), tree.inner().first());
    assert_eq!(inner, tree.inner());
    first.add(1).await.unwrap();
    let (old_tree, old_first) = (inner.pid(), first.pid());
    let log = tree.log().pid();

    // It is permanent.
    inner.stop().await.unwrap();
    let state = async || tree.get_child("inner").await.unwrap().state;
    assert_eq!(state().await, ChildState::Restarting);
    otp_core::time::sleep(Duration::from_millis(99)).await;
    assert_eq!(state().await, ChildState::Restarting);
    otp_core::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(state().await.pid(), inner.pid());
    assert_ne!(inner.pid(), old_tree);
    assert_ne!(first.pid(), old_first);
    assert_ne!(tree.log().pid(), log);
    assert_eq!(first.add(0).await, Ok(40));
    assert_eq!(inner.sum().sum().await, Ok(90));
    crash(&inner, &first).await;
    assert_eq!(first.add(2).await, Ok(42));
}

#[otp_core::test]
async fn a_tree_is_a_child_of_a_dynamic_supervisor() {
    let tree = Outer::start_link(Beginning::at(1)).await.unwrap();
    let one: InnerRef = tree.trees().start_child().await.unwrap();
    let other = tree.trees().start_child().await.unwrap();
    assert_ne!(one, other);
    assert_eq!(one.only().add(1).await, Ok(2));
    assert_eq!(tree.shards().get(&7).add(1).await, Ok(2));
    assert_eq!(tree.more_shards().get(&7).only().add(1).await, Ok(2));
    tree.stop().await.unwrap();

    let trees = DynamicSupervisor::<Outer>::new()
        .start_link()
        .await
        .unwrap();
    let tree = trees.start_child(Beginning::at(5)).await.unwrap();
    assert_eq!(tree.inner().first().add(0).await, Ok(5));
}

#[otp_core::test]
async fn a_tree_is_a_child_of_a_tree_that_is_built() {
    let spec = Counters::child_spec(Beginning::at(1), 1).id("counters");
    assert_eq!(
        (spec.kind, spec.shutdown),
        (ChildKind::Supervisor, Shutdown::Infinity)
    );
    let counters = spec.handle();
    let tree = Supervisor::builder(Strategy::OneForOne)
        .child(spec)
        .start_link()
        .await
        .unwrap();
    assert_eq!(counters.first().add(0).await, Ok(1));
    counters.stop().await.unwrap();
    tree.count_children().await.unwrap();
    assert_eq!(counters.second().add(0).await, Ok(2));

    let any = DynamicSupervisor::<AnyChild>::new()
        .start_link()
        .await
        .unwrap();
    let inner = any.start_child(Inner::child_spec()).await.unwrap();
    assert_eq!(inner.only().add(0).await, Ok(1));
}

#[otp_core::test]
async fn a_tree_whose_child_does_not_start_does_not_start() {
    supervisor! {
        struct Named;
        strategy: one_for_one,
        children: {
            one: Puppet(Journal::new()).name("one"),
            same: Puppet(Journal::new()).name("one"),
        }
    }

    let Err(StartError::Init(reason)) = Named::start_link().await else {
        panic!("a name is one process");
    };
    let failed = reason
        .downcast_ref::<otp_core::FailedToStartChild>()
        .unwrap();
    assert_eq!(failed.id, "same");
    assert!(matches!(failed.error, StartError::AlreadyStarted(_)));
    assert_eq!(process::whereis("one"), None);
}

#[otp_core::test]
async fn an_accessor_wins_over_what_the_handle_has_of_itself() {
    supervisor! {
        struct Collisions(start: i64);
        strategy: one_for_one,
        children: {
            pid: Counter(start),
            clone: Counter(2),
            supervisor: Counter(3),
            stop: Counter(4),
            child: Counter(5),
            handle: Counter(6),
            builder: Counter(7),
            places: Counter(8),
            r#type: Sum(handle, builder),
        }
    }

    let tree = Collisions::start_link(1).await.unwrap();
    let children = [
        tree.pid(),
        tree.clone(),
        tree.supervisor(),
        tree.stop(),
        tree.child(),
        tree.handle(),
        tree.builder(),
        tree.places(),
    ];
    for (child, value) in children.iter().zip(1..) {
        assert_eq!(child.add(0).await, Ok(value));
    }
    assert_eq!(tree.r#type().sum().await, Ok(13));
    assert_eq!(tree.get_child("type").await.unwrap().id, "type");
    // What is behind it is there by its own name.
    SupervisorRef::clone(&tree).count_children().await.unwrap();
}

#[otp_core::test]
async fn a_cfg_holds_for_all_that_a_child_brings() {
    supervisor! {
        struct Builds(start: i64);
        strategy: one_for_one,
        children: {
            #[cfg(any())]
            absent: NoSuchServer(start, no_such_value),
            #[cfg(all())]
            one: Counter(start),
            #[cfg(any())]
            one: Counter(start + 100),
            #[cfg(all())]
            sum: Sum(one.clone(), one),
        }
    }

    let tree = Builds::start_link(1).await.unwrap();
    assert_eq!(tree.one().add(0).await, Ok(1));
    assert_eq!(tree.sum().sum().await, Ok(2));
    assert_eq!(tree.count_children().await.unwrap().specs, 2);
}

#[test]
fn a_handle_is_an_address() {
    fn assert<T: Clone + Send + Sync + Eq + std::hash::Hash + std::fmt::Debug + ChildHandle>() {}
    assert::<CountersRef>();
}

#[otp_core::test]
async fn a_tree_is_started_under_the_supervisor_of_a_test() {
    let tree = start_supervised::<Counters>((Beginning::at(1), 1)).await;
    assert_eq!(tree.second().add(0).await, Ok(2));
    tree.first().crash().await;
    tree.first().restarted().await;
    assert_eq!(tree.first().add(0).await, Ok(1));
    let inner = start_supervised::<Inner>(()).await;
    assert_eq!(inner.only().add(0).await, Ok(1));
}

//! PT: partition supervisors.

use otp_core::prelude::*;
use otp_core::{
    ChildError, ChildState, PartitionSupervisor, PartitionSupervisorRef, SpecError, Strategy,
    Supervisor,
};

/// Says which partition it is, and may be ended.
#[gen_server]
#[derive(Debug)]
pub struct Shard {
    number: usize,
    label: &'static str,
}

#[gen_server]
impl Shard {
    #[init]
    fn init(number: usize, label: &'static str) -> Self {
        Shard { number, label }
    }

    /// Its number and its label.
    #[call]
    pub fn who(&self) -> (usize, &'static str) {
        (self.number, self.label)
    }

    /// Ends it.
    #[call]
    pub fn crash(&self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::error("boom"));
    }
}

/// A server that takes no arguments.
#[gen_server]
#[derive(Debug)]
pub struct Plain {}

#[gen_server]
impl Plain {
    #[init]
    fn init() -> Self {
        Plain {}
    }
}

async fn shards(partitions: usize) -> PartitionSupervisorRef<Shard> {
    let shards = PartitionSupervisor::<Shard>::with_arguments(partitions, |number| (number, "s"));
    shards.start_link().await.expect("it starts")
}

async fn ids(shards: &PartitionSupervisorRef<Shard>) -> Vec<String> {
    let children = shards.which_children().await.expect("it runs");
    let mut ids: Vec<String> = children.into_iter().map(|child| child.id).collect();
    ids.sort_unstable();
    ids
}

#[otp_core::test]
async fn pt_001_there_are_n_copies_named_by_their_numbers() {
    let shards = shards(3).await;
    assert_eq!(ids(&shards).await, ["0", "1", "2"]);
    assert_eq!(shards.partitions(), 3);
}

#[otp_core::test]
async fn pt_001_by_default_there_are_as_many_as_cores() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plain = PartitionSupervisor::<Plain>::of_cores();
    let plain = plain.start_link().await.expect("it starts");
    assert_eq!(plain.partitions(), cores);
    assert_eq!(plain.count_children().await.expect("it runs").active, cores);
}

#[otp_core::test]
async fn pt_002_an_integer_goes_to_its_absolute_value_modulo_n() {
    let shards = shards(3).await;
    for (key, partition) in [(-1, 1), (0, 0), (1, 1), (2, 2), (3, 0), (-5, 2)] {
        let answer = shards.get(&key).who().await.expect("it runs");
        assert_eq!(answer.0, partition, "{key}");
    }
}

#[otp_core::test]
async fn pt_002_other_keys_go_by_a_hash_that_never_changes() {
    let (four, again) = (shards(4).await, shards(4).await);
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..50 {
        let key = format!("user {number}");
        let there = four.get(&key).who().await.expect("it runs").0;
        assert_eq!(again.get(&*key).who().await.expect("it runs").0, there);
        seen.insert(there);
    }
    assert_eq!(seen.len(), 4, "all partitions serve some");
}

#[otp_core::test]
async fn pt_003_arguments_can_differ_by_partition() {
    let labels = ["zero", "one"];
    let shards = PartitionSupervisor::<Shard>::with_arguments(2, move |n| (n, labels[n]));
    let shards = shards.start_link().await.expect("it starts");
    assert_eq!(shards.get(&0).who().await, Ok((0, "zero")));
    assert_eq!(shards.get(&1).who().await, Ok((1, "one")));
    // Also when it is started again.
    let one = shards.get(&1);
    let before = one.pid();
    otp_core::testing::expect_crash(&*one);
    one.crash().await.expect("it answers before it ends");
    shards
        .count_children()
        .await
        .expect("the supervisor has seen to it");
    assert_ne!(one.pid(), before);
    assert_eq!(one.who().await, Ok((1, "one")));
}

/// A missing specification, a wrong one, or arguments of another kind do not compile.
#[otp_core::test]
async fn pt_004_no_partitions_and_no_period_are_refused() {
    let none = PartitionSupervisor::<Plain>::new(0).start_link().await;
    assert_eq!(
        none.expect_err("there are none"),
        StartError::Spec(SpecError::NoPartitions)
    );
    let no_period = PartitionSupervisor::<Plain>::new(1).max_restarts(1, Duration::ZERO);
    assert_eq!(
        no_period.start_link().await.expect_err("it is refused"),
        StartError::Spec(SpecError::ZeroPeriod)
    );
}

#[otp_core::test]
async fn pt_005_whoever_asks_one_that_is_gone_learns_it() {
    let shards = shards(2).await;
    shards.stop().await.expect("it runs");
    assert_eq!(shards.count_children().await, Err(CallFailure::NoProc));
    assert_eq!(shards.which_children().await, Err(CallFailure::NoProc));
    assert_eq!(
        shards.resize(1).await,
        Err(ChildError::Failed(CallFailure::NoProc))
    );
}

#[otp_core::test]
async fn pt_006_resizing_stops_and_starts_partitions() {
    let shards = shards(4).await;
    assert_eq!(shards.resize(2).await, Ok(4));
    let counts = shards.count_children().await.expect("it runs");
    assert_eq!((counts.specs, counts.active), (4, 2));
    assert_eq!(shards.get(&3).who().await, Ok((1, "s")), "3 modulo 2");

    assert_eq!(shards.resize(4).await, Ok(2));
    assert_eq!(shards.count_children().await.expect("it runs").active, 4);
    assert_eq!(shards.get(&3).who().await, Ok((3, "s")));
    assert_eq!(shards.resize(4).await, Ok(4));
    assert_eq!(shards.resize(5).await, Err(ChildError::NotFound));
}

#[otp_core::test]
async fn pt_006_with_no_partition_left_routing_panics() {
    let shards = shards(2).await;
    assert_eq!(shards.resize(0).await, Ok(2));
    assert_eq!(shards.count_children().await.expect("it runs").active, 0);
    let routed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| shards.get(&0)));
    let panic = routed.expect_err("nobody is there");
    assert_eq!(
        panic.downcast_ref::<&str>(),
        Some(&"no partition serves keys")
    );
    assert_eq!(shards.resize(1).await, Ok(0));
    assert_eq!(shards.get(&7).who().await, Ok((0, "s")));
}

#[otp_core::test]
async fn pt_007_children_and_counts_tell_of_all_partitions() {
    let shards = shards(3).await;
    shards.resize(2).await.expect("it runs");
    let mut children = shards.which_children().await.expect("it runs");
    children.reverse();
    let states: Vec<(&str, bool)> = children
        .iter()
        .map(|child| (&*child.id, matches!(child.state, ChildState::Running(_))))
        .collect();
    assert_eq!(states, [("0", true), ("1", true), ("2", false)]);
    let counts = shards.count_children().await.expect("it runs");
    assert_eq!((counts.specs, counts.active, counts.workers), (3, 2, 3));
}

#[otp_core::test]
async fn pt_008_a_stop_is_over_when_all_are_gone() {
    let shards = PartitionSupervisor::<Shard>::with_arguments(2, |number| (number, "s"));
    let shards = shards.start_link().name("shards").await.expect("it starts");
    let children = [shards.get(&0), shards.get(&1)];
    assert_eq!(process::whereis("shards"), shards.pid());
    shards.stop().await.expect("it runs");
    assert!(children.iter().all(|child| child.pid().is_none()));
    assert_eq!(process::whereis("shards"), None);
}

#[otp_core::test]
async fn handles_of_partitions_stay_good_when_the_whole_supervisor_is_restarted() {
    let spec = otp_core::ChildSpec::new("shards", || {
        PartitionSupervisor::<Shard>::with_arguments(2, |number| (number, "s")).start_link()
    });
    let shards = spec.handle();
    let root = Supervisor::builder(Strategy::OneForOne).child(spec);
    let root = root.start_link().await.expect("it starts");
    let one = shards.get(&1);
    let before = (shards.pid(), one.pid());
    let supervisor = shards.pid().expect("it runs");
    process::exit(supervisor, ExitReason::Kill);
    shards.ended().await;
    root.count_children()
        .await
        .expect("the root has seen to it");
    assert_eq!(one.who().await, Ok((1, "s")));
    assert!(before != (shards.pid(), one.pid()));
}

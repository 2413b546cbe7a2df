//! Duplicate keys and dispatch: RG-013 to RG-018 and RG-024 of the catalogue.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use otp_core::prelude::*;
use otp_core::{DuplicateRegistry, RegistryError, testing};
use tests::{Member, Order};

type Topics =
    <DuplicateRegistry<&'static str, Address<Order>, u32> as otp_core::Supervised>::Handle;

async fn topics() -> Topics {
    DuplicateRegistry::new().start_link().await.unwrap()
}

async fn register(member: &Member, topics: &Topics, topic: &'static str, value: u32) {
    let topics = topics.clone();
    let registered = member.does(move |me| topics.register(me, topic, value));
    assert_eq!(registered.await, Ok(()));
}

/// Who is registered under a topic, with the values.
fn entries(topics: &Topics, topic: &'static str) -> Vec<(Pid, u32)> {
    let entries = topics.lookup(&topic).into_iter();
    entries.map(|entry| (entry.pid, entry.value)).collect()
}

#[otp_core::test]
async fn rg_013_a_key_is_held_many_times_also_by_the_same_process() {
    let topics = topics().await;
    let (a, b) = (Member::spawn(), Member::spawn());
    register(&a, &topics, "tea", 1).await;
    register(&b, &topics, "tea", 2).await;
    register(&a, &topics, "tea", 1).await;
    assert_eq!(
        entries(&topics, "tea"),
        [(a.pid(), 1), (b.pid(), 2), (a.pid(), 1)]
    );
    assert_eq!(topics.keys(a.pid()), ["tea", "tea"]);
    assert_eq!(topics.values(&"tea", a.pid()), [1, 1]);
    assert_eq!(topics.count(), 3);
}

#[otp_core::test]
async fn rg_014_unregistering_takes_all_of_the_callers_entries_under_the_key() {
    let topics = topics().await;
    let (a, b) = (Member::spawn(), Member::spawn());
    for (member, topic) in [(&a, "tea"), (&b, "tea"), (&a, "tea"), (&a, "rust")] {
        register(member, &topics, topic, 0).await;
    }
    let again = topics.clone();
    assert_eq!(a.does(move |me| again.unregister(me, &"tea")).await, 2);
    assert_eq!(entries(&topics, "tea"), [(b.pid(), 0)]);
    assert_eq!(topics.keys(a.pid()), ["rust"]);
    a.dies().await;
    assert!(topics.lookup(&"rust").is_empty());
    b.dies().await;
    assert_eq!(topics.count(), 0);
}

#[otp_core::test]
async fn rg_016_the_entries_of_a_process_are_in_the_order_of_registration() {
    let topics = topics().await;
    let member = Member::spawn();
    for value in [3, 1, 2, 1] {
        register(&member, &topics, "tea", value).await;
    }
    let pid = member.pid();
    assert_eq!(topics.values(&"tea", pid), [3, 1, 2, 1]);
    assert_eq!(
        entries(&topics, "tea"),
        [(pid, 3), (pid, 1), (pid, 2), (pid, 1)]
    );
    let again = topics.clone();
    let removed = member.does(move |me| again.unregister_match(me, &"tea", |value| *value == 1));
    assert_eq!(removed.await, 2);
    assert_eq!(topics.values(&"tea", pid), [3, 2]);
}

/// There is one kind of table, which no option changes: both ways to ask for duplicate keys give the same results.
#[otp_core::test]
async fn rg_017_however_duplicate_keys_are_asked_for_the_results_are_the_same() {
    let one = topics().await;
    let other: Topics = Registry::<&'static str, Address<Order>, u32>::duplicate()
        .start_link()
        .await
        .unwrap();
    let (a, b) = (Member::spawn(), Member::spawn());
    for topics in [&one, &other] {
        register(&a, topics, "tea", 1).await;
        register(&b, topics, "tea", 2).await;
        register(&b, topics, "rust", 3).await;
    }
    for topic in ["tea", "rust", "none"] {
        assert_eq!(entries(&one, topic), entries(&other, topic));
    }
    assert_eq!(one.keys(b.pid()), other.keys(b.pid()));
    assert_eq!(entries(&one, "tea"), [(a.pid(), 1), (b.pid(), 2)]);
}

#[otp_core::test]
async fn rg_018_dispatch_runs_in_the_caller_with_all_entries_or_not_at_all() {
    let topics = topics().await;
    let (a, b) = (Member::spawn(), Member::spawn());
    register(&a, &topics, "tea", 1).await;
    register(&b, &topics, "tea", 2).await;
    let here = process::self_pid();
    let mut seen = Vec::new();
    topics.dispatch(&"tea", |entries| {
        assert_eq!(process::self_pid(), here);
        // No lock is held.
        assert_eq!(topics.lookup(&"tea"), entries);
        seen.extend(
            entries
                .iter()
                .map(|entry| (entry.handle.clone(), entry.value)),
        );
    });
    assert_eq!(seen, [(a.address(), 1), (b.address(), 2)]);
    topics.dispatch(&"none", |_| unreachable!("nobody is there"));
}

#[otp_core::test]
async fn rg_018_a_panic_in_dispatch_hurts_nobody_else() {
    let topics = topics().await;
    let member = Member::spawn();
    register(&member, &topics, "tea", 1).await;
    let again = topics.clone();
    let (spills, ended) = process::spawn_monitor(async move {
        again.dispatch(&"tea", |_| process::exit_with(ExitReason::error("spilt")));
    });
    testing::expect_crash(spills);
    let reason = tests::processes::end(ended).await;
    assert_eq!(reason, ExitReason::error("spilt"));
    assert_eq!(entries(&topics, "tea"), [(member.pid(), 1)]);
    register(&member, &topics, "tea", 2).await;
}

#[otp_core::test]
async fn rg_024_only_the_callers_own_entries_are_unregistered_by_value() {
    let topics = topics().await;
    let (a, b) = (Member::spawn(), Member::spawn());
    register(&a, &topics, "tea", 1).await;
    register(&b, &topics, "tea", 1).await;
    let again = topics.clone();
    let removed = a.does(move |me| again.unregister_match(me, &"tea", |_| true));
    assert_eq!(removed.await, 1);
    assert_eq!(entries(&topics, "tea"), [(b.pid(), 1)]);
}

#[otp_core::test]
async fn rg_004_the_end_of_one_subscriber_of_many_takes_its_entries_alone() {
    let topics = topics().await;
    let members: Vec<Member> = (0..50).map(|_| Member::spawn()).collect();
    for member in &members {
        register(member, &topics, "tea", 1).await;
        register(member, &topics, "tea", 2).await;
    }
    members[20].dies().await;
    assert_eq!(topics.count(), 98);
    let pids = topics.lookup(&"tea").into_iter().map(|entry| entry.pid);
    let expected = members.iter().filter(|member| **member != members[20]);
    let expected: Vec<Pid> = expected.flat_map(|member| [member.pid(); 2]).collect();
    assert_eq!(pids.collect::<Vec<_>>(), expected);
}

#[otp_core::test]
async fn rg_014_an_ended_registry_has_nothing_and_takes_nothing() {
    let topics = topics().await;
    let member = Member::trapping().await;
    register(&member, &topics, "tea", 1).await;
    topics.stop().await.unwrap();
    assert!(topics.lookup(&"tea").is_empty());
    let again = topics.clone();
    let told = member.does(move |me| {
        let registered = again.register(me, "tea", 2);
        (registered, again.unregister(me, &"tea"))
    });
    assert_eq!(told.await, (Err(RegistryError::NoProc), 0));
}

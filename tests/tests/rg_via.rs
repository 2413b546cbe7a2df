//! Via names: RG-010 to RG-012 and RG-040 of the catalogue.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use otp_core::prelude::*;
use otp_core::{ChildSpec, Strategy, Supervisor, testing};
use tests::processes::{boom, end};

#[gen_server]
struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64, cx: &mut Context<Self>) -> Result<Self, ExitReason> {
        if value < 0 {
            cx.trap_exit(false);
            return Err(boom());
        }
        Ok(Counter { value })
    }

    #[call]
    fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[cast]
    fn set(&mut self, value: i64) {
        self.value = value;
    }

    #[cast]
    fn crash(&mut self) {
        process::exit_with(boom());
    }
}

type Counters<V = ()> = RegistryRef<&'static str, Counter, V>;

async fn counters<V: otp_core::registry::Value>() -> Counters<V> {
    Registry::unique().start_link().await.unwrap()
}

#[otp_core::test]
async fn rg_010_a_server_is_started_called_and_cast_via_its_key() {
    let counters: Counters = counters().await;
    let hits = Counter::start_link(0).via(&counters, "hits").await.unwrap();
    let via = CounterRef::via(&counters, "hits");
    assert_eq!(via.add(2).await, Ok(2));
    assert_eq!(via.set(5).outcome(), Some(CastOutcome::Queued));
    assert_eq!(via.add(1).await, Ok(6));
    assert_eq!(via.pid(), hits.pid());
    assert_eq!(counters.lookup(&"hits"), Some(hits.clone()));

    let taken = Counter::start_link(0).via(&counters, "hits").await;
    assert_eq!(taken, Err(StartError::AlreadyStarted(hits.pid().unwrap())));

    let ended = via.monitor();
    via.stop().await.unwrap();
    assert_eq!(end(ended).await, ExitReason::Normal);
    assert_eq!(via.pid(), None);
}

#[otp_core::test]
async fn rg_010_via_a_key_of_nobody_a_call_is_noproc_and_a_cast_is_dropped() {
    let counters: Counters = counters().await;
    let via = CounterRef::via(&counters, "hits");
    assert_eq!(via.add(1).await, Err(CallFailure::NoProc));
    assert_eq!(via.set(1).outcome(), Some(CastOutcome::NoProc));
    assert_eq!(via.set(1).await, CastOutcome::NoProc);
    assert_eq!(via.stop().await, Err(StopError::NoProc));
    assert_eq!((via.pid(), via.is_alive(), via.pin()), (None, false, None));
    assert_eq!(end(process::monitor(&via)).await, ExitReason::NoProc);
}

#[otp_core::test]
async fn rg_010_handles_via_a_key_are_equal_by_registry_and_key() {
    let (one, other): (Counters, Counters) = (counters().await, counters().await);
    let hasher = std::hash::RandomState::new();
    let handles = [
        CounterRef::via(&one, "a"),
        CounterRef::via(&one, "a"),
        CounterRef::via(&one, "b"),
        CounterRef::via(&other, "a"),
        CounterRef::named("a"),
    ];
    assert_eq!(handles[0], handles[1]);
    for (place, handle) in handles.iter().enumerate().skip(2) {
        assert!(!handles[..place].contains(handle), "{place}");
    }
    let hash = |handle| std::hash::BuildHasher::hash_one(&hasher, handle);
    assert_eq!(hash(&handles[0]), hash(&handles[1]));
    assert_ne!(hash(&handles[0]), hash(&handles[2]));
}

#[otp_core::test]
async fn rg_010_a_start_via_a_registry_that_has_ended_is_refused() {
    let counters: Counters = counters().await;
    counters.stop().await.unwrap();
    let refused = Counter::start_link(0).via(&counters, "hits").await;
    assert_eq!(refused, Err(StartError::NoRegistry));
}

#[otp_core::test]
async fn rg_010_a_supervised_child_is_found_via_its_key_again_after_its_restart() {
    let counters: Counters = counters().await;
    let again = counters.clone();
    let hits = ChildSpec::new("hits", move || Counter::start_link(0).via(&again, "hits"));
    let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits);
    let supervisor = supervisor.start_link().await.unwrap();

    let via = CounterRef::via(&counters, "hits");
    let first = via.pid().unwrap();
    assert_eq!(via.add(1).await, Ok(1));
    let ended = via.monitor();
    testing::expect_crash(&via);
    via.crash();
    assert_eq!(end(ended).await, boom());
    // The supervisor has been told by now, and answers when it has started the child again.
    assert_eq!(supervisor.count_children().await.unwrap().active, 1);
    assert_ne!(via.pid(), Some(first));
    assert_eq!(via.add(1).await, Ok(1));
}

#[otp_core::test]
async fn rg_010_a_registry_can_be_found_by_its_name_and_via_another_registry() {
    type Named = Registry<&'static str, Counter>;
    let registry = Named::unique().name("counters").start_link().await.unwrap();
    Counter::start_link(3).via(&registry, "hits").await.unwrap();
    let by_name = RegistryRef::<&'static str, Counter>::named("counters");
    assert_eq!(by_name.lookup(&"hits").unwrap().add(1).await, Ok(4));
    assert_eq!(
        RegistryRef::<u8, Counter>::named("counters").count(),
        0,
        "a registry of another kind has the name"
    );

    let registries = Registry::<u8, Named>::unique().start_link().await.unwrap();
    let inner = Named::unique().start_link().via(&registries, 1);
    let inner = inner.await.unwrap();
    Counter::start_link(5).via(&inner, "hits").await.unwrap();
    let via = RegistryRef::via(&registries, 1);
    assert_eq!(via.lookup(&"hits").unwrap().add(1).await, Ok(6));
}

#[otp_core::test]
async fn rg_011_a_via_name_may_carry_a_value() {
    let counters: Counters<u32> = counters().await;
    let hits = Counter::start_link(0).via_value(&counters, "hits", 7);
    let hits = hits.await.unwrap();
    let entry = counters.entry(&"hits").unwrap();
    assert_eq!((entry.handle, entry.value), (hits, 7));
    Counter::start_link(0)
        .via(&counters, "other")
        .await
        .unwrap();
    assert_eq!(counters.entry(&"other").unwrap().value, 0);
}

#[otp_core::test]
async fn rg_012_a_failed_init_leaves_no_entry() {
    let counters: Counters = counters().await;
    let failed = Counter::start_link(-1).via(&counters, "hits").await;
    assert_eq!(failed, Err(StartError::Init(boom())));
    let crashes = testing::take_crashes();
    assert_eq!((crashes.len(), &crashes[0].reason), (1, &boom()));
    assert_eq!((counters.count(), counters.lookup(&"hits")), (0, None));
    let named = Counter::start_link(0).name("taken").await.unwrap();
    let failed = Counter::start_link(0).name("taken").via(&counters, "hits");
    let taken = StartError::AlreadyStarted(named.pid().unwrap());
    assert_eq!(failed.await, Err(taken));
    assert_eq!(counters.count(), 0);
    let hits = Counter::start_link(0).via(&counters, "hits").await;
    assert_eq!(counters.lookup(&"hits"), hits.ok());
}

#[otp_core::test]
async fn rg_040_a_message_via_a_missing_key_is_told_and_a_call_is_noproc() {
    let counters: Counters = counters().await;
    let via: ServerRef<Counter> = ServerRef::via(&counters, "hits");
    let cast = via.cast(CounterMessage::Set { value: 1 });
    assert_eq!(cast.outcome(), Some(CastOutcome::NoProc));
    let call = via.call(|reply_to| CounterMessage::Add { by: 1, reply_to });
    assert_eq!(call.await, Err(CallFailure::NoProc));
    let request = via.call(|reply_to| CounterMessage::Add { by: 1, reply_to });
    assert_eq!(request.send_request().await, Err(CallFailure::NoProc));
}

//! Unique keys, and the queries of every registry: RG-001 to RG-009, RG-021 to RG-024 of the catalogue.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::any::Any;
use std::sync::{Arc, Mutex};

use otp_core::prelude::*;
use otp_core::process::info;
use otp_core::{Entry, RegistryError};
use tests::{Journal, Member, NoteOnDrop, Order};

type Numbers = RegistryRef<&'static str, Address<Order>, u32>;

async fn numbers() -> Numbers {
    Registry::unique().start_link().await.unwrap()
}

/// Has a member register itself.
async fn register(
    member: &Member,
    registry: &Numbers,
    key: &'static str,
    value: u32,
) -> Result<(), RegistryError> {
    let registry = registry.clone();
    let registered = member.does(move |me| registry.register(me, key, value));
    registered.await
}

async fn unregister(member: &Member, registry: &Numbers, key: &'static str) -> usize {
    let registry = registry.clone();
    member.does(move |me| registry.unregister(me, &key)).await
}

#[gen_server]
struct Room {
    id: u32,
}

#[gen_server]
impl Room {
    #[init]
    fn init(
        rooms: RegistryRef<u32, Room>,
        id: u32,
        cx: &mut Context<Self>,
    ) -> Result<Self, RegistryError> {
        rooms.register(cx, id, ())?;
        Ok(Room { id })
    }

    #[call]
    fn id(&self) -> u32 {
        self.id
    }

    #[call]
    fn moves(&mut self, rooms: RegistryRef<u32, Room>, id: u32, cx: &mut Context<Self>) {
        assert_eq!(rooms.register(cx, id, ()), Ok(()));
        assert_eq!(rooms.unregister(cx, &self.id), 1);
        self.id = id;
    }
}

#[otp_core::test]
async fn rg_001_a_process_registers_itself_and_nobody_is_linked() {
    let numbers = numbers().await;
    let member = Member::spawn();
    assert_eq!(register(&member, &numbers, "one", 1).await, Ok(()));
    assert_eq!(numbers.lookup(&"one"), Some(member.address()));
    assert_eq!(info(&member).unwrap().links, []);

    assert_eq!(unregister(&member, &numbers, "one").await, 1);
    assert_eq!(numbers.lookup(&"one"), None);
}

#[otp_core::test]
async fn rg_001_a_server_registers_itself_by_its_context() {
    let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    let room = Room::start_link(rooms.clone(), 7).await.unwrap();
    assert_eq!(rooms.lookup(&7), Some(room.clone()));
    assert_eq!(rooms.lookup(&7).unwrap().id().await, Ok(7));

    room.moves(rooms.clone(), 8).await.unwrap();
    assert_eq!(rooms.lookup(&7), None);
    assert_eq!(rooms.lookup(&8), Some(room));
}

#[otp_core::test]
async fn rg_002_a_taken_key_is_refused_whoever_asks_and_keeps_its_value() {
    let numbers = numbers().await;
    let (first, second) = (Member::spawn(), Member::spawn());
    register(&first, &numbers, "one", 1).await.unwrap();

    let taken = Err(RegistryError::AlreadyRegistered(first.pid()));
    assert_eq!(register(&second, &numbers, "one", 2).await, taken);
    assert_eq!(register(&first, &numbers, "one", 3).await, taken);
    assert_eq!(numbers.values(&"one", first.pid()), [1]);
    assert_eq!((numbers.count(), numbers.keys(first.pid()).len()), (1, 1));
    assert!(numbers.keys(second.pid()).is_empty());
}

#[otp_core::test]
async fn rg_003_a_process_holds_many_keys() {
    let numbers = numbers().await;
    let member = Member::spawn();
    for (key, value) in [("one", 1), ("two", 2), ("three", 3)] {
        register(&member, &numbers, key, value).await.unwrap();
    }
    assert_eq!(numbers.keys(member.pid()), ["one", "two", "three"]);
    assert_eq!(unregister(&member, &numbers, "two").await, 1);
    assert_eq!(numbers.keys(member.pid()), ["one", "three"]);
}

#[otp_core::test]
async fn rg_004_all_keys_are_free_when_the_end_of_their_holder_is_seen() {
    let numbers = numbers().await;
    let (first, second) = (Member::spawn(), Member::spawn());
    register(&first, &numbers, "one", 1).await.unwrap();
    register(&first, &numbers, "two", 2).await.unwrap();
    first.dies().await;
    assert_eq!((numbers.lookup(&"one"), numbers.count()), (None, 0));
    assert!(numbers.keys(first.pid()).is_empty());
    assert_eq!(register(&second, &numbers, "one", 3).await, Ok(()));
    assert_eq!(numbers.values(&"one", second.pid()), [3]);
}

type Wills = RegistryRef<&'static str, Address<Order>, Option<Arc<dyn Any + Send + Sync>>>;

/// Registers its process when it is dropped.
struct Heir {
    registry: Wills,
    mailbox: Mutex<Mailbox<Order>>,
    journal: Journal,
}

impl Drop for Heir {
    fn drop(&mut self) {
        let mailbox = self.mailbox.get_mut().unwrap();
        let registered = self.registry.register(mailbox, "house", None);
        self.journal.note(format!("{registered:?}"));
    }
}

/// The dead has been forgotten by the first registry, which drops its value there, and is still to be forgotten by the
/// second one.
#[otp_core::test]
async fn rg_004_the_key_of_the_dead_is_taken_at_once_even_if_it_has_not_been_given_back() {
    let first: Wills = Registry::unique().start_link().await.unwrap();
    let second: Wills = Registry::unique().start_link().await.unwrap();
    let journal = Journal::new();
    let (send, mailbox) = tokio::sync::oneshot::channel();
    let heir = process::spawn(async move |mailbox: Mailbox<Order>| {
        drop(send.send(mailbox));
        std::future::pending::<()>().await;
    });
    let will = Heir {
        registry: second.clone(),
        mailbox: Mutex::new(mailbox.await.unwrap()),
        journal: journal.clone(),
    };

    let owner = Member::spawn();
    let (one, two) = (first.clone(), second.clone());
    let registered = owner.does(move |me| {
        one.register(me, "will", Some(Arc::new(will))).unwrap();
        two.register(me, "house", None).unwrap();
    });
    registered.await;
    owner.dies().await;
    assert_eq!(journal.take(), ["Ok(())"]);
    assert_eq!(second.whereis(&"house"), Some(heir.pid()));
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[otp_core::test]
async fn rg_004_values_are_dropped_when_they_are_unregistered_and_when_their_holder_ends() {
    let registry = Registry::<u32, Address<Order>, Arc<NoteOnDrop>>::unique()
        .start_link()
        .await
        .unwrap();
    let journal = Journal::new();
    let member = Member::spawn();
    for (key, text) in [(1, "the first"), (2, "the second")] {
        let (registry, journal) = (registry.clone(), journal.clone());
        let value = Arc::new(NoteOnDrop(journal, text));
        let registered = member.does(move |me| registry.register(me, key, value));
        registered.await.unwrap();
    }
    let again = registry.clone();
    member.does(move |me| again.unregister(me, &1)).await;
    assert_eq!(journal.take(), ["the first"]);
    member.dies().await;
    assert_eq!(journal.take(), ["the second"]);
}

#[otp_core::test]
async fn rg_005_a_look_up_gives_who_is_there_with_the_value_or_nobody() {
    let numbers = numbers().await;
    let member = Member::spawn();
    assert_eq!(numbers.entry(&"one"), None);
    assert_eq!(numbers.whereis(&"one"), None);
    register(&member, &numbers, "one", 1).await.unwrap();
    let Entry {
        handle, pid, value, ..
    } = numbers.entry(&"one").unwrap();
    assert_eq!((handle, pid, value), (member.address(), member.pid(), 1));
    assert_eq!(numbers.whereis(&"one"), Some(member.pid()));
}

#[otp_core::test]
async fn rg_006_unregistering_touches_only_what_the_caller_holds() {
    let numbers = numbers().await;
    let (holder, other) = (Member::spawn(), Member::spawn());
    register(&holder, &numbers, "one", 1).await.unwrap();
    assert_eq!(unregister(&other, &numbers, "one").await, 0);
    assert_eq!(unregister(&holder, &numbers, "two").await, 0);
    assert_eq!(numbers.whereis(&"one"), Some(holder.pid()));
    assert_eq!(unregister(&holder, &numbers, "one").await, 1);
    assert_eq!(unregister(&holder, &numbers, "one").await, 0);
    assert_eq!(numbers.whereis(&"one"), None);
}

#[otp_core::test]
async fn rg_008_the_holder_updates_its_value_and_nobody_else() {
    let numbers = numbers().await;
    let (holder, other) = (Member::spawn(), Member::spawn());
    register(&holder, &numbers, "one", 1).await.unwrap();
    let again = numbers.clone();
    let updated = holder.does(move |me| again.update_value(me, &"one", |value| value + 10));
    assert_eq!(updated.await, Ok((11, 1)));
    assert_eq!(numbers.entry(&"one").unwrap().value, 11);
    assert_eq!(numbers.values(&"one", holder.pid()), [11]);

    let again = numbers.clone();
    let refused =
        other.does(move |me| again.update_value(me, &"one", |_| unreachable!("it is another's")));
    assert_eq!(refused.await, Err(RegistryError::NotRegistered));
    let again = numbers.clone();
    let refused =
        holder.does(move |me| again.update_value(me, &"two", |_| unreachable!("it is nobody's")));
    assert_eq!(refused.await, Err(RegistryError::NotRegistered));

    assert_eq!(unregister(&holder, &numbers, "one").await, 1);
    assert_eq!((numbers.count(), numbers.lookup(&"one")), (0, None));
}

/// Erlang's `1` and `1.0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Number {
    Integer(i64),
    Float(u64),
}

#[otp_core::test]
async fn rg_009_keys_are_compared_strictly() {
    let registry = Registry::<Number, Address<Order>>::unique();
    let registry = registry.start_link().await.unwrap();
    let (a, b) = (Member::spawn(), Member::spawn());
    let again = registry.clone();
    let one = a.does(move |me| again.register(me, Number::Integer(1), ()));
    assert_eq!(one.await, Ok(()));
    let (again, float) = (registry.clone(), Number::Float(1f64.to_bits()));
    let same = float.clone();
    let other = b.does(move |me| again.register(me, same, ()));
    assert_eq!(other.await, Ok(()));
    assert_eq!(registry.whereis(&Number::Integer(1)), Some(a.pid()));
    assert_eq!(registry.whereis(&float), Some(b.pid()));
}

#[otp_core::test]
async fn rg_021_keys_and_values_are_those_of_one_process() {
    let numbers = numbers().await;
    let (a, b, none) = (Member::spawn(), Member::spawn(), Member::spawn());
    register(&a, &numbers, "one", 1).await.unwrap();
    register(&b, &numbers, "two", 2).await.unwrap();
    assert_eq!(numbers.keys(a.pid()), ["one"]);
    assert_eq!(numbers.keys(b.pid()), ["two"]);
    assert!(numbers.keys(none.pid()).is_empty());
    assert_eq!(numbers.values(&"one", a.pid()), [1]);
    assert!(numbers.values(&"one", b.pid()).is_empty());
    assert!(numbers.values(&"none", a.pid()).is_empty());
}

#[otp_core::test]
async fn rg_022_entries_are_counted_all_or_by_what_they_are() {
    let numbers = numbers().await;
    assert_eq!(numbers.count(), 0);
    let (a, b) = (Member::spawn(), Member::spawn());
    register(&a, &numbers, "one", 1).await.unwrap();
    register(&a, &numbers, "two", 2).await.unwrap();
    register(&b, &numbers, "three", 3).await.unwrap();
    assert_eq!(numbers.count(), 3);
    assert_eq!(numbers.count_match(|_, entry| entry.value % 2 == 1), 2);
    assert_eq!(numbers.count_match(|key, _| *key == "two"), 1);
    assert_eq!(numbers.count_match(|_, entry| entry.pid == a.pid()), 2);
    assert_eq!(numbers.count_match(|_, _| false), 0);
}

#[otp_core::test]
async fn rg_023_a_selection_takes_keys_handles_and_values_apart() {
    let numbers = numbers().await;
    let (a, b) = (Member::spawn(), Member::spawn());
    for (member, key, value) in [(&a, "one", 1), (&b, "two", 2), (&a, "three", 3)] {
        register(member, &numbers, key, value).await.unwrap();
    }
    let all = numbers.select(|key, entry| Some((*key, entry.pid, entry.value)));
    let (a_pid, b_pid) = (a.pid(), b.pid());
    assert_eq!(
        all,
        [("one", a_pid, 1), ("two", b_pid, 2), ("three", a_pid, 3)]
    );
    // It runs without a lock: it may use the registry.
    let mine = numbers.select(|key, entry| {
        assert_eq!(numbers.lookup(key), Some(entry.handle.clone()));
        (entry.handle == a.address() && entry.value > 1).then_some(*key)
    });
    assert_eq!(mine, ["three"]);
}

#[otp_core::test]
async fn rg_024_unregistering_by_value_takes_only_what_matches() {
    let numbers = numbers().await;
    let member = Member::spawn();
    register(&member, &numbers, "one", 1).await.unwrap();
    let again = numbers.clone();
    let none = member.does(move |me| again.unregister_match(me, &"one", |value| *value > 1));
    assert_eq!(none.await, 0);
    let again = numbers.clone();
    let one = member.does(move |me| again.unregister_match(me, &"one", |value| *value == 1));
    assert_eq!(one.await, 1);
    assert_eq!(numbers.count(), 0);
}

#[otp_core::test]
async fn rg_037_nobody_unregisters_or_updates_the_entry_of_another() {
    let numbers = numbers().await;
    let (holder, thief) = (Member::spawn(), Member::spawn());
    register(&holder, &numbers, "one", 1).await.unwrap();
    let again = numbers.clone();
    let tried = thief.does(move |me| {
        let updated = again.update_value(me, &"one", |_| 0);
        let unregistered = again.unregister(me, &"one");
        (
            updated,
            unregistered,
            again.unregister_match(me, &"one", |_| true),
        )
    });
    assert_eq!(tried.await, (Err(RegistryError::NotRegistered), 0, 0));
    let entry = numbers.entry(&"one").unwrap();
    assert_eq!((entry.pid, entry.value), (holder.pid(), 1));
}

//! The handle of a registry: what processes and clients do with it.

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::entry::{Entry, RegistryError};
use super::registrable::{Key, Registrable, Registrant, Value};
use super::server::{RegistryServer, table_of};
use super::table::Table;
use super::{Duplicate, Keys, Unique};
use crate::gen_server::{ServerHandle, ServerRef};
use crate::pid::Pid;
use crate::process::cell::Cell;
use crate::process::{Address, Route};

/// The handle of a registry of `S` by keys `K`, with a value `V` each. Cheap to clone; it follows a registry that is
/// supervised or named.
///
/// It derefs to its [`ServerRef`]: `stop`, `pid`, `monitor` are there. Nothing here asks the registry's process: what
/// is looked up is read from its table, and what is registered is there when the method returns. A registry that has
/// ended is empty, and takes nothing.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// # otp_core::doc_test(async {
/// let rooms: RegistryRef<u32, Room> = Registry::unique().name("rooms").start_link().await.unwrap();
/// let room = Room::start().via(&rooms, 7).await.unwrap();
/// // Another handle, which follows the name.
/// let by_name = RegistryRef::<u32, Room>::named("rooms");
/// assert_eq!(by_name.lookup(&7), Some(room));
/// rooms.stop().await.unwrap();
/// assert_eq!(by_name.lookup(&7), None);
/// # });
/// ```
pub struct RegistryRef<K: Key, S: Registrable, V: Value = (), N: Keys = Unique> {
    server: ServerRef<RegistryServer<K, S, V, N>>,
    /// The table of the incarnation that was used last.
    table: Arc<ArcSwapOption<Table<K, S, V>>>,
}

type EntryOf<S, V> = Entry<<S as Registrable>::Handle, V>;

impl<K: Key, S: Registrable, V: Value, N: Keys> RegistryRef<K, S, V, N> {
    /// Registers the process that `cx` is of, under a key: `Registry.register/3`.
    ///
    /// A process registers itself, with what only it has: a server with its [`Context`](crate::Context), a process with a
    /// mailbox with its [`Mailbox`](crate::process::Mailbox). It may hold many keys, and in a registry of duplicate keys
    /// the same one many times. Its entries go when it ends, before anybody is told of that.
    ///
    /// # Errors
    ///
    /// The keys are unique and this one is taken: [`RegistryError::AlreadyRegistered`], also by the process itself; the
    /// value stays as it was. The registry has ended: [`RegistryError::NoProc`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// #[gen_server]
    /// pub struct Room;
    ///
    /// #[gen_server]
    /// impl Room {
    ///     #[init]
    ///     fn init(rooms: RegistryRef<u32, Room>, cx: &mut Context<Self>) -> Result<Self, ExitReason> {
    ///         rooms.register(cx, 7, ()).map_err(ExitReason::error)?;
    ///         Ok(Room)
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// let room = Room::start(rooms.clone()).await.unwrap();
    /// assert_eq!(rooms.lookup(&7), Some(room));
    /// assert!(Room::start(rooms).await.is_err());
    /// # });
    /// ```
    pub fn register<P: Registrant<S>>(
        &self,
        cx: &P,
        key: K,
        value: V,
    ) -> Result<(), RegistryError> {
        self.enter(&cx.address().cell, key, value)
    }

    /// Takes away all entries that the process itself has under a key: `Registry.unregister/2`. Tells how many.
    ///
    /// Those of others stay. That there are none is no error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let workers = Registry::<u32, Address<u32>>::unique().start_link().await.unwrap();
    ///     workers.register(&mailbox, 7, ()).unwrap();
    ///     assert_eq!(workers.unregister(&mailbox, &7), 1);
    ///     assert_eq!(workers.unregister(&mailbox, &7), 0);
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn unregister<P: Registrant<S>>(&self, cx: &P, key: &K) -> usize {
        self.unregister_match(cx, key, |_| true)
    }

    /// Takes away those entries of the process itself under a key whose value `matches`: `Registry.unregister_match/4`.
    /// Tells how many.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let topics = Registry::<u32, Address<u32>, u32>::duplicate().start_link().await.unwrap();
    ///     topics.register(&mailbox, 7, 1).unwrap();
    ///     topics.register(&mailbox, 7, 2).unwrap();
    ///     assert_eq!(topics.unregister_match(&mailbox, &7, |value| *value == 1), 1);
    ///     assert_eq!(topics.values(&7, process::self_pid()), [2]);
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn unregister_match<P: Registrant<S>>(
        &self,
        cx: &P,
        key: &K,
        matches: impl FnMut(&V) -> bool,
    ) -> usize {
        let process = cx.address();
        let removed = self.with(|table| table.unregister(&process.cell, key, matches));
        removed.unwrap_or(0)
    }

    /// The keys of a process, in the order of registration: `Registry.keys/2`. One that it holds twice is there twice.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// let room = Room::start().via(&rooms, 7).await.unwrap();
    /// assert_eq!(rooms.keys(room.pid().unwrap()), [7]);
    /// # });
    /// ```
    #[must_use]
    pub fn keys(&self, pid: Pid) -> Vec<K> {
        let records = self.with(|table| table.of(pid)).unwrap_or_default();
        records.iter().map(|record| K::clone(&record.key)).collect()
    }

    /// The values of a process under a key, in the order of registration: `Registry.values/3`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room, &str>::unique().start_link().await.unwrap();
    /// let room = Room::start().via_value(&rooms, 7, "tea").await.unwrap();
    /// assert_eq!(rooms.values(&7, room.pid().unwrap()), ["tea"]);
    /// # });
    /// ```
    #[must_use]
    pub fn values(&self, key: &K, pid: Pid) -> Vec<V> {
        let records = self.with(|table| table.of_under(pid, key));
        let records = records.unwrap_or_default();
        records.iter().map(|record| record.value.clone()).collect()
    }

    /// How many entries there are: `Registry.count/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// let room = Room::start().via(&rooms, 7).await.unwrap();
    /// assert_eq!(rooms.count(), 1);
    /// room.stop().await.unwrap();
    /// assert_eq!(rooms.count(), 0);
    /// # });
    /// ```
    #[must_use]
    pub fn count(&self) -> usize {
        self.with(|table| table.count()).unwrap_or(0)
    }

    /// How many entries `matches` likes: `Registry.count_select/2`. It looks at all of them.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// for id in 1..=3 {
    ///     Room::start().via(&rooms, id).await.unwrap();
    /// }
    /// assert_eq!(rooms.count_match(|id, _room| *id > 1), 2);
    /// # });
    /// ```
    #[must_use]
    pub fn count_match(&self, mut matches: impl FnMut(&K, &EntryOf<S, V>) -> bool) -> usize {
        let records = self.with(|table| table.all()).unwrap_or_default();
        let matching = records
            .iter()
            .filter(|record| matches(&record.key, &record.entry()));
        matching.count()
    }

    /// What `choose` makes of the entries, without those of which it makes nothing, in the order of registration:
    /// `Registry.select/2`. It looks at all entries.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room, &'static str>::unique().start_link().await.unwrap();
    /// for (id, topic) in [(1, "tea"), (2, "rust"), (3, "tea")] {
    ///     Room::start_link().via_value(&rooms, id, topic).await.unwrap();
    /// }
    /// assert_eq!(rooms.select(|id, room| (room.value == "tea").then_some(*id)), [1, 3]);
    /// # });
    /// ```
    #[must_use]
    pub fn select<T>(&self, mut choose: impl FnMut(&K, &EntryOf<S, V>) -> Option<T>) -> Vec<T> {
        let records = self.with(|table| table.all()).unwrap_or_default();
        let chosen = records
            .iter()
            .filter_map(|record| choose(&record.key, &record.entry()));
        chosen.collect()
    }

    /// Runs `run` with the entries of a key, in the order of registration: `Registry.dispatch/3`. Not, if there are none.
    ///
    /// It runs here and now, and may use the registry: the entries are those that were there when it was called.
    ///
    /// Elixir's option `parallel` is not there: `run` can start what it wants.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     let topics = Registry::<u32, Address<u32>, u32>::duplicate().start_link().await.unwrap();
    ///     topics.register(&mailbox, 7, 1).unwrap();
    ///     topics.register(&mailbox, 7, 2).unwrap();
    ///     topics.dispatch(&7, |entries| {
    ///         for entry in entries {
    ///             entry.handle.send(entry.value);
    ///         }
    ///     });
    ///     assert_eq!((mailbox.receive().await, mailbox.receive().await), (1, 2));
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn dispatch(&self, key: &K, run: impl FnOnce(&[EntryOf<S, V>])) {
        let entries = self.with(|table| table.entries(key)).flatten();
        let alive = entries.map_or_else(Vec::new, |entries| entries.alive());
        if !alive.is_empty() {
            run(&alive);
        }
    }

    /// The value of type `T` that the registry itself has: `Registry.meta/2`.
    ///
    /// The type is the key, so that a value cannot be read as another one; a name of its own makes it a type of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// #[derive(Clone, Debug, PartialEq)]
    /// struct Greeting(&'static str);
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().meta(Greeting("hello")).start_link().await.unwrap();
    /// assert_eq!(rooms.meta(), Some(Greeting("hello")));
    /// assert_eq!(rooms.delete_meta(), Some(Greeting("hello")));
    /// assert_eq!(rooms.meta::<Greeting>(), None);
    /// # });
    /// ```
    #[must_use]
    pub fn meta<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.with(|table| table.meta.get())?
    }

    /// Gives the registry itself a value: `Registry.put_meta/3`. Answers the one of this type that it had.
    ///
    /// A registry that is started again has those of its builder.
    ///
    /// # Errors
    ///
    /// The registry has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// assert_eq!(rooms.put_meta("hello"), Ok(None));
    /// assert_eq!(rooms.put_meta("good evening"), Ok(Some("hello")));
    /// assert_eq!(rooms.meta(), Some("good evening"));
    /// # });
    /// ```
    pub fn put_meta<T: Clone + Send + Sync + 'static>(
        &self,
        value: T,
    ) -> Result<Option<T>, RegistryError> {
        self.with(|table| table.meta.put(value))
            .ok_or(RegistryError::NoProc)
    }

    /// Takes the value of type `T` away from the registry itself, and gives it: `Registry.delete_meta/2`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().meta("hello").start_link().await.unwrap();
    /// assert_eq!(rooms.delete_meta(), Some("hello"));
    /// assert_eq!(rooms.delete_meta::<&str>(), None);
    /// # });
    /// ```
    pub fn delete_meta<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.with(|table| table.meta.delete())?
    }

    /// Runs `work` while nobody else does under the same key: `Registry.lock/3`. Gives what it gives.
    ///
    /// The key need not be registered, and being locked changes nothing about it; other keys are independent. Who asks
    /// first has its turn first. The lock is free when `work` returns, panics, or is dropped, as by an exit signal; one
    /// that is gone before its turn is passed over. `work` must not lock the same key: it would wait for ever.
    ///
    /// # Errors
    ///
    /// The registry has ended before it was asked. One that ends later leaves those who wait their turns.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has given up its lock or its place in the line, and `work` is dropped where it was.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// // Found or made, by one at a time.
    /// let room = rooms.lock(&7, async || match rooms.lookup(&7) {
    ///     Some(room) => Ok(room),
    ///     None => Room::start().via(&rooms, 7).await,
    /// });
    /// assert!(room.await.unwrap().is_ok());
    /// # });
    /// ```
    pub fn lock<T, F, W>(
        &self,
        key: &K,
        work: W,
    ) -> impl Future<Output = Result<T, RegistryError>> + use<K, S, V, N, T, F, W>
    where
        F: Future<Output = T>,
        W: FnOnce() -> F,
    {
        let locks = self.with(|table| Arc::clone(&table.locks));
        let key = key.clone();
        async move {
            let locks = locks.ok_or(RegistryError::NoProc)?;
            Ok(locks.run(key, work).await)
        }
    }

    /// Registers a process, for itself.
    pub(crate) fn enter(
        &self,
        cell: &Arc<Cell<S::Message>>,
        key: K,
        value: V,
    ) -> Result<(), RegistryError> {
        self.with(|table| table.register(cell, key, value))
            .unwrap_or(Err(RegistryError::NoProc))
    }

    /// The process that is registered under a key first.
    pub(crate) fn find(&self, key: &K) -> Option<Arc<Cell<S::Message>>> {
        self.with(|table| table.find(key))?
    }

    fn entries(&self, key: &K) -> Vec<EntryOf<S, V>> {
        let records = self.with(|table| table.all_under(key)).unwrap_or_default();
        let entries = records.iter().map(|record| record.entry());
        entries.collect()
    }

    /// Uses the table of the present incarnation, if there is one. Two loads and no lock, unless it is another one than
    /// before.
    fn with<T>(&self, using: impl FnOnce(&Arc<Table<K, S, V>>) -> T) -> Option<T> {
        let registry = match self.server.route() {
            Route::Pinned(cell) => cell.core().pid(),
            Route::Placed(place) => place.present().as_ref()?.core().pid(),
            route @ (Route::Part(_) | Route::Named(_) | Route::Via(_)) => route.pid()?,
        };
        let known = self.table.load();
        if let Some(table) = &*known
            && table.registry() == registry
        {
            return table.is_open().then(|| using(table));
        }
        let cell = self.server.route().resolve().ok()?;
        let table = table_of(&cell)?;
        self.table.store(Some(Arc::clone(&table)));
        Some(using(&table))
    }
}

fn handle<S: Registrable>(cell: Arc<Cell<S::Message>>) -> S::Handle {
    S::handle(Address { cell })
}

impl<K: Key, S: Registrable, V: Value> RegistryRef<K, S, V, Unique> {
    /// Who is registered under a key: `Registry.lookup/2`. The handle is pinned to that process.
    ///
    /// As everywhere, the process may end as soon as it was found. [`ServerHandle::via`] makes a handle that looks the key
    /// up at each use.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// assert_eq!(rooms.lookup(&7), None);
    /// let room = Room::start().via(&rooms, 7).await.unwrap();
    /// assert_eq!(rooms.lookup(&7), Some(room));
    /// # });
    /// ```
    #[must_use]
    pub fn lookup(&self, key: &K) -> Option<S::Handle> {
        self.find(key).map(handle::<S>)
    }

    /// Who is registered under a key, with the value: `Registry.lookup/2`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room, &str>::unique().start_link().await.unwrap();
    /// Room::start().via_value(&rooms, 7, "tea").await.unwrap();
    /// assert_eq!(rooms.entry(&7).map(|room| room.value), Some("tea"));
    /// # });
    /// ```
    #[must_use]
    pub fn entry(&self, key: &K) -> Option<EntryOf<S, V>> {
        let record = self.with(|table| table.first(key))??;
        Some(record.entry())
    }

    /// The process that is registered under a key: `Registry.whereis_name/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// let room = Room::start().via(&rooms, 7).await.unwrap();
    /// assert_eq!(rooms.whereis(&7), room.pid());
    /// assert_eq!(rooms.whereis(&8), None);
    /// # });
    /// ```
    #[must_use]
    pub fn whereis(&self, key: &K) -> Option<Pid> {
        self.find(key).map(|cell| cell.core().pid())
    }

    /// Gives the entry of the process itself another value: `Registry.update_value/3`. Answers the new one and the old one.
    ///
    /// `update` runs once, unless the process changes the same entry from two threads at once.
    ///
    /// # Errors
    ///
    /// The process does not hold the key: [`RegistryError::NotRegistered`]. Then `update` does not run.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let workers = Registry::<u32, Address<u32>, u32>::unique().start_link().await.unwrap();
    ///     workers.register(&mailbox, 7, 1).unwrap();
    ///     assert_eq!(workers.update_value(&mailbox, &7, |load| load + 1), Ok((2, 1)));
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn update_value<P: Registrant<S>>(
        &self,
        cx: &P,
        key: &K,
        update: impl FnMut(&V) -> V,
    ) -> Result<(V, V), RegistryError> {
        let pid = cx.address().pid();
        self.with(|table| table.update(pid, key, update))
            .unwrap_or(Err(RegistryError::NoProc))
    }
}

impl<K: Key, S: Registrable, V: Value> RegistryRef<K, S, V, Duplicate> {
    /// Who is registered under a key, in the order of registration: `Registry.lookup/2`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let topics = Registry::<u32, Address<u32>, u32>::duplicate().start_link().await.unwrap();
    ///     topics.register(&mailbox, 7, 1).unwrap();
    ///     topics.register(&mailbox, 7, 2).unwrap();
    ///     let values: Vec<u32> = topics.lookup(&7).into_iter().map(|entry| entry.value).collect();
    ///     assert_eq!(values, [1, 2]);
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    #[must_use]
    pub fn lookup(&self, key: &K) -> Vec<EntryOf<S, V>> {
        self.entries(key)
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> From<ServerRef<RegistryServer<K, S, V, N>>>
    for RegistryRef<K, S, V, N>
{
    fn from(server: ServerRef<RegistryServer<K, S, V, N>>) -> Self {
        RegistryRef {
            server,
            table: Arc::default(),
        }
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> AsRef<ServerRef<RegistryServer<K, S, V, N>>>
    for RegistryRef<K, S, V, N>
{
    fn as_ref(&self) -> &ServerRef<RegistryServer<K, S, V, N>> {
        &self.server
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> Deref for RegistryRef<K, S, V, N> {
    type Target = ServerRef<RegistryServer<K, S, V, N>>;

    fn deref(&self) -> &ServerRef<RegistryServer<K, S, V, N>> {
        &self.server
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> ServerHandle for RegistryRef<K, S, V, N> {
    type Server = RegistryServer<K, S, V, N>;
}

impl<K: Key, S: Registrable, V: Value, N: Keys> Clone for RegistryRef<K, S, V, N> {
    fn clone(&self) -> Self {
        RegistryRef {
            server: self.server.clone(),
            table: Arc::clone(&self.table),
        }
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> PartialEq for RegistryRef<K, S, V, N> {
    fn eq(&self, other: &Self) -> bool {
        self.server == other.server
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> Eq for RegistryRef<K, S, V, N> {}

impl<K: Key, S: Registrable, V: Value, N: Keys> Hash for RegistryRef<K, S, V, N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.server.hash(state);
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> fmt::Debug for RegistryRef<K, S, V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RegistryRef").field(&self.server).finish()
    }
}

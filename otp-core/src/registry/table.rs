//! The table of one incarnation of a registry: who is registered under which key, and which keys a process has.
//!
//! Two maps hold the same records. `slots` has them by key, for look-ups, in shards with a lock each, so that look-ups
//! of different keys do not meet. `owners` has them by process, for what a process does with its own entries, and for
//! its end. Locks instead of a lock-free map, as what is removed is to be dropped at once: a value may hold resources.
//!
//! Order of locks: the shard of `owners` that a process is in is held for the whole of what changes its entries; within
//! it, one at a time, the vital signs of that process, or one shard of `slots`. Nothing else is locked under either. Of
//! the user's code only `Hash` and `Eq` of keys run under a lock. An ended registry has no `owners` any more.
//!
//! A process that ends is forgotten in [`signal::release`](crate::process::signal). Until then its entries are passed
//! over, as it is known to be gone without a lock.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock, PoisonError};

use foldhash::fast::RandomState;
use rustc_hash::FxHashMap;

use super::entry::{Entry, RegistryError, RegistryEvent};
use super::holders::Holders;
use super::listener::Listener;
use super::lock::Locks;
use super::meta::Meta;
use super::{Key, Registrable, Value};
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::Address;
use crate::process::cell::Cell;
use crate::process::signal;
use crate::process::vital::{self, Via};
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, RwLock};

const SHARDS: usize = 32;

/// One registration.
pub(super) struct Record<K, S: Registrable, V> {
    pub(super) key: Arc<K>,
    pub(super) cell: Arc<Cell<S::Message>>,
    pub(super) value: V,
    /// Names the registration; later ones have greater numbers.
    number: u64,
}

impl<K, S: Registrable, V> Record<K, S, V> {
    pub(super) fn pid(&self) -> Pid {
        self.cell.core().pid()
    }

    fn is_alive(&self) -> bool {
        !self.cell.core().is_gone()
    }

    /// What users see of it.
    pub(super) fn entry(&self) -> Entry<S::Handle, V>
    where
        V: Clone,
    {
        entry::<S, V>(&self.cell, self.value.clone())
    }
}

type HoldersOf<K, S, V> = Holders<Holder<K, S, V>>;
type Snapshot<S, V> = Option<Arc<Entries<S, V>>>;
type Shared<K, S, V> = Arc<Record<K, S, V>>;
type Records<K, S, V> = Vec<Shared<K, S, V>>;
/// What a change leaves, to be dropped where no lock is held.
type Displaced<K, S, V> = Option<Slot<K, S, V>>;
type Cleared<K, S, V> = (Option<Holder<K, S, V>>, Snapshot<S, V>, Option<K>);
type Slots<K, S, V> = HashMap<K, Slot<K, S, V>, RandomState>;
type Held<K, S, V> = HashMap<Arc<K>, Records<K, S, V>, RandomState>;
/// None once the registry has ended.
type Owners<K, S, V> = Option<FxHashMap<Pid, Held<K, S, V>>>;

/// A registration with its process, which a look-up finds without a look at the record.
struct Holder<K, S: Registrable, V> {
    cell: Arc<Cell<S::Message>>,
    record: Shared<K, S, V>,
}

impl<K, S: Registrable, V> Holder<K, S, V> {
    fn new(record: &Shared<K, S, V>) -> Self {
        Holder {
            cell: Arc::clone(&record.cell),
            record: Arc::clone(record),
        }
    }

    fn is_alive(&self) -> bool {
        !self.cell.core().is_gone()
    }
}

/// What is under one key.
struct Slot<K, S: Registrable, V> {
    holders: HoldersOf<K, S, V>,
    /// What is sent to all of them looks at this, which is made when it is first needed, and again after a change.
    entries: OnceLock<Arc<Entries<S, V>>>,
}

impl<K, S: Registrable, V> Slot<K, S, V> {
    fn new(record: &Shared<K, S, V>) -> Self {
        Slot {
            holders: Holders::One(record.number, Holder::new(record)),
            entries: OnceLock::new(),
        }
    }

    /// The holders, to be changed. What was made of them is to be dropped where no lock is held.
    fn change(&mut self) -> (&mut HoldersOf<K, S, V>, Snapshot<S, V>) {
        (&mut self.holders, self.entries.take())
    }
}

/// The processes and the values of one key, side by side.
pub(super) struct Entries<S: Registrable, V>(Vec<(Arc<Cell<S::Message>>, V)>);

impl<S: Registrable, V: Value> Entries<S, V> {
    fn of<'a, K: Key>(holders: impl Iterator<Item = &'a Holder<K, S, V>>) -> Self {
        let alive = holders.filter(|holder| holder.is_alive());
        let entries = alive.map(|holder| (Arc::clone(&holder.cell), holder.record.value.clone()));
        Entries(entries.collect())
    }

    /// Those of the processes that have not ended.
    pub(super) fn alive(&self) -> Vec<Entry<S::Handle, V>> {
        let alive = self.0.iter().filter(|(cell, _)| !cell.core().is_gone());
        alive
            .map(|(cell, value)| entry::<S, V>(cell, value.clone()))
            .collect()
    }
}

/// What users see of a registration.
fn entry<S: Registrable, V>(cell: &Arc<Cell<S::Message>>, value: V) -> Entry<S::Handle, V> {
    let cell = Arc::clone(cell);
    Entry {
        pid: cell.core().pid(),
        handle: S::handle(Address { cell }),
        value,
    }
}

/// Keeps neighbours in different cache lines.
#[repr(align(64))]
struct Shard<T>(T);

type Shards<T> = Box<[Shard<T>]>;

/// The table of one incarnation of a registry.
pub(super) struct Table<K, S: Registrable, V> {
    registry: Pid,
    is_unique: bool,
    /// Chooses the shard of a key.
    hasher: RandomState,
    slots: Shards<RwLock<Slots<K, S, V>>>,
    owners: Shards<Mutex<Owners<K, S, V>>>,
    next: AtomicU64,
    count: AtomicUsize,
    is_open: AtomicBool,
    listeners: Arc<[Listener<K, V>]>,
    pub(super) meta: Meta,
    pub(super) locks: Arc<Locks<K>>,
}

impl<K: Key, S: Registrable, V: Value> Table<K, S, V> {
    pub(super) fn new(
        registry: Pid,
        is_unique: bool,
        listeners: Arc<[Listener<K, V>]>,
        meta: Meta,
    ) -> Self {
        let slots = (0..SHARDS).map(|_| Shard(RwLock::default()));
        let owners = (0..SHARDS).map(|_| Shard(Mutex::new(Some(FxHashMap::default()))));
        Table {
            registry,
            is_unique,
            hasher: RandomState::default(),
            slots: slots.collect(),
            owners: owners.collect(),
            next: AtomicU64::new(0),
            count: AtomicUsize::new(0),
            is_open: AtomicBool::new(true),
            listeners,
            meta,
            locks: Arc::default(),
        }
    }

    /// The process of the registry.
    pub(super) fn registry(&self) -> Pid {
        self.registry
    }

    /// Whether the registry has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Entries; those of a process go when it ends.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn slots(&self, key: &K) -> &RwLock<Slots<K, S, V>> {
        let hash = self.hasher.hash_one(key);
        &self.slots[hash as usize % SHARDS].0
    }

    fn owners(&self, pid: Pid) -> MutexGuard<'_, Owners<K, S, V>> {
        let shard = &self.owners[pid.number() as usize % SHARDS].0;
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the holders of a key that are alive, under the lock of its shard.
    fn under<T>(
        &self,
        key: &K,
        look: impl FnOnce(&mut dyn Iterator<Item = &Holder<K, S, V>>) -> T,
    ) -> Option<T> {
        let slots = self
            .slots(key)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let holders = &slots.get(key)?.holders;
        let mut alive = holders.iter().filter(|holder| holder.is_alive());
        Some(look(&mut alive))
    }

    /// The process that is registered under a key first.
    pub(super) fn find(&self, key: &K) -> Option<Arc<Cell<S::Message>>> {
        self.under(key, |holders| {
            holders.next().map(|holder| Arc::clone(&holder.cell))
        })?
    }

    /// The first registration under a key.
    pub(super) fn first(&self, key: &K) -> Option<Arc<Record<K, S, V>>> {
        self.under(key, |holders| {
            holders.next().map(|holder| Arc::clone(&holder.record))
        })?
    }

    /// The registrations under a key, in their order.
    pub(super) fn all_under(&self, key: &K) -> Records<K, S, V> {
        self.under(key, |holders| {
            holders.map(|holder| Arc::clone(&holder.record)).collect()
        })
        .unwrap_or_default()
    }

    /// The entries of a key, in their order: a snapshot, which is kept until they change.
    pub(super) fn entries(&self, key: &K) -> Option<Arc<Entries<S, V>>> {
        let slots = self
            .slots(key)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(key)?;
        let make = || Arc::new(Entries::of(slot.holders.iter()));
        Some(Arc::clone(slot.entries.get_or_init(make)))
    }

    /// All registrations, in their order.
    pub(super) fn all(&self) -> Records<K, S, V> {
        let mut records: Records<K, S, V> = Vec::new();
        for Shard(slots) in &self.slots {
            let slots = slots.read().unwrap_or_else(PoisonError::into_inner);
            let holders = slots.values().flat_map(|slot| slot.holders.iter());
            let alive = holders.filter(|holder| holder.is_alive());
            records.extend(alive.map(|holder| Arc::clone(&holder.record)));
        }
        records.sort_unstable_by_key(|record| record.number);
        records
    }

    /// The registrations of a process, in their order.
    pub(super) fn of(&self, pid: Pid) -> Records<K, S, V> {
        let mut records: Records<K, S, V> = match self.owners(pid).as_ref() {
            Some(owners) => {
                let held = owners.get(&pid).into_iter().flat_map(HashMap::values);
                held.flatten().cloned().collect()
            }
            None => Vec::new(),
        };
        records.retain(|record| record.is_alive());
        records.sort_unstable_by_key(|record| record.number);
        records
    }

    /// The registrations of a process under a key, in their order.
    pub(super) fn of_under(&self, pid: Pid, key: &K) -> Records<K, S, V> {
        let owners = self.owners(pid);
        let held = owners.as_ref().and_then(|owners| owners.get(&pid));
        let records = held.and_then(|held| held.get(key));
        records.cloned().unwrap_or_default()
    }

    /// Registers a process.
    pub(super) fn register(
        self: &Arc<Self>,
        cell: &Arc<Cell<S::Message>>,
        key: K,
        value: V,
    ) -> Result<(), RegistryError> {
        // The usual refusal leaves no trace, not even for a moment.
        if self.is_unique
            && let Some(holder) = self.find(&key)
        {
            return Err(RegistryError::AlreadyRegistered(holder.core().pid()));
        }
        let record = Arc::new(Record {
            key: Arc::new(key),
            cell: Arc::clone(cell),
            value,
            number: self.next.fetch_add(1, Ordering::Relaxed),
        });
        self.insert(&record)?;
        self.tell(|| RegistryEvent::Registered {
            registry: self.registry,
            key: K::clone(&record.key),
            pid: record.pid(),
            value: record.value.clone(),
        });
        Ok(())
    }

    fn insert(self: &Arc<Self>, record: &Shared<K, S, V>) -> Result<(), RegistryError> {
        // Dropped after the locks.
        let (_displaced, _left);
        let pid = record.pid();
        let mut shard = self.owners(pid);
        let owners = shard.as_mut().ok_or(RegistryError::NoProc)?;
        if !owners.contains_key(&pid) && !record.cell.core().vital().enter(Arc::clone(self) as _) {
            return Err(RegistryError::NoProc);
        }
        match self.fill(record) {
            Ok(displaced) => _displaced = displaced,
            Err(refused) => {
                if !owners.contains_key(&pid) {
                    _left = record.cell.core().vital().leave(self);
                }
                return Err(refused);
            }
        }
        let held = owners.entry(pid).or_default();
        held.entry(Arc::clone(&record.key))
            .or_default()
            .push(Arc::clone(record));
        Ok(())
    }

    /// Puts a record under its key. Gives those of the dead that it takes the place of.
    fn fill(&self, record: &Shared<K, S, V>) -> Result<Displaced<K, S, V>, RegistryError> {
        // Made before the lock, and dropped after it.
        let key = K::clone(&record.key);
        let _entries;
        let mut slots = self
            .slots(&key)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let displaced = match slots.get_mut(&key) {
            None => slots.insert(key, Slot::new(record)),
            Some(slot) if self.is_unique => {
                if let Some(holder) = slot.holders.iter().find(|holder| holder.is_alive()) {
                    return Err(RegistryError::AlreadyRegistered(holder.record.pid()));
                }
                Some(std::mem::replace(slot, Slot::new(record)))
            }
            Some(slot) => {
                let (holders, entries) = slot.change();
                holders.add(record.number, Holder::new(record));
                _entries = entries;
                None
            }
        };
        if displaced.is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(displaced)
    }

    /// Takes a record away from under its key.
    fn clear(&self, record: &Record<K, S, V>) -> Cleared<K, S, V> {
        let mut slots = self
            .slots(&record.key)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.get_mut(&*record.key) else {
            return (None, None, None);
        };
        let (holders, entries) = slot.change();
        let removed = holders.remove(record.number);
        if removed.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        let emptied = holders.is_empty();
        let entry = emptied.then(|| slots.remove_entry(&*record.key)).flatten();
        (removed, entries, entry.map(|(key, _)| key))
    }

    /// Takes away those entries of a process under a key whose value is wanted. Tells how many.
    pub(super) fn unregister(
        self: &Arc<Self>,
        cell: &Cell<S::Message>,
        key: &K,
        mut wanted: impl FnMut(&V) -> bool,
    ) -> usize {
        let held = self.of_under(cell.core().pid(), key);
        let wanted = held.iter().filter(|record| wanted(&record.value));
        let numbers: Vec<u64> = wanted.map(|record| record.number).collect();
        let removed = self.remove(cell, key, &numbers);
        for record in &removed {
            self.tell(|| RegistryEvent::Unregistered {
                registry: self.registry,
                key: K::clone(&record.key),
                pid: record.pid(),
            });
        }
        removed.len()
    }

    /// `numbers` are sorted.
    fn remove(
        self: &Arc<Self>,
        cell: &Cell<S::Message>,
        key: &K,
        numbers: &[u64],
    ) -> Records<K, S, V> {
        // Dropped after the locks.
        let (mut cleared, mut _entry, mut _left) = (Vec::new(), None, None);
        let pid = cell.core().pid();
        let mut shard = self.owners(pid);
        let Some(owners) = shard.as_mut() else {
            return Vec::new();
        };
        let Some(held) = owners.get_mut(&pid) else {
            return Vec::new();
        };
        let Some(records) = held.get_mut(key) else {
            return Vec::new();
        };
        let (removed, kept) = std::mem::take(records)
            .into_iter()
            .partition(|record| numbers.binary_search(&record.number).is_ok());
        *records = kept;
        if records.is_empty() {
            _entry = held.remove_entry(key);
        }
        if held.is_empty() {
            owners.remove(&pid);
            _left = cell.core().vital().leave(self);
        }
        let removed: Records<K, S, V> = removed;
        cleared.extend(removed.iter().map(|record| self.clear(record)));
        removed
    }

    /// Gives the entry of a process another value. Answers the new one and the old one.
    pub(super) fn update(
        &self,
        pid: Pid,
        key: &K,
        mut update: impl FnMut(&V) -> V,
    ) -> Result<(V, V), RegistryError> {
        loop {
            let held = self.of_under(pid, key);
            let old = held.first().ok_or(RegistryError::NotRegistered)?;
            let new = Arc::new(Record {
                key: Arc::clone(&old.key),
                cell: Arc::clone(&old.cell),
                value: update(&old.value),
                number: old.number,
            });
            if self.replace(old, &new) {
                return Ok((new.value.clone(), old.value.clone()));
            }
        }
    }

    /// Puts a record in the place of another one. False if that is not there any more.
    fn replace(&self, old: &Shared<K, S, V>, new: &Shared<K, S, V>) -> bool {
        let pid = old.pid();
        let mut shard = self.owners(pid);
        let owners = shard.as_mut();
        let held = owners.and_then(|owners| owners.get_mut(&pid));
        let records = held.and_then(|held| held.get_mut(&*old.key));
        let place =
            records.and_then(|records| records.iter_mut().find(|record| Arc::ptr_eq(record, old)));
        let Some(place) = place else {
            return false;
        };
        *place = Arc::clone(new);
        let mut slots = self
            .slots(&old.key)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // `old` is kept by the caller: nothing is dropped here.
        let entries = slots.get_mut(&*old.key).and_then(|slot| {
            let (holders, entries) = slot.change();
            holders.replace(new.number, Holder::new(new));
            entries
        });
        drop((slots, shard));
        drop(entries);
        true
    }

    /// The registry has ended: nobody is registered any more, and who was gets an exit signal.
    pub(super) fn close(self: &Arc<Self>, reason: &ExitReason) {
        self.is_open.store(false, Ordering::Release);
        let mut registered = Vec::new();
        for Shard(shard) in &self.owners {
            let owners = shard.lock().unwrap_or_else(PoisonError::into_inner).take();
            registered.extend(owners.into_iter().flatten());
        }
        for Shard(slots) in &self.slots {
            let slots = std::mem::take(&mut *slots.write().unwrap_or_else(PoisonError::into_inner));
            drop(slots);
        }
        self.count.store(0, Ordering::Relaxed);
        registered.sort_unstable_by_key(|(pid, _)| *pid);
        for (_, held) in &registered {
            let Some(record) = held.values().flatten().next() else {
                continue;
            };
            let left = record.cell.core().vital().leave(self);
            drop(left);
            signal::exit(&*record.cell, self.registry, reason, Via::Registry);
        }
    }

    fn tell(&self, event: impl Fn() -> RegistryEvent<K, V>) {
        for listener in &*self.listeners {
            listener.tell(event());
        }
    }
}

impl<K: Key, S: Registrable, V: Value> vital::Table for Table<K, S, V> {
    fn forget(&self, pid: Pid) {
        let held = match self.owners(pid).as_mut() {
            Some(owners) => owners.remove(&pid),
            None => None,
        };
        let held = held.into_iter().flat_map(HashMap::into_values);
        let mut records: Records<K, S, V> = held.flatten().collect();
        records.sort_unstable_by_key(|record| record.number);
        // All before any is dropped, which is the user's code.
        let cleared: Vec<_> = records.iter().map(|record| self.clear(record)).collect();
        drop((cleared, records));
    }
}

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
use std::collections::hash_map::Entry as Slot;
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError};

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::entry::{RegistryError, RegistryEvent};
use super::holders::Holders;
use super::listener::Listener;
use super::lock::Locks;
use super::meta::Meta;
use super::{Key, Value};
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::cell::Cell;
use crate::process::signal;
use crate::process::vital::{self, Via};
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, RwLock};

const SHARDS: usize = 32;

/// One registration.
pub(super) struct Record<K, M, V> {
    pub(super) key: Arc<K>,
    pub(super) cell: Arc<Cell<M>>,
    pub(super) value: V,
    /// Names the registration; later ones have greater numbers.
    number: u64,
}

impl<K, M, V> Record<K, M, V> {
    pub(super) fn pid(&self) -> Pid {
        self.cell.core().pid()
    }

    fn is_alive(&self) -> bool {
        !self.cell.core().is_gone()
    }
}

type Shared<K, M, V> = Arc<Record<K, M, V>>;
type Records<K, M, V> = Vec<Shared<K, M, V>>;
/// What a change leaves, to be dropped where no lock is held.
type Displaced<K, M, V> = Option<Holders<Shared<K, M, V>>>;
type Cleared<K, M, V> = (Option<Shared<K, M, V>>, Option<Arc<K>>);
type Slots<K, M, V> = HashMap<Arc<K>, Holders<Shared<K, M, V>>>;
type Held<K, M, V> = HashMap<Arc<K>, Records<K, M, V>>;
/// None once the registry has ended.
type Owners<K, M, V> = Option<FxHashMap<Pid, Held<K, M, V>>>;

/// Keeps neighbours in different cache lines.
#[repr(align(64))]
struct Shard<T>(T);

type Shards<T> = Box<[Shard<T>]>;

/// The table of one incarnation of a registry.
pub(super) struct Table<K, M, V> {
    registry: Pid,
    is_unique: bool,
    slots: Shards<RwLock<Slots<K, M, V>>>,
    owners: Shards<Mutex<Owners<K, M, V>>>,
    next: AtomicU64,
    count: AtomicUsize,
    is_open: AtomicBool,
    listeners: Arc<[Listener<K, V>]>,
    pub(super) meta: Meta,
    pub(super) locks: Arc<Locks<K>>,
}

impl<K: Key, M: Send + 'static, V: Value> Table<K, M, V> {
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

    /// Who could choose keys could choose the shard: that would cost others waiting, no more.
    fn slots(&self, key: &K) -> &RwLock<Slots<K, M, V>> {
        let hash = FxBuildHasher.hash_one(key);
        &self.slots[hash as usize % SHARDS].0
    }

    fn owners(&self, pid: Pid) -> MutexGuard<'_, Owners<K, M, V>> {
        let shard = &self.owners[pid.number() as usize % SHARDS].0;
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the holders of a key that are alive, under the lock of its shard.
    fn under<T>(
        &self,
        key: &K,
        look: impl FnOnce(&mut dyn Iterator<Item = &Shared<K, M, V>>) -> T,
    ) -> Option<T> {
        let slots = self
            .slots(key)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut alive = slots.get(key)?.iter().filter(|record| record.is_alive());
        Some(look(&mut alive))
    }

    /// The process that is registered under a key first.
    pub(super) fn find(&self, key: &K) -> Option<Arc<Cell<M>>> {
        self.under(key, |records| {
            records.next().map(|record| Arc::clone(&record.cell))
        })?
    }

    /// The first registration under a key.
    pub(super) fn first(&self, key: &K) -> Option<Arc<Record<K, M, V>>> {
        self.under(key, |records| records.next().cloned())?
    }

    /// The registrations under a key, in their order.
    pub(super) fn all_under(&self, key: &K) -> Records<K, M, V> {
        self.under(key, |records| records.cloned().collect())
            .unwrap_or_default()
    }

    /// All registrations, in their order.
    pub(super) fn all(&self) -> Records<K, M, V> {
        let mut records: Records<K, M, V> = Vec::new();
        for Shard(slots) in &self.slots {
            let slots = slots.read().unwrap_or_else(PoisonError::into_inner);
            let holders = slots.values().flat_map(Holders::iter);
            records.extend(holders.filter(|record| record.is_alive()).cloned());
        }
        records.sort_unstable_by_key(|record| record.number);
        records
    }

    /// The registrations of a process, in their order.
    pub(super) fn of(&self, pid: Pid) -> Records<K, M, V> {
        let mut records: Records<K, M, V> = match self.owners(pid).as_ref() {
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
    pub(super) fn of_under(&self, pid: Pid, key: &K) -> Records<K, M, V> {
        let owners = self.owners(pid);
        let held = owners.as_ref().and_then(|owners| owners.get(&pid));
        let records = held.and_then(|held| held.get(key));
        records.cloned().unwrap_or_default()
    }

    /// Registers a process.
    pub(super) fn register(
        self: &Arc<Self>,
        cell: &Arc<Cell<M>>,
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

    fn insert(self: &Arc<Self>, record: &Shared<K, M, V>) -> Result<(), RegistryError> {
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
    fn fill(&self, record: &Shared<K, M, V>) -> Result<Displaced<K, M, V>, RegistryError> {
        let one = Holders::One(record.number, Arc::clone(record));
        let mut slots = self
            .slots(&record.key)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let displaced = match slots.entry(Arc::clone(&record.key)) {
            Slot::Vacant(slot) => {
                slot.insert(one);
                None
            }
            Slot::Occupied(mut slot) if self.is_unique => {
                if let Some(holder) = slot.get().iter().find(|holder| holder.is_alive()) {
                    return Err(RegistryError::AlreadyRegistered(holder.pid()));
                }
                Some(slot.insert(one))
            }
            Slot::Occupied(mut slot) => {
                slot.get_mut().add(record.number, Arc::clone(record));
                None
            }
        };
        if displaced.is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(displaced)
    }

    /// Takes a record away from under its key.
    fn clear(&self, record: &Record<K, M, V>) -> Cleared<K, M, V> {
        let mut slots = self
            .slots(&record.key)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(holders) = slots.get_mut(&*record.key) else {
            return (None, None);
        };
        let removed = holders.remove(record.number);
        if removed.is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        let emptied = holders.is_empty();
        let entry = emptied.then(|| slots.remove_entry(&*record.key)).flatten();
        (removed, entry.map(|(key, _)| key))
    }

    /// Takes away those entries of a process under a key whose value is wanted. Tells how many.
    pub(super) fn unregister(
        self: &Arc<Self>,
        cell: &Cell<M>,
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
    fn remove(self: &Arc<Self>, cell: &Cell<M>, key: &K, numbers: &[u64]) -> Records<K, M, V> {
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
        let removed: Records<K, M, V> = removed;
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
    fn replace(&self, old: &Shared<K, M, V>, new: &Shared<K, M, V>) -> bool {
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
        if let Some(holders) = slots.get_mut(&*old.key) {
            holders.replace(new.number, Arc::clone(new));
        }
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

impl<K: Key, M: Send + 'static, V: Value> vital::Table for Table<K, M, V> {
    fn forget(&self, pid: Pid) {
        let held = match self.owners(pid).as_mut() {
            Some(owners) => owners.remove(&pid),
            None => None,
        };
        let held = held.into_iter().flat_map(HashMap::into_values);
        let mut records: Records<K, M, V> = held.flatten().collect();
        records.sort_unstable_by_key(|record| record.number);
        // All before any is dropped, which is the user's code.
        let cleared: Vec<_> = records.iter().map(|record| self.clear(record)).collect();
        drop((cleared, records));
    }
}

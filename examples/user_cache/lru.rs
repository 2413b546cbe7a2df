//! The cache's table: entries that expire, and the least recently used one makes room.
//!
//! Nothing here knows of processes or clocks: `now` is an argument, so every rule can be tested
//! without waiting.

use std::collections::hash_map::Entry::Occupied;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// A map of at most `max_size` entries, each of which expires `ttl` after it was put.
#[derive(Debug)]
pub struct LruTable<K, V> {
    max_size: usize,
    ttl: Duration,
    entries: HashMap<K, Entry<V>>,
    /// The keys by their last use, least recent first. Holds each key of `entries` exactly once.
    by_last_use: BTreeMap<u64, K>,
    /// Counts uses; an entry's `last_use` is the count when it was used.
    uses: u64,
    /// The sum of the entries' `bytes`.
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    stored_at: Instant,
    last_use: u64,
}

/// What became of a lookup.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    Found(T),
    /// There was an entry, but it was too old. It is gone now.
    Expired,
    Missing,
}

impl<K: Copy + Eq + Hash, V> LruTable<K, V> {
    pub fn new(max_size: usize, ttl: Duration) -> Self {
        LruTable {
            max_size,
            ttl,
            entries: HashMap::new(),
            by_last_use: BTreeMap::new(),
            uses: 0,
            bytes: 0,
        }
    }

    /// Looks `key` up and makes it the most recently used one. A lookup does not prolong its life.
    pub fn get(&mut self, key: K, now: Instant) -> Lookup<&V> {
        let Occupied(mut found) = self.entries.entry(key) else {
            return Lookup::Missing;
        };
        self.by_last_use.remove(&found.get().last_use);
        if now.duration_since(found.get().stored_at) >= self.ttl {
            self.bytes -= found.remove().bytes;
            return Lookup::Expired;
        }
        self.uses += 1;
        found.get_mut().last_use = self.uses;
        self.by_last_use.insert(self.uses, key);
        Lookup::Found(&found.into_mut().value)
    }

    /// All values, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|entry| &entry.value)
    }

    /// Puts a value that owns `owned` bytes outside of itself, replacing the key's former value.
    /// Answers how many entries had to make room for it.
    pub fn put(&mut self, key: K, value: V, owned: usize, now: Instant) -> usize {
        self.remove(key);
        self.uses += 1;
        let entry = Entry {
            value,
            bytes: size_of::<(K, Entry<V>)>() + size_of::<(u64, K)>() + owned,
            stored_at: now,
            last_use: self.uses,
        };
        self.bytes += entry.bytes;
        self.by_last_use.insert(entry.last_use, key);
        self.entries.insert(key, entry);
        self.evict()
    }

    /// Removes `key`, and answers whether it was there.
    pub fn remove(&mut self, key: K) -> bool {
        let Some(entry) = self.entries.remove(&key) else {
            return false;
        };
        self.by_last_use.remove(&entry.last_use);
        self.bytes -= entry.bytes;
        true
    }

    /// Removes all entries that are too old, and answers how many there were.
    pub fn remove_expired(&mut self, now: Instant) -> usize {
        let mut expired = Vec::new();
        for (key, entry) in &self.entries {
            if now.duration_since(entry.stored_at) >= self.ttl {
                expired.push(*key);
            }
        }
        for key in &expired {
            self.remove(*key);
        }
        expired.len()
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.by_last_use.clear();
        self.bytes = 0;
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn max_size(&self) -> usize {
        self.max_size
    }

    /// About how much memory the entries need.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn evict(&mut self) -> usize {
        let mut evicted = 0;
        while self.len() > self.max_size
            && let Some((_, &key)) = self.by_last_use.first_key_value()
        {
            self.remove(key);
            evicted += 1;
        }
        evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(10);

    fn keys(table: &LruTable<u32, &'static str>) -> Vec<u32> {
        assert_eq!(table.entries.len(), table.by_last_use.len());
        table.by_last_use.values().copied().collect()
    }

    #[test]
    fn the_least_recently_used_entry_makes_room() {
        let now = Instant::now();
        let mut table = LruTable::new(3, TTL);
        for key in [1, 2, 3] {
            assert_eq!(table.put(key, "user", 0, now), 0);
        }
        assert_eq!(table.get(1, now), Lookup::Found(&"user"));
        assert_eq!(table.put(2, "renamed", 0, now), 0);
        assert_eq!(table.put(4, "user", 0, now), 1);
        assert_eq!(keys(&table), [1, 2, 4]);
        assert_eq!(table.get(2, now), Lookup::Found(&"renamed"));
        assert_eq!(table.get(3, now), Lookup::Missing);
    }

    #[test]
    fn an_entry_lives_for_its_ttl_after_the_last_put() {
        let start = Instant::now();
        let mut table = LruTable::new(3, TTL);
        table.put(1, "user", 0, start);
        table.put(2, "user", 0, start);
        table.put(2, "user", 0, start + TTL / 2);
        let just_before = start + TTL - Duration::from_nanos(1);
        assert_eq!(table.get(1, just_before), Lookup::Found(&"user"));
        assert_eq!(table.get(1, start + TTL), Lookup::Expired);
        assert_eq!(table.get(1, start + TTL), Lookup::Missing);
        assert_eq!(table.get(2, start + TTL), Lookup::Found(&"user"));
        assert_eq!(keys(&table), [2]);
    }

    #[test]
    fn cleaning_up_removes_expired_entries_only() {
        let start = Instant::now();
        let mut table = LruTable::new(10, TTL);
        table.put(1, "old", 0, start);
        table.put(2, "old", 0, start);
        table.put(3, "new", 0, start + TTL / 2);
        assert_eq!(table.remove_expired(start + TTL), 2);
        assert_eq!(table.remove_expired(start + TTL), 0);
        assert_eq!(keys(&table), [3]);
    }

    #[test]
    fn removed_and_cleared_entries_leave_nothing_behind() {
        let now = Instant::now();
        let mut table = LruTable::new(10, TTL);
        table.put(1, "user", 0, now);
        table.put(2, "user", 0, now);
        assert!(table.remove(1));
        assert!(!table.remove(1));
        assert_eq!(keys(&table), [2]);
        table.clear();
        assert_eq!((table.len(), keys(&table)), (0, vec![]));
    }

    #[test]
    fn the_bytes_are_those_of_the_entries_that_are_left() {
        let start = Instant::now();
        let mut table = LruTable::new(3, TTL);
        table.put(1, "user", 0, start);
        let one = table.bytes();
        assert!(one > 0);
        table.put(1, "renamed", 1_000, start);
        assert_eq!(table.bytes(), one + 1_000);
        table.put(2, "user", 100, start);
        table.put(3, "user", 10, start + TTL / 2);
        table.put(4, "user", 1, start + TTL);
        assert_eq!(table.bytes(), 3 * one + 111, "1 has made room");
        table.get(2, start + TTL);
        assert_eq!(table.bytes(), 2 * one + 11, "2 has expired");
        table.remove(4);
        assert_eq!(table.bytes(), one + 10);
        table.remove_expired(start + 2 * TTL);
        assert_eq!(table.bytes(), 0);
        table.put(5, "user", 7, start);
        table.clear();
        assert_eq!(table.bytes(), 0);
    }

    #[test]
    fn a_table_without_room_keeps_nothing() {
        let mut table = LruTable::new(0, TTL);
        assert_eq!(table.put(1, "user", 0, Instant::now()), 1);
        assert_eq!(table.len(), 0);
    }
}

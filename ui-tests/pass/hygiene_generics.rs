//! Generics, bounds, where clauses and const generics are carried.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use otp_core::prelude::*;

#[gen_server]
pub struct Cache<K, V, const SIZE: usize = 2>
where
    K: Hash + Eq,
{
    entries: HashMap<K, V>,
}

#[gen_server]
impl<K, V: Clone, const SIZE: usize> Cache<K, V, SIZE>
where
    K: Hash + Eq + Clone,
    Option<V>: Debug,
{
    #[init]
    fn init() -> Self {
        Cache {
            entries: HashMap::new(),
        }
    }

    #[call]
    pub fn put(&mut self, key: K, value: V) -> Result<Option<V>, Full<K, SIZE>> {
        if self.entries.len() == SIZE && !self.entries.contains_key(&key) {
            return Err(Full(key));
        }
        Ok(self.entries.insert(key, value))
    }

    #[call]
    pub fn sample(&self, keys: [K; SIZE]) -> [Option<V>; SIZE] {
        keys.map(|key| self.entries.get(&key).cloned())
    }

    #[cast]
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[derive(Debug, PartialEq)]
pub struct Full<K, const SIZE: usize>(pub K);

/// A parameter that no message names.
#[gen_server]
pub struct Worker<J>
where
    J: Job,
{
    job: J,
    runs: u32,
}

pub trait Job: Send + 'static {
    fn run(&mut self);
}

#[gen_server]
impl<J: Job> Worker<J> {
    #[init]
    fn init(job: J) -> Self {
        Worker { job, runs: 0 }
    }

    #[call]
    pub fn run(&mut self) -> u32 {
        self.job.run();
        self.runs += 1;
        self.runs
    }
}

/// A server of one type of a generic struct.
#[gen_server]
impl Cell<u8> {
    #[init]
    fn init(value: u8) -> Self {
        Cell(value)
    }

    #[call]
    pub fn get(&self) -> u8 {
        self.0
    }
}

#[gen_server]
pub struct Cell<T: Send + 'static>(T);

struct Nothing;

impl Job for Nothing {
    fn run(&mut self) {}
}

#[otp_core::main]
pub async fn main() {
    let cache: CacheRef<&str, u64, 2> = Cache::start_link().await.unwrap();
    assert_eq!(cache.put("a", 1).await, Ok(None));
    assert_eq!(cache.put("b", 2).await, Ok(None));
    assert_eq!(cache.put("c", 3).await, Err(CallError::Handler(Full("c"))));
    assert_eq!(cache.sample(["b", "x"]).await, Ok([Some(2), None]));
    cache.clear();
    assert_eq!(cache.put("c", 3).await, Ok(None));

    let worker = Worker::start_link(Nothing).await.unwrap();
    assert_eq!(worker.run().await, Ok(1));
    assert_eq!(worker.clone().run().await, Ok(2));

    let cell = Cell::<u8>::start_link(7).await.unwrap();
    assert_eq!(cell.get().await, Ok(7));
}

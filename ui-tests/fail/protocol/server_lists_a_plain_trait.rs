//! A server lists a trait without `#[protocol]`.

use std::collections::HashMap;

use otp_core::prelude::*;

pub trait KeyValue {
    fn get(&self, key: String) -> Option<String>;
    fn put(&mut self, key: String, value: String);
}

#[gen_server]
pub struct MemoryStore {
    values: HashMap<String, String>,
}

#[gen_server(protocols(KeyValue))] //~
impl MemoryStore {
    #[init]
    fn init() -> Self {
        MemoryStore { values: HashMap::new() }
    }
}

impl KeyValue for MemoryStore {
    fn get(&self, key: String) -> Option<String> {
        self.values.get(&key).cloned()
    }
    fn put(&mut self, key: String, value: String) {
        self.values.insert(key, value);
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    MemoryStore::start_link().await?;
    Ok(())
}

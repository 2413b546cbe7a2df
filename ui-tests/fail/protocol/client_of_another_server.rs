//! A client is made of the handle of a server without the protocol.

use std::collections::HashMap;

use otp_core::prelude::*;

#[protocol]
pub trait KeyValue {
    #[call]
    fn get(&self, key: String) -> Option<String>;
    #[cast]
    fn put(&mut self, key: String, value: String);
}

#[gen_server]
pub struct MemoryStore {
    values: HashMap<String, String>,
}

#[gen_server(protocols(KeyValue))]
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

#[gen_server]
pub struct Counter;

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store: KeyValueRef = Counter::start_link().await?.into(); //~
    store.put("a".to_owned(), "b".to_owned());
    assert_eq!(store.get("a".to_owned()).await?.as_deref(), Some("b"));
    Ok(())
}

//! A protocol borrows.

use std::collections::HashMap;

use otp_core::prelude::*;

#[protocol]
pub trait KeyValue<'a> { //~
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

impl KeyValue<'_> for MemoryStore {
    fn get(&self, key: String) -> Option<String> {
        self.values.get(&key).cloned()
    }
    fn put(&mut self, key: String, value: String) {
        self.values.insert(key, value);
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store: KeyValueRef = MemoryStore::start_link().await?.into();
    store.put("a".to_owned(), "b".to_owned());
    assert_eq!(store.get("a".to_owned()).await?.as_deref(), Some("b"));
    Ok(())
}

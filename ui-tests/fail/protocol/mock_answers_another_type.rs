//! A mock answers with another type than the protocol.

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

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store: KeyValueRef = otp_core::testing::mock(|message| match message {
        KeyValueMessage::Get { key, reply_to } => reply_to.send(key), //~
        KeyValueMessage::Put { .. } => {}
    });
    store.put("a".to_owned(), "b".to_owned());
    assert_eq!(store.get("a".to_owned()).await?.as_deref(), Some("b"));
    Ok(())
}

//! A server lists another server as its protocol.

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

#[gen_server(protocols(Counter))] //~
impl MemoryStore {
    #[init]
    fn init() -> Self {
        MemoryStore { values: HashMap::new() }
    }
}

pub struct Counter;

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    MemoryStore::start_link().await?;
    Ok(())
}

#[protocol]
pub trait KeyValue {
    #[call]
    fn get(&self, key: String) -> Option<String>;

    #[cast]
    fn put(&mut self, key: String, value: String);
}

#[gen_server(protocols(KeyValue))]
impl MemoryStore {
    #[init]
    fn init() -> Self {
        MemoryStore {}
    }
}

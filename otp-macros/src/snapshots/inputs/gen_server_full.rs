//! All kinds of handlers, all options, generics, `#[cfg]`s, aliases, deprecations.

/// A cache of what a store holds.
#[gen_server(restart = transient, shutdown = 10s, mailbox = bounded(64, drop_oldest))]
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Cache<K, V: Clone>
where
    K: Ord,
{
    store: Store<K, V>,
    values: BTreeMap<K, V>,
}

#[gen_server]
#[cfg(unix)]
impl<K, V: Clone> Cache<K, V>
where
    K: Ord,
{
    /// Begins empty.
    #[init]
    async fn init(store: Store<K, V>, size: usize, cx: &mut Context<Self>) -> Result<Self, io::Error> {
        process::trap_exit(true);
        cx.continue_with(CacheMessage::Load { size });
        Ok(Cache { store, values: BTreeMap::new() })
    }

    /// The value of a key.
    ///
    /// None if there is none.
    #[call]
    pub fn get(&self, key: K) -> Option<V> {
        self.values.get(&key).cloned()
    }

    #[call]
    #[deprecated(note = "the store is asked anyway")]
    pub async fn fetch(&mut self, key: K, reply_to: u8) -> Result<V, io::Error> {
        self.store.fetch(key, reply_to).await
    }

    /// Answers later.
    #[call]
    #[cfg(feature = "later")]
    fn wait(&mut self, key: K, reply_to: ReplyTo<Answer>) {
        self.store.wait(key, reply_to);
    }

    #[call]
    fn state(&self) -> State {
        State::of(self)
    }

    #[cast]
    pub fn put(&mut self, key: K, value: V, cx: &mut Context<Self>) {
        self.values.insert(key, value);
        cx.set_timeout(Duration::from_secs(1));
    }

    #[handle_info]
    async fn tick(&mut self, times: u32) {
        self.store.tick(times).await;
    }

    #[handle_continue]
    async fn load(&mut self, size: usize) {
        self.values = self.store.load(size).await;
    }

    #[handle_down]
    fn client_gone(&mut self, down: Down) {
        self.store.forget(down.pid);
    }

    #[handle_exit]
    async fn linked_exit(&mut self, exit: Exit, cx: &mut Context<Self>) {
        cx.stop(exit.reason);
    }

    #[handle_timeout]
    fn idle(&mut self) {
        self.values.clear();
    }

    #[terminate]
    async fn flush(&mut self, reason: &ExitReason) {
        self.store.flush(reason).await;
    }

    #[format_status]
    fn status(&self) -> String {
        format!("{} values", self.values.len())
    }

    fn helper(&self) {}
}

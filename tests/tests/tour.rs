//! The programs of the tour's sections 1, 2, 3, 5, 6 and 7, as short as they are there.
#![allow(
    unreachable_pub,
    reason = "the programs are as a library would have them"
)]

mod a_server_is_a_struct {
    use otp_core::prelude::*;

    /// A counter that anyone may add to.
    #[gen_server]
    pub struct Counter {
        value: i64,
    }

    #[gen_server]
    impl Counter {
        #[init]
        fn init(value: i64) -> Self {
            Counter { value }
        }

        /// Adds `by` and answers the new value.
        #[call]
        pub fn add(&mut self, by: i64) -> i64 {
            self.value += by;
            self.value
        }

        #[cast]
        pub fn reset(&mut self) {
            self.value = 0;
        }
    }

    #[otp_core::main]
    async fn main() -> Result<(), Box<dyn std::error::Error>> {
        let counter = Counter::start_link(0).await?; // CounterRef
        assert_eq!(counter.add(2).await?, 2);
        counter.reset(); // a cast
        assert_eq!(counter.add(1).timeout(Duration::from_millis(100)).await?, 1);
        counter.stop().await?;
        Ok(())
    }

    #[test]
    fn the_first_program_runs() {
        main().unwrap();
    }

    /// Stands for axum's.
    struct State<T>(T);

    async fn count(State(hits): State<CounterRef>) -> Result<String, u16> {
        Ok(hits.add(1).await.map_err(|_| 503_u16)?.to_string())
    }

    #[test]
    fn in_an_existing_tokio_program_nothing_needs_to_be_given_up() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let answer = runtime.block_on(async {
            let node = Node::new();
            let hits = node.run(async { Counter::start(0).await }).await.unwrap();
            // Handles work in any task: they carry their node.
            tokio::spawn(count(State(hits))).await.unwrap()
        });
        assert_eq!(answer, Ok("1".to_owned()));
    }

    #[otp_core::test]
    async fn a_server_is_found_by_its_key() {
        let hits = Registry::<u32, Counter>::unique()
            .start_link()
            .await
            .unwrap();
        let page = Counter::start_link(0).via(&hits, 7).await.unwrap();
        assert_eq!(hits.lookup(&7), Some(page)); // Option<CounterRef>
        assert_eq!(hits.lookup(&8), None);
    }

    #[otp_core::test]
    async fn a_handle_by_name_survives_a_restart() {
        let a = Counter::start_link(0).name("hits").await.unwrap();
        let b = CounterRef::named("hits"); // resolved at each call
        assert_eq!(b.add(3).await, Ok(3));
        a.stop().await.unwrap();
        assert_eq!(b.add(1).await, Err(CallFailure::NoProc));
        let again = Counter::start_link(10).name("hits").await.unwrap();
        assert_eq!(b.add(1).await, Ok(11));
        assert_eq!(b.pid(), again.pid());
        assert_ne!(
            a, b,
            "handles compare their address, never what it resolves to"
        );
    }
}

mod everything_a_gen_server_can_do {
    use std::collections::HashSet;

    use otp_core::prelude::*;

    type RoomId = u32;

    #[derive(Clone, Debug, PartialEq)]
    pub struct Line(String);

    #[derive(Clone, Debug, PartialEq)]
    pub enum JoinError {
        AlreadyJoined,
    }

    #[gen_server]
    pub struct User {}

    #[gen_server]
    impl User {
        #[init]
        fn init() -> Self {
            User {}
        }
    }

    #[gen_server]
    pub struct Log {
        lines: Vec<Line>,
        flushed: u32,
    }

    #[gen_server]
    impl Log {
        #[init]
        fn init(lines: Vec<Line>) -> Self {
            Log { lines, flushed: 0 }
        }

        #[call]
        pub fn count(&self, _room: RoomId) -> u64 {
            self.lines.len() as u64
        }

        #[call]
        pub fn tail(&self, limit: usize) -> Vec<Line> {
            self.lines.iter().rev().take(limit).rev().cloned().collect()
        }

        #[call]
        pub fn flush(&mut self) {
            self.flushed += 1;
        }

        #[call]
        pub fn flushed(&self) -> u32 {
            self.flushed
        }
    }

    #[gen_server(restart = transient, shutdown = 10s, mailbox = bounded(1024))]
    pub struct Room {
        id: RoomId,
        users: HashSet<UserRef>,
        log: LogRef,
        messages: u64,
    }

    #[gen_server]
    impl Room {
        /// May be async, may fail, may ask not to be started. `start_link` returns when it has returned.
        #[init]
        async fn init(id: RoomId, log: LogRef, cx: &mut Context<Self>) -> Result<Self, ExitReason> {
            cx.trap_exit(true);
            cx.continue_with(RoomMessage::LoadHistory); // before any queued message
            cx.send_after(Duration::from_secs(300), RoomMessage::MaybeStop);
            Ok(Room {
                id,
                users: HashSet::new(),
                log,
                messages: 0,
            })
        }

        #[handle_continue]
        async fn load_history(&mut self) {
            self.messages = self.log.count(self.id).await.unwrap_or(0);
        }

        /// A handler's own `Result` is an answer, not a crash.
        #[call]
        pub fn join(&mut self, user: UserRef, cx: &mut Context<Self>) -> Result<usize, JoinError> {
            cx.monitor(&user);
            if !self.users.insert(user) {
                return Err(JoinError::AlreadyJoined);
            }
            Ok(self.users.len())
        }

        /// Answers later: the server stays free meanwhile.
        #[call]
        pub fn history(&self, limit: usize, reply_to: ReplyTo<Vec<Line>>) {
            let log = self.log.clone();
            Task::start(async move { reply_to.send(log.tail(limit).await.unwrap_or_default()) });
        }

        #[cast]
        pub fn leave(&mut self, user: UserRef) {
            self.users.remove(&user);
        }

        #[call]
        pub fn messages(&self) -> u64 {
            self.messages
        }

        #[call]
        pub fn size(&self) -> usize {
            self.users.len()
        }

        #[cast]
        pub fn rest(&mut self, cx: &mut Context<Self>) {
            cx.set_timeout(Duration::from_secs(1));
        }

        /// Anything that is neither a call nor a cast: timers, messages to oneself, events from elsewhere.
        #[handle_info]
        fn maybe_stop(&mut self, cx: &mut Context<Self>) {
            if self.users.is_empty() {
                cx.stop(ExitReason::Normal);
            }
        }

        #[handle_down] // a monitor fired
        fn user_gone(&mut self, down: Down) {
            self.users.retain(|user| user.pid() != Some(down.pid));
        }

        #[handle_exit] // a linked process ended, while trapping exits
        fn linked_exit(&mut self, exit: Exit) {
            assert!(exit.reason.is_clean());
        }

        #[handle_timeout] // armed by cx.set_timeout(d), disarmed by any message
        fn idle(&mut self, cx: &mut Context<Self>) {
            cx.hibernate();
        }

        #[terminate]
        async fn terminate(&mut self, reason: &ExitReason) {
            assert_eq!(reason, &ExitReason::Normal);
            self.log.flush().await.ok();
        }
    }

    #[otp_core::test]
    async fn the_room_does_all_of_it() {
        let lines: Vec<Line> = ["a", "b", "c"].map(|line| Line(line.to_owned())).to_vec();
        let log = Log::start_link(lines.clone()).await.unwrap();
        let room = Room::start_link(7, log.clone()).await.unwrap();
        assert_eq!(
            room.messages().await,
            Ok(3),
            "the continue ran before the first message"
        );

        let (ann, bob) = (
            User::start_link().await.unwrap(),
            User::start_link().await.unwrap(),
        );
        assert_eq!(room.join(ann.clone()).await, Ok(1));
        assert_eq!(room.join(bob.clone()).await, Ok(2));
        assert_eq!(
            room.join(bob.clone()).await,
            Err(CallError::Handler(JoinError::AlreadyJoined))
        );
        assert_eq!(room.history(2).await, Ok(lines[1..].to_vec()));

        room.leave(bob);
        room.rest();
        otp_core::time::sleep(Duration::from_secs(2)).await;
        ann.stop().await.unwrap();
        assert_eq!(room.size().await, Ok(0), "ann's DOWN has removed her");

        assert_eq!(
            room.ended().await,
            ExitReason::Normal,
            "after 300 s it found itself empty"
        );
        assert_eq!(log.flushed().await, Ok(1));
    }

    /// Generics work, with bounds and where clauses.
    #[gen_server]
    pub struct Cache<K, V> {
        entries: std::collections::HashMap<K, V>,
    }

    #[gen_server]
    impl<K, V> Cache<K, V>
    where
        K: std::hash::Hash + Eq + Send + 'static,
        V: Clone + Send + 'static,
    {
        #[init]
        fn init() -> Self {
            Cache {
                entries: std::collections::HashMap::new(),
            }
        }

        #[call]
        pub fn get(&self, key: K) -> Option<V> {
            self.entries.get(&key).cloned()
        }

        #[cast]
        pub fn put(&mut self, key: K, value: V) {
            self.entries.insert(key, value);
        }
    }

    #[otp_core::test]
    async fn generics_work() {
        let cache: CacheRef<String, u64> = Cache::start_link().await.unwrap();
        cache.put("a".to_owned(), 1);
        assert_eq!(cache.get("a".to_owned()).await, Ok(Some(1)));
    }

    /// One `?` across servers, in a function whose error is a handler's.
    async fn join_and_count(
        room: &RoomRef,
        log: &LogRef,
        user: UserRef,
    ) -> Result<(usize, u64), CallError<JoinError>> {
        let size = room.join(user).await?;
        let lines = log.count(1).await?;
        Ok((size, lines))
    }

    #[otp_core::test(crashes = allowed, leaks = allowed)]
    async fn the_same_question_mark_works_across_servers() {
        let log = Log::start_link(Vec::new()).await.unwrap();
        let room = Room::start_link(1, log.clone()).await.unwrap();
        let user = User::start().await.unwrap();
        assert_eq!(join_and_count(&room, &log, user.clone()).await, Ok((1, 0)));
        log.stop().await.unwrap();
        let failed = join_and_count(&room, &log, User::start().await.unwrap()).await;
        assert_eq!(failed, Err(CallError::Failed(CallFailure::NoProc)));
    }
}

mod processes {
    use otp_core::prelude::*;

    enum Command {
        Work(u32),
        Stop,
    }

    async fn work() {}

    #[otp_core::test]
    async fn the_worker_works() {
        let worker = process::spawn(async |mut mailbox: Mailbox<Command>| {
            while let Ok(command) = mailbox.receive_timeout(Duration::from_secs(30)).await {
                match command {
                    Command::Work(amount) => assert_eq!(amount, 1),
                    Command::Stop => break,
                }
            }
        });
        let (child, monitor) = process::spawn_monitor(async { work().await });
        let down = process::receive_down(monitor).await;
        assert_eq!((down.pid, down.reason), (child, ExitReason::Normal));

        process::trap_exit(true);
        process::link(&worker);
        worker.send(Command::Work(1));
        process::exit(&worker, ExitReason::Shutdown);
        let exit = process::receive_exit().await;
        assert_eq!(
            (exit.pid, exit.reason),
            (Pid::from(&worker), ExitReason::Shutdown)
        );
    }

    #[otp_core::test(crashes = allowed)]
    async fn a_worker_ends_when_it_is_told_and_when_it_waits_too_long() {
        let code = async |mut mailbox: Mailbox<Command>| {
            while let Ok(command) = mailbox.receive_timeout(Duration::from_secs(30)).await {
                if let Command::Stop = command {
                    return Ok(());
                }
            }
            Err(ExitReason::error("nothing to do"))
        };
        let (told, told_monitor) = process::spawn_monitor(code);
        let (_idle, idle_monitor) = process::spawn_monitor(code);
        told.send(Command::Stop);
        assert_eq!(
            process::receive_down(told_monitor).await.reason,
            ExitReason::Normal
        );
        let began = otp_core::time::Instant::now();
        assert_eq!(
            process::receive_down(idle_monitor).await.reason,
            ExitReason::error("nothing to do")
        );
        assert_eq!(began.elapsed().as_secs(), 30);
    }
}

mod protocols {
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
    #[derive(Debug)]
    pub struct MemoryStore {
        values: HashMap<String, String>,
    }

    #[gen_server(protocols(KeyValue))]
    impl MemoryStore {
        #[init]
        fn init() -> Self {
            MemoryStore {
                values: HashMap::new(),
            }
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

    #[otp_core::test]
    async fn one_client_many_servers() -> Result<(), Box<dyn std::error::Error>> {
        let store: KeyValueRef = MemoryStore::start_link().await?.into();
        store.put("a".to_owned(), "b".to_owned());
        assert_eq!(store.get("a".to_owned()).await?.as_deref(), Some("b"));
        Ok(())
    }
}

#[allow(
    clippy::redundant_closure,
    reason = "the closures are as the tour has them"
)]
mod tasks_and_agents {
    use std::collections::HashMap;

    use otp_core::prelude::*;
    use tokio_stream::{Stream, StreamExt};

    type Page = String;

    async fn expensive() -> u32 {
        tokio::task::yield_now().await;
        42
    }

    async fn fetch(url: String) -> Page {
        if url == "/slow" {
            std::future::pending::<()>().await;
        }
        format!("the page at {url}")
    }

    #[otp_core::test]
    async fn a_task_is_a_future() -> Result<(), ExitReason> {
        let task = Task::spawn(async { expensive().await }); // Elixir's Task.async: linked, and a Future
        let value = task.timeout(Duration::from_secs(5)).await?;
        assert_eq!(value, 42);
        Ok(())
    }

    #[otp_core::test]
    async fn a_stream_of_pages_is_a_stream() {
        let urls = ["/a", "/slow", "/b"].map(str::to_owned);
        let pages = task::async_stream(urls, |url| fetch(url))
            .max_concurrency(10)
            .ordered(true)
            .timeout(Duration::from_secs(5))
            .on_timeout(OnTimeout::KillTask);
        // a futures Stream of Result<Page, ExitReason>
        fn collected(
            pages: impl Stream<Item = Result<Page, ExitReason>>,
        ) -> impl Future<Output = Vec<Result<Page, ExitReason>>> {
            StreamExt::collect(pages)
        }
        let pages = collected(pages).await;
        let page = |url| Ok(format!("the page at {url}"));
        assert_eq!(pages, [page("/a"), Err(ExitReason::Timeout), page("/b")]);
    }

    #[otp_core::test]
    async fn an_agent_keeps_what_it_is_told() -> Result<(), Box<dyn std::error::Error>> {
        let agent = Agent::start_link(|| HashMap::new()).await?;
        agent
            .update(|m| {
                m.insert("a", 1);
            })
            .await?;
        assert_eq!(agent.get(|m| m.len()).await?, 1);
        Ok(())
    }
}

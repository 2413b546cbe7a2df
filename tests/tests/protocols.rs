//! Protocols: one client for many kinds of servers, which says what the protocol says and nothing else, and follows what
//! the handle follows that it was made of.

use std::collections::{HashMap, HashSet};

use otp_core::prelude::*;
use otp_core::testing::{self, ChildExt, eventually, expect_crash, settle, start_supervised};
use otp_core::{ProtocolRef, assert_receive};

#[protocol]
trait KeyValue {
    #[call]
    fn get(&self, key: String) -> Option<String>;

    #[cast]
    fn put(&mut self, key: String, value: String);

    /// Is refused where the key is not there.
    #[call]
    fn remove(&mut self, key: String) -> Result<String, Missing>;
}

/// There is no such key.
#[derive(Debug, PartialEq, Eq)]
struct Missing(String);

#[gen_server]
struct MemoryStore {
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

    #[call]
    fn len(&self) -> usize {
        self.values.len()
    }
}

impl KeyValue for MemoryStore {
    fn get(&self, key: String) -> Option<String> {
        self.values.get(&key).cloned()
    }

    fn put(&mut self, key: String, value: String) {
        self.values.insert(key, value);
    }

    fn remove(&mut self, key: String) -> Result<String, Missing> {
        self.values.remove(&key).ok_or(Missing(key))
    }
}

/// Keeps nothing.
#[gen_server(restart = temporary)]
struct NullStore;

#[gen_server(protocols(KeyValue))]
impl NullStore {
    #[init]
    fn init() -> Self {
        NullStore
    }
}

impl KeyValue for NullStore {
    fn get(&self, _key: String) -> Option<String> {
        None
    }

    fn put(&mut self, _key: String, _value: String) {}

    fn remove(&mut self, key: String) -> Result<String, Missing> {
        Err(Missing(key))
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[otp_core::test]
async fn many_kinds_of_servers_stand_behind_one_client() {
    let memory: KeyValueRef = MemoryStore::start_link().await.unwrap().into();
    let null: KeyValueRef = NullStore::start_link().await.unwrap().into();
    for store in [&memory, &null] {
        store.put(text("a"), text("b"));
    }
    assert_eq!(memory.get(text("a")).await, Ok(Some(text("b"))));
    assert_eq!(null.get(text("a")).await, Ok(None));
    let refused = null.remove(text("a")).await;
    assert_eq!(refused, Err(CallError::Handler(Missing(text("a")))));
    assert_eq!(memory.remove(text("a")).await, Ok(text("b")));
}

#[otp_core::test]
async fn a_server_has_messages_of_its_own_beside_those_of_its_protocols() {
    let memory = MemoryStore::start_link().await.unwrap();
    let store = KeyValueRef::from(memory.clone());
    store.put(text("a"), text("b"));
    // One sender, one receiver: in order, whichever handle.
    assert_eq!(memory.len().await, Ok(1));
    let untyped: ServerRef<MemoryStore> = (*memory).clone();
    let store = KeyValueRef::from(untyped);
    assert_eq!(store.get(text("a")).await, Ok(Some(text("b"))));
}

#[otp_core::test]
async fn a_client_follows_a_supervised_server_through_its_restarts() {
    let memory = start_supervised::<MemoryStore>(()).await;
    let store = KeyValueRef::from(memory.clone());
    store.put(text("a"), text("b"));
    assert_eq!(store.get(text("a")).await, Ok(Some(text("b"))));
    let before = store.pid();
    memory.crash().await;
    memory.restarted().await;
    assert_eq!(store.get(text("a")).await, Ok(None));
    assert_ne!(store.pid(), before);
    assert_eq!(store.pid(), memory.pid());
}

#[otp_core::test]
async fn a_client_follows_a_name() {
    let store = KeyValueRef::from(MemoryStoreRef::named("store"));
    assert_eq!(store.get(text("a")).await, Err(CallFailure::NoProc));
    assert_eq!(store.put(text("a"), text("b")).await, CastOutcome::NoProc);
    assert_eq!((store.pid(), store.is_alive()), (None, false));
    let memory = MemoryStore::start_link().name("store").await.unwrap();
    store.put(text("a"), text("b"));
    assert_eq!(store.get(text("a")).await, Ok(Some(text("b"))));
    assert_eq!((store.pid(), store.is_alive()), (memory.pid(), true));
    memory.stop().await.unwrap();
    let _null = NullStore::start_link().name("store").await.unwrap();
    // The protocol is the other one's, too, but the name was that of a memory store.
    assert_eq!(store.get(text("a")).await, Err(CallFailure::WrongServer));
}

#[otp_core::test]
async fn a_client_follows_a_key() {
    let stores = Registry::<u8, MemoryStore>::unique()
        .start_link()
        .await
        .unwrap();
    let store = KeyValueRef::from(MemoryStoreRef::via(&stores, 7));
    assert_eq!(store.get(text("a")).await, Err(CallFailure::NoProc));
    let memory = MemoryStore::start_link().via(&stores, 7).await.unwrap();
    store.put(text("a"), text("b"));
    assert_eq!(memory.len().await, Ok(1));
    assert_eq!(store.pid(), memory.pid());
}

#[otp_core::test]
async fn clients_are_equal_by_their_address() {
    let memory = MemoryStore::start_link().await.unwrap();
    let null = NullStore::start_link().await.unwrap();
    let store = KeyValueRef::from(memory.clone());
    let again = KeyValueRef::from(memory.clone());
    let other = KeyValueRef::from(null);
    let named = KeyValueRef::from(MemoryStoreRef::named("a"));
    assert_eq!(store, again);
    assert_ne!(store, other);
    assert_ne!(store, named);
    assert_eq!(named, KeyValueRef::from(MemoryStoreRef::named("a")));
    assert_ne!(named, KeyValueRef::from(NullStoreRef::named("a")));
    let clients = HashSet::from([store, again, other, named]);
    assert_eq!(clients.len(), 3);
}

#[otp_core::test]
async fn a_call_fails_as_one_of_the_servers_own_handle_does() {
    let memory = MemoryStore::start().await.unwrap();
    let store = KeyValueRef::from(memory.clone());
    otp_core::sys::suspend(&memory).await.unwrap();
    let late = store.get(text("a")).timeout(Duration::from_secs(1)).await;
    assert_eq!(late, Err(CallFailure::Timeout { cycle: Vec::new() }));
    otp_core::sys::resume(&memory).await.unwrap();
    let request = store.get(text("a")).send_request();
    assert_eq!(request.await, Ok(None));

    otp_core::sys::suspend(&memory).await.unwrap();
    let mut waiting = Box::pin(async { store.get(text("a")).await });
    assert!(futures_now(waiting.as_mut()).is_none());
    process::exit(&store, ExitReason::Kill);
    assert_eq!(waiting.await, Err(CallFailure::Exit(ExitReason::Killed)));
    assert_eq!(store.get(text("a")).await, Err(CallFailure::NoProc));
}

/// Polls once.
fn futures_now<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match future.poll(&mut cx) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

#[otp_core::test]
async fn a_client_watches_its_server() {
    let memory = MemoryStore::start().await.unwrap();
    let store = KeyValueRef::from(memory.clone());
    let watched = store.monitor();
    let again = process::monitor(&store);
    memory.stop().await.unwrap();
    for monitor in [watched, again] {
        let down = process::receive_down(monitor).await;
        assert_eq!(down.reason, ExitReason::Normal);
    }
    assert!(!store.is_alive());
}

#[protocol]
trait Work {
    #[cast]
    fn work(&mut self, number: u32);

    #[call]
    fn done(&self) -> Vec<u32>;
}

#[gen_server(mailbox = bounded(2))]
struct Waiting {
    done: Vec<u32>,
}

#[gen_server(protocols(Work))]
impl Waiting {
    #[init]
    fn init() -> Self {
        Waiting { done: Vec::new() }
    }
}

impl Work for Waiting {
    fn work(&mut self, number: u32) {
        self.done.push(number);
    }

    fn done(&self) -> Vec<u32> {
        self.done.clone()
    }
}

#[gen_server(mailbox = bounded(2, refuse))]
struct Refusing {
    done: Vec<u32>,
}

#[gen_server(protocols(Work))]
impl Refusing {
    #[init]
    fn init() -> Self {
        Refusing { done: Vec::new() }
    }
}

impl Work for Refusing {
    fn work(&mut self, number: u32) {
        self.done.push(number);
    }

    fn done(&self) -> Vec<u32> {
        self.done.clone()
    }
}

#[otp_core::test]
async fn a_full_mailbox_makes_a_client_wait() {
    let server = Waiting::start_link().await.unwrap();
    let work = WorkRef::from(server.clone());
    otp_core::sys::suspend(&server).await.unwrap();
    for number in [1, 2] {
        assert_eq!(work.work(number).outcome(), Some(CastOutcome::Queued));
    }
    let third = work.work(3);
    assert_eq!(third.outcome(), None);
    let done = {
        let work = work.clone();
        Task::spawn(async move { work.done().await })
    };
    let third = Task::spawn(third);
    settle().await;
    otp_core::sys::resume(&server).await.unwrap();
    assert_eq!(third.await, Ok(CastOutcome::Queued));
    assert!(done.await.unwrap().unwrap().starts_with(&[1, 2]));
    assert_eq!(work.done().await, Ok(vec![1, 2, 3]));
}

#[otp_core::test]
async fn a_client_that_gives_up_leaves_the_line() {
    let server = Waiting::start_link().await.unwrap();
    let work = WorkRef::from(server.clone());
    otp_core::sys::suspend(&server).await.unwrap();
    work.work(1);
    work.work(2);
    let late = work.done().timeout(Duration::from_millis(10)).await;
    assert_eq!(late, Err(CallFailure::Timeout { cycle: Vec::new() }));
    drop(work.work(3));
    let refused = work.done().send_request().await;
    assert_eq!(refused, Err(CallFailure::MailboxFull));
    otp_core::sys::resume(&server).await.unwrap();
    assert_eq!(work.done().await, Ok(vec![1, 2]));
    let lost = process::info(&server).unwrap().lost_messages;
    assert_eq!(lost, 1);
}

#[otp_core::test]
async fn a_full_mailbox_refuses_a_client() {
    let server = Refusing::start_link().await.unwrap();
    let work = WorkRef::from(server.clone());
    otp_core::sys::suspend(&server).await.unwrap();
    work.work(1);
    work.work(2);
    assert_eq!(work.work(3).await, CastOutcome::Refused);
    assert_eq!(work.done().await, Err(CallFailure::MailboxFull));
    otp_core::sys::resume(&server).await.unwrap();
    eventually(async || work.done().await == Ok(vec![1, 2])).await;
}

#[protocol]
trait Friend {
    #[call]
    async fn ask(&mut self, cx: &mut Context<Self>) -> Result<Pid, CallFailure>;

    #[cast]
    fn meet(&mut self, friend: FriendRef);

    /// Stops, then answers.
    #[call]
    fn leave(&mut self, cx: &mut Context<Self>) -> u8 {
        cx.stop(ExitReason::Normal);
        7
    }
}

#[gen_server(restart = temporary)]
struct Person {
    friend: Option<FriendRef>,
}

#[gen_server(protocols(Friend))]
impl Person {
    #[init]
    fn init() -> Self {
        Person { friend: None }
    }
}

impl Friend for Person {
    async fn ask(&mut self, cx: &mut Context<Self>) -> Result<Pid, CallFailure> {
        match &self.friend {
            Some(friend) => match friend.ask().await {
                Ok(pid) => Ok(pid),
                Err(CallError::Handler(failure) | CallError::Failed(failure)) => Err(failure),
            },
            None => Ok(cx.pid()),
        }
    }

    fn meet(&mut self, friend: FriendRef) {
        self.friend = Some(friend);
    }
}

#[otp_core::test]
async fn an_async_handler_may_ask_another_server_of_the_protocol() {
    let ada = FriendRef::from(Person::start_link().await.unwrap());
    let joe = FriendRef::from(Person::start_link().await.unwrap());
    ada.meet(joe.clone());
    assert_eq!(ada.ask().await.ok(), joe.pid());
    assert_eq!(ada.leave().await, Ok(7));
    assert_eq!(joe.leave().await, Ok(7));
}

#[otp_core::test]
async fn a_cycle_of_calls_through_protocols_is_named() {
    let ada = FriendRef::from(Person::start_link().await.unwrap());
    let joe = FriendRef::from(Person::start_link().await.unwrap());
    ada.meet(joe.clone());
    joe.meet(ada.clone());
    let failure = ada.ask().await.unwrap_err();
    let CallError::Failed(CallFailure::Timeout { .. }) = failure else {
        panic!("{failure:?}");
    };
    joe.meet(joe.clone());
    ada.meet(joe.clone());
    let failure = ada.ask().await.unwrap_err();
    assert_eq!(failure, CallError::Handler(CallFailure::CallingSelf));
}

#[otp_core::test]
async fn a_mock_is_a_closure() {
    let mut asked = testing::mailbox();
    let told = asked.address();
    let store: KeyValueRef = testing::mock(move |message| match message {
        KeyValueMessage::Get { key, reply_to } => {
            told.send(key.clone());
            reply_to.send(Some(key));
        }
        KeyValueMessage::Put { key, .. } => {
            told.send(key);
        }
        // Dropped without an answer.
        KeyValueMessage::Remove { .. } => {}
    });
    store.put(text("a"), text("b"));
    assert_eq!(store.get(text("c")).await, Ok(Some(text("c"))));
    assert_receive!(asked, key if key == "a");
    assert_receive!(asked, key if key == "c");
    let dropped = store.remove(text("a")).await;
    assert_eq!(dropped, Err(CallError::Failed(CallFailure::NoReply)));
}

#[otp_core::test]
async fn a_mock_that_panics_ends_what_started_it() {
    let (_, monitor) = process::spawn_monitor(async {
        let store: KeyValueRef = testing::mock(|_| panic!("not now"));
        expect_crash(&store);
        store.get(text("a")).await.map(drop)
    });
    let down = process::receive_down(monitor).await;
    assert!(
        matches!(down.reason, ExitReason::Panic(_)),
        "{}",
        down.reason
    );
}

#[otp_core::test]
async fn a_process_with_a_mailbox_of_the_messages_is_a_server_of_the_protocol() {
    let worker = process::spawn_link(async |mut mailbox: Mailbox<WorkMessage>| {
        let mut done = Vec::new();
        loop {
            match mailbox.receive().await {
                WorkMessage::Work { number } => done.push(number),
                WorkMessage::Done { reply_to } => reply_to.send(done.clone()),
            }
        }
    });
    let work = WorkRef::from(worker.clone());
    work.work(1);
    assert_eq!(work.done().await, Ok(vec![1]));
    let same: ProtocolRef<WorkMessage> = worker.into();
    assert_eq!(*work, same);
}

#[otp_core::test]
async fn a_message_tells_its_name_in_a_crash() {
    let store = MemoryStore::start_link().await.unwrap();
    let message = KeyValueMessage::Put {
        key: text("secret"),
        value: text("secret"),
    };
    assert_eq!(message.name(), "KeyValueMessage::Put");
    assert_eq!(format!("{message:?}"), "KeyValueMessage::Put");
    let whole = MemoryStoreMessage::from(message);
    assert_eq!(format!("{whole:?}"), "KeyValueMessage::Put");
    assert_eq!(store.cast(whole).await, CastOutcome::Queued);
    assert_eq!(store.len().await, Ok(1));
}

//! The servers and the applications that the examples of otp-core's documentation share.
//!
//! They are compiled once for all examples. An example that is about how a server is written has its own.

use otp_core::application::{Application, ApplicationContext, NoEnv};
use otp_core::gen_statem::{EventType, Machine, Slot};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};

/// A counter that anyone may add to.
#[derive(Debug)]
#[gen_server]
pub struct Counter {
    /// What was counted.
    pub value: i64,
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

    /// Begins again at 0.
    #[cast]
    pub fn reset(&mut self) {
        self.value = 0;
    }

    /// Crashes if `by` is 0.
    #[call]
    pub fn divide(&mut self, by: i64) -> i64 {
        self.value /= by;
        self.value
    }
}

/// There is not so much on the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdrawn;

/// An account, of which a call can fail.
#[derive(Debug)]
#[gen_server]
pub struct Account {
    balance: u32,
}

#[gen_server]
impl Account {
    #[init]
    fn init(balance: u32) -> Self {
        Account { balance }
    }

    /// Takes `amount` away and answers what is left.
    #[call]
    pub fn withdraw(&mut self, amount: u32) -> Result<u32, Overdrawn> {
        self.balance = self.balance.checked_sub(amount).ok_or(Overdrawn)?;
        Ok(self.balance)
    }
}

/// A room, of which there are many.
#[derive(Debug)]
#[gen_server]
pub struct Room {
    lines: usize,
}

#[gen_server]
impl Room {
    #[init]
    fn init() -> Self {
        Room { lines: 0 }
    }

    /// Says something and answers how many lines were said.
    #[call]
    pub fn say(&mut self, _line: String) -> usize {
        self.lines += 1;
        self.lines
    }
}

/// Work for a probe.
pub type Work = Box<dyn FnOnce(&mut Context<Probe>) + Send>;

/// A server that does what it is given in a callback of its own, and remembers what it was told.
#[derive(Debug)]
#[gen_server]
pub struct Probe {
    seen: Vec<String>,
}

#[gen_server]
impl Probe {
    #[init]
    fn init() -> Self {
        Probe { seen: Vec::new() }
    }

    /// Runs `work` in this callback.
    #[call]
    pub fn run(&mut self, work: Work, cx: &mut Context<Self>) {
        work(cx);
    }

    /// What it has been told so far.
    #[call]
    pub fn seen(&self) -> Vec<String> {
        self.seen.clone()
    }

    #[handle_info]
    fn told(&mut self, what: String) {
        self.seen.push(what);
    }

    #[handle_down]
    fn down(&mut self, down: Down) {
        self.seen.push(format!("down: {}", down.reason));
    }

    #[handle_exit]
    fn exit(&mut self, exit: Exit) {
        self.seen.push(format!("exit: {}", exit.reason));
    }

    #[handle_timeout]
    fn timeout(&mut self) {
        self.seen.push("timeout".to_owned());
    }
}

impl ProbeRef {
    /// Runs `work` in a callback of the server, and gives what it gives.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Context<Probe>) -> T + Send + 'static,
    ) -> T {
        let (give, given) = tokio::sync::oneshot::channel();
        let work = move |cx: &mut Context<Probe>| {
            give.send(work(cx)).ok();
        };
        self.run(Box::new(work))
            .await
            .expect("the probe lives while it works");
        given.await.expect("the work was done")
    }

    /// Waits until it has been told so much, and gives it.
    pub async fn has_seen(&self, count: usize) -> Vec<String> {
        loop {
            let seen = self.seen().await.expect("the probe lives");
            if seen.len() >= count {
                return seen;
            }
            otp_core::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl From<u32> for ProbeMessage {
    fn from(number: u32) -> Self {
        ProbeMessage::Told {
            what: number.to_string(),
        }
    }
}

impl From<&str> for ProbeMessage {
    fn from(what: &str) -> Self {
        ProbeMessage::Told {
            what: what.to_owned(),
        }
    }
}

/// A counter that is written by hand.
#[derive(Debug)]
pub struct Tally {
    value: i64,
}

/// What a [`Tally`] handles.
#[derive(Debug)]
pub enum TallyMessage {
    /// Adds `by` and answers the new value.
    Add {
        /// How much.
        by: i64,
        /// Who asks.
        reply_to: ReplyTo<i64>,
    },
}

impl GenServer for Tally {
    type Args = i64;
    type Message = TallyMessage;

    async fn init(value: i64, _cx: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Tally { value })
    }

    async fn handle_message(&mut self, message: TallyMessage, cx: &mut Context<Self>) {
        let TallyMessage::Add { by, reply_to } = message;
        self.value += by;
        cx.reply(reply_to, self.value);
    }
}

/// There is no seat left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What may be asked of whoever has guests.
#[protocol]
pub trait Greet {
    /// Says hello.
    #[call]
    fn greet(&mut self, name: String) -> String;

    /// Gives a guest the only seat, and answers how many guests there are.
    #[call]
    fn admit(&mut self) -> Result<usize, Full>;

    /// All guests leave.
    #[cast]
    fn close(&mut self);
}

/// A host, who has one seat.
#[derive(Debug)]
#[gen_server]
pub struct Host {
    guests: usize,
}

#[gen_server(protocols(Greet))]
impl Host {
    #[init]
    fn init() -> Self {
        Host { guests: 0 }
    }
}

impl Greet for Host {
    fn greet(&mut self, name: String) -> String {
        format!("hello, {name}")
    }

    fn admit(&mut self) -> Result<usize, Full> {
        if self.guests > 0 {
            return Err(Full);
        }
        self.guests += 1;
        Ok(self.guests)
    }

    fn close(&mut self) {
        self.guests = 0;
    }
}

/// The root of an application that has nothing to supervise.
///
/// # Errors
///
/// There is no process to link it with.
pub async fn empty_tree() -> Result<SupervisorRef, ExitReason> {
    Ok(Supervisor::builder(Strategy::OneForOne)
        .start_link()
        .await?)
}

/// An application that needs nothing.
#[derive(Clone, Copy, Debug)]
#[otp_core::application]
pub struct Repo;

impl Application for Repo {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        _: NoEnv,
        _: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        empty_tree().await
    }
}

/// The environment of a [`Chat`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct ChatEnv {
    /// Where it listens.
    pub port: u16,
}

/// An application that needs a [`Repo`], and has an environment.
#[derive(Clone, Copy, Debug)]
#[otp_core::application(applications(Repo), defaults = "port = 4000")]
pub struct Chat;

impl Application for Chat {
    type Env = ChatEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        _: ChatEnv,
        _: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        empty_tree().await
    }
}

/// A state machine written by hand: whoever knocks waits until it is open.
#[derive(Debug)]
pub enum Door {
    /// At first.
    Closed,
    /// For a second, then it closes.
    Open,
}

/// Which state a door is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoorState {
    /// It is closed.
    Closed,
    /// It is open.
    Open,
}

/// What comes to a door.
#[derive(Debug)]
pub enum DoorMessage {
    /// Opens it.
    Open,
    /// Closes it.
    Close,
    /// Closes it before anything else happens.
    Slam,
    /// Answers once it is open.
    Knock(ReplyTo<&'static str>),
    /// Ends it.
    Remove,
}

impl Door {
    /// Starts one.
    pub fn start() -> gen_server::Start<
        StatemRef<Door>,
        impl Future<Output = gen_server::Initialized<Machine<Door>>> + Send,
    > {
        gen_server::start(())
    }
}

impl GenStatem for Door {
    type Args = ();
    type Event = DoorMessage;
    type State = DoorState;

    async fn init(_: (), _actions: &mut Actions<Self>) -> Result<Self, InitError> {
        Ok(Door::Closed)
    }

    fn state(&self) -> DoorState {
        match self {
            Door::Closed => DoorState::Closed,
            Door::Open => DoorState::Open,
        }
    }

    async fn handle_event(
        door: &mut Slot<Self>,
        _event_type: EventType,
        event: DoorMessage,
        actions: &mut Actions<Self>,
    ) {
        match (&**door, event) {
            (Door::Closed, DoorMessage::Open) => {
                door.put(Door::Open);
                actions.state_timeout(Duration::from_secs(1), DoorMessage::Close);
            }
            (Door::Open, DoorMessage::Close) => door.put(Door::Closed),
            (Door::Open, DoorMessage::Slam) => actions.next_event(DoorMessage::Close),
            (Door::Open, DoorMessage::Knock(reply_to)) => reply_to.send("open"),
            (Door::Closed, knock @ DoorMessage::Knock(_)) => actions.postpone(knock),
            (_, DoorMessage::Remove) => actions.stop(ExitReason::Shutdown),
            (Door::Open, DoorMessage::Open)
            | (Door::Closed, DoorMessage::Close | DoorMessage::Slam) => {}
        }
    }
}

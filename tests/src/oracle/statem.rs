//! A state machine, whose scenario says what it does with each event.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use otp_core::gen_statem::{self, EventType, Slot};
use otp_core::process::{self, Address, Event, Exit, Mailbox};
use otp_core::time::{self, Instant};
use otp_core::{
    Actions, CallFailure, ExitReason, GenStatem, InitError, Node, Pid, ReplyTo, StartError,
    StatemRef, StopError, gen_server, sys,
};
use tokio::sync::oneshot;

use super::driver::{collect, line_of_call, parse_reason, show_reason};
use super::{BadScenario, Trace};

/// How long nothing must happen until an event is over.
const QUIET: Duration = Duration::from_millis(140);

/// How many events a machine acts on; the others it only notes, so that none goes in circles.
const FUEL: u32 = 60;

/// What the driver is told.
enum Told {
    Log(String),
    Client(String),
}

/// A change of a timeout.
#[derive(Clone, Debug)]
enum Timeout {
    Set(Duration, String),
    At(Duration, String),
    Update(String),
    Cancel,
}

/// What a handler does, in the order written.
#[derive(Clone, Debug)]
enum Op {
    Next(String),
    Repeat,
    Postpone(String),
    Unpostpone,
    Insert(String),
    State(Timeout),
    Event(Duration, String),
    Named(String, Timeout),
    Reply(String),
    Keep(String),
    Answer(String, String),
    Stop(ExitReason),
    Ignore,
    Exit(ExitReason),
    Panic(String),
    Sleep(Duration),
    LastWords(String),
}

impl Op {
    fn parse(word: &str) -> Result<Self, BadScenario> {
        let bad = || BadScenario(format!("not understood: {word}"));
        let ms = |text: &str| text.parse().map(Duration::from_millis).map_err(|_| bad());
        let own = |text: &str| text.to_owned();
        let set = |time: &str, event: &str| match time {
            "infinity" => Ok(Timeout::Cancel),
            time => Ok(Timeout::Set(ms(time)?, own(event))),
        };
        Ok(match word.split(':').collect::<Vec<_>>()[..] {
            ["next", state] => Op::Next(own(state)),
            ["repeat"] => Op::Repeat,
            ["postpone", state] => Op::Postpone(own(state)),
            ["unpostpone"] => Op::Unpostpone,
            ["insert", event] => Op::Insert(own(event)),
            ["state", "cancel"] => Op::State(Timeout::Cancel),
            ["state", "update", event] => Op::State(Timeout::Update(own(event))),
            ["state", time, event] => Op::State(set(time, event)?),
            ["at", time, event] => Op::State(Timeout::At(ms(time)?, own(event))),
            ["event", time, event] => Op::Event(ms(time)?, own(event)),
            ["named", name, "cancel"] => Op::Named(own(name), Timeout::Cancel),
            ["named", name, "update", event] => Op::Named(own(name), Timeout::Update(own(event))),
            ["named", name, time, event] => Op::Named(own(name), set(time, event)?),
            ["reply", value] => Op::Reply(own(value)),
            ["keep", key] => Op::Keep(own(key)),
            ["answer", key, value] => Op::Answer(own(key), own(value)),
            ["stop", reason] => Op::Stop(parse_reason(reason, '/')),
            ["ignore"] => Op::Ignore,
            ["exit", reason] => Op::Exit(parse_reason(reason, '/')),
            ["panic", x] => Op::Panic(own(x)),
            ["sleep", time] => Op::Sleep(ms(time)?),
            ["last_words", x] => Op::LastWords(own(x)),
            _ => return Err(bad()),
        })
    }

    fn parse_all(words: &[&str]) -> Result<Vec<Self>, BadScenario> {
        words.iter().map(|word| Op::parse(word)).collect()
    }
}

/// What the scenario says of the machine.
#[derive(Debug, Default)]
struct Plan {
    enter_calls: bool,
    trap: bool,
    events: HashMap<String, Vec<Op>>,
    enters: HashMap<String, Vec<Op>>,
}

impl Plan {
    fn read(&mut self, line: &str) -> Result<(), BadScenario> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["machine", enter, trap] => {
                self.enter_calls = enter == "enter=true";
                self.trap = trap == "trap=true";
            }
            ["event", name, ref ops @ ..] => {
                self.events.insert(name.to_owned(), Op::parse_all(ops)?);
            }
            ["enter", state, ref ops @ ..] => {
                self.enters.insert(state.to_owned(), Op::parse_all(ops)?);
            }
            _ => return Err(BadScenario(format!("not understood: {line}"))),
        }
        Ok(())
    }
}

struct Script {
    plan: Arc<Plan>,
    state: char,
    ops: Vec<Op>,
    driver: Address<Told>,
}

/// Who waits for an answer, whoever gives it first.
type From = Arc<Mutex<Option<ReplyTo<String>>>>;

fn answer(from: &From, value: String) {
    let from = from.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(from) = from {
        from.send(value);
    }
}

enum Content {
    Do {
        how: &'static str,
        name: String,
        from: Option<From>,
    },
    Exit(ExitReason),
}

impl Content {
    fn own(name: String) -> Self {
        Content::Do {
            how: "",
            name,
            from: None,
        }
    }
}

/// The machine. `ENTER` says whether it has enter calls.
struct Scripted<const ENTER: bool> {
    plan: Arc<Plan>,
    state: char,
    driver: Address<Told>,
    /// In its init.
    is_starting: bool,
    fuel: u32,
    kept: HashMap<String, From>,
    /// Callers that nobody may ever answer: in Erlang they wait on.
    asked: Vec<From>,
    last_words: Option<String>,
}

fn state(name: &str) -> char {
    name.chars().next().unwrap_or('?')
}

impl<const ENTER: bool> Scripted<ENTER> {
    fn log(&self, line: impl Into<String>) {
        self.driver.send(Told::Log(line.into()));
    }

    /// Does the operations; the event is given for those that postpone it. Err asks for no start.
    async fn run(
        &mut self,
        ops: Vec<Op>,
        event: Option<(&'static str, String, Option<From>)>,
        actions: &mut Actions<Self>,
    ) -> Result<(), InitError> {
        let current = self.state;
        let (mut next, mut stops) = (None, false);
        for op in ops {
            match op {
                Op::Next(to) => next = Some(state(&to)),
                Op::Repeat => actions.repeat_state(),
                Op::Postpone(when) => {
                    if let Some((how, name, from)) = event.clone()
                        && state(&when) == current
                    {
                        actions.postpone(Content::Do { how, name, from });
                    }
                }
                Op::Unpostpone => actions.postpone(None),
                Op::Insert(name) => actions.next_event(Content::own(name)),
                Op::State(Timeout::Cancel) => actions.cancel_state_timeout(),
                Op::State(Timeout::Update(name)) => {
                    actions.update_state_timeout(Content::own(name))
                }
                Op::State(Timeout::Set(after, name)) => {
                    actions.state_timeout(after, Content::own(name))
                }
                Op::State(Timeout::At(after, name)) => {
                    actions.state_timeout(Instant::now() + after, Content::own(name));
                }
                Op::Event(after, name) => actions.event_timeout(after, Content::own(name)),
                Op::Named(timeout, Timeout::Cancel) => actions.cancel_timeout(timeout),
                Op::Named(timeout, Timeout::Update(name)) => {
                    actions.update_timeout(timeout, Content::own(name));
                }
                Op::Named(timeout, Timeout::Set(after, name) | Timeout::At(after, name)) => {
                    actions.timeout(timeout, after, Content::own(name));
                }
                Op::Reply(value) => {
                    if let Some((_, _, Some(from))) = &event {
                        answer(from, value);
                    }
                }
                Op::Keep(key) => {
                    if let Some((_, _, Some(from))) = &event {
                        self.kept.insert(key, Arc::clone(from));
                    }
                }
                Op::Answer(key, value) => match self.kept.get(&key) {
                    None => self.log(format!("nothing_kept {key}")),
                    Some(from) => answer(from, value),
                },
                Op::Stop(reason) => {
                    if self.is_starting {
                        return Err(InitError::Stop(reason));
                    }
                    stops = true;
                    actions.stop(reason);
                }
                Op::Ignore => return Err(InitError::Ignore),
                Op::Exit(reason) => process::exit_with(reason),
                Op::Panic(x) => panic!("{x}"),
                Op::Sleep(time) => time::sleep(time).await,
                Op::LastWords(x) => self.last_words = Some(x),
            }
        }
        // A machine that stops does so in the state in which it is.
        if let (Some(next), false) = (next, stops) {
            self.state = next;
        }
        Ok(())
    }
}

impl<const ENTER: bool> GenStatem for Scripted<ENTER> {
    type Args = Script;
    type Event = Content;
    type State = char;

    const STATE_ENTER: bool = ENTER;

    async fn init(script: Script, actions: &mut Actions<Self>) -> Result<Self, InitError> {
        actions.trap_exit(script.plan.trap);
        let mut machine = Scripted {
            plan: script.plan,
            state: script.state,
            driver: script.driver,
            is_starting: true,
            fuel: FUEL,
            kept: HashMap::new(),
            asked: Vec::new(),
            last_words: None,
        };
        machine.log("init");
        machine.run(script.ops, None, actions).await?;
        machine.is_starting = false;
        Ok(machine)
    }

    fn state(&self) -> char {
        self.state
    }

    async fn handle_event(
        machine: &mut Slot<Self>,
        event_type: EventType,
        event: Content,
        actions: &mut Actions<Self>,
    ) {
        let at = machine.state;
        let (how, name, from) = match event {
            Content::Exit(reason) => {
                machine.log(format!("info exit {} in {at}", show_reason(&reason, '/')));
                return;
            }
            Content::Do { how, name, from } => (how, name, from),
        };
        machine.asked.extend(from.clone());
        if machine.fuel == 0 {
            machine.log(format!("spent {name} in {at}"));
            return;
        }
        machine.fuel -= 1;
        let written = match &event_type {
            EventType::External => how.to_owned(),
            EventType::Internal => "internal".to_owned(),
            EventType::StateTimeout => "state_timeout".to_owned(),
            EventType::EventTimeout => "timeout".to_owned(),
            EventType::Timeout(name) => format!("timeout {name}"),
        };
        machine.log(format!("{written} {name} in {at}"));
        let ops = machine.plan.events.get(&name).cloned().unwrap_or_default();
        drop(machine.run(ops, Some((how, name, from)), actions).await);
    }

    async fn enter(&mut self, from: char, actions: &mut Actions<Self>) {
        self.log(format!("enter {} from {from}", self.state));
        let ops = self.plan.enters.get(&self.state.to_string()).cloned();
        drop(self.run(ops.unwrap_or_default(), None, actions).await);
    }

    fn exit(exit: Exit) -> Option<Content> {
        Some(Content::Exit(exit.reason))
    }

    async fn terminate(&mut self, reason: &ExitReason, _actions: &mut Actions<Self>) {
        self.log(format!("terminate {} in {}", show_bare(reason), self.state));
        match self.last_words.as_deref() {
            None => {}
            Some("panic") => panic!("last"),
            Some(x) => process::exit_with(ExitReason::error(x)),
        }
    }
}

pub(super) async fn run(lines: Vec<String>) -> Result<String, BadScenario> {
    let mut plan = Plan::default();
    let mut lines = lines.into_iter();
    for line in lines.by_ref().take_while(|line| line != "events") {
        plan.read(&line)?;
    }
    let events: Vec<String> = lines.collect();
    let (done, trace) = oneshot::channel();
    process::spawn(async move |mailbox: Mailbox<Told>| {
        process::trap_exit(true);
        let node = Node::current().expect("the driver is a process");
        let trace = if plan.enter_calls {
            Driver::<true>::new(mailbox, node, plan).run(&events).await
        } else {
            Driver::<false>::new(mailbox, node, plan).run(&events).await
        };
        drop(done.send(trace));
    });
    trace
        .await
        .unwrap_or_else(|_| Err(BadScenario("the driver crashed".to_owned())))
}

struct Driver<const ENTER: bool> {
    mailbox: Mailbox<Told>,
    node: Node,
    plan: Arc<Plan>,
}

impl<const ENTER: bool> Driver<ENTER> {
    fn new(mailbox: Mailbox<Told>, node: Node, plan: Plan) -> Self {
        let plan = Arc::new(plan);
        Driver {
            mailbox,
            node,
            plan,
        }
    }

    fn machine() -> StatemRef<Scripted<ENTER>> {
        StatemRef::named("m")
    }

    async fn run(mut self, lines: &[String]) -> Result<String, BadScenario> {
        let mut trace = Trace::default();
        for line in lines {
            trace.line(format_args!("== {line}"));
            if let Some(reply) = self.event(line).await? {
                trace.line(format_args!("reply {reply}"));
            }
            self.report(&mut trace).await;
        }
        Ok(trace.0)
    }

    async fn event(&mut self, line: &str) -> Result<Option<String>, BadScenario> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let content = |how, name: &str| Content::Do {
            how,
            name: name.to_owned(),
            from: None,
        };
        match words[..] {
            ["start", at, ref ops @ ..] => {
                let script = Script {
                    plan: Arc::clone(&self.plan),
                    state: state(at),
                    ops: Op::parse_all(ops)?,
                    driver: self.mailbox.address(),
                };
                Ok(Some(self.start(script).await))
            }
            ["call", client, event] => {
                self.call(client, event, None);
                Ok(None)
            }
            ["call", client, event, within] => {
                let within = within
                    .strip_prefix("within=")
                    .and_then(|ms| ms.parse().ok());
                self.call(client, event, within.map(Duration::from_millis));
                Ok(None)
            }
            ["cast", event] => {
                Self::machine().cast(content("cast", event));
                Ok(Some("ok".to_owned()))
            }
            ["info", event] => Ok(self.if_running(|_| {
                Self::machine().cast(content("info", event));
            })),
            ["stop", client, reason] => {
                self.stop(client, parse_reason(reason, '/'));
                Ok(None)
            }
            ["stranger", reason] => {
                let reason = parse_reason(reason, '/');
                Ok(self.if_running(|pid| {
                    process::spawn(async move { process::exit(pid, reason) });
                }))
            }
            ["parent", reason] => {
                Ok(self.if_running(|pid| process::exit(pid, parse_reason(reason, '/'))))
            }
            ["suspend"] => Ok(Some(told(sys::suspend(&Self::machine()).await))),
            ["resume"] => Ok(Some(told(sys::resume(&Self::machine()).await))),
            ["get_state"] => {
                let looked = sys::get_state(&Self::machine(), |machine| machine.state).await;
                Ok(Some(
                    looked.map_or_else(|failure| told(Err(failure)), String::from),
                ))
            }
            ["replace_state", to] => {
                if self.node.whereis("m").is_none() {
                    return Ok(Some("not_running".to_owned()));
                }
                let to = state(to);
                let machine = Self::machine();
                let replaced = gen_statem::replace_state(&machine, move |old| Scripted {
                    plan: Arc::clone(&old.plan),
                    state: to,
                    driver: old.driver.clone(),
                    is_starting: false,
                    fuel: old.fuel,
                    kept: old.kept.clone(),
                    asked: old.asked.clone(),
                    last_words: old.last_words.clone(),
                });
                Ok(Some(replaced.await.map_or_else(
                    |error| error.to_string(),
                    |()| "ok".to_owned(),
                )))
            }
            ["wait", ms] => {
                let time = ms
                    .parse()
                    .map_err(|_| BadScenario(format!("not understood: {line}")))?;
                time::sleep(Duration::from_millis(time)).await;
                Ok(None)
            }
            _ => Err(BadScenario(format!("not understood: {line}"))),
        }
    }

    async fn start(&mut self, script: Script) -> String {
        match gen_server::start_link::<StatemRef<Scripted<ENTER>>>(script)
            .name("m")
            .await
        {
            Ok(machine) => {
                machine.monitor();
                "ok".to_owned()
            }
            Err(StartError::AlreadyStarted(_)) => "error already_started".to_owned(),
            Err(StartError::Init(reason)) => format!("error {}", show_bare(&reason)),
            Err(StartError::Ignore) => "ignore".to_owned(),
            Err(other) => format!("error {other}"),
        }
    }

    fn call(&self, client: &str, event: &str, within: Option<Duration>) {
        let (driver, client, name) = (self.mailbox.address(), client.to_owned(), event.to_owned());
        let call = Self::machine().call(|reply_to| Content::Do {
            how: "call",
            name,
            from: Some(Arc::new(Mutex::new(Some(reply_to)))),
        });
        process::spawn(async move {
            let line = line_of_call(&client, call, within).await;
            driver.send(Told::Client(line));
        });
    }

    fn stop(&self, client: &str, reason: ExitReason) {
        let (driver, client) = (self.mailbox.address(), client.to_owned());
        let stop = Self::machine()
            .stop()
            .reason(reason)
            .timeout(Duration::from_millis(5000));
        process::spawn(async move {
            let line = match stop.await {
                Ok(()) => format!("{client} reply ok"),
                Err(StopError::NoProc) => format!("{client} exit noproc"),
                Err(StopError::Timeout) => format!("{client} exit timeout"),
                Err(StopError::Exit(reason)) => {
                    format!("{client} exit {}", show_reason(&reason, '/'))
                }
                Err(other) => format!("{client} exit {other}"),
            };
            driver.send(Told::Client(line));
        });
    }

    fn if_running(&self, act: impl FnOnce(Pid)) -> Option<String> {
        match self.node.whereis("m") {
            Some(pid) => {
                act(pid);
                None
            }
            None => Some("not_running".to_owned()),
        }
    }

    async fn report(&mut self, trace: &mut Trace) {
        let mut logs = Vec::new();
        let mut rest = Vec::new();
        collect(&mut self.mailbox, QUIET, |event| match event {
            Event::Message(Told::Log(line)) => logs.push(line),
            Event::Message(Told::Client(line)) => rest.push(line),
            Event::Down(down) => rest.push(format!("down {}", show_reason(&down.reason, '/'))),
            _ => {}
        })
        .await;
        rest.sort_unstable();
        logs.iter()
            .for_each(|line| trace.line(format_args!("m: {line}")));
        rest.iter().for_each(|line| trace.line(line));
    }
}

/// A reason as a gen_statem tells it to `terminate` and to its starter: that of a panic is without its place.
fn show_bare(reason: &ExitReason) -> String {
    match reason {
        ExitReason::Panic(panic) => panic.message().to_owned(),
        other => show_reason(other, '/'),
    }
}

fn told(answer: Result<(), CallFailure>) -> String {
    match answer {
        Ok(()) => "ok".to_owned(),
        Err(CallFailure::NoProc) => "not_running".to_owned(),
        Err(other) => format!("error {other}"),
    }
}

//! A server's callbacks.

use std::collections::HashMap;
use std::time::Duration;

use otp_core::process::{self, Address, Event, Exit, Mailbox, MonitorRef};
use otp_core::{
    CallFailure, Context, ExitReason, GenServer, InitError, Node, ReplyTo, ServerRef, StartError,
    StopError, gen_server, sys, time,
};
use tokio::sync::oneshot;

use super::driver::{collect, line_of_call, parse_reason, show_reason};
use super::{BadScenario, Trace};

/// How long nothing must happen until an event is over.
const QUIET: Duration = Duration::from_millis(130);

/// What the driver is told.
enum Told {
    Log { server: String, line: String },
    Client(String),
}

/// What a handler does, in the order written.
#[derive(Clone, Debug)]
enum Op {
    Log(String),
    Note(String),
    After(Duration, String),
    Sleep(Duration),
    Trap(bool),
    Reply(String),
    NoReply,
    Keep(String),
    Answer(String, String),
    AnswerNow(String),
    Continue(String),
    Timeout(Duration),
    Stop(ExitReason),
    Ignore,
    Exit(ExitReason),
    Panic(String),
    LastWords(String),
}

impl Op {
    fn parse(word: &str) -> Result<Self, BadScenario> {
        let bad = || BadScenario(format!("not understood: {word}"));
        let ms = |text: &str| text.parse().map(Duration::from_millis).map_err(|_| bad());
        Ok(match word.split(':').collect::<Vec<_>>()[..] {
            ["log", x] => Op::Log(x.to_owned()),
            ["note", x] => Op::Note(x.to_owned()),
            ["after", time, x] => Op::After(ms(time)?, x.to_owned()),
            ["sleep", time] => Op::Sleep(ms(time)?),
            ["trap", trap] => Op::Trap(trap == "true"),
            ["reply", value] => Op::Reply(value.to_owned()),
            ["noreply"] => Op::NoReply,
            ["keep", key] => Op::Keep(key.to_owned()),
            ["answer", key, value] => Op::Answer(key.to_owned(), value.to_owned()),
            ["answer_now", value] => Op::AnswerNow(value.to_owned()),
            ["continue", x] => Op::Continue(x.to_owned()),
            ["timeout", time] => Op::Timeout(ms(time)?),
            ["stop", reason] => Op::Stop(parse_reason(reason, '/')),
            ["ignore"] => Op::Ignore,
            ["exit", reason] => Op::Exit(parse_reason(reason, '/')),
            ["panic", x] => Op::Panic(x.to_owned()),
            ["last_words", x] => Op::LastWords(x.to_owned()),
            _ => return Err(bad()),
        })
    }

    fn parse_all(words: &[&str]) -> Result<Vec<Self>, BadScenario> {
        words.iter().map(|word| Op::parse(word)).collect()
    }
}

/// What a handler's operations come to.
#[derive(Default)]
struct Outcome {
    reply: Option<String>,
    no_reply: bool,
    next: Option<String>,
    timeout: Option<Duration>,
    stop: Option<ExitReason>,
    ignore: bool,
}

struct Script {
    id: String,
    trap: bool,
    ops: Vec<Op>,
    driver: Address<Told>,
}

enum Message {
    Call {
        ops: Vec<Op>,
        reply_to: ReplyTo<String>,
    },
    Do {
        ops: Vec<Op>,
    },
    Note(String),
    Continue(String),
}

/// The server: its messages say what it does.
struct Scripted {
    id: String,
    driver: Address<Told>,
    /// Callers under their keys; None once they were answered.
    kept: HashMap<String, Option<ReplyTo<String>>>,
    /// Callers that nobody will answer.
    forgotten: Vec<ReplyTo<String>>,
    last_words: Option<String>,
}

impl Scripted {
    fn log(&self, line: impl Into<String>) {
        self.driver.send(Told::Log {
            server: self.id.clone(),
            line: line.into(),
        });
    }

    /// Does the operations. `from` is the caller, until it is answered or kept.
    async fn run(
        &mut self,
        ops: Vec<Op>,
        from: &mut Option<ReplyTo<String>>,
        cx: &Context<Self>,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for op in ops {
            match op {
                Op::Log(x) => self.log(format!("did {x}")),
                Op::Note(x) => drop(cx.send(Message::Note(x))),
                Op::After(delay, x) => drop(cx.send_after(delay, Message::Note(x))),
                Op::Sleep(time) => time::sleep(time).await,
                Op::Trap(trap) => drop(cx.trap_exit(trap)),
                Op::Reply(value) => outcome.reply = Some(value),
                Op::NoReply => outcome.no_reply = true,
                Op::Keep(key) => {
                    // Who was kept under this key before is not answered any more, and in Erlang waits on.
                    self.forgotten
                        .extend(self.kept.insert(key, from.take()).flatten());
                    outcome.no_reply = true;
                }
                Op::Answer(key, value) => match self.kept.get_mut(&key) {
                    None => self.log(format!("nothing_kept {key}")),
                    Some(kept) => {
                        if let Some(kept) = kept.take() {
                            kept.send(value);
                        }
                    }
                },
                Op::AnswerNow(value) => {
                    if let Some(from) = from.take() {
                        from.send(value);
                    }
                    outcome.no_reply = true;
                }
                Op::Continue(x) => outcome.next = Some(x),
                Op::Timeout(after) => outcome.timeout = Some(after),
                Op::Stop(reason) => outcome.stop = Some(reason),
                Op::Ignore => outcome.ignore = true,
                Op::Exit(reason) => process::exit_with(reason),
                Op::Panic(x) => panic!("{x}"),
                Op::LastWords(x) => self.last_words = Some(x),
            }
        }
        outcome
    }

    fn finish(outcome: &mut Outcome, cx: &mut Context<Self>) {
        if let Some(reason) = outcome.stop.take() {
            cx.stop(reason);
        } else if let Some(x) = outcome.next.take() {
            cx.continue_with(Message::Continue(x));
        } else if let Some(after) = outcome.timeout {
            cx.set_timeout(after);
        }
    }
}

impl GenServer for Scripted {
    type Args = Script;
    type Message = Message;

    async fn init(script: Script, cx: &mut Context<Self>) -> Result<Self, InitError> {
        let Script {
            id,
            trap,
            ops,
            driver,
        } = script;
        cx.trap_exit(trap);
        let mut server = Scripted {
            id,
            driver,
            kept: HashMap::new(),
            forgotten: Vec::new(),
            last_words: None,
        };
        server.log("init");
        let mut outcome = server.run(ops, &mut None, cx).await;
        if let Some(reason) = outcome.stop {
            return Err(InitError::Stop(reason));
        }
        if outcome.ignore {
            return Err(InitError::Ignore);
        }
        Self::finish(&mut outcome, cx);
        Ok(server)
    }

    async fn handle_message(&mut self, message: Message, cx: &mut Context<Self>) {
        match message {
            Message::Call { ops, reply_to } => {
                let mut from = Some(reply_to);
                let mut outcome = self.run(ops, &mut from, cx).await;
                Self::finish(&mut outcome, cx);
                let Some(from) = from else { return };
                if outcome.no_reply {
                    self.forgotten.push(from);
                } else {
                    cx.reply(from, outcome.reply.unwrap_or_else(|| "ok".to_owned()));
                }
            }
            Message::Do { ops } => {
                let mut outcome = self.run(ops, &mut None, cx).await;
                Self::finish(&mut outcome, cx);
            }
            Message::Note(x) => self.log(format!("note {x}")),
            Message::Continue(x) => {
                self.log(format!("continue {x}"));
                match x.parse::<u32>() {
                    Ok(0) => {}
                    Ok(x) => cx.continue_with(Message::Continue((x - 1).to_string())),
                    Err(_) => cx.stop(ExitReason::Normal),
                }
            }
        }
    }

    async fn handle_exit(&mut self, exit: Exit, _cx: &mut Context<Self>) {
        self.log(format!("exit_message {}", show_reason(&exit.reason, '/')));
    }

    async fn handle_timeout(&mut self, _cx: &mut Context<Self>) {
        self.log("timeout");
    }

    async fn terminate(&mut self, reason: &ExitReason, _cx: &mut Context<Self>) {
        self.log(format!("terminate {}", show_reason(reason, '/')));
        match self.last_words.as_deref() {
            None => {}
            Some("panic") => panic!("last"),
            Some(x) => process::exit_with(ExitReason::error(x)),
        }
    }
}

pub(super) async fn run(lines: Vec<String>) -> Result<String, BadScenario> {
    let (done, trace) = oneshot::channel();
    process::spawn(async move |mailbox: Mailbox<Told>| {
        process::trap_exit(true);
        let driver = Driver {
            mailbox,
            node: Node::current().expect("the driver is a process"),
            monitors: HashMap::new(),
        };
        drop(done.send(driver.run(&lines).await));
    });
    trace
        .await
        .unwrap_or_else(|_| Err(BadScenario("the driver crashed".to_owned())))
}

struct Driver {
    mailbox: Mailbox<Told>,
    node: Node,
    monitors: HashMap<MonitorRef, String>,
}

impl Driver {
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
        let ok = || Ok(Some("ok".to_owned()));
        match words[..] {
            ["start", id, trap, ref ops @ ..] => {
                let script = Script {
                    id: id.to_owned(),
                    trap: trap == "trap=true",
                    ops: Op::parse_all(ops)?,
                    driver: self.mailbox.address(),
                };
                Ok(Some(self.start(id, script).await))
            }
            ["call", client, id, ref words @ ..] => {
                let (within, words) = match words {
                    [first, rest @ ..] if first.starts_with("within=") => {
                        (first.strip_prefix("within="), rest)
                    }
                    all => (None, all),
                };
                let within = within
                    .and_then(|ms| ms.parse().ok())
                    .map(Duration::from_millis);
                self.call(client, id, within, Op::parse_all(words)?);
                Ok(None)
            }
            ["cast", id, ref words @ ..] => {
                ServerRef::<Scripted>::named(id).cast(Message::Do {
                    ops: Op::parse_all(words)?,
                });
                ok()
            }
            ["info", id, ref words @ ..] => {
                let ops = Op::parse_all(words)?;
                Ok(self.if_running(id, |_| {
                    drop(ServerRef::<Scripted>::named(id).cast(Message::Do { ops }))
                }))
            }
            ["stop", client, id, reason] => {
                self.stop(client, id, parse_reason(reason, '/'));
                Ok(None)
            }
            ["stranger", id, reason] => {
                let reason = parse_reason(reason, '/');
                Ok(self.if_running(id, |pid| {
                    process::spawn(async move { process::exit(pid, reason) });
                }))
            }
            ["parent", id, reason] => {
                Ok(self.if_running(id, |pid| process::exit(pid, parse_reason(reason, '/'))))
            }
            ["suspend", id] => Ok(Some(answer(
                sys::suspend(&ServerRef::<Scripted>::named(id)).await,
            ))),
            ["resume", id] => Ok(Some(answer(
                sys::resume(&ServerRef::<Scripted>::named(id)).await,
            ))),
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

    async fn start(&mut self, id: &str, script: Script) -> String {
        match gen_server::start_link::<ServerRef<Scripted>>(script)
            .name(id)
            .await
        {
            Ok(server) => {
                self.monitors.insert(server.monitor(), id.to_owned());
                "ok".to_owned()
            }
            Err(StartError::AlreadyStarted(_)) => "error already_started".to_owned(),
            Err(StartError::Init(reason)) => format!("error {}", show_reason(&reason, '/')),
            Err(StartError::Ignore) => "ignore".to_owned(),
            Err(other) => format!("error {other}"),
        }
    }

    fn call(&self, client: &str, id: &str, within: Option<Duration>, ops: Vec<Op>) {
        let (driver, client) = (self.mailbox.address(), client.to_owned());
        let call =
            ServerRef::<Scripted>::named(id).call(|reply_to| Message::Call { ops, reply_to });
        process::spawn(async move {
            let line = line_of_call(&client, call, within).await;
            driver.send(Told::Client(line));
        });
    }

    fn stop(&self, client: &str, id: &str, reason: ExitReason) {
        let (driver, client) = (self.mailbox.address(), client.to_owned());
        let stop = ServerRef::<Scripted>::named(id)
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

    fn if_running(&self, id: &str, act: impl FnOnce(otp_core::Pid)) -> Option<String> {
        match self.node.whereis(id) {
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
        let monitors = &self.monitors;
        collect(&mut self.mailbox, QUIET, |event| match event {
            Event::Message(Told::Log { server, line }) => logs.push((server, line)),
            Event::Message(Told::Client(line)) => rest.push(line),
            Event::Down(down) => {
                if let Some(id) = monitors.get(&down.monitor) {
                    rest.push(format!("down {id} {}", show_reason(&down.reason, '/')));
                }
            }
            _ => {}
        })
        .await;
        logs.sort_by(|(a, _), (b, _)| a.cmp(b));
        rest.sort_unstable();
        logs.iter()
            .for_each(|(server, line)| trace.line(format_args!("{server}: {line}")));
        rest.iter().for_each(|line| trace.line(line));
    }
}

fn answer(answer: Result<(), CallFailure>) -> String {
    match answer {
        Ok(()) => "ok".to_owned(),
        Err(CallFailure::NoProc) => "not_running".to_owned(),
        Err(other) => format!("error {other}"),
    }
}

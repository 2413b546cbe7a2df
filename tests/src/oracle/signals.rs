//! Links, monitors, names and exit signals.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::time::Duration;

use otp_core::process::{self, Address, Event, Mailbox, MonitorRef};
use otp_core::{ExitReason, Name, Node, Pid};
use tokio::sync::oneshot;

use super::driver::{await_point, collect, parse_reason, show_reason};
use super::{BadScenario, Trace};

/// How long nothing must happen until an event is over.
const QUIET: Duration = Duration::from_millis(15);

/// What a process is asked to do, and whom it tells the outcome.
struct Command {
    act: Act,
    done: oneshot::Sender<Answer>,
}

enum Act {
    Nothing,
    Link(Pid),
    Unlink(Pid),
    Monitor(Pid),
    MonitorName(String),
    Demonitor(MonitorRef),
    Exit(ExitReason),
    Signal(Pid, ExitReason),
    Trap(bool),
    SpawnLink(Actor),
    SpawnMonitor(Actor),
}

enum Answer {
    Text(String),
    Monitor(MonitorRef),
    Spawned(Address<Command>, Option<MonitorRef>),
}

/// What a process tells the driver.
enum Got {
    Down {
        by: String,
        from: Pid,
        name: Option<Name>,
        reason: ExitReason,
    },
    Exit {
        by: String,
        from: Pid,
        reason: ExitReason,
    },
}

/// The code of a scenario's process.
struct Actor {
    id: String,
    trap: bool,
    driver: Address<Got>,
}

impl Actor {
    fn spawn(self) -> Address<Command> {
        process::spawn(async move |mailbox: Mailbox<Command>| self.run(mailbox).await)
    }

    /// Boxed, as an actor can start an actor.
    fn boxed(self, mailbox: Mailbox<Command>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.run(mailbox))
    }

    async fn run(self, mut mailbox: Mailbox<Command>) {
        process::trap_exit(self.trap);
        loop {
            match mailbox.next_event().await {
                Event::Message(Command { act, done }) => {
                    let answer = self.act(act).await;
                    // A driver that does not wait any more has nothing to do with the answer.
                    drop(done.send(answer));
                }
                Event::Down(down) => {
                    self.driver.send(Got::Down {
                        by: self.id.clone(),
                        from: down.pid,
                        name: down.name,
                        reason: down.reason,
                    });
                }
                Event::Exit(exit) => {
                    self.driver.send(Got::Exit {
                        by: self.id.clone(),
                        from: exit.pid,
                        reason: exit.reason,
                    });
                }
                _ => {}
            }
        }
    }

    async fn act(&self, act: Act) -> Answer {
        let ok = || Answer::Text("ok".to_owned());
        match act {
            Act::Nothing => ok(),
            Act::Link(peer) => match process::try_link(peer) {
                Ok(()) => ok(),
                Err(_) => Answer::Text("error noproc".to_owned()),
            },
            Act::Unlink(peer) => {
                process::unlink(peer);
                ok()
            }
            Act::Monitor(target) => Answer::Monitor(process::monitor(target)),
            Act::MonitorName(name) => Answer::Monitor(process::monitor(Name::from(name))),
            Act::Demonitor(monitor) => match process::demonitor(monitor) {
                Ok(active) => Answer::Text(active.to_string()),
                Err(_) => Answer::Text("error badarg".to_owned()),
            },
            Act::Exit(reason) => process::exit_with(reason),
            Act::Signal(target, reason) => {
                process::exit(target, reason);
                if target == process::self_pid() {
                    await_point().await;
                }
                ok()
            }
            Act::Trap(trap) => Answer::Text(process::trap_exit(trap).to_string()),
            Act::SpawnLink(actor) => Answer::Spawned(
                process::spawn_link(move |mailbox: Mailbox<Command>| actor.boxed(mailbox)),
                None,
            ),
            Act::SpawnMonitor(actor) => {
                let (address, monitor) =
                    process::spawn_monitor(move |mailbox: Mailbox<Command>| actor.boxed(mailbox));
                Answer::Spawned(address, Some(monitor))
            }
        }
    }
}

pub(super) async fn run(lines: Vec<String>) -> Result<String, BadScenario> {
    let (done, trace) = oneshot::channel();
    process::spawn(async move |mailbox: Mailbox<Got>| {
        drop(done.send(Driver::new(mailbox).run(&lines).await));
    });
    trace
        .await
        .unwrap_or_else(|_| Err(BadScenario("the driver crashed".to_owned())))
}

struct Driver {
    mailbox: Mailbox<Got>,
    node: Node,
    actors: BTreeMap<String, Address<Command>>,
    ids: HashMap<Pid, String>,
    watches: HashMap<MonitorRef, String>,
    monitors: HashMap<(String, String), Vec<MonitorRef>>,
    trace: Trace,
}

impl Driver {
    fn new(mailbox: Mailbox<Got>) -> Self {
        Driver {
            mailbox,
            node: Node::current().expect("the driver is a process"),
            actors: BTreeMap::new(),
            ids: HashMap::new(),
            watches: HashMap::new(),
            monitors: HashMap::new(),
            trace: Trace::default(),
        }
    }

    async fn run(mut self, lines: &[String]) -> Result<String, BadScenario> {
        let mut lines = lines.iter();
        for line in lines.by_ref().take_while(|line| *line != "events") {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["proc", id, trap] => {
                    let actor = self.actor(id, trap);
                    self.adopt(id, actor.spawn());
                    self.have(id, Act::Nothing).await?.ok();
                }
                _ => return Err(BadScenario(format!("not understood: {line}"))),
            }
        }
        for line in lines {
            self.trace.line(format_args!("== {line}"));
            let reply = self.event(line).await?;
            self.trace.line(format_args!("reply {reply}"));
            self.report().await;
        }
        let alive: String = self
            .actors
            .iter()
            .filter(|(_, actor)| actor.is_alive())
            .map(|(id, _)| format!(" {id}"))
            .collect();
        self.trace.line("== end");
        self.trace.line(format_args!("alive{alive}"));
        Ok(self.trace.0)
    }

    fn actor(&self, id: &str, trap: &str) -> Actor {
        Actor {
            id: id.to_owned(),
            trap: trap == "trap=true",
            driver: self.mailbox.address(),
        }
    }

    fn adopt(&mut self, id: &str, address: Address<Command>) {
        self.watches
            .insert(process::monitor(&address), id.to_owned());
        self.know(id, address);
    }

    fn know(&mut self, id: &str, address: Address<Command>) {
        self.ids.insert(address.pid(), id.to_owned());
        self.actors.insert(id.to_owned(), address);
    }

    fn pid(&self, id: &str) -> Result<Pid, BadScenario> {
        self.actors
            .get(id)
            .map(Address::pid)
            .ok_or_else(|| BadScenario(format!("unknown process: {id}")))
    }

    async fn event(&mut self, line: &str) -> Result<String, BadScenario> {
        let answer = match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["link", a, b] => self.have(a, Act::Link(self.pid(b)?)).await?,
            ["unlink", a, b] => self.have(a, Act::Unlink(self.pid(b)?)).await?,
            ["monitor", a, b] => {
                let answer = self.have(a, Act::Monitor(self.pid(b)?)).await?;
                return Ok(self.keep_monitor(a, b, answer));
            }
            ["monitor_name", a, name] => {
                let answer = self.have(a, Act::MonitorName(name.to_owned())).await?;
                return Ok(self.keep_monitor(a, name, answer));
            }
            ["demonitor", a, b] => return self.demonitor(a, b).await,
            ["exit", a, reason] => self.have(a, Act::Exit(parse_reason(reason, ':'))).await?,
            ["signal", a, b, reason] => {
                self.have(a, Act::Signal(self.pid(b)?, parse_reason(reason, ':')))
                    .await?
            }
            ["trap", a, trap] => self.have(a, Act::Trap(trap == "true")).await?,
            ["spawn_link", a, x, trap] => {
                let answer = self.have(a, Act::SpawnLink(self.actor(x, trap))).await?;
                return self.spawned(a, x, answer).await;
            }
            ["spawn_monitor", a, x, trap] => {
                let answer = self.have(a, Act::SpawnMonitor(self.actor(x, trap))).await?;
                return self.spawned(a, x, answer).await;
            }
            ["register", a, name] => {
                return Ok(ok_or_badarg(self.node.register(name, self.pid(a)?).is_ok()));
            }
            ["unregister", name] => return Ok(ok_or_badarg(self.node.unregister(name).is_ok())),
            ["whereis", name] => {
                let holder = self.node.whereis(name).and_then(|pid| self.ids.get(&pid));
                return Ok(holder.cloned().unwrap_or_else(|| "none".to_owned()));
            }
            _ => return Err(BadScenario(format!("not understood: {line}"))),
        };
        Ok(match answer {
            Ok(Answer::Text(text)) => text,
            Ok(_) => "ok".to_owned(),
            Err(why) => why,
        })
    }

    /// Has a process do something. Err with what is to be replied if it is not running, or ends while doing it.
    async fn have(&self, id: &str, act: Act) -> Result<Result<Answer, String>, BadScenario> {
        let actor = self
            .actors
            .get(id)
            .ok_or_else(|| BadScenario(format!("unknown process: {id}")))?;
        if !actor.is_alive() {
            return Ok(Err("not_running".to_owned()));
        }
        let (done, answer) = oneshot::channel();
        actor.send(Command { act, done });
        Ok(answer.await.map_err(|_| "ended".to_owned()))
    }

    fn keep_monitor(&mut self, a: &str, b: &str, answer: Result<Answer, String>) -> String {
        match answer {
            Ok(Answer::Monitor(monitor)) => {
                self.monitors
                    .entry((a.to_owned(), b.to_owned()))
                    .or_default()
                    .push(monitor);
                "ok".to_owned()
            }
            Ok(_) => "ok".to_owned(),
            Err(why) => why,
        }
    }

    async fn demonitor(&mut self, a: &str, b: &str) -> Result<String, BadScenario> {
        let alive = self.actors.get(a).is_some_and(Address::is_alive);
        if !alive {
            return Ok("not_running".to_owned());
        }
        let newest = self
            .monitors
            .get_mut(&(a.to_owned(), b.to_owned()))
            .and_then(Vec::pop);
        let Some(monitor) = newest else {
            return Ok("none".to_owned());
        };
        Ok(match self.have(a, Act::Demonitor(monitor)).await? {
            Ok(Answer::Text(text)) => text,
            Ok(_) => "ok".to_owned(),
            Err(why) => why,
        })
    }

    async fn spawned(
        &mut self,
        a: &str,
        x: &str,
        answer: Result<Answer, String>,
    ) -> Result<String, BadScenario> {
        Ok(match answer {
            Ok(Answer::Spawned(address, monitor)) => {
                if let Some(monitor) = monitor {
                    self.monitors
                        .entry((a.to_owned(), x.to_owned()))
                        .or_default()
                        .push(monitor);
                }
                self.adopt(x, address);
                // It has begun, and traps exits if it is to.
                self.have(x, Act::Nothing).await?.ok();
                "ok".to_owned()
            }
            Ok(_) => "ok".to_owned(),
            Err(why) => {
                // The ID is one of a process that has ended.
                self.know(x, process::spawn(async |_: Mailbox<Command>| ()));
                why
            }
        })
    }

    async fn report(&mut self) {
        let mut lines = Vec::new();
        let (ids, watches) = (&self.ids, &self.watches);
        let id = |pid: Pid| ids.get(&pid).map_or("?", String::as_str);
        collect(&mut self.mailbox, QUIET, |event| match event {
            Event::Message(Got::Exit { by, from, reason }) => {
                lines.push(format!(
                    "got {by} EXIT {} {}",
                    id(from),
                    show_reason(&reason, ':')
                ));
            }
            Event::Message(Got::Down {
                by,
                from,
                name,
                reason,
            }) => {
                let from = name.map_or_else(|| id(from).to_owned(), |name| format!("name:{name}"));
                lines.push(format!(
                    "got {by} DOWN {from} {}",
                    show_reason(&reason, ':')
                ));
            }
            Event::Down(down) => {
                if let Some(id) = watches.get(&down.monitor) {
                    lines.push(format!("ended {id} {}", show_reason(&down.reason, ':')));
                }
            }
            _ => {}
        })
        .await;
        lines.sort_unstable();
        lines.iter().for_each(|line| self.trace.line(line));
    }
}

fn ok_or_badarg(ok: bool) -> String {
    if ok {
        "ok".to_owned()
    } else {
        "error badarg".to_owned()
    }
}

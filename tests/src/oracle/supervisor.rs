//! Supervision trees.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use otp_core::process::{self, Address, Event, Mailbox, MonitorRef};
use otp_core::{
    AutoShutdown, CallFailure, ChildError, ChildSpec, ChildStart, ChildState, Context, ExitReason,
    FailedToStartChild, GenServer, InitError, Node, Pid, Restart, ServerHandle, ServerRef,
    Shutdown, SpecError, StartChildError, StartError, Strategy, Supervisor, SupervisorBuilder,
    SupervisorRef, gen_server, time,
};
use tokio::sync::oneshot;

use super::driver::{collect, parse_reason, show_reason};
use super::{BadScenario, Trace};

/// What the driver is told.
enum Told {
    Log(String),
    Began {
        id: String,
        pid: Pid,
        is_supervisor: bool,
        monitor: MonitorRef,
    },
    Ended {
        monitor: MonitorRef,
        reason: ExitReason,
    },
}

/// A process that has begun and is to be watched.
struct Watch {
    id: String,
    pid: Pid,
    is_supervisor: bool,
    watched: oneshot::Sender<()>,
}

/// What the next starts of a process are told to do.
#[derive(Clone, Copy)]
enum Next {
    Fail,
    Ignore,
}

/// What all processes of a scenario share.
#[derive(Clone)]
struct World {
    driver: Address<Told>,
    watcher: Address<Watch>,
    next: Arc<Mutex<HashMap<String, (Next, u32)>>>,
}

impl World {
    fn log(&self, line: String) {
        self.driver.send(Told::Log(line));
    }

    /// Whether this start of `id` is to go on.
    fn take(&self, id: &str) -> Result<(), InitError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((what, left @ 1..)) = next.get_mut(id) else {
            return Ok(());
        };
        *left -= 1;
        match what {
            Next::Fail => {
                self.log(format!("start_failed {id}"));
                Err(InitError::Stop(ExitReason::error("failed")))
            }
            Next::Ignore => {
                self.log(format!("start_ignored {id}"));
                Err(InitError::Ignore)
            }
        }
    }

    fn set_next(&self, id: &str, what: Next, count: u32) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.insert(id.to_owned(), (what, count));
    }
}

/// A line of the tree, with those below it.
#[derive(Clone)]
struct Plan {
    is_supervisor: bool,
    id: String,
    options: HashMap<String, String>,
    children: Vec<Plan>,
}

impl Plan {
    fn new(words: &[&str]) -> Result<Self, BadScenario> {
        let bad = || BadScenario(format!("not understood: {}", words.join(" ")));
        let [kind, id, options @ ..] = words else {
            return Err(bad());
        };
        let options = options.iter().map(|option| {
            let (key, value) = option.split_once('=').ok_or_else(bad)?;
            Ok((key.to_owned(), value.to_owned()))
        });
        Ok(Plan {
            is_supervisor: match *kind {
                "sup" => true,
                "worker" => false,
                _ => return Err(bad()),
            },
            id: (*id).to_owned(),
            options: options.collect::<Result<_, BadScenario>>()?,
            children: Vec::new(),
        })
    }

    /// The plans of these lines, by their indentation.
    fn parse(lines: &[String]) -> Result<Vec<Self>, BadScenario> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let mut plans = Vec::new();
        let mut rest = lines;
        while let [first, below @ ..] = rest {
            let deeper = |line: &&String| indent(line) > indent(first);
            let count = below.iter().take_while(deeper).count();
            let words: Vec<&str> = first.split_whitespace().collect();
            plans.push(Plan {
                children: Plan::parse(&below[..count])?,
                ..Plan::new(&words)?
            });
            rest = &below[count..];
        }
        Ok(plans)
    }

    fn option<T>(&self, key: &str, default: T, read: impl FnOnce(&str) -> Option<T>) -> T {
        let value = self.options.get(key);
        value.and_then(|value| read(value)).unwrap_or(default)
    }

    fn number(&self, key: &str, default: u64) -> u64 {
        self.option(key, default, |value| value.parse().ok())
    }

    fn restart(&self) -> Restart {
        self.option("restart", Restart::Permanent, |value| match value {
            "transient" => Some(Restart::Transient),
            "temporary" => Some(Restart::Temporary),
            _ => None,
        })
    }

    fn shutdown(&self) -> Shutdown {
        let default = if self.is_supervisor {
            Shutdown::Infinity
        } else {
            Shutdown::Timeout(Duration::from_millis(5000))
        };
        self.option("shutdown", default, |value| match value {
            "brutal_kill" => Some(Shutdown::BrutalKill),
            "infinity" => Some(Shutdown::Infinity),
            time => Some(Shutdown::Timeout(Duration::from_millis(time.parse().ok()?))),
        })
    }

    /// The supervisor, with its children.
    fn builder(&self, world: &World) -> SupervisorBuilder {
        let strategy = self.option("strategy", Strategy::OneForOne, |value| match value {
            "one_for_all" => Some(Strategy::OneForAll),
            "rest_for_one" => Some(Strategy::RestForOne),
            _ => None,
        });
        let auto_shutdown =
            self.option("auto_shutdown", AutoShutdown::Never, |value| match value {
                "any_significant" => Some(AutoShutdown::AnySignificant),
                "all_significant" => Some(AutoShutdown::AllSignificant),
                _ => None,
            });
        let intensity = u32::try_from(self.number("intensity", 1)).unwrap_or(u32::MAX);
        let period = Duration::from_secs(self.number("period", 3600));
        let builder = Supervisor::builder(strategy)
            .max_restarts(intensity, period)
            .auto_shutdown(auto_shutdown);
        let add = |builder: SupervisorBuilder, child: &Plan| child.add_to(builder, world);
        self.children.iter().fold(builder, add)
    }

    fn add_to(&self, builder: SupervisorBuilder, world: &World) -> SupervisorBuilder {
        if self.is_supervisor {
            builder.child(self.supervisor(world))
        } else {
            builder.child(self.worker(world))
        }
    }

    fn with_options<H: otp_core::ChildHandle>(&self, spec: ChildSpec<H>) -> ChildSpec<H> {
        spec.restart(self.restart())
            .shutdown(self.shutdown())
            .significant(self.option("significant", false, |value| value.parse().ok()))
    }

    fn worker(&self, world: &World) -> ChildSpec<ServerRef<Worker>> {
        let (plan, world) = (self.clone(), world.clone());
        let start = move || {
            let start = gen_server::start_link::<ServerRef<Worker>>((plan.clone(), world.clone()));
            Watched {
                start: start.name(&*plan.id),
                plan: plan.clone(),
                world: world.clone(),
            }
        };
        self.with_options(ChildSpec::new(&*self.id, start))
    }

    fn supervisor(&self, world: &World) -> ChildSpec<SupervisorRef> {
        let (plan, world) = (self.clone(), world.clone());
        let start = move || {
            let (own, shared) = (plan.clone(), world.clone());
            let start = Supervisor::start_link_with(move || async move {
                shared.log(format!("start {}", own.id));
                Ok(own.builder(&shared))
            });
            Watched {
                start: start.name(&*plan.id),
                plan: plan.clone(),
                world: world.clone(),
            }
        };
        self.with_options(ChildSpec::new(&*self.id, start))
    }
}

/// A start whose process is watched before the start is reported, so that no reason is missed.
struct Watched<S> {
    start: S,
    plan: Plan,
    world: World,
}

impl<S: ChildStart> ChildStart for Watched<S> {
    type Handle = S::Handle;

    fn start_at(
        self,
        handle: &S::Handle,
    ) -> impl Future<Output = Result<otp_core::Begun, StartError>> + Send + 'static {
        let handle = handle.clone();
        async move {
            let Watched { start, plan, world } = self;
            if plan.is_supervisor {
                world.take(&plan.id).map_err(|error| match error {
                    InitError::Stop(reason) => StartError::Init(reason),
                    InitError::Ignore => StartError::Ignore,
                })?;
            }
            let begun = start.start_at(&handle).await?;
            let (watched, done) = oneshot::channel();
            world.watcher.send(Watch {
                id: plan.id,
                pid: begun.pid(),
                is_supervisor: plan.is_supervisor,
                watched,
            });
            done.await.expect("the watcher watches");
            Ok(begun)
        }
    }
}

/// Watches processes for the driver, which is not always listening.
async fn watch(mut mailbox: Mailbox<Watch>, driver: Address<Told>) {
    loop {
        match mailbox.next_event().await {
            Event::Message(watch) => {
                driver.send(Told::Began {
                    id: watch.id,
                    pid: watch.pid,
                    is_supervisor: watch.is_supervisor,
                    monitor: process::monitor(watch.pid),
                });
                let _ = watch.watched.send(());
            }
            Event::Down(down) => {
                driver.send(Told::Ended {
                    monitor: down.monitor,
                    reason: down.reason,
                });
            }
            _ => {}
        }
    }
}

/// A plain server that writes what happens to it.
struct Worker {
    plan: Plan,
    world: World,
}

impl GenServer for Worker {
    type Args = (Plan, World);
    type Message = ExitReason;

    async fn init((plan, world): Self::Args, cx: &mut Context<Self>) -> Result<Self, InitError> {
        world.take(&plan.id)?;
        cx.trap_exit(plan.option("trap", false, |value| value.parse().ok()));
        world.log(format!("start {}", plan.id));
        Ok(Worker { plan, world })
    }

    /// Stops with the reason.
    async fn handle_message(&mut self, reason: ExitReason, cx: &mut Context<Self>) {
        cx.stop(reason);
    }

    async fn terminate(&mut self, reason: &ExitReason, _cx: &mut Context<Self>) {
        let linger = self.plan.number("linger", 0);
        if linger > 0 {
            time::sleep(Duration::from_millis(linger)).await;
        }
        let (id, reason) = (&self.plan.id, show_reason(reason, ':'));
        self.world.log(format!("terminate {id} {reason}"));
    }
}

pub(super) async fn run(lines: Vec<String>) -> Result<String, BadScenario> {
    let (done, trace) = oneshot::channel();
    process::spawn(async move |mailbox: Mailbox<Told>| {
        process::trap_exit(true);
        drop(done.send(Driver::run(mailbox, &lines).await));
    });
    trace
        .await
        .unwrap_or_else(|_| Err(BadScenario("the driver crashed".to_owned())))
}

struct Driver {
    mailbox: Mailbox<Told>,
    node: Node,
    world: World,
    quiet: Duration,
    watched: HashMap<MonitorRef, String>,
    /// How often a process of an id has begun.
    generations: HashMap<String, u32>,
    generation_of: HashMap<Pid, u32>,
    /// The living supervisors.
    supervisors: BTreeMap<String, Pid>,
}

impl Driver {
    async fn run(mailbox: Mailbox<Told>, lines: &[String]) -> Result<String, BadScenario> {
        let is_events = |line: &String| line.trim() == "events";
        let middle = lines.iter().position(is_events);
        let middle = middle.ok_or_else(|| BadScenario("there is no line `events`".to_owned()))?;
        let (tree, events) = (&lines[..middle], &lines[middle + 1..]);
        let roots = Plan::parse(tree)?;
        let [root] = &roots[..] else {
            return Err(BadScenario("a tree has one root".to_owned()));
        };
        let lingers = lines.iter().any(|line| line.contains("linger="));
        let address = mailbox.address();
        let watcher =
            process::spawn(async move |mailbox: Mailbox<Watch>| watch(mailbox, address).await);
        let mut driver = Driver {
            world: World {
                driver: mailbox.address(),
                watcher,
                next: Arc::default(),
            },
            node: Node::current().expect("the driver is a process"),
            mailbox,
            quiet: Duration::from_millis(if lingers { 350 } else { 70 }),
            watched: HashMap::new(),
            generations: HashMap::new(),
            generation_of: HashMap::new(),
            supervisors: BTreeMap::new(),
        };
        let mut trace = Trace::default();
        trace.line("== start");
        let started = if root.is_supervisor {
            root.supervisor(&driver.world).start().await.map(drop)
        } else {
            root.worker(&driver.world).start().await.map(drop)
        };
        trace.line(format_args!(
            "reply {}",
            match started {
                Ok(()) => "ok pid".to_owned(),
                Err(StartError::Ignore) => "ignore".to_owned(),
                Err(error) => format!("error {}", show_start_error(&error)),
            }
        ));
        driver.report(&mut trace).await;
        for event in events {
            let event = event.trim();
            trace.line(format_args!("== {event}"));
            if let Some(reply) = driver.event(event).await? {
                trace.line(format_args!("reply {reply}"));
            }
            driver.report(&mut trace).await;
        }
        Ok(trace.0)
    }

    async fn event(&mut self, line: &str) -> Result<Option<String>, BadScenario> {
        let bad = || BadScenario(format!("not understood: {line}"));
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match words[..] {
            ["exit", id, reason] => self.if_running(id, |_| {
                let worker = ServerRef::<Worker>::named(id);
                drop(worker.cast(parse_reason(reason, ':')));
            }),
            ["kill", id] => self.if_running(id, |pid| process::exit(pid, ExitReason::Kill)),
            ["signal" | "stop", id, reason] => {
                self.if_running(id, |pid| process::exit(pid, parse_reason(reason, ':')))
            }
            ["fail_next", id, count] => {
                let count = count.parse().map_err(|_| bad())?;
                self.world.set_next(id, Next::Fail, count);
                None
            }
            ["ignore_next", id, count] => {
                let count = count.parse().map_err(|_| bad())?;
                self.world.set_next(id, Next::Ignore, count);
                None
            }
            ["start_child", supervisor, ref words @ ..] => {
                let plan = Plan::new(words)?;
                let supervisor = SupervisorRef::named(supervisor);
                let started = if plan.is_supervisor {
                    let spec = plan.supervisor(&self.world);
                    supervisor.start_child(spec).await.map(drop)
                } else {
                    let spec = plan.worker(&self.world);
                    supervisor.start_child(spec).await.map(drop)
                };
                Some(match started {
                    Ok(()) => "ok pid".to_owned(),
                    Err(StartChildError::Start(StartError::Ignore)) => "ok undefined".to_owned(),
                    Err(error) => format!("error {}", show_start_child_error(&error)),
                })
            }
            ["terminate_child", supervisor, id] => Some(show_answer(
                &SupervisorRef::named(supervisor).terminate_child(id).await,
                |()| "ok",
            )),
            ["restart_child", supervisor, id] => Some(show_answer(
                &SupervisorRef::named(supervisor).restart_child(id).await,
                |pid| match pid {
                    Some(_) => "ok pid",
                    None => "ok undefined",
                },
            )),
            ["delete_child", supervisor, id] => Some(show_answer(
                &SupervisorRef::named(supervisor).delete_child(id).await,
                |()| "ok",
            )),
            ["count_children", supervisor] => {
                let counts = SupervisorRef::named(supervisor).count_children().await;
                Some(match counts {
                    Ok(counts) => format!(
                        "specs={} active={} supervisors={} workers={}",
                        counts.specs, counts.active, counts.supervisors, counts.workers
                    ),
                    Err(failure) => format!("error {}", show_failure(&failure)),
                })
            }
            _ => return Err(bad()),
        })
    }

    fn if_running(&self, id: &str, act: impl FnOnce(Pid)) -> Option<String> {
        match self.node.whereis(id) {
            Some(pid) => {
                act(pid);
                None
            }
            None => Some("not_running".to_owned()),
        }
    }

    /// Waits until nothing has been heard for a while, then writes what was heard and where the tree stands.
    async fn report(&mut self, trace: &mut Trace) {
        let mut told = Vec::new();
        collect(&mut self.mailbox, self.quiet, |event| {
            if let Event::Message(message) = event {
                told.push(message);
            }
        })
        .await;
        let mut ends = Vec::new();
        for told in told {
            match told {
                Told::Log(line) => trace.line(line),
                Told::Began {
                    id,
                    pid,
                    is_supervisor,
                    monitor,
                } => {
                    let generation = self.generations.entry(id.clone()).or_default();
                    *generation += 1;
                    self.generation_of.insert(pid, *generation);
                    if is_supervisor {
                        self.supervisors.insert(id.clone(), pid);
                    }
                    self.watched.insert(monitor, id);
                }
                Told::Ended { monitor, reason } => {
                    if let Some(id) = self.watched.remove(&monitor) {
                        let has_term = matches!(reason, ExitReason::ShutdownWith(_));
                        ends.push((id, has_term, show_reason(&reason, ':')));
                    }
                }
            }
        }
        // As Erlang sorts: by name, atoms before tuples.
        ends.sort_unstable();
        for (id, _, reason) in ends {
            trace.line(format_args!("down {id} {reason}"));
        }
        self.supervisors.retain(|_, pid| self.node.is_alive(*pid));
        for id in self.supervisors.keys() {
            let children = SupervisorRef::named(&**id).which_children().await;
            let children = children.unwrap_or_default().into_iter().rev();
            let children =
                children.map(|child| format!(" {}={}", child.id, self.place(child.state)));
            trace.line(format_args!("tree {id}:{}", children.collect::<String>()));
        }
    }

    fn place(&self, state: ChildState) -> String {
        match state {
            ChildState::Running(pid) => match self.generation_of.get(&pid) {
                Some(generation) => generation.to_string(),
                None => "?".to_owned(),
            },
            other => other.to_string(),
        }
    }
}

fn show_start_error(error: &StartError) -> String {
    match error {
        StartError::AlreadyStarted(_) => "already_started".to_owned(),
        StartError::Spec(error) => show_spec_error(error),
        StartError::Init(reason) => match reason.downcast_ref::<FailedToStartChild>() {
            Some(failed) => {
                let inner = show_start_error(&failed.error);
                format!("failed_to_start_child {} {inner}", failed.id)
            }
            None => show_reason(reason, ':'),
        },
        other => other.to_string(),
    }
}

fn show_spec_error(error: &SpecError) -> String {
    match error {
        SpecError::DuplicateChild(id) => format!("duplicate_child {id}"),
        SpecError::SignificantWithoutAutoShutdown(_) | SpecError::SignificantPermanent(_) => {
            "bad_combination".to_owned()
        }
        other => other.to_string(),
    }
}

fn show_start_child_error(error: &StartChildError) -> String {
    match error {
        StartChildError::AlreadyStarted(_) => "already_started".to_owned(),
        StartChildError::AlreadyPresent => "already_present".to_owned(),
        StartChildError::Spec(error) => show_spec_error(error),
        StartChildError::Start(error) => show_start_error(error),
        StartChildError::Failed(failure) => show_failure(failure),
        other => other.to_string(),
    }
}

fn show_answer<T: Copy>(
    answer: &Result<T, ChildError>,
    show: impl FnOnce(T) -> &'static str,
) -> String {
    match answer {
        Ok(answer) => show(*answer).to_owned(),
        Err(error) => {
            let error = match error {
                ChildError::NotFound => "not_found".to_owned(),
                ChildError::Running => "running".to_owned(),
                ChildError::Restarting => "restarting".to_owned(),
                ChildError::Start(error) => show_start_error(error),
                ChildError::Failed(failure) => show_failure(failure),
                other => other.to_string(),
            };
            format!("error {error}")
        }
    }
}

fn show_failure(failure: &CallFailure) -> String {
    match failure {
        CallFailure::NoProc => "noproc".to_owned(),
        other => other.to_string(),
    }
}

//! The process that knows all applications of a node: OTP's application controller.
//!
//! It never waits for an application: starts and stops are done by masters, which tell it when they are done. So it
//! answers whatever happens to others, and a child that asks it while its application stops, or a start that asks it for
//! another one, cannot block it.
//!
//! States of an application: loaded, starting, running, stopping, and loaded again. While all are being stopped
//! (`halting`), which is for good, the last of `order` is stopped and its end waited for, until none is left.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, oneshot};
use tokio_util::sync::CancellationToken;

use super::callbacks::{ApplicationContext, Root};
use super::env::{ConfigChange, Environment};
use super::error::{ApplicationError, EnvError, StartError};
use super::handle::{Applications, Shared};
use super::master::{Command, Loaded, Master};
use super::plan::{Halt, RestartType, Verdict, Vertex, on_end};
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::{self, Address, Event, Mailbox};
use crate::time::Instant;

type Answer<T> = oneshot::Sender<T>;
type AnyRoot = Arc<dyn Any + Send + Sync>;
type Started = Result<AnyRoot, StartError>;

/// An application to be loaded.
pub(super) struct NewApplication {
    pub(super) vertex: Vertex,
    pub(super) loaded: Loaded,
    pub(super) shutdown_timeout: Option<Duration>,
    pub(super) check: fn(&Environment) -> Result<(), EnvError>,
    /// Takes the place of one that is loaded and does not run.
    pub(super) replaces: bool,
}

/// What the controller is asked, by handles and by masters.
pub(super) enum Request {
    Load(Vec<NewApplication>, Answer<()>),
    Unload(&'static str, Answer<Result<(), ApplicationError>>),
    Start {
        name: &'static str,
        restart_type: RestartType,
        answer: Answer<Started>,
    },
    Stop(&'static str, Answer<Result<(), ApplicationError>>),
    StopAll {
        status: u8,
    },
    Vertices(Answer<Vec<Vertex>>),
    Which(Answer<Vec<(&'static str, RestartType)>>),
    LoadedNames(Answer<Vec<&'static str>>),
    Root(&'static str, Answer<Option<AnyRoot>>),
    Reload(
        &'static str,
        Box<Environment>,
        Answer<Result<ConfigChange, ApplicationError>>,
    ),
    Began {
        master: Pid,
        began: Result<Root, StartError>,
    },
    Ended {
        master: Pid,
        reason: ExitReason,
    },
}

struct Entry {
    vertex: Vertex,
    loaded: Arc<Mutex<Loaded>>,
    shutdown_timeout: Option<Duration>,
    check: fn(&Environment) -> Result<(), EnvError>,
    state: State,
}

enum State {
    Loaded,
    Starting(Live, Vec<Answer<Started>>),
    Running(Live, Root),
    Stopping(
        Live,
        Option<Root>,
        Vec<Answer<Result<(), ApplicationError>>>,
    ),
}

/// An application that has a master.
#[derive(Clone)]
struct Live {
    master: Address<Command>,
    restart_type: RestartType,
}

impl State {
    fn live(&self) -> Option<&Live> {
        match self {
            State::Loaded => None,
            State::Starting(live, _) | State::Running(live, _) | State::Stopping(live, _, _) => {
                Some(live)
            }
        }
    }

    fn root(&self) -> Option<&Root> {
        match self {
            State::Loaded | State::Starting(..) => None,
            State::Running(_, root) => Some(root),
            State::Stopping(_, root, _) => root.as_ref(),
        }
    }
}

/// All applications are being stopped.
struct Halting {
    halt: Halt,
    /// The one that is being stopped, and until when it may take.
    current: Option<(&'static str, Option<Instant>)>,
}

pub(super) struct Controller {
    applications: Applications,
    shared: Arc<Shared>,
    entries: HashMap<&'static str, Entry>,
    /// Those that have a master, in the order in which they were started.
    order: Vec<&'static str>,
    halting: Option<Halting>,
    /// Its own end, when all have stopped.
    ends_with: Option<ExitReason>,
}

impl Controller {
    pub(super) async fn run(shared: Arc<Shared>, mut mailbox: Mailbox<Request>) -> ExitReason {
        process::trap_exit(true);
        let mut controller = Controller {
            applications: Applications::of(mailbox.address(), Arc::clone(&shared)),
            shared,
            entries: HashMap::new(),
            order: Vec::new(),
            halting: None,
            ends_with: None,
        };
        loop {
            match controller.next(&mut mailbox).await {
                None => controller.kill_current(),
                Some(Event::Message(request)) => controller.handle(request),
                Some(Event::Exit(exit)) => controller.exited(exit.pid, exit.reason),
                Some(Event::Down(_)) => {}
            }
            let is_done = controller.go_on_halting();
            if let Some(reason) = controller.ends_with.take_if(|_| is_done) {
                return reason;
            }
        }
    }

    /// What comes next; None if the application that is being stopped has had its time.
    async fn next(&self, mailbox: &mut Mailbox<Request>) -> Option<Event<Request>> {
        let current = self.halting.as_ref().and_then(|halting| halting.current);
        match current.and_then(|(_, deadline)| deadline) {
            None => Some(mailbox.next_event().await),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                process::within(left, mailbox.next_event()).await
            }
        }
    }

    fn handle(&mut self, request: Request) {
        match request {
            Request::Load(new, answer) => {
                for new in new {
                    self.load(new);
                }
                let _ = answer.send(());
            }
            Request::Unload(name, answer) => drop(answer.send(self.unload(name))),
            Request::Start {
                name,
                restart_type,
                answer,
            } => self.start(name, restart_type, answer),
            Request::Stop(name, answer) => self.stop(name, answer),
            Request::StopAll { status } => self.halt(Halt::Stopped { status }),
            Request::Vertices(answer) => {
                let vertices = self.entries.values().map(|entry| entry.vertex.clone());
                let _ = answer.send(vertices.collect());
            }
            Request::Which(answer) => drop(answer.send(self.which())),
            Request::LoadedNames(answer) => {
                let mut names: Vec<_> = self.entries.keys().copied().collect();
                names.sort_unstable();
                let _ = answer.send(names);
            }
            Request::Root(name, answer) => {
                let root = self.entries.get(name).and_then(|entry| match &entry.state {
                    State::Running(_, root) => Some(Arc::clone(&root.handle)),
                    State::Loaded | State::Starting(..) | State::Stopping(..) => None,
                });
                let _ = answer.send(root);
            }
            Request::Reload(name, env, answer) => self.reload(name, *env, answer),
            Request::Began { master, began } => self.began(master, began),
            Request::Ended { master, reason } => self.ended(master, &reason),
        }
    }

    fn load(&mut self, new: NewApplication) {
        let entry = self.entries.get(new.vertex.name);
        let is_there = entry.is_some_and(|entry| !new.replaces || entry.state.live().is_some());
        if !is_there {
            let entry = Entry {
                loaded: Arc::new(Mutex::new(new.loaded)),
                shutdown_timeout: new.shutdown_timeout,
                check: new.check,
                state: State::Loaded,
                vertex: new.vertex,
            };
            self.entries.insert(entry.vertex.name, entry);
        }
    }

    fn unload(&mut self, name: &'static str) -> Result<(), ApplicationError> {
        let entry = self.entries.get(name);
        let entry = entry.ok_or(ApplicationError::NotLoaded(name))?;
        if entry.state.live().is_some() {
            return Err(ApplicationError::Running(name));
        }
        self.entries.remove(name);
        self.shared.environments().remove(name);
        Ok(())
    }

    fn start(&mut self, name: &'static str, restart_type: RestartType, answer: Answer<Started>) {
        if let Err(error) = self.may_start(name) {
            let _ = answer.send(Err(error));
            return;
        }
        let env = self.shared.environments().get(name).cloned();
        let (Some(env), Some(entry)) = (env, self.entries.get_mut(name)) else {
            let _ = answer.send(Err(StartError::NotLoaded(name)));
            return;
        };
        if let State::Starting(_, waiting) = &mut entry.state {
            waiting.push(answer);
            return;
        }
        let master = Master {
            loaded: Arc::clone(&entry.loaded),
            env,
            cx: ApplicationContext {
                applications: self.applications.clone(),
                restart_type,
                token: CancellationToken::new(),
            },
            controller: self.applications.address().clone(),
        };
        let master = process::spawn_link(|mailbox| master.run(mailbox));
        let live = Live {
            master,
            restart_type,
        };
        entry.state = State::Starting(live, vec![answer]);
        self.order.push(name);
    }

    fn may_start(&self, name: &'static str) -> Result<(), StartError> {
        if self.halting.is_some() {
            return Err(StartError::Halting);
        }
        let entry = self.entries.get(name).ok_or(StartError::NotLoaded(name))?;
        match entry.state {
            State::Running(..) | State::Stopping(..) => {
                return Err(StartError::AlreadyStarted(name));
            }
            State::Loaded | State::Starting(..) => {}
        }
        let is_running = |name| matches!(self.state(name), Some(State::Running(..)));
        let mut required = entry.vertex.required.iter();
        // As in OTP, an optional one is no condition of the start; it has a place in the order only.
        match required.find(|name| !is_running(name)) {
            Some(missing) => Err(StartError::NotStarted(missing)),
            None => Ok(()),
        }
    }

    fn state(&self, name: &str) -> Option<&State> {
        self.entries.get(name).map(|entry| &entry.state)
    }

    fn stop(&mut self, name: &'static str, answer: Answer<Result<(), ApplicationError>>) {
        let refused = match self.entries.get_mut(name).map(|entry| &mut entry.state) {
            None => ApplicationError::NotLoaded(name),
            Some(State::Loaded | State::Starting(..)) => ApplicationError::NotStarted(name),
            Some(State::Stopping(_, _, waiting)) => {
                waiting.push(answer);
                return;
            }
            Some(state @ State::Running(..)) => {
                stop_running(state, vec![answer]);
                return;
            }
        };
        let _ = answer.send(Err(refused));
    }

    fn which(&self) -> Vec<(&'static str, RestartType)> {
        let running = self
            .order
            .iter()
            .rev()
            .filter_map(|name| match self.state(name)? {
                State::Running(live, _) => Some((*name, live.restart_type)),
                State::Loaded | State::Starting(..) | State::Stopping(..) => None,
            });
        running.collect()
    }

    fn reload(
        &mut self,
        name: &'static str,
        env: Environment,
        answer: Answer<Result<ConfigChange, ApplicationError>>,
    ) {
        let Some(entry) = self.entries.get(name) else {
            let _ = answer.send(Err(ApplicationError::NotLoaded(name)));
            return;
        };
        if let Err(error) = (entry.check)(&env) {
            let _ = answer.send(Err(ApplicationError::Env(error)));
            return;
        }
        let before = self.shared.environments().insert(name, env.clone());
        let change = before.map(|before| ConfigChange::between(&before, &env));
        let change = change.unwrap_or_default();
        let State::Running(live, _) = &entry.state else {
            let _ = answer.send(Ok(change));
            return;
        };
        if change.is_empty() {
            let _ = answer.send(Ok(change));
            return;
        }
        let (done, is_done) = oneshot::channel();
        live.master.send(Command::ConfigChange {
            change: change.clone(),
            env: Box::new(env),
            done,
        });
        process::spawn(async move {
            // Answers when the callback has returned.
            let told = is_done.await.map(|()| change);
            let _ = answer.send(told.map_err(|_| ApplicationError::NotStarted(name)));
        });
    }

    /// The application of a master.
    fn of_master(&mut self, master: Pid) -> Option<&mut Entry> {
        let mut entries = self.entries.values_mut();
        entries.find(|entry| {
            let live = entry.state.live();
            live.is_some_and(|live| live.master.pid() == master)
        })
    }

    fn began(&mut self, master: Pid, began: Result<Root, StartError>) {
        let Some(entry) = self.of_master(master) else {
            return;
        };
        let name = entry.vertex.name;
        let state = std::mem::replace(&mut entry.state, State::Loaded);
        match (state, began) {
            (State::Starting(live, waiting), Ok(root)) => {
                let restart_type = live.restart_type;
                tracing::info!(target: "otp_core::application", application = name, pid = %root.pid, ?restart_type, "application started");
                for answer in waiting {
                    let _ = answer.send(Ok(Arc::clone(&root.handle)));
                }
                let stopping = self.halting.as_ref().and_then(|halting| halting.current);
                // It has been told to stop, and had not seen that.
                let is_stopping = stopping.is_some_and(|(stopping, _)| stopping == name);
                let state = if is_stopping {
                    State::Stopping(live, Some(root), Vec::new())
                } else {
                    State::Running(live, root)
                };
                if let Some(entry) = self.entries.get_mut(name) {
                    entry.state = state;
                }
            }
            (State::Starting(_, waiting), Err(error)) => {
                tracing::error!(target: "otp_core::application", application = name, %error, "application did not start");
                for answer in waiting {
                    let _ = answer.send(Err(error.clone()));
                }
                self.gone(name);
            }
            // It was told to stop before it had begun; its end is still to come.
            (State::Stopping(live, _, waiting), Ok(root)) => {
                entry.state = State::Stopping(live, Some(root), waiting);
            }
            (State::Stopping(_, _, waiting), Err(_)) => {
                answer_all(waiting);
                self.gone(name);
            }
            (state, _) => entry.state = state,
        }
    }

    fn ended(&mut self, master: Pid, reason: &ExitReason) {
        let Some(entry) = self.of_master(master) else {
            return;
        };
        let name = entry.vertex.name;
        match std::mem::replace(&mut entry.state, State::Loaded) {
            State::Loaded => {}
            State::Starting(_, waiting) => {
                for answer in waiting {
                    let error = StartError::Start {
                        application: name,
                        reason: reason.clone(),
                    };
                    let _ = answer.send(Err(error));
                }
            }
            State::Stopping(_, _, waiting) => {
                tracing::info!(target: "otp_core::application", application = name, %reason, "application stopped");
                answer_all(waiting);
            }
            State::Running(live, _) => {
                let restart_type = live.restart_type;
                tracing::error!(target: "otp_core::application", application = name, %reason, ?restart_type, "application ended");
                match on_end(restart_type, reason) {
                    Verdict::Report => {}
                    Verdict::StopAll => self.halt(Halt::Terminated {
                        application: name,
                        reason: reason.clone(),
                    }),
                }
            }
        }
        self.gone(name);
    }

    /// It has no master any more.
    fn gone(&mut self, name: &'static str) {
        self.order.retain(|other| *other != name);
        let current = self.halting.as_mut().map(|halting| &mut halting.current);
        if let Some(current) = current {
            current.take_if(|(stopping, _)| *stopping == name);
        }
    }

    /// A master's exit, which means something if it has not said its end before; or the parent's.
    fn exited(&mut self, pid: Pid, reason: ExitReason) {
        if self.of_master(pid).is_some() {
            self.ended(pid, &reason);
        } else if reason != ExitReason::Normal || Some(pid) == self.shared.parent {
            self.halt(Halt::Stopped { status: 0 });
            self.ends_with.get_or_insert(reason);
        }
    }

    /// Begins to stop all. The first cause counts.
    fn halt(&mut self, halt: Halt) {
        self.halting.get_or_insert(Halting {
            halt,
            current: None,
        });
    }

    /// Stops the next one if none is being stopped. Tells whether all have stopped.
    fn go_on_halting(&mut self) -> bool {
        let Some(halting) = &mut self.halting else {
            return false;
        };
        if halting.current.is_some() {
            return false;
        }
        let Some(name) = self.order.last().copied() else {
            self.shared.halt.send_replace(Some(halting.halt.clone()));
            return true;
        };
        if let Some(entry) = self.entries.get_mut(name) {
            let deadline = entry
                .shutdown_timeout
                .map(|timeout| Instant::now() + timeout);
            halting.current = Some((name, deadline));
            match &mut entry.state {
                state @ State::Running(..) => stop_running(state, Vec::new()),
                State::Starting(live, _) => drop(live.master.send(Command::Stop)),
                State::Loaded | State::Stopping(..) => {}
            }
        }
        false
    }

    /// Kills the application that has had its time.
    fn kill_current(&mut self) {
        let Some(halting) = &mut self.halting else {
            return;
        };
        let Some((name, deadline)) = &mut halting.current else {
            return;
        };
        *deadline = None;
        self.shared.has_killed();
        let Some(state) = self.entries.get(name).map(|entry| &entry.state) else {
            return;
        };
        tracing::error!(target: "otp_core::application", application = *name, "application killed, as it did not stop in time");
        if let Some(root) = state.root() {
            process::exit(root.pid, ExitReason::Kill);
        }
        if let Some(live) = state.live() {
            process::exit(live.master.pid(), ExitReason::Kill);
        }
    }
}

fn answer_all(waiting: Vec<Answer<Result<(), ApplicationError>>>) {
    for answer in waiting {
        let _ = answer.send(Ok(()));
    }
}

fn stop_running(state: &mut State, waiting: Vec<Answer<Result<(), ApplicationError>>>) {
    let running = std::mem::replace(state, State::Loaded);
    if let State::Running(live, root) = running {
        live.master.send(Command::Stop);
        *state = State::Stopping(live, Some(root), waiting);
    }
}

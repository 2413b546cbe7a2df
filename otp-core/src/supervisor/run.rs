//! The process of a supervisor: starts, stops and restarts children as [`super::plan`] says.
//!
//! It is a server: requests, exits of children and attempts to try again come through one mailbox, in one order. While
//! it starts or stops a child it does nothing else. It traps exits; the end of its parent ends it, and `terminate`
//! stops the children in reverse start order.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::builder::check_child;
use super::children::{ChildState, Group, Key};
use super::error::{ChildError, FailedToStartChild, StartChildError};
use super::flags::Flags;
use super::handle::{ChildCounts, ChildInfo};
use super::plan::{Decision, Plan};
use super::report;
use super::verdict::is_reported;
use super::worker::{Patience, Worker};
use crate::child_spec::ErasedSpec;
use crate::exit::ExitReason;
use crate::gen_server::{Context, GenServer, InitError, StartError};
use crate::options::ServerOptions;
use crate::pid::Pid;
use crate::process::Exit;
use crate::reply::ReplyTo;
use crate::telemetry::SupervisorError;

/// A supervisor: OTP's supervisor behaviour. [`SupervisorRef`](super::SupervisorRef) is its handle.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(40).id("hits");
/// let hits_ref = hits.handle();
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// assert_eq!(hits_ref.add(2).await, Ok(42));
/// # supervisor.stop().await.unwrap();
/// # });
/// ```
pub struct Supervisor {
    plan: Plan<Worker>,
}

/// What a supervisor's process begins with.
#[doc(hidden)]
pub enum Setup {
    Tree(Checked),
    Init(Box<dyn FnOnce() -> Initializing + Send>),
}

type Initializing = Pin<Box<dyn Future<Output = Result<Checked, InitError>> + Send>>;

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").finish_non_exhaustive()
    }
}

/// Flags and children that were checked.
#[doc(hidden)]
#[derive(Debug)]
pub struct Checked {
    pub(super) flags: Flags,
    pub(super) children: Vec<ErasedSpec>,
}

/// What a supervisor is asked.
#[doc(hidden)]
#[derive(Debug)]
pub struct SupervisorMessage(Request);

impl SupervisorMessage {
    /// Asks for the children.
    pub(super) fn which(reply_to: ReplyTo<Vec<ChildInfo>>) -> Self {
        Request::Which { reply_to }.into()
    }
}

impl From<Request> for SupervisorMessage {
    fn from(request: Request) -> Self {
        SupervisorMessage(request)
    }
}

type Answer<T, E> = ReplyTo<Result<T, E>>;

#[derive(Debug)]
pub(crate) enum Request {
    Start {
        spec: ErasedSpec,
        reply_to: Answer<Pid, StartChildError>,
    },
    Terminate {
        id: String,
        reply_to: Answer<(), ChildError>,
    },
    Restart {
        id: String,
        reply_to: Answer<Option<Pid>, ChildError>,
    },
    Delete {
        id: String,
        reply_to: Answer<(), ChildError>,
    },
    Get {
        id: String,
        reply_to: Answer<ChildInfo, ChildError>,
    },
    Which {
        reply_to: ReplyTo<Vec<ChildInfo>>,
    },
    Count {
        reply_to: ReplyTo<ChildCounts>,
    },
    /// To itself: a start that failed is to be tried again.
    TryAgain(Key),
    /// To itself: a restart that was put off is due.
    Due(Key),
}

impl GenServer for Supervisor {
    type Args = Setup;
    type Message = SupervisorMessage;

    const OPTIONS: ServerOptions = ServerOptions::SUPERVISOR;

    async fn init(setup: Setup, cx: &mut Context<Self>) -> Result<Self, InitError> {
        cx.trap_exit(true);
        let tree = match setup {
            Setup::Tree(tree) => tree,
            Setup::Init(init) => init().await?,
        };
        let mut supervisor = Supervisor {
            plan: Plan::new(tree.flags),
        };
        for spec in tree.children {
            let id = spec.id.to_string();
            let key = supervisor.add(spec).expect("ids were checked");
            if let Err(error) = supervisor.start(key, cx).await {
                supervisor.report_start_error(key, &error, cx);
                supervisor.terminate(&ExitReason::Shutdown, cx).await;
                let failed = FailedToStartChild { id, error };
                return Err(InitError::Stop(ExitReason::shutdown_with(failed)));
            }
        }
        Ok(supervisor)
    }

    async fn handle_message(&mut self, message: SupervisorMessage, cx: &mut Context<Self>) {
        match message.0 {
            Request::Start { spec, reply_to } => {
                let started = self.start_child(spec, cx).await;
                cx.reply(reply_to, started);
            }
            Request::Terminate { id, reply_to } => {
                let terminated = self.terminate_child(&id, cx).await;
                cx.reply(reply_to, terminated);
            }
            Request::Restart { id, reply_to } => {
                let restarted = self.restart_child(&id, cx).await;
                cx.reply(reply_to, restarted);
            }
            Request::Delete { id, reply_to } => {
                let deleted = self.stopped(&id).map(|key| self.plan.children.remove(key));
                cx.reply(reply_to, deleted);
            }
            Request::Get { id, reply_to } => {
                let child = self.plan.children.with_id(&id);
                let info = child.map(|(_, child)| child.worker.info(child.state));
                cx.reply(reply_to, info.ok_or(ChildError::NotFound));
            }
            Request::Which { reply_to } => {
                let children = self.plan.children.iter().rev();
                let infos = children.map(|(_, child)| child.worker.info(child.state));
                cx.reply(reply_to, infos.collect());
            }
            Request::Count { reply_to } => cx.reply(reply_to, self.count(cx)),
            Request::TryAgain(key) => {
                let decision = self.plan.try_again(key, Instant::now());
                self.act(decision, cx).await;
            }
            Request::Due(key) => {
                let decision = self.plan.due(key);
                self.act(decision, cx).await;
            }
        }
    }

    /// A child has ended by itself; a stranger's end means nothing.
    async fn handle_exit(&mut self, exit: Exit, cx: &mut Context<Self>) {
        let (pid, reason) = (exit.pid, &exit.reason);
        if let Some((_, child)) = self.plan.children.with_pid(pid)
            && is_reported(child.restart, reason)
        {
            let offender = child.worker.offender(Some(pid));
            let error = || SupervisorError::ChildTerminated(reason.clone());
            report::error(&**cx.cell(), error, &offender);
        }
        let decision = self.plan.exited(pid, reason, Instant::now());
        self.act(decision, cx).await;
    }

    async fn terminate(&mut self, _reason: &ExitReason, cx: &mut Context<Self>) {
        let mut patience = Patience::default();
        for key in self.plan.children.running_in_reverse() {
            self.stop(key, &mut patience, cx).await;
        }
    }

    fn format_status(&self) -> String {
        let children = self.plan.children.iter();
        let children = children.map(|(_, child)| format!("{}: {}", child.id, child.state));
        format!(
            "Supervisor {{ {} }}",
            children.collect::<Vec<_>>().join(", ")
        )
    }

    fn message_name(message: &SupervisorMessage) -> &'static str {
        match message.0 {
            Request::Start { .. } => "start_child",
            Request::Terminate { .. } => "terminate_child",
            Request::Restart { .. } => "restart_child",
            Request::Delete { .. } => "delete_child",
            Request::Get { .. } => "get_child",
            Request::Which { .. } => "which_children",
            Request::Count { .. } => "count_children",
            Request::TryAgain(_) => "try_again",
            Request::Due(_) => "due",
        }
    }
}

impl Supervisor {
    /// Does what the plan says.
    async fn act(&mut self, decision: Decision, cx: &mut Context<Self>) {
        match decision {
            Decision::Nothing => {}
            Decision::Restart(group) => self.restart(group, cx).await,
            Decision::Later(key, delay) => {
                cx.send_after(delay, Request::Due(key).into());
            }
            Decision::GiveUp(key, pid) => {
                if let Some(child) = self.plan.children.get(key) {
                    let offender = child.worker.offender(pid);
                    let error = || SupervisorError::ReachedMaxRestartIntensity;
                    report::error(&**cx.cell(), error, &offender);
                }
                cx.stop(ExitReason::Shutdown);
            }
            Decision::ShutDown => cx.stop(ExitReason::Shutdown),
        }
    }

    /// Stops some and starts some. When a start fails, the rest waits until it is tried again.
    async fn restart(&mut self, group: Group, cx: &mut Context<Self>) {
        let mut patience = Patience::default();
        for key in group.stop {
            self.stop(key, &mut patience, cx).await;
            self.plan.children.stopped(key);
        }
        for key in group.start {
            if let Err(error) = self.start(key, cx).await {
                self.report_start_error(key, &error, cx);
                self.plan.children.restarting(key);
                cx.send(Request::TryAgain(key).into());
                break;
            }
        }
    }

    /// Adds a child that does not run yet. None if there is one of that id.
    fn add(&mut self, spec: ErasedSpec) -> Option<Key> {
        let (id, restart, significant) = (Arc::clone(&spec.id), spec.restart, spec.significant);
        let worker = Worker::new(spec);
        self.plan.children.add(id, restart, significant, worker)
    }

    /// Starts a child. None if it does not want to be started; then a temporary one is forgotten.
    async fn start(&mut self, key: Key, cx: &mut Context<Self>) -> Result<Option<Pid>, StartError> {
        let worker = self.plan.children.worker(key);
        let worker = worker.expect("what is started is among the children");
        match worker.start().await {
            Ok(pid) => {
                report::progress(&**cx.cell(), &worker.offender(Some(pid)));
                self.plan.children.started(key, pid);
                Ok(Some(pid))
            }
            Err(StartError::Ignore) => {
                self.plan.children.stopped(key);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reports a start that nobody has asked for. Who asks for one is told of its failure instead, as in OTP.
    fn report_start_error(&self, key: Key, error: &StartError, cx: &Context<Self>) {
        if let Some(child) = self.plan.children.get(key) {
            let offender = child.worker.offender(None);
            let error = || SupervisorError::StartError(error.clone());
            report::error(&**cx.cell(), error, &offender);
        }
    }

    /// Stops a child and waits until it is gone. The plan is told by the caller.
    async fn stop(&mut self, key: Key, patience: &mut Patience, cx: &mut Context<Self>) {
        let is_running = |state: ChildState| state.pid().is_some();
        let child = self.plan.children.get(key);
        if !child.is_some_and(|child| is_running(child.state)) {
            return;
        }
        let Some(worker) = self.plan.children.worker(key) else {
            return;
        };
        let Some(stopping) = worker.ask_to_stop(&**cx.cell()) else {
            return;
        };
        let time = stopping.time();
        if let Err(unexpected) = stopping.gone(time, patience).await {
            let offender = worker.offender(Some(unexpected.pid));
            let error = || SupervisorError::ShutdownError(unexpected.reason);
            report::error(&**cx.cell(), error, &offender);
        }
    }

    async fn start_child(
        &mut self,
        spec: ErasedSpec,
        cx: &mut Context<Self>,
    ) -> Result<Pid, StartChildError> {
        check_child(&spec, self.plan.auto_shutdown())?;
        if let Some((_, child)) = self.plan.children.with_id(&spec.id) {
            return Err(match child.state {
                ChildState::Running(pid) => StartChildError::AlreadyStarted(pid),
                ChildState::Undefined | ChildState::Restarting => StartChildError::AlreadyPresent,
            });
        }
        let key = self.add(spec).expect("there is no child of that id");
        match self.start(key, cx).await {
            Ok(Some(pid)) => Ok(pid),
            Ok(None) => Err(StartChildError::Start(StartError::Ignore)),
            Err(error) => {
                self.plan.children.remove(key);
                Err(StartChildError::Start(error))
            }
        }
    }

    async fn terminate_child(
        &mut self,
        id: &str,
        cx: &mut Context<Self>,
    ) -> Result<(), ChildError> {
        let child = self.plan.children.with_id(id);
        let (key, _) = child.ok_or(ChildError::NotFound)?;
        self.stop(key, &mut Patience::default(), cx).await;
        self.plan.children.stopped(key);
        Ok(())
    }

    async fn restart_child(
        &mut self,
        id: &str,
        cx: &mut Context<Self>,
    ) -> Result<Option<Pid>, ChildError> {
        let key = self.stopped(id)?;
        self.start(key, cx).await.map_err(ChildError::Start)
    }

    /// A child that does not run and is not about to.
    fn stopped(&self, id: &str) -> Result<Key, ChildError> {
        let child = self.plan.children.with_id(id);
        let (key, child) = child.ok_or(ChildError::NotFound)?;
        match child.state {
            ChildState::Undefined => Ok(key),
            ChildState::Running(_) => Err(ChildError::Running),
            ChildState::Restarting => Err(ChildError::Restarting),
        }
    }

    fn count(&self, cx: &Context<Self>) -> ChildCounts {
        let mut counts = ChildCounts::default();
        for (_, child) in self.plan.children.iter() {
            let is_alive = child.state.pid().is_some_and(|pid| cx.node().is_alive(pid));
            counts.add(child.worker.kind, is_alive);
        }
        counts
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format_status())
    }
}

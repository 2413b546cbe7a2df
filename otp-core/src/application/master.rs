//! The process of an application that starts or runs: OTP's application master.
//!
//! It runs the callbacks, one at a time, and is the parent of the root supervisor. It traps exits, and is linked with
//! the controller, whose end is to it as a stop. It tells the controller twice: when it has begun ([`Request::Began`]),
//! and when it has ended ([`Request::Ended`]), before its own exit.
//!
//! A stop: 1. `prep_stop`; 2. the token is cancelled; 3. the root is sent `shutdown` and waited for; 4. what else is
//! linked with the master is shut down likewise; 5. `stop`. When the root has ended by itself, 3 has happened already.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::{Mutex, oneshot};

use super::callbacks::{ApplicationContext, Erased, Failed, Root};
use super::controller::Request;
use super::env::{ConfigChange, Environment};
use super::error::StartError;
use crate::exit::ExitReason;
use crate::gen_server::handle::wait_for_end;
use crate::pid::Pid;
use crate::process::run::catch;
use crate::process::{self, Address, Event, Exit, Mailbox};

/// What is loaded of an application. Its master has it as long as there is one.
pub(super) struct Loaded {
    pub(super) application: Box<dyn Erased>,
    pub(super) phases: &'static [&'static str],
    pub(super) included: Vec<Included>,
}

/// An application that starts as a part of another one.
pub(super) struct Included {
    pub(super) application: Box<dyn Erased>,
    pub(super) phases: &'static [&'static str],
}

/// What a master is told.
pub(super) enum Command {
    Stop,
    ConfigChange {
        change: ConfigChange,
        env: Box<Environment>,
        done: oneshot::Sender<()>,
    },
}

pub(super) struct Master {
    pub(super) loaded: Arc<Mutex<Loaded>>,
    pub(super) env: Environment,
    pub(super) cx: ApplicationContext,
    pub(super) controller: Address<Request>,
}

impl Master {
    pub(super) async fn run(mut self, mailbox: Mailbox<Command>) {
        process::trap_exit(true);
        let mut inbox = Inbox {
            mailbox,
            controller: self.controller.pid(),
            exits: Vec::new(),
            is_stopped: false,
        };
        // The one before has let go of it, or is about to.
        let loaded = Arc::clone(&self.loaded);
        let mut loaded = loaded.lock().await;
        let began = self.begin(&mut loaded, &mut inbox).await;
        let root = began.as_ref().ok().map(|root| root.pid);
        if root.is_none() {
            self.cx.token.cancel();
            inbox.shut_down_linked().await;
        }
        let master = process::self_pid();
        self.controller.send(Request::Began { master, began });
        if let Some(root) = root {
            let reason = self.serve(&mut loaded, &mut inbox, root).await;
            drop(loaded);
            self.controller.send(Request::Ended { master, reason });
        }
    }

    /// Starts the tree, and then goes through the phases.
    async fn begin(&mut self, loaded: &mut Loaded, inbox: &mut Inbox) -> Result<Root, StartError> {
        let application = loaded.application.name();
        let start = loaded.application.start(&self.env, &mut self.cx);
        let started = match inbox.unless_stopped(catch(start)).await {
            None => return Err(StartError::Stopped(application)),
            Some(Err(crash)) => Err(Failed::Start(crash.reason)),
            Some(Ok(started)) => started,
        };
        let root = started.map_err(|failed| match failed {
            Failed::Env(error) => StartError::Env(error),
            Failed::Start(reason) => StartError::Start {
                application,
                reason,
            },
        })?;
        for phase in loaded.phases {
            let done = self.phase(loaded, inbox, phase).await;
            if let Err(error) = done {
                self.stop_tree(loaded, inbox, root.pid).await;
                return Err(error);
            }
        }
        Ok(root)
    }

    /// A phase of the application's own, and then that of the included ones which have it.
    async fn phase(
        &mut self,
        loaded: &mut Loaded,
        inbox: &mut Inbox,
        phase: &'static str,
    ) -> Result<(), StartError> {
        let stopped = StartError::Stopped(loaded.application.name());
        let included = loaded.included.iter_mut();
        let included = included
            .filter(|included| included.phases.contains(&phase))
            .map(|included| &mut included.application);
        for application in std::iter::once(&mut loaded.application).chain(included) {
            let work = application.start_phase(phase, &mut self.cx);
            let done = match inbox.unless_stopped(catch(work)).await {
                None => return Err(stopped),
                Some(done) => done.unwrap_or_else(|crash| Err(crash.reason)),
            };
            done.map_err(|reason| StartError::Phase {
                application: application.name(),
                phase,
                reason,
            })?;
        }
        Ok(())
    }

    /// Until the root has ended or a stop comes. Gives the reason of the root's end.
    async fn serve(&mut self, loaded: &mut Loaded, inbox: &mut Inbox, root: Pid) -> ExitReason {
        let name = loaded.application.name();
        loop {
            if let Some(reason) = inbox.end_of(root) {
                self.stop_tree(loaded, inbox, root).await;
                return reason;
            }
            if inbox.is_stopped {
                return self.stop_tree(loaded, inbox, root).await;
            }
            if let Some((change, env, done)) = inbox.next().await {
                let work = loaded.application.config_change(change, &env);
                contained("config_change", name, work).await;
                let _ = done.send(());
            }
        }
    }

    /// Stops in order; the root may have ended. Gives the reason of its end.
    async fn stop_tree(&mut self, loaded: &mut Loaded, inbox: &mut Inbox, root: Pid) -> ExitReason {
        let name = loaded.application.name();
        contained("prep_stop", name, loaded.application.prep_stop()).await;
        self.cx.token.cancel();
        let reason = end(root).await;
        inbox.shut_down_linked().await;
        contained("stop", name, loaded.application.stop()).await;
        reason
    }
}

/// Runs a callback whose panic changes nothing.
async fn contained(callback: &'static str, application: &str, work: impl Future<Output = ()>) {
    if let Err(crash) = catch(work).await {
        tracing::error!(target: "otp_core::application", application, callback, reason = %crash.reason, "callback crashed");
    }
}

/// Asks a process to stop, and waits until it has.
async fn end(pid: Pid) -> ExitReason {
    process::exit(pid, ExitReason::Shutdown);
    let running = crate::node::Node::current().and_then(|node| node.lookup(pid));
    match running {
        Some(running) => wait_for_end(&*running).await,
        None => ExitReason::NoProc,
    }
}

/// What comes to a master. The ends of linked processes are kept, as the root's may come before it is known which it is.
struct Inbox {
    mailbox: Mailbox<Command>,
    controller: Pid,
    exits: Vec<Exit>,
    is_stopped: bool,
}

impl Inbox {
    /// Waits for what comes next, and notes it; gives a change of the environment.
    async fn next(&mut self) -> Option<(ConfigChange, Box<Environment>, oneshot::Sender<()>)> {
        match self.mailbox.next_event().await {
            Event::Message(Command::ConfigChange { change, env, done }) => {
                return Some((change, env, done));
            }
            Event::Message(Command::Stop) => self.is_stopped = true,
            Event::Exit(exit) if exit.pid == self.controller => self.is_stopped = true,
            Event::Exit(exit) => self.exits.push(exit),
            Event::Down(_) => {}
        }
        None
    }

    /// Works until it is done, or a stop comes, which drops the work.
    async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        while !self.is_stopped {
            let mut next = pin!(self.next());
            let done = poll_fn(|cx| match work.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending => next.as_mut().poll(cx).map(|_| None),
            });
            if let Some(done) = done.await {
                return Some(done);
            }
        }
        None
    }

    fn end_of(&self, root: Pid) -> Option<ExitReason> {
        let exit = self.exits.iter().find(|exit| exit.pid == root)?;
        Some(exit.reason.clone())
    }

    /// Stops what is linked with the master, but for the controller: what a start has left, or has started beside the root.
    async fn shut_down_linked(&mut self) {
        let links = process::current().core().vital().links();
        for pid in links
            .into_iter()
            .rev()
            .filter(|pid| *pid != self.controller)
        {
            end(pid).await;
        }
    }
}

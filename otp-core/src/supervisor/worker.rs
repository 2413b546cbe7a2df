//! Starting and stopping one child. What the static and the dynamic supervisor have in common of their shells.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::child_spec::{Begun, ErasedSpec, StartFn};
use crate::exit::ExitReason;
use crate::gen_server::{StartError, handle};
use crate::options::{ChildKind, Restart, Shutdown};
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::run::catch;
use crate::process::vital::Via;
use crate::process::{self, signal};

use super::children::ChildState;
use super::handle::ChildInfo;
use super::verdict::is_expected;

/// A child as its supervisor keeps it: its specification, and its process.
pub(super) struct Worker {
    pub(super) id: Arc<str>,
    pub(super) restart: Restart,
    shutdown: Shutdown,
    significant: bool,
    pub(super) kind: ChildKind,
    /// None for a temporary child that has begun: it is never started again, and its arguments are not kept.
    start: Option<StartFn>,
    process: Option<Arc<dyn Process>>,
    /// How often it has begun.
    starts: u64,
}

impl Worker {
    pub(super) fn new(spec: ErasedSpec) -> Self {
        Worker {
            id: spec.id,
            restart: spec.restart,
            shutdown: spec.shutdown,
            significant: spec.significant,
            kind: spec.kind,
            start: Some(spec.start),
            process: None,
            starts: 0,
        }
    }

    /// Starts it, linked with the current process.
    pub(super) async fn start(&mut self) -> Result<Pid, StartError> {
        let start = self.start.as_mut().expect("a temporary child starts once");
        // The arguments of a start are made in the supervisor's own process: a panic of theirs is the child's.
        let started = catch(async move { start().await }).await;
        let Begun(process) = started.unwrap_or_else(|crash| Err(StartError::Init(crash.reason)))?;
        let pid = process.core().pid();
        self.process = Some(process);
        self.starts += 1;
        if self.restart == Restart::Temporary {
            self.start = None;
        }
        Ok(pid)
    }

    /// Asks it to stop, without waiting. None if it does not run.
    pub(super) fn ask_to_stop(&mut self, supervisor: Pid) -> Option<Stopping> {
        let process = self.process.take()?;
        let reason = match self.shutdown {
            Shutdown::BrutalKill => ExitReason::Kill,
            Shutdown::Timeout(_) | Shutdown::Infinity => ExitReason::Shutdown,
        };
        signal::exit(&*process, supervisor, &reason, Via::Signal);
        Some(Stopping {
            process,
            shutdown: self.shutdown,
            restart: self.restart,
            supervisor,
        })
    }

    pub(super) fn info(&self, state: ChildState) -> ChildInfo {
        ChildInfo {
            id: self.id.to_string(),
            state,
            kind: self.kind,
            restart: self.restart,
            shutdown: self.shutdown,
            significant: self.significant,
            restarts: self.starts.saturating_sub(1),
        }
    }

    /// What a report says of it.
    pub(super) fn offender(&self, pid: Option<Pid>) -> Offender<'_> {
        Offender { child: self, pid }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A child that was asked to stop.
pub(super) struct Stopping {
    process: Arc<dyn Process>,
    shutdown: Shutdown,
    restart: Restart,
    supervisor: Pid,
}

impl Stopping {
    /// How long it has; None for ever.
    pub(super) fn time(&self) -> Option<Duration> {
        match self.shutdown {
            Shutdown::Timeout(time) => Some(time),
            Shutdown::BrutalKill => Some(Duration::ZERO),
            Shutdown::Infinity => None,
        }
    }

    /// Waits until it is gone; kills it when `time` is over. Err with a reason that was not to be expected.
    pub(super) async fn gone(self, time: Option<Duration>) -> Result<(), Unexpected> {
        let ended = handle::wait_for_end(&*self.process);
        let killed_at_once = self.shutdown == Shutdown::BrutalKill;
        let reason = match time {
            Some(time) if !killed_at_once => match process::within(time, ended).await {
                Some(reason) => reason,
                None => {
                    let kill = ExitReason::Kill;
                    signal::exit(&*self.process, self.supervisor, &kill, Via::Signal);
                    handle::wait_for_end(&*self.process).await
                }
            },
            Some(_) | None => ended.await,
        };
        if is_expected(self.restart, &reason, killed_at_once) {
            Ok(())
        } else {
            let pid = self.process.core().pid();
            Err(Unexpected { pid, reason })
        }
    }
}

/// A child that was asked to stop has ended in another way.
pub(super) struct Unexpected {
    pub(super) pid: Pid,
    pub(super) reason: ExitReason,
}

/// Whom a report is about.
pub(super) struct Offender<'a> {
    pub(super) child: &'a Worker,
    pub(super) pid: Option<Pid>,
}

impl Offender<'_> {
    pub(super) fn shutdown(&self) -> Shutdown {
        self.child.shutdown
    }
}

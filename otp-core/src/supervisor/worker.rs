//! Starting and stopping one child. What the static and the dynamic supervisor have in common of their shells.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::child_spec::{Begun, ErasedSpec, StartFn};
use crate::exit::ExitReason;
use crate::gen_server::StartError;
use crate::options::{ChildKind, Restart, Shutdown};
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::run::catch;
use crate::process::signal;
use crate::process::vital::Via;
use crate::reply::{self, Answer};
use crate::telemetry::ChildReport;
use crate::time::{self, Sleep};

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
    pub(super) fn ask_to_stop(&mut self, supervisor: &dyn Process) -> Option<Stopping> {
        let process = self.process.take()?;
        let reason = match self.shutdown {
            Shutdown::BrutalKill => ExitReason::Kill,
            Shutdown::Timeout(_) | Shutdown::Infinity => ExitReason::Shutdown,
        };
        let (reply_to, end) = reply::answer();
        let ended = signal::dismiss(supervisor, &*process, &reason, reply_to);
        Some(Stopping {
            process,
            end,
            ended,
            shutdown: self.shutdown,
            restart: self.restart,
            supervisor: supervisor.core().pid(),
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
            restarts: self.restarts(),
        }
    }

    /// How often it was started after the first time.
    fn restarts(&self) -> u64 {
        self.starts.saturating_sub(1)
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
    end: Answer<ExitReason>,
    /// It had ended before it was asked.
    ended: Option<ExitReason>,
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
    pub(super) async fn gone(
        mut self,
        time: Option<Duration>,
        patience: &mut Patience,
    ) -> Result<(), Unexpected> {
        let killed_at_once = self.shutdown == Shutdown::BrutalKill;
        let reason = match (self.ended.take(), time) {
            (Some(reason), _) => reason,
            (None, Some(time)) if !killed_at_once => {
                match patience.within(time, self.end()).await {
                    Some(reason) => reason,
                    None => {
                        let kill = ExitReason::Kill;
                        signal::exit(&*self.process, self.supervisor, &kill, Via::Signal);
                        self.end().await
                    }
                }
            }
            (None, Some(_) | None) => self.end().await,
        };
        if is_expected(self.restart, &reason, killed_at_once) {
            Ok(())
        } else {
            let pid = self.process.core().pid();
            Err(Unexpected { pid, reason })
        }
    }

    async fn end(&mut self) -> ExitReason {
        let reason = poll_fn(|cx| self.end.poll(cx.waker())).await;
        reason
            .or_else(|| self.process.core().ended())
            .unwrap_or(ExitReason::NoProc)
    }
}

/// The timer of a supervisor that stops one child after the other. It stays armed from one to the next, as it is hardly
/// ever reached: when it goes off too early for the present child, it is set anew.
#[derive(Default)]
pub(super) struct Patience(Option<Armed>);

struct Armed {
    at: Instant,
    sleep: Sleep,
}

impl Patience {
    /// What a future gives; None if that takes longer than `time`.
    async fn within<T>(&mut self, time: Duration, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let due = time::deadline_after(time);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            loop {
                let armed = match &mut self.0 {
                    Some(armed) if armed.at <= due => armed,
                    none_in_time => none_in_time.insert(Armed {
                        at: due,
                        sleep: time::sleep(due.saturating_duration_since(Instant::now())),
                    }),
                };
                ready!(Pin::new(&mut armed.sleep).poll(cx));
                let is_due = armed.at >= due;
                self.0 = None;
                if is_due {
                    return Poll::Ready(None);
                }
            }
        })
        .await
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
    pub(super) fn report(&self) -> ChildReport {
        ChildReport {
            id: Arc::clone(&self.child.id),
            pid: self.pid,
            restart: self.child.restart,
            shutdown: self.child.shutdown,
            kind: self.child.kind,
            restarts: self.child.restarts(),
        }
    }
}

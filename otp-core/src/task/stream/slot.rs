//! One task of a stream, from its start to its end.

use std::sync::Arc;
use std::task::{Poll, Waker, ready};

use tokio::time::Instant;

use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::signal;
use crate::process::vital::Via;
use crate::reply::{self, Answer};
use crate::supervisor::{StartCall, StartChildError};
use crate::task::begin::is_to_end_with;

/// A task that ends with the stream, and with the process that polls it. Dropped, it kills the task, and leaves no EXIT.
pub(super) struct Lease {
    process: Arc<dyn Process>,
    owner: Option<Arc<dyn Process>>,
    is_over: bool,
}

impl Lease {
    /// Of a task that has not begun. It is linked with the owner if a crash is to end that: if `link` says so, and the owner
    /// does not trap exits, as an EXIT would be left in its mailbox.
    pub(super) fn new(
        process: Arc<dyn Process>,
        owner: Option<Arc<dyn Process>>,
        link: bool,
    ) -> Self {
        if let Some(owner) = &owner {
            let (task, pid) = (process.core(), owner.core().pid());
            let is_linked = link && !owner.core().vital().trap_exit;
            if is_linked {
                task.vital().link(pid);
            }
            let mut vital = owner.core().vital();
            let is_alive = vital.attach(task.pid());
            if is_linked {
                vital.link(task.pid());
            }
            drop(vital);
            if !is_alive {
                signal::exit(&*process, pid, &ExitReason::Kill, Via::Signal);
            }
        }
        Lease {
            process,
            owner,
            is_over: false,
        }
    }

    /// Cuts the task off from its owner, and kills it.
    pub(super) fn kill(&self) {
        self.part();
        let from = self.owner.as_ref().unwrap_or(&self.process).core().pid();
        signal::exit(&*self.process, from, &ExitReason::Kill, Via::Signal);
    }

    fn part(&self) {
        if let Some(owner) = &self.owner {
            owner.core().vital().detach(self.process.core().pid());
            signal::unlink(&*self.process, owner.core().pid());
        }
    }

    /// The task is gone.
    fn over(&mut self) {
        self.part();
        self.is_over = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_over {
            self.kill();
        }
    }
}

/// One task, and where it stands.
pub(super) struct Slot<T, K> {
    /// What is kept of its item, for an error.
    pub(super) kept: K,
    pub(super) due: Option<Instant>,
    pub(super) waker: Waker,
    stage: Stage<T>,
    timed_out: bool,
}

enum Stage<T> {
    /// A supervisor was asked for it.
    Starting {
        call: StartCall,
        lease: Answer<Lease>,
        value: Answer<T>,
    },
    Running {
        lease: Lease,
        end: Answer<ExitReason>,
        value: Answer<T>,
    },
    /// It is gone.
    Ended {
        lease: Lease,
        reason: ExitReason,
        value: Answer<T>,
    },
    Over,
}

/// What has become of a task.
pub(super) enum Progress<T> {
    /// It runs now.
    Begun,
    /// It is gone.
    Done(Result<T, ExitReason>),
    /// It could not be started.
    Refused(StartChildError),
}

impl<T: Send + 'static, K> Slot<T, K> {
    pub(super) fn starting(
        kept: K,
        waker: Waker,
        call: StartCall,
        lease: Answer<Lease>,
        value: Answer<T>,
    ) -> Self {
        Slot {
            kept,
            due: None,
            waker,
            stage: Stage::Starting { call, lease, value },
            timed_out: false,
        }
    }

    pub(super) fn running(kept: K, waker: Waker, lease: Lease, value: Answer<T>) -> Self {
        Slot {
            kept,
            due: None,
            waker,
            stage: running(lease, value),
            timed_out: false,
        }
    }

    /// Its time is over: it is killed, and done when it is gone.
    pub(super) fn time_out(&mut self) {
        self.due = None;
        self.timed_out = true;
        if let Stage::Running { lease, .. } = &self.stage {
            lease.kill();
        }
    }

    /// Looks at it.
    pub(super) fn poll(&mut self) -> Poll<Progress<T>> {
        match &mut self.stage {
            Stage::Starting { call, .. } => {
                let mut cx = std::task::Context::from_waker(&self.waker);
                let started = ready!(std::pin::Pin::new(call).poll(&mut cx));
                let stage = std::mem::replace(&mut self.stage, Stage::Over);
                Poll::Ready(match (started, stage) {
                    (Ok(pid), Stage::Starting { lease, value, .. }) => {
                        self.begin(pid, lease, value)
                    }
                    (Err(error), _) => Progress::Refused(error.into()),
                    (Ok(_), _) => Progress::Done(Err(ExitReason::NoProc)),
                })
            }
            Stage::Running { end, .. } => {
                let reason = ready!(end.poll(&self.waker));
                if let Stage::Running { lease, value, .. } =
                    std::mem::replace(&mut self.stage, Stage::Over)
                {
                    let reason = reason.or_else(|| lease.process.core().ended());
                    let reason = reason.unwrap_or(ExitReason::NoProc);
                    self.stage = Stage::Ended {
                        lease,
                        reason,
                        value,
                    };
                }
                self.poll()
            }
            Stage::Ended {
                lease,
                reason,
                value,
            } => {
                if is_to_end_with(&*lease.process, reason) {
                    return Poll::Pending;
                }
                lease.over();
                let value = match value.poll(Waker::noop()) {
                    Poll::Ready(Some(value)) => Ok(value),
                    _ if self.timed_out => Err(ExitReason::Timeout),
                    _ => Err(reason.clone()),
                };
                self.stage = Stage::Over;
                Poll::Ready(Progress::Done(value))
            }
            Stage::Over => Poll::Pending,
        }
    }

    fn begin(&mut self, _: Pid, mut lease: Answer<Lease>, value: Answer<T>) -> Progress<T> {
        match lease.poll(Waker::noop()) {
            Poll::Ready(Some(lease)) => {
                self.stage = running(lease, value);
                Progress::Begun
            }
            _ => Progress::Done(Err(ExitReason::NoProc)),
        }
    }
}

fn running<T>(lease: Lease, value: Answer<T>) -> Stage<T> {
    let (reply_to, end) = reply::answer();
    // One that is gone already drops what waits for it, which tells the same.
    let _gone = lease.process.core().vital().on_end(reply_to);
    Stage::Running { lease, end, value }
}

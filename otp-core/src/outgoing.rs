//! The part of a call that does not depend on its answer: the request on its way, and how long it is waited for.
//!
//! It is compiled once for each server, and not for each of its calls.

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;

use crate::call::{CallFailure, DEFAULT_TIMEOUT};
use crate::pid::Pid;
use crate::process::cell::{Core, Process};
use crate::process::queue::PushError;
use crate::process::{Route, scope};
use crate::time::deadline::Deadline;

pub(crate) enum Phase {
    /// Not sent yet.
    New,
    /// The mailbox is full. With the place in the line.
    Blocked(Option<u64>),
    /// There was nobody to ask, and it has not been told yet.
    Failed(Box<CallFailure>),
    Waiting,
    Done,
}

/// A request, from before it is sent until its answer is there or is given up.
pub(crate) struct Outgoing<M> {
    /// Pinned once the request is sent.
    route: Route<M>,
    /// Until the request is sent.
    message: Option<M>,
    pub(crate) deadline: Deadline,
    pub(crate) phase: Phase,
    in_process: bool,
}

impl<M> Outgoing<M> {
    pub(crate) fn new(route: Route<M>, message: M) -> Self {
        Outgoing {
            route,
            message: Some(message),
            deadline: Deadline::After(DEFAULT_TIMEOUT),
            phase: Phase::New,
            in_process: false,
        }
    }

    /// It is over: the answer is there, or given up.
    pub(crate) fn finish(&mut self) {
        if let Phase::Blocked(ticket) = self.phase {
            match &self.route {
                Route::Pinned(cell) => cell.queue().leave_line(ticket, false),
                Route::Part(inlet) => inlet.leave_line(ticket, false),
                Route::Placed(_) | Route::Named(_) | Route::Via(_) => {}
            }
        }
        self.phase = Phase::Done;
        self.deadline.end();
        self.finish_waiting();
    }

    /// The process that began it waits no longer.
    pub(crate) fn finish_waiting(&mut self) {
        if std::mem::take(&mut self.in_process) {
            scope::wait_for_nobody();
        }
    }
}

impl<M: Send + 'static> Outgoing<M> {
    /// Resolves the route, and notes that the current process waits. Gives the process.
    pub(crate) fn begin(&mut self) -> Result<Option<Pid>, CallFailure> {
        self.route.pin()?;
        let server = self.core().ok_or(CallFailure::NoProc)?.pid();
        let caller = scope::wait_for(server);
        self.in_process = caller.is_some();
        if caller == Some(server) {
            return Err(CallFailure::CallingSelf);
        }
        Ok(caller)
    }

    /// Queues the request, or finds that there is no room.
    pub(crate) fn push(&mut self, ticket: Option<u64>) -> Result<(), CallFailure> {
        let Some(message) = self.message.take() else {
            return Err(CallFailure::NoProc);
        };
        let pushed = match &self.route {
            Route::Pinned(cell) => cell.queue().push(message, ticket),
            Route::Part(inlet) => inlet.push(message, ticket),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => Err(PushError::Closed(message)),
        };
        match pushed {
            Ok(()) => self.phase = Phase::Waiting,
            Err(PushError::Full(message)) => {
                self.message = Some(message);
                self.phase = Phase::Blocked(ticket);
            }
            Err(PushError::Refused(_)) => return Err(CallFailure::MailboxFull),
            // It ended while the request waited for room: the caller is one of those who learn why.
            Err(PushError::Closed(_)) if matches!(self.phase, Phase::Blocked(_)) => {
                return Err(self.no_answer());
            }
            Err(PushError::Closed(_)) => return Err(CallFailure::NoProc),
        }
        Ok(())
    }

    /// Whether a request that found no room is to be pushed again, with its place in the line. Otherwise it waits there.
    pub(crate) fn has_room(&mut self, waker: &Waker) -> Option<Option<u64>> {
        let &Phase::Blocked(ticket) = &self.phase else {
            return None;
        };
        let place = self.route.pinned()?.wait_for_room(ticket, waker);
        if place.is_some() {
            self.phase = Phase::Blocked(place);
            return None;
        }
        Some(ticket)
    }

    /// The timeout, once it is over.
    pub(crate) fn poll_timeout(&mut self, waker: &Waker) -> Poll<CallFailure> {
        let core = match &self.route {
            Route::Pinned(cell) => cell.core(),
            Route::Part(inlet) => inlet.core(),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => return Poll::Pending,
        };
        ready!(self.deadline.poll(core.node(), waker));
        let cycle = cycle(core);
        self.finish();
        Poll::Ready(CallFailure::Timeout { cycle })
    }

    /// Tells that there is nobody to ask. Who asks again and again lets others run: among them may be the supervisor
    /// that is about to start the server.
    #[cold]
    pub(crate) fn fail(&mut self, cx: &mut Context<'_>) -> Poll<CallFailure> {
        ready!(coop::poll_proceed(cx)).made_progress();
        self.finish_waiting();
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Failed(failure) => Poll::Ready(*failure),
            Phase::New | Phase::Blocked(_) | Phase::Waiting | Phase::Done => Poll::Pending,
        }
    }

    /// Why there is no answer, when the request is gone.
    pub(crate) fn no_answer(&self) -> CallFailure {
        self.core().map_or(CallFailure::NoReply, dropped)
    }

    /// The process, once the route is pinned.
    fn core(&self) -> Option<&Core> {
        match &self.route {
            Route::Pinned(cell) => Some(cell.core()),
            Route::Part(inlet) => Some(inlet.core()),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => None,
        }
    }

    /// The server that has been asked, or why there is none.
    pub(crate) fn server(&self) -> Result<Arc<dyn Process>, CallFailure> {
        match (&self.phase, &self.route) {
            (Phase::Waiting, Route::Pinned(cell)) => Ok(Arc::clone(cell) as Arc<dyn Process>),
            (Phase::Waiting, Route::Part(inlet)) => Ok(Arc::clone(&**inlet).into_process()),
            (Phase::Failed(failure), _) => Err((**failure).clone()),
            (Phase::Blocked(_), _) => Err(CallFailure::MailboxFull),
            _ => Err(CallFailure::NoReply),
        }
    }
}

impl<M> Drop for Outgoing<M> {
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Done | Phase::New) || self.in_process {
            self.finish();
        }
    }
}

/// The circle of waiting processes that begins with the caller and goes through the server, if there is one.
fn cycle(server: &Core) -> Vec<Pid> {
    let Some(caller) = scope::with_process(|process| process.core().pid()) else {
        return Vec::new();
    };
    let mut cycle = vec![caller];
    let mut next = server.pid();
    while next != caller {
        let waits_for = server
            .node()
            .lookup(next)
            .and_then(|process| process.core().waiting_for());
        let Some(waits_for) = waits_for.filter(|_| !cycle.contains(&next)) else {
            return Vec::new();
        };
        cycle.push(next);
        next = waits_for;
    }
    cycle
}

/// Why a request that was dropped has no answer: its server's end, if it has ended.
pub(crate) fn dropped(server: &Core) -> CallFailure {
    server
        .ended()
        .map_or(CallFailure::NoReply, CallFailure::Exit)
}

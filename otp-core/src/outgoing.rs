//! The part of a call that does not depend on its answer: the request on its way, and how long it is waited for.
//!
//! It is compiled once for each server, and not for each of its calls.

use std::any::type_name;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;
use tracing::Span;

use crate::call::{CallFailure, DEFAULT_TIMEOUT};
use crate::node::Node;
use crate::pid::Pid;
use crate::process::cell::{Core, Process};
use crate::process::queue::{PushError, Pushed};
use crate::process::{Route, scope};
use crate::telemetry::{DropReason, Observed, is_call_wanted};
use crate::time::deadline::Deadline;
use crate::{report, trace};

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
    /// Whether somebody wants to know of it.
    pub(crate) observed: Observed,
}

impl<M> Outgoing<M> {
    pub(crate) fn new(route: Route<M>, message: M) -> Self {
        Outgoing {
            route,
            message: Some(message),
            deadline: Deadline::After(DEFAULT_TIMEOUT),
            phase: Phase::New,
            in_process: false,
            observed: Observed::not(),
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
    /// Resolves the route, and notes that the current process waits. Gives the process, and whether the call is watched.
    pub(crate) fn begin(&mut self) -> Result<(Option<Pid>, bool), CallFailure> {
        self.route.pin()?;
        let core = self.core().ok_or(CallFailure::NoProc)?;
        let is_watched = is_call_wanted(core.node()) || trace::is_on();
        let server = core.pid();
        let caller = scope::wait_for(server);
        self.in_process = caller.is_some();
        if caller == Some(server) {
            return Err(CallFailure::CallingSelf);
        }
        Ok((caller, is_watched))
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
        self.pushed(pushed, ticket)
    }

    /// As [`push`](Self::push), under the eyes of those who want to know of the call, or may follow it.
    #[cold]
    pub(crate) fn push_watched(&mut self, ticket: Option<u64>) -> Result<(), CallFailure> {
        let Some(span) = self.watch() else {
            return self.push(ticket);
        };
        let Some(message) = self.message.take() else {
            return Err(CallFailure::NoProc);
        };
        let pushed = match &self.route {
            Route::Pinned(cell) => cell.queue().push_traced(message, ticket, span),
            Route::Part(inlet) => inlet.push_traced(message, ticket, span),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => Err(PushError::Closed(message)),
        };
        self.pushed(pushed, ticket)
    }

    #[inline(always)]
    fn pushed(
        &mut self,
        pushed: Result<Pushed, PushError<M>>,
        ticket: Option<u64>,
    ) -> Result<(), CallFailure> {
        match pushed {
            Ok(Pushed::Queued) => self.phase = Phase::Waiting,
            Ok(Pushed::Evicting) => {
                self.phase = Phase::Waiting;
                if let Some(core) = self.core() {
                    report::dropped::<M>(core, DropReason::Evicted);
                }
            }
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

    /// Tells that the call begins, to those who want to know. The span to handle it in, if it is to be followed.
    fn watch(&mut self) -> Option<Span> {
        let message = self.message.as_ref()?;
        let (core, kind, called) = match &self.route {
            Route::Pinned(cell) => {
                let kind = cell.kind();
                (cell.core(), kind.name(), kind.message_name(message))
            }
            Route::Part(inlet) => (inlet.core(), inlet.kind(), type_name::<M>()),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => return None,
        };
        let span = trace::handle_call(core, kind, called);
        if is_call_wanted(core.node()) && !self.observed.is_observed() {
            self.observed = Observed::begin(core, kind, called);
        }
        (!span.is_none()).then_some(span)
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
        let failure = CallFailure::Timeout { cycle };
        self.observed.end(Some(&failure));
        Poll::Ready(failure)
    }

    /// Tells that there is nobody to ask. Who asks again and again lets others run: among them may be the supervisor
    /// that is about to start the server.
    #[cold]
    pub(crate) fn fail(&mut self, cx: &mut Context<'_>) -> Poll<CallFailure> {
        ready!(coop::poll_proceed(cx)).made_progress();
        self.finish_waiting();
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Failed(failure) => {
                self.fail_observed(&failure);
                Poll::Ready(*failure)
            }
            Phase::New | Phase::Blocked(_) | Phase::Waiting | Phase::Done => Poll::Pending,
        }
    }

    /// Tells that there was nobody to ask, also if nothing was told before.
    pub(crate) fn fail_observed(&mut self, failure: &CallFailure) {
        if self.observed.is_observed() {
            return self.observed.end(Some(failure));
        }
        if let Some(node) = self.route.node().or_else(Node::current)
            && is_call_wanted(&node)
        {
            Observed::nobody(&node, type_name::<M>()).end(Some(failure));
        }
    }

    /// Tells that the answer is there, or that there will be none.
    #[cold]
    pub(crate) fn tell_end<T>(&mut self, answer: Option<T>) -> Result<T, CallFailure> {
        let answer = answer.ok_or_else(|| self.no_answer());
        self.observed.end(answer.as_ref().err());
        answer
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

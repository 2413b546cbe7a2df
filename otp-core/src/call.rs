//! Calls: a request, the wait for its answer, and what can go wrong.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::task::coop;

use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::queue::PushError;
use crate::process::{Astray, Route, scope};
use crate::reply::{self, Answer, ReplyTo};
use crate::time::deadline::Deadline;

/// The time that a call waits unless told otherwise: 5 s, as in OTP.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailure {
    /// There is no such process, or nobody holds the name.
    #[error("no such process")]
    NoProc,
    /// The answer did not come in time. The server is not affected, and its late answer will vanish.
    #[error("the call timed out{}", Cycle(cycle))]
    Timeout {
        /// If the processes wait for each other in a circle: those in it, the caller first. Empty otherwise.
        cycle: Vec<Pid>,
    },
    /// The server ended before it answered.
    #[error("the server ended: {0}")]
    Exit(ExitReason),
    /// A process called itself, which would wait for ever.
    #[error("a process called itself")]
    CallingSelf,
    /// The name is held by another kind of server.
    #[error("the name is held by another kind of server")]
    WrongServer,
    /// The server's mailbox is full and refuses.
    #[error("the mailbox is full")]
    MailboxFull,
    /// The server lives and has dropped the request without an answer.
    #[error("the server dropped the request")]
    NoReply,
}

impl From<Astray> for CallFailure {
    fn from(astray: Astray) -> Self {
        match astray {
            Astray::NoProc => CallFailure::NoProc,
            Astray::WrongServer => CallFailure::WrongServer,
        }
    }
}

/// The circle of a deadlock, for an error's text.
struct Cycle<'a>(&'a [Pid]);

impl fmt::Display for Cycle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0 else {
            return Ok(());
        };
        write!(f, ": a cycle of calls, {first}")?;
        rest.iter()
            .chain([first])
            .try_for_each(|pid| write!(f, " -> {pid}"))
    }
}

/// Why a call to a handler that can fail has no good answer: the handler's own error, or the call's failure.
///
/// `?` converts a [`CallFailure`] into it, so that the same `?` works across servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError<E> {
    /// The handler's answer is this error. The server goes on.
    Handler(E),
    /// There was no answer.
    Failed(CallFailure),
}

impl<E> From<CallFailure> for CallError<E> {
    fn from(failure: CallFailure) -> Self {
        CallError::Failed(failure)
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Handler(error) => fmt::Display::fmt(error, f),
            CallError::Failed(failure) => fmt::Display::fmt(failure, f),
        }
    }
}

impl<E: Error> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            CallError::Handler(error) => error.source(),
            CallError::Failed(failure) => failure.source(),
        }
    }
}

enum Phase {
    /// Not sent yet.
    New,
    /// The mailbox is full. With the place in the line.
    Blocked(Option<u64>),
    /// There was nobody to ask, and it has not been told yet.
    Failed(Box<CallFailure>),
    Waiting,
    Done,
}

/// A call to a server: a future of the answer.
///
/// Made by the client methods of a handle. It does nothing until it is polled; then the request is queued and the
/// timeout begins, [`DEFAULT_TIMEOUT`] unless set. Mirrors `GenServer.call/3`, where a failed call ends the caller:
/// here it is an error, and `?` is the way to let it crash.
///
/// # Cancel safety
///
/// Dropped before it is polled, nothing happens. Dropped later, the request stays queued and is handled; its answer
/// vanishes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # #[gen_server] pub struct Counter { value: i64 }
/// # #[gen_server] impl Counter {
/// #     #[init] fn init(value: i64) -> Self { Counter { value } }
/// #     #[call] pub fn add(&mut self, by: i64) -> i64 { self.value += by; self.value }
/// # }
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// assert_eq!(counter.add(1).timeout(Duration::from_millis(100)).await, Ok(1));
/// # });
/// ```
#[must_use = "a call does nothing unless it is awaited"]
pub struct Call<M, T> {
    /// Pinned once the request is sent.
    route: Route<M>,
    /// Until the request is sent.
    message: Option<M>,
    /// Until it is sent as a request that somebody else waits for.
    answer: Option<Answer<T>>,
    deadline: Deadline,
    phase: Phase,
    in_process: bool,
}

impl<M: Send + 'static, T: Send + 'static> Call<M, T> {
    #[inline]
    pub(crate) fn new(route: Route<M>, build: impl FnOnce(ReplyTo<T>) -> M) -> Self {
        let (reply_to, answer) = reply::answer();
        Call {
            route,
            message: Some(build(reply_to)),
            answer: Some(answer),
            deadline: Deadline::After(DEFAULT_TIMEOUT),
            phase: Phase::New,
            in_process: false,
        }
    }

    /// Waits no longer than this. Zero times out at once, with the request queued.
    ///
    /// Never early; of a second or more, it may be late by 10 ms: see [`differences`](crate::differences).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Deadline::After(timeout);
        self
    }

    /// Waits as long as it takes.
    pub fn timeout_infinite(mut self) -> Self {
        self.deadline = Deadline::Never;
        self
    }

    /// Sends the request now and does not wait: `gen_server:send_request/2`.
    ///
    /// The timeout of the call does not apply; those of [`Request`](crate::Request) do. A request that finds a bounded
    /// mailbox full fails.
    pub fn send_request(mut self) -> crate::Request<T> {
        if let Phase::New = self.phase {
            let sent = self.send(Waker::noop());
            // It is not the caller that waits now, but whoever takes the answer.
            self.finish_waiting();
            if let Err(failure) = sent {
                self.phase = Phase::Failed(Box::new(failure));
            }
        }
        let server = match (&self.phase, &self.route) {
            (Phase::Waiting, Route::Pinned(cell)) => Ok(Arc::clone(cell) as Arc<dyn Process>),
            (Phase::Failed(failure), _) => Err((**failure).clone()),
            (Phase::Blocked(_), _) => Err(CallFailure::MailboxFull),
            _ => Err(CallFailure::NoReply),
        };
        let answer = self.answer.take().expect("this takes the call");
        crate::Request::new(answer, server)
    }

    /// Resolves the route and queues the request. Err with what the call ends with.
    fn send(&mut self, waker: &Waker) -> Result<(), CallFailure> {
        match self.route {
            Route::Pinned(_) => {}
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => {
                self.route = Route::Pinned(self.route.resolve()?);
            }
        }
        let Route::Pinned(cell) = &self.route else {
            return Err(CallFailure::NoProc);
        };
        let server = cell.core().pid();
        let caller = scope::wait_for(server);
        self.in_process = caller.is_some();
        if caller == Some(server) {
            return Err(CallFailure::CallingSelf);
        }
        if let Some(answer) = &mut self.answer {
            answer.of(caller);
            answer.watch(waker);
        }
        self.push(None)
    }

    /// Queues the request, or finds that there is no room.
    fn push(&mut self, ticket: Option<u64>) -> Result<(), CallFailure> {
        let (Route::Pinned(cell), Some(message)) = (&self.route, self.message.take()) else {
            return Err(CallFailure::NoProc);
        };
        match cell.queue().push(message, ticket) {
            Ok(()) => self.phase = Phase::Waiting,
            Err(PushError::Full(message)) => {
                self.message = Some(message);
                self.phase = Phase::Blocked(ticket);
            }
            Err(PushError::Refused(_)) => return Err(CallFailure::MailboxFull),
            // It ended while the request waited for room: the caller is one of those who learn why.
            Err(PushError::Closed(_)) if matches!(self.phase, Phase::Blocked(_)) => {
                return Err(dropped(&**cell));
            }
            Err(PushError::Closed(_)) => return Err(CallFailure::NoProc),
        }
        Ok(())
    }

    /// Tries again to queue a request that found no room, until it waits in the line.
    fn unblock(&mut self, waker: &Waker) -> Result<(), CallFailure> {
        while let (&Phase::Blocked(ticket), Route::Pinned(cell)) = (&self.phase, &self.route) {
            let place = cell.queue().wait_for_room(ticket, waker);
            if place.is_some() {
                self.phase = Phase::Blocked(place);
                return Ok(());
            }
            // The task may be another one than that which began the call.
            if let Some(answer) = &mut self.answer {
                answer.watch(waker);
            }
            self.push(ticket)?;
        }
        Ok(())
    }
}

/// The circle of waiting processes that begins with the caller and goes through the server, if there is one.
fn cycle(server: &dyn Process) -> Vec<Pid> {
    let Some(caller) = scope::with_process(|process| process.core().pid()) else {
        return Vec::new();
    };
    let mut cycle = vec![caller];
    let mut next = server.core().pid();
    while next != caller {
        let waits_for = server
            .core()
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
pub(crate) fn dropped(server: &dyn Process) -> CallFailure {
    server
        .core()
        .ended()
        .map_or(CallFailure::NoReply, CallFailure::Exit)
}

impl<M, T> Unpin for Call<M, T> {}

impl<M: Send + 'static, T: Send + 'static> Future for Call<M, T> {
    type Output = Result<T, CallFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match this.phase {
            Phase::New => {
                if let Err(failure) = this.send(cx.waker()) {
                    this.phase = Phase::Failed(Box::new(failure));
                }
            }
            Phase::Waiting => {
                if let Some(answer) = &mut this.answer
                    && let Poll::Ready(answer) = answer.poll(cx.waker())
                {
                    return Poll::Ready(this.answered(answer));
                }
            }
            Phase::Blocked(_) | Phase::Failed(_) => {}
            Phase::Done => return Poll::Pending,
        }
        if let Phase::Failed(_) = this.phase {
            return this.fail(cx);
        }
        this.unblock(cx.waker())?;
        let Route::Pinned(cell) = &this.route else {
            return Poll::Pending;
        };
        let over = this.deadline.poll(cell.core().node(), cx.waker());
        if over.is_pending() {
            return Poll::Pending;
        }
        let cycle = cycle(&**cell);
        this.finish();
        Poll::Ready(Err(CallFailure::Timeout { cycle }))
    }
}

impl<M: Send + 'static, T> Call<M, T> {
    /// Tells that there is nobody to ask. Who asks again and again lets others run: among them may be the supervisor
    /// that is about to start the server.
    #[cold]
    fn fail(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, CallFailure>> {
        ready!(coop::poll_proceed(cx)).made_progress();
        self.finish_waiting();
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Failed(failure) => Poll::Ready(Err(*failure)),
            Phase::New | Phase::Blocked(_) | Phase::Waiting | Phase::Done => Poll::Pending,
        }
    }

    fn answered(&mut self, answer: Option<T>) -> Result<T, CallFailure> {
        self.finish();
        answer.ok_or_else(|| match &self.route {
            Route::Pinned(cell) => dropped(&**cell),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => CallFailure::NoReply,
        })
    }
}

impl<M, T> Call<M, T> {
    fn finish(&mut self) {
        if let (Phase::Blocked(ticket), Route::Pinned(cell)) = (&self.phase, &self.route) {
            cell.queue().leave_line(*ticket, false);
        }
        self.phase = Phase::Done;
        self.deadline.end();
        self.finish_waiting();
    }

    fn finish_waiting(&mut self) {
        if std::mem::take(&mut self.in_process) {
            scope::wait_for_nobody();
        }
    }
}

impl<M, T> Drop for Call<M, T> {
    fn drop(&mut self) {
        if !matches!(self.phase, Phase::Done | Phase::New) || self.in_process {
            self.finish();
        }
    }
}

impl<M, T> fmt::Debug for Call<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.phase {
            Phase::New => "not sent",
            Phase::Blocked(_) => "waits for room",
            Phase::Failed(_) => "has failed",
            Phase::Waiting => "waits for its answer",
            Phase::Done => "done",
        };
        f.debug_struct("Call")
            .field("phase", &phase)
            .finish_non_exhaustive()
    }
}

/// A call to a handler that answers with a `Result`, which `R` is: a future of `Result<T, CallError<E>>`.
///
/// See [`Call`], of which it has everything.
#[must_use = "a call does nothing unless it is awaited"]
pub struct TryCall<M, R> {
    call: Call<M, R>,
    _answer: PhantomData<fn() -> R>,
}

impl<M: Send + 'static, R: Send + 'static> TryCall<M, R> {
    #[inline]
    pub(crate) fn new(route: Route<M>, build: impl FnOnce(ReplyTo<R>) -> M) -> Self {
        TryCall {
            call: Call::new(route, build),
            _answer: PhantomData,
        }
    }

    /// Waits no longer than this. Zero times out at once, with the request queued.
    pub fn timeout(self, timeout: Duration) -> Self {
        TryCall {
            call: self.call.timeout(timeout),
            ..self
        }
    }

    /// Waits as long as it takes.
    pub fn timeout_infinite(self) -> Self {
        TryCall {
            call: self.call.timeout_infinite(),
            ..self
        }
    }

    /// Sends the request now and does not wait, see [`Call::send_request`].
    pub fn send_request(self) -> crate::Request<R> {
        self.call.send_request()
    }
}

impl<M: Send + 'static, T: Send + 'static, E: Send + 'static> Future for TryCall<M, Result<T, E>> {
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.call)
            .poll(cx)
            .map(|answer| match answer {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(CallError::Handler(error)),
                Err(failure) => Err(CallError::Failed(failure)),
            })
    }
}

impl<M, R> fmt::Debug for TryCall<M, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.call, f)
    }
}

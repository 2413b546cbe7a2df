//! Calls: a request, the wait for its answer, and what can go wrong.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::exit::ExitReason;
pub(crate) use crate::outgoing::dropped;
use crate::outgoing::{Outgoing, Phase};
use crate::pid::Pid;
use crate::process::{Astray, Route};
use crate::reply::{self, Answer, ReplyTo};
use crate::time::deadline::Deadline;

/// The time that a call waits unless told otherwise: 5 s, as in OTP.
///
/// # Examples
///
/// ```
/// assert_eq!(otp_core::DEFAULT_TIMEOUT, std::time::Duration::from_secs(5));
/// ```
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a call has no answer.
///
/// In OTP each of these ends the caller, with a reason that names the call. Here it is a value, and the caller decides.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// counter.stop().await.unwrap();
/// let failure = counter.add(1).await.unwrap_err();
/// assert_eq!(failure, CallFailure::NoProc);
/// assert_eq!(failure.to_string(), "no such process");
/// # });
/// ```
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
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// #[derive(Debug, PartialEq)]
/// pub struct Overdrawn;
///
/// #[gen_server]
/// pub struct Account { balance: u32 }
///
/// #[gen_server]
/// impl Account {
///     #[init]
///     fn init(balance: u32) -> Self { Account { balance } }
///
///     #[call]
///     pub fn withdraw(&mut self, amount: u32) -> Result<u32, Overdrawn> {
///         self.balance = self.balance.checked_sub(amount).ok_or(Overdrawn)?;
///         Ok(self.balance)
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let account = Account::start(10).await.unwrap();
/// assert_eq!(account.withdraw(20).await, Err(CallError::Handler(Overdrawn)));
/// account.stop().await.unwrap();
/// assert_eq!(account.withdraw(1).await, Err(CallError::Failed(CallFailure::NoProc)));
/// # });
/// ```
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

/// A call to a server: a future of the answer.
///
/// Made by the client methods of a handle. It does nothing until it is polled; then the request is queued and the
/// timeout begins, [`DEFAULT_TIMEOUT`] unless set. Mirrors `GenServer.call/3`, where a failed call ends the caller:
/// here it is an error, and `?` is the way to let it crash.
///
/// # Errors
///
/// See [`CallFailure`].
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
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// assert_eq!(counter.add(1).timeout(Duration::from_millis(100)).await, Ok(1));
/// # });
/// ```
#[must_use = "a call does nothing unless it is awaited"]
pub struct Call<M, T> {
    outgoing: Outgoing<M>,
    /// Until it is sent as a request that somebody else waits for.
    answer: Option<Answer<T>>,
}

impl<M: Send + 'static, T: Send + 'static> Call<M, T> {
    #[inline]
    pub(crate) fn new(route: Route<M>, build: impl FnOnce(ReplyTo<T>) -> M) -> Self {
        let (reply_to, answer) = reply::answer();
        Call {
            outgoing: Outgoing::new(route, build(reply_to)),
            answer: Some(answer),
        }
    }

    /// Waits no longer than this. Zero times out at once, with the request queued.
    ///
    /// Never early; of a second or more, it may be late by 10 ms: see [`differences`](crate::differences).
    ///
    /// Unless set, [`DEFAULT_TIMEOUT`]. An answer that comes later vanishes, as in OTP since its release 24.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let answer = counter.add(1).timeout(Duration::ZERO).await;
    /// assert_eq!(answer, Err(CallFailure::Timeout { cycle: Vec::new() }));
    /// // The request was queued all the same.
    /// assert_eq!(counter.add(1).await, Ok(2));
    /// # });
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.outgoing.deadline = Deadline::After(timeout);
        self
    }

    /// Waits as long as it takes.
    ///
    /// `GenServer.call/3` with `:infinity`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// assert_eq!(counter.add(1).timeout_infinite().await, Ok(1));
    /// # });
    /// ```
    pub fn timeout_infinite(mut self) -> Self {
        self.outgoing.deadline = Deadline::Never;
        self
    }

    /// Sends the request now and does not wait: `gen_server:send_request/2`.
    ///
    /// The timeout of the call does not apply; those of [`Request`](crate::Request) do. A request that finds a bounded
    /// mailbox full fails.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let (hits, misses) = (Counter::start(0).await.unwrap(), Counter::start(10).await.unwrap());
    /// // Both are asked before either has answered.
    /// let (first, second) = (hits.add(1).send_request(), misses.add(1).send_request());
    /// assert_eq!((first.await, second.await), (Ok(1), Ok(11)));
    /// # });
    /// ```
    pub fn send_request(mut self) -> crate::Request<T> {
        if let Phase::New = self.outgoing.phase {
            let sent = self.send(Waker::noop());
            // It is not the caller that waits now, but whoever takes the answer.
            self.outgoing.finish_waiting();
            if let Err(failure) = sent {
                self.outgoing.fail_observed(&failure);
                self.outgoing.phase = Phase::Failed(Box::new(failure));
            }
        }
        let answer = self.answer.take().expect("this takes the call");
        let observed = self.outgoing.observed.take();
        crate::Request::new(answer, self.outgoing.server(), observed)
    }

    /// Resolves the route and queues the request. Err with what the call ends with.
    fn send(&mut self, waker: &Waker) -> Result<(), CallFailure> {
        let (caller, is_watched) = self.outgoing.begin()?;
        if let Some(answer) = &mut self.answer {
            answer.of(caller);
            answer.watch(waker);
        }
        if is_watched {
            return self.outgoing.push_watched(None);
        }
        self.outgoing.push(None)
    }

    /// Tries again to queue a request that found no room, until it waits in the line.
    fn unblock(&mut self, waker: &Waker) -> Result<(), CallFailure> {
        while let Some(ticket) = self.outgoing.has_room(waker) {
            // The task may be another one than that which began the call.
            if let Some(answer) = &mut self.answer {
                answer.watch(waker);
            }
            self.outgoing.push_watched(ticket)?;
        }
        Ok(())
    }
}

impl<M, T> Unpin for Call<M, T> {}

impl<M: Send + 'static, T: Send + 'static> Future for Call<M, T> {
    type Output = Result<T, CallFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match this.outgoing.phase {
            Phase::New => {
                if let Err(failure) = this.send(cx.waker()) {
                    this.outgoing.phase = Phase::Failed(Box::new(failure));
                }
            }
            Phase::Waiting => {
                if let Some(answer) = &mut this.answer
                    && let Poll::Ready(answer) = answer.poll(cx.waker())
                {
                    this.outgoing.finish();
                    if this.outgoing.observed.is_observed() {
                        return Poll::Ready(this.outgoing.tell_end(answer));
                    }
                    return Poll::Ready(answer.ok_or_else(|| this.outgoing.no_answer()));
                }
            }
            Phase::Blocked(_) | Phase::Failed(_) => {}
            Phase::Done => return Poll::Pending,
        }
        if let Phase::Failed(_) = this.outgoing.phase {
            return this.outgoing.fail(cx).map(Err);
        }
        if let Phase::Blocked(_) = this.outgoing.phase {
            let unblocked = this.unblock(cx.waker());
            unblocked.inspect_err(|failure| this.outgoing.fail_observed(failure))?;
        }
        this.outgoing.poll_timeout(cx.waker()).map(Err)
    }
}

impl<M, T> fmt::Debug for Call<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.outgoing.phase {
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
///
/// # Errors
///
/// [`CallError::Handler`] with the handler's own error, [`CallError::Failed`] if there is no answer.
///
/// # Cancel safety
///
/// As of [`Call`]: dropped before it is polled, nothing happens; dropped later, the request stays queued and its answer
/// vanishes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Account, Overdrawn};
/// # otp_core::doc_test(async {
/// let account = Account::start(10).await.unwrap();
/// assert_eq!(account.withdraw(4).timeout(Duration::from_millis(100)).await, Ok(6));
/// assert_eq!(account.withdraw(8).timeout_infinite().await, Err(CallError::Handler(Overdrawn)));
/// # });
/// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Account, Overdrawn};
    /// # otp_core::doc_test(async {
    /// let account = Account::start(10).await.unwrap();
    /// // A request gives the handler's answer as it is.
    /// assert_eq!(account.withdraw(20).send_request().await, Ok(Err(Overdrawn)));
    /// # });
    /// ```
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

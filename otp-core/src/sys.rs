//! Looking into a running server: its state, its status, its statistics; suspending and resuming it. OTP's `sys`.
//!
//! A request takes its turn in the mailbox, like a message; a suspended server answers nothing but these. Each waits
//! 5 s, as in OTP.
//!
//! # Examples
//!
//! ```
//! use otp_core::prelude::*;
//! use otp_core::sys;
//!
//! # use doc_servers::Counter;
//! # otp_core::doc_test(async {
//! let counter = Counter::start(1).await.unwrap();
//! sys::suspend(&counter).await.unwrap();
//! sys::replace_state(&counter, |_| Counter { value: 10 }).await.unwrap();
//! sys::resume(&counter).await.unwrap();
//! assert_eq!(sys::get_state(&counter, |counter| counter.value).await, Ok(10));
//! # });
//! ```

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::call::{CallFailure, DEFAULT_TIMEOUT, dropped};
use crate::exit::ExitReason;
use crate::gen_server::{GenServer, ServerRef};
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::signal::Signal;
use crate::process::{self, kind, scope};
use crate::reply::{self, ReplyTo};

type LookAtState = Box<dyn FnOnce(&mut dyn Any) + Send>;

/// What is asked of a server beside its messages.
pub(crate) enum SystemRequest {
    Stop(ExitReason),
    Suspend(ReplyTo<()>),
    Resume(ReplyTo<()>),
    /// Looks at the state, which is of the server's own type.
    State(LookAtState),
    Statistics {
        enable: Option<bool>,
        reply_to: ReplyTo<Option<Statistics>>,
    },
    Status(ReplyTo<Status>),
}

impl fmt::Debug for SystemRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SystemRequest::Stop(_) => "Stop",
            SystemRequest::Suspend(_) => "Suspend",
            SystemRequest::Resume(_) => "Resume",
            SystemRequest::State(_) => "State",
            SystemRequest::Statistics { .. } => "Statistics",
            SystemRequest::Status(_) => "Status",
        })
    }
}

/// What a server has done since its statistics were switched on: `sys:statistics/2`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// sys::statistics(&counter, Some(true)).await.unwrap();
/// counter.add(1).await.unwrap();
/// let statistics = sys::statistics(&counter, None).await.unwrap().unwrap();
/// assert_eq!(statistics.messages_in, 1);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// When they were switched on.
    pub since: tokio::time::Instant,
    /// Messages handled.
    pub messages_in: u64,
}

impl Default for Statistics {
    fn default() -> Self {
        Statistics {
            since: tokio::time::Instant::now(),
            messages_in: 0,
        }
    }
}

/// How a server stands: `sys:get_status/1`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start_link(0).name("hits").await.unwrap();
/// let status = sys::get_status(&counter).await.unwrap();
/// assert_eq!((status.name, status.parent), (Some(Name::from("hits")), Some(process::self_pid())));
/// assert!(!status.suspended);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The process.
    pub pid: Pid,
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// Who started it with a link.
    pub parent: Option<Pid>,
    /// The type of the server.
    pub server: &'static str,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Messages that wait.
    pub message_queue_len: usize,
    /// The state, as [`GenServer::format_status`] shows it.
    pub state: String,
}

/// Why a replacement of a state did not happen.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys::{self, ReplaceError};
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// let replaced = sys::replace_state(&counter, |_| panic!("oops")).await;
/// assert_eq!(replaced, Err(ReplaceError::CallbackFailed));
/// assert_eq!(counter.add(1).await, Ok(1));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    /// The function panicked. The state is as it was: OTP's `callback_failed`.
    #[error("the function panicked; the state is as it was")]
    CallbackFailed,
    /// The server did not answer.
    #[error(transparent)]
    Failed(#[from] CallFailure),
}

/// Stops the handling of messages until [`resume`]: `sys:suspend/1`. They queue. A second time it does nothing.
///
/// An exit signal that is not trapped ends a suspended server all the same.
///
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, the server is suspended all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// sys::suspend(&counter).await.unwrap();
/// let answer = counter.add(1).timeout(Duration::from_millis(1)).await;
/// assert!(matches!(answer, Err(CallFailure::Timeout { .. })));
/// # });
/// ```
pub async fn suspend<S: GenServer>(server: &ServerRef<S>) -> Result<(), CallFailure> {
    request(server, SystemRequest::Suspend).await
}

/// Lets a suspended server go on, with what has queued: `sys:resume/1`.
///
/// One that is not suspended goes on.
///
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, the server is resumed all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// sys::suspend(&counter).await.unwrap();
/// let request = counter.add(1).send_request();
/// sys::resume(&counter).await.unwrap();
/// assert_eq!(request.await, Ok(1));
/// # });
/// ```
pub async fn resume<S: GenServer>(server: &ServerRef<S>) -> Result<(), CallFailure> {
    request(server, SystemRequest::Resume).await
}

/// Looks at the state: `sys:get_state/1`. The function runs in the server; if it panics the server crashes.
///
/// OTP copies the state to the caller. Here `look` takes out of it what is wanted.
///
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, the function runs all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(42).await.unwrap();
/// assert_eq!(sys::get_state(&counter, |counter| counter.value).await, Ok(42));
/// # });
/// ```
pub async fn get_state<S: GenServer, T: Send + 'static>(
    server: &ServerRef<S>,
    look: impl FnOnce(&S) -> T + Send + 'static,
) -> Result<T, CallFailure> {
    request(server, |reply_to| {
        SystemRequest::State(Box::new(move |state| {
            if let Some(state) = state.downcast_ref() {
                reply_to.send(look(state));
            }
        }))
    })
    .await
}

/// Puts another state in the place of the present one: `sys:replace_state/2`.
///
/// The function runs in the server. OTP gives the new state to the caller as well; [`get_state`] does here.
///
/// # Errors
///
/// The function panicked, or the server did not answer. In both cases the state is as it was.
///
/// # Cancel safety
///
/// Dropped after it was polled, the state is replaced all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(40).await.unwrap();
/// sys::replace_state(&counter, |old| Counter { value: old.value + 1 }).await.unwrap();
/// assert_eq!(counter.add(1).await, Ok(42));
/// # });
/// ```
pub async fn replace_state<S: GenServer>(
    server: &ServerRef<S>,
    replace: impl FnOnce(&S) -> S + Send + 'static,
) -> Result<(), ReplaceError> {
    self::replace(server, |state: &mut S| *state = replace(state)).await
}

/// Changes the state by a function, which leaves it as it was if it panics.
pub(crate) async fn replace<S: GenServer>(
    server: &ServerRef<S>,
    replace: impl FnOnce(&mut S) + Send + 'static,
) -> Result<(), ReplaceError> {
    let replaced = request(server, |reply_to| {
        SystemRequest::State(Box::new(move |state| {
            let Some(state) = state.downcast_mut::<S>() else {
                return;
            };
            let replaced = catch_unwind(AssertUnwindSafe(|| replace(state)));
            reply_to.send(replaced.is_ok());
        }))
    })
    .await?;
    if replaced {
        Ok(())
    } else {
        Err(ReplaceError::CallbackFailed)
    }
}

/// Switches the statistics on or off, or leaves them: `sys:statistics/2`. Answers what they were; None if they were off.
///
/// They are off unless switched on.
///
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, they are switched all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// assert_eq!(sys::statistics(&counter, Some(true)).await, Ok(None));
/// let last = sys::statistics(&counter, Some(false)).await.unwrap();
/// assert_eq!(last.unwrap().messages_in, 0);
/// # });
/// ```
pub async fn statistics<S: GenServer>(
    server: &ServerRef<S>,
    enable: Option<bool>,
) -> Result<Option<Statistics>, CallFailure> {
    request(server, |reply_to| SystemRequest::Statistics {
        enable,
        reply_to,
    })
    .await
}

/// Tells how the server stands: `sys:get_status/1`.
///
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped, nothing is lost.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// sys::suspend(&counter).await.unwrap();
/// counter.reset();
/// let status = sys::get_status(&counter).await.unwrap();
/// assert!(status.suspended);
/// assert_eq!(status.message_queue_len, 1);
/// # });
/// ```
pub async fn get_status<S: GenServer>(server: &ServerRef<S>) -> Result<Status, CallFailure> {
    request(server, SystemRequest::Status).await
}

/// A server of whatever type, by its pid: for tools that look at all there are.
///
/// What it asks is asked as the functions of this module ask it. It leads to one process, not to its successors.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys::AnyServer;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(1).await.unwrap();
/// let node = Node::current().unwrap();
/// let server = AnyServer::of(&node, counter.pid().unwrap()).unwrap();
/// server.suspend().await.unwrap();
/// assert!(server.get_status().await.unwrap().suspended);
/// server.resume().await.unwrap();
/// assert_eq!(counter.add(1).await, Ok(2));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct AnyServer(Arc<dyn Process>);

impl AnyServer {
    /// The server that a pid is. None if it has ended, or is a task or a plain process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::sys::AnyServer;
    ///
    /// # otp_core::doc_test(async {
    /// assert!(AnyServer::of(&Node::current().unwrap(), process::self_pid()).is_none());
    /// # });
    /// ```
    #[must_use]
    pub fn of(node: &Node, pid: Pid) -> Option<Self> {
        let process = node.lookup(pid)?;
        kind::is_server(process.kind()).then(|| AnyServer(process))
    }

    /// See [`suspend`].
    ///
    /// # Errors
    ///
    /// The server did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped after it was polled, the server is suspended all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::sys::AnyServer;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let server = AnyServer::of(&Node::current().unwrap(), counter.pid().unwrap()).unwrap();
    /// server.suspend().await.unwrap();
    /// assert!(process::info(&counter).unwrap().suspended);
    /// # });
    /// ```
    pub async fn suspend(&self) -> Result<(), CallFailure> {
        ask(&*self.0, SystemRequest::Suspend, DEFAULT_TIMEOUT).await
    }

    /// See [`resume`].
    ///
    /// # Errors
    ///
    /// The server did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped after it was polled, the server is resumed all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::sys::AnyServer;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let server = AnyServer::of(&Node::current().unwrap(), counter.pid().unwrap()).unwrap();
    /// server.suspend().await.unwrap();
    /// server.resume().await.unwrap();
    /// assert!(!process::info(&counter).unwrap().suspended);
    /// # });
    /// ```
    pub async fn resume(&self) -> Result<(), CallFailure> {
        ask(&*self.0, SystemRequest::Resume, DEFAULT_TIMEOUT).await
    }

    /// See [`get_status`].
    ///
    /// # Errors
    ///
    /// The server did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::sys::AnyServer;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let server = AnyServer::of(&Node::current().unwrap(), counter.pid().unwrap()).unwrap();
    /// assert_eq!(server.get_status().await.unwrap().pid, counter.pid().unwrap());
    /// # });
    /// ```
    pub async fn get_status(&self) -> Result<Status, CallFailure> {
        ask(&*self.0, SystemRequest::Status, DEFAULT_TIMEOUT).await
    }

    /// Switches the [`statistics`] on or off once it is the request's turn, and does not wait for that.
    ///
    /// What they come to is in [`ProcessInfo::activity`](process::ProcessInfo::activity).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::sys::AnyServer;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let server = AnyServer::of(&Node::current().unwrap(), counter.pid().unwrap()).unwrap();
    /// server.switch_statistics(true);
    /// counter.add(1).await.unwrap();
    /// let activity = process::info(&counter).unwrap().activity.unwrap();
    /// assert_eq!(activity.statistics.messages_in, 1);
    /// # });
    /// ```
    pub fn switch_statistics(&self, on: bool) {
        let (reply_to, _) = reply::answer();
        self.0
            .push_signal(Signal::System(SystemRequest::Statistics {
                enable: Some(on),
                reply_to,
            }));
    }
}

async fn request<S: GenServer, T: Send + 'static>(
    server: &ServerRef<S>,
    build: impl FnOnce(ReplyTo<T>) -> SystemRequest,
) -> Result<T, CallFailure> {
    request_within(server, build, DEFAULT_TIMEOUT).await
}

async fn request_within<S: GenServer, T: Send + 'static>(
    server: &ServerRef<S>,
    build: impl FnOnce(ReplyTo<T>) -> SystemRequest,
    timeout: Duration,
) -> Result<T, CallFailure> {
    ask(&*server.route().resolve()?, build, timeout).await
}

async fn ask<T: Send + 'static>(
    cell: &dyn Process,
    build: impl FnOnce(ReplyTo<T>) -> SystemRequest,
    timeout: Duration,
) -> Result<T, CallFailure> {
    if scope::with_process(|process| process.core().pid()) == Some(cell.core().pid()) {
        return Err(CallFailure::CallingSelf);
    }
    if !cell.core().vital().is_alive() {
        return Err(CallFailure::NoProc);
    }
    let (reply_to, mut answer) = reply::answer();
    cell.push_signal(Signal::System(build(reply_to)));
    let answer = std::future::poll_fn(|cx| answer.poll(cx.waker()));
    let answer = process::within(timeout, answer).await;
    match answer {
        None => Err(CallFailure::Timeout { cycle: Vec::new() }),
        Some(answer) => answer.ok_or_else(|| dropped(cell.core())),
    }
}

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
use std::time::Duration;

use crate::call::{CallFailure, DEFAULT_TIMEOUT, dropped};
use crate::exit::ExitReason;
use crate::gen_server::{GenServer, ServerRef};
use crate::node::Name;
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::signal::Signal;
use crate::process::{self, scope};
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
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, the server is suspended all the same.
pub async fn suspend<S: GenServer>(server: &ServerRef<S>) -> Result<(), CallFailure> {
    request(server, SystemRequest::Suspend).await
}

/// Lets a suspended server go on, with what has queued: `sys:resume/1`.
///
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, the server is resumed all the same.
pub async fn resume<S: GenServer>(server: &ServerRef<S>) -> Result<(), CallFailure> {
    request(server, SystemRequest::Resume).await
}

/// Looks at the state: `sys:get_state/1`. The function runs in the server; if it panics the server crashes.
///
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, the function runs all the same.
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
/// # Errors
///
/// The function panicked, or the server did not answer. In both cases the state is as it was.
///
/// # Cancel safety
///
/// Dropped after it was polled, the state is replaced all the same.
pub async fn replace_state<S: GenServer>(
    server: &ServerRef<S>,
    replace: impl FnOnce(&S) -> S + Send + 'static,
) -> Result<(), ReplaceError> {
    let replaced = request(server, |reply_to| {
        SystemRequest::State(Box::new(move |state| {
            let Some(state) = state.downcast_mut::<S>() else {
                return;
            };
            let new = catch_unwind(AssertUnwindSafe(|| replace(state)));
            reply_to.send(new.map(|new| *state = new).is_ok());
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
/// # Errors
///
/// The server did not answer.
///
/// # Cancel safety
///
/// Dropped after it was polled, they are switched all the same.
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
pub async fn get_status<S: GenServer>(server: &ServerRef<S>) -> Result<Status, CallFailure> {
    request(server, SystemRequest::Status).await
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
    let cell = server.route().resolve()?;
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
        Some(answer) => answer.ok_or_else(|| dropped(&*cell)),
    }
}

//! Servers: a state, and one message at a time.
//!
//! ```text
//! a client                          the process                       your code
//!
//! Counter::start_link(0)  ------->  (begins)  ---------------------->  init
//!                         <-------  CounterRef, once init has returned
//! counter.add(2).await    ------->  mailbox -> handle_message  ------>  add(&mut self, 2) -> i64
//!                         <-------  the answer
//! counter.reset()         ------->  mailbox -> handle_message  ------>  reset(&mut self)
//!                                   cx.continue_with(m)        ------>  #[handle_continue]
//! timers, other processes ------->  mailbox -> handle_message  ------>  #[handle_info]
//! a monitor fires         ------->  handle_down                ------>  #[handle_down]
//! a link fires (trapping) ------->  handle_exit                ------>  #[handle_exit]
//!                                   nothing came for a while   ------>  #[handle_timeout]
//! counter.stop().await    ------->  terminate                  ------>  #[terminate]
//!                         <-------  once it is gone
//! ```
//!
//! [`#[gen_server]`](macro@crate::gen_server) writes the implementation of [`GenServer`] and the client; everything that it
//! emits can be written by hand against the trait, as its documentation shows.

mod context;
pub(crate) mod handle;
mod run;
mod start;

use std::future::Future;

pub use context::Context;
pub use handle::{ServerHandle, ServerRef, Stop, StopError};
pub use start::{Initialized, Start, StartError, Started, start, start_link, start_monitor};

use crate::exit::ExitReason;
use crate::options::ServerOptions;
use crate::process::{Down, Exit};

/// Why a server did not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitError {
    /// It stops: `{stop, Reason}`.
    Stop(ExitReason),
    /// It is not needed, which is no failure: `ignore`. Nothing is left behind.
    Ignore,
}

impl<R: Into<ExitReason>> From<R> for InitError {
    fn from(reason: R) -> Self {
        InitError::Stop(reason.into())
    }
}

/// A server: OTP's gen_server behaviour.
///
/// `#[gen_server]` implements it. By hand, write the message enum, this, and what clients call:
///
/// ```
/// use otp_core::prelude::*;
///
/// struct Counter { value: i64 }
///
/// enum CounterMessage {
///     Add { by: i64, reply_to: ReplyTo<i64> },
///     Reset,
/// }
///
/// impl GenServer for Counter {
///     type Args = i64;
///     type Message = CounterMessage;
///
///     async fn init(value: i64, _cx: &mut Context<Self>) -> Result<Self, InitError> {
///         Ok(Counter { value })
///     }
///
///     async fn handle_message(&mut self, message: CounterMessage, cx: &mut Context<Self>) {
///         match message {
///             CounterMessage::Add { by, reply_to } => {
///                 self.value += by;
///                 cx.reply(reply_to, self.value);
///             }
///             CounterMessage::Reset => self.value = 0,
///         }
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let counter: ServerRef<Counter> = gen_server::start_link(40).await.unwrap();
/// counter.cast(CounterMessage::Reset);
/// let answer = counter.call(|reply_to| CounterMessage::Add { by: 2, reply_to }).await;
/// assert_eq!(answer, Ok(2));
/// # });
/// ```
///
/// # What may happen to a handler
///
/// A panic in it is caught; `terminate` sees the state as it was left, and the process ends. An exit signal that is not
/// trapped drops it at its next await point; then only the state's `Drop` runs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server",
    label = "not a server",
    note = "write `#[gen_server]` above its struct and above its impl, or implement `GenServer` by hand"
)]
pub trait GenServer: Sized + Send + 'static {
    /// What it is started with.
    type Args: Send + 'static;

    /// Everything that it handles: calls with their [`ReplyTo`](crate::ReplyTo), casts, infos, continues.
    type Message: Send + 'static;

    /// What it says of itself to its supervisor and to its mailbox.
    const OPTIONS: ServerOptions = ServerOptions::DEFAULT;

    /// Makes the state. The starter waits for it. It runs as the new process.
    fn init(
        args: Self::Args,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Result<Self, InitError>> + Send;

    /// Handles one message.
    fn handle_message(
        &mut self,
        message: Self::Message,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send;

    /// A monitored process ended. By default that is reported as unexpected.
    fn handle_down(
        &mut self,
        down: Down,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        unexpected::<Self>(cx, "DOWN", &down.reason);
        async {}
    }

    /// A linked process ended or an exit signal came, while trapping exits; not the parent's, which ends the server.
    /// By default that is reported as unexpected.
    fn handle_exit(
        &mut self,
        exit: Exit,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        unexpected::<Self>(cx, "EXIT", &exit.reason);
        async {}
    }

    /// Nothing came for as long as [`Context::set_timeout`] said.
    fn handle_timeout(&mut self, cx: &mut Context<Self>) -> impl Future<Output = ()> + Send {
        unexpected::<Self>(cx, "timeout", &ExitReason::Normal);
        async {}
    }

    /// The server stops: by [`Context::stop`], by a client's stop, after a panic, or by its parent's exit while trapping
    /// exits. Not after a kill, nor after an exit signal that was not trapped. By default it does nothing.
    fn terminate(
        &mut self,
        reason: &ExitReason,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (reason, cx);
        async {}
    }

    /// The state as people may see it, in status and crash reports. By default the type's name alone, so that no secret
    /// gets out by accident.
    fn format_status(&self) -> String {
        std::any::type_name::<Self>().to_owned()
    }

    /// What a message is called, in crash reports.
    fn message_name(message: &Self::Message) -> &'static str {
        let _ = message;
        "message"
    }
}

fn unexpected<S: GenServer>(cx: &Context<S>, what: &str, reason: &ExitReason) {
    tracing::warn!(pid = %cx.pid(), server = std::any::type_name::<S>(), what, %reason, "unexpected message");
}

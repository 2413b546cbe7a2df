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
//!
//! # Examples
//!
//! ```
//! # use otp_core::prelude::*;
//! # use doc_servers::Counter;
//! # otp_core::doc_test(async {
//! let counter = Counter::start_link(0).await.unwrap();
//! assert_eq!(counter.add(2).await, Ok(2));
//! counter.reset();
//! assert_eq!(counter.add(1).await, Ok(1));
//! counter.stop().await.unwrap();
//! # });
//! ```

mod context;
pub(crate) mod handle;
mod run;
mod start;

use std::future::Future;

pub use context::Context;
pub use handle::{ServerHandle, ServerRef, Stop, StopError};
pub(crate) use run::{TURN, yield_now};
pub use start::{Initialized, Start, StartError, Started, start, start_link, start_monitor};

use crate::exit::ExitReason;
use crate::options::ServerOptions;
use crate::process::{Down, Exit};

/// Why a server did not begin.
///
/// Any error converts into [`Stop`](Self::Stop), so that `?` works in an init.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// #[gen_server]
/// pub struct Cache;
///
/// #[gen_server]
/// impl Cache {
///     #[init]
///     fn init(size: usize) -> Result<Self, InitError> {
///         match size {
///             0 => Err(InitError::Ignore),
///             1..=64 => Ok(Cache),
///             _ => Err(ExitReason::error("too large").into()),
///         }
///     }
/// }
///
/// # otp_core::doc_test(async {
/// assert!(Cache::start(8).await.is_ok());
/// assert_eq!(Cache::start(0).await, Err(StartError::Ignore));
/// assert_eq!(Cache::start(65).await, Err(StartError::Init(ExitReason::error("too large"))));
/// # });
/// ```
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

    /// Whether [`begin`](Self::begin) runs before the first message.
    #[doc(hidden)]
    const BEGINS: bool = false;

    /// Makes the state. The starter waits for it. It runs as the new process.
    ///
    /// Mirrors `init/1`; `#[init]` of `#[gen_server]` writes it.
    ///
    /// # Errors
    ///
    /// [`InitError::Stop`] with a reason, or [`InitError::Ignore`] if the server is not needed; then nothing of it is
    /// left.
    ///
    /// # Cancel safety
    ///
    /// The server is dropped where its init waits, when the start is dropped or times out, or at an exit signal that is
    /// not trapped. What it has begun with others is for its drop to undo.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # struct Half(u32);
    /// # impl GenServer for Half {
    /// type Args = u32;
    /// #     type Message = ();
    ///
    /// async fn init(whole: u32, _cx: &mut Context<Self>) -> Result<Self, InitError> {
    ///     if whole % 2 == 1 {
    ///         return Err(ExitReason::error("odd").into());
    ///     }
    ///     Ok(Half(whole / 2))
    /// }
    /// #     async fn handle_message(&mut self, _: (), _cx: &mut Context<Self>) {}
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// assert!(gen_server::start::<ServerRef<Half>>(4).await.is_ok());
    /// let odd = gen_server::start::<ServerRef<Half>>(5).await.unwrap_err();
    /// assert_eq!(odd, StartError::Init(ExitReason::error("odd")));
    /// # });
    /// ```
    fn init(
        args: Self::Args,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = Result<Self, InitError>> + Send;

    /// Handles one message.
    ///
    /// Mirrors `handle_call/3`, `handle_cast/2`, `handle_info/2` and `handle_continue/2` in one: the message says which
    /// it is.
    ///
    /// # Cancel safety
    ///
    /// It is dropped where it waits, at an exit signal that is not trapped; then the state's `Drop` runs, and nothing
    /// else. A caller that gives up does not end it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # struct Counter(i64);
    /// enum Message {
    ///     Add(i64),
    ///     Value(ReplyTo<i64>),
    /// }
    ///
    /// # impl GenServer for Counter {
    /// #     type Args = ();
    /// #     type Message = Message;
    /// #     async fn init(_: (), _cx: &mut Context<Self>) -> Result<Self, InitError> { Ok(Counter(0)) }
    /// async fn handle_message(&mut self, message: Message, cx: &mut Context<Self>) {
    ///     match message {
    ///         Message::Add(by) => self.0 += by,
    ///         Message::Value(reply_to) => cx.reply(reply_to, self.0),
    ///     }
    /// }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let counter: ServerRef<Counter> = gen_server::start(()).await.unwrap();
    /// counter.cast(Message::Add(2));
    /// assert_eq!(counter.call(Message::Value).await, Ok(2));
    /// # });
    /// ```
    fn handle_message(
        &mut self,
        message: Self::Message,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send;

    /// A monitored process ended. By default that is reported as unexpected.
    ///
    /// Mirrors `handle_info({'DOWN', …}, State)`; `#[handle_down]` of `#[gen_server]` writes it.
    ///
    /// # Cancel safety
    ///
    /// As of [`handle_message`](Self::handle_message).
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::prelude::*;
    ///
    /// #[gen_server]
    /// pub struct Watch;
    ///
    /// #[gen_server]
    /// impl Watch {
    ///     #[init]
    ///     fn init(who: Pid, cx: &mut Context<Self>) -> Self {
    ///         cx.monitor(who);
    ///         Watch
    ///     }
    ///
    ///     #[handle_down]
    ///     fn gone(&mut self, down: Down, cx: &mut Context<Self>) { cx.stop(down.reason); }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let worker = process::spawn(std::future::pending::<()>());
    /// let watch = Watch::start(worker).await.unwrap();
    /// process::exit(worker, ExitReason::Shutdown);
    /// assert_eq!(watch.ended().await, ExitReason::Shutdown);
    /// # });
    /// ```
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
    ///
    /// Mirrors `handle_info({'EXIT', …}, State)`; `#[handle_exit]` of `#[gen_server]` writes it.
    ///
    /// # Cancel safety
    ///
    /// As of [`handle_message`](Self::handle_message).
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::prelude::*;
    ///
    /// #[gen_server]
    /// pub struct Trap;
    ///
    /// #[gen_server]
    /// impl Trap {
    ///     #[init]
    ///     fn init(cx: &mut Context<Self>) -> Self {
    ///         cx.trap_exit(true);
    ///         Trap
    ///     }
    ///
    ///     #[handle_exit]
    ///     fn told(&mut self, exit: Exit, cx: &mut Context<Self>) {
    ///         cx.stop(ExitReason::shutdown_with(format!("told: {}", exit.reason)));
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let trap = Trap::start().await.unwrap();
    /// process::exit(&trap, ExitReason::error("boom"));
    /// assert_eq!(trap.ended().await.to_string(), "shutdown: told: boom");
    /// # });
    /// ```
    fn handle_exit(
        &mut self,
        exit: Exit,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        unexpected::<Self>(cx, "EXIT", &exit.reason);
        async {}
    }

    /// Nothing came for as long as [`Context::set_timeout`] said.
    ///
    /// Mirrors `handle_info(timeout, State)`; `#[handle_timeout]` of `#[gen_server]` writes it.
    ///
    /// # Cancel safety
    ///
    /// As of [`handle_message`](Self::handle_message).
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::prelude::*;
    ///
    /// #[gen_server]
    /// pub struct Session;
    ///
    /// #[gen_server]
    /// impl Session {
    ///     #[init]
    ///     fn init(cx: &mut Context<Self>) -> Self {
    ///         cx.set_timeout(Duration::from_millis(1));
    ///         Session
    ///     }
    ///
    ///     #[handle_timeout]
    ///     fn idle(&mut self, cx: &mut Context<Self>) { cx.stop(ExitReason::shutdown_with("idle")); }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let session = Session::start().await.unwrap();
    /// assert_eq!(session.ended().await, ExitReason::shutdown_with("idle"));
    /// # });
    /// ```
    fn handle_timeout(&mut self, cx: &mut Context<Self>) -> impl Future<Output = ()> + Send {
        unexpected::<Self>(cx, "timeout", &ExitReason::Normal);
        async {}
    }

    /// The server stops: by [`Context::stop`], by a client's stop, after a panic, or by its parent's exit while trapping
    /// exits. Not after a kill, nor after an exit signal that was not trapped. By default it does nothing.
    ///
    /// Mirrors `terminate/2`; `#[terminate]` of `#[gen_server]` writes it.
    ///
    /// # Cancel safety
    ///
    /// It is dropped where it waits, at a kill: when the shutdown time of a supervisor is over, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::prelude::*;
    ///
    /// #[gen_server]
    /// pub struct File { saved: tokio::sync::mpsc::UnboundedSender<String> }
    ///
    /// #[gen_server]
    /// impl File {
    ///     #[init]
    ///     fn init(saved: tokio::sync::mpsc::UnboundedSender<String>) -> Self { File { saved } }
    ///
    ///     #[terminate]
    ///     fn save(&mut self, reason: &ExitReason) { self.saved.send(reason.to_string()).ok(); }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let (saved, mut reasons) = tokio::sync::mpsc::unbounded_channel();
    /// let file = File::start(saved).await.unwrap();
    /// file.stop().await.unwrap();
    /// assert_eq!(reasons.recv().await.as_deref(), Some("normal"));
    /// # });
    /// ```
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
    ///
    /// Mirrors `format_status/1`; `#[format_status]` of `#[gen_server]` writes it.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::prelude::*;
    /// use otp_core::sys;
    ///
    /// #[gen_server]
    /// pub struct Login { user: String, password: String }
    ///
    /// #[gen_server]
    /// impl Login {
    ///     #[init]
    ///     fn init(user: String, password: String) -> Self { Login { user, password } }
    ///
    ///     #[format_status]
    ///     fn status(&self) -> String { format!("{}, {} letters", self.user, self.password.len()) }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let login = Login::start("ada".to_owned(), "secret".to_owned()).await.unwrap();
    /// assert_eq!(sys::get_status(&login).await.unwrap().state, "ada, 6 letters");
    /// # });
    /// ```
    fn format_status(&self) -> String {
        std::any::type_name::<Self>().to_owned()
    }

    /// The start is done, and no message has been looked at.
    #[doc(hidden)]
    fn begin(&mut self, cx: &mut Context<Self>) -> impl Future<Output = ()> + Send {
        let _ = cx;
        async {}
    }

    /// A timer of a state machine has gone off.
    #[doc(hidden)]
    fn handle_timer(
        &mut self,
        timer: u64,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (timer, cx);
        async {}
    }

    /// What a message is called, in crash reports.
    ///
    /// `#[gen_server]` gives the names of the message's type and of its variant.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use doc_servers::CounterMessage;
    /// assert_eq!(Counter::message_name(&CounterMessage::Reset), "CounterMessage::Reset");
    /// ```
    fn message_name(message: &Self::Message) -> &'static str {
        let _ = message;
        "message"
    }
}

pub(crate) fn unexpected<S: GenServer>(cx: &Context<S>, what: &str, reason: &ExitReason) {
    tracing::warn!(pid = %cx.pid(), server = std::any::type_name::<S>(), what, %reason, "unexpected message");
}

//! State machines: a server with states, whose events can wait for another state. OTP's gen_statem.
//!
//! ```text
//!  the mailbox --> event --> handle_event(state, event) --> next state, actions
//!                    ^                                        |
//!                    |    inserted events         <-----------+-- next_event
//!                    |    postponed, once the     <-----------+-- postpone
//!                    |    state has changed                   |
//!                    |    timeouts: of the state, <-----------+-- state_timeout, event_timeout, timeout
//!                    |    of events, named                    |
//!                    +------------- enter call of a new state, before any of these
//! ```
//!
//! [`#[gen_statem]`](macro@crate::gen_statem) writes the implementation of [`GenStatem`] and the client; everything that
//! it emits can be written by hand against the trait, as its documentation shows. The server that runs it is a
//! [`Machine`]: it is started, named, stopped, supervised and looked into as every server is.
//!
//! # Examples
//!
//! ```
//! use otp_core::prelude::*;
//!
//! #[gen_statem]
//! pub enum Turnstile {
//!     #[initial]
//!     Locked,
//!     Unlocked,
//! }
//!
//! #[gen_statem]
//! impl Turnstile {
//!     #[on(Locked)]
//!     #[call]
//!     pub fn coin(self, cents: u32) -> (To![Unlocked, Locked], bool) {
//!         if cents >= 50 {
//!             (To::Unlocked, true)
//!         } else {
//!             (To::Locked, false)
//!         }
//!     }
//!
//!     #[on(Unlocked)]
//!     #[call]
//!     pub fn coin(&mut self, _cents: u32) -> bool {
//!         true
//!     }
//!
//!     #[on(Unlocked)]
//!     #[cast]
//!     pub fn push(self) -> To![Locked] {
//!         To::Locked
//!     }
//!
//!     #[on(Locked)]
//!     #[cast]
//!     pub fn push(&self) {}
//! }
//!
//! # otp_core::doc_test(async {
//! let turnstile = Turnstile::start_link().await.unwrap();
//! assert_eq!(turnstile.coin(20).await, Ok(false));
//! assert_eq!(turnstile.coin(50).await, Ok(true));
//! turnstile.push();
//! assert_eq!(turnstile.coin(20).await, Ok(false));
//! # });
//! ```

mod actions;
mod machine;
mod queue;
mod slot;
mod timeout;

use std::fmt::Debug;
use std::future::Future;

pub use actions::Actions;
pub use machine::Machine;
pub use slot::Slot;
pub use timeout::When;

use crate::exit::ExitReason;
use crate::gen_server::{InitError, ServerRef};
use crate::node::Name;
use crate::options::ServerOptions;
use crate::process::{Down, Exit};
use crate::sys::{self, ReplaceError};

/// A handle to a state machine that is written by hand; `#[gen_statem]` makes one of the machine's own.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Door, DoorMessage};
/// use otp_core::gen_statem::StatemRef;
///
/// # otp_core::doc_test(async {
/// let door: StatemRef<Door> = gen_server::start(()).await.unwrap();
/// door.cast(DoorMessage::Open);
/// assert_eq!(door.call(DoorMessage::Knock).await, Ok("open"));
/// # });
/// ```
pub type StatemRef<S> = ServerRef<Machine<S>>;

/// What an event is, beside its content: OTP's `event_type()`.
///
/// OTP tells calls, casts and infos apart; here the event's own type does.
///
/// # Examples
///
/// ```
/// use otp_core::gen_statem::EventType;
///
/// fn is_timeout(event_type: &EventType) -> bool {
///     !matches!(event_type, EventType::External | EventType::Internal)
/// }
///
/// assert!(is_timeout(&EventType::Timeout("ping".into())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventType {
    /// It came from outside: a call, a cast, an info, a DOWN or an EXIT. OTP's `external_event_type()`.
    External,
    /// A callback inserted it: [`Actions::next_event`].
    Internal,
    /// The state has not changed for a while: [`Actions::state_timeout`].
    StateTimeout,
    /// No event came for a while: [`Actions::event_timeout`]. OTP's `timeout`.
    EventTimeout,
    /// A timeout of this name: [`Actions::timeout`]. OTP's `{timeout, Name}`.
    Timeout(Name),
}

/// A state machine: OTP's gen_statem behaviour, with its callback mode `handle_event_function`.
///
/// `#[gen_statem]` implements it. By hand, the type is the state with its data, and events are messages as a server's are:
///
/// ```
/// use otp_core::gen_statem::{Actions, EventType, GenStatem, Slot, StatemRef};
/// use otp_core::prelude::*;
///
/// enum Door { Closed, Open { times: u32 } }
///
/// /// Which state, without its data.
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum DoorState { Closed, Open }
///
/// enum DoorEvent {
///     Open,
///     Close,
///     Times(ReplyTo<u32>),
/// }
///
/// impl GenStatem for Door {
///     type Args = ();
///     type Event = DoorEvent;
///     type State = DoorState;
///
///     async fn init(_: (), _actions: &mut Actions<Self>) -> Result<Self, InitError> {
///         Ok(Door::Closed)
///     }
///
///     fn state(&self) -> DoorState {
///         match self {
///             Door::Closed => DoorState::Closed,
///             Door::Open { .. } => DoorState::Open,
///         }
///     }
///
///     async fn handle_event(
///         door: &mut Slot<Self>,
///         _event_type: EventType,
///         event: DoorEvent,
///         actions: &mut Actions<Self>,
///     ) {
///         match (&mut **door, event) {
///             (Door::Closed, DoorEvent::Open) => {
///                 door.put(Door::Open { times: 1 });
///                 actions.state_timeout(Duration::from_secs(10), DoorEvent::Close);
///             }
///             (Door::Open { times }, DoorEvent::Open) => *times += 1,
///             (Door::Open { .. }, DoorEvent::Close) => door.put(Door::Closed),
///             (Door::Open { times }, DoorEvent::Times(reply_to)) => reply_to.send(*times),
///             (Door::Closed, DoorEvent::Close) => {}
///             // Whoever asks waits until it is open.
///             (Door::Closed, times @ DoorEvent::Times(_)) => actions.postpone(times),
///         }
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let door: StatemRef<Door> = gen_server::start_link(()).await.unwrap();
/// let times = door.call(DoorEvent::Times).send_request();
/// door.cast(DoorEvent::Open);
/// assert_eq!(times.await, Ok(1));
/// # });
/// ```
///
/// # What may happen to a handler
///
/// A panic in it is caught; `terminate` sees the state as it was left, unless the handler had taken it out of its
/// [`Slot`]. An exit signal that is not trapped drops it at its next await point; then only the state's `Drop` runs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state machine",
    label = "not a state machine",
    note = "write `#[gen_statem]` above its enum and above its impl, or implement `GenStatem` by hand"
)]
pub trait GenStatem: Sized + Send + 'static {
    /// What it is started with.
    type Args: Send + 'static;

    /// The content of its events: what clients ask, what it inserts, what its timeouts bring.
    type Event: Send + 'static;

    /// Which state it is in, without the data: what is compared to tell whether the state has changed.
    type State: Copy + PartialEq + Debug + Send + 'static;

    /// What it says of itself to its supervisor and to its mailbox.
    const OPTIONS: ServerOptions = ServerOptions::DEFAULT;

    /// Whether it has enter calls: `state_enter` of OTP's callback mode.
    const STATE_ENTER: bool = false;

    /// Makes the first state. The starter waits for it. It runs as the new process.
    ///
    /// Mirrors `init/1`, which gives the first actions as well.
    ///
    /// # Errors
    ///
    /// As of [`GenServer::init`](crate::GenServer::init).
    ///
    /// # Cancel safety
    ///
    /// As of [`GenServer::init`](crate::GenServer::init).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::gen_statem::{Actions, EventType, GenStatem, Slot, StatemRef};
    /// # struct Fuse;
    /// # impl GenStatem for Fuse {
    /// # type Args = Duration; type Event = (); type State = ();
    /// async fn init(burns: Duration, actions: &mut Actions<Self>) -> Result<Self, InitError> {
    ///     actions.state_timeout(burns, ());
    ///     Ok(Fuse)
    /// }
    /// # fn state(&self) {}
    /// # async fn handle_event(_: &mut Slot<Self>, of: EventType, _: (), actions: &mut Actions<Self>) {
    /// #     assert_eq!(of, EventType::StateTimeout);
    /// #     actions.stop(ExitReason::error("bang"));
    /// # }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let fuse: StatemRef<Fuse> = gen_server::start(Duration::from_millis(1)).await.unwrap();
    /// assert_eq!(fuse.ended().await, ExitReason::error("bang"));
    /// # });
    /// ```
    fn init(
        args: Self::Args,
        actions: &mut Actions<Self>,
    ) -> impl Future<Output = Result<Self, InitError>> + Send;

    /// Which state this is.
    ///
    /// # Examples
    ///
    /// ```
    /// use doc_servers::Door;
    /// use otp_core::gen_statem::GenStatem;
    ///
    /// assert_eq!(Door::Open.state(), Door::Open.state());
    /// assert_ne!(Door::Open.state(), Door::Closed.state());
    /// ```
    fn state(&self) -> Self::State;

    /// Handles one event in the state that the slot holds, and leaves the next state there.
    ///
    /// Mirrors `handle_event/4`.
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
    /// # use otp_core::gen_statem::{Actions, EventType, GenStatem, Slot, StatemRef};
    /// # #[derive(Clone, Copy, Debug, PartialEq)]
    /// # enum Lamp { Off, On }
    /// # enum Event { Press, IsOn(ReplyTo<bool>) }
    /// # impl GenStatem for Lamp {
    /// # type Args = (); type Event = Event; type State = Lamp;
    /// # async fn init(_: (), _: &mut Actions<Self>) -> Result<Self, InitError> { Ok(Lamp::Off) }
    /// # fn state(&self) -> Lamp { *self }
    /// async fn handle_event(
    ///     lamp: &mut Slot<Self>,
    ///     _event_type: EventType,
    ///     event: Event,
    ///     _actions: &mut Actions<Self>,
    /// ) {
    ///     match (&**lamp, event) {
    ///         (Lamp::Off, Event::Press) => lamp.put(Lamp::On),
    ///         (Lamp::On, Event::Press) => lamp.put(Lamp::Off),
    ///         (state, Event::IsOn(reply_to)) => reply_to.send(*state == Lamp::On),
    ///     }
    /// }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let lamp: StatemRef<Lamp> = gen_server::start(()).await.unwrap();
    /// lamp.cast(Event::Press);
    /// assert_eq!(lamp.call(Event::IsOn).await, Ok(true));
    /// # });
    /// ```
    fn handle_event(
        state: &mut Slot<Self>,
        event_type: EventType,
        event: Self::Event,
        actions: &mut Actions<Self>,
    ) -> impl Future<Output = ()> + Send;

    /// A state was entered from another one, or, at the start and by [`Actions::repeat_state`], from itself. With
    /// [`STATE_ENTER`](Self::STATE_ENTER) only.
    ///
    /// It runs before any event of the new state, may set timeouts and change data. A change of state, a postpone or an
    /// inserted event here ends the machine with an error, as in OTP. Mirrors the state enter call, `(enter, OldState, …)`.
    ///
    /// # Cancel safety
    ///
    /// As of [`handle_event`](Self::handle_event).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::gen_statem::{Actions, EventType, GenStatem, Slot, StatemRef};
    /// # struct Fuse;
    /// # impl GenStatem for Fuse {
    /// # type Args = (); type Event = (); type State = ();
    /// const STATE_ENTER: bool = true;
    ///
    /// async fn enter(&mut self, _from: (), actions: &mut Actions<Self>) {
    ///     actions.state_timeout(Duration::from_millis(1), ());
    /// }
    /// # async fn init(_: (), _: &mut Actions<Self>) -> Result<Self, InitError> { Ok(Fuse) }
    /// # fn state(&self) {}
    /// # async fn handle_event(_: &mut Slot<Self>, _: EventType, _: (), actions: &mut Actions<Self>) {
    /// #     actions.stop(ExitReason::error("bang"));
    /// # }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let fuse: StatemRef<Fuse> = gen_server::start(()).await.unwrap();
    /// assert_eq!(fuse.ended().await, ExitReason::error("bang"));
    /// # });
    /// ```
    fn enter(
        &mut self,
        from: Self::State,
        actions: &mut Actions<Self>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (from, actions);
        async {}
    }

    /// The event that a DOWN is. None, as by default: it is reported as unexpected.
    ///
    /// In OTP it is an event of type `info`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::gen_statem::{Actions, EventType, GenStatem, Slot, StatemRef};
    /// # struct Watch;
    /// # impl GenStatem for Watch {
    /// # type Args = Pid; type Event = Down; type State = ();
    /// fn down(down: Down) -> Option<Down> {
    ///     Some(down)
    /// }
    /// # async fn init(who: Pid, actions: &mut Actions<Self>) -> Result<Self, InitError> {
    /// #     actions.monitor(who);
    /// #     Ok(Watch)
    /// # }
    /// # fn state(&self) {}
    /// # async fn handle_event(_: &mut Slot<Self>, _: EventType, down: Down, actions: &mut Actions<Self>) {
    /// #     actions.stop(down.reason);
    /// # }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let worker = process::spawn(std::future::pending::<()>());
    /// let watch: StatemRef<Watch> = gen_server::start(worker).await.unwrap();
    /// process::exit(worker, ExitReason::Shutdown);
    /// assert_eq!(watch.ended().await, ExitReason::Shutdown);
    /// # });
    /// ```
    fn down(down: Down) -> Option<Self::Event> {
        let _ = down;
        None
    }

    /// The event that a trapped EXIT is. None, as by default: it is reported as unexpected.
    ///
    /// In OTP it is an event of type `info`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::gen_statem::{Actions, EventType, GenStatem, Slot, StatemRef};
    /// # struct Trap;
    /// # impl GenStatem for Trap {
    /// # type Args = (); type Event = Exit; type State = ();
    /// fn exit(exit: Exit) -> Option<Exit> {
    ///     Some(exit)
    /// }
    /// # async fn init(_: (), actions: &mut Actions<Self>) -> Result<Self, InitError> {
    /// #     actions.trap_exit(true);
    /// #     Ok(Trap)
    /// # }
    /// # fn state(&self) {}
    /// # async fn handle_event(_: &mut Slot<Self>, _: EventType, exit: Exit, actions: &mut Actions<Self>) {
    /// #     actions.stop(exit.reason);
    /// # }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let trap: StatemRef<Trap> = gen_server::start(()).await.unwrap();
    /// process::exit(&trap, ExitReason::error("boom"));
    /// assert_eq!(trap.ended().await, ExitReason::error("boom"));
    /// # });
    /// ```
    fn exit(exit: Exit) -> Option<Self::Event> {
        let _ = exit;
        None
    }

    /// The machine stops. See [`GenServer::terminate`](crate::GenServer::terminate).
    ///
    /// Mirrors `terminate/3`.
    ///
    /// # Cancel safety
    ///
    /// As of [`GenServer::terminate`](crate::GenServer::terminate).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::gen_statem::{Actions, EventType, GenStatem, Slot, StatemRef};
    /// # struct File(tokio::sync::mpsc::UnboundedSender<String>);
    /// # impl GenStatem for File {
    /// # type Args = tokio::sync::mpsc::UnboundedSender<String>; type Event = (); type State = ();
    /// async fn terminate(&mut self, reason: &ExitReason, _actions: &mut Actions<Self>) {
    ///     self.0.send(reason.to_string()).ok();
    /// }
    /// # async fn init(saved: Self::Args, _: &mut Actions<Self>) -> Result<Self, InitError> { Ok(File(saved)) }
    /// # fn state(&self) {}
    /// # async fn handle_event(_: &mut Slot<Self>, _: EventType, _: (), _: &mut Actions<Self>) {}
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let (saved, mut reasons) = tokio::sync::mpsc::unbounded_channel();
    /// let file: StatemRef<File> = gen_server::start(saved).await.unwrap();
    /// file.stop().await.unwrap();
    /// assert_eq!(reasons.recv().await.as_deref(), Some("normal"));
    /// # });
    /// ```
    fn terminate(
        &mut self,
        reason: &ExitReason,
        actions: &mut Actions<Self>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (reason, actions);
        async {}
    }

    /// The state as people may see it, in status and crash reports. By default its name, without the data.
    ///
    /// Mirrors `format_status/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Door;
    /// use otp_core::sys;
    ///
    /// # otp_core::doc_test(async {
    /// let door = Door::start().await.unwrap();
    /// assert_eq!(sys::get_status(&door).await.unwrap().state, "Closed");
    /// # });
    /// ```
    fn format_status(&self) -> String {
        format!("{:?}", self.state())
    }

    /// What an event is called, in crash reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use doc_servers::{Door, DoorMessage};
    /// use otp_core::gen_statem::GenStatem;
    ///
    /// assert_eq!(Door::event_name(&DoorMessage::Open), "event");
    /// ```
    fn event_name(event: &Self::Event) -> &'static str {
        let _ = event;
        "event"
    }
}

/// Puts another state in the place of the present one: `sys:replace_state/2`.
///
/// It is no transition: no enter call runs, nothing that is postponed is retried, timeouts run on. The function runs in
/// the machine. To look at the state, [`sys::get_state`] is there.
///
/// # Errors
///
/// The function panicked, or the machine did not answer. In both cases the state is as it was.
///
/// # Cancel safety
///
/// Dropped after it was polled, the state is replaced all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Door, DoorMessage};
/// use otp_core::gen_statem;
///
/// # otp_core::doc_test(async {
/// let door = Door::start().await.unwrap();
/// gen_statem::replace_state(&door, |_| Door::Open).await.unwrap();
/// assert_eq!(door.call(DoorMessage::Knock).await, Ok("open"));
/// # });
/// ```
pub async fn replace_state<S: GenStatem>(
    machine: &StatemRef<S>,
    replace: impl FnOnce(&S) -> S + Send + 'static,
) -> Result<(), ReplaceError> {
    sys::replace(machine, |machine: &mut Machine<S>| {
        let state = replace(machine);
        machine.replace(state);
    })
    .await
}

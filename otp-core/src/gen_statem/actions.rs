//! What a callback of a machine may ask for beside its next state: OTP's transition actions.

use std::fmt;
use std::ops::Deref;
use std::sync::PoisonError;
use std::time::Duration;

use super::queue::{Outcome, Setting};
use super::timeout::TimeoutKind;
use super::{GenStatem, Machine, When};
use crate::exit::ExitReason;
use crate::gen_server::Context;
use crate::node::Name;
use crate::sync::Mutex;

/// What a state machine's callback may ask for: to postpone its event, to insert events, timeouts, to stop; callbacks that
/// take an `actions: &mut Actions<Self>` get it.
///
/// OTP's list of actions. They are done when the callback has returned, in the order in which they were asked for; of
/// several timeouts of one kind, and of several postpones, the last counts. An answer is no action here:
/// [`ReplyTo::send`](crate::ReplyTo::send) gives it at once, in any state, also before a stop. It derefs to the process's
/// [`Context`], for monitors, links, timers of one's own and streams.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// #[gen_statem]
/// pub enum Lamp {
///     #[initial]
///     Off,
///     On,
/// }
///
/// #[gen_statem]
/// impl Lamp {
///     #[on(Off)]
///     #[cast]
///     pub fn press(self, actions: &mut Actions<Self>) -> To![On] {
///         actions.state_timeout(Duration::from_secs(60), LampMessage::Expired);
///         To::On
///     }
///
///     #[on(On)]
///     #[cast]
///     pub fn press(self) -> To![Off] {
///         To::Off
///     }
///
///     #[on(On)]
///     #[state_timeout]
///     fn expired(self) -> To![Off] {
///         To::Off
///     }
///
///     #[on(_)]
///     #[call]
///     pub fn is_on(&self) -> bool {
///         matches!(self, Lamp::On)
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let lamp = Lamp::start().await.unwrap();
/// lamp.press();
/// assert_eq!(lamp.is_on().await, Ok(true));
/// # });
/// ```
pub struct Actions<S: GenStatem> {
    /// A context of the machine's process, of which callbacks see what changes nothing of the loop.
    cx: Context<Machine<S>>,
    /// Never locked: the mutex makes shared `Actions` usable in a handler's future although events are `Send` alone.
    asked: Mutex<Asked<S::Event>>,
}

/// What has been asked for since the callback began.
pub(super) struct Asked<E> {
    pub(super) outcome: Outcome<E>,
    pub(super) repeat_state: bool,
    pub(super) hibernate: bool,
    pub(super) stop: Option<ExitReason>,
}

impl<E> Default for Asked<E> {
    fn default() -> Self {
        Asked {
            outcome: Outcome::default(),
            repeat_state: false,
            hibernate: false,
            stop: None,
        }
    }
}

impl<S: GenStatem> Actions<S> {
    pub(super) fn new(cx: Context<Machine<S>>) -> Self {
        Actions {
            cx,
            asked: Mutex::new(Asked::default()),
        }
    }

    pub(super) fn asked(&mut self) -> &mut Asked<S::Event> {
        self.asked.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the event until the state has changed: `postpone`. The handler gives it back, as it owns it; `None` takes an
    /// earlier postpone of this callback back.
    ///
    /// OTP has the event still. An event whose states are known beforehand is postponed by
    /// `#[gen_statem(postpone(push: Locked))]`, without a handler.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Door, DoorMessage};
    /// # otp_core::doc_test(async {
    /// // Its `Knock` is postponed while it is closed.
    /// let door = Door::start().await.unwrap();
    /// let knock = door.call(DoorMessage::Knock).send_request();
    /// door.cast(DoorMessage::Open);
    /// assert_eq!(knock.await, Ok("open"));
    /// # });
    /// ```
    pub fn postpone(&mut self, event: impl Into<Option<S::Event>>) {
        self.asked().outcome.postponed = event.into();
    }

    /// Handles an event right after this callback, before anything that waits: `next_event`. Several are handled in the
    /// order in which they were inserted. Its type is [`EventType::Internal`](super::EventType::Internal).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Door, DoorMessage};
    /// # otp_core::doc_test(async {
    /// let door = Door::start().await.unwrap();
    /// // `Slam` inserts `Close`, which is handled before the knock.
    /// door.cast(DoorMessage::Open);
    /// door.cast(DoorMessage::Slam);
    /// let knock = door.call(DoorMessage::Knock).timeout(Duration::from_millis(1)).await;
    /// assert!(matches!(knock, Err(CallFailure::Timeout { .. })));
    /// # });
    /// ```
    pub fn next_event(&mut self, event: S::Event) {
        self.asked().outcome.inserted.push(event);
    }

    /// Sets the state timeout: `event` comes if the state has not changed by then. One that is set runs anew.
    ///
    /// Mirrors `{state_timeout, Time, EventContent}`. In a callback that changes the state it belongs to the new one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Door, DoorMessage};
    /// # otp_core::doc_test(async {
    /// let door = Door::start().await.unwrap();
    /// // It closes after a second.
    /// door.cast(DoorMessage::Open);
    /// otp_core::time::sleep(Duration::from_millis(1100)).await;
    /// let knock = door.call(DoorMessage::Knock).timeout(Duration::from_millis(1)).await;
    /// assert!(matches!(knock, Err(CallFailure::Timeout { .. })));
    /// # });
    /// ```
    pub fn state_timeout(&mut self, when: impl Into<When>, event: S::Event) {
        self.set(TimeoutKind::State, Setting::Set(when.into(), event));
    }

    /// Changes what comes at the state timeout, and not when; without one it comes at once.
    ///
    /// Mirrors `{state_timeout, update, EventContent}`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn closes_for_good<S: GenStatem>(actions: &mut Actions<S>, event: S::Event) {
    ///     actions.update_state_timeout(event);
    /// }
    /// # assert_eq!(std::mem::size_of_val(&closes_for_good::<doc_servers::Door>), 0);
    /// ```
    pub fn update_state_timeout(&mut self, event: S::Event) {
        self.set(TimeoutKind::State, Setting::Update(event));
    }

    /// Cancels the state timeout. A change of state does, too.
    ///
    /// Mirrors `{state_timeout, cancel}`, and `infinity`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn stays_open<S: GenStatem>(actions: &mut Actions<S>) {
    ///     actions.cancel_state_timeout();
    /// }
    /// # assert_eq!(std::mem::size_of_val(&stays_open::<doc_servers::Door>), 0);
    /// ```
    pub fn cancel_state_timeout(&mut self) {
        self.set(TimeoutKind::State, Setting::Cancel);
    }

    /// Sets the event timeout: `event` comes if no other event has come by then, of whatever kind.
    ///
    /// Mirrors `{timeout, Time, EventContent}`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn if_idle<S: GenStatem>(actions: &mut Actions<S>, event: S::Event) {
    ///     actions.event_timeout(Duration::from_secs(60), event);
    /// }
    /// # assert_eq!(std::mem::size_of_val(&if_idle::<doc_servers::Door>), 0);
    /// ```
    pub fn event_timeout(&mut self, when: impl Into<When>, event: S::Event) {
        self.set(TimeoutKind::Event, Setting::Set(when.into(), event));
    }

    /// Sets the timeout of this name, which runs on whatever the state is. One that is set runs anew.
    ///
    /// Mirrors the generic timeout, `{{timeout, Name}, Time, EventContent}`. There the name is any term.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn watch<S: GenStatem>(actions: &mut Actions<S>, peer: &str, event: S::Event) {
    ///     actions.timeout(peer, Duration::from_secs(60), event);
    /// }
    /// # assert_eq!(std::mem::size_of_val(&watch::<doc_servers::Door>), 0);
    /// ```
    pub fn timeout(&mut self, name: impl Into<Name>, when: impl Into<When>, event: S::Event) {
        let kind = TimeoutKind::Named(name.into());
        self.set(kind, Setting::Set(when.into(), event));
    }

    /// Changes what comes at the timeout of this name, and not when; without one it comes at once.
    ///
    /// Mirrors `{{timeout, Name}, update, EventContent}`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn forgive<S: GenStatem>(actions: &mut Actions<S>, peer: &str, event: S::Event) {
    ///     actions.update_timeout(peer, event);
    /// }
    /// # assert_eq!(std::mem::size_of_val(&forgive::<doc_servers::Door>), 0);
    /// ```
    pub fn update_timeout(&mut self, name: impl Into<Name>, event: S::Event) {
        self.set(TimeoutKind::Named(name.into()), Setting::Update(event));
    }

    /// Cancels the timeout of this name.
    ///
    /// Mirrors `{{timeout, Name}, cancel}`, and `infinity`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn unwatch<S: GenStatem>(actions: &mut Actions<S>, peer: &str) {
    ///     actions.cancel_timeout(peer);
    /// }
    /// # assert_eq!(std::mem::size_of_val(&unwatch::<doc_servers::Door>), 0);
    /// ```
    pub fn cancel_timeout(&mut self, name: impl Into<Name>) {
        self.set(TimeoutKind::Named(name.into()), Setting::Cancel);
    }

    /// Enters the state once more, where it has not changed: the enter call runs again, and nothing else happens. What is
    /// postponed stays so.
    ///
    /// Mirrors `repeat_state`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn again<S: GenStatem>(actions: &mut Actions<S>) {
    ///     actions.repeat_state();
    /// }
    /// # assert_eq!(std::mem::size_of_val(&again::<doc_servers::Door>), 0);
    /// ```
    pub fn repeat_state(&mut self) {
        self.asked().repeat_state = true;
    }

    /// Stops the machine after this callback: `{stop, Reason}`. The last reason counts. What else was asked for is not
    /// done; an answer that was given has left.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Door, DoorMessage};
    /// # otp_core::doc_test(async {
    /// let door = Door::start().await.unwrap();
    /// // Its handler says `actions.stop(ExitReason::Shutdown)`.
    /// door.cast(DoorMessage::Remove);
    /// assert_eq!(door.ended().await, ExitReason::Shutdown);
    /// # });
    /// ```
    pub fn stop(&mut self, reason: ExitReason) {
        self.asked().stop = Some(reason);
    }

    /// Gives unused memory of the mailbox back before the machine waits again. See [`Context::hibernate`].
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::GenStatem;
    /// use otp_core::prelude::*;
    ///
    /// fn rests<S: GenStatem>(actions: &mut Actions<S>) {
    ///     actions.hibernate();
    /// }
    /// # assert_eq!(std::mem::size_of_val(&rests::<doc_servers::Door>), 0);
    /// ```
    pub fn hibernate(&mut self) {
        self.asked().hibernate = true;
    }

    /// Sets the state timeout that a handler's attribute has, unless this callback has set it.
    #[doc(hidden)]
    pub fn state_timeout_by_default(&mut self, after: Duration, event: S::Event) {
        self.set_by_default(TimeoutKind::State, after, event);
    }

    /// Sets the event timeout that a handler's attribute has, unless this callback has set it.
    #[doc(hidden)]
    pub fn event_timeout_by_default(&mut self, after: Duration, event: S::Event) {
        self.set_by_default(TimeoutKind::Event, after, event);
    }

    fn set_by_default(&mut self, kind: TimeoutKind, after: Duration, event: S::Event) {
        let timeouts = &self.asked().outcome.timeouts;
        if timeouts.iter().all(|(set, _)| *set != kind) {
            self.set(kind, Setting::Set(When::After(after), event));
        }
    }

    fn set(&mut self, kind: TimeoutKind, setting: Setting<S::Event>) {
        self.asked().outcome.timeouts.push((kind, setting));
    }
}

impl<S: GenStatem> Deref for Actions<S> {
    type Target = Context<Machine<S>>;

    fn deref(&self) -> &Self::Target {
        &self.cx
    }
}

impl<S: GenStatem> fmt::Debug for Actions<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actions")
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

//! Timers: messages, exit signals and sleeps at a later time, on tokio's clock.
//!
//! | Erlang, Elixir | here |
//! | --- | --- |
//! | `Process.send_after/3` | [`Context::send_after`](crate::Context::send_after), [`send_after`] |
//! | `send_after` with `abs: true` | [`Context::send_at`](crate::Context::send_at), [`send_at`] |
//! | `:timer.send_interval/2` | [`Context::send_interval`](crate::Context::send_interval), [`send_interval`] |
//! | `Process.cancel_timer/1`, `read_timer/1` | [`Timer::cancel`], [`Timer::read`] |
//! | `:timer.exit_after/3`, `kill_after/2` | [`exit_after`], [`kill_after`] |
//! | `Process.sleep/1` | [`sleep`](fn@sleep) |
//!
//! A timer never fires early; tokio's clock has a resolution of a millisecond. A timer that is addressed to a process is
//! gone with that process; one that is addressed to a name looks the name up when it fires.
//!
//! # Examples
//!
//! ```
//! # use otp_core::prelude::*;
//! # otp_core::doc_test(async {
//! let (worker, monitor) = process::spawn_monitor(std::future::pending::<()>());
//! let timer = otp_core::time::exit_after(Duration::from_millis(1), worker, ExitReason::Shutdown);
//! assert!(timer.read().is_some());
//! assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Shutdown);
//! # });
//! ```

pub(crate) mod deadline;
pub(crate) mod sleep;
pub(crate) mod timers;

use std::fmt;
use std::time::Duration;

pub use tokio::time::Instant;

use crate::exit::ExitReason;
use crate::node::{Node, WeakNode};
use crate::pid::Pid;
use crate::process::{self, Recipient, Target};

pub use sleep::{Sleep, sleep};

/// A timer that was armed. Dropping it disarms nothing.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let worker = process::spawn(std::future::pending::<()>());
/// let timer = otp_core::time::kill_after(Duration::from_secs(60), worker);
/// // A clone is the same timer.
/// assert!(timer.clone().cancel().is_some());
/// assert_eq!(timer.cancel(), None);
/// # });
/// ```
#[derive(Clone)]
pub struct Timer {
    node: WeakNode,
    id: timers::Id,
}

impl Timer {
    pub(crate) fn new(node: &Node, id: timers::Id) -> Self {
        Timer {
            node: node.downgrade(),
            id,
        }
    }

    /// Disarms it. Some with the time that was left; None if it had fired or was disarmed before.
    ///
    /// A message that it has sent already stays in the mailbox. Mirrors `Process.cancel_timer/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let worker = process::spawn(std::future::pending::<()>());
    /// let timer = otp_core::time::kill_after(Duration::from_secs(60), worker);
    /// let left = timer.cancel().unwrap();
    /// assert!(left <= Duration::from_secs(60));
    /// assert_eq!(timer.cancel(), None);
    /// # });
    /// ```
    pub fn cancel(&self) -> Option<Duration> {
        self.node.upgrade()?.timers().cancel(self.id)
    }

    /// The time that is left; None if it has fired or is disarmed. Mirrors `Process.read_timer/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let worker = process::spawn(std::future::pending::<()>());
    /// let timer = otp_core::time::kill_after(Duration::from_secs(60), worker);
    /// assert!(timer.read() <= Some(Duration::from_secs(60)));
    /// timer.cancel();
    /// assert_eq!(timer.read(), None);
    /// # });
    /// ```
    #[must_use]
    pub fn read(&self) -> Option<Duration> {
        self.node.upgrade()?.timers().read(self.id)
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("left", &self.read()).finish()
    }
}

pub(crate) fn deadline_after(delay: Duration) -> Instant {
    after(Instant::now(), delay)
}

/// `delay` after `now`. A time that is far enough never to come, where the addition overflows.
pub(crate) fn after(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay)
        .unwrap_or_else(|| now + Duration::from_secs(60 * 60 * 24 * 365 * 30))
}

/// Sends a message after `delay`, to a process or to whoever holds a name then: Erlang's `erlang:send_after/3`.
///
/// The timer is gone when the process that it is addressed to ends.
///
/// # Panics
///
/// Panics if it is addressed to a child that has never begun, outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (ended, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<&str>| {
///     let me = mailbox.address();
///     otp_core::time::send_after(Duration::from_millis(50), &me, "tick");
///     assert_eq!(mailbox.receive().await, "tick");
/// });
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # drop(ended);
/// # });
/// ```
#[track_caller]
pub fn send_after<R: Recipient>(delay: Duration, to: &R, message: R::Message) -> Timer {
    send_at(deadline_after(delay), to, message)
}

/// Sends a message at a time of tokio's clock: `send_after` with `abs: true`. A time that has passed is now.
///
/// # Panics
///
/// Panics if it is addressed to a child that has never begun, outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::time::{self, Instant};
///
/// # otp_core::doc_test(async {
/// # let (_, monitor) =
/// process::spawn_monitor(async |mut mailbox: Mailbox<&str>| {
///     let now = Instant::now();
///     time::send_at(now + Duration::from_millis(2), &mailbox.address(), "second");
///     time::send_at(now + Duration::from_millis(1), &mailbox.address(), "first");
///     assert_eq!(mailbox.receive().await, "first");
///     assert_eq!(mailbox.receive().await, "second");
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
#[track_caller]
pub fn send_at<R: Recipient>(deadline: Instant, to: &R, message: R::Message) -> Timer {
    let node = to.node();
    let owner = to.owner_of_timer();
    own(&node, owner);
    let to = to.clone();
    Timer::new(
        &node,
        node.timers()
            .arm(&node, deadline, owner, move || to.deliver(message)),
    )
}

/// Sends a message every `period`, first after one, until it is cancelled or the receiver ends.
///
/// To a name it ends with who holds the name now; if nobody does, it never ticks.
///
/// Mirrors `:timer.send_interval/2`. Ticks keep to the schedule of the first: a late one does not delay the next.
///
/// # Panics
///
/// Panics if the period is zero.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::time;
///
/// # otp_core::doc_test(async {
/// # let (_, monitor) =
/// process::spawn_monitor(async |mut mailbox: Mailbox<&str>| {
///     let timer = time::send_interval(Duration::from_millis(1), &mailbox.address(), || "tick");
///     assert_eq!(mailbox.receive().await, "tick");
///     assert_eq!(mailbox.receive().await, "tick");
///     timer.cancel();
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
#[track_caller]
pub fn send_interval<R: Recipient>(
    period: Duration,
    to: &R,
    mut message: impl FnMut() -> R::Message + Send + 'static,
) -> Timer {
    assert!(
        !period.is_zero(),
        "the period of an interval is more than zero"
    );
    let node = to.node();
    let owner = to.owner_of_interval();
    own(&node, owner);
    let (to, at) = (to.clone(), node.downgrade());
    let tick = move || {
        let owned =
            owner.is_some_and(|owner| at.upgrade().is_some_and(|node| node.is_alive(owner)));
        if owned {
            to.deliver(message());
        }
        owned && to.is_alive()
    };
    Timer::new(
        &node,
        node.timers()
            .arm_every(&node, deadline_after(period), period, owner, tick),
    )
}

/// Sends an exit signal after `delay`: `:timer.exit_after/3`. A name that nobody holds then is ignored.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (worker, monitor) = process::spawn_monitor(std::future::pending::<()>());
/// otp_core::time::exit_after(Duration::from_millis(1), worker, ExitReason::Shutdown);
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Shutdown);
/// # });
/// ```
#[track_caller]
pub fn exit_after(delay: Duration, target: impl Target, reason: ExitReason) -> Timer {
    let (node, from) = process::here();
    let target = target.locate();
    let owner = target.fixed_pid();
    own(&node, owner);
    let at = node.downgrade();
    let action = move || {
        let Some(node) = at.upgrade() else { return };
        if let Some(pid) = target.resolve(&node) {
            process::signal::send_exit(&node, from, pid, &reason);
        }
    };
    Timer::new(
        &node,
        node.timers()
            .arm(&node, deadline_after(delay), owner, action),
    )
}

/// Kills after `delay`: `:timer.kill_after/2`.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (worker, monitor) = process::spawn_monitor(std::future::pending::<()>());
/// otp_core::time::kill_after(Duration::from_millis(1), worker);
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Killed);
/// # });
/// ```
#[track_caller]
pub fn kill_after(delay: Duration, target: impl Target) -> Timer {
    exit_after(delay, target, ExitReason::Kill)
}

/// Makes the end of a process disarm its timers. One that has ended already drops what they send when they fire.
fn own(node: &Node, owner: Option<Pid>) {
    if let Some(process) = owner.and_then(|owner| node.lookup(owner)) {
        process.core().vital().has_timers = true;
    }
}

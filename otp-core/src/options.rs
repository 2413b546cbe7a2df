//! What a server's attribute says about it: restart, shutdown, mailbox. Plain values with OTP's defaults.

use std::time::Duration;

/// What a child is for its supervisor.
///
/// # Examples
///
/// ```
/// use otp_core::{ChildKind, ServerOptions};
///
/// assert_eq!(ChildKind::default(), ChildKind::Worker);
/// assert_eq!(ServerOptions::SUPERVISOR.kind, ChildKind::Supervisor);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChildKind {
    /// It does the work. Its default shutdown time is 5 s.
    #[default]
    Worker,
    /// It supervises others. Its default shutdown time is infinity, so that they can stop in order.
    Supervisor,
}

/// When a supervisor starts a child again.
///
/// The `restart` of a child specification of OTP.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::Restart;
///
/// #[gen_server(restart = temporary)]
/// pub struct Once;
///
/// #[gen_server]
/// impl Once { #[init] fn init() -> Self { Once } }
///
/// assert_eq!(Once::child_spec().restart, Restart::Temporary);
/// assert_eq!(Restart::default(), Restart::Permanent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Restart {
    /// Always. The default.
    #[default]
    Permanent,
    /// Only after an end that was not clean, see [`ExitReason::is_clean`](crate::ExitReason::is_clean).
    Transient,
    /// Never.
    Temporary,
}

/// How long a supervisor waits for a child that it has asked to stop.
///
/// The `shutdown` of a child specification of OTP, which counts in milliseconds: here it is a [`Duration`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::Shutdown;
///
/// #[gen_server(shutdown = 10s)]
/// pub struct Slow;
///
/// #[gen_server]
/// impl Slow { #[init] fn init() -> Self { Slow } }
///
/// assert_eq!(Slow::child_spec().shutdown, Shutdown::Timeout(Duration::from_secs(10)));
/// assert_eq!(Shutdown::default(), Shutdown::Timeout(Duration::from_secs(5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shutdown {
    /// So long, then it is killed. The default for a worker is 5 s.
    Timeout(Duration),
    /// Not at all: it is killed at once.
    BrutalKill,
    /// For ever.
    Infinity,
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown::Timeout(Duration::from_secs(5))
    }
}

/// What happens to a message that finds a bounded mailbox full.
///
/// # Examples
///
/// ```
/// use otp_core::{MailboxPolicy, WhenFull};
///
/// let policy = MailboxPolicy::refuse(8);
/// assert_eq!(policy, MailboxPolicy::Bounded { capacity: 8, when_full: WhenFull::Refuse });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhenFull {
    /// Its sender waits: a cast in `.await`, a call within its own timeout.
    Wait,
    /// It is refused.
    Refuse,
    /// The oldest queued message makes room for it.
    DropOldest,
}

/// How many messages a mailbox holds. Exit signals, DOWNs and system requests are never held back by a bound.
///
/// Erlang's mailboxes have no bound; this is what this crate adds.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// #[gen_server(mailbox = bounded(1, refuse))]
/// pub struct Room;
///
/// #[gen_server]
/// impl Room {
///     #[init]
///     fn init() -> Self { Room }
///
///     #[cast]
///     pub fn say(&mut self) {}
/// }
///
/// # otp_core::doc_test(async {
/// let room = Room::start().await.unwrap();
/// assert_eq!(room.say().outcome(), Some(CastOutcome::Queued));
/// assert_eq!(room.say().outcome(), Some(CastOutcome::Refused));
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MailboxPolicy {
    /// As many as come, as in Erlang. The default.
    #[default]
    Unbounded,
    /// A limited number, the one that is being handled not counted.
    Bounded {
        /// How many; 0 counts as 1.
        capacity: usize,
        /// What happens to one more.
        when_full: WhenFull,
    },
}

impl MailboxPolicy {
    /// Bounded; a sender waits for room.
    ///
    /// `mailbox = bounded(n)` of `#[gen_server]`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::{MailboxPolicy, WhenFull};
    ///
    /// let bounded = MailboxPolicy::Bounded { capacity: 64, when_full: WhenFull::Wait };
    /// assert_eq!(MailboxPolicy::wait(64), bounded);
    /// ```
    #[must_use]
    pub const fn wait(capacity: usize) -> Self {
        MailboxPolicy::Bounded {
            capacity,
            when_full: WhenFull::Wait,
        }
    }

    /// Bounded; a message that finds no room is refused.
    ///
    /// `mailbox = bounded(n, refuse)` of `#[gen_server]`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::{MailboxPolicy, WhenFull};
    ///
    /// let bounded = MailboxPolicy::Bounded { capacity: 64, when_full: WhenFull::Refuse };
    /// assert_eq!(MailboxPolicy::refuse(64), bounded);
    /// ```
    #[must_use]
    pub const fn refuse(capacity: usize) -> Self {
        MailboxPolicy::Bounded {
            capacity,
            when_full: WhenFull::Refuse,
        }
    }

    /// Bounded; a message that finds no room takes that of the oldest.
    ///
    /// `mailbox = bounded(n, drop_oldest)` of `#[gen_server]`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::{MailboxPolicy, WhenFull};
    ///
    /// let bounded = MailboxPolicy::Bounded { capacity: 64, when_full: WhenFull::DropOldest };
    /// assert_eq!(MailboxPolicy::drop_oldest(64), bounded);
    /// ```
    #[must_use]
    pub const fn drop_oldest(capacity: usize) -> Self {
        MailboxPolicy::Bounded {
            capacity,
            when_full: WhenFull::DropOldest,
        }
    }
}

/// What a server says of itself to its supervisor and to its mailbox.
///
/// # Examples
///
/// ```
/// use otp_core::{MailboxPolicy, Restart, ServerOptions};
///
/// const OPTIONS: ServerOptions = ServerOptions::DEFAULT.restart(Restart::Transient).mailbox(MailboxPolicy::wait(64));
/// assert_eq!(OPTIONS.restart, Restart::Transient);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerOptions {
    /// When a supervisor starts it again.
    pub restart: Restart,
    /// How long a supervisor waits for it to stop.
    pub shutdown: Shutdown,
    /// How many messages its mailbox holds.
    pub mailbox: MailboxPolicy,
    /// What it is for its supervisor.
    pub kind: ChildKind,
}

impl ServerOptions {
    /// Permanent, 5 s, unbounded: OTP's defaults for a worker.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::{MailboxPolicy, Restart, ServerOptions};
    ///
    /// assert_eq!(ServerOptions::DEFAULT.restart, Restart::Permanent);
    /// assert_eq!(ServerOptions::DEFAULT.mailbox, MailboxPolicy::Unbounded);
    /// ```
    pub const DEFAULT: Self = ServerOptions {
        restart: Restart::Permanent,
        shutdown: Shutdown::Timeout(Duration::from_secs(5)),
        mailbox: MailboxPolicy::Unbounded,
        kind: ChildKind::Worker,
    };

    /// Permanent, infinity, unbounded: OTP's defaults for a supervisor.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::{ServerOptions, Shutdown};
    ///
    /// assert_eq!(ServerOptions::SUPERVISOR.shutdown, Shutdown::Infinity);
    /// ```
    pub const SUPERVISOR: Self = ServerOptions {
        shutdown: Shutdown::Infinity,
        kind: ChildKind::Supervisor,
        ..Self::DEFAULT
    };

    /// With another restart type.
    #[must_use]
    pub const fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// With another shutdown time.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::{ServerOptions, Shutdown};
    ///
    /// let options = ServerOptions::DEFAULT.shutdown(Shutdown::BrutalKill);
    /// assert_eq!(options.shutdown, Shutdown::BrutalKill);
    /// ```
    #[must_use]
    pub const fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// With another mailbox.
    #[must_use]
    pub const fn mailbox(mut self, mailbox: MailboxPolicy) -> Self {
        self.mailbox = mailbox;
        self
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What `#[gen_server]` above the struct says, for the one above the impl.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::{Configured, Restart};
///
/// #[gen_server(restart = transient)]
/// pub struct Room;
///
/// #[gen_server]
/// impl Room { #[init] fn init() -> Self { Room } }
///
/// assert_eq!(<Room as Configured>::OPTIONS.restart, Restart::Transient);
/// ```
#[diagnostic::on_unimplemented(
    message = "the struct of `{Self}` has no `#[gen_server]`",
    label = "its struct has no `#[gen_server]`",
    note = "write `#[gen_server]` above the struct as well"
)]
pub trait Configured {
    /// The options of the attribute.
    const OPTIONS: ServerOptions;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_of_which_nothing_is_said_has_the_defaults_of_otp() {
        let worker = ServerOptions {
            restart: Restart::Permanent,
            shutdown: Shutdown::Timeout(Duration::from_secs(5)),
            mailbox: MailboxPolicy::Unbounded,
            kind: ChildKind::Worker,
        };
        let supervisor = ServerOptions {
            restart: Restart::Permanent,
            shutdown: Shutdown::Infinity,
            mailbox: MailboxPolicy::Unbounded,
            kind: ChildKind::Supervisor,
        };
        assert_eq!(ServerOptions::DEFAULT, worker);
        assert_eq!(ServerOptions::SUPERVISOR, supervisor);
        assert_eq!(ServerOptions::default(), worker);
        let parts = (
            Restart::default(),
            Shutdown::default(),
            MailboxPolicy::default(),
            ChildKind::default(),
        );
        assert_eq!(
            parts,
            (worker.restart, worker.shutdown, worker.mailbox, worker.kind)
        );
    }
}

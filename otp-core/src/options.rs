//! What a server's attribute says about it: restart, shutdown, mailbox. Plain values with OTP's defaults.

use std::time::Duration;

/// What a child is for its supervisor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChildKind {
    /// It does the work. Its default shutdown time is 5 s.
    #[default]
    Worker,
    /// It supervises others. Its default shutdown time is infinity, so that they can stop in order.
    Supervisor,
}

/// When a supervisor starts a child again.
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
    #[must_use]
    pub const fn wait(capacity: usize) -> Self {
        MailboxPolicy::Bounded {
            capacity,
            when_full: WhenFull::Wait,
        }
    }

    /// Bounded; a message that finds no room is refused.
    #[must_use]
    pub const fn refuse(capacity: usize) -> Self {
        MailboxPolicy::Bounded {
            capacity,
            when_full: WhenFull::Refuse,
        }
    }

    /// Bounded; a message that finds no room takes that of the oldest.
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
    pub const DEFAULT: Self = ServerOptions {
        restart: Restart::Permanent,
        shutdown: Shutdown::Timeout(Duration::from_secs(5)),
        mailbox: MailboxPolicy::Unbounded,
        kind: ChildKind::Worker,
    };

    /// Permanent, infinity, unbounded: OTP's defaults for a supervisor.
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

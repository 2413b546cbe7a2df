//! The event of a message that nobody will handle.

use super::{Event, EventName, bit};
use crate::node::Name;
use crate::pid::Pid;
use crate::process::Astray;

/// Why a message will not be handled.
///
/// # Examples
///
/// ```
/// use otp_core::telemetry::DropReason;
///
/// assert_eq!(DropReason::NoProc.to_string(), "no such process");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The process has ended, nobody holds the name, or the child has never begun.
    NoProc,
    /// The name is held by another kind of server.
    WrongServer,
    /// The mailbox is full and refuses.
    Refused,
    /// The mailbox was full, and this was the oldest message in it.
    Evicted,
    /// The mailbox was full, and the sender did not wait for room.
    GaveUp,
}

impl DropReason {
    /// In one word, for a label.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::telemetry::DropReason;
    ///
    /// assert_eq!(DropReason::GaveUp.as_str(), "gave_up");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DropReason::NoProc => "noproc",
            DropReason::WrongServer => "wrong_server",
            DropReason::Refused => "refused",
            DropReason::Evicted => "evicted",
            DropReason::GaveUp => "gave_up",
        }
    }
}

impl From<Astray> for DropReason {
    fn from(astray: Astray) -> Self {
        match astray {
            Astray::NoProc => DropReason::NoProc,
            Astray::WrongServer => DropReason::WrongServer,
        }
    }
}

impl std::fmt::Display for DropReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DropReason::NoProc => "no such process",
            DropReason::WrongServer => "the name is held by another kind of server",
            DropReason::Refused => "the mailbox is full and refuses",
            DropReason::Evicted => "the mailbox was full, and it was the oldest",
            DropReason::GaveUp => "its sender did not wait for room",
        })
    }
}

/// A message that was cast or sent will not be handled. A call that finds nobody is a [`CallException`](super::CallException).
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, DropReason, MessageDropped};
///
/// static LOST: Mutex<Vec<MessageDropped>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |dropped: &MessageDropped| LOST.lock().unwrap().push(dropped.clone())).unwrap();
/// let counter = Counter::start(0).await.unwrap();
/// counter.stop().await.unwrap();
/// counter.reset();
/// let lost = LOST.lock().unwrap().remove(0);
/// assert_eq!((lost.pid, lost.reason), (counter.pid(), DropReason::NoProc));
/// assert_eq!(lost.message_type, "doc_servers::CounterMessage");
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageDropped {
    /// Whom it was for, if there is or was such a process.
    pub pid: Option<Pid>,
    /// The name that it was sent to, if it was.
    pub name: Option<Name>,
    /// The type of the message.
    pub message_type: &'static str,
    /// Why.
    pub reason: DropReason,
}

impl Event for MessageDropped {
    const NAME: EventName = EventName::new(&["otp", "message", "dropped"]);
    const BIT: u32 = bit::MESSAGE_DROPPED;
}

//! The kinds of timeouts, and when they come.

use std::time::Duration;

use tokio::time::Instant;

use super::EventType;
use crate::node::Name;

/// Which timeout: of each there is one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TimeoutKind {
    State,
    Event,
    Named(Name),
}

impl TimeoutKind {
    pub(super) fn event_type(self) -> EventType {
        match self {
            TimeoutKind::State => EventType::StateTimeout,
            TimeoutKind::Event => EventType::EventTimeout,
            TimeoutKind::Named(name) => EventType::Timeout(name),
        }
    }
}

/// When a timeout comes: after a time, or at a time of tokio's clock; made of a [`Duration`] or an [`Instant`].
///
/// One of no time comes before any message that has not been received, and after all events that are to be handled
/// already. Mirrors `Time` and `{abs, true}`. OTP's `infinity` is a cancelled timeout.
///
/// # Examples
///
/// ```
/// use otp_core::gen_statem::When;
/// use otp_core::prelude::*;
///
/// assert_eq!(When::from(Duration::from_secs(5)), When::After(Duration::from_secs(5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After so long.
    After(Duration),
    /// At this time; one that has passed is now.
    At(Instant),
}

impl When {
    pub(super) const NOW: When = When::After(Duration::ZERO);
}

impl From<Duration> for When {
    fn from(after: Duration) -> Self {
        When::After(after)
    }
}

impl From<Instant> for When {
    fn from(at: Instant) -> Self {
        When::At(at)
    }
}

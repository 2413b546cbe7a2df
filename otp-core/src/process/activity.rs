//! What a server lets others see of its work while its statistics are on. It alone writes, anyone reads.

use std::fmt;
use std::sync::PoisonError;

use tokio::time::Instant;

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sys::Statistics;

/// What a server is doing, as [`info`](super::info()) shows it while its [statistics](crate::sys::statistics) are on.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// assert_eq!(process::info(&counter).unwrap().activity, None);
/// sys::statistics(&counter, Some(true)).await.unwrap();
/// counter.add(1).await.unwrap();
/// let activity = process::info(&counter).unwrap().activity.unwrap();
/// assert_eq!(activity.statistics.messages_in, 1);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// What it has done.
    pub statistics: Statistics,
    /// The message that it handles. None if it waits for one.
    pub message: Option<&'static str>,
    /// Messages that it has taken out of its mailbox to work on, and has not begun with.
    pub taken: usize,
    /// The size of the type of its state, in bytes: without what that owns elsewhere.
    pub state_size: usize,
}

/// An [`Activity`] as it goes on.
pub(crate) struct Counting {
    since: Instant,
    messages_in: AtomicU64,
    taken: AtomicUsize,
    message: Mutex<Option<&'static str>>,
    state_size: usize,
}

impl Counting {
    pub(crate) fn begin(state_size: usize) -> Self {
        Counting {
            since: Instant::now(),
            messages_in: AtomicU64::new(0),
            taken: AtomicUsize::new(0),
            message: Mutex::new(None),
            state_size,
        }
    }

    /// The server handles a message; so many more lie before it.
    pub(crate) fn handles(&self, message: &'static str, taken: usize) {
        self.messages_in.fetch_add(1, Ordering::Relaxed);
        self.works_on(message, taken);
    }

    /// The server works on what is no message of its own.
    pub(crate) fn works_on(&self, what: &'static str, taken: usize) {
        self.taken.store(taken, Ordering::Relaxed);
        self.show(Some(what));
    }

    /// The server is suspended, and has put so many messages aside.
    pub(crate) fn keeps(&self, taken: usize) {
        self.taken.store(taken, Ordering::Relaxed);
    }

    /// The server waits.
    pub(crate) fn waits(&self) {
        self.taken.store(0, Ordering::Relaxed);
        self.show(None);
    }

    fn show(&self, message: Option<&'static str>) {
        *self.message.lock().unwrap_or_else(PoisonError::into_inner) = message;
    }

    pub(crate) fn statistics(&self) -> Statistics {
        Statistics {
            since: self.since,
            messages_in: self.messages_in.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn activity(&self) -> Activity {
        Activity {
            statistics: self.statistics(),
            message: *self.message.lock().unwrap_or_else(PoisonError::into_inner),
            taken: self.taken.load(Ordering::Relaxed),
            state_size: self.state_size,
        }
    }
}

impl fmt::Debug for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.activity(), f)
    }
}

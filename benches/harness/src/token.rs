//! What travels through the servers of the workloads, and how its arrival is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts down to zero, which somebody waits for.
#[derive(Clone, Debug)]
pub struct Countdown(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicUsize,
    over: Notify,
}

impl Countdown {
    /// One that is over after `count` arrivals.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Countdown(Arc::new(Inner {
            left: AtomicUsize::new(count),
            over: Notify::new(),
        }))
    }

    /// Counts one arrival.
    pub fn arrived(&self) {
        if self.0.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.over.notify_one();
        }
    }

    /// Waits for the last one. One task may wait.
    pub async fn over(&self) {
        while self.0.left.load(Ordering::Acquire) > 0 {
            self.0.over.notified().await;
        }
    }
}

/// What servers pass on to each other.
#[derive(Clone, Debug)]
pub struct Token {
    left: u64,
    countdown: Countdown,
}

impl Token {
    /// One that makes so many hops and then arrives.
    #[must_use]
    pub fn new(hops: u64, countdown: Countdown) -> Self {
        Token {
            left: hops,
            countdown,
        }
    }

    /// A server has it: Some if it is to be passed on.
    #[must_use]
    pub fn hop(mut self) -> Option<Self> {
        if self.left == 0 {
            self.countdown.arrived();
            return None;
        }
        self.left -= 1;
        Some(self)
    }
}

//! Repeated measurements of one operation at one size.

use std::time::{Duration, Instant};

/// How long one operation is measured at one size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) time: Duration,
    /// Measurements that are taken however long they last.
    pub(crate) least: usize,
}

/// The measurements of one operation at one size, each of some operations in a row.
pub(crate) struct Samples {
    nanoseconds: Vec<f64>,
    began: Instant,
    budget: Budget,
}

impl Samples {
    pub(crate) fn new(budget: Budget) -> Self {
        Samples {
            nanoseconds: Vec::new(),
            began: Instant::now(),
            budget,
        }
    }

    /// Whether to measure again.
    pub(crate) fn wants_more(&self) -> bool {
        self.nanoseconds.len() < self.budget.least || self.began.elapsed() < self.budget.time
    }

    /// So many operations took so long.
    pub(crate) fn add(&mut self, elapsed: Duration, operations: usize) {
        self.nanoseconds
            .push(elapsed.as_nanos() as f64 / operations as f64);
    }

    /// The median: what others do on the machine meanwhile lengthens some measurements by much.
    pub(crate) fn median(mut self) -> f64 {
        self.nanoseconds.sort_unstable_by(f64::total_cmp);
        self.nanoseconds[self.nanoseconds.len() / 2]
    }
}

/// Which of N an operation is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pick {
    /// The same one again and again. Caches hold what it touches, so that a growth is the code's.
    Same,
    /// Another one each time, far from the last. From some size on, whatever it touches comes from memory.
    Any,
}

impl Pick {
    pub(crate) const BOTH: [Pick; 2] = [Pick::Same, Pick::Any];

    /// Picks out of so many.
    pub(crate) fn of(self, n: usize) -> Picker {
        Picker {
            pick: self,
            n,
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }
}

/// Picks one of N, in an order that is the same in each run.
pub(crate) struct Picker {
    pick: Pick,
    n: usize,
    state: u64,
}

impl Picker {
    pub(crate) fn next(&mut self) -> usize {
        match self.pick {
            // Neither the first nor the last, which a search might find too early.
            Pick::Same => self.n * 2 / 3,
            Pick::Any => {
                self.state ^= self.state << 13;
                self.state ^= self.state >> 7;
                self.state ^= self.state << 17;
                (self.state % self.n as u64) as usize
            }
        }
    }
}

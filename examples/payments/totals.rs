//! What became of the payments, counted for the table at the end and for the metrics.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::metrics;
use crate::payment::Outcome;

/// The counts of a run. They belong to no process, and outlive each of them.
#[derive(Debug, Clone, Default)]
pub struct Totals(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    ids: AtomicU64,
    accepted: AtomicU64,
    rejected: AtomicU64,
    outcomes: [AtomicU64; Outcome::ALL.len()],
}

impl Totals {
    /// The id of the next payment, from 1.
    pub fn next_id(&self) -> u64 {
        self.0.ids.fetch_add(1, Relaxed) + 1
    }

    pub fn accepted(&self) {
        self.0.accepted.fetch_add(1, Relaxed);
        metrics::accepted();
    }

    pub fn rejected(&self) {
        self.0.rejected.fetch_add(1, Relaxed);
        metrics::rejected();
    }

    pub fn ended(&self, outcome: Outcome) {
        self.0.outcomes[outcome as usize].fetch_add(1, Relaxed);
        metrics::ended(outcome);
    }

    pub fn waiting(&self, queue: usize, in_flight: usize) {
        metrics::waiting(queue, in_flight);
    }

    /// Whether there was no payment at all.
    pub fn is_empty(&self) -> bool {
        self.0.ids.load(Relaxed) == 0
    }

    fn count(&self, outcome: Outcome) -> u64 {
        self.0.outcomes[outcome as usize].load(Relaxed)
    }

    /// How many payments were accepted and have come to no end.
    pub fn lost(&self) -> u64 {
        let ended: u64 = Outcome::ALL
            .into_iter()
            .map(|outcome| self.count(outcome))
            .sum();
        self.0.accepted.load(Relaxed).saturating_sub(ended)
    }
}

/// "rejected 3, accepted 10 = 7 settled + 1 declined + …"
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (accepted, rejected) = (&self.0.accepted, &self.0.rejected);
        write!(f, "payments   {} = ", accepted.load(Relaxed))?;
        for outcome in Outcome::ALL {
            write!(f, "{} {} + ", self.count(outcome), outcome.name())?;
        }
        write!(
            f,
            "{} lost\nrejected   {}",
            self.lost(),
            rejected.load(Relaxed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_accepted_has_an_outcome_or_is_lost() {
        let totals = Totals::default();
        for _ in 0..4 {
            totals.accepted();
        }
        totals.rejected();
        totals.ended(Outcome::Settled);
        totals.ended(Outcome::Settled);
        totals.ended(Outcome::Crashed);
        let text =
            "payments   4 = 2 settled + 0 declined + 0 failed + 1 crashed + 1 lost\nrejected   1";
        assert_eq!(totals.to_string(), text);
        assert_eq!(totals.lost(), 1);
    }

    #[test]
    fn no_two_payments_have_the_same_id() {
        let totals = Totals::default();
        assert_eq!([totals.next_id(), totals.clone().next_id()], [1, 2]);
    }
}

//! Counts what became of the requests.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::histogram::Histogram;
use crate::request::Kind;

/// What a client got for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A get that found the user.
    Hit,
    /// A get that did not find it.
    Miss,
    /// The statistics.
    Stats,
    /// A cast, taken into the cache's mailbox.
    Accepted,
    /// The server has crashed.
    Crashed,
}

/// What became of some requests.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub hits: u64,
    pub misses: u64,
    /// How often a request failed for which reason.
    pub failures: BTreeMap<String, u64>,
    kinds: [KindTally; Kind::ALL.len()],
}

/// What became of the requests of one kind.
#[derive(Debug, Clone, Default)]
pub struct KindTally {
    /// How long the requests took that were answered.
    pub latency: Histogram,
    pub failed: u64,
}

impl KindTally {
    pub fn answered(&self) -> u64 {
        self.latency.count()
    }

    pub fn requests(&self) -> u64 {
        self.answered() + self.failed
    }

    fn merge(&mut self, other: &KindTally) {
        self.latency.merge(&other.latency);
        self.failed += other.failed;
    }
}

impl Tally {
    /// Counts a request that was answered, or failed for a reason, after `latency`.
    pub fn record(&mut self, kind: Kind, latency: Duration, outcome: Result<Answer, String>) {
        let tally = &mut self.kinds[kind as usize];
        match outcome {
            Ok(answer) => {
                tally.latency.record(latency);
                self.hits += u64::from(answer == Answer::Hit);
                self.misses += u64::from(answer == Answer::Miss);
            }
            Err(reason) => {
                tally.failed += 1;
                *self.failures.entry(reason).or_default() += 1;
            }
        }
    }

    /// Adds what another client counted.
    pub fn merge(&mut self, other: Tally) {
        self.hits += other.hits;
        self.misses += other.misses;
        for (reason, count) in other.failures {
            *self.failures.entry(reason).or_default() += count;
        }
        for (kind, more) in self.kinds.iter_mut().zip(&other.kinds) {
            kind.merge(more);
        }
    }

    pub fn kind(&self, kind: Kind) -> &KindTally {
        &self.kinds[kind as usize]
    }

    /// All kinds together.
    pub fn total(&self) -> KindTally {
        let mut total = KindTally::default();
        for kind in &self.kinds {
            total.merge(kind);
        }
        total
    }

    /// The part of the answered gets that found the user, from 0 to 1.
    pub fn hit_rate(&self) -> Option<f64> {
        let gets = self.hits + self.misses;
        (gets > 0).then(|| self.hits as f64 / gets as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(reason: &str) -> Tally {
        let mut tally = Tally::default();
        tally.record(Kind::Get, Duration::from_micros(1), Ok(Answer::Hit));
        tally.record(Kind::Get, Duration::from_micros(2), Ok(Answer::Miss));
        tally.record(Kind::Put, Duration::from_micros(3), Ok(Answer::Accepted));
        tally.record(Kind::Get, Duration::from_secs(5), Err(reason.to_owned()));
        tally
    }

    #[test]
    fn a_request_is_answered_or_failed() {
        let tally = sample("timeout");
        let get = tally.kind(Kind::Get);
        assert_eq!((get.requests(), get.answered(), get.failed), (3, 2, 1));
        assert_eq!(tally.total().requests(), 4);
        assert_eq!(tally.hit_rate(), Some(0.5));
        assert_eq!(
            get.latency.max(),
            Duration::from_micros(2),
            "failures have no latency"
        );
    }

    #[test]
    fn the_clients_tallies_add_up() {
        let mut tally = sample("timeout");
        tally.merge(sample("timeout"));
        tally.merge(sample("noproc"));
        assert_eq!((tally.hits, tally.misses), (3, 3));
        assert_eq!((tally.total().answered(), tally.total().failed), (9, 3));
        let failures: Vec<_> = tally
            .failures
            .iter()
            .map(|(r, n)| (r.as_str(), *n))
            .collect();
        assert_eq!(failures, [("noproc", 1), ("timeout", 2)]);
    }

    #[test]
    fn nothing_asked_is_no_hit_rate() {
        assert_eq!(Tally::default().hit_rate(), None);
    }
}

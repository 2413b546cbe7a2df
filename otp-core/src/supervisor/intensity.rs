//! How many restarts are too many. Pure: the time comes from outside.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The restarts of one supervisor, all children together, over a window that slides.
#[derive(Debug)]
pub(crate) struct Intensity {
    max_restarts: u32,
    period: Duration,
    /// Those within the last period, oldest first.
    restarts: VecDeque<Instant>,
}

impl Intensity {
    pub(crate) fn new(max_restarts: u32, period: Duration) -> Self {
        Intensity {
            max_restarts,
            period,
            restarts: VecDeque::new(),
        }
    }

    /// Notes a restart. False if there were more than `max_restarts` within the period that ends now.
    pub(crate) fn allows(&mut self, now: Instant) -> bool {
        let is_over = |at: &Instant| now.duration_since(*at) > self.period;
        while self.restarts.front().is_some_and(is_over) {
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        self.recent() <= self.max_restarts
    }

    /// How many restarts the window holds.
    pub(crate) fn recent(&self) -> u32 {
        u32::try_from(self.restarts.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which restarts at these seconds are allowed.
    fn allowed(max_restarts: u32, period: u64, at: &[u64]) -> Vec<bool> {
        let start = Instant::now();
        let mut intensity = Intensity::new(max_restarts, Duration::from_secs(period));
        at.iter()
            .map(|second| intensity.allows(start + Duration::from_secs(*second)))
            .collect()
    }

    #[test]
    fn n_restarts_are_tolerated_and_one_more_is_not() {
        assert_eq!(allowed(0, 5, &[0]), [false]);
        assert_eq!(allowed(1, 5, &[0, 0]), [true, false]);
        assert_eq!(allowed(3, 5, &[0, 1, 2, 3]), [true, true, true, false]);
    }

    #[test]
    fn the_window_slides() {
        assert_eq!(allowed(1, 1, &[0, 2, 4, 6]), [true; 4]);
        assert_eq!(allowed(2, 5, &[0, 4, 6, 8]), [true, true, true, false]);
    }

    #[test]
    fn a_restart_counts_until_it_is_older_than_the_period() {
        assert_eq!(allowed(1, 5, &[0, 5]), [true, false]);
        assert_eq!(allowed(1, 5, &[0, 6]), [true, true]);
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let start = Instant::now();
        let mut intensity = Intensity::new(10, Duration::from_secs(1));
        for second in 0..100 {
            assert!(intensity.allows(start + Duration::from_secs(second)));
        }
        assert_eq!(intensity.recent(), 2);
    }
}

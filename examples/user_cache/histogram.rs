//! Latencies in constant memory: a count for each range of durations, narrow for short ones and
//! wide for long ones.

use std::time::Duration;

/// Each power of two is divided into this many ranges, so a percentile is at most 1/32 too high.
const RANGES: usize = 32;
const RANGE_BITS: u32 = RANGES.ilog2();

/// Counts durations, and tells which part of them was how short.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        let ranges = range_of(u64::MAX) + 1;
        Histogram {
            counts: vec![0; ranges],
            count: 0,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    pub fn record(&mut self, duration: Duration) {
        self.counts[range_of(nanoseconds(duration))] += 1;
        self.count += 1;
        self.max = self.max.max(duration);
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn max(&self) -> Duration {
        self.max
    }

    /// The duration that `percent` of the recorded ones did not exceed; zero when there are none.
    pub fn percentile(&self, percent: f64) -> Duration {
        let wanted = (self.count as f64 * percent / 100.0).ceil() as u64;
        let mut seen = 0;
        for (range, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted.max(1) {
                return Duration::from_nanos(end_of(range)).min(self.max);
            }
        }
        self.max
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The range that holds `value`. Values below `RANGES` have a range each.
fn range_of(value: u64) -> usize {
    let Some(power) = value.checked_ilog2().filter(|&power| power > RANGE_BITS) else {
        return value as usize;
    };
    let shift = power - RANGE_BITS;
    RANGES * shift as usize + (value >> shift) as usize
}

/// The greatest value that the range holds.
fn end_of(range: usize) -> u64 {
    if range < 2 * RANGES {
        return range as u64;
    }
    let shift = range / RANGES - 1;
    let start = ((RANGES + range % RANGES) as u64) << shift;
    start + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other_without_gaps() {
        for range in 0..range_of(u64::MAX) {
            let end = end_of(range);
            assert_eq!(range_of(end), range, "the end of range {range}");
            assert_eq!(
                range_of(end + 1),
                range + 1,
                "after the end of range {range}"
            );
        }
        assert_eq!(end_of(range_of(u64::MAX)), u64::MAX);
    }

    #[test]
    fn a_range_is_narrow_in_proportion_to_its_values() {
        for value in [100, 1_000, 123_456, 987_654_321, u64::MAX / 3] {
            let end = end_of(range_of(value));
            assert!(
                end >= value && end - value <= value / 32,
                "{value} is in a range to {end}"
            );
        }
    }

    #[test]
    fn percentiles_of_one_to_a_thousand_microseconds() {
        let mut histogram = Histogram::default();
        for micros in 1..=1_000 {
            histogram.record(Duration::from_micros(micros));
        }
        for (percent, micros) in [(0.0, 1), (50.0, 500), (90.0, 900), (99.0, 990), (99.9, 999)] {
            let exact = Duration::from_micros(micros);
            let found = histogram.percentile(percent);
            assert!(
                found >= exact && found <= exact + exact / 32,
                "p{percent} is {found:?}"
            );
        }
        assert_eq!(histogram.percentile(100.0), Duration::from_millis(1));
        assert_eq!(histogram.max(), Duration::from_millis(1));
        assert_eq!(histogram.count(), 1_000);
    }

    #[test]
    fn merging_is_as_good_as_recording_in_one_place() {
        let (mut even, mut odd, mut all) = Default::default();
        for nanos in 0..1_000 {
            let half: &mut Histogram = if nanos % 2 == 0 { &mut even } else { &mut odd };
            half.record(Duration::from_nanos(nanos));
            Histogram::record(&mut all, Duration::from_nanos(nanos));
        }
        even.merge(&odd);
        assert_eq!(even.counts, all.counts);
        assert_eq!((even.count(), even.max()), (all.count(), all.max()));
    }

    #[test]
    fn extremes_are_counted_too() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50.0), Duration::ZERO);
        histogram.record(Duration::ZERO);
        histogram.record(Duration::MAX);
        assert_eq!(histogram.percentile(50.0), Duration::ZERO);
        assert_eq!(histogram.max(), Duration::MAX);
    }
}

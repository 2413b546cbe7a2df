//! The figures of one run.

use std::time::Duration;

use serde_json::{Map, Value};

/// What one run of a workload has given: a number for each of its keys.
#[derive(Clone, Debug, Default)]
pub struct Figures(Map<String, Value>);

impl Figures {
    /// Adds a number.
    #[must_use]
    pub fn with(mut self, key: &str, value: f64) -> Self {
        self.0.insert(key.to_owned(), Value::from(value));
        self
    }

    /// Adds the time of one operation out of so many, in nanoseconds.
    #[must_use]
    pub fn each(self, key: &str, all: Duration, count: usize) -> Self {
        self.with(key, all.as_nanos() as f64 / count as f64)
    }

    /// Adds the median and the 99th percentile of the times of one operation, in nanoseconds.
    #[must_use]
    pub fn percentiles(self, mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        let (median, last) = (at(0.5), at(0.99));
        self.with("p50", median).with("p99", last)
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

/// Memory of this process that is in use, as the operating system counts it; 0 where it does not tell.
pub(crate) fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.and_then(|pages| pages.split_whitespace().nth(1)?.parse::<usize>().ok());
    resident.unwrap_or_default() * 4096
}

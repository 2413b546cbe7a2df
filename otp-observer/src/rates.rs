//! What went on between two snapshots. Pure.

use std::collections::HashMap;
use std::time::Duration;

use crate::snapshot::{Process, Snapshot};

/// What a process did, for each second between two snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    pub(crate) messages: f64,
    pub(crate) calls: f64,
    /// How long a call took on average.
    pub(crate) call_time: Option<Duration>,
}

/// That of all processes that are in both, by pid.
pub(crate) fn rates(before: &Snapshot, now: &Snapshot) -> HashMap<String, Rate> {
    let millis = now.at_ms.saturating_sub(before.at_ms);
    if millis == 0 {
        return HashMap::new();
    }
    let seconds = millis as f64 / 1000.0;
    let by_pid = before.by_pid();
    let both = now.processes.iter().filter_map(|process| {
        let before = by_pid.get(process.pid.as_str())?;
        Some((process.pid.clone(), rate(before, process, seconds)))
    });
    both.collect()
}

fn rate(before: &Process, now: &Process, seconds: f64) -> Rate {
    // It was counted anew meanwhile, if it is less.
    let messages = match (before.messages, now.messages) {
        (Some(before), Some(now)) => now.checked_sub(before).unwrap_or(now),
        _ => 0,
    };
    let calls = now.calls.saturating_sub(before.calls);
    let micros = now.calls_us.saturating_sub(before.calls_us);
    Rate {
        messages: messages as f64 / seconds,
        calls: calls as f64 / seconds,
        call_time: (calls > 0).then(|| Duration::from_micros(micros / calls)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(at_ms: u64, messages: u64, calls: u64, calls_us: u64) -> Snapshot {
        let process = Process {
            pid: "1".to_owned(),
            messages: Some(messages),
            calls,
            calls_us,
            ..Process::default()
        };
        Snapshot {
            at_ms,
            processes: vec![process],
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_rate_is_for_a_second() {
        let rates = rates(&snapshot(0, 10, 0, 0), &snapshot(500, 60, 4, 2000));
        let expected = Rate {
            messages: 100.0,
            calls: 8.0,
            call_time: Some(Duration::from_micros(500)),
        };
        assert_eq!(rates["1"], expected);
    }

    #[test]
    fn what_is_counted_anew_is_not_less_than_nothing() {
        let rates = rates(&snapshot(0, 10, 3, 9), &snapshot(1000, 2, 1, 1));
        assert_eq!(rates["1"].messages, 2.0);
        assert_eq!((rates["1"].calls, rates["1"].call_time), (0.0, None));
    }

    #[test]
    fn no_time_is_no_rate() {
        assert!(rates(&snapshot(5, 0, 0, 0), &snapshot(5, 9, 9, 9)).is_empty());
    }
}

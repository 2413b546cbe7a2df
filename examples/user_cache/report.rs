//! The table at the end of a run.

use std::fmt;
use std::time::Duration;

use otp_core::prelude::CallFailure;
use otp_core::supervisor::Tree;

use crate::cache::Stats;
use crate::replay::{End, Replay};
use crate::request::Kind;
use crate::tally::KindTally;

/// Displays what happened.
#[derive(Debug)]
pub struct Report<'a> {
    pub replay: &'a Replay,
    /// What the primary said about itself after the last request, or why it said nothing.
    pub stats: &'a Result<Stats, CallFailure>,
    /// What the secondary holds, and its fingerprint.
    pub secondary: &'a Result<(Stats, u64), CallFailure>,
    /// The supervision tree at the end.
    pub tree: &'a Result<Tree, CallFailure>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.requests(f)?;
        writeln!(f)?;
        self.lines(f)?;
        self.failures(f)?;
        self.cache(f)?;
        self.secondary(f)?;
        self.tree(f)
    }
}

impl Report<'_> {
    fn requests(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<8}{:>12}{:>12}{:>10}{:>11}{:>11}{:>11}{:>11}{:>11}",
            "", "requests", "answered", "failed", "p50", "p90", "p99", "p99.9", "max"
        )?;
        let tally = &self.replay.tally;
        for kind in Kind::ALL {
            row(f, kind.name(), tally.kind(kind))?;
        }
        row(f, "all", &tally.total())
    }

    fn lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Replay {
            lines,
            tally,
            elapsed,
            end,
        } = self.replay;
        let total = tally.total();
        let seconds = elapsed.as_secs_f64();
        let rate = (total.answered() as f64 / seconds.max(f64::EPSILON)) as u64;
        let end = match end {
            End::Complete => "",
            End::Interrupted => ", interrupted",
            End::Unreadable(_) => ", ended by an error",
        };
        writeln!(
            f,
            "time         {seconds:.2} s, {} answers a second{end}",
            grouped(rate)
        )?;
        writeln!(
            f,
            "lines read   {} = {} answered + {} failed + {} skipped",
            grouped(lines.read),
            grouped(total.answered()),
            grouped(total.failed),
            grouped(lines.bad + lines.blank),
        )?;
        writeln!(
            f,
            "skipped      {} bad, {} blank or comments",
            grouped(lines.bad),
            grouped(lines.blank)
        )
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = &self.replay.tally.failures;
        if failures.is_empty() {
            return writeln!(f, "failures     none");
        }
        for (reason, count) in failures {
            writeln!(f, "failures     {} × {reason}", grouped(*count))?;
        }
        Ok(())
    }

    fn cache(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.replay.tally;
        if let Some(rate) = tally.hit_rate() {
            let (hits, gets) = (grouped(tally.hits), grouped(tally.hits + tally.misses));
            writeln!(
                f,
                "hit rate     {:.1} %, {hits} hits in {gets} gets",
                100.0 * rate
            )?;
        }
        match self.stats {
            Ok(stats) => {
                let memory = stats.memory_bytes.div_ceil(1024) as u64;
                let (size, max_size) = (stats.size as u64, stats.max_size as u64);
                writeln!(f, "evictions    {}", grouped(stats.evictions))?;
                writeln!(f, "expirations  {}", grouped(stats.expirations))?;
                writeln!(
                    f,
                    "primary      {} of at most {} users at the end, about {} KiB",
                    grouped(size),
                    grouped(max_size),
                    grouped(memory),
                )
            }
            Err(failure) => writeln!(f, "primary      gave no statistics: {failure}"),
        }
    }

    fn secondary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.secondary {
            Ok((stats, fingerprint)) => writeln!(
                f,
                "secondary    {} of at most {} users at the end, fingerprint {fingerprint:016x}",
                grouped(stats.size as u64),
                grouped(stats.max_size as u64),
            ),
            Err(failure) => writeln!(f, "secondary    gave no statistics: {failure}"),
        }
    }

    fn tree(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tree {
            Ok(tree) => write!(f, "\n{tree}"),
            Err(failure) => writeln!(f, "\nthe supervisor has gone: {failure}"),
        }
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, tally: &KindTally) -> fmt::Result {
    write!(
        f,
        "{name:<8}{:>12}{:>12}{:>10}",
        grouped(tally.requests()),
        grouped(tally.answered()),
        grouped(tally.failed)
    )?;
    let latency = &tally.latency;
    for percent in [50.0, 90.0, 99.0, 99.9] {
        write!(f, "{:>11}", time(tally, latency.percentile(percent)))?;
    }
    writeln!(f, "{:>11}", time(tally, latency.max()))
}

fn time(tally: &KindTally, duration: Duration) -> String {
    if tally.answered() == 0 {
        "-".to_owned()
    } else {
        format!("{duration:.1?}")
    }
}

/// Writes a number with commas between the thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Lines;
    use crate::tally::{Answer, Tally};

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (123_456, "123,456"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn the_report_shows_all_there_is() {
        let mut tally = Tally::default();
        let latency = Duration::from_micros(1_500);
        tally.record(Kind::Get, latency, Ok(Answer::Hit));
        tally.record(Kind::Get, latency, Ok(Answer::Miss));
        tally.record(Kind::Put, latency, Ok(Answer::Accepted));
        tally.record(Kind::Stats, latency, Err("timeout".to_owned()));
        let replay = Replay {
            lines: Lines {
                read: 1_007,
                bad: 1_001,
                blank: 2,
            },
            tally,
            elapsed: Duration::from_secs(2),
            end: End::Interrupted,
        };
        let stats = Ok(Stats {
            size: 1,
            max_size: 1_000,
            lookups: 2,
            hits: 1,
            evictions: 3,
            expirations: 4,
            memory_bytes: 2_000,
        });
        let expected = "\
            requests    answered    failed        p50        p90        p99      p99.9        max
get                2           2         0      1.5ms      1.5ms      1.5ms      1.5ms      1.5ms
put                1           1         0      1.5ms      1.5ms      1.5ms      1.5ms      1.5ms
delete             0           0         0          -          -          -          -          -
stats              1           0         1          -          -          -          -          -
crash              0           0         0          -          -          -          -          -
all                4           3         1      1.5ms      1.5ms      1.5ms      1.5ms      1.5ms

time         2.00 s, 1 answers a second, interrupted
lines read   1,007 = 3 answered + 1 failed + 1,003 skipped
skipped      1,001 bad, 2 blank or comments
failures     1 × timeout
hit rate     50.0 %, 1 hits in 2 gets
evictions    3
expirations  4
primary      1 of at most 1,000 users at the end, about 2 KiB
secondary    1 of at most 1,000 users at the end, fingerprint 000000000000002a

the supervisor has gone: no such process
";
        let secondary = stats.clone().map(|stats| (stats, 42));
        let report = Report {
            replay: &replay,
            stats: &stats,
            secondary: &secondary,
            tree: &Err(CallFailure::NoProc),
        }
        .to_string();
        let header = report.lines().next().unwrap_or_default().trim_start();
        assert!(header.starts_with("requests"));
        assert_eq!(report.trim_start(), expected);
    }
}

//! What is of any length in a program, and has a bound on the socket. Pure.

use std::fmt::Display;
use std::time::Duration;

use otp_core::Pid;

/// Pids of one list that are told.
const PIDS: usize = 64;

/// Bytes of a name.
const SHORT: usize = 256;

/// Bytes of a state or a reason.
const LONG: usize = 64 << 10;

pub(crate) fn pids(pids: &[Pid]) -> Vec<String> {
    pids.iter().take(PIDS).map(Pid::to_string).collect()
}

/// A name.
pub(crate) fn bounded(text: impl Display) -> String {
    cut(text.to_string(), SHORT)
}

/// A state, or a reason.
pub(crate) fn long(text: impl Display) -> String {
    cut(text.to_string(), LONG)
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(cut("äöü".to_owned(), 6), "äöü");
        assert_eq!(cut("äöü".to_owned(), 5), "äö…");
    }
}

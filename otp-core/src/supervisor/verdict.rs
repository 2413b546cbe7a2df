//! Whether a child that has ended is started again. Pure; OTP's table of restart type and reason.

use crate::exit::ExitReason;
use crate::options::Restart;

/// What follows from the end of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is to be started again.
    Restart,
    /// It has ended for good.
    Gone,
}

/// What follows when a child of this restart type ends with this reason.
pub(crate) fn verdict(restart: Restart, reason: &ExitReason) -> Verdict {
    match restart {
        Restart::Permanent => Verdict::Restart,
        Restart::Transient if reason.is_clean() => Verdict::Gone,
        Restart::Transient => Verdict::Restart,
        Restart::Temporary => Verdict::Gone,
    }
}

/// Whether the end of a running child is worth a report: what OTP calls `child_terminated`.
pub(crate) fn is_reported(restart: Restart, reason: &ExitReason) -> bool {
    restart == Restart::Permanent || !reason.is_clean()
}

/// Whether a child that was asked to stop has ended as it should.
pub(crate) fn is_expected(restart: Restart, reason: &ExitReason, killed_at_once: bool) -> bool {
    match reason {
        ExitReason::Shutdown if !killed_at_once => true,
        ExitReason::Killed if killed_at_once => true,
        reason => restart != Restart::Permanent && reason.is_clean(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESTARTS: [Restart; 3] = [Restart::Permanent, Restart::Transient, Restart::Temporary];

    fn reasons() -> [ExitReason; 6] {
        [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::shutdown_with("drain"),
            ExitReason::Killed,
            ExitReason::NoProc,
            ExitReason::error("boom"),
        ]
    }

    fn table<T>(of: impl Fn(Restart, &ExitReason) -> T) -> [[T; 6]; 3] {
        RESTARTS.map(|restart| reasons().map(|reason| of(restart, &reason)))
    }

    #[test]
    fn a_verdict_depends_on_restart_type_and_reason() {
        use Verdict::{Gone, Restart};
        assert_eq!(
            table(verdict),
            [
                // normal, shutdown, {shutdown, _}, killed, noproc, boom
                [Restart, Restart, Restart, Restart, Restart, Restart],
                [Gone, Gone, Gone, Restart, Restart, Restart],
                [Gone, Gone, Gone, Gone, Gone, Gone],
            ]
        );
    }

    #[test]
    fn what_a_permanent_child_does_is_reported_and_of_others_what_is_not_clean() {
        assert_eq!(
            table(is_reported),
            [
                [true, true, true, true, true, true],
                [false, false, false, true, true, true],
                [false, false, false, true, true, true],
            ]
        );
    }

    #[test]
    fn a_child_that_was_asked_to_stop_ends_with_shutdown() {
        assert_eq!(
            table(|restart, reason| is_expected(restart, reason, false)),
            [
                [false, true, false, false, false, false],
                [true, true, true, false, false, false],
                [true, true, true, false, false, false],
            ]
        );
        assert_eq!(
            table(|restart, reason| is_expected(restart, reason, true)),
            [
                [false, false, false, true, false, false],
                [true, true, true, true, false, false],
                [true, true, true, true, false, false],
            ]
        );
    }
}

//! What a supervisor does next. Pure: it is told what has happened and when, and says what is to be done.
//!
//! It reads like OTP's `supervisor.erl`: the end of a child, the restart that follows or not, the limit on restarts,
//! the automatic shutdown. The shell ([`super::run`]) starts and stops what it is told to.

use std::time::Duration;

use tokio::time::Instant;

use super::children::{ChildState, Children, Group, Key};
use super::flags::{AutoShutdown, Flags};
use super::intensity::Intensity;
use super::verdict::{Verdict, verdict};
use crate::exit::ExitReason;
use crate::pid::Pid;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Nothing,
    /// Stop some, then start some.
    Restart(Group),
    /// Look at this child again after a while.
    Later(Key, Duration),
    /// There were too many restarts; the one of this child, which was this process if it did run, was one too many. The
    /// supervisor stops with shutdown.
    GiveUp(Key, Option<Pid>),
    /// A significant child has ended. The supervisor stops with shutdown.
    ShutDown,
}

/// A supervisor's children, and its rules.
#[derive(Debug)]
pub(crate) struct Plan<W> {
    flags: Flags,
    intensity: Intensity,
    pub(crate) children: Children<W>,
}

impl<W> Plan<W> {
    pub(crate) fn new(flags: Flags) -> Self {
        Plan {
            flags,
            intensity: Intensity::new(flags.max_restarts, flags.period),
            children: Children::default(),
        }
    }

    pub(crate) fn auto_shutdown(&self) -> AutoShutdown {
        self.flags.auto_shutdown
    }

    /// The process of a child has ended by itself. An end of anybody else means nothing.
    pub(crate) fn exited(&mut self, pid: Pid, reason: &ExitReason, now: Instant) -> Decision {
        let Some((key, child)) = self.children.with_pid(pid) else {
            return Decision::Nothing;
        };
        let significant = child.significant;
        match verdict(child.restart, reason) {
            Verdict::Restart => self.restart(key, now),
            Verdict::Gone => {
                self.children.stopped(key);
                self.after_end_of(significant)
            }
        }
    }

    /// A start that failed is tried again, unless somebody has seen to the child meanwhile.
    pub(crate) fn try_again(&mut self, key: Key, now: Instant) -> Decision {
        match self.children.get(key).map(|child| child.state) {
            Some(ChildState::Restarting) => self.restart(key, now),
            Some(ChildState::Running(_) | ChildState::Undefined) | None => Decision::Nothing,
        }
    }

    /// A restart that was put off is due, unless somebody has seen to the child meanwhile.
    pub(crate) fn due(&mut self, key: Key) -> Decision {
        match self.children.get(key).map(|child| child.state) {
            Some(ChildState::Restarting) => self.restart_now(key),
            Some(ChildState::Running(_) | ChildState::Undefined) | None => Decision::Nothing,
        }
    }

    fn restart(&mut self, key: Key, now: Instant) -> Decision {
        if !self.intensity.allows(now) {
            let pid = self.children.get(key).and_then(|child| child.state.pid());
            self.children.stopped(key);
            return Decision::GiveUp(key, pid);
        }
        match self.flags.back_off {
            Some(back_off) => {
                self.children.restarting(key);
                Decision::Later(key, back_off.delay(self.intensity.recent()))
            }
            None => self.restart_now(key),
        }
    }

    fn restart_now(&mut self, key: Key) -> Decision {
        self.children.stopped(key);
        Decision::Restart(self.children.group(self.flags.strategy, key))
    }

    /// A child has ended for good.
    fn after_end_of(&self, significant: bool) -> Decision {
        let shuts_down = match self.flags.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => significant,
            AutoShutdown::AllSignificant => significant && !self.children.has_significant(),
        };
        if shuts_down {
            Decision::ShutDown
        } else {
            Decision::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::flags::{BackOff, Strategy};
    use super::*;
    use crate::options::Restart;
    use crate::pid::NodeId;

    const SECOND: Duration = Duration::from_secs(1);

    const RESTARTS: [Restart; 3] = [Restart::Permanent, Restart::Transient, Restart::Temporary];

    const STRATEGIES: [Strategy; 3] = [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ];

    fn pid(number: u64) -> Pid {
        Pid::new(NodeId(0), number)
    }

    fn boom() -> ExitReason {
        ExitReason::error("boom")
    }

    fn flags(strategy: Strategy) -> Flags {
        Flags {
            strategy,
            ..Flags::DEFAULT
        }
    }

    /// Children `0`, `1`, … of these restart types, running as the pids 0, 1, …
    fn running<const N: usize>(flags: Flags, restarts: [Restart; N]) -> (Plan<()>, [Key; N]) {
        running_significant(flags, restarts.map(|restart| (restart, false)))
    }

    fn running_significant<const N: usize>(
        flags: Flags,
        children: [(Restart, bool); N],
    ) -> (Plan<()>, [Key; N]) {
        let mut plan = Plan::new(flags);
        let mut number = 0;
        let keys = children.map(|(restart, significant)| {
            let id = number.to_string();
            let key = plan.children.add(id.into(), restart, significant, ());
            let key = key.expect("the ids differ");
            plan.children.started(key, pid(number));
            number += 1;
            key
        });
        (plan, keys)
    }

    fn state(plan: &Plan<()>, key: Key) -> Option<ChildState> {
        plan.children.get(key).map(|child| child.state)
    }

    fn restart(stop: &[Key], start: &[Key]) -> Decision {
        Decision::Restart(Group {
            stop: stop.to_vec(),
            start: start.to_vec(),
        })
    }

    #[test]
    fn an_end_is_seen_to_as_strategy_restart_type_and_reason_say() {
        let now = Instant::now();
        let reasons = [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::shutdown_with("drain"),
            ExitReason::Killed,
            ExitReason::NoProc,
            boom(),
        ];
        for strategy in STRATEGIES {
            for type_of_middle in RESTARTS {
                for reason in &reasons {
                    let types = [Restart::Permanent, type_of_middle, Restart::Transient];
                    let (mut plan, [a, b, c]) = running(flags(strategy), types);
                    let restarts = match type_of_middle {
                        Restart::Permanent => true,
                        Restart::Transient => !reason.is_clean(),
                        Restart::Temporary => false,
                    };
                    let expected = match strategy {
                        _ if !restarts => Decision::Nothing,
                        Strategy::OneForOne => restart(&[], &[b]),
                        Strategy::OneForAll => restart(&[c, a], &[a, b, c]),
                        Strategy::RestForOne => restart(&[c], &[b, c]),
                    };
                    let case = format!("{strategy:?}, {type_of_middle:?}, {reason}");
                    assert_eq!(plan.exited(pid(1), reason, now), expected, "{case}");
                    let kept = type_of_middle != Restart::Temporary;
                    let left = kept.then_some(ChildState::Undefined);
                    assert_eq!(state(&plan, b), left, "{case}");
                    assert_eq!(plan.exited(pid(1), reason, now), Decision::Nothing);
                }
            }
        }
    }

    #[test]
    fn the_end_of_a_stranger_means_nothing() {
        let no_restarts = Flags {
            max_restarts: 0,
            ..Flags::DEFAULT
        };
        let (mut plan, [a]) = running(no_restarts, [Restart::Permanent]);
        let decision = plan.exited(pid(7), &boom(), Instant::now());
        assert_eq!(decision, Decision::Nothing);
        assert_eq!(state(&plan, a), Some(ChildState::Running(pid(0))));
    }

    #[test]
    fn one_restart_too_many_gives_up_and_names_the_process() {
        let (now, strict) = (
            Instant::now(),
            Flags {
                max_restarts: 1,
                period: SECOND,
                ..flags(Strategy::OneForAll)
            },
        );
        let (mut plan, [a, b]) = running(strict, [Restart::Permanent; 2]);
        let decision = plan.exited(pid(0), &boom(), now);
        assert_eq!(decision, restart(&[b], &[a, b]));
        plan.children.started(a, pid(10));
        let decision = plan.exited(pid(1), &boom(), now);
        assert_eq!(decision, Decision::GiveUp(b, Some(pid(1))));
        assert_eq!(state(&plan, b), Some(ChildState::Undefined));
        assert_eq!(state(&plan, a), Some(ChildState::Running(pid(10))));

        let (mut plan, [a]) = running(strict, [Restart::Permanent]);
        plan.exited(pid(0), &boom(), now);
        plan.children.restarting(a);
        let late = plan.try_again(a, now + SECOND);
        assert_eq!(late, Decision::GiveUp(a, None), "an attempt counts");
        assert_eq!(state(&plan, a), Some(ChildState::Undefined));
    }

    #[test]
    fn a_restart_that_is_over_does_not_count() {
        let strict = Flags {
            max_restarts: 1,
            period: SECOND,
            ..Flags::DEFAULT
        };
        let (mut plan, [a]) = running(strict, [Restart::Permanent]);
        let mut now = Instant::now();
        for number in 0..5 {
            assert_eq!(plan.exited(pid(number), &boom(), now), restart(&[], &[a]));
            plan.children.started(a, pid(number + 1));
            now += 2 * SECOND;
        }
    }

    #[test]
    fn a_failed_start_is_tried_again_with_its_group() {
        let now = Instant::now();
        for strategy in STRATEGIES {
            let (mut plan, [a, b, c]) = running(flags(strategy), [Restart::Permanent; 3]);
            plan.exited(pid(0), &boom(), now);
            plan.children.started(a, pid(10));
            plan.children.stopped(c);
            plan.children.restarting(b);
            let expected = match strategy {
                Strategy::OneForOne => restart(&[], &[b]),
                Strategy::OneForAll => restart(&[a], &[a, b, c]),
                Strategy::RestForOne => restart(&[], &[b, c]),
            };
            assert_eq!(plan.try_again(b, now), expected, "{strategy:?}");
            assert_eq!(state(&plan, b), Some(ChildState::Undefined));
        }
    }

    #[test]
    fn an_attempt_comes_to_nothing_after_somebody_has_seen_to_the_child() {
        let now = Instant::now();
        // With no restart allowed an attempt that counts would give up.
        let no_restarts = Flags {
            max_restarts: 0,
            ..Flags::DEFAULT
        };
        let (mut plan, [runs, stopped, deleted]) = running(no_restarts, [Restart::Permanent; 3]);
        plan.children.stopped(stopped);
        plan.children.remove(deleted);
        for key in [runs, stopped, deleted] {
            assert_eq!(plan.try_again(key, now), Decision::Nothing);
            assert_eq!(plan.due(key), Decision::Nothing);
        }
        assert_eq!(state(&plan, runs), Some(ChildState::Running(pid(0))));
        assert_eq!(state(&plan, stopped), Some(ChildState::Undefined));
        assert_eq!(state(&plan, deleted), None);
    }

    #[test]
    fn a_back_off_puts_a_restart_off_twice_as_long_each_time() {
        for strategy in STRATEGIES {
            let slow = Flags {
                max_restarts: 3,
                back_off: Some(BackOff::new(SECOND, 3 * SECOND)),
                ..flags(strategy)
            };
            let (mut plan, [a, b]) = running(slow, [Restart::Permanent; 2]);
            let now = Instant::now();
            let decision = plan.exited(pid(0), &boom(), now);
            assert_eq!(decision, Decision::Later(a, SECOND));
            assert_eq!(state(&plan, a), Some(ChildState::Restarting));
            assert_eq!(state(&plan, b), Some(ChildState::Running(pid(1))));
            // What is due was counted when it was put off.
            let group = match strategy {
                Strategy::OneForOne => restart(&[], &[a]),
                Strategy::OneForAll | Strategy::RestForOne => restart(&[b], &[a, b]),
            };
            assert_eq!(plan.due(a), group);
            assert_eq!(state(&plan, a), Some(ChildState::Undefined));
            plan.children.restarting(a);
            assert_eq!(plan.try_again(a, now), Decision::Later(a, 2 * SECOND));
            assert_eq!(plan.try_again(a, now), Decision::Later(a, 3 * SECOND));
            assert_eq!(plan.try_again(a, now), Decision::GiveUp(a, None));
        }
    }

    #[test]
    fn the_ends_of_significant_children_shut_down_as_auto_shutdown_says() {
        let now = Instant::now();
        for (auto_shutdown, of_plain, of_first, of_last) in [
            (
                AutoShutdown::Never,
                Decision::Nothing,
                Decision::Nothing,
                Decision::Nothing,
            ),
            (
                AutoShutdown::AnySignificant,
                Decision::Nothing,
                Decision::ShutDown,
                Decision::ShutDown,
            ),
            (
                AutoShutdown::AllSignificant,
                Decision::Nothing,
                Decision::Nothing,
                Decision::ShutDown,
            ),
        ] {
            let flags = Flags {
                auto_shutdown,
                ..Flags::DEFAULT
            };
            let children = [
                (Restart::Temporary, false),
                (Restart::Transient, true),
                (Restart::Temporary, true),
                (Restart::Transient, false),
            ];
            let (mut plan, _) = running_significant(flags, children);
            assert_eq!(plan.auto_shutdown(), auto_shutdown);
            assert_eq!(plan.exited(pid(0), &boom(), now), of_plain);
            let first = plan.exited(pid(1), &ExitReason::Shutdown, now);
            assert_eq!(first, of_first, "{auto_shutdown:?}");
            assert_eq!(plan.exited(pid(2), &boom(), now), of_last);
            let plain = plan.exited(pid(3), &ExitReason::Normal, now);
            assert_eq!(plain, of_plain, "{auto_shutdown:?}");
        }
    }

    #[test]
    fn a_significant_child_that_is_restarted_shuts_nothing_down() {
        for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
            let flags = Flags {
                auto_shutdown,
                ..Flags::DEFAULT
            };
            let children = [(Restart::Transient, true); 2];
            let (mut plan, [a, b]) = running_significant(flags, children);
            let now = Instant::now();
            assert_eq!(plan.exited(pid(0), &boom(), now), restart(&[], &[a]));
            // While it is being restarted it is one of those that have not ended.
            plan.children.restarting(a);
            let end = plan.exited(pid(1), &ExitReason::Normal, now);
            let expected = match auto_shutdown {
                AutoShutdown::AnySignificant => Decision::ShutDown,
                AutoShutdown::AllSignificant | AutoShutdown::Never => Decision::Nothing,
            };
            assert_eq!(end, expected);
            assert_eq!(state(&plan, b), Some(ChildState::Undefined));
        }
    }
}

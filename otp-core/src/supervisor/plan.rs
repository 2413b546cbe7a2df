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

//! The decisions about applications: in which order they start, what the end of one means, and with which status a
//! program ends. Pure: nothing here touches a process.

use std::process::ExitCode;

use super::error::StartError;
use crate::exit::ExitReason;

/// What the end of an application means for the others: OTP's `restart_type()`, whose words those of a child are.
///
/// It says nothing of a stop that was asked for, see [`Applications::stop`](super::Applications::stop): that concerns no
/// other application. Nor is an application started again: its supervisors restart, and when its root has given up
/// there is nothing left to be tried.
///
/// | | root ended with `normal` | root ended with another reason |
/// | --- | --- | --- |
/// | [`Temporary`](Self::Temporary) | reported | reported |
/// | [`Transient`](Self::Transient) | reported | all stop |
/// | [`Permanent`](Self::Permanent) | all stop | all stop |
///
/// A root that gives up ends with `shutdown`, which is another reason.
///
/// # Examples
///
/// ```
/// use otp_core::application::RestartType;
///
/// assert_eq!(RestartType::default(), RestartType::Temporary);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RestartType {
    /// All applications stop with it. What a program's own application is, see [`Application::run`](super::Application::run).
    Permanent,
    /// All applications stop with it, unless it ended with [`ExitReason::Normal`].
    Transient,
    /// The others stay. The default, as in OTP.
    #[default]
    Temporary,
}

/// What to do when an application has ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is reported, and that is all.
    Report,
    /// All others stop, in reverse start order.
    StopAll,
}

/// What the end of an application means that nobody has stopped.
pub(super) fn on_end(restart_type: RestartType, reason: &ExitReason) -> Verdict {
    match (restart_type, reason) {
        (RestartType::Temporary, _) | (RestartType::Transient, ExitReason::Normal) => {
            Verdict::Report
        }
        (RestartType::Transient | RestartType::Permanent, _) => Verdict::StopAll,
    }
}

/// Why all applications of a node have stopped.
///
/// # Examples
///
/// ```
/// use otp_core::ExitReason;
/// use otp_core::application::Halt;
///
/// let gave_up = Halt::Terminated { application: "chat", reason: ExitReason::Shutdown };
/// assert_eq!(gave_up.status(), 1);
/// assert_eq!(gave_up.to_string(), "the application `chat` ended: shutdown");
/// assert_eq!(Halt::Stopped { status: 0 }.status(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Halt {
    /// Somebody has asked for it: a signal, or [`Applications::stop_all`](super::Applications::stop_all).
    #[error("all applications were stopped")]
    Stopped {
        /// The status that the program ends with.
        status: u8,
    },
    /// An application ended by itself whose [`RestartType`] means that all others stop.
    #[error("the application `{application}` ended: {reason}")]
    Terminated {
        /// Its name.
        application: &'static str,
        /// Why its root ended.
        reason: ExitReason,
    },
}

impl Halt {
    /// The status that the program ends with: the one that was asked for, or 1 after an application that has given up.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Halt;
    /// assert_eq!(Halt::Stopped { status: 3 }.status(), 3);
    /// ```
    #[must_use]
    pub const fn status(&self) -> u8 {
        match self {
            Halt::Stopped { status } => *status,
            Halt::Terminated { .. } => 1,
        }
    }
}

impl From<Halt> for ExitCode {
    fn from(halt: Halt) -> Self {
        ExitCode::from(halt.status())
    }
}

/// What is loaded, as the order of starts needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vertex {
    pub(super) name: &'static str,
    /// What has to run before it.
    pub(super) required: Vec<&'static str>,
    /// What has to run before it if it is loaded.
    pub(super) optional: Vec<&'static str>,
}

/// `target` and all that it needs, each behind what it needs itself: a walk in depth, as `ensure_all_started` does it.
pub(super) fn start_order(
    loaded: &[Vertex],
    target: &'static str,
) -> Result<Vec<&'static str>, StartError> {
    let mut walk = Walk {
        loaded,
        path: Vec::new(),
        order: Vec::new(),
    };
    walk.visit(target)?;
    Ok(walk.order)
}

struct Walk<'a> {
    loaded: &'a [Vertex],
    /// Those whose dependencies are being looked at.
    path: Vec<&'static str>,
    order: Vec<&'static str>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, name: &'static str) -> Result<(), StartError> {
        if self.order.contains(&name) {
            return Ok(());
        }
        let cycle = self.path.iter().position(|earlier| *earlier == name);
        if let Some(begin) = cycle.and_then(|begin| self.path.get(begin..)) {
            return Err(StartError::Cycle(begin.to_vec()));
        }
        let vertex = self.find(name).ok_or(StartError::NotLoaded(name))?;
        self.path.push(name);
        for dependency in &vertex.required {
            self.visit(dependency)?;
        }
        for dependency in &vertex.optional {
            if self.find(dependency).is_some() {
                self.visit(dependency)?;
            }
        }
        self.path.pop();
        self.order.push(name);
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&'a Vertex> {
        self.loaded.iter().find(|vertex| vertex.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Names = &'static [&'static str];

    fn graph(edges: &[(&'static str, Names, Names)]) -> Vec<Vertex> {
        let vertices = edges.iter().map(|(name, required, optional)| Vertex {
            name,
            required: required.to_vec(),
            optional: optional.to_vec(),
        });
        vertices.collect()
    }

    #[test]
    fn what_an_end_means_is_said_by_the_restart_type_and_the_reason() {
        use RestartType::{Permanent, Temporary, Transient};
        use Verdict::{Report, StopAll};
        let others = [
            ExitReason::Shutdown,
            ExitReason::shutdown_with("drained"),
            ExitReason::Killed,
            ExitReason::error("boom"),
        ];
        for (restart_type, normal, other) in [
            (Temporary, Report, Report),
            (Transient, Report, StopAll),
            (Permanent, StopAll, StopAll),
        ] {
            assert_eq!(on_end(restart_type, &ExitReason::Normal), normal);
            for reason in &others {
                assert_eq!(on_end(restart_type, reason), other, "{reason}");
            }
        }
    }

    #[test]
    fn a_dependency_starts_before_who_needs_it() {
        let loaded = graph(&[
            ("chat", &["repo", "web"], &["metrics", "absent"]),
            ("web", &["repo"], &[]),
            ("repo", &[], &["metrics"]),
            ("metrics", &[], &[]),
            ("alone", &[], &[]),
        ]);
        let order = |target| start_order(&loaded, target);
        assert_eq!(order("chat").unwrap(), ["metrics", "repo", "web", "chat"]);
        assert_eq!(order("repo").unwrap(), ["metrics", "repo"]);
        assert_eq!(order("alone").unwrap(), ["alone"]);
    }

    #[test]
    fn what_cannot_be_ordered_is_named() {
        let loaded = graph(&[
            ("top", &["a"], &[]),
            ("a", &["b"], &[]),
            ("b", &[], &["a"]),
            ("self", &["self"], &[]),
            ("lacking", &["absent"], &[]),
        ]);
        for (target, error) in [
            ("top", StartError::Cycle(vec!["a", "b"])),
            ("self", StartError::Cycle(vec!["self"])),
            ("lacking", StartError::NotLoaded("absent")),
            ("absent", StartError::NotLoaded("absent")),
        ] {
            assert_eq!(start_order(&loaded, target), Err(error));
        }
    }
}

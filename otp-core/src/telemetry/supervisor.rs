//! The events of supervisors: OTP's progress reports and supervisor reports.

use std::fmt;
use std::sync::Arc;

use super::{Event, EventName, bit};
use crate::exit::ExitReason;
use crate::gen_server::StartError;
use crate::node::{Name, Node};
use crate::options::{ChildKind, Restart, Shutdown};
use crate::pid::Pid;

/// A child, as a report tells of it: `started` and `offender` of OTP's.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, ChildReport, ChildStarted};
/// use otp_core::{Restart, Strategy, Supervisor};
///
/// static CHILDREN: Mutex<Vec<ChildReport>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |started: &ChildStarted| CHILDREN.lock().unwrap().push(started.child.clone())).unwrap();
/// let hits = Counter::child_spec(0).id("hits");
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// let child = CHILDREN.lock().unwrap().remove(0);
/// assert_eq!((&*child.id, child.restart, child.restarts), ("hits", Restart::Permanent, 0));
/// # supervisor.stop().await.unwrap();
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildReport {
    /// Its id.
    pub id: Arc<str>,
    /// Its process, if there is or was one.
    pub pid: Option<Pid>,
    /// When it is started again.
    pub restart: Restart,
    /// How it is stopped.
    pub shutdown: Shutdown,
    /// Whether it is a supervisor.
    pub kind: ChildKind,
    /// How often it was started after the first time.
    pub restarts: u64,
}

/// A child has begun: OTP's progress report.
///
/// Also reported through `tracing`, under the target `otp_core::supervisor`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, ChildStarted};
/// use otp_core::{Strategy, Supervisor};
///
/// static STARTED: Mutex<Vec<ChildStarted>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |started: &ChildStarted| STARTED.lock().unwrap().push(started.clone())).unwrap();
/// let tree = Supervisor::builder(Strategy::OneForOne).child(Counter::child_spec(0));
/// let supervisor = tree.start_link().await.unwrap();
/// assert_eq!(Some(STARTED.lock().unwrap()[0].supervisor), supervisor.pid());
/// # supervisor.stop().await.unwrap();
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildStarted {
    /// Who started it.
    pub supervisor: Pid,
    /// The supervisor's name, if it has one.
    pub supervisor_name: Option<Name>,
    /// What was started.
    pub child: ChildReport,
}

impl Event for ChildStarted {
    const NAME: EventName = EventName::new(&["otp", "supervisor", "child_started"]);
    const BIT: u32 = bit::CHILD_STARTED;
}

/// A child has begun that had run before: by a restart of its supervisor's, or because somebody asked for it.
///
/// A [`ChildStarted`] goes before it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, ChildRestarted};
/// use otp_core::{Strategy, Supervisor};
///
/// static RESTARTED: Mutex<Vec<ChildRestarted>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |restarted: &ChildRestarted| RESTARTED.lock().unwrap().push(restarted.clone())).unwrap();
/// let hits = Counter::child_spec(0).id("hits");
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// supervisor.terminate_child("hits").await.unwrap();
/// supervisor.restart_child("hits").await.unwrap();
/// assert_eq!(RESTARTED.lock().unwrap()[0].child.restarts, 1);
/// # supervisor.stop().await.unwrap();
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildRestarted {
    /// Who started it.
    pub supervisor: Pid,
    /// The supervisor's name, if it has one.
    pub supervisor_name: Option<Name>,
    /// What was started.
    pub child: ChildReport,
}

impl Event for ChildRestarted {
    const NAME: EventName = EventName::new(&["otp", "supervisor", "child_restarted"]);
    const BIT: u32 = bit::CHILD_RESTARTED;
}

/// Whether anybody wants to know of children that begin.
pub(crate) fn is_progress_wanted(node: &Node) -> bool {
    node.telemetry()
        .wants_any(bit::CHILD_STARTED | bit::CHILD_RESTARTED)
}

/// What went wrong with a child: context and reason of OTP's supervisor report.
///
/// # Examples
///
/// ```
/// use otp_core::ExitReason;
/// use otp_core::telemetry::SupervisorError;
///
/// let error = SupervisorError::ChildTerminated(ExitReason::error("boom"));
/// assert_eq!((error.context(), error.to_string()), ("child_terminated", "boom".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SupervisorError {
    /// It has ended by itself.
    ChildTerminated(ExitReason),
    /// It was not started.
    StartError(StartError),
    /// Asked to stop, it ended in another way.
    ShutdownError(ExitReason),
    /// Its restart was one too many: the supervisor gives up.
    ReachedMaxRestartIntensity,
}

impl SupervisorError {
    /// What OTP calls the context.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::telemetry::SupervisorError;
    ///
    /// assert_eq!(SupervisorError::ReachedMaxRestartIntensity.context(), "shutdown");
    /// ```
    #[must_use]
    pub const fn context(&self) -> &'static str {
        match self {
            SupervisorError::ChildTerminated(_) => "child_terminated",
            SupervisorError::StartError(_) => "start_error",
            SupervisorError::ShutdownError(_) => "shutdown_error",
            SupervisorError::ReachedMaxRestartIntensity => "shutdown",
        }
    }
}

/// The reason.
impl fmt::Display for SupervisorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SupervisorError::ChildTerminated(reason) | SupervisorError::ShutdownError(reason) => {
                fmt::Display::fmt(reason, f)
            }
            SupervisorError::StartError(error) => fmt::Display::fmt(error, f),
            SupervisorError::ReachedMaxRestartIntensity => {
                f.write_str("reached_max_restart_intensity")
            }
        }
    }
}

/// Something went wrong with a child: OTP's supervisor report.
///
/// Also reported through `tracing`, as an error under the target `otp_core::supervisor`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, SupervisorError, SupervisorReport};
/// use otp_core::{Strategy, Supervisor};
///
/// static REPORTS: Mutex<Vec<SupervisorReport>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |report: &SupervisorReport| REPORTS.lock().unwrap().push(report.clone())).unwrap();
/// let hits = Counter::child_spec(0).id("hits");
/// let hits_ref = hits.handle();
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// hits_ref.stop().await.unwrap();
/// // It answers when it has seen to the end of its child.
/// supervisor.count_children().await.unwrap();
/// let report = REPORTS.lock().unwrap().remove(0);
/// assert_eq!(&*report.offender.id, "hits");
/// assert_eq!(report.error, SupervisorError::ChildTerminated(ExitReason::Normal));
/// # supervisor.stop().await.unwrap();
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SupervisorReport {
    /// Who reports.
    pub supervisor: Pid,
    /// The supervisor's name, if it has one.
    pub supervisor_name: Option<Name>,
    /// What went wrong.
    pub error: SupervisorError,
    /// With whom.
    pub offender: ChildReport,
}

impl Event for SupervisorReport {
    const NAME: EventName = EventName::new(&["otp", "supervisor", "report"]);
    const BIT: u32 = bit::SUPERVISOR_REPORT;
}

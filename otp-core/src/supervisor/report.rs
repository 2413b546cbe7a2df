//! What a supervisor reports, with what OTP's reports contain: progress, and what went wrong with a child. As events of
//! [`telemetry`](crate::telemetry), and through `tracing` under the target `otp_core::supervisor`, as INFO and as ERROR.

use crate::node::Name;
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::telemetry::{
    ChildReport, ChildRestarted, ChildStarted, SupervisorError, SupervisorReport,
    is_progress_wanted,
};

use super::worker::Offender;

fn name(supervisor: &dyn Process) -> Option<Name> {
    supervisor.core().vital().name().cloned()
}

/// By what a supervisor is known to people.
fn known_as(name: Option<&Name>, pid: Pid) -> String {
    name.map_or_else(|| pid.to_string(), Name::to_string)
}

/// A child has begun.
pub(super) fn progress(supervisor: &dyn Process, started: &Offender<'_>) {
    let is_wanted = is_progress_wanted(supervisor.core().node());
    let is_logged = tracing::event_enabled!(target: "otp_core::supervisor", tracing::Level::INFO);
    if is_wanted || is_logged {
        report_progress(supervisor, started, is_logged);
    }
}

#[cold]
fn report_progress(supervisor: &dyn Process, started: &Offender<'_>, is_logged: bool) {
    let telemetry = supervisor.core().node().telemetry();
    let (pid, name, child) = (supervisor.core().pid(), name(supervisor), started.report());
    if is_logged {
        log_progress(&known_as(name.as_ref(), pid), &child);
    }
    telemetry.emit(|| ChildStarted {
        supervisor: pid,
        supervisor_name: name.clone(),
        child: child.clone(),
    });
    if child.restarts > 0 {
        telemetry.emit(|| ChildRestarted {
            supervisor: pid,
            supervisor_name: name,
            child,
        });
    }
}

fn log_progress(supervisor: &str, child: &ChildReport) {
    tracing::info!(
        target: "otp_core::supervisor",
        supervisor,
        pid = child.pid.map(tracing::field::display),
        id = &*child.id,
        restart = ?child.restart,
        shutdown = ?child.shutdown,
        kind = ?child.kind,
        restarts = child.restarts,
        "progress"
    );
}

/// Something went wrong with a child.
pub(super) fn error(
    supervisor: &dyn Process,
    error: impl FnOnce() -> SupervisorError,
    offender: &Offender<'_>,
) {
    let telemetry = supervisor.core().node().telemetry();
    let is_logged = tracing::event_enabled!(target: "otp_core::supervisor", tracing::Level::ERROR);
    if !is_logged && !telemetry.wants::<SupervisorReport>() {
        return;
    }
    let report = SupervisorReport {
        supervisor: supervisor.core().pid(),
        supervisor_name: name(supervisor),
        error: error(),
        offender: offender.report(),
    };
    if is_logged {
        log_error(&report);
    }
    telemetry.emit(|| report);
}

fn log_error(report: &SupervisorReport) {
    let (child, name) = (&report.offender, report.supervisor_name.as_ref());
    tracing::error!(
        target: "otp_core::supervisor",
        supervisor = known_as(name, report.supervisor),
        context = report.error.context(),
        reason = %report.error,
        pid = child.pid.map(tracing::field::display),
        id = &*child.id,
        restart = ?child.restart,
        shutdown = ?child.shutdown,
        kind = ?child.kind,
        restarts = child.restarts,
        "supervisor report"
    );
}

//! What a supervisor reports, through `tracing` under the target `otp_core::supervisor`, with what OTP's reports contain:
//! progress as INFO; `child_terminated`, `start_error`, `shutdown_error` and `shutdown` as ERROR.

use crate::pid::Pid;
use crate::process::cell::Process;

use super::worker::Offender;

/// What a report of an error is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Context {
    /// A child has ended by itself.
    ChildTerminated,
    /// A child was not started.
    StartError,
    /// A child that was asked to stop ended in another way.
    ShutdownError,
    /// The supervisor gives up.
    Shutdown,
}

impl Context {
    const fn name(self) -> &'static str {
        match self {
            Context::ChildTerminated => "child_terminated",
            Context::StartError => "start_error",
            Context::ShutdownError => "shutdown_error",
            Context::Shutdown => "shutdown",
        }
    }
}

fn name(supervisor: &dyn Process) -> String {
    let core = supervisor.core();
    let name = core.vital().name().cloned();
    name.map_or_else(|| core.pid().to_string(), |name| name.to_string())
}

/// A child has begun.
pub(super) fn progress(supervisor: &dyn Process, started: &Offender<'_>) {
    if !tracing::event_enabled!(target: "otp_core::supervisor", tracing::Level::INFO) {
        return;
    }
    let (pid, child) = (started.pid.map(tracing::field::display), started.child);
    tracing::info!(
        target: "otp_core::supervisor",
        supervisor = name(supervisor),
        pid,
        id = &*child.id,
        restart = ?child.restart,
        shutdown = ?started.shutdown(),
        kind = ?child.kind,
        "progress"
    );
}

/// Something went wrong with a child.
pub(super) fn error(
    supervisor: &dyn Process,
    context: Context,
    reason: &dyn std::fmt::Display,
    offender: &Offender<'_>,
) {
    let (pid, child): (Option<Pid>, _) = (offender.pid, offender.child);
    let pid = pid.map(tracing::field::display);
    tracing::error!(
        target: "otp_core::supervisor",
        supervisor = name(supervisor),
        context = context.name(),
        %reason,
        pid,
        id = &*child.id,
        restart = ?child.restart,
        shutdown = ?offender.shutdown(),
        kind = ?child.kind,
        "supervisor report"
    );
}

//! What is reported of processes: as events of [`telemetry`](crate::telemetry), and of crashes through `tracing` as well, with
//! what OTP's reports contain.
//!
//! A process whose end was not clean is reported once, as a process; a server that crashes also once, as a server, with
//! its last message, its state as `format_status` shows it, the reason and the client that was being served. A task that
//! crashes is also reported once, as a task, with who started it and what it was to compute.

use std::any::type_name;

use tokio::time::Instant;

use crate::exit::ExitReason;
use crate::gen_server::StartError;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::process::cell::{Core, Process};
use crate::process::info::ancestors_of;
use crate::telemetry::{
    CrashReport, DropReason, MessageDropped, ProcessStart, ProcessStop, ServerInit, ServerTimeout,
};

/// A process has begun.
#[cold]
pub(crate) fn start(process: &dyn Process) {
    process.core().node().telemetry().emit(|| {
        let vital = process.core().vital();
        ProcessStart {
            pid: process.core().pid(),
            kind: process.kind(),
            name: vital.name().cloned(),
            parent: vital.parent,
        }
    });
}

/// A process has ended.
#[cold]
pub(crate) fn stop(process: &dyn Process, name: Option<Name>, reason: &ExitReason) {
    process.core().node().telemetry().emit(|| ProcessStop {
        pid: process.core().pid(),
        kind: process.kind(),
        name,
        reason: reason.clone(),
    });
}

/// The init of a server is over.
#[cold]
pub(crate) fn init(process: &dyn Process, began: Instant, error: Option<&StartError>) {
    process.core().node().telemetry().emit(|| ServerInit {
        pid: process.core().pid(),
        kind: process.kind(),
        name: process.core().vital().name().cloned(),
        duration: began.elapsed(),
        result: error.map_or(Ok(()), |error| Err(error.clone())),
    });
}

/// Nothing came to a server for as long as it had said.
pub(crate) fn timeout(process: &dyn Process) {
    process.core().node().telemetry().emit(|| ServerTimeout {
        pid: process.core().pid(),
        kind: process.kind(),
    });
}

/// A message of type `M` to a process will not be handled.
#[cold]
pub(crate) fn dropped<M>(process: &Core, reason: DropReason) {
    lost::<M>(process.node(), Some(process.pid()), None, reason);
}

/// A message of type `M` has found nobody.
#[cold]
pub(crate) fn astray<M>(node: Option<Node>, name: Option<&Name>, reason: DropReason) {
    if let Some(node) = node {
        lost::<M>(&node, None, name, reason);
    }
}

fn lost<M>(node: &Node, pid: Option<Pid>, name: Option<&Name>, reason: DropReason) {
    node.telemetry().emit(|| MessageDropped {
        pid,
        name: name.cloned(),
        message_type: type_name::<M>(),
        reason,
    });
}

/// Reports that the code of a process ended in a way that is not clean: OTP's crash report.
pub(crate) fn crash(process: &dyn Process, reason: &ExitReason) {
    if reason.is_clean() {
        return;
    }
    let core = process.core();
    #[cfg(feature = "test-util")]
    if let Some(kit) = core.node().kit() {
        let name = core.vital().name().cloned();
        kit.crashes.record(process, name, reason);
    }
    let is_logged = tracing::event_enabled!(target: "otp_core::crash", tracing::Level::ERROR);
    let telemetry = core.node().telemetry();
    if !is_logged && !telemetry.wants::<CrashReport>() {
        return;
    }
    let report = crash_report(process, reason);
    if is_logged {
        log_crash(&report);
    }
    telemetry.emit(|| report);
}

fn crash_report(process: &dyn Process, reason: &ExitReason) -> CrashReport {
    let ancestors = ancestors_of(process);
    let message_queue_len = process.mailbox().len;
    let vital = process.core().vital();
    let (monitors, monitored_by) = vital.monitors();
    CrashReport {
        kind: process.kind(),
        pid: process.core().pid(),
        name: vital.name().cloned(),
        label: vital.label().map(str::to_owned),
        reason: reason.clone(),
        ancestors,
        message_queue_len,
        links: vital.links(),
        monitors,
        monitored_by,
        dictionary_len: vital.dictionary_len(),
        trap_exit: vital.trap_exit,
    }
}

fn log_crash(report: &CrashReport) {
    tracing::error!(
        target: "otp_core::crash",
        pid = %report.pid,
        name = report.name.as_ref().map(tracing::field::debug),
        label = report.label,
        kind = report.kind,
        reason = %report.reason,
        ancestors = ?report.ancestors,
        message_queue_len = report.message_queue_len,
        links = ?report.links,
        monitors = ?report.monitors,
        monitored_by = ?report.monitored_by,
        dictionary_len = report.dictionary_len,
        trap_exit = report.trap_exit,
        "process crashed"
    );
}

/// What a server was doing.
#[derive(Debug)]
pub(crate) struct LastWords<'a> {
    pub(crate) server: &'static str,
    pub(crate) message: Option<&'static str>,
    pub(crate) state: &'a str,
    pub(crate) client: Option<Pid>,
}

/// Whether anybody listens to [`server`].
pub(crate) fn is_server_reported() -> bool {
    tracing::event_enabled!(target: "otp_core::gen_server", tracing::Level::ERROR)
}

/// Reports that a server stopped in a way that is not clean: OTP's report of a gen_server.
pub(crate) fn server(process: &dyn Process, reason: &ExitReason, words: &LastWords<'_>) {
    let client = words.client.map(tracing::field::display);
    let name = process.core().vital().name().cloned();
    let name = name.as_ref().map(tracing::field::debug);
    tracing::error!(
        target: "otp_core::gen_server",
        pid = %process.core().pid(),
        name,
        server = words.server,
        last_message = words.message,
        state = words.state,
        %reason,
        client,
        "server terminating"
    );
}

/// Reports that a task stopped in a way that is not clean: Elixir's `Task … started from … terminating`.
pub(crate) fn task(
    process: &dyn Process,
    reason: &ExitReason,
    starter: Option<Pid>,
    task: &'static str,
) {
    if reason.is_clean()
        || !tracing::event_enabled!(target: "otp_core::task", tracing::Level::ERROR)
    {
        return;
    }
    let (name, label) = {
        let vital = process.core().vital();
        (vital.name().cloned(), vital.label().map(str::to_owned))
    };
    let name = name.as_ref().map(tracing::field::debug);
    let starter = starter.map(tracing::field::display);
    tracing::error!(
        target: "otp_core::task",
        pid = %process.core().pid(),
        name,
        label,
        starter,
        task,
        %reason,
        "task terminating"
    );
}

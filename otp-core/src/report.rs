//! What is reported of crashes: through `tracing`, with what OTP's reports contain.
//!
//! A process whose end was not clean is reported once, as a process; a server that crashes also once, as a server, with
//! its last message, its state as `format_status` shows it, the reason and the client that was being served. A task that
//! crashes is also reported once, as a task, with who started it and what it was to compute.

use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::cell::Process;

/// Reports that the code of a process ended in a way that is not clean: OTP's crash report.
pub(crate) fn crash(process: &dyn Process, kind: &'static str, reason: &ExitReason) {
    if reason.is_clean() {
        return;
    }
    let core = process.core();
    #[cfg(feature = "test-util")]
    if let Some(kit) = core.node().kit() {
        let name = core.vital().name().cloned();
        kit.crashes.record(process, name, kind, reason);
    }
    if !tracing::event_enabled!(target: "otp_core::crash", tracing::Level::ERROR) {
        return;
    }
    let (name, links) = {
        let vital = core.vital();
        (vital.name().cloned(), vital.links())
    };
    let name = name.as_ref().map(tracing::field::debug);
    tracing::error!(target: "otp_core::crash", pid = %core.pid(), name, kind, %reason, ?links, "process crashed");
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

//! The events of processes and of servers.

use std::time::Duration;

use super::{Event, EventName, bit};
use crate::exit::ExitReason;
use crate::gen_server::StartError;
use crate::node::Name;
use crate::pid::Pid;

/// A process has begun. Its code, or its init, has not run.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, ProcessStart};
///
/// static BEGUN: Mutex<Vec<ProcessStart>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |start: &ProcessStart| BEGUN.lock().unwrap().push(start.clone())).unwrap();
/// let room = Room::start_link().name("lobby").await.unwrap();
/// let start = BEGUN.lock().unwrap().remove(0);
/// assert_eq!((start.pid, start.kind), (room.pid().unwrap(), "doc_servers::Room"));
/// assert_eq!((start.name, start.parent), (Some("lobby".into()), Some(process::self_pid())));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessStart {
    /// The process.
    pub pid: Pid,
    /// The type of the server, `task` or `process`.
    pub kind: &'static str,
    /// Its name, if it was started under one.
    pub name: Option<Name>,
    /// Who started it with a link.
    pub parent: Option<Pid>,
}

impl Event for ProcessStart {
    const NAME: EventName = EventName::new(&["otp", "process", "start"]);
    const BIT: u32 = bit::PROCESS_START;
}

/// A process has ended, whatever ended it. Nobody finds it any more; its state is about to be dropped.
///
/// There is one for each [`ProcessStart`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, ProcessStop};
///
/// static ENDED: Mutex<Vec<ProcessStop>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |stop: &ProcessStop| ENDED.lock().unwrap().push(stop.clone())).unwrap();
/// let (worker, monitor) = process::spawn_monitor(async {});
/// process::receive_down(monitor).await;
/// let stop = ENDED.lock().unwrap().remove(0);
/// assert_eq!((stop.pid, stop.reason), (worker, ExitReason::Normal));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessStop {
    /// The process.
    pub pid: Pid,
    /// The type of the server, `task` or `process`.
    pub kind: &'static str,
    /// Its name, if it had one.
    pub name: Option<Name>,
    /// Why it ended.
    pub reason: ExitReason,
}

impl Event for ProcessStop {
    const NAME: EventName = EventName::new(&["otp", "process", "stop"]);
    const BIT: u32 = bit::PROCESS_STOP;
}

/// The code of a process ended in a way that is not clean: the crash report of OTP's `proc_lib`.
///
/// One that an exit signal ended did not crash. Also reported through `tracing`, as an error under the target
/// `otp_core::crash`. Of OTP's report it lacks what there is none of: stack, heap and reductions, and the reports of the
/// neighbours.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, CrashReport};
///
/// static CRASHED: Mutex<Vec<CrashReport>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |report: &CrashReport| CRASHED.lock().unwrap().push(report.clone())).unwrap();
/// let (worker, monitor) = process::spawn_monitor(async { ExitReason::error("boom") });
/// process::receive_down(monitor).await;
/// let report = CRASHED.lock().unwrap().remove(0);
/// assert_eq!((report.pid, report.kind), (worker, "process"));
/// assert_eq!((report.reason, report.message_queue_len), (ExitReason::error("boom"), 0));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrashReport {
    /// The type of the server, `task` or `process`: what OTP calls the initial call.
    pub kind: &'static str,
    /// The process.
    pub pid: Pid,
    /// Its name, if it had one.
    pub name: Option<Name>,
    /// Its label, if it had one.
    pub label: Option<String>,
    /// Why it ended; of a panic with message and place.
    pub reason: ExitReason,
    /// Who started it, who started that, and so on.
    pub ancestors: Vec<Pid>,
    /// How many messages and signals were in its mailbox.
    pub message_queue_len: usize,
    /// With whom it was linked.
    pub links: Vec<Pid>,
    /// Whom it monitored.
    pub monitors: Vec<Pid>,
    /// Who monitored it.
    pub monitored_by: Vec<Pid>,
    /// How many values its dictionary had. They can be of any type, and so are not shown.
    pub dictionary_len: usize,
    /// Whether it trapped exits.
    pub trap_exit: bool,
}

impl Event for CrashReport {
    const NAME: EventName = EventName::new(&["otp", "process", "crash"]);
    const BIT: u32 = bit::CRASH;
}

/// The init of a server is over.
///
/// There is none of a start that was dropped before.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, ServerInit};
///
/// static BEGUN: Mutex<Vec<ServerInit>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |init: &ServerInit| BEGUN.lock().unwrap().push(init.clone())).unwrap();
/// let counter = Counter::start(0).await.unwrap();
/// let init = BEGUN.lock().unwrap().remove(0);
/// assert_eq!((Some(init.pid), init.result), (counter.pid(), Ok(())));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInit {
    /// The server.
    pub pid: Pid,
    /// Its type.
    pub kind: &'static str,
    /// Its name, if it was started under one.
    pub name: Option<Name>,
    /// How long the init took, waiting included.
    pub duration: Duration,
    /// Whether the server has begun, and if not, why.
    pub result: Result<(), StartError>,
}

impl Event for ServerInit {
    const NAME: EventName = EventName::new(&["otp", "server", "init"]);
    const BIT: u32 = bit::SERVER_INIT;
}

/// Nothing came to a server for as long as [`Context::set_timeout`](crate::Context::set_timeout) said.
///
/// # Examples
///
/// ```
/// use std::sync::Mutex;
///
/// use otp_core::prelude::*;
/// use otp_core::telemetry::{self, ServerTimeout};
///
/// #[gen_server]
/// pub struct Session;
///
/// #[gen_server]
/// impl Session {
///     #[init]
///     fn init(cx: &mut Context<Self>) -> Self { cx.set_timeout(Duration::ZERO); Session }
///     #[handle_timeout]
///     fn idle(&mut self, cx: &mut Context<Self>) { cx.stop(ExitReason::Normal); }
/// }
///
/// static IDLE: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |timeout: &ServerTimeout| IDLE.lock().unwrap().push(timeout.pid)).unwrap();
/// let session = Session::start().await.unwrap();
/// session.ended().await;
/// assert_eq!(*IDLE.lock().unwrap(), [session.pid().unwrap()]);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerTimeout {
    /// The server.
    pub pid: Pid,
    /// Its type.
    pub kind: &'static str,
}

impl Event for ServerTimeout {
    const NAME: EventName = EventName::new(&["otp", "server", "timeout"]);
    const BIT: u32 = bit::SERVER_TIMEOUT;
}

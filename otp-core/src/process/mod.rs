//! Processes: spawn, links, monitors, exit signals, names.
//!
//! A process is a tokio task with an identity, a mailbox and a life that others can follow. What is shared of it lies
//! in one allocation; its code and its state belong to its task alone.
//!
//! | Erlang | here |
//! | --- | --- |
//! | `spawn/1`, `spawn_link/1`, `spawn_monitor/1` | [`spawn`](fn@spawn), [`spawn_link`], [`spawn_monitor`] |
//! | `self()` | [`self_pid`] |
//! | `link/1`, `unlink/1` | [`link`], [`try_link`], [`unlink`] |
//! | `monitor/2`, `demonitor(Ref, [flush, info])` | [`monitor`], [`demonitor`] |
//! | `exit/1` | [`exit_with`] |
//! | `exit/2` | [`exit`] |
//! | `process_flag(trap_exit, …)` | [`trap_exit`] |
//! | `register/2`, `whereis/1` | [`register`], [`whereis`] |
//! | `receive` | [`Mailbox`], [`receive_down`], [`receive_exit`] |
//! | `alias/1`, `monitor/3` | [`Mailbox::alias`], [`Mailbox::monitor_with_alias`] |
//! | `process_info/1` | [`info`](fn@info) |
//! | `$ancestors` | [`ancestors`] |
//! | process dictionary | [`put`], [`get`], [`erase`] |
//!
//! Deliberate differences: an exit signal acts at the next await point of its target, as tasks are scheduled
//! cooperatively; a linked or monitored process is told only after its names, its place in the table and its timers are
//! gone, and its state has been dropped.
//!
//! # Examples
//!
//! ```
//! # use otp_core::prelude::*;
//! # otp_core::doc_test(async {
//! let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
//!     assert_eq!(mailbox.receive().await, 7);
//!     Err::<(), _>(ExitReason::error("boom"))
//! });
//! worker.send(7);
//! let down = process::receive_down(monitor).await;
//! assert_eq!((down.pid, down.reason), (worker.pid(), ExitReason::error("boom")));
//! # });
//! ```

mod activity;
mod address;
mod alias;
pub(crate) mod cell;
mod dictionary;
mod fifo;
pub(crate) mod info;
mod inlet;
pub(crate) mod kind;
pub(crate) mod place;
pub(crate) mod queue;
mod receive;
pub(crate) mod run;
pub(crate) mod scope;
pub(crate) mod signal;
mod spawn;
pub(crate) mod vital;

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

pub use activity::Activity;
pub(crate) use activity::Counting;
pub use address::{Address, CastOutcome, Location, Recipient, Sent, Target};
pub(crate) use address::{Astray, Guide, Route};
pub use alias::{Alias, AliasMode};
pub use dictionary::{erase, get, put};
pub use info::{ProcessInfo, ancestors, info, set_label};
pub(crate) use inlet::{Inlet, part_guide};
pub use receive::{Event, Mailbox, ReceiveTimeout};
pub use scope::{InNode, NodeExt};
pub use signal::{Down, Exit, ForeignMonitor, MonitorRef, NoProc};
pub use spawn::{Body, FutureBody, MailboxBody, Outcome, spawn, spawn_link, spawn_monitor};
pub(crate) use spawn::{link_both, link_with_parent, spawn_on, spawn_reported};

use cell::Process;
use run::Thrown;
use signal::Signal;

use crate::exit::ExitReason;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::sync::resume_unwind;

/// A name was not given.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::RegisterError;
///
/// # otp_core::doc_test(async {
/// let worker = process::spawn(std::future::pending::<()>());
/// process::register("worker", worker).unwrap();
/// let refused = process::register("worker", process::self_pid());
/// assert_eq!(refused, Err(RegisterError::Taken(worker)));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another process has it.
    #[error("the name is held by {0}")]
    Taken(Pid),
    /// The process has a name already: one name is one process's, and one process has one name.
    #[error("the process has a name already")]
    HasName,
    /// There is no such process, or nobody holds the name.
    #[error("no such process")]
    NoProc,
    /// The empty name is none.
    #[error("the name is empty")]
    Malformed,
}

/// The current process.
///
/// # Panics
///
/// Panics outside a process.
#[track_caller]
pub(crate) fn current() -> Arc<dyn Process> {
    scope::process().expect("this needs a process: it was called outside `#[otp_core::main]`, `#[otp_core::test]` and processes")
}

/// The current node, and the current process for what is sent from it.
#[track_caller]
pub(crate) fn here() -> (Node, Pid) {
    let process = current();
    (process.core().node().clone(), process.core().pid())
}

/// The pid of the current process: Erlang's `self()`.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let me = process::self_pid();
/// let worker = process::spawn(async move { assert_ne!(process::self_pid(), me); });
/// assert_ne!(worker, me);
/// # });
/// ```
#[track_caller]
#[must_use]
pub fn self_pid() -> Pid {
    current().core().pid()
}

/// Links the current process with another: when one of them ends, the other gets an exit signal.
///
/// As in Erlang, a link to a process that is gone ends a process that does not trap exits, with
/// [`ExitReason::NoProc`]; one that traps gets an EXIT with that reason. [`try_link`] tells instead. A link to oneself
/// does nothing, a second link to the same process neither.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// process::trap_exit(true);
/// let worker = process::spawn(std::future::pending::<()>());
/// process::link(worker);
/// process::exit(worker, ExitReason::error("boom"));
/// let exit = process::receive_exit().await;
/// assert_eq!((exit.pid, exit.reason), (worker, ExitReason::error("boom")));
/// # });
/// ```
#[track_caller]
pub fn link(target: impl Target) {
    if try_link(target).is_err() {
        exit_with(ExitReason::NoProc);
    }
}

/// Links the current process with another, and tells if that one is gone.
///
/// One that traps exits gets an EXIT instead, with [`ExitReason::NoProc`].
///
/// # Errors
///
/// The other process is gone, or nobody holds the name, and this one does not trap exits.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::NoProc;
///
/// # otp_core::doc_test(async {
/// let (worker, monitor) = process::spawn_monitor(async {});
/// process::receive_down(monitor).await;
/// assert_eq!(process::try_link(worker), Err(NoProc));
/// # });
/// ```
#[track_caller]
pub fn try_link(target: impl Target) -> Result<(), NoProc> {
    let process = current();
    let pid = target.locate().resolve(process.core().node());
    signal::link(
        &*process,
        pid.unwrap_or_else(|| Pid::nobody(process.core().node().id())),
    )
}

/// Ends a link. An EXIT of that process's that is not in the mailbox yet will not come any more.
///
/// Mirrors `unlink/1`. That there is no link is no error.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let worker = process::spawn_link(async { ExitReason::error("boom") });
/// process::unlink(worker);
/// // The end of the worker is not that of this process.
/// let down = process::receive_down(process::monitor(worker)).await;
/// assert_eq!(down.reason, ExitReason::error("boom"));
/// # });
/// ```
#[track_caller]
pub fn unlink(target: impl Target) {
    let process = current();
    if let Some(pid) = target.locate().resolve(process.core().node()) {
        signal::unlink(&*process, pid);
    }
}

/// Watches a process: when it ends, or if it is gone already, this one gets one [`Down`].
///
/// Each call is a monitor of its own. By name it watches whoever holds the name now.
///
/// Mirrors `monitor/2`. The reason is [`ExitReason::NoProc`] if it is gone already.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let worker = process::spawn(async { ExitReason::Shutdown });
/// let monitor = process::monitor(worker);
/// let down = process::receive_down(monitor).await;
/// assert_eq!((down.pid, down.reason), (worker, ExitReason::Shutdown));
/// # });
/// ```
#[track_caller]
pub fn monitor(target: impl Target) -> MonitorRef {
    let process = current();
    let location = target.locate();
    signal::monitor(
        &*process,
        location.resolve(process.core().node()),
        location.name(),
    )
}

/// Ends a monitor. Tells whether it was still active. Its DOWN will not be seen, even if it is in the mailbox.
///
/// Mirrors `demonitor(Ref, [flush, info])`; a second time it is harmless and answers false.
///
/// # Errors
///
/// The monitor belongs to another process.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let worker = process::spawn(std::future::pending::<()>());
/// let monitor = process::monitor(worker);
/// assert_eq!(process::demonitor(monitor), Ok(true));
/// assert_eq!(process::demonitor(monitor), Ok(false));
/// # });
/// ```
#[track_caller]
pub fn demonitor(monitor: MonitorRef) -> Result<bool, ForeignMonitor> {
    signal::demonitor(&*current(), monitor)
}

/// Sends an exit signal: Erlang's `exit/2`. One to a process that is gone is dropped.
///
/// The target ends at its next await point, unless the reason is [`ExitReason::Normal`] or it traps exits; then it gets
/// an [`Exit`]. [`ExitReason::Kill`] cannot be trapped, and the others see [`ExitReason::Killed`].
///
/// Works outside a process too, inside a node; then the signal comes from no process.
///
/// # Panics
///
/// Panics outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (worker, monitor) = process::spawn_monitor(std::future::pending::<()>());
/// process::exit(worker, ExitReason::Normal); // does nothing
/// process::exit(worker, ExitReason::Kill);
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Killed);
/// # });
/// ```
#[track_caller]
pub fn exit(target: impl Target, reason: ExitReason) {
    let node = scope::node().expect("this needs a node: it was called outside `#[otp_core::main]`, `#[otp_core::test]` and nodes");
    let from = scope::with_process(|process| process.core().pid())
        .unwrap_or_else(|| Pid::nobody(node.id()));
    if let Some(pid) = target.locate().resolve(&node) {
        signal::send_exit(&node, from, pid, &reason);
    }
}

/// Ends the current process from any depth: Erlang's `exit/1`. A server's `terminate` runs with the reason.
///
/// It unwinds, without the message of a panic; with `panic = "abort"` it aborts the program. Outside a process it
/// unwinds likewise, to whoever catches it.
///
/// # Panics
///
/// It unwinds as a panic does, always.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// fn deep_down() -> u32 {
///     process::exit_with(ExitReason::shutdown_with("enough"))
/// }
///
/// # otp_core::doc_test(async {
/// let (_, monitor) = process::spawn_monitor(async { assert_eq!(deep_down(), 7); });
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::shutdown_with("enough"));
/// # });
/// ```
pub fn exit_with(reason: ExitReason) -> ! {
    resume_unwind(Box::new(Thrown(reason)))
}

/// Sets whether the current process gets exit signals as [`Exit`] messages. Answers how it was before.
///
/// Mirrors `process_flag(trap_exit, Flag)`. Off unless set. [`ExitReason::Kill`] cannot be trapped.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// assert!(!process::trap_exit(true));
/// process::spawn_link(async { ExitReason::error("boom") });
/// assert_eq!(process::receive_exit().await.reason, ExitReason::error("boom"));
/// # });
/// ```
#[track_caller]
pub fn trap_exit(trap: bool) -> bool {
    std::mem::replace(&mut current().core().vital().trap_exit, trap)
}

/// Gives a process of the current node a name: Erlang's `register/2`.
///
/// The name is free again when the process ends. A process has one name; further ones go through a
/// [`registry`](crate::registry).
///
/// # Errors
///
/// See [`RegisterError`].
///
/// # Panics
///
/// Panics outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// process::register("main", process::self_pid()).unwrap();
/// assert_eq!(process::whereis("main"), Some(process::self_pid()));
/// # });
/// ```
#[track_caller]
pub fn register(name: impl Into<Name>, target: impl Target) -> Result<(), RegisterError> {
    let node = scope::node().expect("this needs a node");
    let pid = target
        .locate()
        .resolve(&node)
        .ok_or(RegisterError::NoProc)?;
    node.register(name, pid)
}

/// Who holds a name in the current node: Erlang's `whereis/1`. None outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// assert_eq!(process::whereis("worker"), None);
/// let worker = process::spawn(std::future::pending::<()>());
/// process::register("worker", worker).unwrap();
/// assert_eq!(process::whereis("worker"), Some(worker));
/// # });
/// ```
#[must_use]
pub fn whereis(name: &str) -> Option<Pid> {
    scope::node()?.whereis(name)
}

/// Waits for the DOWN of one monitor.
///
/// For `main`, tests and processes without a mailbox of their own; a server has its `#[handle_down]`. It waits for
/// ever if the monitor was ended.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Cancel safety
///
/// Dropped, it has lost nothing.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (worker, monitor) = process::spawn_monitor(async { Err::<(), _>(ExitReason::error("boom")) });
/// let down = process::receive_down(monitor).await;
/// assert_eq!((down.monitor, down.pid, down.reason.to_string()), (monitor, worker, "boom".to_owned()));
/// # });
/// ```
pub async fn receive_down(monitor: MonitorRef) -> Down {
    let process = current();
    receive_signal(
        &process,
        |signal| matches!(signal, Signal::Down(down) if down.monitor == monitor),
        |signal| match signal {
            // One that was ended meanwhile has left its DOWN here.
            Signal::Down(down) => {
                let counts = process.core().vital().take_down(down.monitor.id);
                counts.then_some(down)
            }
            _ => None,
        },
    )
    .await
}

/// Waits for an EXIT, in a process that traps exits.
///
/// For `main`, tests and processes without a mailbox of their own; a server has its `#[handle_exit]`.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Cancel safety
///
/// Dropped, it has lost nothing.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// process::trap_exit(true);
/// let worker = process::spawn_link(async {});
/// let exit = process::receive_exit().await;
/// assert_eq!((exit.pid, exit.reason), (worker, ExitReason::Normal));
/// # });
/// ```
pub async fn receive_exit() -> Exit {
    let process = current();
    receive_signal(
        &process,
        |signal| matches!(signal, Signal::Exit(_)),
        |signal| match signal {
            Signal::Exit(exit) => Some(exit),
            _ => None,
        },
    )
    .await
}

async fn receive_signal<T>(
    process: &Arc<dyn Process>,
    mut wanted: impl FnMut(&Signal) -> bool,
    convert: impl Fn(Signal) -> Option<T>,
) -> T {
    poll_fn(|cx| {
        process.register(cx.waker());
        match process
            .take_signal(&mut wanted)
            .and_then(|signal| convert(*signal))
        {
            Some(found) => Poll::Ready(found),
            None => Poll::Pending,
        }
    })
    .await
}

/// Waits for a future, no longer than `timeout`.
pub(crate) async fn within<F: Future>(timeout: Duration, future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut sleep = std::pin::pin!(crate::time::sleep(timeout));
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        if timeout.is_zero() {
            // A look at what is there: nothing else gets a turn.
            return Poll::Ready(None);
        }
        sleep.as_mut().poll(cx).map(|()| None)
    })
    .await
}

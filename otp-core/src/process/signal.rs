//! What processes tell each other beside messages, and how it gets there: links, monitors, exit signals.
//!
//! The shell around [`super::vital`]: looks processes up, locks one at a time, or the two ends of a link, does what the
//! vital says. A process's end is carried out in this order, whatever ended it:
//!
//! 1. [`release`]: its reason is fixed and its name and its keys are free, in one step; its entries in registries, its
//!    place in the table and its timers are gone
//! 2. its code, state and batch are dropped (in its task, [`super::run`]); callers among them learn the reason
//! 3. [`farewell`]: its mailbox is closed, EXITs go to its links, the parent last, and DOWNs to its monitors

use std::any::Any;

use tracing::Span;

use super::cell::{Core, Process};
use super::run::contain;
use super::vital::{Effect, Via, Vital};
use crate::exit::ExitReason;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::reply::ReplyTo;
use crate::report;
use crate::sync::MutexGuard;
use crate::sys::SystemRequest;
use crate::telemetry::ProcessStop;

/// Says that a monitored process ended: Erlang's `{'DOWN', Ref, process, Pid, Reason}`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let down = process::receive_down(process::monitor(Name::from("nobody"))).await;
/// assert_eq!((down.name, down.reason), (Some(Name::from("nobody")), ExitReason::NoProc));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Down {
    /// The monitor that fired.
    pub monitor: MonitorRef,
    /// The process that ended. If a name was monitored that nobody held, a pid that no process has.
    pub pid: Pid,
    /// The name, if the process was monitored by name.
    pub name: Option<Name>,
    /// Why it ended; [`ExitReason::NoProc`] if there was no such process.
    pub reason: ExitReason,
}

/// Says that a linked process ended, or that somebody sent an exit signal, to a process that traps exits: Erlang's
/// `{'EXIT', Pid, Reason}`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// process::trap_exit(true);
/// process::exit(process::self_pid(), ExitReason::Shutdown);
/// let exit: Exit = process::receive_exit().await;
/// assert_eq!((exit.pid, exit.reason), (process::self_pid(), ExitReason::Shutdown));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exit {
    /// Who ended, or who sent the signal.
    pub pid: Pid,
    /// Why.
    pub reason: ExitReason,
}

/// Names one monitor. Only the process that set it can end it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let worker = process::spawn(async {});
/// let (first, second) = (process::monitor(worker), process::monitor(worker));
/// assert_ne!(first, second);
/// assert_eq!(process::receive_down(second).await.monitor, second);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MonitorRef {
    pub(crate) id: u64,
    pub(crate) owner: Pid,
}

/// Refused: the monitor belongs to another process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::ForeignMonitor;
///
/// # otp_core::doc_test(async {
/// let mine = process::monitor(process::spawn(std::future::pending::<()>()));
/// # let (_, monitor) =
/// process::spawn_monitor(async move {
///     assert_eq!(process::demonitor(mine), Err(ForeignMonitor));
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the monitor belongs to another process")]
pub struct ForeignMonitor;

/// Refused: there is no such process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::NoProc;
///
/// # otp_core::doc_test(async {
/// assert_eq!(process::try_link(Name::from("nobody")), Err(NoProc));
/// assert_eq!(NoProc.to_string(), "no such process");
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such process")]
pub struct NoProc;

/// What travels in a mailbox beside the messages.
#[derive(Debug)]
pub(crate) enum Signal {
    Down(Down),
    Exit(Exit),
    System(SystemRequest),
    /// The idle timeout of this number is over.
    Idle(u64),
    /// Not a signal, but a message: it travels as one, so that an envelope need not have room for its span.
    Traced(Traced),
}

/// A message that is to be handled in a span.
#[derive(Debug)]
pub(crate) struct Traced {
    message: Box<dyn Any + Send>,
    span: Span,
}

impl Traced {
    pub(crate) fn new<M: Send + 'static>(message: M, span: Span) -> Self {
        let message = Box::new(message);
        Traced { message, span }
    }

    /// The message, in a mailbox for messages of type `M`, and its span.
    pub(crate) fn take<M: 'static>(self) -> (M, Span) {
        let message = self.message.downcast();
        let message = *message.expect("a mailbox takes messages of one type");
        (message, self.span)
    }
}

/// Delivers an exit signal.
pub(crate) fn exit(target: &dyn Process, from: Pid, reason: &ExitReason, via: Via) {
    deliver(target, target.core().vital(), from, reason, via);
}

/// Delivers an exit signal to a process whose vital signs are these.
fn deliver(
    target: &dyn Process,
    mut vital: MutexGuard<'_, Vital>,
    from: Pid,
    reason: &ExitReason,
    via: Via,
) {
    let core = target.core();
    match vital.exit_signal(core.pid(), from, reason, via) {
        Effect::Ignored => {}
        Effect::Message => {
            // Queued under the lock: once an unlink has returned, the EXIT is in the mailbox or will not come.
            let waker = target.queue_signal(Signal::Exit(Exit {
                pid: from,
                reason: reason.clone(),
            }));
            drop(vital);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        Effect::Ends => {
            drop(vital);
            core.set_signalled();
            target.wake();
        }
    }
}

/// A supervisor sends its child an exit signal, and is told of the end by `end` instead of an EXIT, as OTP's is by a DOWN.
/// Some with the reason if the child has ended.
pub(crate) fn dismiss(
    supervisor: &dyn Process,
    child: &dyn Process,
    reason: &ExitReason,
    end: ReplyTo<ExitReason>,
) -> Option<ExitReason> {
    let (pid, from) = (child.core().pid(), supervisor.core().pid());
    let (mut own, mut vital) = both(supervisor.core(), child.core());
    own.unlink(pid);
    drop(own);
    vital.unlink(from);
    let ended = vital.on_end(end);
    deliver(child, vital, from, reason, Via::Signal);
    ended
}

/// The vital signs of two processes at once, so that both ends of a link change in one step. The older one's first: two
/// who link each other do not wait for each other.
fn both<'a>(a: &'a Core, b: &'a Core) -> (MutexGuard<'a, Vital>, MutexGuard<'a, Vital>) {
    if a.pid() < b.pid() {
        let a = a.vital();
        (a, b.vital())
    } else {
        let b = b.vital();
        (a.vital(), b)
    }
}

/// Links two processes. An error if the peer is gone and the caller does not trap; if it traps it gets an EXIT.
pub(crate) fn link(process: &dyn Process, peer: Pid) -> Result<(), NoProc> {
    let core = process.core();
    let pid = core.pid();
    if peer == pid {
        return Ok(());
    }
    if let Some(other) = core.node().lookup(peer) {
        let (mut vital, mut other) = both(core, other.core());
        if other.link(pid) {
            vital.link(peer);
            return Ok(());
        }
    }
    let vital = core.vital();
    // Linked already: the peer's own EXIT is on its way, with the true reason.
    if vital.is_linked(peer) {
        return Ok(());
    }
    if !vital.trap_exit {
        return Err(NoProc);
    }
    drop(vital);
    exit(process, peer, &ExitReason::NoProc, Via::Signal);
    Ok(())
}

/// Takes a link away on both sides.
pub(crate) fn unlink(process: &dyn Process, peer: Pid) {
    let core = process.core();
    if peer == core.pid() {
        return;
    }
    if let Some(other) = core.node().lookup(peer) {
        let (mut vital, mut other) = both(core, other.core());
        vital.unlink(peer);
        other.unlink(core.pid());
    } else {
        core.vital().unlink(peer);
    }
}

/// A helper has done its work, which has come as messages: no EXIT of it for an owner that traps exits.
pub(crate) fn part(helper: &dyn Process, owner: Pid) {
    let pid = helper.core().pid();
    if let Some(owner) = helper.core().node().lookup(owner) {
        owner.core().vital().detach(pid);
    }
    unlink(helper, owner);
}

/// Watches a process, or nobody, which is told at once.
pub(crate) fn monitor(
    process: &dyn Process,
    target: Option<Pid>,
    name: Option<Name>,
) -> MonitorRef {
    let core = process.core();
    let monitor = MonitorRef {
        id: core.node().next_monitor(),
        owner: core.pid(),
    };
    let pid = target.unwrap_or_else(|| Pid::nobody(core.node().id()));
    if pid == core.pid() {
        // As in Erlang, a monitor of oneself is none.
        return monitor;
    }
    core.vital().watch(monitor.id, pid, name);
    let alive = core
        .node()
        .lookup(pid)
        .is_some_and(|target| target.core().vital().add_watcher(monitor.id, core.pid()));
    if !alive {
        down(process, monitor.id, pid, &ExitReason::NoProc);
    }
    monitor
}

/// Ends a monitor. Tells whether it was still active; its DOWN will not be seen.
pub(crate) fn demonitor(
    process: &dyn Process,
    monitor: MonitorRef,
) -> Result<bool, ForeignMonitor> {
    let core = process.core();
    if monitor.owner != core.pid() {
        return Err(ForeignMonitor);
    }
    let target = core.vital().unwatch(monitor.id);
    if let Some(target) = target {
        if let Some(target) = core.node().lookup(target) {
            target.core().vital().remove_watcher(monitor.id);
        }
    } else {
        let flushed = process.take_signal(
            &mut |signal| matches!(signal, Signal::Down(down) if down.monitor == monitor),
        );
        drop(flushed);
    }
    Ok(target.is_some())
}

/// Delivers a DOWN, unless the monitor has ended.
fn down(watcher: &dyn Process, monitor: u64, pid: Pid, reason: &ExitReason) {
    let core = watcher.core();
    let mut vital = core.vital();
    let Some(fired) = vital.fire(monitor) else {
        return;
    };
    let monitor = MonitorRef {
        id: monitor,
        owner: core.pid(),
    };
    // Queued under the lock, so that a demonitor finds what it has to flush.
    let waker = watcher.queue_signal(Signal::Down(Down {
        monitor,
        pid,
        name: fired.name,
        reason: reason.clone(),
    }));
    drop(vital);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Step 1 of an end: from here on it has ended for everybody who looks. The first reason stays and is returned.
pub(crate) fn release(process: &dyn Process, reason: &ExitReason) -> ExitReason {
    let core = process.core();
    if core.node().telemetry().wants::<ProcessStop>() {
        return release_and_tell(process, reason);
    }
    release_untold(process, reason)
}

#[cold]
fn release_and_tell(process: &dyn Process, reason: &ExitReason) -> ExitReason {
    // Only its own task ends a process, and so nobody does between these.
    let is_first = !process.core().is_gone();
    let name = process.core().vital().name().cloned();
    let reason = release_untold(process, reason);
    if is_first {
        report::stop(process, name, &reason);
    }
    reason
}

fn release_untold(process: &dyn Process, reason: &ExitReason) -> ExitReason {
    let core = process.core();
    let (reason, tables, has_timers) = {
        let mut vital = core.vital();
        if !vital.end(reason.clone()) {
            return vital.ended().cloned().unwrap_or(ExitReason::Normal);
        }
        // Under the lock: nobody finds it ended and its name taken.
        if let Some(name) = vital.take_name() {
            core.node().forget_name(&name, core.pid());
        }
        core.set_gone();
        (reason.clone(), vital.take_tables(), vital.has_timers)
    };
    for table in tables {
        // It drops what users have stored.
        contain(|| table.forget(core.pid()));
    }
    core.node().remove(core.pid());
    if has_timers {
        core.node().timers().forget(core.pid());
    }
    reason
}

/// Step 3 of an end: closes the mailbox and tells everybody who must hear of it.
pub(crate) fn farewell(process: &dyn Process, reason: &ExitReason) {
    contain(|| process.close());
    let core = process.core();
    let (pid, node) = (core.pid(), core.node());
    let (mut farewell, parent) = {
        let mut vital = core.vital();
        (vital.farewell(), vital.parent)
    };
    let waiting = farewell.waiting();
    // The parent last: when a supervisor is killed, its children get a turn to end and to free their names before their
    // grandparent starts it again.
    farewell.links.sort_by_key(|peer| Some(*peer) == parent);
    contain(|| drop(farewell.dictionary));
    for (monitor, target) in farewell.watched {
        if let Some(target) = node.lookup(target) {
            target.core().vital().remove_watcher(monitor);
        }
    }
    for helper in farewell.attached {
        if let Some(helper) = node.lookup(helper) {
            exit(&*helper, pid, &ExitReason::Kill, Via::Signal);
        }
    }
    for peer in farewell.links {
        if let Some(peer) = node.lookup(peer) {
            exit(&*peer, pid, reason, Via::Link);
        }
    }
    for (monitor, watcher) in farewell.watchers {
        if let Some(watcher) = node.lookup(watcher) {
            down(&*watcher, monitor, pid, reason);
        }
    }
    for waiting in waiting {
        waiting.send(reason.clone());
    }
    node.ended();
}

/// Sends an exit signal to a process of this node: `exit/2`. One that is gone is not an error.
pub(crate) fn send_exit(node: &Node, from: Pid, target: Pid, reason: &ExitReason) {
    if let Some(target) = node.lookup(target) {
        exit(&*target, from, reason, Via::Signal);
    }
}

//! Beginning the process of a task: who started it, whom it is bound to, and what is reported of its crash.

use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;

use crate::exit::ExitReason;
use crate::node::Node;
use crate::options::MailboxPolicy;
use crate::pid::Pid;
use crate::process::cell::{Cell, Process};
use crate::process::kind::Kind;
use crate::process::vital::Via;
use crate::process::{link_with_parent, scope, signal, spawn_reported};
use crate::report;

/// What the process of a task takes: nothing.
pub(super) type Nothing = std::convert::Infallible;

/// Who asked for a task, who asked for the asker, and so on. Kept in the task's dictionary.
#[derive(Debug)]
struct Chain {
    caller: Pid,
    before: Option<Arc<Chain>>,
}

type Callers = Option<Arc<Chain>>;

/// Where a task was asked for.
#[derive(Clone, Debug)]
pub(super) struct Origin(Callers);

impl Origin {
    /// Here.
    pub(super) fn here() -> Self {
        let caller = scope::with_process(|process| {
            let before = of(process);
            let caller = process.core().pid();
            Arc::new(Chain { caller, before })
        });
        Origin(caller)
    }

    fn starter(&self) -> Option<Pid> {
        self.0.as_ref().map(|chain| chain.caller)
    }
}

fn of(process: &dyn Process) -> Callers {
    let vital = process.core().vital();
    let kept = vital.kept(TypeId::of::<Arc<Chain>>())?;
    kept.downcast_ref::<Arc<Chain>>().cloned()
}

/// Who asked for the task that one is in, who asked for that one, and so on: Elixir's `$callers`.
///
/// Empty in a process that is no task, and outside processes. Unlike [`process::ancestors`](crate::process::ancestors) it
/// leads to the process whose work the task does, past the supervisor that it runs under.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let me = process::self_pid();
/// let inner = async { task::callers() };
/// let outer = Task::spawn(async { (process::self_pid(), Task::spawn(inner).await.unwrap()) });
/// let (task, callers) = outer.await.unwrap();
/// assert_eq!(callers, [task, me]);
/// # });
/// ```
#[must_use]
pub fn callers() -> Vec<Pid> {
    let first = scope::with_process(of).flatten();
    std::iter::successors(first.as_deref(), |chain| chain.before.as_deref())
        .map(|chain| chain.caller)
        .collect()
}

/// Begins the process of a task. `code` is for the report of a crash; `bind` links the process before it runs.
#[track_caller]
pub(super) fn begin(
    node: &Node,
    origin: Origin,
    code: &'static str,
    future: impl Future<Output = ()> + Send + 'static,
    bind: impl FnOnce(&Arc<Cell<Nothing>>),
) -> Arc<dyn Process> {
    let cell = Cell::new(node.clone(), Kind::TASK, MailboxPolicy::Unbounded);
    let starter = origin.starter();
    if let Some(chain) = origin.0 {
        let mut vital = cell.core().vital();
        vital
            .dictionary()
            .insert(TypeId::of::<Arc<Chain>>(), Box::new(chain));
    }
    let run = async move {
        future.await;
        ExitReason::Normal
    };
    let crashed = move |process: &dyn Process, reason: &ExitReason| {
        report::crash(process, reason);
        report::task(process, reason, starter, code);
    };
    spawn_reported(&cell, run, crashed, |_| bind(&cell));
    cell
}

/// Links a task that has not begun with the process that asked for it. If that is gone by now, the task does not run.
pub(super) fn link_with_owner(owner: &dyn Process, task: &dyn Process) {
    let (pid, task_pid) = (owner.core().pid(), task.core().pid());
    task.core().vital().link(pid);
    let is_alive = owner.core().vital().link(task_pid);
    if !is_alive {
        task.core().vital().unlink(pid);
        signal::exit(task, pid, &ExitReason::NoProc, Via::Signal);
    }
}

/// Links a task that has not begun with the current process, whose child it is.
pub(super) fn link_with_current(task: &dyn Process) {
    if let Some(parent) = scope::process() {
        link_with_parent(&*parent, task);
    }
}

/// The process that a signal comes from here.
pub(super) fn sender(node: &Node) -> Pid {
    scope::with_process(|process| process.core().pid()).unwrap_or_else(|| Pid::nobody(node.id()))
}

/// Whether the current process is to end at this await point, by an exit signal that is there or that of a task which has
/// ended with `reason`: what it waits for does not matter any more. The signal wakes it, if it is still on its way.
pub(super) fn is_to_end_with(task: &dyn Process, reason: &ExitReason) -> bool {
    let is_to_end = scope::with_process(|process| {
        let vital = process.core().vital();
        let is_linked = !matches!(reason, ExitReason::Normal)
            && !vital.trap_exit
            && vital.is_linked(task.core().pid());
        is_linked || vital.pending().is_some()
    });
    is_to_end == Some(true)
}

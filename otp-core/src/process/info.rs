//! What can be learned of a process from outside.

use super::cell::Process;
use super::{Activity, Target, current, scope};
use crate::node::Name;
use crate::pid::Pid;

/// What is known of a living process: `Process.info/1`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let (counter, _monitor) = Counter::start_monitor(0).name("hits").await.unwrap();
/// let info = process::info(&counter).unwrap();
/// assert_eq!(info.name, Some(Name::from("hits")));
/// assert_eq!(info.monitored_by, [process::self_pid()]);
/// assert!(info.links.is_empty());
/// assert_eq!((info.parent, info.waiting_for, info.suspended), (None, None, false));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessInfo {
    /// The process.
    pub pid: Pid,
    /// What it is: the type of the server, `task` or `process`.
    pub kind: &'static str,
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// What it calls itself for people, see [`set_label`].
    pub label: Option<String>,
    /// The processes that it is linked with.
    pub links: Vec<Pid>,
    /// The processes that it monitors, once for each monitor.
    pub monitors: Vec<Pid>,
    /// The processes that monitor it, once for each monitor.
    pub monitored_by: Vec<Pid>,
    /// Whether it gets exit signals as messages.
    pub trap_exit: bool,
    /// Messages and signals that wait in its mailbox, without those that it has taken to work on.
    pub message_queue_len: usize,
    /// Messages that its mailbox's bound has cost: refused, evicted, or dropped by a sender that did not wait.
    pub lost_messages: u64,
    /// Who started it with a link, see [`ancestors`]; of what a supervisor has started, the supervisor.
    pub parent: Option<Pid>,
    /// The process of the same node that it has called, and whose answer it waits for.
    pub waiting_for: Option<Pid>,
    /// Whether it is a server that was suspended.
    pub suspended: bool,
    /// Bytes that are known of: of what is shared of it, and of its mailbox. Without its state, its code, and what its messages
    /// own.
    pub memory: usize,
    /// What it is doing, if it is a server whose [statistics](crate::sys::statistics) are on.
    pub activity: Option<Activity>,
}

/// What is known of a process of the current node. None if it has ended, and outside a node.
///
/// Mirrors `Process.info/1`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let me = process::info(process::self_pid()).unwrap();
/// assert!(!me.trap_exit);
/// assert!(process::info(Name::from("nobody")).is_none());
/// # });
/// ```
#[must_use]
pub fn info(target: impl Target) -> Option<ProcessInfo> {
    let node = scope::node()?;
    let pid = target.locate().resolve(&node)?;
    let process = node.lookup(pid)?;
    Some(of(&*process))
}

fn of(process: &dyn Process) -> ProcessInfo {
    let vital = process.core().vital();
    let (monitors, monitored_by) = vital.monitors();
    let mut info = ProcessInfo {
        pid: process.core().pid(),
        kind: process.kind(),
        name: vital.name().cloned(),
        label: vital.label().map(str::to_owned),
        links: vital.links(),
        monitors,
        monitored_by,
        trap_exit: vital.trap_exit,
        message_queue_len: 0,
        lost_messages: 0,
        parent: vital.parent,
        waiting_for: process.core().waiting_for(),
        suspended: vital.suspended,
        memory: 0,
        activity: vital.counting().map(|counting| counting.activity()),
    };
    drop(vital);
    let mailbox = process.mailbox();
    info.message_queue_len = mailbox.len;
    info.lost_messages = mailbox.lost;
    info.memory = mailbox.memory;
    info
}

/// Calls the current process something, for people who look at it: `Process.set_label/1`.
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
/// process::set_label("reads the mail");
/// let info = process::info(process::self_pid()).unwrap();
/// assert_eq!(info.label.as_deref(), Some("reads the mail"));
/// # });
/// ```
#[track_caller]
pub fn set_label(label: impl Into<String>) {
    current().core().vital().set_label(label.into());
}

/// Who started the current process with a link, who started that one, and so on: `$ancestors`.
///
/// It ends with the first that is gone, and is empty outside a process. A server and a task know who started them so; of a
/// supervised one that is its supervisor.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let me = process::self_pid();
/// let ancestors = Task::spawn(async { process::ancestors() }).await.unwrap();
/// assert_eq!(ancestors.first(), Some(&me));
/// # });
/// ```
#[must_use]
pub fn ancestors() -> Vec<Pid> {
    scope::with_process(ancestors_of).unwrap_or_default()
}

/// Those of a process.
pub(crate) fn ancestors_of(process: &dyn Process) -> Vec<Pid> {
    let node = process.core().node();
    let first = process.core().vital().parent;
    let next = |pid: &Pid| node.lookup(*pid)?.core().vital().parent;
    std::iter::successors(first, next).collect()
}

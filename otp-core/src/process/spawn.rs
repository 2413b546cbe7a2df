//! Starting processes: from a future, or from a function that takes a mailbox.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use super::address::Address;
use super::cell::{Cell, Process};
use super::kind;
use super::receive::Mailbox;
use super::run::{catch, running};
use super::signal::{self, MonitorRef};
use super::{current, scope};
use crate::exit::ExitReason;
use crate::node::Node;
use crate::options::MailboxPolicy;
use crate::pid::Pid;
use crate::report;
use crate::rt;
use crate::telemetry::ProcessStart;

/// What the code of a process may return, and what it says of its end.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::Outcome;
///
/// assert_eq!(().reason(), ExitReason::Normal);
/// assert_eq!(ExitReason::Shutdown.reason(), ExitReason::Shutdown);
/// assert_eq!(Err::<(), _>(std::fmt::Error).reason(), ExitReason::error(std::fmt::Error));
/// ```
#[diagnostic::on_unimplemented(
    message = "a process cannot return `{Self}`",
    note = "return `()`, an `ExitReason`, or a `Result<(), E>` whose error converts into an `ExitReason`"
)]
pub trait Outcome {
    /// The reason of the end.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::Outcome;
    ///
    /// assert_eq!(Ok::<(), ExitReason>(()).reason(), ExitReason::Normal);
    /// ```
    fn reason(self) -> ExitReason;
}

impl Outcome for () {
    fn reason(self) -> ExitReason {
        ExitReason::Normal
    }
}

/// Names the type of a function's result, and so the one that cannot be named: `!`.
pub trait ResultOf {
    /// What the function returns.
    type Result;
}

impl<T> ResultOf for fn() -> T {
    type Result = T;
}

/// Of a process that never returns: `async { loop { … } }`.
impl Outcome for <fn() -> ! as ResultOf>::Result {
    fn reason(self) -> ExitReason {
        self
    }
}

impl Outcome for ExitReason {
    fn reason(self) -> ExitReason {
        self
    }
}

impl<E: Into<ExitReason>> Outcome for Result<(), E> {
    fn reason(self) -> ExitReason {
        self.map_or_else(Into::into, |()| ExitReason::Normal)
    }
}

/// Marks a [`Body`] that is a future.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::{Body, FutureBody};
///
/// fn begin<B: Body<FutureBody, Handle = Pid>>(body: B) -> Pid { process::spawn(body) }
///
/// # otp_core::doc_test(async {
/// assert!(process::info(begin(async {})).is_some());
/// # });
/// ```
#[derive(Debug)]
pub enum FutureBody {}

/// Marks a [`Body`] that is a function of a mailbox for `M`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::{Body, MailboxBody};
///
/// fn begin<B: Body<MailboxBody<u32>, Message = u32, Handle = Address<u32>>>(body: B) -> Address<u32> { process::spawn(body) }
///
/// # otp_core::doc_test(async {
/// let worker = begin(async |mut mailbox: Mailbox<u32>| { mailbox.receive().await; });
/// assert!(worker.is_alive());
/// # });
/// ```
#[derive(Debug)]
pub struct MailboxBody<M>(std::marker::PhantomData<M>);

/// The code of a process: a future, or an async function that takes a [`Mailbox`].
///
/// `Kind` tells the two apart and is inferred.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::Body;
///
/// /// Starts a process with a name.
/// fn spawn_named<Kind, B: Body<Kind, Handle = Pid>>(name: &str, body: B) -> Pid {
///     let pid = process::spawn(body);
///     process::register(name, pid).unwrap();
///     pid
/// }
///
/// # otp_core::doc_test(async {
/// let worker = spawn_named("worker", std::future::pending::<()>());
/// assert_eq!(process::whereis("worker"), Some(worker));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the code of a process",
    note = "pass a future that is `Send + 'static` and returns `()`, an `ExitReason` or a `Result<(), E>`",
    note = "or pass an async closure that takes a `Mailbox<Message>`"
)]
pub trait Body<Kind> {
    /// What its mailbox takes.
    type Message: Send + 'static;
    /// What [`spawn`] gives to its starter: a [`Pid`], or an [`Address`] where there is a mailbox.
    type Handle;

    /// Makes the code that runs. Called once, before the process begins.
    #[doc(hidden)]
    fn into_code(
        self,
        mailbox: Mailbox<Self::Message>,
    ) -> impl Future<Output = ExitReason> + Send + 'static;

    /// Makes the handle.
    #[doc(hidden)]
    fn handle(address: Address<Self::Message>) -> Self::Handle;
}

impl<F> Body<FutureBody> for F
where
    F: Future + Send + 'static,
    F::Output: Outcome,
{
    type Message = Infallible;
    type Handle = Pid;

    async fn into_code(self, _: Mailbox<Infallible>) -> ExitReason {
        self.await.reason()
    }

    fn handle(address: Address<Infallible>) -> Pid {
        address.pid()
    }
}

impl<F, M, Fut> Body<MailboxBody<M>> for F
where
    F: FnOnce(Mailbox<M>) -> Fut + Send + 'static,
    M: Send + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Outcome,
{
    type Message = M;
    type Handle = Address<M>;

    async fn into_code(self, mailbox: Mailbox<M>) -> ExitReason {
        self(mailbox).await.reason()
    }

    fn handle(address: Address<M>) -> Address<M> {
        address
    }
}

/// Starts a process: Erlang's `spawn/1`.
///
/// It ends when its code returns, by an exit signal, or by a panic, which is caught. Its mailbox is unbounded.
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
/// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
///     while let Ok(job) = mailbox.receive_timeout(Duration::from_secs(30)).await {
///         if job == 0 { return; }
///     }
/// });
/// worker.send(7);
/// worker.send(0);
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
#[track_caller]
pub fn spawn<Kind, B: Body<Kind>>(body: B) -> B::Handle {
    let node = scope::node().expect("this needs a node: it was called outside `#[otp_core::main]`, `#[otp_core::test]` and nodes");
    B::handle(spawn_on(&node, body, |_| ()).0)
}

/// Starts a process that is linked with the current one from its first moment: `spawn_link/1`.
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
/// let worker = process::spawn_link(async { ExitReason::error("boom") });
/// let exit = process::receive_exit().await;
/// assert_eq!((exit.pid, exit.reason), (worker, ExitReason::error("boom")));
/// # });
/// ```
#[track_caller]
pub fn spawn_link<Kind, B: Body<Kind>>(body: B) -> B::Handle {
    let parent = current();
    let (address, ()) = spawn_on(parent.core().node(), body, |process| {
        link_both(&*parent, process)
    });
    B::handle(address)
}

/// Starts a process that the current one monitors from its first moment: `spawn_monitor/1`.
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
/// let (worker, monitor) = process::spawn_monitor(async {});
/// let down = process::receive_down(monitor).await;
/// assert_eq!((down.pid, down.reason), (worker, ExitReason::Normal));
/// # });
/// ```
#[track_caller]
pub fn spawn_monitor<Kind, B: Body<Kind>>(body: B) -> (B::Handle, MonitorRef) {
    let parent = current();
    let (address, monitor) = spawn_on(parent.core().node(), body, |process| {
        signal::monitor(&*parent, Some(process.core().pid()), None)
    });
    (B::handle(address), monitor)
}

/// Links a process that has not begun with its parent.
pub(crate) fn link_both(parent: &dyn Process, child: &dyn Process) {
    child.core().vital().link(parent.core().pid());
    parent.core().vital().link(child.core().pid());
}

/// Links a process that has not begun with its parent, whose end ends it.
pub(crate) fn link_with_parent(parent: &dyn Process, child: &dyn Process) {
    let pid = parent.core().pid();
    {
        let mut vital = child.core().vital();
        vital.parent = Some(pid);
        vital.link(pid);
    }
    parent.core().vital().link(child.core().pid());
}

/// Starts a process after `prepare` has linked or monitored it.
#[track_caller]
pub(crate) fn spawn_on<Kind, B: Body<Kind>, T>(
    node: &Node,
    body: B,
    prepare: impl FnOnce(&dyn Process) -> T,
) -> (Address<B::Message>, T) {
    let cell = Cell::new(node.clone(), kind::Kind::PROCESS, MailboxPolicy::Unbounded);
    let code = body.into_code(Mailbox::new(Arc::clone(&cell)));
    let prepared = spawn_process(&cell, code, prepare);
    (Address { cell }, prepared)
}

#[track_caller]
pub(crate) fn spawn_process<M: Send + 'static, T>(
    cell: &Arc<Cell<M>>,
    code: impl Future<Output = ExitReason> + Send + 'static,
    prepare: impl FnOnce(&dyn Process) -> T,
) -> T {
    spawn_reported(cell, code, report::crash, prepare)
}

/// Starts a process whose end, if its own code is the cause, is told to `report`.
#[track_caller]
pub(crate) fn spawn_reported<M: Send + 'static, T>(
    cell: &Arc<Cell<M>>,
    code: impl Future<Output = ExitReason> + Send + 'static,
    report: impl FnOnce(&dyn Process, &ExitReason) + Send + 'static,
    prepare: impl FnOnce(&dyn Process) -> T,
) -> T {
    let process: Arc<dyn Process> = Arc::clone(cell) as _;
    let node = process.core().node().clone();
    node.insert(&process);
    let prepared = prepare(&*process);
    if node.telemetry().wants::<ProcessStart>() {
        report::start(&*process);
    }
    let body = supervised_code(Arc::clone(&process), code, report);
    let running = running(process, body);
    rt::spawn(&node, running);
    prepared
}

/// Runs code and reports how it crashed.
async fn supervised_code(
    process: Arc<dyn Process>,
    code: impl Future<Output = ExitReason>,
    report: impl FnOnce(&dyn Process, &ExitReason),
) -> ExitReason {
    match catch(code).await {
        Ok(reason) => {
            report(&*process, &reason);
            reason
        }
        Err(crash) => {
            report(&*process, &crash.reason);
            // Fixed before the orphans are dropped: those who wait for them learn the reason.
            signal::release(&*process, &crash.reason)
        }
    }
}

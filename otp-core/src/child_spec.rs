//! What can be a child of a supervisor, how it is started, and what becomes of it when it ends.
//!
//! A [`ChildSpec`] is made before its child begins, and so is the handle that follows the child: whoever holds that
//! reaches the present incarnation, as the start of each one puts it into the place that the handle looks at.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::gen_server::{
    GenServer, Initialized, ServerHandle, ServerRef, Start, StartError, start_link,
};
use crate::options::{ChildKind, Restart, ServerOptions, Shutdown};
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::place::Place;

/// A child that has begun.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Begun, ChildSpec, ChildStart};
/// # use std::sync::mpsc;
/// /// A start that tells which process has begun.
/// struct Told<S>(S, mpsc::Sender<Pid>);
///
/// impl<S: ChildStart> ChildStart for Told<S> {
///     type Handle = S::Handle;
///
///     fn start_at(self, handle: &S::Handle) -> impl Future<Output = Result<Begun, StartError>> + Send + 'static {
///         let start = self.0.start_at(handle);
///         async move {
///             let begun: Begun = start.await?;
///             self.1.send(begun.pid()).ok();
///             Ok(begun)
///         }
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let (tell, told) = mpsc::channel();
/// let mut spec = ChildSpec::new("hits", move || Told(Counter::start_link(0), tell.clone()));
/// let hits = spec.start().await.unwrap();
/// assert_eq!(told.try_recv().ok(), hits.pid());
/// # });
/// ```
#[derive(Debug)]
pub struct Begun(pub(crate) Arc<dyn Process>);

impl Begun {
    /// Its process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{Begun, ChildStart};
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(0).handle();
    /// let begun: Begun = Counter::start_link(0).start_at(&hits).await.unwrap();
    /// assert_eq!(Some(begun.pid()), hits.pid());
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.0.core().pid()
    }
}

/// What a supervisor can start: every server, every tree, registries, supervisors.
///
/// `#[gen_server]` and `supervisor!` implement it. For a server that is written by hand:
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{ChildSpec, ChildStart, Strategy, Supervised, Supervisor};
///
/// struct Clock;
///
/// impl GenServer for Clock {
///     type Args = ();
///     type Message = ();
///     async fn init(_: (), _cx: &mut Context<Self>) -> Result<Self, InitError> { Ok(Clock) }
///     async fn handle_message(&mut self, _: (), _cx: &mut Context<Self>) {}
/// }
///
/// impl Supervised for Clock {
///     type Handle = ServerRef<Clock>;
///     type Args = ();
///
///     fn start_child(args: ()) -> impl ChildStart<Handle = Self::Handle> {
///         gen_server::start_link::<ServerRef<Clock>>(args)
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let clock = ChildSpec::new("clock", || Clock::start_child(()));
/// let clock_ref = clock.handle();
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(clock).start_link().await.unwrap();
/// assert!(clock_ref.is_alive());
/// # supervisor.stop().await.unwrap();
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be supervised: it is neither a server nor a supervisor",
    label = "no child of a supervisor",
    note = "a child is a `#[gen_server]`, a tree made by `supervisor!`, a `Registry`, a `DynamicSupervisor` or a `PartitionSupervisor`",
    note = "for a server that is written by hand, implement `Supervised`"
)]
pub trait Supervised: Sized + 'static {
    /// What leads to it.
    type Handle: ChildHandle;

    /// What it is started with, as one value.
    type Args: Send + 'static;

    /// Starts it, linked with the current process.
    ///
    /// It begins when a supervisor, or a [`ChildSpec`], carries it out; not here.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{ChildSpec, ChildStart, Supervised};
    /// # struct Clock;
    /// # impl GenServer for Clock {
    /// #     type Args = ();
    /// #     type Message = ();
    /// #     async fn init(_: (), _cx: &mut Context<Self>) -> Result<Self, InitError> { Ok(Clock) }
    /// #     async fn handle_message(&mut self, _: (), _cx: &mut Context<Self>) {}
    /// # }
    /// # impl Supervised for Clock {
    /// #     type Handle = ServerRef<Clock>;
    /// #     type Args = ();
    /// #     fn start_child(args: ()) -> impl ChildStart<Handle = Self::Handle> {
    /// #         gen_server::start_link::<ServerRef<Clock>>(args)
    /// #     }
    /// # }
    /// # otp_core::doc_test(async {
    /// let clock = ChildSpec::new("clock", || Clock::start_child(())).start().await.unwrap();
    /// assert!(clock.is_alive());
    /// # });
    /// ```
    fn start_child(args: Self::Args) -> impl ChildStart<Handle = Self::Handle>;
}

/// A handle that can follow a child through its restarts.
///
/// Every handle of a server is one, and so are those of trees and supervisors.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{ChildHandle, ChildSpec};
/// /// Starts any child, and gives the handle that follows it.
/// async fn begin<H: ChildHandle>(mut child: ChildSpec<H>) -> Option<H> {
///     child.start().await.ok()
/// }
///
/// # otp_core::doc_test(async {
/// let hits = begin(Counter::child_spec(40)).await.unwrap();
/// assert_eq!(hits.add(2).await, Ok(42));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the handle of a child",
    note = "a handle is `ServerRef<Counter>`, or the `CounterRef` that `#[gen_server]` makes"
)]
pub trait ChildHandle: Clone + Send + Sync + 'static {
    /// When its child is restarted and how long that may take to stop, unless the specification says otherwise.
    #[doc(hidden)]
    const OPTIONS: ServerOptions;

    /// A handle to a child that has not begun.
    #[doc(hidden)]
    fn vacant() -> Self;

    /// The process that is the child now.
    #[doc(hidden)]
    fn pid(&self) -> Option<Pid>;
}

#[diagnostic::do_not_recommend]
impl<H: ServerHandle + Send + Sync> ChildHandle for H {
    const OPTIONS: ServerOptions = H::Server::OPTIONS;

    fn vacant() -> Self {
        ServerRef::placed(Place::vacant()).into()
    }

    fn pid(&self) -> Option<Pid> {
        self.as_ref().pid()
    }
}

/// A start that a supervisor can carry out: what every `start_link` returns.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{ChildSpec, ChildStart};
/// /// A child that any start makes.
/// fn child<S: ChildStart>(start: impl FnMut() -> S + Send + 'static) -> ChildSpec<S::Handle> {
///     ChildSpec::new("child", start)
/// }
///
/// # otp_core::doc_test(async {
/// let hits = child(|| Counter::start_link(0).name("hits")).start().await.unwrap();
/// assert_eq!(hits.pid(), process::whereis("hits"));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not start a child",
    note = "pass what a `start_link` returns, without `.await`: `ChildSpec::new(\"hits\", || Counter::start_link(0))`"
)]
pub trait ChildStart: Send + 'static {
    /// What leads to the child.
    type Handle: ChildHandle;

    /// Starts it, linked with the current process, at the place that `handle` follows.
    ///
    /// Called by supervisors. Those who wrap another start, to note what begins or to hold it back, call that of the
    /// inner one.
    ///
    /// # Errors
    ///
    /// See [`StartError`]. The handle leads to nobody then.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the child that had begun is killed. A start that wraps another one must keep that: it
    /// must not start the inner one in a task of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::ChildStart;
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(0).handle();
    /// assert_eq!(hits.add(1).await, Err(CallFailure::NoProc));
    /// let begun = Counter::start_link(41).start_at(&hits).await.unwrap();
    /// assert_eq!((hits.add(1).await, hits.pid()), (Ok(42), Some(begun.pid())));
    /// # });
    /// ```
    fn start_at(
        self,
        handle: &Self::Handle,
    ) -> impl Future<Output = Result<Begun, StartError>> + Send + 'static;
}

impl<H, F> ChildStart for Start<H, F>
where
    H: ServerHandle + Send + Sync,
    F: Future<Output = Initialized<H::Server>> + Send + 'static,
{
    type Handle = H;

    fn start_at(
        self,
        handle: &H,
    ) -> impl Future<Output = Result<Begun, StartError>> + Send + 'static {
        let place = handle.as_ref().place().cloned();
        let start = self.at(place);
        async move {
            let started = start.await?;
            let process = started.as_ref().route().resolve();
            Ok(Begun(process.expect("a handle that was started is pinned")))
        }
    }
}

/// A start of a server, linked with the current process, that has not been looked into: what generated code hands to
/// supervisors.
///
/// Unlike a [`Start`] it is `Send` at a glance, for there is nothing in it but the arguments. The compiler need not look
/// through the whole of a start for each server.
#[doc(hidden)]
pub struct LinkedStart<H: ServerHandle>(pub <H::Server as GenServer>::Args);

impl<H: ServerHandle> fmt::Debug for LinkedStart<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedStart").finish_non_exhaustive()
    }
}

impl<H: ServerHandle + Send + Sync> ChildStart for LinkedStart<H> {
    type Handle = H;

    fn start_at(
        self,
        handle: &H,
    ) -> impl Future<Output = Result<Begun, StartError>> + Send + 'static {
        start_link::<H>(self.0).start_at(handle)
    }
}

/// Makes the arguments of a server of the values that its init takes: one as it is, several as a tuple, none as `()`.
///
/// `#[gen_server]` implements it for what the init of a server takes.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::PartitionSupervisor;
///
/// #[gen_server]
/// pub struct Shard { number: usize, topic: &'static str }
///
/// #[gen_server]
/// impl Shard {
///     #[init]
///     fn init(number: usize, topic: &'static str) -> Self { Shard { number, topic } }
///
///     #[call]
///     pub fn name(&self) -> String { format!("{} {}", self.topic, self.number) }
/// }
///
/// # otp_core::doc_test(async {
/// // Init takes two values: a tuple of them.
/// let shards = PartitionSupervisor::<Shard>::with_arguments(2, |number| (number, "tea"));
/// let shards = shards.start_link().await.unwrap();
/// assert_eq!(shards.get(&1).name().await, Ok("tea 1".to_owned()));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "it is not started with `{T}`",
    note = "pass what its init takes: one value as it is, several as a tuple, none as `()`"
)]
pub trait FromValues<T> {
    #[doc(hidden)]
    fn from_values(values: T) -> Self;
}

/// Starts a child, each time anew.
pub(crate) type StartFn = Box<dyn FnMut() -> Starting + Send>;

type Starting = Pin<Box<dyn Future<Output = Result<Begun, StartError>> + Send>>;

/// A child of a supervisor: Elixir's child specification.
///
/// `#[gen_server]` and `supervisor!` give every server and tree a `child_spec` that takes what its start takes; what the
/// server's attribute says of restart and shutdown is in it, and can be overridden. [`new`](Self::new) makes one of any
/// `start_link`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::{Restart, ChildSpec};
/// # #[gen_server(restart = transient)] pub struct Counter { value: i64 }
/// # #[gen_server] impl Counter {
/// #     #[init] fn init(value: i64) -> Self { Counter { value } }
/// #     #[call] pub fn add(&mut self, by: i64) -> i64 { self.value += by; self.value }
/// # }
/// # otp_core::doc_test(async {
/// let mut spec = Counter::child_spec(0).id("hits");
/// assert_eq!((spec.id.as_str(), spec.restart), ("hits", Restart::Transient));
/// // The handle follows the child: it is there before the child, and stays through restarts.
/// let hits = spec.handle();
/// spec.start().await.unwrap();
/// assert_eq!(hits.add(2).await, Ok(2));
/// # });
/// ```
#[must_use = "a child specification does nothing by itself"]
pub struct ChildSpec<H> {
    /// Names the child among its siblings. The type of the server unless set.
    pub id: String,
    /// When it is started again.
    pub restart: Restart,
    /// How long it may take to stop.
    pub shutdown: Shutdown,
    /// Whether its end can shut its supervisor down, see [`AutoShutdown`](crate::AutoShutdown). False unless set.
    pub significant: bool,
    /// What it is for its supervisor.
    pub kind: ChildKind,
    handle: H,
    start: StartFn,
}

impl<H: ChildHandle> ChildSpec<H> {
    /// A child that `start` starts, anew each time. What the child's own attribute says of restart and shutdown holds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::ChildSpec;
    /// # use doc_servers::Counter;
    /// let spec = ChildSpec::new("hits", || Counter::start_link(0).name("hits"));
    /// assert_eq!(spec.id, "hits");
    /// ```
    pub fn new<S: ChildStart<Handle = H>>(
        id: impl Into<String>,
        start: impl FnMut() -> S + Send + 'static,
    ) -> Self {
        Self::at(H::vacant(), id, start)
    }

    /// A child that `handle`, which was made before, follows.
    #[doc(hidden)]
    pub fn at<S: ChildStart<Handle = H>>(
        handle: H,
        id: impl Into<String>,
        mut start: impl FnMut() -> S + Send + 'static,
    ) -> Self {
        let place = handle.clone();
        ChildSpec {
            id: id.into(),
            restart: H::OPTIONS.restart,
            shutdown: H::OPTIONS.shutdown,
            significant: false,
            kind: H::OPTIONS.kind,
            handle,
            start: Box::new(move || Box::pin(start().start_at(&place))),
        }
    }

    /// With another id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// With another restart type.
    ///
    /// Unless set, what the child's own attribute says, or [`Restart::Permanent`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::Restart;
    /// let spec = Counter::child_spec(0);
    /// assert_eq!(spec.restart, Restart::Permanent);
    /// assert_eq!(spec.restart(Restart::Temporary).restart, Restart::Temporary);
    /// ```
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// With another shutdown time.
    ///
    /// Unless set, what the child's own attribute says, or 5 s, and for ever for a supervisor.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::Shutdown;
    /// let spec = Counter::child_spec(0);
    /// assert_eq!(spec.shutdown, Shutdown::Timeout(Duration::from_secs(5)));
    /// assert_eq!(spec.shutdown(Shutdown::BrutalKill).shutdown, Shutdown::BrutalKill);
    /// ```
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Significant or not.
    ///
    /// A significant child is transient or temporary, and its supervisor has an [`AutoShutdown`](crate::AutoShutdown).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// let spec = Counter::child_spec(0);
    /// assert!(!spec.significant);
    /// assert!(spec.significant(true).significant);
    /// ```
    pub fn significant(mut self, significant: bool) -> Self {
        self.significant = significant;
        self
    }

    /// The handle that follows the child, from before it begins and through its restarts.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let mut spec = Counter::child_spec(0);
    /// let hits = spec.handle();
    /// assert_eq!(hits.pid(), None);
    /// spec.start().await.unwrap();
    /// let first = hits.pid();
    /// hits.stop().await.unwrap();
    /// spec.start().await.unwrap();
    /// assert!(hits.pid() > first);
    /// # });
    /// ```
    pub fn handle(&self) -> H {
        self.handle.clone()
    }

    /// Starts the child, linked with the current process.
    ///
    /// Supervisors do this; it is public for those who write one. Nobody restarts a child that was started so.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the child is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(40).start().await.unwrap();
    /// assert_eq!(hits.add(2).await, Ok(42));
    /// # });
    /// ```
    pub async fn start(&mut self) -> Result<H, StartError> {
        (self.start)().await?;
        Ok(self.handle())
    }

    /// Without the type of its handle, as a supervisor keeps it.
    pub(crate) fn erase(self) -> ErasedSpec {
        ErasedSpec {
            id: self.id.into(),
            restart: self.restart,
            shutdown: self.shutdown,
            significant: self.significant,
            kind: self.kind,
            start: self.start,
        }
    }
}

impl<H> fmt::Debug for ChildSpec<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .field("significant", &self.significant)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A child specification without the type of its handle.
pub(crate) struct ErasedSpec {
    pub(crate) id: Arc<str>,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) kind: ChildKind,
    pub(crate) start: StartFn,
}

impl fmt::Debug for ErasedSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedSpec")
            .field("id", &self.id)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .field("significant", &self.significant)
            .finish_non_exhaustive()
    }
}

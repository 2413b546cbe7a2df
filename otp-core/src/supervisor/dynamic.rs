//! The dynamic supervisor: starts without children, and is told of each one while it runs.
//!
//! Like [`super::run`] a server with one mailbox. Its children have no order: they are stopped all at once.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::children::ChildState;
use super::error::{ChildError, SpecError, StartChildError};
use super::flags::{BackOff, Flags};
use super::handle::{ChildCounts, ChildInfo};
use super::intensity::Intensity;
use super::report;
use super::verdict::{Verdict, is_reported, verdict};
use super::worker::{Patience, Stopping, Worker};
use crate::call::{Call, CallFailure, TryCall};
use crate::child_spec::{ChildHandle, ChildSpec, ChildStart, ErasedSpec, Supervised};
use crate::exit::ExitReason;
use crate::gen_server::{
    Context, GenServer, InitError, Initialized, ServerHandle, ServerRef, Start, StartError, start,
    start_link,
};
use crate::options::ServerOptions;
use crate::pid::Pid;
use crate::process::Exit;
use crate::registry::{HasHandle, RegisteredAs};
use crate::reply::ReplyTo;
use crate::telemetry::SupervisorError;

/// What can be the kind of child of a [`DynamicSupervisor`].
///
/// `#[gen_server]` and `supervisor!` implement it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::DynamicSupervisor;
/// use otp_core::supervisor::DynamicChild;
///
/// /// A supervisor of few children, of whatever kind.
/// fn few<S: DynamicChild>() -> DynamicSupervisor<S> {
///     DynamicSupervisor::new().max_children(2)
/// }
///
/// # otp_core::doc_test(async {
/// let counters = few::<Counter>().start_link().await.unwrap();
/// assert!(counters.start_child(0).await.is_ok());
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be started under a dynamic supervisor",
    label = "not a `#[gen_server]` or a tree of `supervisor!`",
    note = "a `DynamicSupervisor` without a type starts any child, from its specification: `DynamicSupervisor::<AnyChild>::new()`"
)]
pub trait DynamicChild: 'static {
    /// Has a method `start_child` that takes what the child's start takes.
    type Starter: From<DynamicStarter<Self>> + Send + Sync + 'static
    where
        Self: Sized;
}

/// Children of any kind, each started from its specification.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Counter, Room};
/// use otp_core::{AnyChild, DynamicSupervisor};
///
/// # otp_core::doc_test(async {
/// let children = DynamicSupervisor::<AnyChild>::new().start_link().await.unwrap();
/// let counter = children.start_child(Counter::child_spec(40)).await.unwrap();
/// let room = children.start_child(Room::child_spec()).await.unwrap();
/// assert_eq!(counter.add(2).await, Ok(42));
/// assert_eq!(room.say("hello".to_owned()).await, Ok(1));
/// # });
/// ```
#[derive(Debug)]
pub enum AnyChild {}

impl DynamicChild for AnyChild {
    type Starter = AnyStarter;
}

/// Starts children of any kind under a [`DynamicSupervisor`]; it derefs to this.
#[derive(Debug)]
pub struct AnyStarter(DynamicStarter<AnyChild>);

impl From<DynamicStarter<AnyChild>> for AnyStarter {
    fn from(starter: DynamicStarter<AnyChild>) -> Self {
        AnyStarter(starter)
    }
}

impl AnyStarter {
    /// Starts a child from its specification: `DynamicSupervisor.start_child/2`.
    ///
    /// # Errors
    ///
    /// See [`StartChildError`]. A specification that is wrong is found before the supervisor is asked.
    pub fn start_child<H: ChildHandle>(&self, spec: ChildSpec<H>) -> StartingChild<H> {
        self.0.start_spec(spec)
    }
}

/// A dynamic supervisor before it starts: one for one, without children.
///
/// Unless set: as many children as come, three restarts in five seconds, no back-off.
///
/// Mirrors `DynamicSupervisor.start_link/1`, with its defaults. Elixir's `extra_arguments` are not there: the kind of
/// child says what it is started with.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::DynamicSupervisor;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counters = DynamicSupervisor::<Counter>::new().max_children(1_000).start_link().await.unwrap();
/// // What `Counter::start_link` takes.
/// let counter = counters.start_child(40).await.unwrap();
/// assert_eq!(counter.add(2).await, Ok(42));
/// assert_eq!(counters.count_children().await.unwrap().active, 1);
/// # });
/// ```
#[must_use = "a supervisor does nothing before it is started"]
pub struct DynamicSupervisor<S> {
    setup: DynamicSetup,
    _children: PhantomData<fn() -> S>,
}

impl<S: DynamicChild> DynamicSupervisor<S> {
    /// One without children.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
    /// assert_eq!(counters.count_children().await.unwrap().specs, 0);
    /// # });
    /// ```
    #[expect(clippy::new_without_default, reason = "it is a builder")]
    pub fn new() -> Self {
        DynamicSupervisor {
            setup: DynamicSetup {
                flags: Flags::DEFAULT,
                max_children: usize::MAX,
            },
            _children: PhantomData,
        }
    }

    /// Takes no more children than this; those that are being restarted count. Zero takes none.
    ///
    /// Unless set, as many as come.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::{DynamicSupervisor, StartChildError};
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().max_children(1).start_link().await.unwrap();
    /// counters.start_child(0).await.unwrap();
    /// assert_eq!(counters.start_child(0).await, Err(StartChildError::MaxChildren));
    /// # });
    /// ```
    pub fn max_children(mut self, max_children: usize) -> Self {
        self.setup.max_children = max_children;
        self
    }

    /// Gives up, with shutdown, at more than `max_restarts` restarts within `period`; all children count together.
    ///
    /// Unless set, 3 within 5 s.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().max_restarts(0, Duration::from_secs(5)).start().await.unwrap();
    /// let counter = counters.start_child(0).await.unwrap();
    /// process::exit(&counter, ExitReason::Kill);
    /// assert_eq!(counters.server().ended().await, ExitReason::Shutdown);
    /// # });
    /// ```
    pub fn max_restarts(mut self, max_restarts: u32, period: Duration) -> Self {
        self.setup.flags.max_restarts = max_restarts;
        self.setup.flags.period = period;
        self
    }

    /// Puts restarts off.
    ///
    /// OTP has no such thing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::{BackOff, ChildState, DynamicSupervisor};
    ///
    /// # otp_core::doc_test(async {
    /// let back_off = BackOff::new(Duration::from_secs(60), Duration::from_secs(60));
    /// let counters = DynamicSupervisor::<Counter>::new().back_off(back_off).start_link().await.unwrap();
    /// let counter = counters.start_child(0).await.unwrap();
    /// let monitor = counter.monitor();
    /// process::exit(&counter, ExitReason::Kill);
    /// process::receive_down(monitor).await;
    /// assert_eq!(counters.which_children().await.unwrap()[0].state, ChildState::Restarting);
    /// # });
    /// ```
    pub fn back_off(mut self, back_off: BackOff) -> Self {
        self.setup.flags.back_off = Some(back_off);
        self
    }

    /// What it begins with.
    pub(crate) fn into_setup(self) -> DynamicSetup {
        self.setup
    }

    /// Starts it, linked with the current process: `DynamicSupervisor.start_link/1`.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    ///
    /// # Panics
    ///
    /// The future panics outside a node.
    ///
    /// # Cancel safety
    ///
    /// As of [`Start`]: dropped before it is done, the supervisor is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().name("counters").await.unwrap();
    /// assert_eq!(process::whereis("counters"), counters.pid());
    /// # });
    /// ```
    #[track_caller]
    pub fn start_link(
        self,
    ) -> Start<
        DynamicSupervisorRef<S>,
        impl Future<Output = Initialized<DynamicServer>> + Send + use<S>,
    > {
        start_link::<DynamicSupervisorRef<S>>(self.setup)
    }

    /// Starts it, linked with nothing.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    ///
    /// # Panics
    ///
    /// The future panics outside a node.
    ///
    /// # Cancel safety
    ///
    /// As of [`Start`]: dropped before it is done, the supervisor is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start().await.unwrap();
    /// assert!(process::info(counters.server()).unwrap().links.is_empty());
    /// # });
    /// ```
    #[track_caller]
    pub fn start(
        self,
    ) -> Start<
        DynamicSupervisorRef<S>,
        impl Future<Output = Initialized<DynamicServer>> + Send + use<S>,
    > {
        start::<DynamicSupervisorRef<S>>(self.setup)
    }
}

impl<S: DynamicChild> HasHandle for DynamicSupervisor<S> {
    type Handle = DynamicSupervisorRef<S>;
}

impl<S: DynamicChild> RegisteredAs<DynamicSupervisor<S>> for DynamicServer {}

impl<S: DynamicChild> Supervised for DynamicSupervisor<S> {
    type Handle = DynamicSupervisorRef<S>;
    type Args = DynamicSetup;

    fn start_child(setup: DynamicSetup) -> impl ChildStart<Handle = Self::Handle> {
        start_link::<DynamicSupervisorRef<S>>(setup)
    }
}

impl<S> fmt::Debug for DynamicSupervisor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicSupervisor")
            .field(&self.setup)
            .finish()
    }
}

/// What a dynamic supervisor's process begins with.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct DynamicSetup {
    flags: Flags,
    max_children: usize,
}

/// The handle of a dynamic supervisor of children of the kind `S`. Cheap to clone; it follows one that is itself
/// supervised.
///
/// It derefs to what has `start_child` with the child's own arguments. The child's handle follows it through its
/// restarts, which begin with clones of the same arguments.
///
/// # Cancel safety
///
/// Every method here asks when its future is first polled. Dropped later, the supervisor does what it was asked to, and
/// its answer vanishes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::DynamicSupervisor;
///
/// # otp_core::doc_test(async {
/// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
/// let counter = counters.start_child(40).await.unwrap();
/// let monitor = counter.monitor();
/// process::exit(&counter, ExitReason::Kill);
/// process::receive_down(monitor).await;
/// // It begins again with a clone of the same argument, and the handle leads to the new process.
/// while counter.add(2).await != Ok(42) {}
/// assert!(counters.which_children().await.unwrap()[0].restarts == 1);
/// # });
/// ```
pub struct DynamicSupervisorRef<S: DynamicChild> {
    server: ServerRef<DynamicServer>,
    starter: S::Starter,
}

impl<S: DynamicChild> DynamicSupervisorRef<S> {
    /// Stops a child as its shutdown time says, and forgets it: `DynamicSupervisor.terminate_child/2`. One that is being
    /// restarted is named by its last process.
    ///
    /// # Errors
    ///
    /// There is no such child.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the child is stopped all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::{ChildError, DynamicSupervisor};
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
    /// let pid = counters.start_child(0).await.unwrap().pid().unwrap();
    /// assert_eq!(counters.terminate_child(pid).await, Ok(()));
    /// assert_eq!(counters.terminate_child(pid).await, Err(ChildError::NotFound));
    /// # });
    /// ```
    pub fn terminate_child(
        &self,
        pid: Pid,
    ) -> impl Future<Output = Result<(), ChildError>> + Send + use<S> {
        let server = self.server.clone();
        async move { Ok(terminate_child(&server, pid).await?) }
    }

    /// All children, oldest process first: `DynamicSupervisor.which_children/1`. Their ids mean nothing.
    ///
    /// # Errors
    ///
    /// The supervisor did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
    /// let counter = counters.start_child(0).await.unwrap();
    /// let children = counters.which_children().await.unwrap();
    /// assert_eq!((children.len(), children[0].state.pid()), (1, counter.pid()));
    /// # });
    /// ```
    pub fn which_children(
        &self,
    ) -> impl Future<Output = Result<Vec<ChildInfo>, CallFailure>> + Send + use<S> {
        let server = self.server.clone();
        async move { which_children(&server).await }
    }

    /// How many children there are: `DynamicSupervisor.count_children/1`.
    ///
    /// # Errors
    ///
    /// The supervisor did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
    /// counters.start_child(0).await.unwrap();
    /// counters.start_child(0).await.unwrap();
    /// assert_eq!(counters.count_children().await.unwrap().active, 2);
    /// # });
    /// ```
    pub fn count_children(
        &self,
    ) -> impl Future<Output = Result<ChildCounts, CallFailure>> + Send + use<S> {
        let server = self.server.clone();
        async move {
            let counts = server.call(|reply_to| Request::Count { reply_to }.into());
            counts.timeout_infinite().await
        }
    }

    /// The handle of the server, for `stop`, `pid`, `monitor`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
    /// assert!(counters.server().is_alive());
    /// # });
    /// ```
    #[must_use]
    pub fn server(&self) -> &ServerRef<DynamicServer> {
        &self.server
    }

    /// The process; None if there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().name("counters").await.unwrap();
    /// assert_eq!(counters.pid(), process::whereis("counters"));
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.server.pid()
    }

    /// Stops it and its children, and waits until it is gone: `DynamicSupervisor.stop/3`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
    /// let counter = counters.start_child(0).await.unwrap();
    /// counters.stop().await.unwrap();
    /// assert!(!counter.is_alive());
    /// # });
    /// ```
    pub fn stop(&self) -> crate::gen_server::Stop<DynamicServer> {
        self.server.stop()
    }
}

impl<S: DynamicChild> Clone for DynamicSupervisorRef<S> {
    fn clone(&self) -> Self {
        self.server.clone().into()
    }
}

impl<S: DynamicChild> From<ServerRef<DynamicServer>> for DynamicSupervisorRef<S> {
    fn from(server: ServerRef<DynamicServer>) -> Self {
        let starter = DynamicStarter {
            server: server.clone(),
            _child: PhantomData,
        };
        DynamicSupervisorRef {
            server,
            starter: starter.into(),
        }
    }
}

impl<S: DynamicChild> AsRef<ServerRef<DynamicServer>> for DynamicSupervisorRef<S> {
    fn as_ref(&self) -> &ServerRef<DynamicServer> {
        &self.server
    }
}

impl<S: DynamicChild> ServerHandle for DynamicSupervisorRef<S> {
    type Server = DynamicServer;
}

impl<S: DynamicChild> Deref for DynamicSupervisorRef<S> {
    type Target = S::Starter;

    fn deref(&self) -> &S::Starter {
        &self.starter
    }
}

impl<S: DynamicChild> PartialEq for DynamicSupervisorRef<S> {
    fn eq(&self, other: &Self) -> bool {
        self.server == other.server
    }
}

impl<S: DynamicChild> Eq for DynamicSupervisorRef<S> {}

impl<S: DynamicChild> Hash for DynamicSupervisorRef<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.server.hash(state);
    }
}

impl<S: DynamicChild> fmt::Debug for DynamicSupervisorRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicSupervisorRef")
            .field(&self.server)
            .finish()
    }
}

/// Starts children of the kind `S` under a dynamic supervisor.
#[doc(hidden)]
pub struct DynamicStarter<S> {
    server: ServerRef<DynamicServer>,
    _child: PhantomData<fn() -> S>,
}

impl<S: Supervised> DynamicStarter<S> {
    /// Starts a child, each time with what `arguments` makes.
    pub fn start_child(
        &self,
        mut arguments: impl FnMut() -> S::Args + Send + 'static,
    ) -> StartingChild<S::Handle> {
        let id = std::any::type_name::<S>();
        self.start_spec(ChildSpec::new(id, move || S::start_child(arguments())))
    }
}

impl<S> DynamicStarter<S> {
    fn start_spec<H: ChildHandle>(&self, spec: ChildSpec<H>) -> StartingChild<H> {
        start_spec(&self.server, spec)
    }
}

/// Asks a dynamic supervisor for a child, once the answer is polled.
pub(crate) fn start_spec<H: ChildHandle>(
    server: &ServerRef<DynamicServer>,
    spec: ChildSpec<H>,
) -> StartingChild<H> {
    if spec.significant {
        let error = SpecError::SignificantDynamic(spec.id);
        return StartingChild(Starting::Refused(Some(error)));
    }
    let handle = spec.handle();
    let call = start_erased(server, spec.erase());
    StartingChild(Starting::Asked { handle, call })
}

/// The request for a child, as a supervisor keeps it.
pub(crate) type StartCall = TryCall<DynamicMessage, Result<Pid, StartChildError>>;

/// Asks a dynamic supervisor for a child, once the answer is polled.
pub(crate) fn start_erased(server: &ServerRef<DynamicServer>, spec: ErasedSpec) -> StartCall {
    let call = server.try_call(|reply_to| Request::Start { spec, reply_to }.into());
    call.timeout_infinite()
}

/// Asks a dynamic supervisor for the children.
pub(crate) fn which_children(
    server: &ServerRef<DynamicServer>,
) -> Call<DynamicMessage, Vec<ChildInfo>> {
    let children = server.call(|reply_to| Request::Which { reply_to }.into());
    children.timeout_infinite()
}

/// Asks a dynamic supervisor to stop a child.
pub(crate) fn terminate_child(
    server: &ServerRef<DynamicServer>,
    pid: Pid,
) -> TryCall<DynamicMessage, Result<(), ChildError>> {
    let answer = server.try_call(|reply_to| Request::Terminate { pid, reply_to }.into());
    answer.timeout_infinite()
}

impl<S> fmt::Debug for DynamicStarter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicStarter").field(&self.server).finish()
    }
}

/// A child that is being started under a dynamic supervisor: a future of the handle that follows it.
///
/// # Errors
///
/// See [`StartChildError`].
///
/// # Cancel safety
///
/// It asks when it is first polled. Dropped later, the child starts all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::DynamicSupervisor;
///
/// # otp_core::doc_test(async {
/// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
/// let starting = counters.start_child(40);
/// // Nothing has been asked yet.
/// assert_eq!(counters.count_children().await.unwrap().specs, 0);
/// assert_eq!(starting.await.unwrap().add(2).await, Ok(42));
/// # });
/// ```
#[must_use = "a start does nothing unless it is awaited"]
pub struct StartingChild<H>(Starting<H>);

enum Starting<H> {
    Refused(Option<SpecError>),
    Asked { handle: H, call: StartCall },
}

impl<H> Unpin for StartingChild<H> {}

impl<H: ChildHandle> Future for StartingChild<H> {
    type Output = Result<H, StartChildError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Starting::Refused(error) => match error.take() {
                Some(error) => Poll::Ready(Err(StartChildError::Spec(error))),
                None => Poll::Pending,
            },
            Starting::Asked { handle, call } => Pin::new(call).poll(cx).map(|started| {
                started?;
                Ok(handle.clone())
            }),
        }
    }
}

impl<H> fmt::Debug for StartingChild<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartingChild").finish_non_exhaustive()
    }
}

/// What a dynamic supervisor is asked.
#[doc(hidden)]
#[derive(Debug)]
pub struct DynamicMessage(Request);

impl DynamicMessage {
    /// Asks for the children.
    pub(super) fn which(reply_to: ReplyTo<Vec<ChildInfo>>) -> Self {
        Request::Which { reply_to }.into()
    }
}

impl From<Request> for DynamicMessage {
    fn from(request: Request) -> Self {
        DynamicMessage(request)
    }
}

#[derive(Debug)]
pub(super) enum Request {
    Start {
        spec: ErasedSpec,
        reply_to: ReplyTo<Result<Pid, StartChildError>>,
    },
    Terminate {
        pid: Pid,
        reply_to: ReplyTo<Result<(), ChildError>>,
    },
    Which {
        reply_to: ReplyTo<Vec<ChildInfo>>,
    },
    Count {
        reply_to: ReplyTo<ChildCounts>,
    },
    /// To itself: the restart of the child that was this process has failed and is to be tried again.
    TryAgain(Pid),
    /// To itself: the restart of the child that was this process was put off and is due.
    Due(Pid),
}

/// The server of a dynamic supervisor. [`DynamicSupervisorRef`] is its handle.
///
/// It stands in the types of those that ask the process itself.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::DynamicSupervisor;
/// use otp_core::supervisor::DynamicServer;
///
/// # otp_core::doc_test(async {
/// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
/// let server: &ServerRef<DynamicServer> = counters.server();
/// assert_eq!(server.pid(), counters.pid());
/// # });
/// ```
pub struct DynamicServer {
    flags: Flags,
    intensity: Intensity,
    max_children: usize,
    /// By the process; while one is restarted, by its last.
    children: BTreeMap<Pid, DynamicWorker>,
}

#[derive(Debug)]
struct DynamicWorker {
    worker: Worker,
    is_restarting: bool,
}

impl DynamicWorker {
    fn state(&self, pid: Pid) -> ChildState {
        if self.is_restarting {
            ChildState::Restarting
        } else {
            ChildState::Running(pid)
        }
    }
}

impl GenServer for DynamicServer {
    type Args = DynamicSetup;
    type Message = DynamicMessage;

    const OPTIONS: ServerOptions = ServerOptions::SUPERVISOR;

    async fn init(setup: DynamicSetup, cx: &mut Context<Self>) -> Result<Self, InitError> {
        if setup.flags.period.is_zero() {
            return Err(SpecError::ZeroPeriod.into());
        }
        cx.trap_exit(true);
        Ok(DynamicServer {
            flags: setup.flags,
            intensity: Intensity::new(setup.flags.max_restarts, setup.flags.period),
            max_children: setup.max_children,
            children: BTreeMap::new(),
        })
    }

    async fn handle_message(&mut self, message: DynamicMessage, cx: &mut Context<Self>) {
        match message.0 {
            Request::Start { spec, reply_to } => {
                let started = self.start_child(spec, cx).await;
                cx.reply(reply_to, started);
            }
            Request::Terminate { pid, reply_to } => {
                let terminated = self.terminate_child(pid, cx).await;
                cx.reply(reply_to, terminated);
            }
            Request::Which { reply_to } => {
                let children = self.children.iter();
                let infos = children.map(|(pid, child)| child.worker.info(child.state(*pid)));
                cx.reply(reply_to, infos.collect());
            }
            Request::Count { reply_to } => cx.reply(reply_to, self.count(cx)),
            Request::TryAgain(pid) => {
                if self.children.contains_key(&pid) {
                    self.restart(pid, cx).await;
                }
            }
            Request::Due(pid) => {
                if self.children.contains_key(&pid) {
                    self.restart_now(pid, cx).await;
                }
            }
        }
    }

    /// A child has ended by itself; a stranger's end means nothing.
    async fn handle_exit(&mut self, exit: Exit, cx: &mut Context<Self>) {
        let (pid, reason) = (exit.pid, &exit.reason);
        let Some(child) = self.children.get(&pid).filter(|child| !child.is_restarting) else {
            return;
        };
        let restart = child.worker.restart;
        if is_reported(restart, reason) {
            let offender = child.worker.offender(Some(pid));
            let error = || SupervisorError::ChildTerminated(reason.clone());
            report::error(&**cx.cell(), error, &offender);
        }
        match verdict(restart, reason) {
            Verdict::Gone => {
                self.children.remove(&pid);
            }
            Verdict::Restart => self.restart(pid, cx).await,
        }
    }

    /// Stops all at once. Each has its own shutdown time.
    async fn terminate(&mut self, _reason: &ExitReason, cx: &mut Context<Self>) {
        let began = Instant::now();
        let children = self.children.values_mut();
        let mut asked: Vec<(&mut Worker, Stopping)> = children
            .filter(|child| !child.is_restarting)
            .filter_map(|child| {
                let stopping = child.worker.ask_to_stop(&**cx.cell())?;
                Some((&mut child.worker, stopping))
            })
            .collect();
        // Those with the least time first: while one is waited for, no other one's time runs out unseen.
        asked.sort_by_key(|(_, stopping)| stopping.time().unwrap_or(Duration::MAX));
        let mut patience = Patience::default();
        for (worker, stopping) in asked {
            let time = stopping.time();
            let left = time.map(|time| time.saturating_sub(began.elapsed()));
            if let Err(unexpected) = stopping.gone(left, &mut patience).await {
                let offender = worker.offender(Some(unexpected.pid));
                let error = || SupervisorError::ShutdownError(unexpected.reason);
                report::error(&**cx.cell(), error, &offender);
            }
        }
    }

    fn format_status(&self) -> String {
        format!("DynamicSupervisor {{ {} children }}", self.children.len())
    }

    fn message_name(message: &DynamicMessage) -> &'static str {
        match message.0 {
            Request::Start { .. } => "start_child",
            Request::Terminate { .. } => "terminate_child",
            Request::Which { .. } => "which_children",
            Request::Count { .. } => "count_children",
            Request::TryAgain(_) => "try_again",
            Request::Due(_) => "due",
        }
    }
}

impl DynamicServer {
    async fn start_child(
        &mut self,
        spec: ErasedSpec,
        cx: &mut Context<Self>,
    ) -> Result<Pid, StartChildError> {
        if self.children.len() >= self.max_children {
            return Err(StartChildError::MaxChildren);
        }
        let mut worker = Worker::new(spec);
        let pid = worker.start().await.map_err(StartChildError::Start)?;
        self.insert(pid, worker, cx);
        Ok(pid)
    }

    fn insert(&mut self, pid: Pid, worker: Worker, cx: &Context<Self>) {
        report::progress(&**cx.cell(), &worker.offender(Some(pid)));
        let child = DynamicWorker {
            worker,
            is_restarting: false,
        };
        self.children.insert(pid, child);
    }

    /// A child is to be started again: one restart more.
    async fn restart(&mut self, pid: Pid, cx: &mut Context<Self>) {
        if !self.intensity.allows(Instant::now()) {
            if let Some(child) = self.children.remove(&pid) {
                let offender = child.worker.offender(Some(pid));
                let error = || SupervisorError::ReachedMaxRestartIntensity;
                report::error(&**cx.cell(), error, &offender);
            }
            cx.stop(ExitReason::Shutdown);
            return;
        }
        match (self.flags.back_off, self.children.get_mut(&pid)) {
            (Some(back_off), Some(child)) => {
                child.is_restarting = true;
                let delay = back_off.delay(self.intensity.recent());
                cx.send_after(delay, Request::Due(pid).into());
            }
            _ => self.restart_now(pid, cx).await,
        }
    }

    async fn restart_now(&mut self, pid: Pid, cx: &mut Context<Self>) {
        let Some(mut child) = self.children.remove(&pid) else {
            return;
        };
        match child.worker.start().await {
            Ok(pid) => self.insert(pid, child.worker, cx),
            Err(StartError::Ignore) => {}
            Err(error) => {
                let offender = child.worker.offender(Some(pid));
                let error = || SupervisorError::StartError(error);
                report::error(&**cx.cell(), error, &offender);
                child.is_restarting = true;
                self.children.insert(pid, child);
                cx.send(Request::TryAgain(pid).into());
            }
        }
    }

    async fn terminate_child(
        &mut self,
        pid: Pid,
        cx: &mut Context<Self>,
    ) -> Result<(), ChildError> {
        let mut child = self.children.remove(&pid).ok_or(ChildError::NotFound)?;
        if child.is_restarting {
            return Ok(());
        }
        let Some(stopping) = child.worker.ask_to_stop(&**cx.cell()) else {
            return Ok(());
        };
        let time = stopping.time();
        if let Err(unexpected) = stopping.gone(time, &mut Patience::default()).await {
            let offender = child.worker.offender(Some(unexpected.pid));
            let error = || SupervisorError::ShutdownError(unexpected.reason);
            report::error(&**cx.cell(), error, &offender);
        }
        Ok(())
    }

    fn count(&self, cx: &Context<Self>) -> ChildCounts {
        let mut counts = ChildCounts::default();
        for (pid, child) in &self.children {
            let is_alive = !child.is_restarting && cx.node().is_alive(*pid);
            counts.add(child.worker.kind, is_alive);
        }
        counts
    }
}

impl fmt::Debug for DynamicServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format_status())
    }
}

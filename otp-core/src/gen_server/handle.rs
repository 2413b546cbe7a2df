//! Handles: what clients hold of a server.

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use super::GenServer;
use crate::call::{Call, TryCall};
use crate::exit::ExitReason;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::process::cell::{Cell, Process};
use crate::process::place::Place;
use crate::process::signal::Signal;
use crate::process::{self, Location, MonitorRef, Recipient, Route, Sent, Target, scope};
use crate::registry::{Key, RegisteredAs, Registrable, RegistryRef, Value};
use crate::reply::{self, Answer, ReplyTo};
use crate::sendable::{IsSendable, Sendable};
use crate::sys::SystemRequest;

/// A handle to a server of type `S`: the address of one process, of a supervised child through its restarts, or of
/// whoever holds a name.
///
/// Cheap to clone, and `Eq` and `Hash` by the address, never by what it resolves to. It carries its node, so that it
/// works in any task, and it keeps nothing alive: dropping handles stops nothing. `#[gen_server]` wraps it in a type of
/// the server's own, `CounterRef`, which has a method for each call and cast and derefs to this.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).name("hits").await.unwrap();
/// let pinned: &ServerRef<Counter> = &counter;
/// let by_name = ServerRef::<Counter>::named("hits");
/// assert_eq!(pinned.pid(), by_name.pid());
/// // They lead to the same process, and are two addresses.
/// assert_ne!(*pinned, by_name);
/// # });
/// ```
pub struct ServerRef<S: GenServer>(Sendable<RouteTo<S>>);

/// A route to a server: `Send` because a server's messages are, whatever they are made of.
struct RouteTo<S: GenServer>(Route<S::Message>);

impl<S: GenServer> IsSendable for RouteTo<S> {}

impl<S: GenServer> ServerRef<S> {
    fn new(route: Route<S::Message>) -> Self {
        ServerRef(Sendable(RouteTo(route)))
    }

    pub(crate) fn pinned(cell: Arc<Cell<S::Message>>) -> Self {
        ServerRef::new(Route::Pinned(cell))
    }

    pub(crate) fn placed(place: Arc<Place<S::Message>>) -> Self {
        ServerRef::new(Route::Placed(place))
    }

    /// The place that this follows, if it follows a child.
    pub(crate) fn place(&self) -> Option<&Arc<Place<S::Message>>> {
        match self.route() {
            Route::Placed(place) => Some(place),
            Route::Pinned(_) | Route::Part(_) | Route::Named(_) | Route::Via(_) => None,
        }
    }

    /// A handle to whoever holds `name` in the current node, looked up at each use: it survives a restart.
    ///
    /// In OTP the name itself stands for its server; here a handle does, which knows what kind of server that is.
    ///
    /// # Panics
    ///
    /// Panics outside a node.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let hits = ServerRef::<Counter>::named("hits");
    /// assert!(!hits.is_alive());
    /// let counter = Counter::start(0).name("hits").await.unwrap();
    /// assert_eq!(hits.pid(), counter.pid());
    /// # });
    /// ```
    #[track_caller]
    #[must_use]
    pub fn named(name: impl Into<Name>) -> Self {
        let node =
            scope::node().expect("a handle by name needs a node: use `named_on` outside one");
        Self::named_on(&node, name)
    }

    /// A handle to whoever holds `name` in `node`.
    ///
    /// Works outside a node.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let node = Node::new();
    /// node.run(async { Counter::start(0).name("hits").await }).await.unwrap();
    /// assert!(ServerRef::<Counter>::named_on(&node, "hits").is_alive());
    /// assert!(!ServerRef::<Counter>::named("hits").is_alive());
    /// # node.kill_all().await;
    /// # });
    /// ```
    #[must_use]
    pub fn named_on(node: &Node, name: impl Into<Name>) -> Self {
        ServerRef::new(Route::Named(Box::new((node.clone(), name.into()))))
    }

    /// A handle to whoever is registered under `key`, looked up at each use: it survives a restart. With nobody there, a
    /// call fails with [`CallFailure::NoProc`](crate::CallFailure::NoProc), and a cast is dropped.
    ///
    /// Mirrors `{:via, Registry, {registry, key}}`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// let seven = ServerRef::<Room>::via(&rooms, 7);
    /// assert_eq!(seven.pid(), None);
    /// let room = Room::start().via(&rooms, 7).await.unwrap();
    /// assert_eq!(seven.pid(), room.pid());
    /// # });
    /// ```
    #[must_use]
    pub fn via<K, R, V>(registry: &RegistryRef<K, R, V>, key: K) -> Self
    where
        K: Key,
        R: Registrable,
        V: Value,
        S: RegisteredAs<R>,
    {
        ServerRef::new(registry.route(key))
    }

    /// Asks, and waits for the answer. `build` makes the message around the place for the answer.
    ///
    /// Mirrors `GenServer.call/3`. The methods that `#[gen_server]` makes do this.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use doc_servers::CounterMessage;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(40).await.unwrap();
    /// let answer = counter.call(|reply_to| CounterMessage::Add { by: 2, reply_to });
    /// assert_eq!(answer.await, Ok(42));
    /// # });
    /// ```
    #[doc(alias = "ask")]
    #[inline]
    pub fn call<T: Send + 'static>(
        &self,
        build: impl FnOnce(ReplyTo<T>) -> S::Message,
    ) -> Call<S::Message, T> {
        Call::new(self.route().clone(), build)
    }

    /// Asks a handler that answers with a `Result`, which `R` is.
    ///
    /// The future gives one `Result`: the handler's error is [`CallError::Handler`](crate::CallError::Handler).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Account, Overdrawn};
    /// # use doc_servers::AccountMessage;
    /// # otp_core::doc_test(async {
    /// let account = Account::start(10).await.unwrap();
    /// let answer = account.try_call(|reply_to| AccountMessage::Withdraw { amount: 20, reply_to });
    /// assert_eq!(answer.await, Err(CallError::Handler(Overdrawn)));
    /// # });
    /// ```
    #[inline]
    pub fn try_call<R: Send + 'static>(
        &self,
        build: impl FnOnce(ReplyTo<R>) -> S::Message,
    ) -> TryCall<S::Message, R> {
        TryCall::new(self.route().clone(), build)
    }

    /// Sends a message and does not wait: `GenServer.cast/2`.
    ///
    /// It always succeeds, also towards a process that is gone. Queued does not mean handled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use doc_servers::CounterMessage;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(40).await.unwrap();
    /// let sent = counter.cast(CounterMessage::Reset);
    /// assert_eq!(sent.outcome(), Some(CastOutcome::Queued));
    /// assert_eq!(counter.add(1).await, Ok(1));
    /// # });
    /// ```
    #[doc(alias = "tell")]
    #[doc(alias = "do_send")]
    #[inline]
    pub fn cast(&self, message: S::Message) -> Sent<S::Message> {
        self.route().cast(message)
    }

    /// The process; None if nobody holds the name. `GenServer.whereis/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).name("hits").await.unwrap();
    /// assert_eq!(counter.pid(), process::whereis("hits"));
    /// assert_eq!(ServerRef::<Counter>::named("misses").pid(), None);
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.route().pid()
    }

    /// Whether there is a process.
    ///
    /// As everywhere, it may end as soon as this has been answered.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// assert!(counter.is_alive());
    /// counter.stop().await.unwrap();
    /// assert!(!counter.is_alive());
    /// # });
    /// ```
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.process().is_some()
    }

    /// A handle to the process that this one leads to now. A handle that is pinned already is the same.
    ///
    /// None if there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let hits = ServerRef::<Counter>::named("hits");
    /// assert_eq!(hits.pin(), None);
    /// let counter = Counter::start(0).name("hits").await.unwrap();
    /// assert_eq!(hits.pin().as_ref(), Some(counter.as_ref()));
    /// # });
    /// ```
    #[must_use]
    pub fn pin(&self) -> Option<Self> {
        self.route().resolve().ok().map(Self::pinned)
    }

    /// Watches the server from the current process, see [`process::monitor`].
    ///
    /// # Panics
    ///
    /// Panics outside a process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let monitor = counter.monitor();
    /// counter.stop().await.unwrap();
    /// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    #[track_caller]
    pub fn monitor(&self) -> MonitorRef {
        process::monitor(self.locate())
    }

    /// Stops the server and waits until it is gone and its name is free: `GenServer.stop/3`.
    ///
    /// Its `terminate` runs. The reason is [`ExitReason::Normal`] and there is no timeout, unless set.
    ///
    /// In OTP a stop that fails ends the caller; here it is a [`StopError`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).name("hits").await.unwrap();
    /// assert_eq!(counter.stop().await, Ok(()));
    /// assert_eq!(process::whereis("hits"), None);
    /// # });
    /// ```
    pub fn stop(&self) -> Stop<S> {
        Stop {
            state: StopState::New(self.route().clone()),
            reason: ExitReason::Normal,
            timeout: None,
            sleep: None,
        }
    }

    /// Waits until the process is gone, and tells why; [`ExitReason::NoProc`] if there is none. From any task.
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
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// process::exit(&counter, ExitReason::Kill);
    /// assert_eq!(counter.ended().await, ExitReason::Killed);
    /// # });
    /// ```
    pub async fn ended(&self) -> ExitReason {
        match self.route().resolve() {
            Ok(cell) => wait_for_end(&*cell).await,
            Err(_) => ExitReason::NoProc,
        }
    }

    pub(crate) fn process(&self) -> Option<Arc<dyn Process>> {
        let cell = self.route().resolve().ok()?;
        let alive = cell.core().vital().is_alive();
        alive.then_some(cell as Arc<dyn Process>)
    }

    pub(crate) fn route(&self) -> &Route<S::Message> {
        &self.0.0.0
    }
}

pub(crate) async fn wait_for_end(process: &dyn Process) -> ExitReason {
    let (reply_to, mut answer) = reply::answer();
    if let Some(reason) = process.core().vital().on_end(reply_to) {
        return reason;
    }
    let reason = std::future::poll_fn(|cx| answer.poll(cx.waker())).await;
    reason
        .or_else(|| process.core().ended())
        .unwrap_or(ExitReason::NoProc)
}

impl<S: GenServer> Clone for ServerRef<S> {
    fn clone(&self) -> Self {
        ServerRef::new(self.route().clone())
    }
}

impl<S: GenServer> PartialEq for ServerRef<S> {
    fn eq(&self, other: &Self) -> bool {
        self.route() == other.route()
    }
}

impl<S: GenServer> Eq for ServerRef<S> {}

impl<S: GenServer> Hash for ServerRef<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.route().hash(state);
    }
}

impl<S: GenServer> fmt::Display for ServerRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.route(), f)
    }
}

impl<S: GenServer> fmt::Debug for ServerRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerRef({})", self.route())
    }
}

impl<S: GenServer> AsRef<ServerRef<S>> for ServerRef<S> {
    fn as_ref(&self) -> &ServerRef<S> {
        self
    }
}

/// A handle of any kind to a server: [`ServerRef`], and the types that `#[gen_server]` makes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use doc_servers::CounterRef;
/// /// Stops whatever server it is, and tells whether it was there.
/// async fn stop<H: ServerHandle>(server: &H) -> bool {
///     server.as_ref().stop().await.is_ok()
/// }
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// assert!(stop(&counter).await);
/// assert!(!stop(&CounterRef::named("hits")).await);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a server's handle",
    note = "a handle is `ServerRef<Counter>`, or the `CounterRef` that `#[gen_server]` makes"
)]
pub trait ServerHandle:
    Clone + From<ServerRef<Self::Server>> + AsRef<ServerRef<Self::Server>> + 'static
{
    /// The server.
    type Server: GenServer;

    /// A handle to whoever holds `name` in the current node, looked up at each use: it survives a restart.
    ///
    /// # Panics
    ///
    /// Panics outside a node.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use doc_servers::CounterRef;
    /// # otp_core::doc_test(async {
    /// Counter::start(40).name("hits").await.unwrap();
    /// assert_eq!(CounterRef::named("hits").add(2).await, Ok(42));
    /// # });
    /// ```
    #[track_caller]
    #[must_use]
    fn named(name: impl Into<Name>) -> Self {
        ServerRef::named(name).into()
    }

    /// A handle to whoever is registered under `key`, looked up at each use: it survives a restart.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # use doc_servers::RoomRef;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<&str, Room>::unique().start_link().await.unwrap();
    /// Room::start().via(&rooms, "tea").await.unwrap();
    /// assert_eq!(RoomRef::via(&rooms, "tea").say("hello".to_owned()).await, Ok(1));
    /// # });
    /// ```
    #[must_use]
    fn via<K, R, V>(registry: &RegistryRef<K, R, V>, key: K) -> Self
    where
        K: Key,
        R: Registrable,
        V: Value,
        Self::Server: RegisteredAs<R>,
    {
        ServerRef::via(registry, key).into()
    }
}

impl<S: GenServer> ServerHandle for ServerRef<S> {
    type Server = S;
}

impl<H: ServerHandle> Target for &H {
    fn locate(&self) -> Location {
        self.as_ref().route().locate()
    }
}

impl<S: GenServer> ServerRef<S> {
    fn locate(&self) -> Location {
        self.route().locate()
    }
}

impl Target for Location {
    fn locate(&self) -> Location {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<H: ServerHandle + Send> Recipient for H {
    type Message = <H::Server as GenServer>::Message;

    fn deliver(&self, message: Self::Message) {
        self.as_ref().cast(message);
    }

    fn is_alive(&self) -> bool {
        match self.as_ref().route() {
            Route::Pinned(cell) => cell.core().vital().is_alive(),
            Route::Part(inlet) => inlet.core().vital().is_alive(),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => true,
        }
    }

    fn node(&self) -> Node {
        let route = self.as_ref().route();
        // The usual case, without a look at the others.
        if let Route::Pinned(cell) = route {
            return cell.core().node().clone();
        }
        let node = route.node().or_else(Node::current);
        node.expect("a child that has never begun has no node yet: send to it from inside one")
    }

    fn owner_of_timer(&self) -> Option<Pid> {
        match self.as_ref().route() {
            Route::Pinned(cell) => Some(cell.core().pid()),
            route => route.locate().fixed_pid(),
        }
    }

    fn owner_of_interval(&self) -> Option<Pid> {
        self.as_ref().pid()
    }
}

/// Why a stop did not end as asked.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// counter.stop().await.unwrap();
/// assert_eq!(counter.stop().await, Err(StopError::NoProc));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// There is no such process, or nobody holds the name.
    #[error("no such process")]
    NoProc,
    /// It was not gone in time. It is not killed, and goes on terminating.
    #[error("the server did not stop in time")]
    Timeout,
    /// It is gone, for another reason than the one that was asked for.
    #[error("the server ended: {0}")]
    Exit(ExitReason),
    /// A process asked itself. `cx.stop(reason)` is the way.
    #[error("a process stopped itself")]
    CallingSelf,
    /// The name is held by another kind of server.
    #[error("the name is held by another kind of server")]
    WrongServer,
}

enum StopState<M> {
    New(Route<M>),
    Waiting {
        cell: Arc<Cell<M>>,
        end: Answer<ExitReason>,
    },
    Done,
}

/// A stop of a server: a future that is done when the server is gone; made by [`ServerRef::stop`].
///
/// Unless set, the reason is [`ExitReason::Normal`] and there is no timeout, as in OTP.
///
/// # Errors
///
/// See [`StopError`].
///
/// # Cancel safety
///
/// Dropped after it was polled, the server stops all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// let monitor = counter.monitor();
/// counter.stop().reason(ExitReason::Shutdown).timeout(Duration::from_secs(1)).await.unwrap();
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Shutdown);
/// # });
/// ```
#[must_use = "a stop does nothing unless it is awaited"]
pub struct Stop<S: GenServer> {
    state: StopState<S::Message>,
    reason: ExitReason,
    timeout: Option<Duration>,
    sleep: Option<Pin<Box<crate::time::Sleep>>>,
}

impl<S: GenServer> Stop<S> {
    /// With this reason.
    pub fn reason(mut self, reason: ExitReason) -> Self {
        self.reason = reason;
        self
    }

    /// Waits no longer than this. The server goes on stopping.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Asks the server to stop, the first time.
    fn begin(&mut self) -> Result<(), StopError> {
        let StopState::New(route) = &self.state else {
            return Ok(());
        };
        let cell = route.resolve().map_err(|astray| match astray {
            process::Astray::NoProc => StopError::NoProc,
            process::Astray::WrongServer => StopError::WrongServer,
        })?;
        if scope::with_process(|process| process.core().pid()) == Some(cell.core().pid()) {
            return Err(StopError::CallingSelf);
        }
        let (reply_to, end) = reply::answer();
        if cell.core().vital().on_end(reply_to).is_some() {
            return Err(StopError::NoProc);
        }
        cell.push_signal(Signal::System(SystemRequest::Stop(self.reason.clone())));
        self.state = StopState::Waiting { cell, end };
        self.sleep = self
            .timeout
            .map(|timeout| Box::pin(crate::time::sleep(timeout)));
        Ok(())
    }
}

impl<S: GenServer> Unpin for Stop<S> {}

impl<S: GenServer> Future for Stop<S> {
    type Output = Result<(), StopError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Err(error) = this.begin() {
            this.state = StopState::Done;
            return Poll::Ready(Err(error));
        }
        let StopState::Waiting { cell, end } = &mut this.state else {
            return Poll::Pending;
        };
        if let Poll::Ready(reason) = end.poll(cx.waker()) {
            let reason = reason
                .or_else(|| cell.core().ended())
                .unwrap_or(ExitReason::NoProc);
            this.state = StopState::Done;
            return Poll::Ready(if reason == this.reason {
                Ok(())
            } else {
                Err(StopError::Exit(reason))
            });
        }
        match &mut this.sleep {
            Some(sleep) => sleep.as_mut().poll(cx).map(|()| Err(StopError::Timeout)),
            None => Poll::Pending,
        }
    }
}

impl<S: GenServer> fmt::Debug for Stop<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("reason", &self.reason)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

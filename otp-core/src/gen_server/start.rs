//! Starting a server: its init runs in the starter's task, as the new process, and the task of its own begins when init
//! has returned. So a start costs one task and no message.
//!
//! Until then the process is in its node's table under its pid and its name, and messages to it queue.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::run::serve;
use super::{Context, GenServer, InitError, ServerHandle, ServerRef};
use crate::exit::ExitReason;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::process::cell::{Cell, Process};
use crate::process::kind::Kind;
use crate::process::place::Place;
use crate::process::run::{Catch, Crash, catch, contain, running};
use crate::process::scope::{self, Orphan};
use crate::process::{self, MonitorRef, RegisterError, signal};
use crate::registry::{Key, RegisteredAs, Registrable, RegistryRef, Value};
use crate::telemetry::{ProcessStart, ServerInit};
use crate::{report, rt};

/// Why a server was not started.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let first = Counter::start(0).name("hits").await.unwrap();
/// let second = Counter::start(0).name("hits").await;
/// assert_eq!(second, Err(StartError::AlreadyStarted(first.pid().unwrap())));
/// assert_eq!(Counter::start(0).name("").await, Err(StartError::MalformedName));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The name, or the key of a registry, is taken by this process.
    #[error("already started: {0}")]
    AlreadyStarted(Pid),
    /// Its init failed, panicked, or was ended by an exit signal.
    #[error("init failed: {0}")]
    Init(ExitReason),
    /// Its init asked not to be started.
    #[error("init asked not to be started")]
    Ignore,
    /// Its init did not return in time, and was killed.
    #[error("init did not return in time")]
    Timeout,
    /// A link or a monitor needs a process, and the starter is none.
    #[error(
        "only a process can start a server with a link or a monitor: use `start`, or start it from `main`, a test or a process"
    )]
    NotAProcess,
    /// The empty name is none.
    #[error("the name is empty")]
    MalformedName,
    /// The registry that it was to be registered in has ended.
    #[error("the registry has ended")]
    NoRegistry,
    /// The tree of a supervisor is wrong; nothing has started.
    #[error(transparent)]
    Spec(#[from] crate::supervisor::SpecError),
}

/// What starting gives: a handle, or a handle and a monitor.
///
/// Implemented for every [`ServerHandle`], and for a pair of one and a [`MonitorRef`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::gen_server::Started;
/// fn server<R: Started>() -> &'static str {
///     std::any::type_name::<R::Server>()
/// }
///
/// assert_eq!(server::<ServerRef<Counter>>(), server::<(ServerRef<Counter>, MonitorRef)>());
/// ```
pub trait Started: Sized {
    /// The server that is started.
    type Server: GenServer;

    #[doc(hidden)]
    const MONITOR: bool;

    #[doc(hidden)]
    fn started(server: ServerRef<Self::Server>, monitor: Option<MonitorRef>) -> Self;
}

impl<H: ServerHandle> Started for H {
    type Server = H::Server;
    const MONITOR: bool = false;

    fn started(server: ServerRef<H::Server>, _: Option<MonitorRef>) -> Self {
        server.into()
    }
}

impl<H: ServerHandle> Started for (H, MonitorRef) {
    type Server = H::Server;
    const MONITOR: bool = true;

    fn started(server: ServerRef<H::Server>, monitor: Option<MonitorRef>) -> Self {
        (
            server.into(),
            monitor.expect("it was set when the start began"),
        )
    }
}

/// What the init of a server has come to.
///
/// What the future of an init gives to its [`Start`]; nobody else can make one or look into it. It stands in the types of
/// functions that return a start.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Tally;
/// use otp_core::gen_server::{Initialized, Start};
///
/// /// A tally that begins at 40.
/// fn start() -> Start<ServerRef<Tally>, impl Future<Output = Initialized<Tally>> + Send> {
///     gen_server::start(40)
/// }
///
/// # otp_core::doc_test(async {
/// assert!(start().await.unwrap().is_alive());
/// # });
/// ```
pub struct Initialized<S: GenServer> {
    state: Result<S, InitError>,
    cx: Context<S>,
}

impl<S: GenServer> fmt::Debug for Initialized<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initialized")
            .field("cx", &self.cx)
            .finish_non_exhaustive()
    }
}

/// Starts a server: `GenServer.start/3`, without a link.
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
/// As of [`Start`]: dropped before it is done, the process that had begun is killed, and its name is free.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Tally, TallyMessage};
/// # otp_core::doc_test(async {
/// // A server that is written by hand, with `type Args = i64`.
/// let tally: ServerRef<Tally> = gen_server::start(40).await.unwrap();
/// assert_eq!(tally.call(|reply_to| TallyMessage::Add { by: 2, reply_to }).await, Ok(42));
/// assert!(process::info(&tally).unwrap().links.is_empty());
/// # });
/// ```
#[track_caller]
pub fn start<H: ServerHandle>(
    args: <H::Server as GenServer>::Args,
) -> Start<H, impl Future<Output = Initialized<H::Server>> + Send> {
    begin(args, false)
}

/// Starts a server that is linked with the current process: `GenServer.start_link/3`.
///
/// Outside a process it is [`StartError::NotAProcess`]. An init that fails sends no exit signal to the starter, as in OTP
/// since its release 26: the error says it.
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
/// As of [`Start`]: dropped before it is done, the process that had begun is killed, and its name is free.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Tally;
/// # otp_core::doc_test(async {
/// // A server that is written by hand, with `type Args = i64`.
/// let tally: ServerRef<Tally> = gen_server::start_link(40).await.unwrap();
/// assert_eq!(process::info(&tally).unwrap().links, [process::self_pid()]);
/// # });
/// ```
#[track_caller]
pub fn start_link<H: ServerHandle>(
    args: <H::Server as GenServer>::Args,
) -> Start<H, impl Future<Output = Initialized<H::Server>> + Send> {
    begin(args, true)
}

/// Starts a server that the current process monitors from its first moment: `gen_server:start_monitor/3`.
///
/// Outside a process it is [`StartError::NotAProcess`].
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
/// As of [`Start`]: dropped before it is done, the process that had begun is killed, and its name is free.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Tally;
/// # otp_core::doc_test(async {
/// // A server that is written by hand, with `type Args = i64`.
/// let (tally, monitor): (ServerRef<Tally>, _) = gen_server::start_monitor(40).await.unwrap();
/// tally.stop().await.unwrap();
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
#[track_caller]
pub fn start_monitor<H: ServerHandle>(
    args: <H::Server as GenServer>::Args,
) -> Start<(H, MonitorRef), impl Future<Output = Initialized<H::Server>> + Send> {
    begin(args, false)
}

#[track_caller]
fn begin<R: Started>(
    args: <R::Server as GenServer>::Args,
    link: bool,
) -> Start<R, impl Future<Output = Initialized<R::Server>> + Send> {
    let init = async move {
        // Polled as the new process only, see `Start::poll_init`.
        let mut cx = Context::current();
        let state = R::Server::init(args, &mut cx).await;
        Initialized { state, cx }
    };
    Start {
        init: Some(catch(init)),
        name: None,
        timeout: None,
        link,
        claims: Vec::new(),
        place: None,
        caller: Location::caller(),
        begun: None,
    }
}

/// Makes a process that has not begun its work known somewhere, or refuses it.
pub(crate) type Claim<M> = Box<dyn FnOnce(&Arc<Cell<M>>) -> Result<(), StartError> + Send>;

fn claim_all<M>(cell: &Arc<Cell<M>>, claims: Vec<Claim<M>>) -> Result<(), StartError> {
    for claim in claims {
        claim(cell)?;
    }
    Ok(())
}

/// A start that has begun.
struct Begun<S: GenServer> {
    cell: Arc<Cell<S::Message>>,
    /// The same; empty while its init is polled.
    process: Option<Arc<dyn Process>>,
    monitor: Option<MonitorRef>,
    sleep: Option<Pin<Box<crate::time::Sleep>>>,
    /// When its init began, if somebody wants to know how long that takes.
    began: Option<Instant>,
}

pin_project! {
    /// A server that is being started: a builder that is a future of `R`, a handle, or a handle and a monitor.
    ///
    /// It begins when it is first polled, and is done when the server's init has returned, which runs as the new process
    /// in the task that polls this.
    ///
    /// # Errors
    ///
    /// See [`StartError`]. A start that failed leaves nothing behind: no process, no name, no exit signal to the starter.
    ///
    /// # Panics
    ///
    /// It panics if it is polled outside a node, and names the caller of the start.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the process that had begun is killed, and its name is free.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let start = Counter::start_link(40).name("hits").timeout(Duration::from_secs(5));
    /// // Nothing has begun yet.
    /// assert_eq!(process::whereis("hits"), None);
    /// let counter = start.await.unwrap();
    /// assert_eq!(process::whereis("hits"), counter.pid());
    /// # });
    /// ```
    #[must_use = "a start does nothing unless it is awaited"]
    pub struct Start<R: Started, F> {
        #[pin]
        init: Option<Catch<F>>,
        name: Option<Name>,
        timeout: Option<Duration>,
        link: bool,
        // What is to know the process before its init runs.
        claims: Vec<Claim<<R::Server as GenServer>::Message>>,
        // Where the process is found by those who follow it.
        place: Option<Arc<Place<<R::Server as GenServer>::Message>>>,
        caller: &'static Location<'static>,
        // While the init runs.
        begun: Option<Begun<R::Server>>,
    }

    impl<R: Started, F> PinnedDrop for Start<R, F> {
        fn drop(this: Pin<&mut Self>) {
            this.fail(&ExitReason::Killed, Vec::new());
        }
    }
}

impl<R: Started, F> Start<R, F> {
    /// Registers the server under a name before its init runs.
    ///
    /// A taken name is [`StartError::AlreadyStarted`], an empty one [`StartError::MalformedName`]; no process begins.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Registers the server under a key before its init runs: a `:via` name. [`ServerHandle::via`] finds it.
    ///
    /// A taken key is [`StartError::AlreadyStarted`]; no process begins. Its value is the default one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// let room = Room::start().via(&rooms, 7).await.unwrap();
    /// assert_eq!(rooms.lookup(&7), Some(room.clone()));
    /// let again = Room::start().via(&rooms, 7).await;
    /// assert_eq!(again, Err(StartError::AlreadyStarted(room.pid().unwrap())));
    /// # });
    /// ```
    pub fn via<K, S, V>(self, registry: &RegistryRef<K, S, V>, key: K) -> Self
    where
        K: Key,
        S: Registrable,
        V: Value + Default,
        R::Server: RegisteredAs<S>,
    {
        self.via_value(registry, key, V::default())
    }

    /// Registers the server under a key, with a value, before its init runs. See [`via`](Self::via).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room, &str>::unique().start_link().await.unwrap();
    /// Room::start().via_value(&rooms, 7, "tea").await.unwrap();
    /// assert_eq!(rooms.entry(&7).unwrap().value, "tea");
    /// # });
    /// ```
    pub fn via_value<K, S, V>(self, registry: &RegistryRef<K, S, V>, key: K, value: V) -> Self
    where
        K: Key,
        S: Registrable,
        V: Value,
        R::Server: RegisteredAs<S>,
    {
        let registry = registry.clone();
        self.claim(move |cell| Ok(registry.enter(cell, key, value)?))
    }

    /// Makes the process known by `claim` before its init runs; if that refuses it, no init runs.
    pub(crate) fn claim(
        mut self,
        claim: impl FnOnce(&Arc<Cell<<R::Server as GenServer>::Message>>) -> Result<(), StartError>
        + Send
        + 'static,
    ) -> Self {
        self.claims.push(Box::new(claim));
        self
    }

    /// Makes the process take a place, before its init runs and after it has been claimed.
    pub(crate) fn at(
        mut self,
        place: Option<Arc<Place<<R::Server as GenServer>::Message>>>,
    ) -> Self {
        self.place = place;
        self
    }

    /// Kills it if its init has not returned after this time. By default there is no limit, as in OTP.
    ///
    /// The error is [`StartError::Timeout`]. Mirrors the option `timeout` of `GenServer.start_link/3`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::prelude::*;
    ///
    /// #[gen_server]
    /// pub struct Slow;
    ///
    /// #[gen_server]
    /// impl Slow {
    ///     #[init]
    ///     async fn init() -> Self { std::future::pending().await }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let started = Slow::start().timeout(Duration::from_millis(1)).await;
    /// assert_eq!(started, Err(StartError::Timeout));
    /// # });
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

fn begin_process<S: GenServer>(
    monitored: bool,
    link: bool,
    name: Option<Name>,
    claims: Vec<Claim<S::Message>>,
    place: Option<&Place<S::Message>>,
    timeout: Option<Duration>,
    caller: &Location<'_>,
) -> Result<Begun<S>, StartError> {
    let Some(node) = scope::node() else {
        panic!(
            "a server was started outside a node, at {caller}: \
             start it in `#[otp_core::main]`, `#[otp_core::test]`, a process, or with `node.run(…)`"
        )
    };
    let starter = scope::process();
    if starter.is_none() && (link || monitored) {
        return Err(StartError::NotAProcess);
    }
    if name.as_ref().is_some_and(|name| name.as_str().is_empty()) {
        return Err(StartError::MalformedName);
    }
    let kind = Kind::new(|message| message.map_or_else(type_name::<S>, S::message_name));
    let cell = Cell::new(node, kind, S::OPTIONS.mailbox);
    let node = cell.core().node();
    let process: Arc<dyn Process> = Arc::clone(&cell) as _;
    // First the table: who finds the name finds the process.
    node.insert(&process);
    let named = name.map_or(Ok(()), |name| register(node, name, &process));
    let claimed = named.and_then(|()| claim_all(&cell, claims));
    if let Err(error) = claimed {
        report::start(&*process);
        let reason = signal::release(&*process, &ExitReason::Normal);
        signal::farewell(&*process, &reason);
        return Err(error);
    }
    if let Some(place) = place {
        place.occupy(Arc::clone(&cell));
    }
    let mut monitor = None;
    if let Some(starter) = &starter {
        if link {
            process::link_with_parent(&**starter, &*process);
        }
        if monitored {
            monitor = Some(signal::monitor(
                &**starter,
                Some(process.core().pid()),
                None,
            ));
        }
    }
    if node.telemetry().wants::<ProcessStart>() {
        report::start(&*process);
    }
    let began = node.telemetry().wants::<ServerInit>().then(Instant::now);
    let sleep = timeout.map(|timeout| Box::pin(crate::time::sleep(timeout)));
    Ok(Begun {
        cell,
        process: Some(process),
        monitor,
        sleep,
        began,
    })
}

fn register(node: &Node, name: Name, process: &Arc<dyn Process>) -> Result<(), StartError> {
    node.register_process(name, process)
        .map_err(|error| match error {
            RegisterError::Taken(holder) => StartError::AlreadyStarted(holder),
            _ => StartError::MalformedName,
        })
}

/// What the starter is told of an init that failed. What a supervisor's finds wrong with its tree is told as such.
fn stopped(reason: &ExitReason) -> StartError {
    match reason.downcast_ref::<crate::supervisor::SpecError>() {
        Some(wrong) => StartError::Spec(wrong.clone()),
        None => StartError::Init(reason.clone()),
    }
}

/// The code of a process.
type Code = Pin<Box<dyn Future<Output = ExitReason> + Send>>;

/// What a poll of an init comes to.
enum Polled<S: GenServer> {
    Initialized(Initialized<S>),
    Failed(StartError, ExitReason, Vec<Orphan>),
}

impl<R: Started, F> Start<R, F> {
    /// Ends the process that did not begin its work, in the order of every end. No exit signal goes to its parent, who
    /// gets the error instead.
    fn fail(self: Pin<&mut Self>, reason: &ExitReason, orphans: Vec<Orphan>) {
        let mut this = self.project();
        let Some(begun) = this.begun.take() else {
            return;
        };
        let process: &dyn Process = &*begun.cell;
        let reason = signal::release(process, reason);
        let core = process.core();
        let parent = core.vital().parent;
        if let Some(parent) = parent {
            signal::unlink(process, parent);
        }
        let mut this_process = Some(Arc::clone(&begun.cell) as _);
        contain(|| {
            let _acting = scope::act_as(&mut this_process);
            drop(orphans);
            this.init.set(None);
        });
        signal::farewell(process, &reason);
    }
}

impl<R, F> Future for Start<R, F>
where
    R: Started,
    F: Future<Output = Initialized<R::Server>>,
{
    type Output = Result<R, StartError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        let Some(init) = this.init.as_pin_mut() else {
            return Poll::Pending;
        };
        if this.begun.is_none() {
            let name = this.name.take();
            let claims = std::mem::take(this.claims);
            let begun = begin_process(
                R::MONITOR,
                *this.link,
                name,
                claims,
                this.place.as_deref(),
                *this.timeout,
                this.caller,
            )?;
            *this.begun = Some(begun);
        }
        let Some(begun) = this.begun else {
            return Poll::Pending;
        };
        match ready!(begun.poll_init(init, cx)) {
            Polled::Initialized(Initialized {
                state: Ok(state),
                cx,
            }) => {
                begun.tell_init(None);
                let Some(Begun {
                    cell,
                    process: Some(process),
                    monitor,
                    ..
                }) = this.begun.take()
                else {
                    return Poll::Pending;
                };
                // If the init waited, the starter's waker is in place, which would not wake the new task.
                if cell.queue().is_registered() {
                    cell.queue().unregister();
                }
                // Boxed, so that what runs a task is compiled once, and not for each server and each of tokio's schedulers.
                let code: Code = Box::pin(serve(state, cx));
                rt::spawn(cell.core().node(), running(process, code));
                Poll::Ready(Ok(R::started(ServerRef::pinned(cell), monitor)))
            }
            Polled::Initialized(Initialized {
                state: Err(error),
                cx,
            }) => {
                drop(cx);
                let (error, reason) = match error {
                    InitError::Stop(reason) => (stopped(&reason), reason),
                    InitError::Ignore => (StartError::Ignore, ExitReason::Normal),
                };
                begun.tell_init(Some(&error));
                report::crash(&*begun.cell, &reason);
                self.fail(&reason, Vec::new());
                Poll::Ready(Err(error))
            }
            Polled::Failed(error, reason, orphans) => {
                begun.tell_init(Some(&error));
                self.fail(&reason, orphans);
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<S: GenServer> Begun<S> {
    /// The init is over. With the error, if the server does not begin.
    fn tell_init(&self, error: Option<&StartError>) {
        if let Some(began) = self.began {
            report::init(&*self.cell, began, error);
        }
    }

    /// Polls the init as the new process, unless an exit signal or the timeout has ended that.
    fn poll_init<F>(
        &mut self,
        init: Pin<&mut Catch<F>>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Polled<S>>
    where
        F: Future<Output = Initialized<S>>,
    {
        let core = self.cell.core();
        if !core.is_signalled() {
            let polled = {
                let _acting = scope::act_as(&mut self.process);
                init.poll(cx)
            };
            match polled {
                Poll::Ready(Ok(initialized)) => {
                    return Poll::Ready(Polled::Initialized(initialized));
                }
                Poll::Ready(Err(crash)) => {
                    let Crash {
                        reason, orphans, ..
                    } = crash;
                    report::crash(&*self.cell, &reason);
                    return Poll::Ready(Polled::Failed(
                        StartError::Init(reason.clone()),
                        reason,
                        orphans,
                    ));
                }
                Poll::Pending => self.cell.queue().register(cx.waker()),
            }
        }
        if core.is_signalled() {
            let reason = core
                .vital()
                .pending()
                .cloned()
                .unwrap_or(ExitReason::Killed);
            return Poll::Ready(Polled::Failed(
                StartError::Init(reason.clone()),
                reason,
                Vec::new(),
            ));
        }
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(cx));
            return Poll::Ready(Polled::Failed(
                StartError::Timeout,
                ExitReason::Killed,
                Vec::new(),
            ));
        }
        Poll::Pending
    }
}

impl<R: Started, F> fmt::Debug for Start<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("name", &self.name)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

//! Tasks under a supervisor.
//!
//! A task supervisor is a dynamic supervisor whose children are tasks. It starts the process of a task, and binds it to
//! whoever has asked, before the task runs.

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::begin::{Origin, begin, link_with_current, link_with_owner};
use super::child::TaskRef;
use super::handle::Task;
use super::stream::source::{IterSource, StreamSource};
use super::stream::{AsyncStream, Under};
use crate::call::CallFailure;
use crate::child_spec::{Begun, ChildSpec, ChildStart, ErasedSpec, Supervised};
use crate::exit::ExitReason;
use crate::gen_server::{Initialized, ServerHandle, ServerRef, Start, start, start_link};
use crate::options::{ChildKind, Restart, Shutdown};
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::{self};
use crate::registry::{HasHandle, RegisteredAs};
use crate::reply::{self, Answer, ReplyTo};
use crate::supervisor::{
    AnyChild, BackOff, ChildError, DynamicServer, DynamicSetup, DynamicSupervisor, StartCall,
    StartChildError, StartingChild, start_erased, start_spec, terminate_child, which_children,
};

/// A supervisor of tasks before it starts: Elixir's `Task.Supervisor`.
///
/// Unless set: as many tasks as come, three restarts in five seconds of those that are to be restarted, no back-off.
///
/// In a tree: `tasks: TaskSupervisor::new() { max_children: 100 }`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let tasks = TaskSupervisor::new().max_children(100).start_link().await.unwrap();
/// let task = tasks.spawn(async { 6 * 7 }).await.unwrap();
/// assert_eq!(task.await, Ok(42));
/// # });
/// ```
#[derive(Debug)]
#[must_use = "a supervisor does nothing before it is started"]
pub struct TaskSupervisor(DynamicSupervisor<AnyChild>);

impl TaskSupervisor {
    /// One without tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// assert_eq!(tasks.children().await, Ok(vec![]));
    /// # });
    /// ```
    #[expect(clippy::new_without_default, reason = "it is a builder")]
    pub fn new() -> Self {
        TaskSupervisor(DynamicSupervisor::new())
    }

    /// Runs no more tasks than this at a time; one more is refused. Zero takes none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::StartChildError;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().max_children(0).start_link().await.unwrap();
    /// let refused = tasks.spawn(async { 42 }).await;
    /// assert_eq!(refused.unwrap_err(), StartChildError::MaxChildren);
    /// # });
    /// ```
    pub fn max_children(self, max_children: usize) -> Self {
        TaskSupervisor(self.0.max_children(max_children))
    }

    /// Gives up, with shutdown, at more than `max_restarts` restarts within `period`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().max_restarts(10, Duration::from_secs(1));
    /// assert!(tasks.start_link().await.is_ok());
    /// # });
    /// ```
    pub fn max_restarts(self, max_restarts: u32, period: Duration) -> Self {
        TaskSupervisor(self.0.max_restarts(max_restarts, period))
    }

    /// Puts restarts off.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::BackOff;
    /// # otp_core::doc_test(async {
    /// let back_off = BackOff::new(Duration::from_millis(100), Duration::from_secs(10));
    /// assert!(TaskSupervisor::new().back_off(back_off).start_link().await.is_ok());
    /// # });
    /// ```
    pub fn back_off(self, back_off: BackOff) -> Self {
        TaskSupervisor(self.0.back_off(back_off))
    }

    /// Starts it, linked with the current process: `Task.Supervisor.start_link/1`.
    ///
    /// # Errors
    ///
    /// See [`StartError`](crate::StartError).
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
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().name("tasks").await.unwrap();
    /// assert_eq!(TaskSupervisorRef::named("tasks").pid(), tasks.pid());
    /// # });
    /// ```
    #[track_caller]
    pub fn start_link(
        self,
    ) -> Start<TaskSupervisorRef, impl Future<Output = Initialized<DynamicServer>> + Send + use<>>
    {
        start_link::<TaskSupervisorRef>(self.0.into_setup())
    }

    /// Starts it, linked with nothing.
    ///
    /// # Errors
    ///
    /// See [`StartError`](crate::StartError).
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
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start().await.unwrap();
    /// assert_eq!(tasks.stop().await, Ok(()));
    /// # });
    /// ```
    #[track_caller]
    pub fn start(
        self,
    ) -> Start<TaskSupervisorRef, impl Future<Output = Initialized<DynamicServer>> + Send + use<>>
    {
        start::<TaskSupervisorRef>(self.0.into_setup())
    }
}

impl HasHandle for TaskSupervisor {
    type Handle = TaskSupervisorRef;
}

impl RegisteredAs<TaskSupervisor> for DynamicServer {}

impl Supervised for TaskSupervisor {
    type Handle = TaskSupervisorRef;
    type Args = DynamicSetup;

    fn start_child(setup: DynamicSetup) -> impl ChildStart<Handle = Self::Handle> {
        start_link::<TaskSupervisorRef>(setup)
    }
}

/// The handle of a [`TaskSupervisor`]. Cheap to clone; it follows one that is itself supervised.
///
/// It derefs to its [`ServerRef`]: `stop`, `pid`, `monitor` are there.
///
/// # Cancel safety
///
/// What is asked for is asked for when its future is first polled. Dropped later, the supervisor does what it was asked to,
/// and its answer vanishes: a task that it starts runs.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let tasks = TaskSupervisor::new().start_link().await.unwrap();
/// let task = tasks.spawn_nolink(async { 6 * 7 }).await.unwrap();
/// assert_eq!(task.await, Ok(42));
/// # });
/// ```
#[derive(Clone)]
pub struct TaskSupervisorRef {
    server: ServerRef<DynamicServer>,
}

impl TaskSupervisorRef {
    /// Starts a task under the supervisor, linked with the current process: `Task.Supervisor.async/3`. If either crashes,
    /// so does the other.
    ///
    /// The future of it gives the [`Task`] once its process has begun; [`StartingTask`] tells why it may not. It has 5 s to
    /// stop with its supervisor unless [`shutdown`](StartingTask::shutdown) is said. It is never started again.
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
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let task = tasks.spawn(async { process::ancestors() }).await.unwrap();
    /// assert_eq!(task.await.unwrap().first(), tasks.pid().as_ref());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> StartingTask<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let owner = process::current();
        StartingTask::new(self, Some(owner), future)
    }

    /// Starts a task under the supervisor that is not linked with the current process: `Task.Supervisor.async_nolink/3`. It
    /// survives that, and its crash is an error where it is awaited and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # std::panic::set_hook(Box::new(|_| ()));
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let task = tasks.spawn_nolink(async { u32::from_str_radix("two", 10).unwrap() }).await.unwrap();
    /// assert!(matches!(task.await, Err(ExitReason::Panic(_))));
    /// # });
    /// ```
    pub fn spawn_nolink<F>(&self, future: F) -> StartingTask<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        StartingTask::new(self, None, future)
    }

    /// Starts a task under the supervisor that nobody waits for: `Task.Supervisor.start_child/3`. Its value is dropped.
    ///
    /// It is temporary; [`start_child_spec`](Self::start_child_spec) takes one that is to be started again.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let pid = tasks.start_child(std::future::pending::<()>()).await.unwrap();
    /// assert_eq!(tasks.children().await, Ok(vec![pid]));
    /// # });
    /// ```
    pub fn start_child<F>(&self, future: F) -> StartingTaskChild
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let code = async move { drop(future.await) };
        let spec = spec(
            Origin::here(),
            std::any::type_name::<F>(),
            None,
            code,
            |_| (),
        );
        StartingTaskChild(Asking::New(self.clone(), spec))
    }

    /// Starts a task under the supervisor as a specification says, which [`Task::child_spec`] makes: with another restart
    /// type, its function is run again.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::Restart;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let spec = Task::child_spec(|| std::future::pending::<()>()).restart(Restart::Permanent);
    /// let task = tasks.start_child_spec(spec).await.unwrap();
    /// let first = task.pid().unwrap();
    /// process::exit(first, ExitReason::Kill);
    /// while task.pid().is_none_or(|pid| pid == first) {
    ///     tokio::task::yield_now().await;
    /// }
    /// assert_ne!(task.pid(), Some(first));
    /// # });
    /// ```
    pub fn start_child_spec(&self, spec: ChildSpec<TaskRef>) -> StartingChild<TaskRef> {
        start_spec(&self.server, spec)
    }

    /// The processes of the tasks, oldest first: `Task.Supervisor.children/1`.
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
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let task = tasks.spawn(std::future::pending::<()>()).await.unwrap();
    /// assert_eq!(tasks.children().await, Ok(Vec::from_iter(task.pid())));
    /// # });
    /// ```
    pub fn children(&self) -> impl Future<Output = Result<Vec<Pid>, CallFailure>> + Send + use<> {
        let server = self.server.clone();
        async move {
            let children = which_children(&server).await?;
            Ok(children
                .into_iter()
                .filter_map(|child| child.state.pid())
                .collect())
        }
    }

    /// Stops a task as its shutdown time says, and forgets it: `Task.Supervisor.terminate_child/2`.
    ///
    /// # Errors
    ///
    /// There is no such task, or the supervisor did not answer.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the task is stopped all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::ChildError;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let pid = tasks.start_child(std::future::pending::<()>()).await.unwrap();
    /// assert_eq!(tasks.terminate_child(pid).await, Ok(()));
    /// assert_eq!(tasks.terminate_child(pid).await, Err(ChildError::NotFound));
    /// # });
    /// ```
    pub fn terminate_child(
        &self,
        pid: Pid,
    ) -> impl Future<Output = Result<(), ChildError>> + Send + use<> {
        let server = self.server.clone();
        async move { Ok(terminate_child(&server, pid).await?) }
    }

    /// A stream of what `f` makes of each item, each in a task under this supervisor that is linked with who polls the
    /// stream: `Task.Supervisor.async_stream/4`. See [`task::async_stream`](super::async_stream).
    ///
    /// A supervisor that takes no more tasks, or is gone, ends the stream with an error that carries the
    /// [`StartChildError`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let squares = tasks.async_stream(1..=3, async |n| n * n).collect::<Vec<_>>().await;
    /// assert_eq!(squares, [Ok(1), Ok(4), Ok(9)]);
    /// # });
    /// ```
    pub fn async_stream<I, F, Fut>(
        &self,
        source: I,
        f: F,
    ) -> AsyncStream<IterSource<I::IntoIter>, F, Fut>
    where
        I: IntoIterator<Item: Send + 'static>,
        F: Fn(I::Item) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let source = IterSource(source.into_iter());
        AsyncStream::new(source, f, Some(Under::new(self, true)))
    }

    /// As [`async_stream`](Self::async_stream), with tasks that are not linked with who polls the stream:
    /// `Task.Supervisor.async_stream_nolink/4`. One that crashes is an error in its place, and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # std::panic::set_hook(Box::new(|_| ()));
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let halves = tasks.async_stream_nolink([2, 0], async |n| 84 / n).collect::<Vec<_>>().await;
    /// assert_eq!(halves[0], Ok(42));
    /// assert!(matches!(halves[1], Err(ExitReason::Panic(_))));
    /// # });
    /// ```
    pub fn async_stream_nolink<I, F, Fut>(
        &self,
        source: I,
        f: F,
    ) -> AsyncStream<IterSource<I::IntoIter>, F, Fut>
    where
        I: IntoIterator<Item: Send + 'static>,
        F: Fn(I::Item) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let source = IterSource(source.into_iter());
        AsyncStream::new(source, f, Some(Under::new(self, false)))
    }

    /// As [`async_stream`](Self::async_stream), of the items of a stream. It is asked for an item when
    /// a task can be started, and not before.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let lines = task::async_stream(["a", "b"], async |line| line.to_owned());
    /// let lengths = tasks.async_stream_of(lines, async |line| line.map(|line| line.len()));
    /// assert_eq!(lengths.collect::<Vec<_>>().await, [Ok(Ok(1)), Ok(Ok(1))]);
    /// # });
    /// ```
    pub fn async_stream_of<S, F, Fut>(
        &self,
        source: S,
        f: F,
    ) -> AsyncStream<StreamSource<S>, F, Fut>
    where
        S: futures_core::Stream<Item: Send + 'static>,
        F: Fn(S::Item) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let source = StreamSource(Box::pin(source));
        AsyncStream::new(source, f, Some(Under::new(self, true)))
    }

    /// As [`async_stream_nolink`](Self::async_stream_nolink), of the items of a stream. It is asked for an item when
    /// a task can be started, and not before.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let lines = task::async_stream(["a", "b"], async |line| line.to_owned());
    /// let lengths = tasks.async_stream_nolink_of(lines, async |line| line.map(|line| line.len()));
    /// assert_eq!(lengths.collect::<Vec<_>>().await, [Ok(Ok(1)), Ok(Ok(1))]);
    /// # });
    /// ```
    pub fn async_stream_nolink_of<S, F, Fut>(
        &self,
        source: S,
        f: F,
    ) -> AsyncStream<StreamSource<S>, F, Fut>
    where
        S: futures_core::Stream<Item: Send + 'static>,
        F: Fn(S::Item) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let source = StreamSource(Box::pin(source));
        AsyncStream::new(source, f, Some(Under::new(self, false)))
    }

    pub(super) fn ask(&self, spec: ErasedSpec) -> StartCall {
        start_erased(&self.server, spec)
    }
}

impl Deref for TaskSupervisorRef {
    type Target = ServerRef<DynamicServer>;

    fn deref(&self) -> &ServerRef<DynamicServer> {
        &self.server
    }
}

impl From<ServerRef<DynamicServer>> for TaskSupervisorRef {
    fn from(server: ServerRef<DynamicServer>) -> Self {
        TaskSupervisorRef { server }
    }
}

impl AsRef<ServerRef<DynamicServer>> for TaskSupervisorRef {
    fn as_ref(&self) -> &ServerRef<DynamicServer> {
        &self.server
    }
}

impl ServerHandle for TaskSupervisorRef {
    type Server = DynamicServer;
}

impl PartialEq for TaskSupervisorRef {
    fn eq(&self, other: &Self) -> bool {
        self.server == other.server
    }
}

impl Eq for TaskSupervisorRef {}

impl Hash for TaskSupervisorRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.server.hash(state);
    }
}

impl fmt::Debug for TaskSupervisorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskSupervisorRef")
            .field(&self.server)
            .finish()
    }
}

/// The specification of a task that begins once. Its process is given to `begun` before it runs.
pub(super) fn spec(
    origin: Origin,
    code: &'static str,
    owner: Option<Arc<dyn Process>>,
    future: impl Future<Output = ()> + Send + 'static,
    begun: impl FnOnce(&Arc<dyn Process>) + Send + 'static,
) -> ErasedSpec {
    let mut once = Some((origin, owner, future, begun));
    ErasedSpec {
        id: Arc::from("Task"),
        restart: Restart::Temporary,
        shutdown: Shutdown::default(),
        significant: false,
        kind: ChildKind::Worker,
        start: Box::new(move || {
            let once = once.take();
            Box::pin(async move {
                let (origin, owner, future, begun) = once.expect("a temporary child starts once");
                let node = process::current().core().node().clone();
                let process = begin(&node, origin, code, future, |task| {
                    link_with_current(&**task);
                    if let Some(owner) = &owner {
                        link_with_owner(&**owner, &**task);
                    }
                    begun(&(Arc::clone(task) as Arc<dyn Process>));
                });
                Ok(Begun(process))
            })
        }),
    }
}

/// A request for a task.
enum Asking {
    New(TaskSupervisorRef, ErasedSpec),
    Asked(StartCall),
    Done,
}

impl Asking {
    fn shutdown(&mut self, shutdown: Shutdown) {
        if let Asking::New(_, spec) = self {
            spec.shutdown = shutdown;
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Pid, StartChildError>> {
        if let Asking::New(..) = self
            && let Asking::New(supervisor, spec) = std::mem::replace(self, Asking::Done)
        {
            *self = Asking::Asked(supervisor.ask(spec));
        }
        let Asking::Asked(call) = self else {
            return Poll::Pending;
        };
        let started = ready!(Pin::new(call).poll(cx));
        *self = Asking::Done;
        Poll::Ready(Ok(started?))
    }
}

/// A task that is being started under a supervisor: a future of its [`Task`].
///
/// # Errors
///
/// [`StartChildError::MaxChildren`] if there are as many tasks as the supervisor takes;
/// [`StartChildError::Failed`] if it did not answer.
///
/// # Cancel safety
///
/// It asks when it is first polled. Dropped later, the task starts all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let tasks = TaskSupervisor::new().start_link().await.unwrap();
/// assert_eq!(tasks.spawn(async { 42 }).await.unwrap().await, Ok(42));
/// # });
/// ```
#[must_use = "a task is not started unless this is awaited"]
pub struct StartingTask<T> {
    asking: Asking,
    owner: Option<Pid>,
    process: Answer<Arc<dyn Process>>,
    value: Option<Answer<T>>,
}

impl<T: Send + 'static> StartingTask<T> {
    fn new<F>(supervisor: &TaskSupervisorRef, owner: Option<Arc<dyn Process>>, future: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (reply_to, value) = reply::answer();
        let (begun, process) = reply::answer();
        let code = async move { reply_to.send(future.await) };
        let pid = owner.as_ref().map(|owner| owner.core().pid());
        let begun = |process: &Arc<dyn Process>| ReplyTo::send(begun, Arc::clone(process));
        let name = std::any::type_name::<F>();
        let spec = spec(Origin::here(), name, owner, code, begun);
        StartingTask {
            asking: Asking::New(supervisor.clone(), spec),
            owner: pid,
            process,
            value: Some(value),
        }
    }

    /// How long the task may take to stop with its supervisor. 5 s unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::Shutdown;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let task = tasks.spawn_nolink(std::future::pending::<()>()).shutdown(Shutdown::BrutalKill).await.unwrap();
    /// tasks.stop().await.unwrap();
    /// assert_eq!(task.await, Err(ExitReason::Killed));
    /// # });
    /// ```
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.asking.shutdown(shutdown);
        self
    }
}

impl<T> Unpin for StartingTask<T> {}

impl<T> Future for StartingTask<T> {
    type Output = Result<Task<T>, StartChildError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        ready!(this.asking.poll(cx))?;
        let (Poll::Ready(Some(process)), Some(value)) =
            (this.process.poll(Waker::noop()), this.value.take())
        else {
            return Poll::Ready(Err(CallFailure::NoReply.into()));
        };
        Poll::Ready(Ok(Task::of(value, process, this.owner)))
    }
}

impl<T> fmt::Debug for StartingTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartingTask").finish_non_exhaustive()
    }
}

/// A task that nobody waits for and that is being started under a supervisor: a future of its pid.
///
/// # Errors
///
/// As of [`StartingTask`].
///
/// # Cancel safety
///
/// It asks when it is first polled. Dropped later, the task starts all the same.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let tasks = TaskSupervisor::new().start_link().await.unwrap();
/// let pid = tasks.start_child(std::future::pending::<()>()).await.unwrap();
/// assert!(process::info(pid).is_some());
/// # });
/// ```
#[must_use = "a task is not started unless this is awaited"]
pub struct StartingTaskChild(Asking);

impl StartingTaskChild {
    /// How long the task may take to stop with its supervisor. 5 s unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::Shutdown;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let task = tasks.start_child(std::future::pending::<()>()).shutdown(Shutdown::Infinity);
    /// assert!(task.await.is_ok());
    /// # });
    /// ```
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.0.shutdown(shutdown);
        self
    }
}

impl Future for StartingTaskChild {
    type Output = Result<Pid, StartChildError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx)
    }
}

impl fmt::Debug for StartingTaskChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartingTaskChild").finish_non_exhaustive()
    }
}

/// Why a stream has ended that could not start a task.
pub(super) fn refused(error: StartChildError) -> ExitReason {
    match error {
        StartChildError::Failed(CallFailure::NoProc) => ExitReason::NoProc,
        error => ExitReason::error(error),
    }
}

//! A stream of what many tasks compute, a few at a time.
//!
//! [`plan`] decides what is next, and [`drive`] does that: items are pulled, tasks are started, looked at when they wake the
//! stream, killed when their time is over. Everything happens in a poll of the stream, as the process that polls it.

mod drive;
mod plan;
mod ready;
mod slot;
pub(super) mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::Instant;

use self::plan::{Place, Plan};
use self::ready::Ready;
use self::slot::Slot;
use self::source::{IterSource, Source, StreamSource};
use super::supervisor::TaskSupervisorRef;
use crate::call::DEFAULT_TIMEOUT;
use crate::exit::ExitReason;
use crate::options::Shutdown;
use crate::time::Sleep;

/// A stream of what `f` makes of each item, each in a task of its own: `Task.async_stream/3`.
///
/// Nothing runs until the stream is polled. Then items are pulled while there are tasks to spare, as many as the machine has
/// cores unless [`max_concurrency`](AsyncStream::max_concurrency) says otherwise, and the results come in the order of the
/// items unless they are not [`ordered`](AsyncStream::ordered). `f` is called in the task. See [`AsyncStream`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// async fn fetch(url: &'static str) -> String {
///     format!("the page at {url}")
/// }
///
/// let mut pages = task::async_stream(["/a", "/b", "/c"], fetch).max_concurrency(10);
/// assert_eq!(pages.next().await, Some(Ok("the page at /a".to_owned())));
/// // Dropped, it kills the tasks that are not done.
/// # });
/// ```
pub fn async_stream<I, F, Fut>(source: I, f: F) -> AsyncStream<IterSource<I::IntoIter>, F, Fut>
where
    I: IntoIterator<Item: Send + 'static>,
    F: Fn(I::Item) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Send + 'static> + Send + 'static,
{
    AsyncStream::new(IterSource(source.into_iter()), f, None)
}

/// As [`async_stream`], of the items of a stream. It is asked for an item when a task can be started, and not before.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let numbers = task::async_stream(1..=3, async |n| n);
/// let squares = task::async_stream_of(numbers, async |n| n.map(|n| n * n));
/// assert_eq!(squares.collect::<Vec<_>>().await, [Ok(Ok(1)), Ok(Ok(4)), Ok(Ok(9))]);
/// # });
/// ```
pub fn async_stream_of<S, F, Fut>(source: S, f: F) -> AsyncStream<StreamSource<S>, F, Fut>
where
    S: Stream<Item: Send + 'static>,
    F: Fn(S::Item) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Send + 'static> + Send + 'static,
{
    AsyncStream::new(StreamSource(Box::pin(source)), f, None)
}

/// What happens when the task of an item takes too long.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// assert_eq!(OnTimeout::default(), OnTimeout::Exit);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnTimeout {
    /// The stream gives [`ExitReason::Timeout`] at once, kills all its tasks, and is over. The default.
    ///
    /// In Elixir the caller exits; here `?` on the item does that.
    #[default]
    Exit,
    /// The task is killed, and the result of its item is [`ExitReason::Timeout`]. The stream goes on.
    KillTask,
}

/// What the error of an item is: the reason of its task's end, alone or with the item.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::task::ItemExit;
///
/// /// The error of a result, whichever kind it is.
/// fn error_of<E: ItemExit<u32>>(result: Option<Result<(), E>>) -> Option<E> {
///     result?.err()
/// }
///
/// # otp_core::doc_test(async {
/// let never = |_: u32| std::future::pending::<()>();
/// let late = || task::async_stream([7], never).timeout(Duration::from_millis(1));
/// assert_eq!(error_of(late().next().await), Some(ExitReason::Timeout));
/// assert_eq!(error_of(late().zip_input_on_exit().next().await), Some((7, ExitReason::Timeout)));
/// # });
/// ```
pub trait ItemExit<I> {
    /// What is kept of an item.
    #[doc(hidden)]
    type Kept;

    #[doc(hidden)]
    fn keep(item: &I) -> Self::Kept;

    #[doc(hidden)]
    fn of(kept: Self::Kept, reason: ExitReason) -> Self;
}

impl<I> ItemExit<I> for ExitReason {
    type Kept = ();

    fn keep(_: &I) {}

    fn of((): (), reason: ExitReason) -> Self {
        reason
    }
}

impl<I: Clone> ItemExit<I> for (I, ExitReason) {
    type Kept = I;

    fn keep(item: &I) -> I {
        item.clone()
    }

    fn of(item: I, reason: ExitReason) -> Self {
        (item, reason)
    }
}

/// The supervisor of a stream's tasks.
pub(super) struct Under {
    supervisor: TaskSupervisorRef,
    link: bool,
    shutdown: Shutdown,
}

impl Under {
    pub(super) fn new(supervisor: &TaskSupervisorRef, link: bool) -> Self {
        Under {
            supervisor: supervisor.clone(),
            link,
            shutdown: Shutdown::default(),
        }
    }
}

/// A stream of results of tasks; made by [`async_stream`] and the methods of [`TaskSupervisorRef`].
///
/// A [`Stream`] of the `futures` crates, of `Result<T, ExitReason>`: the value of each item, or why its task ended without
/// one. [`next`](Self::next) and [`collect`](Self::collect) are here too, for programs that do without those crates.
///
/// # What it promises
///
/// - **Bounded**: no more tasks than [`max_concurrency`](Self::max_concurrency) are alive at a time. A result comes when the
///   process of its task is gone.
/// - **Back-pressure**: an item is pulled when a task can be started for it and the stream is polled. Whoever takes `n`
///   results has pulled `n + max_concurrency - 1` items at most, while results come in the order of the items. A slow item
///   holds the results behind it back and not their tasks, so what waits behind it has no bound, as in Elixir.
/// - **Crashes**: a task that crashes takes the process that polls the stream with it, unless that traps exits, or polls a
///   stream that is not linked; then it is an error in its place. No EXIT and no DOWN ever comes into the mailbox.
/// - **Timeouts**: each task has 5 s from its start, unless [`timeout`](Self::timeout) says otherwise, and
///   [`on_timeout`](Self::on_timeout) says what happens then.
/// - **An end**: dropped before it is done, it kills the tasks that run. They are gone when they next await; nothing of them
///   is left behind with the process that polled it. That process's end kills them too, and so does a panic of the source,
///   which goes on into whoever polls.
///
/// It can be built in one process and polled in another, and also in a task that is no process, inside a node; then nobody
/// is linked.
///
/// # Panics
///
/// Polled outside a node, it panics when it starts a task.
///
/// # Cancel safety
///
/// A dropped [`next`](Self::next) has lost nothing.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let slow = async |seconds: u64| otp_core::time::sleep(Duration::from_secs(seconds)).await;
/// let mut naps = task::async_stream([0, 3600, 0], slow)
///     .max_concurrency(2)
///     .timeout(Duration::from_millis(20))
///     .on_timeout(OnTimeout::KillTask);
/// assert_eq!(naps.next().await, Some(Ok(())));
/// assert_eq!(naps.next().await, Some(Err(ExitReason::Timeout)));
/// assert_eq!(naps.next().await, Some(Ok(())));
/// assert_eq!(naps.next().await, None);
/// # });
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct AsyncStream<S, F, Fut, E = ExitReason>
where
    S: Source,
    F: Fn(S::Item) -> Fut,
    Fut: Future,
    E: ItemExit<S::Item>,
{
    /// None once it is exhausted.
    source: Option<S>,
    f: Arc<F>,
    under: Option<Under>,
    max_concurrency: usize,
    ordered: bool,
    timeout: Option<Duration>,
    on_timeout: OnTimeout,
    /// Once it was polled.
    plan: Option<Plan<Result<Fut::Output, E>>>,
    slots: Slots<Fut::Output, E::Kept>,
    ready: Arc<Ready>,
    /// Set to the next deadline or before.
    alarm: Option<(Instant, Sleep)>,
    future: PhantomData<fn() -> Fut>,
}

type Slots<T, K> = BTreeMap<Place, Slot<T, K>>;

impl<S, F, Fut> AsyncStream<S, F, Fut>
where
    S: Source<Item: Send + 'static>,
    F: Fn(S::Item) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Send + 'static> + Send + 'static,
{
    pub(super) fn new(source: S, f: F, under: Option<Under>) -> Self {
        AsyncStream {
            source: Some(source),
            f: Arc::new(f),
            under,
            max_concurrency: std::thread::available_parallelism().map_or(1, usize::from),
            ordered: true,
            timeout: Some(DEFAULT_TIMEOUT),
            on_timeout: OnTimeout::Exit,
            plan: None,
            slots: BTreeMap::new(),
            ready: Arc::default(),
            alarm: None,
            future: PhantomData,
        }
    }

    /// Puts the item beside the reason in each error: Elixir's `zip_input_on_exit: true`. To be said before the stream is
    /// polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # std::panic::set_hook(Box::new(|_| ()));
    /// # otp_core::doc_test(async {
    /// process::trap_exit(true);
    /// let mut halves = task::async_stream([0], async |n| 84 / n).zip_input_on_exit();
    /// assert!(matches!(halves.next().await, Some(Err((0, ExitReason::Panic(_))))));
    /// # });
    /// ```
    pub fn zip_input_on_exit(self) -> AsyncStream<S, F, Fut, (S::Item, ExitReason)>
    where
        S::Item: Clone,
    {
        AsyncStream {
            source: self.source,
            f: self.f,
            under: self.under,
            max_concurrency: self.max_concurrency,
            ordered: self.ordered,
            timeout: self.timeout,
            on_timeout: self.on_timeout,
            plan: None,
            slots: BTreeMap::new(),
            ready: self.ready,
            alarm: None,
            future: PhantomData,
        }
    }
}

impl<S, F, Fut, E> AsyncStream<S, F, Fut, E>
where
    S: Source<Item: Send + 'static>,
    F: Fn(S::Item) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Send + 'static> + Send + 'static,
    E: ItemExit<S::Item>,
{
    /// Runs no more tasks than this at a time. As many as the machine has cores unless set.
    ///
    /// # Panics
    ///
    /// Panics if that is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let mut pulled = 0;
    /// let source = std::iter::repeat_with(|| pulled += 1);
    /// let mut units = task::async_stream(source, async |unit| unit).max_concurrency(3);
    /// units.next().await;
    /// drop(units);
    /// assert_eq!(pulled, 3);
    /// # });
    /// ```
    #[track_caller]
    pub fn max_concurrency(mut self, max_concurrency: usize) -> Self {
        assert!(max_concurrency > 0, "a stream of tasks runs one at least");
        self.max_concurrency = max_concurrency;
        self
    }

    /// Whether results come in the order of the items, which they do unless set, or in the order in which tasks are done.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let nap = async |millis| {
    ///     otp_core::time::sleep(Duration::from_millis(millis)).await;
    ///     millis
    /// };
    /// let naps = task::async_stream([100, 1], nap).max_concurrency(2).ordered(false);
    /// assert_eq!(naps.collect::<Vec<_>>().await, [Ok(1), Ok(100)]);
    /// # });
    /// ```
    pub fn ordered(mut self, ordered: bool) -> Self {
        self.ordered = ordered;
        self
    }

    /// Gives each task this time from its start. 5 s unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let mut never = task::async_stream([()], std::future::ready).timeout(Duration::from_secs(60));
    /// assert_eq!(never.next().await, Some(Ok(())));
    /// # });
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Gives each task as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let mut numbers = task::async_stream([42], std::future::ready).timeout_infinite();
    /// assert_eq!(numbers.next().await, Some(Ok(42)));
    /// # });
    /// ```
    pub fn timeout_infinite(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// What happens when a task takes too long: unless set, the stream is over.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let late = async |()| std::future::pending::<()>().await;
    /// let mut late = task::async_stream([(), ()], late).timeout(Duration::from_millis(10));
    /// assert_eq!(late.next().await, Some(Err(ExitReason::Timeout)));
    /// assert_eq!(late.next().await, None);
    /// # });
    /// ```
    pub fn on_timeout(mut self, on_timeout: OnTimeout) -> Self {
        self.on_timeout = on_timeout;
        self
    }

    /// How long a task may take to stop with its supervisor. 5 s unless set; without a supervisor it means nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::Shutdown;
    /// # otp_core::doc_test(async {
    /// let tasks = TaskSupervisor::new().start_link().await.unwrap();
    /// let numbers = tasks.async_stream([42], std::future::ready).shutdown(Shutdown::BrutalKill);
    /// assert_eq!(numbers.collect::<Vec<_>>().await, [Ok(42)]);
    /// # });
    /// ```
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        if let Some(under) = &mut self.under {
            under.shutdown = shutdown;
        }
        self
    }

    /// Waits for the next result; None when there is none. As `StreamExt::next`.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing: the tasks run on, and their results come later.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let mut numbers = task::async_stream([42], std::future::ready);
    /// assert_eq!((numbers.next().await, numbers.next().await), (Some(Ok(42)), None));
    /// # });
    /// ```
    pub async fn next(&mut self) -> Option<Result<Fut::Output, E>> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    /// Waits for all results. As `StreamExt::collect`.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it kills the tasks that run, and the results so far are lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let squares = task::async_stream(1..=3, async |n| n * n);
    /// assert_eq!(squares.collect::<Vec<_>>().await, [Ok(1), Ok(4), Ok(9)]);
    /// # });
    /// ```
    pub async fn collect<C>(mut self) -> C
    where
        C: Default + Extend<Result<Fut::Output, E>>,
    {
        let mut collection = C::default();
        while let Some(item) = self.next().await {
            collection.extend(Some(item));
        }
        collection
    }
}

impl<S, F, Fut, E> Unpin for AsyncStream<S, F, Fut, E>
where
    S: Source,
    F: Fn(S::Item) -> Fut,
    Fut: Future,
    E: ItemExit<S::Item>,
{
}

impl<S, F, Fut, E> Stream for AsyncStream<S, F, Fut, E>
where
    S: Source<Item: Send + 'static>,
    F: Fn(S::Item) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Send + 'static> + Send + 'static,
    E: ItemExit<S::Item>,
{
    type Item = Result<Fut::Output, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

impl<S, F, Fut, E> fmt::Debug for AsyncStream<S, F, Fut, E>
where
    S: Source,
    F: Fn(S::Item) -> Fut,
    Fut: Future,
    E: ItemExit<S::Item>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncStream")
            .field("running", &self.slots.len())
            .field("max_concurrency", &self.max_concurrency)
            .field("ordered", &self.ordered)
            .field("timeout", &self.timeout)
            .field("on_timeout", &self.on_timeout)
            .finish_non_exhaustive()
    }
}

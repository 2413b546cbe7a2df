//! Waiting for many tasks at once.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::finish::Yielded;
use super::handle::Task;
use crate::call::DEFAULT_TIMEOUT;
use crate::exit::ExitReason;
use crate::options::Shutdown;
use crate::process::within;

/// Waits for the values of all tasks, in the order of the tasks: `Task.await_many/2`.
///
/// There is one timeout for all of them, 5 s unless set.
///
/// # Errors
///
/// The reason of the first task that fails, at once, or [`ExitReason::Timeout`]. The others run on and their values are
/// lost; those who are linked with the failed one end with it, as in Elixir.
///
/// # Cancel safety
///
/// Dropped, the tasks run on and their values are lost.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let tasks = [1, 2, 3].map(|n| Task::spawn(async move { n * n }));
/// assert_eq!(task::await_many(tasks).await, Ok(vec![1, 4, 9]));
/// # });
/// ```
pub fn await_many<T: Send + 'static>(tasks: impl IntoIterator<Item = Task<T>>) -> AwaitMany<T> {
    AwaitMany {
        tasks: tasks.into_iter().collect(),
        timeout: Some(DEFAULT_TIMEOUT),
    }
}

/// Waits for the results of all tasks for a while: `Task.yield_many/2`. Gives each task with its result, or with None if it
/// has none yet, in the order of the tasks.
///
/// It is done when all tasks are, when as many are as [`limit`](YieldMany::limit) says, or when the time is over, 5 s unless
/// set; what becomes of the others then is said with [`on_timeout`](YieldMany::on_timeout).
///
/// # Cancel safety
///
/// Dropped, the tasks run on and their values are lost.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let fast = Task::spawn(async { 42 });
/// let slow = Task::spawn(std::future::pending());
/// let results = task::yield_many([fast, slow]).timeout(Duration::from_millis(10)).await;
/// let results: Vec<_> = results.into_iter().map(|(_, result)| result).collect();
/// assert_eq!(results, [Some(Ok(42)), None]);
/// # });
/// ```
pub fn yield_many<T: Send + 'static>(tasks: impl IntoIterator<Item = Task<T>>) -> YieldMany<T> {
    YieldMany {
        tasks: tasks.into_iter().map(|task| (task, None)).collect(),
        timeout: Some(DEFAULT_TIMEOUT),
        limit: usize::MAX,
        on_timeout: YieldTimeout::Nothing,
    }
}

/// The wait that [`await_many`] makes: a future of all values.
///
/// # Errors
///
/// The reason of the first task that fails, at once, or [`ExitReason::Timeout`] if the time is over before.
///
/// # Cancel safety
///
/// Dropped, the tasks run on and their values are lost.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let tasks = [Task::completed(1), Task::completed(2)];
/// assert_eq!(task::await_many(tasks).await, Ok(vec![1, 2]));
/// # });
/// ```
#[must_use = "it does nothing unless it is awaited"]
pub struct AwaitMany<T> {
    tasks: Vec<Task<T>>,
    timeout: Option<Duration>,
}

impl<T: Send + 'static> AwaitMany<T> {
    /// Waits no longer than this, for all together.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = [Task::spawn(std::future::pending::<()>())];
    /// let late = task::await_many(tasks).timeout(Duration::from_millis(10)).await;
    /// assert_eq!(late, Err(ExitReason::Timeout));
    /// # });
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = [Task::spawn(async { 1 }), Task::completed(2)];
    /// assert_eq!(task::await_many(tasks).timeout_infinite().await, Ok(vec![1, 2]));
    /// # });
    /// ```
    pub fn timeout_infinite(mut self) -> Self {
        self.timeout = None;
        self
    }
}

impl<T: Send + 'static> IntoFuture for AwaitMany<T> {
    type Output = Result<Vec<T>, ExitReason>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut values: Vec<Option<T>> = self.tasks.iter().map(|_| None).collect();
            let all = poll_fn(|cx| {
                for (task, value) in self.tasks.iter_mut().zip(&mut values) {
                    if value.is_none()
                        && let Poll::Ready(result) = task.poll_result(cx.waker())
                    {
                        match result {
                            Ok(result) => *value = Some(result),
                            Err(reason) => return Poll::Ready(Err(reason)),
                        }
                    }
                }
                if values.iter().all(Option::is_some) {
                    Poll::Ready(Ok(()))
                } else {
                    Poll::Pending
                }
            });
            let done = match self.timeout {
                Some(timeout) => within(timeout, all)
                    .await
                    .unwrap_or(Err(ExitReason::Timeout)),
                None => all.await,
            };
            done.map(|()| values.into_iter().flatten().collect())
        })
    }
}

impl<T> fmt::Debug for AwaitMany<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitMany")
            .field("tasks", &self.tasks)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// What becomes of the tasks that have no result when the time of [`yield_many`] is over.
///
/// # Examples
///
/// ```
/// use otp_core::task::YieldTimeout;
///
/// assert_eq!(YieldTimeout::default(), YieldTimeout::Nothing);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum YieldTimeout {
    /// They run on, and can be asked again. The default.
    #[default]
    Nothing,
    /// They run on, and their results will not come: [`Task::ignore`].
    Ignore,
    /// They are killed, and gone when `yield_many` is done: [`Task::shutdown`] with `brutal_kill`.
    KillTask,
}

/// The wait that [`yield_many`] makes: a future of the tasks with their results.
///
/// # Cancel safety
///
/// Dropped, the tasks run on and their values are lost. Dropped while it kills tasks, those that it has not come to run on.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let results = task::yield_many([Task::completed(42)]).await;
/// assert_eq!(results[0].1, Some(Ok(42)));
/// # });
/// ```
#[must_use = "it does nothing unless it is awaited"]
pub struct YieldMany<T> {
    tasks: Vec<(Task<T>, Yielded<T>)>,
    timeout: Option<Duration>,
    limit: usize,
    on_timeout: YieldTimeout,
}

impl<T: Send + 'static> YieldMany<T> {
    /// Waits no longer than this.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = [Task::spawn(std::future::pending::<()>())];
    /// let results = task::yield_many(tasks).timeout(Duration::from_millis(10)).await;
    /// assert_eq!(results[0].1, None);
    /// # });
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let results = task::yield_many([Task::spawn(async { 42 })]).timeout_infinite().await;
    /// assert_eq!(results[0].1, Some(Ok(42)));
    /// # });
    /// ```
    pub fn timeout_infinite(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// Is done as soon as so many tasks have a result. The others are left as they are, whatever
    /// [`on_timeout`](Self::on_timeout) says.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let tasks = [Task::spawn(std::future::pending()), Task::completed(42)];
    /// let results = task::yield_many(tasks).limit(1).await;
    /// assert_eq!((&results[0].1, &results[1].1), (&None, &Some(Ok(42))));
    /// # });
    /// ```
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Says what becomes of the others when the time is over. They run on unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::task::YieldTimeout;
    /// # otp_core::doc_test(async {
    /// let tasks = [Task::spawn(std::future::pending::<()>())];
    /// let slow = tasks[0].pid().unwrap();
    /// let timeout = Duration::from_millis(10);
    /// task::yield_many(tasks).timeout(timeout).on_timeout(YieldTimeout::KillTask).await;
    /// assert!(process::info(slow).is_none());
    /// # });
    /// ```
    pub fn on_timeout(mut self, on_timeout: YieldTimeout) -> Self {
        self.on_timeout = on_timeout;
        self
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<()> {
        let enough = self.limit.min(self.tasks.len());
        let mut finished = 0;
        for (task, result) in &mut self.tasks {
            if result.is_none()
                && let Poll::Ready(now) = task.poll_result(cx.waker())
            {
                *result = Some(now);
            }
            finished += usize::from(result.is_some());
        }
        if finished >= enough {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl<T: Send + 'static> IntoFuture for YieldMany<T> {
    type Output = Vec<(Task<T>, Yielded<T>)>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let timeout = self.timeout;
            let enough = poll_fn(|cx| self.poll(cx));
            let in_time = match timeout {
                Some(timeout) => within(timeout, enough).await.is_some(),
                None => {
                    enough.await;
                    true
                }
            };
            if in_time {
                return self.tasks;
            }
            let mut results = Vec::with_capacity(self.tasks.len());
            for (mut task, mut result) in self.tasks {
                if result.is_none() {
                    match self.on_timeout {
                        YieldTimeout::Nothing => {}
                        YieldTimeout::Ignore => result = task.spend(),
                        YieldTimeout::KillTask => result = task.stop(Shutdown::BrutalKill).await,
                    }
                }
                results.push((task, result));
            }
            results
        })
    }
}

impl<T> fmt::Debug for YieldMany<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YieldMany")
            .field("timeout", &self.timeout)
            .field("limit", &self.limit)
            .field("on_timeout", &self.on_timeout)
            .finish_non_exhaustive()
    }
}

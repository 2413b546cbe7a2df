//! What ends the wait for a task without its value: to look for a while, to shut it down, to let it be.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::begin::sender;
use super::handle::{State, Task};
use crate::exit::ExitReason;
use crate::options::Shutdown;
use crate::process::vital::Via;
use crate::process::{signal, within};
use crate::reply;

/// What is known of a task: its value, why it has none, or nothing yet.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::task::Yielded;
///
/// fn or_nothing(result: Yielded<u32>) -> u32 {
///     result.and_then(Result::ok).unwrap_or(0)
/// }
/// assert_eq!([or_nothing(None), or_nothing(Task::completed(42).ignore())], [0, 42]);
/// ```
pub type Yielded<T> = Option<Result<T, ExitReason>>;

impl<T: Send + 'static> Task<T> {
    /// Waits for the result for a while: `Task.yield/2`. None if it is not there by then; then ask again, or shut the task
    /// down.
    ///
    /// A value that was sent is given even if the task has crashed since. Once it has given a result, it gives none. The
    /// timeout is to be written; Elixir's default is 5 s.
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
    /// let mut task = Task::spawn(async {
    ///     otp_core::time::sleep(Duration::from_millis(30)).await;
    ///     42
    /// });
    /// let mut looks = 0;
    /// let value = loop {
    ///     looks += 1;
    ///     if let Some(result) = task.yield_for(Duration::from_millis(10)).await {
    ///         break result;
    ///     }
    /// };
    /// assert_eq!(value, Ok(42));
    /// assert!(looks > 1);
    /// # });
    /// ```
    pub async fn yield_for(&mut self, timeout: Duration) -> Yielded<T> {
        within(timeout, poll_fn(|cx| self.poll_result(cx.waker()))).await
    }

    /// Stops the task and waits until it is gone: `Task.shutdown/2`.
    ///
    /// The link with the process that spawned it is taken away, and the task is sent the exit signal `shutdown`. If it is
    /// not gone after 5 s, it is killed. [`TaskShutdown`] has the other ways, and what comes out.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let mut task = Task::spawn(std::future::pending::<u32>());
    /// let result = match task.yield_for(Duration::from_millis(10)).await {
    ///     Some(result) => Some(result),
    ///     None => task.shutdown().await,
    /// };
    /// assert_eq!(result, None);
    /// # });
    /// ```
    pub fn shutdown(self) -> TaskShutdown<T> {
        TaskShutdown {
            task: self,
            shutdown: Shutdown::default(),
        }
    }

    /// Lets the task be: `Task.ignore/1`. It runs on, its later value vanishes, and its link stays.
    ///
    /// Gives the result if it is there. Dropping the task is the same without that.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let task = Task::spawn(std::future::pending::<u32>());
    /// assert_eq!(task.ignore(), None);
    /// assert_eq!(Task::completed(42).ignore(), Some(Ok(42)));
    /// # });
    /// ```
    pub fn ignore(mut self) -> Yielded<T> {
        self.result_now()
    }

    /// As [`ignore`](Self::ignore): from now on it has no result.
    pub(super) fn spend(&mut self) -> Yielded<T> {
        let result = self.result_now();
        self.state = State::Spent;
        result
    }

    /// Stops the task and waits until it is gone.
    pub(super) async fn stop(&mut self, shutdown: Shutdown) -> Yielded<T> {
        let Some(process) = self.process().cloned() else {
            return Some(self.result_now().unwrap_or(Err(ExitReason::NoProc)));
        };
        if let Some(owner) = self.owner.take() {
            signal::unlink(&*process, owner);
        }
        let (reply_to, mut end) = reply::answer();
        let ended = process.core().vital().on_end(reply_to);
        let reason = match ended {
            Some(reason) => reason,
            None => {
                let from = sender(process.core().node());
                let gone = poll_fn(|cx| end.poll(cx.waker()));
                let reason = match shutdown {
                    Shutdown::BrutalKill => {
                        signal::exit(&*process, from, &ExitReason::Kill, Via::Signal);
                        Some(gone.await)
                    }
                    Shutdown::Infinity => {
                        signal::exit(&*process, from, &ExitReason::Shutdown, Via::Signal);
                        Some(gone.await)
                    }
                    Shutdown::Timeout(time) => {
                        signal::exit(&*process, from, &ExitReason::Shutdown, Via::Signal);
                        within(time, gone).await
                    }
                };
                let reason = match reason {
                    Some(reason) => reason,
                    None => {
                        signal::exit(&*process, from, &ExitReason::Kill, Via::Signal);
                        poll_fn(|cx| end.poll(cx.waker())).await
                    }
                };
                reason.unwrap_or_else(|| self.reason())
            }
        };
        self.result_of(shutdown, reason)
    }

    /// What comes of a task that was shut down and has ended with `reason`.
    fn result_of(&mut self, shutdown: Shutdown, reason: ExitReason) -> Yielded<T> {
        if matches!(self.state, State::Spent) {
            return Some(Err(ExitReason::NoProc));
        }
        if let Some(Ok(value)) = self.spend() {
            return Some(Ok(value));
        }
        match (shutdown, reason) {
            (Shutdown::BrutalKill, ExitReason::Killed)
            | (Shutdown::Timeout(_) | Shutdown::Infinity, ExitReason::Shutdown) => None,
            (_, reason) => Some(Err(reason)),
        }
    }

    /// The result, if it is there.
    pub(super) fn result_now(&mut self) -> Yielded<T> {
        match self.poll_result(Waker::noop()) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        }
    }
}

/// A task that is being shut down; made by [`Task::shutdown`]. Awaited, it gives:
///
/// | | |
/// | --- | --- |
/// | `Some(Ok(value))` | the value was there, or came before the task was gone |
/// | `Some(Err(reason))` | the task has ended for another reason; [`ExitReason::Killed`] if it did not stop in time; [`ExitReason::NoProc`] if its result was taken before |
/// | `None` | it ended as it was told to |
///
/// No EXIT of the task's comes any more. One that is in the mailbox of a process that traps exits stays there, as in Elixir.
///
/// # Cancel safety
///
/// Dropped before it is polled, the task runs on. Dropped later, the task has been told to stop, and is not killed if it
/// does not.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// assert_eq!(Task::spawn(std::future::pending::<u32>()).shutdown().await, None);
/// assert_eq!(Task::completed(42).shutdown().await, Some(Ok(42)));
/// # });
/// ```
#[must_use = "a shutdown does nothing unless it is awaited"]
pub struct TaskShutdown<T> {
    task: Task<T>,
    shutdown: Shutdown,
}

impl<T: Send + 'static> TaskShutdown<T> {
    /// Kills it after this time. 5 s unless set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let stubborn = Task::spawn(async {
    ///     process::trap_exit(true);
    ///     std::future::pending::<u32>().await
    /// });
    /// # tokio::task::yield_now().await;
    /// let killed = stubborn.shutdown().timeout(Duration::from_millis(10)).await;
    /// assert_eq!(killed, Some(Err(ExitReason::Killed)));
    /// # });
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.shutdown = Shutdown::Timeout(timeout);
        self
    }

    /// Waits as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let task = Task::spawn(std::future::pending::<u32>());
    /// assert_eq!(task.shutdown().timeout_infinite().await, None);
    /// # });
    /// ```
    pub fn timeout_infinite(mut self) -> Self {
        self.shutdown = Shutdown::Infinity;
        self
    }

    /// Kills it at once: `Task.shutdown(task, :brutal_kill)`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let task = Task::spawn(async {
    ///     process::trap_exit(true);
    ///     std::future::pending::<u32>().await
    /// });
    /// assert_eq!(task.shutdown().brutal_kill().await, None);
    /// # });
    /// ```
    pub fn brutal_kill(mut self) -> Self {
        self.shutdown = Shutdown::BrutalKill;
        self
    }
}

impl<T: Send + 'static> IntoFuture for TaskShutdown<T> {
    type Output = Yielded<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Yielded<T>> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.task.stop(self.shutdown).await })
    }
}

impl<T> fmt::Debug for TaskShutdown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskShutdown")
            .field("task", &self.task)
            .field("shutdown", &self.shutdown)
            .finish()
    }
}

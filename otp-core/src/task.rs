//! Tasks: a process that computes one value.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::call::CallFailure;
use crate::call::dropped;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::{self, scope};
use crate::reply::{self, Answer};

/// A process that computes one value, and a future of that value: Elixir's `Task`.
///
/// # Errors
///
/// The reason of its end, if it ended before it had its value. A process that does not trap exits ends with it, as the two
/// are linked.
///
/// # Cancel safety
///
/// Dropped, the task runs on and its value is lost.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let task = Task::spawn(async { 6 * 7 });
/// assert_eq!(task.await, Ok(42));
/// # });
/// ```
#[must_use = "dropped, the task runs on and its value is lost: use `Task::start` for that"]
pub struct Task<T> {
    answer: Answer<T>,
    process: Arc<dyn Process>,
}

impl<T: Send + 'static> Task<T> {
    /// Starts a task that is linked with the current process: `Task.async/1`. If one crashes, so does the other.
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
    /// let task = Task::spawn(async { 6 * 7 });
    /// assert_eq!(task.await, Ok(42));
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn(future: impl Future<Output = T> + Send + 'static) -> Self {
        let parent = process::current();
        let (reply_to, answer) = reply::answer();
        let code = async move { reply_to.send(future.await) };
        let (address, ()) = process::spawn_on(parent.core().node(), code, |task| {
            process::link_both(&*parent, task)
        });
        Task {
            answer,
            process: address.cell,
        }
    }

    /// The process of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let task = Task::spawn(async { process::self_pid() });
    /// let pid = task.pid();
    /// assert_eq!(task.await, Ok(pid));
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.process.core().pid()
    }
}

impl Task<()> {
    /// Starts a task that nobody waits for and that is linked with nobody: `Task.start/1`. Its value is dropped.
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
    /// let (tell, told) = tokio::sync::oneshot::channel();
    /// Task::start(async move { tell.send(42).unwrap() });
    /// assert_eq!(told.await, Ok(42));
    /// # });
    /// ```
    #[track_caller]
    pub fn start<F>(future: F) -> Pid
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let node = scope::node().expect("a task needs a node");
        process::spawn_on(&node, async move { drop(future.await) }, |_| ())
            .0
            .pid()
    }
}

impl<T> Future for Task<T> {
    /// The value, or why the task ended without one.
    type Output = Result<T, ExitReason>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.answer.poll(cx.waker()).map(|value| {
            value.ok_or_else(|| match dropped(this.process.core()) {
                CallFailure::Exit(reason) => reason,
                _ => ExitReason::NoProc,
            })
        })
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("pid", &self.process.core().pid())
            .finish_non_exhaustive()
    }
}

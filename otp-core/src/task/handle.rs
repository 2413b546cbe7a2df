//! The handle of a task, and awaiting it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use super::begin::{self, Origin, begin};
use crate::call::DEFAULT_TIMEOUT;
use crate::exit::ExitReason;
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::{self, Location, Target, scope};
use crate::reply::{self, Answer};
use crate::time::deadline::Deadline;

/// A process that computes one value, and a future of that value: Elixir's `Task`.
///
/// Awaited, it gives the value, or why there is none. It waits [`DEFAULT_TIMEOUT`], 5 s, unless set with
/// [`timeout`](Self::timeout): then the result is [`ExitReason::Timeout`], and the task runs on. When a failure is told of,
/// those who are linked with the task have been told before.
///
/// Awaiting takes the task: it has one value, which is there once. What else can be done with it:
///
/// | Elixir | here |
/// | --- | --- |
/// | `Task.await/2` | `task.await`, `task.timeout(t).await` |
/// | `Task.yield/2` | [`yield_for`](Self::yield_for) |
/// | `Task.shutdown/2` | [`shutdown`](Self::shutdown) |
/// | `Task.ignore/1` | [`ignore`](Self::ignore) |
/// | `Task.await_many/2`, `Task.yield_many/2` | [`task::await_many`](super::await_many), [`task::yield_many`](super::yield_many) |
///
/// Deliberate differences: a failed await is an error, not an exit of the caller, and `?` makes it one; only who holds the
/// handle can await, which in Elixir is checked when the program runs.
///
/// # Errors
///
/// The reason of the task's end, if it has ended without a value: its panic, or the exit signal that it was sent.
/// [`ExitReason::Timeout`], if the time is over before. A process that is linked with the task and does not trap exits
/// ends with it and does not see the reason, unless that is [`ExitReason::Normal`].
///
/// # Cancel safety
///
/// Dropped, the task runs on and its value is lost. `(&mut task).await` that is dropped has lost nothing.
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
    pub(super) state: State<T>,
    /// None for one that was completed from the first.
    process: Option<Arc<dyn Process>>,
    /// The process that it is linked with as its own, beside its supervisor.
    pub(super) owner: Option<Pid>,
    deadline: Deadline,
}

pub(super) enum State<T> {
    /// The value is to come.
    Running(Answer<T>),
    /// There will be no value. It is told of once the process is gone, and those who are linked with it know.
    Ending(Answer<ExitReason>),
    /// It is gone, without a value.
    Failed(ExitReason),
    /// The result was taken.
    Spent,
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
    /// let (sum, product) = (Task::spawn(async { 6 + 7 }), Task::spawn(async { 6 * 7 }));
    /// assert_eq!((sum.await, product.await), (Ok(13), Ok(42)));
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<F>(future: F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let parent = process::current();
        let (reply_to, answer) = reply::answer();
        let code = async move { reply_to.send(future.await) };
        let node = parent.core().node();
        let name = std::any::type_name::<F>();
        let process = begin(node, Origin::here(), name, code, |task| {
            process::link_with_parent(&*parent, &**task);
        });
        Task::of(answer, process, Some(parent.core().pid()))
    }

    /// A task that has ended with a value: `Task.completed/1`. There is no process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let cached = Some(42);
    /// let task = match cached {
    ///     Some(value) => Task::completed(value),
    ///     None => Task::spawn(async { 6 * 7 }),
    /// };
    /// assert_eq!((task.pid(), task.await), (None, Ok(42)));
    /// # });
    /// ```
    pub fn completed(value: T) -> Self {
        let (reply_to, answer) = reply::answer();
        reply_to.send(value);
        Task {
            state: State::Running(answer),
            process: None,
            owner: None,
            deadline: Deadline::After(DEFAULT_TIMEOUT),
        }
    }
}

impl<T> Task<T> {
    pub(super) fn of(answer: Answer<T>, process: Arc<dyn Process>, owner: Option<Pid>) -> Self {
        Task {
            state: State::Running(answer),
            process: Some(process),
            owner,
            deadline: Deadline::After(DEFAULT_TIMEOUT),
        }
    }

    /// Awaited, it waits no longer than this, from its first poll on. The task is not stopped then.
    ///
    /// Never early; of a second or more, it may be late by 10 ms, as that of a call.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let task = Task::spawn(std::future::pending::<()>());
    /// assert_eq!(task.timeout(Duration::from_millis(10)).await, Err(ExitReason::Timeout));
    /// # });
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Deadline::After(timeout);
        self
    }

    /// Awaited, it waits as long as it takes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// assert_eq!(Task::spawn(async { 42 }).timeout_infinite().await, Ok(42));
    /// # });
    /// ```
    pub fn timeout_infinite(mut self) -> Self {
        self.deadline = Deadline::Never;
        self
    }

    /// The process of the task; None for one that was [`completed`](Self::completed) from the first.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let task = Task::spawn(async { process::self_pid() });
    /// let pid = task.pid();
    /// assert_eq!(pid, task.await.ok());
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.process.as_ref().map(|process| process.core().pid())
    }

    pub(super) fn process(&self) -> Option<&Arc<dyn Process>> {
        self.process.as_ref()
    }

    /// Ready with the result, once. Of a failure when the process is gone, and not in a process that is to end with it.
    pub(super) fn poll_result(&mut self, waker: &Waker) -> Poll<Result<T, ExitReason>> {
        loop {
            let next = match &mut self.state {
                State::Running(answer) => match ready!(answer.poll(waker)) {
                    Some(value) => {
                        self.state = State::Spent;
                        return Poll::Ready(Ok(value));
                    }
                    None => self.ending().map_or_else(State::Failed, State::Ending),
                },
                State::Ending(end) => {
                    let reason = ready!(end.poll(waker));
                    State::Failed(reason.unwrap_or_else(|| self.reason()))
                }
                State::Failed(reason) => {
                    let process = self.process.as_deref();
                    if process.is_some_and(|process| begin::is_to_end_with(process, reason)) {
                        return Poll::Pending;
                    }
                    let reason = reason.clone();
                    self.state = State::Spent;
                    return Poll::Ready(Err(reason));
                }
                State::Spent => return Poll::Pending,
            };
            self.state = next;
        }
    }

    /// What to wait for until the process is gone. Err if it is.
    fn ending(&self) -> Result<Answer<ExitReason>, ExitReason> {
        let (reply_to, end) = reply::answer();
        let Some(process) = &self.process else {
            return Err(ExitReason::NoProc);
        };
        let ended = process.core().vital().on_end(reply_to);
        ended.map_or(Ok(end), Err)
    }

    /// Why the process has ended.
    pub(super) fn reason(&self) -> ExitReason {
        let process = self.process.as_ref();
        process
            .and_then(|process| process.core().ended())
            .unwrap_or(ExitReason::NoProc)
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
    /// let pid = Task::start(async { 42 });
    /// let monitor = process::monitor(pid);
    /// assert!(process::receive_down(monitor).await.reason != ExitReason::Killed);
    /// # });
    /// ```
    #[track_caller]
    pub fn start<F>(future: F) -> Pid
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let node = scope::node().expect("a task needs a node: it was started outside `#[otp_core::main]`, `#[otp_core::test]` and nodes");
        let code = async move { drop(future.await) };
        let name = std::any::type_name::<F>();
        let process = begin(&node, Origin::here(), name, code, |_| ());
        process.core().pid()
    }

    /// Starts a task that nobody waits for and that is linked with the current process: `Task.start_link/1`. Its value is
    /// dropped.
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
    /// let pid = Task::start_link(async { 42 });
    /// let exit = process::receive_exit().await;
    /// assert_eq!((exit.pid, exit.reason), (pid, ExitReason::Normal));
    /// # });
    /// ```
    #[track_caller]
    pub fn start_link<F>(future: F) -> Pid
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let parent = process::current();
        let code = async move { drop(future.await) };
        let name = std::any::type_name::<F>();
        let process = begin(parent.core().node(), Origin::here(), name, code, |task| {
            begin::link_with_current(&**task);
        });
        process.core().pid()
    }
}

impl<T> Unpin for Task<T> {}

impl<T> Future for Task<T> {
    /// The value, or why there is none.
    type Output = Result<T, ExitReason>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(result) = this.poll_result(cx.waker()) {
            this.deadline.end();
            return Poll::Ready(result);
        }
        let Some(process) = &this.process else {
            return Poll::Pending;
        };
        ready!(this.deadline.poll(process.core().node(), cx.waker()));
        this.deadline.end();
        Poll::Ready(Err(ExitReason::Timeout))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.deadline.end();
    }
}

impl<T> Target for &Task<T> {
    fn locate(&self) -> Location {
        super::locate(self.pid())
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

//! Tasks: processes that compute one value each.
//!
//! A [`Task`] is for work that is to go on beside other work, and has one result. It is a process: it has links, can be
//! monitored and stopped, and its crash is told. What it computes comes through its handle, a future, and never as a message.
//!
//! | Elixir | here |
//! | --- | --- |
//! | `Task.async/1`, `Task.await/2` | [`Task::spawn`], `task.await` |
//! | `Task.start/1`, `Task.start_link/1` | [`Task::start`], [`Task::start_link`] |
//! | `Task.completed/1` | [`Task::completed`] |
//! | `Task.yield/2`, `shutdown/2`, `ignore/1` | [`Task::yield_for`], [`Task::shutdown`], [`Task::ignore`] |
//! | `Task.await_many/2`, `Task.yield_many/2` | [`await_many`], [`yield_many`] |
//! | `Task.async_stream/3` | [`async_stream`] |
//! | `{Task, fun}` as a child | [`Task::child_spec`] |
//! | `Task.Supervisor` | [`TaskSupervisor`] |
//! | `async/3`, `async_nolink/3`, `start_child/3` of it | [`TaskSupervisorRef::spawn`], [`spawn_nolink`](TaskSupervisorRef::spawn_nolink), [`start_child`](TaskSupervisorRef::start_child) |
//! | `$callers` | [`callers`] |
//!
//! ```
//! use otp_core::prelude::*;
//!
//! # otp_core::doc_test(async {
//! async fn length(word: &'static str) -> usize { word.len() }
//!
//! let (one, other) = (Task::spawn(length("one")), Task::spawn(length("other")));
//! assert_eq!((one.await, other.await), (Ok(3), Ok(5)));
//!
//! let lengths = task::async_stream(["a", "bb", "ccc"], length).max_concurrency(2);
//! assert_eq!(lengths.collect::<Vec<_>>().await, [Ok(1), Ok(2), Ok(3)]);
//! # });
//! ```
//!
//! # Who ends with whom
//!
//! | | the task crashes | the process that started it ends |
//! | --- | --- | --- |
//! | [`Task::spawn`], [`TaskSupervisorRef::spawn`] | that process ends too, unless it traps exits | the task ends too |
//! | [`TaskSupervisorRef::spawn_nolink`], [`Task::start`] | an error where it is awaited | the task goes on |
//! | [`async_stream`] | that process ends too, unless it traps exits | the task ends too |
//! | [`TaskSupervisorRef::async_stream_nolink`] | an error in the stream | the task ends too |
//!
//! Dropping the handle of a task stops nothing. Dropping a stream of tasks kills those that are not done.
//!
//! # Reports
//!
//! A task whose code crashes is reported once as a process, and once as a task, under the `tracing` target `otp_core::task`:
//! its pid, its starter, the type of its future, its label and the reason.

mod begin;
mod child;
mod finish;
mod handle;
mod many;
mod stream;
mod supervisor;

pub use begin::callers;
pub use child::TaskRef;
pub use finish::{TaskShutdown, Yielded};
pub use handle::Task;
pub use many::{AwaitMany, YieldMany, YieldTimeout, await_many, yield_many};
pub use stream::source::{IterSource, Source, StreamSource};
pub use stream::{AsyncStream, ItemExit, OnTimeout, async_stream, async_stream_of};
pub use supervisor::{StartingTask, StartingTaskChild, TaskSupervisor, TaskSupervisorRef};

use crate::pid::{NodeId, Pid};
use crate::process::{Location, Target};

/// Where a task is that may have no process.
fn locate(pid: Option<Pid>) -> Location {
    pid.unwrap_or_else(|| Pid::nobody(NodeId(0))).locate()
}

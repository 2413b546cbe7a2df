//! OTP for Rust: processes, links, monitors and GenServers with the semantics of Erlang/OTP, on tokio.
//!
//! ```
//! use otp_core::prelude::*;
//!
//! /// A counter that anyone may add to.
//! #[gen_server]
//! pub struct Counter {
//!     value: i64,
//! }
//!
//! #[gen_server]
//! impl Counter {
//!     #[init]
//!     fn init(value: i64) -> Self {
//!         Counter { value }
//!     }
//!
//!     /// Adds `by` and answers the new value.
//!     #[call]
//!     pub fn add(&mut self, by: i64) -> i64 {
//!         self.value += by;
//!         self.value
//!     }
//! }
//!
//! #[otp_core::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let counter = Counter::start_link(40).await?;
//!     assert_eq!(counter.add(2).await?, 42);
//!     counter.stop().await?;
//!     Ok(())
//! }
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! | --- | --- |
//! | writing a server | [`gen_server`](macro@gen_server), [`Context`], [`ReplyTo`] |
//! | writing one by hand, and what happens when | [`GenServer`], [`mod@gen_server`] |
//! | asking a server | [`Call`], [`CallFailure`], [`CallError`], [`ServerRef`], [`Request`] |
//! | processes, links, monitors, exit signals, names | [`process`] |
//! | one client for many kinds of servers, mocks | [`protocol`](macro@protocol), [`ProtocolRef`] |
//! | keys for processes, groups of processes | [`registry`] |
//! | timers and sleeping | [`time`] |
//! | looking into a running server | [`sys`] |
//! | what an end means | [`ExitReason`] |
//! | one value computed beside other work, and streams of them | [`Task`], [`mod@task`], [`TaskSupervisor`] |
//! | a state without a server of its own | [`Agent`] |
//! | supervising servers | [`supervisor!`](macro@supervisor), [`mod@supervisor`], [`Supervisor`], [`DynamicSupervisor`], [`PartitionSupervisor`] |
//! | what happens in a node, as events | [`telemetry`] |
//! | numbers about it | `metrics`, with the feature `metrics` |
//! | what differs from OTP, and why | [`differences`] |
//! | programs and tests | [`main`], [`test`](macro@test), [`Node`] |
//! | parts of a program that start and stop as one, its environment, signals | `application`, with the feature `application` |
//! | the test kit | `testing`, with the feature `test-util` |
//!
//! # Where one stands
//!
//! The bodies of [`main`] and [`test`](macro@test) are processes. A process lives in a [`Node`], which owns the process
//! table, the names and the timers; nothing is process-global. `tokio::spawn` does not inherit the node:
//! `future.in_node(&node)` of [`NodeExt`](process::NodeExt) carries it over. Handles carry their node and work anywhere.
//! What needs a process panics outside one and says so; `start_link` outside a process is the error
//! [`StartError::NotAProcess`], outside a node it panics and names its caller.
//!
//! # Order
//!
//! What one sender sends to one receiver arrives in that order: messages, DOWNs, trapped EXITs and system requests
//! alike. An exit signal that is not trapped acts at the next await point of its target. A process's names, links and
//! timers are gone before anybody is told of its end.
//!
//! # The servers of the examples
//!
//! An example that does not say what its server is uses one of these: the `Counter` above, which can also `reset` by a
//! cast; an `Account`, whose `withdraw` can fail; a `Room`, which begins with nothing; a `Tally`, which is a `Counter`
//! written by hand; a `Probe`, whose `with` runs a closure in a callback of the server, and whose `seen` tells which
//! messages have come; and a `Host`, who serves the protocol `Greet`. The applications are a `Repo`, which needs nothing, and
//! a `Chat`, which needs a `Repo` and has a `port` in its environment, 4000 by default.
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate self as otp_core;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod agent;
#[cfg(feature = "application")]
pub mod application;
mod call;
mod child_spec;
#[cfg(doc)]
pub mod differences;
mod exit;
pub mod gen_server;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(shuttle)]
mod model;
mod node;
mod oneshot;
mod options;
mod outgoing;
mod pid;
pub mod prelude;
pub mod process;
mod protocol;
pub mod registry;
mod reply;
mod report;
mod request;
mod rt;
mod runner;
mod sendable;
pub mod supervisor;
mod sync;
pub mod sys;
pub mod task;
pub mod telemetry;
#[cfg(feature = "test-util")]
pub mod testing;
pub mod time;
mod trace;

pub use agent::{Agent, AgentInit, AgentMessage, AgentRef};
pub use call::{Call, CallError, CallFailure, DEFAULT_TIMEOUT, TryCall};
pub use child_spec::{Begun, ChildHandle, ChildSpec, ChildStart, FromValues, Supervised};
pub use exit::{ExitReason, Panic};
pub use gen_server::{
    Context, GenServer, InitError, ServerHandle, ServerRef, StartError, StopError,
};
pub use node::{Name, Node};
pub use options::{
    ChildKind, Configured, MailboxPolicy, Restart, ServerOptions, Shutdown, WhenFull,
};
pub use pid::{NodeId, Pid};
pub use protocol::{ProtocolHandle, ProtocolMessage, ProtocolRef, Serves};
pub use registry::{DuplicateRegistry, Entry, Registry, RegistryError, RegistryEvent, RegistryRef};
pub use reply::ReplyTo;
pub use request::{NoResponse, Request, RequestCollection};
pub use supervisor::{
    AnyChild, AutoShutdown, BackOff, ChildCounts, ChildError, ChildInfo, ChildState,
    DynamicSupervisor, DynamicSupervisorRef, FailedToStartChild, PartitionSupervisor,
    PartitionSupervisorRef, SpecError, StartChildError, Strategy, Supervisor, SupervisorBuilder,
    SupervisorRef, SupervisorStart,
};
pub use task::{AsyncStream, OnTimeout, Task, TaskRef, TaskSupervisor, TaskSupervisorRef};

#[cfg(all(feature = "application", feature = "macros"))]
pub use otp_macros::application;
#[cfg(feature = "macros")]
pub use otp_macros::{
    call, cast, format_status, gen_server, handle_continue, handle_down, handle_exit, handle_info,
    handle_timeout, init, main, protocol, supervisor, terminate, test,
};

/// The README's programs, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Runs an example of the documentation as a process. Boxed, so that what runs it is compiled once for all of them.
#[doc(hidden)]
pub fn doc_test<T>(body: impl std::future::Future<Output = T>) -> T {
    let body: std::pin::Pin<Box<dyn std::future::Future<Output = T>>> = Box::pin(body);
    runner::run_main(runner::Flavor::CurrentThread, body)
}

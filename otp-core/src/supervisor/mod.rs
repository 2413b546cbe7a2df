//! Supervisors: processes that start others, watch them, and start them again when they end.
//!
//! A tree that is known when the program is written is written with [`supervisor!`](macro@crate::supervisor), which
//! checks it when it compiles; one that is known at run time only is made with [`Supervisor::builder`], which finds the
//! same mistakes before anything starts ([`SpecError`]). Children that come and go are started under a
//! [`DynamicSupervisor`]; one server many times over, by key, under a [`PartitionSupervisor`].
//!
//! ```
//! use otp_core::prelude::*;
//! use otp_core::{Strategy, Supervisor};
//!
//! #[gen_server(restart = transient)]
//! pub struct Counter { value: i64 }
//!
//! #[gen_server]
//! impl Counter {
//!     #[init]
//!     fn init(value: i64) -> Self { Counter { value } }
//!
//!     #[call]
//!     pub fn divide(&mut self, by: i64) -> i64 { self.value /= by; self.value }
//! }
//!
//! # std::panic::set_hook(Box::new(|_| ()));
//! # otp_core::doc_test(async {
//! let hits = Counter::child_spec(42).id("hits");
//! let hits_ref = hits.handle();
//! let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
//!
//! assert!(matches!(hits_ref.divide(0).await, Err(CallFailure::Exit(_))));
//! // Until the supervisor has started it again nobody is there; then the handle leads to the new process.
//! while hits_ref.divide(2).await != Ok(21) {}
//! # supervisor.stop().await.unwrap();
//! # });
//! ```
//!
//! # What a supervisor promises
//!
//! As OTP's supervisor does, step by step; recorded traces of the real one are among the tests of this crate.
//!
//! - **Start**: children start one after the other, in order, each when the init of the one before has returned. If one
//!   does not start, those before it are stopped in reverse order, and the supervisor does not start.
//! - **Stop**: in reverse order, one after the other, each fully gone before the next is asked. A child is sent the exit
//!   signal `shutdown`, has its [`Shutdown`](crate::Shutdown) time, and is killed then.
//! - **Restart**: whether a child that has ended is started again is said by its [`Restart`](crate::Restart) type and the
//!   reason; what happens to the others by the [`Strategy`]. A child has one process at a time: the new one begins when
//!   the old one is gone with its names, links, monitors and timers.
//! - **Limit**: more than `max_restarts` restarts within the period, all children together, and the supervisor stops its
//!   children and ends with `shutdown`, so that its own supervisor decides. The window slides. A start that fails during
//!   a restart is tried again and counts each time; between two attempts the supervisor serves, and can be stopped.
//! - **Automatic shutdown**: when significant children end for good, see [`AutoShutdown`].
//!
//! # Handles
//!
//! A child's handle is made before the child and stays good: each use leads to the present process, for the price of one
//! load. While there is none, a call fails with `NoProc` and a cast is dropped, as with a name. Its mailbox does not
//! outlive the process.
//!
//! # Reports
//!
//! Under the `tracing` target `otp_core::supervisor`: each start of a child as INFO, `child_terminated`, `start_error`,
//! `shutdown_error` and `shutdown` as ERROR, with supervisor, context, reason, and the child's id, pid, restart type,
//! shutdown time and kind.
//!
//! [`SupervisorRef::tree`] draws a tree as it is.

mod builder;
mod children;
mod dynamic;
mod error;
mod flags;
mod handle;
mod intensity;
mod no_server;
mod partition;
mod plan;
mod report;
mod route;
mod run;
mod start;
mod tree;
mod tree_ref;
mod verdict;
mod worker;

pub use builder::SupervisorBuilder;
pub use children::ChildState;
pub use dynamic::{
    AnyChild, DynamicChild, DynamicServer, DynamicSupervisor, DynamicSupervisorRef, StartingChild,
};
#[doc(hidden)]
pub use dynamic::{AnyStarter, DynamicMessage, DynamicSetup, DynamicStarter};
pub(crate) use dynamic::{StartCall, start_erased, start_spec, terminate_child, which_children};
pub use error::{ChildError, FailedToStartChild, SpecError, StartChildError};
pub use flags::{AutoShutdown, BackOff, Strategy};
pub use handle::{ChildCounts, ChildInfo, SupervisorRef};
#[doc(hidden)]
pub use no_server::{
    NoBuilder, NoServer0, NoServer1, NoServer2, NoServer3, NoServer4, NoServer5, NoServer6,
};
pub use partition::{PartitionSupervisor, PartitionSupervisorRef};
pub use run::Supervisor;
#[doc(hidden)]
pub use run::{Setup, SupervisorMessage};
pub use start::SupervisorStart;
#[doc(hidden)]
pub use start::TreeHandle;
pub use tree::{Branch, Tree, children_of};
#[doc(hidden)]
pub use tree_ref::{TreeRef, ends_for_good};

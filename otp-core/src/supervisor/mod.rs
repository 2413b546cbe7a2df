//! Supervisors: processes that start others, watch them, and start them again when they end.
//!
//! TODO
mod builder;
mod children;
mod dynamic;
mod error;
mod flags;
mod handle;
mod intensity;
mod partition;
mod plan;
mod report;
mod route;
mod run;
mod start;
mod tree;
mod verdict;
mod worker;

pub use builder::SupervisorBuilder;
pub use children::ChildState;
pub use dynamic::{
    AnyChild, DynamicChild, DynamicServer, DynamicSupervisor, DynamicSupervisorRef, StartingChild,
};
#[doc(hidden)]
pub use dynamic::{AnyStarter, DynamicMessage, DynamicSetup, DynamicStarter};
pub use error::{ChildError, FailedToStartChild, SpecError, StartChildError};
pub use flags::{AutoShutdown, BackOff, Strategy};
pub use handle::{ChildCounts, ChildInfo, SupervisorRef};
pub use partition::{PartitionSupervisor, PartitionSupervisorRef};
pub use run::Supervisor;
#[doc(hidden)]
pub use run::{Setup, SupervisorMessage};
pub use start::SupervisorStart;
#[doc(hidden)]
pub use start::TreeHandle;
pub use tree::{Branch, Tree};

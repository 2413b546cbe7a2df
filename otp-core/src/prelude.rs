//! What programs use most. `use otp_core::prelude::*;`
//!
//! [`main`](crate::main) and [`test`](macro@crate::test) are not here, as they would hide the standard attributes.
//!
//! # Examples
//!
//! ```
//! use otp_core::prelude::*;
//!
//! let limit: Duration = otp_core::DEFAULT_TIMEOUT;
//! assert_eq!(limit, Duration::from_secs(5));
//! assert!(ExitReason::Normal.is_clean());
//! ```

pub use std::time::Duration;

pub use crate::agent::{Agent, AgentRef};
pub use crate::call::{Call, CallError, CallFailure, TryCall};
pub use crate::exit::ExitReason;
pub use crate::gen_server::{
    Context, GenServer, InitError, ServerHandle, ServerRef, StartError, StopError,
};
pub use crate::gen_statem::{Actions, GenStatem, StatemRef};
pub use crate::node::{Name, Node};
pub use crate::pid::Pid;
pub use crate::process::{
    self, Address, CastOutcome, Down, Event, Exit, Mailbox, MonitorRef, NodeExt, Sent,
};
pub use crate::registry::{Registry, RegistryRef};
pub use crate::reply::ReplyTo;
pub use crate::request::{Request, RequestCollection};
pub use crate::task::{self, OnTimeout, Task, TaskSupervisor, TaskSupervisorRef};
pub use crate::time::Timer;

pub use crate::{gen_server, gen_statem};
#[cfg(feature = "macros")]
pub use otp_macros::{
    call, cast, format_status, handle_continue, handle_down, handle_exit, handle_info,
    handle_timeout, init, protocol, supervisor, terminate,
};

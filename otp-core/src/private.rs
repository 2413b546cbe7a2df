//! All that generated code may name, and nothing else. Not part of the API.

pub use ::core;
pub use ::core::option::Option;
pub use ::core::result::Result;
pub use ::std;

#[cfg(feature = "application")]
pub use crate::application::{ApplicationResource, ApplicationSpec};
pub use crate::call::{Call, TryCall};
pub use crate::child_spec::{
    ChildHandle, ChildSpec, ChildStart, FromValues, LinkedStart, Supervised,
};
pub use crate::exit::ExitReason;
pub use crate::gen_server::{
    Context, GenServer, InitError, Initialized, ServerHandle, ServerRef, Start, start, start_link,
    start_monitor,
};
pub use crate::gen_statem::{Actions, EventType, GenStatem, Machine, Slot, StatemRef};
pub use crate::options::{Configured, MailboxPolicy, Restart, ServerOptions, Shutdown};
pub use crate::pid::Pid;
pub use crate::process::{Address, Down, Exit, Location, MonitorRef, Sent, Target};
pub use crate::protocol::{ProtocolHandle, ProtocolMessage, ProtocolRef, Serves, narrowed};
pub use crate::registry::HasHandle;
pub use crate::reply::ReplyTo;
#[cfg(shuttle)]
pub use crate::runner::run_explored;
pub use crate::runner::{Flavor, run_main};
pub use crate::supervisor::{
    AutoShutdown, BackOff, DynamicChild, DynamicStarter, NoBuilder, NoServer0, NoServer1,
    NoServer2, NoServer3, NoServer4, NoServer5, NoServer6, StartingChild, Strategy, Supervisor,
    SupervisorBuilder, SupervisorRef, SupervisorStart, TreeHandle, TreeRef, ends_for_good,
};
#[cfg(feature = "test-util")]
pub use crate::testing::generated::*;

#[cfg(feature = "macros")]
pub use otp_macros::gen_statem_impl;

/// How the clients of a state machine ask: without a timeout, as in OTP.
#[derive(Debug)]
pub struct StatemCalls;

impl StatemCalls {
    /// A call that waits as long as it takes.
    #[inline]
    pub fn call<S: GenStatem, T: Send + 'static>(
        machine: &StatemRef<S>,
        build: impl FnOnce(ReplyTo<T>) -> S::Event,
    ) -> Call<S::Event, T> {
        machine.call(build).timeout_infinite()
    }

    /// A call of what can fail, which waits as long as it takes.
    #[inline]
    pub fn try_call<S: GenStatem, R: Send + 'static>(
        machine: &StatemRef<S>,
        build: impl FnOnce(ReplyTo<R>) -> S::Event,
    ) -> TryCall<S::Event, R> {
        machine.try_call(build).timeout_infinite()
    }

    /// A cast.
    #[inline]
    pub fn cast<S: GenStatem>(machine: &StatemRef<S>, event: S::Event) -> Sent<S::Event> {
        machine.cast(event)
    }
}

/// Tells exactly what a type is, behind an alias too: an inherent constant wins over a trait's.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(std::marker::PhantomData<T>);

/// For all types.
pub trait NotAResult {
    /// Whether the type is a `Result`.
    const IS_RESULT: bool = false;
}

impl<T: ?Sized> NotAResult for Probe<T> {}

impl<T, E> Probe<Result<T, E>> {
    /// It is.
    pub const IS_RESULT: bool = true;
}

/// For all types.
pub trait NotAReplyTo {
    /// Whether the type is a `ReplyTo`.
    const IS_REPLY_TO: bool = false;
}

impl<T: ?Sized> NotAReplyTo for Probe<T> {}

impl<T> Probe<ReplyTo<T>> {
    /// It is.
    pub const IS_REPLY_TO: bool = true;
}

/// What a test's body returned.
#[derive(Debug)]
pub struct Verdict<'a, T>(pub &'a T);

/// For all types. An inherent method wins over a trait's.
pub trait Succeeds {
    /// Whether it says that the test has failed.
    fn is_failure(&self) -> bool {
        false
    }
}

impl<T> Succeeds for Verdict<'_, T> {}

impl<T, E> Verdict<'_, Result<T, E>> {
    /// An error does.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        self.0.is_err()
    }
}

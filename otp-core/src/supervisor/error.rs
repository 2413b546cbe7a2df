//! What can be wrong with a tree, and why a supervisor refuses.

use crate::call::{CallError, CallFailure};
use crate::gen_server::StartError;
use crate::pid::Pid;

/// What is wrong with a supervisor's flags or with a child specification. Found before anything starts.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{SpecError, Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let wrong = Supervisor::builder(Strategy::OneForOne).child(Counter::child_spec(0).id(""));
/// let started = wrong.start_link().await;
/// assert_eq!(started, Err(StartError::Spec(SpecError::MissingId)));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Two children have this id: OTP's `duplicate_child_name`.
    #[error("two children are named `{0}`")]
    DuplicateChild(String),
    /// A child has the empty id.
    #[error("a child has no id")]
    MissingId,
    /// Restarts are counted over a period of no time.
    #[error("the period of `max_restarts` is zero")]
    ZeroPeriod,
    /// This child is significant, and its supervisor never shuts down by itself: OTP's `bad_combination`.
    #[error("`{0}` is significant, and its supervisor has no auto_shutdown")]
    SignificantWithoutAutoShutdown(String),
    /// This child is significant and permanent, so it never ends for good: OTP's `bad_combination`.
    #[error("`{0}` is significant and permanent, so that it never ends for good")]
    SignificantPermanent(String),
    /// This child is significant, and its supervisor is a dynamic one.
    #[error("`{0}` is significant, which means nothing to a dynamic supervisor")]
    SignificantDynamic(String),
    /// A partition supervisor of no partitions.
    #[error("there are no partitions")]
    NoPartitions,
}

/// A child that did not start, and so its supervisor did not: OTP's `failed_to_start_child`.
///
/// It is what the reason of a supervisor's [`StartError::Init`] carries, see
/// [`ExitReason::downcast_ref`](crate::ExitReason::downcast_ref).
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::{ChildSpec, FailedToStartChild, Strategy, Supervisor};
/// #[gen_server]
/// pub struct Broken;
///
/// #[gen_server]
/// impl Broken {
///     #[init]
///     fn init() -> Result<Self, ExitReason> { Err(ExitReason::error("boom")) }
/// }
///
/// # otp_core::doc_test(async {
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(Broken::child_spec().id("broken"));
/// let Err(StartError::Init(reason)) = supervisor.start_link().await else { panic!("it has started") };
/// let failed = reason.downcast_ref::<FailedToStartChild>().unwrap();
/// assert_eq!((failed.id.as_str(), &failed.error), ("broken", &StartError::Init(ExitReason::error("boom"))));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the child `{id}` did not start: {error}")]
#[non_exhaustive]
pub struct FailedToStartChild {
    /// Its id.
    pub id: String,
    /// Why.
    pub error: StartError,
}

/// Why a supervisor did not start a new child.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{StartChildError, Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let supervisor = Supervisor::builder(Strategy::OneForOne).start_link().await.unwrap();
/// let hits = supervisor.start_child(Counter::child_spec(0).id("hits")).await.unwrap();
/// let again = supervisor.start_child(Counter::child_spec(0).id("hits")).await;
/// assert_eq!(again, Err(StartChildError::AlreadyStarted(hits.pid().unwrap())));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartChildError {
    /// A child of that id runs, as this process.
    #[error("already started: {0}")]
    AlreadyStarted(Pid),
    /// There is a child of that id; it does not run.
    #[error("a child of that id is there and does not run")]
    AlreadyPresent,
    /// There are as many children as the supervisor takes.
    #[error("there are as many children as the supervisor takes")]
    MaxChildren,
    /// The specification is wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// It did not start; nothing of it is left. [`StartError::Ignore`]: it did not want to, and its specification is
    /// kept unless it is temporary or the supervisor is a dynamic one.
    #[error(transparent)]
    Start(StartError),
    /// The supervisor did not answer.
    #[error("the supervisor did not answer: {0}")]
    Failed(#[from] CallFailure),
}

/// Why a supervisor did not do to a child what it was asked to.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{ChildError, Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).id("hits");
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// assert_eq!(supervisor.delete_child("hits").await, Err(ChildError::Running));
/// assert_eq!(supervisor.delete_child("misses").await, Err(ChildError::NotFound));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// There is no such child.
    #[error("there is no such child")]
    NotFound,
    /// It runs.
    #[error("the child is running")]
    Running,
    /// It is being restarted.
    #[error("the child is being restarted")]
    Restarting,
    /// It did not start.
    #[error(transparent)]
    Start(StartError),
    /// The supervisor did not answer.
    #[error("the supervisor did not answer: {0}")]
    Failed(#[from] CallFailure),
}

impl From<CallError<StartChildError>> for StartChildError {
    fn from(error: CallError<StartChildError>) -> Self {
        match error {
            CallError::Handler(error) => error,
            CallError::Failed(failure) => StartChildError::Failed(failure),
        }
    }
}

impl From<CallError<ChildError>> for ChildError {
    fn from(error: CallError<ChildError>) -> Self {
        match error {
            CallError::Handler(error) => error,
            CallError::Failed(failure) => ChildError::Failed(failure),
        }
    }
}

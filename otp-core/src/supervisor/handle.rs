//! The handle of a supervisor: what can be asked of it while it runs.

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use super::children::ChildState;
use super::error::{ChildError, StartChildError};
use super::run::{Request, Supervisor};
use super::start::TreeHandle;
use crate::call::CallFailure;
use crate::child_spec::{ChildHandle, ChildSpec};
use crate::gen_server::{ServerHandle, ServerRef};
use crate::options::{ChildKind, Restart, Shutdown};
use crate::pid::Pid;

/// What a supervisor says of a child: its specification with all defaults filled in, and how it is.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Restart, Shutdown, Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).id("hits").restart(Restart::Transient);
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// let info = supervisor.get_child("hits").await.unwrap();
/// assert_eq!((info.restart, info.restarts), (Restart::Transient, 0));
/// assert_eq!(info.shutdown, Shutdown::Timeout(Duration::from_secs(5)));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildInfo {
    /// Its id.
    pub id: String,
    /// Whether it runs.
    pub state: ChildState,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// When it is started again.
    pub restart: Restart,
    /// How long it may take to stop.
    pub shutdown: Shutdown,
    /// Whether its end can shut its supervisor down.
    pub significant: bool,
    /// How often it was started again under this supervisor.
    pub restarts: u64,
}

/// How many children a supervisor has: `Supervisor.count_children/1`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).id("hits");
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// supervisor.terminate_child("hits").await.unwrap();
/// let counts = supervisor.count_children().await.unwrap();
/// assert_eq!((counts.specs, counts.active, counts.supervisors, counts.workers), (1, 0, 0, 1));
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildCounts {
    /// All.
    pub specs: usize,
    /// Those whose process is alive.
    pub active: usize,
    /// Those that are supervisors, alive or not.
    pub supervisors: usize,
    /// Those that are workers, alive or not.
    pub workers: usize,
}

impl ChildCounts {
    pub(super) fn add(&mut self, kind: ChildKind, is_alive: bool) {
        self.specs += 1;
        self.active += usize::from(is_alive);
        match kind {
            ChildKind::Worker => self.workers += 1,
            ChildKind::Supervisor => self.supervisors += 1,
        }
    }
}

/// The handle of a supervisor. Cheap to clone; it follows a supervisor that is itself supervised.
///
/// It derefs to its [`ServerRef`]: `stop`, `pid`, `monitor` are there. What is asked of a supervisor waits as long as
/// it takes, as in OTP: a supervisor that starts a slow child answers afterwards.
///
/// # Cancel safety
///
/// Every method here asks when its future is first polled. Dropped later, the supervisor does what it was asked to, and
/// its answer vanishes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let supervisor = Supervisor::builder(Strategy::OneForOne).start_link().name("counters").await.unwrap();
/// supervisor.start_child(Counter::child_spec(0).id("hits")).await.unwrap();
/// assert_eq!(supervisor.count_children().await.unwrap().active, 1);
/// // Of the `ServerRef` below it.
/// supervisor.stop().await.unwrap();
/// assert_eq!(process::whereis("counters"), None);
/// # });
/// ```
#[derive(Clone)]
pub struct SupervisorRef(ServerRef<Supervisor>);

impl SupervisorRef {
    /// Starts a child more, behind all others: `Supervisor.start_child/2`. Gives the handle that follows it.
    ///
    /// # Errors
    ///
    /// See [`StartChildError`]. A specification that is wrong is found before anything starts.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the child starts all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{Strategy, Supervisor};
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).start_link().await.unwrap();
    /// let hits = supervisor.start_child(Counter::child_spec(40).id("hits")).await.unwrap();
    /// assert_eq!(hits.add(2).await, Ok(42));
    /// supervisor.terminate_child("hits").await.unwrap();
    /// assert_eq!(hits.add(2).await, Err(CallFailure::NoProc));
    /// # });
    /// ```
    pub fn start_child<H: ChildHandle>(
        &self,
        spec: ChildSpec<H>,
    ) -> impl Future<Output = Result<H, StartChildError>> + Send + use<H> {
        let supervisor = self.0.clone();
        async move {
            let handle = spec.handle();
            let spec = spec.erase();
            let started = supervisor
                .try_call(|reply_to| Request::Start { spec, reply_to }.into())
                .timeout_infinite();
            started.await?;
            Ok(handle)
        }
    }

    /// Stops a child as its shutdown time says, and keeps its specification unless it is temporary:
    /// `Supervisor.terminate_child/2`. It is not restarted, and that does not count as a restart.
    ///
    /// # Errors
    ///
    /// There is no child of that id. One that does not run is no error.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the child is stopped all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{ChildState, Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(0).id("hits");
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
    /// supervisor.terminate_child("hits").await.unwrap();
    /// assert_eq!(supervisor.get_child("hits").await.unwrap().state, ChildState::Undefined);
    /// # });
    /// ```
    pub fn terminate_child<I: Into<String>>(
        &self,
        id: I,
    ) -> impl Future<Output = Result<(), ChildError>> + Send + use<I> {
        self.ask(id.into(), |id, reply_to| Request::Terminate {
            id,
            reply_to,
        })
    }

    /// Starts a child that does not run: `Supervisor.restart_child/2`. None if it does not want to be started.
    ///
    /// # Errors
    ///
    /// There is no such child, it runs, it is being restarted, or it does not start.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the child starts all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{ChildError, Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(0).id("hits");
    /// let hits_ref = hits.handle();
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
    /// supervisor.terminate_child("hits").await.unwrap();
    /// let pid = supervisor.restart_child("hits").await.unwrap();
    /// assert_eq!(hits_ref.pid(), pid);
    /// assert_eq!(supervisor.restart_child("hits").await, Err(ChildError::Running));
    /// # });
    /// ```
    pub fn restart_child<I: Into<String>>(
        &self,
        id: I,
    ) -> impl Future<Output = Result<Option<Pid>, ChildError>> + Send + use<I> {
        self.ask(id.into(), |id, reply_to| Request::Restart { id, reply_to })
    }

    /// Forgets a child that does not run: `Supervisor.delete_child/2`.
    ///
    /// # Errors
    ///
    /// There is no such child, it runs, or it is being restarted.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the child is forgotten all the same.
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
    /// supervisor.terminate_child("hits").await.unwrap();
    /// supervisor.delete_child("hits").await.unwrap();
    /// assert_eq!(supervisor.restart_child("hits").await, Err(ChildError::NotFound));
    /// # });
    /// ```
    pub fn delete_child<I: Into<String>>(
        &self,
        id: I,
    ) -> impl Future<Output = Result<(), ChildError>> + Send + use<I> {
        self.ask(id.into(), |id, reply_to| Request::Delete { id, reply_to })
    }

    /// What a child is and how it is: `supervisor:get_childspec/2`.
    ///
    /// # Errors
    ///
    /// There is no such child.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{ChildKind, Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(0).id("hits");
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
    /// assert_eq!(supervisor.get_child("hits").await.unwrap().kind, ChildKind::Worker);
    /// assert!(supervisor.get_child("misses").await.is_err());
    /// # });
    /// ```
    pub fn get_child<I: Into<String>>(
        &self,
        id: I,
    ) -> impl Future<Output = Result<ChildInfo, ChildError>> + Send + use<I> {
        self.ask(id.into(), |id, reply_to| Request::Get { id, reply_to })
    }

    /// All children in reverse start order, as in OTP: `Supervisor.which_children/1`.
    ///
    /// # Errors
    ///
    /// The supervisor did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let (hits, misses) = (Counter::child_spec(0).id("hits"), Counter::child_spec(0).id("misses"));
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).child(misses).start_link().await.unwrap();
    /// let children = supervisor.which_children().await.unwrap();
    /// assert_eq!([&children[0].id, &children[1].id], ["misses", "hits"]);
    /// # });
    /// ```
    pub fn which_children(
        &self,
    ) -> impl Future<Output = Result<Vec<ChildInfo>, CallFailure>> + Send + use<> {
        let supervisor = self.0.clone();
        async move {
            let children = supervisor.call(|reply_to| Request::Which { reply_to }.into());
            children.timeout_infinite().await
        }
    }

    /// How many children there are: `Supervisor.count_children/1`.
    ///
    /// # Errors
    ///
    /// The supervisor did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(0).id("hits");
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
    /// assert_eq!(supervisor.count_children().await.unwrap().workers, 1);
    /// # });
    /// ```
    pub fn count_children(
        &self,
    ) -> impl Future<Output = Result<ChildCounts, CallFailure>> + Send + use<> {
        let supervisor = self.0.clone();
        async move {
            let counts = supervisor.call(|reply_to| Request::Count { reply_to }.into());
            counts.timeout_infinite().await
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        id: String,
        request: fn(String, crate::ReplyTo<Result<T, ChildError>>) -> Request,
    ) -> impl Future<Output = Result<T, ChildError>> + Send + use<T> {
        let supervisor = self.0.clone();
        async move {
            let answer = supervisor.try_call(|reply_to| request(id, reply_to).into());
            Ok(answer.timeout_infinite().await?)
        }
    }
}

impl From<ServerRef<Supervisor>> for SupervisorRef {
    fn from(supervisor: ServerRef<Supervisor>) -> Self {
        SupervisorRef(supervisor)
    }
}

impl AsRef<ServerRef<Supervisor>> for SupervisorRef {
    fn as_ref(&self) -> &ServerRef<Supervisor> {
        &self.0
    }
}

impl Deref for SupervisorRef {
    type Target = ServerRef<Supervisor>;

    fn deref(&self) -> &ServerRef<Supervisor> {
        &self.0
    }
}

impl ServerHandle for SupervisorRef {
    type Server = Supervisor;
}

impl TreeHandle for SupervisorRef {
    fn supervisor(&self) -> &SupervisorRef {
        self
    }
}

impl PartialEq for SupervisorRef {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for SupervisorRef {}

impl Hash for SupervisorRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SupervisorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SupervisorRef").field(&self.0).finish()
    }
}

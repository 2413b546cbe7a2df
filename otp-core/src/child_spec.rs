//! How a supervisor starts a child and what it does when the child ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::gen_server::{GenServer, ServerHandle, StartError, start_link};
use crate::options::{Restart, Shutdown};
use crate::pid::Pid;

type Starting = Pin<Box<dyn Future<Output = Result<Pid, StartError>> + Send>>;

/// A child of a supervisor: Elixir's child specification.
///
/// `#[gen_server]` gives every server a `child_spec` that takes what its init takes; what the server's attribute says
/// of restart and shutdown is in it, and can be overridden.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::{Restart, ChildSpec};
/// # #[gen_server(restart = transient)] pub struct Counter { value: i64 }
/// # #[gen_server] impl Counter {
/// #     #[init] fn init(value: i64) -> Self { Counter { value } }
/// #     #[call] pub fn add(&mut self, by: i64) -> i64 { self.value += by; self.value }
/// # }
/// # otp_core::doc_test(async {
/// let mut spec: ChildSpec = Counter::child_spec(0).id("hits");
/// assert_eq!((spec.id.as_str(), spec.restart), ("hits", Restart::Transient));
/// let pid = spec.start().await.unwrap();
/// assert!(Node::current().unwrap().is_alive(pid));
/// # });
/// ```
#[must_use = "a child specification does nothing by itself"]
pub struct ChildSpec {
    /// Names the child among its siblings. The type of the server unless set.
    pub id: String,
    /// When it is started again.
    pub restart: Restart,
    /// How long it may take to stop.
    pub shutdown: Shutdown,
    start: Box<dyn FnMut() -> Starting + Send>,
}

impl ChildSpec {
    /// A child that is a server with the handle `H`. `args` makes what its init takes, anew for each start.
    pub fn new<H: ServerHandle>(
        mut args: impl FnMut() -> <H::Server as GenServer>::Args + Send + 'static,
    ) -> Self {
        let options = H::Server::OPTIONS;
        ChildSpec {
            id: std::any::type_name::<H::Server>().to_owned(),
            restart: options.restart,
            shutdown: options.shutdown,
            start: Box::new(move || {
                let start = start_link::<H>(args());
                Box::pin(async move {
                    start.await.map(|handle| {
                        handle
                            .as_ref()
                            .pid()
                            .expect("a handle that was started is pinned")
                    })
                })
            }),
        }
    }

    /// With another id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// With another restart type.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// With another shutdown time.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Starts the child, linked with the current process.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the child is killed.
    pub async fn start(&mut self) -> Result<Pid, StartError> {
        (self.start)().await
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

//! Starting a supervisor: its children start one after the other in its init, which its starter waits for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::SpecError;
use super::handle::SupervisorRef;
use super::run::Setup;
use crate::child_spec::{Begun, ChildHandle, ChildStart};
use crate::gen_server::{Initialized, Start, StartError, start, start_link};
use crate::node::Name;

/// The handle of a supervisor, or of a tree with handles of its children.
#[doc(hidden)]
pub trait TreeHandle: ChildHandle {
    /// That of the supervisor itself.
    fn supervisor(&self) -> &SupervisorRef;
}

type Starting<H> = Pin<Box<dyn Future<Output = Result<H, StartError>> + Send>>;

enum State<H> {
    New(Box<New<H>>),
    Starting(Starting<H>),
    Done,
}

/// Makes what the supervisor's process begins with.
type MakeSetup<H> = Box<dyn FnOnce(&H) -> Result<Setup, SpecError> + Send>;

struct New<H> {
    setup: MakeSetup<H>,
    link: bool,
    name: Option<Name>,
    timeout: Option<Duration>,
}

impl<H: TreeHandle> New<H> {
    async fn start(self, handle: H) -> Result<H, StartError> {
        let setup = (self.setup)(&handle)?;
        let begun = if self.link {
            let start = start_link::<SupervisorRef>(setup);
            at_place(start, &handle, self.name, self.timeout).await
        } else {
            let start = start::<SupervisorRef>(setup);
            at_place(start, &handle, self.name, self.timeout).await
        };
        begun.map(|_| handle)
    }
}

/// Starts a supervisor at the place that `handle` follows.
fn at_place<H: TreeHandle, F>(
    start: Start<SupervisorRef, F>,
    handle: &H,
    name: Option<Name>,
    timeout: Option<Duration>,
) -> impl Future<Output = Result<SupervisorRef, StartError>> + Send + use<H, F>
where
    F: Future<Output = Initialized<super::Supervisor>> + Send,
{
    let place = handle.supervisor().as_ref().place().cloned();
    let mut start = start.at(place);
    if let Some(name) = name {
        start = start.name(name);
    }
    if let Some(timeout) = timeout {
        start = start.timeout(timeout);
    }
    start
}

/// A supervisor that is being started: a builder that is a future of its handle.
///
/// It is done when the last child has begun.
///
/// # Errors
///
/// [`StartError::Spec`] if the tree is wrong, before anything starts. If a child does not start, those before it are
/// stopped in reverse order, and the error is [`StartError::Init`] with a reason that is clean and carries
/// [`FailedToStartChild`](super::FailedToStartChild).
///
/// # Panics
///
/// It panics if it is polled outside a node.
///
/// # Cancel safety
///
/// Dropped before it is done, the supervisor is killed, and its children with it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let start = Supervisor::builder(Strategy::OneForOne).start_link().name("counters").timeout(Duration::from_secs(5));
/// assert_eq!(process::whereis("counters"), None);
/// let supervisor = start.await.unwrap();
/// assert_eq!(process::whereis("counters"), supervisor.pid());
/// # });
/// ```
#[must_use = "a start does nothing unless it is awaited"]
pub struct SupervisorStart<H> {
    state: State<H>,
}

impl<H: TreeHandle> SupervisorStart<H> {
    /// Starts what `setup` makes for the handle.
    #[doc(hidden)]
    pub fn new(
        link: bool,
        setup: impl FnOnce(&H) -> Result<Setup, SpecError> + Send + 'static,
    ) -> Self {
        SupervisorStart {
            state: State::New(Box::new(New {
                setup: Box::new(setup),
                link,
                name: None,
                timeout: None,
            })),
        }
    }

    /// Registers the supervisor under a name before any child starts.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        if let State::New(new) = &mut self.state {
            new.name = Some(name.into());
        }
        self
    }

    /// Kills it if not all children have begun after this time. By default there is no limit, as in OTP.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        if let State::New(new) = &mut self.state {
            new.timeout = Some(timeout);
        }
        self
    }
}

impl<H: TreeHandle> Future for SupervisorStart<H> {
    type Output = Result<H, StartError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::New(_) = self.state
            && let State::New(new) = std::mem::replace(&mut self.state, State::Done)
        {
            self.state = State::Starting(Box::pin(new.start(H::vacant())));
        }
        match &mut self.state {
            State::Starting(starting) => starting.as_mut().poll(cx),
            State::New(_) | State::Done => Poll::Pending,
        }
    }
}

impl<H> Unpin for SupervisorStart<H> {}

impl<H: TreeHandle> ChildStart for SupervisorStart<H> {
    type Handle = H;

    fn start_at(
        self,
        handle: &H,
    ) -> impl Future<Output = Result<Begun, StartError>> + Send + 'static {
        let handle = handle.clone();
        async move {
            let State::New(new) = self.state else {
                unreachable!("a start is given to a supervisor before it is polled")
            };
            let handle = new.start(handle).await?;
            let process = handle.supervisor().route().resolve();
            Ok(Begun(process.expect("it was put there when it began")))
        }
    }
}

impl<H> fmt::Debug for SupervisorStart<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::New(_) => "new",
            State::Starting(_) => "starting",
            State::Done => "done",
        };
        f.debug_struct("SupervisorStart")
            .field("state", &state)
            .finish()
    }
}

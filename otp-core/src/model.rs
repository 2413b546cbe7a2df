//! What takes the place of tokio's runtime and timers under `--cfg shuttle`: tasks are shuttle's, and time stands still.

use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

/// Names the one runtime there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id;

/// The one runtime there is: the exploration that one is in.
#[derive(Clone, Debug)]
pub(crate) struct Handle;

impl Handle {
    pub(crate) fn try_current() -> Result<Self, ()> {
        Ok(Handle)
    }

    pub(crate) fn id(&self) -> Id {
        Id
    }

    pub(crate) fn enter(&self) {}

    pub(crate) fn spawn<F>(&self, future: F) -> shuttle::future::JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        shuttle::future::spawn(future)
    }
}

/// A wait that never ends.
#[derive(Debug)]
pub(crate) struct Sleep(PhantomPinned);

impl Sleep {
    pub(crate) fn reset(self: Pin<&mut Self>, _: Instant) {}

    #[expect(clippy::unused_self, reason = "tokio's can have gone off")]
    pub(crate) fn is_elapsed(&self) -> bool {
        false
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

pub(crate) fn sleep(_: Duration) -> Sleep {
    Sleep(PhantomPinned)
}

pub(crate) fn sleep_until(_: Instant) -> Sleep {
    Sleep(PhantomPinned)
}

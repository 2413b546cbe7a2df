//! Waiting. A sleep is an entry of the node's timers, so that it keeps its place among timers of the same deadline.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::deadline_after;
use super::timers::Id;
use crate::node::Node;
use crate::rt;
use crate::sync::Mutex;

/// Waits for `duration`: Elixir's `Process.sleep/1`.
///
/// Outside a node it is tokio's sleep. Between timers and sleeps of one node that are due at the same time, the one
/// that began first comes first.
///
/// # Cancel safety
///
/// Dropped, it is as if it had never begun.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let began = otp_core::time::Instant::now();
/// otp_core::time::sleep(Duration::from_millis(20)).await;
/// assert!(began.elapsed() >= Duration::from_millis(20));
/// # });
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    Sleep {
        duration,
        state: State::New,
    }
}

enum State {
    New,
    Armed {
        node: Node,
        timer: Id,
        fired: Arc<Mutex<Fired>>,
    },
    Tokio(Pin<Box<rt::Sleep>>),
}

#[derive(Default)]
struct Fired {
    fired: bool,
    waker: Option<Waker>,
}

/// A wait that has a length; made by [`sleep`]. It begins when it is first polled.
///
/// # Cancel safety
///
/// Dropped, it is as if it had never begun.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::time::{self, Instant};
///
/// # otp_core::doc_test(async {
/// let nap = time::sleep(Duration::from_millis(1));
/// let began = Instant::now();
/// nap.await;
/// assert!(began.elapsed() >= Duration::from_millis(1));
/// # });
/// ```
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sleep {
    duration: Duration,
    state: State,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let State::New = self.state {
            self.state = begin(self.duration);
        }
        match &mut self.state {
            State::New => Poll::Pending,
            State::Tokio(sleep) => sleep.as_mut().poll(cx),
            State::Armed { fired, .. } => {
                let mut fired = fired.lock().unwrap_or_else(PoisonError::into_inner);
                if fired.fired {
                    return Poll::Ready(());
                }
                fired.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn begin(duration: Duration) -> State {
    let Some(node) = Node::current() else {
        return State::Tokio(Box::pin(rt::sleep(duration)));
    };
    let fired = Arc::new(Mutex::new(Fired::default()));
    let fire = Arc::clone(&fired);
    let timer = node
        .timers()
        .arm(&node, deadline_after(duration), None, move || {
            let waker = {
                let mut fire = fire.lock().unwrap_or_else(PoisonError::into_inner);
                fire.fired = true;
                fire.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        });
    State::Armed { node, timer, fired }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let State::Armed { node, timer, .. } = &self.state {
            node.timers().disarm(*timer);
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}

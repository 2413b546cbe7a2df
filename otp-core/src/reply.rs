//! The answer to one call: a slot that the caller waits on and the server fills, once.

use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError};
use std::task::{Poll, Waker};

use crate::pid::Pid;
use crate::process::scope::{self, Orphan};
use crate::sync::{Mutex, MutexGuard, panicking};

enum Answer<T> {
    Open,
    Given(T),
    /// The server has dropped the request unanswered.
    Dropped,
}

struct State<T> {
    answer: Answer<T>,
    waker: Option<Waker>,
    caller: Option<Pid>,
}

/// One call's place for its answer.
pub(crate) struct Slot<T> {
    state: Mutex<State<T>>,
    /// Tells the caller once the reason of the server's end is known. Here, where the bounds on `T` are known.
    tell_later: fn(Arc<Slot<T>>),
}

impl<T: Send + 'static> Slot<T> {
    pub(crate) fn new() -> Arc<Self> {
        let state = State {
            answer: Answer::Open,
            waker: None,
            caller: None,
        };
        Arc::new(Slot {
            state: Mutex::new(state),
            tell_later: Unanswered::keep,
        })
    }
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says who waits, before the request is queued.
    pub(crate) fn open(&self, caller: Option<Pid>, waker: &Waker) {
        let mut state = self.lock();
        state.caller = caller;
        state.waker = Some(waker.clone());
    }

    /// Ready with the answer, or with None if the request was dropped.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<Option<T>> {
        let mut state = self.lock();
        match mem::replace(&mut state.answer, Answer::Open) {
            Answer::Given(answer) => Poll::Ready(Some(answer)),
            Answer::Dropped => Poll::Ready(None),
            Answer::Open => {
                match &mut state.waker {
                    Some(waiting) => waiting.clone_from(waker),
                    none => *none = Some(waker.clone()),
                }
                Poll::Pending
            }
        }
    }

    /// Whether the answer is there, or the request was dropped. If not, `waker` is woken when it is.
    pub(crate) fn watch(&self, waker: &Waker) -> bool {
        let mut state = self.lock();
        if let Answer::Open = state.answer {
            state.waker = Some(waker.clone());
            return false;
        }
        true
    }

    fn finish(&self, answer: Answer<T>) {
        let waker = {
            let mut state = self.lock();
            state.answer = answer;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Answers one call, from anywhere and at any time: Erlang's `From`.
///
/// A call handler that takes a `ReplyTo<T>` answers later, or hands it to somebody who does; the caller waits. It can
/// answer once, which the compiler sees to. An answer that comes after the caller has given up vanishes.
///
/// Dropped unanswered, it tells the caller: [`CallFailure::NoReply`](crate::CallFailure::NoReply) while the server
/// lives, else the reason of the server's end. In Erlang the caller would wait for its timeout.
#[must_use = "a caller waits for the answer"]
pub struct ReplyTo<T> {
    slot: Option<Arc<Slot<T>>>,
}

impl<T> ReplyTo<T> {
    pub(crate) fn new(slot: &Arc<Slot<T>>) -> Self {
        ReplyTo {
            slot: Some(Arc::clone(slot)),
        }
    }

    /// Answers the call: `GenServer.reply/2`.
    pub fn send(mut self, answer: T) {
        if let Some(slot) = self.slot.take() {
            slot.finish(Answer::Given(answer));
        }
    }

    /// The process that made the call; None if it was made outside a process.
    #[must_use]
    pub fn caller(&self) -> Option<Pid> {
        self.slot.as_ref()?.lock().caller
    }
}

impl<T> Drop for ReplyTo<T> {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        if panicking() {
            (slot.tell_later)(slot);
        } else {
            slot.finish(Answer::Dropped);
        }
    }
}

/// Tells the caller when it is dropped.
struct Unanswered<T>(Arc<Slot<T>>);

impl<T: Send + 'static> Unanswered<T> {
    /// While a process unwinds, the reason of its end is not known yet: the caller is told when it is.
    fn keep(slot: Arc<Slot<T>>) {
        let caller = slot.lock().caller;
        let orphan = Orphan {
            caller,
            _reply: Box::new(Unanswered(slot)),
        };
        // Outside a process it comes back, and the caller is told now.
        drop(scope::adopt(orphan));
    }
}

impl<T> Drop for Unanswered<T> {
    fn drop(&mut self) {
        self.0.finish(Answer::Dropped);
    }
}

impl<T> fmt::Debug for ReplyTo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo")
            .field("caller", &self.caller())
            .finish()
    }
}

//! One value from one sender to one receiver: what a call's answer travels through. The module with `unsafe` code that does
//! something.
//!
//! A mutex and a reference count, which safe code would need, cost a call seven more atomic read-modify-writes: a fifth of
//! its time. Here are one for the receiver that begins to wait and one for the sender.
//!
//! Both ends point to one allocation, which the last of them frees. Who may touch what is told by `state`:
//!
//! | state | `waker` | `value` | moves on by |
//! | --- | --- | --- | --- |
//! | `OPEN` | the receiver's | the sender's | either end |
//! | `WAITING` | whose move away from it succeeds | the sender's | either end |
//! | `WAKING` | the sender's | the sender's | the sender, to `DONE`, after a few instructions |
//! | `DONE` | nobody's, it is empty | the receiver's, and so is the allocation | nobody |
//! | `GONE` | nobody's, it is empty | the sender's, and so is the allocation | nobody |
//!
//! 1. The sender writes the value, then moves to `DONE`: from `OPEN` at once, from `WAITING` through `WAKING`, in which it
//!    takes the waker out; it wakes when it has let go of the allocation. From `GONE` it frees.
//! 2. The receiver writes its waker while `OPEN`, then moves to `WAITING`. To change it, it moves back first.
//! 3. The receiver that is dropped takes its waker back, then moves to `GONE`. From `DONE` it frees.
//!
//! `header` is shared by both ends until the allocation is freed, and is never written to as a whole.

#![expect(unsafe_code, reason = "see the header")]

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ptr::NonNull;
use std::task::{Poll, Waker};

use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{UnsafeCell, spin_loop};

const OPEN: u8 = 0;
const WAITING: u8 = 1;
const WAKING: u8 = 2;
const DONE: u8 = 3;
const GONE: u8 = 4;

struct Shared<H, T> {
    state: AtomicU8,
    waker: UnsafeCell<Option<Waker>>,
    value: UnsafeCell<Option<T>>,
    header: H,
}

impl<H, T> Shared<H, T> {
    /// Moves from one state to another. Err with the present one.
    fn step(&self, from: u8, to: u8) -> Result<u8, u8> {
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
    }
}

/// The end that gives the value.
pub(crate) struct Sender<H, T> {
    shared: NonNull<Shared<H, T>>,
    owns: PhantomData<Shared<H, T>>,
}

/// The end that waits for it.
pub(crate) struct Receiver<H, T> {
    shared: NonNull<Shared<H, T>>,
    owns: PhantomData<Shared<H, T>>,
}

// SAFETY: each end touches the cells only as `state` says, so that no two threads touch one at a time; the value goes
// from one thread to the other, and the waker is `Send`. The header is shared by both.
unsafe impl<H: Send + Sync, T: Send> Send for Sender<H, T> {}
// SAFETY: through a shared reference to an end only the header is reached.
unsafe impl<H: Send + Sync, T: Send> Sync for Sender<H, T> {}
// SAFETY: as for the sender.
unsafe impl<H: Send + Sync, T: Send> Send for Receiver<H, T> {}
// SAFETY: as for the sender.
unsafe impl<H: Send + Sync, T: Send> Sync for Receiver<H, T> {}

// The ends are pointers: to move one moves neither the value nor the header.
impl<H, T> Unpin for Sender<H, T> {}
impl<H, T> Unpin for Receiver<H, T> {}

/// Makes the two ends.
#[inline]
pub(crate) fn channel<H, T>(header: H) -> (Sender<H, T>, Receiver<H, T>) {
    let shared = NonNull::from(Box::leak(Box::new(Shared {
        state: AtomicU8::new(OPEN),
        waker: UnsafeCell::new(None),
        value: UnsafeCell::new(None),
        header,
    })));
    let owns = PhantomData;
    (Sender { shared, owns }, Receiver { shared, owns })
}

impl<H, T> Sender<H, T> {
    #[inline]
    fn shared(&self) -> &Shared<H, T> {
        // SAFETY: the allocation lives until one end has moved to its last state and the other one has freed it; the
        // sender that does either is consumed by it.
        unsafe { self.shared.as_ref() }
    }

    pub(crate) fn header(&self) -> &H {
        &self.shared().header
    }

    /// Whether the receiver has gone.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.shared().state.load(Ordering::Acquire) == GONE
    }

    /// Gives the value, and wakes the receiver. One that has gone will not get it.
    #[inline]
    pub(crate) fn send(self, value: T) {
        self.finish(Some(value));
    }

    #[inline]
    fn finish(self, value: Option<T>) {
        let this = mem::ManuallyDrop::new(self);
        let shared = this.shared();
        shared.value.with_mut(|place| {
            // SAFETY: until it moves to `DONE` the value is the sender's, and this is the one place that writes it.
            unsafe { *place = value };
        });
        let mut state = shared.state.load(Ordering::Acquire);
        loop {
            match state {
                OPEN => match shared.step(OPEN, DONE) {
                    Ok(_) => return,
                    Err(now) => state = now,
                },
                WAITING => match shared.step(WAITING, WAKING) {
                    Ok(_) => {
                        let waker = shared.waker.with_mut(|waker| {
                            // SAFETY: while it is `WAKING` the waker is the sender's.
                            unsafe { (*waker).take() }
                        });
                        shared.state.store(DONE, Ordering::Release);
                        // From here on the receiver may free the allocation at any time.
                        if let Some(waker) = waker {
                            waker.wake();
                        }
                        return;
                    }
                    Err(now) => state = now,
                },
                _ => {
                    // `GONE`: nothing else is written once a receiver has gone.
                    // SAFETY: the receiver has let go of the allocation, and this sender is consumed.
                    drop(unsafe { Box::from_raw(this.shared.as_ptr()) });
                    return;
                }
            }
        }
    }
}

impl<H, T> Drop for Sender<H, T> {
    /// Gives no value, and wakes the receiver.
    fn drop(&mut self) {
        let (shared, owns) = (self.shared, self.owns);
        Sender { shared, owns }.finish(None);
    }
}

impl<H, T> Receiver<H, T> {
    #[inline]
    fn shared(&self) -> &Shared<H, T> {
        // SAFETY: the allocation lives until this receiver, while it is dropped, lets go of it or frees it.
        unsafe { self.shared.as_ref() }
    }

    pub(crate) fn header(&self) -> &H {
        &self.shared().header
    }

    /// Ready with the value, or with None if the sender gave none, or if it was taken. Else `waker` will be woken.
    #[inline]
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Option<T>> {
        if !self.watch(waker) {
            return Poll::Pending;
        }
        let value = self.shared().value.with_mut(|value| {
            // SAFETY: it is `DONE`: the value is the receiver's.
            unsafe { (*value).take() }
        });
        Poll::Ready(value)
    }

    /// Whether the sender is done. If not, `waker` will be woken when it is.
    #[inline]
    pub(crate) fn watch(&mut self, waker: &Waker) -> bool {
        let shared = self.shared();
        let mut state = shared.state.load(Ordering::Acquire);
        loop {
            match state {
                OPEN => {
                    shared.waker.with_mut(|place| {
                        // SAFETY: while it is `OPEN` the waker is the receiver's.
                        unsafe { *place = Some(waker.clone()) };
                    });
                    match shared.step(OPEN, WAITING) {
                        Ok(_) => return false,
                        Err(now) => {
                            self.forget_waker();
                            state = now;
                        }
                    }
                }
                WAITING => match shared.step(WAITING, OPEN) {
                    Ok(_) => state = OPEN,
                    Err(now) => state = now,
                },
                WAKING => {
                    spin_loop();
                    state = shared.state.load(Ordering::Acquire);
                }
                _ => return true,
            }
        }
    }

    /// The sender has become done before it saw the waker.
    #[cold]
    fn forget_waker(&self) {
        let waker = self.shared().waker.with_mut(|waker| {
            // SAFETY: the sender went from `OPEN` to `DONE` and left the waker alone.
            unsafe { (*waker).take() }
        });
        drop(waker);
    }
}

impl<H, T> Drop for Receiver<H, T> {
    #[inline]
    fn drop(&mut self) {
        let shared = self.shared();
        let mut state = shared.state.load(Ordering::Acquire);
        loop {
            match state {
                OPEN => match shared.step(OPEN, GONE) {
                    Ok(_) => return,
                    Err(now) => state = now,
                },
                WAITING => match shared.step(WAITING, OPEN) {
                    Ok(_) => {
                        let waker = shared.waker.with_mut(|waker| {
                            // SAFETY: it was moved back to `OPEN`: the waker is the receiver's.
                            unsafe { (*waker).take() }
                        });
                        drop(waker);
                        state = OPEN;
                    }
                    Err(now) => state = now,
                },
                WAKING => {
                    spin_loop();
                    state = shared.state.load(Ordering::Acquire);
                }
                _ => {
                    // SAFETY: it is `DONE`: the sender has let go of the allocation, and this receiver is dropped.
                    drop(unsafe { Box::from_raw(self.shared.as_ptr()) });
                    return;
                }
            }
        }
    }
}

impl<H, T> fmt::Debug for Receiver<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

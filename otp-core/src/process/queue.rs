//! The mailbox of a process: one queue under one short lock, for messages and for signals.
//!
//! Who may touch it: senders push, the process itself takes; [`super::signal`] pushes signals and wakes. The lock is
//! never held while a message is dropped or a waker runs user code of ours, and never while another lock is taken.
//!
//! Messages lie inline, and the first one in the process's own allocation. The receiver of an unbounded queue swaps the
//! whole queue out; that of a bounded one takes message by message, so that the bound counts everything that was not yet
//! handled. With the last message it puts its waker in place, so that it need not look again before it waits.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::task::Waker;

use tracing::Span;

use super::fifo::Fifo;
use super::signal::{Signal, Traced};
use crate::options::{MailboxPolicy, WhenFull};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// A queue that grew beyond this gives its memory back once it is empty.
const KEPT_CAPACITY: usize = 1024;

/// One entry of a mailbox: a message of the process's own type, or a signal of ours, which is rare and therefore boxed.
pub(crate) enum Envelope<M> {
    Message(M),
    Signal(Box<Signal>),
}

impl<M> Envelope<M> {
    fn is_message(&self) -> bool {
        match self {
            Envelope::Message(_) => true,
            Envelope::Signal(signal) => matches!(**signal, Signal::Traced(_)),
        }
    }
}

impl<M: 'static> Envelope<M> {
    /// For a receiver that is no server: its messages are handled in no span.
    pub(crate) fn untraced(self) -> Self {
        match self {
            Envelope::Signal(signal) => match *signal {
                Signal::Traced(traced) => Envelope::Message(traced.take().0),
                _ => Envelope::Signal(signal),
            },
            message @ Envelope::Message(_) => message,
        }
    }
}

/// A message was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// It has pushed out the oldest one.
    Evicting,
}

/// Why there is no room for a message.
enum NoRoom {
    Wait,
    Refuse,
}

/// Why a message was not queued. It comes back.
pub(crate) enum PushError<M> {
    /// The process has ended.
    Closed(M),
    /// There is no room now, and the policy is to wait.
    Full(M),
    /// There is no room, and the policy is to refuse.
    Refused(M),
}

/// What can be seen of a mailbox from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) len: usize,
    /// Messages that a bound cost: refused, evicted, or dropped by a sender that did not wait.
    pub(crate) lost: u64,
    /// In bytes.
    pub(crate) memory: usize,
}

/// A sender that waits for room. Senders get it in the order in which they began to wait.
#[derive(Debug)]
struct Waiting {
    ticket: u64,
    waker: Waker,
}

#[derive(Debug)]
struct Bound {
    capacity: usize,
    when_full: WhenFull,
    queued: usize,
    /// In the order of their tickets.
    waiting: VecDeque<Waiting>,
    next_ticket: u64,
    lost: u64,
}

impl Bound {
    /// Where in the line a sender is.
    fn position(&self, ticket: Option<u64>) -> Option<usize> {
        let found = self
            .waiting
            .binary_search_by_key(&ticket?, |waiting| waiting.ticket);
        found.ok()
    }

    /// How many more messages find room, once those who wait before `ticket` have had theirs.
    fn has_room_for(&self, ticket: Option<u64>) -> bool {
        let ahead = self.position(ticket).unwrap_or(self.waiting.len());
        self.queued + ahead < self.capacity
    }

    fn forget(&mut self, ticket: Option<u64>) {
        if let Some(position) = self.position(ticket) {
            self.waiting.remove(position);
        }
    }

    /// Those who may try again now.
    fn admitted(&self) -> Vec<Waker> {
        let room = self.capacity.saturating_sub(self.queued);
        self.waiting
            .iter()
            .take(room)
            .map(|waiting| waiting.waker.clone())
            .collect()
    }

    /// Empties the line.
    fn dismissed(&mut self) -> Vec<Waker> {
        self.waiting
            .drain(..)
            .map(|waiting| waiting.waker)
            .collect()
    }
}

#[inline]
fn wake_all(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

struct Inner<M> {
    items: Fifo<Envelope<M>>,
    waker: Option<Waker>,
    closed: bool,
    bound: Option<Box<Bound>>,
}

/// See the module.
pub(crate) struct Queue<M> {
    inner: Mutex<Inner<M>>,
    /// Whether the waker of the process's task is in place. Written under the lock, read without.
    registered: AtomicBool,
    /// Whether, moreover, nothing is queued: the receiver can wait without a look. Written under the lock, and read
    /// without by the receiver, which alone sets it.
    drained: AtomicBool,
}

impl<M> Queue<M> {
    pub(crate) fn new(policy: MailboxPolicy) -> Self {
        let bound = match policy {
            MailboxPolicy::Unbounded => None,
            MailboxPolicy::Bounded {
                capacity,
                when_full,
            } => Some(Box::new(Bound {
                capacity: capacity.max(1),
                when_full,
                queued: 0,
                waiting: VecDeque::new(),
                next_ticket: 0,
                lost: 0,
            })),
        };
        Queue {
            inner: Mutex::new(Inner {
                items: Fifo::new(),
                waker: None,
                closed: false,
                bound,
            }),
            registered: AtomicBool::new(false),
            drained: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<M>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the waker out, for the caller to wake once the lock is free.
    fn take_waker(&self, inner: &mut Inner<M>) -> Option<Waker> {
        self.drained.store(false, Ordering::Relaxed);
        self.registered.store(false, Ordering::Relaxed);
        inner.waker.take()
    }

    /// Puts the waker in place.
    fn put_waker(&self, inner: &mut Inner<M>, waker: &Waker) {
        match &mut inner.waker {
            Some(registered) if registered.will_wake(waker) => {}
            slot => *slot = Some(waker.clone()),
        }
        self.registered.store(true, Ordering::Relaxed);
    }

    /// Queues an entry and wakes the process once the lock is free.
    ///
    /// Always inlined: the message would otherwise be copied once more, which a call's time shows.
    #[inline(always)]
    fn enqueue(&self, mut inner: MutexGuard<'_, Inner<M>>, envelope: Envelope<M>) {
        inner.items.push_back(envelope);
        let waker = self.take_waker(&mut inner);
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Queues what a message can be made of. `ticket` is that of a sender that has waited.
    ///
    /// Inlined, as the message would otherwise be copied on its way.
    #[inline]
    pub(crate) fn push<P: Into<M>>(
        &self,
        message: P,
        ticket: Option<u64>,
    ) -> Result<Pushed, PushError<P>> {
        let inner = self.lock();
        if inner.closed {
            return Err(PushError::Closed(message));
        }
        if inner.bound.is_some() {
            return self.push_bounded(inner, message, ticket, Envelope::Message);
        }
        self.enqueue(inner, Envelope::Message(message.into()));
        Ok(Pushed::Queued)
    }

    /// As [`push`](Self::push), a message that is to be handled in a span.
    #[cold]
    pub(crate) fn push_traced<P: Into<M>>(
        &self,
        message: P,
        ticket: Option<u64>,
        span: Span,
    ) -> Result<Pushed, PushError<P>>
    where
        M: Send + 'static,
    {
        let inner = self.lock();
        if inner.closed {
            return Err(PushError::Closed(message));
        }
        self.push_bounded(inner, message, ticket, |message| {
            Envelope::Signal(Box::new(Signal::Traced(Traced::new(message, span))))
        })
    }

    /// Queues a message whatever the bound: one that the process sends to itself, and could never wait for.
    pub(crate) fn push_past_bound(&self, message: M) -> Result<(), PushError<M>> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(PushError::Closed(message));
        }
        if let Some(bound) = &mut inner.bound {
            bound.queued += 1;
        }
        self.enqueue(inner, Envelope::Message(message));
        Ok(())
    }

    fn push_bounded<P: Into<M>>(
        &self,
        mut guard: MutexGuard<'_, Inner<M>>,
        message: P,
        ticket: Option<u64>,
        wrap: impl FnOnce(M) -> Envelope<M>,
    ) -> Result<Pushed, PushError<P>> {
        let evicted = match guard.admit(ticket) {
            Ok(evicted) => evicted,
            Err(NoRoom::Wait) => return Err(PushError::Full(message)),
            Err(NoRoom::Refuse) => return Err(PushError::Refused(message)),
        };
        let envelope = wrap(message.into());
        self.enqueue(guard, envelope);
        Ok(evicted.map_or(Pushed::Queued, |_| Pushed::Evicting))
    }

    /// Waits for room: keeps or makes the sender's place in the line. None if there is room to try again at once.
    pub(crate) fn wait_for_room(&self, ticket: Option<u64>, waker: &Waker) -> Option<u64> {
        let mut inner = self.lock();
        if inner.closed {
            return None;
        }
        let bound = inner.bound.as_mut()?;
        if bound.has_room_for(ticket) {
            return None;
        }
        if let Some(position) = bound.position(ticket) {
            bound.waiting[position].waker.clone_from(waker);
            return ticket;
        }
        let ticket = bound.next_ticket;
        bound.next_ticket += 1;
        bound.waiting.push_back(Waiting {
            ticket,
            waker: waker.clone(),
        });
        Some(ticket)
    }

    /// A sender gives up its place. `lost`: its message will not come at all.
    pub(crate) fn leave_line(&self, ticket: Option<u64>, lost: bool) {
        let wakers = {
            let mut inner = self.lock();
            let Some(bound) = &mut inner.bound else {
                return;
            };
            bound.forget(ticket);
            bound.lost += u64::from(lost);
            bound.admitted()
        };
        wake_all(wakers);
    }

    /// Takes the next entry, and unless there is a bound the others into `batch`, which is empty. None if there is nothing;
    /// then `waker` is in place. Only a task whose waker does not change may wait here.
    #[inline]
    pub(crate) fn take(
        &self,
        batch: &mut VecDeque<Envelope<M>>,
        waker: &Waker,
    ) -> Option<Envelope<M>> {
        if self.drained.load(Ordering::Relaxed) {
            return None;
        }
        let mut guard = self.lock();
        let inner = &mut *guard;
        let taken = if inner.bound.is_none() {
            inner.items.pop_all(batch)
        } else {
            inner.items.pop_front()
        };
        // Memory that a batch has used is seen to when it is handled.
        if inner.items.is_empty() && batch.is_empty() {
            self.put_waker(inner, waker);
            inner.items.keep_one(batch, KEPT_CAPACITY);
            self.drained.store(true, Ordering::Relaxed);
        }
        let wakers = inner.after_take(taken.as_ref());
        drop(guard);
        wake_all(wakers);
        taken
    }

    /// As [`take`](Self::take), for a server that is suspended: from a bounded queue only what `urgent` wants, so that
    /// what has to wait goes on counting.
    pub(crate) fn take_urgent(
        &self,
        batch: &mut VecDeque<Envelope<M>>,
        waker: &Waker,
        urgent: impl FnMut(&Envelope<M>) -> bool,
    ) -> bool {
        if self.lock().bound.is_none() {
            let taken = self.take(batch, waker);
            if let Some(first) = taken {
                batch.push_front(first);
            }
            return !batch.is_empty();
        }
        self.register(waker);
        if let Some(envelope) = self.take_where(urgent, |envelope| envelope) {
            batch.push_back(envelope);
        }
        !batch.is_empty()
    }

    /// Takes the first signal that `select` wants, and leaves the others in their order: selective receive. No message, as
    /// senders that wait for room are not told of it.
    pub(crate) fn take_where<T>(
        &self,
        select: impl FnMut(&Envelope<M>) -> bool,
        convert: impl FnOnce(Envelope<M>) -> T,
    ) -> Option<T> {
        let envelope = self.lock().items.take_first(select)?;
        Some(convert(envelope))
    }

    /// Takes everything out, for the process to look through without the lock. To be checked in again.
    pub(crate) fn check_out(&self) -> VecDeque<Envelope<M>> {
        self.lock().items.take()
    }

    /// Puts back what was checked out and not taken, before what came meanwhile.
    pub(crate) fn check_in(&self, rest: VecDeque<Envelope<M>>) {
        let wakers = {
            let mut guard = self.lock();
            let inner = &mut *guard;
            inner.items.put_before(rest);
            self.drained.store(false, Ordering::Relaxed);
            match &mut inner.bound {
                Some(bound) => {
                    bound.queued = inner.items.count(Envelope::is_message);
                    bound.admitted()
                }
                None => Vec::new(),
            }
        };
        wake_all(wakers);
    }

    /// Puts the waker of the process's task in place, so that a sender or a signal wakes it.
    pub(crate) fn register(&self, waker: &Waker) {
        self.put_waker(&mut self.lock(), waker);
    }

    /// Takes the waker out and forgets it: the process goes on in another task, which has to register its own.
    pub(crate) fn unregister(&self) {
        let waker = self.take_waker(&mut self.lock());
        drop(waker);
    }

    /// Whether the waker is in place. Only the process's own task may ask: nobody else puts it there.
    pub(crate) fn is_registered(&self) -> bool {
        self.registered.load(Ordering::Relaxed)
    }

    /// Queues a signal, whatever the bound. A closed queue drops it. The waker is for the caller to wake.
    pub(crate) fn queue_signal(&self, signal: Box<Signal>) -> Option<Waker> {
        let mut inner = self.lock();
        if inner.closed {
            drop(inner);
            drop(signal);
            return None;
        }
        inner.items.push_back(Envelope::Signal(signal));
        self.take_waker(&mut inner)
    }

    /// Wakes the process's task without a message.
    pub(crate) fn wake(&self) {
        let waker = self.take_waker(&mut self.lock());
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// What can be seen of it from outside.
    pub(crate) fn look(&self) -> Look {
        let inner = self.lock();
        Look {
            len: inner.items.len(),
            lost: inner.bound.as_ref().map_or(0, |bound| bound.lost),
            memory: inner.items.memory(),
        }
    }

    /// Gives its memory back if nothing is in it.
    pub(crate) fn shrink(&self) {
        self.lock().items.shrink();
    }

    /// Closes the queue and drops what is in it, outside the lock. Callers among it are told by their reply's drop.
    pub(crate) fn close(&self) {
        let (items, waker, wakers) = {
            let mut inner = self.lock();
            inner.closed = true;
            let wakers = match &mut inner.bound {
                Some(bound) => bound.dismissed(),
                None => Vec::new(),
            };
            (inner.items.take(), self.take_waker(&mut inner), wakers)
        };
        drop(items);
        drop(waker);
        wake_all(wakers);
    }
}

impl<M> Inner<M> {
    /// Makes room for a message, and counts it. Gives the one that it has pushed out.
    fn admit(&mut self, ticket: Option<u64>) -> Result<Option<Envelope<M>>, NoRoom> {
        let Some(bound) = &mut self.bound else {
            return Ok(None);
        };
        let mut evicted = None;
        if !bound.has_room_for(ticket) {
            match bound.when_full {
                WhenFull::Wait => return Err(NoRoom::Wait),
                WhenFull::Refuse => {
                    bound.lost += 1;
                    return Err(NoRoom::Refuse);
                }
                WhenFull::DropOldest => {
                    evicted = self.items.take_first(Envelope::is_message);
                    bound.lost += 1;
                    bound.queued -= 1;
                }
            }
        }
        bound.forget(ticket);
        bound.queued += 1;
        Ok(evicted)
    }

    /// Accounts for an entry that was taken, and says who may try to send now.
    fn after_take(&mut self, taken: Option<&Envelope<M>>) -> Vec<Waker> {
        match (&mut self.bound, taken) {
            (Some(bound), Some(taken)) if taken.is_message() => {
                bound.queued -= 1;
                bound.admitted()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What there is beside messages is to take no room from them.
    #[test]
    fn an_envelope_is_as_large_as_its_message() {
        enum Small {
            _A(u64),
            _B,
        }

        assert_eq!(size_of::<Envelope<Small>>(), size_of::<Small>());
        assert_eq!(size_of::<Option<Envelope<Small>>>(), size_of::<Small>());
        assert_eq!(
            size_of::<Envelope<std::convert::Infallible>>(),
            size_of::<usize>()
        );
    }
}

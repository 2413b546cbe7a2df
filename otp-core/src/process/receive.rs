//! Receiving in a process that has a mailbox of its own: by message, by event, selectively.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::address::Address;
use super::alias::{Alias, AliasMode};
use super::cell::Cell;
use super::queue::Envelope;
use super::signal::{Down, Exit, MonitorRef, Signal};

/// What arrives in a mailbox.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<M> {
    /// A message.
    Message(M),
    /// A monitored process ended.
    Down(Down),
    /// A linked process ended or an exit signal came, as this process traps exits.
    Exit(Exit),
}

/// Nothing came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was received in time")]
pub struct ReceiveTimeout;

/// The mailbox of a process that [`spawn`](super::spawn()) started: Erlang's `receive`.
///
/// Messages come in the order in which they were sent by each sender. What a receive does not want stays, in its place.
/// Between two things that arrive at this process, DOWNs and EXITs keep their order with messages.
///
/// # Cancel safety
///
/// Every method here that waits takes nothing until it is done: dropped, it has lost nothing.
pub struct Mailbox<M: Send + 'static> {
    cell: Arc<Cell<M>>,
}

impl<M: Send + 'static> Mailbox<M> {
    pub(crate) fn new(cell: Arc<Cell<M>>) -> Self {
        Mailbox { cell }
    }

    /// Where messages to this process go.
    #[must_use]
    pub fn address(&self) -> Address<M> {
        Address {
            cell: Arc::clone(&self.cell),
        }
    }

    /// Waits for a message. DOWNs and EXITs stay for [`next_event`](Self::next_event).
    pub async fn receive(&mut self) -> M {
        self.select(|envelope| match envelope {
            Envelope::Message(message) => Ok(message),
            signal @ Envelope::Signal(_) => Err(signal),
        })
        .await
    }

    /// Waits for a message, no longer than `timeout`: `receive … after`.
    ///
    /// # Errors
    ///
    /// Nothing came in time.
    pub async fn receive_timeout(&mut self, timeout: Duration) -> Result<M, ReceiveTimeout> {
        super::within(timeout, self.receive())
            .await
            .ok_or(ReceiveTimeout)
    }

    /// Waits for a message that `wanted` likes; the others stay in their order. Looks at every queued message.
    pub async fn receive_where(&mut self, mut wanted: impl FnMut(&M) -> bool) -> M {
        self.select(|envelope| match envelope {
            Envelope::Message(message) if wanted(&message) => Ok(message),
            other => Err(other),
        })
        .await
    }

    /// Takes a message if there is one.
    pub fn try_receive(&mut self) -> Option<M> {
        self.try_select(&mut |envelope| match envelope {
            Envelope::Message(message) => Ok(message),
            signal @ Envelope::Signal(_) => Err(signal),
        })
    }

    /// Takes the first message that `wanted` likes, if there is one.
    #[cfg(feature = "test-util")]
    pub(crate) fn take_where(&mut self, wanted: &mut dyn FnMut(&M) -> bool) -> Option<M> {
        self.try_select(&mut |envelope| match envelope {
            Envelope::Message(message) if wanted(&message) => Ok(message),
            other => Err(other),
        })
    }

    /// Has `waker` woken by what comes next.
    #[cfg(feature = "test-util")]
    pub(crate) fn wake_with(&self, waker: &std::task::Waker) {
        self.cell.queue().register(waker);
    }

    /// Waits for whatever comes next.
    pub async fn next_event(&mut self) -> Event<M> {
        let cell = Arc::clone(&self.cell);
        self.select(move |envelope| match envelope {
            Envelope::Message(message) => Ok(Event::Message(message)),
            Envelope::Signal(signal) => match *signal {
                Signal::Down(down) => {
                    cell.core().vital().take_down(down.monitor.id);
                    Ok(Event::Down(down))
                }
                Signal::Exit(exit) => Ok(Event::Exit(exit)),
                other => Err(Envelope::Signal(Box::new(other))),
            },
        })
        .await
    }

    /// Makes an alias: an address of this process that can be put out of use.
    #[must_use]
    pub fn alias(&self, mode: AliasMode) -> Alias<M> {
        Alias::new(self.address(), mode, None)
    }

    /// Monitors a process and makes an alias with it: `monitor/3` with the option `alias`.
    ///
    /// With [`AliasMode::Demonitor`] the alias ends with the monitor, by its DOWN or by
    /// [`demonitor`](super::demonitor); with [`AliasMode::ReplyDemonitor`] also by the first message that comes through
    /// it, which ends the monitor as well.
    pub fn monitor_with_alias(
        &self,
        target: impl super::Target,
        mode: AliasMode,
    ) -> (MonitorRef, Alias<M>) {
        let monitor = super::monitor(target);
        (monitor, Alias::new(self.address(), mode, Some(monitor)))
    }

    async fn select<T>(
        &mut self,
        mut select: impl FnMut(Envelope<M>) -> Result<T, Envelope<M>>,
    ) -> T {
        poll_fn(|cx| match self.try_select(&mut select) {
            Some(selected) => Poll::Ready(selected),
            None => {
                // Registered first, then looked again: what came in between is seen.
                self.cell.queue().register(cx.waker());
                self.try_select(&mut select)
                    .map_or(Poll::Pending, Poll::Ready)
            }
        })
        .await
    }

    /// Goes through the queue without its lock, and puts back what is not selected.
    fn try_select<T>(
        &mut self,
        select: &mut impl FnMut(Envelope<M>) -> Result<T, Envelope<M>>,
    ) -> Option<T> {
        let mut items = self.cell.queue().check_out();
        let mut passed = Vec::new();
        let mut selected = None;
        while let Some(envelope) = items.pop_front() {
            if let Envelope::Signal(signal) = &envelope
                && let Signal::Down(down) = &**signal
                && !self.cell.core().vital().is_watching(down.monitor.id)
            {
                continue;
            }
            match select(envelope) {
                Ok(wanted) => {
                    selected = Some(wanted);
                    break;
                }
                Err(other) => passed.push(other),
            }
        }
        // One by one, so that those behind, which may be very many, stay where they are.
        while let Some(other) = passed.pop() {
            items.push_front(other);
        }
        self.cell.queue().check_in(items);
        selected
    }
}

impl<M: Send + 'static> fmt::Debug for Mailbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox")
            .field("pid", &self.cell.core().pid())
            .field("queued", &self.cell.queue().len())
            .finish()
    }
}

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
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
///     let child = process::spawn(async {});
///     process::monitor(child);
///     let event = mailbox.next_event().await;
///     assert!(matches!(event, Event::Down(down) if down.pid == child));
///     assert!(matches!(mailbox.next_event().await, Event::Message(7)));
/// });
/// otp_core::time::sleep(Duration::from_millis(1)).await;
/// worker.send(7);
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
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
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::ReceiveTimeout;
///
/// # otp_core::doc_test(async {
/// # let (_, monitor) =
/// process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
///     assert_eq!(mailbox.receive_timeout(Duration::ZERO).await, Err(ReceiveTimeout));
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
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
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<&str>| {
///     // Selective: what comes before stays, and keeps its place.
///     mailbox.receive_where(|message| *message == "go").await;
///     assert_eq!(mailbox.receive().await, "first");
///     assert_eq!(mailbox.receive().await, "second");
/// });
/// for message in ["first", "second", "go"] {
///     worker.send(message);
/// }
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
pub struct Mailbox<M: Send + 'static> {
    cell: Arc<Cell<M>>,
}

impl<M: Send + 'static> Mailbox<M> {
    pub(crate) fn new(cell: Arc<Cell<M>>) -> Self {
        Mailbox { cell }
    }

    /// Where messages to this process go.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     mailbox.address().send(7);
    ///     assert_eq!(mailbox.receive().await, 7);
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    #[must_use]
    pub fn address(&self) -> Address<M> {
        Address {
            cell: Arc::clone(&self.cell),
        }
    }

    /// Waits for a message. DOWNs and EXITs stay for [`next_event`](Self::next_event).
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing: a message is taken when this is done.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     assert_eq!(mailbox.receive().await, 1);
    ///     assert_eq!(mailbox.receive().await, 2);
    /// });
    /// worker.send(1);
    /// worker.send(2);
    /// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub async fn receive(&mut self) -> M {
        self.select(|envelope| match envelope {
            Envelope::Message(message) => Ok(message),
            other => Err(other),
        })
        .await
    }

    /// Waits for a message, no longer than `timeout`: `receive … after`.
    ///
    /// Zero looks at what is there.
    ///
    /// # Errors
    ///
    /// Nothing came in time.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing. The time begins anew with each call.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     assert_eq!(mailbox.receive_timeout(Duration::from_secs(5)).await, Ok(7));
    ///     assert!(mailbox.receive_timeout(Duration::from_millis(1)).await.is_err());
    /// });
    /// worker.send(7);
    /// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub async fn receive_timeout(&mut self, timeout: Duration) -> Result<M, ReceiveTimeout> {
        super::within(timeout, self.receive())
            .await
            .ok_or(ReceiveTimeout)
    }

    /// Waits for a message that `wanted` likes; the others stay in their order. Looks at every queued message.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing, and what it has looked at is in its place.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     assert_eq!(mailbox.receive_where(|n| n % 2 == 0).await, 4);
    ///     assert_eq!(mailbox.receive().await, 3);
    /// });
    /// worker.send(3);
    /// worker.send(4);
    /// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub async fn receive_where(&mut self, mut wanted: impl FnMut(&M) -> bool) -> M {
        self.select(|envelope| match envelope {
            Envelope::Message(message) if wanted(&message) => Ok(message),
            other => Err(other),
        })
        .await
    }

    /// Takes a message if there is one.
    ///
    /// Mirrors `receive … after 0`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     assert_eq!(mailbox.try_receive(), None);
    ///     mailbox.address().send(7);
    ///     assert_eq!(mailbox.try_receive(), Some(7));
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn try_receive(&mut self) -> Option<M> {
        self.try_select(&mut |envelope| match envelope {
            Envelope::Message(message) => Ok(message),
            other => Err(other),
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
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing: an event is taken when this is done.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     process::trap_exit(true);
    ///     let child = process::spawn_link(async { ExitReason::error("boom") });
    ///     let event = mailbox.next_event().await;
    ///     assert!(matches!(event, Event::Exit(exit) if exit.pid == child));
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::AliasMode;
    ///
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     let alias = mailbox.alias(AliasMode::Reply);
    ///     process::spawn(async move { alias.send(7); });
    ///     assert_eq!(mailbox.receive().await, 7);
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    #[must_use]
    pub fn alias(&self, mode: AliasMode) -> Alias<M> {
        Alias::new(self.address(), mode, None)
    }

    /// Monitors a process and makes an alias with it: `monitor/3` with the option `alias`.
    ///
    /// With [`AliasMode::Demonitor`] the alias ends with the monitor, by its DOWN or by
    /// [`demonitor`](super::demonitor); with [`AliasMode::ReplyDemonitor`] also by the first message that comes through
    /// it, which ends the monitor as well.
    ///
    /// # Panics
    ///
    /// Panics outside a process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::AliasMode;
    ///
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let worker = process::spawn(std::future::pending::<()>());
    ///     let (monitor, alias) = mailbox.monitor_with_alias(worker, AliasMode::Demonitor);
    ///     assert!(alias.is_active());
    ///     process::demonitor(monitor).unwrap();
    ///     assert!(!alias.is_active());
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
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
            match select(envelope.untraced()) {
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

//! What a callback may do beside changing its state: continue, stop, timers, links, monitors, streams.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream;
use tokio::time::Instant;

use super::{GenServer, ServerRef};
use crate::exit::ExitReason;
use crate::node::Node;
use crate::pid::Pid;
use crate::process::cell::{Cell, Process, downcast};
use crate::process::queue::Envelope;
use crate::process::signal::{self, Signal};
use crate::process::{self, CastOutcome, Counting, ForeignMonitor, MonitorRef, NoProc, Target};
use crate::reply::ReplyTo;
use crate::sync::Mutex;
use crate::time::timers::Id;
use crate::time::{self, Timer};

/// An answer that waits until terminate has run.
type HeldAnswer = (Option<Pid>, Box<dyn FnOnce() + Send>);

/// The idle timeout.
#[derive(Debug, Default)]
struct Idle {
    /// What the last callback asked for.
    after: Option<Duration>,
    /// The timer, once the server waits.
    armed: Option<Id>,
    /// Tells the signal of the present timer from one that was disarmed too late.
    generation: u64,
}

/// What most servers never use.
#[derive(Default)]
struct Rare {
    idle: Idle,
    hibernate: bool,
    held: Vec<HeldAnswer>,
    counting: Option<Arc<Counting>>,
}

impl Rare {
    fn is_unused(&self) -> bool {
        let idle = &self.idle;
        let is_idle_unused = idle.after.is_none() && idle.armed.is_none() && idle.generation == 0;
        is_idle_unused && !self.hibernate && self.held.is_empty() && self.counting.is_none()
    }
}

/// A server's own view of its process; callbacks that take a `cx: &mut Context<Self>` get it.
///
/// It belongs to the process, so everything here is done as this process: its links, its monitors, its timers.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// /// A room that closes when its only guest has gone.
/// #[gen_server]
/// pub struct Room { guest: Pid }
///
/// #[gen_server]
/// impl Room {
///     #[init]
///     fn init(guest: Pid, cx: &mut Context<Self>) -> Self {
///         cx.monitor(guest);
///         Room { guest }
///     }
///
///     #[handle_down]
///     fn guest_gone(&mut self, down: Down, cx: &mut Context<Self>) {
///         assert_eq!(down.pid, self.guest);
///         cx.stop(ExitReason::shutdown_with("empty"));
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let guest = process::spawn(std::future::pending::<()>());
/// let room = Room::start(guest).await.unwrap();
/// process::exit(guest, ExitReason::Kill);
/// assert_eq!(room.ended().await, ExitReason::shutdown_with("empty"));
/// # });
/// ```
pub struct Context<S: GenServer> {
    cell: Arc<Cell<S::Message>>,
    /// Boxed, as all that is rare, since the task of every server has room for it.
    stop: Option<Box<ExitReason>>,
    /// What to continue with, and the rare things. Never locked: the mutex makes a shared `Context` usable in a handler's
    /// future although messages are `Send` alone.
    next: Option<Box<Mutex<S::Message>>>,
    rare: Option<Box<Mutex<Rare>>>,
}

impl<S: GenServer> Context<S> {
    /// That of the current process, which is a server `S` that begins.
    pub(crate) fn current() -> Self {
        let cell: Arc<Cell<S::Message>> = process::scope::process()
            .and_then(downcast)
            .expect("an init is polled as its own process");
        Context {
            cell,
            stop: None,
            next: None,
            rare: None,
        }
    }

    pub(crate) fn cell(&self) -> &Arc<Cell<S::Message>> {
        &self.cell
    }

    /// This process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// // Runs in a callback of the server, here as below.
    /// assert_eq!(probe.with(|cx| Some(cx.pid())).await, probe.pid());
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.cell.core().pid()
    }

    /// A handle to this server, pinned to this process. Converts into the server's own handle type with `.into()`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # use doc_servers::ProbeRef;
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().name("probe").await.unwrap();
    /// let pinned: ProbeRef = probe.with(|cx| cx.this().into()).await;
    /// assert_eq!(pinned, probe);
    /// // One that follows the name is another address.
    /// assert_ne!(pinned, ProbeRef::named("probe"));
    /// # });
    /// ```
    #[must_use]
    pub fn this(&self) -> ServerRef<S> {
        ServerRef::pinned(Arc::clone(&self.cell))
    }

    /// The node that this process lives in.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// assert_eq!(probe.with(|cx| cx.node().clone()).await, Node::current().unwrap());
    /// # });
    /// ```
    #[must_use]
    pub fn node(&self) -> &Node {
        self.cell.core().node()
    }

    /// The process that started this one with a link, whose exit ends this server.
    ///
    /// None, if it was started without a link.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let linked = Probe::start_link().await.unwrap();
    /// assert_eq!(linked.with(|cx| cx.parent()).await, Some(process::self_pid()));
    /// let alone = Probe::start().await.unwrap();
    /// assert_eq!(alone.with(|cx| cx.parent()).await, None);
    /// # });
    /// ```
    #[must_use]
    pub fn parent(&self) -> Option<Pid> {
        self.cell.core().vital().parent
    }

    /// Stops the server after this callback: `{stop, Reason, State}`. The last reason counts.
    ///
    /// `terminate` runs with it. The answer of a call that stops leaves after `terminate`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| cx.stop(ExitReason::Shutdown)).await;
    /// assert_eq!(probe.ended().await, ExitReason::Shutdown);
    /// # });
    /// ```
    pub fn stop(&mut self, reason: ExitReason) {
        self.stop = Some(Box::new(reason));
    }

    /// Handles `message` right after this callback, before anything that is queued: `{continue, …}`. The last one counts.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::prelude::*;
    ///
    /// #[gen_server]
    /// pub struct Log { lines: usize }
    ///
    /// #[gen_server]
    /// impl Log {
    ///     #[init]
    ///     fn init(cx: &mut Context<Self>) -> Self {
    ///         // The start is done at once; whoever asks afterwards finds the lines.
    ///         cx.continue_with(LogMessage::Load);
    ///         Log { lines: 0 }
    ///     }
    ///
    ///     #[handle_continue]
    ///     fn load(&mut self) { self.lines = 3; }
    ///
    ///     #[call]
    ///     pub fn lines(&self) -> usize { self.lines }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let log = Log::start().await.unwrap();
    /// assert_eq!(log.lines().await, Ok(3));
    /// # });
    /// ```
    pub fn continue_with(&mut self, message: S::Message) {
        let before = self.next.replace(Box::new(Mutex::new(message)));
        drop(before);
    }

    /// Calls `handle_timeout` if nothing comes for so long after this callback: the timeout of
    /// `{noreply, State, Timeout}`.
    ///
    /// Any message disarms it. Zero: if the mailbox is empty now. A system request arms it anew, in full.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| cx.set_timeout(Duration::ZERO)).await;
    /// assert_eq!(probe.has_seen(1).await, ["timeout"]);
    /// # });
    /// ```
    pub fn set_timeout(&mut self, after: Duration) {
        self.rare_mut().idle.after = Some(after);
    }

    /// Gives unused memory of the mailbox back before the server waits again: `hibernate`.
    ///
    /// In OTP it also shrinks the heap of the process. Here a state is where it is, and stays.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| cx.hibernate()).await;
    /// // It wakes with the next message.
    /// assert!(probe.seen().await.unwrap().is_empty());
    /// # });
    /// ```
    pub fn hibernate(&mut self) {
        self.rare_mut().hibernate = true;
    }

    /// Answers a call at the end of its handler: now, or after `terminate` if the server stops.
    ///
    /// For implementations of [`GenServer`] by hand; a handler that answers in its middle uses [`ReplyTo::send`].
    ///
    /// Mirrors `{reply, Reply, State}`, and with [`stop`](Self::stop) `{stop, Reason, Reply, State}`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # struct Counter { value: i64 }
    /// # struct Close { reply_to: ReplyTo<i64> }
    /// # impl GenServer for Counter {
    /// #     type Args = i64;
    /// #     type Message = Close;
    /// #     async fn init(value: i64, _cx: &mut Context<Self>) -> Result<Self, InitError> { Ok(Counter { value }) }
    /// async fn handle_message(&mut self, message: Close, cx: &mut Context<Self>) {
    ///     cx.stop(ExitReason::Normal);
    ///     // Leaves when `terminate` has run.
    ///     cx.reply(message.reply_to, self.value);
    /// }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let counter: ServerRef<Counter> = gen_server::start(42).await.unwrap();
    /// assert_eq!(counter.call(|reply_to| Close { reply_to }).await, Ok(42));
    /// assert_eq!(counter.ended().await, ExitReason::Normal);
    /// # });
    /// ```
    #[inline]
    pub fn reply<T: Send + 'static>(&mut self, reply_to: ReplyTo<T>, answer: T) {
        if self.stop.is_none() {
            reply_to.send(answer);
        } else {
            let caller = reply_to.caller();
            self.rare_mut()
                .held
                .push((caller, Box::new(move || reply_to.send(answer))));
        }
    }

    /// Sends a message to this server itself, to be handled in its turn. A bound does not hold it back, as it could
    /// never be waited for.
    ///
    /// [`CastOutcome::NoProc`] if the server has begun to end: then nothing is handled any more.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// let outcome = probe.with(|cx| cx.send("hello".into())).await;
    /// assert_eq!(outcome, CastOutcome::Queued);
    /// assert_eq!(probe.seen().await.unwrap(), ["hello"]);
    /// # });
    /// ```
    pub fn send(&self, message: S::Message) -> CastOutcome {
        match self.cell.queue().push_past_bound(message) {
            Ok(()) => CastOutcome::Queued,
            Err(_) => CastOutcome::NoProc,
        }
    }

    /// Sends a message to this server after `delay`: `Process.send_after/3`.
    ///
    /// See [`time::send_after`]. The timer is gone when the server ends.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| cx.send_after(Duration::from_millis(1), "tick".into())).await;
    /// assert_eq!(probe.has_seen(1).await, ["tick"]);
    /// # });
    /// ```
    pub fn send_after(&self, delay: Duration, message: S::Message) -> Timer {
        time::send_after(delay, &self.this(), message)
    }

    /// Sends a message to this server at a time of tokio's clock.
    ///
    /// `Process.send_after/4` with `abs: true`. A time that has passed is now.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// use otp_core::time::Instant;
    ///
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| cx.send_at(Instant::now(), "tick".into())).await;
    /// assert_eq!(probe.has_seen(1).await, ["tick"]);
    /// # });
    /// ```
    pub fn send_at(&self, deadline: Instant, message: S::Message) -> Timer {
        time::send_at(deadline, &self.this(), message)
    }

    /// Sends a message to this server every `period`, first after one, until it is cancelled.
    ///
    /// Mirrors `:timer.send_interval/2`, see [`time::send_interval`].
    ///
    /// # Panics
    ///
    /// Panics if the period is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// let timer = probe.with(|cx| cx.send_interval(Duration::from_millis(1), || "tick".into())).await;
    /// assert_eq!(probe.has_seen(2).await[..2], ["tick", "tick"]);
    /// assert!(timer.cancel().is_some());
    /// # });
    /// ```
    #[track_caller]
    pub fn send_interval(
        &self,
        period: Duration,
        message: impl FnMut() -> S::Message + Send + 'static,
    ) -> Timer {
        time::send_interval(period, &self.this(), message)
    }

    /// Cancels a timer and tells by a message what [`Timer::cancel`] would answer: `cancel_timer` with `async: true`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| {
    ///     let timer = cx.send_after(Duration::from_secs(60), "tick".into());
    ///     cx.cancel_timer(&timer, |left| if left.is_some() { "in time".into() } else { "too late".into() });
    /// }).await;
    /// assert_eq!(probe.seen().await.unwrap(), ["in time"]);
    /// # });
    /// ```
    pub fn cancel_timer(&self, timer: &Timer, result: impl FnOnce(Option<Duration>) -> S::Message) {
        self.send(result(timer.cancel()));
    }

    /// Sets whether exit signals come as [`Exit`](crate::process::Exit) messages. Answers how it was before.
    ///
    /// Mirrors `process_flag(trap_exit, …)`. Off unless set. The exit of the parent ends the server all the same,
    /// through `terminate`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// assert!(!probe.with(|cx| cx.trap_exit(true)).await);
    /// process::exit(&probe, ExitReason::error("boom"));
    /// assert_eq!(probe.seen().await.unwrap(), ["exit: boom"]);
    /// # });
    /// ```
    pub fn trap_exit(&self, trap: bool) -> bool {
        std::mem::replace(&mut self.cell.core().vital().trap_exit, trap)
    }

    /// Watches a process: its end comes to `handle_down`. See [`process::monitor`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// let (worker, ended) = process::spawn_monitor(async {});
    /// process::receive_down(ended).await;
    /// // It is gone already: the DOWN says so.
    /// probe.with(move |cx| cx.monitor(worker)).await;
    /// assert_eq!(probe.seen().await.unwrap(), ["down: no process"]);
    /// # });
    /// ```
    pub fn monitor(&self, target: impl Target) -> MonitorRef {
        let location = target.locate();
        signal::monitor(&*self.cell, location.resolve(self.node()), location.name())
    }

    /// Ends a monitor. Tells whether it was still active. See [`process::demonitor`].
    ///
    /// # Errors
    ///
    /// The monitor belongs to another process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// let me = process::self_pid();
    /// let answers = probe.with(move |cx| {
    ///     let monitor = cx.monitor(me);
    ///     (cx.demonitor(monitor), cx.demonitor(monitor))
    /// });
    /// assert_eq!(answers.await, (Ok(true), Ok(false)));
    /// # });
    /// ```
    pub fn demonitor(&self, monitor: MonitorRef) -> Result<bool, ForeignMonitor> {
        signal::demonitor(&*self.cell, monitor)
    }

    /// Links this process with another. See [`process::try_link`].
    ///
    /// # Errors
    ///
    /// The other process is gone, or nobody holds the name, and this one does not trap exits. One that does gets an EXIT.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// let worker = process::spawn(std::future::pending::<()>());
    /// probe.with(move |cx| cx.link(worker)).await.unwrap();
    /// assert_eq!(process::info(&probe).unwrap().links, [worker]);
    /// # });
    /// ```
    pub fn link(&self, target: impl Target) -> Result<(), NoProc> {
        let pid = target.locate().resolve(self.node());
        signal::link(
            &*self.cell,
            pid.unwrap_or_else(|| Pid::nobody(self.node().id())),
        )
    }

    /// Ends a link. See [`process::unlink`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start_link().await.unwrap();
    /// let me = process::self_pid();
    /// probe.with(move |cx| cx.unlink(me)).await;
    /// assert!(process::info(&probe).unwrap().links.is_empty());
    /// # });
    /// ```
    pub fn unlink(&self, target: impl Target) {
        if let Some(pid) = target.locate().resolve(self.node()) {
            signal::unlink(&*self.cell, pid);
        }
    }

    /// Feeds a stream into the mailbox: each item is converted into a message and handled in its turn.
    ///
    /// A process of its own reads the stream, linked with this server; it waits while a bounded mailbox is full. It ends
    /// with the stream, with this server, or by [`detach`](Self::detach).
    ///
    /// Gives the process that reads. If the stream panics, the link ends the server unless it traps exits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # use std::pin::Pin;
    /// # use std::task::{self, Poll};
    /// /// A stream of what an iterator has.
    /// struct Items<I>(I);
    ///
    /// impl<I: Iterator + Unpin> futures_core::Stream for Items<I> {
    ///     type Item = I::Item;
    /// #   fn poll_next(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Option<I::Item>> {
    /// #       Poll::Ready(self.0.next())
    /// #   }
    ///     // …
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// // Here a `u32` converts into a message of the server.
    /// probe.with(|cx| cx.attach(Items(1..=3_u32))).await;
    /// assert_eq!(probe.has_seen(3).await, ["1", "2", "3"]);
    /// # });
    /// ```
    pub fn attach<T>(&self, stream: T) -> Pid
    where
        T: Stream + Send + 'static,
        T::Item: Into<S::Message> + Send,
    {
        let server = self.this();
        self.helper(async move {
            let mut stream = pin!(stream);
            while let Some(item) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                if server.cast(item.into()).await == CastOutcome::NoProc {
                    break;
                }
            }
        })
    }

    /// Runs a future beside the server; its output comes as a message.
    ///
    /// It runs in a process of its own, linked with this server, and ends with it: long work does not hold the server.
    ///
    /// Gives the process that it runs in. If the future panics, the link ends the server unless it traps exits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| cx.run(async { 42_u32 })).await;
    /// assert_eq!(probe.has_seen(1).await, ["42"]);
    /// # });
    /// ```
    pub fn run<T>(&self, future: T) -> Pid
    where
        T: Future + Send + 'static,
        T::Output: Into<S::Message> + Send,
    {
        let server = self.this();
        self.helper(async move {
            let output = future.await;
            server.cast(output.into()).await;
        })
    }

    /// Runs blocking work on tokio's threads for such work; its output comes as a message.
    ///
    /// Work that has begun cannot be stopped; if the server ends, its output is dropped.
    ///
    /// Gives the process that waits for it. If the work panics, that one ends with an error, and the link ends the
    /// server unless it traps exits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.with(|cx| cx.run_blocking(|| (1..=4_u32).product::<u32>())).await;
    /// assert_eq!(probe.has_seen(1).await, ["24"]);
    /// # });
    /// ```
    pub fn run_blocking<T>(&self, work: impl FnOnce() -> T + Send + 'static) -> Pid
    where
        T: Into<S::Message> + Send + 'static,
    {
        let server = self.this();
        self.helper(async move {
            match tokio::task::spawn_blocking(work).await {
                Ok(output) => {
                    server.cast(output.into()).await;
                    Ok(())
                }
                Err(error) => Err(ExitReason::error(error)),
            }
        })
    }

    /// Stops what [`attach`](Self::attach) or [`run`](Self::run) started. True if it was there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// let helper = probe.with(|cx| cx.run(std::future::pending::<u32>())).await;
    /// assert!(probe.with(move |cx| cx.detach(helper)).await);
    /// assert!(!probe.with(move |cx| cx.detach(helper)).await);
    /// # });
    /// ```
    pub fn detach(&self, helper: Pid) -> bool {
        let was_there = self.cell.core().vital().detach(helper);
        if was_there {
            signal::unlink(&*self.cell, helper);
            signal::send_exit(self.node(), self.pid(), helper, &ExitReason::Kill);
        }
        was_there
    }

    fn helper<F>(&self, code: F) -> Pid
    where
        F: Future + Send + 'static,
        F::Output: process::Outcome,
    {
        let server = self.pid();
        let code = async move {
            let reason = process::Outcome::reason(code.await);
            if matches!(reason, ExitReason::Normal) {
                signal::part(&*process::current(), server);
            }
            reason
        };
        let (address, ()) = process::spawn_on(self.node(), code, |helper| {
            process::link_both(&*self.cell, helper);
            self.cell.core().vital().attach(helper.core().pid());
        });
        address.pid()
    }

    fn rare(&mut self) -> Option<&mut Rare> {
        let rare = self.rare.as_mut()?;
        Some(rare.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rare
            .get_or_insert_default()
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What counts, if the statistics are on.
    pub(super) fn counting(&mut self) -> Option<&Counting> {
        self.rare()?.counting.as_deref()
    }

    pub(super) fn set_counting(&mut self, counting: Option<Arc<Counting>>) {
        self.cell.core().vital().set_counting(counting.clone());
        self.rare_mut().counting = counting;
        // A server that was looked into is as fast as before.
        if self.rare().is_some_and(|rare| rare.is_unused()) {
            self.rare = None;
        }
    }

    /// Looked at before each message: cheaper than taking nothing.
    #[inline]
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    pub(super) fn take_stop(&mut self) -> Option<ExitReason> {
        self.stop.take().map(|reason| *reason)
    }

    /// Looked at before each message: cheaper than taking nothing.
    #[inline]
    pub(super) fn has_next(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn take_next(&mut self) -> Option<S::Message> {
        let next = self.next.take()?;
        Some(next.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who gets the first answer that waits.
    pub(super) fn held_caller(&mut self) -> Option<Pid> {
        self.rare()?.held.first()?.0
    }

    pub(super) fn answer_held(&mut self) {
        if let Some(rare) = self.rare() {
            rare.held.drain(..).for_each(|(_, answer)| answer());
        }
    }

    /// A callback begins: what the last one asked for is over.
    #[inline]
    pub(super) fn begin_callback(&mut self) {
        if self.rare.is_some() {
            self.begin_rare_callback();
        }
    }

    #[cold]
    fn begin_rare_callback(&mut self) {
        self.disarm();
        self.rare_mut().idle.after = None;
    }

    /// Stops the idle timer. It is armed anew when the server waits, if it is still asked for.
    pub(super) fn disarm(&mut self) {
        let Some(idle) = self.rare().map(|rare| &mut rare.idle) else {
            return;
        };
        if let Some(timer) = idle.armed.take() {
            idle.generation += 1;
            self.node().timers().disarm(timer);
        }
    }

    /// Whether a signal is that of the present idle timer.
    pub(super) fn is_present_timeout(&mut self, generation: u64) -> bool {
        self.rare()
            .is_some_and(|rare| rare.idle.armed.is_some() && rare.idle.generation == generation)
    }

    /// Waits for the next entry of the mailbox; those that come with it are in `batch`, which is empty. None if the idle
    /// timeout is zero and there is nothing now.
    pub(super) async fn receive(
        &mut self,
        batch: &mut VecDeque<Envelope<S::Message>>,
    ) -> Option<Envelope<S::Message>> {
        if self.rare.is_some() && self.is_idle_now(batch) {
            return None;
        }
        Some(next(&self.cell, batch).await)
    }

    /// Before the server waits: hibernates, arms the idle timeout. True if that is zero and nothing is there.
    #[cold]
    fn is_idle_now(&mut self, batch: &mut VecDeque<Envelope<S::Message>>) -> bool {
        let rare = self.rare_mut();
        if let Some(counting) = &rare.counting {
            counting.waits();
        }
        if std::mem::take(&mut rare.hibernate) {
            // It is empty, or the server would not wait.
            *batch = VecDeque::new();
            self.cell.queue().shrink();
        }
        let idle = &self.rare_mut().idle;
        let (Some(after), None) = (idle.after, idle.armed) else {
            return false;
        };
        if after.is_zero() {
            // What is due now is in the mailbox before the server decides that it is idle.
            self.node().timers().fire_due();
            return self.cell.queue().is_empty();
        }
        if self.cell.queue().is_empty() {
            self.arm(after);
        }
        false
    }

    fn arm(&mut self, after: Duration) {
        let cell = Arc::clone(&self.cell);
        let generation = self.rare_mut().idle.generation;
        self.cell.core().vital().has_timers = true;
        let timer = self.node().timers().arm(
            self.node(),
            time::deadline_after(after),
            Some(self.pid()),
            move || {
                cell.push_signal(Signal::Idle(generation));
            },
        );
        self.rare_mut().idle.armed = Some(timer);
    }
}

/// Waits for the next entry.
fn next<M: Send + 'static>(
    cell: &Cell<M>,
    batch: &mut VecDeque<Envelope<M>>,
) -> impl Future<Output = Envelope<M>> {
    poll_fn(|cx| {
        let next = cell.queue().take(batch, cx.waker());
        next.map_or(Poll::Pending, Poll::Ready)
    })
}

impl<S: GenServer> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("pid", &self.pid())
            .field("parent", &self.parent())
            .finish_non_exhaustive()
    }
}

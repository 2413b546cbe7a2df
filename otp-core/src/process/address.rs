//! Addresses: what names a process, and what takes messages of a type.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::cell::{Cell, Core, downcast};
use super::inlet::Inlet;
use super::place::Place;
use super::queue::{PushError, Pushed};
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::report;
use crate::telemetry::DropReason;

/// Finds a process anew at each use: who is registered under a key.
pub(crate) trait Guide<M>: Send + Sync {
    /// A route to one process.
    fn find(&self) -> Result<Route<M>, Astray>;
    fn node(&self) -> Option<Node>;
    fn is_same(&self, other: &dyn Any) -> bool;
    fn hash(&self, state: &mut dyn Hasher);
    fn as_any(&self) -> &dyn Any;
}

/// Where messages of type `M` go: one process, a supervised child, or whoever holds a name.
pub(crate) enum Route<M> {
    Pinned(Arc<Cell<M>>),
    /// A supervised child, through its restarts.
    Placed(Arc<Place<M>>),
    Named(Box<(Node, Name)>),
    /// Whoever a guide finds, one who is registered under a key for instance.
    Via(Arc<Box<dyn Guide<M>>>),
    /// One process that takes other messages, too. Counted twice, so that all routes stay short.
    Part(Arc<Arc<dyn Inlet<M>>>),
}

/// Why a route leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Astray {
    NoProc,
    /// The holder of the name takes messages of another type.
    WrongServer,
}

impl<M: Send + 'static> Route<M> {
    /// Pins it to the process that it leads to now.
    #[inline]
    pub(crate) fn pin(&mut self) -> Result<(), Astray> {
        match self {
            Route::Pinned(_) | Route::Part(_) => {}
            Route::Placed(_) | Route::Named(_) => *self = Route::Pinned(self.resolve()?),
            Route::Via(guide) => *self = guide.find()?,
        }
        Ok(())
    }

    /// The process, of a route that is pinned.
    pub(crate) fn pinned(&self) -> Option<&dyn Inlet<M>> {
        match self {
            Route::Pinned(cell) => Some(&**cell),
            Route::Part(inlet) => Some(&***inlet),
            Route::Placed(_) | Route::Named(_) | Route::Via(_) => None,
        }
    }

    /// The process, if it takes messages of this type and of no other.
    #[inline]
    pub(crate) fn resolve(&self) -> Result<Arc<Cell<M>>, Astray> {
        match self {
            Route::Pinned(cell) => Ok(Arc::clone(cell)),
            Route::Placed(place) => place.present().clone().ok_or(Astray::NoProc),
            Route::Named(named) => {
                let holder = named.0.holder(named.1.as_str()).ok_or(Astray::NoProc)?;
                downcast(holder).ok_or(Astray::WrongServer)
            }
            Route::Via(guide) => match guide.find()? {
                Route::Pinned(cell) => Ok(cell),
                _ => Err(Astray::WrongServer),
            },
            Route::Part(_) => Err(Astray::WrongServer),
        }
    }

    /// The node; None for a child that has never begun.
    pub(crate) fn node(&self) -> Option<Node> {
        match self {
            Route::Pinned(cell) => Some(cell.core().node().clone()),
            Route::Part(inlet) => Some(inlet.core().node().clone()),
            Route::Placed(place) => {
                let present = place.present();
                present.as_ref().map(|cell| cell.core().node().clone())
            }
            Route::Named(named) => Some(named.0.clone()),
            Route::Via(guide) => guide.node(),
        }
    }

    /// The process; None if there is nobody. That of a handle that is pinned may have ended.
    pub(crate) fn pid(&self) -> Option<Pid> {
        match self {
            Route::Pinned(cell) => Some(cell.core().pid()),
            Route::Part(inlet) => Some(inlet.core().pid()),
            Route::Placed(place) => {
                let present = place.present();
                let alive = present
                    .as_ref()
                    .filter(|cell| cell.core().vital().is_alive());
                alive.map(|cell| cell.core().pid())
            }
            Route::Named(named) => named.0.whereis(named.1.as_str()),
            Route::Via(guide) => guide.find().ok()?.pid(),
        }
    }

    pub(crate) fn cast(&self, message: M) -> Sent<M> {
        match self {
            // The usual case does not touch the reference count.
            Route::Pinned(cell) => Sent::new(cell, message),
            Route::Part(inlet) => Sent::of(inlet.push(message, None), || Arc::clone(&**inlet)),
            Route::Placed(place) => match &*place.present() {
                Some(cell) => Sent::new(cell, message),
                None => {
                    tracing::warn!("a message to a child that has never begun was dropped");
                    report::astray::<M>(Node::current(), None, DropReason::NoProc);
                    drop(message);
                    Sent::done(CastOutcome::NoProc)
                }
            },
            Route::Named(named) => match self.resolve() {
                Ok(cell) => Sent::new(&cell, message),
                Err(astray) => {
                    tracing::warn!(name = %named.1, reason = ?astray, "a message to a name was dropped");
                    report::astray::<M>(Some(named.0.clone()), Some(&named.1), astray.into());
                    drop(message);
                    Sent::done(CastOutcome::NoProc)
                }
            },
            Route::Via(guide) => match guide.find() {
                Ok(route) => route.cast(message),
                Err(astray) => {
                    tracing::warn!(reason = ?astray, "a message to somebody who is not there was dropped");
                    report::astray::<M>(guide.node().or_else(Node::current), None, astray.into());
                    drop(message);
                    Sent::done(CastOutcome::NoProc)
                }
            },
        }
    }

    pub(crate) fn locate(&self) -> Location {
        match self {
            Route::Pinned(cell) => Location(At::Pid(cell.core().pid())),
            Route::Part(inlet) => Location(At::Pid(inlet.core().pid())),
            Route::Placed(place) => Location(match &*place.present() {
                Some(cell) => At::Pid(cell.core().pid()),
                None => At::Nobody,
            }),
            Route::Named(named) => Location(At::Name(named.1.clone())),
            Route::Via(guide) => match guide.find() {
                Ok(route) => route.locate(),
                Err(_) => Location(At::Nobody),
            },
        }
    }
}

impl<M> Clone for Route<M> {
    fn clone(&self) -> Self {
        match self {
            Route::Pinned(cell) => Route::Pinned(Arc::clone(cell)),
            Route::Part(inlet) => Route::Part(Arc::clone(inlet)),
            Route::Placed(place) => Route::Placed(Arc::clone(place)),
            Route::Named(named) => Route::Named(named.clone()),
            Route::Via(guide) => Route::Via(Arc::clone(guide)),
        }
    }
}

impl<M: Send + 'static> PartialEq for Route<M> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Route::Pinned(a), Route::Pinned(b)) => a.core().pid() == b.core().pid(),
            (Route::Part(a), Route::Part(b)) => a.core().pid() == b.core().pid(),
            (Route::Placed(a), Route::Placed(b)) => Arc::ptr_eq(a, b),
            (Route::Named(a), Route::Named(b)) => a == b,
            (Route::Via(a), Route::Via(b)) => a.is_same(b.as_any()),
            _ => false,
        }
    }
}

impl<M: Send + 'static> Hash for Route<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Route::Pinned(cell) => cell.core().pid().hash(state),
            Route::Part(inlet) => inlet.core().pid().hash(state),
            Route::Placed(place) => std::ptr::hash(Arc::as_ptr(place), state),
            Route::Named(named) => named.hash(state),
            Route::Via(guide) => guide.hash(state),
        }
    }
}

impl<M: Send + 'static> fmt::Display for Route<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Route::Pinned(cell) => fmt::Display::fmt(&cell.core().pid(), f),
            Route::Part(inlet) => fmt::Display::fmt(&inlet.core().pid(), f),
            Route::Placed(place) => match &*place.present() {
                Some(cell) => write!(f, "child {}", cell.core().pid()),
                None => f.write_str("child"),
            },
            Route::Named(named) => fmt::Debug::fmt(&named.1, f),
            Route::Via(guide) => match guide.find() {
                Ok(route) => write!(f, "via {route}"),
                Err(_) => f.write_str("via"),
            },
        }
    }
}

/// What became of a cast.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).await.unwrap();
/// assert_eq!(counter.reset().await, CastOutcome::Queued);
/// counter.stop().await.unwrap();
/// assert_eq!(counter.reset().await, CastOutcome::NoProc);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CastOutcome {
    /// It is in the mailbox. That does not mean that it is or will be handled.
    Queued,
    /// The mailbox was full and refuses.
    Refused,
    /// There was no such process, or the name was held by another kind of server.
    NoProc,
}

impl fmt::Display for CastOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CastOutcome::Queued => "queued",
            CastOutcome::Refused => "the mailbox is full",
            CastOutcome::NoProc => "no such process",
        })
    }
}

enum Sending<M> {
    Done(CastOutcome),
    Waiting {
        inlet: Arc<dyn Inlet<M>>,
        message: M,
        ticket: Option<u64>,
    },
    Taken,
}

/// A message on its way; made by casts.
///
/// It was queued at once if there was room, which there always is in an unbounded mailbox, and then it can be ignored.
/// `.await` waits for room in a bounded one.
///
/// # Cancel safety
///
/// Dropped before the message is queued, the message is dropped, counted
/// ([`ProcessInfo::lost_messages`](super::ProcessInfo::lost_messages)) and reported as a warning.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// #[gen_server(mailbox = bounded(1))]
/// pub struct Printer { printed: u32 }
///
/// #[gen_server]
/// impl Printer {
///     #[init]
///     fn init() -> Self { Printer { printed: 0 } }
///
///     #[cast]
///     pub fn print(&mut self) { self.printed += 1; }
///
///     #[call]
///     pub fn printed(&self) -> u32 { self.printed }
/// }
///
/// # otp_core::doc_test(async {
/// let printer = Printer::start().await.unwrap();
/// printer.print();
/// let second = printer.print();
/// assert_eq!(second.outcome(), None);
/// // Waits until the first has been taken.
/// assert_eq!(second.await, CastOutcome::Queued);
/// assert_eq!(printer.printed().await, Ok(2));
/// # });
/// ```
pub struct Sent<M> {
    sending: Sending<M>,
}

impl<M: Send + 'static> Sent<M> {
    #[inline]
    fn new(cell: &Arc<Cell<M>>, message: M) -> Self {
        Sent::of(cell.queue().push(message, None), || {
            Arc::clone(cell) as Arc<dyn Inlet<M>>
        })
    }

    /// What became of a message that was pushed into `inlet`.
    #[inline]
    fn of(pushed: Result<Pushed, PushError<M>>, inlet: impl FnOnce() -> Arc<dyn Inlet<M>>) -> Self {
        match pushed {
            Ok(Pushed::Queued) => Sent::done(CastOutcome::Queued),
            Ok(Pushed::Evicting) => {
                report::dropped::<M>(inlet().core(), DropReason::Evicted);
                Sent::done(CastOutcome::Queued)
            }
            Err(PushError::Full(message)) => Sent {
                sending: Sending::Waiting {
                    inlet: inlet(),
                    message,
                    ticket: None,
                },
            },
            Err(PushError::Refused(message)) => {
                report_lost::<M>(inlet().core(), DropReason::Refused);
                drop(message);
                Sent::done(CastOutcome::Refused)
            }
            Err(PushError::Closed(message)) => {
                report::dropped::<M>(inlet().core(), DropReason::NoProc);
                drop(message);
                Sent::done(CastOutcome::NoProc)
            }
        }
    }
}

impl<M> Sent<M> {
    const fn done(outcome: CastOutcome) -> Self {
        Sent {
            sending: Sending::Done(outcome),
        }
    }

    /// What became of it; None while it waits for room.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// assert_eq!(counter.reset().outcome(), Some(CastOutcome::Queued));
    /// # });
    /// ```
    #[must_use]
    pub fn outcome(&self) -> Option<CastOutcome> {
        match self.sending {
            Sending::Done(outcome) => Some(outcome),
            Sending::Waiting { .. } | Sending::Taken => None,
        }
    }
}

fn report_lost<M>(process: &Core, why: DropReason) {
    tracing::warn!(pid = %process.pid(), %why, "a message was dropped");
    report::dropped::<M>(process, why);
}

impl<M> Unpin for Sent<M> {}

impl<M> Future for Sent<M> {
    type Output = CastOutcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CastOutcome> {
        loop {
            match std::mem::replace(&mut self.sending, Sending::Taken) {
                Sending::Done(outcome) => {
                    self.sending = Sending::Done(outcome);
                    return Poll::Ready(outcome);
                }
                Sending::Taken => return Poll::Ready(CastOutcome::NoProc),
                Sending::Waiting {
                    inlet,
                    message,
                    ticket,
                } => {
                    let outcome = match inlet.push(message, ticket) {
                        // Whoever waits for room pushes nobody out.
                        Ok(Pushed::Queued | Pushed::Evicting) => CastOutcome::Queued,
                        Err(PushError::Refused(_)) => CastOutcome::Refused,
                        Err(PushError::Closed(_)) => {
                            report::dropped::<M>(inlet.core(), DropReason::NoProc);
                            CastOutcome::NoProc
                        }
                        Err(PushError::Full(message)) => {
                            let place = inlet.wait_for_room(ticket, cx.waker());
                            self.sending = Sending::Waiting {
                                inlet,
                                message,
                                // Its place stays its own while it tries again.
                                ticket: place.or(ticket),
                            };
                            if place.is_some() {
                                return Poll::Pending;
                            }
                            continue;
                        }
                    };
                    self.sending = Sending::Done(outcome);
                }
            }
        }
    }
}

impl<M> Drop for Sent<M> {
    fn drop(&mut self) {
        if let Sending::Waiting { inlet, ticket, .. } = &self.sending {
            inlet.leave_line(*ticket, true);
            report_lost::<M>(inlet.core(), DropReason::GaveUp);
        }
    }
}

impl<M> fmt::Debug for Sent<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("outcome", &self.outcome())
            .finish()
    }
}

/// Where to send messages of type `M` to one process, started with [`spawn`](super::spawn()).
///
/// Cheap to clone, `Eq` and `Hash` by the process. It keeps nothing alive.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (echo, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<ExitReason>| mailbox.receive().await);
/// let echo: Address<ExitReason> = echo;
/// assert_eq!(echo, echo.clone());
/// echo.send(ExitReason::Shutdown);
/// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Shutdown);
/// # });
/// ```
pub struct Address<M: Send + 'static> {
    pub(crate) cell: Arc<Cell<M>>,
}

impl<M: Send + 'static> Address<M> {
    /// The process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let worker = process::spawn_link(async |mailbox: Mailbox<u32>| drop(mailbox));
    /// assert_eq!(process::info(&worker).unwrap().pid, worker.pid());
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.cell.core().pid()
    }

    /// Sends a message: Erlang's `!`. One to a process that has ended is dropped.
    ///
    /// Its mailbox has no bound, so that the message is queued at once and [`Sent`] can be ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| { mailbox.receive().await; });
    /// assert_eq!(worker.send(7).outcome(), Some(CastOutcome::Queued));
    /// process::receive_down(monitor).await;
    /// assert_eq!(worker.send(8).outcome(), Some(CastOutcome::NoProc));
    /// # });
    /// ```
    pub fn send(&self, message: M) -> Sent<M> {
        Sent::new(&self.cell, message)
    }

    /// Whether the process is alive.
    ///
    /// Mirrors `is_process_alive/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let (worker, monitor) = process::spawn_monitor(async |mut mailbox: Mailbox<u32>| { mailbox.receive().await; });
    /// assert!(worker.is_alive());
    /// worker.send(7);
    /// process::receive_down(monitor).await;
    /// assert!(!worker.is_alive());
    /// # });
    /// ```
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.cell.core().vital().is_alive()
    }
}

impl<M: Send + 'static> Clone for Address<M> {
    fn clone(&self) -> Self {
        Address {
            cell: Arc::clone(&self.cell),
        }
    }
}

impl<M: Send + 'static> PartialEq for Address<M> {
    fn eq(&self, other: &Self) -> bool {
        self.pid() == other.pid()
    }
}

impl<M: Send + 'static> Eq for Address<M> {}

impl<M: Send + 'static> Hash for Address<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pid().hash(state);
    }
}

impl<M: Send + 'static> fmt::Debug for Address<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.pid())
    }
}

impl<M: Send + 'static> From<Address<M>> for Pid {
    fn from(address: Address<M>) -> Self {
        address.pid()
    }
}

impl<M: Send + 'static> From<&Address<M>> for Pid {
    fn from(address: &Address<M>) -> Self {
        address.pid()
    }
}

/// One process, or whoever holds a name.
///
/// What [`Target::locate`] gives, and itself a target.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::Target;
///
/// # otp_core::doc_test(async {
/// process::register("main", process::self_pid()).unwrap();
/// let by_name = Name::from("main").locate();
/// assert_ne!(by_name, process::self_pid().locate());
/// assert_eq!(process::info(by_name).unwrap().pid, process::self_pid());
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location(At);

#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// A child that has never begun, a key that nobody is registered under.
    Nobody,
    Pid(Pid),
    Name(Name),
}

impl Location {
    pub(crate) fn resolve(&self, node: &Node) -> Option<Pid> {
        match &self.0 {
            At::Nobody => None,
            At::Pid(pid) => Some(*pid),
            At::Name(name) => node.whereis(name.as_str()),
        }
    }

    /// The process, if it is not named by name.
    pub(crate) fn fixed_pid(&self) -> Option<Pid> {
        match &self.0 {
            At::Pid(pid) => Some(*pid),
            At::Nobody | At::Name(_) => None,
        }
    }

    pub(crate) fn name(&self) -> Option<Name> {
        match &self.0 {
            At::Nobody | At::Pid(_) => None,
            At::Name(name) => Some(name.clone()),
        }
    }
}

/// What names a process: a [`Pid`], a [`Name`], or a reference to any handle.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::process::Target;
///
/// /// How many messages wait for it.
/// fn waiting(target: impl Target) -> Option<usize> {
///     Some(process::info(target)?.message_queue_len)
/// }
///
/// # otp_core::doc_test(async {
/// let counter = Counter::start(0).name("hits").await.unwrap();
/// counter.reset();
/// assert_eq!(waiting(&counter), Some(1));
/// assert_eq!(waiting(counter.pid().unwrap()), Some(1));
/// assert_eq!(waiting(Name::from("hits")), Some(1));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a process",
    note = "pass a `Pid`, a `Name`, or a reference to a handle: `&counter`"
)]
pub trait Target {
    /// Where the process is.
    ///
    /// A handle that follows something gives the process that is there now, but one of a name gives the name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::Target;
    ///
    /// # otp_core::doc_test(async {
    /// let me = process::self_pid();
    /// assert_eq!(me.locate(), (&me).locate());
    /// # });
    /// ```
    fn locate(&self) -> Location;
}

impl Target for Pid {
    fn locate(&self) -> Location {
        Location(At::Pid(*self))
    }
}

impl Target for &Pid {
    fn locate(&self) -> Location {
        Location(At::Pid(**self))
    }
}

impl Target for Name {
    fn locate(&self) -> Location {
        Location(At::Name(self.clone()))
    }
}

impl Target for &Name {
    fn locate(&self) -> Location {
        Location(At::Name((*self).clone()))
    }
}

impl<M: Send + 'static> Target for &Address<M> {
    fn locate(&self) -> Location {
        Location(At::Pid(self.pid()))
    }
}

/// What takes messages of one type: an [`Address`], an [`Alias`](super::Alias), any handle of a server.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Probe, ProbeMessage};
/// use otp_core::process::Recipient;
///
/// /// Says hello to whoever understands it.
/// fn greet<R: Recipient>(to: &R)
/// where
///     R::Message: From<&'static str>,
/// {
///     to.deliver("hello".into());
/// }
///
/// # otp_core::doc_test(async {
/// let probe = Probe::start().await.unwrap();
/// greet(&probe);
/// assert_eq!(probe.seen().await.unwrap(), ["hello"]);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no messages",
    note = "pass an `Address`, an `Alias`, or a server's handle such as `CounterRef`"
)]
pub trait Recipient: Clone + Send + 'static {
    /// What it takes.
    type Message: Send + 'static;

    /// Sends a message. One that cannot be queued at once is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Probe, ProbeMessage};
    /// use otp_core::process::Recipient;
    ///
    /// # otp_core::doc_test(async {
    /// let probe = Probe::start().await.unwrap();
    /// probe.deliver("hello".into());
    /// assert_eq!(probe.seen().await.unwrap(), ["hello"]);
    /// # });
    /// ```
    fn deliver(&self, message: Self::Message);

    /// Whether there is somebody, or could be: a name has no end.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use doc_servers::CounterRef;
    /// use otp_core::process::Recipient;
    ///
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// counter.stop().await.unwrap();
    /// assert!(!Recipient::is_alive(&counter));
    /// // Somebody may take the name yet.
    /// assert!(Recipient::is_alive(&CounterRef::named("hits")));
    /// # });
    /// ```
    fn is_alive(&self) -> bool;

    /// The node of the process.
    ///
    /// # Panics
    ///
    /// The handle of a child that has never begun has none: it panics outside a node.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::process::Recipient;
    ///
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// assert_eq!(counter.node(), Node::current().unwrap());
    /// # });
    /// ```
    fn node(&self) -> Node;

    /// The process whose end disarms the timers that are addressed to this.
    ///
    /// None of a name: its timers wait, whoever holds it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use doc_servers::CounterRef;
    /// use otp_core::process::Recipient;
    ///
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).name("hits").await.unwrap();
    /// assert_eq!(counter.owner_of_timer(), counter.pid());
    /// assert_eq!(CounterRef::named("hits").owner_of_timer(), None);
    /// # });
    /// ```
    fn owner_of_timer(&self) -> Option<Pid>;

    /// The process whose end disarms the intervals that are addressed to this: of a name, who holds it now.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use doc_servers::CounterRef;
    /// use otp_core::process::Recipient;
    ///
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).name("hits").await.unwrap();
    /// assert_eq!(CounterRef::named("hits").owner_of_interval(), counter.pid());
    /// # });
    /// ```
    fn owner_of_interval(&self) -> Option<Pid> {
        self.owner_of_timer()
    }
}

impl<M: Send + 'static> Recipient for Address<M> {
    type Message = M;

    fn deliver(&self, message: M) {
        self.send(message);
    }

    fn is_alive(&self) -> bool {
        Address::is_alive(self)
    }

    fn node(&self) -> Node {
        self.cell.core().node().clone()
    }

    fn owner_of_timer(&self) -> Option<Pid> {
        Some(self.pid())
    }
}

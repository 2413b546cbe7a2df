//! What happens in a node, as typed events that anyone may look at: Erlang's `:telemetry`, and what OTP leaves to tracing.
//!
//! Whoever wants to know attaches a handler to an event, under an id by which it is detached. The handler runs in the caller,
//! where and when the event happens. With nothing attached an event costs a load and a branch; it is not even made.
//!
//! ```
//! # use otp_core::prelude::*;
//! # use doc_servers::Counter;
//! use std::sync::Mutex;
//!
//! use otp_core::telemetry::{self, CallStop};
//!
//! static SLOW: Mutex<Vec<String>> = Mutex::new(Vec::new());
//!
//! # otp_core::doc_test(async {
//! telemetry::attach("slow calls", |stop: &CallStop| {
//!     if stop.duration >= Duration::ZERO {
//!         SLOW.lock().unwrap().push(stop.call.message.to_owned());
//!     }
//! })
//! .unwrap();
//! let counter = Counter::start(0).await.unwrap();
//! counter.add(2).await.unwrap();
//! assert_eq!(*SLOW.lock().unwrap(), ["CounterMessage::Add"]);
//! telemetry::detach("slow calls").unwrap();
//! # });
//! ```
//!
//! # The events of this crate
//!
//! | name | type | when |
//! | --- | --- | --- |
//! | `otp.process.start` | [`ProcessStart`] | a process has begun, its code has not run |
//! | `otp.process.stop` | [`ProcessStop`] | a process has ended, whatever ended it |
//! | `otp.process.crash` | [`CrashReport`] | the code of a process ended in a way that is not clean |
//! | `otp.server.init` | [`ServerInit`] | the init of a server is over, and how long it took |
//! | `otp.server.timeout` | [`ServerTimeout`] | nothing came to a server for as long as it had said |
//! | `otp.call.start` | [`CallStart`] | a call is about to be queued |
//! | `otp.call.stop` | [`CallStop`] | it was answered, and how long that took |
//! | `otp.call.timeout` | [`CallTimeout`] | the answer did not come in time |
//! | `otp.call.exception` | [`CallException`] | there will be no answer |
//! | `otp.call.dropped` | [`CallDropped`] | the caller has given up by dropping it |
//! | `otp.message.dropped` | [`MessageDropped`] | a message that nobody will handle |
//! | `otp.supervisor.child_started` | [`ChildStarted`] | OTP's progress report |
//! | `otp.supervisor.child_restarted` | [`ChildRestarted`] | the same of a child that had run before |
//! | `otp.supervisor.report` | [`SupervisorReport`] | OTP's supervisor report, of all four contexts |
//! | `telemetry.handler.failure` | [`HandlerFailure`] | a handler panicked, and is attached no more |
//!
//! An event is told to the node of the process that it is about. Outside a node there is nobody to tell.
//!
//! # What a handler may do
//!
//! It holds up whoever it is called by: a server in the middle of its work, or a runtime that is ending. What takes longer than
//! to count belongs into a message to a process. It must not wait. It is called from any thread, by several at a time. One
//! that panics is detached and told of; the caller goes on.

mod call;
mod event;
mod message;
mod process;
mod span;
mod supervisor;
mod table;

use std::any::Any;
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;

pub use call::{CallDropped, CallException, CallInfo, CallStart, CallStop, CallTimeout};
pub(crate) use call::{Observed, is_call_wanted};
pub use event::{Event, EventName};
pub use message::{DropReason, MessageDropped};
pub use process::{CrashReport, ProcessStart, ProcessStop, ServerInit, ServerTimeout};
pub use span::{Span, SpanException, SpanId, SpanStart, SpanStop, span, span_async};
pub(crate) use supervisor::is_progress_wanted;
pub use supervisor::{
    ChildReport, ChildRestarted, ChildStarted, SupervisorError, SupervisorReport,
};
pub use table::Handlers;

use crate::exit::ExitReason;
use crate::process::run::attempt;
use crate::process::scope;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use table::Table;

/// The bits of this crate's own events.
mod bit {
    pub(super) const PROCESS_START: u32 = 1 << 1;
    pub(super) const PROCESS_STOP: u32 = 1 << 2;
    pub(super) const CRASH: u32 = 1 << 3;
    pub(super) const SERVER_INIT: u32 = 1 << 4;
    pub(super) const SERVER_TIMEOUT: u32 = 1 << 5;
    /// One for all that happens to a call: who wants to know how it ends has to see it begin.
    pub(super) const CALL: u32 = 1 << 6;
    pub(super) const MESSAGE_DROPPED: u32 = 1 << 7;
    pub(super) const CHILD_STARTED: u32 = 1 << 8;
    pub(super) const CHILD_RESTARTED: u32 = 1 << 9;
    pub(super) const SUPERVISOR_REPORT: u32 = 1 << 10;
}

/// The handlers of a node.
pub(crate) struct Telemetry {
    /// The bits of the events that somebody is attached to. Behind the table by a moment.
    wanted: AtomicU32,
    /// Replaced as a whole: who executes an event sees the handlers of one moment, and waits for nobody.
    table: ArcSwap<Table>,
    /// Held by who replaces it.
    replacing: Mutex<()>,
    next_number: AtomicU64,
    next_span: AtomicU64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Telemetry {
            wanted: AtomicU32::new(0),
            table: ArcSwap::default(),
            replacing: Mutex::default(),
            next_number: AtomicU64::new(0),
            next_span: AtomicU64::new(0),
        }
    }
}

impl Telemetry {
    /// Whether anybody is attached to one of the events of these bits.
    #[inline]
    fn wants_any(&self, bits: u32) -> bool {
        self.wanted.load(Ordering::Relaxed) & bits != 0
    }

    /// Whether anybody is attached to an event of this type, or to one that shares its bit.
    #[inline]
    pub(crate) fn wants<E: Event>(&self) -> bool {
        self.wants_any(E::BIT)
    }

    /// Shows an event, if somebody wants it.
    #[inline]
    pub(crate) fn emit<E: Event>(&self, event: impl FnOnce() -> E) {
        if self.wants::<E>() {
            self.make_and_execute(event);
        }
    }

    #[cold]
    #[inline(never)]
    fn make_and_execute<E: Event>(&self, event: impl FnOnce() -> E) {
        self.execute(&event());
    }

    fn execute<E: Event>(&self, event: &E) {
        let table = self.table.load();
        for attached in table.of::<E>() {
            let Err(crash) = attempt(|| (attached.handler)(event as &dyn Any)) else {
                continue;
            };
            let number = attached.number;
            // Somebody else may have detached it, and even attached another one under its id.
            let detached = self.replace(|table| table.without(|other| other.number == number));
            if detached.is_err() {
                continue;
            }
            let failure = HandlerFailure {
                id: Arc::clone(&attached.id),
                event: attached.name,
                reason: crash.reason.clone(),
            };
            tracing::error!(
                target: "otp_core::telemetry",
                id = &*failure.id,
                event = %failure.event,
                reason = %failure.reason,
                "a handler has failed and was detached"
            );
            self.execute(&failure);
        }
    }

    /// Replaces the table by what is made of it. What that drops of the users' is dropped where no lock is held.
    fn replace<X>(&self, change: impl FnOnce(&Table) -> Result<Table, X>) -> Result<(), X> {
        let before = {
            let _replacing = self
                .replacing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let table = change(&self.table.load())?;
            let bits = table.bits();
            let before = self.table.swap(Arc::new(table));
            self.wanted.store(bits, Ordering::Relaxed);
            before
        };
        drop(before);
        Ok(())
    }

    fn attach(&self, id: Arc<str>, handlers: Handlers) -> Result<(), AlreadyExists> {
        self.replace(|table| {
            let number = self.next_number.fetch_add(1, Ordering::Relaxed);
            table.with(&id, number, handlers)
        })
    }

    fn detach(&self, id: &str) -> Result<(), NotFound> {
        self.replace(|table| table.without(|attached| &*attached.id == id))
    }
}

/// Refused: there is a handler of that id.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::telemetry::{self, AlreadyExists, ProcessStart, ProcessStop};
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |_: &ProcessStart| ()).unwrap();
/// assert_eq!(telemetry::attach("log", |_: &ProcessStop| ()), Err(AlreadyExists));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is a handler of that id")]
pub struct AlreadyExists;

/// Refused: there is no handler of that id.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::telemetry::{self, NotFound};
///
/// # otp_core::doc_test(async {
/// assert_eq!(telemetry::detach("log"), Err(NotFound));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no handler of that id")]
pub struct NotFound;

/// A handler, as [`list_handlers`] tells of it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::telemetry::{self, Event, ProcessStart};
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |_: &ProcessStart| ()).unwrap();
/// let info = telemetry::list_handlers(&["otp"]).remove(0);
/// assert_eq!((&*info.id, info.event), ("log", ProcessStart::NAME));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerInfo {
    /// What it was attached under.
    pub id: Arc<str>,
    /// What it is called for.
    pub event: EventName,
}

/// A handler has panicked. It is detached, from all events that it was attached to: `[:telemetry, :handler, :failure]`.
///
/// Also reported through `tracing`, as an error under the target `otp_core::telemetry`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, HandlerFailure, ProcessStart};
///
/// static FAILED: Mutex<Vec<String>> = Mutex::new(Vec::new());
///
/// # std::panic::set_hook(Box::new(|_| ()));
/// # otp_core::doc_test(async {
/// telemetry::attach("bad", |_: &ProcessStart| panic!("oops")).unwrap();
/// telemetry::attach("watch", |failure: &HandlerFailure| {
///     FAILED.lock().unwrap().push(format!("{} at {}", failure.id, failure.event));
/// }).unwrap();
/// process::spawn(async {});
/// process::spawn(async {});
/// assert_eq!(*FAILED.lock().unwrap(), ["bad at otp.process.start"]);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerFailure {
    /// What it was attached under.
    pub id: Arc<str>,
    /// What it was called for.
    pub event: EventName,
    /// How it failed: a panic with its place, or the reason that it wanted to exit with.
    pub reason: ExitReason,
}

impl Event for HandlerFailure {
    const NAME: EventName = EventName::new(&["telemetry", "handler", "failure"]);
}

/// Attaches a handler to the events of one type that happen in the current node: `:telemetry.attach/4`.
///
/// Which type, the handler says. What `:telemetry` calls the config is what the closure holds.
///
/// # Errors
///
/// The id is taken.
///
/// # Panics
///
/// Panics outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use otp_core::telemetry::{self, ProcessStart};
///
/// # otp_core::doc_test(async {
/// let started = Arc::new(AtomicU32::new(0));
/// let count = Arc::clone(&started);
/// telemetry::attach("starts", move |_: &ProcessStart| { count.fetch_add(1, Ordering::Relaxed); }).unwrap();
/// process::spawn(async {});
/// assert_eq!(started.load(Ordering::Relaxed), 1);
/// # });
/// ```
#[track_caller]
pub fn attach<E: Event>(
    id: impl Into<Arc<str>>,
    handler: impl Fn(&E) + Send + Sync + 'static,
) -> Result<(), AlreadyExists> {
    attach_many(id, Handlers::new().on(handler))
}

/// Attaches handlers to several types of events under one id: `:telemetry.attach_many/4`.
///
/// # Errors
///
/// The id is taken.
///
/// # Panics
///
/// Panics outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::telemetry::{self, Handlers, ProcessStart, ProcessStop};
///
/// # otp_core::doc_test(async {
/// let log = Handlers::new()
///     .on(|start: &ProcessStart| println!("{} begins", start.pid))
///     .on(|stop: &ProcessStop| println!("{} ends: {}", stop.pid, stop.reason));
/// telemetry::attach_many("log", log).unwrap();
/// assert_eq!(telemetry::list_handlers(&["otp", "process"]).len(), 2);
/// telemetry::detach("log").unwrap();
/// assert!(telemetry::list_handlers(&[]).is_empty());
/// # });
/// ```
#[track_caller]
pub fn attach_many(id: impl Into<Arc<str>>, handlers: Handlers) -> Result<(), AlreadyExists> {
    let node = scope::node().expect("a handler is attached in a node: in `#[otp_core::main]`, in a process, or with `node.run(…)`");
    node.telemetry().attach(id.into(), handlers)
}

/// Detaches what was attached under an id: `:telemetry.detach/1`.
///
/// A handler that is being called meanwhile is not waited for.
///
/// # Errors
///
/// There is none of that id, or one is outside a node.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::telemetry::{self, NotFound, ProcessStart};
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |_: &ProcessStart| ()).unwrap();
/// assert_eq!(telemetry::detach("log"), Ok(()));
/// assert_eq!(telemetry::detach("log"), Err(NotFound));
/// # });
/// ```
pub fn detach(id: &str) -> Result<(), NotFound> {
    let node = scope::node().ok_or(NotFound)?;
    node.telemetry().detach(id)
}

/// The handlers of events whose names begin with these words, in the order of attaching: `:telemetry.list_handlers/1`.
///
/// No words: all. Outside a node there are none.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::telemetry::{self, CallStop, ProcessStart};
///
/// # otp_core::doc_test(async {
/// telemetry::attach("starts", |_: &ProcessStart| ()).unwrap();
/// telemetry::attach("calls", |_: &CallStop| ()).unwrap();
/// assert_eq!(telemetry::list_handlers(&["otp", "call"]).len(), 1);
/// assert_eq!(telemetry::list_handlers(&[]).len(), 2);
/// # });
/// ```
#[must_use]
pub fn list_handlers(prefix: &[&str]) -> Vec<HandlerInfo> {
    let node = scope::node();
    node.map_or_else(Vec::new, |node| node.telemetry().table.load().list(prefix))
}

/// Shows an event to those who are attached to its type in the current node, here and now: `:telemetry.execute/3`.
///
/// Outside a node it does nothing. A handler's panic stays with the handler, see [`HandlerFailure`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use otp_core::telemetry::{self, Event, EventName};
///
/// struct Bytes(u32);
///
/// impl Event for Bytes {
///     const NAME: EventName = EventName::new(&["upload", "bytes"]);
/// }
///
/// static TOTAL: AtomicU32 = AtomicU32::new(0);
///
/// # otp_core::doc_test(async {
/// telemetry::attach("total", |bytes: &Bytes| { TOTAL.fetch_add(bytes.0, Ordering::Relaxed); }).unwrap();
/// telemetry::execute(&Bytes(512));
/// assert_eq!(TOTAL.load(Ordering::Relaxed), 512);
/// # });
/// telemetry::execute(&Bytes(512));
/// assert_eq!(TOTAL.load(Ordering::Relaxed), 512);
/// ```
pub fn execute<E: Event>(event: &E) {
    if let Some(node) = scope::node()
        && node.telemetry().wants::<E>()
    {
        node.telemetry().execute(event);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn timeout() -> ServerTimeout {
        ServerTimeout {
            pid: crate::pid::Pid::nobody(crate::pid::NodeId(0)),
            kind: "",
        }
    }

    #[test]
    fn an_event_that_nobody_wants_is_not_made() {
        let telemetry = Telemetry::default();
        let made = AtomicU32::new(0);
        let emit = || {
            telemetry.emit(|| {
                made.fetch_add(1, Ordering::Relaxed);
                timeout()
            });
            made.load(Ordering::Relaxed)
        };
        assert_eq!(emit(), 0);
        let other = Handlers::new().on(|_: &ProcessStart| ());
        telemetry.attach("other".into(), other).unwrap();
        assert_eq!(emit(), 0);
        let wanted = Handlers::new().on(|_: &ServerTimeout| ());
        telemetry.attach("wanted".into(), wanted).unwrap();
        assert_eq!(emit(), 1);
        telemetry.detach("wanted").unwrap();
        assert_eq!(emit(), 1);
    }

    #[test]
    fn each_event_of_this_crate_has_a_bit_of_its_own_and_those_of_calls_one() {
        let bits = [
            ProcessStart::BIT,
            ProcessStop::BIT,
            CrashReport::BIT,
            ServerInit::BIT,
            ServerTimeout::BIT,
            CallStart::BIT,
            MessageDropped::BIT,
            ChildStarted::BIT,
            ChildRestarted::BIT,
            SupervisorReport::BIT,
            HandlerFailure::BIT,
        ];
        let all = bits.iter().fold(0, |all, bit| all | bit);
        assert_eq!(all.count_ones() as usize, bits.len());
        let of_calls = [
            CallStop::BIT,
            CallTimeout::BIT,
            CallException::BIT,
            CallDropped::BIT,
        ];
        assert_eq!(of_calls, [CallStart::BIT; 4]);
    }
}

//! The events of calls, and the watch over one call that makes them.

use std::time::Duration;

use tokio::time::Instant;

use super::{Event, EventName, bit};
use crate::call::CallFailure;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::process::cell::Core;
use crate::process::scope;

/// Who asks whom what.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, CallInfo, CallStart};
///
/// static ASKED: Mutex<Vec<CallInfo>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |start: &CallStart| ASKED.lock().unwrap().push(start.call.clone())).unwrap();
/// let counter = Counter::start(0).name("hits").await.unwrap();
/// counter.add(2).await.unwrap();
/// let call = ASKED.lock().unwrap().remove(0);
/// assert_eq!((call.server, call.name), (counter.pid(), Some("hits".into())));
/// assert_eq!((call.kind, call.message), ("doc_servers::Counter", "CounterMessage::Add"));
/// assert_eq!(call.caller, Some(process::self_pid()));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The server, unless nobody was found.
    pub server: Option<Pid>,
    /// The server's name, if it has one.
    pub name: Option<Name>,
    /// The type of the server; of a call that found nobody, and of one through a protocol, that of the message.
    pub kind: &'static str,
    /// What the message is called.
    pub message: &'static str,
    /// The process that asks, unless it is none.
    pub caller: Option<Pid>,
}

/// A call is about to be queued. One of [`CallStop`], [`CallTimeout`], [`CallException`] and [`CallDropped`] follows.
///
/// Of a [`send_request`](crate::Call::send_request) too, whose end is told when it is waited for.
///
/// # Examples
///
/// ```
/// use otp_core::telemetry::{CallStart, Event};
///
/// assert_eq!(CallStart::NAME.to_string(), "otp.call.start");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallStart {
    /// Who asks whom what.
    pub call: CallInfo,
}

impl Event for CallStart {
    const NAME: EventName = EventName::new(&["otp", "call", "start"]);
    const BIT: u32 = bit::CALL;
}

/// A call was answered, be it with an error of the handler's own.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, CallStop};
///
/// static TOOK: Mutex<Vec<Duration>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |stop: &CallStop| TOOK.lock().unwrap().push(stop.duration)).unwrap();
/// Counter::start(0).await.unwrap().add(2).await.unwrap();
/// assert!(TOOK.lock().unwrap()[0] < Duration::from_secs(1));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallStop {
    /// Who asked whom what.
    pub call: CallInfo,
    /// From before the message was queued until the answer was taken.
    pub duration: Duration,
}

impl Event for CallStop {
    const NAME: EventName = EventName::new(&["otp", "call", "stop"]);
    const BIT: u32 = bit::CALL;
}

/// The answer to a call did not come in time.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, CallTimeout};
///
/// static LATE: Mutex<Vec<&str>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |timeout: &CallTimeout| LATE.lock().unwrap().push(timeout.call.message)).unwrap();
/// let counter = Counter::start(0).await.unwrap();
/// counter.add(1).timeout(Duration::ZERO).await.unwrap_err();
/// assert_eq!(*LATE.lock().unwrap(), ["CounterMessage::Add"]);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallTimeout {
    /// Who asked whom what.
    pub call: CallInfo,
    /// How long it was waited for.
    pub duration: Duration,
    /// If the processes wait for each other in a circle: those in it, the caller first. Empty otherwise.
    pub cycle: Vec<Pid>,
}

impl Event for CallTimeout {
    const NAME: EventName = EventName::new(&["otp", "call", "timeout"]);
    const BIT: u32 = bit::CALL;
}

/// There will be no answer to a call.
///
/// Of a call that found nobody no [`CallStart`] goes before it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, CallException};
///
/// static FAILED: Mutex<Vec<CallFailure>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |failed: &CallException| FAILED.lock().unwrap().push(failed.failure.clone())).unwrap();
/// doc_servers::CounterRef::named("nobody").add(1).await.unwrap_err();
/// assert_eq!(*FAILED.lock().unwrap(), [CallFailure::NoProc]);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallException {
    /// Who asked whom what.
    pub call: CallInfo,
    /// How long it was waited for.
    pub duration: Duration,
    /// Why.
    pub failure: CallFailure,
}

impl Event for CallException {
    const NAME: EventName = EventName::new(&["otp", "call", "exception"]);
    const BIT: u32 = bit::CALL;
}

/// The caller has given up, by dropping the call. The request is handled all the same, and its answer vanishes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use otp_core::telemetry::{self, CallDropped};
///
/// static DROPPED: AtomicU32 = AtomicU32::new(0);
///
/// # otp_core::doc_test(async {
/// telemetry::attach("log", |_: &CallDropped| { DROPPED.fetch_add(1, Ordering::Relaxed); }).unwrap();
/// drop(Counter::start(0).await.unwrap().add(1).send_request());
/// assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallDropped {
    /// Who asked whom what.
    pub call: CallInfo,
    /// How long it was waited for.
    pub duration: Duration,
}

impl Event for CallDropped {
    const NAME: EventName = EventName::new(&["otp", "call", "dropped"]);
    const BIT: u32 = bit::CALL;
}

/// Whether anybody wants to know of calls.
#[inline]
pub(crate) fn is_call_wanted(node: &Node) -> bool {
    node.telemetry().wants_any(bit::CALL)
}

/// A call that somebody wants to know of. None of all others.
pub(crate) struct Observed(Option<Box<Observation>>);

struct Observation {
    node: Node,
    call: CallInfo,
    began: Instant,
}

impl Observed {
    /// Nobody wants to know of the call.
    pub(crate) const fn not() -> Self {
        Observed(None)
    }

    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        self.0.is_some()
    }

    /// A call begins.
    pub(crate) fn begin(server: &Core, kind: &'static str, message: &'static str) -> Self {
        let call = CallInfo {
            server: Some(server.pid()),
            name: server.vital().name().cloned(),
            kind,
            message,
            caller: caller(),
        };
        let telemetry = server.node().telemetry();
        telemetry.emit(|| CallStart { call: call.clone() });
        Observed::new(server.node(), call)
    }

    /// A call that found nobody.
    pub(crate) fn nobody(node: &Node, message_type: &'static str) -> Self {
        let call = CallInfo {
            server: None,
            name: None,
            kind: message_type,
            message: message_type,
            caller: caller(),
        };
        Observed::new(node, call)
    }

    fn new(node: &Node, call: CallInfo) -> Self {
        let (node, began) = (node.clone(), Instant::now());
        Observed(Some(Box::new(Observation { node, call, began })))
    }

    /// It is over: answered, unless there is a failure.
    #[inline]
    pub(crate) fn end(&mut self, failure: Option<&CallFailure>) {
        if let Some(observation) = self.0.take() {
            observation.end(failure);
        }
    }

    /// Who waits for the answer is another one.
    pub(crate) fn take(&mut self) -> Self {
        Observed(self.0.take())
    }
}

fn caller() -> Option<Pid> {
    scope::with_process(|process| process.core().pid())
}

impl Observation {
    #[cold]
    fn end(self, failure: Option<&CallFailure>) {
        let (call, duration) = (self.call, self.began.elapsed());
        let telemetry = self.node.telemetry();
        match failure {
            None => telemetry.emit(|| CallStop { call, duration }),
            Some(CallFailure::Timeout { cycle }) => telemetry.emit(|| CallTimeout {
                call,
                duration,
                cycle: cycle.clone(),
            }),
            Some(failure) => telemetry.emit(|| CallException {
                call,
                duration,
                failure: failure.clone(),
            }),
        }
    }
}

impl Drop for Observed {
    #[inline]
    fn drop(&mut self) {
        if let Some(observation) = self.0.take() {
            dropped(*observation);
        }
    }
}

#[cold]
#[inline(never)]
fn dropped(observation: Observation) {
    let (call, duration) = (observation.call, observation.began.elapsed());
    let telemetry = observation.node.telemetry();
    telemetry.emit(|| CallDropped { call, duration });
}

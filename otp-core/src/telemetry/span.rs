//! Spans: a function whose beginning, end and failure are events.

use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::{Event, EventName};
use crate::node::Node;
use crate::process::run::{Crash, attempt, catch};
use crate::process::scope;
use crate::sync::atomic::Ordering;

/// What a span is about: its metadata, as it begins and as it ends.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, EventName, Span, SpanStop};
///
/// /// Reads a table.
/// struct Query { table: &'static str }
///
/// impl Span for Query {
///     const NAME: EventName = EventName::new(&["store", "query"]);
///     /// How many rows there were.
///     type Outcome = usize;
/// }
///
/// static READ: Mutex<Vec<(&str, usize)>> = Mutex::new(Vec::new());
///
/// # otp_core::doc_test(async {
/// telemetry::attach("reads", |stop: &SpanStop<Query>| {
///     READ.lock().unwrap().push((stop.span.table, stop.outcome));
/// }).unwrap();
/// let rows = telemetry::span(Query { table: "users" }, || (vec!["ada"], 1));
/// assert_eq!(rows, ["ada"]);
/// assert_eq!(*READ.lock().unwrap(), [("users", 1)]);
/// # });
/// ```
pub trait Span: 'static {
    /// What it is called; its events are that with `start`, `stop` or `exception`.
    const NAME: EventName;

    /// What is known when it has ended: further measurements and metadata.
    type Outcome: 'static;

    /// What it is known by, if whoever begins it says so: `telemetry_span_context`. By default it gets one of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::telemetry::{self, EventName, Span, SpanId, SpanStart};
    /// struct Request { number: u64 }
    ///
    /// impl Span for Request {
    ///     const NAME: EventName = EventName::new(&["web", "request"]);
    ///     type Outcome = ();
    ///     fn id(&self) -> Option<SpanId> { Some(SpanId(self.number)) }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// telemetry::attach("numbers", |start: &SpanStart<Request>| assert_eq!(start.id, SpanId(7))).unwrap();
    /// telemetry::span(Request { number: 7 }, || ((), ()));
    /// assert_eq!(telemetry::list_handlers(&["web"]).len(), 1);
    /// # });
    /// ```
    fn id(&self) -> Option<SpanId> {
        None
    }
}

/// Tells the events of one span from those of another one of the same type and node.
///
/// # Examples
///
/// ```
/// use otp_core::telemetry::SpanId;
///
/// assert_eq!(SpanId(7).to_string(), "7");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(pub u64);

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A span begins.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::telemetry::{self, Event, EventName, Span, SpanStart};
/// # struct Query;
/// # impl Span for Query {
/// #     const NAME: EventName = EventName::new(&["store", "query"]);
/// #     type Outcome = ();
/// # }
/// assert_eq!(SpanStart::<Query>::NAME.to_string(), "store.query.start");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanStart<S> {
    /// The same as at its end.
    pub id: SpanId,
    /// On the clock of tokio.
    pub monotonic_time: Instant,
    /// On the clock of the machine.
    pub system_time: SystemTime,
    /// What it is about.
    pub span: S,
}

/// A span has ended, as its function returned.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::telemetry::{self, Event, EventName, Span, SpanStop};
/// # struct Query;
/// # impl Span for Query {
/// #     const NAME: EventName = EventName::new(&["store", "query"]);
/// #     type Outcome = ();
/// # }
/// assert_eq!(SpanStop::<Query>::NAME.to_string(), "store.query.stop");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanStop<S: Span> {
    /// The same as at its beginning.
    pub id: SpanId,
    /// How long it took.
    pub duration: Duration,
    /// On the clock of tokio.
    pub monotonic_time: Instant,
    /// What it was about.
    pub span: S,
    /// What the function told.
    pub outcome: S::Outcome,
}

/// A span has ended by a panic, which goes on.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::telemetry::{self, Event, EventName, Span, SpanException};
/// # struct Query;
/// # impl Span for Query {
/// #     const NAME: EventName = EventName::new(&["store", "query"]);
/// #     type Outcome = ();
/// # }
/// assert_eq!(SpanException::<Query>::NAME.to_string(), "store.query.exception");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanException<S> {
    /// The same as at its beginning.
    pub id: SpanId,
    /// How long it took.
    pub duration: Duration,
    /// On the clock of tokio.
    pub monotonic_time: Instant,
    /// What it was about.
    pub span: S,
    /// The panic, or the reason that it exits with.
    pub reason: crate::exit::ExitReason,
}

impl<S: Span> Event for SpanStart<S> {
    const NAME: EventName = S::NAME.part("start");
}

impl<S: Span> Event for SpanStop<S> {
    const NAME: EventName = S::NAME.part("stop");
}

impl<S: Span> Event for SpanException<S> {
    const NAME: EventName = S::NAME.part("exception");
}

/// A span that has begun in a node.
struct Begun<S> {
    node: Node,
    id: SpanId,
    began: Instant,
    span: S,
}

impl<S: Span> Begun<S> {
    fn new(node: Node, span: S) -> Self {
        let telemetry = node.telemetry();
        let next = || SpanId(telemetry.next_span.fetch_add(1, Ordering::Relaxed));
        let start = SpanStart {
            id: span.id().unwrap_or_else(next),
            monotonic_time: Instant::now(),
            system_time: SystemTime::now(),
            span,
        };
        telemetry.execute(&start);
        Begun {
            id: start.id,
            began: start.monotonic_time,
            span: start.span,
            node,
        }
    }

    fn end<T>(self, ended: Result<(T, S::Outcome), Crash>) -> T {
        let monotonic_time = Instant::now();
        let (id, duration, span) = (self.id, monotonic_time - self.began, self.span);
        match ended {
            Ok((value, outcome)) => {
                self.node.telemetry().execute(&SpanStop {
                    id,
                    duration,
                    monotonic_time,
                    span,
                    outcome,
                });
                value
            }
            Err(crash) => {
                self.node.telemetry().execute(&SpanException {
                    id,
                    duration,
                    monotonic_time,
                    span,
                    reason: crash.reason.clone(),
                });
                crash.resume()
            }
        }
    }
}

/// The node to tell, if anybody is attached to an event that is not this crate's own.
fn listening() -> Option<Node> {
    scope::node().filter(|node| node.telemetry().wants_any(1))
}

/// Runs a function as a span: `:telemetry.span/3`.
///
/// The function gives its value and what its end is told with. Outside a node it is run, and nobody is told.
///
/// # Panics
///
/// As the function does, once that is told.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::telemetry::{self, EventName, Span};
/// # struct Query { table: &'static str }
/// # impl Span for Query {
/// #     const NAME: EventName = EventName::new(&["store", "query"]);
/// #     type Outcome = usize;
/// # }
/// let rows = telemetry::span(Query { table: "users" }, || {
///     let rows = vec!["ada", "joe"];
///     let count = rows.len();
///     (rows, count)
/// });
/// assert_eq!(rows, ["ada", "joe"]);
/// ```
pub fn span<S: Span, T>(span: S, run: impl FnOnce() -> (T, S::Outcome)) -> T {
    match listening() {
        None => run().0,
        Some(node) => {
            let begun = Begun::new(node, span);
            begun.end(attempt(run))
        }
    }
}

/// Runs a future as a span, see [`span`].
///
/// # Panics
///
/// As the future does, once that is told.
///
/// # Cancel safety
///
/// As cancel safe as the future. Dropped, its end is not told.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::telemetry::{self, EventName, Span};
/// # struct Count;
/// # impl Span for Count {
/// #     const NAME: EventName = EventName::new(&["shop", "count"]);
/// #     type Outcome = ();
/// # }
/// # otp_core::doc_test(async {
/// let counter = Counter::start(40).await.unwrap();
/// let answer = telemetry::span_async(Count, async { (counter.add(2).await, ()) }).await;
/// assert_eq!(answer, Ok(42));
/// # });
/// ```
pub async fn span_async<S: Span, T>(span: S, run: impl Future<Output = (T, S::Outcome)>) -> T {
    match listening() {
        None => run.await.0,
        Some(node) => {
            let begun = Begun::new(node, span);
            begun.end(catch(run).await)
        }
    }
}

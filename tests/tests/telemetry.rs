//! TE: events, their handlers and spans of the users' own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use otp_core::prelude::*;
use otp_core::telemetry::{
    self, AlreadyExists, Event, EventName, HandlerFailure, Handlers, NotFound, ProcessStart, Span,
    SpanException, SpanId, SpanStart, SpanStop,
};
use tests::Reports;
use tests::processes::boom;
use tokio::time::{Instant, advance};

/// `[a, b]`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Short(u32);

impl Event for Short {
    const NAME: EventName = EventName::new(&["a", "b"]);
}

/// `[a, b, c]`, with a measurement and metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Long {
    count: u32,
    of: &'static str,
}

impl Event for Long {
    const NAME: EventName = EventName::new(&["a", "b", "c"]);
}

/// `[a]`, with nothing to say.
struct Bare;

impl Event for Bare {
    const NAME: EventName = EventName::new(&["a"]);
}

/// What handlers have seen, in its order.
#[derive(Clone, Debug)]
struct Seen<T>(Arc<Mutex<Vec<T>>>);

impl<T> Seen<T> {
    fn new() -> Self {
        Seen(Arc::default())
    }

    fn note(&self, value: T) {
        self.0.lock().expect("nobody panicked").push(value);
    }

    fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().expect("nobody panicked"))
    }
}

/// Attaches a handler that notes what it is shown.
fn see<E: Event + Clone + Send>(id: &str) -> Seen<E> {
    let seen = Seen::new();
    let notes = seen.clone();
    let attached = telemetry::attach(id, move |event: &E| notes.note(event.clone()));
    attached.expect("the id is free");
    seen
}

fn listed(prefix: &[&str]) -> Vec<String> {
    let handlers = telemetry::list_handlers(prefix);
    let texts = handlers
        .iter()
        .map(|handler| format!("{} {}", handler.id, handler.event));
    texts.collect()
}

#[otp_core::test]
async fn te_001_an_id_is_taken_once() {
    let seen = see::<Short>("first");
    let other = Seen::new();
    let notes = other.clone();
    let again = telemetry::attach("first", move |_: &Long| notes.note(()));
    assert_eq!(again, Err(AlreadyExists));
    telemetry::execute(&Short(1));
    telemetry::execute(&Long { count: 1, of: "x" });
    assert_eq!((seen.take(), other.take()), (vec![Short(1)], Vec::new()));
    // Another node has ids of its own.
    let elsewhere = Node::new();
    let attached = elsewhere.run(async { telemetry::attach("first", |_: &Short| ()) });
    assert_eq!(attached.await, Ok(()));
    assert_eq!(listed(&[]), ["first a.b"]);
}

#[otp_core::test]
async fn te_002_handlers_run_in_the_caller_with_the_whole_event() {
    let seen = Seen::new();
    let (notes, config) = (seen.clone(), "config");
    let thread = std::thread::current().id();
    telemetry::attach("first", move |event: &Long| {
        assert_eq!(std::thread::current().id(), thread);
        notes.note((event.clone(), config, process::self_pid()));
    })
    .unwrap();
    let event = Long { count: 3, of: "x" };
    telemetry::execute(&event);
    assert_eq!(seen.take(), [(event.clone(), config, process::self_pid())]);
    let task = Task::spawn(async move {
        telemetry::execute(&event);
        process::self_pid()
    });
    let task = task.await.unwrap();
    assert_eq!(seen.take()[0].2, task);
}

#[otp_core::test]
async fn te_002_handlers_of_one_event_run_in_the_order_of_attaching() {
    let seen = Seen::new();
    for id in ["c", "a", "b"] {
        let seen = seen.clone();
        telemetry::attach(id, move |_: &Bare| seen.note(id)).unwrap();
    }
    telemetry::execute(&Bare);
    assert_eq!(seen.take(), ["c", "a", "b"]);
}

#[otp_core::test]
async fn te_003_neither_a_prefix_nor_a_longer_name_is_the_event() {
    let (short, long) = (see::<Short>("short"), see::<Long>("long"));
    telemetry::execute(&Bare);
    assert_eq!((short.take().len(), long.take().len()), (0, 0));
    telemetry::execute(&Short(1));
    assert_eq!((short.take().len(), long.take().len()), (1, 0));
    telemetry::execute(&Long { count: 1, of: "x" });
    assert_eq!((short.take().len(), long.take().len()), (0, 1));
}

#[otp_core::test]
async fn te_004_one_id_over_several_events_is_detached_from_all() {
    let seen = Seen::new();
    let (shorts, longs) = (seen.clone(), seen.clone());
    let handlers = Handlers::new()
        .on(move |event: &Short| shorts.note(event.0))
        .on(move |event: &Long| longs.note(event.count));
    telemetry::attach_many("both", handlers).unwrap();
    let more = Handlers::new().on(|_: &Bare| ());
    assert_eq!(telemetry::attach_many("both", more), Err(AlreadyExists));
    let others = see::<Short>("other");

    let execute = || {
        telemetry::execute(&Short(1));
        telemetry::execute(&Long { count: 2, of: "x" });
    };
    execute();
    assert_eq!(seen.take(), [1, 2]);
    assert_eq!(telemetry::detach("both"), Ok(()));
    execute();
    assert_eq!((seen.take(), others.take().len()), (Vec::new(), 2));
    assert_eq!(telemetry::detach("both"), Err(NotFound));
    assert_eq!(telemetry::detach("nobody"), Err(NotFound));
    assert_eq!(Arc::strong_count(&seen.0), 1, "its handlers are dropped");
}

#[otp_core::test]
async fn te_005_a_handler_that_panics_is_detached_from_all_its_events() {
    let reports = Reports::new();
    let failures = see::<HandlerFailure>("failures");
    let before = see::<Short>("before");
    let bad = Handlers::new()
        .on(|event: &Short| assert_eq!(event.0, 0, "oops"))
        .on(|_: &Long| ());
    telemetry::attach_many("bad", bad).unwrap();
    let after = see::<Short>("after");

    telemetry::execute(&Short(0));
    assert!(failures.take().is_empty());
    for number in [1, 2] {
        telemetry::execute(&Short(number));
    }
    let failures = failures.take();
    assert_eq!(failures.len(), 1);
    assert_eq!((&*failures[0].id, failures[0].event), ("bad", Short::NAME));
    let ExitReason::Panic(panic) = &failures[0].reason else {
        panic!("{:?}", failures[0].reason)
    };
    assert!(panic.message().ends_with("left: 1\n right: 0"), "{panic}");
    assert!(
        panic
            .location()
            .unwrap()
            .starts_with("tests/tests/telemetry.rs:")
    );
    for others in [before, after] {
        assert_eq!(others.take(), [Short(0), Short(1), Short(2)]);
    }
    assert_eq!(listed(&["a"]), ["before a.b", "after a.b"]);
    let logged = reports.take("otp_core::telemetry");
    assert_eq!(logged.len(), 1);
    assert_eq!(
        (logged[0].get("id"), logged[0].get("event")),
        ("bad", "a.b")
    );
}

#[otp_core::test]
async fn te_005_a_handler_that_exits_does_not_end_its_caller() {
    let failures = see::<HandlerFailure>("failures");
    telemetry::attach("bad", |_: &Bare| process::exit_with(boom())).unwrap();
    telemetry::execute(&Bare);
    assert_eq!(failures.take()[0].reason, boom());
}

#[otp_core::test]
async fn te_005_a_handler_of_failures_may_fail_too() {
    let failures = see::<HandlerFailure>("failures");
    telemetry::attach("worse", |_: &HandlerFailure| panic!("worse")).unwrap();
    telemetry::attach("bad", |_: &Bare| panic!("bad")).unwrap();
    telemetry::execute(&Bare);
    let ids: Vec<_> = failures
        .take()
        .iter()
        .map(|failure| failure.id.to_string())
        .collect();
    assert_eq!(ids, ["bad", "worse"]);
    assert_eq!(listed(&[]), ["failures telemetry.handler.failure"]);
}

#[otp_core::test]
async fn te_005_what_a_server_tells_does_not_end_it() {
    telemetry::attach("bad", |_: &telemetry::CallStart| panic!("bad")).unwrap();
    telemetry::attach("worse", |_: &ProcessStart| panic!("worse")).unwrap();
    let (server, _) = tests::puppet().await;
    assert_eq!(server.ask(tests::Act::Nothing).await, Ok("done"));
    assert!(listed(&[]).is_empty());
}

#[otp_core::test]
async fn te_006_handlers_are_listed_by_the_beginning_of_their_event() {
    let _seen = (see::<Short>("short"), see::<Bare2>("bare"));
    let both = Handlers::new().on(|_: &Long| ()).on(|_: &Short| ());
    telemetry::attach_many("both", both).unwrap();
    let all = ["short a.b", "bare x", "both a.b", "both a.b.c"];
    assert_eq!(listed(&[]), all);
    assert_eq!(listed(&["a"]), ["short a.b", "both a.b", "both a.b.c"]);
    assert_eq!(listed(&["a", "b", "c"]), ["both a.b.c"]);
    assert!(listed(&["a", "b", "c", "d"]).is_empty());
    assert!(listed(&["b"]).is_empty());
}

/// `[x]`.
#[derive(Clone)]
struct Bare2;

impl Event for Bare2 {
    const NAME: EventName = EventName::new(&["x"]);
}

/// A name that is a constant does not compile if it is bad, see the documentation of `EventName`; one that is made when the
/// program runs is refused there.
#[test]
fn te_007_a_bad_name_is_refused() {
    let bad: [&'static [&'static str]; 3] = [&[], &[""], &["a", "", "c"]];
    for words in bad {
        assert!(catch_unwind(|| EventName::new(words)).is_err(), "{words:?}");
    }
    assert_eq!(EventName::new(&["a", "b"]), Short::NAME);
}

/// There is no default: an event without metadata has no field for it, and a bare number is a struct of one number.
#[otp_core::test]
async fn te_008_an_event_has_the_fields_that_it_needs() {
    let (bare, number) = (Seen::new(), see::<Short>("number"));
    let notes = bare.clone();
    telemetry::attach("bare", move |_: &Bare| notes.note(())).unwrap();
    telemetry::execute(&Bare);
    telemetry::execute(&Short(7));
    assert_eq!((bare.take().len(), number.take()), (1, vec![Short(7)]));
    assert_eq!(size_of::<Bare>(), 0);
}

/// Reads a table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    table: &'static str,
    id: Option<SpanId>,
}

impl Span for Query {
    const NAME: EventName = EventName::new(&["store", "query"]);
    type Outcome = usize;

    fn id(&self) -> Option<SpanId> {
        self.id
    }
}

fn query(table: &'static str) -> Query {
    Query { table, id: None }
}

#[otp_core::test]
async fn te_009_a_span_tells_its_beginning_and_its_end() {
    let (starts, stops) = (
        see::<SpanStart<Query>>("starts"),
        see::<SpanStop<Query>>("stops"),
    );
    let exceptions = see::<SpanException<Query>>("exceptions");
    let (began, system) = (Instant::now(), SystemTime::now());
    let rows = telemetry::span_async(query("users"), async {
        assert_eq!(starts.0.lock().unwrap().len(), 1, "it has begun");
        advance(Duration::from_millis(3)).await;
        ("ada", 1)
    });
    assert_eq!(rows.await, "ada");

    let (start, stop) = (starts.take().remove(0), stops.take().remove(0));
    assert_eq!(
        (start.monotonic_time, &start.span),
        (began, &query("users"))
    );
    assert!(start.system_time >= system);
    assert_eq!(
        (stop.id, &stop.span, stop.outcome),
        (start.id, &query("users"), 1)
    );
    assert_eq!(stop.duration, Duration::from_millis(3));
    assert_eq!(stop.monotonic_time, began + stop.duration);

    assert_eq!(telemetry::span(query("carts"), || ("none", 0)), "none");
    let (other, stop) = (starts.take().remove(0), stops.take().remove(0));
    assert_eq!((stop.id, stop.outcome), (other.id, 0));
    assert_ne!(other.id, start.id, "each has an id of its own");

    let id = Some(SpanId(77));
    let named = Query { table: "logs", id };
    telemetry::span(named, || ((), 0));
    assert_eq!(
        (starts.take()[0].id, stops.take()[0].id),
        (SpanId(77), SpanId(77))
    );
    assert!(exceptions.take().is_empty());
    assert_eq!(
        listed(&["store", "query"]),
        [
            "starts store.query.start",
            "stops store.query.stop",
            "exceptions store.query.exception"
        ]
    );
}

#[otp_core::test]
async fn te_009_a_panic_in_a_span_is_told_and_goes_on() {
    let (starts, stops) = (
        see::<SpanStart<Query>>("starts"),
        see::<SpanStop<Query>>("stops"),
    );
    let exceptions = see::<SpanException<Query>>("exceptions");
    let panics = || -> ((), usize) { panic!("oops") };
    let thrown = catch_unwind(AssertUnwindSafe(|| telemetry::span(query("users"), panics)));
    let payload = thrown.unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"oops"));

    let (start, exception) = (starts.take().remove(0), exceptions.take().remove(0));
    assert_eq!((exception.id, exception.span), (start.id, query("users")));
    let ExitReason::Panic(panic) = exception.reason else {
        panic!("{:?}", exception.reason)
    };
    assert_eq!(panic.message(), "oops");
    assert!(stops.take().is_empty());
}

#[otp_core::test(crashes = allowed)]
async fn te_009_a_process_that_crashes_in_a_span_crashes_with_the_same_reason() {
    let exceptions = see::<SpanException<Query>>("exceptions");
    let exits =
        telemetry::span_async::<_, ()>(query("users"), async { process::exit_with(boom()) });
    let (_, monitor) = process::spawn_monitor(exits);
    assert_eq!(process::receive_down(monitor).await.reason, boom());
    assert_eq!(exceptions.take()[0].reason, boom());

    let panics = telemetry::span_async::<_, ()>(query("users"), async { panic!("oops") });
    let (_, monitor) = process::spawn_monitor(panics);
    let reason = process::receive_down(monitor).await.reason;
    assert_eq!(exceptions.take()[0].reason, reason);
    let place = "panic: oops at tests/tests/telemetry.rs:";
    assert!(reason.to_string().starts_with(place), "{reason}");
}

#[test]
fn te_010_outside_a_node_nobody_is_told_and_nothing_fails() {
    telemetry::execute(&Short(1));
    assert_eq!(telemetry::span(query("users"), || ("ada", 1)), "ada");
    assert_eq!(telemetry::detach("first"), Err(NotFound));
    assert!(telemetry::list_handlers(&[]).is_empty());
    assert!(catch_unwind(|| telemetry::attach("first", |_: &Short| ())).is_err());
}

/// Erlang warns of a local function, as it is slow to call. Here every handler is a closure, and none is.
#[otp_core::test]
async fn te_011_a_closure_is_a_handler_like_any_other() {
    let reports = Reports::new();
    let seen = see::<Short>("closure");
    telemetry::execute(&Short(1));
    assert_eq!(seen.take(), [Short(1)]);
    assert!(reports.take("otp_core::telemetry").is_empty());
}

/// There is nothing to persist: a table is only ever read, and a change makes another one.
#[otp_core::test]
async fn te_012_who_executes_sees_the_handlers_of_one_moment() {
    let seen = Seen::new();
    let notes = seen.clone();
    telemetry::attach("first", move |event: &Short| {
        notes.note("first");
        if event.0 == 0 {
            let late = notes.clone();
            telemetry::attach("late", move |_: &Short| late.note("late")).unwrap();
            telemetry::detach("first").unwrap();
            telemetry::detach("second").unwrap();
        }
    })
    .unwrap();
    let notes = seen.clone();
    telemetry::attach("second", move |_: &Short| notes.note("second")).unwrap();
    telemetry::execute(&Short(0));
    assert_eq!(seen.take(), ["first", "second"]);
    telemetry::execute(&Short(1));
    assert_eq!(seen.take(), ["late"]);
}

/// One thread executes, others attach and detach.
#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn te_012_attaching_while_others_execute_loses_nothing() {
    const ROUNDS: u32 = 2000;
    let always = see::<Short>("always");
    let churn: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|id| {
            Task::spawn(async move {
                for _ in 0..ROUNDS {
                    let seen = see::<Short>(id);
                    telemetry::execute(&Long { count: 1, of: id });
                    telemetry::detach(id).unwrap();
                    drop(seen);
                }
            })
        })
        .collect();
    for number in 0..ROUNDS {
        telemetry::execute(&Short(number));
    }
    for task in churn {
        task.await.unwrap();
    }
    let numbers: Vec<u32> = always.take().iter().map(|event| event.0).collect();
    assert_eq!(numbers, (0..ROUNDS).collect::<Vec<_>>());
    assert_eq!(listed(&[]), ["always a.b"]);
}

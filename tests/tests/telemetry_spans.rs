//! Spans of `tracing`: a call that is made in one is handled in one below it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use otp_core::prelude::*;
use tests::processes::boom;
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::instrument::Instrument;
use tracing::span::{Attributes, Id};
use tracing::subscriber::DefaultGuard;
use tracing::{Level, Span, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// A span that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Made {
    name: &'static str,
    parent: Option<&'static str>,
    fields: BTreeMap<&'static str, String>,
}

impl Visit for Made {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// Notes the spans that are made.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Made>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Notes {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: LayerContext<'_, S>) {
        let mut made = Made {
            name: attributes.metadata().name(),
            parent: cx
                .span(id)
                .expect("it was made")
                .parent()
                .map(|parent| parent.name()),
            ..Made::default()
        };
        attributes.record(&mut made);
        self.0.lock().expect("nobody panicked").push(made);
    }
}

impl Notes {
    /// Takes the names of the spans that were made, each with its parent's.
    fn take(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let made = std::mem::take(&mut *self.0.lock().expect("nobody panicked"));
        made.iter().map(|made| (made.name, made.parent)).collect()
    }
}

fn listen(level: Level) -> (Notes, DefaultGuard) {
    let notes = Notes::default();
    let level = LevelFilter::from_level(level);
    let listener = tracing_subscriber::registry()
        .with(level)
        .with(notes.clone());
    (notes, tracing::subscriber::set_default(listener))
}

/// The name of the span that one is in.
fn here() -> Option<&'static str> {
    Span::current().metadata().map(|span| span.name())
}

fn request() -> Span {
    tracing::info_span!("request")
}

#[protocol]
trait Where {
    /// The span that it is handled in.
    #[call]
    async fn ask(&mut self) -> Option<&'static str>;
}

#[gen_server(mailbox = bounded(1))]
struct Server {
    next: Option<WhereRef>,
}

#[gen_server(protocols(Where))]
impl Server {
    #[init]
    fn init(next: Option<WhereRef>) -> Self {
        Server { next }
    }

    /// The span that it is handled in before and after it has waited.
    #[call]
    async fn look(&mut self) -> (Option<&'static str>, Option<&'static str>) {
        let before = here();
        sleep(Duration::from_millis(1)).await;
        (before, here())
    }

    /// Asks the next one.
    #[call]
    async fn pass_on(&mut self) -> Option<&'static str> {
        self.next.as_ref()?.ask().await.ok()?
    }

    #[call]
    async fn crash(&mut self) {
        process::exit_with(boom());
    }

    #[cast]
    fn note(&self) {}
}

impl Where for Server {
    async fn ask(&mut self) -> Option<&'static str> {
        here()
    }
}

#[otp_core::test]
async fn a_call_is_handled_in_a_span_below_its_callers() {
    let (notes, _listening) = listen(Level::DEBUG);
    let server = Server::start_link(None).name("server").await.unwrap();
    let looked = server.look().instrument(request()).await.unwrap();
    assert_eq!(looked, (Some("handle_call"), Some("handle_call")));
    assert_eq!(here(), None);
    let made = std::mem::take(&mut *notes.0.lock().unwrap());
    assert_eq!(made.len(), 2);
    let handled = &made[1];
    assert_eq!(
        (handled.name, handled.parent),
        ("handle_call", Some("request"))
    );
    let fields: Vec<_> = handled
        .fields
        .iter()
        .map(|(name, text)| (*name, &**text))
        .collect();
    let pid = server.pid().unwrap().to_string();
    assert_eq!(
        fields,
        [
            ("message", "ServerMessage::Look"),
            ("name", "server"),
            ("pid", &*pid),
            ("server", "telemetry_spans::Server"),
        ]
    );
}

#[otp_core::test]
async fn a_call_that_is_made_in_a_handler_goes_on_below_it() {
    let (notes, _listening) = listen(Level::DEBUG);
    let last = Server::start_link(None).await.unwrap();
    let first = Server::start_link(Some(last.into())).await.unwrap();
    let answer = first.pass_on().instrument(request()).await;
    assert_eq!(answer, Ok(Some("handle_call")));
    assert_eq!(
        notes.take(),
        [
            ("request", None),
            ("handle_call", Some("request")),
            ("handle_call", Some("handle_call")),
        ]
    );
}

/// Nobody is in the span of another one, though they take turns on one thread.
#[otp_core::test]
async fn a_span_is_entered_while_its_handler_runs_and_only_then() {
    let (_, _listening) = listen(Level::DEBUG);
    let server = Server::start_link(None).await.unwrap();
    let others = Task::spawn(async {
        for _ in 0..10 {
            assert_eq!(here(), None);
            sleep(Duration::from_micros(200)).await;
        }
    });
    let look = || server.look().instrument(request());
    let looked = look().await.unwrap();
    assert_eq!(looked, (Some("handle_call"), Some("handle_call")));
    assert_eq!(
        server.look().await,
        Ok((None, None)),
        "of a call in no span"
    );
    others.await.unwrap();
}

#[otp_core::test]
async fn a_call_that_waits_for_room_and_a_request_are_followed_too() {
    let (_, _listening) = listen(Level::DEBUG);
    let server = Server::start_link(None).await.unwrap();
    server.note();
    let handled = (Some("handle_call"), Some("handle_call"));
    assert_eq!(server.look().instrument(request()).await, Ok(handled));
    let sent = request().in_scope(|| server.look().send_request());
    assert_eq!(sent.await, Ok(handled));
}

#[otp_core::test]
async fn who_does_not_listen_closely_enough_follows_nothing() {
    let (notes, _listening) = listen(Level::INFO);
    let server = Server::start_link(None).await.unwrap();
    assert_eq!(server.look().instrument(request()).await, Ok((None, None)));
    assert_eq!(notes.take(), [("request", None)]);
}

#[otp_core::test(crashes = allowed)]
async fn a_crash_leaves_its_span() {
    let (_, _listening) = listen(Level::DEBUG);
    let server = Server::start(None).await.unwrap();
    assert!(server.crash().instrument(request()).await.is_err());
    server.ended().await;
    assert_eq!(here(), None);
}

/// A process that is no server receives what it is asked, in no span.
#[otp_core::test]
async fn a_mock_is_asked_in_a_span() {
    let (_, _listening) = listen(Level::DEBUG);
    let mock: WhereRef = otp_core::testing::mock(|WhereMessage::Ask { reply_to }| {
        reply_to.send(here());
    });
    assert_eq!(mock.ask().instrument(request()).await, Ok(None));
}

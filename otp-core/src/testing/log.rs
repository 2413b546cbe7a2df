//! What a test's processes report through `tracing`.
//!
//! Each test has a subscriber of its own, the default of the threads of its runtime, which keeps the events as lines and
//! passes everything on to the subscriber that was there when the test began.

use std::fmt::{self, Write};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::dispatcher::{self, DefaultGuard, Dispatch};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use super::kit;

/// The lines of one test.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<String>);

impl Log {
    fn lock(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All lines so far.
    pub(crate) fn text(&self) -> String {
        self.lock().clone()
    }

    /// Makes the subscriber that writes here.
    pub(crate) fn subscriber(self: &Arc<Self>) -> Dispatch {
        keep_callsites_open();
        Dispatch::new(Capture {
            log: Arc::clone(self),
            outer: dispatcher::get_default(Dispatch::clone),
        })
    }
}

/// Keeps one more subscriber than those of the tests.
///
/// `tracing` remembers of each place in the code whether anybody listens to it. As long as it knows one subscriber only, it
/// asks no other than the one of the thread that reaches the place first, which may be none.
fn keep_callsites_open() {
    static OPEN: OnceLock<Dispatch> = OnceLock::new();
    OPEN.get_or_init(|| Dispatch::new(Open));
}

/// Listens to nothing, and says of no place that nobody does.
struct Open;

impl Subscriber for Open {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

thread_local! {
    static GUARD: std::cell::RefCell<Option<DefaultGuard>> = const { std::cell::RefCell::new(None) };
}

/// Makes a subscriber the default of this thread, as long as it lives.
pub(crate) fn listen_on_this_thread(subscriber: &Dispatch) {
    GUARD.set(Some(dispatcher::set_default(subscriber)));
}

struct Capture {
    log: Arc<Log>,
    outer: Dispatch,
}

fn is_kept(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && *metadata.level() <= Level::DEBUG
}

impl Subscriber for Capture {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_kept(metadata) || self.outer.enabled(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        if is_kept(metadata) {
            let line = line(event);
            self.log.lock().push_str(&line);
        }
        if self.outer.enabled(metadata) {
            self.outer.event(event);
        }
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.outer.new_span(attributes)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.outer.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.outer.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.outer.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.outer.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.outer.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.outer.try_close(span)
    }
}

/// `ERROR otp_core::crash: process crashed pid=<0.3> reason=boom`
fn line(event: &Event<'_>) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let metadata = event.metadata();
    format!(
        "{} {}:{}{}\n",
        metadata.level(),
        metadata.target(),
        fields.message,
        fields.rest
    )
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Fields {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let written = match field.name() {
            "message" => write!(self.message, " {value}"),
            name => write!(self.rest, " {name}={value}"),
        };
        written.expect("a string takes all");
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }
}

/// What was reported in this test so far, a line each: level, target, message, fields.
///
/// Events of level `DEBUG` and above, of the threads that the test's runtime has; those of threads that the test starts
/// itself go elsewhere. A test that fails prints them.
///
/// # Panics
///
/// Panics outside an `#[otp_core::test]`.
///
/// # Examples
///
/// ```
/// use otp_core::testing;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn a_warning_is_kept() {
///     tracing::warn!(left = 1, "nearly full");
///     assert!(testing::logs().contains("nearly full left=1"));
/// }
/// # otp_core::testing::doc_test(a_warning_is_kept);
/// ```
#[track_caller]
#[must_use]
pub fn logs() -> String {
    kit::current().0.log.text()
}

/// Runs a future, and gives what was reported in this test meanwhile: ExUnit's `with_log`.
///
/// # Panics
///
/// The future panics outside an `#[otp_core::test]`.
///
/// # Cancel safety
///
/// As cancel safe as the future.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::testing;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn a_warning_is_given() {
///     let (value, log) = testing::capture_log(async {
///         tracing::warn!(left = 1, "nearly full");
///         7
///     })
///     .await;
///     assert_eq!(value, 7);
///     assert!(log.contains("nearly full left=1"), "{log}");
/// }
/// # otp_core::testing::doc_test(a_warning_is_given);
/// ```
pub async fn capture_log<F: Future>(future: F) -> (F::Output, String) {
    let log = Arc::clone(&kit::current().0.log);
    let before = log.lock().len();
    let output = future.await;
    let text = log.lock()[before..].to_owned();
    (output, text)
}

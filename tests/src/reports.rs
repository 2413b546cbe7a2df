//! Catches what is reported through `tracing`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    static CAUGHT: RefCell<Vec<Report>> = const { RefCell::new(Vec::new()) };
}

/// One event.
#[derive(Clone, Debug)]
pub struct Report {
    /// Who reports.
    pub target: &'static str,
    fields: BTreeMap<&'static str, String>,
}

impl Report {
    /// A field as text; empty if it is not there.
    #[must_use]
    pub fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

/// The reports of this thread, which for a test on one thread are those of its processes.
///
/// As long as it lives it takes the place of the test's log.
#[derive(Debug)]
pub struct Reports(#[expect(dead_code, reason = "catches until it is dropped")] DefaultGuard);

impl Reports {
    /// Begins to catch. To be called in an `#[otp_core::test]`, whose kit keeps every place in the code open to listeners.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it does more than make a value")]
    pub fn new() -> Self {
        CAUGHT.take();
        Reports(tracing::subscriber::set_default(Catcher))
    }

    /// Takes what `target` has reported.
    #[must_use]
    pub fn take(&self, target: &str) -> Vec<Report> {
        CAUGHT.with_borrow_mut(|caught| {
            caught
                .extract_if(.., |report| report.target == target)
                .collect()
        })
    }
}

struct Catcher;

impl Subscriber for Catcher {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("otp_core")
    }

    fn event(&self, event: &Event<'_>) {
        let mut report = Report {
            target: event.metadata().target(),
            fields: BTreeMap::new(),
        };
        event.record(&mut report);
        CAUGHT.with_borrow_mut(|caught| caught.push(report));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Visit for Report {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

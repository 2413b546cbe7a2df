//! Catches what is reported through `tracing`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
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
#[derive(Debug)]
pub struct Reports(());

impl Reports {
    /// Begins to catch.
    ///
    /// One subscriber serves the whole program and sorts by thread: with one for each test, a place in the code that
    /// another test's thread reaches first would be taken for one that nobody listens to.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it does more than make a value")]
    pub fn new() -> Self {
        static INSTALL: Once = Once::new();
        INSTALL.call_once(|| {
            tracing::subscriber::set_global_default(Catcher).expect("no other subscriber");
            tracing::callsite::rebuild_interest_cache();
        });
        CAUGHT.take();
        Reports(())
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

//! Numbers about a node, for the `metrics` crate and whatever exports it. With the feature `metrics`.
//!
//! A [`Metrics`] is a server to be put under a supervisor. It counts what [`telemetry`](crate::telemetry) tells, and looks at
//! all processes now and then. Nothing in it is private to this crate: who wants other numbers writes another one.
//!
//! | name | kind | labels | of |
//! | --- | --- | --- | --- |
//! | `otp_processes` | gauge | `kind` | processes that are alive |
//! | `otp_mailbox_messages` | gauge | `kind`, `name` | messages that wait in mailboxes; those of processes without a name together |
//! | `otp_mailbox_longest` | gauge | `kind` | messages in the longest of these mailboxes |
//! | `otp_call_duration_seconds` | histogram | `kind`, `message`, `outcome` | the time from a call to its answer, or until it was given up |
//! | `otp_child_restarts_total` | counter | `supervisor`, `child` | restarts of a child |
//! | `otp_crashes_total` | counter | `kind` | processes whose code ended in a way that is not clean |
//! | `otp_messages_dropped_total` | counter | `reason` | messages that nobody will handle |
//!
//! The label `kind` is the type of the server, `task` or `process`. A supervisor is labelled by its name, and by its pid if it
//! has none: supervisors whose restarts are watched have names.
//!
//! ```
//! # use otp_core::prelude::*;
//! use metrics_util::debugging::DebuggingRecorder;
//! use otp_core::metrics::Metrics;
//!
//! let recorder = DebuggingRecorder::new();
//! let _recording = metrics::set_default_local_recorder(&recorder);
//! # otp_core::doc_test(async {
//! let metrics = Metrics::start_link(Duration::from_secs(5)).await.unwrap();
//! # use doc_servers::Counter;
//! Counter::start(0).await.unwrap().add(2).await.unwrap();
//! let shown = recorder.snapshotter().snapshot().into_vec();
//! assert!(shown.iter().any(|(key, ..)| key.key().name() == "otp_call_duration_seconds"));
//! # metrics.stop().await.unwrap();
//! # });
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::child_spec::{ChildSpec, ChildStart, FromValues, Supervised};
use crate::gen_server::{Context, GenServer, InitError, Initialized, ServerRef, Start, start_link};
use crate::node::Name;
use crate::process;
use crate::registry::HasHandle;
use crate::telemetry::{
    self, CallDropped, CallException, CallInfo, CallStop, CallTimeout, ChildRestarted, CrashReport,
    Handlers, MessageDropped,
};

/// What its handlers are attached under.
const ID: &str = "otp_core::metrics";

/// Processes that are looked at before others get a turn.
const TURN: usize = 1024;

/// The server that counts. One for a node.
///
/// # Examples
///
/// ```
/// use metrics_util::debugging::{DebugValue, DebuggingRecorder};
/// use otp_core::metrics::Metrics;
/// use otp_core::prelude::*;
///
/// supervisor! {
///     struct Tree();
///
///     strategy: one_for_one,
///
///     children: {
///         metrics: Metrics(Duration::from_secs(5)),
///     }
/// }
///
/// let recorder = DebuggingRecorder::new();
/// let snapshotter = recorder.snapshotter();
/// let _recording = metrics::set_default_local_recorder(&recorder);
/// # otp_core::doc_test(async {
/// let tree = Tree::start_link().await.unwrap();
/// // It answers after it has looked for the first time.
/// otp_core::sys::get_status(&tree.metrics()).await.unwrap();
/// let shown = snapshotter.snapshot().into_vec();
/// assert!(shown.iter().any(|(key, ..)| key.key().name() == "otp_processes"));
/// # tree.stop().await.unwrap();
/// # });
/// ```
#[derive(Debug)]
pub struct Metrics {
    period: Duration,
    shown: Sample,
}

impl Metrics {
    /// Starts it, linked with the current process. It looks at all processes now, and then after each `period`.
    ///
    /// # Errors
    ///
    /// See [`StartError`](crate::StartError).
    ///
    /// # Panics
    ///
    /// Panics outside a node, once it is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, what had begun is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::metrics::Metrics;
    ///
    /// # otp_core::doc_test(async {
    /// let metrics = Metrics::start_link(Duration::from_secs(5)).await.unwrap();
    /// assert!(!otp_core::telemetry::list_handlers(&["otp", "call"]).is_empty());
    /// metrics.stop().await.unwrap();
    /// assert!(otp_core::telemetry::list_handlers(&["otp", "call"]).is_empty());
    /// # });
    /// ```
    #[track_caller]
    pub fn start_link(
        period: Duration,
    ) -> Start<ServerRef<Self>, impl Future<Output = Initialized<Self>> + Send> {
        start_link::<ServerRef<Self>>(MetricsInit(period))
    }

    /// Makes its child specification. In a tree, `Metrics(period)` is enough.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::metrics::Metrics;
    /// use otp_core::{Strategy, Supervisor};
    ///
    /// # otp_core::doc_test(async {
    /// let metrics = Metrics::child_spec(Duration::from_secs(5));
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(metrics).start_link().await.unwrap();
    /// assert_eq!(supervisor.count_children().await.unwrap().workers, 1);
    /// # supervisor.stop().await.unwrap();
    /// # });
    /// ```
    pub fn child_spec(period: Duration) -> ChildSpec<ServerRef<Self>> {
        ChildSpec::new("Metrics", move || Metrics::start_link(period))
    }

    fn look(&mut self, sample: Sample) {
        for (kind, of_kind) in &sample.0 {
            of_kind.show(kind);
        }
        for (kind, before) in &self.shown.0 {
            match sample.0.get(kind) {
                Some(now) => before.forget(kind, |name| now.waiting.contains_key(name)),
                None => {
                    OfKind::default().show(kind);
                    before.forget(kind, |_| false);
                }
            }
        }
        self.shown = sample;
    }
}

/// What a [`Metrics`] is started with.
#[doc(hidden)]
#[derive(Debug)]
pub struct MetricsInit(Duration);

impl FromValues<Duration> for MetricsInit {
    fn from_values(period: Duration) -> Self {
        MetricsInit(period)
    }
}

/// Says that it is time to look.
#[doc(hidden)]
#[derive(Debug)]
pub struct Look(());

impl GenServer for Metrics {
    type Args = MetricsInit;
    type Message = Look;

    async fn init(init: MetricsInit, cx: &mut Context<Self>) -> Result<Self, InitError> {
        // Its handlers are to go with it.
        cx.trap_exit(true);
        describe();
        // Those of one that was killed.
        let _ = telemetry::detach(ID);
        telemetry::attach_many(ID, handlers())?;
        cx.send(Look(()));
        Ok(Metrics {
            period: init.0,
            shown: Sample::default(),
        })
    }

    async fn handle_message(&mut self, _: Look, cx: &mut Context<Self>) {
        let mut sample = Sample::default();
        for pids in cx.node().processes().chunks(TURN) {
            for info in pids.iter().filter_map(process::info) {
                sample.add(info.kind, info.name, info.message_queue_len);
            }
            tokio::task::yield_now().await;
        }
        self.look(sample);
        cx.send_after(self.period, Look(()));
    }

    async fn terminate(&mut self, _: &crate::ExitReason, _: &mut Context<Self>) {
        let _ = telemetry::detach(ID);
        self.look(Sample::default());
    }

    fn message_name(_: &Look) -> &'static str {
        "look"
    }
}

impl HasHandle for Metrics {
    type Handle = ServerRef<Self>;
}

impl Supervised for Metrics {
    type Handle = ServerRef<Self>;
    type Args = MetricsInit;

    fn start_child(init: MetricsInit) -> impl ChildStart<Handle = Self::Handle> {
        start_link::<ServerRef<Self>>(init)
    }
}

/// What was seen of all processes, by kind.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sample(BTreeMap<&'static str, OfKind>);

#[derive(Debug, Default, PartialEq, Eq)]
struct OfKind {
    processes: usize,
    longest: usize,
    /// Messages by the name of the process.
    waiting: BTreeMap<Option<Name>, usize>,
}

impl Sample {
    /// A process, with the length of its mailbox.
    fn add(&mut self, kind: &'static str, name: Option<Name>, waiting: usize) {
        let of_kind = self.0.entry(kind).or_default();
        of_kind.processes += 1;
        of_kind.longest = of_kind.longest.max(waiting);
        *of_kind.waiting.entry(name).or_default() += waiting;
    }
}

impl OfKind {
    fn show(&self, kind: &'static str) {
        gauge!("otp_processes", "kind" => kind).set(self.processes as f64);
        gauge!("otp_mailbox_longest", "kind" => kind).set(self.longest as f64);
        for (name, waiting) in &self.waiting {
            show_waiting(kind, name.as_ref(), *waiting);
        }
    }

    /// What was shown of those that are not there any more is none now.
    fn forget(&self, kind: &'static str, is_there: impl Fn(&Option<Name>) -> bool) {
        for name in self.waiting.keys().filter(|name| !is_there(name)) {
            show_waiting(kind, name.as_ref(), 0);
        }
    }
}

fn show_waiting(kind: &'static str, name: Option<&Name>, waiting: usize) {
    let name = name.map_or_else(String::new, Name::to_string);
    gauge!("otp_mailbox_messages", "kind" => kind, "name" => name).set(waiting as f64);
}

fn handlers() -> Handlers {
    Handlers::new()
        .on(|stop: &CallStop| show_call(&stop.call, stop.duration, "answered"))
        .on(|timeout: &CallTimeout| show_call(&timeout.call, timeout.duration, "timeout"))
        .on(|failed: &CallException| show_call(&failed.call, failed.duration, "exception"))
        .on(|dropped: &CallDropped| show_call(&dropped.call, dropped.duration, "dropped"))
        .on(|restarted: &ChildRestarted| {
            let supervisor = match &restarted.supervisor_name {
                Some(name) => name.to_string(),
                None => restarted.supervisor.to_string(),
            };
            let child = restarted.child.id.to_string();
            counter!("otp_child_restarts_total", "supervisor" => supervisor, "child" => child)
                .increment(1);
        })
        .on(|crash: &CrashReport| {
            counter!("otp_crashes_total", "kind" => crash.kind).increment(1);
        })
        .on(|dropped: &MessageDropped| {
            let reason = dropped.reason.as_str();
            counter!("otp_messages_dropped_total", "reason" => reason).increment(1);
        })
}

fn show_call(call: &CallInfo, duration: Duration, outcome: &'static str) {
    let (kind, message) = (call.kind, call.message);
    histogram!(
        "otp_call_duration_seconds",
        "kind" => kind,
        "message" => message,
        "outcome" => outcome,
    )
    .record(duration);
}

fn describe() {
    describe_gauge!("otp_processes", "Processes that are alive.");
    describe_gauge!("otp_mailbox_messages", "Messages that wait in mailboxes.");
    describe_gauge!("otp_mailbox_longest", "Messages in the longest mailbox.");
    describe_histogram!(
        "otp_call_duration_seconds",
        metrics::Unit::Seconds,
        "The time from a call to its answer."
    );
    describe_counter!("otp_child_restarts_total", "Restarts of a child.");
    describe_counter!("otp_crashes_total", "Processes that crashed.");
    describe_counter!(
        "otp_messages_dropped_total",
        "Messages that nobody will handle."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_adds_up_what_has_no_name_of_its_own() {
        let mut sample = Sample::default();
        for (kind, name, waiting) in [
            ("a", None, 3),
            ("a", Some("x".into()), 7),
            ("b", None, 0),
            ("a", None, 2),
        ] {
            sample.add(kind, name, waiting);
        }
        let a = &sample.0["a"];
        assert_eq!((a.processes, a.longest), (3, 7));
        assert_eq!(
            a.waiting,
            BTreeMap::from([(None, 5), (Some("x".into()), 7)])
        );
        assert_eq!(sample.0["b"].waiting, BTreeMap::from([(None, 0)]));
    }
}

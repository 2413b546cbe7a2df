//! What is shown through the crate `metrics`.

use std::collections::BTreeMap;

use metrics::LocalRecorderGuard;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use otp_core::metrics::Metrics;
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, sys, telemetry};
use tests::processes::boom;
use tests::{Act, Journal, Puppet};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
const PUPPET: &str = "tests::puppet::Puppet";

/// A recorder of this thread, on which the test and all its processes run.
fn recorder() -> (Shown, LocalRecorderGuard<'static>) {
    let recorder: &'static DebuggingRecorder = Box::leak(Box::default());
    let shown = Shown(recorder.snapshotter());
    (shown, metrics::set_default_local_recorder(recorder))
}

struct Shown(Snapshotter);

impl Shown {
    /// What there is to see, by name and labels. What was recorded of calls is taken.
    fn take(&self) -> BTreeMap<String, f64> {
        let shown = self.0.snapshot().into_vec().into_iter();
        let pairs = shown.map(|(key, _, _, value)| {
            let labels = key
                .key()
                .labels()
                .map(|label| format!(" {}", label.value()));
            let name = format!("{}{}", key.key().name(), labels.collect::<String>());
            let value = match value {
                DebugValue::Counter(count) => count as f64,
                DebugValue::Gauge(value) => value.0,
                DebugValue::Histogram(values) => values.iter().map(|value| value.0).sum(),
            };
            (name, value)
        });
        pairs.collect()
    }
}

#[otp_core::test]
async fn processes_and_mailboxes_are_looked_at_again_and_again() {
    let (shown, _recording) = recorder();
    let puppet = Puppet::start_link(Journal::new())
        .name("slow")
        .await
        .unwrap();
    puppet.tell(Act::Wait(2 * SECOND));
    sleep(SECOND / 10).await;
    for _ in 0..3 {
        puppet.tell(Act::Nothing);
    }
    let metrics = Metrics::start_link(SECOND).await.unwrap();
    sys::get_status(&metrics).await.unwrap();
    let seen = shown.take();
    let of = |what: &str| seen[&format!("{what} {PUPPET}")];
    assert_eq!((of("otp_processes"), of("otp_mailbox_longest")), (1.0, 3.0));
    assert_eq!(seen[&format!("otp_mailbox_messages {PUPPET} slow")], 3.0);
    assert_eq!(seen["otp_processes process"], 1.0, "the test");

    puppet.stop().await.unwrap();
    sleep(SECOND).await;
    let seen = shown.take();
    let of = |what: &str| seen[&format!("{what} {PUPPET}")];
    assert_eq!((of("otp_processes"), of("otp_mailbox_longest")), (0.0, 0.0));
    assert_eq!(seen[&format!("otp_mailbox_messages {PUPPET} slow")], 0.0);
    metrics.stop().await.unwrap();
}

#[otp_core::test(crashes = allowed)]
async fn calls_crashes_restarts_and_drops_are_counted() {
    let (shown, _recording) = recorder();
    let metrics = Metrics::start_link(SECOND).await.unwrap();
    let spec = Puppet::child_spec(Journal::new()).id("puppet");
    let puppet = spec.handle();
    let tree = Supervisor::builder(Strategy::OneForOne).child(spec);
    let tree = tree.start_link().name("tree").await.unwrap();
    puppet.ask(Act::Wait(SECOND)).await.unwrap();
    puppet.ask(Act::Wait(2 * SECOND)).await.unwrap();
    assert!(
        puppet
            .ask(Act::Wait(SECOND))
            .timeout(SECOND / 2)
            .await
            .is_err()
    );
    let died = puppet.pin().unwrap();
    assert!(puppet.ask(Act::Exit(boom())).await.is_err());
    tree.count_children().await.unwrap();
    died.cast(tests::PuppetMessage::Forget);

    let seen = shown.take();
    let call = |outcome: &str| {
        seen[&format!("otp_call_duration_seconds {PUPPET} PuppetMessage::Ask {outcome}")]
    };
    assert_eq!(call("answered"), 3.0);
    assert_eq!((call("timeout"), call("exception")), (0.5, 0.5));
    assert_eq!(seen[&format!("otp_crashes_total {PUPPET}")], 1.0);
    assert_eq!(seen["otp_child_restarts_total tree puppet"], 1.0);
    assert_eq!(seen["otp_messages_dropped_total noproc"], 1.0);
    tree.stop().await.unwrap();
    metrics.stop().await.unwrap();
}

supervisor! {
    struct Tree();

    strategy: one_for_one,

    children: {
        metrics: Metrics(SECOND),
    }
}

#[otp_core::test]
async fn it_is_a_child_like_any_other_and_takes_its_handlers_with_it() {
    let (shown, _recording) = recorder();
    let tree = Tree::start_link().await.unwrap();
    let attached = || telemetry::list_handlers(&["otp"]).len();
    assert_eq!(attached(), 7);
    let before = tree.metrics().pid();
    // A kill leaves them, and the next one takes their place.
    process::exit(&tree.metrics(), ExitReason::Kill);
    tree.count_children().await.unwrap();
    while tree.metrics().pid().is_none_or(|pid| Some(pid) == before) {
        tokio::task::yield_now().await;
    }
    assert_eq!(attached(), 7);
    sleep(2 * SECOND).await;
    assert!(shown.take()["otp_processes process"] >= 1.0);
    tree.stop().await.unwrap();
    assert_eq!(attached(), 0);
}

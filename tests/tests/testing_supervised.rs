//! The test kit: children of the test's own supervisor, and their controlled failure.

use otp_core::__private::TestOptions;
use otp_core::prelude::*;
use otp_core::testing::{self, ChildExt, eventually, start_supervised, start_supervised_child};
use otp_core::time::{Instant, sleep};
use otp_core::{ChildSpec, Restart, Strategy, Supervisor};
use tests::processes::boom;
use tests::{Journal, Puppet, failure};

const PLAIN: TestOptions = TestOptions::DEFAULT;

/// Notes its life.
#[gen_server]
struct Witness {
    name: &'static str,
    journal: Journal,
}

#[gen_server]
impl Witness {
    #[init]
    async fn init(name: &'static str, journal: Journal, cx: &mut Context<Self>) -> Self {
        cx.trap_exit(true);
        journal.note(format_args!("{name} begins"));
        sleep(Duration::from_secs(1)).await;
        Witness { name, journal }
    }

    #[call]
    fn name(&self) -> &'static str {
        self.name
    }

    #[terminate]
    fn terminate(&mut self, reason: &ExitReason) {
        self.journal
            .note(format_args!("{} ends: {reason}", self.name));
    }
}

/// Does not start.
#[gen_server]
struct Stillborn {}

#[gen_server]
impl Stillborn {
    #[init]
    fn init() -> Result<Self, ExitReason> {
        Err(ExitReason::shutdown_with("no disk"))
    }
}

#[test]
fn children_are_stopped_in_reverse_order_when_the_body_has_ended() {
    let journal = Journal::new();
    otp_core::testing::doc_test(async || {
        let first = start_supervised::<Witness>(("first", journal.clone())).await;
        let second = start_supervised::<Witness>(("second", journal.clone())).await;
        assert_eq!(
            (first.name().await, second.name().await),
            (Ok("first"), Ok("second"))
        );
    });
    assert_eq!(
        journal.take(),
        [
            "first begins",
            "second begins",
            "second ends: shutdown",
            "first ends: shutdown"
        ]
    );
}

#[otp_core::test]
async fn a_child_crashes_and_its_handle_follows_the_next_incarnation() {
    let journal = Journal::new();
    let witness = start_supervised::<Witness>(("it", journal.clone())).await;
    let first = witness.pid();
    witness.crash().await;
    witness.restarted().await;
    let again = ["it begins", "it ends: crashed by the test", "it begins"];
    assert_eq!(journal.take(), again);
    assert_ne!(witness.pid(), first);
    assert_eq!(witness.name().await, Ok("it"));
    witness.crash_with(boom()).await;
    witness.restarted().await;
    witness.restarted().await;
    assert_eq!(journal.take(), ["it ends: boom", "it begins"]);
}

#[otp_core::test]
async fn siblings_that_are_restarted_too_are_waited_for() {
    let journal = Journal::new();
    let spec = |name| Witness::child_spec(name, journal.clone()).id(name);
    let (a, b) = (spec("a"), spec("b"));
    let (first, second) = (a.handle(), b.handle());
    Supervisor::builder(Strategy::OneForAll)
        .child(a)
        .child(b)
        .start_link()
        .await
        .unwrap();
    let before = second.pid();
    first.crash().await;
    second.restarted().await;
    assert_ne!(second.pid(), before);
}

#[otp_core::test]
async fn many_crashes_are_no_reason_to_give_up() {
    let witness = start_supervised::<Witness>(("it", Journal::new())).await;
    for _ in 0..10 {
        witness.crash().await;
        witness.restarted().await;
    }
    assert_eq!(witness.name().await, Ok("it"));
}

#[otp_core::test]
async fn a_specification_says_how_a_child_is_restarted() {
    let spec = ChildSpec::new("it", || Witness::start_link("it", Journal::new()));
    let witness = start_supervised_child(spec.restart(Restart::Temporary)).await;
    witness.crash().await;
    testing::settle().await;
    assert!(!witness.is_alive());
}

#[test]
fn a_child_that_does_not_start_fails_the_test_with_the_reason() {
    let said = failure(PLAIN, async || {
        start_supervised::<Stillborn>(()).await;
    });
    assert!(
        said.contains("Stillborn` of tests/tests/testing_supervised.rs:")
            && said.ends_with("did not start: init failed: shutdown: no disk"),
        "{said}"
    );
}

#[test]
fn a_child_that_is_not_restarted_fails_at_the_far_deadline() {
    let said = failure(PLAIN, async || {
        let began = Instant::now();
        let spec = Witness::child_spec("it", Journal::new());
        let witness = start_supervised_child(spec.restart(Restart::Temporary)).await;
        witness.crash().await;
        assert!(began.elapsed() < Duration::from_secs(60));
        witness.restarted().await;
    });
    assert_eq!(
        said,
        "the child `testing_supervised::Witness` was not restarted"
    );
}

#[test]
fn what_is_not_there_cannot_be_crashed() {
    let said = failure(PLAIN, async || {
        WitnessRef::named("nobody").crash().await;
    });
    assert_eq!(
        said,
        "there is no process of `testing_supervised::Witness` to crash"
    );
}

#[test]
fn a_handle_that_follows_nothing_says_so() {
    let said = failure(PLAIN, async || {
        let witness = Witness::start_link("it", Journal::new()).await.unwrap();
        witness.restarted().await;
    });
    assert!(
        said.contains("does not follow a supervised child"),
        "{said}"
    );
}

#[otp_core::test(shuffled = 50)]
async fn a_restart_is_seen_under_every_schedule() {
    let witness = start_supervised::<Witness>(("it", Journal::new())).await;
    let before = witness.pid();
    witness.crash().await;
    witness.restarted().await;
    assert_ne!(witness.pid(), before);
    eventually(async || witness.name().await == Ok("it")).await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_is_seen_on_several_threads() {
    let spec = ChildSpec::new("puppet", || Puppet::start_link(Journal::new()));
    let puppet = start_supervised_child(spec).await;
    let before = puppet.pid();
    puppet.crash().await;
    puppet.restarted().await;
    assert_ne!(puppet.pid(), before);
}

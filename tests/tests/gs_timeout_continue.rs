//! GS-034 to GS-039: the idle timeout, continues, hibernation.

use otp_core::prelude::*;
use otp_core::sys;
use otp_core::time::sleep;
use tests::processes::{boom, end};
use tests::{Act, Journal, Puppet, puppet};
use tokio::sync::oneshot;

const SECOND: Duration = Duration::from_secs(1);

fn timeout(after: Duration) -> Act {
    Act::Timeout(after, Box::new(Act::Nothing))
}

#[otp_core::test]
async fn gs_034_the_timeout_fires_once_when_nothing_comes() {
    let (server, journal) = puppet().await;
    server.tell(timeout(SECOND));
    sleep(Duration::from_millis(999)).await;
    assert_eq!(journal.take(), ["cast"]);
    sleep(Duration::from_millis(2)).await;
    assert_eq!(journal.take(), ["timeout"]);
    sleep(10 * SECOND).await;
    assert!(journal.take().is_empty());
}

#[otp_core::test]
async fn gs_034_any_message_cancels_it_for_good() {
    let (server, journal) = puppet().await;
    server.tell(timeout(SECOND));
    sleep(SECOND / 2).await;
    server.tell(Act::Nothing);
    sleep(10 * SECOND).await;
    assert_eq!(journal.take(), ["cast", "cast"]);
}

#[otp_core::test]
async fn gs_034_so_do_a_down_and_an_exit() {
    let (server, journal) = puppet().await;
    server.trap_exit(true).await.unwrap();
    server.tell(timeout(SECOND));
    process::exit(&*server, boom());
    sleep(10 * SECOND).await;
    assert_eq!(journal.take(), ["cast", "EXIT boom"]);

    let (friend, _) = puppet().await;
    process::register("friend", &*friend).unwrap();
    server.watch("friend".into()).await.unwrap();
    server.tell(timeout(SECOND));
    sleep(SECOND / 2).await;
    friend.stop().await.unwrap();
    sleep(10 * SECOND).await;
    assert_eq!(journal.take(), ["cast", "DOWN normal"]);
}

#[otp_core::test]
async fn gs_034_the_one_that_fires_may_be_set_again() {
    let (server, journal) = puppet().await;
    server.tell(Act::Timeout(
        SECOND,
        Box::new(Act::Timeout(2 * SECOND, Box::new(Act::Nothing))),
    ));
    sleep(Duration::from_millis(2_999)).await;
    assert_eq!(journal.take(), ["cast", "timeout"]);
    sleep(10 * SECOND).await;
    assert_eq!(journal.take(), ["timeout"]);
}

#[otp_core::test]
async fn gs_034_a_system_request_begins_it_anew() {
    let (server, journal) = puppet().await;
    server.tell(timeout(SECOND));
    sleep(SECOND / 2).await;
    sys::get_status(&server).await.unwrap();
    sleep(Duration::from_millis(999)).await;
    assert_eq!(journal.take(), ["cast"]);
    sleep(Duration::from_millis(2)).await;
    assert_eq!(journal.take(), ["timeout"]);
}

#[otp_core::test]
async fn gs_035_a_timeout_of_zero_waits_for_what_is_queued() {
    let (server, journal) = puppet().await;
    server.tell(timeout(Duration::ZERO));
    server.tell(Act::Nothing);
    sleep(SECOND).await;
    assert_eq!(journal.take(), ["cast", "cast"]);
    server.tell(Act::Nothing);
    server.tell(timeout(Duration::ZERO));
    assert_eq!(server.ask(Act::Nothing).await, Ok("done"), "queued as well");
    server.tell(timeout(Duration::ZERO));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(journal.take(), ["cast", "cast", "call", "cast", "timeout"]);
}

/// A server that counts down in continues, from its init on.
#[gen_server]
struct Countdown {
    journal: Journal,
}

#[gen_server]
impl Countdown {
    #[init]
    async fn init(from: u32, journal: Journal, cx: &mut Context<Self>) -> Self {
        cx.send(CountdownMessage::Info {
            text: "sent in init",
        });
        cx.set_timeout(SECOND);
        cx.continue_with(CountdownMessage::Step { left: from });
        sleep(SECOND).await;
        Countdown { journal }
    }

    #[handle_continue]
    async fn step(&mut self, left: u32, cx: &mut Context<Self>) {
        self.journal.note(left);
        sleep(Duration::from_millis(1)).await;
        if left > 1 {
            cx.continue_with(CountdownMessage::Step { left: left - 1 });
        }
    }

    #[handle_info]
    fn info(&self, text: &'static str) {
        self.journal.note(text);
    }

    #[handle_timeout]
    fn timeout(&mut self) {
        self.journal.note("timeout");
    }

    /// Answers, and goes on only when the gate is open.
    #[call]
    fn greet(&self, gate: oneshot::Receiver<()>, cx: &mut Context<Self>) -> &'static str {
        cx.continue_with(CountdownMessage::Wait { gate });
        "hello"
    }

    #[handle_continue]
    async fn wait(&mut self, gate: oneshot::Receiver<()>) {
        gate.await.expect("it is opened");
        self.journal.note("the gate is open");
    }

    /// The last continue counts.
    #[cast]
    fn twice(&self, cx: &mut Context<Self>) {
        cx.continue_with(CountdownMessage::Step { left: 9 });
        cx.continue_with(CountdownMessage::Step { left: 1 });
    }
}

#[otp_core::test]
async fn gs_036_continues_come_before_anything_queued() {
    let journal = Journal::new();
    process::spawn_link(async {
        sleep(SECOND / 2).await;
        CountdownRef::named("countdown").cast(CountdownMessage::Info {
            text: "sent during init",
        });
    });
    Countdown::start_link(3, journal.clone())
        .name("countdown")
        .await
        .unwrap();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(
        journal.take(),
        ["3", "2", "1", "sent in init", "sent during init"]
    );
}

#[otp_core::test]
async fn gs_036_the_last_continue_counts() {
    let journal = Journal::new();
    let server = Countdown::start_link(1, journal.clone()).await.unwrap();
    server.twice();
    server.cast(CountdownMessage::Info { text: "queued" });
    sleep(SECOND / 2).await;
    assert_eq!(journal.take(), ["1", "sent in init", "1", "queued"]);
}

#[otp_core::test]
async fn gs_037_the_answer_leaves_before_the_continue_runs() {
    let journal = Journal::new();
    let server = Countdown::start_link(1, journal.clone()).await.unwrap();
    let (open, gate) = oneshot::channel();
    assert_eq!(server.greet(gate).await, Ok("hello"));
    open.send(()).unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(journal.take(), ["1", "sent in init", "the gate is open"]);
}

#[otp_core::test]
async fn gs_038_a_continue_may_stop_the_server() {
    let journal = Journal::new();
    let (server, monitor) = Puppet::start_monitor(journal.clone()).await.unwrap();
    server.tell(Act::Continue(Box::new(Act::Stop(ExitReason::Normal))));
    server.tell(Act::Nothing);
    assert_eq!(end(monitor).await, ExitReason::Normal);
    assert_eq!(
        journal.take(),
        ["cast", "continue", "terminate normal", "dropped"]
    );
}

#[otp_core::test(crashes = allowed)]
async fn a_callback_that_stops_does_not_continue() {
    let journal = Journal::new();
    let (server, monitor) = Puppet::start_monitor(journal.clone()).await.unwrap();
    server.tell(Act::All(vec![
        Act::Continue(Box::new(Act::Nothing)),
        Act::Stop(boom()),
    ]));
    assert_eq!(end(monitor).await, boom());
    assert_eq!(journal.take(), ["cast", "terminate boom", "dropped"]);
}

/// A server that hibernates after each message.
#[gen_server]
struct Bear {
    seen: usize,
}

#[gen_server]
impl Bear {
    #[init]
    fn init(cx: &mut Context<Self>) -> Self {
        cx.hibernate();
        Bear { seen: 0 }
    }

    #[cast]
    fn poke(&mut self, _with: [u8; 64], cx: &mut Context<Self>) {
        self.seen += 1;
        cx.hibernate();
    }

    #[call]
    fn seen(&self) -> usize {
        self.seen
    }
}

#[otp_core::test]
async fn gs_039_hibernation_cannot_be_seen() {
    let bear = Bear::start_link().await.unwrap();
    for pokes in [5_000, 10_000] {
        (0..5_000).for_each(|_| drop(bear.poke([0; 64])));
        assert_eq!(bear.seen().await, Ok(pokes));
        sleep(SECOND).await;
    }
}

/// Continues without end.
#[gen_server]
struct Spinner {}

#[gen_server]
impl Spinner {
    #[init]
    fn init(cx: &mut Context<Self>) -> Self {
        cx.continue_with(SpinnerMessage::Spin);
        Spinner {}
    }

    #[handle_continue]
    fn spin(&mut self, cx: &mut Context<Self>) {
        cx.continue_with(SpinnerMessage::Spin);
    }
}

#[otp_core::test]
async fn a_server_that_continues_without_end_lets_others_run_and_can_be_killed() {
    let (spinner, monitor) = Spinner::start_monitor().await.unwrap();
    assert_eq!(Task::spawn(async { 42 }).await, Ok(42));
    process::exit(&spinner, ExitReason::Kill);
    assert_eq!(
        process::receive_down(monitor).await.reason,
        ExitReason::Killed
    );
}

//! GS-021 to GS-026: answers, given at once, later, elsewhere or never.

use std::future::Future;
use std::pin::pin;

use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use tests::processes::{boom, end};
use tests::{Act, Journal, PuppetRef, puppet};

const TIMEOUT: CallFailure = CallFailure::Timeout { cycle: Vec::new() };

/// A server that lets others answer.
#[gen_server]
struct Desk {}

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk {}
    }

    /// Hands the request to another process, which answers.
    #[call]
    fn delegate(&self, clerk: Address<ReplyTo<u32>>, reply_to: ReplyTo<u32>) {
        clerk.send(reply_to);
    }
}

#[otp_core::test(crashes = allowed, shuffled = 50)]
async fn gs_021_every_pending_caller_learns_the_reason() {
    for (act, reason) in [
        (Act::Stop(boom()), boom()),
        (Act::Exit(boom()), boom()),
        (Act::Stop(ExitReason::Normal), ExitReason::Normal),
    ] {
        let (server, _) = puppet().await;
        let kept = [
            server.keep(Act::Nothing).send_request(),
            server.keep(Act::Nothing).send_request(),
        ];
        server.tell(act);
        let queued = server.ask(Act::Nothing).send_request();
        for pending in kept.into_iter().chain([queued]) {
            let answer = pending.receive_response(Duration::from_secs(1)).await;
            assert_eq!(answer, Err(CallFailure::Exit(reason.clone())));
        }
    }
}

#[otp_core::test]
async fn gs_021_a_kill_too() {
    let (server, _) = puppet().await;
    let pending = [
        server.ask(Act::Wait(Duration::from_secs(9))).send_request(),
        server.ask(Act::Nothing).send_request(),
    ];
    sleep(Duration::from_secs(1)).await;
    process::exit(&*server, ExitReason::Kill);
    for pending in pending {
        assert_eq!(
            pending.receive_response(Duration::from_secs(1)).await,
            Err(CallFailure::Exit(ExitReason::Killed))
        );
    }
}

#[otp_core::test]
async fn gs_022_the_answer_may_come_later_and_the_server_is_free_meanwhile() {
    let (server, _) = puppet().await;
    let pending = server.keep(Act::Nothing).send_request();
    assert_eq!(server.ask(Act::Nothing).await, Ok("done"));
    server.answer("later");
    assert_eq!(
        pending.receive_response(Duration::from_secs(1)).await,
        Ok("later")
    );
}

#[otp_core::test]
async fn gs_022_the_answer_may_come_from_another_process() {
    let desk = Desk::start_link().await.unwrap();
    let me = process::self_pid();
    let clerk = process::spawn_link(async move |mut mailbox: Mailbox<ReplyTo<u32>>| {
        let reply_to = mailbox.receive().await;
        assert_eq!(reply_to.caller(), Some(me));
        sleep(Duration::from_secs(1)).await;
        reply_to.send(7);
    });
    assert_eq!(desk.delegate(clerk).await, Ok(7));
}

#[otp_core::test]
async fn gs_022_the_answer_may_come_after_the_server_has_gone() {
    let desk = Desk::start().await.unwrap();
    let clerk = process::spawn(async |mut mailbox: Mailbox<ReplyTo<u32>>| {
        let reply_to = mailbox.receive().await;
        sleep(Duration::from_secs(1)).await;
        reply_to.send(7);
    });
    let pending = desk.delegate(clerk).send_request();
    desk.stop().await.unwrap();
    assert_eq!(
        pending.receive_response(Duration::from_secs(2)).await,
        Ok(7)
    );
}

// ui: gs_023_an_answer_is_given_once

#[otp_core::test]
async fn gs_023_an_answer_to_an_abandoned_call_is_not_that_to_a_later_one() {
    let (server, _) = puppet().await;
    assert_eq!(
        server
            .keep(Act::Nothing)
            .timeout(Duration::from_secs(1))
            .await,
        Err(TIMEOUT)
    );
    let later = server.ask(Act::Wait(Duration::from_secs(1))).send_request();
    server.answer("to the first");
    assert_eq!(
        later.receive_response(Duration::from_secs(2)).await,
        Ok("done")
    );
}

#[otp_core::test(crashes = allowed)]
async fn gs_024_terminate_then_the_answer_then_the_exit() {
    let (server, journal) = puppet().await;
    let monitor = server.monitor();
    let last = Act::Last(Box::new(Act::Wait(Duration::from_secs(1))));
    let mut call = pin!(server.ask(Act::All(vec![last, Act::Stop(boom())])));
    // Wakes when the answer is there, and looks at the server at that moment.
    struct Look(PuppetRef, Journal, Instant);
    impl std::task::Wake for Look {
        fn wake(self: std::sync::Arc<Self>) {
            let (alive, time) = (self.0.is_alive(), self.2.elapsed());
            self.1
                .note(format_args!("answer after {time:?}, alive: {alive}"));
        }
    }
    let look = Look(server.clone(), journal.clone(), Instant::now());
    let waker = std::task::Waker::from(std::sync::Arc::new(look));
    let mut looking = std::task::Context::from_waker(&waker);
    assert!(call.as_mut().poll(&mut looking).is_pending());
    assert_eq!(end(monitor).await, boom());
    assert_eq!(
        journal.take(),
        [
            "call",
            "terminate boom",
            "answer after 1s, alive: true",
            "dropped"
        ]
    );
    assert_eq!(call.await, Ok("done"));
}

// ui: gs_025_a_handler_returns_its_answer

#[otp_core::test(crashes = allowed)]
async fn gs_026_a_crash_in_a_handler_terminates_with_its_reason() {
    let (server, journal) = puppet().await;
    let monitor = server.monitor();
    assert_eq!(
        server.ask(Act::Exit(boom())).await,
        Err(CallFailure::Exit(boom()))
    );
    assert_eq!(end(monitor).await, boom());
    assert_eq!(journal.take(), ["call", "terminate boom", "dropped"]);
}

#[otp_core::test(crashes = allowed)]
async fn gs_026_so_does_a_panic() {
    let (server, journal) = puppet().await;
    let monitor = server.monitor();
    let Err(CallFailure::Exit(reason)) = server.ask(Act::Panic("oops")).await else {
        panic!("it exits")
    };
    let ExitReason::Panic(panic) = &reason else {
        panic!("by a panic")
    };
    assert_eq!(panic.message(), "oops");
    assert_eq!(end(monitor).await, reason);
    assert_eq!(
        journal.take(),
        [
            "call".to_owned(),
            format!("terminate {reason}"),
            "dropped".to_owned()
        ]
    );
}

#[otp_core::test]
async fn a_request_that_is_dropped_unanswered_is_no_reply() {
    let (server, _) = puppet().await;
    let pending = server.keep(Act::Nothing).send_request();
    server.forget();
    assert_eq!(
        pending.receive_response(Duration::from_secs(1)).await,
        Err(CallFailure::NoReply)
    );
    assert_eq!(server.ask(Act::Nothing).await, Ok("done"));
}

#[otp_core::test(crashes = allowed)]
async fn a_caller_whose_request_is_open_when_the_handler_panics_learns_the_reason() {
    for act in [Act::Panic("oops"), Act::Exit(boom())] {
        let (server, _) = puppet().await;
        let kept_before = server.keep(Act::Nothing).send_request();
        let open = server.keep(act).await;
        let reason = server.ended().await;
        assert!(!reason.is_clean());
        assert_eq!(open, Err(CallFailure::Exit(reason.clone())));
        assert_eq!(
            kept_before.receive_response(Duration::ZERO).await,
            Err(CallFailure::Exit(reason))
        );
    }
}

//! GS-014 to GS-020, GS-029: calls, and how long they wait.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;

use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use tests::processes::end;
use tests::{Act, PuppetMessage, PuppetRef, puppet};

const TIMEOUT: CallFailure = CallFailure::Timeout { cycle: Vec::new() };

/// A server that answers when it is told to, by key.
#[gen_server]
struct Desk {
    waiting: BTreeMap<u32, ReplyTo<u32>>,
}

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk {
            waiting: BTreeMap::new(),
        }
    }

    /// Waits until it is called up.
    #[call]
    fn queue(&mut self, number: u32, reply_to: ReplyTo<u32>) {
        self.waiting.insert(number, reply_to);
    }

    /// Answers everybody twice the number, the last first.
    #[call]
    fn call_up(&mut self) -> usize {
        let waiting = std::mem::take(&mut self.waiting);
        let count = waiting.len();
        waiting
            .into_iter()
            .rev()
            .for_each(|(number, reply_to)| reply_to.send(2 * number));
        count
    }

    #[call]
    fn double(&self, number: u32) -> u32 {
        2 * number
    }

    #[call]
    async fn call_self(&mut self, cx: &mut Context<Self>) -> [Result<u32, CallFailure>; 2] {
        let by_pid = DeskRef::from(cx.this());
        [
            by_pid.double(1).await,
            DeskRef::named("desk").double(1).await,
        ]
    }
}

#[otp_core::test]
async fn gs_014_each_caller_gets_its_own_answer() {
    let desk = Desk::start_link().await.unwrap();
    let callers: Vec<_> = (0..100)
        .map(|number| {
            let desk = desk.clone();
            Task::spawn(async move { desk.queue(number).await })
        })
        .collect();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(desk.call_up().await, Ok(100));
    for (caller, number) in callers.into_iter().zip(0..) {
        assert_eq!(caller.await, Ok(Ok(2 * number)));
    }
}

#[otp_core::test]
async fn gs_015_a_call_waits_5_seconds_and_the_server_goes_on() {
    let ((server, journal), began) = (puppet().await, Instant::now());
    assert_eq!(
        server.ask(Act::Wait(Duration::from_secs(10))).await,
        Err(TIMEOUT)
    );
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(
        server
            .ask(Act::Wait(Duration::from_secs(0)))
            .timeout(Duration::from_secs(6))
            .await,
        Ok("done")
    );
    assert_eq!(
        began.elapsed(),
        Duration::from_secs(10),
        "it finished the first one first"
    );
    assert_eq!(journal.take(), ["call", "call"]);
}

#[otp_core::test]
async fn gs_015_just_in_time() {
    let (server, _) = puppet().await;
    assert_eq!(
        server.ask(Act::Wait(Duration::from_millis(4_999))).await,
        Ok("done")
    );
    assert_eq!(TIMEOUT.to_string(), "the call timed out");
}

#[otp_core::test]
async fn gs_016_a_late_answer_vanishes() {
    let (server, _) = puppet().await;
    let (_, monitor) = process::spawn_monitor(async move |mailbox: Mailbox<()>| {
        let call = server
            .ask(Act::Wait(Duration::from_secs(1)))
            .timeout(Duration::from_millis(100));
        assert_eq!(call.await, Err(TIMEOUT));
        assert_eq!(
            server
                .keep(Act::Nothing)
                .timeout(Duration::from_secs(2))
                .await,
            Err(TIMEOUT),
            "not the late answer"
        );
        assert_eq!(
            process::info(&mailbox.address()).unwrap().message_queue_len,
            0
        );
    });
    assert_eq!(end(monitor).await, ExitReason::Normal);
}

#[otp_core::test]
async fn gs_017_a_timeout_of_zero_is_over_at_once_and_the_request_is_handled() {
    let ((server, journal), began) = (puppet().await, Instant::now());
    assert_eq!(
        server.ask(Act::Nothing).timeout(Duration::ZERO).await,
        Err(TIMEOUT)
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(server.ask(Act::Nothing).await, Ok("done"));
    assert_eq!(journal.take(), ["call", "call"]);
}

#[otp_core::test]
async fn gs_017_a_timeout_of_zero_takes_an_answer_that_is_there() {
    let (server, _) = puppet().await;
    let mut request = server.ask(Act::Nothing).send_request();
    assert_eq!(request.wait_response(Duration::ZERO).await, None);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(
        request.wait_response(Duration::ZERO).await,
        Some(Ok("done"))
    );
}

#[otp_core::test]
async fn gs_017_an_infinite_timeout_is_never_over() {
    let ((server, _), century) = (puppet().await, Duration::from_secs(60 * 60 * 24 * 365));
    assert_eq!(
        server.ask(Act::Wait(century)).timeout_infinite().await,
        Ok("done")
    );
}

#[otp_core::test]
async fn gs_018_nobody_there_is_noproc_at_once() {
    let began = Instant::now();
    let (dead, _) = puppet().await;
    dead.stop().await.unwrap();
    for server in [PuppetRef::named("nobody"), PuppetRef::named(""), dead] {
        assert_eq!(server.ask(Act::Nothing).await, Err(CallFailure::NoProc));
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(CallFailure::NoProc.to_string(), "no such process");
}

#[otp_core::test]
async fn gs_018_a_name_that_another_kind_of_server_holds_is_the_wrong_server() {
    let _desk = Desk::start_link().name("desk").await.unwrap();
    assert_eq!(
        PuppetRef::named("desk").ask(Act::Nothing).await,
        Err(CallFailure::WrongServer)
    );
}

#[otp_core::test]
async fn gs_019_a_call_to_oneself_fails_at_once() {
    let (desk, began) = (
        Desk::start_link().name("desk").await.unwrap(),
        Instant::now(),
    );
    assert_eq!(
        desk.call_self().await,
        Ok([Err(CallFailure::CallingSelf), Err(CallFailure::CallingSelf)])
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(desk.double(2).await, Ok(4));
}

#[otp_core::test]
async fn gs_029_a_call_does_not_look_at_the_callers_mailbox() {
    const QUEUED: usize = 500_000;
    let desk = Desk::start_link().await.unwrap();
    let (caller, monitor) = process::spawn_monitor(async move |mailbox: Mailbox<usize>| {
        let queued = || process::info(&mailbox.address()).unwrap().message_queue_len;
        assert_eq!(queued(), QUEUED);
        let (mut call, mut polls) = (pin!(desk.double(21)), 0);
        let counted = poll_fn(|cx| {
            polls += 1;
            call.as_mut().poll(cx)
        });
        assert_eq!(counted.await, Ok(42));
        assert_eq!(polls, 2, "once to send, once to take the answer");
        assert_eq!(queued(), QUEUED);
    });
    (0..QUEUED).for_each(|number| drop(caller.send(number)));
    assert_eq!(end(monitor).await, ExitReason::Normal);
}

#[otp_core::test]
async fn a_call_that_is_not_polled_does_nothing_and_one_that_is_dropped_later_is_handled() {
    let (server, journal) = puppet().await;
    drop(server.ask(Act::Nothing));
    assert_eq!(
        server.ask(Act::Nothing).timeout(Duration::ZERO).await,
        Err(TIMEOUT)
    );
    sleep(Duration::from_millis(1)).await;
    assert_eq!(journal.take(), ["call"]);
}

#[otp_core::test]
async fn a_handlers_error_is_told_from_a_failure_of_the_call() {
    #[gen_server]
    struct Parser {}

    #[gen_server]
    impl Parser {
        #[init]
        fn init() -> Self {
            Parser {}
        }

        #[call]
        fn parse(&self, text: String) -> Result<u32, std::num::ParseIntError> {
            text.parse()
        }
    }

    let parser = Parser::start().await.unwrap();
    assert_eq!(parser.parse("7".to_owned()).await, Ok(7));
    let error = "x".parse::<u32>().unwrap_err();
    assert_eq!(
        parser.parse("x".to_owned()).await,
        Err(CallError::Handler(error))
    );
    parser.stop().await.unwrap();
    assert_eq!(
        parser.parse("7".to_owned()).await,
        Err(CallError::Failed(CallFailure::NoProc))
    );
}

/// A server that calls another one, or waits for whom it called.
#[gen_server]
struct Link {}

#[gen_server]
impl Link {
    #[init]
    fn init() -> Self {
        Link {}
    }

    /// Calls the first of these, which calls the next.
    #[call]
    async fn pass(&mut self, mut to: Vec<LinkRef>, timeout: Duration) -> Option<CallFailure> {
        if to.is_empty() {
            return None;
        }
        match to.remove(0).pass(to, timeout).timeout(timeout).await {
            Ok(failure) => failure,
            Err(failure) => Some(failure),
        }
    }
}

#[otp_core::test]
async fn a_cycle_of_calls_is_named_when_the_timeout_fires() {
    let [a, b, c] = [
        Link::start_link().await.unwrap(),
        Link::start_link().await.unwrap(),
        Link::start_link().await.unwrap(),
    ];
    let pids = [&a, &b, &c].map(|server| server.pid().unwrap());
    // The times of the three calls begin at one moment; the last of them is the first to be polled.
    let round = a
        .pass(vec![b, c, a.clone()], Duration::from_secs(1))
        .await
        .unwrap()
        .unwrap();
    let CallFailure::Timeout { cycle } = &round else {
        panic!("{round}")
    };
    let turned =
        (0..3).map(|first| [pids[first], pids[(first + 1) % 3], pids[(first + 2) % 3]].to_vec());
    assert!(turned.collect::<Vec<_>>().contains(cycle), "{cycle:?}");
    let [x, y, z] = cycle[..] else {
        panic!("{cycle:?}")
    };
    assert_eq!(
        round.to_string(),
        format!("the call timed out: a cycle of calls, {x} -> {y} -> {z} -> {x}")
    );
}

#[otp_core::test]
async fn a_call_that_only_waits_for_a_cycle_is_not_in_it() {
    let [a, b] = [
        Link::start_link().await.unwrap(),
        Link::start_link().await.unwrap(),
    ];
    let call = a
        .pass(vec![b, a.clone()], Duration::from_secs(9))
        .timeout(Duration::from_secs(1));
    assert_eq!(call.await, Err(TIMEOUT));
}

#[otp_core::test]
async fn a_handwritten_message_works_as_the_client_method_does() {
    let (server, journal) = puppet().await;
    let answer = server
        .call(|reply_to| PuppetMessage::Ask {
            act: Act::Nothing,
            reply_to,
        })
        .await;
    assert_eq!(
        (answer, journal.take()),
        (Ok("done"), vec!["call".to_owned()])
    );
}

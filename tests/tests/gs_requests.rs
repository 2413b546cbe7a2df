//! GS-050, GS-051: requests that are waited for later, alone and in collections.

use otp_core::NoResponse;
use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use tests::processes::boom;
use tests::{Act, Journal, Puppet, PuppetRef};

const SECOND: Duration = Duration::from_secs(1);
const TIMEOUT: CallFailure = CallFailure::Timeout { cycle: Vec::new() };

async fn puppet() -> PuppetRef {
    tests::puppet().await.0
}

#[otp_core::test]
async fn gs_050_a_request_is_sent_at_once_and_waited_for_later() {
    let journal = Journal::new();
    let server = Puppet::start_link(journal.clone()).await.unwrap();
    let mut request = server.ask(Act::Wait(3 * SECOND)).send_request();
    sleep(SECOND).await;
    assert_eq!(journal.take(), ["call"]);
    let began = Instant::now();
    assert_eq!(request.wait_response(SECOND).await, None);
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!(request.wait_response(Duration::ZERO).await, None);
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!(request.wait_response(5 * SECOND).await, Some(Ok("done")));
    assert_eq!(began.elapsed(), 2 * SECOND);
}

#[otp_core::test]
async fn gs_050_receive_response_gives_up_and_a_late_answer_vanishes() {
    let server = puppet().await;
    let (_, monitor) = process::spawn_monitor(async move |mailbox: Mailbox<()>| {
        let request = server.ask(Act::Wait(2 * SECOND)).send_request();
        assert_eq!(request.receive_response(SECOND).await, Err(TIMEOUT));
        assert_eq!(server.ask(Act::Nothing).await, Ok("done"));
        assert_eq!(
            process::info(&mailbox.address()).unwrap().message_queue_len,
            0
        );
    });
    assert_eq!(
        process::receive_down(monitor).await.reason,
        ExitReason::Normal
    );
}

#[otp_core::test(crashes = allowed)]
async fn gs_050_a_request_to_nobody_and_one_to_a_server_that_dies() {
    let mut nobody = PuppetRef::named("nobody").ask(Act::Nothing).send_request();
    assert_eq!(
        nobody.wait_response(Duration::ZERO).await,
        Some(Err(CallFailure::NoProc))
    );
    let dying = puppet().await.ask(Act::Exit(boom())).send_request();
    assert_eq!(
        dying.receive_response(SECOND).await,
        Err(CallFailure::Exit(boom()))
    );
}

#[otp_core::test]
async fn gs_050_the_time_of_the_call_does_not_apply() {
    let server = puppet().await;
    let request = server
        .ask(Act::Wait(60 * SECOND))
        .timeout(SECOND)
        .send_request();
    assert_eq!(request.receive_response(61 * SECOND).await, Ok("done"));
}

/// A request that is answered after a time, by a server of its own.
async fn after(time: Duration) -> Request<&'static str> {
    puppet().await.ask(Act::Wait(time)).send_request()
}

#[otp_core::test(shuffled = 50)]
async fn gs_051_answers_come_in_the_order_in_which_they_are_given_with_their_labels() {
    let mut requests = RequestCollection::new();
    for (label, time) in [("third", 3), ("first", 1), ("second", 2)] {
        requests.add(label, after(time * SECOND).await);
    }
    assert_eq!(requests.len(), 3);
    for (label, left) in [("first", 2), ("second", 1), ("third", 0)] {
        assert_eq!(
            requests.receive_response(5 * SECOND).await,
            Ok((label, Ok("done")))
        );
        assert_eq!(requests.len(), left);
    }
    assert_eq!(
        requests.receive_response(SECOND).await,
        Err(NoResponse::NoRequest)
    );
}

#[otp_core::test]
async fn gs_051_also_when_all_are_there_before_anybody_looks() {
    let mut requests = RequestCollection::new();
    for (label, time) in [("third", 3), ("first", 1), ("second", 2)] {
        requests.add(label, after(time * SECOND).await);
    }
    sleep(5 * SECOND).await;
    for label in ["first", "second", "third"] {
        assert_eq!(
            requests.receive_response(Duration::ZERO).await,
            Ok((label, Ok("done")))
        );
    }
}

#[otp_core::test]
async fn gs_051_an_empty_collection_has_no_request() {
    let mut requests = RequestCollection::<&str, &str>::new();
    let began = Instant::now();
    assert_eq!(
        requests.receive_response(SECOND).await,
        Err(NoResponse::NoRequest)
    );
    assert_eq!(
        (began.elapsed(), requests.is_empty()),
        (Duration::ZERO, true)
    );
}

#[otp_core::test]
async fn gs_051_a_timeout_loses_nothing_and_deadlines_may_be_absolute() {
    let mut requests = RequestCollection::new();
    requests.add("slow", after(4 * SECOND).await);
    let began = Instant::now();
    assert_eq!(
        requests.receive_response(SECOND).await,
        Err(NoResponse::Timeout)
    );
    assert_eq!((began.elapsed(), requests.len()), (SECOND, 1));
    assert_eq!(
        requests.receive_response_until(began + 3 * SECOND).await,
        Err(NoResponse::Timeout)
    );
    assert_eq!((began.elapsed(), requests.len()), (3 * SECOND, 1));
    assert_eq!(
        requests.receive_response_until(began).await,
        Err(NoResponse::Timeout),
        "it has passed"
    );
    assert_eq!(
        requests.receive_response_until(began + 5 * SECOND).await,
        Ok(("slow", Ok("done")))
    );
    assert_eq!((began.elapsed(), requests.len()), (4 * SECOND, 0));
}

#[otp_core::test(crashes = allowed)]
async fn gs_051_the_answer_of_a_dead_server_is_its_reason() {
    let mut requests = RequestCollection::new();
    requests.add("slow", after(2 * SECOND).await);
    requests.add(
        "nobody",
        PuppetRef::named("nobody").ask(Act::Nothing).send_request(),
    );
    requests.add(
        "dying",
        puppet()
            .await
            .ask(Act::All(vec![Act::Wait(SECOND), Act::Exit(boom())]))
            .send_request(),
    );
    assert_eq!(
        requests.receive_response(SECOND).await,
        Ok(("nobody", Err(CallFailure::NoProc)))
    );
    assert_eq!(
        requests.receive_response(2 * SECOND).await,
        Ok(("dying", Err(CallFailure::Exit(boom()))))
    );
    assert_eq!(
        requests.receive_response(2 * SECOND).await,
        Ok(("slow", Ok("done")))
    );
}

// ui: gs_051_a_request_is_in_one_collection_once

#[otp_core::test]
async fn gs_051_two_of_one_label_and_one_that_was_waited_for_before() {
    let mut requests = RequestCollection::new();
    let mut waited_for = after(2 * SECOND).await;
    assert_eq!(waited_for.wait_response(SECOND).await, None);
    requests.add(1, waited_for);
    requests.add(1, after(SECOND / 2).await);
    assert_eq!(
        requests.receive_response(5 * SECOND).await,
        Ok((1, Ok("done")))
    );
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests.receive_response(5 * SECOND).await,
        Ok((1, Ok("done")))
    );
}

//! Beyond the catalogue: bounded mailboxes. What finds no room waits, is refused, or takes the room of the oldest.

use otp_core::prelude::*;
use otp_core::sys;
use otp_core::time::{Instant, sleep};
use tests::Reports;
use tests::processes::{boom, now};

const SECOND: Duration = Duration::from_secs(1);
const TIMEOUT: CallFailure = CallFailure::Timeout { cycle: Vec::new() };

/// A server that notes numbers, and can be kept busy.
macro_rules! note_taker {
    ($module:ident: $($mailbox:tt)*) => {
        #[allow(dead_code, reason = "not every policy is tested with every handler")]
        mod $module {
            use otp_core::prelude::*;

            #[gen_server(mailbox = $($mailbox)*)]
            pub(crate) struct Notes {
                notes: Vec<i32>,
            }

            #[gen_server]
            impl Notes {
                #[init]
                fn init() -> Self {
                    Notes { notes: Vec::new() }
                }

                #[cast]
                pub(crate) async fn work(&mut self, time: Duration) {
                    otp_core::time::sleep(time).await;
                }

                #[cast]
                pub(crate) fn note(&mut self, number: i32) {
                    self.notes.push(number);
                }

                #[call]
                pub(crate) fn read(&mut self, number: i32) -> Vec<i32> {
                    self.notes.push(number);
                    self.notes.clone()
                }

                /// Sends itself these numbers.
                #[cast]
                pub(crate) fn remind(&mut self, numbers: Vec<i32>, cx: &mut Context<Self>) {
                    for number in numbers {
                        let outcome = cx.send(NotesMessage::Note { number });
                        assert_eq!(outcome, CastOutcome::Queued);
                    }
                }

                #[cast]
                pub(crate) fn watch(&mut self, name: Name, cx: &mut Context<Self>) {
                    cx.trap_exit(true);
                    cx.monitor(name);
                }

                #[handle_down]
                fn down(&mut self) {
                    self.notes.push(-1);
                }

                #[handle_exit]
                fn exit(&mut self) {
                    self.notes.push(-2);
                }
            }
        }
    };
}

note_taker!(waits: bounded(2));
note_taker!(refuses: bounded(2, refuse));
note_taker!(drops_oldest: bounded(2, drop_oldest));

/// Starts a server that is busy for a second, and fills its mailbox with 1 and 2.
macro_rules! full {
    ($server:ty) => {{
        let server = <$server>::start().await.unwrap();
        otp_core::testing::end_with_test(&server);
        server.work(SECOND);
        sleep(Duration::from_millis(1)).await;
        let outcomes = [server.note(1), server.note(2)].map(|sent| sent.outcome());
        assert_eq!(outcomes, [Some(CastOutcome::Queued); 2]);
        server
    }};
}

fn lost(server: impl process::Target) -> u64 {
    process::info(server).expect("it is alive").lost_messages
}

#[otp_core::test]
async fn wait_a_cast_waits_for_room_and_keeps_its_place() {
    let server = full!(waits::Notes);
    let third = server.note(3);
    assert_eq!(third.outcome(), None);
    let others = [4, 5].map(|number| {
        let server = server.clone();
        Task::spawn(async move { server.note(number).await })
    });
    sleep(Duration::from_millis(1)).await;
    assert_eq!(process::info(&server).unwrap().message_queue_len, 2);
    assert_eq!(third.await, CastOutcome::Queued);
    for other in others {
        assert_eq!(other.await, Ok(CastOutcome::Queued));
    }
    let mut notes = server.read(6).await.unwrap();
    notes[2..5].sort_unstable();
    assert_eq!((notes, lost(&server)), (vec![1, 2, 3, 4, 5, 6], 0));
}

#[otp_core::test]
async fn wait_nobody_overtakes_those_who_wait() {
    let server = full!(waits::Notes);
    let waiting: Vec<_> = (3..9)
        .map(|number| {
            let server = server.clone();
            Task::spawn(async move { server.note(number).await })
        })
        .collect();
    sleep(Duration::from_millis(1)).await;
    // The server takes one message and is busy again: there is room for one, which the first in the line gets.
    assert_eq!(server.read(9).await, Ok(vec![1, 2, 3, 4, 5, 6, 7, 8, 9]));
    for sent in waiting {
        assert_eq!(sent.await, Ok(CastOutcome::Queued));
    }
}

#[otp_core::test]
async fn wait_a_cast_that_is_not_awaited_is_counted_and_reported() {
    let (reports, server) = (Reports::new(), full!(waits::Notes));
    drop(server.note(3));
    let mut polled = Box::pin(server.note(4));
    assert_eq!(now(polled.as_mut()), None);
    drop(polled);
    assert_eq!(lost(&server), 2);
    let reports = reports.take("otp_core::process::address");
    let whys: Vec<_> = reports.iter().map(|report| report.get("why")).collect();
    assert_eq!(whys, ["its sender did not wait for room"; 2]);
    assert_eq!(server.read(5).await, Ok(vec![1, 2, 5]));
}

#[otp_core::test]
async fn wait_a_call_waits_for_room_within_its_own_timeout() {
    let (server, began) = (full!(waits::Notes), Instant::now());
    assert_eq!(server.read(3).timeout(SECOND / 2).await, Err(TIMEOUT));
    assert_eq!(began.elapsed(), SECOND / 2);
    assert_eq!(
        server.read(4).await,
        Ok(vec![1, 2, 4]),
        "3 was never queued"
    );
    let request = full!(waits::Notes).read(3).send_request();
    assert_eq!(
        request.receive_response(SECOND).await,
        Err(CallFailure::MailboxFull)
    );
}

#[otp_core::test]
async fn wait_who_waits_is_told_when_the_server_ends() {
    let server = full!(waits::Notes);
    let cast = Task::spawn({
        let server = server.clone();
        async move { server.note(3).await }
    });
    let call = Task::spawn({
        let server = server.clone();
        async move { server.read(4).await }
    });
    sleep(Duration::from_millis(1)).await;
    process::exit(&server, boom());
    assert_eq!(cast.await, Ok(CastOutcome::NoProc));
    assert_eq!(call.await, Ok(Err(CallFailure::Exit(boom()))));
}

#[otp_core::test]
async fn refuse_a_full_mailbox_refuses_at_once() {
    let (server, began) = (full!(refuses::Notes), Instant::now());
    assert_eq!(server.note(3).outcome(), Some(CastOutcome::Refused));
    assert_eq!(server.read(4).await, Err(CallFailure::MailboxFull));
    assert_eq!((began.elapsed(), lost(&server)), (Duration::ZERO, 2));
    sleep(2 * SECOND).await;
    assert_eq!(server.read(5).await, Ok(vec![1, 2, 5]));
}

#[otp_core::test]
async fn drop_oldest_the_oldest_makes_room() {
    let server = full!(drops_oldest::Notes);
    let oldest = server.read(3).send_request();
    assert_eq!(server.note(4).outcome(), Some(CastOutcome::Queued));
    assert_eq!(lost(&server), 2, "1 and 2");
    assert_eq!(server.note(5).outcome(), Some(CastOutcome::Queued));
    assert_eq!(
        oldest.receive_response(SECOND).await,
        Err(CallFailure::NoReply)
    );
    assert_eq!(lost(&server), 3);
    sleep(SECOND).await;
    assert_eq!(server.read(6).await, Ok(vec![4, 5, 6]));
}

#[otp_core::test]
async fn no_bound_holds_back_a_down_an_exit_or_a_system_request() {
    let friend = process::spawn(sleep(SECOND / 2));
    process::register("friend", friend).unwrap();
    let server = waits::Notes::start().await.unwrap();
    otp_core::testing::end_with_test(&server);
    server.watch("friend".into());
    server.work(SECOND);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(
        [server.note(1), server.note(2)].map(|sent| sent.outcome()),
        [Some(CastOutcome::Queued); 2]
    );
    process::exit(&server, boom());
    process::exit(friend, ExitReason::Kill);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(process::info(&server).unwrap().message_queue_len, 4);
    let status = sys::get_status(&server).await.unwrap();
    assert_eq!((status.message_queue_len, lost(&server)), (0, 0));
    assert_eq!(
        server.read(3).await,
        Ok(vec![1, 2, -2, -1, 3]),
        "one order for all"
    );
}

#[otp_core::test]
async fn no_bound_holds_back_a_stop() {
    let server = full!(refuses::Notes);
    assert_eq!(server.stop().await, Ok(()));
}

#[otp_core::test]
async fn drop_oldest_drops_messages_only() {
    let server = drops_oldest::Notes::start().await.unwrap();
    otp_core::testing::end_with_test(&server);
    server.watch("nobody".into());
    server.work(SECOND);
    sleep(Duration::from_millis(1)).await;
    process::exit(&server, boom());
    (1..=5).for_each(|number| drop(server.note(number)));
    assert_eq!(lost(&server), 3);
    sleep(2 * SECOND).await;
    assert_eq!(server.read(6).await, Ok(vec![-1, -2, 4, 5, 6]));
}

#[otp_core::test]
async fn no_bound_holds_back_what_a_server_sends_itself() {
    let server = waits::Notes::start_link().await.unwrap();
    server.remind((1..=5).collect());
    assert_eq!(
        server.read(6).await,
        Ok(vec![6]),
        "queued before the server ran"
    );
    assert_eq!(
        (server.read(7).await, lost(&server)),
        (Ok(vec![6, 1, 2, 3, 4, 5, 7]), 0)
    );
}

#[otp_core::test]
async fn the_message_that_is_being_handled_does_not_count() {
    let server = full!(refuses::Notes);
    sleep(SECOND).await;
    server.work(SECOND);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(
        [server.note(3), server.note(4)].map(|sent| sent.outcome()),
        [Some(CastOutcome::Queued); 2]
    );
}

#[otp_core::test]
async fn a_suspended_server_keeps_its_bound() {
    let server = refuses::Notes::start_link().await.unwrap();
    sys::suspend(&server).await.unwrap();
    let mut outcomes = Vec::new();
    for number in 1..=4 {
        outcomes.push(server.note(number).outcome().unwrap());
        sleep(Duration::from_millis(1)).await;
    }
    use CastOutcome::{Queued, Refused};
    assert_eq!(outcomes, [Queued, Queued, Refused, Refused]);
    sys::resume(&server).await.unwrap();
    assert_eq!(server.read(5).await, Ok(vec![1, 2, 5]));
}

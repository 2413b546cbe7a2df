//! Mailboxes: nothing is lost, nothing comes twice, each sender's order is kept, and whoever waits is woken.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use otp_core::prelude::*;
use otp_core::process::info;
use tests::processes::{end, now};
use tokio::sync::oneshot;

use super::explore;

/// A message: who sent it, and its number among that sender's.
type Note = (usize, u32);

/// The numbers of each sender grow.
fn in_order(notes: &[Note]) -> bool {
    (0..3).all(|sender| {
        let numbers = notes.iter().filter(|note| note.0 == sender);
        numbers.is_sorted_by(|a, b| a.1 < b.1)
    })
}

macro_rules! note_taker {
    ($module:ident: $($mailbox:tt)*) => {
        #[allow(dead_code, reason = "not every policy is tested with every handler")]
        mod $module {
            use otp_core::prelude::*;

            #[gen_server(mailbox = $($mailbox)*)]
            pub(crate) struct Notes(Vec<super::Note>);

            #[gen_server]
            impl Notes {
                #[init]
                fn init() -> Self {
                    Notes(Vec::new())
                }

                #[cast]
                pub(crate) fn note(&mut self, note: super::Note) {
                    self.0.push(note);
                }

                #[call]
                pub(crate) fn read(&self) -> Vec<super::Note> {
                    self.0.clone()
                }
            }

            /// Sends the numbers 0 and 1, each when the one before is on its way for good. What became of them.
            pub(crate) fn send_two(to: &NotesRef, sender: usize) -> Task<[CastOutcome; 2]> {
                let to = to.clone();
                Task::spawn(async move { [to.note((sender, 0)).await, to.note((sender, 1)).await] })
            }
        }
    };
}

note_taker!(unbounded: unbounded);
note_taker!(waits: bounded(1));
note_taker!(refuses: bounded(1, refuse));
note_taker!(drops_oldest: bounded(2, drop_oldest));

#[test]
fn what_several_send_arrives_once_and_in_each_ones_order() {
    explore(async || {
        let (done, all) = oneshot::channel();
        let receiver = process::spawn(async |mut mailbox: Mailbox<Note>| {
            let mut notes = Vec::new();
            while notes.len() < 6 {
                notes.push(mailbox.receive().await);
            }
            done.send((notes, mailbox.try_receive())).unwrap();
        });
        for sender in 0..3 {
            let receiver = receiver.clone();
            Task::start(async move {
                receiver.send((sender, 0));
                receiver.send((sender, 1));
            });
        }
        let (mut notes, more) = all.await.unwrap();
        assert!(in_order(&notes), "{notes:?}");
        notes.sort_unstable();
        assert_eq!(notes, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
        assert_eq!(more, None);
    });
}

#[test]
fn what_a_selective_receive_passes_over_stays_in_its_place() {
    explore(async || {
        let (done, all) = oneshot::channel();
        let receiver = process::spawn(async |mut mailbox: Mailbox<Note>| {
            let mut notes = vec![mailbox.receive_where(|note| *note == (1, 1)).await];
            while notes.len() < 4 {
                notes.push(mailbox.receive().await);
            }
            done.send(notes).unwrap();
        });
        for sender in 0..2 {
            let receiver = receiver.clone();
            Task::start(async move {
                receiver.send((sender, 0));
                receiver.send((sender, 1));
            });
        }
        let notes = all.await.unwrap();
        assert_eq!(notes[0], (1, 1));
        assert!(in_order(&notes[1..]), "{notes:?}");
        let mut rest = notes[1..].to_vec();
        rest.sort_unstable();
        assert_eq!(rest, [(0, 0), (0, 1), (1, 0)]);
    });
}

#[test]
fn a_server_handles_each_cast_once_and_in_order_before_the_call_that_follows() {
    explore(async || {
        let notes: unbounded::NotesRef = unbounded::Notes::start().await.unwrap();
        let senders = [0, 1, 2].map(|sender| unbounded::send_two(&notes, sender));
        for sender in senders {
            assert_eq!(sender.await, Ok([CastOutcome::Queued; 2]));
        }
        let mut read = notes.read().await.unwrap();
        assert!(in_order(&read), "{read:?}");
        read.sort_unstable();
        assert_eq!(read, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    });
}

#[test]
fn whoever_waits_for_room_gets_it() {
    explore(async || {
        let notes = waits::Notes::start().await.unwrap();
        let senders = [0, 1, 2].map(|sender| waits::send_two(&notes, sender));
        for sender in senders {
            assert_eq!(sender.await, Ok([CastOutcome::Queued; 2]));
        }
        let mut read = notes.read().await.unwrap();
        assert!(in_order(&read), "{read:?}");
        read.sort_unstable();
        assert_eq!(read, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
        assert_eq!(info(&notes).unwrap().lost_messages, 0);
    });
}

#[test]
fn who_gives_up_his_place_in_the_line_holds_up_nobody() {
    explore(async || {
        let notes = waits::Notes::start().await.unwrap();
        let impatient = notes.clone();
        let (impatient, gone) =
            process::spawn_monitor(async move { _ = impatient.note((0, 0)).await });
        let patient = [1, 2].map(|sender| waits::send_two(&notes, sender));
        process::exit(impatient, ExitReason::Kill);
        for sender in patient {
            assert_eq!(sender.await, Ok([CastOutcome::Queued; 2]));
        }
        end(gone).await;
        let read = notes.read().await.unwrap();
        assert!(in_order(&read), "{read:?}");
        let lost = info(&notes).unwrap().lost_messages;
        let sent = read.len() as u64 + lost;
        assert!(
            sent == 5 || sent == 4 && !read.contains(&(0, 0)),
            "{read:?}, {lost} lost"
        );
    });
}

#[test]
fn what_a_full_mailbox_refuses_is_told_and_counted_and_all_else_arrives() {
    explore(async || {
        let notes = refuses::Notes::start().await.unwrap();
        let senders = [0, 1].map(|sender| refuses::send_two(&notes, sender));
        let mut queued = Vec::new();
        for (sender, task) in senders.into_iter().enumerate() {
            let outcomes = task.await.unwrap();
            let numbered = outcomes.into_iter().zip(0..);
            queued.extend(numbered.filter_map(|(outcome, number)| {
                (outcome == CastOutcome::Queued).then_some((sender, number))
            }));
        }
        // A read may be refused too; then there is nobody left whose message could be in the way the next time.
        let mut read = notes.read().await;
        let mut refused = 0;
        while read == Err(CallFailure::MailboxFull) {
            refused += 1;
            shuttle::future::yield_now().await;
            read = notes.read().await;
        }
        let mut read = read.unwrap();
        assert!(in_order(&read), "{read:?}");
        read.sort_unstable();
        assert_eq!(read, queued);
        let lost = info(&notes).unwrap().lost_messages;
        assert_eq!(lost, 4 - read.len() as u64 + refused);
    });
}

#[test]
fn what_makes_room_for_others_is_counted_and_all_else_arrives_in_order() {
    explore(async || {
        let notes = drops_oldest::Notes::start().await.unwrap();
        let senders = [0, 1].map(|sender| drops_oldest::send_two(&notes, sender));
        for sender in senders {
            assert_eq!(sender.await, Ok([CastOutcome::Queued; 2]));
        }
        let read = notes.read().await.unwrap();
        assert!(in_order(&read), "{read:?}");
        let lost = info(&notes).unwrap().lost_messages;
        assert_eq!(read.len() as u64 + lost, 4, "{read:?}");
        let newest = |sender| read.contains(&(sender, 1));
        assert!(newest(0) || newest(1), "{read:?}");
    });
}

#[test]
fn a_mailbox_that_closes_lets_every_sender_go() {
    explore(async || {
        let (done, handled) = oneshot::channel();
        let notes = waits::Notes::start().await.unwrap();
        let senders = [0, 1].map(|sender| waits::send_two(&notes, sender));
        let stopping = notes.clone();
        Task::start(async move {
            let read = stopping.read().await;
            process::exit(&stopping, ExitReason::Kill);
            done.send(read).unwrap();
        });
        let before = handled.await.unwrap().unwrap();
        for (sender, task) in senders.into_iter().enumerate() {
            let outcomes = task.await.unwrap();
            let possible = [CastOutcome::Queued, CastOutcome::NoProc];
            assert!(outcomes.iter().all(|outcome| possible.contains(outcome)));
            assert!(
                outcomes != [CastOutcome::NoProc, CastOutcome::Queued],
                "none is queued after the end"
            );
            for (outcome, number) in outcomes.into_iter().zip(0..) {
                assert!(outcome == CastOutcome::Queued || !before.contains(&(sender, number)));
            }
        }
        assert_eq!(notes.ended().await, ExitReason::Killed);
        assert_eq!(notes.note((0, 2)).outcome(), Some(CastOutcome::NoProc));
    });
}

#[test]
fn a_call_that_waited_for_room_under_one_waker_is_answered_under_another() {
    /// Wakes nobody: stands for a task that the call has left.
    struct Gone;

    impl Wake for Gone {
        fn wake(self: Arc<Self>) {}
    }

    explore(async || {
        let notes = waits::Notes::start().await.unwrap();
        notes.note((0, 0));
        let mut call = pin!(notes.read());
        let left = Waker::from(Arc::new(Gone));
        if let Poll::Ready(read) = call.as_mut().poll(&mut Context::from_waker(&left)) {
            panic!("answered without a turn of the server's: {read:?}");
        }
        assert_eq!(call.await, Ok(vec![(0, 0)]));
    });
}

#[test]
fn a_kill_reaches_a_process_wherever_it_waits() {
    explore(async || {
        let notes = waits::Notes::start().await.unwrap();
        let address = process::spawn(move |mut mailbox: Mailbox<Note>| async move {
            let (sender, _) = mailbox.receive().await;
            _ = notes.note((sender, 0)).await;
            _ = notes.read().await;
            poll_fn(|_| Poll::<()>::Pending).await;
        });
        let ended = process::monitor(&address);
        address.send((0, 0));
        process::exit(&address, ExitReason::Kill);
        assert_eq!(end(ended).await, ExitReason::Killed);
        assert_eq!(address.send((0, 1)).outcome(), Some(CastOutcome::NoProc));
        assert_eq!(now(process::receive_down(ended)), None);
    });
}

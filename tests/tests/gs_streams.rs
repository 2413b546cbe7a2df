//! Beyond the catalogue: streams, futures and blocking work beside a server, whose results come as messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use otp_core::prelude::*;
use otp_core::sys;
use otp_core::time::sleep;
use tests::processes::{boom, end};
use tests::{Journal, NoteOnDrop};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

const SECOND: Duration = Duration::from_secs(1);

/// A line that comes from elsewhere.
struct Line(u32);

impl From<Line> for ReaderMessage {
    fn from(line: Line) -> Self {
        ReaderMessage::Line { number: line.0 }
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = Line> + Send>>;

/// A server that reads lines.
#[gen_server(mailbox = bounded(2))]
struct Reader {
    journal: Journal,
}

#[gen_server]
impl Reader {
    #[init]
    fn init(journal: Journal) -> Self {
        Reader { journal }
    }

    #[handle_info]
    fn line(&self, number: u32) {
        self.journal.note(number);
    }

    #[handle_exit]
    fn exit(&mut self, exit: Exit) {
        self.journal.note(format_args!("EXIT {}", exit.reason));
    }

    #[call]
    fn attach(&self, lines: mpsc::UnboundedReceiver<u32>, cx: &mut Context<Self>) -> Pid {
        cx.attach(UnboundedReceiverStream::new(lines).map(Line))
    }

    #[call]
    fn attach_numbers(&self, read: Arc<AtomicU32>, cx: &mut Context<Self>) -> Pid {
        cx.attach(tokio_stream::iter(1..=100).map(move |number| {
            read.store(number, Ordering::Relaxed);
            Line(number)
        }))
    }

    #[call]
    fn run(&self, work: Work, cx: &mut Context<Self>) -> Pid {
        cx.run(work)
    }

    #[call]
    fn run_blocking(&self, work: Box<dyn FnOnce() -> Line + Send>, cx: &mut Context<Self>) -> Pid {
        cx.run_blocking(work)
    }

    #[call]
    fn detach(&self, helper: Pid, cx: &mut Context<Self>) -> bool {
        cx.detach(helper)
    }

    #[call]
    fn trap_exit(&self, cx: &mut Context<Self>) {
        cx.trap_exit(true);
    }
}

async fn reader() -> (ReaderRef, Journal) {
    let journal = Journal::new();
    let server = Reader::start(journal.clone())
        .await
        .expect("its init does not fail");
    otp_core::testing::end_with_test(&server);
    (server, journal)
}

/// Until everything that can run has run.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

fn is_alive(pid: Pid) -> bool {
    Node::current().expect("a test has a node").is_alive(pid)
}

#[otp_core::test]
async fn an_attached_stream_feeds_the_mailbox_in_order_until_it_ends() {
    let (server, journal) = reader().await;
    let (lines, source) = mpsc::unbounded_channel();
    let helper = server.attach(source).await.unwrap();
    assert_eq!(process::info(&server).unwrap().links, [helper]);
    (1..=5).for_each(|number| lines.send(number).unwrap());
    settle().await;
    assert_eq!(journal.take(), ["1", "2", "3", "4", "5"]);
    drop(lines);
    settle().await;
    assert_eq!(
        (is_alive(helper), process::info(&server).unwrap().links),
        (false, vec![])
    );
    assert_eq!(
        server.detach(helper).await,
        Ok(false),
        "it is not there any more"
    );
}

#[otp_core::test]
async fn a_detached_stream_is_read_no_more() {
    let (server, journal) = reader().await;
    let (lines, source) = mpsc::unbounded_channel();
    let helper = server.attach(source).await.unwrap();
    lines.send(1).unwrap();
    settle().await;
    assert_eq!(server.detach(helper).await, Ok(true));
    settle().await;
    assert!(lines.send(2).is_err(), "the stream is dropped");
    assert_eq!(server.detach(helper).await, Ok(false));
    assert_eq!(journal.take(), ["1"]);
    assert!(server.is_alive(), "the helper's end is not the server's");
}

#[otp_core::test(crashes = allowed)]
async fn a_helper_ends_with_its_server_whatever_the_reason() {
    for reason in [ExitReason::Normal, boom()] {
        let (server, _) = reader().await;
        let (lines, source) = mpsc::unbounded_channel::<u32>();
        let helper = server.attach(source).await.unwrap();
        let monitor = process::monitor(helper);
        assert_eq!(server.stop().reason(reason).await, Ok(()));
        assert_eq!(end(monitor).await, ExitReason::Killed);
        assert!(lines.is_closed());
    }
}

#[otp_core::test]
async fn a_stream_waits_while_a_bounded_mailbox_is_full() {
    let (server, journal) = reader().await;
    let read = Arc::new(AtomicU32::new(0));
    let attached = server.attach_numbers(Arc::clone(&read)).send_request();
    sys::suspend(&server).await.unwrap();
    settle().await;
    assert_eq!(
        read.load(Ordering::Relaxed),
        3,
        "two that are queued, and one that waits"
    );
    sys::resume(&server).await.unwrap();
    settle().await;
    attached.receive_response(SECOND).await.unwrap();
    assert_eq!(
        journal.take(),
        (1..=100)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
}

#[otp_core::test]
async fn the_output_of_a_future_comes_as_a_message_and_the_server_is_free_meanwhile() {
    let (server, journal) = reader().await;
    let work = async {
        sleep(SECOND).await;
        Line(42)
    };
    let helper = server.run(Box::pin(work)).await.unwrap();
    assert_eq!(
        server.detach(process::self_pid()).await,
        Ok(false),
        "it answers"
    );
    assert!(journal.take().is_empty());
    sleep(2 * SECOND).await;
    assert_eq!(
        (journal.take(), is_alive(helper)),
        (vec!["42".to_owned()], false)
    );
}

#[otp_core::test]
async fn a_future_is_dropped_when_its_server_ends_or_detaches_it() {
    for detach in [true, false] {
        let (server, journal) = reader().await;
        let dropped = NoteOnDrop(journal.clone(), "dropped");
        let work = async move {
            sleep(SECOND).await;
            drop(dropped);
            Line(42)
        };
        let helper = server.run(Box::pin(work)).await.unwrap();
        settle().await;
        if detach {
            assert_eq!(server.detach(helper).await, Ok(true));
        } else {
            server.stop().await.unwrap();
        }
        settle().await;
        assert_eq!(journal.take(), ["dropped"]);
    }
}

#[otp_core::test(crashes = allowed)]
async fn a_future_that_crashes_crashes_its_server_unless_that_traps_exits() {
    let crash = || -> Work { Box::pin(async { process::exit_with(boom()) }) };
    let (server, journal) = reader().await;
    server.run(crash()).await.unwrap();
    assert_eq!(server.ended().await, boom());

    let (server, _) = (Reader::start(journal.clone()).await.unwrap(), ());
    otp_core::testing::end_with_test(&server);
    server.trap_exit().await.unwrap();
    server.run(crash()).await.unwrap();
    settle().await;
    assert_eq!(
        (journal.take(), server.is_alive()),
        (vec!["EXIT boom".to_owned()], true)
    );
}

#[otp_core::test]
async fn the_output_of_blocking_work_comes_as_a_message() {
    let (server, journal) = reader().await;
    let (go, wait) = oneshot::channel();
    let work = Box::new(move || Line(wait.blocking_recv().unwrap()));
    let helper = server.run_blocking(work).await.unwrap();
    assert_eq!(
        server.detach(process::self_pid()).await,
        Ok(false),
        "it answers"
    );
    let done = process::monitor(helper);
    go.send(7).unwrap();
    assert_eq!(end(done).await, ExitReason::Normal);
    settle().await;
    assert_eq!(journal.take(), ["7"]);
}

#[otp_core::test(crashes = allowed)]
async fn blocking_work_that_panics_crashes_its_server() {
    let (server, _) = reader().await;
    server
        .run_blocking(Box::new(|| panic!("no luck")))
        .await
        .unwrap();
    let reason = server.ended().await;
    assert!(matches!(&reason, ExitReason::Error(_)), "{reason:?}");
    assert!(reason.to_string().contains("panicked"), "{reason}");
}

#[otp_core::test(crashes = allowed)]
async fn a_helper_that_is_done_says_nothing_to_a_server_that_traps_exits() {
    let (server, journal) = reader().await;
    sys::get_state(&server, |_| process::trap_exit(true))
        .await
        .unwrap();
    server.run(Box::pin(async { Line(1) })).await.unwrap();
    settle().await;
    assert_eq!(journal.take(), ["1"], "its result, and no EXIT");
    server
        .run(Box::pin(async { process::exit_with(boom()) }))
        .await
        .unwrap();
    settle().await;
    assert_eq!(journal.take(), ["EXIT boom"], "a crash is told");
}

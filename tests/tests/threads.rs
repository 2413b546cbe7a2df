//! Several threads, and the real clock: what holds whatever the threads do. Awaits facts, times nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use otp_core::prelude::*;
use otp_core::process::info;
use otp_core::time::send_after;
use tests::processes::end;
use tokio::task::yield_now;

/// Says when it is dropped.
struct Mark(Arc<AtomicBool>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[gen_server]
struct Desk {
    received: Vec<(usize, u32)>,
    calls: u32,
}

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk {
            received: Vec::new(),
            calls: 0,
        }
    }

    #[cast]
    fn note(&mut self, sender: usize, number: u32) {
        self.received.push((sender, number));
    }

    #[call]
    fn received(&self) -> Vec<(usize, u32)> {
        self.received.clone()
    }

    #[call]
    async fn square(&mut self, of: u64) -> u64 {
        of * of
    }

    /// Panics at the call number `limit`.
    #[call]
    fn until(&mut self, limit: u32) -> u32 {
        self.calls += 1;
        assert!(self.calls < limit, "enough calls");
        self.calls
    }

    #[call]
    async fn wait_for_ever(&mut self, mark: Mark, begun: Arc<tokio::sync::Notify>) {
        let _mark = mark;
        begun.notify_one();
        std::future::pending::<()>().await;
    }

    #[cast]
    fn arm(&mut self, cx: &mut Context<Self>) {
        cx.send_after(Duration::from_secs(3600), DeskMessage::Arm);
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_one_sender_keep_their_order() {
    let desk = Desk::start_link().await.unwrap();
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let desk = desk.clone();
            Task::spawn(async move {
                for number in 0..1000 {
                    desk.note(sender, number);
                    if number % 64 == 0 {
                        yield_now().await;
                    }
                }
            })
        })
        .collect();
    for sender in senders {
        assert_eq!(sender.timeout_infinite().await, Ok(()));
    }

    let received = desk.received().await.unwrap();
    assert_eq!(received.len(), 8 * 1000);
    let mut next = [0; 8];
    for (sender, number) in received {
        assert_eq!(number, next[sender]);
        next[sender] += 1;
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_callers_gets_its_own_answers() {
    let desk = Desk::start_link().await.unwrap();
    let callers: Vec<_> = (0..64_u64)
        .map(|caller| {
            let desk = desk.clone();
            Task::spawn(async move {
                for call in 0..100 {
                    let number = caller * 1000 + call;
                    assert_eq!(desk.square(number).await, Ok(number * number));
                }
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.timeout_infinite().await, Ok(()));
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_servers_leave_nothing() {
    let node = Node::current().unwrap();
    let mut desks = Vec::new();
    for number in 0..10_000 {
        let desk = Desk::start_link()
            .name(format!("desk {number}"))
            .await
            .unwrap();
        desk.monitor();
        desk.arm();
        desks.push(desk);
    }
    for desk in &desks {
        assert_eq!(desk.square(3).await, Ok(9));
    }
    assert_eq!(
        (
            node.processes().len(),
            node.registered().len(),
            node.timer_count()
        ),
        (10_001, 10_000, 10_000)
    );

    for desk in &desks {
        assert_eq!(desk.stop().await, Ok(()));
    }

    let me = process::self_pid();
    assert_eq!(
        (node.processes(), node.registered(), node.timer_count()),
        (vec![me], vec![], 0)
    );
    let left = info(me).unwrap();
    assert_eq!((left.links, left.monitors), (vec![], vec![]));
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn in_a_crash_storm_every_caller_gets_an_answer_or_an_error() {
    for limit in 1..=20 {
        let desk = Desk::start().await.unwrap();
        let callers: Vec<_> = (0..64)
            .map(|_| {
                let desk = desk.clone();
                Task::spawn(async move { desk.until(limit).timeout_infinite().await })
            })
            .collect();
        let mut outcomes: HashMap<&str, u32> = HashMap::new();
        for caller in callers {
            let outcome = match caller.timeout_infinite().await.unwrap() {
                Ok(answer) if answer < limit => "answered",
                Err(CallFailure::Exit(ExitReason::Panic(panic)))
                    if panic.message() == "enough calls" =>
                {
                    "crashed"
                }
                Err(CallFailure::NoProc) => "too late",
                other => panic!("{other:?}"),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
        assert_eq!(outcomes.get("answered").copied().unwrap_or(0), limit - 1);
        assert!(outcomes["crashed"] >= 1, "{outcomes:?}");
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_drops_a_handler_that_awaits_and_all_its_callers_learn_it() {
    for _ in 0..100 {
        let desk = Desk::start().await.unwrap();
        let (dropped, begun) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(tokio::sync::Notify::new()),
        );
        let served = desk
            .wait_for_ever(Mark(Arc::clone(&dropped)), Arc::clone(&begun))
            .send_request();
        let queued = desk.square(2).send_request();
        begun.notified().await;

        let ended = process::monitor(&desk);
        process::exit(&desk, ExitReason::Kill);
        assert_eq!(
            served.receive_response(Duration::MAX).await,
            Err(CallFailure::Exit(ExitReason::Killed))
        );
        assert_eq!(
            queued.receive_response(Duration::MAX).await,
            Err(CallFailure::Exit(ExitReason::Killed))
        );
        assert_eq!(end(ended).await, ExitReason::Killed);
        assert!(dropped.load(Ordering::Acquire));
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_in_one_program_know_nothing_of_each_other() {
    let (here, there) = (Node::current().unwrap(), Node::new());
    let ours = Desk::start().name("desk").await.unwrap();
    otp_core::testing::end_with_test(&ours);
    let theirs = there
        .run(async { Desk::start().name("desk").await })
        .await
        .unwrap();
    assert_eq!(
        (here.whereis("desk"), there.whereis("desk")),
        (ours.pid(), theirs.pid())
    );
    assert_eq!((here.processes().len(), there.processes().len()), (2, 1));
    let (our_pid, their_pid) = (ours.pid().unwrap(), theirs.pid().unwrap());
    assert!(!here.is_alive(their_pid) && !there.is_alive(our_pid));

    // Handles carry their node.
    theirs.note(1, 1);
    assert_eq!(theirs.received().await.unwrap(), [(1, 1)]);
    assert_eq!(ours.received().await.unwrap(), []);
    let timer = send_after(Duration::from_secs(3600), &theirs, DeskMessage::Arm);
    assert_eq!((here.timer_count(), there.timer_count()), (0, 1));

    there.kill_all().await;
    assert_eq!(
        (there.processes(), there.registered(), there.timer_count()),
        (vec![], vec![], 0)
    );
    assert_eq!(timer.cancel(), None);
    assert_eq!(theirs.square(2).await, Err(CallFailure::NoProc));
    assert_eq!(ours.square(2).await, Ok(4));
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_all_gets_those_too_that_are_being_started() {
    /// Starts another of its kind, and one that waits for ever.
    fn grow() {
        process::spawn(async {
            yield_now().await;
            process::spawn(std::future::pending::<()>());
            grow();
        });
    }
    for _ in 0..20 {
        let there = Node::new();
        there.run(async { grow() }).await;
        while there.processes().len() < 50 {
            yield_now().await;
        }
        there.kill_all().await;
        assert_eq!(there.processes(), []);
    }
}

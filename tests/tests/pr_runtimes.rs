//! One node on several of tokio's runtimes: what lives in one goes on when another is dropped.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use otp_core::prelude::*;
use otp_core::time::sleep;
use tests::processes::Peer;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// Keeps its callers waiting.
#[gen_server]
struct Keep {
    kept: Vec<ReplyTo<()>>,
}

#[gen_server]
impl Keep {
    #[init]
    fn init() -> Self {
        Keep { kept: Vec::new() }
    }

    #[call]
    fn keep(&mut self, reply_to: ReplyTo<()>) {
        self.kept.push(reply_to);
    }

    #[call]
    fn ping(&self) {}
}

#[test]
fn a_call_does_not_wait_for_a_timer_of_a_runtime_that_is_gone() {
    let node = Node::new();
    let (first, second) = (runtime(), runtime());
    let old = first.block_on(node.run(Keep::start())).unwrap();
    first.block_on(old.ping()).unwrap();
    drop(first);
    let new = second.block_on(node.run(Keep::start())).unwrap();
    let answer = second.block_on(new.keep().timeout(Duration::from_millis(1)));
    assert_eq!(answer, Err(CallFailure::Timeout { cycle: vec![] }));
}

#[test]
fn timers_go_on_when_the_runtime_that_fired_them_is_dropped() {
    let node = Node::new();
    let (ours, theirs) = (runtime(), runtime());
    theirs.block_on(node.run(async {
        process::spawn(async { sleep(Duration::from_secs(3600)).await });
    }));
    // The driver of the timers runs in `theirs` now.
    while node.timer_count() == 0 {
        std::thread::yield_now();
    }
    let (woken, wakes) = std::sync::mpsc::channel();
    ours.block_on(node.run(async {
        process::spawn(async move {
            sleep(Duration::from_millis(300)).await;
            woken.send("a sleep").unwrap();
            sleep(Duration::from_millis(1)).await;
            woken.send("another").unwrap();
        })
    }));
    while node.timer_count() < 2 {
        std::thread::yield_now();
    }
    drop(theirs);

    let patience = Duration::from_secs(20);
    assert_eq!(wakes.recv_timeout(patience), Ok("a sleep"));
    assert_eq!(wakes.recv_timeout(patience), Ok("another"));
    let peer = ours.block_on(node.run(async { Peer::outside_of_tests() }));
    assert_eq!(ours.block_on(peer.exits()), []);
}

#[test]
fn calls_work_from_a_thread_without_a_runtime() {
    let node = Node::new();
    let servers = runtime();
    let keep = servers.block_on(node.run(Keep::start())).unwrap();
    let answers = std::thread::spawn(move || {
        let wait = |call: Call<KeepMessage, ()>| futures_executor(call);
        (
            wait(keep.ping()),
            wait(keep.keep().timeout(Duration::from_millis(5))),
        )
    });
    let (pong, kept) = answers.join().unwrap();
    assert_eq!(pong, Ok(()));
    assert_eq!(kept, Err(CallFailure::Timeout { cycle: vec![] }));
}

/// Runs a future on this thread, which parks meanwhile.
fn futures_executor<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::task::Waker::from(std::sync::Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(&waker))
        {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

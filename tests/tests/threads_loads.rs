//! What other crates were found to get wrong under load, on several threads and the real clock. Awaits facts, times
//! nothing.

use otp_core::prelude::*;

/// Counts.
#[gen_server]
struct Counter {
    value: u64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter { value: 0 }
    }

    #[cast]
    fn bump(&mut self) {
        self.value += 1;
    }

    #[call]
    fn value(&self) -> u64 {
        self.value
    }

    /// Ends while it holds a call that it will not answer, with others queued behind it.
    #[call]
    fn keep(&self, reply_to: ReplyTo<u64>, cx: &mut Context<Self>) {
        cx.stop(ExitReason::error("it gives up"));
        drop(reply_to);
    }

    #[cast]
    fn fail(&self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::error("it was told to"));
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_overtakes_the_casts_before_it() {
    const CASTS: u64 = 2_000;
    let counter = Counter::start_link().await.unwrap();
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let counter = counter.clone();
            Task::spawn(async move {
                let mut sent = 0;
                for _ in 0..20 {
                    for _ in 0..CASTS / 20 {
                        counter.bump();
                        sent += 1;
                    }
                    assert!(counter.value().await.unwrap() >= sent);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.timeout_infinite().await.unwrap();
    }
    assert_eq!(counter.value().await, Ok(4 * CASTS));
    counter.stop().await.unwrap();
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_servers_that_stop_at_once_all_stop() {
    const SERVERS: usize = 5_000;
    let mut servers = Vec::with_capacity(SERVERS);
    for _ in 0..SERVERS {
        servers.push(Counter::start().await.unwrap());
    }
    let stops: Vec<_> = servers
        .iter()
        .map(|server| {
            let server = server.clone();
            Task::spawn(async move { server.stop().await })
        })
        .collect();
    for stop in stops {
        assert_eq!(stop.timeout_infinite().await.unwrap(), Ok(()));
    }
    assert!(servers.iter().all(|server| !server.is_alive()));
}

supervisor! {
    /// One child that is restarted as often as it ends.
    struct Nest();

    strategy: one_for_one,
    max_restarts: 1_000_000 in 1s,

    children: {
        counter: Counter(),
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn no_restart_gets_stuck() {
    const RESTARTS: u64 = 2_000;
    let nest = Nest::start_link().await.unwrap();
    for _ in 0..RESTARTS {
        let before = nest.counter().pid();
        nest.counter().fail();
        // Until another process answers; that it never does is what the test is about.
        while nest.counter().value().await.is_err() || nest.counter().pid() == before {
            tokio::task::yield_now().await;
        }
    }
    let restarts = nest.which_children().await.unwrap()[0].restarts;
    assert_eq!(restarts, RESTARTS);
    nest.stop().await.unwrap();
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn every_call_that_is_queued_at_a_server_that_ends_is_told() {
    for _ in 0..200 {
        let counter = Counter::start().await.unwrap();
        let callers: Vec<_> = (0..16)
            .map(|caller| {
                let counter = counter.clone();
                Task::spawn(async move {
                    let call = if caller == 7 {
                        counter.keep().timeout_infinite()
                    } else {
                        counter.value().timeout_infinite()
                    };
                    call.await
                })
            })
            .collect();
        let mut told = 0;
        for caller in callers {
            match caller.timeout_infinite().await.unwrap() {
                Ok(value) => assert_eq!(value, 0),
                Err(CallFailure::NoProc | CallFailure::NoReply) => told += 1,
                Err(CallFailure::Exit(reason)) => {
                    assert_eq!(reason, ExitReason::error("it gives up"));
                    told += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!(told >= 1, "it ended before it answered all");
    }
}

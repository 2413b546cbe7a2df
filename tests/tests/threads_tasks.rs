//! Several threads, and the real clock: tasks and streams of them. Awaits facts, times nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use otp_core::prelude::*;
use otp_core::process::info;
use tests::processes::{boom, end, now, story};
use tokio::task::yield_now;

const ITEMS: usize = 10_000;

/// Waits until there are no processes but these.
async fn only(pids: &[Pid]) {
    let node = Node::current().expect("a node");
    while node.processes().iter().any(|pid| !pids.contains(pid)) {
        yield_now().await;
    }
}

fn leftovers() -> (Vec<Pid>, Vec<Pid>, usize) {
    let me = info(process::self_pid()).expect("it lives");
    (me.links, me.monitors, me.message_queue_len)
}

const NOTHING: (Vec<Pid>, Vec<Pid>, usize) = (Vec::new(), Vec::new(), 0);

async fn work(n: usize) -> usize {
    for _ in 0..n % 3 {
        yield_now().await;
    }
    n
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_036_ten_thousand_items_come_in_their_order() {
    for max in [1, 8, ITEMS] {
        let stream = task::async_stream(0..ITEMS, work)
            .max_concurrency(max)
            .timeout_infinite();
        let results: Vec<_> = stream.collect().await;
        assert!(results.into_iter().eq((0..ITEMS).map(Ok)), "{max}");
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_037_unordered_each_of_ten_thousand_comes_once() {
    let stream = task::async_stream(0..ITEMS, work)
        .max_concurrency(8)
        .ordered(false);
    let mut results: Vec<usize> = stream
        .timeout_infinite()
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .flatten()
        .collect();
    results.sort_unstable();
    assert!(results.into_iter().eq(0..ITEMS));
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_041_a_stream_of_ten_thousand_that_is_dropped_leaves_nothing_behind() {
    let node = Node::current().unwrap();
    let test = process::self_pid();
    for (trap, max, take) in [
        (false, 100, 50),
        (true, 100, 50),
        (false, ITEMS, 1),
        (true, ITEMS, 0),
        (true, 8, 5_000),
    ] {
        let node = node.clone();
        story(async move {
            process::trap_exit(trap);
            let runs = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&runs);
            let mut stream = task::async_stream(0..ITEMS, move |n| {
                let alive = Arc::clone(&count);
                async move {
                    let n = work(n).await;
                    if n > take {
                        std::future::pending::<()>().await;
                    }
                    drop(alive);
                    n
                }
            })
            .max_concurrency(max)
            .timeout_infinite();
            for n in 0..take {
                assert_eq!(stream.next().await, Some(Ok(n)));
            }
            if take == 0 {
                assert!(now(stream.next()).is_none_or(|first| first == Some(Ok(0))));
            }
            drop(stream);
            assert_eq!(leftovers(), NOTHING);
            only(&[test, process::self_pid()]).await;
            assert_eq!(leftovers(), NOTHING);
            assert_eq!((Arc::strong_count(&runs), node.timer_count()), (1, 0));
        })
        .await;
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_041_nor_does_a_supervised_one() {
    let tasks = TaskSupervisor::new().start_link().await.unwrap();
    let known = [process::self_pid(), tasks.pid().unwrap()];
    for link in [false, true] {
        let tasks = tasks.clone();
        story(async move {
            let f = async |n: usize| {
                if n > 20 {
                    std::future::pending::<()>().await;
                }
                work(n).await
            };
            if link {
                let mut stream = tasks.async_stream(0..ITEMS, f).max_concurrency(100);
                assert_eq!(stream.next().await, Some(Ok(0)));
            } else {
                let mut stream = tasks.async_stream_nolink(0..ITEMS, f).max_concurrency(100);
                assert_eq!(stream.next().await, Some(Ok(0)));
            }
            while tasks.children().await != Ok(vec![]) {
                yield_now().await;
            }
            only(&[known[0], known[1], process::self_pid()]).await;
            assert_eq!(leftovers(), NOTHING);
        })
        .await;
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn tk_003_the_caller_is_ended_before_it_learns_of_the_crash() {
    for _ in 0..500 {
        let (_, caller) = process::spawn_monitor(async {
            let crash = async { process::exit_with(boom()) };
            let result: Result<u32, _> = Task::spawn(crash).timeout_infinite().await;
            unreachable!("{result:?}");
        });
        assert_eq!(end(caller).await, boom());
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_023_a_shutdown_against_the_end_of_the_task_is_one_or_the_other() {
    story(async {
        process::trap_exit(true);
        for n in 0..1_000 {
            let result = Task::spawn(work(n)).shutdown().timeout_infinite().await;
            assert!([None, Some(Ok(n))].contains(&result), "{result:?}");
            if let Some(exit) = now(process::receive_exit()) {
                assert_eq!((exit.reason, result), (ExitReason::Normal, Some(Ok(n))));
            }
            assert_eq!(leftovers(), NOTHING);
        }
    })
    .await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn ag_003_of_many_callers_each_update_counts() {
    let agent = Agent::start_link(|| 0).await.unwrap();
    let callers = [(); 8].map(|()| {
        let agent = agent.clone();
        Task::spawn(async move {
            for _ in 0..500 {
                agent.update(|n| *n += 1).timeout_infinite().await.unwrap();
            }
        })
    });
    assert!(task::await_many(callers).timeout_infinite().await.is_ok());
    assert_eq!(agent.get(|n| *n).await, Ok(4_000));
}

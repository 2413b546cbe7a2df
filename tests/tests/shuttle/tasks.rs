//! Tasks against exits, timeouts of nobody, and streams that are dropped at any moment: nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otp_core::prelude::*;
use otp_core::process::info;
use otp_core::task::AsyncStream;
use tests::processes::{boom, end, now};

use super::explore;

/// How many futures are alive.
#[derive(Clone, Default)]
struct Alive(Arc<AtomicUsize>);

struct Counted(Alive);

impl Alive {
    fn enter(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits until the current process is alone, but for `others`, and has nothing of anybody.
async fn is_alone_with(others: &[Pid]) {
    let node = Node::current().expect("a node");
    let me = process::self_pid();
    while node
        .processes()
        .iter()
        .any(|pid| *pid != me && !others.contains(pid))
    {
        shuttle::future::yield_now().await;
    }
    let info = info(me).expect("it lives");
    assert_eq!(info.links, others);
    assert_eq!((info.monitors, info.monitored_by), (vec![], vec![]));
    assert_eq!(info.message_queue_len, 0);
}

#[test]
fn a_task_gives_its_value_or_why_there_is_none() {
    explore(async || {
        process::trap_exit(true);
        let task = Task::spawn(async { 42 });
        let pid = task.pid().unwrap();
        Task::start(async move { process::exit(pid, boom()) });
        let result = task.await;
        assert!([Ok(42), Err(boom())].contains(&result), "{result:?}");
        let reason = process::receive_exit().await.reason;
        assert_eq!(reason == boom(), result == Err(boom()));
    });
}

#[test]
fn a_failed_task_has_ended_its_caller_before_the_caller_learns_of_it() {
    explore(async || {
        let (_, caller) = process::spawn_monitor(async {
            let task = Task::spawn(async { process::exit_with(boom()) });
            let result: Result<u32, _> = task.await;
            unreachable!("{result:?}");
        });
        assert_eq!(end(caller).await, boom());
    });
}

#[test]
fn a_task_that_is_shut_down_leaves_no_link_and_no_exit() {
    explore(async || {
        process::trap_exit(true);
        let task = Task::spawn(async {
            shuttle::future::yield_now().await;
            42
        });
        let result = task.shutdown().timeout_infinite().await;
        assert!([None, Some(Ok(42))].contains(&result), "{result:?}");
        let me = info(process::self_pid()).unwrap();
        assert_eq!(me.links, []);
        if me.message_queue_len == 1 {
            assert_eq!(result, Some(Ok(42)), "it had ended by itself");
            process::receive_exit().await;
        }
        is_alone_with(&[]).await;
    });
}

#[test]
fn a_supervised_task_whose_asker_ends_is_not_left_behind() {
    explore(async || {
        let alive = Alive::default();
        let tasks = TaskSupervisor::new().start_link().await.unwrap();
        let (under, counted) = (tasks.clone(), alive.clone());
        let (asker, ended) = process::spawn_monitor(async move {
            let counted = counted.enter();
            let task = under.spawn(async move {
                std::future::pending::<()>().await;
                drop(counted);
            });
            drop(task.await.unwrap().await);
        });
        Task::start(async move { process::exit(asker, ExitReason::Kill) });
        assert_eq!(end(ended).await, ExitReason::Killed);
        // Behind what was asked for before.
        while tasks.children().await != Ok(vec![]) {
            shuttle::future::yield_now().await;
        }
        is_alone_with(&Vec::from_iter(tasks.pid())).await;
        assert_eq!(alive.count(), 0);
        tasks.stop().await.unwrap();
    });
}

async fn drop_early<S, F, Fut>(mut stream: AsyncStream<S, F, Fut>, take: usize)
where
    S: task::Source<Item: Send + 'static>,
    F: Fn(S::Item) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = usize> + Send + 'static,
{
    for n in 0..take {
        assert_eq!(stream.next().await, Some(Ok(n)));
    }
    if take == 0 {
        // It begins, and that is all, unless a task is done at once.
        let first = now(stream.next());
        assert!(first.is_none_or(|first| first == Some(Ok(0))));
    }
}

#[test]
fn a_stream_that_is_dropped_leaves_no_task_link_monitor_or_message() {
    for trap in [false, true] {
        for take in 0..3 {
            explore(move || async move {
                process::trap_exit(trap);
                let alive = Alive::default();
                let of_task = alive.clone();
                let stream = task::async_stream(0..6, move |n| {
                    let counted = of_task.enter();
                    async move {
                        shuttle::future::yield_now().await;
                        drop(counted);
                        n
                    }
                });
                drop_early(stream.max_concurrency(2), take).await;
                is_alone_with(&[]).await;
                assert_eq!(alive.count(), 0);
            });
        }
    }
}

#[test]
fn a_supervised_stream_that_is_dropped_leaves_nothing_either() {
    for link in [false, true] {
        explore(move || async move {
            let tasks = TaskSupervisor::new().start_link().await.unwrap();
            let alive = Alive::default();
            let of_task = alive.clone();
            let f = move |n| {
                let counted = of_task.enter();
                async move {
                    shuttle::future::yield_now().await;
                    drop(counted);
                    n
                }
            };
            let source = 0..4;
            if link {
                drop_early(tasks.async_stream(source, f).max_concurrency(2), 1).await;
            } else {
                drop_early(tasks.async_stream_nolink(source, f).max_concurrency(2), 1).await;
            }
            // Behind what was asked for before.
            while tasks.children().await != Ok(vec![]) {
                shuttle::future::yield_now().await;
            }
            is_alone_with(&Vec::from_iter(tasks.pid())).await;
            assert_eq!(alive.count(), 0);
            tasks.stop().await.unwrap();
        });
    }
}

#[test]
fn a_process_that_is_killed_while_it_polls_takes_its_tasks_along() {
    explore(async || {
        let alive = Alive::default();
        let of_task = alive.clone();
        let (poller, ended) = process::spawn_monitor(async move {
            let stream = task::async_stream(0..6, move |n| {
                let counted = of_task.enter();
                async move {
                    shuttle::future::yield_now().await;
                    drop(counted);
                    n
                }
            });
            let results = stream.max_concurrency(2).collect::<Vec<_>>().await;
            assert_eq!(results, (0..6).map(Ok).collect::<Vec<_>>());
        });
        process::exit(poller, ExitReason::Kill);
        let reason = end(ended).await;
        assert!(
            [ExitReason::Killed, ExitReason::Normal].contains(&reason),
            "{reason}"
        );
        is_alone_with(&[]).await;
        assert_eq!(alive.count(), 0);
    });
}

#[test]
fn a_crash_in_a_stream_ends_who_polls_it_or_is_an_error_in_its_place() {
    let f = async |n| {
        if n == 1 {
            process::exit_with(boom());
        }
        n
    };
    explore(move || async move {
        let (_, linked) = process::spawn_monitor(async move {
            let stream = task::async_stream(0..3, f).max_concurrency(2);
            let results = stream.collect::<Vec<Result<i32, _>>>().await;
            unreachable!("{results:?}");
        });
        assert_eq!(end(linked).await, boom());
        is_alone_with(&[]).await;
    });
    explore(move || async move {
        process::trap_exit(true);
        let stream = task::async_stream(0..3, f).max_concurrency(2);
        let results = stream.collect::<Vec<_>>().await;
        assert_eq!(results, [Ok(0), Err(boom()), Ok(2)]);
        is_alone_with(&[]).await;
    });
}

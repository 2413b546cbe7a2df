//! TK-034 to TK-049: streams of tasks, plain and supervised.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otp_core::process::info;
use otp_core::task::AsyncStream;
use otp_core::time::{Instant, sleep};
use otp_core::{ExitReason, StartChildError, prelude::*};
use tests::processes::{Peer, boom, crashes, end, now, story};
use tests::{Journal, NoteOnDrop};
use tokio::sync::oneshot;
use tokio_stream::{Stream, StreamExt};

const SECOND: Duration = Duration::from_secs(1);

type Results<T, E = ExitReason> = Vec<Result<T, E>>;

/// Counts those that are alive, and the most that were at a time.
#[derive(Clone, Default)]
struct Gauge(Arc<(AtomicUsize, AtomicUsize)>);

struct Counted(Gauge);

impl Gauge {
    fn enter(&self) -> Counted {
        let alive = self.0.0.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.1.fetch_max(alive, Ordering::Relaxed);
        Counted(self.clone())
    }

    fn alive(&self) -> usize {
        self.0.0.load(Ordering::Relaxed)
    }

    fn most(&self) -> usize {
        self.0.1.load(Ordering::Relaxed)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An iterator that counts what is pulled.
fn counting(items: u32) -> (impl Iterator<Item = u32> + Send + use<>, Arc<AtomicUsize>) {
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pulled);
    let items = (0..items).inspect(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    (items, pulled)
}

async fn nap(seconds: u32) -> u32 {
    sleep(seconds * SECOND).await;
    seconds
}

async fn forever<T>(_: T) {
    std::future::pending().await
}

async fn crash_on_two(n: u32) -> u32 {
    match n {
        2 => process::exit_with(boom()),
        n => n,
    }
}

async fn supervised() -> TaskSupervisorRef {
    TaskSupervisor::new().start_link().await.expect("it starts")
}

/// What the current process has of others.
fn leftovers() -> (Vec<Pid>, Vec<Pid>, usize) {
    let me = info(process::self_pid()).expect("it lives");
    (me.links, me.monitors, me.message_queue_len)
}

const NOTHING: (Vec<Pid>, Vec<Pid>, usize) = (Vec::new(), Vec::new(), 0);

#[otp_core::test]
async fn tk_034_nothing_runs_until_the_stream_is_polled_and_each_stream_runs_anew() {
    let (source, pulled) = counting(3);
    let runs = Arc::new(AtomicUsize::new(0));
    let stream = |source| {
        let runs = Arc::clone(&runs);
        task::async_stream(source, move |n| {
            runs.fetch_add(1, Ordering::Relaxed);
            async move { n }
        })
    };
    let lazy = stream(source);
    otp_core::testing::settle().await;
    assert_eq!(
        (pulled.load(Ordering::Relaxed), runs.load(Ordering::Relaxed)),
        (0, 0)
    );
    assert_eq!(lazy.collect::<Results<_>>().await, [Ok(0), Ok(1), Ok(2)]);
    assert_eq!(stream(counting(1).0).collect::<Results<_>>().await, [Ok(0)]);
    assert_eq!(runs.load(Ordering::Relaxed), 4);
    drop(stream(counting(9).0));
    otp_core::testing::settle().await;
    assert_eq!(
        runs.load(Ordering::Relaxed),
        4,
        "one that is never polled does nothing"
    );
}

#[otp_core::test]
async fn tk_035_no_more_tasks_than_the_stream_may_run_are_alive() {
    let cores = std::thread::available_parallelism().unwrap().get();
    for (max, expected) in [
        (Some(1), 1),
        (Some(4), 4),
        (Some(100), 20),
        (None, cores.min(20)),
    ] {
        let gauge = Gauge::default();
        let of_task = gauge.clone();
        let mut stream = task::async_stream(0..20, move |n: u32| {
            let counted = of_task.enter();
            async move {
                nap(n % 3).await;
                drop(counted);
            }
        });
        if let Some(max) = max {
            stream = stream.max_concurrency(max);
        }
        let results: Results<()> = stream.collect().await;
        assert_eq!((results.len(), gauge.most()), (20, expected), "{max:?}");
    }
}

#[test]
fn tk_035_none_is_refused_when_the_stream_is_built() {
    let build = || task::async_stream([1], async |n: u32| n).max_concurrency(0);
    let said = catch_unwind(AssertUnwindSafe(build)).unwrap_err();
    assert_eq!(
        *said.downcast::<&str>().unwrap(),
        "a stream of tasks runs one at least"
    );
}

#[otp_core::test]
async fn tk_036_results_come_in_the_order_of_the_items() {
    for max in [1, 2, 3, 4, 10] {
        let naps = [3, 1, 2, 0];
        let stream = task::async_stream(naps, nap).max_concurrency(max);
        let results: Results<u32> = stream.collect().await;
        assert_eq!(results, naps.map(Ok), "{max}");
    }
    let none: Results<u32> = task::async_stream([], nap).collect().await;
    assert_eq!(none, []);
}

#[otp_core::test]
async fn tk_037_unordered_results_come_as_the_tasks_are_done() {
    for (max, expected) in [(1, [3, 1, 2]), (2, [1, 3, 2]), (3, [1, 2, 3])] {
        let stream = task::async_stream([3, 1, 2], nap)
            .max_concurrency(max)
            .ordered(false);
        let mut results: Results<u32> = stream.collect().await;
        if max == 2 {
            // The second and the third are done as the first is: in either order.
            results[1..].sort_unstable_by_key(|result| std::cmp::Reverse(result.clone().ok()));
        }
        assert_eq!(results, expected.map(Ok), "{max}");
    }
}

#[otp_core::test]
async fn tk_038_the_crash_of_a_task_is_an_error_in_its_place_for_who_traps_exits() {
    let expected = [Ok(1), Err(boom()), Ok(3)];
    story(async move {
        process::trap_exit(true);
        for max in [1, 2, 3] {
            let stream = task::async_stream(1..=3, crash_on_two).max_concurrency(max);
            assert_eq!(stream.collect::<Results<_>>().await, expected);
            assert_eq!(leftovers(), NOTHING, "no EXIT is left");
        }
    })
    .await;
    assert_eq!(crashes(), vec![boom(); 3]);
}

#[otp_core::test]
async fn tk_038_the_crash_of_a_task_ends_who_is_linked_and_does_not_trap_exits() {
    let tasks = supervised().await;
    let (_, plain) = process::spawn_monitor(async {
        let results: Results<u32> = task::async_stream(1..=3, crash_on_two).collect().await;
        unreachable!("the exit signal comes before the error: {results:?}");
    });
    assert_eq!(end(plain).await, boom());
    let (_, under) = process::spawn_monitor(async move {
        let results: Results<u32> = tasks.async_stream(1..=3, crash_on_two).collect().await;
        unreachable!("the exit signal comes before the error: {results:?}");
    });
    assert_eq!(end(under).await, boom());
    assert_eq!(crashes(), [boom(), boom()]);
}

#[otp_core::test]
async fn tk_038_under_a_supervisor_too_a_crash_is_an_error_for_who_traps_exits_or_is_not_linked() {
    let tasks = supervised().await;
    let expected = [Ok(1), Err(boom()), Ok(3)];
    let nolink: Results<u32> = tasks
        .async_stream_nolink(1..=3, crash_on_two)
        .collect()
        .await;
    assert_eq!(nolink, expected);
    story(async move {
        process::trap_exit(true);
        let linked: Results<u32> = tasks.async_stream(1..=3, crash_on_two).collect().await;
        assert_eq!((linked, leftovers()), (expected.to_vec(), NOTHING));
    })
    .await;
    assert_eq!(crashes(), [boom(), boom()]);
}

#[otp_core::test]
async fn tk_039_a_task_that_takes_too_long_ends_the_stream() {
    let tasks = supervised().await;
    story(async move {
        for supervisor in [None, Some(tasks)] {
            let began = Instant::now();
            let gauge = Gauge::default();
            let of_task = gauge.clone();
            let f = move |seconds| {
                let counted = of_task.enter();
                async move {
                    nap(seconds).await;
                    drop(counted);
                }
            };
            let stream = match &supervisor {
                None => pin!(task::async_stream([1, 9, 9, 9], f).max_concurrency(3)) as Boxed<'_>,
                Some(tasks) => pin!(tasks.async_stream([1, 9, 9, 9], f).max_concurrency(3)),
            };
            let results: Results<()> = stream.collect().await;
            assert_eq!(results, [Ok(()), Err(ExitReason::Timeout)]);
            assert_eq!(
                began.elapsed(),
                5 * SECOND,
                "each has five seconds of its own"
            );
            otp_core::testing::settle().await;
            assert_eq!((gauge.alive(), leftovers()), (0, NOTHING));
        }
    })
    .await;
}

type Boxed<'a> = std::pin::Pin<&'a mut (dyn Stream<Item = Result<(), ExitReason>> + Send)>;

#[otp_core::test]
async fn tk_039_or_is_killed_and_the_stream_goes_on() {
    let began = Instant::now();
    let gauge = Gauge::default();
    let of_task = gauge.clone();
    let stream = task::async_stream([9, 1, 9, 0], move |seconds| {
        let counted = of_task.enter();
        async move {
            let seconds = nap(seconds).await;
            drop(counted);
            seconds
        }
    });
    let late = Err(ExitReason::Timeout);
    let stream = stream
        .max_concurrency(1)
        .timeout(2 * SECOND)
        .on_timeout(OnTimeout::KillTask);
    let mut stream = pin!(stream);
    for (seconds, result) in [(2, late.clone()), (3, Ok(1)), (5, late), (5, Ok(0))] {
        assert_eq!(stream.next().await, Some(result));
        assert_eq!((began.elapsed(), gauge.alive()), (seconds * SECOND, 0));
    }
    assert_eq!(stream.next().await, None);
}

#[otp_core::test]
async fn tk_039_a_task_that_traps_exits_is_killed_too_and_so_is_a_supervised_one() {
    let tasks = supervised().await;
    let stream = tasks.async_stream([()], async |()| {
        process::trap_exit(true);
        forever(()).await;
    });
    let stream = stream.timeout(SECOND).on_timeout(OnTimeout::KillTask);
    let results: Results<()> = stream.collect().await;
    assert_eq!(results, [Err(ExitReason::Timeout)]);
    assert_eq!(tasks.children().await, Ok(vec![]));
}

#[otp_core::test]
async fn tk_039_without_a_timeout_it_takes_as_long_as_it_takes() {
    let stream = task::async_stream([3600], nap).timeout_infinite();
    assert_eq!(stream.collect::<Results<_>>().await, [Ok(3600)]);
}

#[otp_core::test]
async fn tk_040_errors_carry_their_items_when_they_are_to() {
    story(async {
        process::trap_exit(true);
        let stream = task::async_stream(1..=3, crash_on_two).zip_input_on_exit();
        let results: Results<u32, (u32, ExitReason)> = stream.collect().await;
        assert_eq!(results, [Ok(1), Err((2, boom())), Ok(3)]);

        let naps = || {
            task::async_stream([9, 0], nap)
                .timeout(SECOND)
                .zip_input_on_exit()
        };
        let killed = naps().on_timeout(OnTimeout::KillTask);
        let results: Results<u32, (u32, ExitReason)> = killed.collect().await;
        assert_eq!(results, [Err((9, ExitReason::Timeout)), Ok(0)]);
        let ended: Results<u32, (u32, ExitReason)> = naps().collect().await;
        assert_eq!(ended, [Err((9, ExitReason::Timeout))]);
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_041_who_stops_early_kills_the_rest_and_has_nothing_left_of_it() {
    let tasks = supervised().await;
    let node = Node::current().unwrap();
    story(async move {
        for trap in [false, true] {
            process::trap_exit(trap);
            let before = node.processes().len();
            let gauge = Gauge::default();
            let of_task = gauge.clone();
            let f = move |n| {
                let counted = of_task.enter();
                async move {
                    if n > 0 {
                        forever(()).await;
                    }
                    drop(counted);
                    n
                }
            };
            let plain = task::async_stream(0..100, f.clone())
                .max_concurrency(10)
                .take(1);
            assert_eq!(StreamExt::collect::<Results<i32>>(plain).await, [Ok(0)]);
            assert_eq!(leftovers(), NOTHING);
            let under = tasks
                .async_stream(0..100, f.clone())
                .max_concurrency(10)
                .take(1);
            assert_eq!(StreamExt::collect::<Results<i32>>(under).await, [Ok(0)]);
            assert_eq!(leftovers(), NOTHING);
            let nolink = tasks
                .async_stream_nolink(0..100, f)
                .max_concurrency(10)
                .take(1);
            assert_eq!(StreamExt::collect::<Results<i32>>(nolink).await, [Ok(0)]);
            assert_eq!(leftovers(), NOTHING);

            otp_core::testing::settle().await;
            assert_eq!((gauge.alive(), leftovers()), (0, NOTHING));
            assert_eq!(tasks.children().await, Ok(vec![]));
            assert_eq!((node.processes().len(), node.timer_count()), (before, 0));
        }
    })
    .await;
}

/// The items of a supervised stream whose starts are on their way when it is dropped.
#[otp_core::test]
async fn tk_041_a_task_that_has_not_begun_when_the_stream_is_dropped_does_not_run() {
    let tasks = supervised().await;
    let gauge = Gauge::default();
    let of_task = gauge.clone();
    otp_core::sys::suspend(&tasks).await.unwrap();
    let mut stream = tasks
        .async_stream(0..100, move |_| forever(of_task.enter()))
        .max_concurrency(10);
    assert!(now(stream.next()).is_none());
    drop(stream);
    otp_core::sys::resume(&tasks).await.unwrap();
    otp_core::testing::settle().await;
    assert_eq!(tasks.children().await, Ok(vec![]));
    assert_eq!((gauge.alive(), gauge.most()), (0, 0));
}

#[otp_core::test]
async fn tk_041_the_end_of_who_polls_ends_the_tasks() {
    let tasks = supervised().await;
    let gauge = Gauge::default();
    let of_task = gauge.clone();
    let (tell, told) = oneshot::channel();
    // The stream is kept by another process, so that it is not dropped with the one that polls.
    let (keep, kept) = oneshot::channel::<Box<dyn Send>>();
    let (poller, ended) = process::spawn_monitor(async move {
        process::trap_exit(true);
        let f = move |_| forever(of_task.enter());
        let mut plain = task::async_stream(0..9, f.clone()).max_concurrency(3);
        let mut under = tasks.async_stream_nolink(0..9, f).max_concurrency(3);
        assert!(now(plain.next()).is_none() && now(under.next()).is_none());
        otp_core::testing::settle().await;
        assert!(now(under.next()).is_none());
        keep.send(Box::new((plain, under))).ok().unwrap();
        tell.send(()).unwrap();
        forever(()).await;
    });
    told.await.unwrap();
    let _kept = kept.await.unwrap();
    assert_eq!(gauge.alive(), 6);
    process::exit(poller, ExitReason::Kill);
    end(ended).await;
    otp_core::testing::settle().await;
    assert_eq!(gauge.alive(), 0);
}

#[otp_core::test]
async fn tk_042_an_item_is_pulled_when_a_task_can_be_started_for_it() {
    for (take, max, expected) in [(1, 1, 1), (2, 4, 5), (3, 10, 12), (10, 1, 10)] {
        let (source, pulled) = counting(1000);
        let stream = task::async_stream(source, async |n| n)
            .max_concurrency(max)
            .take(take);
        let results: Results<u32> = StreamExt::collect(stream).await;
        let pulled = pulled.load(Ordering::Relaxed);
        assert_eq!(
            (results.len(), pulled <= expected),
            (take, true),
            "{pulled} of {take}, {max}"
        );
    }
}

#[otp_core::test]
async fn tk_042_a_consumer_that_does_not_ask_holds_the_source_back() {
    let (source, pulled) = counting(1000);
    let mut stream = task::async_stream(source, async |n| n).max_concurrency(4);
    assert_eq!(stream.next().await, Some(Ok(0)));
    sleep(3600 * SECOND).await;
    assert_eq!(pulled.load(Ordering::Relaxed), 4);
}

#[otp_core::test]
async fn tk_042_a_stream_as_a_source_is_held_back_too_and_is_waited_for() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let items = tokio_stream::iter(0..1000).then(move |n| {
        count.fetch_add(1, Ordering::Relaxed);
        nap(n)
    });
    let mut stream = task::async_stream_of(items, async |n| n).max_concurrency(2);
    assert_eq!(stream.next().await, Some(Ok(0)));
    assert_eq!(stream.next().await, Some(Ok(1)));
    sleep(3600 * SECOND).await;
    assert!(asked.load(Ordering::Relaxed) <= 4, "{asked:?}");
    let tasks = supervised().await;
    for link in [true, false] {
        let items = tokio_stream::iter(0..3).then(nap);
        let results: Results<u32> = if link {
            tasks.async_stream_of(items, nap).collect().await
        } else {
            tasks.async_stream_nolink_of(items, nap).collect().await
        };
        assert_eq!(results, [Ok(0), Ok(1), Ok(2)]);
    }
    let empty = task::async_stream_of(tokio_stream::empty::<u32>(), nap);
    assert_eq!(empty.collect::<Results<_>>().await, []);
}

#[otp_core::test]
async fn tk_043_a_source_that_ends_early_ends_the_stream_when_its_tasks_are_done() {
    let source = (0..8).take_while(|n| *n < 3);
    let stream = task::async_stream(source, nap).max_concurrency(8);
    assert_eq!(stream.collect::<Results<_>>().await, [Ok(0), Ok(1), Ok(2)]);
}

#[otp_core::test]
async fn tk_043_a_source_that_panics_stops_the_tasks_and_the_panic_goes_on() {
    let gauge = Gauge::default();
    let of_task = gauge.clone();
    let source = (0..8).inspect(|n| assert!(*n < 3, "the source is broken"));
    let mut stream =
        task::async_stream(source, move |_| forever(of_task.enter())).max_concurrency(8);
    let Err(said) = catch_unwind(AssertUnwindSafe(|| now(stream.next()))) else {
        panic!("it panics")
    };
    assert_eq!(*said.downcast::<&str>().unwrap(), "the source is broken");
    otp_core::testing::settle().await;
    assert_eq!(
        gauge.alive(),
        0,
        "the stream is still here, and its tasks are not"
    );
    assert_eq!(stream.next().await, None);
}

#[otp_core::test]
async fn tk_044_what_a_source_does_when_it_is_dropped_it_does_once() {
    for take in [1, 3, 100] {
        let journal = Journal::default();
        let effect = NoteOnDrop(journal.clone(), "after");
        let (before, of_item) = (journal.clone(), journal.clone());
        let source = std::iter::once_with(move || before.note("before"))
            .flat_map(|()| 0..3)
            .inspect(move |_| _ = &effect);
        let stream = task::async_stream(source, async |n| n).max_concurrency(2);
        let outer = stream.take(take).map(move |item| {
            of_item.note("item");
            item
        });
        let results: Results<i32> = StreamExt::collect(outer).await;
        let expected = take.min(3);
        assert_eq!(results.len(), expected);
        let notes = journal.take();
        for (note, times) in [("before", 1), ("item", expected), ("after", 1)] {
            let noted = notes.iter().filter(|noted| *noted == note).count();
            assert_eq!(noted, times, "{note} of {take}: {notes:?}");
        }
    }
}

#[otp_core::test]
async fn tk_045_it_can_be_polled_in_another_process_than_the_one_that_built_it() {
    let stream = task::async_stream(1..=3, async |n| (n, task::callers()));
    let (tell, told) = oneshot::channel();
    story(async move {
        let results: Results<(i32, Vec<Pid>)> = stream.collect().await;
        tell.send((process::self_pid(), results)).unwrap();
    })
    .await;
    let (poller, results) = told.await.unwrap();
    for (result, n) in results.into_iter().zip(1..) {
        let (value, callers) = result.unwrap();
        assert_eq!((value, callers[0]), (n, poller));
    }
}

#[otp_core::test]
async fn tk_045_downs_and_exits_of_others_do_not_confuse_it_and_stay() {
    story(async {
        process::trap_exit(true);
        let (other, monitor) = process::spawn_monitor(async { boom() });
        let linked = process::spawn_link(async {});
        let stream = task::async_stream(1..=3, async |n| n).max_concurrency(1);
        assert_eq!(stream.collect::<Results<_>>().await, [Ok(1), Ok(2), Ok(3)]);
        let down = process::receive_down(monitor).await;
        assert_eq!((down.pid, down.reason), (other, boom()));
        assert_eq!(process::receive_exit().await.pid, linked);
        assert_eq!(leftovers(), NOTHING);
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_045_in_a_plain_task_inside_a_node_nobody_is_linked() {
    let node = Node::current().unwrap();
    let stream = task::async_stream(1..=3, crash_on_two);
    let results = tokio::spawn(stream.collect::<Results<_>>().in_node(&node)).await;
    assert_eq!(results.unwrap(), [Ok(1), Err(boom()), Ok(3)]);
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_046_a_supervisor_that_takes_fewer_tasks_ends_the_stream_and_leaves_nothing() {
    let tasks = TaskSupervisor::new()
        .max_children(2)
        .start_link()
        .await
        .unwrap();
    let gauge = Gauge::default();
    let of_task = gauge.clone();
    story({
        let tasks = tasks.clone();
        async move {
            let f = move |_| forever(of_task.enter());
            let stream = tasks.async_stream(0..9, f).max_concurrency(4);
            let results: Results<()> = stream.collect().await;
            let [Err(reason)] = &results[..] else {
                panic!("one error: {results:?}")
            };
            let refused = reason.downcast_ref::<StartChildError>();
            assert_eq!(refused, Some(&StartChildError::MaxChildren));
            otp_core::testing::settle().await;
            assert_eq!((gauge.alive(), leftovers()), (0, NOTHING));
        }
    })
    .await;
    assert_eq!(tasks.children().await, Ok(vec![]));
    let enough = tasks.async_stream(0..9, async |n| n).max_concurrency(2);
    assert_eq!(enough.collect::<Results<_>>().await.len(), 9);
}

#[otp_core::test]
async fn tk_046_a_supervisor_that_is_gone_ends_the_stream() {
    let tasks = supervised().await;
    tasks.stop().await.unwrap();
    let stream = tasks.async_stream_nolink(0..9, async |n| n);
    assert_eq!(
        stream.collect::<Results<i32>>().await,
        [Err(ExitReason::NoProc)]
    );
}

#[otp_core::test]
async fn tk_047_what_waits_behind_a_slow_item_is_buffered_without_bound() {
    let (source, pulled) = counting(1000);
    let slow = async |n| if n == 0 { nap(3).await } else { n };
    let mut stream = task::async_stream(source, slow).max_concurrency(2);
    let began = Instant::now();
    assert_eq!(stream.next().await, Some(Ok(3)));
    assert_eq!(
        (began.elapsed(), pulled.load(Ordering::Relaxed)),
        (3 * SECOND, 1000)
    );
    let rest: Results<u32> = stream.collect().await;
    assert_eq!((rest.len(), began.elapsed()), (999, 3 * SECOND));
    assert_eq!(rest.last(), Some(&Ok(999)));
}

/// Timeouts are `Duration`s, and what happens on one, or how a task is stopped, are enums: what is wrong does not compile.
/// That leaves a stream of no tasks.
#[test]
fn tk_049_what_is_wrong_with_an_option_is_told_when_the_stream_is_built() {
    fn whole<S, F, Fut>(stream: AsyncStream<S, F, Fut>) -> AsyncStream<S, F, Fut>
    where
        S: task::Source<Item: Send + 'static>,
        F: Fn(S::Item) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let (timeout, on_timeout): (Duration, OnTimeout) = (SECOND, OnTimeout::KillTask);
        let shutdown: otp_core::Shutdown = otp_core::Shutdown::BrutalKill;
        stream
            .timeout(timeout)
            .on_timeout(on_timeout)
            .shutdown(shutdown)
            .ordered(false)
    }
    let stream = whole(task::async_stream([1], async |n: u32| n).max_concurrency(1));
    let shown = format!("{stream:?}");
    assert!(
        shown.contains("KillTask") && shown.contains("ordered: false"),
        "{shown}"
    );
    let build = || whole(task::async_stream([1], async |n: u32| n)).max_concurrency(0);
    assert!(catch_unwind(AssertUnwindSafe(build)).is_err());
}

#[otp_core::test]
async fn a_peer_that_polls_is_left_with_nothing() {
    let peer = Peer::trapping().await;
    let stream = task::async_stream(0..100, forever::<i32>).max_concurrency(10);
    peer.does(move || {
        let mut stream = stream;
        assert!(now(stream.next()).is_none());
    })
    .await;
    otp_core::testing::settle().await;
    let info = info(&peer).unwrap();
    assert_eq!((info.links, info.monitors), (vec![], vec![]));
    assert_eq!((peer.exits().await, peer.downs().await), (vec![], vec![]));
}

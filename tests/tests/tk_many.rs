//! TK-015 to TK-027: many tasks at once, looking at a task, shutting it down, letting it be.

use otp_core::process::info;
use otp_core::task::{YieldTimeout, Yielded};
use otp_core::time::{Instant, sleep};
use otp_core::{ExitReason, prelude::*};
use tests::processes::{boom, crashes, end, now, story};
use tokio::sync::oneshot;

const SECOND: Duration = Duration::from_secs(1);

/// A task that is done after so many seconds, with that number.
fn after(seconds: u32) -> Task<u32> {
    Task::spawn(async move {
        sleep(seconds * SECOND).await;
        seconds
    })
}

fn crashing() -> Task<u32> {
    Task::spawn(async { process::exit_with(boom()) })
}

/// A task that traps exits and goes on, once it does.
async fn stubborn() -> Task<u32> {
    let (tell, told) = oneshot::channel();
    let task = Task::spawn(async {
        process::trap_exit(true);
        tell.send(()).expect("it waits");
        std::future::pending().await
    });
    told.await.expect("it tells");
    task
}

fn links() -> Vec<Pid> {
    info(process::self_pid()).expect("it lives").links
}

fn queued() -> usize {
    info(process::self_pid())
        .expect("it lives")
        .message_queue_len
}

fn results<T>(pairs: Vec<(Task<T>, Yielded<T>)>) -> Vec<Yielded<T>> {
    pairs.into_iter().map(|(_, result)| result).collect()
}

#[otp_core::test]
async fn tk_015_await_many_gives_values_in_the_order_of_the_tasks() {
    assert_eq!(
        task::await_many([3, 1, 2].map(after)).await,
        Ok(vec![3, 1, 2])
    );
    let none = task::await_many(Vec::<Task<u32>>::new());
    assert_eq!(now(none.into_future()), Some(Ok(vec![])));
}

#[otp_core::test]
async fn tk_016_await_many_is_over_with_the_first_that_fails() {
    story(async {
        process::trap_exit(true);
        let began = Instant::now();
        let tasks = [after(3), crashing(), after(1)];
        let pids = tasks.each_ref().map(|task| task.pid().unwrap());
        assert_eq!(task::await_many(tasks).await, Err(boom()));
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(process::receive_exit().await.pid, pids[1]);
        assert_eq!((links(), queued()), (vec![pids[0], pids[2]], 0));
        for pid in [pids[0], pids[2]] {
            end(process::monitor(pid)).await;
        }
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_017_await_many_has_one_timeout_for_all() {
    let began = Instant::now();
    let late = task::await_many([after(4), after(6)]).await;
    assert_eq!(
        (late, began.elapsed()),
        (Err(ExitReason::Timeout), 5 * SECOND)
    );
    let began = Instant::now();
    let late = task::await_many([after(1), after(3)])
        .timeout(2 * SECOND)
        .await;
    assert_eq!(
        (late, began.elapsed()),
        (Err(ExitReason::Timeout), 2 * SECOND)
    );
    let slow = task::await_many([after(3600)]).timeout_infinite().await;
    assert_eq!(slow, Ok(vec![3600]));
}

#[otp_core::test]
async fn tk_018_other_messages_stay_in_the_mailbox() {
    story(async |mut mailbox: Mailbox<u32>| {
        let me = mailbox.address();
        me.send(1);
        let (_, monitor) = process::spawn_monitor(async {});
        let tell = Task::spawn(async move { _ = me.send(2) });
        assert_eq!(task::await_many([tell]).await, Ok(vec![()]));
        assert_eq!((mailbox.receive().await, mailbox.receive().await), (1, 2));
        assert_eq!(end(monitor).await, ExitReason::Normal);
    })
    .await;
}

#[otp_core::test]
async fn tk_019_yield_gives_nothing_when_the_time_is_over_and_can_be_asked_again() {
    story(async {
        process::trap_exit(true);
        let mut slow = after(3);
        let began = Instant::now();
        assert_eq!(slow.yield_for(SECOND).await, None);
        assert_eq!(slow.yield_for(SECOND).await, None);
        assert_eq!(began.elapsed(), 2 * SECOND);
        assert_eq!(slow.yield_for(5 * SECOND).await, Some(Ok(3)));
        assert_eq!(began.elapsed(), 3 * SECOND);
        assert_eq!(crashing().yield_for(SECOND).await, Some(Err(boom())));
        let mut ready = after(0);
        end(process::monitor(&ready)).await;
        assert_eq!(now(ready.yield_for(Duration::ZERO)), Some(Some(Ok(0))));
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

/// In Elixir the value is a message and the task can end with an error after it; here it is the last thing that a task does,
/// and the value that was sent is given whatever happens to the process.
#[otp_core::test]
async fn tk_020_a_value_that_was_sent_is_given_whatever_happens_to_the_task() {
    let mut done = after(0);
    let ended = process::monitor(&done);
    end(ended).await;
    process::exit(&done, ExitReason::Kill);
    assert_eq!(done.yield_for(SECOND).await, Some(Ok(0)));
    let (tell, told) = oneshot::channel();
    let mut late = Task::spawn(async { tell.send(()).unwrap() });
    told.await.unwrap();
    process::exit(&late, boom());
    assert_eq!(late.yield_for(SECOND).await, Some(Ok(())));
    assert_eq!(crashes(), []);
}

#[otp_core::test]
async fn tk_021_yield_many_gives_each_task_with_what_it_has() {
    story(async {
        process::trap_exit(true);
        let began = Instant::now();
        let tasks = [after(9), crashing(), after(1)];
        let slow = tasks[0].pid().unwrap();
        let pairs = task::yield_many(tasks).await;
        assert_eq!(began.elapsed(), 5 * SECOND);
        assert!(pairs.iter().all(|(task, _)| task.pid().is_some()));
        let (mut later, _): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(_, result)| result.is_none());
        assert_eq!(later[0].0.pid(), Some(slow));
        let (again, _) = later.remove(0);
        let results = results(task::yield_many([again]).await);
        assert_eq!((results, began.elapsed()), (vec![Some(Ok(9))], 9 * SECOND));
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_021_yield_many_does_with_the_late_ones_what_it_is_told_to() {
    story(async {
        for (on_timeout, is_alive, comes) in [
            (YieldTimeout::Nothing, true, Some(Ok(9))),
            (YieldTimeout::Ignore, true, None),
            (YieldTimeout::KillTask, false, None),
        ] {
            let tasks = [after(9), after(1)];
            let slow = tasks[0].pid().unwrap();
            let waiting = task::yield_many(tasks)
                .timeout(2 * SECOND)
                .on_timeout(on_timeout);
            let mut pairs = waiting.await;
            assert_eq!((&pairs[0].1, &pairs[1].1), (&None, &Some(Ok(1))));
            assert_eq!(info(slow).is_some(), is_alive, "{on_timeout:?}");
            assert_eq!(links().contains(&slow), is_alive, "{on_timeout:?}");
            assert_eq!(
                pairs[0].0.yield_for(10 * SECOND).await,
                comes,
                "{on_timeout:?}"
            );
        }
    })
    .await;
}

#[otp_core::test]
async fn tk_022_yield_many_is_done_when_as_many_are_as_it_waits_for() {
    let began = Instant::now();
    let tasks = [after(3), after(1), after(2)];
    let slow = tasks[0].pid().unwrap();
    let waiting = task::yield_many(tasks)
        .limit(2)
        .on_timeout(YieldTimeout::KillTask);
    let results = results(waiting.await);
    assert_eq!(results, [None, Some(Ok(1)), Some(Ok(2))]);
    assert_eq!(began.elapsed(), 2 * SECOND);
    assert!(info(slow).is_some(), "the limit was reached");
    assert_eq!(end(process::monitor(slow)).await, ExitReason::Normal);
}

#[otp_core::test]
async fn tk_022_yield_many_is_done_at_once_when_all_are_below_the_limit() {
    let began = Instant::now();
    let all = results(task::yield_many([after(1), after(2)]).limit(5).await);
    assert_eq!(
        (all, began.elapsed()),
        (vec![Some(Ok(1)), Some(Ok(2))], 2 * SECOND)
    );
    let none = task::yield_many(Vec::<Task<()>>::new()).limit(5);
    assert_eq!(now(none.into_future()).map(|pairs| pairs.len()), Some(0));
}

#[otp_core::test]
async fn tk_023_shutdown_gives_a_value_that_was_there_nothing_of_a_shutdown_and_other_reasons() {
    story(async {
        process::trap_exit(true);
        let done = after(0);
        end(process::monitor(&done)).await;
        assert_eq!(done.shutdown().await, Some(Ok(0)));
        assert_eq!(after(9).shutdown().await, None);
        let dead = crashing();
        end(process::monitor(&dead)).await;
        assert_eq!(dead.shutdown().await, Some(Err(boom())));
        let mut taken = after(0);
        assert_eq!(taken.yield_for(SECOND).await, Some(Ok(0)));
        assert_eq!(taken.shutdown().await, Some(Err(ExitReason::NoProc)));
        let shut = Task::spawn(async {
            process::exit_with(ExitReason::Shutdown);
            #[expect(unreachable_code, reason = "it names the type")]
            0_u32
        });
        end(process::monitor(&shut)).await;
        assert_eq!(shut.shutdown().await, None);
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_023_a_task_that_traps_exits_can_end_with_its_value_when_it_is_shut_down() {
    let (tell, told) = oneshot::channel();
    let task = Task::spawn(async {
        process::trap_exit(true);
        tell.send(()).unwrap();
        process::receive_exit().await.reason
    });
    told.await.unwrap();
    assert_eq!(task.shutdown().await, Some(Ok(ExitReason::Shutdown)));
}

#[otp_core::test]
async fn tk_024_a_task_that_does_not_stop_in_time_is_killed() {
    story(async {
        for (time, waiting) in [
            (5, stubborn().await.shutdown()),
            (2, stubborn().await.shutdown().timeout(2 * SECOND)),
        ] {
            let began = Instant::now();
            assert_eq!(waiting.await, Some(Err(ExitReason::Killed)));
            assert_eq!(began.elapsed(), time * SECOND);
        }
        let forever = stubborn().await;
        let (pid, ended) = (forever.pid().unwrap(), process::monitor(&forever));
        let waiting = Task::spawn(async { forever.shutdown().timeout_infinite().await });
        sleep(3600 * SECOND).await;
        assert!(now(process::receive_down(ended)).is_none());
        process::exit(pid, ExitReason::Kill);
        assert_eq!(waiting.await, Ok(Some(Err(ExitReason::Killed))));
    })
    .await;
}

#[otp_core::test]
async fn tk_025_a_brutal_kill_gives_nothing_of_the_kill_and_every_other_reason() {
    story(async {
        process::trap_exit(true);
        assert_eq!(stubborn().await.shutdown().brutal_kill().await, None);
        let with = async |reason: ExitReason| {
            let task = Task::spawn(async {
                process::exit_with(reason);
                #[expect(unreachable_code, reason = "it names the type")]
                0_u32
            });
            end(process::monitor(&task)).await;
            task.shutdown().brutal_kill().await
        };
        for reason in [ExitReason::Normal, ExitReason::Shutdown, boom()] {
            assert_eq!(with(reason.clone()).await, Some(Err(reason)));
        }
        let done = after(0);
        end(process::monitor(&done)).await;
        assert_eq!(done.shutdown().brutal_kill().await, Some(Ok(0)));
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_026_after_a_shutdown_there_is_no_link_and_no_exit_and_no_down() {
    story(async {
        process::trap_exit(true);
        for nth in 0..3 {
            let shutdown = match nth {
                0 => after(9).shutdown(),
                1 => after(9).shutdown().brutal_kill(),
                _ => stubborn().await.shutdown().timeout(SECOND),
            };
            shutdown.await;
            let me = info(process::self_pid()).unwrap();
            assert_eq!(
                (me.links, me.monitors, me.message_queue_len),
                (vec![], vec![], 0)
            );
        }
        assert!(now(process::receive_exit()).is_none());
    })
    .await;
}

/// As in Elixir: what came before the shutdown is there.
#[otp_core::test]
async fn tk_026_an_exit_that_came_before_the_shutdown_stays() {
    story(async {
        process::trap_exit(true);
        let dead = crashing();
        let pid = dead.pid().unwrap();
        end(process::monitor(&dead)).await;
        assert_eq!(dead.shutdown().await, Some(Err(boom())));
        let exit = process::receive_exit().await;
        assert_eq!((exit.pid, exit.reason), (pid, boom()));
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_027_an_ignored_task_runs_on_its_value_vanishes_and_its_link_stays() {
    story(async {
        process::trap_exit(true);
        let slow = after(9);
        let pid = slow.pid().unwrap();
        assert_eq!(slow.ignore(), None);
        assert_eq!(links(), [pid]);
        let exit = process::receive_exit().await;
        assert_eq!((exit.pid, exit.reason), (pid, ExitReason::Normal));
        assert_eq!(queued(), 0);

        let (done, dead) = (after(0), crashing());
        end(process::monitor(&done)).await;
        end(process::monitor(&dead)).await;
        assert_eq!(
            (done.ignore(), dead.ignore()),
            (Some(Ok(0)), Some(Err(boom())))
        );
        let dropped = after(9);
        let ended = process::monitor(&dropped);
        drop(dropped);
        assert_eq!(end(ended).await, ExitReason::Normal);
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

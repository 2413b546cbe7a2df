//! TK-001 to TK-014, TK-048: one task, from its start to its await.

use std::marker::PhantomData;

use otp_core::process::info;
use otp_core::time::{Instant, sleep};
use otp_core::{ExitReason, Restart, Shutdown, Strategy, Supervisor, prelude::*};
use tests::Reports;
use tests::processes::{Peer, boom, crashes, end, now, story};
use tokio::sync::oneshot;

const SECOND: Duration = Duration::from_secs(1);

async fn crash() -> u32 {
    process::exit_with(boom())
}

fn links() -> Vec<Pid> {
    info(process::self_pid()).expect("it lives").links
}

fn queued() -> usize {
    info(process::self_pid())
        .expect("it lives")
        .message_queue_len
}

#[otp_core::test]
async fn tk_001_a_task_is_linked_with_who_spawns_it_and_its_value_waits_in_the_handle() {
    story(async {
        let me = process::self_pid();
        let task = Task::spawn(async { links() });
        assert_eq!(links(), Vec::from_iter(task.pid()));
        let ended = process::monitor(&task);
        assert_eq!(end(ended).await, ExitReason::Normal);
        assert_eq!((queued(), links()), (0, vec![]), "no message and no DOWN");
        assert_eq!(task.await, Ok(vec![me]));
    })
    .await;
}

#[otp_core::test]
async fn tk_002_start_is_not_linked_start_link_is_and_neither_sends_its_value() {
    story(async {
        let started = process::monitor(Task::start(async { 42 }));
        assert_eq!(links(), []);
        let linked = process::monitor(Task::start_link(async { 42 }));
        assert_eq!(links().len(), 1);
        assert_eq!(end(started).await, ExitReason::Normal);
        assert_eq!(end(linked).await, ExitReason::Normal);
        assert_eq!((queued(), links()), (0, vec![]));
    })
    .await;
}

#[otp_core::test]
async fn tk_002_the_crash_of_a_started_task_is_nobodys_but_a_linked_ones_is() {
    let (_, alone) = process::spawn_monitor(async {
        end(process::monitor(Task::start(crash()))).await;
    });
    assert_eq!(end(alone).await, ExitReason::Normal);
    let (_, linked) = process::spawn_monitor(async {
        Task::start_link(crash());
        std::future::pending::<()>().await;
    });
    assert_eq!(end(linked).await, boom());
    assert_eq!(crashes(), [boom(), boom()]);
}

#[otp_core::test]
async fn tk_003_the_crash_of_a_task_ends_a_caller_that_does_not_trap_exits() {
    let (_, awaiting) = process::spawn_monitor(async {
        let result = Task::spawn(crash()).await;
        unreachable!("the exit signal comes before the result: {result:?}");
    });
    assert_eq!(end(awaiting).await, boom());
    let (_, elsewhere) = process::spawn_monitor(async {
        let _task = Task::spawn(crash());
        std::future::pending::<()>().await;
    });
    assert_eq!(end(elsewhere).await, boom());
    assert_eq!(crashes(), [boom(), boom()]);
}

#[otp_core::test]
async fn tk_004_a_caller_that_ends_takes_linked_tasks_along_and_no_others() {
    let tasks = TaskSupervisor::new().start_link().await.unwrap();
    let (tell, told) = oneshot::channel();
    let under = tasks.clone();
    let (caller, ended) = process::spawn_monitor(async move {
        let forever = std::future::pending::<()>;
        let spawned = Task::spawn(forever());
        let supervised = under.spawn(forever()).await.unwrap();
        let nolink = under.spawn_nolink(forever()).await.unwrap();
        let linked = Task::start_link(forever());
        let started = Task::start(forever());
        let pids = [
            spawned.pid(),
            supervised.pid(),
            Some(linked),
            nolink.pid(),
            Some(started),
        ];
        tell.send(pids.map(Option::unwrap)).unwrap();
        forever().await;
    });
    let pids = told.await.unwrap();
    let monitors = pids.map(process::monitor);
    process::exit(caller, boom());
    assert_eq!(end(ended).await, boom());
    for linked in &monitors[..3] {
        assert_eq!(end(*linked).await, boom());
    }
    assert!(pids[3..].iter().all(|pid| info(*pid).is_some()));
    process::exit(pids[4], ExitReason::Kill);
    end(monitors[4]).await;
    assert_eq!(crashes(), []);
}

#[otp_core::test]
async fn tk_005_a_task_knows_its_callers_and_its_ancestors() {
    let me = process::self_pid();
    let both = || (task::callers(), process::ancestors());
    assert_eq!(both().0, []);

    let (callers, ancestors) = Task::spawn(async move { both() }).await.unwrap();
    assert_eq!((callers, ancestors[0]), (vec![me], me));

    let inner = async move { (task::callers(), process::self_pid()) };
    let outer = Task::spawn(async move { (process::self_pid(), Task::spawn(inner).await) });
    let (outer, inner) = outer.await.unwrap();
    assert_eq!(inner.unwrap().0, [outer, me]);

    let (tell, told) = oneshot::channel();
    Task::start_link(async move { tell.send(both()).unwrap() });
    let (callers, ancestors) = told.await.unwrap();
    assert_eq!((callers, ancestors[0]), (vec![me], me));

    let (tell, told) = oneshot::channel();
    Task::start(async move { tell.send(both()).unwrap() });
    assert_eq!(told.await.unwrap(), (vec![me], vec![]), "nobody is linked");
}

#[otp_core::test]
async fn tk_005_under_a_supervisor_the_callers_are_who_asked_and_the_ancestors_who_started() {
    let me = process::self_pid();
    let tasks = TaskSupervisor::new().start_link().await.unwrap();
    let supervisor = tasks.pid().unwrap();
    let both = || (task::callers(), process::ancestors());
    let (tell, told) = oneshot::channel();
    tasks
        .start_child(async move { tell.send(both()).unwrap() })
        .await
        .unwrap();
    let stream = tasks.async_stream([()], move |()| async move { both() });
    let all = [
        tasks
            .spawn(async move { both() })
            .await
            .unwrap()
            .await
            .unwrap(),
        tasks
            .spawn_nolink(async move { both() })
            .await
            .unwrap()
            .await
            .unwrap(),
        told.await.unwrap(),
        stream.collect::<Vec<_>>().await.remove(0).unwrap(),
    ];
    for (callers, ancestors) in all {
        assert_eq!(callers, [me]);
        assert_eq!(ancestors[..2], [supervisor, me]);
    }
    let stream = task::async_stream([()], async |()| task::callers());
    assert_eq!(stream.collect::<Vec<_>>().await, [Ok(vec![me])]);
}

#[otp_core::test]
async fn tk_006_a_completed_task_is_there_at_once_and_is_no_process() {
    let task = Task::completed(42);
    assert_eq!(task.pid(), None);
    assert_eq!(now(task), Some(Ok(42)));
    assert_eq!(now(Task::completed(1).yield_for(SECOND)), Some(Some(Ok(1))));
    assert_eq!(Task::completed(2).shutdown().await, Some(Ok(2)));
    let mixed = [Task::completed(3), Task::spawn(async { 4 })];
    assert_eq!(task::await_many(mixed).await, Ok(vec![3, 4]));
}

#[otp_core::test]
async fn tk_007_as_a_child_a_task_is_temporary_unless_it_says_otherwise() {
    let spec = Task::child_spec(std::future::pending::<()>);
    assert_eq!(
        (spec.id.as_str(), spec.restart),
        ("Task", Restart::Temporary)
    );
    assert_eq!(spec.shutdown, Shutdown::Timeout(5 * SECOND));
    let once = spec.handle();
    let again = Task::child_spec(std::future::pending::<()>)
        .id("again")
        .restart(Restart::Permanent);
    let restarted = again.handle();
    let supervisor = Supervisor::builder(Strategy::OneForOne)
        .child(spec)
        .child(again)
        .start_link()
        .await
        .unwrap();
    let before = restarted.pid().unwrap();
    for child in [&once, &restarted] {
        let ended = process::monitor(child);
        process::exit(child, boom());
        assert_eq!(end(ended).await, boom());
    }
    let counts = supervisor.count_children().await.unwrap();
    assert_eq!((counts.specs, counts.active), (1, 1));
    assert_eq!(once.pid(), None);
    assert!(restarted.pid().is_some_and(|pid| pid != before));
}

#[otp_core::test]
async fn tk_008_await_returns_the_value_once() {
    story(async {
        process::trap_exit(true);
        let task = Task::spawn(async { 42 });
        let pid = task.pid().unwrap();
        assert_eq!(task.await, Ok(42));
        let exit = process::receive_exit().await;
        assert_eq!((exit.pid, exit.reason), (pid, ExitReason::Normal));
        let me = info(process::self_pid()).unwrap();
        assert_eq!(
            (me.links, me.monitors, me.message_queue_len),
            (vec![], vec![], 0)
        );
    })
    .await;
}

#[otp_core::test]
async fn tk_009_an_await_waits_five_seconds_and_leaves_the_task_alone() {
    story(async {
        let began = Instant::now();
        let (go, wait) = oneshot::channel();
        let task = Task::spawn(async { wait.await.unwrap() });
        let pid = task.pid().unwrap();
        assert_eq!(task.await, Err::<u32, _>(ExitReason::Timeout));
        assert_eq!(began.elapsed(), 5 * SECOND);
        assert_eq!(links(), [pid], "it runs, and the link is there");
        let ended = process::monitor(pid);
        go.send(42).unwrap();
        assert_eq!(end(ended).await, ExitReason::Normal);
        assert_eq!((queued(), links()), (0, vec![]), "its value has vanished");
    })
    .await;
}

#[otp_core::test]
async fn tk_009_an_await_waits_as_long_as_it_is_told_to() {
    let sleeping = |seconds: u32| {
        Task::spawn(async move {
            sleep(seconds * SECOND).await;
            seconds
        })
    };
    let began = Instant::now();
    assert_eq!(
        sleeping(9).timeout(2 * SECOND).await,
        Err(ExitReason::Timeout)
    );
    assert_eq!(began.elapsed(), 2 * SECOND);
    assert_eq!(sleeping(9).timeout(10 * SECOND).await, Ok(9));
    assert_eq!(sleeping(3600).timeout_infinite().await, Ok(3600));
    let ready = sleeping(0);
    sleep(SECOND).await;
    assert_eq!(now(ready.timeout(Duration::ZERO)), Some(Ok(0)));
}

#[otp_core::test]
async fn tk_009_a_caller_that_ends_by_a_timeout_takes_the_task_along() {
    let (tell, told) = oneshot::channel();
    let (_, caller) = process::spawn_monitor(async {
        let task = Task::spawn(std::future::pending::<()>());
        tell.send(task.pid().unwrap()).unwrap();
        task.await
    });
    let task = process::monitor(told.await.unwrap());
    assert_eq!(end(caller).await, ExitReason::Timeout);
    assert_eq!(end(task).await, ExitReason::Timeout);
    assert_eq!(crashes(), [ExitReason::Timeout]);
}

#[otp_core::test]
async fn tk_010_a_task_that_ends_without_a_value_gives_its_reason() {
    story(async {
        process::trap_exit(true);
        let with = |reason: ExitReason| {
            Task::spawn(async move {
                process::exit_with(reason);
                #[expect(unreachable_code, reason = "it names the type")]
                0_u32
            })
        };
        for reason in [ExitReason::Normal, ExitReason::Shutdown, boom()] {
            assert_eq!(with(reason.clone()).await, Err(reason));
        }
        let told = Task::spawn(std::future::pending::<u32>());
        process::exit(&told, ExitReason::Kill);
        assert_eq!(told.await, Err(ExitReason::Killed));
    })
    .await;
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_011_a_task_that_panics_gives_what_it_said_and_where() {
    story(async {
        process::trap_exit(true);
        let task = Task::spawn(async {
            assert!(queued() > 0, "nothing is queued");
        });
        let Err(ExitReason::Panic(panic)) = task.await else {
            panic!("it has panicked")
        };
        assert_eq!(panic.message(), "nothing is queued");
        assert!(panic.location().unwrap().contains("tk_tasks.rs"));
    })
    .await;
    assert_eq!(crashes().len(), 1);
}

/// Whether a type can be cloned: what it has itself comes before what a trait gives to all.
struct Probe<T>(PhantomData<T>);

trait CannotBeCloned {
    const CAN_BE_CLONED: bool = false;
}

impl<T> CannotBeCloned for Probe<T> {}

impl<T: Clone> Probe<T> {
    const CAN_BE_CLONED: bool = true;
}

#[otp_core::test]
async fn tk_013_who_holds_the_handle_is_the_owner_and_there_is_one() {
    const { assert!(Probe::<Pid>::CAN_BE_CLONED && !Probe::<Task<u32>>::CAN_BE_CLONED) };
    let task = Task::spawn(async { 42 });
    let given = Task::spawn(task);
    assert_eq!(given.await, Ok(Ok(42)));
}

#[otp_core::test]
async fn tk_014_a_value_is_taken_once_and_the_second_wait_is_for_nothing() {
    // By value, `await` takes the task, so that there is no second one. By reference there may be.
    let mut task = Task::spawn(async { 42 });
    assert_eq!(task.yield_for(SECOND).await, Some(Ok(42)));
    assert_eq!(task.yield_for(SECOND).await, None);
    assert_eq!(task.await, Err(ExitReason::Timeout));
}

#[otp_core::test]
async fn tk_048_a_task_that_crashes_is_reported_once() {
    let reports = Reports::new();
    let starter = Peer::spawn();
    let pid = starter
        .does(|| {
            Task::start(async {
                process::set_label("the one that fails");
                crash().await
            })
        })
        .await;
    end(process::monitor(pid)).await;
    let [report] = &reports.take("otp_core::task")[..] else {
        panic!("one report")
    };
    assert_eq!(report.get("pid"), pid.to_string());
    assert_eq!(report.get("starter"), starter.pid().to_string());
    assert_eq!(report.get("label"), "the one that fails");
    assert_eq!(report.get("reason"), "boom");
    assert!(
        report.get("task").starts_with("tk_tasks::tk_048_"),
        "{}",
        report.get("task")
    );
    let [report] = &reports.take("otp_core::crash")[..] else {
        panic!("and one of the process")
    };
    assert_eq!(
        (report.get("kind"), report.get("pid")),
        ("task", &*pid.to_string())
    );
    assert_eq!(crashes(), [boom()]);
}

#[otp_core::test]
async fn tk_048_a_task_that_ends_in_order_or_is_stopped_is_not_reported() {
    let reports = Reports::new();
    for reason in [
        ExitReason::Normal,
        ExitReason::Shutdown,
        ExitReason::shutdown_with("done"),
    ] {
        let ended = process::monitor(Task::start(async { process::exit_with(reason) }));
        end(ended).await;
    }
    let stopped = Task::spawn(std::future::pending::<()>());
    assert_eq!(stopped.shutdown().brutal_kill().await, None);
    assert_eq!(reports.take("otp_core::task").len(), 0);
    assert_eq!(reports.take("otp_core::crash").len(), 0);
}

//! TK-028 to TK-033: tasks under a supervisor.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otp_core::process::info;
use otp_core::time::Instant;
use otp_core::{
    ChildError, Restart, Shutdown, StartChildError, Strategy, Supervisor, prelude::*, supervisor,
};
use tests::processes::{boom, crashes, end, story};
use tokio::sync::oneshot;

const SECOND: Duration = Duration::from_secs(1);

async fn forever() {
    std::future::pending().await
}

async fn supervised() -> TaskSupervisorRef {
    TaskSupervisor::new().start_link().await.expect("it starts")
}

fn links(pid: Pid) -> Vec<Pid> {
    info(pid).expect("it lives").links
}

/// Runs under the supervisor a task that traps exits and goes on; gives how it is told to stop.
async fn stubborn(tasks: &TaskSupervisorRef, shutdown: Shutdown) -> process::MonitorRef {
    let (tell, told) = oneshot::channel();
    let task = tasks.start_child(async {
        process::trap_exit(true);
        tell.send(()).expect("it waits");
        forever().await;
    });
    let pid = task.shutdown(shutdown).await.expect("it starts");
    told.await.expect("it tells");
    process::monitor(pid)
}

#[otp_core::test]
async fn tk_028_a_task_is_linked_with_its_supervisor_and_if_it_is_to_be_with_who_asks() {
    let tasks = supervised().await;
    let (me, supervisor) = (process::self_pid(), tasks.pid().unwrap());
    let linked = tasks.spawn(forever()).await.unwrap();
    let mut expected = vec![me, supervisor];
    expected.sort_unstable();
    assert_eq!(links(linked.pid().unwrap()), expected);
    let nolink = tasks.spawn_nolink(forever()).await.unwrap();
    let child = tasks.start_child(forever()).await.unwrap();
    for pid in [nolink.pid().unwrap(), child] {
        assert_eq!(links(pid), [supervisor]);
    }
    assert_eq!(tasks.spawn(async { 42 }).await.unwrap().await, Ok(42));
}

#[otp_core::test]
async fn tk_028_a_crash_ends_who_is_linked_and_is_an_error_for_who_is_not() {
    let tasks = supervised().await;
    let under = tasks.clone();
    let (_, linked) = process::spawn_monitor(async move {
        let crash = async { process::exit_with(boom()) };
        let task: Task<u32> = under.spawn(crash).await.unwrap();
        let result = task.await;
        unreachable!("the exit signal comes before the result: {result:?}");
    });
    assert_eq!(end(linked).await, boom());
    let crash = async { process::exit_with(boom()) };
    let nolink: Task<u32> = tasks.spawn_nolink(crash).await.unwrap();
    assert_eq!(nolink.await, Err(boom()));
    assert_eq!(tasks.children().await, Ok(vec![]));
    assert_eq!(crashes(), [boom(), boom()]);
}

#[otp_core::test]
async fn tk_028_the_value_leaves_nothing_with_who_awaits_it() {
    let tasks = supervised().await;
    story(async move {
        let task = tasks.spawn(async { 42 }).await.unwrap();
        let ended = process::monitor(&task);
        assert_eq!(task.await, Ok(42));
        end(ended).await;
        let me = info(process::self_pid()).unwrap();
        assert_eq!(
            (me.links, me.monitors, me.message_queue_len),
            (vec![], vec![], 0)
        );
    })
    .await;
}

#[otp_core::test]
async fn tk_028_a_task_whose_asker_is_gone_before_it_begins_does_not_run() {
    let tasks = supervised().await;
    let runs = Arc::new(AtomicUsize::new(0));
    otp_core::sys::suspend(&tasks).await.unwrap();
    let (under, ran) = (tasks.clone(), Arc::clone(&runs));
    let (asker, ended) = process::spawn_monitor(async move {
        let task = under.spawn(async move { ran.fetch_add(1, Ordering::Relaxed) });
        drop(task.await);
    });
    otp_core::testing::settle().await;
    process::exit(asker, ExitReason::Kill);
    end(ended).await;
    otp_core::sys::resume(&tasks).await.unwrap();
    otp_core::testing::settle().await;
    assert_eq!(tasks.children().await, Ok(vec![]));
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}

#[otp_core::test]
async fn tk_029_children_are_listed_and_terminated() {
    let tasks = supervised().await;
    let mut pids = Vec::new();
    for _ in 0..3 {
        pids.push(tasks.start_child(forever()).await.unwrap());
    }
    assert_eq!(tasks.children().await, Ok(pids.clone()));
    let ended = process::monitor(pids[1]);
    assert_eq!(tasks.terminate_child(pids[1]).await, Ok(()));
    assert_eq!(end(ended).await, ExitReason::Shutdown);
    assert_eq!(
        tasks.terminate_child(pids[1]).await,
        Err(ChildError::NotFound)
    );
    assert_eq!(
        tasks.terminate_child(process::self_pid()).await,
        Err(ChildError::NotFound)
    );
    assert_eq!(tasks.children().await, Ok(vec![pids[0], pids[2]]));
}

#[otp_core::test]
async fn tk_030_a_full_supervisor_refuses() {
    let tasks = TaskSupervisor::new()
        .max_children(1)
        .start_link()
        .await
        .unwrap();
    let only = tasks.start_child(forever()).await.unwrap();
    let full = StartChildError::MaxChildren;
    assert_eq!(tasks.spawn(async { 1 }).await.unwrap_err(), full);
    assert_eq!(tasks.spawn_nolink(async { 1 }).await.unwrap_err(), full);
    assert_eq!(tasks.start_child(async { 1 }).await, Err(full.clone()));
    let spec = Task::child_spec(forever);
    assert_eq!(tasks.start_child_spec(spec).await.unwrap_err(), full);
    tasks.terminate_child(only).await.unwrap();
    assert_eq!(tasks.spawn(async { 1 }).await.unwrap().await, Ok(1));
    tasks.stop().await.unwrap();
    let gone = tasks.spawn(async { 1 }).await.unwrap_err();
    assert_eq!(gone, StartChildError::Failed(CallFailure::NoProc));
}

#[otp_core::test]
async fn tk_031_a_supervisor_that_stops_gives_each_task_its_time() {
    let tasks = supervised().await;
    let kill = stubborn(&tasks, Shutdown::BrutalKill).await;
    let short = stubborn(&tasks, Shutdown::Timeout(2 * SECOND)).await;
    let usual = stubborn(&tasks, Shutdown::default()).await;
    let order = process::monitor(tasks.start_child(forever()).await.unwrap());
    let began = Instant::now();
    let stopping = Task::spawn(async move { tasks.stop().await });
    for (monitor, seconds, reason) in [
        (order, 0, ExitReason::Shutdown),
        (kill, 0, ExitReason::Killed),
        (short, 2, ExitReason::Killed),
        (usual, 5, ExitReason::Killed),
    ] {
        assert_eq!(end(monitor).await, reason);
        assert_eq!(began.elapsed(), seconds * SECOND);
    }
    assert_eq!(stopping.await, Ok(Ok(())));
}

#[otp_core::test]
async fn tk_032_a_permanent_task_is_run_again_and_a_temporary_one_is_not() {
    let tasks = TaskSupervisor::new()
        .max_restarts(100, SECOND)
        .start_link()
        .await
        .unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    for (restart, reason, expected) in [
        (None, boom(), 1),
        (Some(Restart::Transient), ExitReason::Normal, 1),
        (Some(Restart::Transient), boom(), 2),
        (Some(Restart::Permanent), ExitReason::Normal, 2),
    ] {
        runs.store(0, Ordering::Relaxed);
        let count = Arc::clone(&runs);
        let mut spec = Task::child_spec(move || {
            let (count, reason) = (Arc::clone(&count), reason.clone());
            async move {
                if count.fetch_add(1, Ordering::Relaxed) == 0 {
                    process::exit_with(reason);
                }
                forever().await;
            }
        });
        if let Some(restart) = restart {
            spec = spec.restart(restart);
        }
        let task = tasks.start_child_spec(spec).await.unwrap();
        otp_core::testing::settle().await;
        assert_eq!(runs.load(Ordering::Relaxed), expected, "{restart:?}");
        assert_eq!(task.pid().is_some(), expected == 2);
    }
    assert_eq!(crashes(), [boom(), boom()]);
}

#[otp_core::test]
async fn tk_033_a_spawned_task_is_never_started_again() {
    let tasks = TaskSupervisor::new()
        .max_restarts(0, SECOND)
        .start_link()
        .await
        .unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    for reason in [ExitReason::Normal, boom()] {
        let count = Arc::clone(&runs);
        let task = tasks.spawn_nolink(async move {
            count.fetch_add(1, Ordering::Relaxed);
            process::exit_with(reason.clone());
            #[expect(unreachable_code, reason = "it names the type")]
            ()
        });
        assert!(task.await.unwrap().await.is_err());
    }
    otp_core::testing::settle().await;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(
        tasks.children().await,
        Ok(vec![]),
        "and it has not given up"
    );
    assert_eq!(crashes(), [boom()]);
}

supervisor! {
    /// Tasks in a tree.
    struct Work;

    strategy: one_for_one,

    children: {
        tasks: TaskSupervisor::new() { max_children: 2 },
    }
}

#[otp_core::test]
async fn a_task_supervisor_is_a_child_of_a_tree() {
    let work = Work::start_link().await.unwrap();
    let pid = work.tasks().pid().unwrap();
    let first = work.tasks().start_child(forever()).await.unwrap();
    work.tasks().start_child(forever()).await.unwrap();
    let full = work.tasks().spawn(async {}).await.unwrap_err();
    assert_eq!(full, StartChildError::MaxChildren);
    let tree = work.tree().await.unwrap().to_string();
    assert!(
        tree.contains("tasks") && tree.contains(&first.to_string()),
        "{tree}"
    );
    let ended = [pid, first].map(process::monitor);
    process::exit(pid, ExitReason::Kill);
    assert_eq!(end(ended[0]).await, ExitReason::Killed);
    assert_eq!(end(ended[1]).await, ExitReason::Killed);
    otp_core::testing::settle().await;
    assert_eq!(
        work.tasks().spawn(async { 42 }).await.unwrap().await,
        Ok(42)
    );
}

#[otp_core::test]
async fn a_task_supervisor_is_a_child_of_a_builder_and_has_a_name() {
    let spec =
        otp_core::ChildSpec::new("tasks", || TaskSupervisor::new().start_link().name("tasks"));
    let supervisor = Supervisor::builder(Strategy::OneForOne)
        .child(spec)
        .start_link()
        .await
        .unwrap();
    let tasks = TaskSupervisorRef::named("tasks");
    assert_eq!(tasks.spawn(async { 42 }).await.unwrap().await, Ok(42));
    supervisor.stop().await.unwrap();
    let gone = tasks.spawn(async { 42 }).await.unwrap_err();
    assert_eq!(gone, StartChildError::Failed(CallFailure::NoProc));
}

//! Starting and stopping: several who stop one server, a start that is given up, a kill while an init runs.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otp_core::prelude::*;
use otp_core::process::info;
use shuttle::future::yield_now;
use tests::processes::{boom, end, now};
use tokio::sync::oneshot;

use super::explore;

/// Counts how often it terminated, and takes its time to begin.
#[gen_server]
struct Desk {
    terminated: Arc<AtomicUsize>,
}

#[gen_server]
impl Desk {
    #[init]
    async fn init(terminated: Arc<AtomicUsize>) -> Self {
        yield_now().await;
        Desk { terminated }
    }

    #[cast]
    fn crash(&self) {
        process::exit_with(boom());
    }

    #[terminate]
    fn terminate(&mut self) {
        self.terminated.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server whose init waits for ever.
#[gen_server]
struct Stuck {}

#[gen_server]
impl Stuck {
    #[init]
    async fn init() -> Self {
        pending::<()>().await;
        Stuck {}
    }
}

/// A server that works for ever as soon as it has begun.
#[gen_server]
struct Busy {}

#[gen_server]
impl Busy {
    #[init]
    async fn init(cx: &mut Context<Self>) -> Self {
        yield_now().await;
        cx.continue_with(BusyMessage::Work {});
        Busy {}
    }

    #[handle_continue]
    async fn work(&mut self) {
        pending::<()>().await;
    }
}

#[test]
fn whoever_stops_a_server_finds_it_gone_and_its_name_free() {
    explore(async || {
        let terminated = Arc::new(AtomicUsize::new(0));
        let desk = Desk::start(Arc::clone(&terminated))
            .name("desk")
            .await
            .unwrap();
        let stops = [(); 2].map(|()| {
            let desk = desk.clone();
            Task::spawn(async move {
                let stopped = desk.stop().await;
                (stopped, process::whereis("desk"))
            })
        });
        let stopped = desk.stop().await;
        let named = process::whereis("desk");
        let mut results = vec![(stopped, named)];
        for stop in stops {
            results.push(stop.await.unwrap());
        }
        for (stopped, named) in &results {
            assert!(
                [Ok(()), Err(StopError::NoProc)].contains(stopped),
                "{stopped:?}"
            );
            assert_eq!(*named, None);
        }
        assert!(results.iter().any(|(stopped, _)| stopped.is_ok()));
        assert_eq!(terminated.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn of_several_reasons_to_stop_one_counts_for_all() {
    explore(async || {
        let terminated = Arc::new(AtomicUsize::new(0));
        let desk = Desk::start(Arc::clone(&terminated)).await.unwrap();
        let ended = desk.monitor();
        let reasons = [ExitReason::Shutdown, ExitReason::shutdown_with("closing")];
        let stops = reasons.clone().map(|reason| {
            let desk = desk.clone();
            Task::spawn(async move { desk.stop().reason(reason).await })
        });
        let counted = end(ended).await;
        assert!(reasons.contains(&counted), "{counted:?}");
        for (stop, reason) in stops.into_iter().zip(reasons) {
            match stop.await.unwrap() {
                Ok(()) => assert_eq!(reason, counted),
                Err(StopError::Exit(other)) => assert!(other == counted && reason != counted),
                Err(error) => assert!(error == StopError::NoProc && reason != counted, "{error:?}"),
            }
        }
        assert_eq!(terminated.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_stop_of_a_server_that_crashes_tells_how_it_ended() {
    explore(async || {
        let terminated = Arc::new(AtomicUsize::new(0));
        let desk = Desk::start(Arc::clone(&terminated)).await.unwrap();
        let ended = desk.monitor();
        let crashing = desk.clone();
        Task::start(async move { drop(crashing.crash()) });
        let stopped = desk.stop().await;
        match end(ended).await {
            ExitReason::Normal => assert_eq!(stopped, Ok(())),
            reason => {
                assert_eq!(reason, boom());
                assert!([Err(StopError::Exit(boom())), Err(StopError::NoProc)].contains(&stopped));
            }
        }
        assert_eq!(terminated.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_stop_of_a_server_that_is_killed_ends() {
    explore(async || {
        let terminated = Arc::new(AtomicUsize::new(0));
        let desk = Desk::start(Arc::clone(&terminated)).await.unwrap();
        let pid = desk.pid().unwrap();
        Task::start(async move { process::exit(pid, ExitReason::Kill) });
        match desk.stop().await {
            Ok(()) => assert_eq!(terminated.load(Ordering::Relaxed), 1),
            Err(error) => {
                let killed = StopError::Exit(ExitReason::Killed);
                assert!([killed, StopError::NoProc].contains(&error), "{error:?}");
            }
        }
        assert!(!desk.is_alive());
    });
}

#[test]
fn who_waits_for_an_end_sees_the_state_gone() {
    explore(async || {
        let state = Arc::new(AtomicUsize::new(0));
        let desk = Desk::start(Arc::clone(&state)).await.unwrap();
        process::exit(&desk, boom());
        assert_eq!(desk.ended().await, boom());
        assert_eq!(Arc::strong_count(&state), 1);
    });
}

#[test]
fn a_start_that_is_given_up_leaves_nothing_behind() {
    explore(async || {
        process::trap_exit(true);
        let node = Node::current().unwrap();
        let (starter, gone) = process::spawn_monitor(async {
            drop(Stuck::start_link().name("desk").await);
        });
        process::exit(starter, ExitReason::Kill);
        assert_eq!(end(gone).await, ExitReason::Killed);
        assert_eq!(node.whereis("desk"), None);
        assert_eq!(node.processes(), [process::self_pid()]);
    });
}

#[test]
fn a_start_that_is_raced_by_a_kill_fails_or_gives_a_server_that_ends() {
    explore(async || {
        process::trap_exit(true);
        let node = Node::current().unwrap();
        let (told, asked) = oneshot::channel();
        process::spawn(async move {
            let found = process::whereis("desk");
            if let Some(desk) = found {
                process::exit(desk, ExitReason::Kill);
            }
            told.send(found).unwrap();
        });
        let started = Desk::start_link(Arc::default()).name("desk").await;
        let killed = asked.await.unwrap();
        match (started, killed) {
            (Ok(desk), None) => {
                assert_eq!(node.whereis("desk"), desk.pid());
                desk.stop().await.unwrap();
                assert_eq!(process::receive_exit().await.reason, ExitReason::Normal);
            }
            (Ok(desk), Some(killed)) => {
                assert_eq!(desk.pid(), Some(killed));
                let exit = process::receive_exit().await;
                assert_eq!((exit.pid, exit.reason), (killed, ExitReason::Killed));
            }
            (Err(error), killed) => {
                assert!(killed.is_some());
                assert_eq!(error, StartError::Init(ExitReason::Killed));
            }
        }
        assert_eq!(now(process::receive_exit()), None);
        assert_eq!(node.whereis("desk"), None);
        assert_eq!(info(process::self_pid()).unwrap().links, []);
    });
}

#[test]
fn a_kill_reaches_a_server_whose_init_waited_and_which_has_not_waited_for_a_message_since() {
    explore(async || {
        let busy = Busy::start().await.unwrap();
        process::exit(&busy, boom());
        assert_eq!(busy.ended().await, boom());
    });
}

#[test]
fn what_starts_while_all_are_killed_is_killed_too() {
    explore(async || {
        let node = Node::new();
        let starter = node.clone();
        let (told, ready) = oneshot::channel();
        Task::start(async move {
            let first = starter.run(async { process::spawn(spawn_another()) }).await;
            told.send(first).unwrap();
        });
        node.kill_all().await;
        let first = ready.await.unwrap();
        node.kill_all().await;
        assert!(!node.is_alive(first));
        assert_eq!(node.processes(), []);
    });
}

async fn spawn_another() {
    process::spawn(pending::<()>());
    pending::<()>().await;
}

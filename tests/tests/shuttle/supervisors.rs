//! Supervisors against stops, kills and crashes at the same time: no child outlives its supervisor, none is there twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otp_core::prelude::*;
use otp_core::{
    ChildError, ChildState, DynamicSupervisor, StartChildError, Strategy, Supervisor, SupervisorRef,
};
use tests::processes::{boom, end};

use super::explore;

/// How many of a kind are alive.
type Alive = Arc<AtomicUsize>;

#[gen_server]
struct Desk {
    alive: Alive,
}

#[gen_server]
impl Desk {
    #[init]
    fn init(alive: Alive) -> Self {
        let before = alive.fetch_add(1, Ordering::Relaxed);
        assert_eq!(before, 0, "the last one is gone before the next one begins");
        Desk { alive }
    }

    #[cast]
    fn crash(&self) {
        process::exit_with(boom());
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Two desks under a supervisor that does not give up.
async fn two_desks(strategy: Strategy) -> (SupervisorRef, [DeskRef; 2], [Alive; 2]) {
    let alive = [Alive::default(), Alive::default()];
    let first = Desk::child_spec(Arc::clone(&alive[0])).id("first");
    let second = Desk::child_spec(Arc::clone(&alive[1])).id("second");
    let desks = [first.handle(), second.handle()];
    let supervisor = Supervisor::builder(strategy)
        .max_restarts(100, Duration::from_secs(1))
        .child(first)
        .child(second)
        .start()
        .await
        .expect("both desks start");
    (supervisor, desks, alive)
}

fn are_gone(alive: &[Alive]) -> bool {
    alive.iter().all(|alive| Arc::strong_count(alive) == 1)
}

#[test]
fn a_stop_takes_all_children_along_though_one_crashes_and_another_is_started() {
    explore(async || {
        let (supervisor, desks, mut alive) = two_desks(Strategy::OneForAll).await;
        let third = Alive::default();
        let more = Desk::child_spec(Arc::clone(&third)).id("third");
        let (asked, stopped) = (supervisor.clone(), supervisor.clone());
        let start = Task::spawn(async move { asked.start_child(more).await });
        let stop = Task::spawn(async move { stopped.stop().await });
        desks[0].crash();

        let results = [supervisor.stop().await, stop.await.unwrap()];
        assert!(results.contains(&Ok(())), "{results:?}");
        for result in results {
            assert!(
                [Ok(()), Err(StopError::NoProc)].contains(&result),
                "{result:?}"
            );
        }
        match start.await.unwrap() {
            Ok(desk) => assert!(!desk.is_alive()),
            Err(StartChildError::Failed(failure)) => {
                let ended = CallFailure::Exit(ExitReason::Normal);
                assert!([CallFailure::NoProc, ended].contains(&failure), "{failure}");
            }
            Err(error) => panic!("{error:?}"),
        }
        assert!(are_gone(&alive) && desks.iter().all(|desk| !desk.is_alive()));
        alive[0] = third;
        assert!(are_gone(&alive));
    });
}

#[test]
fn two_that_crash_at_once_are_both_there_again_once() {
    for strategy in [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ] {
        explore(move || async move {
            let (supervisor, desks, alive) = two_desks(strategy).await;
            let before = desks.each_ref().map(|desk| desk.pid().unwrap());
            let monitors = before.map(process::monitor);
            // These incarnations, not those that follow.
            let [first, second]: [DeskRef; 2] =
                desks.each_ref().map(|desk| desk.pin().unwrap().into());
            Task::start(async move { _ = second.crash() });
            first.crash();
            for monitor in monitors {
                end(monitor).await;
            }
            // The EXITs are in its mailbox by now, before this.
            for id in ["first", "second"] {
                let state = supervisor.get_child(id).await.unwrap().state;
                assert!(matches!(state, ChildState::Running(_)), "{id} is {state}");
            }
            assert_eq!(supervisor.count_children().await.unwrap().active, 2);
            for (desk, before) in desks.iter().zip(before) {
                assert_ne!(desk.pid(), Some(before));
            }
            supervisor.stop().await.unwrap();
            assert!(are_gone(&alive));
        });
    }
}

#[test]
fn a_child_that_is_terminated_while_it_crashes_stays_away() {
    explore(async || {
        let (supervisor, desks, alive) = two_desks(Strategy::OneForOne).await;
        let crashing = desks[0].clone();
        Task::start(async move { _ = crashing.crash() });
        let asked = supervisor.clone();
        let restart = Task::spawn(async move { asked.restart_child("second").await });
        supervisor.terminate_child("first").await.unwrap();
        assert_eq!(restart.await.unwrap(), Err(ChildError::Running));
        let first = supervisor.get_child("first").await.unwrap();
        assert_eq!(first.state, ChildState::Undefined);
        assert!(!desks[0].is_alive() && desks[1].is_alive());
        supervisor.stop().await.unwrap();
        assert!(are_gone(&alive));
    });
}

#[test]
fn a_supervisor_that_is_killed_takes_its_children_along() {
    explore(async || {
        let (supervisor, desks, _alive) = two_desks(Strategy::OneForAll).await;
        desks[1].crash();
        let killed = supervisor.monitor();
        process::exit(&supervisor, ExitReason::Kill);
        assert_eq!(end(killed).await, ExitReason::Killed);
        for desk in desks {
            desk.ended().await;
            assert!(!desk.is_alive());
        }
        let node = Node::current().unwrap();
        while node.processes() != [process::self_pid()] {
            shuttle::future::yield_now().await;
        }
    });
}

#[test]
fn a_dynamic_supervisor_that_stops_takes_along_whatever_it_has_started() {
    explore(async || {
        let alive = [Alive::default(), Alive::default()];
        let desks = DynamicSupervisor::<Desk>::new().start().await.unwrap();
        let starts = alive.each_ref().map(|alive| {
            let (desks, alive) = (desks.clone(), Arc::clone(alive));
            Task::spawn(async move { desks.start_child(alive).await })
        });
        desks.stop().await.unwrap();
        for start in starts {
            match start.await.unwrap() {
                Ok(desk) => assert!(!desk.is_alive()),
                Err(StartChildError::Failed(failure)) => {
                    let ended = CallFailure::Exit(ExitReason::Normal);
                    assert!([CallFailure::NoProc, ended].contains(&failure), "{failure}");
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        assert!(are_gone(&alive));
    });
}

#[test]
fn of_a_dynamic_supervisors_child_that_crashes_and_is_terminated_nothing_is_left() {
    explore(async || {
        let alive = Alive::default();
        let desks = DynamicSupervisor::<Desk>::new().start().await.unwrap();
        let desk = desks.start_child(Arc::clone(&alive)).await.unwrap();
        let pid = desk.pid().unwrap();
        let crashing = desk.clone();
        Task::start(async move { _ = crashing.crash() });
        let terminated = desks.terminate_child(pid).await;
        let counts = desks.count_children().await.unwrap();
        match terminated {
            Ok(()) => assert_eq!(counts.specs, 0),
            // It had been started again, as another process, by the time of the request.
            Err(error) => assert_eq!((error, counts.active), (ChildError::NotFound, 1)),
        }
        desks.stop().await.unwrap();
        assert!(are_gone(&[alive]));
    });
}

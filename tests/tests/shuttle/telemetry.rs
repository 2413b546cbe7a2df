//! Handlers: whoever is attached for the whole time sees everything, and a failing one is told of once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use otp_core::prelude::*;
use otp_core::telemetry::{self, Event, EventName, HandlerFailure};
use tests::processes::boom;

use super::explore;

struct Tick;

impl Event for Tick {
    const NAME: EventName = EventName::new(&["tick"]);
}

/// Attaches a handler that counts.
fn count<E: Event>(id: &str) -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    let counted = move |_: &E| {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    telemetry::attach(id, counted).expect("the id is free");
    count
}

#[test]
fn attaching_and_detaching_hides_nothing_from_others() {
    explore(|| async {
        let always = count::<Tick>("always");
        let tasks = ["a", "b"].map(|id| {
            Task::spawn(async move {
                let own = count::<Tick>(id);
                telemetry::execute(&Tick);
                telemetry::detach(id).expect("it is attached");
                own.load(Ordering::Relaxed)
            })
        });
        for task in tasks {
            let seen = task.await.expect("it has not crashed");
            assert!((1..=2).contains(&seen), "its own, and perhaps the other's");
        }
        assert_eq!(always.load(Ordering::Relaxed), 2);
        assert_eq!(telemetry::list_handlers(&[]).len(), 1);
    });
}

#[test]
fn one_id_is_given_to_one_of_two() {
    explore(|| async {
        let tasks = [(); 2]
            .map(|()| Task::spawn(async { telemetry::attach("one", |_: &Tick| ()).is_ok() }));
        let mut attached = 0;
        for task in tasks {
            attached += u32::from(task.await.expect("it has not crashed"));
        }
        assert_eq!((attached, telemetry::list_handlers(&[]).len()), (1, 1));
    });
}

#[test]
fn a_handler_that_fails_for_two_at_once_is_told_of_once() {
    explore(|| async {
        let failures = count::<HandlerFailure>("failures");
        telemetry::attach("bad", |_: &Tick| process::exit_with(boom())).expect("it is free");
        let tasks = [(); 2].map(|()| Task::spawn(async { telemetry::execute(&Tick) }));
        for task in tasks {
            task.await.expect("it has not crashed");
        }
        assert_eq!(failures.load(Ordering::Relaxed), 1);
    });
}

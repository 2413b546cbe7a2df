//! One link, and one monitor, among N of one process.

use std::future::pending;
use std::time::Instant;

use otp_core::prelude::*;

use crate::samples::{Budget, Pick, Samples};
use crate::series::Figure;

const OPERATIONS: usize = 100;

pub(crate) async fn measure(n: usize, budget: Budget) -> Vec<Figure> {
    process::trap_exit(true);
    let mut peers: Vec<Pid> = (0..n)
        .map(|_| process::spawn_link(pending::<()>()))
        .collect();
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..OPERATIONS {
                let peer = peers[picker.next()];
                process::unlink(peer);
                process::link(peer);
            }
            samples.add(began.elapsed(), OPERATIONS);
        }
        figures.push(Figure::new("unlink and link", pick, samples));
    }

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let peer = &mut peers[picker.next()];
            let began = Instant::now();
            process::exit(*peer, ExitReason::Kill);
            assert_eq!(process::receive_exit().await.pid, *peer);
            samples.add(began.elapsed(), 1);
            *peer = process::spawn_link(pending::<()>());
        }
        figures.push(Figure::new("death of a peer, and its EXIT", pick, samples));
    }

    figures
}

/// One process watches N.
pub(crate) async fn measure_monitors(n: usize, budget: Budget) -> Vec<Figure> {
    let mut targets: Vec<(Pid, MonitorRef)> = (0..n)
        .map(|_| process::spawn_monitor(pending::<()>()))
        .collect();
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..OPERATIONS {
                let (target, monitor) = &mut targets[picker.next()];
                assert_eq!(process::demonitor(*monitor), Ok(true));
                *monitor = process::monitor(*target);
            }
            samples.add(began.elapsed(), OPERATIONS);
        }
        figures.push(Figure::new("demonitor and monitor", pick, samples));
    }

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let (target, monitor) = &mut targets[picker.next()];
            let began = Instant::now();
            process::exit(*target, ExitReason::Kill);
            assert_eq!(process::receive_down(*monitor).await.pid, *target);
            samples.add(began.elapsed(), 1);
            (*target, *monitor) = process::spawn_monitor(pending::<()>());
        }
        figures.push(Figure::new(
            "death of a target, and its DOWN",
            pick,
            samples,
        ));
    }

    figures
}

/// N processes watch one.
pub(crate) async fn measure_watchers(n: usize, budget: Budget) -> Vec<Figure> {
    let target = process::spawn(pending::<()>());
    let mut watchers = Vec::with_capacity(n);
    for _ in 0..n {
        watchers.push(process::spawn(async move {
            process::monitor(target);
            pending::<()>().await;
        }));
    }
    // On one thread, all have had their turns when this one has another.
    tokio::task::yield_now().await;
    let mut figures = Vec::new();

    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..OPERATIONS {
            let monitor = process::monitor(target);
            assert_eq!(process::demonitor(monitor), Ok(true));
        }
        samples.add(began.elapsed(), OPERATIONS);
    }
    figures.push(Figure::new("monitor and demonitor", Pick::Same, samples));

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let watcher = &mut watchers[picker.next()];
            let began = Instant::now();
            process::exit(*watcher, ExitReason::Kill);
            tokio::task::yield_now().await;
            samples.add(began.elapsed(), 1);
            *watcher = process::spawn(async move {
                process::monitor(target);
                pending::<()>().await;
            });
            tokio::task::yield_now().await;
        }
        figures.push(Figure::new("death of a watcher", pick, samples));
    }

    figures
}

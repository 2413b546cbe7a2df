//! One server among N.

use std::time::Instant;

use otp_core::prelude::*;

use crate::samples::{Budget, Pick, Samples};
use crate::series::Figure;

/// What most worlds consist of.
#[gen_server]
pub(crate) struct Counter {
    value: u64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter { value: 0 }
    }

    #[call]
    pub(crate) fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[cast]
    pub(crate) fn bump(&mut self, by: u64) {
        self.value += by;
    }
}

const CALLS: usize = 100;
const STARTS: usize = 10;

pub(crate) async fn measure(n: usize, budget: Budget) -> Vec<Figure> {
    let mut servers = Vec::with_capacity(n);
    for _ in 0..n {
        servers.push(Counter::start().await.expect("it starts"));
    }
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..CALLS {
                let called = servers[picker.next()].add(1).await;
                called.expect("it answers");
            }
            samples.add(began.elapsed(), CALLS);
        }
        figures.push(Figure::new("call", pick, samples));
    }

    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..STARTS {
            let server = Counter::start().await.expect("it starts");
            server.stop().await.expect("it stops");
        }
        samples.add(began.elapsed(), STARTS);
    }
    figures.push(Figure::new(
        "start and stop of a server",
        Pick::Same,
        samples,
    ));

    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..STARTS {
            let (_, monitor) = process::spawn_monitor(async {});
            process::receive_down(monitor).await;
        }
        samples.add(began.elapsed(), STARTS);
    }
    figures.push(Figure::new(
        "spawn of a process, and its end",
        Pick::Same,
        samples,
    ));

    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let server = Counter::start().await.expect("it starts");
        let began = Instant::now();
        kill(&server).await;
        samples.add(began.elapsed(), 1);
    }
    figures.push(Figure::new("death", Pick::Same, samples));

    let (mut samples, mut picker) = (Samples::new(budget), Pick::Any.of(n));
    while samples.wants_more() {
        let server = &mut servers[picker.next()];
        let began = Instant::now();
        kill(server).await;
        samples.add(began.elapsed(), 1);
        *server = Counter::start().await.expect("it starts");
    }
    figures.push(Figure::new("death", Pick::Any, samples));

    figures
}

async fn kill(server: &CounterRef) {
    process::exit(server, ExitReason::Kill);
    server.ended().await;
}

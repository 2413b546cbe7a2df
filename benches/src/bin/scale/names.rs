//! One name of a node among N, and one key of a registry among N.

use std::sync::Arc;
use std::time::{Duration, Instant};

use otp_core::prelude::*;

use crate::samples::{Budget, Pick, Samples};
use crate::series::Figure;
use crate::servers::{Counter, CounterRef};

const LOOK_UPS: usize = 100;

pub(crate) async fn measure(n: usize, budget: Budget) -> Vec<Figure> {
    let mut names: Vec<Arc<str>> = Vec::with_capacity(n);
    for number in 0..n {
        let name: Arc<str> = format!("server {number}").into();
        let started = Counter::start().name(Arc::clone(&name)).await;
        started.expect("it starts");
        names.push(name);
    }
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..LOOK_UPS {
                assert!(process::whereis(&names[picker.next()]).is_some());
            }
            samples.add(began.elapsed(), LOOK_UPS);
        }
        figures.push(Figure::new("whereis", pick, samples));
    }

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..LOOK_UPS {
                let server = CounterRef::named(Arc::clone(&names[picker.next()]));
                server.add(1).await.expect("it answers");
            }
            samples.add(began.elapsed(), LOOK_UPS);
        }
        figures.push(Figure::new("call by name", pick, samples));
    }

    let node = Node::current().expect("a process is in a node");
    let me = process::self_pid();
    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..LOOK_UPS {
            node.register("me", me).expect("the name is free");
            node.unregister("me").expect("the name is held");
        }
        samples.add(began.elapsed(), LOOK_UPS);
    }
    figures.push(Figure::new("register and unregister", Pick::Same, samples));

    figures
}

type Keys = RegistryRef<u64, Entrant>;

/// Registers itself, and again.
#[gen_server]
pub(crate) struct Entrant {
    keys: Keys,
}

#[gen_server]
impl Entrant {
    #[init]
    fn init(keys: Keys) -> Self {
        Entrant { keys }
    }

    #[call]
    fn answer(&self) {}

    /// How long it took to register under the key and to unregister so often.
    #[call]
    fn enter_and_leave(&mut self, key: u64, times: usize, cx: &mut Context<Self>) -> Duration {
        let began = Instant::now();
        for _ in 0..times {
            let entered = self.keys.register(cx, key, ());
            entered.expect("the key is free");
            assert_eq!(self.keys.unregister(cx, &key), 1);
        }
        began.elapsed()
    }
}

pub(crate) async fn measure_keys(n: usize, budget: Budget) -> Vec<Figure> {
    let keys: Keys = Registry::unique().start().await.expect("it starts");
    for key in 0..n as u64 {
        let started = Entrant::start(keys.clone()).via(&keys, key).await;
        started.expect("it starts");
    }
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..LOOK_UPS {
                assert!(keys.lookup(&(picker.next() as u64)).is_some());
            }
            samples.add(began.elapsed(), LOOK_UPS);
        }
        figures.push(Figure::new("lookup", pick, samples));
    }

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..LOOK_UPS {
                let server = keys.lookup(&(picker.next() as u64));
                let server = server.expect("it is registered");
                server.answer().await.expect("it answers");
            }
            samples.add(began.elapsed(), LOOK_UPS);
        }
        figures.push(Figure::new("lookup and call", pick, samples));
    }

    let entrant = Entrant::start(keys.clone()).await.expect("it starts");
    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let took = entrant.enter_and_leave(u64::MAX, LOOK_UPS).await;
        samples.add(took.expect("it answers"), LOOK_UPS);
    }
    figures.push(Figure::new("register and unregister", Pick::Same, samples));

    figures
}

//! The actor that a tokio user writes by hand: a bounded mpsc of an enum, a oneshot for each reply.
//!
//! No timeout of calls, no links, no monitors. What a workload needs beyond it, names, supervisors and timers, is written
//! by hand as well, as small as it can be.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use harness::{
    Contender, Countdown, Fails, Generation, Named, OneForAll, Panics, Publishes, Suite,
    Supervises, Timers, Token, Trees,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

const CAPACITY: usize = 1024;

fn main() -> ExitCode {
    Suite::<Raw>::new()
        .named()
        .panics()
        .fails()
        .one_for_all()
        .trees()
        .publishes()
        .timers()
        .main()
}

struct Raw;

type Address = mpsc::Sender<Message>;

enum Message {
    Add {
        by: u64,
        reply: oneshot::Sender<u64>,
    },
    Bump {
        by: u64,
    },
    Connect {
        next: Address,
    },
    Pass {
        token: Token,
    },
    Stop,
}

struct Counter {
    value: u64,
    next: Option<Address>,
}

impl Counter {
    fn start() -> Address {
        let (address, mailbox) = mpsc::channel(CAPACITY);
        tokio::spawn(Counter::run(mailbox));
        address
    }

    async fn run(mut mailbox: mpsc::Receiver<Message>) {
        let mut counter = Counter {
            value: 0,
            next: None,
        };
        while let Some(message) = mailbox.recv().await {
            match message {
                Message::Add { by, reply } => {
                    counter.value += by;
                    // The caller may have gone.
                    let _ = reply.send(counter.value);
                }
                Message::Bump { by } => counter.value += by,
                Message::Connect { next } => counter.next = Some(next),
                Message::Pass { token } => {
                    if let (Some(token), Some(next)) = (token.hop(), &counter.next) {
                        let _ = next.send(Message::Pass { token }).await;
                    }
                }
                Message::Stop => break,
            }
        }
    }
}

async fn tell(server: &Address, message: Message) {
    assert!(server.send(message).await.is_ok(), "it lives");
}

impl Contender for Raw {
    const NAME: &'static str = "raw";

    type Server = Address;

    async fn start() -> Address {
        Counter::start()
    }

    async fn call(server: &Address, by: u64) -> u64 {
        let (reply, answer) = oneshot::channel();
        tell(server, Message::Add { by, reply }).await;
        answer.await.expect("it answers")
    }

    async fn cast(server: &Address, by: u64) {
        tell(server, Message::Bump { by }).await;
    }

    async fn connect(server: &Address, next: Address) {
        tell(server, Message::Connect { next }).await;
    }

    async fn pass(server: &Address, token: Token) {
        tell(server, Message::Pass { token }).await;
    }

    async fn stop(server: Address) {
        tell(&server, Message::Stop).await;
        server.closed().await;
    }
}

impl Named for Raw {
    type Names = Arc<RwLock<HashMap<Arc<str>, Address>>>;

    async fn names() -> Self::Names {
        Arc::default()
    }

    async fn start_named(names: &Self::Names, name: &Arc<str>) {
        let mut names = names.write().unwrap_or_else(PoisonError::into_inner);
        names.insert(Arc::clone(name), Counter::start());
    }

    async fn call_named(names: &Self::Names, name: &Arc<str>, by: u64) -> u64 {
        let found = {
            let names = names.read().unwrap_or_else(PoisonError::into_inner);
            names.get(name).cloned()
        };
        Raw::call(&found.expect("it has been started"), by).await
    }
}

enum Order {
    Generation { reply: oneshot::Sender<u64> },
    Panic,
    Fail,
}

/// What is started again and again.
async fn phoenix(born: u64, mut mailbox: mpsc::Receiver<Order>) -> Result<(), &'static str> {
    while let Some(order) = mailbox.recv().await {
        match order {
            Order::Generation { reply } => {
                let _ = reply.send(born);
            }
            Order::Panic => panic!("it was told to"),
            Order::Fail => return Err("it was told to"),
        }
    }
    Ok(())
}

/// Where the present incarnation is.
type Place = Arc<RwLock<mpsc::Sender<Order>>>;

fn present(place: &Place) -> mpsc::Sender<Order> {
    place.read().unwrap_or_else(PoisonError::into_inner).clone()
}

async fn ask(place: &Place) -> Option<u64> {
    let (reply, answer) = oneshot::channel();
    let order = Order::Generation { reply };
    present(place).send(order).await.ok()?;
    answer.await.ok()
}

impl Supervises for Raw {
    type Supervised = Place;

    async fn supervise(generation: Generation) -> Place {
        let (sender, mut mailbox) = mpsc::channel(CAPACITY);
        let place = Arc::new(RwLock::new(sender));
        let follows = place.clone();
        tokio::spawn(async move {
            loop {
                let child = tokio::spawn(phoenix(generation.begin(), mailbox));
                let _ended = child.await;
                let (sender, receiver) = mpsc::channel(CAPACITY);
                mailbox = receiver;
                *follows.write().unwrap_or_else(PoisonError::into_inner) = sender;
            }
        });
        place
    }

    async fn generation(place: &Place) -> Option<u64> {
        ask(place).await
    }
}

impl Panics for Raw {
    async fn panic(place: &Place) {
        let _ = present(place).send(Order::Panic).await;
    }
}

impl Fails for Raw {
    async fn fail(place: &Place) {
        let _ = present(place).send(Order::Fail).await;
    }
}

impl OneForAll for Raw {
    type Group = Vec<Place>;

    async fn group(count: usize, generation: Generation) -> Vec<Place> {
        let places: Vec<Place> = (0..count)
            .map(|_| Arc::new(RwLock::new(mpsc::channel(CAPACITY).0)))
            .collect();
        let (started, all_started) = oneshot::channel();
        let children = places.clone();
        tokio::spawn(async move {
            let mut started = Some(started);
            loop {
                let mut running = JoinSet::new();
                for place in &children {
                    let (sender, mailbox) = mpsc::channel(CAPACITY);
                    running.spawn(phoenix(generation.begin(), mailbox));
                    *place.write().unwrap_or_else(PoisonError::into_inner) = sender;
                }
                if let Some(started) = started.take() {
                    let _ = started.send(());
                }
                running.join_next().await;
                running.shutdown().await;
            }
        });
        all_started.await.expect("the supervisor runs");
        places
    }

    async fn fail_first(group: &Vec<Place>) {
        let _ = present(&group[0]).send(Order::Fail).await;
    }

    async fn last_generation(group: &Vec<Place>) -> Option<u64> {
        ask(group.last()?).await
    }
}

impl Trees for Raw {
    /// To be dropped, and the task to be waited for.
    type Tree = (oneshot::Sender<()>, JoinHandle<()>);

    async fn tree(supervisors: usize, servers: usize) -> Self::Tree {
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, mut all_started) = mpsc::channel(1);
        let root = tokio::spawn(async move {
            let mut below = JoinSet::new();
            let mut stops = Vec::with_capacity(supervisors);
            for _ in 0..supervisors {
                let (stop, stopped) = oneshot::channel::<()>();
                stops.push(stop);
                below.spawn(supervisor(servers, stopped, started.clone()));
            }
            drop(started);
            let _ = stopped.await;
            drop(stops);
            while below.join_next().await.is_some() {}
        });
        while all_started.recv().await.is_some() {}
        (stop, root)
    }

    async fn shut_down((stop, root): Self::Tree) {
        drop(stop);
        root.await.expect("it ends");
    }
}

/// Starts servers, and ends them when it is told to: without their senders, they end.
async fn supervisor(servers: usize, stopped: oneshot::Receiver<()>, started: mpsc::Sender<()>) {
    let mut running = JoinSet::new();
    let mut addresses = Vec::with_capacity(servers);
    for _ in 0..servers {
        let (address, mailbox) = mpsc::channel(CAPACITY);
        running.spawn(Counter::run(mailbox));
        addresses.push(address);
    }
    drop(started);
    let _ = stopped.await;
    drop(addresses);
    while running.join_next().await.is_some() {}
}

impl Publishes for Raw {
    type Topic = Vec<mpsc::Sender<Countdown>>;

    async fn topic(subscribers: usize) -> Self::Topic {
        let subscriber = |_| {
            let (sender, mut mailbox) = mpsc::channel::<Countdown>(CAPACITY);
            tokio::spawn(async move {
                while let Some(arrival) = mailbox.recv().await {
                    arrival.arrived();
                }
            });
            sender
        };
        (0..subscribers).map(subscriber).collect()
    }

    async fn publish(topic: &Self::Topic, arrival: Countdown) {
        for subscriber in topic {
            subscriber.send(arrival.clone()).await.expect("it lives");
        }
    }
}

impl Timers for Raw {
    type Timer = JoinHandle<()>;

    async fn arm(server: &Address, after: Duration) -> JoinHandle<()> {
        let server = server.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let _ = server.send(Message::Bump { by: 1 }).await;
        })
    }

    async fn cancel(timer: JoinHandle<()>) {
        timer.abort();
    }
}

//! xtra: an address, a mailbox of a bounded size, a handler for each message. Topics are its broadcasts: the subscribers
//! share an address.

use std::process::ExitCode;

use harness::{Contender, Countdown, Publishes, Suite, Token, Workload};
use xtra::{Actor, Address, Context, Handler, Mailbox};

const CAPACITY: usize = 1024;

fn main() -> ExitCode {
    Suite::<Xtra>::new()
        .publishes()
        .skip(Workload::Cast, "a call overtakes the casts before it")
        .skip(Workload::Senders, "a call overtakes the casts before it")
        .skip(Workload::Names, "has no names")
        .skip(Workload::Panic, "has no supervision")
        .skip(Workload::Fail, "has no supervision")
        .skip(Workload::OneForAll, "has no supervision")
        .skip(Workload::Tree, "has no supervision")
        .skip(Workload::Timers, "has no timers")
        .main()
}

struct Xtra;

/// Counts, and passes tokens on.
#[derive(Actor, Default)]
struct Counter {
    value: u64,
    next: Option<Address<Counter>>,
}

struct Add(u64);

impl Handler<Add> for Counter {
    type Return = u64;

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) -> u64 {
        self.value += by;
        self.value
    }
}

struct Bump(u64);

impl Handler<Bump> for Counter {
    type Return = ();

    async fn handle(&mut self, Bump(by): Bump, _: &mut Context<Self>) {
        self.value += by;
    }
}

struct Connect(Address<Counter>);

impl Handler<Connect> for Counter {
    type Return = ();

    async fn handle(&mut self, Connect(next): Connect, _: &mut Context<Self>) {
        self.next = Some(next);
    }
}

struct Pass(Token);

impl Handler<Pass> for Counter {
    type Return = ();

    async fn handle(&mut self, Pass(token): Pass, _: &mut Context<Self>) {
        if let (Some(token), Some(next)) = (token.hop(), &self.next) {
            // The next one may have gone.
            let _ = next.send(Pass(token)).detach().await;
        }
    }
}

struct Stop;

impl Handler<Stop> for Counter {
    type Return = ();

    async fn handle(&mut self, _: Stop, context: &mut Context<Self>) {
        context.stop_self();
    }
}

impl Contender for Xtra {
    const NAME: &'static str = "xtra";

    type Server = Address<Counter>;

    async fn start() -> Address<Counter> {
        xtra::spawn_tokio(Counter::default(), Mailbox::bounded(CAPACITY))
    }

    async fn call(server: &Address<Counter>, by: u64) -> u64 {
        server.send(Add(by)).await.expect("it answers")
    }

    async fn cast(server: &Address<Counter>, by: u64) {
        let queued = server.send(Bump(by)).detach().await;
        drop(queued.expect("it lives"));
    }

    async fn connect(server: &Address<Counter>, next: Address<Counter>) {
        // A token would overtake it if it were only queued.
        server.send(Connect(next)).await.expect("it answers");
    }

    async fn pass(server: &Address<Counter>, token: Token) {
        let queued = server.send(Pass(token)).detach().await;
        drop(queued.expect("it lives"));
    }

    async fn stop(server: Address<Counter>) {
        let queued = server.send(Stop).detach().await;
        drop(queued.expect("it lives"));
        server.join().await;
    }
}

/// Hears what is published.
#[derive(Actor)]
struct Subscriber;

#[derive(Clone)]
struct News(Countdown);

impl Handler<News> for Subscriber {
    type Return = ();

    async fn handle(&mut self, News(arrival): News, _: &mut Context<Self>) {
        arrival.arrived();
    }
}

impl Publishes for Xtra {
    type Topic = Address<Subscriber>;

    async fn topic(subscribers: usize) -> Address<Subscriber> {
        let (address, mailbox) = Mailbox::bounded(CAPACITY);
        for _ in 0..subscribers {
            tokio::spawn(xtra::run(mailbox.clone(), Subscriber));
        }
        address
    }

    async fn publish(topic: &Address<Subscriber>, arrival: Countdown) {
        topic.broadcast(News(arrival)).await.expect("they live");
    }
}

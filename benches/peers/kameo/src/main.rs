//! kameo: an actor of its own type, a message type for each message, restarts by its supervision; names from its registry,
//! topics and timers from `kameo_actors`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use harness::{
    Contender, Countdown, Fails, Generation, Named, Panics, Publishes, Suite, Supervises, Timers,
    Token, Trees, Workload,
};
use kameo::error::Infallible;
use kameo::mailbox;
use kameo::prelude::*;
use kameo_actors::DeliveryStrategy;
use kameo_actors::pubsub::{PubSub, Publish, Subscribe};
use kameo_actors::scheduler::{Scheduler, SetTimeout};
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;

const CAPACITY: usize = 1024;

fn main() -> ExitCode {
    Suite::<Kameo>::new()
        .named()
        .panics()
        .fails()
        .trees()
        .publishes()
        .timers()
        .skip(Workload::OneForAll, "restarts the children in no order")
        .main()
}

struct Kameo;

/// Counts, and passes tokens on.
#[derive(Default)]
struct Counter {
    value: u64,
    next: Option<ActorRef<Counter>>,
}

impl Actor for Counter {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Counter::default())
    }
}

struct Add(u64);

impl Message<Add> for Counter {
    type Reply = u64;

    async fn handle(&mut self, Add(by): Add, _: &mut Context<Self, u64>) -> u64 {
        self.value += by;
        self.value
    }
}

struct Bump(u64);

impl Message<Bump> for Counter {
    type Reply = ();

    async fn handle(&mut self, Bump(by): Bump, _: &mut Context<Self, ()>) {
        self.value += by;
    }
}

struct Connect(ActorRef<Counter>);

impl Message<Connect> for Counter {
    type Reply = ();

    async fn handle(&mut self, Connect(next): Connect, _: &mut Context<Self, ()>) {
        self.next = Some(next);
    }
}

impl Message<Token> for Counter {
    type Reply = ();

    async fn handle(&mut self, token: Token, _: &mut Context<Self, ()>) {
        if let (Some(token), Some(next)) = (token.hop(), &self.next) {
            // The next one may have gone.
            let _ = next.tell(token).await;
        }
    }
}

impl Contender for Kameo {
    const NAME: &'static str = "kameo";

    type Server = ActorRef<Counter>;

    async fn start() -> ActorRef<Counter> {
        Counter::spawn_with_mailbox((), mailbox::bounded(CAPACITY))
    }

    async fn call(server: &ActorRef<Counter>, by: u64) -> u64 {
        server.ask(Add(by)).await.expect("it answers")
    }

    async fn cast(server: &ActorRef<Counter>, by: u64) {
        server.tell(Bump(by)).await.expect("it lives");
    }

    async fn connect(server: &ActorRef<Counter>, next: ActorRef<Counter>) {
        server.tell(Connect(next)).await.expect("it lives");
    }

    async fn pass(server: &ActorRef<Counter>, token: Token) {
        server.tell(token).await.expect("it lives");
    }

    async fn stop(server: ActorRef<Counter>) {
        server.stop_gracefully().await.expect("it lives");
        server.wait_for_shutdown().await;
    }
}

impl Named for Kameo {
    type Names = ();

    async fn names() {}

    async fn start_named((): &(), name: &Arc<str>) {
        let server = Kameo::start().await;
        server.register(name.to_string()).expect("the name is free");
    }

    async fn call_named((): &(), name: &Arc<str>, by: u64) -> u64 {
        let found = ActorRef::lookup(&**name).expect("it is a counter");
        Kameo::call(&found.expect("it has been started"), by).await
    }
}

/// Is started again and again.
struct Phoenix {
    born: u64,
}

impl Actor for Phoenix {
    type Args = Generation;
    type Error = Infallible;

    async fn on_start(generation: Generation, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Phoenix {
            born: generation.begin(),
        })
    }
}

struct Born;

impl Message<Born> for Phoenix {
    type Reply = u64;

    async fn handle(&mut self, _: Born, _: &mut Context<Self, u64>) -> u64 {
        self.born
    }
}

struct Panic;

impl Message<Panic> for Phoenix {
    type Reply = ();

    async fn handle(&mut self, _: Panic, _: &mut Context<Self, ()>) {
        panic!("it was told to");
    }
}

struct Fail;

impl Message<Fail> for Phoenix {
    type Reply = Result<(), &'static str>;

    async fn handle(&mut self, _: Fail, _: &mut Context<Self, Self::Reply>) -> Self::Reply {
        Err("it was told to")
    }
}

/// Restarts one child at a time.
struct Nest;

impl Actor for Nest {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Nest)
    }
}

impl Supervises for Kameo {
    type Supervised = (ActorRef<Nest>, ActorRef<Phoenix>);

    async fn supervise(generation: Generation) -> Self::Supervised {
        let nest = Nest::spawn(());
        let phoenix = Phoenix::supervise(&nest, generation)
            .restart_limit(u32::MAX, Duration::from_secs(1))
            .spawn()
            .await;
        (nest, phoenix)
    }

    async fn generation((_, phoenix): &Self::Supervised) -> Option<u64> {
        phoenix.ask(Born).await.ok()
    }
}

impl Panics for Kameo {
    async fn panic((_, phoenix): &Self::Supervised) {
        let _ = phoenix.tell(Panic).await;
    }
}

impl Fails for Kameo {
    async fn fail((_, phoenix): &Self::Supervised) {
        let _ = phoenix.tell(Fail).await;
    }
}

impl Trees for Kameo {
    type Tree = ActorRef<Nest>;

    async fn tree(supervisors: usize, servers: usize) -> ActorRef<Nest> {
        let root = Nest::spawn(());
        for _ in 0..supervisors {
            let below = Nest::supervise(&root, ()).spawn().await;
            for _ in 0..servers {
                let server = Counter::supervise(&below, ()).spawn().await;
                server.wait_for_startup().await;
            }
        }
        root
    }

    async fn shut_down(root: ActorRef<Nest>) {
        root.stop_gracefully().await.expect("it lives");
        root.wait_for_shutdown().await;
    }
}

/// Hears what is published.
struct Subscriber;

impl Actor for Subscriber {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Subscriber)
    }
}

impl Message<Countdown> for Subscriber {
    type Reply = ();

    async fn handle(&mut self, arrival: Countdown, _: &mut Context<Self, ()>) {
        arrival.arrived();
    }
}

impl Publishes for Kameo {
    type Topic = ActorRef<PubSub<Countdown>>;

    async fn topic(subscribers: usize) -> Self::Topic {
        let topic = PubSub::spawn(PubSub::new(DeliveryStrategy::Guaranteed));
        for _ in 0..subscribers {
            let subscriber = Subscriber::spawn(());
            topic.ask(Subscribe(subscriber)).await.expect("it answers");
        }
        topic
    }

    async fn publish(topic: &Self::Topic, arrival: Countdown) {
        topic.tell(Publish(arrival)).await.expect("it lives");
    }
}

/// The actor that has the timers.
static SCHEDULER: OnceCell<ActorRef<Scheduler>> = OnceCell::const_new();

impl Timers for Kameo {
    type Timer = AbortHandle;

    async fn arm(server: &ActorRef<Counter>, after: Duration) -> AbortHandle {
        let scheduler = SCHEDULER
            .get_or_init(|| async { Scheduler::spawn(Scheduler::new()) })
            .await;
        let timer = SetTimeout::new(server.downgrade(), after, Bump(1));
        scheduler.ask(timer).await.expect("it answers")
    }

    async fn cancel(timer: AbortHandle) {
        timer.abort();
    }
}

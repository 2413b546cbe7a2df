//! spawned-concurrency: an actor with a handler for each message, the calls with its timeout of 5 seconds; names and timers
//! of its own. It has no supervision.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use harness::{Contender, Named, Suite, Timers, Token, Workload};
use spawned_concurrency::message::Message;
use spawned_concurrency::registry;
use spawned_concurrency::tasks::{
    Actor, ActorRef, ActorStart, Context, Handler, TimerHandle, send_after,
};

fn main() -> ExitCode {
    Suite::<Spawned>::new()
        .named()
        .timers()
        .skip(Workload::Panic, "has no supervision")
        .skip(Workload::Fail, "has no supervision")
        .skip(Workload::OneForAll, "has no supervision")
        .skip(Workload::Tree, "has no supervision")
        .skip(Workload::Publish, "has no topics")
        .main()
}

struct Spawned;

/// Counts, and passes tokens on.
#[derive(Default)]
struct Counter {
    value: u64,
    next: Option<ActorRef<Counter>>,
}

impl Actor for Counter {}

struct Add(u64);

impl Message for Add {
    type Result = u64;
}

impl Handler<Add> for Counter {
    async fn handle(&mut self, Add(by): Add, _: &Context<Self>) -> u64 {
        self.value += by;
        self.value
    }
}

struct Bump(u64);

impl Message for Bump {
    type Result = ();
}

impl Handler<Bump> for Counter {
    async fn handle(&mut self, Bump(by): Bump, _: &Context<Self>) {
        self.value += by;
    }
}

struct Connect(ActorRef<Counter>);

impl Message for Connect {
    type Result = ();
}

impl Handler<Connect> for Counter {
    async fn handle(&mut self, Connect(next): Connect, _: &Context<Self>) {
        self.next = Some(next);
    }
}

struct Pass(Token);

impl Message for Pass {
    type Result = ();
}

impl Handler<Pass> for Counter {
    async fn handle(&mut self, Pass(token): Pass, _: &Context<Self>) {
        if let (Some(token), Some(next)) = (token.hop(), &self.next) {
            // The next one may have gone.
            let _ = next.send(Pass(token));
        }
    }
}

impl Contender for Spawned {
    const NAME: &'static str = "spawned";

    type Server = ActorRef<Counter>;

    async fn start() -> ActorRef<Counter> {
        Counter::default().start()
    }

    async fn call(server: &ActorRef<Counter>, by: u64) -> u64 {
        server.request(Add(by)).await.expect("it answers")
    }

    async fn cast(server: &ActorRef<Counter>, by: u64) {
        server.send(Bump(by)).expect("it lives");
    }

    async fn connect(server: &ActorRef<Counter>, next: ActorRef<Counter>) {
        server.send(Connect(next)).expect("it lives");
    }

    async fn pass(server: &ActorRef<Counter>, token: Token) {
        server.send(Pass(token)).expect("it lives");
    }

    async fn stop(server: ActorRef<Counter>) {
        server.context().stop();
        server.join().await;
    }
}

impl Named for Spawned {
    type Names = ();

    async fn names() {}

    async fn start_named((): &(), name: &Arc<str>) {
        let registered = registry::register(name, Spawned::start().await);
        registered.expect("the name is free");
    }

    async fn call_named((): &(), name: &Arc<str>, by: u64) -> u64 {
        let found = registry::whereis(name).expect("it has been started");
        Spawned::call(&found, by).await
    }
}

impl Timers for Spawned {
    type Timer = TimerHandle;

    async fn arm(server: &ActorRef<Counter>, after: Duration) -> TimerHandle {
        send_after(after, server.context(), Bump(1))
    }

    async fn cancel(timer: TimerHandle) {
        timer.cancellation_token.cancel();
    }
}

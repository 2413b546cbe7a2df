//! actix: actors on arbiters, threads of one runtime each. There is one arbiter for the current-thread runtime; for two
//! workers there are two, on which servers are started in turns, and the client is on the first.
//!
//! Its supervisor restarts an actor that has stopped, with the state and the mailbox that it had.

use std::future::Future;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::prelude::*;
use harness::{Contender, Fails, Generation, Suite, Supervises, Token, Workload};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    Suite::<Actix>::new()
        .fails()
        .skip(Workload::Names, "has one name for each type of an actor")
        .skip(Workload::Panic, "restarts no actor that has panicked")
        .skip(Workload::OneForAll, "has no restart strategies")
        .skip(Workload::Tree, "has no trees")
        .skip(Workload::Publish, "has no topics")
        .skip(
            Workload::Timers,
            "polls each timer of an actor at each of its messages",
        )
        .main()
}

struct Actix;

/// The arbiters where there are two.
static ARBITERS: OnceLock<[ArbiterHandle; 2]> = OnceLock::new();
/// How many servers were started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Starts an actor where its turn is.
fn start<A>(make: impl FnOnce() -> A + Send + 'static) -> Addr<A>
where
    A: Actor<Context = Context<A>>,
{
    match ARBITERS.get() {
        None => make().start(),
        Some(arbiters) => {
            let turn = STARTED.fetch_add(1, Ordering::Relaxed) % 2;
            A::start_in_arbiter(&arbiters[turn], |_| make())
        }
    }
}

/// Counts, and passes tokens on.
#[derive(Default)]
struct Counter {
    value: u64,
    next: Option<Addr<Counter>>,
    /// Is dropped with the counter.
    ended: Option<oneshot::Sender<()>>,
}

impl Actor for Counter {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "u64")]
struct Add(u64);

impl Handler<Add> for Counter {
    type Result = u64;

    fn handle(&mut self, Add(by): Add, _: &mut Context<Self>) -> u64 {
        self.value += by;
        self.value
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Bump(u64);

impl Handler<Bump> for Counter {
    type Result = ();

    fn handle(&mut self, Bump(by): Bump, _: &mut Context<Self>) {
        self.value += by;
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Connect(Addr<Counter>);

impl Handler<Connect> for Counter {
    type Result = ();

    fn handle(&mut self, Connect(next): Connect, _: &mut Context<Self>) {
        self.next = Some(next);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Pass(Token);

impl Handler<Pass> for Counter {
    type Result = ();

    fn handle(&mut self, Pass(token): Pass, _: &mut Context<Self>) {
        if let (Some(token), Some(next)) = (token.hop(), &self.next) {
            next.do_send(Pass(token));
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop {
    ended: oneshot::Sender<()>,
}

impl Handler<Stop> for Counter {
    type Result = ();

    fn handle(&mut self, Stop { ended }: Stop, context: &mut Context<Self>) {
        self.ended = Some(ended);
        context.stop();
    }
}

impl Contender for Actix {
    const NAME: &'static str = "actix";

    type Server = Addr<Counter>;

    fn block_on<F>(runtime: harness::Runtime, client: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let system = System::new();
        let client = async move {
            let (done, result) = oneshot::channel();
            let client = async move {
                let _ = done.send(client.await);
            };
            match runtime {
                harness::Runtime::CurrentThread => drop(actix::spawn(client)),
                harness::Runtime::TwoWorkers => {
                    let arbiters = [Arbiter::new().handle(), Arbiter::new().handle()];
                    let [first, _] = ARBITERS.get_or_init(|| arbiters);
                    first.spawn(client);
                }
            }
            result.await.expect("the client runs")
        };
        system.block_on(client)
    }

    fn spawn<F>(client: F) -> impl Future<Output = ()> + Send + 'static
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let client = tokio::task::spawn_local(client);
        async move { client.await.expect("a client runs") }
    }

    async fn start() -> Addr<Counter> {
        start(Counter::default)
    }

    async fn call(server: &Addr<Counter>, by: u64) -> u64 {
        server.send(Add(by)).await.expect("it answers")
    }

    async fn cast(server: &Addr<Counter>, by: u64) {
        server.do_send(Bump(by));
    }

    async fn connect(server: &Addr<Counter>, next: Addr<Counter>) {
        server.do_send(Connect(next));
    }

    async fn pass(server: &Addr<Counter>, token: Token) {
        server.do_send(Pass(token));
    }

    async fn stop(server: Addr<Counter>) {
        let (ended, has_ended) = oneshot::channel();
        server.do_send(Stop { ended });
        // Nothing is ever sent: it comes to its end with the counter.
        let _ = has_ended.await;
    }
}

/// Is started again and again.
struct Phoenix {
    born: u64,
    generation: Generation,
}

impl Actor for Phoenix {
    type Context = Context<Self>;
}

impl Supervised for Phoenix {
    fn restarting(&mut self, _: &mut Context<Self>) {
        self.born = self.generation.begin();
    }
}

#[derive(Message)]
#[rtype(result = "u64")]
struct Born;

impl Handler<Born> for Phoenix {
    type Result = u64;

    fn handle(&mut self, _: Born, _: &mut Context<Self>) -> u64 {
        self.born
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Fail;

impl Handler<Fail> for Phoenix {
    type Result = ();

    fn handle(&mut self, _: Fail, context: &mut Context<Self>) {
        context.stop();
    }
}

impl Supervises for Actix {
    type Supervised = Addr<Phoenix>;

    async fn supervise(generation: Generation) -> Addr<Phoenix> {
        Supervisor::start(|_| Phoenix {
            born: generation.begin(),
            generation,
        })
    }

    async fn generation(phoenix: &Addr<Phoenix>) -> Option<u64> {
        phoenix.send(Born).await.ok()
    }
}

impl Fails for Actix {
    async fn fail(phoenix: &Addr<Phoenix>) {
        phoenix.do_send(Fail);
    }
}

//! `otp-core`, as its users write it, with everything on: the timeout of calls, links, monitors, supervision, names,
//! tracing compiled in and disabled. The clients are processes.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use harness::{
    Contender, Countdown, Fails, Generation, Named, OneForAll, Panics, Publishes, Runtime, Suite,
    Supervises, Timers, Token, Trees,
};
use otp_core::prelude::*;
use otp_core::registry::Duplicate;
use otp_core::time::Timer;
use otp_core::{ChildSpec, DuplicateRegistry, Strategy, Supervisor, SupervisorRef};

fn main() -> ExitCode {
    Suite::<Otp>::new()
        .named()
        .panics()
        .fails()
        .one_for_all()
        .trees()
        .publishes()
        .timers()
        .main()
}

struct Otp;

/// Counts, and passes tokens on.
#[gen_server]
struct Counter {
    value: u64,
    next: Option<CounterRef>,
}

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter {
            value: 0,
            next: None,
        }
    }

    #[call]
    fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[cast]
    fn bump(&mut self, by: u64) {
        self.value += by;
    }

    #[cast]
    fn connect(&mut self, next: CounterRef) {
        self.next = Some(next);
    }

    #[cast]
    fn pass(&mut self, token: Token) {
        if let (Some(token), Some(next)) = (token.hop(), &self.next) {
            next.pass(token);
        }
    }
}

/// Runs a future as a process, and gives what it gives.
fn as_process<T: Send + 'static>(
    client: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> + Send + 'static {
    let (done, result) = tokio::sync::oneshot::channel();
    process::spawn(async move {
        let _ = done.send(client.await);
    });
    async move { result.await.expect("the client runs") }
}

impl Contender for Otp {
    const NAME: &'static str = "otp";

    type Server = CounterRef;

    fn block_on<F>(runtime: Runtime, client: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let mut builder = match runtime {
            Runtime::CurrentThread => tokio::runtime::Builder::new_current_thread(),
            Runtime::TwoWorkers => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let node = Node::new();
        runtime.block_on(node.run(async { as_process(client).await }))
    }

    fn spawn<F>(client: F) -> impl Future<Output = ()> + Send + 'static
    where
        F: Future<Output = ()> + Send + 'static,
    {
        as_process(client)
    }

    async fn start() -> CounterRef {
        Counter::start().await.expect("it starts")
    }

    async fn call(server: &CounterRef, by: u64) -> u64 {
        server.add(by).await.expect("it answers")
    }

    async fn cast(server: &CounterRef, by: u64) {
        server.bump(by);
    }

    async fn connect(server: &CounterRef, next: CounterRef) {
        server.connect(next);
    }

    async fn pass(server: &CounterRef, token: Token) {
        server.pass(token);
    }

    async fn stop(server: CounterRef) {
        server.stop().await.expect("it stops");
    }
}

impl Named for Otp {
    type Names = RegistryRef<Arc<str>, Counter>;

    async fn names() -> Self::Names {
        Registry::unique().start().await.expect("it starts")
    }

    async fn start_named(names: &Self::Names, name: &Arc<str>) {
        let started = Counter::start().via(names, Arc::clone(name)).await;
        started.expect("it starts");
    }

    async fn call_named(names: &Self::Names, name: &Arc<str>, by: u64) -> u64 {
        let server = names.lookup(name).expect("it has been started");
        server.add(by).await.expect("it answers")
    }
}

/// Is started again and again.
#[gen_server]
struct Phoenix {
    born: u64,
}

#[gen_server]
impl Phoenix {
    #[init]
    fn init(generation: Generation) -> Self {
        Phoenix {
            born: generation.begin(),
        }
    }

    #[call]
    fn generation(&self) -> u64 {
        self.born
    }

    #[cast]
    fn panic(&mut self) {
        panic!("it was told to");
    }

    #[cast]
    fn fail(&mut self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::error("it was told to"));
    }
}

supervisor! {
    /// One child, restarted as often as it ends.
    struct Nest(generation: Generation);

    strategy: one_for_one,
    max_restarts: 1_000_000 in 1s,

    children: {
        phoenix: Phoenix(generation),
    }
}

impl Supervises for Otp {
    type Supervised = NestRef;

    async fn supervise(generation: Generation) -> NestRef {
        Nest::start_link(generation).await.expect("it starts")
    }

    async fn generation(nest: &NestRef) -> Option<u64> {
        nest.phoenix().generation().await.ok()
    }
}

impl Panics for Otp {
    async fn panic(nest: &NestRef) {
        nest.phoenix().panic();
    }
}

impl Fails for Otp {
    async fn fail(nest: &NestRef) {
        nest.phoenix().fail();
    }
}

impl OneForAll for Otp {
    type Group = (SupervisorRef, Vec<PhoenixRef>);

    async fn group(count: usize, generation: Generation) -> Self::Group {
        let mut handles = Vec::with_capacity(count);
        let mut builder = Supervisor::builder(Strategy::OneForAll)
            .max_restarts(1_000_000, Duration::from_secs(1));
        for number in 0..count {
            let child = Phoenix::child_spec(generation.clone()).id(number.to_string());
            handles.push(child.handle());
            builder = builder.child(child);
        }
        let supervisor = builder.start_link().await.expect("it starts");
        (supervisor, handles)
    }

    async fn fail_first((_, handles): &Self::Group) {
        handles[0].fail();
    }

    async fn last_generation((_, handles): &Self::Group) -> Option<u64> {
        handles.last()?.generation().await.ok()
    }
}

impl Trees for Otp {
    type Tree = SupervisorRef;

    async fn tree(supervisors: usize, servers: usize) -> SupervisorRef {
        let mut root = Supervisor::builder(Strategy::OneForOne);
        for number in 0..supervisors {
            let below = ChildSpec::new(number.to_string(), move || {
                let mut below = Supervisor::builder(Strategy::OneForOne);
                for number in 0..servers {
                    below = below.child(Counter::child_spec().id(number.to_string()));
                }
                below.start_link()
            });
            root = root.child(below);
        }
        root.start_link().await.expect("it starts")
    }

    async fn shut_down(tree: SupervisorRef) {
        tree.stop().await.expect("it stops");
    }
}

const NEWS: u32 = 7;

type Topics = RegistryRef<u32, Subscriber, (), Duplicate>;

/// Hears what is published.
#[gen_server]
struct Subscriber;

#[gen_server]
impl Subscriber {
    #[init]
    fn init(topics: Topics, cx: &mut Context<Self>) -> Result<Self, ExitReason> {
        topics.register(cx, NEWS, ()).map_err(ExitReason::error)?;
        Ok(Subscriber)
    }

    #[cast]
    fn hear(&mut self, arrival: Countdown) {
        arrival.arrived();
    }
}

impl Publishes for Otp {
    type Topic = Topics;

    async fn topic(subscribers: usize) -> Self::Topic {
        let topics = DuplicateRegistry::new().start().await.expect("it starts");
        for _ in 0..subscribers {
            let started = Subscriber::start(topics.clone()).await;
            started.expect("it starts");
        }
        topics
    }

    async fn publish(topics: &Self::Topic, arrival: Countdown) {
        topics.dispatch(&NEWS, |subscribers| {
            for subscriber in subscribers {
                subscriber.handle.hear(arrival.clone());
            }
        });
    }
}

impl Timers for Otp {
    type Timer = Timer;

    async fn arm(server: &CounterRef, after: Duration) -> Timer {
        otp_core::time::send_after(after, server, CounterMessage::Bump { by: 1 })
    }

    async fn cancel(timer: Timer) {
        timer.cancel();
    }
}

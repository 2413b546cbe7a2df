//! zestors: an inbox of one enum of messages; names from its registry. Its backpressure, a sleep of milliseconds as soon as
//! some messages are queued, is off.

use std::process::ExitCode;
use std::sync::Arc;

use harness::{
    Contender, Fails, Generation, Named, Panics, Suite, Supervises, Token, Trees, Workload,
};
use rootcause::{Report, report};
use zestors::actor::{Actor, RestartMode, fn_blueprint};
use zestors::interface::{Envelope, Interface, Message};
use zestors::prelude::*;
use zestors::runtime::{CallOptions, Registry, spawn, spawn_rand};
use zestors::supervision::{ChildConfig, RestartIntensity};
use zestors::supervisor::{Supervisor, SupervisorBlueprint};

fn main() -> ExitCode {
    Suite::<Zestors>::new()
        .named()
        .panics()
        .fails()
        .trees()
        .skip(
            Workload::OneForAll,
            "does not start its children in their order again",
        )
        .skip(Workload::Publish, "has no topics")
        .skip(Workload::Timers, "an actor arms timers of its own only")
        .main()
}

struct Zestors;

#[derive(Message, Debug)]
#[msg(reply = u64)]
struct Add(u64);

#[derive(Message, Debug)]
struct Bump(u64);

#[derive(Message, Debug)]
struct Connect(Address<CounterInterface>);

#[derive(Message, Debug)]
struct Pass(Token);

#[derive(Interface, Debug)]
enum CounterInterface {
    Add(Envelope<Add>),
    Bump(Envelope<Bump>),
    Connect(Envelope<Connect>),
    Pass(Envelope<Pass>),
}

/// Counts, and passes tokens on.
struct Counter;

impl Actor for Counter {
    type Interface = CounterInterface;
    type Exit = ();

    async fn run(self, mut inbox: Inbox<CounterInterface>) -> Result<(), Report> {
        let mut value = 0;
        let mut next: Option<Address<CounterInterface>> = None;
        while let Some(message) = inbox.recv().await {
            match message {
                CounterInterface::Add(Envelope { msg: Add(by), req }) => {
                    value += by;
                    // The caller may have gone.
                    let _ = req.reply(value);
                }
                CounterInterface::Bump(Envelope { msg: Bump(by), .. }) => value += by,
                CounterInterface::Connect(Envelope { msg, .. }) => next = Some(msg.0),
                CounterInterface::Pass(Envelope { msg, .. }) => {
                    if let (Some(token), Some(next)) = (msg.0.hop(), &next) {
                        let _ = next.try_cast_with(Pass(token), AT_ONCE);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A queue of 1,000,000 messages is a panic of the sender: longer ones than this are waited for.
const CAPACITY: usize = 1024;

const AT_ONCE: CallOptions = CallOptions {
    ignore_exiting: false,
    ignore_backpressure: true,
};

impl Contender for Zestors {
    const NAME: &'static str = "zestors";

    type Server = Address<CounterInterface>;

    async fn start() -> Self::Server {
        let child = spawn_rand(|inbox| Counter.run(inbox)).detached();
        child.address().clone()
    }

    async fn call(server: &Self::Server, by: u64) -> u64 {
        let called = server.call_with(Add(by), AT_ONCE).await;
        called.expect("it answers")
    }

    async fn cast(server: &Self::Server, by: u64) {
        while server.msg_len() >= CAPACITY {
            tokio::task::yield_now().await;
        }
        let sent = server.try_cast_with(Bump(by), AT_ONCE);
        sent.expect("it lives");
    }

    async fn connect(server: &Self::Server, next: Self::Server) {
        let sent = server.try_cast_with(Connect(next), AT_ONCE);
        sent.expect("it lives");
    }

    async fn pass(server: &Self::Server, token: Token) {
        let sent = server.try_cast_with(Pass(token), AT_ONCE);
        sent.expect("it lives");
    }

    async fn stop(server: Self::Server) {
        server.signal_shutdown();
        server.monitor_exit().await.expect("it ends well");
    }
}

impl Named for Zestors {
    type Names = ();

    async fn names() {}

    async fn start_named((): &(), name: &Arc<str>) {
        let started = spawn(Name::new(name.to_string()), |inbox| Counter.run(inbox));
        drop(started.expect("the name is free").detached());
    }

    async fn call_named((): &(), name: &Arc<str>, by: u64) -> u64 {
        let found = Registry::local().get_typed(&Name::new(name.to_string()));
        Zestors::call(&found.expect("it has been started"), by).await
    }
}

#[derive(Message, Debug)]
#[msg(reply = u64)]
struct Born;

#[derive(Message, Debug)]
struct Panic;

#[derive(Message, Debug)]
struct Fail;

#[derive(Interface, Debug)]
enum PhoenixInterface {
    Born(Envelope<Born>),
    Panic(Envelope<Panic>),
    Fail(Envelope<Fail>),
}

/// Is started again and again.
struct Phoenix(Generation);

impl Actor for Phoenix {
    type Interface = PhoenixInterface;
    type Exit = ();

    async fn run(self, mut inbox: Inbox<PhoenixInterface>) -> Result<(), Report> {
        let born = self.0.begin();
        while let Some(order) = inbox.recv().await {
            match order {
                PhoenixInterface::Born(envelope) => {
                    let _ = envelope.reply(born);
                }
                PhoenixInterface::Panic(_) => panic!("it was told to"),
                PhoenixInterface::Fail(_) => return Err(report!("it was told to")),
            }
        }
        Ok(())
    }
}

async fn start(supervisor: SupervisorBlueprint) -> Address {
    let child = supervisor.rand_name().into_dyn().start().await;
    let child = child.expect("it starts").detached();
    let address = child.address().clone();
    address.monitor_init().await.expect("it lives");
    address
}

impl Supervises for Zestors {
    type Supervised = Address<PhoenixInterface>;

    async fn supervise(generation: Generation) -> Self::Supervised {
        let patient = ChildConfig {
            restart_mode: RestartMode::Always,
            intensity: Some(RestartIntensity::infinite()),
            ..ChildConfig::default()
        };
        let child = fn_blueprint(move || Phoenix(generation.clone()));
        let (child, address) = child.rand_name().with_cfg(patient).split();
        let nest = Supervisor::blueprint().intensity(RestartIntensity::infinite());
        start(nest.child(child)).await;
        address
    }

    async fn generation(phoenix: &Self::Supervised) -> Option<u64> {
        phoenix.call_with(Born, AT_ONCE).await.ok()
    }
}

impl Panics for Zestors {
    async fn panic(phoenix: &Self::Supervised) {
        let _ = phoenix.try_cast_with(Panic, AT_ONCE);
    }
}

impl Fails for Zestors {
    async fn fail(phoenix: &Self::Supervised) {
        let _ = phoenix.try_cast_with(Fail, AT_ONCE);
    }
}

impl Trees for Zestors {
    type Tree = Address;

    async fn tree(supervisors: usize, servers: usize) -> Address {
        let below = |_| {
            let counters = (0..servers).map(|_| fn_blueprint(|| Counter).rand_name());
            let below = Supervisor::blueprint().children(counters);
            below.rand_name()
        };
        start(Supervisor::blueprint().children((0..supervisors).map(below))).await
    }

    async fn shut_down(root: Address) {
        root.signal_shutdown();
        root.monitor_exit().await.expect("it ends well");
    }
}

//! elfo: groups of actors, which start an actor when a message is routed to a key that has none. Everything that sends is an
//! actor: so are the clients.
//!
//! Names are the keys of a group, and a topic is a group that gets a message for all.

use std::future::Future;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use elfo::config::AnyConfig;
use elfo::messages::Terminate;
use elfo::prelude::*;
use elfo::routers::{MapRouter, Outcome};
use elfo::{Addr, Local, RestartParams, RestartPolicy, Topology};
use harness::{
    Contender, Countdown, Fails, Generation, Named, Panics, Publishes, Runtime, Suite, Supervises,
    Token, Workload,
};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    Suite::<Elfo>::new()
        .named()
        .panics()
        .fails()
        .publishes()
        .skip(Workload::OneForAll, "has no restart strategies")
        .skip(Workload::Tree, "has no trees")
        .skip(Workload::Timers, "an actor arms timers of its own only")
        .main()
}

struct Elfo;

#[message(ret = Local<Addr>)]
struct Start {
    key: u64,
}

#[message(ret = u64)]
struct Add {
    by: u64,
}

#[message]
struct Bump {
    by: u64,
}

#[message]
struct Connect {
    next: Local<Addr>,
}

#[message]
struct Pass {
    token: Local<Token>,
}

#[message(ret = u64)]
struct AddTo {
    name: Local<Arc<str>>,
    by: u64,
}

/// What a client needs.
struct Place {
    /// The client's own, good for sending.
    context: Context,
    servers: Addr,
    named: Addr,
    nest: Addr,
    subscribers: Addr,
}

static PLACE: OnceLock<Place> = OnceLock::new();

fn place() -> &'static Place {
    PLACE.get().expect("the client runs")
}

/// Counts, and passes tokens on.
async fn counter<K>(mut context: Context<(), K>)
where
    K: Send + Sync + 'static,
{
    let mut value = 0;
    let mut next = None;
    while let Some(envelope) = context.recv().await {
        msg!(match envelope {
            (Add { by }, token) => {
                value += by;
                context.respond(token, value);
            }
            (AddTo { by, .. }, token) => {
                value += by;
                context.respond(token, value);
            }
            Bump { by } => value += by,
            Pass { token } => {
                if let (Some(token), Some(next)) = (token.into_inner().hop(), next) {
                    let token = token.into();
                    // The next one may have gone.
                    let _ = context.send_to(next, Pass { token }).await;
                }
            }
            Connect { next: connected } => next = Some(connected.into_inner()),
            (Start { .. }, token) => context.respond(token, context.addr().into()),
        });
    }
}

fn counters() -> Blueprint {
    ActorGroup::new()
        .router(MapRouter::new(|envelope| {
            msg!(match envelope {
                Start { key } => Outcome::Unicast(*key),
                _ => Outcome::Default,
            })
        }))
        .exec(counter)
}

fn named_counters() -> Blueprint {
    ActorGroup::new()
        .router(MapRouter::new(|envelope| {
            msg!(match envelope {
                AddTo { name, .. } => Outcome::Unicast(Arc::clone(name)),
                _ => Outcome::Default,
            })
        }))
        .exec(counter)
}

impl Contender for Elfo {
    const NAME: &'static str = "elfo";

    type Server = Addr;

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
        runtime.expect("a runtime").block_on(async {
            let (done, result) = oneshot::channel();
            tokio::spawn(elfo::init::start(topology(client, done)));
            result.await.expect("the client runs")
        })
    }

    fn spawn<F>(client: F) -> impl Future<Output = ()> + Send + 'static
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let client = tokio::spawn(elfo::scope::expose().within(client));
        async move { client.await.expect("a client runs") }
    }

    async fn start() -> Addr {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let key = STARTED.fetch_add(1, Ordering::Relaxed);
        let Place {
            context, servers, ..
        } = place();
        let started = context.request_to(*servers, Start { key }).resolve().await;
        started.expect("it starts").into_inner()
    }

    async fn call(server: &Addr, by: u64) -> u64 {
        let asked = place().context.request_to(*server, Add { by });
        asked.resolve().await.expect("it answers")
    }

    async fn cast(server: &Addr, by: u64) {
        let sent = place().context.send_to(*server, Bump { by }).await;
        sent.expect("it lives");
    }

    async fn connect(server: &Addr, next: Addr) {
        let next = next.into();
        let sent = place().context.send_to(*server, Connect { next }).await;
        sent.expect("it lives");
    }

    async fn pass(server: &Addr, token: Token) {
        let token = token.into();
        let sent = place().context.send_to(*server, Pass { token }).await;
        sent.expect("it lives");
    }

    async fn stop(server: Addr) {
        let context = &place().context;
        let sent = context.send_to(server, Terminate::closing()).await;
        sent.expect("it lives");
        context.finished(server).await;
    }
}

/// The groups; among them the client, which starts last.
fn topology<F>(client: F, done: oneshot::Sender<F::Output>) -> Topology
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let topology = Topology::empty();
    let servers = topology.local("servers");
    let named = topology.local("named");
    let nest = topology.local("nest");
    let subscribers = topology.local("subscribers");
    let clients = topology.local("clients");
    let configurers = topology.local("configurers").entrypoint();

    let addresses = (
        servers.addr(),
        named.addr(),
        nest.addr(),
        subscribers.addr(),
    );
    servers.mount(counters());
    named.mount(named_counters());
    nest.mount(phoenixes());
    subscribers.mount(hearers());

    let client = Mutex::new(Some((client, done)));
    clients.mount(ActorGroup::new().exec(move |context: Context| {
        let (servers, named, nest, subscribers) = addresses;
        PLACE.get_or_init(|| Place {
            context: context.pruned(),
            servers,
            named,
            nest,
            subscribers,
        });
        let client = client.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move {
            // One that was started again has nothing to do.
            if let Some((client, done)) = client {
                let _ = done.send(client.await);
            }
        }
    }));
    configurers.mount(elfo::batteries::configurer::fixture(
        &topology,
        AnyConfig::default(),
    ));
    topology
}

impl Named for Elfo {
    type Names = ();

    async fn names() {}

    async fn start_named((): &(), name: &Arc<str>) {
        Elfo::call_named(&(), name, 0).await;
    }

    async fn call_named((): &(), name: &Arc<str>, by: u64) -> u64 {
        let Place { context, named, .. } = place();
        let name = Arc::clone(name).into();
        let asked = context.request_to(*named, AddTo { name, by });
        asked.resolve().await.expect("it answers")
    }
}

#[message(ret = u64)]
struct Born;

#[message]
struct Panic;

#[message]
struct Fail;

/// What the incarnations have in common.
static GENERATION: OnceLock<Generation> = OnceLock::new();

/// Is started again and again.
async fn phoenix(mut context: Context) -> Result<(), &'static str> {
    let born = GENERATION.get_or_init(Generation::default).begin();
    while let Some(envelope) = context.recv().await {
        msg!(match envelope {
            (Born, token) => context.respond(token, born),
            Panic => panic!("it was told to"),
            Fail => return Err("it was told to"),
        });
    }
    Ok(())
}

fn phoenixes() -> Blueprint {
    // One that has lived for no time at all is started again at once.
    let at_once = RestartParams::new(Duration::ZERO, Duration::ZERO).auto_reset(Duration::ZERO);
    ActorGroup::new()
        .restart_policy(RestartPolicy::on_failure(at_once))
        .exec(phoenix)
}

impl Supervises for Elfo {
    type Supervised = ();

    async fn supervise(_: Generation) {}

    async fn generation((): &()) -> Option<u64> {
        let Place { context, nest, .. } = place();
        context.request_to(*nest, Born).resolve().await.ok()
    }
}

impl Panics for Elfo {
    async fn panic((): &()) {
        let Place { context, nest, .. } = place();
        let _ = context.send_to(*nest, Panic).await;
    }
}

impl Fails for Elfo {
    async fn fail((): &()) {
        let Place { context, nest, .. } = place();
        let _ = context.send_to(*nest, Fail).await;
    }
}

#[message(ret = ())]
struct Subscribe {
    key: u64,
}

#[message]
struct News {
    arrival: Local<Countdown>,
}

/// Hears what is published.
async fn hear(mut context: Context<(), u64>) {
    while let Some(envelope) = context.recv().await {
        msg!(match envelope {
            (Subscribe { .. }, token) => context.respond(token, ()),
            News { arrival } => arrival.arrived(),
        });
    }
}

fn hearers() -> Blueprint {
    ActorGroup::new()
        .router(MapRouter::new(|envelope| {
            msg!(match envelope {
                Subscribe { key } => Outcome::Unicast(*key),
                News => Outcome::Broadcast,
                _ => Outcome::Default,
            })
        }))
        .exec(hear)
}

impl Publishes for Elfo {
    type Topic = Addr;

    async fn topic(subscribers: usize) -> Addr {
        let Place {
            context,
            subscribers: topic,
            ..
        } = place();
        for key in 0..subscribers as u64 {
            let asked = context.request_to(*topic, Subscribe { key });
            asked.resolve().await.expect("it answers");
        }
        *topic
    }

    async fn publish(topic: &Addr, arrival: Countdown) {
        let arrival = arrival.into();
        let sent = place().context.send_to(*topic, News { arrival }).await;
        sent.expect("they live");
    }
}

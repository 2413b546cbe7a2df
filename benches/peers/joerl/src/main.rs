//! joerl: an actor whose messages are boxed values of any type. Its GenServer is not used: what its registry, its timers and
//! its supervisors hand out are the identities of actors, from which no handle of a GenServer can be made.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use harness::{
    Contender, Fails, Generation, Named, Panics, Suite, Supervises, Timers, Token, Workload,
};
use joerl::scheduler::{Destination, TimerRef};
use joerl::supervisor::{
    ChildSpec, RestartIntensity, RestartStrategy, SupervisorSpec, spawn_supervisor,
};
use joerl::{Actor, ActorContext, ActorSystem, ExitReason, Message, Pid};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    Suite::<Joerl>::new()
        .named()
        .panics()
        .fails()
        .timers()
        .skip(
            Workload::OneForAll,
            "starts new children beside the old ones, which it does not stop",
        )
        .skip(Workload::Tree, "its supervisors do not stop their children")
        .skip(Workload::Publish, "has no topics")
        .main()
}

struct Joerl;

/// Where all actors are.
fn system() -> &'static Arc<ActorSystem> {
    static SYSTEM: OnceLock<Arc<ActorSystem>> = OnceLock::new();
    SYSTEM.get_or_init(ActorSystem::new)
}

/// Counts, and passes tokens on.
#[derive(Default)]
struct Counter {
    value: u64,
    next: Option<Pid>,
    /// Is dropped with the counter.
    ended: Option<oneshot::Sender<()>>,
}

enum Request {
    Add {
        by: u64,
        reply: oneshot::Sender<u64>,
    },
    Bump {
        by: u64,
    },
    Connect {
        next: Pid,
    },
    Pass {
        token: Token,
    },
    Stop {
        ended: oneshot::Sender<()>,
    },
}

#[async_trait]
impl Actor for Counter {
    async fn handle_message(&mut self, message: Message, context: &mut ActorContext) {
        let Ok(request) = message.downcast() else {
            return;
        };
        match *request {
            Request::Add { by, reply } => {
                self.value += by;
                // The caller may have gone.
                let _ = reply.send(self.value);
            }
            Request::Bump { by } => self.value += by,
            Request::Connect { next } => self.next = Some(next),
            Request::Pass { token } => {
                if let (Some(token), Some(next)) = (token.hop(), self.next) {
                    let _ = context.send(next, Box::new(Request::Pass { token })).await;
                }
            }
            Request::Stop { ended } => {
                self.ended = Some(ended);
                context.stop(ExitReason::Normal);
            }
        }
    }
}

async fn tell(server: Pid, request: Request) {
    let sent = system().send(server, Box::new(request)).await;
    sent.expect("it lives");
}

impl Contender for Joerl {
    const NAME: &'static str = "joerl";

    type Server = Pid;

    async fn start() -> Pid {
        system().spawn(Counter::default()).pid()
    }

    async fn call(server: &Pid, by: u64) -> u64 {
        let (reply, answer) = oneshot::channel();
        tell(*server, Request::Add { by, reply }).await;
        answer.await.expect("it answers")
    }

    async fn cast(server: &Pid, by: u64) {
        tell(*server, Request::Bump { by }).await;
    }

    async fn connect(server: &Pid, next: Pid) {
        tell(*server, Request::Connect { next }).await;
    }

    async fn pass(server: &Pid, token: Token) {
        tell(*server, Request::Pass { token }).await;
    }

    async fn stop(server: Pid) {
        let (ended, has_ended) = oneshot::channel();
        tell(server, Request::Stop { ended }).await;
        // Nothing is ever sent: it comes to its end with the counter.
        let _ = has_ended.await;
    }
}

impl Named for Joerl {
    type Names = ();

    async fn names() {}

    async fn start_named((): &(), name: &Arc<str>) {
        let server = Joerl::start().await;
        let registered = system().register(&**name, server);
        registered.expect("the name is free");
    }

    async fn call_named((): &(), name: &Arc<str>, by: u64) -> u64 {
        let found = system().whereis(name).expect("it has been started");
        Joerl::call(&found, by).await
    }
}

/// Where the present incarnation is.
type Place = Arc<RwLock<Option<Pid>>>;

/// Is started again and again.
struct Phoenix {
    generation: Generation,
    born: u64,
    place: Place,
}

enum Order {
    Generation { reply: oneshot::Sender<u64> },
    Panic,
    Fail,
}

#[async_trait]
impl Actor for Phoenix {
    async fn started(&mut self, context: &mut ActorContext) {
        self.born = self.generation.begin();
        let mut place = self.place.write().unwrap_or_else(PoisonError::into_inner);
        *place = Some(context.pid());
    }

    async fn handle_message(&mut self, message: Message, context: &mut ActorContext) {
        let Ok(order) = message.downcast() else {
            return;
        };
        match *order {
            Order::Generation { reply } => {
                let _ = reply.send(self.born);
            }
            Order::Panic => panic!("it was told to"),
            Order::Fail => context.stop(ExitReason::Custom("it was told to".to_owned())),
        }
    }
}

async fn order(place: &Place, order: Order) -> Option<()> {
    let present = *place.read().unwrap_or_else(PoisonError::into_inner);
    system().send(present?, Box::new(order)).await.ok()
}

impl Supervises for Joerl {
    type Supervised = Place;

    async fn supervise(generation: Generation) -> Place {
        let place = Place::default();
        let follows = place.clone();
        let phoenix = move || -> Box<dyn Actor> {
            Box::new(Phoenix {
                generation: generation.clone(),
                born: 0,
                place: follows.clone(),
            })
        };
        let nest = SupervisorSpec::new(RestartStrategy::OneForOne)
            .intensity(RestartIntensity {
                max_restarts: usize::MAX,
                within_seconds: 0,
            })
            .child(ChildSpec::new("phoenix", phoenix));
        spawn_supervisor(system(), nest);
        place
    }

    async fn generation(place: &Place) -> Option<u64> {
        let (reply, answer) = oneshot::channel();
        order(place, Order::Generation { reply }).await?;
        answer.await.ok()
    }
}

impl Panics for Joerl {
    async fn panic(place: &Place) {
        order(place, Order::Panic).await;
    }
}

impl Fails for Joerl {
    async fn fail(place: &Place) {
        order(place, Order::Fail).await;
    }
}

impl Timers for Joerl {
    type Timer = TimerRef;

    async fn arm(server: &Pid, after: Duration) -> TimerRef {
        let message = Box::new(Request::Bump { by: 1 });
        system().send_after(Destination::Pid(*server), message, after)
    }

    async fn cancel(timer: TimerRef) {
        let cancelled = system().cancel_timer(timer);
        cancelled.expect("it is pending");
    }
}

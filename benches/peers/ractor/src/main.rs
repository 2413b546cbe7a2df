//! ractor: an actor with one enum of messages; names from its registry, topics from its process groups, timers of its own.
//! It tells a supervisor that a child has ended, and to start another one is up to the supervisor: that is written here.

use std::process::ExitCode;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use harness::{
    Contender, Countdown, Fails, Generation, Named, Panics, Publishes, Suite, Supervises, Timers,
    Token, Trees, Workload,
};
use ractor::concurrency::JoinHandle;
use ractor::{
    Actor, ActorProcessingErr, ActorRef, MessagingErr, RpcReplyPort, SupervisionEvent, pg,
};

fn main() -> ExitCode {
    Suite::<Ractor>::new()
        .named()
        .panics()
        .fails()
        .trees()
        .publishes()
        .timers()
        .skip(Workload::OneForAll, "has no restart strategies")
        .main()
}

struct Ractor;

/// Counts, and passes tokens on.
struct Counter;

#[derive(Default)]
struct State {
    value: u64,
    next: Option<ActorRef<Message>>,
}

enum Message {
    Add { by: u64, reply: RpcReplyPort<u64> },
    Bump { by: u64 },
    Connect { next: ActorRef<Message> },
    Pass { token: Token },
}

impl Actor for Counter {
    type Msg = Message;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message>, (): ()) -> Result<State, ActorProcessingErr> {
        Ok(State::default())
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Add { by, reply } => {
                state.value += by;
                // The caller may have gone.
                let _ = reply.send(state.value);
            }
            Message::Bump { by } => state.value += by,
            Message::Connect { next } => state.next = Some(next),
            Message::Pass { token } => {
                if let (Some(token), Some(next)) = (token.hop(), &state.next) {
                    let _ = next.cast(Message::Pass { token });
                }
            }
        }
        Ok(())
    }
}

impl Contender for Ractor {
    const NAME: &'static str = "ractor";

    type Server = ActorRef<Message>;

    async fn start() -> ActorRef<Message> {
        let started = Actor::spawn(None, Counter, ()).await;
        started.expect("it starts").0
    }

    async fn call(server: &ActorRef<Message>, by: u64) -> u64 {
        let called = server.call(|reply| Message::Add { by, reply }, None).await;
        called.expect("it lives").expect("it answers")
    }

    async fn cast(server: &ActorRef<Message>, by: u64) {
        server.cast(Message::Bump { by }).expect("it lives");
    }

    async fn connect(server: &ActorRef<Message>, next: ActorRef<Message>) {
        server.cast(Message::Connect { next }).expect("it lives");
    }

    async fn pass(server: &ActorRef<Message>, token: Token) {
        server.cast(Message::Pass { token }).expect("it lives");
    }

    async fn stop(server: ActorRef<Message>) {
        server.stop_and_wait(None, None).await.expect("it ends");
    }
}

impl Named for Ractor {
    type Names = ();

    async fn names() {}

    async fn start_named((): &(), name: &Arc<str>) {
        let started = Actor::spawn(Some(name.to_string()), Counter, ()).await;
        started.expect("it starts");
    }

    async fn call_named((): &(), name: &Arc<str>, by: u64) -> u64 {
        let found = ActorRef::where_is(&**name).expect("it has been started");
        Ractor::call(&found, by).await
    }
}

/// Is started again and again.
struct Phoenix;

enum Order {
    Generation { reply: RpcReplyPort<u64> },
    Panic,
    Fail,
}

impl Actor for Phoenix {
    type Msg = Order;
    type State = u64;
    type Arguments = Generation;

    async fn pre_start(
        &self,
        _: ActorRef<Order>,
        generation: Generation,
    ) -> Result<u64, ActorProcessingErr> {
        Ok(generation.begin())
    }

    async fn handle(
        &self,
        _: ActorRef<Order>,
        order: Order,
        born: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Generation { reply } => {
                let _ = reply.send(*born);
                Ok(())
            }
            Order::Panic => panic!("it was told to"),
            Order::Fail => Err("it was told to".into()),
        }
    }
}

/// Where the present incarnation is.
type Place = Arc<RwLock<Option<ActorRef<Order>>>>;

fn present(place: &Place) -> Option<ActorRef<Order>> {
    place.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Starts its child again, as often as it ends.
struct Nest {
    place: Place,
    generation: Generation,
}

impl Nest {
    async fn start_child(&self, myself: &ActorRef<()>) -> Result<(), ActorProcessingErr> {
        let generation = self.generation.clone();
        let started = Actor::spawn_linked(None, Phoenix, generation, myself.get_cell()).await?;
        *self.place.write().unwrap_or_else(PoisonError::into_inner) = Some(started.0);
        Ok(())
    }
}

impl Actor for Nest {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        self.start_child(&myself).await
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(..) | SupervisionEvent::ActorFailed(..) => {
                self.start_child(&myself).await
            }
            _ => Ok(()),
        }
    }
}

impl Supervises for Ractor {
    type Supervised = Place;

    async fn supervise(generation: Generation) -> Place {
        let place = Place::default();
        let nest = Nest {
            place: place.clone(),
            generation,
        };
        let started = Actor::spawn(None, nest, ()).await;
        started.expect("it starts");
        place
    }

    async fn generation(place: &Place) -> Option<u64> {
        let phoenix = present(place)?;
        let called = phoenix
            .call(|reply| Order::Generation { reply }, None)
            .await;
        called.ok()?.success_or(()).ok()
    }
}

impl Panics for Ractor {
    async fn panic(place: &Place) {
        let _ = present(place).map(|phoenix| phoenix.cast(Order::Panic));
    }
}

impl Fails for Ractor {
    async fn fail(place: &Place) {
        let _ = present(place).map(|phoenix| phoenix.cast(Order::Fail));
    }
}

/// Has children, and ends after them.
struct Branch;

impl Actor for Branch {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn post_stop(&self, myself: ActorRef<()>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        myself.stop_children_and_wait(None, None).await;
        Ok(())
    }
}

impl Trees for Ractor {
    type Tree = ActorRef<()>;

    async fn tree(supervisors: usize, servers: usize) -> ActorRef<()> {
        let root = Actor::spawn(None, Branch, ()).await;
        let root = root.expect("it starts").0;
        for _ in 0..supervisors {
            let below = Actor::spawn_linked(None, Branch, (), root.get_cell()).await;
            let below = below.expect("it starts").0;
            for _ in 0..servers {
                let started = Actor::spawn_linked(None, Counter, (), below.get_cell()).await;
                started.expect("it starts");
            }
        }
        root
    }

    async fn shut_down(root: ActorRef<()>) {
        root.stop_and_wait(None, None).await.expect("it ends");
    }
}

const NEWS: &str = "news";

/// Hears what is published.
struct Subscriber;

/// What is published.
struct News(Countdown);

impl Actor for Subscriber {
    type Msg = News;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<News>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<News>,
        News(arrival): News,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        arrival.arrived();
        Ok(())
    }
}

impl Publishes for Ractor {
    type Topic = String;

    async fn topic(subscribers: usize) -> String {
        let mut members = Vec::with_capacity(subscribers);
        for _ in 0..subscribers {
            let started = Actor::spawn(None, Subscriber, ()).await;
            members.push(started.expect("it starts").0.get_cell());
        }
        pg::join(NEWS.to_owned(), members);
        NEWS.to_owned()
    }

    async fn publish(topic: &String, arrival: Countdown) {
        for member in pg::get_local_members(topic) {
            let sent = member.send_message(News(arrival.clone()));
            sent.expect("it lives");
        }
    }
}

impl Timers for Ractor {
    type Timer = JoinHandle<Result<(), MessagingErr<Message>>>;

    async fn arm(server: &ActorRef<Message>, after: Duration) -> Self::Timer {
        server.send_after(after, || Message::Bump { by: 1 })
    }

    async fn cancel(timer: Self::Timer) {
        timer.abort();
    }
}

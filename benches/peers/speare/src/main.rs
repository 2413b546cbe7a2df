//! speare: an actor with one enum of messages, a node that has the names and the topics. A child that has failed is started
//! again with the mailbox that it had.

use std::process::ExitCode;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};

use harness::{
    Contender, Countdown, Fails, Generation, Named, Publishes, Suite, Supervises, Token, Trees,
    Workload,
};
use speare::{Actor, Ctx, Handle, Node, Request};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    Suite::<Speare>::new()
        .named()
        .fails()
        .trees()
        .publishes()
        .skip(Workload::Panic, "restarts no actor that has panicked")
        .skip(Workload::OneForAll, "has no restart strategies")
        .skip(Workload::Timers, "has no timers that can be cancelled")
        .main()
}

struct Speare;

/// The node whose children the servers are.
fn node() -> MutexGuard<'static, Node> {
    static NODE: LazyLock<Mutex<Node>> = LazyLock::new(Mutex::default);
    NODE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts, and passes tokens on.
#[derive(Default)]
struct Counter {
    value: u64,
    next: Option<Handle<Message>>,
    /// Is dropped with the counter.
    ended: Option<oneshot::Sender<()>>,
}

enum Message {
    Add(Request<u64, u64>),
    Bump(u64),
    Connect(Handle<Message>),
    Pass(Token),
    Stop(oneshot::Sender<()>),
}

impl From<Request<u64, u64>> for Message {
    fn from(request: Request<u64, u64>) -> Self {
        Message::Add(request)
    }
}

impl Actor for Counter {
    type Props = ();
    type Msg = Message;
    type Err = ();

    async fn init(_: &mut Ctx<Self>) -> Result<Self, ()> {
        Ok(Counter::default())
    }

    async fn handle(&mut self, message: Message, context: &mut Ctx<Self>) -> Result<(), ()> {
        match message {
            Message::Add(request) => {
                self.value += request.data();
                request.reply(self.value);
            }
            Message::Bump(by) => self.value += by,
            Message::Connect(next) => self.next = Some(next),
            Message::Pass(token) => {
                if let (Some(token), Some(next)) = (token.hop(), &self.next) {
                    next.send(Message::Pass(token));
                }
            }
            Message::Stop(ended) => {
                self.ended = Some(ended);
                context.this().stop();
            }
        }
        Ok(())
    }
}

fn tell(server: &Handle<Message>, message: Message) {
    assert!(server.send(message), "it lives");
}

impl Contender for Speare {
    const NAME: &'static str = "speare";

    type Server = Handle<Message>;

    async fn start() -> Handle<Message> {
        node().actor::<Counter>(()).spawn()
    }

    async fn call(server: &Handle<Message>, by: u64) -> u64 {
        server.req(by).await.expect("it answers")
    }

    async fn cast(server: &Handle<Message>, by: u64) {
        tell(server, Message::Bump(by));
    }

    async fn connect(server: &Handle<Message>, next: Handle<Message>) {
        tell(server, Message::Connect(next));
    }

    async fn pass(server: &Handle<Message>, token: Token) {
        tell(server, Message::Pass(token));
    }

    async fn stop(server: Handle<Message>) {
        let (ended, has_ended) = oneshot::channel();
        tell(&server, Message::Stop(ended));
        // Nothing is ever sent: it comes to its end with the counter.
        let _ = has_ended.await;
    }
}

impl Named for Speare {
    type Names = Arc<RwLock<Node>>;

    async fn names() -> Self::Names {
        Arc::default()
    }

    async fn start_named(names: &Self::Names, name: &Arc<str>) {
        let mut node = names.write().unwrap_or_else(PoisonError::into_inner);
        let started = node.actor::<Counter>(()).spawn_named(&**name);
        started.expect("the name is free");
    }

    async fn call_named(names: &Self::Names, name: &Arc<str>, by: u64) -> u64 {
        let found = {
            let node = names.read().unwrap_or_else(PoisonError::into_inner);
            node.get_handle(name)
        };
        Speare::call(&found.expect("it has been started"), by).await
    }
}

/// Is started again and again.
struct Phoenix {
    born: u64,
}

enum Order {
    Generation(Request<(), u64>),
    Fail,
}

impl From<Request<(), u64>> for Order {
    fn from(request: Request<(), u64>) -> Self {
        Order::Generation(request)
    }
}

impl Actor for Phoenix {
    type Props = Generation;
    type Msg = Order;
    type Err = &'static str;

    async fn init(context: &mut Ctx<Self>) -> Result<Self, Self::Err> {
        Ok(Phoenix {
            born: context.props().begin(),
        })
    }

    async fn handle(&mut self, order: Order, _: &mut Ctx<Self>) -> Result<(), Self::Err> {
        match order {
            Order::Generation(request) => {
                request.reply(self.born);
                Ok(())
            }
            Order::Fail => Err("it was told to"),
        }
    }
}

impl Supervises for Speare {
    type Supervised = Handle<Order>;

    async fn supervise(generation: Generation) -> Handle<Order> {
        // To restart a child at once and for ever is what a node does by default.
        node().actor::<Phoenix>(generation).spawn()
    }

    async fn generation(phoenix: &Handle<Order>) -> Option<u64> {
        phoenix.req(()).await.ok()
    }
}

impl Fails for Speare {
    async fn fail(phoenix: &Handle<Order>) {
        phoenix.send(Order::Fail);
    }
}

/// Has children, and ends after them.
struct Branch;

/// How many children a branch has below and below these, and what is told when they have started.
struct Below {
    supervisors: usize,
    servers: usize,
    started: Countdown,
}

impl Actor for Branch {
    type Props = Below;
    type Msg = ();
    type Err = ();

    async fn init(context: &mut Ctx<Self>) -> Result<Self, ()> {
        let &Below {
            supervisors,
            servers,
            ref started,
        } = context.props();
        let started = started.clone();
        for _ in 0..supervisors {
            let below = Below {
                supervisors: 0,
                servers,
                started: started.clone(),
            };
            context.actor::<Branch>(below).spawn();
        }
        if supervisors == 0 {
            for _ in 0..servers {
                context.actor::<Leaf>(started.clone()).spawn();
            }
        }
        Ok(Branch)
    }
}

/// Tells that it has started.
struct Leaf;

impl Actor for Leaf {
    type Props = Countdown;
    type Msg = ();
    type Err = ();

    async fn init(context: &mut Ctx<Self>) -> Result<Self, ()> {
        context.props().arrived();
        Ok(Leaf)
    }
}

impl Trees for Speare {
    type Tree = Node;

    async fn tree(supervisors: usize, servers: usize) -> Node {
        let started = Countdown::new(supervisors * servers);
        let mut root = Node::new();
        let below = Below {
            supervisors,
            servers,
            started: started.clone(),
        };
        root.actor::<Branch>(below).spawn();
        started.over().await;
        root
    }

    async fn shut_down(mut root: Node) {
        root.shutdown().await;
    }
}

const NEWS: &str = "news";

/// Hears what is published.
struct Subscriber;

struct News(Countdown);

impl From<Countdown> for News {
    fn from(arrival: Countdown) -> Self {
        News(arrival)
    }
}

impl Actor for Subscriber {
    type Props = Countdown;
    type Msg = News;
    type Err = ();

    async fn init(context: &mut Ctx<Self>) -> Result<Self, ()> {
        let subscribed = context.subscribe::<Countdown>(NEWS);
        subscribed.expect("the topic is of countdowns");
        context.props().arrived();
        Ok(Subscriber)
    }

    async fn handle(&mut self, News(arrival): News, _: &mut Ctx<Self>) -> Result<(), ()> {
        arrival.arrived();
        Ok(())
    }
}

impl Publishes for Speare {
    type Topic = Node;

    async fn topic(subscribers: usize) -> Node {
        let subscribed = Countdown::new(subscribers);
        let mut topic = Node::new();
        for _ in 0..subscribers {
            topic.actor::<Subscriber>(subscribed.clone()).spawn();
        }
        subscribed.over().await;
        topic
    }

    async fn publish(topic: &Node, arrival: Countdown) {
        let published = topic.publish(NEWS, arrival);
        published.expect("the topic is of countdowns");
    }
}

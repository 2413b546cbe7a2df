//! hydra: a GenServer with one enum of messages and of answers. Calls are for processes only: the clients are processes.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use harness::{
    Contender, Fails, Generation, Named, OneForAll, Panics, Runtime, Suite, Supervises, Timers,
    Token, Trees, Workload,
};
use hydra::{
    ChildSpec, ChildType, ExitReason, From, GenServer, GenServerOptions, Pid, Process, Reference,
    SupervisionStrategy, Supervisor, SupervisorOptions,
};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

fn main() -> ExitCode {
    Suite::<Hydra>::new()
        .named()
        .panics()
        .fails()
        .one_for_all()
        .trees()
        .timers()
        .skip(Workload::Publish, "has no topics")
        .main()
}

struct Hydra;

/// Counts, and passes tokens on.
#[derive(Clone, Default)]
struct Counter {
    value: u64,
    next: Option<Pid>,
}

#[derive(Serialize, Deserialize)]
enum Message {
    Add {
        by: u64,
    },
    Sum {
        value: u64,
    },
    Bump {
        by: u64,
    },
    Connect {
        next: Pid,
    },
    /// A token does not leave its node.
    #[serde(skip)]
    Pass {
        token: Token,
    },
}

impl GenServer for Counter {
    type Message = Message;

    async fn init(&mut self) -> Result<(), ExitReason> {
        Ok(())
    }

    async fn handle_call(
        &mut self,
        message: Message,
        _: From,
    ) -> Result<Option<Message>, ExitReason> {
        match message {
            Message::Add { by } => {
                self.value += by;
                Ok(Some(Message::Sum { value: self.value }))
            }
            _ => Err(ExitReason::from("no such call")),
        }
    }

    async fn handle_cast(&mut self, message: Message) -> Result<(), ExitReason> {
        match message {
            Message::Bump { by } => self.value += by,
            Message::Connect { next } => self.next = Some(next),
            Message::Pass { token } => {
                if let (Some(token), Some(next)) = (token.hop(), self.next) {
                    Counter::cast(next, Message::Pass { token });
                }
            }
            Message::Add { .. } | Message::Sum { .. } => {
                return Err(ExitReason::from("no such cast"));
            }
        }
        Ok(())
    }
}

/// Runs a future as a process, and gives what it gives.
fn as_process<T: Send + 'static>(
    client: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> + Send + 'static {
    let (done, result) = oneshot::channel();
    Process::spawn(async move {
        let _ = done.send(client.await);
    });
    async move { result.await.expect("the client runs") }
}

impl Contender for Hydra {
    const NAME: &'static str = "hydra";

    type Server = Pid;

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
        runtime
            .expect("a runtime")
            .block_on(async { as_process(client).await })
    }

    fn spawn<F>(client: F) -> impl Future<Output = ()> + Send + 'static
    where
        F: Future<Output = ()> + Send + 'static,
    {
        as_process(client)
    }

    async fn start() -> Pid {
        let started = Counter::default().start(GenServerOptions::new()).await;
        started.expect("it starts")
    }

    async fn call(server: &Pid, by: u64) -> u64 {
        match Counter::call(*server, Message::Add { by }, None).await {
            Ok(Message::Sum { value }) => value,
            Ok(_) => panic!("it answers with a sum"),
            Err(error) => panic!("it answers: {error:?}"),
        }
    }

    async fn cast(server: &Pid, by: u64) {
        Counter::cast(*server, Message::Bump { by });
    }

    async fn connect(server: &Pid, next: Pid) {
        Counter::cast(*server, Message::Connect { next });
    }

    async fn pass(server: &Pid, token: Token) {
        Counter::cast(*server, Message::Pass { token });
    }

    async fn stop(server: Pid) {
        let stopped = Counter::stop(server, ExitReason::Normal, None).await;
        stopped.expect("it stops");
    }
}

impl Named for Hydra {
    type Names = ();

    async fn names() {}

    async fn start_named((): &(), name: &Arc<str>) {
        let options = GenServerOptions::new().name(&**name);
        let started = Counter::default().start(options).await;
        started.expect("it starts");
    }

    async fn call_named((): &(), name: &Arc<str>, by: u64) -> u64 {
        let found = Process::whereis(&**name).expect("it has been started");
        Hydra::call(&found, by).await
    }
}

/// Is started again and again.
struct Phoenix {
    generation: Generation,
    born: u64,
}

#[derive(Serialize, Deserialize)]
enum Order {
    Generation,
    Born { generation: u64 },
    Panic,
    Fail,
}

impl Phoenix {
    fn child_spec(generation: Generation, number: usize, name: Option<&'static str>) -> ChildSpec {
        ChildSpec::new(number.to_string()).start(move || {
            let phoenix = Phoenix {
                generation: generation.clone(),
                born: 0,
            };
            let options = GenServerOptions::new();
            phoenix.start_link(match name {
                Some(name) => options.name(name),
                None => options,
            })
        })
    }

    async fn generation(name: &'static str) -> Option<u64> {
        match Phoenix::call(name, Order::Generation, None).await {
            Ok(Order::Born { generation }) => Some(generation),
            _ => None,
        }
    }
}

impl GenServer for Phoenix {
    type Message = Order;

    async fn init(&mut self) -> Result<(), ExitReason> {
        self.born = self.generation.begin();
        Ok(())
    }

    async fn handle_call(&mut self, _: Order, _: From) -> Result<Option<Order>, ExitReason> {
        Ok(Some(Order::Born {
            generation: self.born,
        }))
    }

    async fn handle_cast(&mut self, order: Order) -> Result<(), ExitReason> {
        match order {
            Order::Panic => panic!("it was told to"),
            _ => Err(ExitReason::from("it was told to")),
        }
    }
}

/// A supervisor that never gives up. It keeps the times of its restarts: of a short time, so that these are few.
fn patient(strategy: SupervisionStrategy) -> Supervisor {
    Supervisor::new()
        .strategy(strategy)
        .max_restarts(1_000_000)
        .max_duration(Duration::from_millis(1))
}

const PHOENIX: &str = "phoenix";

impl Supervises for Hydra {
    type Supervised = ();

    async fn supervise(generation: Generation) {
        let nest = patient(SupervisionStrategy::OneForOne).add_child(Phoenix::child_spec(
            generation,
            0,
            Some(PHOENIX),
        ));
        let started = nest.start_link(SupervisorOptions::new()).await;
        started.expect("it starts");
    }

    async fn generation((): &()) -> Option<u64> {
        Phoenix::generation(PHOENIX).await
    }
}

impl Panics for Hydra {
    async fn panic((): &()) {
        Phoenix::cast(PHOENIX, Order::Panic);
    }
}

impl Fails for Hydra {
    async fn fail((): &()) {
        Phoenix::cast(PHOENIX, Order::Fail);
    }
}

const FIRST: &str = "first";
const LAST: &str = "last";

impl OneForAll for Hydra {
    type Group = ();

    async fn group(count: usize, generation: Generation) {
        let name = |number| match number {
            0 => Some(FIRST),
            number if number + 1 == count => Some(LAST),
            _ => None,
        };
        let group = (0..count).fold(patient(SupervisionStrategy::OneForAll), |group, number| {
            group.add_child(Phoenix::child_spec(
                generation.clone(),
                number,
                name(number),
            ))
        });
        let started = group.start_link(SupervisorOptions::new()).await;
        started.expect("it starts");
    }

    async fn fail_first((): &()) {
        Phoenix::cast(FIRST, Order::Fail);
    }

    async fn last_generation((): &()) -> Option<u64> {
        Phoenix::generation(LAST).await
    }
}

impl Trees for Hydra {
    type Tree = Pid;

    async fn tree(supervisors: usize, servers: usize) -> Pid {
        let counter = |number: usize| {
            ChildSpec::new(number.to_string())
                .start(|| Counter::default().start_link(GenServerOptions::new()))
        };
        let below = |number: usize| {
            Supervisor::with_children((0..servers).map(counter))
                .child_spec(SupervisorOptions::new())
                .id(number.to_string())
                .child_type(ChildType::Supervisor)
        };
        let root = Supervisor::with_children((0..supervisors).map(below));
        let started = root.start(SupervisorOptions::new()).await;
        started.expect("it starts")
    }

    async fn shut_down(root: Pid) {
        let stopped = Supervisor::stop(root, ExitReason::Normal, None).await;
        stopped.expect("it stops");
    }
}

impl Timers for Hydra {
    type Timer = Reference;

    async fn arm(server: &Pid, after: Duration) -> Reference {
        Counter::cast_after(*server, Message::Bump { by: 1 }, after)
    }

    async fn cancel(timer: Reference) {
        Process::cancel_timer(timer);
    }
}

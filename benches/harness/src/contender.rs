//! What a contender does in its own way.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Countdown, Runtime, Token};

/// A way to write a server that counts, and that passes tokens on.
///
/// The server holds a number and the next server. Called with a number it adds it and answers the sum; a cast adds and
/// answers nothing.
pub trait Contender: Send + Sync + 'static {
    /// Its name in the table.
    const NAME: &'static str;

    /// A handle of a server.
    type Server: Clone + Send + Sync + 'static;

    /// Runs the client of a workload, on a worker of the runtime: that is where servers call each other.
    fn block_on<F>(runtime: Runtime, client: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let runtime = build(runtime);
        let client = runtime.spawn(client);
        runtime.block_on(client).expect("the workload runs")
    }

    /// Runs one more client, at once.
    fn spawn<F>(client: F) -> impl Future<Output = ()> + Send + 'static
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let client = tokio::spawn(client);
        async move { client.await.expect("a client runs") }
    }

    /// Starts a server that holds 0 and has no next one.
    fn start() -> impl Future<Output = Self::Server> + Send;

    /// Adds, and waits for the sum.
    fn call(server: &Self::Server, by: u64) -> impl Future<Output = u64> + Send;

    /// Adds. Done when the message is queued.
    fn cast(server: &Self::Server, by: u64) -> impl Future<Output = ()> + Send;

    /// Says which server is the next one.
    fn connect(server: &Self::Server, next: Self::Server) -> impl Future<Output = ()> + Send;

    /// Gives a server a token; it gives it to the next one as long as [`Token::hop`] says so. Done when it is queued.
    fn pass(server: &Self::Server, token: Token) -> impl Future<Output = ()> + Send;

    /// Stops a server, and waits until it has ended.
    fn stop(server: Self::Server) -> impl Future<Output = ()> + Send;
}

/// Has names for servers.
pub trait Named: Contender {
    /// Where names are looked up.
    type Names: Clone + Send + Sync + 'static;

    /// Makes it.
    fn names() -> impl Future<Output = Self::Names> + Send;

    /// Starts a server that has a name.
    fn start_named(names: &Self::Names, name: &Arc<str>) -> impl Future<Output = ()> + Send;

    /// Looks a name up and calls the server that has it.
    fn call_named(
        names: &Self::Names,
        name: &Arc<str>,
        by: u64,
    ) -> impl Future<Output = u64> + Send;
}

/// Counts the incarnations of a server.
#[derive(Clone, Debug, Default)]
pub struct Generation(Arc<AtomicU64>);

impl Generation {
    /// To be called by the init of each incarnation: its number, from 1.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel) + 1
    }
}

/// Has supervisors that start a server again, as often as it ends.
pub trait Supervises: Contender {
    /// A supervisor with one child.
    type Supervised: Send + Sync + 'static;

    /// Starts it. Each incarnation of the child calls `generation.begin()` and answers what that said.
    fn supervise(generation: Generation) -> impl Future<Output = Self::Supervised> + Send;

    /// Asks the child for its generation. None if it is not there now.
    fn generation(supervised: &Self::Supervised) -> impl Future<Output = Option<u64>> + Send;
}

/// Starts a server again that has panicked.
pub trait Panics: Supervises {
    /// Makes the child panic.
    fn panic(supervised: &Self::Supervised) -> impl Future<Output = ()> + Send;
}

/// Starts a server again that has ended with an error.
pub trait Fails: Supervises {
    /// Makes the child end with an error.
    fn fail(supervised: &Self::Supervised) -> impl Future<Output = ()> + Send;
}

/// Has supervisors that restart all children when one ends.
pub trait OneForAll: Contender {
    /// A supervisor of servers.
    type Group: Send + Sync + 'static;

    /// Starts `count` children. Each incarnation calls `generation.begin()`.
    fn group(count: usize, generation: Generation) -> impl Future<Output = Self::Group> + Send;

    /// Makes the first child end with an error.
    fn fail_first(group: &Self::Group) -> impl Future<Output = ()> + Send;

    /// Asks the last child for the number of its begin. None if it is not there now.
    fn last_generation(group: &Self::Group) -> impl Future<Output = Option<u64>> + Send;
}

/// Has supervisors of supervisors.
pub trait Trees: Contender {
    /// A tree.
    type Tree: Send + 'static;

    /// Starts a tree of `supervisors` with `servers` each.
    fn tree(supervisors: usize, servers: usize) -> impl Future<Output = Self::Tree> + Send;

    /// Stops the tree, and waits until every server has ended.
    fn shut_down(tree: Self::Tree) -> impl Future<Output = ()> + Send;
}

/// Sends one message to many.
pub trait Publishes: Contender {
    /// What subscribers have in common.
    type Topic: Send + Sync + 'static;

    /// Starts a topic and `subscribers`.
    fn topic(subscribers: usize) -> impl Future<Output = Self::Topic> + Send;

    /// Sends a message to all; each calls `arrived`.
    fn publish(topic: &Self::Topic, arrival: Countdown) -> impl Future<Output = ()> + Send;
}

/// Sends messages later.
pub trait Timers: Contender {
    /// A timer that was armed.
    type Timer: Send + 'static;

    /// Arms a timer that casts to a server.
    fn arm(server: &Self::Server, after: Duration) -> impl Future<Output = Self::Timer> + Send;

    /// Disarms it.
    fn cancel(timer: Self::Timer) -> impl Future<Output = ()> + Send;
}

fn build(runtime: Runtime) -> tokio::runtime::Runtime {
    let mut builder = match runtime {
        Runtime::CurrentThread => tokio::runtime::Builder::new_current_thread(),
        Runtime::TwoWorkers => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(2);
            builder
        }
    };
    builder.enable_all().build().expect("a runtime")
}

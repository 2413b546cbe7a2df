//! Running a whole program or test as a process of a node of its own: what `#[otp_core::main]` and `#[otp_core::test]`
//! expand to.
//!
//! The body runs in place, so that it need not be `Send`. When it is done its process ends with shutdown: what is linked
//! with it has [`SHUTDOWN_TIME`] to stop, the rest of the node is killed.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::exit::ExitReason;
use crate::node::Node;
use crate::options::MailboxPolicy;
use crate::process::cell::{Cell, Process};
use crate::process::kind::Kind;
use crate::process::run::{catch, running};
use crate::process::{NodeExt, signal};
use crate::report;

/// How long what is linked with `main` may take to stop: OTP's default for a worker.
pub(crate) const SHUTDOWN_TIME: Duration = Duration::from_secs(5);

/// Which of tokio's runtimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// For `main` the multi-thread one if the feature `rt-multi-thread` is on; for tests the current-thread one.
    Default,
    /// One thread. A test's clock is paused.
    CurrentThread,
    /// Several threads, as many as there are cores unless said.
    MultiThread(Option<usize>),
}

/// How a body ended.
pub(crate) enum Ended<T> {
    Returned(T),
    Panicked(Box<dyn Any + Send>),
    /// By `exit_with` or an exit signal.
    Exited(ExitReason),
}

/// Runs `main`.
///
/// # Panics
///
/// Panics as the body does, and if the runtime cannot be built.
#[expect(
    clippy::print_stderr,
    clippy::exit,
    reason = "the end of a program whose main process was ended by a signal"
)]
pub fn run_main<T>(flavor: Flavor, body: impl Future<Output = T>) -> T {
    match run(runtime(flavor, cfg!(feature = "rt-multi-thread")), body) {
        Ended::Returned(value) => value,
        Ended::Panicked(payload) => resume_unwind(payload),
        Ended::Exited(reason) => {
            eprintln!("the main process ended: {reason}");
            std::process::exit(1)
        }
    }
}

fn runtime(flavor: Flavor, multi_thread: bool) -> Runtime {
    let mut builder = match flavor {
        Flavor::MultiThread(workers) => many_threads(workers),
        Flavor::Default if multi_thread => many_threads(None),
        Flavor::Default | Flavor::CurrentThread => Builder::new_current_thread(),
    };
    builder
        .enable_all()
        .build()
        .expect("a tokio runtime for `main`")
}

#[cfg(feature = "rt-multi-thread")]
pub(crate) fn many_threads(workers: Option<usize>) -> Builder {
    let mut builder = Builder::new_multi_thread();
    if let Some(workers) = workers {
        builder.worker_threads(workers);
    }
    builder
}

#[cfg(not(feature = "rt-multi-thread"))]
pub(crate) fn many_threads(_: Option<usize>) -> Builder {
    panic!("several threads need otp-core's feature `rt-multi-thread`")
}

fn run<T>(runtime: Runtime, body: impl Future<Output = T>) -> Ended<T> {
    let ended = runtime.block_on(run_in_new_node(body));
    // Blocking work that has begun, such as a read of the terminal, is not waited for.
    runtime.shutdown_background();
    ended
}

/// Runs a body that explores the schedules of its processes, inside a check of shuttle's.
///
/// # Panics
///
/// Panics as the body does, and if an exit signal ends it.
#[cfg(shuttle)]
pub fn run_explored<T>(body: impl Future<Output = T>) -> T {
    match shuttle::future::block_on(run_in_new_node(body)) {
        Ended::Returned(value) => value,
        Ended::Panicked(payload) => resume_unwind(payload),
        Ended::Exited(reason) => panic!("the test's process was ended: {reason}"),
    }
}

async fn run_in_new_node<T>(body: impl Future<Output = T>) -> Ended<T> {
    let node = Node::new();
    let ended = run_in_place(&node, body).await;
    node.kill_all().await;
    ended
}

/// Runs the body as a process, and then waits for what is linked with it.
pub(crate) async fn run_in_place<T>(node: &Node, body: impl Future<Output = T>) -> Ended<T> {
    let kind = Kind::<Infallible>::PROCESS;
    let cell = Cell::new(node.clone(), kind, MailboxPolicy::Unbounded);
    let process: Arc<dyn Process> = cell;
    node.insert(&process);
    report::start(&*process);

    let mut ended = None;
    let mut linked = Vec::new();
    let code = async {
        let outcome = catch(body).await;
        linked = process.core().vital().links();
        let (end, reason, orphans) = match outcome {
            Ok(value) => (Ended::Returned(value), ExitReason::Shutdown, Vec::new()),
            Err(crash) => match crash.payload {
                Some(payload) => (Ended::Panicked(payload), crash.reason, crash.orphans),
                None => (
                    Ended::Exited(crash.reason.clone()),
                    crash.reason,
                    crash.orphans,
                ),
            },
        };
        ended = Some(end);
        let reason = signal::release(&*process, &reason);
        drop(orphans);
        reason
    };
    let reason = pin!(running(Arc::clone(&process), code)).await;
    wait_for(node, linked).in_node(node).await;
    ended.unwrap_or(Ended::Exited(reason))
}

/// Gives linked processes the time to stop.
async fn wait_for(node: &Node, linked: Vec<crate::pid::Pid>) {
    let all = async {
        for process in linked.into_iter().filter_map(|pid| node.lookup(pid)) {
            crate::gen_server::handle::wait_for_end(&*process).await;
        }
    };
    // Those that are not done in time are killed with the rest.
    let _ = crate::process::within(SHUTDOWN_TIME, all).await;
}

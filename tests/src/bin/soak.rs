//! Crashes supervised servers a great many times under a load of calls, and shows what is left of them: nothing.
//!
//! `cargo run --release -p tests --bin soak -- --crashes 1000000`. Exits with 1 if something was left behind or a call
//! got neither an answer nor an error.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that tells what it does"
)]

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};
use tokio::time::Instant;

/// How the program is called.
struct Options {
    crashes: u64,
    workers: usize,
    clients: usize,
    seed: u64,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options {
            crashes: 1_000_000,
            workers: 64,
            clients: 16,
            seed: 1,
        };
        while let Some(argument) = arguments.next() {
            let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
            let value = value.ok_or_else(|| format!("`{argument}` needs a whole number"))?;
            let count = usize::try_from(value.max(1)).unwrap_or(usize::MAX);
            match argument.as_str() {
                "--crashes" => options.crashes = value,
                "--workers" => options.workers = count,
                "--clients" => options.clients = count,
                "--seed" => options.seed = value,
                _ => return Err(format!("`{argument}` is no option")),
            }
        }
        Ok(options)
    }
}

/// How a server is made to crash.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Its handler panics.
    Panic,
    /// It stops with a reason.
    Stop,
    /// It ends itself from the middle of a handler.
    Exit,
    /// It waits in a handler until it is killed.
    Kill,
}

/// A server that holds something of everything that could be left behind: a name, a timer, an interval, a monitor, a
/// linked process, and a mailbox with a bound.
#[gen_server(mailbox = bounded(64))]
#[derive(Debug)]
pub struct Worker {
    answered: u64,
}

#[gen_server]
impl Worker {
    #[init]
    fn init(cx: &mut Context<Self>) -> Self {
        cx.send_after(Duration::from_secs(3600), WorkerMessage::Tick);
        cx.send_interval(Duration::from_secs(3600), || WorkerMessage::Tick);
        if let Some(parent) = cx.parent() {
            cx.monitor(parent);
        }
        process::spawn_link(std::future::pending::<()>());
        Worker { answered: 0 }
    }

    /// Answers how often it was asked.
    #[call]
    pub fn work(&mut self) -> u64 {
        self.answered += 1;
        self.answered
    }

    /// Crashes.
    #[call]
    pub async fn crash(&mut self, way: Way, cx: &mut Context<Self>) {
        match way {
            Way::Panic => panic!("a crash of the soak"),
            Way::Stop => cx.stop(ExitReason::error("a crash of the soak")),
            Way::Exit => process::exit_with(ExitReason::error("a crash of the soak")),
            Way::Kill => {
                process::exit(cx.pid(), ExitReason::Kill);
                std::future::pending::<()>().await;
            }
        }
    }

    #[handle_info]
    fn tick(&mut self) {}
}

/// What is there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Census {
    processes: usize,
    names: usize,
    timers: usize,
    links: usize,
    monitors: usize,
}

impl Census {
    fn take(node: &Node) -> Self {
        let processes = node.processes();
        let infos = || processes.iter().filter_map(|pid| process::info(*pid));
        Census {
            processes: processes.len(),
            names: node.registered().len(),
            timers: node.timer_count(),
            links: infos().map(|info| info.links.len()).sum(),
            monitors: infos()
                .map(|info| info.monitors.len() + info.monitored_by.len())
                .sum(),
        }
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9} {:>6} {:>7} {:>6} {:>9}",
            self.processes, self.names, self.timers, self.links, self.monitors
        )
    }
}

/// What became of the calls.
#[derive(Default)]
struct Calls {
    made: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    crashes: AtomicU64,
}

/// Resident memory in KiB, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

async fn start(options: &Options) -> SupervisorRef {
    let mut builder =
        Supervisor::builder(Strategy::OneForOne).max_restarts(u32::MAX, Duration::from_millis(1));
    for number in 0..options.workers {
        let start = move || Worker::start_link().name(format!("worker {number}"));
        builder = builder.child(otp_core::ChildSpec::new(number.to_string(), start));
    }
    let supervisor = builder.start_link().await;
    supervisor.expect("the tree starts")
}

/// Calls workers until there have been enough crashes.
async fn client(options: Arc<Options>, calls: Arc<Calls>, number: u64) {
    let mut random = fastrand::Rng::with_seed(options.seed ^ (number << 32));
    while calls.crashes.load(Ordering::Relaxed) < options.crashes {
        let name = format!("worker {}", random.usize(..options.workers));
        let worker = WorkerRef::named(name);
        calls.made.fetch_add(1, Ordering::Relaxed);
        let answer = if random.u8(..4) == 0 {
            let ways = [Way::Panic, Way::Stop, Way::Exit, Way::Kill];
            let answer = worker.crash(ways[random.usize(..4)]).await;
            let crashed = !matches!(answer, Err(CallFailure::NoProc));
            calls.crashes.fetch_add(crashed.into(), Ordering::Relaxed);
            answer.map(|()| 0)
        } else {
            worker.work().await
        };
        match answer {
            Ok(_) => calls.answered.fetch_add(1, Ordering::Relaxed),
            Err(CallFailure::Timeout { .. }) => {
                eprintln!("a call got neither an answer nor an error for five seconds");
                continue;
            }
            Err(_) => calls.failed.fetch_add(1, Ordering::Relaxed),
        };
    }
}

#[otp_core::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => Arc::new(options),
        Err(error) => {
            eprintln!("error: {error}");
            eprintln!("usage: soak [--crashes N] [--workers N] [--clients N] [--seed N]");
            return ExitCode::from(2);
        }
    };
    // A million messages of panics would bury the table.
    std::panic::set_hook(Box::new(|_| ()));
    let node = Node::current().expect("main is a process");
    let before = Census::take(&node);
    println!(
        "   crashes      calls   failed  restarts  resident  processes  names  timers  links  monitors"
    );
    let row = |crashes: u64, calls: &Calls, restarts: u64, census: Census| {
        println!(
            "{crashes:>10} {:>10} {:>8} {restarts:>9} {:>5} KiB  {census}",
            calls.made.load(Ordering::Relaxed),
            calls.failed.load(Ordering::Relaxed),
            resident().unwrap_or(0),
        );
    };
    let began = Instant::now();
    let calls = Arc::new(Calls::default());
    row(0, &calls, 0, before);

    let supervisor = start(&options).await;
    let running = Arc::new(AtomicUsize::new(options.clients));
    let mut ends = Vec::with_capacity(options.clients);
    for number in 0..options.clients as u64 {
        let (options, calls) = (Arc::clone(&options), Arc::clone(&calls));
        let running = Arc::clone(&running);
        let (_, end) = process::spawn_monitor(async move {
            client(options, calls, number).await;
            running.fetch_sub(1, Ordering::Relaxed);
        });
        ends.push(end);
    }
    // Memory is compared between a tenth of the way, when everything has its size, and the end.
    let mut early = None;
    let mut next = options.crashes / 10;
    while running.load(Ordering::Relaxed) > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let crashes = calls.crashes.load(Ordering::Relaxed);
        if crashes >= next {
            next += options.crashes / 10;
            row(
                crashes,
                &calls,
                restarts(&supervisor).await,
                Census::take(&node),
            );
            early = early.or_else(resident);
        }
    }
    for end in ends {
        process::receive_down(end).await;
    }
    let restarts = restarts(&supervisor).await;
    let late = resident();
    supervisor.stop().await.expect("the tree stops");
    let after = Census::take(&node);
    row(
        calls.crashes.load(Ordering::Relaxed),
        &calls,
        restarts,
        after,
    );

    let [made, answered, failed] =
        [&calls.made, &calls.answered, &calls.failed].map(|count| count.load(Ordering::Relaxed));
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{made} calls = {answered} answered + {failed} failed, {restarts} restarts, in {seconds:.0} s"
    );
    let told = made == answered + failed;
    let grown = early
        .zip(late)
        .map(|(early, late)| late.saturating_sub(early));
    // What an allocator may keep for itself.
    let flat = grown.is_none_or(|grown| grown < 4 * 1024);
    println!(
        "memory: {} KiB more at the end than after a tenth of the crashes",
        grown.unwrap_or(0)
    );
    if told && flat && before == after {
        println!("nothing is left behind");
        ExitCode::SUCCESS
    } else {
        println!("something is left behind");
        ExitCode::FAILURE
    }
}

async fn restarts(supervisor: &SupervisorRef) -> u64 {
    let children = supervisor.which_children().await.unwrap_or_default();
    children.iter().map(|child| child.restarts).sum()
}

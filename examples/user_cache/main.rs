//! Replays requests to supervised caches of users, crashes one of them meanwhile, and tells what
//! happened.
//!
//! `cargo run --release -p examples --bin user_cache -- --help` explains it. The server is in
//! `cache.rs`, the supervision tree in `tree.rs`; the clients are in `replay.rs`.
#![allow(
    unreachable_pub,
    reason = "nobody is outside of a program, and `pub` reads better"
)]

mod cache;
mod histogram;
mod lru;
mod progress;
mod replay;
mod report;
mod request;
mod source;
mod tally;
mod tree;
mod workload;

use std::future;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, value_parser};
use otp_core::prelude::CallFailure;
use tokio::signal;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::cache::{CacheOptions, Stats, UserCacheRef};
use crate::progress::Progress;
use crate::replay::{End, ReplayOptions};
use crate::report::Report;
use crate::source::Source;
use crate::tree::{CacheTree, TreeOptions};
use crate::workload::{Workload, WorkloadOptions};

/// Replays requests to two supervised caches of users, and crashes the primary meanwhile.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// A file of requests, one a line; without it, requests are generated
    file: Option<PathBuf>,

    /// How many requests to generate
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    #[arg(conflicts_with = "file", help_heading = GENERATOR)]
    #[arg(value_parser = value_parser!(u64).range(..=1_000_000_000_000))]
    requests: u64,

    /// The same seed gives the same requests
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(conflicts_with = "file", help_heading = GENERATOR)]
    seed: u64,

    /// How many users the requests are about
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(conflicts_with = "file", help_heading = GENERATOR)]
    #[arg(value_parser = value_parser!(u64).range(1..=10_000_000))]
    keys: u64,

    /// How unequal the users are: 0 is not at all, 1 is Zipf's law
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    #[arg(conflicts_with = "file", help_heading = GENERATOR)]
    #[arg(value_parser = parse_skew)]
    skew: f64,

    /// How often the primary is made to crash
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(conflicts_with = "file", help_heading = GENERATOR)]
    crashes: u64,

    /// How many clients send requests at the same time
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = CLIENTS)]
    #[arg(value_parser = value_parser!(u16).range(1..=1_000))]
    clients: u16,

    /// How many requests they send a second at most; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 200_000, help_heading = CLIENTS)]
    rate: u32,

    /// How long they wait for an answer, in ms
    #[arg(long, value_name = "MS", default_value_t = 5_000, help_heading = CLIENTS)]
    timeout: u64,

    /// How many users fit; the least recently used gives way
    #[arg(long, value_name = "N", default_value_t = 1_000, help_heading = PRIMARY)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    max_size: u32,

    /// How many users fit
    #[arg(long, value_name = "N", default_value_t = 1_000, help_heading = SECONDARY)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    secondary_size: u32,

    /// How long it keeps a user that is not put again, in ms
    #[arg(long, value_name = "MS", default_value_t = 100, help_heading = PRIMARY)]
    ttl: u64,

    /// How often it cleans up users that are too old, in ms
    #[arg(long, value_name = "MS", default_value_t = 50, help_heading = PRIMARY)]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    cleanup_interval: u64,

    /// Log to stderr what the caches and their supervisor do
    #[arg(long, short)]
    verbose: bool,
}

const GENERATOR: &str = "Generated requests";
const CLIENTS: &str = "Clients";
const PRIMARY: &str = "Primary cache";
const SECONDARY: &str = "Secondary cache";

const AFTER_HELP: &str = "\
Lines of a file:
  get ID              Ask for a user
  put ID NAME EMAIL   Put a user; NAME and EMAIL are one word each
  delete ID           Delete a user
  stats               Ask for the primary's statistics
  crash SERVER        Make a server crash: primary or secondary

  IDs are whole numbers. Blank lines and lines that begin with # are skipped; any other line is
  reported with its number and skipped. Requests for the same user are sent in the order of the
  file; apart from that, the clients do not wait for each other.

Requests go to the primary. The secondary gets each put and delete as well, in the order of the
lines: it keeps what the primary loses in a crash, and holds the same users at the end however
often that was. The supervisor starts a server that has crashed again; while it is away, its
requests fail.

Table at the end:
  Every line that was read is answered, failed or skipped. A generated request counts as a line.

  answered    get, stats: the cache has answered, be it that there is no such user.
              put, delete: the cache has taken it into its mailbox. These are casts, which have no
              answer. The cache handles them before it tells its statistics for the table.
              crash: the server has crashed.
  failed      There was no answer, or the cast was not taken; the table tells why.
  skipped     It is no request.
  p50 to max  How long the answered requests took: 50 % of them took p50 or less.
  primary     Counts since its last start.

Below the table is the supervision tree, with each process and how often it was restarted.

Ctrl-C ends the run in order, with the table so far; a second Ctrl-C ends it at once.

Exit status: 0 at the end of the requests, 2 after an error (such as a file that cannot be read),
130 after Ctrl-C.";

fn parse_skew(argument: &str) -> Result<f64, String> {
    match argument.parse() {
        Ok(skew) if (0.0..=10.0).contains(&skew) => Ok(skew),
        _ => Err("expected a number from 0 to 10".to_owned()),
    }
}

#[otp_core::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging(arguments.verbose);
    match run(arguments).await {
        Ok(status) => status,
        Err(error) => {
            // `{:#}` adds what caused the error.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let source = arguments.source().await?;
    // Not `start_link`: should the supervisor give up, the clients count failures, and the table tells.
    let tree = CacheTree::start(arguments.tree_options())
        .name("CacheTree")
        .await?;
    // A log and a bar would disturb each other.
    let progress = Progress::new(
        source.size(),
        !arguments.verbose && io::stderr().is_terminal(),
    );
    let options = arguments.replay_options();
    let replay = replay::replay(&tree, source, &options, progress, interrupt()).await;
    let report = Report {
        replay: &replay,
        stats: &tree.primary().stats().await,
        secondary: &contents(&tree.secondary()).await,
        tree: &tree.tree().await,
    };
    let stopped = tree.stop().await;

    print(&report)?;
    if report.tree.is_ok() {
        stopped.context("the tree did not stop in order")?;
    }
    match replay.end {
        End::Complete => Ok(ExitCode::SUCCESS),
        End::Interrupted => Ok(ExitCode::from(130)),
        End::Unreadable(error) => Err(error).with_context(|| arguments.unreadable()),
    }
}

/// What a cache holds, and its fingerprint.
async fn contents(cache: &UserCacheRef) -> Result<(Stats, u64), CallFailure> {
    Ok((cache.stats().await?, cache.fingerprint().await?))
}

impl Arguments {
    async fn source(&self) -> anyhow::Result<Source> {
        match &self.file {
            Some(file) => Source::open(file).await.with_context(|| self.unreadable()),
            None => Ok(Source::Generated {
                requests: self.requests,
                workload: Workload::new(&WorkloadOptions {
                    requests: self.requests,
                    keys: self.keys,
                    skew: self.skew,
                    seed: self.seed,
                    crashes: self.crashes,
                }),
            }),
        }
    }

    fn unreadable(&self) -> String {
        let file = self.file.as_deref().unwrap_or(Path::new("the requests"));
        format!("cannot read {}", file.display())
    }

    fn tree_options(&self) -> TreeOptions {
        TreeOptions {
            primary: CacheOptions {
                max_size: self.max_size as usize,
                ttl: Duration::from_millis(self.ttl),
                cleanup_interval: Duration::from_millis(self.cleanup_interval),
            },
            // What it holds is to depend on the requests alone, not on how fast they come.
            secondary: CacheOptions {
                max_size: self.secondary_size as usize,
                ttl: Duration::MAX,
                ..CacheOptions::default()
            },
        }
    }

    fn replay_options(&self) -> ReplayOptions {
        ReplayOptions {
            clients: self.clients.into(),
            timeout: Duration::from_millis(self.timeout),
            rate: self.rate,
        }
    }
}

/// Is ready after the first Ctrl-C. From then on, another one ends the program at once.
async fn interrupt() {
    if signal::ctrl_c().await.is_err() {
        return future::pending().await;
    }
    tokio::spawn(async {
        if signal::ctrl_c().await.is_ok() {
            process::exit(130);
        }
    });
}

/// Unlike `print!`, does not panic when nobody reads stdout any more.
fn print(report: &Report<'_>) -> io::Result<()> {
    match write!(io::stdout(), "{report}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn start_logging(verbose: bool) {
    let level = if verbose { Level::INFO } else { Level::WARN };
    // Crashes are asked for here, and counted in the table.
    let crashes = if verbose {
        Level::INFO.into()
    } else {
        LevelFilter::OFF
    };
    let targets = Targets::new()
        .with_default(level)
        .with_target("otp_core", crashes);
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(io::stderr);
    tracing_subscriber::registry()
        .with(log)
        .with(targets)
        .init();
}

//! Takes payments, until it is told to stop: an application of nested supervisors, in which things go wrong as asked for.
//!
//! `cargo run --release -p examples --bin payments -- --help` explains it. The tree is in `application.rs`.
#![allow(
    unreachable_pub,
    reason = "nobody is outside of a program, and `pub` reads better"
)]

mod application;
mod books;
mod fault;
mod fraud;
mod gateway;
mod intake;
mod load;
mod metrics;
mod payment;
mod totals;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, value_parser};
use otp_core::application::Application;
use otp_observer::Address;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::time::uptime;
use tracing_subscriber::prelude::*;

use crate::application::Payments;
use crate::fault::Injection;
use crate::totals::Totals;

/// Takes payments that are made up, under supervisors, until it is told to stop.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// A file that configures it, in TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A failure, such as crash:ledger@2s or hang:gateway@500ms
    #[arg(long, value_name = "FAULT:SERVER@TIME")]
    inject: Vec<Injection>,

    /// How long a stop may take in all, in seconds
    #[arg(long, value_name = "S", default_value_t = 20)]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    stop_within: u64,

    /// Where otp-observer may look in, such as /tmp/payments.sock
    #[arg(long, value_name = "SOCKET")]
    observe: Option<Address>,

    /// Log each start of a process too
    #[arg(long, short)]
    verbose: bool,
}

const AFTER_HELP: &str = concat!(
    "\
Configuration, each layer above the one before: what is below; the file; environment variables,
such as PAYMENTS__LOAD__RATE=500. METRICS__ADDRESS=127.0.0.1:9000 says where the metrics are.

",
    include_str!("payments.toml"),
    "
Failures:
  crash     A handler panics. The supervisor starts the server again.
  hang      A handler does not return. Calls time out; at the end the server is killed.
  The servers are fraud, gateway (the first connection), intake and ledger. crash:ledger@2s*20 is
  twenty crashes, 50 ms apart: more than its supervisor puts up with, and so on up, until the
  program ends.

SIGTERM or Ctrl-C stops it in order: no new payments, those that were accepted come to their end,
for which they have half of --stop-within at most, then the servers stop, each before those that it
needs. What has not stopped within --stop-within is killed. A second signal ends it at once.

Exit status: 0 after a stop, 1 if it did not start or the supervisors have given up, 2 after wrong
arguments, 3 after a stop in order that left payments undone, 143 or 130 after a second SIGTERM or
Ctrl-C."
);

/// Accepted payments had no time to come to their end.
const LOST: u8 = 3;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging(arguments.verbose);
    let totals = Totals::default();
    let bound = Duration::from_secs(arguments.stop_within);
    let payments = Payments::new(
        arguments.config,
        arguments.observe,
        arguments.inject,
        bound,
        totals.clone(),
    );
    let status = payments.run();
    if !totals.is_empty() {
        // Unlike `println!`, does not panic when nobody reads it any more.
        let _ = writeln!(io::stdout(), "{totals}");
    }
    if status == ExitCode::SUCCESS && totals.lost() > 0 {
        ExitCode::from(LOST)
    } else {
        status
    }
}

fn start_logging(verbose: bool) {
    let of_processes = if verbose { Level::INFO } else { Level::WARN };
    let targets = Targets::new()
        .with_default(Level::INFO)
        .with_target("otp_core", of_processes);
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(io::stderr)
        .with_timer(uptime())
        .with_target(false);
    tracing_subscriber::registry()
        .with(log)
        .with(targets)
        .init();
}

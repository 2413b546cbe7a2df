//! What an operation costs as the work grows: among ten processes and among a million, in a mailbox of ten messages and
//! of a million, under a supervisor of ten children and of a hundred thousand.
//!
//! Each world is built for each size, in a node and a current-thread runtime of its own, and all its operations are
//! measured in it. That is done in rounds, of which the fastest counts: what else runs on the same core makes everything
//! slower by half, for as long as it does.
//! An operation is measured twice where that makes a difference: on the same one of N again and again,
//! which shows what the code does, and on another one each time, which shows what memory costs. Only the first says
//! something about growth: that of the second is mostly of caches that N does not fit into.

#![expect(clippy::disallowed_methods, reason = "real time is what is measured")]

mod clients;
mod links;
mod mailboxes;
mod names;
mod plot;
mod samples;
mod series;
mod servers;
mod supervisors;
mod table;
mod timers;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use samples::Budget;
use series::AllSeries;
use world::World;

/// Measures what each operation of otp-core costs as the number of processes, names, messages, children, links, monitors
/// and timers grows.
///
/// Prints two tables of nanoseconds for each operation: on the same one of N again and again, and on another one each
/// time; the last column says how the cost grew, from a thousand on. The last line names the operations whose cost grew
/// faster than a logarithm.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Sizes up to 10,000 only, and one round of fewer measurements: some ten seconds.
    #[arg(long)]
    quick: bool,

    /// Only these worlds: processes, names, keys, …
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = world)]
    worlds: Vec<World>,

    /// Draw a plot into this file too.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

fn world(name: &str) -> Result<World, String> {
    let known = || World::ALL.iter().map(|world| world.name());
    World::parse(name)
        .ok_or_else(|| format!("there are {}", known().collect::<Vec<_>>().join(", ")))
}

const ROUNDS: usize = 3;

const FULL: Budget = Budget {
    time: Duration::from_millis(150),
    least: 15,
};

const QUICK: Budget = Budget {
    time: Duration::from_millis(30),
    least: 5,
};

fn main() -> ExitCode {
    let options = Options::parse();
    let worlds = match options.worlds.as_slice() {
        [] => World::ALL,
        some => some,
    };
    let (rounds, budget) = if options.quick {
        (1, QUICK)
    } else {
        (ROUNDS, FULL)
    };
    let mut all = AllSeries::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for &world in worlds {
            for n in world.sizes(options.quick) {
                eprintln!("{} {n}", world.name());
                for figure in world.measure(n, budget) {
                    all.add(world, n, figure);
                }
            }
        }
    }
    table::print(&all);
    if let Some(path) = &options.svg
        && let Err(error) = std::fs::write(path, plot::svg(&all))
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

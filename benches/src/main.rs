//! Runs the contenders in turns, and compares them.
//!
//! Each figure is taken in a process of its own; contenders take turns, so that a machine whose speed drifts treats them
//! alike. Printed are the medians over the rounds, and their ratios to those of the hand-written actor: below 1 is
//! faster, or smaller.

mod contender;
mod results;
mod table;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use harness::{Runtime, Workload};

use contender::{Contender, Outcome};
use results::Results;

/// Compares otp-core with the actor that a tokio user writes by hand, and with other actor crates and the BEAM.
///
/// Prints a table for each runtime: nanoseconds for each operation, or bytes, and in brackets the ratio to `raw`, the
/// hand-written actor; below 1 is faster, or smaller. The last line names the worst ratio of `otp` to `raw`.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Compare `otp` and `raw` alone, in two minutes.
    #[arg(long)]
    quick: bool,

    /// How often each figure is taken; the median counts. 5 unless said.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,

    /// Only these workloads, by their names in the lines of JSON: call, cast, …
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = workload)]
    workloads: Vec<Workload>,

    /// Only these contenders, beside `otp` and `raw`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    contenders: Vec<String>,

    /// Only this runtime: current-thread or 2-workers.
    #[arg(long, value_name = "NAME", value_parser = runtime)]
    runtime: Option<Runtime>,

    /// Write each run's line of JSON to this file too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn workload(name: &str) -> Result<Workload, String> {
    let known = || Workload::ALL.iter().map(|workload| workload.name());
    Workload::parse(name)
        .ok_or_else(|| format!("there are {}", known().collect::<Vec<_>>().join(", ")))
}

fn runtime(name: &str) -> Result<Runtime, String> {
    Runtime::parse(name).ok_or_else(|| "there are current-thread and 2-workers".to_owned())
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let mut contenders = contender::of_this_workspace()?;
    if !options.quick {
        let wanted = |name: &str| {
            options.contenders.is_empty() || options.contenders.iter().any(|other| other == name)
        };
        contenders.extend(contender::peers(wanted));
    }
    let workloads = match options.workloads.as_slice() {
        [] => Workload::ALL,
        some => some,
    };
    let runtimes = match &options.runtime {
        None => Runtime::ALL,
        Some(one) => std::slice::from_ref(one),
    };
    let mut json = match &options.json {
        None => None,
        Some(path) => {
            Some(File::create(path).map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };

    let rounds = options.rounds.unwrap_or(5).max(1);
    let mut results = Results::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for &workload in workloads {
            for &runtime in runtimes {
                for contender in in_turn(&contenders, round) {
                    if results.is_left_out(contender.name(), workload, runtime) {
                        continue;
                    }
                    let outcome = contender.run(workload, runtime);
                    if let (Some(json), Outcome::Line(line)) = (&mut json, &outcome) {
                        writeln!(json, "{line}").map_err(|error| error.to_string())?;
                    }
                    results.add(contender.name(), workload, runtime, outcome);
                }
            }
        }
    }
    let names: Vec<&str> = contenders.iter().map(Contender::name).collect();
    table::print(&results, &names, workloads, runtimes);
    Ok(())
}

/// Another one begins in each round.
fn in_turn(contenders: &[Contender], round: usize) -> impl Iterator<Item = &Contender> {
    let first = round % contenders.len();
    contenders[first..].iter().chain(&contenders[..first])
}

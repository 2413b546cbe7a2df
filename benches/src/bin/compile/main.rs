//! What it costs to compile a program of many servers: with the macros, by hand without them, and with other actor crates.
//!
//! A crate of its own is written for each contender, below the workspace's target directory. What they depend on is built
//! first and not counted; then the crates alone are built again and again, in turns, each time from nothing.

#![expect(clippy::disallowed_methods, reason = "real time is what is measured")]

mod build;
mod contender;
mod costs;
mod program;
mod table;

use std::process::ExitCode;

use clap::Parser;

use build::Step;
use contender::Contender;
use costs::Costs;
use program::Program;

/// Measures how long the compiler takes for a program of many servers with ten handlers each, and how large it gets.
///
/// Prints a table of seconds and bytes, and in brackets the ratio to `by_hand`, the same servers written without a macro;
/// below 1 is faster, or smaller. Programs are built as cargo does unless told otherwise, but that those of release mode
/// are stripped of their symbols.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// One round.
    #[arg(long)]
    quick: bool,

    /// How often each program is built; the median counts. 5 unless said.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,

    /// How many servers each program has.
    #[arg(long, value_name = "N", default_value_t = 100)]
    servers: usize,

    /// Only these contenders, beside `by_hand`: macros, kameo, ractor.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = contender)]
    contenders: Vec<Contender>,

    /// Only these steps: check, build, release.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = step)]
    steps: Vec<Step>,
}

fn step(name: &str) -> Result<Step, String> {
    let known = || Step::ALL.map(Step::name).join(", ");
    Step::parse(name).ok_or_else(|| format!("there are {}", known()))
}

fn contender(name: &str) -> Result<Contender, String> {
    let known = || Contender::ALL.map(Contender::name).join(", ");
    Contender::parse(name).ok_or_else(|| format!("there are {}", known()))
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let is_wanted = |contender: &Contender| {
        *contender == Contender::ByHand
            || options.contenders.is_empty()
            || options.contenders.contains(contender)
    };
    let contenders: Vec<Contender> = Contender::ALL.into_iter().filter(is_wanted).collect();
    let is_taken = |step: &Step| options.steps.is_empty() || options.steps.contains(step);
    let steps: Vec<Step> = Step::ALL.into_iter().filter(is_taken).collect();
    let mut programs = Vec::new();
    for &contender in &contenders {
        eprintln!("building what {} depends on", contender.name());
        let program = Program::write(contender, 1)?;
        for &step in &steps {
            program.take(step)?;
        }
        programs.push((contender, Program::write(contender, options.servers)?));
    }
    let rounds = if options.quick { 1 } else { 5 };
    let rounds = options.rounds.unwrap_or(rounds).max(1);
    let mut costs = Costs::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for &step in &steps {
            // Another one begins in each round.
            let first = round % programs.len();
            for (contender, program) in programs[first..].iter().chain(&programs[..first]) {
                program.forget(step)?;
                let cost = program.take(step)?;
                let (name, command) = (contender.name(), step.command());
                eprintln!("{name}, {command}: {cost}");
                costs.add(*contender, step, cost);
            }
        }
    }
    if let Some(&built) = steps.iter().rfind(|step| **step != Step::Check) {
        let answers = programs.iter().map(|(_, program)| program.run(built));
        let answers = answers.collect::<Result<Vec<_>, String>>()?;
        if answers.iter().any(|answer| *answer != answers[0]) {
            return Err(format!("the programs do not do the same: {answers:?}"));
        }
    }
    table::print(&costs, &contenders);
    Ok(())
}

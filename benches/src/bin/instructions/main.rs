//! Counts the instructions of operations, and compares them with those that were recorded: a guard against slipping that
//! does not depend on how busy the machine is.
//!
//! Run without arguments it runs itself under valgrind, each operation N times and 2N times. The difference divided by N
//! is what one costs, without what it costs to start the program. Counts depend on the compiler, on valgrind's picture of
//! the processor and on the C library: they are compared only where all of these are the recorded ones.

mod counts;
mod machine;
mod operation;
mod record;

use std::process::ExitCode;

use clap::Parser;

use counts::{Counts, Unavailable};
use machine::Machine;
use operation::Operation;
use record::Record;

/// What the C library's takes for the aligned cell of a task depends on which chunk lies where, and so on the length of
/// this program's path: up to 7 % of a spawn.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Counts how many instructions a call, a cast, a start, a restart, a look-up and a timer take, and compares with
/// `benches/instructions.txt`.
///
/// Fails if a count is off by more than the tolerance on a machine like that of the record. On another one, or without
/// valgrind, it says so and does not compare.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Write the counts down as those to compare with.
    #[arg(long)]
    record: bool,

    /// Carry an operation out: what this program asks of itself under valgrind.
    #[arg(long, hide = true, value_name = "OPERATION", requires = "times")]
    run: Option<String>,

    #[arg(long, hide = true, value_name = "N")]
    times: Option<usize>,
}

/// In percent. Runs of one program differ by less than 0.3 %, by hash seeds and by what the clock decides; the rest is room for
/// what the compiler makes of the same code when something beside it changes.
const TOLERANCE: f64 = 3.0;

fn main() -> ExitCode {
    let options = Options::parse();
    if let (Some(name), Some(times)) = (&options.run, options.times) {
        return match Operation::parse(name) {
            Some(operation) => {
                operation.run(times);
                ExitCode::SUCCESS
            }
            None => fail(&format!("there is no operation {name}")),
        };
    }
    if cfg!(debug_assertions) {
        println!(
            "Built without optimisation, whose instructions nobody wants to know: nothing is counted."
        );
        return ExitCode::SUCCESS;
    }
    let machine = match Machine::present() {
        Ok(machine) => machine,
        Err(why) => {
            println!("Nothing is counted: {why}");
            return ExitCode::SUCCESS;
        }
    };
    match Counts::take() {
        Ok(counts) if options.record => write(&Record { machine, counts }),
        Ok(counts) => compare(&machine, &counts),
        Err(Unavailable(why)) => fail(&why),
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn write(record: &Record) -> ExitCode {
    print(&record.counts, None);
    match record.write() {
        Ok(()) => {
            println!("recorded");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

fn compare(machine: &Machine, counts: &Counts) -> ExitCode {
    let record = match Record::read() {
        Ok(record) => record,
        Err(why) => {
            print(counts, None);
            println!("Not compared: {why}");
            return ExitCode::SUCCESS;
        }
    };
    print(counts, Some(&record.counts));
    let differences = machine.differences(&record.machine);
    if !differences.is_empty() {
        println!(
            "Not compared, as the record is of another machine: {}",
            differences.join("; ")
        );
        return ExitCode::SUCCESS;
    }
    let missing: Vec<&str> = counts
        .iter()
        .filter(|(operation, _)| record.counts.of(*operation).is_none())
        .map(|(operation, _)| operation.name())
        .collect();
    let off: Vec<String> = counts
        .iter()
        .filter_map(|(operation, count)| {
            Some((operation, percent(count, record.counts.of(operation)?)))
        })
        .filter(|(_, percent)| percent.abs() > TOLERANCE)
        .map(|(operation, percent)| {
            let verdict = if percent > 0.0 { "worse" } else { "better" };
            format!(
                "{} is {verdict} by {:.1} %",
                operation.name(),
                percent.abs()
            )
        })
        .collect();
    if off.is_empty() && missing.is_empty() {
        println!("all within {TOLERANCE} % of the record");
        return ExitCode::SUCCESS;
    }
    for line in off {
        eprintln!("{line}");
    }
    for name in missing {
        eprintln!("{name} is not in the record");
    }
    fail("If it is to be so: cargo run --release -p benches --bin instructions -- --record")
}

fn percent(count: f64, recorded: f64) -> f64 {
    (count / recorded - 1.0) * 100.0
}

fn print(counts: &Counts, recorded: Option<&Counts>) {
    for (operation, count) in counts.iter() {
        let recorded = recorded.and_then(|recorded| recorded.of(operation));
        let beside = recorded.map_or_else(String::new, |recorded| {
            format!(
                "  recorded {recorded:>8.0}  {:>+6.2} %",
                percent(count, recorded)
            )
        });
        println!("{:<28} {count:>8.0} instructions{beside}", operation.name());
    }
}

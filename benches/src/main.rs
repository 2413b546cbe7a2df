//! Compares `otp-core` with the actor that a tokio user writes by hand.
//!
//! Each figure is taken in a process of its own; the contenders take turns, so that a machine whose speed drifts treats
//! them alike. Printed are the medians over the rounds and their ratio: below 1 is faster, or smaller, than by hand.

#![expect(clippy::disallowed_methods, reason = "real time is what is measured")]

mod otp;
mod raw;
mod workload;

use std::process::{Command, ExitCode};

use workload::{Sizes, Workload};

const CONTENDERS: [&str; 2] = ["otp", "raw"];
const RUNTIMES: [&str; 2] = ["current-thread", "2-workers"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare(9),
        ["--rounds", rounds] => match rounds.parse() {
            Ok(rounds) => compare(rounds),
            Err(_) => usage(),
        },
        ["measure", contender, workload, runtime] => match Workload::parse(workload) {
            Some(workload) => measure(contender, workload, runtime),
            None => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: benches [--rounds N]\n\nCompares otp-core with a hand-written actor; N rounds, 9 unless said."
    );
    ExitCode::from(2)
}

fn measure(contender: &str, workload: Workload, runtime: &str) -> ExitCode {
    let runtime = match runtime {
        "current-thread" => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build(),
        _ => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build(),
    };
    let runtime = runtime.expect("a runtime");
    // On a worker, not on the thread that blocks on the runtime: that is where servers call each other.
    let contender = contender.to_owned();
    let task = runtime.spawn(async move {
        match contender.as_str() {
            "otp" => otp::run(workload, Sizes::FULL).await,
            _ => raw::run(workload, Sizes::FULL).await,
        }
    });
    println!("{}", runtime.block_on(task).expect("the workload runs"));
    ExitCode::SUCCESS
}

fn compare(rounds: usize) -> ExitCode {
    println!("| workload | runtime | otp | by hand | ratio |\n| --- | --- | --- | --- | --- |");
    for workload in Workload::ALL {
        for runtime in RUNTIMES {
            let mut figures = CONTENDERS.map(|_| Vec::new());
            for _ in 0..rounds.max(1) {
                for (contender, figures) in CONTENDERS.iter().zip(&mut figures) {
                    figures.push(figure(contender, workload, runtime));
                }
            }
            let [otp, raw] = figures.map(median);
            println!(
                "| {} | {runtime} | {otp:.0} | {raw:.0} | {:.2} |",
                workload.describe(),
                otp / raw
            );
        }
    }
    ExitCode::SUCCESS
}

fn figure(contender: &str, workload: Workload, runtime: &str) -> f64 {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args(["measure", contender, workload.name(), runtime])
        .output()
        .expect("it runs");
    assert!(
        output.status.success(),
        "{contender} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("a figure")
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

//! Runs a scenario and gives its trace, line by line as Erlang printed it.

mod driver;
mod generate;
mod server;
mod signals;
mod statem;
mod supervisor;

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;

pub use generate::generate;

/// What a scenario is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Links, monitors, names and exit signals.
    Signals,
    /// A server's callbacks.
    Server,
    /// A state machine's events.
    Statem,
    /// Supervision trees.
    Supervisor,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(kind: &str) -> Result<Self, String> {
        match kind {
            "signals" => Ok(Kind::Signals),
            "server" => Ok(Kind::Server),
            "statem" => Ok(Kind::Statem),
            "supervisor" => Ok(Kind::Supervisor),
            other => Err(format!(
                "unknown kind of scenario: {other}; known: signals, server, statem, supervisor"
            )),
        }
    }
}

/// A scenario that cannot be run.
#[derive(Debug)]
pub struct BadScenario(String);

impl std::fmt::Display for BadScenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadScenario {}

/// Runs a scenario in a node of its own, with a paused clock, and gives its trace.
///
/// # Errors
///
/// A line of the scenario is not understood.
pub fn run(kind: Kind, scenario: &str) -> Result<String, BadScenario> {
    let lines: Vec<String> = scenario
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.trim_start().starts_with('#'))
        .map(str::to_owned)
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| BadScenario(format!("no runtime: {error}")))?;
    let node = otp_core::Node::new();
    let result = runtime.block_on(node.run(async {
        match kind {
            Kind::Signals => signals::run(lines).await,
            Kind::Server => server::run(lines).await,
            Kind::Statem => statem::run(lines).await,
            Kind::Supervisor => supervisor::run(lines).await,
        }
    }));
    runtime.block_on(node.kill_all());
    result
}

/// Runs the scenario in a file.
///
/// # Errors
///
/// The file cannot be read, or a line of it is not understood.
pub fn run_file(kind: Kind, file: &Path) -> Result<String, BadScenario> {
    let scenario = std::fs::read_to_string(file)
        .map_err(|error| BadScenario(format!("{}: {error}", file.display())))?;
    run(kind, &scenario)
}

/// The trace as it grows.
#[derive(Debug, Default)]
struct Trace(String);

impl Trace {
    fn line(&mut self, line: impl std::fmt::Display) {
        writeln!(self.0, "{line}").expect("a string takes everything");
    }
}

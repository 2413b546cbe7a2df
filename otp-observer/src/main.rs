//! `otp-observer`: looks into a running program.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use otp_observer::{Address, Client, Snapshot, terminal};

/// Looks into a running program of OTP for Rust: its tree, its processes, its crashes and deadlocks.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// The program's socket: a path, or an address with a port
    address: Address,

    /// Print the tree as a flowchart of Mermaid, and end
    #[arg(long, conflicts_with = "json")]
    mermaid: bool,

    /// Print everything as JSON, and end
    #[arg(long)]
    json: bool,

    /// Milliseconds between two looks
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    every: u64,

    /// A file that holds the token, where one is needed
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
The program has to listen: an `otp_observer::Observer` in its tree. The token may also be in the
environment, as OTP_OBSERVER_TOKEN.

Keys: 1 tree, 2 processes, 3 crashes; up and down select, o changes the order; enter shows the state
of a server, s suspends it, r resumes it, x kills it; q quits. A server that was suspended stays so.

Exit status: 0, 1 if the program cannot be looked into, 2 after wrong arguments.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("otp-observer: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let token = token(arguments.token_file)?;
    let address = arguments.address;
    let mut client = Client::connect(&address, token)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
    if arguments.mermaid {
        return print(&client.snapshot().await?.to_mermaid());
    }
    if arguments.json {
        return print(&json(&client.snapshot().await?)?);
    }
    terminal::run(client, arguments.every).await
}

/// Not from the arguments, which everybody on the machine can read.
fn token(file: Option<PathBuf>) -> io::Result<Option<String>> {
    match file {
        Some(file) => {
            let token = std::fs::read_to_string(&file).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", file.display()))
            })?;
            Ok(Some(token.trim_end().to_owned()))
        }
        None => Ok(std::env::var("OTP_OBSERVER_TOKEN").ok()),
    }
}

fn json(snapshot: &Snapshot) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(snapshot)? + "\n")
}

/// Unlike `print!`, does not panic when nobody reads it any more.
fn print(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}

//! Runs a scenario of the oracle on `otp-core` and prints its trace: `oracle signals|server|supervisor FILE`.

use std::path::Path;
use std::process::ExitCode;

use tests::oracle::{Kind, run_file};

fn main() -> ExitCode {
    // A scenario's panics are in its trace.
    std::panic::set_hook(Box::new(|_| ()));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, file] = &arguments[..] else {
        eprintln!("usage: oracle signals|server|supervisor FILE");
        return ExitCode::from(2);
    };
    let trace = kind
        .parse::<Kind>()
        .and_then(|kind| run_file(kind, Path::new(file)).map_err(|error| error.to_string()));
    match trace {
        Ok(trace) => {
            print!("{trace}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

//! Runs a scenario of the oracle on `otp-core` and prints its trace: `oracle signals|server|statem|supervisor FILE`;
//! or draws one: `oracle draw KIND SEED`.

use std::path::Path;
use std::process::ExitCode;

use tests::oracle::{Kind, generate, run_file};

fn main() -> ExitCode {
    // A scenario's panics are in its trace.
    std::panic::set_hook(Box::new(|_| ()));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [draw, kind, seed] = &arguments[..]
        && draw == "draw"
        && let (Ok(kind), Ok(seed)) = (kind.parse(), seed.parse())
    {
        print!("{}", generate(kind, seed));
        return ExitCode::SUCCESS;
    }
    let [kind, file] = &arguments[..] else {
        eprintln!("usage: oracle signals|server|statem|supervisor FILE, or oracle draw KIND SEED");
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

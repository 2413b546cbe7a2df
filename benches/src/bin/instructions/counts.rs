//! Counting, by valgrind.

use std::process::Command;

use crate::operation::Operation;

/// Why there are no counts.
pub(crate) struct Unavailable(pub(crate) String);

/// Instructions of one operation each.
pub(crate) struct Counts(Vec<(Operation, f64)>);

impl Counts {
    /// Counts the instructions of all operations, by running this program again.
    pub(crate) fn take() -> Result<Self, Unavailable> {
        let counts = Operation::ALL.into_iter().map(|operation| {
            let times = operation.times();
            let (once, twice) = (run(operation, times)?, run(operation, 2 * times)?);
            Ok((operation, (twice as f64 - once as f64) / times as f64))
        });
        Ok(Counts(counts.collect::<Result<_, _>>()?))
    }

    pub(crate) fn new(counts: Vec<(Operation, f64)>) -> Self {
        Counts(counts)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Operation, f64)> {
        self.0.iter().copied()
    }

    pub(crate) fn of(&self, operation: Operation) -> Option<f64> {
        let found = self.iter().find(|(other, _)| *other == operation);
        found.map(|(_, count)| count)
    }
}

/// All instructions of a run of this program.
fn run(operation: Operation, times: usize) -> Result<u64, Unavailable> {
    let program = std::env::current_exe();
    let program =
        program.map_err(|error| Unavailable(format!("where is this program? {error}")))?;
    // Of cachegrind without its caches nothing is left but the counter.
    let output = Command::new("valgrind")
        .args([
            "--tool=cachegrind",
            "--cache-sim=no",
            "--cachegrind-out-file=/dev/null",
        ])
        // The environment moves the stack, and could ask for traces of panics.
        .arg(program)
        .args(["--run", operation.name(), "--times", &times.to_string()])
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .output()
        .map_err(|error| Unavailable(format!("valgrind does not run: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    instructions(&said)
        .filter(|_| output.status.success())
        .ok_or_else(|| {
            Unavailable(format!(
                "valgrind has not counted {}:\n{said}",
                operation.name()
            ))
        })
}

/// Finds `==1== I   refs:      12,345` in what cachegrind says.
fn instructions(said: &str) -> Option<u64> {
    let (_, count) = said
        .lines()
        .filter_map(|line| line.split_once("refs:"))
        .find(|(before, _)| before.trim_end().ends_with('I'))?;
    count.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::instructions;

    #[test]
    fn the_count_is_found_in_what_valgrind_says() {
        let said = "==7== Cachegrind, a cache and branch-prediction profiler\n==7== \n==7== I   refs:      1,234,567\n";
        assert_eq!(instructions(said), Some(1_234_567));
        assert_eq!(instructions("==7== I refs:        12\n"), Some(12));
        assert_eq!(instructions("valgrind: command not found"), None);
    }
}

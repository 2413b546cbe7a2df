//! The file with the counts that are compared with.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::counts::Counts;
use crate::machine::Machine;
use crate::operation::Operation;

/// Counts, and the machine that they are of.
pub(crate) struct Record {
    pub(crate) machine: Machine,
    pub(crate) counts: Counts,
}

const HEADER: &str = "\
# How many instructions one operation takes. Compared by `cargo run --release -p benches --bin instructions`, written by
# the same with `-- --record`.
";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
}

impl Record {
    pub(crate) fn read() -> Result<Self, String> {
        let path = path();
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        Record::parse(&text)
    }

    pub(crate) fn write(&self) -> Result<(), String> {
        let path = path();
        std::fs::write(&path, self.to_text())
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (mut machine, mut counts) = (Vec::new(), Vec::new());
        for line in text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let (name, value) = line
                .split_once(": ")
                .ok_or_else(|| format!("what is meant by `{line}`?"))?;
            if let Some(name) = Machine::PROPERTIES.into_iter().find(|known| *known == name) {
                machine.push((name, value.to_owned()));
            } else if let Some(operation) = Operation::parse(name) {
                let count = value.parse();
                let count = count.map_err(|_| format!("`{line}` has no number"))?;
                counts.push((operation, count));
            }
            // What is counted no more is passed over, until it is recorded again.
        }
        Ok(Record {
            machine: Machine::new(machine),
            counts: Counts::new(counts),
        })
    }

    fn to_text(&self) -> String {
        let mut text = HEADER.to_owned();
        for (name, value) in self.machine.iter() {
            let _ = writeln!(text, "{name}: {value}");
        }
        text.push('\n');
        for (operation, count) in self.counts.iter() {
            let _ = writeln!(text, "{}: {count:.0}", operation.name());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let record = Record {
            machine: Machine::new(vec![("rustc", "rustc 1.95.0 (59807616e)".to_owned())]),
            counts: Counts::new(vec![(Operation::Call, 1234.0), (Operation::Spawn, 5678.4)]),
        };
        let read = Record::parse(&record.to_text()).unwrap();
        assert_eq!(read.machine, record.machine);
        assert_eq!(read.counts.of(Operation::Call), Some(1234.0));
        assert_eq!(read.counts.of(Operation::Spawn), Some(5678.0));
        assert_eq!(read.counts.of(Operation::Cast), None);
    }

    #[test]
    fn a_line_that_says_nothing_is_refused_and_a_former_operation_is_not() {
        assert!(Record::parse("call 1234").is_err());
        assert!(Record::parse("call: many").is_err());
        assert!(Record::parse("what was counted once: 7").is_ok());
    }
}

//! Building a program, and what that takes.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::program::Program;

/// Something that cargo is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `cargo check`.
    Check,
    /// `cargo build`.
    Debug,
    /// `cargo build --release`.
    Release,
}

/// What a step took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    /// Of all processors together; None where there is no `/proc`.
    pub(crate) processor_seconds: Option<f64>,
    /// Of the program, where there is one.
    pub(crate) bytes: Option<u64>,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s", self.seconds)?;
        match self.processor_seconds {
            Some(seconds) => write!(f, ", {seconds:.2} s of processors"),
            None => Ok(()),
        }
    }
}

impl Step {
    pub(crate) const ALL: [Step; 3] = [Step::Check, Step::Debug, Step::Release];

    /// None if there is no such step.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Step::ALL.into_iter().find(|step| step.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Step::Check => "check",
            Step::Debug => "build",
            Step::Release => "release",
        }
    }

    pub(crate) const fn command(self) -> &'static str {
        match self {
            Step::Check => "cargo check",
            Step::Debug => "cargo build",
            Step::Release => "cargo build --release",
        }
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        self.command().split(' ').skip(1)
    }

    /// The directory of the programs that it makes.
    const fn directory(self) -> Option<&'static str> {
        match self {
            Step::Check => None,
            Step::Debug => Some("debug"),
            Step::Release => Some("release"),
        }
    }
}

impl Program {
    /// Makes cargo forget what it made of the crate itself; what it depends on stays.
    pub(crate) fn forget(&self, step: Step) -> Result<(), String> {
        let release = matches!(step, Step::Release).then_some("--release");
        self.cargo(
            ["clean", "--package", &self.package]
                .into_iter()
                .chain(release),
        )
    }

    /// Takes the step. What it depends on is built as well, if it has not been before.
    pub(crate) fn take(&self, step: Step) -> Result<Cost, String> {
        let (began, used) = (Instant::now(), processor_seconds());
        self.cargo(step.words())?;
        let seconds = began.elapsed().as_secs_f64();
        let processor_seconds = std::iter::zip(used, processor_seconds()).next();
        let program = self.binary(step);
        let bytes = program.map(|path| {
            let found = std::fs::metadata(&path);
            found.map_err(|error| format!("{}: {error}", path.display()))
        });
        Ok(Cost {
            seconds,
            processor_seconds: processor_seconds.map(|(before, after)| after - before),
            bytes: bytes.transpose()?.map(|found| found.len()),
        })
    }

    /// Runs the program that a step has built, which prints the sum of what its servers have answered.
    pub(crate) fn run(&self, built: Step) -> Result<String, String> {
        let failed = |what: &str| format!("{} {what}", self.package);
        let program = self.binary(built).unwrap_or_default();
        let output = Command::new(program)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| failed(&error.to_string()))?;
        if !output.status.success() {
            return Err(failed("fails"));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn binary(&self, step: Step) -> Option<PathBuf> {
        let name = format!("{}{}", self.package, std::env::consts::EXE_SUFFIX);
        let directory = self.directory.join("target").join(step.directory()?);
        Some(directory.join(name))
    }

    fn cargo<'a>(&self, words: impl Iterator<Item = &'a str>) -> Result<(), String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(words).args(["--quiet", "--manifest-path"]);
        command.arg(self.directory.join("Cargo.toml"));
        command
            .arg("--target-dir")
            .arg(self.directory.join("target"));
        match command.stdin(Stdio::null()).status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(format!("{} does not build", self.package)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What the programs that this one has run and waited for have used of the processors, with all that they ran themselves.
/// The kernel counts in hundredths of a second.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which is in brackets and may contain anything: the third field.
    let (_, fields) = stat.rsplit_once(") ")?;
    let waited_for = fields.split(' ').skip(16 - 3).take(2);
    let ticks: Vec<f64> = waited_for.filter_map(|field| field.parse().ok()).collect();
    match ticks.as_slice() {
        [user, system] => Some((user + system) / 100.0),
        _ => None,
    }
}

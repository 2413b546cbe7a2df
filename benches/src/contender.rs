//! The programs of the contenders: built before they are run, each by the tool that it is written for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{Runtime, Workload};
use serde_json::Value;

/// The programs of `benches/peers`; the package of each is `peer-` and its name.
const PEERS: [&str; 10] = [
    "kameo", "ractor", "actix", "xtra", "hydra", "joerl", "zestors", "spawned", "speare", "elfo",
];

/// No run takes longer; one that does is counted as stuck.
const LONGEST: Duration = Duration::from_secs(60);

/// One program.
pub(crate) struct Contender {
    name: &'static str,
    program: PathBuf,
    /// What comes before the workload and the runtime.
    arguments: Vec<String>,
}

/// What a run has come to.
pub(crate) enum Outcome {
    /// A line of JSON with figures, or with why there are none.
    Line(Value),
    /// It failed, in these words.
    Failed(String),
}

impl Contender {
    pub(crate) fn name(&self) -> &str {
        self.name
    }

    pub(crate) fn run(&self, workload: Workload, runtime: Runtime) -> Outcome {
        let seconds = LONGEST.as_secs().to_string();
        // Coreutils' `timeout`, where there is one, ends what is stuck.
        let mut command = Command::new("timeout");
        command
            .arg(&seconds)
            .arg(&self.program)
            .args(&self.arguments);
        command.args([workload.name(), runtime.name()]);
        command.env("RUST_BACKTRACE", "0");
        let output = match command.stdin(Stdio::null()).output() {
            Ok(output) => output,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        if output.status.code() == Some(124) {
            return Outcome::Failed(format!("stuck for {seconds} s"));
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        let line = printed
            .lines()
            .rev()
            .find_map(|line| serde_json::from_str(line).ok());
        match line {
            Some(line) if output.status.success() => Outcome::Line(line),
            _ => {
                let errors = String::from_utf8_lossy(&output.stderr);
                Outcome::Failed(
                    why(&errors)
                        .unwrap_or("it failed without a word")
                        .to_owned(),
                )
            }
        }
    }
}

/// The message of the first panic, which has the others for its consequence, or else the last words.
fn why(errors: &str) -> Option<&str> {
    let mut lines = errors.lines();
    let panic = lines.find(|line| line.contains(" panicked at "));
    panic
        .and_then(|_| lines.next())
        .or_else(|| errors.lines().rfind(|line| !line.trim().is_empty()))
}

fn benches() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds what `arguments` say in release mode, and gives the directory of the programs.
fn build(manifest: &Path, arguments: &[&str]) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--quiet", "--manifest-path"]);
    command.arg(manifest).args(arguments);
    command.args(["--message-format", "json-render-diagnostics"]);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("{} does not build", arguments.join(" ")));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let program = printed.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    let directory = program.as_deref().and_then(Path::parent);
    directory
        .map(Path::to_path_buf)
        .ok_or_else(|| "nothing was built".to_owned())
}

/// `otp` and `raw`.
pub(crate) fn of_this_workspace() -> Result<Vec<Contender>, String> {
    let directory = build(&benches().join("Cargo.toml"), &["-p", "benches", "--bins"])?;
    let contender = |name| Contender {
        name,
        program: directory.join(name),
        arguments: Vec::new(),
    };
    Ok(["otp", "raw"].map(contender).into())
}

/// The peers that are wanted and that build, and the BEAM where there is one. Says which ones are left out.
pub(crate) fn peers(wanted: impl Fn(&str) -> bool) -> Vec<Contender> {
    let mut peers = Vec::new();
    for name in PEERS.into_iter().filter(|name| wanted(name)) {
        let manifest = benches().join("peers").join("Cargo.toml");
        eprintln!("building {name}");
        match build(&manifest, &["-p", &format!("peer-{name}")]) {
            Ok(directory) => peers.push(Contender {
                name,
                program: directory.join(name),
                arguments: Vec::new(),
            }),
            Err(error) => eprintln!("{name} is left out: {error}"),
        }
    }
    if wanted("beam") {
        match beam() {
            Ok(beam) => peers.push(beam),
            Err(error) => eprintln!("beam is left out: {error}"),
        }
    }
    peers
}

/// Elixir's GenServer, compiled.
fn beam() -> Result<Contender, String> {
    let compiled = benches().join("../target/beam");
    std::fs::create_dir_all(&compiled).map_err(|error| error.to_string())?;
    let source = benches().join("beam").join("bench.ex");
    let status = Command::new("elixirc")
        .arg("-o")
        .args([&compiled, &source])
        .stdin(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(Contender {
            name: "beam",
            program: benches().join("beam").join("run"),
            arguments: vec![compiled.display().to_string()],
        }),
        Ok(_) => Err("it does not compile".to_owned()),
        Err(_) => Err("there is no Elixir".to_owned()),
    }
}

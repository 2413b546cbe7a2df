//! One `cargo check` over all programs, in a workspace of its own, and what the compiler says of each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::program::{Program, programs, wrong_programs};

/// All programs, and what the compiler says of them.
pub(crate) struct Report {
    pub(crate) wrong: Vec<Program>,
    pub(crate) right: Vec<Program>,
    messages: BTreeMap<PathBuf, Vec<Message>>,
}

/// An error or a warning.
pub(crate) struct Message {
    pub(crate) is_error: bool,
    pub(crate) code: Option<String>,
    pub(crate) text: String,
    /// As it is shown to a person.
    pub(crate) rendered: String,
    /// The message, its labels, notes and helps.
    pub(crate) sentences: Vec<String>,
    /// The lines, from 1, of its primary spans; those in other files are line 0.
    pub(crate) lines: BTreeSet<u64>,
}

/// What the compiler says, asked once.
pub(crate) fn report() -> &'static Report {
    static REPORT: OnceLock<Report> = OnceLock::new();
    REPORT.get_or_init(|| {
        let (wrong, right) = (wrong_programs(), programs("pass"));
        let packages = packages(wrong.iter().chain(&right));
        let messages = check(&workspace(&packages));
        Report {
            wrong,
            right,
            messages,
        }
    })
}

impl Report {
    /// What the compiler says of a program.
    pub(crate) fn messages(&self, program: &Program) -> &[Message] {
        self.messages.get(&program.path).map_or(&[], Vec::as_slice)
    }

    /// The errors of a wrong program.
    pub(crate) fn errors<'a>(&'a self, program: &Program) -> Vec<&'a Message> {
        self.messages(program)
            .iter()
            .filter(|message| message.is_error)
            .collect()
    }
}

/// A package has one edition, and one name for otp-core.
fn packages<'a>(programs: impl Iterator<Item = &'a Program>) -> BTreeMap<String, Vec<&'a Program>> {
    let mut packages: BTreeMap<String, Vec<&Program>> = BTreeMap::new();
    for program in programs {
        let package = format!("in-{}-as-{}", program.edition, program.library);
        packages.entry(package).or_default().push(program);
    }
    packages
}

/// Writes the workspace, and gives its folder.
fn workspace(packages: &BTreeMap<String, Vec<&Program>>) -> PathBuf {
    let ui_tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = ui_tests
        .parent()
        .expect("ui-tests is a member of a workspace");
    let workspace = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    let mut members = String::new();
    for (package, programs) in packages {
        let (edition, library) = (&programs[0].edition, &programs[0].library);
        let core = root.join("otp-core");
        let mut manifest = format!(
            "[package]\nname = {package:?}\nversion = \"0.1.0\"\nedition = {edition:?}\npublish = false\n\n\
             [dependencies]\n{library} = {{ package = \"otp-core\", path = {core:?}, features = [\"application\", \"test-util\"] }}\n"
        );
        for program in programs {
            let (name, path) = (program.binary(), &program.path);
            writeln!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}")
                .expect("a string takes all");
        }
        write(&workspace.join(package).join("Cargo.toml"), &manifest);
        writeln!(members, "    {package:?},").expect("a string takes all");
    }
    write(
        &workspace.join("Cargo.toml"),
        &format!("[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n"),
    );
    // Cargo leaves out what these packages do not need.
    let lock = fs::read_to_string(root.join("Cargo.lock")).expect("the workspace has a lock file");
    write(&workspace.join("Cargo.lock"), &lock);
    workspace
}

fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Runs cargo, without the network if that will do.
fn check(workspace: &Path) -> BTreeMap<PathBuf, Vec<Message>> {
    let mut told = String::new();
    for offline in [Some("--offline"), None] {
        // Beside the workspace's own artifacts: what proc macros need is there already.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args([
                "check",
                "--workspace",
                "--bins",
                "--keep-going",
                "--message-format=json",
            ])
            .args(offline)
            .arg("--target-dir")
            .arg(target.unwrap_or(workspace))
            .env("CARGO_INCREMENTAL", "0")
            .current_dir(workspace)
            .output()
            .expect("cargo runs");
        let lines = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<Value> = lines
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        // Cargo got as far as the compiler.
        if lines.iter().any(|line| line["reason"] == "build-finished") {
            return messages(&lines);
        }
        told = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    panic!(
        "cargo cannot check the programs in {}:\n{told}",
        workspace.display()
    );
}

fn messages(lines: &[Value]) -> BTreeMap<PathBuf, Vec<Message>> {
    let mut messages: BTreeMap<PathBuf, Vec<Message>> = BTreeMap::new();
    for line in lines
        .iter()
        .filter(|line| line["reason"] == "compiler-message")
    {
        let path = text(&line["target"]["src_path"]);
        let message = &line["message"];
        let is_program = line["target"]["kind"][0] == "bin";
        assert!(
            is_program || message["level"] != "error",
            "otp-core itself does not compile:\n{}",
            text(&message["rendered"])
        );
        if is_program && let Some(message) = Message::read(message, &path) {
            messages.entry(path.into()).or_default().push(message);
        }
    }
    messages
}

impl Message {
    /// None for the line that counts the errors.
    fn read(message: &Value, program: &str) -> Option<Self> {
        let level = text(&message["level"]);
        let is_count = text(&message["message"]).starts_with("aborting due to");
        if is_count || !["error", "warning"].contains(&level.as_str()) {
            return None;
        }
        let mut sentences = Vec::new();
        collect_sentences(message, &mut sentences);
        let spans = values(&message["spans"]).filter(|span| span["is_primary"] == true);
        let line = |span: &Value| {
            let mut span = span;
            // What a macro of another file says stands where the program calls it.
            while !span.is_null() {
                let file = text(&span["file_name"]);
                if Path::new(&file).file_name() == Path::new(program).file_name() {
                    return span["line_start"].as_u64().unwrap_or(0);
                }
                span = &span["expansion"]["span"];
            }
            0
        };
        Some(Message {
            is_error: level == "error",
            code: message["code"]["code"].as_str().map(str::to_owned),
            text: text(&message["message"]),
            rendered: text(&message["rendered"]),
            sentences,
            lines: spans.map(line).collect(),
        })
    }
}

fn collect_sentences(message: &Value, sentences: &mut Vec<String>) {
    sentences.push(text(&message["message"]));
    sentences.extend(values(&message["spans"]).map(|span| text(&span["label"])));
    sentences.extend(values(&message["spans"]).map(|span| text(&span["suggested_replacement"])));
    for child in values(&message["children"]) {
        collect_sentences(child, sentences);
    }
}

fn values(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

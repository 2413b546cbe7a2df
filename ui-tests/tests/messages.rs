//! The messages, word for word, on the compiler that they were recorded with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn messages_are_those_recorded() {
    let recorded_with = include_str!("../RECORDED_WITH").trim();
    let version = version();
    if version.as_deref() != Some(recorded_with) {
        let version = version.unwrap_or_else(|| "another compiler".to_owned());
        // Not with `println!`, of which a passing test shows nothing.
        writeln!(
            std::io::stderr(),
            "skipped: the messages are those of rustc {recorded_with}, and this is {version}"
        )
        .expect("stderr takes a line");
        return;
    }
    let tests = trybuild::TestCases::new();
    for program in programs() {
        tests.compile_fail(program);
    }
}

/// The programs whose message is the same in every checkout.
///
/// A type that is named by its place, as a closure is, brings the checkout's absolute path into the message, and the
/// compiler words a label by the length of the type. Those programs must be refused, at their marks, and no more.
fn programs() -> Vec<PathBuf> {
    let mut programs = Vec::new();
    for folder in std::fs::read_dir("fail").expect("the folder of wrong programs") {
        let folder = folder.expect("a folder of wrong programs").path();
        for file in std::fs::read_dir(folder).expect("wrong programs") {
            let program = file.expect("a wrong program").path();
            let is_program = program
                .extension()
                .is_some_and(|extension| extension == "rs");
            if is_program && !names_a_place(&program.with_extension("stderr")) {
                programs.push(program);
            }
        }
    }
    programs.sort();
    programs
}

fn names_a_place(recorded: &Path) -> bool {
    std::fs::read_to_string(recorded).is_ok_and(|message| message.contains("@$DIR"))
}

/// The `1.95.0` of `rustc 1.95.0 (59807616e 2026-04-14)`.
fn version() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

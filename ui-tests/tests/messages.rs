//! The messages, word for word, on the compiler that they were recorded with.

use std::io::Write;
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
    trybuild::TestCases::new().compile_fail("fail/gen_server/*.rs");
}

/// The `1.95.0` of `rustc 1.95.0 (59807616e 2026-04-14)`.
fn version() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

//! `otp-core` against Erlang/OTP: recorded traces, and fresh scenarios where an Erlang is installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::{SystemTime, UNIX_EPOCH};

use tests::oracle::{Kind, generate, run, run_file};

/// Where the tests' own files are.
fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Panics are part of the scenarios; their messages would bury everything else.
fn quiet() {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let of_a_scenario = ["oops", "ouch", "last"];
            let payload = info.payload();
            let text = payload
                .downcast_ref::<String>()
                .map(String::as_str)
                .or(payload.downcast_ref::<&str>().copied());
            if !text.is_some_and(|text| of_a_scenario.contains(&text)) {
                hook(info);
            }
        }));
    });
}

fn recorded(kind: Kind, folder: &str) {
    quiet();
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(here(folder)).expect("the recorded scenarios are there") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_none_or(|extension| extension != "scenario")
        {
            continue;
        }
        count += 1;
        let expected = std::fs::read_to_string(path.with_extension("trace"))
            .expect("a scenario has its trace");
        if run_file(kind, &path).expect("it runs") != expected {
            wrong.push(path);
        }
    }
    assert!(count >= 100, "only {count} scenarios in {folder}");
    assert!(
        wrong.is_empty(),
        "{} of {count} differ from Erlang: {wrong:?}",
        wrong.len()
    );
}

#[test]
fn signals_give_the_recorded_traces() {
    recorded(Kind::Signals, "data/signals");
}

#[test]
fn servers_give_the_recorded_traces() {
    recorded(Kind::Server, "data/server");
}

#[test]
fn state_machines_give_the_recorded_traces() {
    recorded(Kind::Statem, "data/statem");
}

#[test]
fn supervisors_give_the_recorded_traces() {
    recorded(Kind::Supervisor, "data/supervisor");
}

/// Says something in any case: what a passing test prints with `println!` is not shown.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("stderr takes a line");
}

fn has_erlang() -> bool {
    let asked = Command::new("escript")
        .arg("nothing")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if asked.is_err() {
        say("skipped: escript is not installed, so there is no Erlang to compare with");
    }
    asked.is_ok()
}

/// Draws `count` scenarios, asks Erlang and `otp-core`, and compares. Set `ORACLE_SEED` to repeat a run.
fn fresh(kind: Kind, escript: &str, count: u64) {
    if !has_erlang() {
        return;
    }
    quiet();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let first = std::env::var("ORACLE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(now * 1000);
    println!("ORACLE_SEED={first}");
    let folder = tempfile::tempdir().expect("a folder for scenarios");
    // Erlang waits in real time: all at once.
    let asked: Vec<_> = (first..first + count)
        .map(|seed| {
            let scenario = generate(kind, seed);
            let file = folder.path().join(format!("{seed}.scenario"));
            std::fs::write(&file, &scenario).expect("the scenario is written");
            let erlang = Command::new("escript")
                .arg(here(escript))
                .arg(&file)
                .stdout(Stdio::piped())
                .spawn()
                .expect("escript starts");
            (seed, scenario, erlang)
        })
        .collect();
    for (seed, scenario, erlang) in asked {
        let output = erlang.wait_with_output().expect("Erlang ends");
        assert!(
            output.status.success(),
            "Erlang failed on ORACLE_SEED={seed}"
        );
        let expected = String::from_utf8(output.stdout).expect("a trace is text");
        let ours = run(kind, &scenario).expect("it runs");
        if expected.contains("LOST TIMER") {
            say(&format!(
                "ORACLE_SEED={seed} is not compared: a fault of Erlang/OTP 25, see the escript"
            ));
            continue;
        }
        assert_eq!(
            ours, expected,
            "ORACLE_SEED={seed}, left is ours, right is Erlang's, of\n{scenario}"
        );
    }
}

#[test]
fn fresh_signals_agree_with_the_erlang_that_is_installed() {
    fresh(Kind::Signals, "oracle/signals_oracle.escript", 12);
}

#[test]
fn fresh_servers_agree_with_the_erlang_that_is_installed() {
    fresh(Kind::Server, "oracle/server_oracle.escript", 4);
}

#[test]
fn fresh_state_machines_agree_with_the_erlang_that_is_installed() {
    fresh(Kind::Statem, "oracle/statem_oracle.escript", 6);
}

#[test]
fn fresh_trees_agree_with_the_erlang_that_is_installed() {
    fresh(Kind::Supervisor, "oracle/supervisor_oracle.escript", 12);
}

#[test]
fn the_same_seed_draws_the_same_scenario() {
    assert_eq!(generate(Kind::Server, 7), generate(Kind::Server, 7));
    assert_ne!(generate(Kind::Server, 7), generate(Kind::Server, 8));
    let tree = generate(Kind::Supervisor, 7);
    assert_eq!(tree, generate(Kind::Supervisor, 7));
    assert!(tree.starts_with("sup root"), "{tree}");
}

#[test]
fn a_line_that_is_not_understood_is_an_error() {
    let error =
        run(Kind::Signals, "proc a trap=true\nevents\nfrobnicate a\n").expect_err("it is refused");
    assert_eq!(error.to_string(), "not understood: frobnicate a");
}

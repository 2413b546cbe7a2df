//! Runs `user_cache` as its users do.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn user_cache() -> Command {
    Command::new(env!("CARGO_BIN_EXE_user_cache"))
}

fn run(arguments: &[&str]) -> Output {
    let output = user_cache().args(arguments).output();
    output.expect("the program can be run")
}

fn run_file(name: &str, content: &[u8], arguments: &[&str]) -> Output {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, content).expect("the directory for temporary files can be written to");
    let output = user_cache().args(arguments).arg(&file).output();
    output.expect("the program can be run")
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("the report is text")
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("errors are text")
}

/// What the table says of the lines that were read.
#[derive(Debug, PartialEq, Eq)]
struct Sums {
    read: u64,
    answered: u64,
    failed: u64,
    skipped: u64,
}

/// Reads "lines read   7 = 4 answered + 1 failed + 2 skipped", and checks that it adds up.
fn sums(output: &Output) -> Sums {
    let line = stdout(output)
        .lines()
        .find(|line| line.starts_with("lines read"));
    let numbers: Vec<u64> = line
        .unwrap_or_else(|| panic!("no sums in {output:?}"))
        .replace(',', "")
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [read, answered, failed, skipped] = numbers[..] else {
        panic!("{line:?}")
    };
    assert_eq!(read, answered + failed + skipped, "{line:?}");
    Sums {
        read,
        answered,
        failed,
        skipped,
    }
}

/// What follows `name` in the table.
fn entry<'a>(output: &'a Output, name: &str) -> &'a str {
    let found = stdout(output)
        .lines()
        .find_map(|line| line.strip_prefix(name));
    found
        .unwrap_or_else(|| panic!("no {name} in {output:?}"))
        .trim()
}

#[test]
fn generated_requests_are_all_answered() {
    let output = run(&[
        "--requests",
        "100000",
        "--rate",
        "0",
        "--max-size",
        "500",
        "--crashes",
        "0",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let expected = Sums {
        read: 100_000,
        answered: 100_000,
        failed: 0,
        skipped: 0,
    };
    assert_eq!(sums(&output), expected);
    assert_eq!(entry(&output, "failures"), "none");
    assert_ne!(entry(&output, "evictions"), "0");
    assert!(stdout(&output).contains("p99.9"));
    let progress: Vec<_> = stderr(&output).lines().collect();
    assert_eq!(progress.len(), 10, "{progress:?}");
    assert_eq!(progress[9], "100%  100000 lines");
}

#[test]
fn users_that_are_too_old_expire() {
    let output = run(&[
        "--requests",
        "10000",
        "--rate",
        "50000",
        "--ttl",
        "20",
        "--crashes",
        "0",
    ]);
    assert_eq!(sums(&output).answered, 10_000);
    assert_ne!(entry(&output, "expirations"), "0");
}

#[test]
fn a_file_is_replayed_in_order_for_each_user() {
    let file = b"get 1\nput 1 Ann ann@example.com\nget 1\ndelete 1\nget 1\nstats\n";
    let output = run_file("in_order", file, &["--ttl", "600000"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        sums(&output),
        Sums {
            read: 6,
            answered: 6,
            failed: 0,
            skipped: 0
        }
    );
    assert_eq!(entry(&output, "hit rate"), "33.3 %, 1 hits in 3 gets");
}

#[test]
fn bad_lines_are_reported_with_their_numbers_and_skipped() {
    let mut file = b"# requests\nget 1\n\nfetch 1\nget one\nput 1 Ann\nget \xff\r\n".to_vec();
    file.extend_from_slice(&[b'x'; 10_000]);
    file.extend_from_slice(b"\nstats");
    let output = run_file("bad_lines", &file, &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        sums(&output),
        Sums {
            read: 9,
            answered: 2,
            failed: 0,
            skipped: 7
        }
    );
    assert_eq!(entry(&output, "skipped"), "5 bad, 2 blank or comments");
    let reported: Vec<_> = stderr(&output)
        .lines()
        .filter(|l| l.starts_with("line "))
        .collect();
    assert_eq!(
        reported,
        [
            "line 4: unknown request `fetch`: expected `get`, `put`, `delete`, `stats` or `crash`; skipped",
            "line 5: `one` is no id: expected a whole number from 0 to 18446744073709551615; skipped",
            "line 6: something is missing: expected `put ID NAME EMAIL`; skipped",
            "line 7: not valid UTF-8; skipped",
            "line 8: longer than 4096 bytes; skipped",
        ]
    );
}

#[test]
fn the_primary_is_restarted_and_the_secondary_holds_what_it_holds_without_crashes() {
    let generated = ["--requests", "200000", "--rate", "100000"];
    let calm = run(&[&generated[..], &["--crashes", "0"]].concat());
    let crashing = run(&[&generated[..], &["--crashes", "7"]].concat());
    assert_eq!(crashing.status.code(), Some(0), "{crashing:?}");
    assert_eq!(sums(&crashing).read, 200_007);
    assert_eq!(entry(&crashing, "secondary"), entry(&calm, "secondary"));
    assert_ne!(entry(&crashing, "secondary"), "");

    let tree = |output: &Output| {
        let lines = stdout(output)
            .lines()
            .skip_while(|line| !line.starts_with("CacheTree"));
        let lines = lines.map(|line| {
            line.split_whitespace()
                .filter(|word| !word.starts_with('<'))
        });
        lines
            .map(|words| words.collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        tree(&calm),
        ["CacheTree", "├── registry", "├── primary", "└── secondary"]
    );
    assert_eq!(tree(&crashing)[2], "├── primary restarts: 7");
}

#[test]
fn a_request_can_make_a_server_crash() {
    let file = b"put 1 Ann ann@example.com\ncrash secondary\ncrash primary\ncrash me\ncrash\n";
    let output = run_file("crashes", file, &["--clients", "1"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let Sums { read, skipped, .. } = sums(&output);
    assert_eq!((read, skipped), (5, 2));
    let tree = stdout(&output);
    assert!(
        tree.contains("primary") && tree.matches("restarts: 1").count() == 2,
        "{tree}"
    );
    assert!(
        stderr(&output)
            .contains("line 4: `me` is no server: expected `primary` or `secondary`; skipped")
    );
}

#[test]
fn an_empty_file_gives_an_empty_table() {
    let output = run_file("empty", b"", &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        sums(&output),
        Sums {
            read: 0,
            answered: 0,
            failed: 0,
            skipped: 0
        }
    );
}

#[test]
fn calls_that_time_out_are_failures_with_a_reason() {
    let calm = ["--requests", "1000", "--crashes", "0"];
    let output = run(&[&calm[..], &["--rate", "0", "--timeout", "0"]].concat());
    assert_eq!(output.status.code(), Some(0));
    let sums = sums(&output);
    assert_eq!(sums.read, 1_000);
    assert!(sums.failed > 0, "{output:?}");
    assert!(
        entry(&output, "failures").ends_with("× the call timed out"),
        "{output:?}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let output = run(&["/no/such/file"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    assert!(
        stderr(&output).starts_with("error: cannot read /no/such/file: "),
        "{output:?}"
    );

    let directory = env!("CARGO_TARGET_TMPDIR");
    let output = run(&[directory]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains(&format!("error: cannot read {directory}: ")),
        "{output:?}"
    );
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [
        &["--clients", "0"][..],
        &["--keys", "0"],
        &["--max-size", "0"],
        &["--skew", "nan"],
        &["--skew", "-1"],
        &["--requests", "many"],
        &["--requests", "1", "file"],
        &["--nonsense"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr(&output).starts_with("error: "),
            "{arguments:?}: {output:?}"
        );
    }
}

#[test]
fn help_explains_the_program() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    for word in [
        "put ID NAME EMAIL",
        "crash SERVER",
        "--requests",
        "--seed",
        "--clients",
        "answered",
        "Ctrl-C",
    ] {
        assert!(stdout(&output).contains(word), "{word}");
    }
    let width = stdout(&output)
        .lines()
        .map(|line| line.chars().count())
        .max();
    assert!(width <= Some(100), "a line of {width:?} characters");
}

#[test]
fn ctrl_c_ends_the_run_in_order_with_the_table_so_far() {
    let mut child = user_cache()
        .args(["--requests", "100000", "--rate", "10000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    progress.read_line(&mut String::new()).unwrap(); // It is at work now.
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(
        (10_000..100_000).contains(&sums(&output).read),
        "{output:?}"
    );
    assert!(
        entry(&output, "time").ends_with(", interrupted"),
        "{output:?}"
    );
}

//! Runs `link_checker` as its users do.
#![cfg(unix)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

fn link_checker() -> Command {
    Command::new(env!("CARGO_BIN_EXE_link_checker"))
}

fn run(arguments: &[&str]) -> Output {
    let output = link_checker().args(arguments).output();
    output.expect("the program can be run")
}

fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("the report is text")
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("errors are text")
}

/// The lines of the report that begin with `start`, with a blank where there are several.
fn lines(output: &Output, start: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = stdout(output)
        .lines()
        .filter(|line| line.starts_with(start));
    lines.map(words).collect()
}

/// A site whose pages are what `answer` says to their paths; where it says nothing, they never come. Each path is told.
fn serve(answer: fn(&str) -> Option<&'static str>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    let (told, paths) = mpsc::channel();
    thread::spawn(move || answer_all(&listener, answer, &told));
    (format!("http://{address}/"), paths)
}

fn answer_all(
    listener: &TcpListener,
    answer: fn(&str) -> Option<&'static str>,
    told: &mpsc::Sender<String>,
) -> io::Result<()> {
    let mut unanswered = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut request = String::new();
        BufReader::new(&stream).read_line(&mut request)?;
        let path = request.split(' ').nth(1).unwrap_or_default();
        let html = answer(path);
        let _ = told.send(path.to_owned());
        let Some(html) = html else {
            unanswered.push(stream);
            continue;
        };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n";
        write!(stream, "{head}Content-Length: {}\r\n\r\n{html}", html.len())?;
    }
    Ok(())
}

#[test]
fn the_site_that_is_served_has_links_of_all_kinds() {
    // A long timeout, so that no page that comes seems to hang.
    let output = run(&["--pages", "20", "--timeout", "3000"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let broken = [
        "/hang/10 hangs, killed after 3s /page/10",
        "/loop/16 moved more than 10 times /page/16",
        "/missing/1 404 Not Found /, /page/1",
        "/trickle/13 hangs, killed after 3s /page/13",
    ];
    assert_eq!(lines(&output, "/"), broken);
    assert_eq!(
        lines(&output, "links"),
        ["links 27 = 23 sound + 4 broken + 0 open"]
    );
    assert_eq!(lines(&output, "moved"), ["moved 1 of the sound ones"]);
    assert_eq!(stderr(&output), "", "the bar is for terminals");
}

#[test]
fn a_site_without_broken_links_is_a_success() {
    let (start, paths) = serve(|path| match path {
        "/" => Some(
            "<a href='about'>about</a> <a href='#top'>top</a> <a href='https://example.org'>far</a>",
        ),
        _ => Some("<a href='/'>home</a>"),
    });
    let output = run(&[&start]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(lines(&output, "broken"), [""; 0]);
    assert_eq!(
        lines(&output, "links"),
        ["links 2 = 2 sound + 0 broken + 0 open"]
    );
    assert_eq!(lines(&output, "unchecked"), ["unchecked 1 × https"]);
    assert_eq!(paths.try_iter().collect::<Vec<_>>(), ["/", "/about"]);
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let output = run(&[&start]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let [line] = &lines(&output, "/ ")[..] else {
        panic!("{output:?}")
    };
    assert!(
        line.contains("refused") && line.ends_with("(the start)"),
        "{line}"
    );
}

#[test]
fn no_more_links_are_checked_than_asked_for() {
    let output = run(&["--pages", "20", "--max-links", "5", "--timeout", "3000"]);
    assert_eq!(
        lines(&output, "links")[0].split(' ').nth(1),
        Some("5"),
        "{output:?}"
    );
    assert_eq!(lines(&output, "left out").len(), 1);
}

#[test]
fn ctrl_c_ends_the_run_in_order_with_the_table_so_far() {
    let (start, paths) = serve(|path| (path == "/").then_some("<a href='/hangs'>hangs</a>"));
    let mut child = link_checker()
        .args([&start, "--timeout", "600000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(paths.iter().take(2).collect::<Vec<_>>(), ["/", "/hangs"]);
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let mut report = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut report)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{report}");
    assert!(report.contains("= 1 sound + 0 broken + 1 open"), "{report}");
    assert!(report.contains(", interrupted"), "{report}");
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [
        &["--concurrency", "0"][..],
        &["--timeout", "0"],
        &["--pages", "0"],
        &["here"],
        &["https://example.org/"],
        &["http://example.org/", "--pages", "5"],
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
        "--timeout",
        "--concurrency",
        "broken",
        "Exit status",
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

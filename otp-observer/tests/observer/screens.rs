//! The screens of the terminal program, drawn on the backend for tests.

use crate::common::{Bank, Program, SECRET, seen, until};
use otp_core::testing::eventually;
use otp_observer::terminal::{App, Key, Reaction, draw};
use otp_observer::{Client, Snapshot, Tell};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn screen(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(150, 30)).expect("it takes anything");
    let drawn = terminal.draw(|frame| draw(app, frame));
    drawn.expect("it takes anything");
    terminal.backend().to_string()
}

/// The line in which something stands.
fn line<'a>(screen: &'a str, what: &str) -> &'a str {
    let mut lines = screen.lines();
    lines
        .find(|line| line.contains(what))
        .unwrap_or_else(|| panic!("no {what} in\n{screen}"))
}

/// Shows a key, and does what it asks for.
async fn press(app: &mut App, client: &mut Client, key: Key) {
    if let Reaction::Ask(request) = app.on_key(key) {
        client.ask(&request).await.expect("it listens");
        until(client, |tell| {
            let is_answer = !matches!(tell, Tell::Snapshot(_) | Tell::Crash(_));
            app.on_tell(tell);
            is_answer.then_some(())
        })
        .await;
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn a_tree_is_drawn_with_restarts_crashes_and_no_secret() {
    let program = Program::start(|settings| settings).await;
    let bank = Bank::start_link().name("bank").await.unwrap();
    let deep = bank.cellar().deep();
    let mut client = program.watcher().await;
    let mut app = App::default();
    let first = seen(&mut client, |_| true).await;
    app.on_tell(Tell::Snapshot(first));
    for _ in 0..2 {
        assert!(deep.fail().await.is_err());
        eventually(async || deep.is_alive()).await;
    }
    // Everything that is told on the way, until both restarts are seen.
    until(&mut client, |tell| {
        let are_seen = match &tell {
            Tell::Snapshot(now) => now.processes.iter().any(|process| process.restarts == 2),
            _ => false,
        };
        app.on_tell(tell);
        are_seen.then_some(())
    })
    .await;

    let tree = screen(&app);
    let restarts = |line: &str| line.split_whitespace().any(|column| column == "2");
    let front = line(&tree, "├─ front");
    assert!(!restarts(front), "{front}");
    let cellar = tree
        .lines()
        .position(|line| line.contains("└─ cellar"))
        .unwrap();
    let below = tree.lines().nth(cellar + 1).unwrap();
    assert!(below.contains("   └─ deep"), "{tree}");
    assert!(restarts(below), "it shows two restarts: {below}");
    assert!(line(&tree, "processes").contains("crashes 2"));

    // Down to the vault, and a look at its state.
    let at = tree
        .lines()
        .position(|line| line.contains("└─ deep"))
        .unwrap();
    let top = tree
        .lines()
        .position(|line| line.contains("process "))
        .unwrap();
    for _ in 0..at - top - 1 {
        press(&mut app, &mut client, Key::Down).await;
    }
    press(&mut app, &mut client, Key::Enter).await;
    let state = screen(&app);
    assert!(state.contains("Vault { secret: …, sum: 0 }"), "{state}");
    assert!(!state.contains(SECRET));
    assert!(!format!("{app:?}").contains(SECRET), "it never got there");
    press(&mut app, &mut client, Key::Escape).await;

    press(&mut app, &mut client, Key::Char('s')).await;
    assert!(screen(&app).contains("suspend"), "{}", screen(&app));
    press(&mut app, &mut client, Key::Char('r')).await;
    assert!(screen(&app).contains("done"));

    press(&mut app, &mut client, Key::Char('3')).await;
    let crashes = screen(&app);
    assert!(crashes.contains("the vault has failed"), "{crashes}");
    assert!(line(&crashes, "ancestors").contains("bank"), "{crashes}");

    press(&mut app, &mut client, Key::Char('2')).await;
    press(&mut app, &mut client, Key::Char('o')).await;
    assert!(screen(&app).contains("processes by memory"));
    press(&mut app, &mut client, Key::Char('x')).await;
    assert!(screen(&app).contains("y / n"));
    press(&mut app, &mut client, Key::Char('n')).await;
    assert!(!screen(&app).contains("y / n"));
    drop(client);
    bank.stop().await.unwrap();
    program.stop().await;
}

#[test]
fn a_deadlock_and_what_does_not_run_are_drawn() {
    let json = r#"{"tell": "snapshot", "program": "shop", "os_pid": 7, "total": 3, "processes": [
        {"pid": "<0.1>", "kind": "otp_core::supervisor::run::Supervisor", "name": "top", "children": [
            {"id": "left", "pid": "<0.2>", "state": "running"},
            {"id": "lost", "state": "restarting", "restarts": 4},
            {"id": "right", "pid": "<0.3>", "state": "running"}]},
        {"pid": "<0.2>", "kind": "shop::Left", "id": "left", "parent": "<0.1>", "waiting_for": "<0.3>", "mailbox": 12},
        {"pid": "<0.3>", "kind": "shop::Right", "id": "right", "parent": "<0.1>", "waiting_for": "<0.2>",
            "message": "RightMessage::Take", "suspended": true, "label": "\u001b[2Jbad"}],
        "cycles": [["<0.2>", "<0.3>"]]}"#;
    let mut app = App::default();
    app.on_tell(serde_json::from_str(json).unwrap());
    let screen = screen(&app);
    let expected = "deadlock: <0.2> left → <0.3> [2Jbad → <0.2> left";
    assert!(screen.contains(expected), "{screen}");
    assert!(line(&screen, "├─ lost").contains("restarting"), "{screen}");
    let right = line(&screen, "suspended, ");
    assert!(
        right.contains("suspended, Take, waits for <0.2>"),
        "{screen}"
    );
    assert!(
        !screen.contains('\u{1b}'),
        "what a process calls itself does nothing to the terminal"
    );
}

/// What `otp-observer` says when it is given these.
async fn run(arguments: &[&str]) -> (bool, String) {
    let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    let running = tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_otp-observer"));
        command.args(arguments).output()
    });
    let output = running.await.expect("it is run");
    let output = output.expect("it can be run");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("it is text");
    (output.status.success(), said)
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_terminal_it_prints_json_and_mermaid_or_why_not() {
    let program = Program::start(|settings| settings).await;
    let bank = Bank::start_link().name("bank").await.unwrap();
    let path = program.path();
    let path = path.to_str().unwrap();
    let (is_done, json) = run(&["--json", path]).await;
    let snapshot: Snapshot = serde_json::from_str(&json).unwrap();
    assert!(
        is_done
            && snapshot
                .processes
                .iter()
                .any(|process| process.title() == "front")
    );
    let (is_done, chart) = run(&["--mermaid", path]).await;
    assert!(is_done && chart.starts_with("flowchart TD\n") && chart.contains("[\"front<br/>"));
    let (is_done, why) = run(&["--json", "/nowhere/observer.sock"]).await;
    assert!(
        !is_done && why.starts_with("otp-observer: /nowhere/observer.sock: "),
        "{why}"
    );
    bank.stop().await.unwrap();
    program.stop().await;
}

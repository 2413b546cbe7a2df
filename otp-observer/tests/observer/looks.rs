//! What is seen, and what can be done from outside.

use crate::common::{Bank, Knot, Program, SECRET, Vault, find, seen, until};
use otp_core::prelude::*;
use otp_core::process;
use otp_core::testing::eventually;
use otp_observer::{Request, Snapshot, Tell};

/// What is done with a process.
async fn done(client: &mut otp_observer::Client, request: Request) -> Result<(), String> {
    client.ask(&request).await.expect("it listens");
    until(client, |tell| match tell {
        Tell::Done { .. } => Some(Ok(())),
        Tell::Failed { why, .. } => Some(Err(why)),
        _ => None,
    })
    .await
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn the_tree_is_seen_with_restarts_and_crashes_as_they_happen() {
    let program = Program::start(|settings| settings).await;
    let bank = Bank::start_link().await.unwrap();
    let mut client = program.watcher().await;
    let top = bank.pid();
    let seen_first = seen(&mut client, |_| true).await;
    let tree = find(&seen_first, top);
    let ids: Vec<&str> = tree
        .children
        .iter()
        .map(|child| child.id.as_str())
        .collect();
    assert_eq!(ids, ["front", "cellar"]);
    assert!(!tree.children[0].supervisor && tree.children[1].supervisor);

    let deep = bank.cellar().deep();
    let before = deep.pid().unwrap().to_string();
    assert!(deep.fail().await.is_err());
    let crash = until(&mut client, |tell| match tell {
        Tell::Crash(crash) => Some(crash),
        _ => None,
    })
    .await;
    assert_eq!(crash.pid, before);
    assert!(
        crash.reason.contains("the vault has failed"),
        "{}",
        crash.reason
    );
    assert_eq!(crash.ancestors[1], top.unwrap().to_string());

    eventually(async || deep.is_alive()).await;
    let pid = deep.pid().unwrap().to_string();
    let restarted = seen(&mut client, |seen| {
        let mut processes = seen.processes.iter();
        processes.any(|process| process.pid == pid && process.restarts == 1)
    })
    .await;
    let deep_seen = find(&restarted, deep.pid());
    assert_eq!(deep_seen.id.as_deref(), Some("deep"));
    assert_eq!(
        deep_seen.parent,
        bank.cellar().pid().as_ref().map(Pid::to_string)
    );

    bank.terminate_child("front").await.unwrap();
    seen(&mut client, |seen| {
        find(seen, top).children[0].state == "undefined"
    })
    .await;
    bank.stop().await.unwrap();
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_is_shown_as_it_says_and_a_secret_never() {
    let program = Program::start(|settings| settings).await;
    let vault = Vault::start().name("vault").await.unwrap();
    vault.add(7).await.unwrap();
    let mut client = program.watcher().await;
    let pid = vault.pid().unwrap().to_string();
    client.ask(&Request::Status { pid }).await.unwrap();
    let mut told = String::new();
    let state = until(&mut client, |tell| {
        told.push_str(&serde_json::to_string(&tell).unwrap());
        match tell {
            Tell::Status { state, .. } => Some(state),
            _ => None,
        }
    })
    .await;
    assert_eq!(state, "Vault { secret: …, sum: 7 }");
    let snapshot = seen(&mut client, |_| true).await;
    told.push_str(&serde_json::to_string(&snapshot).unwrap());
    assert!(told.contains("vault") && !told.contains(SECRET));
    vault.stop().await.unwrap();
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_suspended_resumed_and_killed() {
    let program = Program::start(|settings| settings).await;
    let (vault, monitor) = Vault::start_monitor().await.unwrap();
    let pid = vault.pid().unwrap().to_string();
    let mut client = program.client().await;
    done(&mut client, Request::Suspend { pid: pid.clone() })
        .await
        .unwrap();
    vault.put(1).await;
    let snapshot = client.snapshot().await.unwrap();
    let suspended = find(&snapshot, vault.pid());
    assert!(suspended.suspended && suspended.doing() == "suspended");
    assert_eq!(
        vault.add(1).timeout(Duration::from_millis(10)).await.ok(),
        None
    );
    done(&mut client, Request::Resume { pid: pid.clone() })
        .await
        .unwrap();
    // The call that was given up is carried out, as with every server.
    assert_eq!(vault.add(1).await, Ok(3));

    done(&mut client, Request::Kill { pid: pid.clone() })
        .await
        .unwrap();
    let down = process::receive_down(monitor).await;
    assert_eq!(down.reason, ExitReason::Killed);
    let gone = done(&mut client, Request::Kill { pid }).await;
    assert_eq!(gone, Err("no such process".to_owned()));
    let me = process::self_pid().to_string();
    let no_server = done(&mut client, Request::Suspend { pid: me }).await;
    assert_eq!(no_server, Err("it is no server".to_owned()));
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_seen_with_its_message_and_its_backlog() {
    let program = Program::start(|settings| settings).await;
    let vault = Vault::start().await.unwrap();
    let knots = (Knot::start().await.unwrap(), Knot::start().await.unwrap());
    knots.0.meet(knots.1.clone()).await.unwrap();
    let mut client = program.watcher().await;
    let (first, second) = (knots.0.pid(), knots.1.pid());
    seen(&mut client, |seen| find(seen, second).messages.is_some()).await;
    done(
        &mut client,
        Request::Suspend {
            pid: second.unwrap().to_string(),
        },
    )
    .await
    .unwrap();
    let pulls: Vec<_> = (0..5).map(|_| knots.0.pull(1).send_request()).collect();
    let is_stuck = |seen: &Snapshot| {
        let process = find(seen, first);
        process.mailbox == 4 && process.waiting_for.is_some()
    };
    let snapshot = seen(&mut client, is_stuck).await;
    let process = find(&snapshot, first);
    assert_eq!(process.message.as_deref(), Some("KnotMessage::Pull"));
    assert_eq!(process.waiting_for, second.as_ref().map(Pid::to_string));
    assert!(snapshot.cycles.is_empty());
    done(
        &mut client,
        Request::Resume {
            pid: second.unwrap().to_string(),
        },
    )
    .await
    .unwrap();
    for pull in pulls {
        pull.await.unwrap();
    }
    let idle = seen(&mut client, |seen| find(seen, first).message.is_none()).await;
    assert_eq!(
        (find(&idle, first).mailbox, find(&idle, first).calls),
        (0, 5)
    );
    for server in [knots.0, knots.1] {
        server.stop().await.unwrap();
    }
    vault.stop().await.unwrap();
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cycle_of_calls_is_shown_as_a_cycle() {
    let program = Program::start(|settings| settings).await;
    let knots = [(); 3].map(|()| Knot::start());
    let mut started = Vec::new();
    for knot in knots {
        started.push(knot.await.unwrap());
    }
    for (nth, knot) in started.iter().enumerate() {
        knot.meet(started[(nth + 1) % 3].clone()).await.unwrap();
    }
    let mut client = program.client().await;
    assert!(client.snapshot().await.unwrap().cycles.is_empty());
    let _pull = started[0].pull(9).send_request();
    let dead = eventually(async || {
        let snapshot = client.snapshot().await.unwrap();
        (!snapshot.cycles.is_empty()).then_some(snapshot)
    })
    .await;
    let pids: Vec<String> = started
        .iter()
        .map(|knot| knot.pid().unwrap().to_string())
        .collect();
    assert_eq!(dead.cycles, std::slice::from_ref(&pids));
    let chart = dead.to_mermaid();
    assert_eq!(chart.matches("==>|waits for|").count(), 3);
    assert!(chart.contains("deadlock"));
    let json = serde_json::to_string(&dead).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), dead);
    for pid in pids {
        done(&mut client, Request::Kill { pid }).await.unwrap();
    }
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_too_many_processes_a_part_is_shown_and_all_are_counted() {
    let program = Program::start(|settings| settings.processes(10)).await;
    let bank = Bank::start_link().await.unwrap();
    let mut vaults = Vec::new();
    for _ in 0..50 {
        vaults.push(Vault::start().await.unwrap());
    }
    let snapshot = program.client().await.snapshot().await.unwrap();
    assert!(snapshot.total >= 54);
    assert!((10..=12).contains(&snapshot.processes.len()));
    assert!(!find(&snapshot, bank.pid()).children.is_empty());
    for vault in vaults {
        vault.stop().await.unwrap();
    }
    bank.stop().await.unwrap();
    program.stop().await;
}

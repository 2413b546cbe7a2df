//! To attach and to detach: nothing is lost, and nothing is left behind.

use crate::common::{Program, Vault, find, process_count, seen};
use otp_core::prelude::*;
use otp_core::testing::eventually;
use otp_core::{process, sys, telemetry};
use otp_observer::{Client, Request};

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_counted_while_somebody_watches_and_not_for_a_snapshot() {
    let program = Program::start(|settings| settings).await;
    let vault = Vault::start().await.unwrap();
    let pid = vault.pid();
    let mut client = program.client().await;
    let snapshot = client.snapshot().await.unwrap();
    assert_eq!(find(&snapshot, pid).messages, None);
    assert!(telemetry::list_handlers(&[]).is_empty());

    client.ask(&Request::Watch { every_ms: 50 }).await.unwrap();
    seen(&mut client, |seen| find(seen, pid).messages == Some(0)).await;
    vault.add(1).await.unwrap();
    vault.put(1).await;
    let counted = |seen: &_| (find(seen, pid).messages, find(seen, pid).calls);
    seen(&mut client, |seen| counted(seen) == (Some(2), 1)).await;
    drop(client);
    eventually(async || telemetry::list_handlers(&[]).is_empty()).await;
    eventually(async || process::info(&vault).unwrap().activity.is_none()).await;
    vault.stop().await.unwrap();
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn statistics_that_the_program_has_switched_on_stay_on() {
    let program = Program::start(|settings| settings).await;
    let vault = Vault::start().await.unwrap();
    sys::statistics(&vault, Some(true)).await.unwrap();
    vault.add(1).await.unwrap();
    let pid = vault.pid();
    let mut client = program.watcher().await;
    seen(&mut client, |seen| find(seen, pid).messages == Some(1)).await;
    drop(client);
    eventually(async || telemetry::list_handlers(&[]).is_empty()).await;
    let statistics = sys::statistics(&vault, None).await.unwrap();
    assert_eq!(statistics.unwrap().messages_in, 1);
    vault.stop().await.unwrap();
    program.stop().await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observer_that_is_killed_leaves_nothing() {
    let program = Program::start(|settings| settings).await;
    let vault = Vault::start().await.unwrap();
    let pid = vault.pid();
    let mut client = program.watcher().await;
    seen(&mut client, |seen| find(seen, pid).messages.is_some()).await;
    process::exit(&program.observer, ExitReason::Kill);
    eventually(async || client_is_let_go(&mut client).await).await;
    eventually(async || telemetry::list_handlers(&[]).is_empty()).await;
    eventually(async || process::info(&vault).unwrap().activity.is_none()).await;
    assert!(!program.path().exists());
    eventually(async || process_count() == 1).await;
    vault.stop().await.unwrap();
}

async fn client_is_let_go(client: &mut Client) -> bool {
    client.next().await.is_err()
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_started_while_somebody_watches_is_counted_too() {
    let program = Program::start(|settings| settings).await;
    let mut client = program.watcher().await;
    client.next().await.unwrap();
    let vault = Vault::start().await.unwrap();
    let pid = vault.pid();
    let text = pid.unwrap().to_string();
    let is_counted = |seen: &otp_observer::Snapshot| {
        let mut processes = seen.processes.iter();
        processes.any(|process| process.pid == text && process.messages.is_some())
    };
    seen(&mut client, is_counted).await;
    assert!(process::info(&vault).unwrap().activity.is_some());
    drop(client);
    eventually(async || process::info(&vault).unwrap().activity.is_none()).await;
    vault.stop().await.unwrap();
    program.stop().await;
}

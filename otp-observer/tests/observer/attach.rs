//! To attach and to detach: nothing is lost, and nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::common::{Program, Vault, VaultRef, find, seen};
use otp_core::prelude::*;
use otp_core::testing::eventually;
use otp_core::{process, sys, telemetry};
use otp_observer::{Client, Request};

/// What a program has that it may not have more of afterwards.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    processes: usize,
    timers: usize,
    handlers: usize,
    /// Servers whose statistics are on.
    counted: usize,
    tasks: usize,
    files: usize,
}

fn held() -> Held {
    let node = Node::current().unwrap();
    let pids = node.processes();
    let infos = pids.iter().filter_map(process::info);
    let files = std::fs::read_dir("/proc/self/fd");
    Held {
        processes: pids.len(),
        timers: node.timer_count(),
        handlers: telemetry::list_handlers(&[]).len(),
        counted: infos.filter(|info| info.activity.is_some()).count(),
        tasks: tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        files: files.map_or(0, Iterator::count),
    }
}

/// Sends casts and calls until told to stop. What it has sent is counted.
async fn load(vault: VaultRef, stop: Arc<AtomicBool>, sent: Arc<AtomicU64>) {
    let mut last = 0;
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..20 {
            vault.put(1).await;
        }
        let answer = vault.add(1).await.unwrap();
        assert!(answer > last, "an answer is that of a later request");
        last = answer;
        sent.fetch_add(21, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn attached_and_detached_a_hundred_times_under_load_no_message_is_lost_and_nothing_left() {
    let program = Program::start(|settings| settings).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut vaults = Vec::new();
    for _ in 0..4 {
        vaults.push((Vault::start().await.unwrap(), Arc::new(AtomicU64::new(0))));
    }
    drop(program.client().await); // What is made once is made now.
    eventually(async || process_count() == 6).await;
    let before = held();

    let mut loads = Vec::new();
    for (vault, sent) in &vaults {
        let load = load(vault.clone(), Arc::clone(&stop), Arc::clone(sent));
        loads.push(Task::spawn(load));
    }
    for round in 0..100 {
        let mut client = program.watcher().await;
        match round % 4 {
            // In the middle of what it is told.
            0 => {}
            1 => drop(client.next().await.unwrap()),
            2 => {
                // Two of them: one goes, the other stays.
                let mut other = program.watcher().await;
                drop(client);
                drop(other.next().await.unwrap());
            }
            _ => {
                let pid = vaults[0].0.pid();
                let is_counted = |messages| messages > Some(0);
                seen(&mut client, |seen| is_counted(find(seen, pid).messages)).await;
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    for load in loads {
        load.timeout_infinite().await.unwrap();
    }
    for (vault, sent) in &vaults {
        // Of those that came before it too.
        let sum = vault.add(0).await.unwrap();
        assert_eq!(sum, sent.load(Ordering::Relaxed));
        assert!(sum > 0);
    }
    eventually(async || held() == before).await;
    for (vault, _) in vaults {
        vault.stop().await.unwrap();
    }
    program.stop().await;
}

fn process_count() -> usize {
    // Itself is not counted among those that are waited for.
    Node::current().unwrap().processes().len() - 1
}

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
    eventually(async || !program.path().exists()).await;
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

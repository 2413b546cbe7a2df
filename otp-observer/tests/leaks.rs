//! Attached to and detached from a hundred times, alone in its program: no other test opens files meanwhile.
#![cfg(unix)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a part of what the tests share is used here"
)]

#[path = "observer/common.rs"]
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{Program, Vault, VaultRef, find, node, process_count, seen};
use otp_core::prelude::*;
use otp_core::telemetry;
use otp_core::testing::eventually;

/// What a program has that it may not have more of afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    processes: usize,
    handlers: usize,
    /// Servers whose statistics are on.
    counted: usize,
    tasks: usize,
    files: usize,
}

fn held() -> Held {
    let node = node();
    let pids = node.processes();
    let infos = pids.iter().filter_map(process::info);
    let files = std::fs::read_dir("/proc/self/fd");
    Held {
        processes: pids.len(),
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
        let answer = vault.add(1).await.expect("it answers");
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
    // The node has begun to keep timers.
    otp_core::time::sleep(Duration::from_millis(1)).await;
    let before = eventually(async || (process_count() == 6).then(held)).await;

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
    eventually(async || {
        let after = held();
        if after == before {
            Ok(())
        } else {
            Err((before, after))
        }
    })
    .await;
    assert_eq!(node().timer_count(), 0);
    for (vault, _) in vaults {
        vault.stop().await.unwrap();
    }
    program.stop().await;
}

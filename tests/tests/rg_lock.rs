//! Locks by key: RG-031 and RG-032 of the catalogue.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use otp_core::prelude::*;
use otp_core::{RegistryError, testing};
use tests::processes::{end, now};
use tests::{Journal, Order};
use tokio::sync::oneshot;

type Locks = RegistryRef<&'static str, Address<Order>>;

async fn locks() -> Locks {
    Registry::unique().start_link().await.unwrap()
}

/// A process that holds the lock of `key` until it is told to go on.
async fn holder(locks: &Locks, key: &'static str) -> (Pid, oneshot::Sender<()>) {
    let (locked, is_locked) = oneshot::channel();
    let (go, wait) = oneshot::channel();
    let locks = locks.clone();
    let holder = process::spawn(async move {
        let work = locks.lock(&key, async || {
            locked.send(()).unwrap();
            wait.await.unwrap();
        });
        work.await.unwrap();
    });
    is_locked.await.unwrap();
    (holder, go)
}

#[otp_core::test]
async fn rg_031_a_lock_gives_what_its_work_gives_and_changes_no_entry() {
    let locks = locks().await;
    let text = String::from("text");
    let len = locks.lock(&"key", async || text.len()).await;
    assert_eq!((len, locks.count()), (Ok(4), 0));
    locks.stop().await.unwrap();
    assert_eq!(
        locks.lock(&"key", async || 1).await,
        Err(RegistryError::NoProc)
    );
}

#[otp_core::test]
async fn rg_031_one_at_a_time_works_under_a_key_in_the_order_of_asking() {
    let locks = locks().await;
    let (_, go) = holder(&locks, "key").await;
    let journal = Journal::new();
    let mut waiting: Vec<_> = (0..3)
        .map(|number| {
            let journal = journal.clone();
            Box::pin(locks.lock(&"key", async move || journal.note(number)))
        })
        .collect();
    for lock in &mut waiting {
        assert_eq!(now(lock.as_mut()), None);
    }
    // Another key is independent, and so is the same key in another registry.
    assert_eq!(now(locks.lock(&"other", async || 1)), Some(Ok(1)));
    let others: Locks = Registry::unique().start_link().await.unwrap();
    assert_eq!(now(others.lock(&"key", async || 2)), Some(Ok(2)));
    assert!(journal.take().is_empty());

    go.send(()).unwrap();
    let last = waiting.pop().unwrap();
    let [first, second] = [waiting.remove(0), waiting.remove(0)];
    let (last, second) = (Task::spawn(last), Task::spawn(second));
    let first = Task::spawn(first);
    last.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(journal.take(), ["0", "1", "2"]);
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 4)]
async fn rg_031_nobody_else_works_under_a_key_on_any_thread() {
    let locks = locks().await;
    let inside = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (locks, inside) = (locks.clone(), Arc::clone(&inside));
            Task::spawn(async move {
                for _ in 0..100 {
                    let work = locks.lock(&"key", async || {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        tokio::task::yield_now().await;
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                    });
                    work.await.unwrap();
                }
                100
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.timeout_infinite().await, Ok(100));
    }
}

/// Ends the holder of a lock somehow, and then has it.
async fn is_free_after(end_it: impl AsyncFnOnce(Pid, oneshot::Sender<()>)) {
    let locks = locks().await;
    let (pid, go) = holder(&locks, "key").await;
    let mut waiting = Box::pin(locks.lock(&"key", async || 7));
    assert_eq!(now(waiting.as_mut()), None);
    end_it(pid, go).await;
    assert_eq!(waiting.await, Ok(7));
}

#[otp_core::test]
async fn rg_032_a_lock_is_free_when_its_holder_returns_panics_or_is_killed() {
    is_free_after(async |_, go| go.send(()).unwrap()).await;
    // Its `unwrap` panics.
    is_free_after(async |pid, go| {
        testing::expect_crash(pid);
        drop(go);
    })
    .await;
    is_free_after(async |pid, go| {
        let monitor = process::monitor(pid);
        process::exit(pid, ExitReason::Kill);
        assert_eq!(end(monitor).await, ExitReason::Killed);
        assert!(go.send(()).is_err(), "its work was dropped");
    })
    .await;
}

#[otp_core::test]
async fn rg_032_a_lock_is_free_when_its_work_is_dropped() {
    let locks = locks().await;
    let mut held = Box::pin(locks.lock(&"key", std::future::pending::<()>));
    assert_eq!(now(held.as_mut()), None);
    let mut waiting = Box::pin(locks.lock(&"key", async || 7));
    assert_eq!(now(waiting.as_mut()), None);
    drop(held);
    assert_eq!(waiting.await, Ok(7));
}

#[otp_core::test]
async fn rg_032_a_waiter_that_is_killed_is_passed_over() {
    let locks = locks().await;
    let (_, go) = holder(&locks, "key").await;
    let (asks, asked) = oneshot::channel();
    let again = locks.clone();
    let (waiter, ended) = process::spawn_monitor(async move {
        let mut lock = Box::pin(again.lock(&"key", async || unreachable!("it was killed")));
        assert_eq!(now(lock.as_mut()), None);
        asks.send(()).unwrap();
        let never: Result<(), RegistryError> = lock.await;
        never.unwrap();
    });
    asked.await.unwrap();
    let mut behind = Box::pin(locks.lock(&"key", async || 7));
    assert_eq!(now(behind.as_mut()), None);
    process::exit(waiter, ExitReason::Kill);
    assert_eq!(end(ended).await, ExitReason::Killed);
    assert_eq!(now(behind.as_mut()), None);
    go.send(()).unwrap();
    assert_eq!(behind.await, Ok(7));
}

#[otp_core::test]
async fn rg_032_who_waits_has_its_turn_although_the_registry_has_ended() {
    let locks: Locks = Registry::unique().start().await.unwrap();
    let (_, go) = holder(&locks, "key").await;
    let mut waiting = Box::pin(locks.lock(&"key", async || 7));
    assert_eq!(now(waiting.as_mut()), None);
    locks.stop().reason(ExitReason::Shutdown).await.unwrap();
    assert_eq!(now(waiting.as_mut()), None);
    go.send(()).unwrap();
    assert_eq!(waiting.await, Ok(7));
}

#[otp_core::test]
async fn rg_031_a_lock_crosses_threads() {
    fn send(future: impl Future + Send) -> impl Future + Send {
        future
    }
    let locks = locks().await;
    let key = String::from("key");
    send(locks.lock(&"key", async || key.len())).await;
    assert_eq!(locks.count(), 0);
}

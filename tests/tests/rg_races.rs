//! Registries under several threads: RG-035, RG-004 and RG-033 of the catalogue. Awaits facts, times nothing.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::sync::Arc;

use otp_core::prelude::*;
use otp_core::{DuplicateRegistry, RegistryError, testing};
use tests::processes::end;
use tests::{Member, Order};
use tokio::sync::Barrier;

type Members = RegistryRef<u32, Address<Order>>;

/// Starts a process that registers itself when the others do, and then waits to be told the end.
fn racer(
    members: &Members,
    key: u32,
    start: &Arc<Barrier>,
) -> (Address<Order>, Task<Result<(), RegistryError>>) {
    let (members, start) = (members.clone(), Arc::clone(start));
    let (send, result) = tokio::sync::oneshot::channel();
    let racer = process::spawn(async move |mailbox: Mailbox<Order>| {
        start.wait().await;
        send.send(members.register(&mailbox, key, ())).unwrap();
        std::future::pending::<()>().await;
    });
    testing::end_with_test(&racer);
    (racer, Task::spawn(async { result.await.unwrap() }))
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 4)]
async fn rg_035_of_many_that_race_for_a_key_one_gets_it() {
    for _ in 0..50 {
        let members: Members = Registry::unique().start_link().await.unwrap();
        let start = Arc::new(Barrier::new(16));
        let racers: Vec<_> = (0..16).map(|_| racer(&members, 1, &start)).collect();
        let (mut winners, mut refused) = (Vec::new(), Vec::new());
        for (racer, result) in racers {
            match result.await.unwrap() {
                Ok(()) => winners.push(racer.pid()),
                Err(error) => refused.push(error),
            }
        }
        let [winner] = winners[..] else {
            panic!("{} processes hold the key", winners.len());
        };
        assert_eq!(members.whereis(&1), Some(winner));
        assert_eq!(refused, [RegistryError::AlreadyRegistered(winner); 15]);
        assert_eq!(members.count(), 1);
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 4)]
async fn rg_004_a_key_can_be_taken_by_who_has_seen_the_end_of_its_holder() {
    let members: Members = Registry::unique().start_link().await.unwrap();
    for _ in 0..500 {
        let (first, second) = (Member::spawn(), Member::spawn());
        let again = members.clone();
        first
            .does(move |me| again.register(me, 1, ()))
            .await
            .unwrap();
        first.dies().await;
        assert_eq!(members.count(), 0);
        let again = members.clone();
        let registered = second.does(move |me| again.register(me, 1, ()));
        assert_eq!(registered.await, Ok(()));
        second.dies().await;
    }
    assert_eq!(members.count(), 0);
}

/// A mailbox that another task has is registered while its process is killed.
#[otp_core::test(flavor = "multi_thread", worker_threads = 4)]
async fn rg_004_registering_against_the_own_end_leaves_no_entry() {
    let members: RegistryRef<u32, Address<Order>, (), otp_core::registry::Duplicate> =
        DuplicateRegistry::new().start_link().await.unwrap();
    for _ in 0..500 {
        let (send, mailbox) = tokio::sync::oneshot::channel();
        let (mortal, ended) = process::spawn_monitor(async move |mailbox: Mailbox<Order>| {
            drop(send.send(mailbox));
            std::future::pending::<()>().await;
        });
        let mailbox = mailbox.await.unwrap();
        let again = members.clone();
        let registering = tokio::spawn(async move {
            let mut registered = 0;
            while again.register(&mailbox, registered % 3, ()).is_ok() {
                registered += 1;
                again.unregister(&mailbox, &(registered % 5));
            }
            again.register(&mailbox, 7, ())
        });
        process::exit(&mortal, ExitReason::Kill);
        assert_eq!(end(ended).await, ExitReason::Killed);
        assert_eq!(registering.await.unwrap(), Err(RegistryError::NoProc));
        assert_eq!(members.count(), 0);
        assert!(members.keys(mortal.pid()).is_empty());
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 4)]
async fn rg_033_who_registers_while_the_registry_ends_is_refused_or_ends_with_it() {
    for _ in 0..200 {
        let members: Members = Registry::unique().start().await.unwrap();
        let start = Arc::new(Barrier::new(5));
        let racers: Vec<_> = (0..4)
            .map(|key| {
                let (racer, result) = racer(&members, key, &start);
                (process::monitor(&racer), racer, result)
            })
            .collect();
        start.wait().await;
        process::exit(&members, ExitReason::Kill);
        for (ended, racer, result) in racers {
            match result.await.unwrap() {
                Ok(()) => {}
                Err(error) => {
                    assert_eq!(error, RegistryError::NoProc);
                    process::exit(&racer, ExitReason::Kill);
                }
            }
            assert_eq!(end(ended).await, ExitReason::Killed);
        }
        assert_eq!(members.count(), 0);
    }
}

//! Several threads, and the real clock: links, monitors, exits and names against death. Awaits facts, times nothing.

use otp_core::prelude::*;
use otp_core::process::{RegisterError, info};
use tests::processes::{Peer, boom, end, now, story};
use tokio::task::yield_now;

/// Whether an EXIT is there now, and why.
fn exit_from(peer: Pid) -> Option<ExitReason> {
    let exit = now(process::receive_exit())?;
    assert_eq!(exit.pid, peer);
    Some(exit.reason)
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn pr_008_of_two_exits_to_a_process_that_blocks_the_first_one_sent_decides() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begins, begun) = tokio::sync::oneshot::channel();
    let (busy, ended) = process::spawn_monitor(async move {
        begins.send(()).unwrap();
        wait.recv().unwrap();
        std::future::pending::<()>().await;
    });
    begun.await.unwrap();
    process::exit(busy, ExitReason::error("first"));
    process::exit(busy, ExitReason::Kill);
    go.send(()).unwrap();
    assert_eq!(end(ended).await, ExitReason::error("first"));
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn pr_015_no_exit_comes_after_an_unlink_however_it_races_with_the_end() {
    story(async {
        process::trap_exit(true);
        for _ in 0..1000 {
            let peer = process::spawn_link(async { boom() });
            let ended = process::monitor(peer);
            process::unlink(peer);
            let before = exit_from(peer);
            assert!(before.is_none() || before == Some(boom()));
            assert!([boom(), ExitReason::NoProc].contains(&end(ended).await));
            assert_eq!(exit_from(peer), None);
        }
    })
    .await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn pr_016_a_link_after_an_unlink_gets_one_exit_however_it_races_with_the_end() {
    story(async {
        process::trap_exit(true);
        for _ in 0..1000 {
            let peer = process::spawn_link(async {
                yield_now().await;
                boom()
            });
            process::unlink(peer);
            let flushed = exit_from(peer);
            assert!(flushed.is_none() || flushed == Some(boom()));
            process::link(peer);

            let exit = process::receive_exit().await;
            assert_eq!(exit.pid, peer);
            assert!(
                [boom(), ExitReason::NoProc].contains(&exit.reason),
                "{}",
                exit.reason
            );
            end(process::monitor(peer)).await;
            assert_eq!(exit_from(peer), None);
            assert_eq!(info(process::self_pid()).unwrap().links, []);
        }
    })
    .await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_from_both_sides_at_once_is_one_link() {
    let (a, b) = (Peer::trapping().await, Peer::trapping().await);
    let (pid_a, pid_b) = (a.pid(), b.pid());
    for _ in 0..1000 {
        let both = (
            a.does(move || process::link(pid_b)),
            b.does(move || process::link(pid_a)),
        );
        both.0.await;
        both.1.await;
        assert_eq!(
            (info(&a).unwrap().links, info(&b).unwrap().links),
            (vec![pid_b], vec![pid_a])
        );
        let both = (
            a.does(move || process::unlink(pid_b)),
            b.does(move || process::unlink(pid_a)),
        );
        both.0.await;
        both.1.await;
        assert_eq!(
            (info(&a).unwrap().links, info(&b).unwrap().links),
            (vec![], vec![])
        );
    }
    assert_eq!((a.exits().await, b.exits().await), (vec![], vec![]));
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_are_linked_and_both_end_are_both_told_of() {
    for _ in 0..1000 {
        let (a, b) = (Peer::spawn(), Peer::spawn());
        let peer = b.pid();
        a.does(move || process::link(peer)).await;
        let monitors = [process::monitor(&a), process::monitor(&b)];
        process::exit(&a, ExitReason::error("a"));
        process::exit(&b, ExitReason::error("b"));
        let reasons = [end(monitors[0]).await, end(monitors[1]).await];
        let possible = ["a", "b"].map(ExitReason::error);
        assert!(
            reasons.iter().all(|reason| possible.contains(reason)),
            "{reasons:?}"
        );
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2, crashes = allowed)]
async fn pr_023_no_down_comes_after_a_demonitor_however_it_races_with_the_end() {
    story(async {
        for _ in 0..1000 {
            let (peer, monitor) = process::spawn_monitor(async { boom() });
            let ended = process::monitor(peer);
            process::demonitor(monitor).unwrap();
            end(ended).await;
            assert!(now(process::receive_down(monitor)).is_none());
            assert_eq!(info(process::self_pid()).unwrap().message_queue_len, 0);
        }
    })
    .await;
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_given_to_a_dying_process_is_free_after_its_death() {
    let node = Node::current().unwrap();
    for _ in 0..1000 {
        let (dying, ended) = process::spawn_monitor(async {});
        let registered = node.register("desk", dying);
        assert!([Ok(()), Err(RegisterError::NoProc)].contains(&registered));
        assert_eq!(end(ended).await, ExitReason::Normal);
        assert_eq!(node.whereis("desk"), None);
        assert_eq!(node.registered(), []);
    }
}

#[otp_core::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_one_name_one_gets_it() {
    let node = Node::current().unwrap();
    for _ in 0..100 {
        let peers: Vec<Peer> = (0..4).map(|_| Peer::spawn()).collect();
        let attempts = peers.iter().map(|peer| {
            let (node, pid) = (node.clone(), peer.pid());
            peer.does(move || node.register("desk", pid))
        });
        let mut winners = Vec::new();
        let mut refused = Vec::new();
        for (attempt, peer) in attempts.collect::<Vec<_>>().into_iter().zip(&peers) {
            match attempt.await {
                Ok(()) => winners.push(peer.pid()),
                Err(error) => refused.push(error),
            }
        }
        assert_eq!(winners.len(), 1);
        assert_eq!(refused, [RegisterError::Taken(winners[0]); 3]);
        for peer in &peers {
            let ended = process::monitor(peer);
            process::exit(peer, ExitReason::Kill);
            end(ended).await;
        }
    }
}

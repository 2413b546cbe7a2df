//! Links and exit signals: nobody misses an EXIT, nobody gets one twice, and both sides of a link agree.

use otp_core::prelude::*;
use otp_core::process::{NoProc, info};
use tests::processes::{Peer, boom, end, now};
use tokio::sync::oneshot;

use super::{bang, explore};

/// A process that ends with this reason whenever it has its turn.
fn dying(reason: ExitReason) -> Pid {
    process::spawn(async move { process::exit_with(reason) })
}

fn links(peer: &Peer) -> Vec<Pid> {
    info(peer).expect("the peer lives").links
}

fn are_linked(a: &Peer, b: &Peer) -> bool {
    let (of_a, of_b) = (links(a), links(b));
    let both = (of_a.contains(&b.pid()), of_b.contains(&a.pid()));
    assert_eq!(both.0, both.1, "{of_a:?} and {of_b:?}");
    both.0
}

#[test]
fn a_link_from_both_sides_at_once_is_one_link() {
    explore(async || {
        let (a, b) = (
            Peer::outside_of_tests().that_traps().await,
            Peer::outside_of_tests().that_traps().await,
        );
        let (pid_a, pid_b) = (a.pid(), b.pid());
        let from_a = a.does(move || process::link(pid_b));
        let from_b = b.does(move || process::link(pid_a));
        from_a.await;
        from_b.await;
        assert!(are_linked(&a, &b));

        let ended = process::monitor(&b);
        b.tell(|| process::exit_with(boom()));
        assert_eq!(end(ended).await, boom());
        assert_eq!(a.exits().await, [(pid_b, boom())]);
        assert_eq!(links(&a), []);
    });
}

#[test]
fn both_sides_agree_whatever_links_and_unlinks_cross() {
    explore(async || {
        let (a, b) = (
            Peer::outside_of_tests().that_traps().await,
            Peer::outside_of_tests().that_traps().await,
        );
        let (pid_a, pid_b) = (a.pid(), b.pid());
        let from_a = a.does(move || {
            process::link(pid_b);
            process::unlink(pid_b);
        });
        let from_b = b.does(move || {
            process::link(pid_a);
            process::unlink(pid_a);
            process::link(pid_a);
        });
        from_a.await;
        from_b.await;
        let linked = are_linked(&a, &b);

        let ended = process::monitor(&b);
        b.tell(|| process::exit_with(boom()));
        assert_eq!(end(ended).await, boom());
        let exits = a.exits().await;
        assert_eq!(exits.len(), usize::from(linked), "{exits:?}");
        assert_eq!(links(&a), []);
    });
}

#[test]
fn two_that_die_at_once_are_both_told_of_with_the_reason_that_counted() {
    explore(async || {
        process::trap_exit(true);
        let (a, b) = (Peer::outside_of_tests(), Peer::outside_of_tests());
        let pids = [a.pid(), b.pid()];
        a.does(move || process::link(pids[1])).await;
        process::link(&a);
        process::link(&b);
        let monitors = [process::monitor(&a), process::monitor(&b)];

        a.tell(|| process::exit_with(boom()));
        b.tell(|| process::exit_with(bang()));

        let reasons = [end(monitors[0]).await, end(monitors[1]).await];
        assert!(
            reasons
                .iter()
                .all(|reason| [boom(), bang()].contains(reason))
        );
        assert!(reasons != [bang(), boom()], "each has the other's reason");
        let mut exits = [process::receive_exit().await, process::receive_exit().await];
        exits.sort_by_key(|exit| exit.pid);
        assert_eq!(exits.each_ref().map(|exit| exit.pid), pids);
        assert_eq!(exits.map(|exit| exit.reason), reasons);
        assert_eq!(now(process::receive_exit()), None);
        assert_eq!(info(process::self_pid()).unwrap().links, []);
    });
}

#[test]
fn an_end_goes_through_a_ring_once() {
    explore(async || {
        process::trap_exit(true);
        let ring = [(); 3].map(|()| Peer::outside_of_tests());
        for (peer, next) in [(0, 1), (1, 2), (2, 0)] {
            let next = ring[next].pid();
            ring[peer].does(move || process::link(next)).await;
        }
        process::link(&ring[1]);
        let ends = ring.each_ref().map(process::monitor);
        process::exit(&ring[0], boom());
        for ended in ends {
            assert_eq!(end(ended).await, boom());
        }
        let exit = process::receive_exit().await;
        assert_eq!((exit.pid, exit.reason), (ring[1].pid(), boom()));
        assert_eq!(now(process::receive_exit()), None);
    });
}

#[test]
fn a_link_with_the_dying_is_told_of_once() {
    explore(async || {
        process::trap_exit(true);
        let peer = dying(boom());
        process::link(peer);
        let exit = process::receive_exit().await;
        assert_eq!(exit.pid, peer);
        assert!([boom(), ExitReason::NoProc].contains(&exit.reason));
        end(process::monitor(peer)).await;
        assert_eq!(now(process::receive_exit()), None);
        assert_eq!(info(process::self_pid()).unwrap().links, []);
    });
}

#[test]
fn who_does_not_trap_learns_of_the_dying_by_an_error_or_by_its_own_end() {
    explore(async || {
        let (linked, link) = oneshot::channel();
        let peer = dying(boom());
        let (_, ended) = process::spawn_monitor(async move {
            linked.send(process::try_link(peer)).unwrap();
            std::future::pending::<()>().await;
        });
        match link.await.unwrap() {
            Ok(()) => assert_eq!(end(ended).await, boom()),
            Err(NoProc) => {
                end(process::monitor(peer)).await;
                assert_eq!(now(process::receive_down(ended)), None, "it lives");
            }
        }
    });
}

#[test]
fn a_second_link_does_not_hide_why_the_first_one_ended() {
    explore(async || {
        process::trap_exit(true);
        let peer = process::spawn_link(async { boom() });
        process::link(peer);
        let exit = process::receive_exit().await;
        assert_eq!((exit.pid, exit.reason), (peer, boom()));
        end(process::monitor(peer)).await;
        // If the EXIT was there before it, the second link was one with the dead.
        let second = now(process::receive_exit()).map(|exit| exit.reason);
        assert!(
            [None, Some(ExitReason::NoProc)].contains(&second),
            "{second:?}"
        );
        assert_eq!(info(process::self_pid()).unwrap().links, []);
    });
}

#[test]
fn no_exit_comes_after_an_unlink() {
    explore(async || {
        process::trap_exit(true);
        let peer = process::spawn_link(async { boom() });
        let ended = process::monitor(peer);
        process::unlink(peer);
        let before = now(process::receive_exit()).map(|exit| exit.reason);
        assert!([None, Some(boom())].contains(&before));
        end(ended).await;
        assert_eq!(now(process::receive_exit()), None);
        assert_eq!(info(process::self_pid()).unwrap().links, []);
    });
}

#[test]
fn a_link_after_an_unlink_gets_one_exit() {
    explore(async || {
        process::trap_exit(true);
        let peer = process::spawn_link(async { boom() });
        process::unlink(peer);
        let before = now(process::receive_exit()).map(|exit| exit.reason);
        assert!([None, Some(boom())].contains(&before));
        process::link(peer);
        let exit = process::receive_exit().await;
        assert_eq!(exit.pid, peer);
        assert!([boom(), ExitReason::NoProc].contains(&exit.reason));
        end(process::monitor(peer)).await;
        assert_eq!(now(process::receive_exit()), None);
        assert_eq!(info(process::self_pid()).unwrap().links, []);
    });
}

#[test]
fn a_signal_to_one_that_begins_to_trap_ends_it_or_becomes_a_message() {
    explore(async || {
        let (told, exit) = oneshot::channel();
        let (peer, ended) = process::spawn_monitor(async move {
            process::trap_exit(true);
            told.send(process::receive_exit().await.reason).unwrap();
        });
        process::exit(peer, boom());
        let reason = end(ended).await;
        match exit.await {
            Ok(exit) => assert_eq!((exit, reason), (boom(), ExitReason::Normal)),
            Err(_) => assert_eq!(reason, boom()),
        }
    });
}

#[test]
fn of_two_signals_one_decides_and_a_kill_cannot_be_trapped() {
    explore(async || {
        let (peer, trapping) = (
            Peer::outside_of_tests(),
            Peer::outside_of_tests().that_traps().await,
        );
        let monitors = [process::monitor(&peer), process::monitor(&trapping)];
        let pids = [peer.pid(), trapping.pid()];
        Task::start(async move { exit_both(pids, boom()) });
        exit_both(pids, ExitReason::Kill);
        assert!([boom(), ExitReason::Killed].contains(&end(monitors[0]).await));
        assert_eq!(end(monitors[1]).await, ExitReason::Killed);
    });
}

fn exit_both(pids: [Pid; 2], reason: ExitReason) {
    for pid in pids {
        process::exit(pid, reason.clone());
    }
}

//! Links: PR-011 to PR-018 of the catalogue.

use otp_core::prelude::*;
use otp_core::process::{NoProc, info};
use tests::processes::{Peer, boom, end, now, story};

/// Two peers that trap exits, linked.
async fn linked_pair() -> (Peer, Peer) {
    let (a, b) = (Peer::trapping().await, Peer::trapping().await);
    let peer = b.pid();
    a.does(move || process::link(peer)).await;
    (a, b)
}

async fn dead() -> Pid {
    let (gone, ended) = process::spawn_monitor(async {});
    end(ended).await;
    gone
}

#[otp_core::test(crashes = allowed)]
async fn pr_011_a_link_goes_both_ways() {
    let (a, b) = linked_pair().await;
    assert_eq!(info(&a).unwrap().links, [b.pid()]);
    assert_eq!(info(&b).unwrap().links, [a.pid()]);

    b.tell(|| process::exit_with(boom()));
    let (c, d) = linked_pair().await;
    c.tell(|| process::exit_with(boom()));
    end(process::monitor(&b)).await;
    end(process::monitor(&c)).await;
    assert_eq!(a.exits().await, [(b.pid(), boom())]);
    assert_eq!(d.exits().await, [(c.pid(), boom())]);
    assert_eq!(info(&a).unwrap().links, []);
}

#[otp_core::test(crashes = allowed)]
async fn pr_011_linking_twice_is_one_link() {
    let (a, b) = linked_pair().await;
    let (pid_a, pid_b) = (a.pid(), b.pid());
    a.does(move || process::link(pid_b)).await;
    b.does(move || process::link(pid_a)).await;
    assert_eq!(info(&a).unwrap().links, [pid_b]);

    let ended = process::monitor(&b);
    b.tell(|| process::exit_with(boom()));
    assert_eq!(end(ended).await, boom());
    assert_eq!(a.exits().await, [(pid_b, boom())]);
}

#[otp_core::test]
async fn pr_012_an_abnormal_end_goes_through_a_chain_in_order() {
    let chain: Vec<Peer> = (0..10).map(|_| Peer::spawn()).collect();
    for pair in chain.windows(2) {
        let next = pair[1].pid();
        pair[0].does(move || process::link(next)).await;
    }
    let pids: Vec<Pid> = chain.iter().map(Peer::pid).collect();
    let watcher = Peer::spawn();
    let watched = pids.clone();
    watcher
        .does(move || {
            watched
                .into_iter()
                .map(process::monitor)
                .collect::<Vec<_>>()
        })
        .await;
    let last = process::monitor(&chain[9]);

    process::exit(&chain[0], boom());

    assert_eq!(end(last).await, boom());
    let downs = watcher.downs().await;
    assert_eq!(downs.iter().map(|down| down.pid).collect::<Vec<_>>(), pids);
    assert!(downs.iter().all(|down| down.reason == boom()), "{downs:?}");
}

#[otp_core::test]
async fn pr_012_a_partner_of_the_killed_ends_with_killed() {
    let (victim, partner, trapping) = (Peer::spawn(), Peer::spawn(), Peer::trapping().await);
    let pid = partner.pid();
    victim.does(move || process::link(pid)).await;
    trapping.does(move || process::link(pid)).await;
    let ended = process::monitor(&partner);

    process::exit(&victim, ExitReason::Kill);

    assert_eq!(end(ended).await, ExitReason::Killed);
    assert_eq!(trapping.exits().await, [(pid, ExitReason::Killed)]);
}

#[otp_core::test]
async fn pr_013_a_normal_end_is_told_only_to_who_traps() {
    let (plain, trapping) = (Peer::spawn(), Peer::trapping().await);
    let ends = Peer::spawn();
    let peer = ends.pid();
    plain.does(move || process::link(peer)).await;
    trapping.does(move || process::link(peer)).await;
    let ended = process::monitor(&ends);

    ends.tell(|| process::exit_with(ExitReason::Normal));

    assert_eq!(end(ended).await, ExitReason::Normal);
    assert_eq!(trapping.exits().await, [(peer, ExitReason::Normal)]);
    assert_eq!(plain.exits().await, []); // it lives, and answers
    assert_eq!(info(&plain).unwrap().links, []);
}

#[otp_core::test]
async fn pr_014_linking_with_the_dead_is_an_exit_for_who_traps() {
    let gone = dead().await;
    let trapping = Peer::trapping().await;
    assert_eq!(trapping.does(move || process::try_link(gone)).await, Ok(()));
    assert_eq!(trapping.exits().await, [(gone, ExitReason::NoProc)]);
    assert_eq!(info(&trapping).unwrap().links, []);
}

#[otp_core::test]
async fn pr_014_a_name_that_nobody_holds_is_as_the_dead() {
    let trapping = Peer::trapping().await;
    let link = || process::try_link(Name::from("nobody"));
    assert_eq!(trapping.does(link).await, Ok(()));
    let exits = trapping.exits().await;
    assert!(matches!(exits[..], [(_, ExitReason::NoProc)]), "{exits:?}");
}

/// Links with a name when it is told to.
#[gen_server]
struct Linker {
    exits: Vec<ExitReason>,
}

#[gen_server]
impl Linker {
    #[init]
    fn init() -> Self {
        Linker { exits: Vec::new() }
    }

    #[call]
    fn link(&self, trap_exit: bool, cx: &mut Context<Self>) -> bool {
        cx.trap_exit(trap_exit);
        cx.link(Name::from("nobody")).is_ok()
    }

    #[handle_exit]
    fn exit(&mut self, exit: Exit) {
        self.exits.push(exit.reason);
    }

    #[call]
    fn exits(&self) -> Vec<ExitReason> {
        self.exits.clone()
    }
}

#[otp_core::test]
async fn pr_014_the_same_holds_for_a_server() {
    let linker = Linker::start().await.unwrap();
    assert_eq!(linker.link(false).await, Ok(false));
    assert_eq!(linker.link(true).await, Ok(true));
    assert_eq!(linker.exits().await, Ok(vec![ExitReason::NoProc]));
    linker.stop().await.unwrap();
}

#[otp_core::test(crashes = allowed)]
async fn pr_014_linking_with_the_dead_is_an_error_for_who_does_not_trap() {
    let gone = dead().await;
    let plain = Peer::spawn();
    assert_eq!(
        plain.does(move || process::try_link(gone)).await,
        Err(NoProc)
    );
    assert_eq!(
        plain.does(|| process::try_link(Name::from("nobody"))).await,
        Err(NoProc)
    );
    assert_eq!(info(&plain).unwrap().links, []);

    let ended = process::monitor(&plain);
    plain.tell(move || process::link(gone));
    assert_eq!(end(ended).await, ExitReason::NoProc);
}

#[otp_core::test(crashes = allowed, shuffled = 50)]
async fn pr_015_after_an_unlink_no_exit_comes() {
    let (a, b) = linked_pair().await;
    let (peer, ended) = (b.pid(), process::monitor(&b));
    a.does(move || process::unlink(peer)).await;
    assert_eq!(info(&b).unwrap().links, []);

    b.tell(|| process::exit_with(boom()));

    assert_eq!(end(ended).await, boom());
    assert_eq!(a.exits().await, []);
}

#[otp_core::test(crashes = allowed)]
async fn pr_015_either_side_may_unlink() {
    let (a, b) = linked_pair().await;
    let (peer, ended) = (a.pid(), process::monitor(&b));
    b.tell(move || {
        process::unlink(peer);
        process::exit_with(boom());
    });
    assert_eq!(end(ended).await, boom());
    assert_eq!(a.exits().await, []);
}

#[otp_core::test(crashes = allowed)]
async fn pr_015_an_exit_that_was_there_before_the_unlink_can_be_flushed() {
    story(async {
        process::trap_exit(true);
        let peer = process::spawn_link(async { boom() });
        end(process::monitor(peer)).await;
        process::unlink(peer);
        let flushed = now(process::receive_exit()).unwrap();
        assert_eq!((flushed.pid, flushed.reason), (peer, boom()));
        assert_eq!(now(process::receive_exit()), None);
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn pr_016_a_link_after_an_unlink_never_sees_the_end_of_the_earlier_one() {
    // Linked anew while it lives: the true reason, once.
    let (a, b) = linked_pair().await;
    let (peer, ended) = (b.pid(), process::monitor(&b));
    a.does(move || {
        process::unlink(peer);
        process::link(peer);
    })
    .await;
    b.tell(|| process::exit_with(boom()));
    assert_eq!(end(ended).await, boom());
    assert_eq!(a.exits().await, [(peer, boom())]);

    // Linked anew once it is gone: noproc.
    let (a, b) = linked_pair().await;
    let (peer, ended) = (b.pid(), process::monitor(&b));
    a.does(move || process::unlink(peer)).await;
    b.tell(|| process::exit_with(boom()));
    assert_eq!(end(ended).await, boom());
    a.does(move || process::link(peer)).await;
    assert_eq!(a.exits().await, [(peer, ExitReason::NoProc)]);
}

#[otp_core::test(crashes = allowed, shuffled = 50)]
async fn pr_017_a_child_that_dies_at_once_tells_its_parent_why() {
    story(async {
        process::trap_exit(true);
        let child = process::spawn_link(async { boom() });
        let exit = process::receive_exit().await;
        assert_eq!((exit.pid, exit.reason), (child, boom()));
    })
    .await;

    let (_, parent) = process::spawn_monitor(async {
        process::spawn_link(async { boom() });
        std::future::pending::<()>().await;
    });
    assert_eq!(end(parent).await, boom());
}

#[otp_core::test]
async fn pr_017_a_child_that_is_dropped_before_it_has_run_tells_its_parent_too() {
    story(async {
        process::trap_exit(true);
        let child = process::spawn_link(std::future::pending::<()>());
        process::exit(child, ExitReason::Kill);
        let exit = process::receive_exit().await;
        assert_eq!((exit.pid, exit.reason), (child, ExitReason::Killed));
    })
    .await;
}

#[otp_core::test]
async fn pr_018_a_link_with_oneself_is_none() {
    let me = Peer::trapping().await;
    let pid = me.pid();
    assert_eq!(me.does(move || process::try_link(pid)).await, Ok(()));
    assert_eq!(info(&me).unwrap().links, []);

    me.does(move || process::unlink(pid)).await;
    assert_eq!(me.exits().await, []);
}

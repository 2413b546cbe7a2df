//! Exit signals: PR-001 to PR-010 of the catalogue.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use otp_core::prelude::*;
use otp_core::time::sleep;
use tests::processes::{Peer, boom, end};
use tokio::task::yield_now;

fn crash() {
    panic!("no more rooms");
}

#[otp_core::test(crashes = allowed)]
async fn pr_001_returning_is_normal_and_a_panic_is_told_with_its_place() {
    let (_, returned) = process::spawn_monitor(async {});
    let (_, panicked) = process::spawn_monitor(async { crash() });

    assert_eq!(end(returned).await, ExitReason::Normal);
    let ExitReason::Panic(panic) = end(panicked).await else {
        panic!("it panicked")
    };
    assert_eq!(panic.message(), "no more rooms");
    assert!(panic.location().unwrap().contains("pr_exit.rs:"), "{panic}");
}

#[otp_core::test(crashes = allowed)]
async fn pr_001_what_a_process_returns_is_its_reason() {
    let (_, with_reason) = process::spawn_monitor(async { ExitReason::shutdown_with("drained") });
    let (_, with_error) = process::spawn_monitor(async { "seven".parse::<u8>().map(drop) });

    assert_eq!(end(with_reason).await, ExitReason::shutdown_with("drained"));
    assert!(
        end(with_error)
            .await
            .downcast_ref::<std::num::ParseIntError>()
            .is_some()
    );
}

#[otp_core::test]
async fn pr_002_an_exit_ends_who_does_not_trap_and_is_a_message_to_who_does() {
    let plain = Peer::spawn();
    let ended = process::monitor(&plain);
    process::exit(&plain, boom());
    assert_eq!(end(ended).await, boom());

    let trapping = Peer::trapping().await;
    process::exit(&trapping, boom());
    assert_eq!(trapping.exits().await, [(process::self_pid(), boom())]);
}

#[otp_core::test]
async fn pr_003_normal_from_another_does_nothing_to_who_does_not_trap() {
    let plain = Peer::spawn();
    process::exit(&plain, ExitReason::Normal);
    assert_eq!(plain.exits().await, []); // it lives, and answers

    let trapping = Peer::trapping().await;
    process::exit(&trapping, ExitReason::Normal);
    assert_eq!(
        trapping.exits().await,
        [(process::self_pid(), ExitReason::Normal)]
    );
}

#[otp_core::test]
async fn pr_004_normal_to_oneself_ends_who_does_not_trap() {
    let exit_myself = || process::exit(process::self_pid(), ExitReason::Normal);

    let plain = Peer::spawn();
    let ended = process::monitor(&plain);
    plain.tell(exit_myself);
    assert_eq!(end(ended).await, ExitReason::Normal);

    let trapping = Peer::trapping().await;
    trapping.does(exit_myself).await;
    assert_eq!(
        trapping.exits().await,
        [(trapping.pid(), ExitReason::Normal)]
    );
}

#[otp_core::test]
async fn pr_005_an_exit_to_oneself_cannot_be_caught() {
    let survived = Arc::new(AtomicBool::new(false));
    let survives = Arc::clone(&survived);
    let (_, ended) = process::spawn_monitor(async move {
        let caught = catch_unwind(|| process::exit(process::self_pid(), boom()));
        assert!(caught.is_ok(), "it is a signal, nothing is thrown");
        yield_now().await;
        survives.store(true, Ordering::Relaxed);
    });

    assert_eq!(end(ended).await, boom());
    assert!(!survived.load(Ordering::Relaxed));
}

#[otp_core::test]
async fn pr_006_kill_cannot_be_trapped_and_the_others_see_killed() {
    let plain = Peer::spawn();
    let trapping = Peer::trapping().await;
    for victim in [plain, trapping] {
        let ended = process::monitor(&victim);
        process::exit(&victim, ExitReason::Kill);
        assert_eq!(end(ended).await, ExitReason::Killed);
    }
}

#[otp_core::test(crashes = allowed)]
async fn pr_007_kill_as_a_reason_of_ones_own_goes_over_links_as_it_is() {
    let (suicide, plain, trapping) = (Peer::spawn(), Peer::spawn(), Peer::trapping().await);
    let partner = suicide.pid();
    plain.does(move || process::link(partner)).await;
    trapping.does(move || process::link(partner)).await;
    let (suicide_ended, plain_ended) = (process::monitor(&suicide), process::monitor(&plain));

    suicide.tell(|| process::exit_with(ExitReason::Kill));

    assert_eq!(end(suicide_ended).await, ExitReason::Kill);
    assert_eq!(end(plain_ended).await, ExitReason::Kill);
    assert_eq!(trapping.exits().await, [(partner, ExitReason::Kill)]);
}

#[otp_core::test]
async fn pr_008_the_first_exit_sent_to_a_busy_process_decides() {
    let idle = Peer::spawn();
    let ended = process::monitor(&idle);
    process::exit(&idle, ExitReason::error("first"));
    process::exit(&idle, ExitReason::Kill);
    assert_eq!(end(ended).await, ExitReason::error("first"));

    let busy = Peer::spawn();
    let ended = process::monitor(&busy);
    let pid = busy.pid();
    busy.tell(move || {
        process::exit(pid, ExitReason::Kill);
        process::exit(pid, ExitReason::error("second"));
    });
    assert_eq!(end(ended).await, ExitReason::Killed);
}

/// Says when it is dropped.
struct Mark(Arc<AtomicBool>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[otp_core::test]
async fn pr_009_an_exit_acts_at_the_next_await_point_of_a_process_that_does_not_receive() {
    let (dropped, woke_up) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (mark, wakes_up) = (Mark(Arc::clone(&dropped)), Arc::clone(&woke_up));
    let began = otp_core::time::Instant::now();
    let (sleeper, ended) = process::spawn_monitor(async move {
        let _mark = mark;
        sleep(Duration::from_secs(3600)).await;
        wakes_up.store(true, Ordering::Relaxed);
    });
    yield_now().await; // it sleeps
    process::exit(sleeper, boom());

    assert_eq!(end(ended).await, boom());
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(dropped.load(Ordering::Relaxed), "what it had is dropped");
    assert!(!woke_up.load(Ordering::Relaxed));
}

#[otp_core::test]
async fn pr_009_code_between_two_await_points_is_not_interrupted() {
    let worker = Peer::spawn();
    let ended = process::monitor(&worker);
    let (pid, reached) = (worker.pid(), Arc::new(AtomicBool::new(false)));
    let reaches = Arc::clone(&reached);
    worker.tell(move || {
        process::exit(pid, boom());
        reaches.store(true, Ordering::Relaxed);
    });
    assert_eq!(end(ended).await, boom());
    assert!(reached.load(Ordering::Relaxed));
}

#[otp_core::test]
async fn pr_010_an_exit_to_the_dead_is_no_error() {
    let (gone, ended) = process::spawn_monitor(async {});
    assert_eq!(end(ended).await, ExitReason::Normal);

    process::exit(gone, boom());
    process::exit(gone, ExitReason::Kill);
    process::exit(Name::from("nobody"), boom());
    assert_eq!(Node::current().unwrap().processes(), [process::self_pid()]);
}

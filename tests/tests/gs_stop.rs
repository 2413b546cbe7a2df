//! GS-040 to GS-049: stopping, and when terminate runs.

use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use tests::processes::{boom, end, now};
use tests::{Act, Journal, Puppet, PuppetRef, puppet};

const SECOND: Duration = Duration::from_secs(1);

/// One that is linked with the test, which traps exits.
async fn linked_puppet(trap_exit: bool) -> (PuppetRef, Journal) {
    process::trap_exit(true);
    let journal = Journal::new();
    let server = Puppet::start_link(journal.clone())
        .await
        .expect("its init does not fail");
    server.trap_exit(trap_exit).await.expect("it answers");
    (server, journal)
}

fn last(act: Act) -> Act {
    Act::Last(Box::new(act))
}

#[otp_core::test]
async fn gs_040_a_stop_is_done_when_the_process_is_dead_and_its_name_free() {
    let (journal, began) = (Journal::new(), Instant::now());
    let (server, monitor) = Puppet::start_monitor(journal.clone())
        .name("puppet")
        .await
        .unwrap();
    server.tell(last(Act::Wait(60 * SECOND)));
    assert_eq!(PuppetRef::named("puppet").stop().await, Ok(()));
    assert_eq!(began.elapsed(), 60 * SECOND, "by default there is no limit");
    assert_eq!(
        (
            server.is_alive(),
            process::info(&*server),
            process::whereis("puppet")
        ),
        (false, None, None)
    );
    assert_eq!(journal.take(), ["cast", "terminate normal", "dropped"]);
    assert_eq!(end(monitor).await, ExitReason::Normal);
    assert!(Puppet::start_link(journal).name("puppet").await.is_ok());
}

#[otp_core::test]
async fn gs_040_a_stop_takes_its_turn_among_the_messages() {
    let (server, journal) = puppet().await;
    server.tell(Act::Wait(SECOND));
    server.tell(Act::Nothing);
    assert_eq!(server.stop().reason(ExitReason::Shutdown).await, Ok(()));
    assert_eq!(
        journal.take(),
        ["cast", "cast", "terminate shutdown", "dropped"]
    );
}

#[otp_core::test]
async fn gs_040_a_stop_that_is_dropped_stops_all_the_same() {
    let (server, journal) = puppet().await;
    drop(server.stop());
    assert_eq!(
        server.ask(Act::Nothing).await,
        Ok("done"),
        "it was not polled"
    );
    assert_eq!(now(server.stop()), None, "it was polled once");
    assert_eq!(server.ended().await, ExitReason::Normal);
    assert_eq!(journal.take(), ["call", "terminate normal", "dropped"]);
}

/// A server that tries to stop itself.
#[gen_server]
struct Stubborn {}

#[gen_server]
impl Stubborn {
    #[init]
    fn init() -> Self {
        Stubborn {}
    }

    #[call]
    async fn stop_yourself(&mut self, cx: &mut Context<Self>) -> [Result<(), StopError>; 2] {
        [
            cx.this().stop().await,
            StubbornRef::named("stubborn").stop().await,
        ]
    }

    #[call]
    fn fail(&self, depth: u32) -> u32 {
        fall(depth)
    }
}

/// Ends the process from far below.
fn fall(depth: u32) -> u32 {
    if depth == 0 {
        process::exit_with(ExitReason::shutdown_with("enough"))
    } else {
        fall(depth - 1) + 1
    }
}

#[otp_core::test]
async fn gs_041_a_stop_of_nobody_is_noproc() {
    let (dead, _) = puppet().await;
    dead.stop().await.unwrap();
    assert_eq!(dead.stop().await, Err(StopError::NoProc));
    assert_eq!(
        PuppetRef::named("nobody").stop().await,
        Err(StopError::NoProc)
    );
    let _other_kind = Stubborn::start_link().name("stubborn").await.unwrap();
    assert_eq!(
        PuppetRef::named("stubborn").stop().await,
        Err(StopError::WrongServer)
    );
}

#[otp_core::test]
async fn gs_041_a_stop_of_oneself_is_refused() {
    let server = Stubborn::start_link().name("stubborn").await.unwrap();
    assert_eq!(
        server.stop_yourself().await,
        Ok([Err(StopError::CallingSelf), Err(StopError::CallingSelf)])
    );
    assert!(server.is_alive());
}

#[otp_core::test(crashes = allowed)]
async fn gs_042_another_reason_than_the_one_asked_for_is_an_error() {
    let (server, journal) = puppet().await;
    server.tell(last(Act::Exit(boom())));
    assert_eq!(server.stop().await, Err(StopError::Exit(boom())));
    assert_eq!(journal.take(), ["cast", "terminate normal", "dropped"]);

    let (server, _) = puppet().await;
    server.tell(last(Act::Panic("oops")));
    let Err(StopError::Exit(ExitReason::Panic(panic))) = server.stop().await else {
        panic!("it panicked")
    };
    assert_eq!(panic.message(), "oops");
}

#[otp_core::test]
async fn gs_042_of_two_who_stop_it_the_first_decides() {
    let (server, _) = puppet().await;
    let first = Task::spawn({
        let server = server.clone();
        async move { server.stop().reason(ExitReason::Shutdown).await }
    });
    server.tell(last(Act::Wait(SECOND)));
    sleep(SECOND / 2).await;
    assert_eq!(
        server.stop().await,
        Err(StopError::Exit(ExitReason::Shutdown))
    );
    assert_eq!(first.await, Ok(Ok(())));
}

#[otp_core::test]
async fn gs_043_a_stop_that_takes_too_long_does_not_kill() {
    let ((server, journal), began) = (puppet().await, Instant::now());
    server.tell(last(Act::Wait(SECOND)));
    assert_eq!(
        server.stop().timeout(SECOND / 10).await,
        Err(StopError::Timeout)
    );
    assert_eq!(began.elapsed(), SECOND / 10);
    assert_eq!(server.ended().await, ExitReason::Normal);
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!(journal.take(), ["cast", "terminate normal", "dropped"]);
}

#[otp_core::test(crashes = allowed)]
async fn gs_044_terminate_runs_after_a_stop_a_panic_and_a_clients_stop() {
    for (act, reason) in [
        (Act::Stop(boom()), "boom"),
        (Act::Exit(boom()), "boom"),
        (Act::Nothing, "normal"),
    ] {
        let (server, journal) = puppet().await;
        server.tell(act);
        let _ = server.stop().await;
        assert_eq!(
            journal.take(),
            [
                "cast".to_owned(),
                format!("terminate {reason}"),
                "dropped".to_owned()
            ]
        );
    }
    let (server, journal) = puppet().await;
    server.tell(Act::Panic("oops"));
    let reason = server.ended().await;
    assert_eq!(
        journal.take(),
        [
            "cast".to_owned(),
            format!("terminate {reason}"),
            "dropped".to_owned()
        ]
    );
}

#[otp_core::test(crashes = allowed)]
async fn gs_044_and_when_it_traps_exits_after_any_exit_signal_of_its_parent() {
    for reason in [boom(), ExitReason::Normal, ExitReason::Shutdown] {
        let (server, journal) = linked_puppet(true).await;
        process::exit(&*server, reason.clone());
        assert_eq!(server.ended().await, reason);
        assert_eq!(
            journal.take(),
            [format!("terminate {reason}"), "dropped".to_owned()]
        );
        assert_eq!(process::receive_exit().await.reason, reason);
    }
}

#[otp_core::test(crashes = allowed)]
async fn gs_044_also_when_the_parent_ends() {
    for reason in [boom(), ExitReason::Normal] {
        let (journal, parents_end) = (Journal::new(), reason.clone());
        let story = journal.clone();
        process::spawn(async move {
            let server = Puppet::start_link(story).name("orphan").await.unwrap();
            server.trap_exit(true).await.unwrap();
            sleep(SECOND).await;
            parents_end
        });
        sleep(SECOND / 2).await;
        assert_eq!(PuppetRef::named("orphan").ended().await, reason);
        assert_eq!(
            journal.take(),
            [format!("terminate {reason}"), "dropped".to_owned()]
        );
    }
}

#[otp_core::test]
async fn gs_045_without_trapping_an_exit_signal_ends_it_and_terminate_does_not_run() {
    let (server, journal) = linked_puppet(false).await;
    process::exit(&*server, ExitReason::Normal);
    assert_eq!(
        server.ask(Act::Nothing).await,
        Ok("done"),
        "normal is ignored"
    );
    process::exit(&*server, boom());
    assert_eq!(server.ended().await, boom());
    assert_eq!(journal.take(), ["call", "dropped"]);
}

#[otp_core::test]
async fn gs_045_in_the_middle_of_a_handler_too() {
    let ((server, journal), began) = (puppet().await, Instant::now());
    server.tell(Act::Wait(10 * SECOND));
    sleep(SECOND).await;
    process::exit(&*server, boom());
    assert_eq!((server.ended().await, began.elapsed()), (boom(), SECOND));
    assert_eq!(journal.take(), ["cast", "dropped"]);
}

#[otp_core::test]
async fn gs_046_while_trapping_the_exit_signal_of_another_process_is_a_message() {
    let journal = Journal::new();
    let server = Puppet::start(journal.clone()).await.unwrap();
    otp_core::testing::end_with_test(&*server);
    server.trap_exit(true).await.unwrap();
    process::exit(&*server, boom());
    process::exit(&*server, ExitReason::Normal);
    assert_eq!(server.ask(Act::Nothing).await, Ok("done"));
    assert_eq!(journal.take(), ["EXIT boom", "EXIT normal", "call"]);
}

#[otp_core::test]
async fn gs_047_a_kill_is_not_trapped_and_terminate_does_not_run() {
    let (server, journal) = linked_puppet(true).await;
    process::exit(&*server, ExitReason::Kill);
    assert_eq!(server.ended().await, ExitReason::Killed);
    assert_eq!(process::receive_exit().await.reason, ExitReason::Killed);
    assert_eq!(journal.take(), ["dropped"]);
}

#[otp_core::test]
async fn gs_047_a_kill_cuts_terminate_short() {
    let ((server, journal), began) = (puppet().await, Instant::now());
    server.tell(last(Act::Wait(60 * SECOND)));
    assert_eq!(server.stop().timeout(SECOND).await, Err(StopError::Timeout));
    process::exit(&*server, ExitReason::Kill);
    assert_eq!(
        (server.ended().await, began.elapsed()),
        (ExitReason::Killed, SECOND)
    );
    assert_eq!(journal.take(), ["cast", "terminate normal", "dropped"]);
}

#[otp_core::test(crashes = allowed)]
async fn gs_049_without_a_terminate_nothing_runs() {
    let (server, monitor) = Stubborn::start_monitor().await.unwrap();
    assert_eq!(server.stop().reason(boom()).await, Ok(()));
    assert_eq!(end(monitor).await, boom());
}

#[otp_core::test]
async fn a_process_ends_itself_from_any_depth() {
    let (server, monitor) = Stubborn::start_monitor().await.unwrap();
    let enough = ExitReason::shutdown_with("enough");
    assert_eq!(
        server.fail(100).await,
        Err(CallFailure::Exit(enough.clone()))
    );
    assert_eq!(end(monitor).await, enough);
}

#[otp_core::test(crashes = allowed)]
async fn terminate_sees_the_state_as_the_panic_left_it() {
    #[gen_server]
    struct Half {
        done: u32,
        journal: Journal,
    }

    #[gen_server]
    impl Half {
        #[init]
        fn init(journal: Journal) -> Self {
            Half { done: 0, journal }
        }

        #[cast]
        fn work(&mut self) {
            self.done += 1;
            assert!(self.done > 1, "half way");
            self.done += 1;
        }

        #[terminate]
        fn terminate(&mut self) {
            self.journal.note(self.done);
        }
    }

    let journal = Journal::new();
    let server = Half::start(journal.clone()).await.unwrap();
    server.work();
    let ExitReason::Panic(panic) = server.ended().await else {
        panic!("it panicked")
    };
    assert_eq!(
        (panic.message(), journal.take()),
        ("half way", vec!["1".to_owned()])
    );
}

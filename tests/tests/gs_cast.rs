//! GS-030 to GS-033: casts, infos, and stopping from every callback.

use otp_core::prelude::*;
use otp_core::time::{Instant, send_after, sleep};
use tests::processes::{boom, end};
use tests::{Act, Journal, Puppet, PuppetMessage, PuppetRef, Reports};

/// A server that remembers what it is told, and by whom.
#[gen_server]
struct Memory {
    notes: Vec<(u32, u32)>,
}

#[gen_server]
impl Memory {
    #[init]
    fn init(notes: Vec<(u32, u32)>, cx: &mut Context<Self>) -> Self {
        cx.trap_exit(true);
        Memory { notes }
    }

    #[cast]
    fn note(&mut self, from: u32, number: u32) {
        self.notes.push((from, number));
    }

    #[call]
    fn notes(&self) -> Vec<(u32, u32)> {
        self.notes.clone()
    }

    #[call]
    fn set_timeout(&self, after: Duration, cx: &mut Context<Self>) {
        cx.set_timeout(after);
    }

    #[call]
    fn watch(&self, name: Name, cx: &mut Context<Self>) {
        cx.monitor(name);
    }
}

#[otp_core::test]
async fn gs_030_a_cast_goes_through_at_once_wherever_it_goes() {
    let began = Instant::now();
    let dead = Puppet::start_link(Journal::new()).await.unwrap();
    dead.stop().await.unwrap();
    let _other_kind = Memory::start_link(vec![]).name("memory").await.unwrap();
    for server in [
        dead,
        PuppetRef::named("nobody"),
        PuppetRef::named(""),
        PuppetRef::named("memory"),
    ] {
        assert_eq!(
            server.tell(Act::Nothing).outcome(),
            Some(CastOutcome::NoProc),
            "{server:?}"
        );
    }
    let (alive, journal) = (
        Puppet::start_link(Journal::new()).await.unwrap(),
        Journal::new(),
    );
    assert_eq!(
        alive.tell(Act::Nothing).outcome(),
        Some(CastOutcome::Queued)
    );
    assert!(journal.take().is_empty(), "queued does not mean handled");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[otp_core::test]
async fn gs_030_a_cast_that_a_name_swallows_is_reported() {
    let reports = Reports::new();
    drop(PuppetRef::named("nobody").tell(Act::Nothing));
    let reports = reports.take("otp_core::process::address");
    assert_eq!(
        reports
            .iter()
            .map(|report| report.get("name"))
            .collect::<Vec<_>>(),
        ["nobody"]
    );
}

#[otp_core::test]
async fn gs_031_messages_of_one_sender_keep_their_order() {
    let memory = Memory::start_link(vec![]).await.unwrap();
    let senders: Vec<_> = (0..4)
        .map(|from| {
            let memory = memory.clone();
            Task::spawn(async move {
                for number in 0..100 {
                    memory.note(from, number);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let notes = memory.notes().await.unwrap();
    assert_ne!(
        notes[..100].iter().map(|note| note.0).collect::<Vec<_>>(),
        [0; 100],
        "the senders took turns"
    );
    for from in 0..4 {
        let of_one = notes
            .iter()
            .filter(|note| note.0 == from)
            .map(|note| note.1);
        assert!(of_one.eq(0..100));
    }
}

#[otp_core::test]
async fn gs_031_a_call_after_a_cast_sees_its_effect() {
    let memory = Memory::start_link(vec![]).await.unwrap();
    memory.note(1, 1);
    assert_eq!(memory.notes().await, Ok(vec![(1, 1)]));
}

#[otp_core::test]
async fn gs_032_other_messages_go_to_handle_info() {
    let journal = Journal::new();
    let server = Puppet::start_link(journal.clone()).await.unwrap();
    server.cast(PuppetMessage::Info { act: Act::Nothing });
    send_after(
        Duration::from_secs(1),
        &server,
        PuppetMessage::Info { act: Act::Nothing },
    );
    sleep(Duration::from_secs(2)).await;
    assert_eq!(journal.take(), ["info", "info"]);
}

#[otp_core::test]
async fn gs_032_what_is_unexpected_is_reported_and_the_state_kept() {
    let (reports, memory) = (Reports::new(), Memory::start(vec![(1, 1)]).await.unwrap());
    otp_core::testing::end_with_test(&memory);
    process::exit(&memory, boom());
    memory.watch(Name::from("nobody")).await.unwrap();
    memory.set_timeout(Duration::from_secs(1)).await.unwrap();
    sleep(Duration::from_secs(2)).await;
    let reports = reports.take("otp_core::gen_server");
    let unexpected = reports.iter().map(|report| {
        (
            report.get("message"),
            report.get("what"),
            report.get("reason"),
        )
    });
    let expected = [
        ("EXIT", "boom"),
        ("DOWN", "no process"),
        ("timeout", "normal"),
    ];
    assert!(
        unexpected.eq(expected.map(|(what, reason)| ("unexpected message", what, reason))),
        "{reports:?}"
    );
    assert_eq!(memory.notes().await, Ok(vec![(1, 1)]));
}

/// Starts a puppet, does something to it, and tells how it went.
async fn stopped_by(act: impl FnOnce(&PuppetRef)) -> (Vec<String>, ExitReason) {
    let journal = Journal::new();
    let (server, monitor) = Puppet::start_monitor(journal.clone())
        .await
        .expect("its init does not fail");
    act(&server);
    let reason = end(monitor).await;
    (journal.take(), reason)
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

#[otp_core::test(crashes = allowed)]
async fn gs_033_a_stop_from_any_callback_terminates_with_its_reason() {
    let stop = || Act::Stop(boom());
    let last = ["terminate boom", "dropped"];
    let cases = [
        (
            stopped_by(|server| drop(server.ask(stop()).send_request())).await,
            vec!["call"],
        ),
        (
            stopped_by(|server| drop(server.tell(stop()))).await,
            vec!["cast"],
        ),
        (
            stopped_by(|server| drop(server.cast(PuppetMessage::Info { act: stop() }))).await,
            vec!["info"],
        ),
        (
            stopped_by(|server| drop(server.tell(Act::Continue(Box::new(stop()))))).await,
            vec!["cast", "continue"],
        ),
        (
            stopped_by(|server| {
                drop(server.tell(Act::Timeout(Duration::from_secs(1), Box::new(stop()))))
            })
            .await,
            vec!["cast", "timeout"],
        ),
    ];
    for (stopped, callbacks) in cases {
        assert_eq!(stopped, (lines(&[&callbacks[..], &last].concat()), boom()));
    }
}

#[otp_core::test(crashes = allowed)]
async fn gs_033_a_stop_from_handle_down_and_handle_exit() {
    /// Stops when something that it knows ends.
    #[gen_server]
    struct Widow {}

    #[gen_server]
    impl Widow {
        #[init]
        fn init(cx: &mut Context<Self>) -> Self {
            cx.trap_exit(true);
            cx.monitor(Name::from("spouse"));
            Widow {}
        }

        #[handle_down]
        fn down(&mut self, down: Down, cx: &mut Context<Self>) {
            cx.stop(ExitReason::shutdown_with(format!(
                "{} went",
                down.name.unwrap()
            )));
        }

        #[handle_exit]
        fn exit(&mut self, exit: Exit, cx: &mut Context<Self>) {
            cx.stop(exit.reason);
        }
    }

    let (_, monitor) = Widow::start_monitor().await.unwrap();
    assert_eq!(end(monitor).await, ExitReason::shutdown_with("spouse went"));

    let spouse = Puppet::start(Journal::new()).name("spouse").await.unwrap();
    otp_core::testing::end_with_test(&spouse);
    let (widow, monitor) = Widow::start_monitor().await.unwrap();
    process::exit(&widow, boom());
    assert_eq!(end(monitor).await, boom());
    assert!(spouse.is_alive());
}

#[otp_core::test(crashes = allowed)]
async fn the_last_stop_counts_and_nothing_queued_is_handled_after_it() {
    let twice = Act::All(vec![Act::Stop(ExitReason::Normal), Act::Stop(boom())]);
    let (journal, reason) = stopped_by(|server| {
        server.tell(twice);
        server.tell(Act::Nothing);
    })
    .await;
    assert_eq!(
        (journal, reason),
        (lines(&["cast", "terminate boom", "dropped"]), boom())
    );
}

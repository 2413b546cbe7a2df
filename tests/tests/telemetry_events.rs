//! The events of otp-core's own: what is told when, and that nothing is told of where nobody listens.

use std::sync::{Arc, Mutex};

use otp_core::prelude::*;
use otp_core::telemetry::{
    self, CallDropped, CallException, CallStart, CallStop, CallTimeout, ChildRestarted,
    ChildStarted, CrashReport, DropReason, Event, Handlers, MessageDropped, ProcessStart,
    ProcessStop, ServerInit, ServerTimeout, SupervisorReport,
};
use otp_core::{Strategy, Supervisor};
use tests::processes::boom;
use tests::{Act, Journal, Puppet, PuppetRef, Reports};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

type Lines = Arc<Mutex<Vec<String>>>;

fn take(lines: &Lines) -> Vec<String> {
    std::mem::take(&mut lines.lock().expect("nobody panicked"))
}

/// Writes down all that is told of calls.
fn calls() -> Lines {
    let lines = Lines::default();
    let note = |what: &'static str| {
        let lines = Arc::clone(&lines);
        move |call: &telemetry::CallInfo, rest: String| {
            let line = format!("{what} {}{rest}", call.message);
            lines.lock().expect("nobody panicked").push(line);
        }
    };
    let (start, stop, timeout) = (note("start"), note("stop"), note("timeout"));
    let (exception, dropped) = (note("exception"), note("dropped"));
    let handlers = Handlers::new()
        .on(move |event: &CallStart| start(&event.call, String::new()))
        .on(move |event: &CallStop| stop(&event.call, format!(" {:?}", event.duration)))
        .on(move |event: &CallTimeout| {
            let rest = format!(" {:?} {}", event.duration, event.cycle.len());
            timeout(&event.call, rest);
        })
        .on(move |event: &CallException| {
            exception(
                &event.call,
                format!(" {:?} {}", event.duration, event.failure),
            );
        })
        .on(move |event: &CallDropped| dropped(&event.call, format!(" {:?}", event.duration)));
    telemetry::attach_many("calls", handlers).expect("the id is free");
    lines
}

/// Keeps the events of one type.
fn keep<E: Event + Clone + Send>() -> Arc<Mutex<Vec<E>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    let id = E::NAME.to_string();
    telemetry::attach(id, move |event: &E| {
        keep.lock().expect("nobody panicked").push(event.clone())
    })
    .expect("each type once");
    kept
}

async fn named() -> PuppetRef {
    Puppet::start_link(Journal::new())
        .name("puppet")
        .await
        .expect("the name is free")
}

#[otp_core::test]
async fn a_call_is_told_from_its_beginning_to_its_answer() {
    let (lines, starts) = (calls(), keep::<CallStart>());
    let server = named().await;
    let asked = server.ask(Act::Wait(SECOND));
    assert!(take(&lines).is_empty(), "it has not begun");
    assert_eq!(asked.await, Ok("done"));
    assert_eq!(
        take(&lines),
        ["start PuppetMessage::Ask", "stop PuppetMessage::Ask 1s"]
    );
    let call = starts.lock().unwrap().remove(0).call;
    assert_eq!(
        (call.server, call.name),
        (server.pid(), Some("puppet".into()))
    );
    assert_eq!(call.kind, "tests::puppet::Puppet");
    assert_eq!(call.caller, Some(process::self_pid()));
    // Outside a process there is no caller, and the events are told to the server's node.
    let elsewhere = Node::new();
    assert_eq!(elsewhere.run(server.ask(Act::Nothing)).await, Ok("done"));
    let call = starts.lock().unwrap().remove(0).call;
    assert_eq!((call.server, call.caller), (server.pid(), None));
    assert_eq!(take(&lines).len(), 2);
}

#[otp_core::test(crashes = allowed)]
async fn a_call_without_an_answer_is_told_why() {
    let lines = calls();
    process::trap_exit(true);
    let server = named().await;
    let late = server.ask(Act::Wait(2 * SECOND)).timeout(SECOND).await;
    assert!(matches!(late, Err(CallFailure::Timeout { .. })));
    assert!(server.ask(Act::Exit(boom())).await.is_err());
    assert!(server.ask(Act::Nothing).await.is_err());
    assert!(PuppetRef::named("puppet").ask(Act::Nothing).await.is_err());
    assert_eq!(
        take(&lines),
        [
            "start PuppetMessage::Ask",
            "timeout PuppetMessage::Ask 1s 0",
            "start PuppetMessage::Ask",
            "exception PuppetMessage::Ask 1s the server ended: boom",
            "start PuppetMessage::Ask",
            "exception PuppetMessage::Ask 0ns no such process",
            "exception tests::puppet::PuppetMessage 0ns no such process",
        ]
    );
}

#[otp_core::test]
async fn a_call_or_a_request_that_is_dropped_is_told_so() {
    let lines = calls();
    let server = named().await;
    let slow = || server.ask(Act::Wait(2 * SECOND));
    assert!(tokio::time::timeout(SECOND, slow()).await.is_err());
    drop(slow().send_request());
    let request = slow().send_request();
    assert!(request.receive_response(SECOND / 2).await.is_err());
    assert_eq!(slow().send_request().await, Ok("done"));
    drop(server.ask(Act::Nothing));
    assert_eq!(
        take(&lines),
        [
            "start PuppetMessage::Ask",
            "dropped PuppetMessage::Ask 1s",
            "start PuppetMessage::Ask",
            "dropped PuppetMessage::Ask 0ns",
            "start PuppetMessage::Ask",
            "timeout PuppetMessage::Ask 500ms 0",
            "start PuppetMessage::Ask",
            "stop PuppetMessage::Ask 6.5s",
        ]
    );
}

#[otp_core::test]
async fn each_process_has_one_start_and_one_stop() {
    let (starts, stops) = (keep::<ProcessStart>(), keep::<ProcessStop>());
    let server = named().await;
    let taken = Puppet::start(Journal::new()).name("puppet").await;
    assert!(taken.is_err());
    let (plain, monitor) = process::spawn_monitor(async {});
    process::receive_down(monitor).await;
    let killed = process::spawn(std::future::pending::<()>());
    process::exit(killed, ExitReason::Kill);
    assert_eq!(Task::spawn(async { 7 }).await, Ok(7));
    server.stop().await.unwrap();
    while Node::current().unwrap().is_alive(killed) {
        tokio::task::yield_now().await;
    }

    let starts = starts.lock().unwrap();
    let kinds: Vec<_> = starts.iter().map(|start| start.kind).collect();
    let puppet = "tests::puppet::Puppet";
    assert_eq!(kinds, [puppet, puppet, "process", "process", "task"]);
    assert_eq!(starts[0].name, Some("puppet".into()));
    assert_eq!((starts[2].pid, starts[3].pid), (plain, killed));
    let mut started: Vec<_> = starts.iter().map(|start| (start.pid, start.kind)).collect();
    let mut stops = stops.lock().unwrap();
    stops.sort_by_key(|stop| stop.pid);
    started.sort_unstable();
    let stopped: Vec<_> = stops.iter().map(|stop| (stop.pid, stop.kind)).collect();
    assert_eq!(started, stopped);
    assert_eq!(stops[0].name, Some("puppet".into()));
    assert_eq!(stops[3].reason, ExitReason::Killed);
}

#[otp_core::test(crashes = allowed)]
async fn a_crash_is_told_with_the_content_of_otps_report() {
    let reports = Reports::new();
    let crashes = keep::<CrashReport>();
    let (watcher, _) = tests::puppet().await;
    let parent = process::self_pid();
    process::trap_exit(true);
    let (child, monitor) = process::spawn_monitor(async move {
        process::link(watcher.pid().unwrap());
        process::register("crasher", process::self_pid()).unwrap();
        process::set_label("to crash");
        process::put(7_u32);
        process::trap_exit(true);
        process::exit(process::self_pid(), ExitReason::Normal);
        boom()
    });
    process::receive_down(monitor).await;

    let report = crashes.lock().unwrap().remove(0);
    assert_eq!((report.kind, report.pid), ("process", child));
    assert_eq!(report.name, Some("crasher".into()));
    assert_eq!(report.label.as_deref(), Some("to crash"));
    assert_eq!((&report.reason, report.message_queue_len), (&boom(), 1));
    assert_eq!((report.links.len(), &report.monitors[..]), (1, &[][..]));
    assert_eq!(report.monitored_by, [parent]);
    assert_eq!((report.dictionary_len, report.trap_exit), (1, true));
    let logged = reports.take("otp_core::crash").remove(0);
    for (field, text) in [
        ("pid", child.to_string()),
        ("name", "\"crasher\"".to_owned()),
        ("label", "to crash".to_owned()),
        ("kind", "process".to_owned()),
        ("reason", "boom".to_owned()),
        ("ancestors", "[]".to_owned()),
        ("message_queue_len", "1".to_owned()),
        ("links", format!("{:?}", report.links)),
        ("monitors", "[]".to_owned()),
        ("monitored_by", format!("[{parent:?}]")),
        ("dictionary_len", "1".to_owned()),
        ("trap_exit", "true".to_owned()),
        ("message", "process crashed".to_owned()),
    ] {
        assert_eq!(logged.get(field), text, "{field}");
    }

    // Of a server's, and one that was started with a link.
    let server = Puppet::start_link(Journal::new()).await.unwrap();
    assert!(server.ask(Act::Exit(boom())).await.is_err());
    let report = crashes.lock().unwrap().remove(0);
    assert_eq!(report.kind, "tests::puppet::Puppet");
    assert_eq!(
        (report.ancestors, report.links),
        (vec![parent], vec![parent])
    );
}

#[otp_core::test(crashes = allowed)]
async fn an_init_is_told_with_its_time_and_its_result() {
    #[gen_server]
    struct Slow;

    #[gen_server]
    impl Slow {
        #[init]
        async fn init(takes: Duration, result: Result<(), ExitReason>) -> Result<Self, ExitReason> {
            sleep(takes).await;
            result.map(|()| Slow)
        }
    }

    let inits = keep::<ServerInit>();
    let slow = Slow::start_link(SECOND, Ok(())).name("slow").await.unwrap();
    let failed = Slow::start(SECOND, Err(boom())).await.unwrap_err();
    let late = Slow::start(SECOND, Ok(()))
        .timeout(SECOND / 2)
        .await
        .unwrap_err();
    let told: Vec<_> = inits.lock().unwrap().drain(..).collect();
    assert_eq!(
        (Some(told[0].pid), &told[0].name),
        (slow.pid(), &Some("slow".into()))
    );
    let ends: Vec<_> = told
        .into_iter()
        .map(|init| (init.duration, init.result))
        .collect();
    assert_eq!(
        ends,
        [
            (SECOND, Ok(())),
            (SECOND, Err(failed)),
            (SECOND / 2, Err(late))
        ]
    );
}

#[otp_core::test]
async fn an_idle_timeout_is_told() {
    let timeouts = keep::<ServerTimeout>();
    let server = named().await;
    server.tell(Act::Timeout(SECOND, Box::new(Act::Nothing)));
    sleep(2 * SECOND).await;
    let timeouts = timeouts.lock().unwrap();
    assert_eq!(timeouts.len(), 1);
    assert_eq!(Some(timeouts[0].pid), server.pid());
}

#[gen_server(mailbox = bounded(1, refuse))]
struct Refusing;

#[gen_server]
impl Refusing {
    #[init]
    fn init() -> Self {
        Refusing
    }

    #[cast]
    fn note(&self) {}
}

#[gen_server(mailbox = bounded(1, drop_oldest))]
struct Forgetful;

#[gen_server]
impl Forgetful {
    #[init]
    fn init() -> Self {
        Forgetful
    }

    #[cast]
    fn note(&self) {}

    #[call]
    fn ask(&self) {}
}

#[gen_server(mailbox = bounded(1))]
struct Waiting;

#[gen_server]
impl Waiting {
    #[init]
    fn init() -> Self {
        Waiting
    }

    #[cast]
    fn note(&self) {}
}

#[otp_core::test]
async fn a_dropped_message_is_told_whatever_dropped_it() {
    let drops = keep::<MessageDropped>();
    let take = || -> Vec<(Option<Pid>, Option<Name>, DropReason)> {
        let drops = std::mem::take(&mut *drops.lock().unwrap());
        let parts = drops
            .into_iter()
            .map(|drop| (drop.pid, drop.name, drop.reason));
        parts.collect()
    };
    let refusing = Refusing::start_link().name("refusing").await.unwrap();
    refusing.note();
    assert!(take().is_empty());
    refusing.note();
    assert_eq!(take(), [(refusing.pid(), None, DropReason::Refused)]);

    let forgetful = Forgetful::start_link().await.unwrap();
    forgetful.note();
    forgetful.note();
    assert_eq!(take(), [(forgetful.pid(), None, DropReason::Evicted)]);
    forgetful.ask().await.unwrap();
    assert_eq!(take(), [(forgetful.pid(), None, DropReason::Evicted)]);

    let waiting = Waiting::start_link().await.unwrap();
    waiting.note();
    drop(waiting.note());
    assert_eq!(take(), [(waiting.pid(), None, DropReason::GaveUp)]);

    forgetful.stop().await.unwrap();
    forgetful.note();
    assert_eq!(take(), [(forgetful.pid(), None, DropReason::NoProc)]);
    ForgetfulRef::named("nobody").note();
    ForgetfulRef::named("refusing").note();
    assert_eq!(
        take(),
        [
            (None, Some("nobody".into()), DropReason::NoProc),
            (None, Some("refusing".into()), DropReason::WrongServer),
        ]
    );
    Forgetful::child_spec().handle().note();
    assert_eq!(take(), [(None, None, DropReason::NoProc)]);
}

#[otp_core::test(crashes = allowed)]
async fn a_supervisor_tells_of_starts_of_restarts_and_of_giving_up() {
    let (started, restarted) = (keep::<ChildStarted>(), keep::<ChildRestarted>());
    let reports = keep::<SupervisorReport>();
    let spec = Puppet::child_spec(Journal::new()).id("a");
    let handle = spec.handle();
    let tree = Supervisor::builder(Strategy::OneForOne)
        .max_restarts(1, SECOND)
        .child(spec);
    let supervisor = tree.start().name("tree").await.unwrap();
    let pid = supervisor.pid().unwrap();
    let first = handle.pid();
    assert!(handle.ask(Act::Exit(boom())).await.is_err());
    supervisor.count_children().await.unwrap();
    let second = handle.pid();
    assert!(handle.ask(Act::Exit(boom())).await.is_err());
    supervisor.ended().await;

    let started = started.lock().unwrap();
    let children: Vec<_> = started
        .iter()
        .map(|event| (event.child.pid, event.child.restarts))
        .collect();
    assert_eq!(children, [(first, 0), (second, 1)]);
    let restarted = restarted.lock().unwrap();
    assert_eq!(restarted.len(), 1);
    assert_eq!(
        (restarted[0].supervisor, &restarted[0].supervisor_name),
        (pid, &Some("tree".into()))
    );
    assert_eq!(
        (&*restarted[0].child.id, restarted[0].child.restarts),
        ("a", 1)
    );
    let reports = reports.lock().unwrap();
    let told: Vec<_> = reports
        .iter()
        .map(|report| {
            (
                report.error.context(),
                report.error.to_string(),
                report.offender.pid,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("child_terminated", "boom".to_owned(), first),
            ("child_terminated", "boom".to_owned(), second),
            (
                "shutdown",
                "reached_max_restart_intensity".to_owned(),
                second
            ),
        ]
    );
}

/// A handler of one event does not make others be told of.
#[otp_core::test]
async fn what_nobody_is_attached_to_is_not_told() {
    let stops = keep::<ProcessStop>();
    let lines = calls();
    telemetry::detach("calls").unwrap();
    let server = named().await;
    assert_eq!(server.ask(Act::Nothing).await, Ok("done"));
    server.stop().await.unwrap();
    assert!(take(&lines).is_empty());
    assert_eq!(stops.lock().unwrap().len(), 1);
}

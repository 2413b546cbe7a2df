//! GS-001 to GS-012: starting a server.

use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use tests::processes::{boom, end};
use tests::{Journal, NoteOnDrop};

/// How an init goes.
#[derive(Clone, Debug)]
enum Plan {
    Run,
    RunAfter(Duration),
    Stop(ExitReason),
    Ignore,
    IgnoreAfter(Duration),
    Panic,
    Exit(ExitReason),
}

#[gen_server]
struct Planned {}

#[gen_server]
impl Planned {
    #[init]
    async fn init(plan: Plan, journal: Journal) -> Result<Self, InitError> {
        journal.note("init");
        let _killed = NoteOnDrop(journal.clone(), "init is over");
        match plan {
            Plan::Run => {}
            Plan::RunAfter(time) => sleep(time).await,
            Plan::Stop(reason) => return Err(InitError::Stop(reason)),
            Plan::Ignore => return Err(InitError::Ignore),
            Plan::IgnoreAfter(time) => {
                sleep(time).await;
                return Err(InitError::Ignore);
            }
            Plan::Panic => panic!("no luck"),
            Plan::Exit(reason) => process::exit_with(reason),
        }
        journal.note("init returns");
        Ok(Planned {})
    }

    #[call]
    fn ping(&self) -> &'static str {
        "pong"
    }

    #[cast]
    fn crash(&self) {
        process::exit_with(boom());
    }
}

fn node() -> Node {
    Node::current().expect("a test has a node")
}

/// What is known of the test's own process.
fn me() -> process::ProcessInfo {
    process::info(process::self_pid()).expect("it is alive")
}

/// Nothing is left of a start but the test's process, without links and with an empty mailbox.
fn assert_nothing_is_left() {
    assert_eq!(node().processes(), [process::self_pid()]);
    assert_eq!(node().registered(), []);
    assert_eq!(
        (me().links, me().monitored_by, me().message_queue_len),
        (vec![], vec![], 0)
    );
}

/// Watches, in 1 ms, whoever holds the name then. The watcher ends as that one ends.
fn watch(name: &'static str) -> MonitorRef {
    let watcher = async move {
        sleep(Duration::from_millis(1)).await;
        process::receive_down(process::monitor(Name::from(name)))
            .await
            .reason
    };
    process::spawn_monitor(watcher).1
}

#[otp_core::test]
async fn gs_001_start_link_returns_after_init_and_links() {
    let (journal, began) = (Journal::new(), Instant::now());
    let server = Planned::start_link(Plan::RunAfter(Duration::from_secs(1)), journal.clone())
        .await
        .unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert_eq!(journal.take(), ["init", "init returns", "init is over"]);
    assert_eq!(me().links, [server.pid().unwrap()]);
    assert_eq!(
        process::info(&*server).unwrap().links,
        [process::self_pid()]
    );
    assert_eq!(server.ping().await, Ok("pong"));
}

#[otp_core::test(crashes = allowed)]
async fn gs_001_start_does_not_link() {
    let server = Planned::start(Plan::Run, Journal::new()).await.unwrap();
    assert_eq!(
        (me().links, process::info(&*server).unwrap().links),
        (vec![], vec![])
    );
    server.crash();
    assert_eq!(server.ended().await, boom());
}

#[otp_core::test(crashes = allowed)]
async fn gs_002_a_stop_in_init_is_the_error_and_no_exit_signal_comes() {
    process::trap_exit(true);
    let journal = Journal::new();
    let started = Planned::start_link(Plan::Stop(boom()), journal.clone()).await;
    assert_eq!(started.unwrap_err(), StartError::Init(boom()));
    assert_nothing_is_left();

    process::trap_exit(false);
    let started = Planned::start_link(Plan::Stop(boom()), journal.clone()).await;
    assert_eq!(started.unwrap_err(), StartError::Init(boom()));
    sleep(Duration::from_secs(1)).await;
    assert_nothing_is_left();
}

#[otp_core::test(crashes = allowed)]
async fn gs_002_an_error_in_init_stops_with_it() {
    #[gen_server]
    struct Reader {}

    #[gen_server]
    impl Reader {
        #[init]
        fn init(number: String) -> Result<Self, ExitReason> {
            let _: u32 = number.parse()?;
            Ok(Reader {})
        }
    }

    let StartError::Init(reason) = Reader::start("x".to_owned()).await.unwrap_err() else {
        panic!("not by init")
    };
    assert_eq!(
        reason.downcast_ref(),
        Some(&"x".parse::<u32>().unwrap_err())
    );
    assert!(Reader::start_link("7".to_owned()).await.unwrap().is_alive());
}

#[otp_core::test]
async fn gs_003_ignore_ends_the_process_normally_and_frees_its_name() {
    let watcher = watch("ignored");
    let plan = Plan::IgnoreAfter(Duration::from_secs(1));
    let started = Planned::start_link(plan, Journal::new())
        .name("ignored")
        .await;
    assert_eq!(started.unwrap_err(), StartError::Ignore);
    assert_eq!(node().whereis("ignored"), None);
    assert_eq!(end(watcher).await, ExitReason::Normal);
    assert_nothing_is_left();
}

#[otp_core::test(crashes = allowed)]
async fn gs_004_a_panic_in_init_is_the_error_and_kills_nobody() {
    for link in [false, true] {
        let journal = Journal::new();
        let started = match link {
            false => Planned::start(Plan::Panic, journal.clone()).await,
            true => Planned::start_link(Plan::Panic, journal.clone()).await,
        };
        let StartError::Init(ExitReason::Panic(panic)) = started.unwrap_err() else {
            panic!("it panicked")
        };
        assert_eq!(panic.message(), "no luck");
        assert!(
            panic
                .location()
                .unwrap()
                .starts_with("tests/tests/gs_start.rs:")
        );
        assert_eq!(journal.take(), ["init", "init is over"]);
        sleep(Duration::from_secs(1)).await;
        assert_nothing_is_left();
    }
}

#[otp_core::test]
async fn gs_005_an_init_that_exits_with_normal_did_not_start() {
    for plan in [
        Plan::Exit(ExitReason::Normal),
        Plan::Stop(ExitReason::Normal),
    ] {
        let started = Planned::start_link(plan, Journal::new()).await;
        assert_eq!(started.unwrap_err(), StartError::Init(ExitReason::Normal));
        assert_nothing_is_left();
    }
}

// ui: gs_006_an_init_returns_a_server

#[otp_core::test(crashes = allowed)]
async fn gs_007_an_init_that_takes_too_long_is_killed() {
    process::trap_exit(true);
    let (journal, began, watcher) = (Journal::new(), Instant::now(), watch("slow"));
    let plan = Plan::RunAfter(Duration::from_secs(1));
    let started = Planned::start_link(plan, journal.clone())
        .name("slow")
        .timeout(Duration::from_millis(100))
        .await;
    assert_eq!(started.unwrap_err(), StartError::Timeout);
    assert_eq!(began.elapsed(), Duration::from_millis(100));
    assert_eq!(end(watcher).await, ExitReason::Killed);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(journal.take(), ["init", "init is over"]);
    assert_nothing_is_left();
}

#[otp_core::test]
async fn gs_007_an_init_in_time_is_not_hurried() {
    let plan = Plan::RunAfter(Duration::from_millis(99));
    let server = Planned::start_link(plan, Journal::new())
        .timeout(Duration::from_millis(100))
        .await
        .unwrap();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(server.ping().await, Ok("pong"));
}

#[otp_core::test]
async fn gs_007_a_start_that_is_given_up_kills_the_process() {
    let journal = Journal::new();
    let starter = {
        let journal = journal.clone();
        process::spawn(async move {
            drop(
                Planned::start(Plan::RunAfter(Duration::from_secs(9)), journal)
                    .name("slow")
                    .await,
            )
        })
    };
    sleep(Duration::from_secs(1)).await;
    let slow = node().whereis("slow").unwrap();
    process::exit(starter, ExitReason::Kill);
    assert_eq!(
        process::receive_down(process::monitor(slow)).await.reason,
        ExitReason::Killed
    );
    assert_eq!(journal.take(), ["init", "init is over"]);
}

#[otp_core::test(crashes = allowed)]
async fn gs_008_a_failed_init_never_leaves_its_name() {
    for round in 0..100 {
        let plan = match round % 4 {
            0 => Plan::Ignore,
            1 => Plan::Stop(boom()),
            2 => Plan::Exit(boom()),
            _ => Plan::Panic,
        };
        assert!(
            Planned::start(plan, Journal::new())
                .name("flaky")
                .await
                .is_err()
        );
        assert_eq!(node().whereis("flaky"), None, "round {round}");
        let server = Planned::start(Plan::Run, Journal::new())
            .name("flaky")
            .await
            .unwrap();
        assert_eq!(server.stop().await, Ok(()));
    }
}

#[otp_core::test]
async fn gs_009_a_taken_name_is_already_started_and_no_second_init_runs() {
    let (first, second) = (Journal::new(), Journal::new());
    let holder = Planned::start_link(Plan::Run, first.clone())
        .name("hits")
        .await
        .unwrap();
    let started = Planned::start_link(Plan::Run, second.clone())
        .name("hits")
        .await;
    assert_eq!(
        started.unwrap_err(),
        StartError::AlreadyStarted(holder.pid().unwrap())
    );
    assert!(second.take().is_empty());
    assert_eq!(me().links, [holder.pid().unwrap()]);
    assert_eq!(node().whereis("hits"), holder.pid());
}

#[otp_core::test]
async fn gs_009_a_name_is_taken_while_its_holder_is_in_init() {
    let first = process::spawn_link(async {
        drop(
            Planned::start_link(Plan::RunAfter(Duration::from_secs(2)), Journal::new())
                .name("hits")
                .await,
        );
    });
    sleep(Duration::from_secs(1)).await;
    let holder = node().whereis("hits").unwrap();
    assert_ne!(holder, first);
    let started = Planned::start_link(Plan::Run, Journal::new())
        .name("hits")
        .await;
    assert_eq!(started.unwrap_err(), StartError::AlreadyStarted(holder));
}

#[otp_core::test]
async fn gs_010_a_malformed_name_is_refused_before_any_process_exists() {
    let (journal, id) = (Journal::new(), node().id());
    let first = Planned::start_link(Plan::Run, Journal::new())
        .await
        .unwrap();
    let started = Planned::start_link(Plan::Run, journal.clone())
        .name("")
        .await;
    assert_eq!(started.unwrap_err(), StartError::MalformedName);
    assert!(journal.take().is_empty());
    assert_eq!(
        node().processes(),
        [process::self_pid(), first.pid().unwrap()]
    );
    let next = Planned::start_link(Plan::Run, Journal::new())
        .await
        .unwrap();
    let pids = [first, next].map(|server| server.pid().unwrap().to_string());
    assert_eq!(
        pids,
        [format!("<{id}.2>"), format!("<{id}.3>")],
        "not even a pid was dealt out"
    );
}

#[otp_core::test]
async fn gs_011_without_a_name_it_is_anonymous() {
    let server = Planned::start_link(Plan::Run, Journal::new())
        .await
        .unwrap();
    assert_eq!(process::info(&*server).unwrap().name, None);
    assert_eq!(node().registered(), []);
}

#[otp_core::test]
async fn gs_012_start_monitor_gives_a_monitor_whose_down_has_the_reason() {
    let (server, monitor) = Planned::start_monitor(Plan::Run, Journal::new())
        .await
        .unwrap();
    let pid = server.pid().unwrap();
    assert_eq!(
        process::info(&*server).unwrap().monitored_by,
        [process::self_pid()]
    );
    assert_eq!(me().links, []);
    let drained = ExitReason::shutdown_with("drained");
    assert_eq!(server.stop().reason(drained.clone()).await, Ok(()));
    let down = process::receive_down(monitor).await;
    assert_eq!(
        (down.monitor, down.pid, down.reason),
        (monitor, pid, drained)
    );
}

#[otp_core::test(crashes = allowed)]
async fn gs_012_the_monitor_is_there_from_the_first_moment() {
    let (server, monitor) = Planned::start_monitor(Plan::Run, Journal::new())
        .await
        .unwrap();
    server.crash();
    assert_eq!(end(monitor).await, boom());
}

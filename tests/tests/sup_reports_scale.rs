//! SUP-067 to SUP-069: many children, what is kept of temporary ones, and what is reported.

use otp_core::prelude::*;
use otp_core::{
    AnyChild, ChildSpec, DynamicSupervisor, GenServer, Restart, Shutdown, Strategy, Supervisor,
};
use tests::child::{Begin, Child, Habits, Nursery, apart, end_child, pid, settled, tree};
use tests::processes::boom;
use tests::{Journal, NoteOnDrop, Report, Reports};

const SECOND: Duration = Duration::from_secs(1);

/// A server that does nothing.
struct Idle;

impl GenServer for Idle {
    type Args = ();
    type Message = ();

    async fn init(_: (), _: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Idle)
    }

    async fn handle_message(&mut self, _: (), _: &mut Context<Self>) {}
}

/// With anything quadratic in it this does not end.
#[otp_core::test]
async fn sup_067_a_hundred_thousand_children_start_restart_and_stop() {
    const MANY: usize = 100_000;
    let builder = (0..MANY).fold(Supervisor::builder(Strategy::OneForAll), |builder, n| {
        let start = || gen_server::start_link::<ServerRef<Idle>>(());
        builder.child(ChildSpec::new(n.to_string(), start))
    });
    let supervisor = apart(builder.start()).await;
    let counts = supervisor.count_children().await.unwrap();
    assert_eq!((counts.specs, counts.active), (MANY, MANY));

    let middle = supervisor.get_child("50000").await.unwrap();
    process::exit(middle.state.pid().unwrap(), boom());
    let watched = process::monitor(middle.state.pid().unwrap());
    process::receive_down(watched).await;
    let children = supervisor.which_children().await.unwrap();
    assert!(children.iter().all(|child| child.restarts == 1));
    assert_eq!(children[0].id, (MANY - 1).to_string());
    for id in 0..1000 {
        supervisor.terminate_child(id.to_string()).await.unwrap();
        supervisor.delete_child(id.to_string()).await.unwrap();
    }
    let counts = supervisor.count_children().await.unwrap();
    assert_eq!(counts.active, MANY - 1000);
    supervisor.stop().await.unwrap();
    let node = Node::current().unwrap();
    assert_eq!(node.processes(), [process::self_pid()]);
}

/// A child whose arguments are noted when they are dropped.
fn with_arguments(nursery: &Nursery, journal: &Journal) -> ChildSpec<tests::child::ChildRef> {
    let (nursery, arguments) = (
        nursery.clone(),
        NoteOnDrop(journal.clone(), "arguments dropped"),
    );
    ChildSpec::new("a", move || {
        let _used = &arguments;
        Child::start_link("a".to_owned(), nursery.clone(), Habits::default())
    })
}

#[otp_core::test]
async fn sup_068_the_arguments_of_a_temporary_child_are_not_kept() {
    for (restart, dropped) in [
        (Restart::Temporary, 1),
        (Restart::Transient, 0),
        (Restart::Permanent, 0),
    ] {
        let (nursery, journal) = (Nursery::new(), Journal::new());
        let spec = with_arguments(&nursery, &journal).restart(restart);
        let (builder, _) = tree(Strategy::OneForOne, [spec]);
        let supervisor = apart(builder.start()).await;
        assert_eq!(journal.take().len(), dropped, "{restart:?}");
        supervisor.stop().await.unwrap();
        assert_eq!(journal.take().len(), 1 - dropped);

        let spec = with_arguments(&nursery, &journal).restart(restart);
        let supervisor = apart(DynamicSupervisor::<AnyChild>::new().start()).await;
        supervisor.start_child(spec).await.unwrap();
        assert_eq!(journal.take().len(), dropped, "{restart:?}");
    }
}

fn reported(reports: &Reports) -> Vec<Report> {
    reports.take("otp_core::supervisor")
}

#[otp_core::test]
async fn sup_069_a_started_child_is_progress() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    let spec = nursery.child("a").restart(Restart::Transient);
    let (builder, [a]) = tree(Strategy::OneForOne, [spec]);
    let supervisor = apart(builder.start().name("tree")).await;
    let first = pid(&a).to_string();
    end_child(&supervisor, &a, boom()).await;
    let reports = reported(&reports);
    let progress: Vec<_> = reports
        .iter()
        .filter(|report| report.get("message") == "progress")
        .collect();
    assert_eq!(progress.len(), 2);
    for (report, pid) in std::iter::zip(progress, [first, pid(&a).to_string()]) {
        let shown = ["supervisor", "pid", "id", "restart", "shutdown", "kind"]
            .map(|field| report.get(field));
        let expected = ["tree", &pid, "a", "Transient", "Timeout(5s)", "Worker"];
        assert_eq!(shown, expected);
    }
}

/// The reports of errors: their context, reason, id and pid.
fn errors(reports: &Reports) -> Vec<[String; 4]> {
    let reports = reported(reports);
    let errors = reports
        .iter()
        .filter(|report| report.get("message") == "supervisor report");
    let shown = |report: &Report| {
        ["context", "reason", "id", "pid"].map(|field| report.get(field).to_owned())
    };
    errors.map(shown).collect()
}

fn error(context: &str, reason: &str, id: &str, pid: Option<Pid>) -> [String; 4] {
    let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
    [context.to_owned(), reason.to_owned(), id.to_owned(), pid]
}

#[otp_core::test]
async fn sup_069_a_crash_a_failed_restart_and_the_end_of_it_all_are_errors() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    let (builder, [a]) = tree(Strategy::OneForOne, nursery.children(["a"]));
    let builder = builder.max_restarts(2, SECOND);
    let supervisor = apart(builder.start()).await;
    let this = supervisor.pid().unwrap().to_string();
    let first = a.pid();
    nursery.next("a", Begin::Fail(boom()));
    end_child(&supervisor, &a, ExitReason::Normal).await;
    settled(&supervisor).await;
    let expected = [
        error("child_terminated", "normal", "a", first),
        error("start_error", "init failed: boom", "a", None),
    ];
    assert_eq!(errors(&reports), expected);
    let second = a.pid();
    end_child(&supervisor, &a, boom()).await;
    let caught = reported(&reports);
    let shown =
        ["supervisor", "context", "restart", "shutdown", "kind"].map(|field| caught[0].get(field));
    assert_eq!(
        shown,
        [
            &*this,
            "child_terminated",
            "Permanent",
            "Timeout(5s)",
            "Worker"
        ]
    );
    assert_eq!((caught[1].get("context"), caught.len()), ("shutdown", 2));
    assert_eq!(caught[1].get("reason"), "reached_max_restart_intensity");
    assert_eq!(caught[1].get("pid"), second.unwrap().to_string());
}

#[otp_core::test]
async fn sup_069_a_clean_end_that_is_no_fault_is_not_reported() {
    for (restart, reason, reported) in [
        (Restart::Transient, ExitReason::Shutdown, false),
        (Restart::Temporary, ExitReason::Normal, false),
        (Restart::Temporary, boom(), true),
    ] {
        let (nursery, reports) = (Nursery::new(), Reports::new());
        let (builder, [a]) = tree(Strategy::OneForOne, [nursery.child("a").restart(restart)]);
        let supervisor = apart(builder.start()).await;
        end_child(&supervisor, &a, reason).await;
        supervisor.terminate_child("a").await.ok();
        assert_eq!(errors(&reports).len(), usize::from(reported));
    }
}

#[otp_core::test]
async fn sup_069_a_failed_start_of_the_tree_and_a_failed_stop_are_errors() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    nursery.next("b", Begin::Fail(boom()));
    let stubborn = nursery.lingering("a", 3600 * SECOND);
    let stubborn = stubborn.shutdown(Shutdown::Timeout(SECOND));
    let (builder, [a, _]) = tree(Strategy::OneForOne, [stubborn, nursery.child("b")]);
    builder.start().await.unwrap_err();
    let caught = errors(&reports);
    assert_eq!(
        caught[0],
        error("start_error", "init failed: boom", "b", None)
    );
    assert_eq!(
        caught[1][..3],
        error("shutdown_error", "killed", "a", None)[..3]
    );
    assert_eq!((caught.len(), a.is_alive()), (2, false));
    assert!(!caught[1][3].is_empty(), "it names the process");
}

/// Who asks for a start is told of its failure.
#[otp_core::test]
async fn sup_069_a_start_that_was_asked_for_and_failed_is_not_reported() {
    let (nursery, reports) = (Nursery::new(), Reports::new());
    let (builder, _) = tree(Strategy::OneForOne, nursery.children(["a"]));
    let supervisor = apart(builder.start()).await;
    for _ in 0..2 {
        nursery.next("a", Begin::Fail(boom()));
    }
    supervisor.terminate_child("a").await.unwrap();
    supervisor.restart_child("a").await.unwrap_err();
    supervisor.delete_child("a").await.unwrap();
    let refused = supervisor.start_child(nursery.child("a")).await;
    assert!(refused.is_err());
    assert_eq!(errors(&reports), [[""; 4]; 0]);
}

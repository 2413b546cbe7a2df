//! AP-001 to AP-008, AP-012 and AP-014: how applications start, depend on each other, stop, and what their ends mean.

use std::future::pending;

use otp_core::application::{
    Application, ApplicationContext, ApplicationError, ApplicationResource, ApplicationSpec,
    Applications, Halt, NoEnv, RestartType, StartError,
};
use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};
use otp_core::{FailedToStartChild, Strategy, Supervisor, SupervisorRef, testing};
use tests::Journal;
use tests::child::{Begin, Nursery, end_child};
use tests::processes::{boom, now};
use tokio::sync::oneshot;

use RestartType::{Permanent, Temporary, Transient};

const SECOND: Duration = Duration::from_secs(1);

/// What the applications of a test do.
#[derive(Clone, Default)]
struct Notes {
    journal: Journal,
    nursery: Nursery,
}

impl Notes {
    fn note(&self, line: &str) {
        self.journal.note(line);
    }

    fn take(&self) -> String {
        self.journal.take().join(", ")
    }
}

/// Starts a root with the children `<name>1` and `<name>2`, and notes each callback.
async fn start_noting(notes: &Notes, name: &str) -> Result<SupervisorRef, ExitReason> {
    notes.note(&format!("start {name}"));
    let children = [1, 2].map(|number| notes.nursery.child(&format!("{name}{number}")));
    let root = Supervisor::builder(Strategy::OneForOne).max_restarts(1, SECOND);
    Ok(children
        .into_iter()
        .fold(root, |root, child| root.child(child))
        .start_link()
        .await?)
}

macro_rules! noting {
    ($($name:ident: $text:literal, $notes:ident => $spec:expr;)*) => {$(
        #[derive(Clone)]
        struct $name(Notes);

        impl ApplicationResource for $name {
            const NAME: &'static str = $text;

            fn spec(&self) -> ApplicationSpec {
                let $notes = || self.0.clone();
                let _ = $notes;
                $spec
            }
        }

        impl Application for $name {
            type Env = NoEnv;
            type Root = SupervisorRef;

            async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
                start_noting(&self.0, $text).await
            }

            async fn start_phase(&mut self, phase: &'static str, _: &mut ApplicationContext) -> Result<(), ExitReason> {
                self.0.note(&format!("{phase} of {}", $text));
                if phase == "fail" { Err(boom()) } else { Ok(()) }
            }

            async fn prep_stop(&mut self) {
                // What is gone already is told first.
                let story = self.0.nursery.story();
                if story.contains("gone") {
                    self.0.note(&story);
                }
                self.0.note(concat!("prep_stop ", $text));
            }

            async fn stop(&mut self) {
                self.0.note(&format!("{}, stop {}", self.0.nursery.story(), $text));
            }
        }
    )*};
}

noting! {
    Repo: "repo", notes => ApplicationSpec::new();
    Cache: "cache", notes => ApplicationSpec::new().application(Repo(notes())).optional::<Metrics>();
    Metrics: "metrics", notes => ApplicationSpec::new();
    Chat: "chat", notes => ApplicationSpec::new().application(Repo(notes())).application(Cache(notes()));
    Ring: "ring", notes => ApplicationSpec::new().application(Gnir(notes()));
    Gnir: "gnir", notes => ApplicationSpec::new().application(Ring(notes()));
    Phased: "phased", notes => ApplicationSpec::new()
        .included(Part(notes())).included(Other(notes())).start_phases(&["init", "connect", "go"]);
    Part: "part", notes => ApplicationSpec::new().start_phases(&["init", "go"]);
    Other: "other", notes => ApplicationSpec::new().start_phases(&["go", "never"]);
    Failing: "failing", notes => ApplicationSpec::new().start_phases(&["init", "fail", "go"]);
    Bounded: "bounded", notes => ApplicationSpec::new().application(Repo(notes())).shutdown_timeout(30 * SECOND);
}

/// Nobody but the test's process and the applications'.
fn only(applications: &Applications) -> bool {
    let node = Node::current().expect("a test has a node");
    node.processes() == [process::self_pid(), applications.pid()]
}

async fn names(applications: &Applications) -> Vec<&'static str> {
    let running = applications.which_applications().await.into_iter();
    running.map(|(name, _)| name).collect()
}

#[otp_core::test]
async fn ap_001_start_runs_the_callback_that_returns_the_root_supervisor() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let root = applications
        .start(Repo(notes.clone()), Temporary)
        .await
        .unwrap();
    assert_eq!(notes.take(), "start repo");
    assert_eq!(root.count_children().await.unwrap().active, 2);
    assert_eq!(applications.root::<Repo>().await, Some(root));
    let running = applications.which_applications().await;
    assert_eq!(running, [("repo", Temporary)]);
}

#[otp_core::test]
async fn ap_001_a_tree_that_does_not_start_is_an_error_that_names_the_child() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    notes.nursery.next("repo2", Begin::Fail(boom()));
    let refused = applications
        .start(Repo(notes.clone()), Temporary)
        .await
        .unwrap_err();
    let StartError::Start {
        application,
        reason,
    } = &refused
    else {
        panic!("{refused}")
    };
    let Some(otp_core::StartError::Init(reason)) = reason.downcast_ref() else {
        panic!("{reason}")
    };
    let child: &FailedToStartChild = reason.downcast_ref().unwrap();
    assert_eq!((*application, child.id.as_str()), ("repo", "repo2"));
    assert_eq!(
        refused.to_string(),
        "the application `repo` did not start: init failed: shutdown: the child `repo2` did not start: init failed: boom"
    );
    assert_eq!(
        notes.nursery.story(),
        "start repo1, no start repo2, gone repo1"
    );
    assert!(only(&applications));
    // It is loaded, and can be started.
    assert_eq!(applications.loaded_applications().await, ["repo"]);
    applications.start(Repo(notes), Temporary).await.unwrap();
}

/// Why a start callback gives no root.
type Cause = fn() -> ExitReason;

/// Does not get as far as a root.
#[otp_core::application]
struct Unable(Notes, Cause);

impl Application for Unable {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        _: NoEnv,
        _: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        let left = start_noting(&self.0, "unable").await?;
        assert!(left.is_alive());
        Err((self.1)())
    }
}

#[otp_core::test]
async fn ap_001_what_a_start_that_fails_or_panics_has_started_is_stopped() {
    let causes: [(Cause, &str); 2] = [
        (boom, "the application `unable` did not start: boom"),
        (
            || panic!("oops"),
            "the application `unable` did not start: panic: oops at ",
        ),
    ];
    for (cause, text) in causes {
        let (applications, notes) = (Applications::start_link(), Notes::default());
        let refused = applications
            .start(Unable(notes.clone(), cause), Permanent)
            .await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.starts_with(text), "{refused}");
        let story = "start unable1, start unable2, gone unable2, gone unable1";
        assert_eq!(notes.nursery.story(), story);
        assert!(names(&applications).await.is_empty());
        // A permanent one that does not start stops no others.
        applications.start(Repo(notes), Temporary).await.unwrap();
        applications.stop_all(0).await;
    }
}

#[otp_core::test]
async fn ap_002_a_dependency_that_is_not_started_is_named() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let refused = applications.start(Chat(notes.clone()), Temporary).await;
    assert_eq!(refused, Err(StartError::NotStarted("repo")));
    applications
        .start(Repo(notes.clone()), Temporary)
        .await
        .unwrap();
    let refused = applications.start(Chat(notes.clone()), Temporary).await;
    assert_eq!(refused, Err(StartError::NotStarted("cache")));
    // Metrics is optional, and not loaded.
    applications
        .start(Cache(notes.clone()), Temporary)
        .await
        .unwrap();
    applications
        .start(Chat(notes.clone()), Temporary)
        .await
        .unwrap();
    assert_eq!(notes.take(), "start repo, start cache, start chat");
    assert_eq!(names(&applications).await, ["chat", "cache", "repo"]);
}

#[otp_core::test]
async fn ap_002_ensure_all_started_starts_dependencies_first_and_gives_those_it_started() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    applications
        .start(Repo(notes.clone()), Temporary)
        .await
        .unwrap();
    let started = applications
        .ensure_all_started(Chat(notes.clone()), Transient)
        .await;
    assert_eq!(started.unwrap(), ["cache", "chat"]);
    assert_eq!(notes.take(), "start repo, start cache, start chat");
    let again = applications
        .ensure_all_started(Chat(notes), Transient)
        .await;
    assert!(again.unwrap().is_empty());
}

#[otp_core::test]
async fn ap_002_ensure_all_started_stops_what_it_started_if_one_fails() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    applications
        .start(Repo(notes.clone()), Temporary)
        .await
        .unwrap();
    notes.nursery.next("chat1", Begin::Fail(boom()));
    let refused = applications
        .ensure_all_started(Chat(notes.clone()), Permanent)
        .await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(
            refused,
            StartError::Start {
                application: "chat",
                ..
            }
        ),
        "{refused}"
    );
    assert_eq!(names(&applications).await, ["repo"], "it ran before");
    let story = notes.take();
    assert!(
        story.starts_with("start repo, start cache, start chat, prep_stop cache, "),
        "{story}"
    );
    assert!(
        story.ends_with("gone cache2, gone cache1, stop cache"),
        "{story}"
    );
}

#[otp_core::test]
async fn ap_002_applications_that_need_each_other_are_named() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let refused = applications
        .ensure_all_started(Ring(notes), Temporary)
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(refused, StartError::Cycle(vec!["ring", "gnir"]));
    assert_eq!(
        refused.to_string(),
        "these applications need each other: ring, gnir"
    );
}

#[otp_core::test]
async fn ap_003_what_is_started_is_already_started_and_ensured() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let repo = || Repo(notes.clone());
    applications
        .ensure_started(repo(), Temporary)
        .await
        .unwrap();
    let again = applications.start(repo(), Temporary).await;
    assert_eq!(again, Err(StartError::AlreadyStarted("repo")));
    assert_eq!(applications.ensure_started(repo(), Permanent).await, Ok(()));
    assert_eq!(notes.take(), "start repo");
    let running = applications.which_applications().await;
    assert_eq!(running, [("repo", Temporary)], "the first start counts");
}

#[otp_core::test]
async fn ap_004_two_processes_that_start_it_at_once_get_the_same() {
    for begin in [Begin::Wait(SECOND), Begin::Fail(boom())] {
        let (applications, notes) = (Applications::start_link(), Notes::default());
        notes.nursery.next("repo1", begin);
        let starters = [(); 2].map(|()| {
            let (applications, repo) = (applications.clone(), Repo(notes.clone()));
            Task::spawn(async move { applications.start(repo, Temporary).await })
        });
        let [first, second] = starters;
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        assert_eq!(first, second);
        assert_eq!(notes.take(), "start repo", "once");
    }
}

#[otp_core::test]
async fn ap_005_stop_runs_prep_stop_then_the_tree_then_stop() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    applications
        .start(Repo(notes.clone()), Permanent)
        .await
        .unwrap();
    assert_eq!(notes.nursery.story(), "start repo1, start repo2");
    applications.stop::<Repo>().await.unwrap();
    assert_eq!(
        notes.take(),
        "start repo, prep_stop repo, gone repo2, gone repo1, stop repo"
    );
    assert!(only(&applications));
    assert_eq!(applications.loaded_applications().await, ["repo"]);
    assert_eq!(
        applications.stop::<Repo>().await,
        Err(ApplicationError::NotStarted("repo"))
    );
    assert_eq!(
        applications.stop::<Chat>().await,
        Err(ApplicationError::NotLoaded("chat"))
    );
    applications.start(Repo(notes), Permanent).await.unwrap();
}

#[otp_core::test]
async fn ap_005_what_runs_is_not_unloaded() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    applications
        .start(Repo(notes.clone()), Temporary)
        .await
        .unwrap();
    assert_eq!(
        applications.unload::<Repo>().await,
        Err(ApplicationError::Running("repo"))
    );
    applications.stop::<Repo>().await.unwrap();
    applications.unload::<Repo>().await.unwrap();
    assert_eq!(
        applications.unload::<Repo>().await,
        Err(ApplicationError::NotLoaded("repo"))
    );
    assert!(applications.loaded_applications().await.is_empty());
}

#[otp_core::test]
async fn ap_005_all_stop_in_reverse_order_when_their_starter_ends() {
    let notes = Notes::default();
    let theirs = notes.clone();
    let (_, starter) = process::spawn_monitor(async move {
        let applications = Applications::start_link();
        testing::end_with_test(applications.pid());
        let monitor = process::monitor(applications.pid());
        let started = applications
            .ensure_all_started(Cache(theirs), Permanent)
            .await;
        started.map_err(ExitReason::error)?;
        process::exit(applications.pid(), ExitReason::Shutdown);
        process::receive_down(monitor).await;
        Ok::<_, ExitReason>(())
    });
    process::receive_down(starter).await;
    let story = notes.take();
    let stops: Vec<&str> = story
        .split(", ")
        .filter(|line| line.starts_with("stop"))
        .collect();
    assert_eq!(stops, ["stop cache", "stop repo"]);
}

/// Ends the root: it gives up at the second restart within a second.
async fn give_up(root: &SupervisorRef, notes: &Notes) {
    let extra = root
        .start_child(notes.nursery.child("extra"))
        .await
        .expect("it starts");
    end_child(root, &extra, boom()).await;
    end_child(root, &extra, boom()).await;
}

#[otp_core::test(crashes = allowed)]
async fn ap_006_the_end_of_a_root_means_what_the_restart_type_says() {
    for (restart_type, gave_up, normal) in [
        (Temporary, false, false),
        (Transient, true, false),
        (Permanent, true, true),
    ] {
        for (is_normal, halts) in [(false, gave_up), (true, normal)] {
            let (applications, notes) = (Applications::start_link(), Notes::default());
            applications
                .start(Repo(notes.clone()), Temporary)
                .await
                .unwrap();
            let root = applications
                .start(Metrics(notes.clone()), restart_type)
                .await
                .unwrap();
            let reason = if is_normal {
                root.stop().await.unwrap();
                ExitReason::Normal
            } else {
                give_up(&root, &notes).await;
                ExitReason::Shutdown
            };
            testing::eventually(async || {
                let running = names(&applications).await;
                running == if halts { vec![] } else { vec!["repo"] }
            })
            .await;
            if halts {
                let halt = applications.halted().await;
                let application = "metrics";
                assert_eq!(
                    halt,
                    Halt::Terminated {
                        application,
                        reason
                    }
                );
                assert_eq!(halt.status(), 1);
                let refused = applications.start(Metrics(notes), Temporary).await;
                assert_eq!(refused, Err(StartError::Halting));
            } else {
                assert!(now(applications.halted()).is_none());
                // Callbacks have run as in OTP, and it can be started again.
                applications.start(Metrics(notes), Temporary).await.unwrap();
            }
        }
    }
}

#[otp_core::test]
async fn ap_007_an_application_that_does_not_stop_in_time_is_killed() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let names = applications
        .ensure_all_started(Bounded(notes.clone()), Permanent)
        .await;
    assert_eq!(names.unwrap(), ["repo", "bounded"]);
    let root = applications.root::<Bounded>().await.unwrap();
    let lingering = notes.nursery.lingering("slow", 3600 * SECOND);
    let slow = root
        .start_child(lingering.shutdown(otp_core::Shutdown::Infinity))
        .await
        .unwrap();
    let slow = slow.pid().unwrap();
    let began = Instant::now();
    applications.stop_all(3).await;
    assert_eq!(began.elapsed(), 30 * SECOND);
    assert!(!root.is_alive());
    let story = notes.take();
    assert!(
        story.ends_with("stop repo"),
        "the others stop as always: {story}"
    );
    assert!(!story.contains(", stop bounded"), "{story}");
    assert_eq!(applications.halted().await, Halt::Stopped { status: 3 });
    process::exit(slow, ExitReason::Kill);
}

#[otp_core::test]
async fn ap_007_unless_said_a_stop_takes_as_long_as_it_takes() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let root = applications
        .start(Repo(notes.clone()), Permanent)
        .await
        .unwrap();
    let lingering = notes.nursery.lingering("slow", 3600 * SECOND);
    root.start_child(lingering.shutdown(otp_core::Shutdown::Infinity))
        .await
        .unwrap();
    let began = Instant::now();
    applications.stop_all(0).await;
    assert_eq!(began.elapsed(), 3600 * SECOND);
    assert!(notes.take().ends_with("stop repo"));
}

#[otp_core::test]
async fn ap_008_start_phases_run_in_order_across_included_applications() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    applications
        .start(Phased(notes.clone()), Temporary)
        .await
        .unwrap();
    assert_eq!(
        notes.take(),
        "start phased, init of phased, init of part, connect of phased, go of phased, go of part, go of other"
    );
}

#[otp_core::test]
async fn ap_008_a_phase_that_fails_is_named_and_stops_the_application() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let refused = applications.start(Failing(notes.clone()), Permanent).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the start phase `fail` of the application `failing` failed: boom"
    );
    let story = notes.take();
    assert!(
        story.starts_with("start failing, init of failing, fail of failing, prep_stop failing")
    );
    assert!(story.ends_with("stop failing"), "{story}");
    assert!(only(&applications));
}

#[otp_core::test]
async fn ap_006_nothing_is_loaded_when_the_applications_have_ended() {
    process::trap_exit(true);
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let ended = process::monitor(applications.pid());
    process::exit(applications.pid(), ExitReason::Kill);
    process::receive_down(ended).await;
    let refused = applications.load(Repo(notes.clone())).await;
    assert_eq!(refused, Err(ApplicationError::Halting));
    let refused = applications.start(Repo(notes), Temporary).await;
    assert_eq!(refused.map(drop), Err(StartError::Halting));
}

#[otp_core::test]
async fn ap_012_an_optional_dependency_starts_first_if_it_is_there() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    applications.load(Metrics(notes.clone())).await.unwrap();
    let started = applications
        .ensure_all_started(Cache(notes.clone()), Temporary)
        .await;
    assert_eq!(started.unwrap(), ["repo", "metrics", "cache"]);
}

#[otp_core::test]
async fn ap_012_an_optional_dependency_that_is_not_there_is_ignored() {
    let (applications, notes) = (Applications::start_link(), Notes::default());
    let started = applications
        .ensure_all_started(Cache(notes.clone()), Temporary)
        .await;
    assert_eq!(started.unwrap(), ["repo", "cache"]);
    applications.stop::<Cache>().await.unwrap();
    // As in OTP, one that is loaded and does not run keeps nobody from being started alone.
    applications.load(Metrics(notes.clone())).await.unwrap();
    applications.start(Cache(notes), Temporary).await.unwrap();
    assert_eq!(names(&applications).await, ["cache", "repo"]);
}

/// Asks for applications in its init, each time it is restarted.
#[gen_server]
struct Curious {
    _asked: usize,
}

#[gen_server]
impl Curious {
    #[init]
    async fn init(
        applications: Applications,
        notes: Notes,
        go_on: Gate,
    ) -> Result<Self, ExitReason> {
        if let Some(go_on) = go_on.take() {
            notes.note("restarting");
            go_on.await.map_err(ExitReason::error)?;
            let refused = applications.start(Metrics(notes.clone()), Temporary).await;
            notes.note(&refused.expect_err("all stop").to_string());
        }
        let asked = applications.which_applications().await.len();
        Ok(Curious { _asked: asked })
    }
}

/// What the second init waits for.
#[derive(Clone, Default)]
struct Gate(std::sync::Arc<std::sync::Mutex<Vec<oneshot::Receiver<()>>>>);

impl Gate {
    fn take(&self) -> Option<oneshot::Receiver<()>> {
        self.0.lock().expect("nobody panics with it").pop()
    }
}

#[otp_core::application]
struct Deadlock(Notes, Gate);

impl Application for Deadlock {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        _: NoEnv,
        cx: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        let (applications, notes, gate) =
            (cx.applications().clone(), self.0.clone(), self.1.clone());
        let child = otp_core::ChildSpec::new("curious", move || {
            Curious::start_link(applications.clone(), notes.clone(), gate.clone())
        });
        Ok(Supervisor::builder(Strategy::OneForOne)
            .child(child)
            .start_link()
            .await?)
    }
}

#[otp_core::test]
async fn ap_014_a_stop_while_a_child_is_restarted_that_asks_for_applications_does_not_block() {
    let (applications, notes, gate) = (
        Applications::start_link(),
        Notes::default(),
        Gate::default(),
    );
    let root = applications
        .start(Deadlock(notes.clone(), gate.clone()), Permanent)
        .await
        .unwrap();
    let (go_on, waits) = oneshot::channel();
    gate.0.lock().unwrap().push(waits);
    let child = root.which_children().await.unwrap()[0].state.pid().unwrap();
    process::exit(child, ExitReason::Kill);
    testing::eventually(async || notes.take() == "restarting").await;
    let stopping = Task::spawn({
        let applications = applications.clone();
        async move { applications.stop_all(0).await }
    });
    // All are being stopped when nothing starts any more.
    testing::eventually(async || {
        applications.start(Repo(notes.clone()), Temporary).await == Err(StartError::Halting)
    })
    .await;
    go_on.send(()).unwrap();
    stopping.await.unwrap();
    assert_eq!(notes.take(), "all applications are being stopped");
    assert!(only(&applications));
}

/// Never gets as far as a root.
#[otp_core::application]
struct Slow;

impl Application for Slow {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        _: NoEnv,
        _: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        pending().await
    }
}

#[otp_core::test]
async fn ap_014_a_start_that_does_not_end_keeps_nothing_from_stopping() {
    let applications = Applications::start_link();
    let starting = Task::spawn({
        let applications = applications.clone();
        async move { applications.start(Slow, Permanent).await }
    });
    sleep(SECOND).await;
    assert_eq!(
        applications.stop::<Slow>().await,
        Err(ApplicationError::NotStarted("slow"))
    );
    applications.stop_all(0).await;
    assert_eq!(starting.await.unwrap(), Err(StartError::Stopped("slow")));
}

#[otp_core::test]
async fn the_token_is_cancelled_after_prep_stop_and_before_the_tree_stops() {
    #[otp_core::application]
    struct Web(Notes, Option<otp_core::application::CancellationToken>);

    impl Application for Web {
        type Env = NoEnv;
        type Root = SupervisorRef;

        async fn start(
            &mut self,
            _: NoEnv,
            cx: &mut ApplicationContext,
        ) -> Result<SupervisorRef, ExitReason> {
            self.1 = Some(cx.token().clone());
            let (token, notes) = (cx.token().clone(), self.0.clone());
            let drain = move || {
                let (token, notes) = (token.clone(), notes.clone());
                async move {
                    // As a foreign server with a graceful shutdown, in a process that its supervisor waits for.
                    process::trap_exit(true);
                    token.cancelled().await;
                    sleep(SECOND).await;
                    notes.note("drained");
                }
            };
            let root = Supervisor::builder(Strategy::OneForOne)
                .start_link()
                .await?;
            process::spawn_link(drain());
            Ok(root)
        }

        async fn prep_stop(&mut self) {
            let is_cancelled = self.1.as_ref().is_some_and(|token| token.is_cancelled());
            self.0
                .note(&format!("prep_stop, cancelled: {is_cancelled}"));
        }

        async fn stop(&mut self) {
            self.0.note("stop");
        }
    }

    let (applications, notes) = (Applications::start_link(), Notes::default());
    applications
        .start(Web(notes.clone(), None), Temporary)
        .await
        .unwrap();
    applications.stop::<Web>().await.unwrap();
    assert_eq!(notes.take(), "prep_stop, cancelled: false, drained, stop");
}

//! A supervised server: it notes its starts and its ends, and its next inits do what they are told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use otp_core::prelude::*;
use otp_core::process::Target;
use otp_core::{
    ChildHandle, ChildSpec, ChildState, Strategy, Supervisor, SupervisorBuilder, SupervisorRef,
    testing,
};

use crate::Journal;

/// What an init does.
#[derive(Clone, Debug)]
pub enum Begin {
    /// It fails.
    Fail(ExitReason),
    /// It panics.
    Panic(&'static str),
    /// It ends its own process.
    Exit(ExitReason),
    /// It asks not to be started.
    Ignore,
    /// It takes its time and succeeds.
    Wait(Duration),
}

impl Begin {
    fn is_crash(&self) -> bool {
        match self {
            Begin::Fail(reason) | Begin::Exit(reason) => !reason.is_clean(),
            Begin::Panic(_) => true,
            Begin::Ignore | Begin::Wait(_) => false,
        }
    }
}

/// What every incarnation of a child does.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// It traps exits, so that its terminate runs.
    pub trap_exit: bool,
    /// How long its terminate takes.
    pub linger: Duration,
    /// What it ends with in its terminate, whatever it was asked for.
    pub last: Option<ExitReason>,
}

/// The children of one test: what has happened to them, and what the next ones do. A clone is the same nursery.
#[derive(Clone, Debug, Default)]
pub struct Nursery {
    journal: Journal,
    next: Arc<Mutex<HashMap<String, VecDeque<Begin>>>>,
}

impl Nursery {
    /// Makes an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A child that does not trap exits.
    pub fn child(&self, id: &str) -> ChildSpec<ChildRef> {
        self.child_with(id, Habits::default())
    }

    /// Children that do not trap exits.
    pub fn children<const N: usize>(&self, ids: [&str; N]) -> [ChildSpec<ChildRef>; N] {
        ids.map(|id| self.child(id))
    }

    /// A child that traps exits, and whose terminate takes this long.
    pub fn lingering(&self, id: &str, linger: Duration) -> ChildSpec<ChildRef> {
        let habits = Habits {
            trap_exit: true,
            linger,
            last: None,
        };
        self.child_with(id, habits)
    }

    /// A child with habits.
    pub fn child_with(&self, id: &str, habits: Habits) -> ChildSpec<ChildRef> {
        let (nursery, name) = (self.clone(), id.to_owned());
        ChildSpec::new(id, move || {
            Child::start_link(name.clone(), nursery.clone(), habits.clone())
        })
    }

    /// The next init of this child that was not told anything yet does this.
    pub fn next(&self, id: &str, begin: Begin) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.entry(id.to_owned()).or_default().push_back(begin);
    }

    /// Takes what has happened: `start a`, `terminate a: shutdown`, `gone a`; `no start a` for an init that did not
    /// succeed.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        self.journal.take()
    }

    /// Takes the starts and the ends only, in one line.
    #[must_use]
    pub fn story(&self) -> String {
        let lines = self.take();
        let story = lines.iter().filter(|line| !line.starts_with("terminate"));
        story.map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    fn begin(&self, id: &str) -> Option<Begin> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.get_mut(id)?.pop_front()
    }
}

/// A supervised server that does what it is told. When it crashes, that is expected.
#[gen_server]
#[derive(Debug)]
pub struct Child {
    id: String,
    nursery: Nursery,
    habits: Habits,
    count: u32,
}

#[gen_server]
impl Child {
    #[init]
    async fn init(
        id: String,
        nursery: Nursery,
        habits: Habits,
        cx: &mut Context<Self>,
    ) -> Result<Self, InitError> {
        match nursery.begin(&id) {
            None => {}
            Some(Begin::Wait(time)) => otp_core::time::sleep(time).await,
            Some(other) => {
                nursery.journal.note(format_args!("no start {id}"));
                if other.is_crash() {
                    testing::expect_crash(cx.pid());
                }
                match other {
                    Begin::Ignore => return Err(InitError::Ignore),
                    Begin::Panic(text) => panic!("{text}"),
                    Begin::Exit(reason) => process::exit_with(reason),
                    Begin::Fail(reason) => return Err(InitError::Stop(reason)),
                    Begin::Wait(_) => {}
                }
            }
        }
        cx.trap_exit(habits.trap_exit);
        nursery.journal.note(format_args!("start {id}"));
        Ok(Child {
            id,
            nursery,
            habits,
            count: 0,
        })
    }

    /// Its state: counts what it is asked.
    #[call]
    pub fn count(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// Ends by itself.
    #[cast]
    pub fn end(&self, reason: ExitReason, cx: &mut Context<Self>) {
        cx.stop(reason);
    }

    /// Leaves the link with its supervisor.
    #[call]
    pub fn unlink(&self, from: Pid, cx: &mut Context<Self>) {
        cx.unlink(from);
    }

    #[terminate]
    async fn terminate(&mut self, reason: &ExitReason, cx: &mut Context<Self>) {
        let line = format!("terminate {}: {reason}", self.id);
        self.nursery.journal.note(line);
        otp_core::time::sleep(self.habits.linger).await;
        let last = self.habits.last.as_ref();
        if !last.unwrap_or(reason).is_clean() {
            testing::expect_crash(cx.pid());
        }
        if let Some(last) = last {
            process::exit_with(last.clone());
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let line = format!("gone {}", self.id);
        self.nursery.journal.note(line);
    }
}

/// A supervisor of these children, and the handles that follow them.
pub fn tree<H: ChildHandle, const N: usize>(
    strategy: Strategy,
    specs: [ChildSpec<H>; N],
) -> (SupervisorBuilder, [H; N]) {
    let handles = specs.each_ref().map(ChildSpec::handle);
    let builder = Supervisor::builder(strategy);
    let builder = specs.into_iter().fold(builder, SupervisorBuilder::child);
    (builder, handles)
}

/// Starts something that is linked with nobody, and ends with the test.
///
/// # Panics
///
/// Panics if it does not start.
pub async fn apart<H>(start: impl IntoFuture<Output = Result<H, StartError>>) -> H
where
    for<'a> &'a H: Target,
{
    let started = start.await.expect("it starts");
    testing::end_with_test(&started);
    started
}

/// Ends the present incarnation of a child with a reason, and waits until that is known to its supervisor, which has
/// restarted it by then unless a start fails or is put off. [`ExitReason::Kill`] kills.
///
/// # Panics
///
/// Panics if the child does not run.
pub async fn end_child(supervisor: &SupervisorRef, child: &ChildRef, reason: ExitReason) {
    let running = child.pin().expect("the child runs");
    if reason == ExitReason::Kill {
        process::exit(running.pid().expect("the child runs"), reason);
    } else {
        child.end(reason);
    }
    running.ended().await;
    // Its end was told to the supervisor before; the answer to this comes after it has been seen to. A supervisor that
    // gives up answers nothing.
    drop(supervisor.count_children().await);
}

/// Waits until no child is being restarted, or the supervisor is gone.
pub async fn settled(supervisor: &SupervisorRef) {
    let is_restarting = |state| state == ChildState::Restarting;
    while supervisor
        .which_children()
        .await
        .is_ok_and(|children| children.iter().any(|child| is_restarting(child.state)))
    {}
}

/// The process of a child.
///
/// # Panics
///
/// Panics if it does not run.
#[must_use]
pub fn pid(child: &ChildRef) -> Pid {
    child.pid().expect("the child runs")
}

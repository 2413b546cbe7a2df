//! What is done to a tree.

use std::collections::BTreeMap;

use otp_core::ExitReason;

use super::tree::Spec;

/// What is done in one step. What it names may not be there; then that part does nothing, or is refused.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The tree is started, if it does not run.
    Start,
    /// Workers of one supervisor end, all before it has heard of the first.
    Ends(Vec<(String, End)>),
    /// Workers end while their supervisors are suspended. Then these are asked, and resumed one after the other, each
    /// when what the one before had to do is done: so each one's order is known, whatever the scheduler does.
    HeldEnds {
        ends: Vec<(String, End)>,
        /// Asked of the supervisor of the first, behind the exits and ahead of its own attempts to try again.
        calls: Vec<Call>,
    },
    /// An exit signal that is not from a parent.
    Signal(String, End),
    /// A supervisor is killed.
    Kill(String),
    /// A supervisor is asked.
    Call(String, Call),
    /// The next starts of a child go like this.
    Next(String, Fate, u32),
    /// The next starts of a child take so long before they succeed or fail.
    Slow(String, u64, u32),
    /// Time passes.
    Wait(u64),
    /// Calls to a worker: so many before it is told to end, and so many behind.
    Burst {
        worker: String,
        before: usize,
        end: End,
        behind: usize,
    },
    /// The tree is stopped.
    Stop(Stop),
}

/// How a worker ends, or a signal's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Normal,
    Shutdown,
    ShutdownWith,
    /// It stops with an error.
    Error,
    /// It ends itself from within a handler.
    Exit,
    Panic,
    /// A kill from outside.
    Kill,
}

impl End {
    /// The reason that is sent or stopped with. A panic has none before it happens.
    pub(crate) fn reason(self) -> ExitReason {
        match self {
            End::Normal => ExitReason::Normal,
            End::Shutdown => ExitReason::Shutdown,
            End::ShutdownWith => ExitReason::shutdown_with("drained"),
            End::Error | End::Exit | End::Panic => ExitReason::error("boom"),
            End::Kill => ExitReason::Kill,
        }
    }

    /// Why the process has ended then, as [`show_reason`] writes it.
    pub(crate) fn seen(self) -> &'static str {
        match self {
            End::Normal => "normal",
            End::Shutdown => "shutdown",
            End::ShutdownWith => "shutdown: drained",
            End::Error | End::Exit => "boom",
            End::Panic => "panic",
            End::Kill => "killed",
        }
    }
}

/// A reason as the model and the checks write it.
pub(crate) fn show_reason(reason: &ExitReason) -> String {
    match reason {
        ExitReason::Panic(_) => "panic".to_owned(),
        other => other.to_string(),
    }
}

/// What a supervisor is asked.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    StartChild(Spec),
    Terminate(String),
    Restart(String),
    Delete(String),
    Which,
    Count,
}

/// How a start goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fails,
    Ignores,
}

/// How the tree is stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// By a client, with reason normal.
    Normal,
    /// By a client, with reason shutdown.
    Shutdown,
    /// By the exit of its parent, with this reason.
    Parent(End),
    /// It is killed.
    Kill,
}

/// A line of the journal.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// When.
    pub(crate) at: u64,
    pub(crate) id: String,
    /// Which incarnation.
    pub(crate) life: u32,
    pub(crate) what: What,
}

/// What has happened to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The init of a worker begins.
    Init,
    /// A supervisor is about to be started.
    Starts,
    /// The init has succeeded; that of a supervisor when all its children have begun.
    Began,
    /// It could not be started.
    Failed,
    /// It did not want to be started.
    Ignored,
    /// The terminate of a worker begins.
    Terminate,
    /// The state of a worker, or its unfinished init, is dropped.
    Ended,
}

impl Line {
    /// Whether both are about the same thing, at whatever time.
    pub(crate) fn is_same(&self, other: &Line) -> bool {
        (&self.id, self.life, self.what) == (&other.id, other.life, other.what)
    }
}

/// Counts incarnations.
#[derive(Clone, Default)]
pub(crate) struct Lives(BTreeMap<String, u32>);

impl Lives {
    /// The line of something that happens to the present incarnation, or with which a new one begins.
    pub(crate) fn line(&mut self, at: u64, id: &str, what: What) -> Line {
        let life = self.0.entry(id.to_owned()).or_default();
        if matches!(what, What::Init | What::Starts) {
            *life += 1;
        }
        Line {
            at,
            id: id.to_owned(),
            life: *life,
            what,
        }
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Line { at, id, life, what } = self;
        write!(f, "{at} {id}#{life} {what:?}")
    }
}

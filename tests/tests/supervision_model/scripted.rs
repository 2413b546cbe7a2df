//! Workers and supervisors that do what the model says, and note what happens to them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use otp_core::process::Address;
use otp_core::time::{self, Instant};
use otp_core::{
    Begun, ChildSpec, ChildStart, Context, ExitReason, GenServer, InitError, ReplyTo, ServerRef,
    StartError, Supervisor, SupervisorRef, gen_server, process,
};
use tokio::sync::oneshot;

use super::event::{End, Fate, Line, Lives, What};
use super::tree::{Kind, Spec, Work, millis};
use super::watcher::Watch;

/// What all processes of a case share.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) origin: Instant,
    pub(crate) watcher: Address<Watch>,
    notes: Arc<Mutex<Notes>>,
}

#[derive(Default)]
struct Notes {
    journal: Vec<Line>,
    lives: Lives,
    fates: BTreeMap<String, (Fate, u32)>,
    delays: BTreeMap<String, (u64, u32)>,
}

impl Stage {
    pub(crate) fn new(watcher: Address<Watch>) -> Self {
        Stage {
            origin: Instant::now(),
            watcher,
            notes: Arc::default(),
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).expect("a case is not that long")
    }

    fn note(&self, id: &str, what: What) {
        let now = self.now();
        let mut notes = self.notes();
        let line = notes.lives.line(now, id, what);
        notes.journal.push(line);
    }

    pub(crate) fn take_journal(&self) -> Vec<Line> {
        std::mem::take(&mut self.notes().journal)
    }

    pub(crate) fn next(&self, id: &str, fate: Fate, count: u32) {
        self.notes().fates.insert(id.to_owned(), (fate, count));
    }

    pub(crate) fn slow(&self, id: &str, delay: u64, count: u32) {
        self.notes().delays.insert(id.to_owned(), (delay, count));
    }

    /// Whether this start is to go on, after its delay.
    async fn fate(&self, id: &str) -> Result<(), Fate> {
        let delay = take(&mut self.notes().delays, id);
        if let Some(delay) = delay {
            time::sleep(millis(delay)).await;
        }
        let fate = take(&mut self.notes().fates, id);
        let Some(fate) = fate else {
            return Ok(());
        };
        self.note(
            id,
            match fate {
                Fate::Fails => What::Failed,
                Fate::Ignores => What::Ignored,
            },
        );
        Err(fate)
    }
}

fn take<T: Copy>(next: &mut BTreeMap<String, (T, u32)>, id: &str) -> Option<T> {
    let (what, left) = next.get_mut(id)?;
    *left = left.checked_sub(1)?;
    Some(*what)
}

/// Notes the end of what it is part of.
struct Life {
    stage: Stage,
    id: String,
}

impl Life {
    fn begin(stage: &Stage, id: &str) -> Self {
        stage.note(id, What::Init);
        Life {
            stage: stage.clone(),
            id: id.to_owned(),
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.stage.note(&self.id, What::Ended);
    }
}

/// A worker of the tree.
pub(crate) struct Worker {
    life: Life,
    work: Work,
    ends_itself: bool,
}

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Told {
    End(End),
    Ping(ReplyTo<()>),
}

impl GenServer for Worker {
    type Args = (Stage, String, Work);
    type Message = Told;

    async fn init(
        (stage, id, work): Self::Args,
        cx: &mut Context<Self>,
    ) -> Result<Self, InitError> {
        let life = Life::begin(&stage, &id);
        stage.fate(&id).await.map_err(|fate| match fate {
            Fate::Fails => InitError::Stop(ExitReason::error("failed")),
            Fate::Ignores => InitError::Ignore,
        })?;
        cx.trap_exit(work.traps);
        stage.note(&id, What::Began);
        Ok(Worker {
            life,
            work,
            ends_itself: false,
        })
    }

    async fn handle_message(&mut self, told: Told, cx: &mut Context<Self>) {
        match told {
            Told::Ping(reply_to) => cx.reply(reply_to, ()),
            Told::End(end) => {
                self.ends_itself = true;
                match end {
                    End::Panic => panic!("boom"),
                    End::Exit => process::exit_with(end.reason()),
                    _ => cx.stop(end.reason()),
                }
            }
        }
    }

    async fn handle_exit(&mut self, _: process::Exit, _: &mut Context<Self>) {}

    async fn terminate(&mut self, _: &ExitReason, _: &mut Context<Self>) {
        self.life.stage.note(&self.life.id, What::Terminate);
        if !self.ends_itself && self.work.linger > 0 {
            time::sleep(millis(self.work.linger)).await;
        }
    }
}

/// A start that is watched and noted.
pub(crate) struct Scripted<S> {
    start: S,
    stage: Stage,
    id: String,
    is_supervisor: bool,
}

impl<S: ChildStart> ChildStart for Scripted<S> {
    type Handle = S::Handle;

    fn start_at(
        self,
        handle: &S::Handle,
    ) -> impl Future<Output = Result<Begun, StartError>> + Send + 'static {
        let handle = handle.clone();
        async move {
            let Scripted {
                start, stage, id, ..
            } = self;
            let note = |what| {
                if self.is_supervisor {
                    stage.note(&id, what);
                }
            };
            if self.is_supervisor {
                let (clear, is_clear) = oneshot::channel();
                stage.watcher.send(Watch::UntilClear {
                    above: id.clone(),
                    clear,
                });
                is_clear.await.expect("the watcher watches");
                note(What::Starts);
                stage.fate(&id).await.map_err(|fate| match fate {
                    Fate::Fails => StartError::Init(ExitReason::error("failed")),
                    Fate::Ignores => StartError::Ignore,
                })?;
            }
            let begun = start.start_at(&handle).await;
            let begun = begun.inspect_err(|_| note(What::Failed))?;
            note(What::Began);
            let (watched, is_watched) = oneshot::channel();
            stage.watcher.send(Watch::Process {
                id,
                pid: begun.pid(),
                watched,
            });
            is_watched.await.expect("the watcher watches");
            Ok(begun)
        }
    }
}

fn with_options<H: otp_core::ChildHandle>(spec: &Spec, child: ChildSpec<H>) -> ChildSpec<H> {
    child
        .restart(spec.restart)
        .shutdown(spec.shutdown)
        .significant(spec.significant)
}

/// A worker as a child.
pub(crate) fn worker(spec: &Spec, work: Work, stage: &Stage) -> ChildSpec<ServerRef<Worker>> {
    let (id, stage) = (spec.id.clone(), stage.clone());
    let start = move || {
        let start = gen_server::start_link((stage.clone(), id.clone(), work));
        Scripted {
            start: start.name(&*id),
            stage: stage.clone(),
            id: id.clone(),
            is_supervisor: false,
        }
    };
    with_options(spec, ChildSpec::new(&*spec.id, start))
}

/// A supervisor as a child, or as the root.
pub(crate) fn supervisor(spec: &Spec, stage: &Stage) -> ChildSpec<SupervisorRef> {
    let (own, stage) = (spec.clone(), stage.clone());
    let start = move || {
        let Kind::Supervisor(rules, children) = &own.kind else {
            unreachable!("a worker is started by `worker`")
        };
        let builder = Supervisor::builder(rules.strategy)
            .max_restarts(rules.max_restarts, millis(rules.period))
            .auto_shutdown(rules.auto_shutdown);
        let builder = children
            .iter()
            .fold(builder, |builder, child| match child.kind {
                Kind::Worker(work) => builder.child(worker(child, work, &stage)),
                Kind::Supervisor(..) => builder.child(supervisor(child, &stage)),
            });
        Scripted {
            start: builder.start_link().name(&*own.id),
            stage: stage.clone(),
            id: own.id.clone(),
            is_supervisor: true,
        }
    };
    with_options(spec, ChildSpec::new(&*spec.id, start))
}

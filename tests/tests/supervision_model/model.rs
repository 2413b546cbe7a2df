//! The model of a node with one tree in it, and what may be done to that.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

use super::event::{Call, End, Event, Fate, Stop};
use super::supervisor::{Child, GivesUp, NoStart, Process, Seen, Supervisor, World};
use super::tree::{Kind, ROOT, Spec, Work, flat_trees, parent, trees, workers};

/// A tree, and the process that is its root, if it runs.
#[derive(Clone)]
pub(crate) struct Model {
    tree: Spec,
    root: Option<Process>,
    pub(crate) world: World,
}

/// Shows what was generated: the tree.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{:?}\n", self.tree)
    }
}

type Act<'a> = &'a mut dyn FnMut(&mut Supervisor, &mut World);

impl Model {
    fn new(tree: Spec) -> Self {
        Model {
            tree,
            root: None,
            world: World::default(),
        }
    }

    /// The model after an event, once all has settled.
    fn after(mut self, event: &Event) -> Self {
        self.world.seen = Seen::default();
        self.do_event(event);
        self.world.settle();
        self
    }

    /// The tree as it was specified.
    pub(crate) fn tree(&self) -> &Spec {
        &self.tree
    }

    pub(crate) fn root(&self) -> Option<&Supervisor> {
        self.root.as_ref()?.supervisor.as_ref()
    }

    /// The ids of all that live.
    pub(crate) fn living(&self) -> Vec<String> {
        self.root().map(Supervisor::living).unwrap_or_default()
    }

    /// The supervisors that live.
    pub(crate) fn supervisors(&self) -> Vec<(&str, &Supervisor)> {
        self.root().map(Supervisor::supervisors).unwrap_or_default()
    }

    fn children(&self) -> impl Iterator<Item = &Child> {
        let supervisors = self.supervisors().into_iter();
        supervisors.flat_map(|(_, supervisor)| &supervisor.children)
    }

    /// How a worker that lives behaves.
    fn work(&self, id: &str) -> Option<Work> {
        let mut children = self.children();
        let child = children.find(|child| child.spec.id == id && child.is_alive())?;
        match child.spec.kind {
            Kind::Worker(work) => Some(work),
            Kind::Supervisor(..) => None,
        }
    }

    fn reach(&mut self, supervisor: &str, act: Act<'_>) {
        let root = self.root.as_mut();
        let Some(root) = root.and_then(|root| root.supervisor.as_mut()) else {
            return;
        };
        if let Err(GivesUp) = root.reach(supervisor, &mut self.world, act) {
            self.stop("shutdown");
        }
    }

    fn stop(&mut self, reason: &'static str) {
        if let Some(root) = self.root.take().and_then(|root| root.supervisor) {
            root.terminate(&mut self.world);
            self.world.end(ROOT, reason);
        }
    }

    fn end_workers(&mut self, ends: &[(String, End)]) {
        let Some(supervisor) = ends.first().and_then(|(id, _)| parent(id)) else {
            return;
        };
        self.reach(supervisor, &mut |supervisor, world| {
            let mut seen = Vec::new();
            for (id, end) in ends {
                if !seen.contains(&id) {
                    seen.push(id);
                    supervisor.end_worker(id, end.seen(), *end != End::Kill, world);
                }
            }
        });
    }

    fn answer(&mut self, number: usize, answer: &str) {
        let answers = &mut self.world.seen.answers;
        answers.insert(number, answer.to_owned());
    }

    /// It asks nobody if there is no such supervisor.
    fn ask(&mut self, supervisor: &str, calls: &[Call]) {
        for number in 0..calls.len() {
            self.answer(number, "told");
        }
        self.reach(supervisor, &mut |supervisor, _| {
            for (number, call) in calls.iter().enumerate() {
                supervisor.ask(number, call.clone());
            }
        });
    }

    fn pause(&mut self) {
        self.world.settle();
        let now = self.world.now;
        self.world.seen.pauses.push(now);
    }

    fn held_ends(&mut self, ends: &[(String, End)], calls: &[Call]) {
        let supervisors = supervisors_of(ends);
        for supervisor in &supervisors {
            self.reach(supervisor, &mut |supervisor, _| {
                supervisor.is_suspended = true;
            });
        }
        for end in ends {
            self.end_workers(std::slice::from_ref(end));
        }
        self.pause();
        if let Some(first) = supervisors.first() {
            self.ask(first, calls);
        }
        self.pause();
        for supervisor in &supervisors {
            self.reach(supervisor, &mut |supervisor, _| {
                supervisor.is_suspended = false;
            });
            self.pause();
        }
    }

    fn do_event(&mut self, event: &Event) {
        match event {
            Event::Start if self.root.is_some() => {}
            Event::Start => {
                let tree = self.tree.clone();
                let (root, answer) = match self.world.start(&tree) {
                    Ok(root) => (Some(root), "running"),
                    Err(NoStart::Failed) => (None, "failed"),
                    Err(NoStart::Ignored) => (None, "ignored"),
                };
                self.root = root;
                self.answer(0, answer);
            }
            Event::Ends(ends) => self.end_workers(ends),
            Event::HeldEnds { ends, calls } => self.held_ends(ends, calls),
            Event::Signal(id, end) => {
                let dies = self.work(id).is_some_and(|work| !work.traps) && *end != End::Normal;
                if dies && let Some(supervisor) = parent(id) {
                    self.reach(supervisor, &mut |supervisor, world| {
                        supervisor.end_worker(id, end.seen(), false, world);
                    });
                }
            }
            Event::Kill(id) => {
                if let Some(supervisor) = parent(id) {
                    self.reach(supervisor, &mut |supervisor, world| {
                        supervisor.kill_supervisor(id, world);
                    });
                }
            }
            Event::Call(supervisor, call) => self.ask(supervisor, std::slice::from_ref(call)),
            Event::Next(id, fate, count) => {
                self.world.fates.insert(id.clone(), (*fate, *count));
            }
            Event::Slow(id, delay, count) => {
                self.world.delays.insert(id.clone(), (*delay, *count));
            }
            Event::Wait(time) => self.world.now += time,
            Event::Burst {
                worker,
                before,
                end,
                behind,
            } => {
                let answers = self.work(worker).is_some() && *end != End::Kill;
                for number in 0..before + behind {
                    let is_answered = answers && number < *before;
                    self.answer(number, if is_answered { "pong" } else { "told" });
                }
                self.end_workers(&[(worker.clone(), *end)]);
            }
            Event::Stop(Stop::Normal) => self.stop("normal"),
            Event::Stop(Stop::Shutdown) => self.stop("shutdown"),
            Event::Stop(Stop::Parent(end)) => self.stop(end.seen()),
            Event::Stop(Stop::Kill) => {
                if let Some(root) = self.root.take().and_then(|root| root.supervisor) {
                    self.world.kill(ROOT, root);
                }
            }
        }
    }
}

/// The supervisors of these, each once, in the order of their first.
pub(crate) fn supervisors_of(ends: &[(String, End)]) -> Vec<&str> {
    let mut supervisors = Vec::new();
    for (id, _) in ends {
        if let Some(supervisor) = parent(id)
            && !supervisors.contains(&supervisor)
        {
            supervisors.push(supervisor);
        }
    }
    supervisors
}

/// Trees of several levels, and all that may happen to them.
pub(crate) struct Trees;

/// One supervisor, to which much happens at once: ends, failing starts and calls between the attempts.
pub(crate) struct Flat;

impl ReferenceStateMachine for Flat {
    type State = Model;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<Model> {
        flat_trees().prop_map(Model::new).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Event> {
        let known = Known::new(model);
        if model.root.is_none() {
            return Just(Event::Start).boxed();
        }
        prop_oneof![
            3 => known.held_ends(),
            3 => known.nexts(),
            1 => known.calls(),
            1 => known.waits(),
        ]
        .boxed()
    }

    fn apply(model: Model, event: &Event) -> Model {
        model.after(event)
    }
}

impl ReferenceStateMachine for Trees {
    type State = Model;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<Model> {
        trees().prop_map(Model::new).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Event> {
        let known = Known::new(model);
        if model.root.is_none() {
            return prop_oneof![
                20 => Just(Event::Start),
                1 => known.nexts(),
                1 => known.slows(),
                1 => known.calls(),
                1 => known.waits(),
            ]
            .boxed();
        }
        prop_oneof![
            20 => known.ends(),
            10 => known.held_ends(),
            3 => known.signals(),
            4 => known.kills(),
            14 => known.calls(),
            8 => known.nexts(),
            5 => known.slows(),
            6 => known.waits(),
            4 => known.bursts(),
            1 => stops(),
        ]
        .boxed()
    }

    fn apply(model: Model, event: &Event) -> Model {
        model.after(event)
    }
}

/// The ids that there are, from which events choose.
struct Known {
    /// Workers that live; by supervisor.
    workers: Vec<Vec<String>>,
    supervisors: Vec<String>,
    /// All that the supervisors know, and one that nobody does.
    all: Vec<String>,
    /// The children of each supervisor, with it.
    children: Vec<(String, Vec<String>)>,
    periods: Vec<u64>,
}

impl Known {
    fn new(model: &Model) -> Self {
        let mut known = Known {
            workers: Vec::new(),
            supervisors: Vec::new(),
            all: vec![format!("{ROOT}.nobody")],
            children: Vec::new(),
            // Two milliseconds pass beside a wait between one event and the next but one: so these come to just the end of
            // a period, and to a millisecond more.
            periods: vec![10, 498, 499, 700, 998, 999, 3_000, 4_998, 4_999],
        };
        static_ids(&model.tree, &mut known.all);
        for (id, supervisor) in model.supervisors() {
            let ids = |children: &mut dyn Iterator<Item = &Child>| -> Vec<String> {
                children.map(|child| child.spec.id.clone()).collect()
            };
            let is_worker =
                |child: &&Child| matches!(child.spec.kind, Kind::Worker(_)) && child.is_alive();
            let workers = ids(&mut supervisor.children.iter().filter(is_worker));
            let is_primed = |id: &&String| model.world.is_primed(id);
            let primed: Vec<String> = workers.iter().filter(is_primed).cloned().collect();
            // What is to become of their next start is seen when they end: they are chosen more often.
            known.workers.extend(vec![primed; 2]);
            known.workers.push(workers);
            known.workers.retain(|workers| !workers.is_empty());
            let mut children = ids(&mut supervisor.children.iter());
            children.extend(["x", "y"].map(|dynamic| format!("{id}.{dynamic}")));
            known.all.extend(children.iter().cloned());
            known.supervisors.push(id.to_owned());
            known.children.push((id.to_owned(), children));
        }
        if known.children.is_empty() {
            known.supervisors.push(ROOT.to_owned());
            known
                .children
                .push((ROOT.to_owned(), vec![format!("{ROOT}.0")]));
        }
        if known.workers.is_empty() {
            known.workers.push(vec![format!("{ROOT}.0")]);
        }
        known
    }

    /// One or several of one supervisor.
    fn ends(&self) -> BoxedStrategy<Event> {
        let one = select(self.workers.clone());
        one.prop_flat_map(|workers| prop::collection::vec((select(workers), ends()), 1..=3))
            .prop_map(Event::Ends)
            .boxed()
    }

    /// Of any supervisors.
    fn held_ends(&self) -> BoxedStrategy<Event> {
        let all = self.workers.concat();
        let children = self.children.clone();
        let ends = prop::collection::vec((select(all), ends()), 1..=4);
        ends.prop_flat_map(move |ends| {
            let first = parent(&ends[0].0).expect("a worker has a supervisor");
            let of_first = children.iter().find(|(id, _)| id == first);
            let ids = of_first.map(|(_, children)| children.clone());
            let ids = ids.unwrap_or_else(|| vec![ends[0].0.clone()]);
            let calls = prop::collection::vec(calls(first.to_owned(), ids), 0..=3);
            (Just(ends), calls)
        })
        .prop_map(|(ends, calls)| Event::HeldEnds { ends, calls })
        .boxed()
    }

    fn signals(&self) -> BoxedStrategy<Event> {
        let others: Vec<String> = self.all.iter().filter(|id| *id != ROOT).cloned().collect();
        let reasons = select(vec![
            End::Normal,
            End::Shutdown,
            End::ShutdownWith,
            End::Error,
        ]);
        (select(others), reasons)
            .prop_map(|(id, end)| Event::Signal(id, end))
            .boxed()
    }

    fn kills(&self) -> BoxedStrategy<Event> {
        select(self.supervisors.clone())
            .prop_map(|id| {
                if id == ROOT {
                    Event::Stop(Stop::Kill)
                } else {
                    Event::Kill(id)
                }
            })
            .boxed()
    }

    fn calls(&self) -> BoxedStrategy<Event> {
        select(self.children.clone())
            .prop_flat_map(|(id, children)| (Just(id.clone()), calls(id, children)))
            .prop_map(|(id, call)| Event::Call(id, call))
            .boxed()
    }

    fn nexts(&self) -> BoxedStrategy<Event> {
        let fates = prop_oneof![3 => Just(Fate::Fails), 1 => Just(Fate::Ignores)];
        let counts = prop_oneof![3 => Just(1_u32), 2 => Just(2), 1 => Just(9)];
        (select(self.all.clone()), fates, counts)
            .prop_map(|(id, fate, count)| Event::Next(id, fate, count))
            .boxed()
    }

    fn slows(&self) -> BoxedStrategy<Event> {
        let delays = select(vec![30_u64, 700]);
        (select(self.all.clone()), delays, 1_u32..=3)
            .prop_map(|(id, delay, count)| Event::Slow(id, delay, count))
            .boxed()
    }

    fn waits(&self) -> BoxedStrategy<Event> {
        select(self.periods.clone()).prop_map(Event::Wait).boxed()
    }

    fn bursts(&self) -> BoxedStrategy<Event> {
        (
            select(self.workers.concat()),
            0_usize..4,
            ends(),
            0_usize..4,
        )
            .prop_map(|(worker, before, end, behind)| Event::Burst {
                worker,
                before,
                end,
                behind,
            })
            .boxed()
    }
}

fn static_ids(spec: &Spec, ids: &mut Vec<String>) {
    ids.push(spec.id.clone());
    if let Kind::Supervisor(_, children) = &spec.kind {
        children.iter().for_each(|child| static_ids(child, ids));
    }
}

fn ends() -> BoxedStrategy<End> {
    prop_oneof![
        2 => Just(End::Normal),
        2 => Just(End::Shutdown),
        1 => Just(End::ShutdownWith),
        4 => Just(End::Error),
        2 => Just(End::Exit),
        3 => Just(End::Panic),
        4 => Just(End::Kill),
    ]
    .boxed()
}

/// Calls to a supervisor, about these children of its.
fn calls(supervisor: String, children: Vec<String>) -> BoxedStrategy<Call> {
    let id = || select(children.clone());
    let started = (
        workers(),
        select(children.clone()),
        select(vec!["x", "y"]),
        0..4,
    );
    prop_oneof![
        3 => id().prop_map(Call::Terminate),
        3 => id().prop_map(Call::Restart),
        2 => id().prop_map(Call::Delete),
        1 => Just(Call::Which),
        1 => Just(Call::Count),
        3 => started.prop_map(move |(spec, present, new, is_present)| {
            let id = if is_present == 0 { present } else { format!("{supervisor}.{new}") };
            Call::StartChild(Spec { id, ..spec })
        }),
    ]
    .boxed()
}

fn stops() -> BoxedStrategy<Event> {
    select(vec![
        Stop::Normal,
        Stop::Shutdown,
        Stop::Parent(End::Normal),
        Stop::Parent(End::Shutdown),
        Stop::Parent(End::Error),
    ])
    .prop_map(Event::Stop)
    .boxed()
}

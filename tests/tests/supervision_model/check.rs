//! What must hold after every event.

use std::collections::{BTreeMap, HashSet};

use otp_core::ChildKind;

use super::driver::{Observed, show_state};
use super::event::{Line, What};
use super::model::Model;
use super::supervisor::Supervisor;
use super::tree::{Kind, ROOT};

/// The workers that live, by the journal alone.
#[derive(Default)]
pub(crate) struct Alive(HashSet<String>);

impl Alive {
    /// At most one incarnation of a worker is alive at any time, and each one ends once.
    pub(crate) fn check(&mut self, lines: &[Line]) {
        for line in lines {
            let changes = match line.what {
                What::Init => self.0.insert(line.id.clone()),
                What::Ended => self.0.remove(&line.id),
                What::Terminate => self.0.contains(&line.id),
                What::Starts | What::Began | What::Failed | What::Ignored => true,
            };
            assert!(changes, "at most one incarnation: {line:?} of {lines:#?}");
        }
    }

    /// How many live.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Compares what is there with what the model says.
pub(crate) fn step(model: &Model, observed: &Observed) {
    let seen = &model.world.seen;
    assert_eq!(observed.at, model.world.now, "the time");
    order(observed, &seen.lines, &seen.orphans);
    let mut ends = observed.ends.clone();
    ends.sort_unstable();
    let expected = seen.ends.iter();
    let mut expected: Vec<(String, String)> = expected
        .map(|(id, reason)| (id.clone(), (*reason).to_owned()))
        .collect();
    expected.sort_unstable();
    assert_eq!(ends, expected, "who has ended, and why");
    assert_eq!(observed.answers, seen.answers, "what callers were answered");
    tree(model, observed);
    leaks(model, observed);
}

/// Starts and stops come in the order, and at the times, that the rules say.
///
/// The processes below a supervisor that was killed end beside the rest, each in its own order.
fn order(observed: &Observed, main: &[Line], orphans: &[Vec<Line>]) {
    let mut lanes: Vec<Vec<Line>> = vec![Vec::new(); orphans.len()];
    let mut rest = Vec::new();
    for line in &observed.lines {
        let is_its = |lane: &Vec<Line>| lane.iter().any(|expected| expected.is_same(line));
        match orphans.iter().position(is_its) {
            Some(lane) => lanes[lane].push(line.clone()),
            None => rest.push(line.clone()),
        }
    }
    assert_eq!(rest, main, "starts and stops");
    assert_eq!(lanes, orphans, "the ends of orphans");
}

/// The tree, as each supervisor shows it, is the model's, and each child that runs is who it should be.
fn tree(model: &Model, observed: &Observed) {
    let supervisors: BTreeMap<&str, &Supervisor> = model.supervisors().into_iter().collect();
    let shown: Vec<&str> = observed.supervisors.keys().map(String::as_str).collect();
    assert_eq!(shown, supervisors.keys().copied().collect::<Vec<_>>());
    for (id, supervisor) in supervisors {
        let shown = observed.supervisors[id].iter();
        let shown: Vec<_> = shown
            .map(|child| {
                let pid = child.state.pid();
                (
                    (&*child.id, show_state(child.state), child.restarts),
                    (child.restart, child.shutdown, child.significant, child.kind),
                    (
                        pid,
                        pid.map(|pid| observed.ids.get(&pid).map(String::as_str)),
                    ),
                )
            })
            .collect();
        let children = supervisor.children.iter().rev();
        let expected: Vec<_> = children
            .map(|child| {
                let (spec, id) = (&child.spec, &*child.spec.id);
                let kind = match spec.kind {
                    Kind::Worker(_) => ChildKind::Worker,
                    Kind::Supervisor(..) => ChildKind::Supervisor,
                };
                let holder = observed.names.get(id).copied();
                (
                    (id, child.state(), child.starts.saturating_sub(1)),
                    (spec.restart, spec.shutdown, spec.significant, kind),
                    (holder, holder.map(|_| Some(id))),
                )
            })
            .collect();
        assert_eq!(shown, expected, "the children of {id}");
    }
}

/// Nothing is there but what lives.
fn leaks(model: &Model, observed: &Observed) {
    let names: Vec<String> = observed.names.keys().cloned().collect();
    assert_eq!(names, model.living(), "the names");
    assert_eq!(observed.processes, names.len(), "the processes");
    assert_eq!(observed.timers, 0, "the timers");
    let root = observed.names.get(ROOT);
    assert_eq!(observed.links, Vec::from_iter(root.copied()), "the links");
    assert_eq!(observed.monitors, 0, "the driver's monitors");
    assert_eq!(observed.monitored_by, 0, "the monitors of the driver");
}

//! The children of one supervisor in their start order. Pure: what each one is, never how it is started or stopped.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::flags::Strategy;
use crate::options::Restart;
use crate::pid::Pid;

/// The place of a child in the start order. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(u64);

/// Whether a child has a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{ChildState, Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).id("hits");
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// assert!(matches!(supervisor.get_child("hits").await.unwrap().state, ChildState::Running(_)));
/// supervisor.terminate_child("hits").await.unwrap();
/// assert_eq!(supervisor.get_child("hits").await.unwrap().state, ChildState::Undefined);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildState {
    /// This one.
    Running(Pid),
    /// None, and none will come by itself: it was stopped, ended for good, or did not want to be started.
    Undefined,
    /// None now: a start failed or is put off, and another attempt will follow.
    Restarting,
}

impl ChildState {
    /// The process, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::ChildState;
    ///
    /// # otp_core::doc_test(async {
    /// let me = process::self_pid();
    /// assert_eq!(ChildState::Running(me).pid(), Some(me));
    /// assert_eq!(ChildState::Restarting.pid(), None);
    /// # });
    /// ```
    #[must_use]
    pub fn pid(self) -> Option<Pid> {
        match self {
            ChildState::Running(pid) => Some(pid),
            ChildState::Undefined | ChildState::Restarting => None,
        }
    }
}

impl fmt::Display for ChildState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChildState::Running(pid) => fmt::Display::fmt(pid, f),
            ChildState::Undefined => f.write_str("undefined"),
            ChildState::Restarting => f.write_str("restarting"),
        }
    }
}

/// A child, with what the shell keeps of it.
#[derive(Debug)]
pub(crate) struct Child<W> {
    pub(crate) id: Arc<str>,
    pub(crate) restart: Restart,
    pub(crate) significant: bool,
    pub(crate) state: ChildState,
    pub(crate) worker: W,
}

/// Whom a restart stops and whom it starts, each in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) stop: Vec<Key>,
    pub(crate) start: Vec<Key>,
}

/// The children, and who is who.
#[derive(Debug)]
pub(crate) struct Children<W> {
    in_order: BTreeMap<Key, Child<W>>,
    by_id: FxHashMap<Arc<str>, Key>,
    by_pid: FxHashMap<Pid, Key>,
    /// How many significant children run, or will again. Counted along, so that an end need not look at all children.
    significant: usize,
    next: u64,
}

impl<W> Default for Children<W> {
    fn default() -> Self {
        Children {
            in_order: BTreeMap::new(),
            by_id: FxHashMap::default(),
            by_pid: FxHashMap::default(),
            significant: 0,
            next: 0,
        }
    }
}

impl<W> Children<W> {
    /// Adds a child at the end of the start order. None if there is one of that id.
    pub(crate) fn add(
        &mut self,
        id: Arc<str>,
        restart: Restart,
        significant: bool,
        worker: W,
    ) -> Option<Key> {
        if self.by_id.contains_key(&id) {
            return None;
        }
        let key = Key(self.next);
        self.next += 1;
        self.by_id.insert(Arc::clone(&id), key);
        let child = Child {
            id,
            restart,
            significant,
            state: ChildState::Undefined,
            worker,
        };
        self.in_order.insert(key, child);
        Some(key)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Child<W>> {
        self.in_order.get(&key)
    }

    /// What the shell keeps of a child.
    pub(crate) fn worker(&mut self, key: Key) -> Option<&mut W> {
        self.in_order.get_mut(&key).map(|child| &mut child.worker)
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<(Key, &Child<W>)> {
        let key = *self.by_id.get(id)?;
        Some((key, self.get(key)?))
    }

    pub(crate) fn with_pid(&self, pid: Pid) -> Option<(Key, &Child<W>)> {
        let key = *self.by_pid.get(&pid)?;
        Some((key, self.get(key)?))
    }

    /// In start order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Key, &Child<W>)> {
        self.in_order.iter().map(|(key, child)| (*key, child))
    }

    /// A process is the child now.
    pub(crate) fn started(&mut self, key: Key, pid: Pid) {
        self.set(key, ChildState::Running(pid));
        self.by_pid.insert(pid, key);
    }

    /// There is no process, and another attempt to start one will follow.
    pub(crate) fn restarting(&mut self, key: Key) {
        self.set(key, ChildState::Restarting);
    }

    /// It has ended, or its start was ignored: a temporary child is forgotten, of others the specification stays.
    pub(crate) fn stopped(&mut self, key: Key) {
        match self.get(key).map(|child| child.restart) {
            Some(Restart::Temporary) => self.remove(key),
            Some(Restart::Permanent | Restart::Transient) => self.set(key, ChildState::Undefined),
            None => {}
        }
    }

    pub(crate) fn remove(&mut self, key: Key) {
        self.set(key, ChildState::Undefined);
        if let Some(child) = self.in_order.remove(&key) {
            self.by_id.remove(&child.id);
        }
    }

    fn set(&mut self, key: Key, state: ChildState) {
        let Some(child) = self.in_order.get_mut(&key) else {
            return;
        };
        let before = std::mem::replace(&mut child.state, state);
        if child.significant {
            self.significant -= usize::from(before != ChildState::Undefined);
            self.significant += usize::from(state != ChildState::Undefined);
        }
        if let ChildState::Running(pid) = before {
            self.by_pid.remove(&pid);
        }
    }

    /// Whom the restart of a child takes with it, and who is started then. The child itself has ended.
    ///
    /// Temporary children are stopped and not started again; children that were stopped before are started.
    pub(crate) fn group(&mut self, strategy: Strategy, key: Key) -> Group {
        let keys: Vec<Key> = match strategy {
            Strategy::OneForOne => vec![key],
            Strategy::OneForAll => self.in_order.keys().copied().collect(),
            Strategy::RestForOne => self.in_order.range(key..).map(|(key, _)| *key).collect(),
        };
        let mut group = Group::default();
        for key in keys {
            let Some(child) = self.get(key) else {
                continue;
            };
            if child.restart != Restart::Temporary {
                group.start.push(key);
            }
            match child.state {
                ChildState::Running(_) => group.stop.push(key),
                ChildState::Restarting => self.set(key, ChildState::Undefined),
                ChildState::Undefined => {}
            }
        }
        group.stop.reverse();
        group
    }

    /// Those that run, in reverse start order.
    pub(crate) fn running_in_reverse(&self) -> Vec<Key> {
        let running = |(key, child): (Key, &Child<W>)| {
            matches!(child.state, ChildState::Running(_)).then_some(key)
        };
        self.iter().rev().filter_map(running).collect()
    }

    /// Whether a significant child runs, or will again.
    pub(crate) fn has_significant(&self) -> bool {
        self.significant > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pid::NodeId;

    fn pid(number: u64) -> Pid {
        Pid::new(NodeId(0), number)
    }

    /// Children `a`, `b`, … of these restart types, all running.
    fn children(restarts: &[Restart]) -> (Children<()>, Vec<Key>) {
        let mut children = Children::default();
        let names = ["a", "b", "c", "d", "e"];
        let keys = std::iter::zip(names, restarts).map(|(name, restart)| {
            let key = children.add(name.into(), *restart, false, ()).unwrap();
            children.started(key, pid(key.0 + 1));
            key
        });
        let keys = keys.collect();
        (children, keys)
    }

    fn ids(children: &Children<()>) -> String {
        children.iter().map(|(_, child)| &*child.id).collect()
    }

    const PERMANENT: Restart = Restart::Permanent;
    const TEMPORARY: Restart = Restart::Temporary;

    #[test]
    fn an_id_is_one_child() {
        let (mut children, keys) = children(&[PERMANENT; 2]);
        assert_eq!(children.add("a".into(), PERMANENT, false, ()), None);
        assert_eq!(children.with_id("b").map(|(key, _)| key), Some(keys[1]));
        children.remove(keys[1]);
        assert!(children.with_id("b").is_none());
        assert!(children.get(keys[1]).is_none());
        let again = children.add("b".into(), PERMANENT, false, ()).unwrap();
        assert_ne!(again, keys[1]);
    }

    #[test]
    fn a_pid_is_a_child_while_it_runs() {
        let (mut children, keys) = children(&[PERMANENT; 2]);
        assert_eq!(children.with_pid(pid(1)).map(|(key, _)| key), Some(keys[0]));
        children.restarting(keys[0]);
        assert!(children.with_pid(pid(1)).is_none());
        assert_eq!(children.get(keys[0]).unwrap().state, ChildState::Restarting);
        children.started(keys[0], pid(9));
        assert_eq!(children.with_pid(pid(9)).map(|(key, _)| key), Some(keys[0]));
        children.remove(keys[0]);
        assert!(children.with_pid(pid(9)).is_none());
    }

    #[test]
    fn nothing_is_kept_of_children_that_come_and_go() {
        let (mut children, keys) = children(&[TEMPORARY, PERMANENT]);
        children.stopped(keys[0]);
        children.remove(keys[1]);
        assert_eq!(children.iter().count(), 0);
        assert!(children.by_id.is_empty() && children.by_pid.is_empty());
    }

    #[test]
    fn a_state_has_a_process_or_says_why_not() {
        let states = [
            ChildState::Running(pid(7)),
            ChildState::Undefined,
            ChildState::Restarting,
        ];
        assert_eq!(states.map(ChildState::pid), [Some(pid(7)), None, None]);
        let shown = states.map(|state| state.to_string());
        assert_eq!(
            shown,
            [&*pid(7).to_string(), "undefined", "restarting"].map(str::to_owned)
        );
    }

    #[test]
    fn what_the_shell_keeps_is_there_until_the_child_is_forgotten() {
        let mut children = Children::default();
        let key = children.add("a".into(), PERMANENT, false, 1).unwrap();
        *children.worker(key).unwrap() += 1;
        assert_eq!(children.get(key).map(|child| child.worker), Some(2));
        children.remove(key);
        children.stopped(key);
        assert_eq!(children.worker(key), None);
    }

    #[test]
    fn those_that_run_are_listed_in_reverse() {
        let (mut children, keys) = children(&[PERMANENT; 4]);
        children.stopped(keys[1]);
        children.restarting(keys[3]);
        assert_eq!(children.running_in_reverse(), [keys[2], keys[0]]);
    }

    #[test]
    fn a_temporary_child_that_stops_is_forgotten() {
        let (mut children, keys) = children(&[PERMANENT, TEMPORARY, Restart::Transient]);
        keys.iter().for_each(|key| children.stopped(*key));
        assert_eq!(ids(&children), "ac");
        assert!(children.running_in_reverse().is_empty());
    }

    #[test]
    fn one_for_one_takes_nobody_with_it() {
        let (mut children, keys) = children(&[PERMANENT; 3]);
        children.stopped(keys[1]);
        let expected = Group {
            stop: vec![],
            start: vec![keys[1]],
        };
        assert_eq!(children.group(Strategy::OneForOne, keys[1]), expected);
    }

    #[test]
    fn one_for_all_stops_in_reverse_and_starts_in_order() {
        let (mut children, keys) = children(&[PERMANENT; 3]);
        children.stopped(keys[1]);
        let expected = Group {
            stop: vec![keys[2], keys[0]],
            start: keys.clone(),
        };
        assert_eq!(children.group(Strategy::OneForAll, keys[1]), expected);
    }

    #[test]
    fn rest_for_one_leaves_those_that_were_started_before() {
        let (mut children, keys) = children(&[PERMANENT; 4]);
        children.stopped(keys[1]);
        let expected = Group {
            stop: vec![keys[3], keys[2]],
            start: keys[1..].to_vec(),
        };
        assert_eq!(children.group(Strategy::RestForOne, keys[1]), expected);
    }

    #[test]
    fn a_group_stops_temporary_children_and_starts_those_that_were_stopped() {
        let (mut children, keys) = children(&[PERMANENT, TEMPORARY, PERMANENT, PERMANENT]);
        children.stopped(keys[0]);
        children.stopped(keys[2]);
        children.restarting(keys[3]);
        let expected = Group {
            stop: vec![keys[1]],
            start: vec![keys[0], keys[2], keys[3]],
        };
        assert_eq!(children.group(Strategy::OneForAll, keys[0]), expected);
        // Its restart is part of the group's now.
        assert_eq!(children.get(keys[3]).unwrap().state, ChildState::Undefined);
    }

    #[test]
    fn a_significant_child_counts_while_it_runs_or_will() {
        let mut children = Children::default();
        let plain = children
            .add("a".into(), Restart::Transient, false, ())
            .unwrap();
        let significant = children
            .add("b".into(), Restart::Transient, true, ())
            .unwrap();
        children.started(plain, pid(1));
        assert!(!children.has_significant());
        children.started(significant, pid(2));
        assert!(children.has_significant());
        children.restarting(significant);
        assert!(children.has_significant());
        children.stopped(significant);
        assert!(!children.has_significant());
    }

    #[test]
    fn significant_children_count_one_by_one_however_they_go() {
        let mut children = Children::default();
        let keys = ["a", "b", "c"].map(|id| {
            let key = children.add(id.into(), Restart::Transient, true, ());
            key.unwrap()
        });
        for (number, key) in std::iter::zip(1.., keys) {
            children.started(key, pid(number));
            children.started(key, pid(number + 10));
        }
        children.stopped(keys[0]);
        children.stopped(keys[0]);
        assert!(children.has_significant());
        children.remove(keys[1]);
        assert!(children.has_significant());
        children.restarting(keys[2]);
        children.remove(keys[2]);
        assert!(!children.has_significant());
    }
}

//! The supervision tree of a snapshot, as lines. Pure.

use std::collections::{HashMap, HashSet};

use crate::snapshot::{Child, Process, Snapshot};

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// What leads to it from the left.
    pub(crate) guide: String,
    pub(crate) what: Entry<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    Process(&'a Process),
    /// A child that has no process now.
    Vacant(&'a Child),
}

/// All processes, each below who started it; the children of a supervisor in start order, with those that do not run.
pub(crate) fn rows(snapshot: &Snapshot) -> Vec<Row<'_>> {
    let by_pid = snapshot.by_pid();
    let mut below: HashMap<&str, Vec<&Process>> = HashMap::new();
    let mut roots = Vec::new();
    for process in &snapshot.processes {
        match process.parent.as_deref() {
            Some(parent) if by_pid.contains_key(parent) => {
                below.entry(parent).or_default().push(process);
            }
            _ => roots.push(process),
        }
    }
    let mut forest = Forest {
        by_pid,
        below,
        rows: Vec::with_capacity(snapshot.processes.len()),
        seen: HashSet::new(),
    };
    for root in roots {
        forest.add(root, String::new(), "");
    }
    forest.rows
}

struct Forest<'a> {
    by_pid: HashMap<&'a str, &'a Process>,
    below: HashMap<&'a str, Vec<&'a Process>>,
    rows: Vec<Row<'a>>,
    seen: HashSet<&'a str>,
}

impl<'a> Forest<'a> {
    fn add(&mut self, process: &'a Process, guide: String, indent: &str) {
        if !self.seen.insert(&process.pid) {
            return;
        }
        self.rows.push(Row {
            guide,
            what: Entry::Process(process),
        });
        let entries = self.entries(process);
        let last = entries.len().saturating_sub(1);
        for (nth, entry) in entries.into_iter().enumerate() {
            let (tick, further) = if nth == last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let guide = format!("{indent}{tick}");
            match entry {
                Entry::Process(child) => self.add(child, guide, &format!("{indent}{further}")),
                Entry::Vacant(_) => self.rows.push(Row { guide, what: entry }),
            }
        }
    }

    /// What comes below a process, and was not somewhere else before.
    fn entries(&self, process: &'a Process) -> Vec<Entry<'a>> {
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut listed = HashSet::new();
        for child in &process.children {
            match &child.pid {
                None => entries.push(Entry::Vacant(child)),
                Some(pid) => {
                    let found = self.by_pid.get(pid.as_str()).copied();
                    if let Some(found) = found.filter(|_| listed.insert(pid.as_str())) {
                        entries.push(Entry::Process(found));
                    }
                }
            }
        }
        let others = self.below.get(process.pid.as_str()).into_iter().flatten();
        let others = others.filter(|other| listed.insert(&other.pid));
        entries.extend(others.map(|other| Entry::Process(other)));
        entries.retain(|entry| match entry {
            Entry::Process(process) => !self.seen.contains(process.pid.as_str()),
            Entry::Vacant(_) => true,
        });
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: &str, parent: &str, children: &[(&str, Option<&str>)]) -> Process {
        let child = |(id, pid): &(&str, Option<&str>)| Child {
            id: (*id).to_owned(),
            pid: pid.map(str::to_owned),
            ..Child::default()
        };
        Process {
            pid: pid.to_owned(),
            parent: (!parent.is_empty()).then(|| parent.to_owned()),
            children: children.iter().map(child).collect(),
            ..Process::default()
        }
    }

    fn drawn(processes: Vec<Process>) -> Vec<String> {
        let snapshot = Snapshot {
            processes,
            ..Snapshot::default()
        };
        let line = |row: &Row<'_>| match row.what {
            Entry::Process(process) => format!("{}{}", row.guide, process.pid),
            Entry::Vacant(child) => format!("{}({})", row.guide, child.id),
        };
        rows(&snapshot).iter().map(line).collect()
    }

    #[test]
    fn children_come_in_start_order_and_helpers_after_them() {
        let lines = drawn(vec![
            process("1", "", &[("b", Some("4")), ("a", None), ("c", Some("2"))]),
            process("2", "1", &[]),
            process("3", "2", &[]),
            process("4", "1", &[]),
            process("5", "1", &[]),
            process("6", "", &[]),
        ]);
        let expected = ["1", "├─ 4", "├─ (a)", "├─ 2", "│  └─ 3", "└─ 5", "6"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn who_has_lost_its_parent_is_a_root() {
        assert_eq!(drawn(vec![process("2", "1", &[])]), ["2"]);
    }
}

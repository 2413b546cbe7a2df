//! A snapshot as a flowchart of Mermaid. Pure.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use crate::forest::{Entry, rows};
use crate::snapshot::{Process, Snapshot};

impl Snapshot {
    /// Draws the tree as a flowchart of [Mermaid](https://mermaid.js.org).
    ///
    /// A line leads from who started a process to the process, a dotted one from a supervisor to a child that does not run, an
    /// open one between processes that are linked otherwise, a thick one from who waits to who is waited for. Processes of a
    /// deadlock are red.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::Snapshot;
    ///
    /// let json = r#"{"processes": [{"pid": "<0.1>", "kind": "a::Tree"}, {"pid": "<0.2>", "kind": "a::B", "parent": "<0.1>"}]}"#;
    /// let snapshot: Snapshot = serde_json::from_str(json).unwrap();
    /// assert!(snapshot.to_mermaid().contains("p0_1 --> p0_2"));
    /// ```
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut chart = String::from("flowchart TD\n");
        let mut edges = String::new();
        let mut in_tree = BTreeSet::new();
        // Who the last one at each depth is.
        let mut path: Vec<&Process> = Vec::new();
        for (nth, row) in rows(self).iter().enumerate() {
            path.truncate(row.guide.chars().count() / 3);
            let above = path.last();
            match row.what {
                Entry::Process(process) => {
                    let _ = writeln!(chart, "    {}[\"{}\"]", id(&process.pid), label(process));
                    if let Some(above) = above {
                        in_tree.insert(pair(&above.pid, &process.pid));
                        edge(&mut edges, &above.pid, "-->", &process.pid);
                    }
                    path.push(process);
                }
                Entry::Vacant(child) => {
                    let what = format!("{}<br/>{}", escape(&child.id), escape(&child.state));
                    let _ = writeln!(chart, "    v{nth}[\"{what}\"]");
                    if let Some(above) = above {
                        let _ = writeln!(edges, "    {} -.-> v{nth}", id(&above.pid));
                    }
                }
            }
        }
        let by_pid = self.by_pid();
        self.write_links(&mut edges, &by_pid, in_tree);
        for process in &self.processes {
            if let Some(server) = &process.waiting_for
                && by_pid.contains_key(server.as_str())
            {
                edge(&mut edges, &process.pid, "==>|waits for|", server);
            }
        }
        chart.push_str(&edges);
        let dead: Vec<String> = self.cycles.iter().flatten().map(|pid| id(pid)).collect();
        if !dead.is_empty() {
            chart.push_str("    classDef deadlock stroke:#c00,stroke-width:3px\n");
            let _ = writeln!(chart, "    class {} deadlock", dead.join(","));
        }
        chart
    }

    fn write_links(
        &self,
        edges: &mut String,
        by_pid: &HashMap<&str, &Process>,
        mut drawn: BTreeSet<(String, String)>,
    ) {
        for process in &self.processes {
            let peers = process.links.iter();
            for peer in peers.filter(|peer| by_pid.contains_key(peer.as_str())) {
                if drawn.insert(pair(&process.pid, peer)) {
                    edge(edges, &process.pid, "---", peer);
                }
            }
        }
    }
}

fn edge(edges: &mut String, from: &str, arrow: &str, to: &str) {
    let _ = writeln!(edges, "    {} {arrow} {}", id(from), id(to));
}

/// The same one for both directions.
fn pair(one: &str, other: &str) -> (String, String) {
    let (first, last) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    (first.to_owned(), last.to_owned())
}

fn id(pid: &str) -> String {
    let words = pid.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!("p{}", words.join("_"))
}

fn label(process: &Process) -> String {
    let mut label = format!("{}<br/>{}", escape(&process.title()), escape(&process.pid));
    if process.restarts > 0 {
        let _ = write!(label, "<br/>restarts {}", process.restarts);
    }
    if process.mailbox > 0 {
        let _ = write!(label, "<br/>mailbox {}", process.mailbox);
    }
    label
}

/// Text in a label: what Mermaid or HTML would read otherwise is spelt by its code.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("#quot;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '#' => escaped.push_str("#35;"),
            '&' => escaped.push_str("#amp;"),
            '`' => escaped.push_str("#96;"),
            '\\' => escaped.push_str("#92;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Child;

    #[test]
    fn a_tree_with_all_that_can_be_in_it() {
        let process = |pid: &str, parent: Option<&str>, name: &str| Process {
            pid: pid.to_owned(),
            parent: parent.map(str::to_owned),
            name: Some(name.to_owned()),
            ..Process::default()
        };
        let mut top = process("<0.1>", None, "top");
        top.children = vec![
            Child {
                id: "a".into(),
                pid: Some("<0.2>".into()),
                ..Child::default()
            },
            Child {
                id: "b".into(),
                state: "restarting".into(),
                ..Child::default()
            },
        ];
        let mut a = process("<0.2>", Some("<0.1>"), "say \"hi\"");
        a.links = vec!["<0.1>".into(), "<0.3>".into(), "<0.9>".into()];
        a.waiting_for = Some("<0.3>".into());
        (a.restarts, a.mailbox) = (2, 5);
        let mut c = process("<0.3>", Some("<0.1>"), "c");
        c.links = vec!["<0.2>".into()];
        c.waiting_for = Some("<0.2>".into());
        let snapshot = Snapshot {
            processes: vec![top, a, c],
            cycles: vec![vec!["<0.2>".into(), "<0.3>".into()]],
            ..Snapshot::default()
        };
        let expected = r##"flowchart TD
    p0_1["top<br/>#lt;0.1#gt;"]
    p0_2["say #quot;hi#quot;<br/>#lt;0.2#gt;<br/>restarts 2<br/>mailbox 5"]
    v2["b<br/>restarting"]
    p0_3["c<br/>#lt;0.3#gt;"]
    p0_1 --> p0_2
    p0_1 -.-> v2
    p0_1 --> p0_3
    p0_2 --- p0_3
    p0_2 ==>|waits for| p0_3
    p0_3 ==>|waits for| p0_2
    classDef deadlock stroke:#c00,stroke-width:3px
    class p0_2,p0_3 deadlock
"##;
        assert_eq!(snapshot.to_mermaid(), expected);
    }
}

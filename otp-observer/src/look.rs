//! Looks at a node: everything in a [`Snapshot`] comes from here.
//!
//! A process is looked at from outside; that costs it nothing and works while it hangs. Supervisors are asked for their
//! children, each when there is news of it, and are not waited for longer than [`PATIENCE`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use otp_core::prelude::*;
use otp_core::process::ProcessInfo;
use otp_core::supervisor::children_of;
use otp_core::{ChildInfo, ChildKind, ChildState, Restart};
use tokio::task::JoinSet;

use crate::cycles::cycles;
use crate::snapshot::{Child, Process, Snapshot};
use crate::text;
use crate::watch::Watch;

/// For how long supervisors are waited for. What they say later is in the next snapshot.
const PATIENCE: Duration = Duration::from_millis(250);

/// After how long processes that wait for each other are looked at again, to see whether they still do.
const SECOND_LOOK: Duration = Duration::from_millis(20);

/// Processes that are looked at before others get a turn.
const TURN: usize = 256;

/// What one who looks has learned of the supervisors.
#[derive(Debug, Default)]
pub(crate) struct Family {
    known: HashMap<Pid, Known>,
    asked: JoinSet<(Pid, Result<Vec<ChildInfo>, CallFailure>)>,
}

/// What is known of one.
#[derive(Debug, Default)]
struct Known {
    children: Vec<ChildInfo>,
    /// What had been said of it when it was asked. None if it has to be asked again.
    changes: Option<u64>,
    is_asked: bool,
}

impl Family {
    /// Asks those of whom there is news, and waits a little for their answers.
    async fn refresh(&mut self, node: &Node, watch: Option<&Watch>, alive: &HashSet<Pid>) {
        self.known.retain(|pid, _| alive.contains(pid));
        for pid in alive {
            let changes = watch.map_or(0, |watch| watch.changes(*pid));
            let is_known = self.known.get(pid).is_some_and(|known| {
                known.is_asked || (known.changes == Some(changes) && !known.has_lost_one(alive))
            });
            if !is_known && let Some(children) = children_of(node, *pid) {
                let known = self.known.entry(*pid).or_default();
                (known.changes, known.is_asked) = (Some(changes), true);
                let pid = *pid;
                let ask = async move { (pid, children.await) };
                self.asked.spawn(ask.in_node(node));
            }
        }
        let answers = async {
            while let Some(answer) = self.asked.join_next().await {
                if let Ok((pid, children)) = answer
                    && let Some(known) = self.known.get_mut(&pid)
                {
                    known.is_asked = false;
                    match children {
                        Ok(children) => known.children = children,
                        Err(_) => known.changes = None,
                    }
                }
            }
        };
        let _ = tokio::time::timeout(PATIENCE, answers).await;
    }

    fn children(&self, pid: Pid) -> &[ChildInfo] {
        let known = self.known.get(&pid);
        known.map_or(&[], |known| known.children.as_slice())
    }
}

impl Known {
    /// Whether a child has ended since.
    fn has_lost_one(&self, alive: &HashSet<Pid>) -> bool {
        let children = self.children.iter();
        let mut pids = children.filter_map(|child| child.state.pid());
        pids.any(|pid| !alive.contains(&pid))
    }
}

/// Looks at all processes of the current node.
pub(crate) async fn look(
    node: &Node,
    watch: Option<&Arc<Watch>>,
    family: &mut Family,
    most: usize,
) -> Snapshot {
    let pids = node.processes();
    let alive: HashSet<Pid> = pids.iter().copied().collect();
    let watch = watch.map(|watch| &**watch);
    family.refresh(node, watch, &alive).await;
    let (mut processes, mut waiting) = (Vec::with_capacity(pids.len()), HashMap::new());
    for pids in pids.chunks(TURN) {
        for info in pids.iter().filter_map(process::info) {
            if let Some(server) = info.waiting_for {
                waiting.insert(info.pid, server);
            }
            processes.push(process(info, watch, family));
        }
        tokio::task::yield_now().await;
    }
    if let Some(watch) = watch {
        watch.retain(&alive);
    }
    name_children(&mut processes);
    let mut snapshot = Snapshot {
        total: processes.len(),
        processes,
        cycles: deadlocks(waiting).await,
        ..Snapshot::default()
    };
    snapshot.limit(most);
    snapshot
}

fn process(info: ProcessInfo, watch: Option<&Watch>, family: &Family) -> Process {
    let calls = watch.map(|watch| {
        watch.count(&info);
        watch.calls(info.pid)
    });
    let calls = calls.unwrap_or_default();
    let activity = info.activity.as_ref();
    Process {
        pid: info.pid.to_string(),
        kind: text::bounded(info.kind),
        name: info.name.map(text::bounded),
        label: info.label.map(text::bounded),
        id: None,
        parent: info.parent.as_ref().map(Pid::to_string),
        links: text::pids(&info.links),
        monitors: text::pids(&info.monitors),
        monitored_by: text::pids(&info.monitored_by),
        waiting_for: info.waiting_for.as_ref().map(Pid::to_string),
        trap_exit: info.trap_exit,
        suspended: info.suspended,
        mailbox: info.message_queue_len + activity.map_or(0, |activity| activity.taken),
        lost: info.lost_messages,
        memory: info.memory + activity.map_or(0, |activity| activity.state_size),
        messages: activity.map(|activity| activity.statistics.messages_in),
        message: activity.and_then(|activity| activity.message.map(text::bounded)),
        calls: calls.count,
        calls_us: calls.micros,
        restarts: 0,
        children: family.children(info.pid).iter().map(child).collect(),
    }
}

fn child(info: &ChildInfo) -> Child {
    let state = match info.state {
        ChildState::Running(_) => "running",
        ChildState::Restarting => "restarting",
        ChildState::Undefined => "undefined",
    };
    Child {
        id: text::bounded(&info.id),
        pid: info.state.pid().as_ref().map(Pid::to_string),
        state: state.to_owned(),
        supervisor: info.kind == ChildKind::Supervisor,
        restart: match info.restart {
            Restart::Permanent => "permanent",
            Restart::Transient => "transient",
            Restart::Temporary => "temporary",
        }
        .to_owned(),
        restarts: info.restarts,
    }
}

/// Tells processes what their supervisors call them.
fn name_children(processes: &mut [Process]) {
    let children: HashMap<String, (String, u64)> = processes
        .iter()
        .flat_map(|process| &process.children)
        .filter_map(|child| Some((child.pid.clone()?, (child.id.clone(), child.restarts))))
        .collect();
    for process in processes {
        if let Some((id, restarts)) = children.get(&process.pid) {
            (process.id, process.restarts) = (Some(id.clone()), *restarts);
        }
    }
}

/// Who waits for whom in a circle, and does so a little later too: the looks at two processes are not at one moment.
async fn deadlocks(waiting: HashMap<Pid, Pid>) -> Vec<Vec<String>> {
    let named = |(who, whom): (&Pid, &Pid)| (who.to_string(), whom.to_string());
    if cycles(&waiting.iter().map(named).collect()).is_empty() {
        return Vec::new();
    }
    tokio::time::sleep(SECOND_LOOK).await;
    let still = waiting.iter().filter(|(who, whom)| {
        process::info(*who).is_some_and(|info| info.waiting_for == Some(**whom))
    });
    cycles(&still.map(named).collect())
}

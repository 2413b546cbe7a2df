//! The process that does events to the tree and looks at what is there afterwards. It is the parent of the root.

use std::collections::BTreeMap;
use std::future::Future;

use otp_core::process::{self, Mailbox};
use otp_core::{
    CallFailure, ChildError, ChildInfo, ChildState, ExitReason, Node, Pid, ServerHandle, ServerRef,
    StartChildError, StartError, Supervisor, SupervisorRef, sys,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::event::{Call, End, Event, Line, Stop, show_reason};
use super::model::supervisors_of;
use super::scripted::{self, Stage, Told, Worker};
use super::tree::{Kind, ROOT, Spec, millis};
use super::watcher::{Register, watch};

/// An event to be done.
pub(crate) struct Order {
    pub(crate) event: Event,
    /// When to go on, for an event of several parts.
    pub(crate) pauses: Vec<u64>,
    /// When to look.
    pub(crate) until: u64,
    pub(crate) done: oneshot::Sender<Observed>,
}

/// What is there after an event.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    pub(crate) at: u64,
    pub(crate) lines: Vec<Line>,
    pub(crate) ends: Vec<(String, String)>,
    pub(crate) answers: BTreeMap<usize, String>,
    /// What each supervisor says of its children, the youngest first.
    pub(crate) supervisors: BTreeMap<String, Vec<ChildInfo>>,
    /// Who they are, as the watcher knows.
    pub(crate) ids: BTreeMap<Pid, String>,
    /// Who has which name.
    pub(crate) names: BTreeMap<String, Pid>,
    /// Processes beside the driver and the watcher.
    pub(crate) processes: usize,
    pub(crate) timers: usize,
    /// The driver's.
    pub(crate) links: Vec<Pid>,
    pub(crate) monitors: usize,
    pub(crate) monitored_by: usize,
}

/// The driver's code.
pub(crate) async fn drive(mut mailbox: Mailbox<Order>, tree: Spec) {
    process::trap_exit(true);
    let register = Register::default();
    let own = register.clone();
    let watcher = process::spawn(async move |mailbox| watch(mailbox, own).await);
    let mut driver = Driver {
        node: Node::current().expect("the driver is a process"),
        stage: Stage::new(watcher),
        register,
        tree,
        calls: Vec::new(),
    };
    loop {
        let order = mailbox.receive().await;
        let mut pauses = order.pauses.into_iter();
        driver.act(order.event, &mut pauses).await;
        driver.until(order.until).await;
        let observed = driver.look().await;
        // The case may have failed meanwhile.
        let _ = order.done.send(observed);
    }
}

struct Driver {
    node: Node,
    stage: Stage,
    register: Register,
    tree: Spec,
    calls: Vec<JoinHandle<String>>,
}

impl Driver {
    async fn until(&self, at: u64) {
        tokio::time::sleep_until(self.stage.origin + millis(at)).await;
    }

    /// Makes a call in a task of its own.
    fn call(&mut self, call: impl Future<Output = String> + Send + 'static) {
        let call = self.node.run(call);
        self.calls.push(tokio::spawn(call));
    }

    async fn act(&mut self, event: Event, pauses: &mut impl Iterator<Item = u64>) {
        match event {
            Event::Start if self.node.whereis(ROOT).is_some() => {}
            Event::Start => {
                let started = scripted::supervisor(&self.tree, &self.stage).start().await;
                let answer = match started {
                    Ok(_) => "running",
                    Err(StartError::Ignore) => "ignored",
                    Err(_) => "failed",
                };
                self.call(async move { answer.to_owned() });
            }
            Event::Ends(ends) => {
                let mut seen = Vec::new();
                for (id, end) in ends {
                    if !seen.contains(&id) {
                        end_worker(&id, end);
                        seen.push(id);
                    }
                }
            }
            Event::HeldEnds { ends, calls } => self.held_ends(ends, calls, pauses).await,
            Event::Signal(id, end) => {
                if let Some(pid) = self.node.whereis(&id) {
                    process::exit(pid, end.reason());
                }
            }
            Event::Kill(id) => kill(&id),
            Event::Call(supervisor, call) => {
                let supervisor = SupervisorRef::named(supervisor);
                let stage = self.stage.clone();
                self.call(async move { ask(&supervisor, call, &stage).await });
            }
            Event::Next(id, fate, count) => self.stage.next(&id, fate, count),
            Event::Slow(id, delay, count) => self.stage.slow(&id, delay, count),
            Event::Wait(_) => {}
            Event::Burst {
                worker,
                before,
                end,
                behind,
            } => {
                // All tasks that are polled in this order before the worker gets a turn.
                (0..before).for_each(|_| self.ping(&worker));
                let told = worker.clone();
                let end = async move { end_worker(&told, end) };
                tokio::spawn(self.node.run(end));
                (0..behind).for_each(|_| self.ping(&worker));
            }
            Event::Stop(stop) => self.stop(stop).await,
        }
    }

    fn ping(&mut self, worker: &str) {
        let worker = ServerRef::<Worker>::named(worker);
        self.call(async move {
            match worker.call(Told::Ping).await {
                Ok(()) => "pong".to_owned(),
                Err(failure) => show_failure(&failure),
            }
        });
    }

    async fn held_ends(
        &mut self,
        ends: Vec<(String, End)>,
        calls: Vec<Call>,
        pauses: &mut impl Iterator<Item = u64>,
    ) {
        let mut pause = || pauses.next().expect("the model has one for each part");
        let supervisors = supervisors_of(&ends).into_iter();
        let held: Vec<ServerRef<Supervisor>> = supervisors
            .map(|id| ServerRef::named(id).pin().unwrap_or(ServerRef::named(id)))
            .collect();
        for supervisor in &held {
            // One that is not there is not held.
            let _ = sys::suspend(supervisor).await;
        }
        for (id, end) in &ends {
            if let Some(worker) = ServerRef::<Worker>::named(&**id).pin() {
                let monitor = worker.monitor();
                end_worker(id, *end);
                process::receive_down(monitor).await;
            }
        }
        self.until(pause()).await;
        for call in calls {
            let supervisor = SupervisorRef::from(held[0].clone());
            let stage = self.stage.clone();
            self.call(async move { ask(&supervisor, call, &stage).await });
        }
        self.until(pause()).await;
        for supervisor in &held {
            let _ = sys::resume(supervisor).await;
            self.until(pause()).await;
        }
    }

    async fn stop(&mut self, stop: Stop) {
        let root = SupervisorRef::named(ROOT);
        match stop {
            // That it ends, and why, is looked at by the watcher.
            Stop::Normal => drop(root.stop().await),
            Stop::Shutdown => drop(root.stop().reason(ExitReason::Shutdown).await),
            Stop::Parent(end) => {
                if let Some(pid) = root.pid() {
                    process::exit(pid, end.reason());
                }
            }
            Stop::Kill => kill(ROOT),
        }
    }

    /// What is there. It takes no time.
    async fn look(&mut self) -> Observed {
        let ends = self.register.take_ends().into_iter();
        let own = process::info(process::self_pid()).expect("it lives");
        let mut observed = Observed {
            at: self.stage.now(),
            lines: self.stage.take_journal(),
            ends: ends
                .map(|(id, reason)| (id, show_reason(&reason)))
                .collect(),
            processes: self.node.processes().len() - 2,
            timers: self.node.timer_count(),
            links: own.links,
            monitors: own.monitors.len(),
            monitored_by: own.monitored_by.len(),
            ..Observed::default()
        };
        for (number, call) in self.calls.drain(..).enumerate() {
            let answer = if call.is_finished() {
                call.await.unwrap_or_else(|error| error.to_string())
            } else {
                "left hanging".to_owned()
            };
            observed.answers.insert(number, answer);
        }
        for name in self.node.registered() {
            let pid = self.node.whereis(name.as_str());
            let pid = pid.expect("nothing happens meanwhile");
            observed.names.insert(name.to_string(), pid);
            observed
                .ids
                .extend(self.register.id(pid).map(|id| (pid, id)));
            let supervisor = ServerRef::<Supervisor>::named(name.clone());
            match SupervisorRef::from(supervisor).which_children().await {
                Ok(children) => drop(observed.supervisors.insert(name.to_string(), children)),
                Err(failure) => assert_eq!(failure, CallFailure::WrongServer),
            }
        }
        observed
    }
}

/// Ends a worker, if there is one of that id.
fn end_worker(id: &str, end: End) {
    let Some(worker) = ServerRef::<Worker>::named(id).pin() else {
        return;
    };
    match end {
        End::Kill => process::exit(&worker, ExitReason::Kill),
        _ => drop(worker.cast(Told::End(end))),
    }
}

/// Kills a supervisor, if there is one of that id.
fn kill(id: &str) {
    if let Some(supervisor) = ServerRef::<Supervisor>::named(id).pin() {
        process::exit(&supervisor, ExitReason::Kill);
    }
}

/// Asks a supervisor, and writes its answer as the model does.
async fn ask(supervisor: &SupervisorRef, call: Call, stage: &Stage) -> String {
    let said = |answer: Result<&'static str, ChildError>| match answer {
        Ok(answer) => answer.to_owned(),
        Err(error) => match error {
            ChildError::NotFound => "not found".to_owned(),
            ChildError::Running => "is running".to_owned(),
            ChildError::Restarting => "is restarting".to_owned(),
            ChildError::Start(_) => "failed".to_owned(),
            ChildError::Failed(failure) => show_failure(&failure),
            other => other.to_string(),
        },
    };
    match call {
        Call::StartChild(spec) => {
            let Kind::Worker(work) = spec.kind else {
                unreachable!("only workers are added")
            };
            let child = scripted::worker(&spec, work, stage);
            let started = supervisor.start_child(child).await;
            match started {
                Ok(_) => "running".to_owned(),
                Err(error) => show_start_child_error(&error),
            }
        }
        Call::Terminate(id) => said(supervisor.terminate_child(id).await.map(|()| "ok")),
        Call::Delete(id) => said(supervisor.delete_child(id).await.map(|()| "ok")),
        Call::Restart(id) => {
            let restarted = supervisor.restart_child(id).await;
            said(restarted.map(|pid| pid.map_or("undefined", |_| "running")))
        }
        Call::Which => match supervisor.which_children().await {
            Ok(children) => {
                let children = children.iter();
                let children =
                    children.map(|child| format!("{} {}", child.id, show_state(child.state)));
                children.collect::<Vec<_>>().join(", ")
            }
            Err(failure) => show_failure(&failure),
        },
        Call::Count => match supervisor.count_children().await {
            Ok(counts) => format!(
                "specs {} active {} supervisors {} workers {}",
                counts.specs, counts.active, counts.supervisors, counts.workers
            ),
            Err(failure) => show_failure(&failure),
        },
    }
}

/// A state without its pid.
pub(crate) fn show_state(state: ChildState) -> &'static str {
    match state {
        ChildState::Running(_) => "running",
        ChildState::Undefined => "undefined",
        ChildState::Restarting => "restarting",
    }
}

fn show_start_child_error(error: &StartChildError) -> String {
    match error {
        StartChildError::AlreadyStarted(_) => "already started".to_owned(),
        StartChildError::AlreadyPresent => "already present".to_owned(),
        StartChildError::Spec(_) => "bad spec".to_owned(),
        StartChildError::Start(StartError::Ignore) => "ignored".to_owned(),
        StartChildError::Start(_) => "failed".to_owned(),
        StartChildError::Failed(failure) => show_failure(failure),
        other => other.to_string(),
    }
}

/// A caller is told that the server is not there, or that it has ended.
fn show_failure(failure: &CallFailure) -> String {
    match failure {
        CallFailure::NoProc | CallFailure::WrongServer | CallFailure::Exit(_) => "told".to_owned(),
        other => other.to_string(),
    }
}

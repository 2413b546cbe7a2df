//! OTP's rules of supervision, from `supervisor.erl` and its documentation: what happens to a tree, and in what order.
//!
//! No process, no clock: a supervisor here is a value with an inbox, and what it does takes as long as its children's
//! inits and terminates take. It serves one message after the other, so that what it does is one sequence.

use std::collections::{BTreeMap, VecDeque};

use otp_core::{AutoShutdown, Restart, Shutdown, Strategy};

use super::event::{Call, Fate, Line, Lives, What};
use super::tree::{Kind, Spec, Work, is_below};

/// What the tree shares: the clock, what is to be expected of the next starts, and what has happened.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) fates: BTreeMap<String, (Fate, u32)>,
    pub(crate) delays: BTreeMap<String, (u64, u32)>,
    processes: u64,
    lives: Lives,
    pub(crate) seen: Seen,
}

/// What one event leads to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The lines of the journal, in order.
    pub(crate) lines: Vec<Line>,
    /// Those of processes whose supervisor was killed: each goes its own way, and no order among them is promised.
    pub(crate) orphans: Vec<Vec<Line>>,
    /// Who has ended, and why.
    pub(crate) ends: Vec<(String, &'static str)>,
    /// What the callers get, by the number of the call.
    pub(crate) answers: BTreeMap<usize, String>,
    /// When the driver goes on, if it does several things.
    pub(crate) pauses: Vec<u64>,
    /// Until when the processes below a killed supervisor live.
    orphaned: Vec<(String, u64)>,
}

/// A process.
#[derive(Clone)]
pub(crate) struct Process {
    /// Names it among all that there have been.
    number: u64,
    is_alive: bool,
    /// If it is a supervisor.
    pub(crate) supervisor: Option<Supervisor>,
}

#[derive(Clone)]
pub(crate) enum State {
    /// As far as its supervisor knows.
    Running(Process),
    Undefined,
    Restarting,
}

#[derive(Clone)]
pub(crate) struct Child {
    pub(crate) spec: Spec,
    pub(crate) state: State,
    pub(crate) starts: u64,
}

/// A supervisor that has begun.
#[derive(Clone)]
pub(crate) struct Supervisor {
    spec: Spec,
    pub(crate) children: Vec<Child>,
    restarts: Vec<u64>,
    pub(crate) is_suspended: bool,
    inbox: VecDeque<Message>,
}

#[derive(Clone)]
pub(crate) enum Message {
    /// This process has ended.
    Exit(u64, &'static str),
    /// A start has failed.
    TryAgain(String),
    Call(usize, Call),
}

/// A start that came to nothing.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum NoStart {
    Failed,
    Ignored,
}

/// A supervisor ends by itself, with shutdown.
pub(crate) struct GivesUp;

impl World {
    fn line(&mut self, id: &str, what: What) {
        let line = self.lives.line(self.now, id, what);
        self.seen.lines.push(line);
    }

    pub(crate) fn end(&mut self, id: &str, reason: &'static str) {
        self.seen.ends.push((id.to_owned(), reason));
    }

    /// Whether something is to become of the next start of a child.
    pub(crate) fn is_primed(&self, id: &str) -> bool {
        let fates = self.fates.get(id).is_some_and(|(_, left)| *left > 0);
        fates || self.delays.get(id).is_some_and(|(_, left)| *left > 0)
    }

    /// Waits until nothing happens any more, and a millisecond longer.
    pub(crate) fn settle(&mut self) {
        let orphaned = self.seen.orphaned.iter().map(|(_, until)| *until);
        self.now = orphaned.fold(self.now, u64::max) + 1;
    }

    /// How the next start of a child goes, after its delay.
    fn fate(&mut self, id: &str) -> Result<(), NoStart> {
        if let Some((delay, left @ 1..)) = self.delays.get_mut(id) {
            *left -= 1;
            self.now += *delay;
        }
        let Some((fate, left @ 1..)) = self.fates.get_mut(id) else {
            return Ok(());
        };
        *left -= 1;
        let fate = *fate;
        self.line(
            id,
            match fate {
                Fate::Fails => What::Failed,
                Fate::Ignores => What::Ignored,
            },
        );
        Err(match fate {
            Fate::Fails => NoStart::Failed,
            Fate::Ignores => NoStart::Ignored,
        })
    }

    /// Starts a process. A supervisor waits until nothing of its last incarnation is left.
    pub(crate) fn start(&mut self, spec: &Spec) -> Result<Process, NoStart> {
        let id = &spec.id;
        let supervisor = match &spec.kind {
            Kind::Worker(_) => {
                self.line(id, What::Init);
                if let Err(no_start) = self.fate(id) {
                    self.line(id, What::Ended);
                    return Err(no_start);
                }
                None
            }
            Kind::Supervisor(_, children) => {
                for (orphan, until) in &self.seen.orphaned {
                    if is_below(orphan, id) {
                        self.now = self.now.max(*until);
                    }
                }
                self.line(id, What::Starts);
                self.fate(id)?;
                match Supervisor::init(spec, children, self) {
                    Ok(supervisor) => Some(supervisor),
                    Err(no_start) => {
                        self.line(id, What::Failed);
                        return Err(no_start);
                    }
                }
            }
        };
        self.line(id, What::Began);
        self.processes += 1;
        Ok(Process {
            number: self.processes,
            is_alive: true,
            supervisor,
        })
    }

    /// A worker is asked to stop, and takes its time. Tells why it has ended.
    fn stop_worker(&mut self, spec: &Spec, work: Work) -> &'static str {
        let patience = match spec.shutdown {
            Shutdown::BrutalKill => None,
            Shutdown::Timeout(time) => {
                Some(u64::try_from(time.as_millis()).expect("a shutdown time is short"))
            }
            Shutdown::Infinity => Some(u64::MAX),
        };
        let reason = match patience {
            None => "killed",
            Some(_) if !work.traps => "shutdown",
            Some(patience) => {
                self.line(&spec.id, What::Terminate);
                self.now += work.linger.min(patience);
                if work.linger > patience {
                    "killed"
                } else {
                    "shutdown"
                }
            }
        };
        self.line(&spec.id, What::Ended);
        reason
    }

    /// The supervisor of these is gone, without a word to them. Each gets its exit signal.
    fn orphan(&mut self, children: Vec<Child>) {
        for child in children {
            let State::Running(process) = child.state else {
                continue;
            };
            if !process.is_alive {
                continue;
            }
            let began = self.now;
            let main = std::mem::take(&mut self.seen.lines);
            match (&child.spec.kind, process.supervisor) {
                (Kind::Worker(work), _) => {
                    if work.traps {
                        self.line(&child.spec.id, What::Terminate);
                        self.now += work.linger;
                    }
                    self.line(&child.spec.id, What::Ended);
                }
                (Kind::Supervisor(..), Some(supervisor)) => supervisor.terminate(self),
                (Kind::Supervisor(..), None) => unreachable!("its process is one"),
            }
            self.end(&child.spec.id, "killed");
            let lane = std::mem::replace(&mut self.seen.lines, main);
            self.seen.orphans.push(lane);
            let until = std::mem::replace(&mut self.now, began);
            self.seen.orphaned.push((child.spec.id, until));
        }
    }

    /// A supervisor is killed.
    pub(crate) fn kill(&mut self, id: &str, supervisor: Supervisor) {
        self.end(id, "killed");
        supervisor.tell(self);
        self.orphan(supervisor.children);
    }
}

impl Process {
    /// It has ended, and its supervisor does not know yet.
    fn end(&mut self) -> Option<Supervisor> {
        self.is_alive = false;
        self.supervisor.take()
    }
}

impl Child {
    fn new(spec: Spec) -> Self {
        Child {
            spec,
            state: State::Undefined,
            starts: 0,
        }
    }

    pub(crate) fn process(&self) -> Option<&Process> {
        match &self.state {
            State::Running(process) => Some(process),
            State::Undefined | State::Restarting => None,
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.process().is_some_and(|process| process.is_alive)
    }

    pub(crate) fn state(&self) -> &'static str {
        match self.state {
            State::Running(_) => "running",
            State::Undefined => "undefined",
            State::Restarting => "restarting",
        }
    }

    fn start(&mut self, world: &mut World) -> Result<(), NoStart> {
        self.state = State::Running(world.start(&self.spec)?);
        self.starts += 1;
        Ok(())
    }

    /// Stops it if it runs, and waits for its end.
    fn stop(&mut self, world: &mut World) {
        let State::Running(process) = std::mem::replace(&mut self.state, State::Undefined) else {
            return;
        };
        if !process.is_alive {
            return;
        }
        let id = &self.spec.id;
        match (&self.spec.kind, process.supervisor) {
            (Kind::Worker(work), _) => {
                let reason = world.stop_worker(&self.spec, *work);
                world.end(id, reason);
            }
            (Kind::Supervisor(..), Some(supervisor)) => match self.spec.shutdown {
                Shutdown::BrutalKill => world.kill(id, supervisor),
                Shutdown::Timeout(_) | Shutdown::Infinity => {
                    supervisor.terminate(world);
                    world.end(id, "shutdown");
                }
            },
            (Kind::Supervisor(..), None) => unreachable!("its process is one"),
        }
    }
}

impl Supervisor {
    /// Starts the children in order; if one fails, stops those before it.
    fn init(spec: &Spec, children: &[Spec], world: &mut World) -> Result<Self, NoStart> {
        let mut supervisor = Supervisor {
            spec: spec.clone(),
            children: Vec::new(),
            restarts: Vec::new(),
            is_suspended: false,
            inbox: VecDeque::new(),
        };
        for spec in children {
            let mut child = Child::new(spec.clone());
            match child.start(world) {
                Ok(()) => supervisor.children.push(child),
                Err(NoStart::Ignored) if spec.restart == Restart::Temporary => {}
                Err(NoStart::Ignored) => supervisor.children.push(child),
                Err(NoStart::Failed) => {
                    supervisor.terminate(world);
                    return Err(NoStart::Failed);
                }
            }
        }
        Ok(supervisor)
    }

    fn rules(&self) -> super::tree::Rules {
        match &self.spec.kind {
            Kind::Supervisor(rules, _) => *rules,
            Kind::Worker(_) => unreachable!("it is a supervisor"),
        }
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.children.iter().position(|child| child.spec.id == id)
    }

    /// Stops all, the youngest first.
    pub(crate) fn terminate(mut self, world: &mut World) {
        for child in self.children.iter_mut().rev() {
            child.stop(world);
        }
        self.tell(world);
    }

    /// Those who still wait for an answer learn that none will come.
    fn tell(&self, world: &mut World) {
        for message in &self.inbox {
            if let Message::Call(number, _) = message {
                world.seen.answers.insert(*number, "told".to_owned());
            }
        }
    }

    /// Does something to a process somewhere below, by its id, or to this one's inbox. The supervisors on the way serve
    /// what comes of it.
    pub(crate) fn reach(
        &mut self,
        id: &str,
        world: &mut World,
        act: &mut dyn FnMut(&mut Self, &mut World),
    ) -> Result<(), GivesUp> {
        if self.spec.id == id {
            act(self, world);
            return self.serve(world);
        }
        let on_the_way = |child: &&mut Child| child.spec.id == id || is_below(id, &child.spec.id);
        let Some(child) = self.children.iter_mut().find(on_the_way) else {
            return Ok(());
        };
        let State::Running(process) = &mut child.state else {
            return Ok(());
        };
        let Some(supervisor) = &mut process.supervisor else {
            return Ok(());
        };
        if supervisor.reach(id, world, act).is_err() {
            let number = process.number;
            let ended = process.end().expect("it was one");
            let id = child.spec.id.clone();
            ended.terminate(world);
            world.end(&id, "shutdown");
            self.inbox.push_back(Message::Exit(number, "shutdown"));
        }
        self.serve(world)
    }

    /// A worker ends by itself, or is killed.
    pub(crate) fn end_worker(
        &mut self,
        id: &str,
        reason: &'static str,
        says: bool,
        world: &mut World,
    ) {
        let Some(position) = self.position(id) else {
            return;
        };
        if let State::Running(process) = &mut self.children[position].state
            && process.is_alive
            && process.supervisor.is_none()
        {
            process.end();
            let number = process.number;
            if says {
                world.line(id, What::Terminate);
            }
            world.line(id, What::Ended);
            world.end(id, reason);
            self.inbox.push_back(Message::Exit(number, reason));
        }
    }

    /// A supervisor below is killed.
    pub(crate) fn kill_supervisor(&mut self, id: &str, world: &mut World) {
        let Some(position) = self.position(id) else {
            return;
        };
        if let State::Running(process) = &mut self.children[position].state
            && process.supervisor.is_some()
            && let Some(supervisor) = process.end()
        {
            let number = process.number;
            world.kill(id, supervisor);
            self.inbox.push_back(Message::Exit(number, "killed"));
        }
    }

    pub(crate) fn ask(&mut self, number: usize, call: Call) {
        self.inbox.push_back(Message::Call(number, call));
    }

    /// Serves the inbox until it is empty.
    fn serve(&mut self, world: &mut World) -> Result<(), GivesUp> {
        while !self.is_suspended
            && let Some(message) = self.inbox.pop_front()
        {
            match message {
                Message::Exit(number, reason) => self.exited(number, reason, world)?,
                Message::TryAgain(id) => {
                    let position = self.position(&id);
                    if let Some(position) = position
                        && matches!(self.children[position].state, State::Restarting)
                    {
                        self.restart(position, world)?;
                    }
                }
                Message::Call(number, call) => {
                    let answer = self.answer(call, world);
                    world.seen.answers.insert(number, answer);
                }
            }
        }
        Ok(())
    }

    fn exited(
        &mut self,
        number: u64,
        reason: &'static str,
        world: &mut World,
    ) -> Result<(), GivesUp> {
        let is_it = |child: &Child| child.process().is_some_and(|it| it.number == number);
        let Some(position) = self.children.iter().position(is_it) else {
            return Ok(());
        };
        let is_clean = matches!(reason, "normal" | "shutdown" | "shutdown: drained");
        let child = &mut self.children[position];
        let is_significant = child.spec.significant;
        match child.spec.restart {
            Restart::Permanent => return self.restart(position, world),
            Restart::Transient if !is_clean => return self.restart(position, world),
            Restart::Transient => child.state = State::Undefined,
            Restart::Temporary => drop(self.children.remove(position)),
        }
        let has_more = self
            .children
            .iter()
            .any(|child| child.spec.significant && !matches!(child.state, State::Undefined));
        match self.rules().auto_shutdown {
            AutoShutdown::AnySignificant if is_significant => Err(GivesUp),
            AutoShutdown::AllSignificant if is_significant && !has_more => Err(GivesUp),
            AutoShutdown::Never | AutoShutdown::AnySignificant | AutoShutdown::AllSignificant => {
                Ok(())
            }
        }
    }

    /// Starts a child again that has ended or could not be started, with those that the strategy takes along.
    fn restart(&mut self, position: usize, world: &mut World) -> Result<(), GivesUp> {
        let rules = self.rules();
        self.restarts
            .retain(|restart| world.now <= restart + rules.period);
        self.restarts.push(world.now);
        if self.restarts.len() > rules.max_restarts as usize {
            return Err(GivesUp);
        }
        self.children[position].state = State::Undefined;
        let affected = match rules.strategy {
            Strategy::OneForOne => position..position + 1,
            Strategy::OneForAll => 0..self.children.len(),
            Strategy::RestForOne => position..self.children.len(),
        };
        for child in self.children[affected.clone()].iter_mut().rev() {
            child.stop(world);
        }
        let rest = self.children.split_off(affected.end);
        let mut again = self.children.split_off(affected.start);
        again.retain(|child| child.spec.restart != Restart::Temporary);
        for child in &mut again {
            if child.start(world) == Err(NoStart::Failed) {
                child.state = State::Restarting;
                self.inbox
                    .push_back(Message::TryAgain(child.spec.id.clone()));
                break;
            }
        }
        self.children.append(&mut again);
        self.children.extend(rest);
        Ok(())
    }

    fn answer(&mut self, call: Call, world: &mut World) -> String {
        match call {
            Call::Which => self.which(),
            Call::Count => self.count(),
            Call::StartChild(spec) => self.start_child(spec, world).to_owned(),
            Call::Terminate(id) => match self.position(&id) {
                Some(position) => {
                    self.children[position].stop(world);
                    self.children[position].state = State::Undefined;
                    if self.children[position].spec.restart == Restart::Temporary {
                        self.children.remove(position);
                    }
                    "ok"
                }
                None => "not found",
            }
            .to_owned(),
            Call::Delete(id) => match self.undefined(&id) {
                Ok(position) => {
                    self.children.remove(position);
                    "ok"
                }
                Err(refused) => refused,
            }
            .to_owned(),
            Call::Restart(id) => match self.undefined(&id) {
                Ok(position) => match self.children[position].start(world) {
                    Ok(()) => "running",
                    Err(NoStart::Ignored) => "undefined",
                    Err(NoStart::Failed) => "failed",
                },
                Err(refused) => refused,
            }
            .to_owned(),
        }
    }

    /// A child without a process, that is not to get one by itself.
    fn undefined(&self, id: &str) -> Result<usize, &'static str> {
        let position = self.position(id).ok_or("not found")?;
        match self.children[position].state {
            State::Undefined => Ok(position),
            State::Running(_) => Err("is running"),
            State::Restarting => Err("is restarting"),
        }
    }

    fn start_child(&mut self, spec: Spec, world: &mut World) -> &'static str {
        if !spec.is_valid(self.rules().auto_shutdown) {
            return "bad spec";
        }
        if let Some(position) = self.position(&spec.id) {
            return match self.children[position].state {
                State::Running(_) => "already started",
                State::Undefined | State::Restarting => "already present",
            };
        }
        let is_temporary = spec.restart == Restart::Temporary;
        let mut child = Child::new(spec);
        let (answer, is_kept) = match child.start(world) {
            Ok(()) => ("running", true),
            Err(NoStart::Ignored) => ("ignored", !is_temporary),
            Err(NoStart::Failed) => ("failed", false),
        };
        if is_kept {
            self.children.push(child);
        }
        answer
    }

    /// What `which_children` says, the youngest first.
    pub(crate) fn which(&self) -> String {
        let children = self.children.iter().rev();
        let children = children.map(|child| format!("{} {}", child.spec.id, child.state()));
        children.collect::<Vec<_>>().join(", ")
    }

    fn count(&self) -> String {
        let is_worker = |child: &&Child| matches!(child.spec.kind, Kind::Worker(_));
        let workers = self.children.iter().filter(is_worker).count();
        format!(
            "specs {} active {} supervisors {} workers {}",
            self.children.len(),
            self.children
                .iter()
                .filter(|child| child.is_alive())
                .count(),
            self.children.len() - workers,
            workers,
        )
    }

    /// This one and those below that are supervisors, by id.
    pub(crate) fn supervisors(&self) -> Vec<(&str, &Supervisor)> {
        let below = self.children.iter().filter_map(|child| {
            let process = child.process().filter(|process| process.is_alive)?;
            process.supervisor.as_ref()
        });
        let below = below.flat_map(Supervisor::supervisors);
        std::iter::once((&*self.spec.id, self))
            .chain(below)
            .collect()
    }

    /// The ids of all that live, this one among them.
    pub(crate) fn living(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for (id, supervisor) in self.supervisors() {
            ids.push(id.to_owned());
            let workers = supervisor.children.iter().filter(|child| {
                child
                    .process()
                    .is_some_and(|process| process.is_alive && process.supervisor.is_none())
            });
            ids.extend(workers.map(|child| child.spec.id.clone()));
        }
        ids.sort_unstable();
        ids
    }
}

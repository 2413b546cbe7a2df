//! The timers of a node: one queue, one task that sleeps until the earliest is due.
//!
//! Timers fire in the order of their deadlines, equal deadlines in the order in which they were armed. The sleeps and
//! idle timeouts of processes are entries of the same queue, so that a timer which is due is in the mailbox before its
//! server decides that it is idle. An action runs without the lock.
//!
//! A timer has a place in a table, where it is found by its [`Id`] and, through a list that runs through the table, by
//! its owner; a heap has the deadlines. To cancel takes the timer out of the table and leaves its deadline in the heap,
//! which is swept when most of it is dead: arming costs a few steps in the heap, cancelling a few in the table, whatever
//! the number of timers.
//!
//! The driver is not woken when the earliest timer is cancelled: it wakes in vain once. But it is in a test, where the
//! clock would jump to that time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use crate::node::{Node, WeakNode};
use crate::pid::Pid;
use crate::rt::{self, Handle, Sleep};
use crate::sync::{Mutex, MutexGuard};

/// Dead deadlines that the heap may hold however few are alive.
const FEW: usize = 64;

/// Names a timer, for ever: a place that is used again has another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    place: u32,
    number: u64,
}

/// What a timer does.
enum Action {
    Once(Box<dyn FnOnce() + Send>),
    /// Runs again after its period as long as it answers true.
    Every {
        period: Duration,
        tick: Box<dyn FnMut() -> bool + Send>,
    },
    /// Taken out to be run, and to come back.
    Running,
}

struct Entry {
    number: u64,
    deadline: Instant,
    /// Its place among those of the same deadline; that of an interval changes with its deadline.
    order: u64,
    owner: Option<Pid>,
    /// Its neighbours in the list of its owner's timers.
    before: Option<u32>,
    behind: Option<u32>,
    action: Action,
}

impl Entry {
    fn is_running(&self) -> bool {
        matches!(self.action, Action::Running)
    }
}

enum Place {
    Taken(Entry),
    /// With the next free one.
    Free(Option<u32>),
}

/// A deadline in the heap. Dead unless the entry at its place has the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Instant,
    order: u64,
    place: u32,
}

#[derive(Default)]
struct State {
    places: Vec<Place>,
    free: Option<u32>,
    deadlines: BinaryHeap<Reverse<Deadline>>,
    /// The first of each owner's timers.
    owners: FxHashMap<Pid, u32>,
    next: u64,
    /// How many wait in the heap.
    armed: usize,
    /// The task that fires them runs.
    driven: bool,
    /// Its waker, while it sleeps, and until when; None if nothing was armed.
    driver: Option<Waker>,
    wakes_at: Option<Instant>,
}

impl State {
    fn entry(&mut self, place: u32) -> Option<&mut Entry> {
        match self.places.get_mut(place as usize)? {
            Place::Taken(entry) => Some(entry),
            Place::Free(_) => None,
        }
    }

    fn get(&mut self, id: Id) -> Option<&mut Entry> {
        self.entry(id.place)
            .filter(|entry| entry.number == id.number)
    }

    /// Whether a deadline is that of a timer that waits.
    fn is_alive(&self, deadline: &Deadline) -> bool {
        match &self.places[deadline.place as usize] {
            Place::Taken(entry) => entry.order == deadline.order,
            Place::Free(_) => false,
        }
    }

    fn next_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn insert(&mut self, at: Instant, owner: Option<Pid>, action: Action) -> Id {
        let number = self.next_number();
        let place = match self.free {
            Some(place) => place,
            None => {
                self.places.push(Place::Free(None));
                u32::try_from(self.places.len() - 1).expect("fewer timers than memory could hold")
            }
        };
        let behind = owner.and_then(|owner| self.owners.insert(owner, place));
        if let Some(behind) = behind.and_then(|behind| self.entry(behind)) {
            behind.before = Some(place);
        }
        let entry = Entry {
            number,
            deadline: at,
            order: number,
            owner,
            before: None,
            behind,
            action,
        };
        if let Place::Free(next) =
            mem::replace(&mut self.places[place as usize], Place::Taken(entry))
        {
            self.free = next;
        }
        self.push(at, number, place);
        Id { place, number }
    }

    fn push(&mut self, at: Instant, order: u64, place: u32) {
        self.deadlines.push(Reverse(Deadline { at, order, place }));
        self.armed += 1;
    }

    /// Takes a timer out of the table.
    fn remove(&mut self, id: Id) -> Option<Entry> {
        self.get(id)?;
        let free = Place::Free(self.free.replace(id.place));
        let Place::Taken(entry) = mem::replace(&mut self.places[id.place as usize], free) else {
            return None;
        };
        if let Some(behind) = entry.behind.and_then(|behind| self.entry(behind)) {
            behind.before = entry.before;
        }
        match (entry.before, entry.behind, entry.owner) {
            (Some(before), behind, _) => {
                if let Some(before) = self.entry(before) {
                    before.behind = behind;
                }
            }
            (None, Some(behind), Some(owner)) => drop(self.owners.insert(owner, behind)),
            (None, None, Some(owner)) => drop(self.owners.remove(&owner)),
            (None, _, None) => {}
        }
        Some(entry)
    }

    /// Takes a timer out that will not fire.
    fn cancel(&mut self, id: Id) -> Option<Entry> {
        let entry = self.remove(id)?;
        if !entry.is_running() {
            self.armed -= 1;
            self.sweep();
        }
        Some(entry)
    }

    /// Rids the heap of the dead if they are most of it.
    fn sweep(&mut self) {
        if self.deadlines.len() > 2 * self.armed + FEW {
            let mut deadlines = mem::take(&mut self.deadlines);
            deadlines.retain(|Reverse(deadline)| self.is_alive(deadline));
            deadlines.shrink_to(2 * deadlines.len());
            self.deadlines = deadlines;
        }
    }

    /// The earliest deadline that is not dead.
    fn earliest(&mut self) -> Option<Deadline> {
        while let Some(Reverse(earliest)) = self.deadlines.peek().copied() {
            if self.is_alive(&earliest) {
                return Some(earliest);
            }
            self.deadlines.pop();
        }
        None
    }

    /// Takes the timers that are due, in order: those that fire once, out of the table.
    fn due(&mut self, now: Instant) -> Vec<(Id, Action)> {
        let mut due = Vec::new();
        while let Some(earliest) = self.earliest().filter(|earliest| earliest.at <= now) {
            self.deadlines.pop();
            self.armed -= 1;
            let Some(entry) = self.entry(earliest.place) else {
                continue;
            };
            let id = Id {
                place: earliest.place,
                number: entry.number,
            };
            let action = mem::replace(&mut entry.action, Action::Running);
            if let Action::Once(_) = action {
                self.remove(id);
            }
            due.push((id, action));
        }
        due
    }

    /// Arms an interval again, unless it was cancelled while it ran.
    fn again(&mut self, id: Id, period: Duration, tick: Box<dyn FnMut() -> bool + Send>) {
        let order = self.next_number();
        let Some(entry) = self.get(id) else { return };
        entry.deadline += period;
        entry.order = order;
        entry.action = Action::Every { period, tick };
        let at = entry.deadline;
        self.push(at, order, id.place);
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Timers {
    state: Mutex<State>,
    /// Of a test: the driver never wakes in vain.
    is_exact: bool,
}

impl Timers {
    /// Those of a test's node.
    #[cfg(feature = "test-util")]
    pub(crate) fn exact() -> Self {
        let mut timers = Timers::default();
        timers.is_exact = true;
        timers
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arms a timer. Its owner's end disarms it.
    pub(crate) fn arm(
        &self,
        node: &Node,
        deadline: Instant,
        owner: Option<Pid>,
        action: impl FnOnce() + Send + 'static,
    ) -> Id {
        self.insert(node, deadline, owner, Action::Once(Box::new(action)))
    }

    /// Arms an interval that ticks first at `first`.
    pub(crate) fn arm_every(
        &self,
        node: &Node,
        first: Instant,
        period: Duration,
        owner: Option<Pid>,
        tick: impl FnMut() -> bool + Send + 'static,
    ) -> Id {
        let tick = Box::new(tick);
        self.insert(node, first, owner, Action::Every { period, tick })
    }

    fn insert(&self, node: &Node, deadline: Instant, owner: Option<Pid>, action: Action) -> Id {
        let mut state = self.lock();
        let id = state.insert(deadline, owner, action);
        let start = !mem::replace(&mut state.driven, true);
        let wakes_in_time = state.wakes_at.is_some_and(|at| at <= deadline);
        let driver = if wakes_in_time {
            None
        } else {
            state.driver.take()
        };
        drop(state);
        if start {
            Driving::start(node, &rt::runtime(node));
        }
        if let Some(driver) = driver {
            driver.wake();
        }
        id
    }

    /// Disarms a timer. Some with the time that was left if it was armed.
    pub(crate) fn cancel(&self, id: Id) -> Option<Duration> {
        let (entry, driver) = {
            let mut state = self.lock();
            let entry = state.cancel(id)?;
            let in_vain = self.is_exact && state.wakes_at == Some(entry.deadline);
            let driver = if in_vain { state.driver.take() } else { None };
            (entry, driver)
        };
        if let Some(driver) = driver {
            driver.wake();
        }
        if entry.is_running() {
            return None;
        }
        Some(entry.deadline.saturating_duration_since(Instant::now()))
    }

    /// Disarms a timer whose time nobody asks for.
    pub(crate) fn disarm(&self, id: Id) {
        self.cancel(id);
    }

    /// The time that is left, if the timer is armed.
    pub(crate) fn read(&self, id: Id) -> Option<Duration> {
        let mut state = self.lock();
        let entry = state.get(id).filter(|entry| !entry.is_running())?;
        Some(entry.deadline.saturating_duration_since(Instant::now()))
    }

    /// Disarms the timers of a process that has ended.
    pub(crate) fn forget(&self, owner: Pid) {
        let mut entries = Vec::new();
        let driver = {
            let mut state = self.lock();
            while let Some(place) = state.owners.get(&owner).copied() {
                let number = state.entry(place).map(|entry| entry.number);
                let id = number.map(|number| Id { place, number });
                entries.extend(id.and_then(|id| state.cancel(id)));
            }
            if self.is_exact {
                state.driver.take()
            } else {
                None
            }
        };
        if let Some(driver) = driver {
            driver.wake();
        }
        drop(entries);
    }

    /// Runs what is due now, in order.
    pub(crate) fn fire_due(&self) {
        let now = Instant::now();
        let due = self.lock().due(now);
        for (id, action) in due {
            match action {
                Action::Once(action) => action(),
                Action::Every { period, mut tick } => {
                    // One that an earlier action has cancelled does not tick any more.
                    if self.lock().get(id).is_none() {
                        continue;
                    }
                    if tick() {
                        self.lock().again(id, period, tick);
                    } else {
                        self.lock().remove(id);
                    }
                }
                Action::Running => {}
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().armed
    }

    /// The earliest deadline, for the driver, whose waker is kept. None if nothing is armed.
    fn next_deadline(&self, waker: &Waker) -> Option<Instant> {
        let mut state = self.lock();
        let next = state.earliest().map(|earliest| earliest.at);
        state.driver = Some(waker.clone());
        state.wakes_at = next;
        next
    }
}

impl Drop for Timers {
    /// The driver finds that its node is gone.
    fn drop(&mut self) {
        let driver = self.lock().driver.take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

/// Held by the driver. If its runtime drops it, it goes on on another one that the node is known to run on; if there is
/// none, the next timer that is armed starts a driver.
struct Driving {
    node: WeakNode,
    runtime: rt::Id,
    finished: bool,
}

impl Driving {
    fn start(node: &Node, runtime: &Handle) {
        let driving = Driving {
            node: node.downgrade(),
            runtime: runtime.id(),
            finished: false,
        };
        rt::spawn_on(runtime, drive(driving));
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        let Some(node) = self.node.upgrade().filter(|_| !self.finished) else {
            return;
        };
        node.forget_runtime(self.runtime);
        let next = node.runtime();
        {
            let mut state = node.timers().lock();
            state.driver = None;
            state.wakes_at = None;
            state.driven = next.is_some() && state.armed > 0;
            if !state.driven {
                return;
            }
        }
        if let Some(runtime) = next {
            Driving::start(&node, &runtime);
        }
    }
}

async fn drive(mut driving: Driving) {
    let mut sleep = None;
    std::future::poll_fn(|cx| poll_driver(&driving.node, &mut sleep, cx)).await;
    driving.finished = true;
}

/// Ready when the node is gone.
fn poll_driver(
    node: &WeakNode,
    sleep: &mut Option<Pin<Box<Sleep>>>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    loop {
        let Some(node) = node.upgrade() else {
            return Poll::Ready(());
        };
        node.timers().fire_due();
        let Some(next) = node.timers().next_deadline(cx.waker()) else {
            // Not kept: it would go off, and a paused clock would jump there.
            *sleep = None;
            return Poll::Pending;
        };
        let sleep = sleep.get_or_insert_with(|| Box::pin(rt::sleep_until(next)));
        sleep.as_mut().reset(next);
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers")
            .field("armed", &self.len())
            .finish()
    }
}

//! The timers of a node: one ordered queue, one task that sleeps until the earliest is due.
//!
//! Timers fire in the order of their deadlines, equal deadlines in the order in which they were armed. The sleeps and
//! idle timeouts of processes are entries of the same queue, so that a timer which is due is in the mailbox before its
//! server decides that it is idle. Nothing runs while nothing is armed.
//!
//! An action runs without the lock. Arming and cancelling cost a few steps in a tree, whatever the number of timers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use crate::node::{Node, WeakNode};
use crate::pid::Pid;
use crate::rt::{self, Handle, Sleep};
use crate::sync::{Mutex, MutexGuard};

/// When a timer fires, and its place among those that fire at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    deadline: Instant,
    order: u64,
}

/// What a timer does.
enum Action {
    Once(Box<dyn FnOnce() + Send>),
    /// Runs again after its period as long as it answers true.
    Every {
        period: Duration,
        tick: Box<dyn FnMut() -> bool + Send>,
        armed: Arc<Armed>,
    },
}

struct Entry {
    owner: Option<Pid>,
    action: Action,
}

/// Where a timer stands in the queue now. That of an interval moves.
#[derive(Debug)]
pub(crate) struct Armed(Mutex<Option<Key>>);

impl Armed {
    fn new(key: Key) -> Arc<Self> {
        Arc::new(Armed(Mutex::new(Some(key))))
    }

    fn key(&self) -> MutexGuard<'_, Option<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct State {
    queue: BTreeMap<Key, Entry>,
    by_owner: BTreeSet<(Pid, Key)>,
    next: u64,
    /// The task that fires them runs; with its waker once it sleeps.
    driven: bool,
    driver: Option<Waker>,
}

impl State {
    fn insert(&mut self, deadline: Instant, entry: Entry) -> Key {
        let key = Key {
            deadline,
            order: self.next,
        };
        self.next += 1;
        if let Some(owner) = entry.owner {
            self.by_owner.insert((owner, key));
        }
        self.queue.insert(key, entry);
        key
    }

    fn remove(&mut self, key: Key) -> Option<Entry> {
        let entry = self.queue.remove(&key)?;
        if let Some(owner) = entry.owner {
            self.by_owner.remove(&(owner, key));
        }
        Some(entry)
    }

    fn due(&mut self, now: Instant) -> Vec<(Key, Entry)> {
        let mut due = Vec::new();
        while let Some((&key, _)) = self.queue.first_key_value() {
            if key.deadline > now {
                break;
            }
            due.extend(self.remove(key).map(|entry| (key, entry)));
        }
        due
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Timers {
    state: Mutex<State>,
}

impl Timers {
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
    ) -> Key {
        self.insert(
            node,
            deadline,
            Entry {
                owner,
                action: Action::Once(Box::new(action)),
            },
        )
    }

    /// Arms an interval that ticks first at `first`.
    pub(crate) fn arm_every(
        &self,
        node: &Node,
        first: Instant,
        period: Duration,
        owner: Option<Pid>,
        tick: impl FnMut() -> bool + Send + 'static,
    ) -> Arc<Armed> {
        let armed = Arc::new(Armed(Mutex::new(None)));
        let action = Action::Every {
            period,
            tick: Box::new(tick),
            armed: Arc::clone(&armed),
        };
        let mut place = armed.key();
        *place = Some(self.insert(node, first, Entry { owner, action }));
        drop(place);
        armed
    }

    pub(crate) fn arm_once(
        &self,
        node: &Node,
        deadline: Instant,
        owner: Option<Pid>,
        action: impl FnOnce() + Send + 'static,
    ) -> Arc<Armed> {
        Armed::new(self.arm(node, deadline, owner, action))
    }

    fn insert(&self, node: &Node, deadline: Instant, entry: Entry) -> Key {
        let mut state = self.lock();
        let key = state.insert(deadline, entry);
        let earliest = state
            .queue
            .first_key_value()
            .is_some_and(|(&first, _)| first == key);
        let start = !std::mem::replace(&mut state.driven, true);
        let driver = if earliest { state.driver.take() } else { None };
        drop(state);
        if start {
            Driving::start(node, &rt::runtime(node));
        }
        if let Some(driver) = driver {
            driver.wake();
        }
        key
    }

    /// Disarms a timer. True if it was armed.
    pub(crate) fn disarm(&self, key: Key) -> bool {
        let entry = self.lock().remove(key);
        entry.is_some()
    }

    /// Disarms a timer. Some with the time that was left if it was armed.
    pub(crate) fn cancel(&self, armed: &Armed) -> Option<Duration> {
        let key = armed.key().take()?;
        self.disarm(key)
            .then(|| key.deadline.saturating_duration_since(Instant::now()))
    }

    /// The time that is left, if the timer is armed.
    pub(crate) fn read(&self, armed: &Armed) -> Option<Duration> {
        let key = (*armed.key())?;
        let is_armed = self.lock().queue.contains_key(&key);
        is_armed.then(|| key.deadline.saturating_duration_since(Instant::now()))
    }

    /// Disarms the timers of a process that has ended.
    pub(crate) fn forget(&self, owner: Pid) {
        let entries: Vec<Entry> = {
            let mut state = self.lock();
            let first = (
                owner,
                Key {
                    deadline: earliest_instant(&state),
                    order: 0,
                },
            );
            let keys: Vec<Key> = state
                .by_owner
                .range(first..)
                .take_while(|(of, _)| *of == owner)
                .map(|(_, key)| *key)
                .collect();
            keys.into_iter()
                .filter_map(|key| state.remove(key))
                .collect()
        };
        drop(entries);
    }

    /// Runs what is due now, in order.
    pub(crate) fn fire_due(&self) {
        let now = Instant::now();
        let due = self.lock().due(now);
        for (key, entry) in due {
            match entry.action {
                Action::Once(action) => action(),
                Action::Every {
                    period,
                    mut tick,
                    armed,
                } => {
                    if *armed.key() != Some(key) || !tick() {
                        continue;
                    }
                    let mut place = armed.key();
                    if *place != Some(key) {
                        continue;
                    }
                    let action = Action::Every {
                        period,
                        tick,
                        armed: Arc::clone(&armed),
                    };
                    *place = Some(self.lock().insert(
                        key.deadline + period,
                        Entry {
                            owner: entry.owner,
                            action,
                        },
                    ));
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().queue.len()
    }

    /// The earliest deadline, for the driver, whose waker is kept. None if nothing is armed: then the driver ends.
    fn next_deadline(&self, waker: &Waker) -> Option<Instant> {
        let mut state = self.lock();
        let next = state.queue.first_key_value().map(|(key, _)| key.deadline);
        state.driven = next.is_some();
        state.driver = next.map(|_| waker.clone());
        next
    }
}

/// A deadline that no armed timer is earlier than.
fn earliest_instant(state: &State) -> Instant {
    state
        .queue
        .first_key_value()
        .map_or_else(Instant::now, |(key, _)| key.deadline)
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
            state.driven = next.is_some() && !state.queue.is_empty();
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
    let mut sleep = pin!(rt::sleep(Duration::ZERO));
    std::future::poll_fn(|cx| poll_driver(&driving.node, sleep.as_mut(), cx)).await;
    // Ended with nothing armed, and has said so under the lock: another may be running by now.
    driving.finished = true;
}

fn poll_driver(node: &WeakNode, mut sleep: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    loop {
        let Some(node) = node.upgrade() else {
            return Poll::Ready(());
        };
        node.timers().fire_due();
        let Some(next) = node.timers().next_deadline(cx.waker()) else {
            return Poll::Ready(());
        };
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

//! What is counted while somebody watches, and only then: calls, by telemetry; messages, by the servers' statistics.
//!
//! A [`Watch`] is shared by all who watch one node. With the last of them its handlers are detached and the statistics that
//! it has switched on are off again, however they went.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use otp_core::prelude::*;
use otp_core::process::ProcessInfo;
use otp_core::sys::AnyServer;
use otp_core::telemetry::{
    self, CallDropped, CallException, CallInfo, CallStop, CallTimeout, ChildRestarted,
    ChildStarted, CrashReport, Handlers, SupervisorReport,
};
use tokio::sync::broadcast;

use crate::snapshot::Crash;
use crate::text;

/// Crashes that wait to be told to one who watches; older ones are lost to him.
const CRASHES: usize = 256;

/// Calls end on all threads at once.
const SHARDS: usize = 16;

/// Calls to one process that have ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) count: u64,
    pub(crate) micros: u64,
}

/// What the handlers write to.
#[derive(Debug)]
struct Counters {
    began: tokio::time::Instant,
    hasher: RandomState,
    calls: [Mutex<HashMap<Pid, Calls>>; SHARDS],
    /// How often something was said of a supervisor's children.
    changes: Mutex<HashMap<Pid, u64>>,
    crashes: broadcast::Sender<Crash>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counters {
    fn shard(&self, pid: Pid) -> MutexGuard<'_, HashMap<Pid, Calls>> {
        lock(&self.calls[self.hasher.hash_one(pid) as usize % SHARDS])
    }

    fn call(&self, call: &CallInfo, duration: Duration) {
        if let Some(server) = call.server {
            let mut shard = self.shard(server);
            let calls = shard.entry(server).or_default();
            calls.count += 1;
            calls.micros += u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        }
    }

    fn changed(&self, supervisor: Pid) {
        *lock(&self.changes).entry(supervisor).or_default() += 1;
    }

    fn crash(&self, report: &CrashReport) {
        // Nobody to tell it to is no failure.
        let _ = self.crashes.send(Crash {
            at_ms: text::millis(self.began.elapsed()),
            pid: report.pid.to_string(),
            kind: report.kind.to_owned(),
            name: report.name.as_ref().map(text::bounded),
            label: report.label.as_ref().map(text::bounded),
            reason: text::long(&report.reason),
            ancestors: text::pids(&report.ancestors),
            links: text::pids(&report.links),
            mailbox: report.message_queue_len,
        });
    }
}

/// Counts while it is held.
#[derive(Debug)]
pub(crate) struct Watch {
    node: Node,
    id: String,
    counters: Arc<Counters>,
    /// Servers whose statistics it has switched on.
    counted: Mutex<HashSet<Pid>>,
}

impl Watch {
    /// `began`: from when time is told.
    fn begin(node: &Node, began: tokio::time::Instant) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let counters = Arc::new(Counters {
            began,
            hasher: RandomState::new(),
            calls: std::array::from_fn(|_| Mutex::default()),
            changes: Mutex::default(),
            crashes: broadcast::Sender::new(CRASHES),
        });
        // While one ends another may begin.
        let id = format!("otp_observer.{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let attached = in_node(node, || {
            telemetry::attach_many(id.as_str(), handlers(&counters))
        });
        attached.expect("no other handler is called so");
        Watch {
            node: node.clone(),
            id,
            counters,
            counted: Mutex::default(),
        }
    }

    pub(crate) fn crashes(&self) -> broadcast::Receiver<Crash> {
        self.counters.crashes.subscribe()
    }

    pub(crate) fn calls(&self, pid: Pid) -> Calls {
        self.counters
            .shard(pid)
            .get(&pid)
            .copied()
            .unwrap_or_default()
    }

    /// Changes whenever something was said of a supervisor's children.
    pub(crate) fn changes(&self, supervisor: Pid) -> u64 {
        let changes = lock(&self.counters.changes);
        changes.get(&supervisor).copied().unwrap_or_default()
    }

    /// Sees to it that a process is counted, if it is a server and nobody does so.
    pub(crate) fn count(&self, process: &ProcessInfo) {
        if process.activity.is_none()
            && !lock(&self.counted).contains(&process.pid)
            && let Some(server) = AnyServer::of(&self.node, process.pid)
        {
            lock(&self.counted).insert(process.pid);
            server.switch_statistics(true);
        }
    }

    /// Forgets who has ended.
    pub(crate) fn retain(&self, alive: &HashSet<Pid>) {
        lock(&self.counted).retain(|pid| alive.contains(pid));
        lock(&self.counters.changes).retain(|pid, _| alive.contains(pid));
        for shard in &self.counters.calls {
            lock(shard).retain(|pid, _| alive.contains(pid));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Nobody else has it.
        let _ = in_node(&self.node, || telemetry::detach(&self.id));
        for pid in lock(&self.counted).drain() {
            if let Some(server) = AnyServer::of(&self.node, pid) {
                server.switch_statistics(false);
            }
        }
    }
}

/// Where those who watch find each other.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Weak<Watch>>);

impl Slot {
    pub(crate) fn join(&self, node: &Node, began: tokio::time::Instant) -> Arc<Watch> {
        let mut slot = lock(&self.0);
        slot.upgrade().unwrap_or_else(|| {
            let watch = Arc::new(Watch::begin(node, began));
            *slot = Arc::downgrade(&watch);
            watch
        })
    }
}

fn handlers(counters: &Arc<Counters>) -> Handlers {
    let [stop, timeout, exception, dropped] = std::array::from_fn(|_| Arc::clone(counters));
    let [started, restarted, report, crash] = std::array::from_fn(|_| Arc::clone(counters));
    Handlers::new()
        .on(move |event: &CallStop| stop.call(&event.call, event.duration))
        .on(move |event: &CallTimeout| timeout.call(&event.call, event.duration))
        .on(move |event: &CallException| exception.call(&event.call, event.duration))
        .on(move |event: &CallDropped| dropped.call(&event.call, event.duration))
        .on(move |event: &ChildStarted| started.changed(event.supervisor))
        .on(move |event: &ChildRestarted| restarted.changed(event.supervisor))
        .on(move |event: &SupervisorReport| report.changed(event.supervisor))
        .on(move |event: &CrashReport| crash.crash(event))
}

/// Calls a function in a node, from wherever a drop may be.
fn in_node<T>(node: &Node, function: impl FnOnce() -> T) -> T {
    let mut running = pin!(node.run(async { function() }));
    match running
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it waits for nothing"),
    }
}

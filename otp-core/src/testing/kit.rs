//! What a test's node carries for the kit. One for each run of a test; other nodes have none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::crash::Crashes;
use super::idle::Idle;
use super::log::Log;
use super::schedule::Schedule;
use super::supervised::OwnSupervisor;
use crate::process::cell::Process;
use crate::process::{scope, signal};
use crate::{ExitReason, Node, Pid};

/// See the module.
#[derive(Debug)]
pub(crate) struct Kit {
    pub(crate) log: Arc<Log>,
    pub(crate) crashes: Crashes,
    pub(crate) idle: Idle,
    pub(crate) schedule: Arc<Schedule>,
    /// One thread and a paused clock: what can be settled.
    pub(crate) is_paused: bool,
    /// The supervisor of what the test starts supervised.
    pub(crate) supervisor: tokio::sync::Mutex<OwnSupervisor>,
    /// The processes of the test's mailboxes.
    inboxes: Mutex<Vec<Arc<dyn Process>>>,
    /// Those that the test wants to end with it.
    companions: Mutex<Vec<Pid>>,
}

impl Kit {
    pub(crate) fn new(seed: Option<u64>, is_paused: bool) -> Arc<Self> {
        Arc::new(Kit {
            log: Arc::default(),
            crashes: Crashes::default(),
            idle: Idle::default(),
            schedule: Schedule::new(seed),
            is_paused,
            supervisor: tokio::sync::Mutex::default(),
            inboxes: Mutex::default(),
            companions: Mutex::default(),
        })
    }

    /// The runtime is about to wait, as nothing that it knows of can run.
    pub(crate) fn about_to_wait(&self) {
        if self.schedule.is_idle() {
            self.idle.reached();
        }
    }

    pub(crate) fn keep_inbox(&self, process: Arc<dyn Process>) {
        self.inboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(process);
    }

    pub(crate) fn companions(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.companions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The test's own process has ended: ends those of its mailboxes and those that are to end with it, and forgets its supervisor, which was linked with it.
    pub(crate) async fn end(&self, node: &Node) {
        let companions = std::mem::take(&mut *self.companions());
        for companion in companions {
            signal::send_exit(node, Pid::nobody(node.id()), companion, &ExitReason::Kill);
        }
        self.supervisor.lock().await.supervisor = None;
        let inboxes =
            std::mem::take(&mut *self.inboxes.lock().unwrap_or_else(PoisonError::into_inner));
        for inbox in inboxes {
            let reason = signal::release(&*inbox, &ExitReason::Shutdown);
            signal::farewell(&*inbox, &reason);
        }
    }
}

/// The kit of the test that this runs in, and its node.
#[track_caller]
pub(crate) fn current() -> (Arc<Kit>, Node) {
    let node = scope::node();
    node.and_then(|node| Some((Arc::clone(node.kit()?), node)))
        .expect("this belongs to the test kit: it was called outside of the node of an `#[otp_core::test]`")
}

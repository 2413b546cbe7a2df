//! A process that watches all others of a case, and knows who lives.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use otp_core::process::{self, Event, Mailbox, MonitorRef};
use otp_core::{ExitReason, Pid};
use tokio::sync::oneshot;

use super::tree::is_below;

/// What the watcher is told.
pub(crate) enum Watch {
    /// A process has begun.
    Process {
        id: String,
        pid: Pid,
        watched: oneshot::Sender<()>,
    },
    /// Answer when nobody below `above` lives.
    UntilClear {
        above: String,
        clear: oneshot::Sender<()>,
    },
}

/// What the watcher has seen. A clone is the same register.
#[derive(Clone, Default)]
pub(crate) struct Register(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    living: HashMap<Pid, String>,
    ends: Vec<(String, ExitReason)>,
}

impl Register {
    fn with<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who that is, if it lives.
    pub(crate) fn id(&self, pid: Pid) -> Option<String> {
        self.with(|entries| entries.living.get(&pid).cloned())
    }

    /// Who has ended since the last time, and why.
    pub(crate) fn take_ends(&self) -> Vec<(String, ExitReason)> {
        self.with(|entries| std::mem::take(&mut entries.ends))
    }

    fn is_clear(&self, above: &str) -> bool {
        self.with(|entries| !entries.living.values().any(|id| is_below(id, above)))
    }
}

/// The watcher's code.
pub(crate) async fn watch(mut mailbox: Mailbox<Watch>, register: Register) {
    let mut watched_as: HashMap<MonitorRef, Pid> = HashMap::new();
    let mut waiting: Vec<(String, oneshot::Sender<()>)> = Vec::new();
    loop {
        match mailbox.next_event().await {
            Event::Message(Watch::Process { id, pid, watched }) => {
                watched_as.insert(process::monitor(pid), pid);
                register.with(|entries| entries.living.insert(pid, id));
                let _ = watched.send(());
            }
            Event::Message(Watch::UntilClear { above, clear }) => waiting.push((above, clear)),
            Event::Down(down) => {
                let pid = watched_as.remove(&down.monitor);
                register.with(|entries| {
                    let id = pid.and_then(|pid| entries.living.remove(&pid));
                    entries.ends.extend(id.map(|id| (id, down.reason)));
                });
            }
            _ => {}
        }
        for (_, clear) in waiting.extract_if(.., |(above, _)| register.is_clear(above)) {
            let _ = clear.send(());
        }
    }
}

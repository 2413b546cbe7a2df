//! Waiting until nothing can run: the runtime tells when it is about to wait for time or for the world outside.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

/// Those who wait for the node to be idle.
#[derive(Debug, Default)]
pub(crate) struct Idle(Mutex<Vec<Waiting>>);

#[derive(Debug)]
struct Waiting {
    /// How often the runtime is to wait before: each time ends with time that has advanced, or with news from outside.
    pauses: u32,
    wake: oneshot::Sender<()>,
}

impl Idle {
    /// Waits until nothing can run, after the runtime has waited `pauses` times.
    pub(crate) async fn after(&self, pauses: u32) {
        let (wake, woken) = oneshot::channel();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Waiting { pauses, wake });
        // The other end is dropped with the kit, which outlives the test.
        let _ = woken.await;
    }

    /// Nothing can run. Those who waited for this run first; if there are none, the runtime waits.
    pub(crate) fn reached(&self) {
        let due: Vec<Waiting> = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|waiting| !waiting.wake.is_closed());
            let due = waiting
                .extract_if(.., |waiting| waiting.pauses == 0)
                .collect();
            if Vec::is_empty(&due) {
                for waiting in &mut *waiting {
                    waiting.pauses -= 1;
                }
            }
            due
        };
        for waiting in due {
            // One that has gone away meanwhile need not know.
            let _ = waiting.wake.send(());
        }
    }
}

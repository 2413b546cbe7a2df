//! Places: where a supervised child is, for handles that follow it through its restarts.
//!
//! A place outlives the processes that take it, one after the other. Whoever starts the child puts it there, before its
//! init runs; nobody takes it away: a process that has ended is found to have ended.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use tokio::sync::Notify;

use super::cell::Cell;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Where the present incarnation of one child is.
pub(crate) struct Place<M> {
    present: ArcSwapOption<Cell<M>>,
    /// How many processes have taken it.
    incarnation: AtomicU64,
    taken: Notify,
    /// The incarnation that a test has crashed last.
    #[cfg(feature = "test-util")]
    crashed: AtomicU64,
}

impl<M> Place<M> {
    /// A place that no process has taken yet.
    pub(crate) fn vacant() -> Arc<Self> {
        Arc::new(Place {
            present: ArcSwapOption::empty(),
            incarnation: AtomicU64::new(0),
            taken: Notify::new(),
            #[cfg(feature = "test-util")]
            crashed: AtomicU64::new(0),
        })
    }

    /// A process takes the place: who follows finds it from now on.
    pub(crate) fn occupy(&self, cell: Arc<Cell<M>>) {
        self.present.store(Some(cell));
        self.incarnation.fetch_add(1, Ordering::AcqRel);
        self.taken.notify_waiters();
    }

    /// Who is there: one load.
    #[inline]
    pub(crate) fn present(&self) -> Guard<Option<Arc<Cell<M>>>> {
        self.present.load()
    }

    /// How many processes have taken it so far.
    #[cfg(feature = "test-util")]
    pub(crate) fn incarnation(&self) -> u64 {
        self.incarnation.load(Ordering::Acquire)
    }

    /// A test crashes the process that is there.
    #[cfg(feature = "test-util")]
    pub(crate) fn crashed(&self) {
        self.crashed.store(self.incarnation(), Ordering::Release);
    }

    /// The incarnation that a test has crashed last; 0 for none.
    #[cfg(feature = "test-util")]
    pub(crate) fn crashed_last(&self) -> u64 {
        self.crashed.load(Ordering::Acquire)
    }

    /// Waits until more than `before` processes have taken it.
    #[cfg(feature = "test-util")]
    pub(crate) async fn taken_after(&self, before: u64) {
        loop {
            let taken = self.taken.notified();
            if self.incarnation() > before {
                return;
            }
            taken.await;
        }
    }
}

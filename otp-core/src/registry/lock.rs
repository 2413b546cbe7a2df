//! Locks by key: one at a time, in the order of asking; nothing is kept of a key that nobody wants.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError};

use super::Key;
use crate::sync::{Mutex, MutexGuard};

/// What those who want one key line up for. Fair, and a waiter that is dropped leaves the line.
type Line = tokio::sync::Mutex<()>;

/// The locks of one registry.
pub(super) struct Locks<K>(Mutex<HashMap<K, Arc<Line>>>);

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Locks(Mutex::default())
    }
}

impl<K: Key> Locks<K> {
    fn lines(&self) -> MutexGuard<'_, HashMap<K, Arc<Line>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` when nobody else does for this key.
    pub(super) async fn run<F: Future>(
        self: Arc<Self>,
        key: K,
        work: impl FnOnce() -> F,
    ) -> F::Output {
        let line = Arc::clone(self.lines().entry(key.clone()).or_default());
        let wish = Wish {
            line: Some(line),
            locks: self,
            key,
        };
        let _turn = match &wish.line {
            Some(line) => Some(line.lock().await),
            None => None,
        };
        work().await
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.lines().len()
    }
}

/// Wants a lock or has it.
struct Wish<K: Key> {
    line: Option<Arc<Line>>,
    locks: Arc<Locks<K>>,
    key: K,
}

impl<K: Key> Drop for Wish<K> {
    fn drop(&mut self) {
        let mut lines = self.locks.lines();
        // Under the lock of the lines, where alone the line is cloned: the last one to go finds itself the last one.
        self.line = None;
        let forgotten = match lines.get(&self.key) {
            Some(line) if Arc::strong_count(line) == 1 => lines.remove_entry(&self.key),
            _ => None,
        };
        drop(lines);
        drop(forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_kept_of_a_key_that_nobody_wants() {
        let locks: Arc<Locks<&str>> = Arc::default();
        let (one, two) = (Arc::clone(&locks), Arc::clone(&locks));
        let mut waiting = Box::pin(two.run("key", async || ()));
        one.run("key", async || {
            let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx)));
            assert!(poll.await.is_pending());
            assert_eq!(locks.len(), 1);
        })
        .await;
        assert_eq!(locks.len(), 1, "the waiter has its turn now");
        drop(waiting);
        assert_eq!(locks.len(), 0);
    }
}

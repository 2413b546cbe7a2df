//! Which of many tasks are to be looked at: each wakes the stream with its place.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};

use super::plan::Place;
use crate::sync::{Mutex, MutexGuard};

/// The places to look at, and whom to wake. Shared by the stream, which takes, and the wakers of its tasks, which add.
#[derive(Debug, Default)]
pub(super) struct Ready(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    places: VecDeque<Place>,
    waker: Option<Waker>,
}

impl Ready {
    /// Has `waker` woken when there is a place to look at.
    pub(super) fn register(&self, waker: &Waker) {
        match &mut self.lock().waker {
            Some(registered) if registered.will_wake(waker) => {}
            slot => *slot = Some(waker.clone()),
        }
    }

    /// Adds a place, for the stream that is being polled to look at.
    pub(super) fn add(&self, place: Place) {
        self.lock().places.push_back(place);
    }

    /// Takes a place to look at.
    pub(super) fn take(&self) -> Option<Place> {
        self.lock().places.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the stream with a place.
struct AtPlace {
    place: Place,
    ready: Arc<Ready>,
}

/// A waker that makes the stream look at a place.
pub(super) fn waker(ready: &Arc<Ready>, place: Place) -> Waker {
    let ready = Arc::clone(ready);
    Waker::from(Arc::new(AtPlace { place, ready }))
}

impl Wake for AtPlace {
    fn wake(self: Arc<Self>) {
        let waker = {
            let mut inner = self.ready.lock();
            inner.places.push_back(self.place);
            inner.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_woken_is_looked_at_in_that_order() {
        let ready = Arc::new(Ready::default());
        let [first, second] = [1, 2].map(|place| waker(&ready, place));
        assert_eq!(ready.take(), None);
        second.wake_by_ref();
        first.wake();
        assert_eq!(
            [ready.take(), ready.take(), ready.take()],
            [Some(2), Some(1), None]
        );
    }
}

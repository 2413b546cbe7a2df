//! What a stream of tasks does next: slots, order, buffer, deadlines. Pure: no task, no clock, no waker.
//!
//! An item has a place, its number in the source. It takes a slot when it is pulled, frees it when its task is gone, and its
//! result waits in the buffer until it is asked for: in order, for those before it. A slot is free while results wait, so
//! that a slow item holds nobody up; what is buffered has no bound, as in Elixir.

use std::collections::{BTreeSet, VecDeque};

use tokio::time::Instant;

/// The number of an item in its source.
pub(super) type Place = u64;

#[derive(Debug)]
pub(super) struct Plan<R> {
    max_concurrency: usize,
    buffer: Buffer<R>,
    /// The place of the next item.
    next: Place,
    /// How many slots are taken.
    taken: usize,
    /// The source has no more items.
    exhausted: bool,
    deadlines: BTreeSet<(Instant, Place)>,
}

/// The results that have not been asked for.
#[derive(Debug)]
enum Buffer<R> {
    /// From the place `first` on; None of an item whose task runs.
    Ordered {
        first: Place,
        results: VecDeque<Option<R>>,
    },
    /// As they have come.
    Unordered(VecDeque<R>),
}

impl<R> Plan<R> {
    pub(super) fn new(max_concurrency: usize, ordered: bool) -> Self {
        let buffer = if ordered {
            Buffer::Ordered {
                first: 0,
                results: VecDeque::new(),
            }
        } else {
            Buffer::Unordered(VecDeque::new())
        };
        Plan {
            max_concurrency,
            buffer,
            next: 0,
            taken: 0,
            exhausted: false,
            deadlines: BTreeSet::new(),
        }
    }

    /// Whether an item is to be pulled.
    pub(super) fn wants_more(&self) -> bool {
        !self.exhausted && self.taken < self.max_concurrency
    }

    /// An item was pulled: it takes a slot.
    pub(super) fn pulled(&mut self) -> Place {
        let place = self.next;
        self.next += 1;
        self.taken += 1;
        if let Buffer::Ordered { results, .. } = &mut self.buffer {
            results.push_back(None);
        }
        place
    }

    /// The source has no more items.
    pub(super) fn exhausted(&mut self) {
        self.exhausted = true;
    }

    /// The task of an item is to be done by then.
    pub(super) fn is_due_at(&mut self, place: Place, due: Instant) {
        self.deadlines.insert((due, place));
    }

    /// When the next task is to be done.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.deadlines.first().map(|(due, _)| *due)
    }

    /// Takes an item whose time is over.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<Place> {
        let &(due, place) = self.deadlines.first()?;
        (due <= now).then(|| {
            self.deadlines.pop_first();
            place
        })
    }

    /// The task of an item is gone: its slot is free. `due` is its deadline, if that was not over.
    pub(super) fn finished(&mut self, place: Place, due: Option<Instant>, result: R) {
        self.taken -= 1;
        if let Some(due) = due {
            self.deadlines.remove(&(due, place));
        }
        match &mut self.buffer {
            Buffer::Unordered(results) => results.push_back(result),
            Buffer::Ordered { first, results } => {
                let at = usize::try_from(place - *first).ok();
                if let Some(waiting) = at.and_then(|at| results.get_mut(at)) {
                    *waiting = Some(result);
                }
            }
        }
    }

    /// Takes the result that is next, if it is there.
    pub(super) fn next_result(&mut self) -> Option<R> {
        match &mut self.buffer {
            Buffer::Unordered(results) => results.pop_front(),
            Buffer::Ordered { first, results } => {
                let result = results.front_mut()?.take()?;
                results.pop_front();
                *first += 1;
                Some(result)
            }
        }
    }

    /// Whether there is nothing more to come.
    pub(super) fn is_over(&self) -> bool {
        let is_empty = match &self.buffer {
            Buffer::Unordered(results) => results.is_empty(),
            Buffer::Ordered { results, .. } => results.is_empty(),
        };
        self.exhausted && self.taken == 0 && is_empty
    }

    /// Ends it: nothing more comes.
    pub(super) fn close(&mut self) {
        *self = Plan::new(0, false);
        self.exhausted = true;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Pulls as many as it wants, and tells their places.
    fn fill(plan: &mut Plan<&'static str>) -> Vec<Place> {
        let mut places = Vec::new();
        while plan.wants_more() {
            places.push(plan.pulled());
        }
        places
    }

    fn drain(plan: &mut Plan<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| plan.next_result()).collect()
    }

    #[test]
    fn it_pulls_as_many_as_there_are_slots() {
        for (slots, expected) in [(1, vec![0]), (3, vec![0, 1, 2])] {
            let mut plan = Plan::new(slots, true);
            assert_eq!(fill(&mut plan), expected);
            assert!(!plan.wants_more());
        }
    }

    #[test]
    fn results_come_in_the_order_of_the_items_or_of_their_ends() {
        for (ordered, expected) in [
            (true, [vec![], vec![], vec!["a", "b", "c"]]),
            (false, [vec!["c"], vec!["b"], vec!["a"]]),
        ] {
            let mut plan = Plan::new(3, ordered);
            fill(&mut plan);
            let ends = [(2, "c"), (1, "b"), (0, "a")];
            let given = ends.map(|(place, result)| {
                plan.finished(place, None, result);
                drain(&mut plan)
            });
            assert_eq!(given, expected);
        }
    }

    #[test]
    fn a_slow_item_holds_nobody_up_and_the_others_are_buffered() {
        let mut plan = Plan::new(2, true);
        assert_eq!(fill(&mut plan), [0, 1]);
        for place in 1..100 {
            plan.finished(place, None, "fast");
            assert_eq!(fill(&mut plan), [place + 1]);
            assert_eq!(plan.next_result(), None);
        }
        plan.finished(0, None, "slow");
        let results = drain(&mut plan);
        assert_eq!(
            (results.len(), results[0], results[99]),
            (100, "slow", "fast")
        );
    }

    #[test]
    fn it_is_over_when_the_source_is_and_everything_was_given() {
        for ordered in [true, false] {
            let mut plan = Plan::new(2, ordered);
            assert!(!plan.is_over());
            plan.pulled();
            plan.exhausted();
            assert!(!plan.wants_more() && !plan.is_over());
            plan.finished(0, None, "a");
            assert!(!plan.is_over());
            assert_eq!(plan.next_result(), Some("a"));
            assert!(plan.is_over());
        }
        let mut empty: Plan<()> = Plan::new(1, true);
        empty.exhausted();
        assert!(empty.is_over());
    }

    #[test]
    fn the_next_deadline_is_that_of_a_task_that_runs() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut plan = Plan::new(3, true);
        fill(&mut plan);
        assert_eq!(plan.next_due(), None);
        for (place, seconds) in [(0, 3), (1, 1), (2, 2)] {
            plan.is_due_at(place, at(seconds));
        }
        assert_eq!(plan.next_due(), Some(at(1)));
        plan.finished(1, Some(at(1)), "b");
        assert_eq!(plan.next_due(), Some(at(2)));
        assert_eq!(plan.overdue(at(1)), None);
        assert_eq!(plan.overdue(at(3)), Some(2));
        assert_eq!(plan.overdue(at(3)), Some(0));
        assert_eq!((plan.overdue(at(9)), plan.next_due()), (None, None));
    }

    #[test]
    fn once_closed_nothing_comes() {
        let mut plan = Plan::new(2, true);
        fill(&mut plan);
        plan.finished(0, None, "a");
        plan.close();
        assert!(!plan.wants_more() && plan.is_over());
        assert_eq!((plan.next_result(), plan.next_due()), (None, None));
    }
}

//! Deadlines that are hardly ever reached: those of calls.
//!
//! Arming a timer for every call and disarming it again costs more than the call. So a call that is answered lends its
//! alarm, still armed and still set to wake the same task, to the next call of that task. An alarm may go off too
//! early for its present holder, which then sets it to its own deadline; it never goes off too late. A task that makes
//! one call after the other arms a timer once in five seconds.
//!
//! The spare alarms lie in a thread-local, at most one for each of [`PLACES`] places, found by the task's waker. They
//! may keep the memory of a task that has ended until they are used again.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::coop::unconstrained;
use tokio::time::Instant;

use crate::node::Node;
use crate::pid::NodeId;
use crate::rt::{self, Handle, Sleep};
use crate::sync::thread_local;

const PLACES: usize = 64;

thread_local! {
    static SPARE: RefCell<[Option<Box<Alarm>>; PLACES]> = const { RefCell::new([const { None }; PLACES]) };
}

/// Wakes one task at `at`, unless it goes off before.
pub(crate) struct Alarm {
    /// The deadline of its present holder.
    due: Instant,
    at: Instant,
    sleep: Pin<Box<Sleep>>,
    node: NodeId,
    /// How often the node had changed its runtime: another one's alarm may not go off any more.
    runtimes: u32,
    waker: Waker,
    /// Not lent in a test that is shuffled: who gets it depends on addresses, and whom it wakes too.
    is_lent: bool,
}

impl Alarm {
    /// One that is not set yet: its time is over.
    fn new(node: &Node, now: Instant, waker: &Waker) -> Box<Self> {
        // That of the task first: the node's may be gone.
        let outside = Handle::try_current().is_err();
        let runtime = if outside { node.runtime() } else { None };
        let _entered = runtime.as_ref().map(Handle::enter);
        let sleep = Box::pin(rt::sleep_until(now));
        Box::new(Alarm {
            due: now,
            at: now,
            sleep,
            node: node.id(),
            runtimes: node.runtimes(),
            waker: waker.clone(),
            is_lent: !node.is_shuffled(),
        })
    }

    /// Makes it wake `waker` at `due` or before. Ready if that is over.
    fn set(&mut self, due: Instant, now: Instant, waker: &Waker) -> Poll<()> {
        self.due = due;
        if due <= now {
            return Poll::Ready(());
        }
        let in_time = now < self.at && self.at <= due;
        if in_time && (self.waker.will_wake(waker) || self.poll_sleep(waker).is_pending()) {
            return Poll::Pending;
        }
        self.at = due;
        self.sleep.as_mut().reset(due);
        self.poll_sleep(waker)
    }

    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        if self.poll_sleep(waker).is_pending() {
            return Poll::Pending;
        }
        self.set(self.due, Instant::now(), waker)
    }

    fn poll_sleep(&mut self, waker: &Waker) -> Poll<()> {
        self.waker.clone_from(waker);
        Pin::new(&mut unconstrained(self.sleep.as_mut())).poll(&mut Context::from_waker(waker))
    }
}

fn place(waker: &Waker) -> usize {
    // Task headers are aligned to a cache line or two.
    let address = waker.data().addr();
    (address >> 7 ^ address >> 13) % PLACES
}

/// The deadline of one call.
pub(crate) enum Deadline {
    /// Begins when it is first polled.
    After(Duration),
    At(Box<Alarm>),
    Never,
}

impl Deadline {
    /// Ready when the deadline is over; else `waker` will be woken then.
    pub(crate) fn poll(&mut self, node: &Node, waker: &Waker) -> Poll<()> {
        match self {
            Deadline::Never => Poll::Pending,
            Deadline::At(alarm) => alarm.poll(waker),
            &mut Deadline::After(time) => self.begin(time, node, waker),
        }
    }

    fn begin(&mut self, time: Duration, node: &Node, waker: &Waker) -> Poll<()> {
        let now = Instant::now();
        let Some(due) = now.checked_add(time) else {
            return Poll::Pending;
        };
        let mut alarm = spare(node, waker).unwrap_or_else(|| Alarm::new(node, now, waker));
        let over = alarm.set(due, now, waker);
        *self = Deadline::At(alarm);
        over
    }

    /// Not waited for any more: its alarm is lent to the next call of the same task.
    #[inline]
    pub(crate) fn end(&mut self) {
        if let Deadline::At(alarm) = std::mem::replace(self, Deadline::Never)
            && alarm.is_lent
        {
            let place = place(&alarm.waker);
            let replaced = SPARE.try_with(|spare| spare.borrow_mut()[place].replace(alarm));
            drop(replaced);
        }
    }
}

fn spare(node: &Node, waker: &Waker) -> Option<Box<Alarm>> {
    let spare = SPARE
        .try_with(|spare| spare.borrow_mut()[place(waker)].take())
        .ok()??;
    (spare.node == node.id() && spare.runtimes == node.runtimes()).then_some(spare)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    fn alarm(deadline: &Deadline) -> &Alarm {
        match deadline {
            Deadline::At(alarm) => alarm,
            _ => panic!("it has begun"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_call_of_a_task_uses_the_alarm_of_the_last_and_keeps_its_own_time() {
        const TIMEOUT: Duration = Duration::from_secs(5);
        let node = Node::new();
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;

        let mut first = Deadline::After(TIMEOUT);
        assert!(first.poll(&node, &waker).is_pending());
        let armed = alarm(&first).at;
        first.end();

        tokio::time::advance(Duration::from_secs(1)).await;
        let mut second = Deadline::After(TIMEOUT);
        assert!(second.poll(&node, &waker).is_pending());
        assert_eq!(alarm(&second).at, armed, "no timer was armed");

        tokio::time::advance(Duration::from_secs(4)).await;
        assert!(
            second.poll(&node, &waker).is_pending(),
            "the alarm went off too early for it"
        );
        assert_eq!(
            alarm(&second).at,
            armed + Duration::from_secs(1),
            "and was set anew"
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(second.poll(&node, &waker).is_ready());
    }
}

//! Deadlines that are hardly ever reached: those of calls.
//!
//! Arming a timer for every call and disarming it again costs more than the call, and to read the clock costs a third of
//! it. So a call that is answered lends its alarm, still armed and still set to wake the same task, to the next call of
//! that task. An alarm may go off too early for its present holder, which then sets it to its own deadline.
//!
//! A task that makes one call right after the other does without the clock too: its alarm is set [`COARSE`] ahead, and
//! while that has not gone off, a call begins without a look at the clock. If it goes off before the answer is there, the
//! deadline is counted from then. So a deadline is never too early, and too late by [`COARSE`], and by as long as
//! something blocks the runtime's thread meanwhile; those shorter than [`COARSE_FROM`], and all those of tests, are exact.
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
use crate::time;

const PLACES: usize = 64;

/// By how much a deadline of a task that calls again and again may be too late.
const COARSE: Duration = Duration::from_millis(10);

/// Deadlines from this on may be.
const COARSE_FROM: Duration = Duration::from_secs(1);

/// Calls within [`COARSE`] that make a task one that calls again and again.
const OFTEN: u32 = 100;

thread_local! {
    static SPARE: RefCell<[Option<Box<Alarm>>; PLACES]> = const { RefCell::new([const { None }; PLACES]) };
}

/// Wakes one task at `at`, unless it goes off before.
pub(crate) struct Alarm {
    /// The deadline of its present holder.
    due: Due,
    at: Instant,
    sleep: Pin<Box<Sleep>>,
    node: NodeId,
    /// How often the node had changed its runtime: another one's alarm may not go off any more.
    runtimes: u32,
    waker: Waker,
    lending: Lending,
    /// When `calls` began to count.
    since: Instant,
    calls: u32,
    /// Set to go off soon, so that the clock need not be read until then.
    is_coarse: bool,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    At(Instant),
    /// So long after the alarm has gone off.
    After(Duration),
}

/// To whom an alarm is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lending {
    /// To nobody: a test that is shuffled. Who gets it depends on addresses, and whom it wakes too.
    Never,
    /// To calls that look at the clock: a test.
    Exact,
    /// To all.
    Coarse,
}

impl Alarm {
    /// One that is not set yet: its time is over.
    fn new(node: &Node, now: Instant, waker: &Waker) -> Box<Self> {
        // That of the task first: the node's may be gone.
        let outside = Handle::try_current().is_err();
        let runtime = if outside { node.runtime() } else { None };
        let _entered = runtime.as_ref().map(Handle::enter);
        let sleep = Box::pin(rt::sleep_until(now));
        let lending = if node.is_shuffled() {
            Lending::Never
        } else if node.is_of_test() {
            Lending::Exact
        } else {
            Lending::Coarse
        };
        Box::new(Alarm {
            due: Due::At(now),
            at: now,
            sleep,
            node: node.id(),
            runtimes: node.runtimes(),
            waker: waker.clone(),
            lending,
            since: now,
            calls: 0,
            is_coarse: false,
        })
    }

    /// A call begins: makes the alarm wake `waker` when `time` is over or before. Ready if that is now.
    fn begin(&mut self, time: Duration, waker: &Waker) -> Poll<()> {
        self.calls += 1;
        let has_gone_off = self.sleep.is_elapsed();
        if self.is_coarse && !has_gone_off && time >= COARSE_FROM && self.waker.will_wake(waker) {
            self.due = Due::After(time);
            return Poll::Pending;
        }
        let now = Instant::now();
        self.is_coarse = false;
        let due = time::after(now, time);
        self.due = Due::At(due);
        if self.calls_often(now) && time >= COARSE_FROM {
            self.begin_coarsely(now, waker)
        } else {
            self.set(due, now, waker)
        }
    }

    /// A call begins, and those after it need not look at the clock for a while.
    fn begin_coarsely(&mut self, now: Instant, waker: &Waker) -> Poll<()> {
        self.is_coarse = true;
        if self.arm(now + COARSE, waker).is_pending() {
            return Poll::Pending;
        }
        // The thread was held up for as long as that: it has gone off, and it is not the deadline.
        self.go_off(waker)
    }

    /// Whether its task has made many calls in a short time. Asked when the clock is read.
    fn calls_often(&mut self, now: Instant) -> bool {
        let is_short = now.saturating_duration_since(self.since) <= COARSE * 2;
        let often = is_short && self.calls >= OFTEN;
        if often || !is_short {
            self.calls = 0;
            self.since = now;
        }
        often && self.lending == Lending::Coarse
    }

    /// Makes it wake `waker` when it is due or before. Ready if it is due.
    fn set(&mut self, due: Instant, now: Instant, waker: &Waker) -> Poll<()> {
        if due <= now {
            return Poll::Ready(());
        }
        let in_time = now < self.at && self.at <= due;
        if in_time && (self.waker.will_wake(waker) || self.poll_sleep(waker).is_pending()) {
            return Poll::Pending;
        }
        self.arm(due, waker)
    }

    fn arm(&mut self, at: Instant, waker: &Waker) -> Poll<()> {
        self.at = at;
        self.sleep.as_mut().reset(at);
        self.poll_sleep(waker)
    }

    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        if self.poll_sleep(waker).is_pending() {
            return Poll::Pending;
        }
        self.go_off(waker)
    }

    /// It has gone off. Ready if its holder's deadline is over, else it is set to that.
    fn go_off(&mut self, waker: &Waker) -> Poll<()> {
        let now = Instant::now();
        let due = match self.due {
            Due::At(due) => due,
            Due::After(time) => time::after(now, time),
        };
        self.due = Due::At(due);
        self.is_coarse = false;
        self.set(due, now, waker)
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
    #[inline]
    pub(crate) fn poll(&mut self, node: &Node, waker: &Waker) -> Poll<()> {
        match self {
            Deadline::Never => Poll::Pending,
            Deadline::At(alarm) => alarm.poll(waker),
            &mut Deadline::After(time) => self.begin(time, node, waker),
        }
    }

    fn begin(&mut self, time: Duration, node: &Node, waker: &Waker) -> Poll<()> {
        let spare = spare(node, waker);
        let mut alarm = spare.unwrap_or_else(|| Alarm::new(node, Instant::now(), waker));
        let over = alarm.begin(time, waker);
        *self = Deadline::At(alarm);
        over
    }

    /// Not waited for any more: its alarm is lent to the next call of the same task.
    #[inline]
    pub(crate) fn end(&mut self) {
        if let Deadline::At(alarm) = std::mem::replace(self, Deadline::Never)
            && alarm.lending != Lending::Never
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

    #[tokio::test(start_paused = true)]
    async fn a_task_that_calls_often_counts_from_when_its_alarm_goes_off() {
        const TIMEOUT: Duration = Duration::from_secs(5);
        let node = Node::new();
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        for _ in 0..=OFTEN {
            let mut call = Deadline::After(TIMEOUT);
            assert!(call.poll(&node, &waker).is_pending());
            call.end();
        }

        let began = Instant::now();
        let mut late = Deadline::After(TIMEOUT);
        assert!(late.poll(&node, &waker).is_pending());
        assert!(alarm(&late).is_coarse);
        assert_eq!(alarm(&late).at, began + COARSE, "no timer was armed");
        tokio::time::advance(COARSE).await;
        assert!(late.poll(&node, &waker).is_pending());
        assert_eq!(alarm(&late).at, began + COARSE + TIMEOUT);
        tokio::time::advance(TIMEOUT).await;
        assert!(late.poll(&node, &waker).is_ready());
        late.end();

        let mut short = Deadline::After(COARSE);
        assert!(short.poll(&node, &waker).is_pending());
        assert_eq!(alarm(&short).at, Instant::now() + COARSE, "it is exact");
    }

    #[tokio::test(start_paused = true)]
    async fn a_thread_that_is_held_up_as_a_call_begins_times_nothing_out() {
        const TIMEOUT: Duration = Duration::from_secs(5);
        let node = Node::new();
        let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let began = Instant::now();
        let mut alarm = Alarm::new(&node, began, &waker);
        alarm.due = Due::At(began + TIMEOUT);
        tokio::time::advance(COARSE * 2).await;
        assert!(alarm.begin_coarsely(began, &waker).is_pending());
        assert_eq!(alarm.at, began + TIMEOUT);
        tokio::time::advance(TIMEOUT).await;
        assert!(alarm.poll(&waker).is_ready());
    }
}

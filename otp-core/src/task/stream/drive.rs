//! A poll of a stream of tasks: does what [`super::plan`] says is next.

use std::any::type_name;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::plan::{Place, Plan};
use super::slot::{Lease, Progress, Slot};
use super::source::Source;
use super::{AsyncStream, ItemExit, OnTimeout, ready};
use crate::exit::ExitReason;
use crate::process::cell::Process;
use crate::process::scope;
use crate::reply;
use crate::task::begin::{Origin, begin};
use crate::task::supervisor::{refused, spec};
use crate::time::{self, deadline_after};

type Item<Fut, E> = Option<Result<<Fut as Future>::Output, E>>;
type PlanOf<Fut, E> = Plan<Result<<Fut as Future>::Output, E>>;
/// What a stream ends with: what is kept of an item, and why.
type Last<K> = (K, ExitReason);

impl<S, F, Fut, E> AsyncStream<S, F, Fut, E>
where
    S: Source<Item: Send + 'static>,
    F: Fn(S::Item) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Send + 'static> + Send + 'static,
    E: ItemExit<S::Item>,
{
    pub(super) fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Item<Fut, E>> {
        let mut plan = match self.plan.take() {
            Some(plan) => plan,
            None => Plan::new(self.max_concurrency, self.ordered),
        };
        let unwinding = Unwinding(self);
        let polled = unwinding.0.drive(&mut plan, cx);
        mem::forget(unwinding);
        self.plan = Some(plan);
        polled
    }

    fn drive(&mut self, plan: &mut PlanOf<Fut, E>, cx: &mut Context<'_>) -> Poll<Item<Fut, E>> {
        self.ready.register(cx.waker());
        loop {
            // Before anything is pulled: whoever takes a few results has not pulled many items.
            if let Some(result) = plan.next_result() {
                return Poll::Ready(Some(result));
            }
            if plan.is_over() {
                self.alarm = None;
                return Poll::Ready(None);
            }
            let moved = self.fill(plan, cx);
            let moved = self.look(plan).and_then(|looked| {
                let timed = self.watch_the_clock(plan, cx)?;
                Ok(moved || looked || timed)
            });
            match moved {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err((kept, reason)) => {
                    plan.close();
                    self.close();
                    return Poll::Ready(Some(Err(E::of(kept, reason))));
                }
            }
        }
    }

    /// Pulls items and starts their tasks. Whether there was anything to do.
    fn fill(&mut self, plan: &mut PlanOf<Fut, E>, cx: &mut Context<'_>) -> bool {
        let mut filled = false;
        while plan.wants_more() {
            let pulled = match &mut self.source {
                Some(source) => source.poll_next(cx),
                None => Poll::Ready(None),
            };
            match pulled {
                Poll::Ready(Some(item)) => self.start(plan, item),
                Poll::Ready(None) => {
                    self.source = None;
                    plan.exhausted();
                }
                Poll::Pending => break,
            }
            filled = true;
        }
        filled
    }

    /// Starts the task of an item.
    fn start(&mut self, plan: &mut PlanOf<Fut, E>, item: S::Item) {
        let kept = E::keep(&item);
        let place = plan.pulled();
        let waker = ready::waker(&self.ready, place);
        let (reply_to, value) = reply::answer();
        let f = Arc::clone(&self.f);
        let code = async move { reply_to.send(f(item).await) };
        let (origin, owner) = (Origin::here(), scope::process());
        let name = type_name::<Fut>();
        let mut slot = match &self.under {
            None => {
                let node = scope::node().expect("a stream of tasks needs a node: it was polled outside `#[otp_core::main]`, `#[otp_core::test]` and nodes");
                let mut lease = None;
                begin(&node, origin, name, code, |task| {
                    let task: Arc<dyn Process> = Arc::clone(task) as _;
                    lease = Some(Lease::new(task, owner, true));
                });
                let lease = lease.expect("a task is bound before it runs");
                Slot::running(kept, waker, lease, value)
            }
            Some(under) => {
                let (begun, lease) = reply::answer();
                let link = under.link;
                let mut spec = spec(origin, name, None, code, move |task: &Arc<dyn Process>| {
                    begun.send(Lease::new(Arc::clone(task), owner, link));
                });
                spec.shutdown = under.shutdown;
                Slot::starting(kept, waker, under.supervisor.ask(spec), lease, value)
            }
        };
        if self.under.is_none() {
            slot.due = give_time(plan, place, self.timeout);
        }
        self.slots.insert(place, slot);
        self.ready.add(place);
    }

    /// Looks at the tasks that have something to tell. Whether one is gone. Err with what the stream ends with.
    fn look(&mut self, plan: &mut PlanOf<Fut, E>) -> Result<bool, Last<E::Kept>> {
        let mut gone = false;
        while let Some(place) = self.ready.take() {
            let Some(slot) = self.slots.get_mut(&place) else {
                continue;
            };
            let Poll::Ready(progress) = slot.poll() else {
                continue;
            };
            match progress {
                Progress::Begun => {
                    slot.due = give_time(plan, place, self.timeout);
                    self.ready.add(place);
                }
                Progress::Done(result) => {
                    if let Some(Slot { kept, due, .. }) = self.slots.remove(&place) {
                        let result = result.map_err(|reason| E::of(kept, reason));
                        plan.finished(place, due, result);
                    }
                    gone = true;
                }
                Progress::Refused(error) => {
                    if let Some(Slot { kept, .. }) = self.slots.remove(&place) {
                        return Err((kept, refused(error)));
                    }
                }
            }
        }
        Ok(gone)
    }

    /// Sees to the tasks whose time is over. Whether there was one. Err with what the stream ends with.
    fn watch_the_clock(
        &mut self,
        plan: &mut PlanOf<Fut, E>,
        cx: &mut Context<'_>,
    ) -> Result<bool, Last<E::Kept>> {
        let mut any = false;
        while let Some(due) = plan.next_due() {
            let (_, sleep) = match &mut self.alarm {
                Some(alarm) if alarm.0 <= due => alarm,
                none_in_time => {
                    let left = due.saturating_duration_since(Instant::now());
                    none_in_time.insert((due, time::sleep(left)))
                }
            };
            if Pin::new(sleep).poll(cx).is_pending() {
                break;
            }
            self.alarm = None;
            let now = Instant::now();
            while let Some(place) = plan.overdue(now) {
                any = true;
                match self.on_timeout {
                    OnTimeout::Exit => {
                        if let Some(Slot { kept, .. }) = self.slots.remove(&place) {
                            return Err((kept, ExitReason::Timeout));
                        }
                    }
                    OnTimeout::KillTask => {
                        if let Some(slot) = self.slots.get_mut(&place) {
                            slot.time_out();
                        }
                    }
                }
            }
        }
        Ok(any)
    }
}

/// A task begins: notes when it is to be done.
fn give_time<R>(plan: &mut Plan<R>, place: Place, timeout: Option<Duration>) -> Option<Instant> {
    let due = deadline_after(timeout?);
    plan.is_due_at(place, due);
    Some(due)
}

impl<S, F, Fut, E> AsyncStream<S, F, Fut, E>
where
    S: Source,
    F: Fn(S::Item) -> Fut,
    Fut: Future,
    E: ItemExit<S::Item>,
{
    /// Kills the tasks, and pulls nothing any more.
    fn close(&mut self) {
        self.slots.clear();
        self.alarm = None;
        self.source = None;
    }
}

/// A stream that is being polled: a panic of its source closes it.
struct Unwinding<'a, S, F, Fut, E>(&'a mut AsyncStream<S, F, Fut, E>)
where
    S: Source,
    F: Fn(S::Item) -> Fut,
    Fut: Future,
    E: ItemExit<S::Item>;

impl<S, F, Fut, E> Drop for Unwinding<'_, S, F, Fut, E>
where
    S: Source,
    F: Fn(S::Item) -> Fut,
    Fut: Future,
    E: ItemExit<S::Item>,
{
    fn drop(&mut self) {
        self.0.close();
    }
}

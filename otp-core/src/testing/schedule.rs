//! A schedule of one's own: which process runs next is drawn from a seed, so that it can be drawn again.
//!
//! The test's body is task [`BODY`]. In a test that is shuffled the processes of its node are tasks too; otherwise they
//! are tokio's, and the schedule only knows whether the body can run. One thread polls; any may wake.
//!
//! A task lies in `tasks` until it is done or the schedule is closed, and is taken out for the length of a poll. Its
//! number lies in `ready` at most once, from its waking to its next poll.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::task::coop::has_budget_remaining;

use super::random::Random;

/// The number of the test's body.
const BODY: u64 = 0;

/// Steps in one go, before tokio looks at its own tasks, at time and at the world outside.
const TURN: u32 = 64;

type Code = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    /// None while it is polled.
    code: Option<Code>,
    alarm: Arc<Alarm>,
}

struct State {
    random: Random,
    ready: Vec<u64>,
    tasks: BTreeMap<u64, Task>,
    next: u64,
    driver: Option<Waker>,
    closed: bool,
}

/// See the module.
pub(crate) struct Schedule {
    seed: Option<u64>,
    state: Mutex<State>,
}

/// What wakes a task.
struct Alarm {
    task: u64,
    schedule: Arc<Schedule>,
    /// Whether the task is among the ready ones.
    rung: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.schedule.ready(self.task);
        }
    }
}

impl Schedule {
    /// With a seed the node's processes are shuffled.
    pub(crate) fn new(seed: Option<u64>) -> Arc<Self> {
        Arc::new(Schedule {
            seed,
            state: Mutex::new(State {
                random: Random::new(seed.unwrap_or_default()),
                ready: vec![BODY],
                tasks: BTreeMap::new(),
                next: BODY + 1,
                driver: None,
                closed: false,
            }),
        })
    }

    /// The seed of a test that is shuffled.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Whether no task of the schedule's can run now.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().ready.is_empty()
    }

    /// Adds a task. One that comes after the end is dropped at once, as by a runtime that has ended.
    pub(crate) fn spawn(self: &Arc<Self>, future: impl Future<Output: Send> + Send + 'static) {
        let code: Code = Box::pin(async move {
            future.await;
        });
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return drop(code);
        }
        let task = state.next;
        state.next += 1;
        let alarm = Arc::new(Alarm {
            task,
            schedule: Arc::clone(self),
            rung: AtomicBool::new(true),
        });
        let code = Some(code);
        state.tasks.insert(task, Task { code, alarm });
        drop(state);
        self.ready(task);
    }

    /// Runs the body, and with it the tasks.
    pub(crate) async fn drive<F: Future>(self: &Arc<Self>, body: F) -> F::Output {
        let mut body = pin!(body);
        let alarm = Arc::new(Alarm {
            task: BODY,
            schedule: Arc::clone(self),
            rung: AtomicBool::new(true),
        });
        poll_fn(|cx| {
            self.lock().driver = Some(cx.waker().clone());
            for _ in 0..TURN {
                match self.draw() {
                    None => return Poll::Pending,
                    Some(BODY) => {
                        alarm.rung.store(false, Ordering::Release);
                        let waker = Waker::from(Arc::clone(&alarm));
                        let poll = body.as_mut().poll(&mut Context::from_waker(&waker));
                        if poll.is_ready() {
                            return poll;
                        }
                    }
                    Some(task) => self.step(task),
                }
                // What the tasks have used up, they get anew with the next turn.
                if !has_budget_remaining() {
                    break;
                }
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Drops the tasks that are not done, as a runtime that ends.
    pub(crate) fn close(&self) {
        let tasks = {
            let mut state = self.lock();
            state.closed = true;
            state.driver = None;
            std::mem::take(&mut state.tasks)
        };
        for task in tasks.into_values() {
            // What its drop says, a runtime would keep for itself too.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(task)));
        }
    }

    /// Which task runs next.
    fn draw(&self) -> Option<u64> {
        let mut state = self.lock();
        if state.ready.is_empty() {
            return None;
        }
        let State { random, ready, .. } = &mut *state;
        Some(ready.swap_remove(random.below(ready.len())))
    }

    /// Polls a task once.
    fn step(&self, number: u64) {
        let (mut code, alarm) = {
            let mut state = self.lock();
            let task = state.tasks.get_mut(&number);
            match task.and_then(|task| Some((task.code.take()?, Arc::clone(&task.alarm)))) {
                Some(task) => task,
                None => return,
            }
        };
        alarm.rung.store(false, Ordering::Release);
        let waker = Waker::from(alarm);
        // A process has caught its own panics. What is left is what its drop says, which tokio would keep as well.
        let poll = catch_unwind(AssertUnwindSafe(|| {
            code.as_mut().poll(&mut Context::from_waker(&waker))
        }));
        let mut state = self.lock();
        let task = match state.tasks.get_mut(&number) {
            Some(task) if matches!(poll, Ok(Poll::Pending)) => {
                task.code = Some(code);
                return;
            }
            _ => state.tasks.remove(&number),
        };
        drop(state);
        let _ = catch_unwind(AssertUnwindSafe(|| drop((code, task))));
    }

    fn ready(&self, task: u64) {
        let driver = {
            let mut state = self.lock();
            state.ready.push(task);
            state.driver.clone()
        };
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

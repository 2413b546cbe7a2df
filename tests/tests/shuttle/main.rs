//! Explored schedules: what must hold however tasks interleave. Built with `--cfg shuttle` only.
//!
//! Each test tells a story, which runs as the main process of a node of its own, thousands of times, each time in another
//! order of what its processes do to shared state. Time stands still there: what waits for a timeout waits for ever, and
//! a story that comes to wait for ever fails. Processes crash by `exit_with`, as shuttle takes every panic for a failure.
//!
//! A failure prints its seed and its schedule. `SHUTTLE_RANDOM_SEED=<seed>` with the name of the test repeats it.
#![cfg(shuttle)]

mod links;
mod mailbox;
mod monitors;
mod names;
mod replies;
mod stops;
mod supervisors;
mod tasks;
mod telemetry;

use std::future::Future;
use std::sync::Arc;

use otp_core::__private::run_explored;
use otp_core::ExitReason;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

/// Orders in which at every step any task may be next.
const RANDOM: usize = 1400;
/// Orders in which one task runs as long as it can, but for [`CHANGES`] changes at bad moments.
const BY_PRIORITY: usize = 600;
const CHANGES: usize = 3;

/// Tells a story in many orders.
fn explore<F: Future<Output = ()>>(story: impl Fn() -> F + Send + Sync + 'static) {
    let story = Arc::new(story);
    explore_by(RandomScheduler::new(RANDOM), Arc::clone(&story));
    explore_by(PctScheduler::new(CHANGES, BY_PRIORITY), story);
}

fn explore_by<S, F>(scheduler: impl Scheduler + 'static, story: Arc<S>)
where
    S: Fn() -> F + Send + Sync + 'static,
    F: Future<Output = ()>,
{
    let mut config = Config::new();
    config.silence_warnings = true;
    config.stack_size = 256 * 1024;
    Runner::new(scheduler, config).run(move || run_explored(story()));
}

/// A reason that is told apart from [`tests::processes::boom`].
fn bang() -> ExitReason {
    ExitReason::error("bang")
}

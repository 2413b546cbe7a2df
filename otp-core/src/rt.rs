//! The one seam where tasks are spawned and where they sleep, so that a deterministic scheduler can take tokio's place in tests.

use std::cell::Cell;
use std::future::Future;

#[cfg(shuttle)]
pub(crate) use crate::model::{Handle, Id, Sleep, sleep, sleep_until};
#[cfg(not(shuttle))]
pub(crate) use tokio::{
    runtime::{Handle, Id},
    time::{Sleep, sleep, sleep_until},
};

use crate::node::Node;
use crate::pid::NodeId;
use crate::sync::thread_local;

/// Runs a future as a task of its own: on the runtime that the caller is in, else on that of the node.
///
/// # Panics
///
/// Panics if there is no runtime at all.
#[track_caller]
pub(crate) fn spawn(node: &Node, future: impl Future<Output: Send> + Send + 'static) {
    #[cfg(feature = "test-util")]
    if let Some(schedule) = node.schedule() {
        return schedule.spawn(future);
    }
    spawn_on(&runtime(node), future);
}

/// Runs a future as a task of its own on a runtime. One that has ended drops it at once.
pub(crate) fn spawn_on(runtime: &Handle, future: impl Future<Output: Send> + Send + 'static) {
    drop(runtime.spawn(future));
}

/// The runtime that the caller is in, else that of the node.
#[track_caller]
pub(crate) fn runtime(node: &Node) -> Handle {
    match Handle::try_current() {
        Ok(current) => {
            if !is_known(node, current.id()) {
                let runtimes = node.runs_on(&current);
                note(node, runtimes, current.id());
            }
            current
        }
        Err(_) => node.runtime().expect(
            "there is no tokio runtime: start processes inside `#[otp_core::main]`, `#[otp_core::test]` or a tokio runtime",
        ),
    }
}

thread_local! {
    /// The node that something was started in last on this thread, how often that had changed its runtime, and on which.
    static KNOWN: Cell<Option<(NodeId, u32, Id)>> = const { Cell::new(None) };
}

/// Whether the node's last runtime is this one for sure: looked up without the node's lock, at each start.
fn is_known(node: &Node, runtime: Id) -> bool {
    let known = (node.id(), node.runtimes(), runtime);
    KNOWN.try_with(|last| last.get() == Some(known)) == Ok(true)
}

fn note(node: &Node, runtimes: u32, runtime: Id) {
    let known = (node.id(), runtimes, runtime);
    let _ = KNOWN.try_with(|last| last.set(Some(known)));
}

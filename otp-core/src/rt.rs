//! The one seam where tasks are spawned, so that a deterministic scheduler can take tokio's place in tests.

use std::future::Future;

use tokio::runtime::Handle;

use crate::node::Node;

/// Runs a future as a task of its own: on the runtime that the caller is in, else on that of the node.
///
/// # Panics
///
/// Panics if there is no runtime at all.
#[track_caller]
pub(crate) fn spawn(node: &Node, future: impl Future<Output: Send> + Send + 'static) {
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
            node.runs_on(&current);
            current
        }
        Err(_) => node.runtime().expect(
            "there is no tokio runtime: start processes inside `#[otp_core::main]`, `#[otp_core::test]` or a tokio runtime",
        ),
    }
}

//! Where a task stands: in which node, as which process. Ambient by task, through a thread-local that is swapped in
//! for the length of each poll.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::cell::Process;
use crate::node::Node;
use crate::pid::Pid;
use crate::sync::thread_local;

thread_local! {
    static PROCESS: RefCell<Option<Arc<dyn Process>>> = const { RefCell::new(None) };
    /// Where one stands that is no process.
    static NODE: RefCell<Option<Node>> = const { RefCell::new(None) };
    static ORPHANS: RefCell<Vec<Orphan>> = const { RefCell::new(Vec::new()) };
}

/// A reply that unwinding dropped. Whoever waits for it is told when this is dropped, with the reason of the end.
pub(crate) struct Orphan {
    pub(crate) caller: Option<crate::pid::Pid>,
    pub(crate) _reply: Box<dyn Any + Send>,
}

impl fmt::Debug for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orphan")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// A process, or none, that is the current one until this is dropped. It lies in the place of the other one meanwhile.
pub(crate) struct Acting<'a>(&'a mut Option<Arc<dyn Process>>);

/// Acts as a process.
#[inline]
pub(crate) fn act_as(process: &mut Option<Arc<dyn Process>>) -> Acting<'_> {
    PROCESS.with(|current| mem::swap(&mut *current.borrow_mut(), process));
    Acting(process)
}

impl Drop for Acting<'_> {
    #[inline]
    fn drop(&mut self) {
        PROCESS.with(|current| mem::swap(&mut *current.borrow_mut(), self.0));
    }
}

/// A node that is the current one until this is dropped.
struct Standing<'a>(&'a mut Option<Node>);

fn stand_in(node: &mut Option<Node>) -> Standing<'_> {
    NODE.with(|current| mem::swap(&mut *current.borrow_mut(), node));
    Standing(node)
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        NODE.with(|current| mem::swap(&mut *current.borrow_mut(), self.0));
    }
}

/// The current node: that of the current process, if there is one.
pub(crate) fn node() -> Option<Node> {
    with_process(|process| process.core().node().clone())
        .or_else(|| NODE.try_with(|node| node.borrow().clone()).ok()?)
}

/// The current process.
pub(crate) fn process() -> Option<Arc<dyn Process>> {
    PROCESS
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

/// Looks at the current process without keeping it.
#[inline]
pub(crate) fn with_process<T>(look: impl FnOnce(&dyn Process) -> T) -> Option<T> {
    PROCESS
        .try_with(|current| current.borrow().as_deref().map(look))
        .ok()
        .flatten()
}

/// Notes that the current process waits for `server`, and gives its pid. None outside a process.
///
/// Like the next one a function of its own, as otherwise each kind of call would be compiled with all of it.
pub(crate) fn wait_for(server: Pid) -> Option<Pid> {
    with_process(|process| {
        process.core().set_waiting_for(server);
        process.core().pid()
    })
}

/// Notes that the current process waits for nobody.
pub(crate) fn wait_for_nobody() {
    with_process(|process| process.core().set_waiting_for_nobody());
}

/// Keeps a reply that unwinding dropped until the reason of the end is known. Gives it back outside a process.
pub(crate) fn adopt(orphan: Orphan) -> Option<Orphan> {
    if with_process(|_| ()).is_none() {
        return Some(orphan);
    }
    ORPHANS.with(|orphans| orphans.borrow_mut().push(orphan));
    None
}

/// Takes the replies that the panic which was just caught has dropped.
pub(crate) fn take_orphans() -> Vec<Orphan> {
    ORPHANS.with(RefCell::take)
}

pin_project! {
    /// A future that runs in a node; made by [`NodeExt::in_node`] and [`Node::run`].
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as the future.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let node = Node::new();
    /// let inside = async { Node::current() }.in_node(&node);
    /// assert_eq!(inside.await, Some(node));
    /// # });
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct InNode<F> {
        #[pin]
        future: F,
        node: Option<Node>,
    }
}

impl<F: Future> Future for InNode<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut nobody = None;
        let _acting = act_as(&mut nobody);
        let _standing = stand_in(this.node);
        this.future.poll(cx)
    }
}

impl<F> fmt::Debug for InNode<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InNode").finish_non_exhaustive()
    }
}

/// Takes a future into a node. `tokio::spawn` does not inherit the node; this carries it over.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let node = Node::current().unwrap();
/// // In a task of tokio's, which inherits nothing.
/// let worker = tokio::spawn(async { process::spawn(std::future::pending::<()>()) }.in_node(&node));
/// assert!(node.is_alive(worker.await.unwrap()));
/// # });
/// ```
pub trait NodeExt: Future + Sized {
    /// Makes `node` the current node of this future.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as the future.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let node = Node::current().unwrap();
    /// let inside = tokio::spawn(async { Node::current() }.in_node(&node)).await.unwrap();
    /// assert_eq!(inside, Some(node));
    /// # });
    /// ```
    fn in_node(self, node: &Node) -> InNode<Self> {
        InNode {
            future: self,
            node: Some(node.clone()),
        }
    }
}

impl<F: Future> NodeExt for F {}

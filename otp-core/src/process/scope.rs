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
use crate::sync::thread_local;

/// Where one stands.
#[derive(Default)]
pub(crate) enum Scope {
    #[default]
    Nowhere,
    Node(Node),
    Process(Arc<dyn Process>),
}

impl Scope {
    pub(crate) fn process(&self) -> Option<&Arc<dyn Process>> {
        match self {
            Scope::Process(process) => Some(process),
            Scope::Nowhere | Scope::Node(_) => None,
        }
    }
}

thread_local! {
    static CURRENT: RefCell<Scope> = const { RefCell::new(Scope::Nowhere) };
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

/// Puts a scope in place until it is dropped.
pub(crate) struct Entered<'a>(&'a mut Scope);

pub(crate) fn enter(scope: &mut Scope) -> Entered<'_> {
    CURRENT.with(|current| mem::swap(&mut *current.borrow_mut(), scope));
    Entered(scope)
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        CURRENT.with(|current| mem::swap(&mut *current.borrow_mut(), self.0));
    }
}

/// The current node.
pub(crate) fn node() -> Option<Node> {
    with(|scope| match scope {
        Scope::Nowhere => None,
        Scope::Node(node) => Some(node.clone()),
        Scope::Process(process) => Some(process.core().node().clone()),
    })
}

/// The current process.
pub(crate) fn process() -> Option<Arc<dyn Process>> {
    with(|scope| match scope {
        Scope::Process(process) => Some(Arc::clone(process)),
        _ => None,
    })
}

/// Looks at the current process without keeping it.
pub(crate) fn with_process<T>(look: impl FnOnce(&dyn Process) -> T) -> Option<T> {
    with(|scope| match scope {
        Scope::Process(process) => Some(look(&**process)),
        _ => None,
    })
}

fn with<T>(look: impl FnOnce(&Scope) -> Option<T>) -> Option<T> {
    CURRENT
        .try_with(|current| look(&current.borrow()))
        .ok()
        .flatten()
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
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct InNode<F> {
        #[pin]
        future: F,
        scope: Scope,
    }
}

impl<F: Future> Future for InNode<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(this.scope);
        this.future.poll(cx)
    }
}

impl<F> fmt::Debug for InNode<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InNode").finish_non_exhaustive()
    }
}

/// Takes a future into a node. `tokio::spawn` does not inherit the node; this carries it over.
pub trait NodeExt: Future + Sized {
    /// Makes `node` the current node of this future.
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
            scope: Scope::Node(node.clone()),
        }
    }
}

impl<F: Future> NodeExt for F {}

//! Processes that take more than one type of message, seen by the part that one of them is.
//!
//! Whoever holds an inlet can send what its type says, and nothing else of what the process takes: a server is seen so by
//! the clients of one of its protocols.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::task::Waker;

use tracing::Span;

use super::address::{Astray, Guide, Route};
use super::cell::{Cell, Core, Process};
use super::queue::{PushError, Pushed};
use crate::node::Node;

/// A process whose messages can be made of `P`s.
pub(crate) trait Inlet<P>: Send + Sync {
    fn core(&self) -> &Core;
    /// The type of the server.
    fn kind(&self) -> &'static str;
    fn into_process(self: Arc<Self>) -> Arc<dyn Process>;
    /// See [`Queue::push`](super::queue::Queue::push).
    fn push(&self, message: P, ticket: Option<u64>) -> Result<Pushed, PushError<P>>;
    /// See [`Queue::push_traced`](super::queue::Queue::push_traced).
    fn push_traced(
        &self,
        message: P,
        ticket: Option<u64>,
        span: Span,
    ) -> Result<Pushed, PushError<P>>;
    /// See [`Queue::wait_for_room`](super::queue::Queue::wait_for_room).
    fn wait_for_room(&self, ticket: Option<u64>, waker: &Waker) -> Option<u64>;
    /// See [`Queue::leave_line`](super::queue::Queue::leave_line).
    fn leave_line(&self, ticket: Option<u64>, lost: bool);
}

impl<P, M> Inlet<P> for Cell<M>
where
    P: Send + 'static,
    M: From<P> + Send + 'static,
{
    fn core(&self) -> &Core {
        self.core()
    }

    fn kind(&self) -> &'static str {
        self.kind().name()
    }

    fn into_process(self: Arc<Self>) -> Arc<dyn Process> {
        self
    }

    fn push(&self, message: P, ticket: Option<u64>) -> Result<Pushed, PushError<P>> {
        self.queue().push(message, ticket)
    }

    fn push_traced(
        &self,
        message: P,
        ticket: Option<u64>,
        span: Span,
    ) -> Result<Pushed, PushError<P>> {
        self.queue().push_traced(message, ticket, span)
    }

    fn wait_for_room(&self, ticket: Option<u64>, waker: &Waker) -> Option<u64> {
        self.queue().wait_for_room(ticket, waker)
    }

    fn leave_line(&self, ticket: Option<u64>, lost: bool) {
        self.queue().leave_line(ticket, lost);
    }
}

/// Follows the route of a whole server for one of its parts.
struct PartGuide<M>(Route<M>);

impl<P, M> Guide<P> for PartGuide<M>
where
    P: Send + 'static,
    M: From<P> + Send + 'static,
{
    fn find(&self) -> Result<Route<P>, Astray> {
        self.0
            .resolve()
            .map(|cell| Route::Part(Arc::new(cell as Arc<dyn Inlet<P>>)))
    }

    fn node(&self) -> Option<Node> {
        self.0.node()
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        let other = other.downcast_ref::<Self>();
        other.is_some_and(|other| self.0 == other.0)
    }

    fn hash(&self, mut state: &mut dyn Hasher) {
        self.0.hash(&mut state);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Leads to a part of whatever `route` leads to.
pub(crate) fn part_guide<P, M>(route: Route<M>) -> Arc<Box<dyn Guide<P>>>
where
    P: Send + 'static,
    M: From<P> + Send + 'static,
{
    Arc::new(Box::new(PartGuide(route)))
}

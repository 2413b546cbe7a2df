//! What is shared of one process: its identity, its vital signs, its mailbox. One allocation a process.
//!
//! Everybody who holds a handle holds a `Cell`. The process's own code, its state and the batch that it is working on
//! are not here but in its task.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

use super::kind::Kind;
use super::queue::{Look, Queue};
use super::signal::Signal;
use super::vital::Vital;
use crate::exit::ExitReason;
use crate::node::Node;
use crate::options::MailboxPolicy;
use crate::pid::Pid;
use crate::sendable::{IsSendable, Sendable};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// The part of a process that does not depend on the type of its messages.
pub(crate) struct Core {
    pid: Pid,
    node: Node,
    /// An exit signal is pending. Set after the reason is in place.
    signalled: AtomicBool,
    /// It has ended. Set under the lock of the vital signs, for those who look without it.
    gone: AtomicBool,
    /// Number of the process of the same node that this one has called and waits for; 0 for none.
    waiting_for: AtomicU64,
    vital: Mutex<Vital>,
}

impl IsSendable for Core {}

impl Core {
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// The vital signs. Held for a few instructions, never over an await, together with another process's only by
    /// [`super::signal`], in the order of the pids.
    pub(crate) fn vital(&self) -> MutexGuard<'_, Vital> {
        self.vital.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an exit signal waits to be acted on.
    pub(crate) fn is_signalled(&self) -> bool {
        self.signalled.load(Ordering::Acquire)
    }

    pub(crate) fn set_signalled(&self) {
        self.signalled.store(true, Ordering::Release);
    }

    /// Whether it has ended: one load, no lock.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(crate) fn set_gone(&self) {
        self.gone.store(true, Ordering::Release);
    }

    /// The reason of the end, once there is one.
    pub(crate) fn ended(&self) -> Option<ExitReason> {
        self.vital().ended().cloned()
    }

    /// The process that this one has called and waits for.
    pub(crate) fn waiting_for(&self) -> Option<Pid> {
        let number = self.waiting_for.load(Ordering::Relaxed);
        (number != 0).then(|| Pid::new(self.pid.node(), number))
    }

    /// One of another node is not followed.
    pub(crate) fn set_waiting_for(&self, server: Pid) {
        let number = if server.node() == self.pid.node() {
            server.number()
        } else {
            0
        };
        self.waiting_for.store(number, Ordering::Relaxed);
    }

    pub(crate) fn set_waiting_for_nobody(&self) {
        self.waiting_for.store(0, Ordering::Relaxed);
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

/// One process whose mailbox takes messages of type `M`.
pub(crate) struct Cell<M> {
    core: Sendable<Core>,
    kind: Kind<M>,
    queue: Queue<M>,
}

impl<M> fmt::Debug for Cell<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.core, f)
    }
}

impl<M: Send + 'static> Cell<M> {
    /// Makes a process that is in no table yet.
    pub(crate) fn new(node: Node, kind: Kind<M>, policy: MailboxPolicy) -> Arc<Self> {
        let pid = node.next_pid();
        let core = Sendable(Core {
            pid,
            node,
            signalled: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            waiting_for: AtomicU64::new(0),
            vital: Mutex::default(),
        });
        Arc::new(Cell {
            core,
            kind,
            queue: Queue::new(policy),
        })
    }
}

impl<M> Cell<M> {
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) fn kind(&self) -> &Kind<M> {
        &self.kind
    }

    pub(crate) fn queue(&self) -> &Queue<M> {
        &self.queue
    }
}

/// A process of any message type: what the table, links and signals work with.
pub(crate) trait Process: Any + Send + Sync + fmt::Debug {
    fn core(&self) -> &Core;
    /// What it is: the type of the server, `task` or `process`.
    fn kind(&self) -> &'static str;
    fn push_signal(&self, signal: Signal);
    /// Queues a signal under the caller's lock. The waker is to be woken once that is free.
    fn queue_signal(&self, signal: Signal) -> Option<Waker>;
    /// Takes the first signal that `select` wants.
    fn take_signal(&self, select: &mut dyn FnMut(&Signal) -> bool) -> Option<Box<Signal>>;
    fn wake(&self);
    fn register(&self, waker: &Waker);
    fn is_registered(&self) -> bool;
    fn mailbox(&self) -> Look;
    fn close(&self);
    #[cfg(feature = "test-util")]
    fn message_type(&self) -> &'static str;
}

impl<M: Send + 'static> Process for Cell<M> {
    fn core(&self) -> &Core {
        &self.core
    }

    fn kind(&self) -> &'static str {
        self.kind.name()
    }

    fn push_signal(&self, signal: Signal) {
        if let Some(waker) = self.queue_signal(signal) {
            waker.wake();
        }
    }

    fn queue_signal(&self, signal: Signal) -> Option<Waker> {
        self.queue.queue_signal(Box::new(signal))
    }

    fn take_signal(&self, select: &mut dyn FnMut(&Signal) -> bool) -> Option<Box<Signal>> {
        use super::queue::Envelope;
        let wanted =
            |envelope: &Envelope<M>| matches!(envelope, Envelope::Signal(signal) if select(signal));
        self.queue
            .take_where(wanted, |envelope| match envelope {
                Envelope::Signal(signal) => Some(signal),
                Envelope::Message(_) => None,
            })
            .flatten()
    }

    fn wake(&self) {
        self.queue.wake();
    }

    fn register(&self, waker: &Waker) {
        self.queue.register(waker);
    }

    fn is_registered(&self) -> bool {
        self.queue.is_registered()
    }

    fn mailbox(&self) -> Look {
        let mut look = self.queue.look();
        look.memory += size_of::<Self>();
        look
    }

    fn close(&self) {
        self.queue.close();
    }

    #[cfg(feature = "test-util")]
    fn message_type(&self) -> &'static str {
        std::any::type_name::<M>()
    }
}

/// Gives a process its message type back. None if it has another one.
pub(crate) fn downcast<M: Send + 'static>(process: Arc<dyn Process>) -> Option<Arc<Cell<M>>> {
    let any: Arc<dyn Any + Send + Sync> = process;
    any.downcast().ok()
}

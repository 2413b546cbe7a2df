//! What is behind the handle of a tree that `supervisor!` makes: the supervisor's handle, and one of each child.
//!
//! The children's handles are kept without their types, which the macro's accessors know. So no generated type depends
//! on a child, and a child that is no server is one error of the compiler, not one for each type that holds its handle.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use super::handle::SupervisorRef;
use crate::child_spec::ChildHandle;
use crate::options::Restart;
use crate::pid::Pid;

/// The handle of one child, made when it is first asked for.
type Child = OnceLock<Box<dyn Any + Send + Sync>>;

/// The handles of a tree. `Eq` and `Hash` by the supervisor's address.
#[derive(Clone)]
pub struct TreeRef(Arc<Handles>);

struct Handles {
    supervisor: SupervisorRef,
    children: Box<[Child]>,
}

impl TreeRef {
    /// The handles of a tree of so many children that has not begun.
    #[must_use]
    pub fn vacant(children: usize) -> Self {
        let children = std::iter::repeat_with(OnceLock::new).take(children);
        TreeRef(Arc::new(Handles {
            supervisor: SupervisorRef::vacant(),
            children: children.collect(),
        }))
    }

    /// The supervisor's.
    #[must_use]
    pub fn supervisor(&self) -> &SupervisorRef {
        &self.0.supervisor
    }

    /// The supervisor's process.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.0.supervisor.pid()
    }

    /// That of the child at this place, from 0.
    ///
    /// # Panics
    ///
    /// Panics if there is no such child.
    #[must_use]
    pub fn child<H: ChildHandle>(&self, place: usize) -> H {
        let child = self.0.children.get(place).map(|child| {
            let child = child.get_or_init(|| Box::new(H::vacant()));
            child.downcast_ref::<H>()
        });
        let child = child.flatten();
        child
            .expect("the macro gives a child one place and one type")
            .clone()
    }
}

impl PartialEq for TreeRef {
    fn eq(&self, other: &Self) -> bool {
        self.supervisor() == other.supervisor()
    }
}

impl Eq for TreeRef {}

impl Hash for TreeRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.supervisor().hash(state);
    }
}

impl fmt::Debug for TreeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TreeRef").field(self.supervisor()).finish()
    }
}

/// Whether the child that `accessor` gives can end for good, as its own attribute says.
#[must_use]
pub const fn ends_for_good<T, H: ChildHandle>(_accessor: fn(&T) -> H) -> bool {
    !matches!(H::OPTIONS.restart, Restart::Permanent)
}

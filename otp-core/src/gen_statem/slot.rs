//! The place of a machine's state, out of which a handler may move it.

use std::ops::{Deref, DerefMut};

/// Where the state of a machine is: a handler looks at it and changes it through this, or takes it out to move its data
/// into the next state.
///
/// What a handler has taken and not put back is gone if it panics: `terminate` does not run then.
///
/// # Panics
///
/// To look at a state that has been taken panics.
///
/// # Examples
///
/// ```
/// use otp_core::gen_statem::Slot;
///
/// enum Door { Closed(String), Locked(String) }
///
/// fn lock(door: &mut Slot<Door>) {
///     // Moves the key from one state to the other.
///     if let Door::Closed(key) = door.take() {
///         door.put(Door::Locked(key));
///     }
/// }
///
/// let mut door = Slot::new(Door::Closed("key".to_owned()));
/// lock(&mut door);
/// assert!(matches!(&*door, Door::Locked(key) if key == "key"));
/// ```
#[derive(Debug)]
pub struct Slot<S>(Option<S>);

const TAKEN: &str = "the state was taken out of its slot and not put back";

impl<S> Slot<S> {
    /// With this state in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::Slot;
    ///
    /// assert_eq!(*Slot::new(5), 5);
    /// ```
    pub const fn new(state: S) -> Self {
        Slot(Some(state))
    }

    /// Takes the state out. A handler puts one back before it ends.
    ///
    /// # Panics
    ///
    /// Panics if it has been taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::Slot;
    ///
    /// let mut slot = Slot::new(5);
    /// let next = slot.take() + 1;
    /// slot.put(next);
    /// assert_eq!(*slot, 6);
    /// ```
    pub fn take(&mut self) -> S {
        self.0.take().expect(TAKEN)
    }

    /// Puts a state in, in the place of the one that is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::gen_statem::Slot;
    ///
    /// let mut slot = Slot::new(5);
    /// slot.put(6);
    /// assert_eq!(*slot, 6);
    /// ```
    pub fn put(&mut self, state: S) {
        self.0 = Some(state);
    }

    pub(super) const fn get(&self) -> Option<&S> {
        self.0.as_ref()
    }

    pub(super) const fn get_mut(&mut self) -> Option<&mut S> {
        self.0.as_mut()
    }
}

impl<S> Deref for Slot<S> {
    type Target = S;

    fn deref(&self) -> &S {
        self.0.as_ref().expect(TAKEN)
    }
}

impl<S> DerefMut for Slot<S> {
    fn deref_mut(&mut self) -> &mut S {
        self.0.as_mut().expect(TAKEN)
    }
}

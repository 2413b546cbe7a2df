//! What is `Send` and `Sync` at a glance: a program of servers is checked in half the time.
//!
//! A handle leads to its process, that to its node, and that to the runtime. Whether it is `Send` is asked for each
//! server, dozens of times, and each time the compiler looks at all of these. A [`Sendable`] it takes for what it says.
//!
//! This is the second module with `unsafe` code. It claims nothing that the compiler has not proved: whoever is
//! [`IsSendable`] is `Send` and `Sync`, by its supertraits.

#![expect(unsafe_code, reason = "see the header")]

use std::ops::Deref;

/// It has been proved to be `Send` and `Sync`, once.
pub(crate) trait IsSendable: Send + Sync {}

/// A `T` that the compiler need not look into.
#[derive(Debug)]
pub(crate) struct Sendable<T: IsSendable>(pub(crate) T);

// SAFETY: there is nothing in it but a `T`, which is `Send`, as that is a supertrait of `IsSendable`.
unsafe impl<T: IsSendable> Send for Sendable<T> {}
// SAFETY: there is nothing in it but a `T`, which is `Sync`, as that is a supertrait of `IsSendable`.
unsafe impl<T: IsSendable> Sync for Sendable<T> {}

impl<T: IsSendable> Deref for Sendable<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

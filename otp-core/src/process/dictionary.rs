//! The process dictionary: values that belong to the current process, one of each type.

use std::any::{Any, TypeId};

use super::current;

/// Keeps a value with the current process, and gives back the one of this type that it had: `Process.put/2`.
///
/// The type is the key. A value is dropped when the process ends. Use a server's state first; this is for what has to
/// be reachable from any depth.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// #[derive(Clone, Debug, PartialEq)]
/// struct RequestId(u64);
///
/// assert_eq!(process::put(RequestId(1)), None);
/// assert_eq!(process::put(RequestId(2)), Some(RequestId(1)));
/// assert_eq!(process::get::<RequestId>(), Some(RequestId(2)));
/// # });
/// ```
#[track_caller]
pub fn put<T: Send + 'static>(value: T) -> Option<T> {
    let process = current();
    let before = process
        .core()
        .vital()
        .dictionary()
        .insert(TypeId::of::<T>(), Box::new(value));
    before.and_then(downcast)
}

/// A copy of the value of type `T` that the current process keeps: `Process.get/1`.
///
/// # Panics
///
/// Panics outside a process, and if cloning the value uses the dictionary.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// process::put("a text");
/// assert_eq!(process::get::<&str>(), Some("a text"));
/// assert_eq!(process::get::<u32>(), None);
/// # });
/// ```
#[track_caller]
#[must_use]
pub fn get<T: Clone + Send + 'static>() -> Option<T> {
    let process = current();
    let mut vital = process.core().vital();
    vital
        .dictionary()
        .get(&TypeId::of::<T>())?
        .downcast_ref()
        .cloned()
}

/// Takes the value of type `T` away from the current process: `Process.delete/1`.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// process::put(7_u32);
/// assert_eq!(process::erase::<u32>(), Some(7));
/// assert_eq!(process::erase::<u32>(), None);
/// # });
/// ```
#[track_caller]
pub fn erase<T: Send + 'static>() -> Option<T> {
    let process = current();
    let value = process
        .core()
        .vital()
        .dictionary()
        .remove(&TypeId::of::<T>());
    value.and_then(downcast)
}

fn downcast<T: 'static>(value: Box<dyn Any + Send>) -> Option<T> {
    value.downcast().ok().map(|value| *value)
}

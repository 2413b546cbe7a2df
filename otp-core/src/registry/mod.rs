//! Registries: processes by key, with values, for as long as they live.
//!
//! TODO
mod builder;
mod entry;
mod handle;
mod holders;
mod listener;
mod lock;
mod meta;
mod registrable;
mod server;
mod table;
mod via;

#[doc(hidden)]
pub use builder::RegistrySetup;
pub use builder::{DuplicateRegistry, Registry};
pub use entry::{Entry, RegistryError, RegistryEvent};
pub use handle::RegistryRef;
pub use registrable::{HasHandle, Key, Registrable, Registrant, Value};
#[doc(hidden)]
pub use server::RegistryMessage;
pub use server::RegistryServer;

/// Each key is held by one process at most.
#[derive(Debug)]
pub enum Unique {}

/// A key may be held by many processes, and many times.
#[derive(Debug)]
pub enum Duplicate {}

/// How many may hold a key of a registry: [`Unique`] or [`Duplicate`].
pub trait Keys: sealed::Sealed + 'static {
    #[doc(hidden)]
    const UNIQUE: bool;
}

impl Keys for Unique {
    const UNIQUE: bool = true;
}

impl Keys for Duplicate {
    const UNIQUE: bool = false;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Unique {}
    impl Sealed for super::Duplicate {}
}

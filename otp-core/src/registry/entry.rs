//! What is registered, and what a registry says of it.

use crate::pid::Pid;

/// One registration: who, and the value that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Entry<H, V = ()> {
    /// A handle that is pinned to the process.
    pub handle: H,
    /// The process.
    pub pid: Pid,
    /// What was given when it was registered, or by the last `update_value`.
    pub value: V,
}

/// What a registry tells its listeners.
///
/// Each process's registrations and unregistrations come in their order. Its end says nothing: who listens monitors it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryEvent<K, V = ()> {
    /// A process was registered, by itself or as it started.
    Registered {
        /// The process of the registry.
        registry: Pid,
        /// Under which key.
        key: K,
        /// Who.
        pid: Pid,
        /// With which value.
        value: V,
    },
    /// A process has taken an entry of its own away.
    Unregistered {
        /// The process of the registry.
        registry: Pid,
        /// Under which key it was.
        key: K,
        /// Who.
        pid: Pid,
    },
}

/// What was asked of a registry was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The key is unique and taken, by this process; it may be the one that asked.
    #[error("the key is held by {0}")]
    AlreadyRegistered(Pid),
    /// The process is not registered under this key.
    #[error("the process is not registered under this key")]
    NotRegistered,
    /// The registry has ended, or the process that was to be registered.
    #[error("no such process")]
    NoProc,
}

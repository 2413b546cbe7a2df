//! What is registered, and what a registry says of it.

use crate::pid::Pid;

/// One registration: who, and the value that goes with it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// # otp_core::doc_test(async {
/// let rooms = Registry::<u32, Room, &str>::unique().start_link().await.unwrap();
/// let room = Room::start().via_value(&rooms, 7, "tea").await.unwrap();
/// let entry = rooms.entry(&7).unwrap();
/// assert_eq!((entry.handle, Some(entry.pid), entry.value), (room.clone(), room.pid(), "tea"));
/// # });
/// ```
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
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use otp_core::RegistryEvent;
///
/// # otp_core::doc_test(async {
/// let (tell, told) = tokio::sync::oneshot::channel();
/// let listener = process::spawn(async move |mut mailbox: Mailbox<RegistryEvent<&str>>| {
///     tell.send(mailbox.receive().await).unwrap();
/// });
/// let rooms = Registry::<&str, Room>::unique().listener(listener).start_link().await.unwrap();
/// let room = Room::start().via(&rooms, "tea").await.unwrap();
/// let RegistryEvent::Registered { registry, key, pid, .. } = told.await.unwrap() else { panic!("another event") };
/// assert_eq!((Some(registry), key, Some(pid)), (rooms.pid(), "tea", room.pid()));
/// # });
/// ```
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
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::RegistryError;
///
/// # otp_core::doc_test(async {
/// # let (_, monitor) =
/// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
///     let workers = Registry::<u32, Address<u32>>::unique().start_link().await.unwrap();
///     workers.register(&mailbox, 7, ()).unwrap();
///     let again = workers.register(&mailbox, 7, ());
///     assert_eq!(again, Err(RegistryError::AlreadyRegistered(process::self_pid())));
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
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

//! Registries: processes by key, with values, for as long as they live.
//!
//! A name is one process's, and a process has one name; a registry is for the rest: servers that are made at run time and
//! found by a key that means something ([`Registry`], whose keys are unique), and groups of processes that want to hear
//! of a topic ([`DuplicateRegistry`]). It mirrors Elixir's `Registry`.
//!
//! A registry is typed by its key and by what may be registered. What is looked up is a handle of that kind of server,
//! and looking up the wrong kind is a mistake that the compiler finds.
//!
//! ```
//! use otp_core::prelude::*;
//!
//! #[gen_server]
//! pub struct Room { lines: Vec<String> }
//!
//! #[gen_server]
//! impl Room {
//!     #[init]
//!     fn init() -> Self { Room { lines: Vec::new() } }
//!
//!     #[call]
//!     pub fn say(&mut self, line: String) -> usize { self.lines.push(line); self.lines.len() }
//! }
//!
//! # otp_core::doc_test(async {
//! let rooms = Registry::<&str, Room>::unique().start_link().await.unwrap();
//! let tea = Room::start_link().via(&rooms, "tea").await.unwrap();
//!
//! // The handle of the process that has the key now …
//! assert_eq!(rooms.lookup(&"tea"), Some(tea.clone()));
//! // … and one that looks the key up at each use, so that it survives a restart.
//! let via = RoomRef::via(&rooms, "tea");
//! assert_eq!(via.say("hello".to_owned()).await, Ok(1));
//!
//! assert_eq!(Room::start_link().via(&rooms, "tea").await, Err(StartError::AlreadyStarted(tea.pid().unwrap())));
//! tea.stop().await.unwrap();
//! assert_eq!(rooms.lookup(&"tea"), None);
//! assert_eq!(via.say("hello?".to_owned()).await, Err(CallFailure::NoProc));
//! # });
//! ```
//!
//! A key that many may hold is a group. A process registers itself with what only it has, a server with its `cx`, a
//! process with its mailbox, so that nobody registers, changes or unregisters another one:
//!
//! ```
//! use otp_core::prelude::*;
//! use otp_core::DuplicateRegistry;
//!
//! # otp_core::doc_test(async {
//! let topics = DuplicateRegistry::<&str, Address<String>>::new().start_link().await.unwrap();
//! let (subscribed, is_subscribed) = tokio::sync::oneshot::channel();
//! # let mut monitors = Vec::new();
//! # let (_, monitor) =
//! process::spawn_monitor({
//!     let topics = topics.clone();
//!     async move |mut mailbox: Mailbox<String>| {
//!         topics.register(&mailbox, "rust", ()).unwrap();
//!         subscribed.send(()).unwrap();
//!         assert_eq!(mailbox.receive().await, "2024");
//!     }
//! });
//! # monitors.push(monitor);
//! is_subscribed.await.unwrap();
//! topics.dispatch(&"rust", |subscribers| {
//!     for subscriber in subscribers {
//!         subscriber.handle.send("2024".to_owned());
//!     }
//! });
//! # for monitor in monitors { assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal); }
//! # });
//! ```
//!
//! # What a registry promises
//!
//! - **No round trip**: who looks something up reads a table, whoever registers writes it; the registry's process takes
//!   no part, and cannot be a bottleneck. A change is there when the method returns. Look-ups of different keys do not
//!   wait for each other.
//! - **Uniqueness**: of many that race for a unique key one gets it, and the others are told who.
//! - **Freed before it is seen**: the entries of a process go when it ends, before any DOWN or EXIT tells of it. A key whose
//!   holder is dead is free, even if the holder's end is still being carried out. A look-up can give a process that ends in
//!   the same moment: that is in the nature of things.
//! - **Values** go with an entry, are dropped with it, and are changed by its process alone.
//! - **The end of a registry** is told to all that are registered, as if they were linked with it: they end too, unless they
//!   trap exits or it ended normally. Started again, it is empty; who is registered in it belongs under the same supervisor,
//!   behind it. In a tree a registry is a child like others, and its handle follows it.
//! - **No user's code under a lock**, but `Hash` and `Eq` of keys: what is given to [`dispatch`](RegistryRef::dispatch),
//!   [`select`](RegistryRef::select) and the others may use the registry.
//!
//! # When not to use it
//!
//! For one process that everybody knows, a name is enough. For children that are started with their supervisor, the
//! supervisor's handles lead to them. For values that outlive their process it is no place: they go with it.

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
pub use registrable::{HasHandle, Key, RegisteredAs, Registrable, Registrant, Value};
#[doc(hidden)]
pub use server::RegistryMessage;
pub use server::RegistryServer;

/// Each key is held by one process at most.
///
/// Mirrors `keys: :unique`. It has no values: it stands in types.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use otp_core::registry::Unique;
///
/// # otp_core::doc_test(async {
/// let rooms: RegistryRef<u32, Room, (), Unique> = Registry::unique().start_link().await.unwrap();
/// assert_eq!(rooms.lookup(&7), None);
/// # });
/// ```
#[derive(Debug)]
pub enum Unique {}

/// A key may be held by many processes, and many times.
///
/// Mirrors `keys: :duplicate`. It has no values: it stands in types.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use otp_core::registry::Duplicate;
///
/// # otp_core::doc_test(async {
/// let rooms = Registry::<u32, Room>::duplicate();
/// let rooms: RegistryRef<u32, Room, (), Duplicate> = rooms.start_link().await.unwrap();
/// assert!(rooms.lookup(&7).is_empty());
/// # });
/// ```
#[derive(Debug)]
pub enum Duplicate {}

/// How many may hold a key of a registry: [`Unique`] or [`Duplicate`].
///
/// Nothing else implements it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use otp_core::registry::Keys;
///
/// /// How many entries a registry has, of whatever kind.
/// fn count<N: Keys>(rooms: &RegistryRef<u32, Room, (), N>) -> usize {
///     rooms.count()
/// }
///
/// # otp_core::doc_test(async {
/// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
/// Room::start().via(&rooms, 7).await.unwrap();
/// assert_eq!(count(&rooms), 1);
/// # });
/// ```
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

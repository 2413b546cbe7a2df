//! A registry before it starts.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::listener::Listener;
use super::meta::Meta;
use super::registrable::{HasHandle, Key, RegisteredAs, Registrable, Value};
use super::server::RegistryServer;
use super::{Duplicate, Keys, RegistryEvent, RegistryRef, Unique};
use crate::child_spec::{ChildSpec, ChildStart, Supervised};
use crate::gen_server::{Initialized, Start, start, start_link};
use crate::node::Name;
use crate::process::Recipient;

/// A registry of servers `S` by keys `K`, with a value `V` each, before it starts; and what names it in a tree.
///
/// Its keys are unique, or with [`Duplicate`] may be held by many: [`DuplicateRegistry`]. See [the module](super) for
/// what it does.
///
/// Mirrors `Registry.start_link/1`. Its options `partitions` and `compressed` are not there, as no process is asked.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// # otp_core::doc_test(async {
/// let rooms = Registry::<u32, Room>::unique().name("rooms").start_link().await.unwrap();
/// let room = Room::start_link().via(&rooms, 7).await.unwrap();
/// assert_eq!(rooms.lookup(&7), Some(room));
/// # });
/// ```
#[must_use = "a registry does nothing before it is started"]
pub struct Registry<K, S, V = (), N = Unique> {
    setup: RegistrySetup<K, V>,
    kind: PhantomData<fn() -> (S, N)>,
}

type Begun<K, S, V, N> = Initialized<RegistryServer<K, S, V, N>>;

/// A registry whose keys may be held by many processes at once: the groups of a publish-subscribe system.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Probe;
/// use otp_core::DuplicateRegistry;
///
/// # otp_core::doc_test(async {
/// let topics = DuplicateRegistry::<&str, Probe>::new().start_link().await.unwrap();
/// for _ in 1..=2 {
///     let (probe, topics) = (Probe::start().await.unwrap(), topics.clone());
///     // Each registers itself, in a callback.
///     probe.with(move |cx| topics.register(cx, "tea", ())).await.unwrap();
/// }
/// assert_eq!(topics.lookup(&"tea").len(), 2);
/// # });
/// ```
pub type DuplicateRegistry<K, S, V = ()> = Registry<K, S, V, Duplicate>;

impl<K: Key, S: Registrable, V: Value> Registry<K, S, V, Unique> {
    /// One whose keys are held by one process each: `keys: :unique`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// let room = Room::start().via(&rooms, 7).await.unwrap();
    /// assert!(Room::start().via(&rooms, 7).await.is_err());
    /// assert_eq!(rooms.lookup(&7), Some(room));
    /// # });
    /// ```
    pub fn unique() -> Self {
        Self::empty()
    }

    /// One whose keys may be held by many processes: `keys: :duplicate`. A tree, which reads the type, is to say
    /// [`DuplicateRegistry::new`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let topics = Registry::<u32, Address<u32>>::duplicate().start_link().await.unwrap();
    ///     topics.register(&mailbox, 7, ()).unwrap();
    ///     assert!(topics.register(&mailbox, 7, ()).is_ok());
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn duplicate() -> DuplicateRegistry<K, S, V> {
        DuplicateRegistry::empty()
    }
}

impl<K: Key, S: Registrable, V: Value> DuplicateRegistry<K, S, V> {
    /// One whose keys may be held by many processes: `keys: :duplicate`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::DuplicateRegistry;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = DuplicateRegistry::<u32, Room>::new().start_link().await.unwrap();
    /// assert!(rooms.lookup(&7).is_empty());
    /// # });
    /// ```
    #[expect(clippy::new_without_default, reason = "it is a builder")]
    pub fn new() -> Self {
        Self::empty()
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> Registry<K, S, V, N> {
    fn empty() -> Self {
        Registry {
            setup: RegistrySetup {
                name: None,
                listeners: Arc::from([]),
                meta: Meta::default(),
            },
            kind: PhantomData,
        }
    }

    /// Gives its process a name; [`ServerHandle::named`](crate::ServerHandle::named) of [`RegistryRef`] finds it.
    ///
    /// Without one it is found by its handle alone. A taken name is [`StartError::AlreadyStarted`](crate::StartError).
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.setup.name = Some(name.into());
        self
    }

    /// Gives it a value of its own, which [`RegistryRef::meta`] reads. There is one of each type, the last one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().meta("a greeting").meta(64_usize);
    /// let rooms = rooms.start_link().await.unwrap();
    /// assert_eq!((rooms.meta(), rooms.meta()), (Some("a greeting"), Some(64_usize)));
    /// # });
    /// ```
    pub fn meta<T: Clone + Send + Sync + 'static>(self, value: T) -> Self {
        let before = self.setup.meta.put(value);
        drop(before);
        self
    }

    /// Tells somebody of each registration and each unregistration; not of the end of a process, which it can monitor.
    ///
    /// Whoever is told has a message `From<RegistryEvent<K, V>>`. A listener that is gone, or whose bounded mailbox is
    /// full, misses what is told.
    ///
    /// The option `listeners`.
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
    /// let listener = process::spawn(async move |mut mailbox: Mailbox<RegistryEvent<u32>>| {
    ///     tell.send(mailbox.receive().await).unwrap();
    /// });
    /// let rooms = Registry::<u32, Room>::unique().listener(listener).start_link().await.unwrap();
    /// Room::start().via(&rooms, 7).await.unwrap();
    /// assert!(matches!(told.await, Ok(RegistryEvent::Registered { key: 7, .. })));
    /// # });
    /// ```
    pub fn listener<R>(mut self, recipient: R) -> Self
    where
        R: Recipient + Sync,
        R::Message: From<RegistryEvent<K, V>>,
    {
        let before = self.setup.listeners.iter().cloned();
        let listeners = before.chain([Listener::new(recipient)]);
        self.setup.listeners = listeners.collect();
        self
    }

    /// Starts it, linked with the current process: `Registry.start_link/1`.
    ///
    /// # Errors
    ///
    /// See [`StartError`](crate::StartError).
    ///
    /// # Panics
    ///
    /// The future panics outside a node.
    ///
    /// # Cancel safety
    ///
    /// As of [`Start`]: dropped before it is done, the registry is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
    /// assert_eq!(process::info(&rooms).unwrap().links, [process::self_pid()]);
    /// # });
    /// ```
    #[track_caller]
    #[expect(clippy::type_complexity, reason = "the future has no name")]
    pub fn start_link(
        self,
    ) -> Start<
        RegistryRef<K, S, V, N>,
        impl Future<Output = Begun<K, S, V, N>> + Send + use<K, S, V, N>,
    > {
        named(self.setup.name.clone(), start_link(self.setup))
    }

    /// Starts it, linked with nothing.
    ///
    /// # Errors
    ///
    /// See [`StartError`](crate::StartError).
    ///
    /// # Panics
    ///
    /// The future panics outside a node.
    ///
    /// # Cancel safety
    ///
    /// As of [`Start`]: dropped before it is done, the registry is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().start().await.unwrap();
    /// assert!(process::info(&rooms).unwrap().links.is_empty());
    /// # });
    /// ```
    #[track_caller]
    #[expect(clippy::type_complexity, reason = "the future has no name")]
    pub fn start(
        self,
    ) -> Start<
        RegistryRef<K, S, V, N>,
        impl Future<Output = Begun<K, S, V, N>> + Send + use<K, S, V, N>,
    > {
        named(self.setup.name.clone(), start(self.setup))
    }

    /// It as a child of a supervisor. Its id is its name, or its type if it has none.
    ///
    /// Each start of it begins with the metadata that was given here, and without entries.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::{Strategy, Supervisor};
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = Registry::<u32, Room>::unique().name("rooms").child_spec();
    /// assert_eq!(rooms.id, "rooms");
    /// let rooms_ref = rooms.handle();
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(rooms).start_link().await.unwrap();
    /// Room::start().via(&rooms_ref, 7).await.unwrap();
    /// assert_eq!(rooms_ref.count(), 1);
    /// # supervisor.stop().await.unwrap();
    /// # });
    /// ```
    pub fn child_spec(self) -> ChildSpec<RegistryRef<K, S, V, N>> {
        let id = match &self.setup.name {
            Some(name) => name.to_string(),
            None => std::any::type_name::<Self>().to_owned(),
        };
        ChildSpec::new(id, move || self.clone().start_link())
    }
}

fn named<K: Key, S: Registrable, V: Value, N: Keys, F>(
    name: Option<Name>,
    start: Start<RegistryRef<K, S, V, N>, F>,
) -> Start<RegistryRef<K, S, V, N>, F> {
    match name {
        Some(name) => start.name(name),
        None => start,
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> HasHandle for Registry<K, S, V, N> {
    type Handle = RegistryRef<K, S, V, N>;
}

impl<K: Key, S: Registrable, V: Value, N: Keys> RegisteredAs<Registry<K, S, V, N>>
    for RegistryServer<K, S, V, N>
{
}

impl<K: Key, S: Registrable, V: Value, N: Keys> Supervised for Registry<K, S, V, N> {
    type Handle = RegistryRef<K, S, V, N>;
    type Args = RegistrySetup<K, V>;

    fn start_child(setup: RegistrySetup<K, V>) -> impl ChildStart<Handle = Self::Handle> {
        let registry = Registry::<K, S, V, N> {
            setup,
            kind: PhantomData,
        };
        registry.start_link()
    }
}

impl<K, S, V, N> Clone for Registry<K, S, V, N> {
    fn clone(&self) -> Self {
        Registry {
            setup: RegistrySetup {
                name: self.setup.name.clone(),
                listeners: Arc::clone(&self.setup.listeners),
                meta: self.setup.meta.clone(),
            },
            kind: PhantomData,
        }
    }
}

impl<K, S, V, N> fmt::Debug for Registry<K, S, V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.setup).finish()
    }
}

/// What the process of a registry begins with.
#[doc(hidden)]
pub struct RegistrySetup<K, V> {
    name: Option<Name>,
    pub(super) listeners: Arc<[Listener<K, V>]>,
    pub(super) meta: Meta,
}

impl<K, V> fmt::Debug for RegistrySetup<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrySetup")
            .field("name", &self.name)
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

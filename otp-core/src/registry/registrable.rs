//! What can be registered, and who may register it.

use std::hash::Hash;

use crate::gen_server::{Context, GenServer, ServerHandle, ServerRef};
use crate::process::{Address, Mailbox};

/// What can be a key: any value that is compared by `Eq`.
///
/// Its `Hash` and `Eq` run while a part of the registry is locked: they must not use the registry.
///
/// Elixir's keys are any terms; here all keys of a registry are of one type. An enum makes several kinds one.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// enum Place {
///     Lobby,
///     Floor(u32),
/// }
///
/// # otp_core::doc_test(async {
/// let rooms = Registry::<Place, Room>::unique().start_link().await.unwrap();
/// let room = Room::start().via(&rooms, Place::Floor(3)).await.unwrap();
/// assert_eq!(rooms.lookup(&Place::Floor(3)), Some(room));
/// assert_eq!(rooms.lookup(&Place::Lobby), None);
/// # });
/// ```
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Eq + Hash + Send + Sync + 'static> Key for T {}

/// What can be stored with a registration.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// #[derive(Clone, Debug, PartialEq)]
/// struct Topic(&'static str);
///
/// # otp_core::doc_test(async {
/// let rooms = Registry::<u32, Room, Topic>::unique().start_link().await.unwrap();
/// Room::start().via_value(&rooms, 7, Topic("tea")).await.unwrap();
/// assert_eq!(rooms.entry(&7).unwrap().value, Topic("tea"));
/// # });
/// ```
pub trait Value: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Value for T {}

/// A server that registries can take, with the handle that a look-up gives.
///
/// `#[gen_server]` implements it. For a server that is written by hand:
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::registry::HasHandle;
///
/// struct Clock;
///
/// impl GenServer for Clock {
///     type Args = ();
///     type Message = ();
///     async fn init(_: (), _cx: &mut Context<Self>) -> Result<Self, InitError> { Ok(Clock) }
///     async fn handle_message(&mut self, _: (), _cx: &mut Context<Self>) {}
/// }
///
/// impl HasHandle for Clock {
///     type Handle = ServerRef<Clock>;
/// }
///
/// # otp_core::doc_test(async {
/// let clocks = Registry::<u32, Clock>::unique().start_link().await.unwrap();
/// let clock: ServerRef<Clock> = gen_server::start_link(()).via(&clocks, 1).await.unwrap();
/// assert_eq!(clocks.lookup(&1), Some(clock));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered: it is neither a server nor the address of a process",
    label = "no server and no address",
    note = "a registry is of a `#[gen_server]`, `Registry::<RoomId, Room>`, or of an `Address`, `Registry::<RoomId, Address<Line>>`"
)]
pub trait HasHandle: 'static {
    /// What look-ups give.
    type Handle: ServerHandle;
}

/// What can be registered: a server, or the [`Address`] of a process that has a [`Mailbox`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// # let (_, monitor) =
/// process::spawn_monitor(async |mut mailbox: Mailbox<String>| {
///     // A registry of processes that understand texts.
///     let readers = Registry::<u32, Address<String>>::unique().start_link().await.unwrap();
///     readers.register(&mailbox, 7, ()).unwrap();
///     readers.lookup(&7).unwrap().send("hello".to_owned());
///     assert_eq!(mailbox.receive().await, "hello");
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered: it is neither a server nor the address of a process",
    label = "no server and no address",
    note = "a registry is of a `#[gen_server]`, `Registry::<RoomId, Room>`, or of an `Address`, `Registry::<RoomId, Address<Line>>`"
)]
pub trait Registrable: 'static {
    /// What its mailbox takes.
    type Message: Send + 'static;

    /// What look-ups give.
    type Handle: Clone + 'static;

    /// A handle that is pinned to a process.
    #[doc(hidden)]
    fn handle(address: Address<Self::Message>) -> Self::Handle;
}

#[diagnostic::do_not_recommend]
impl<S: HasHandle> Registrable for S {
    type Message = <<S::Handle as ServerHandle>::Server as GenServer>::Message;
    type Handle = S::Handle;

    fn handle(address: Address<Self::Message>) -> S::Handle {
        ServerRef::pinned(address.cell).into()
    }
}

impl<M: Send + 'static> Registrable for Address<M> {
    type Message = M;
    type Handle = Address<M>;

    fn handle(address: Address<M>) -> Address<M> {
        address
    }
}

/// A server that is found in a registry of `S`: `S` itself, unless that is named by another type than runs in its process.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use otp_core::registry::{RegisteredAs, RegistryServer, Unique};
///
/// fn is_registered_as<S: RegisteredAs<R>, R: otp_core::registry::Registrable>() -> bool {
///     true
/// }
///
/// assert!(is_registered_as::<Room, Room>());
/// // `Registry` names a registry, whose process runs a `RegistryServer`.
/// assert!(is_registered_as::<RegistryServer<u32, Room, (), Unique>, Registry<u32, Room>>());
/// ```
#[diagnostic::on_unimplemented(
    message = "a registry of `{S}` does not take a `{Self}`",
    label = "a registry of `{S}`",
    note = "a registry takes what it is of: `Registry::<Key, Room>` takes servers that `Room` starts, and gives their handles"
)]
pub trait RegisteredAs<S: Registrable>: GenServer<Message = S::Message> {}

#[diagnostic::do_not_recommend]
impl<S> RegisteredAs<S> for S where S: GenServer + Registrable<Message = <S as GenServer>::Message> {}

/// A process that can register itself in a registry of `S`: what only the process itself has, a server's [`Context`] or
/// its own [`Mailbox`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// #[gen_server]
/// pub struct Room;
///
/// #[gen_server]
/// impl Room {
///     #[init]
///     fn init(rooms: RegistryRef<u32, Room>, cx: &mut Context<Self>) -> Result<Self, ExitReason> {
///         // With its own context, which nobody else has.
///         rooms.register(cx, 7, ()).map_err(ExitReason::error)?;
///         Ok(Room)
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
/// let room = Room::start(rooms.clone()).await.unwrap();
/// assert_eq!(rooms.keys(room.pid().unwrap()), [7]);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "a registry of `{S}` does not take `{Self}`",
    label = "not the context of a `{S}`",
    note = "a process registers itself: a server passes its own `cx`, a process of an `Address` its `&mailbox`"
)]
pub trait Registrant<S: Registrable> {
    /// The process.
    #[doc(hidden)]
    fn address(&self) -> Address<S::Message>;
}

#[diagnostic::do_not_recommend]
impl<S> Registrant<S> for Context<S>
where
    S: GenServer + Registrable<Message = <S as GenServer>::Message>,
{
    fn address(&self) -> Address<<S as GenServer>::Message> {
        Address {
            cell: self.cell().clone(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<M: Send + 'static> Registrant<Address<M>> for Mailbox<M> {
    fn address(&self) -> Address<M> {
        Mailbox::address(self)
    }
}

//! Protocols: messages that many kinds of servers take, behind one client.
//!
//! [`#[protocol]`](macro@crate::protocol) makes of a trait its messages, an enum that is a part of the messages of each
//! server of the protocol, and the client. What it emits is written against what is here.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::call::{Call, TryCall};
use crate::gen_server::{Context, GenServer, ServerHandle, ServerRef};
use crate::pid::Pid;
use crate::process::{
    self, Address, Guide, Inlet, Location, MonitorRef, Route, Sent, Target, part_guide,
};
use crate::reply::ReplyTo;

/// The address of a process that takes the messages `P` of a protocol, whatever else it takes.
///
/// Like a [`ServerRef`], it is pinned to one process, or follows a supervised child, a name or a
/// registry's key, as the handle did that it was made of; it is cheap to clone, `Eq` and `Hash` by the address, works in any
/// task, and keeps nothing alive. It sends what the protocol says and nothing else: who has only this can neither send the
/// server's other messages nor stop it. [`#[protocol]`](macro@crate::protocol) wraps it in a type of the protocol's own,
/// `KeyValueRef`, which has a method for each call and cast and derefs to this.
///
/// A call takes two more steps than through the server's own handle, and one allocation more where the handle follows.
///
/// # Examples
///
/// ```
/// use otp_core::ProtocolRef;
/// use otp_core::prelude::*;
///
/// /// What may be asked of a clock.
/// enum ClockMessage {
///     Now { reply_to: ReplyTo<u64> },
/// }
///
/// # otp_core::doc_test(async {
/// let clock = process::spawn_link(async |mut mailbox: Mailbox<ClockMessage>| {
///     while let ClockMessage::Now { reply_to } = mailbox.receive().await {
///         reply_to.send(12);
///     }
/// });
/// let clock = ProtocolRef::from(clock);
/// assert_eq!(clock.call(|reply_to| ClockMessage::Now { reply_to }).await, Ok(12));
/// # });
/// ```
pub struct ProtocolRef<P> {
    to: To<P>,
}

/// A [`Route`] to a part. It does not say what process it leads to, which could as well be another one: clippy would else
/// take a set of handles for one of keys that change.
enum To<P> {
    Pinned(Arc<Arc<dyn Inlet<P>>>),
    Following(Arc<Box<dyn Guide<P>>>),
}

impl<P> ProtocolRef<P> {
    fn route(&self) -> Route<P> {
        match &self.to {
            To::Pinned(inlet) => Route::Part(Arc::clone(inlet)),
            To::Following(guide) => Route::Via(Arc::clone(guide)),
        }
    }
}

impl<P: Send + 'static> ProtocolRef<P> {
    /// Asks, and waits for the answer. `build` makes the message around the place for the answer.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{GreetMessage, GreetRef, Host};
    /// # otp_core::doc_test(async {
    /// let greet = GreetRef::from(Host::start().await.unwrap());
    /// let answer = greet.call(|reply_to| GreetMessage::Greet { name: "Joe".to_owned(), reply_to });
    /// assert_eq!(answer.await.as_deref(), Ok("hello, Joe"));
    /// # });
    /// ```
    #[inline]
    pub fn call<T: Send + 'static>(&self, build: impl FnOnce(ReplyTo<T>) -> P) -> Call<P, T> {
        Call::new(self.route(), build)
    }

    /// Asks a handler that answers with a `Result`, which `R` is.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{Full, GreetMessage, GreetRef, Host};
    /// # otp_core::doc_test(async {
    /// let greet = GreetRef::from(Host::start().await.unwrap());
    /// let admit = || greet.try_call(|reply_to| GreetMessage::Admit { reply_to });
    /// assert_eq!(admit().await, Ok(1));
    /// assert_eq!(admit().await, Err(CallError::Handler(Full)));
    /// # });
    /// ```
    #[inline]
    pub fn try_call<R: Send + 'static>(
        &self,
        build: impl FnOnce(ReplyTo<R>) -> P,
    ) -> TryCall<P, R> {
        TryCall::new(self.route(), build)
    }

    /// Sends a message and does not wait: `GenServer.cast/2`.
    ///
    /// It always succeeds, also towards a process that is gone. Queued does not mean handled.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{GreetMessage, GreetRef, Host};
    /// # otp_core::doc_test(async {
    /// let greet = GreetRef::from(Host::start().await.unwrap());
    /// greet.admit().await.unwrap();
    /// let sent = greet.cast(GreetMessage::Close);
    /// assert_eq!(sent.outcome(), Some(CastOutcome::Queued));
    /// assert_eq!(greet.admit().await, Ok(1));
    /// # });
    /// ```
    #[inline]
    pub fn cast(&self, message: P) -> Sent<P> {
        self.route().cast(message)
    }

    /// The process; None if there is nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{GreetRef, Host};
    /// # otp_core::doc_test(async {
    /// let host = Host::start().await.unwrap();
    /// assert_eq!(GreetRef::from(host.clone()).pid(), host.pid());
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.route().pid()
    }

    /// Whether there is a process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{GreetRef, Host};
    /// # otp_core::doc_test(async {
    /// let host = Host::start().await.unwrap();
    /// let greet = GreetRef::from(host.clone());
    /// assert!(greet.is_alive());
    /// host.stop().await.unwrap();
    /// assert!(!greet.is_alive());
    /// # });
    /// ```
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let mut route = self.route();
        let found = route.pin().is_ok();
        found
            && route
                .pinned()
                .is_some_and(|process| !process.core().is_gone())
    }

    /// Watches the process from the current one, see [`process::monitor`].
    ///
    /// # Panics
    ///
    /// Panics outside a process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{GreetRef, Host};
    /// # otp_core::doc_test(async {
    /// let host = Host::start().await.unwrap();
    /// let monitor = GreetRef::from(host.clone()).monitor();
    /// host.stop().await.unwrap();
    /// assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    #[track_caller]
    pub fn monitor(&self) -> MonitorRef {
        process::monitor(self)
    }
}

impl<P: Send + 'static, S: Serves<P, Message: From<P>>> From<ServerRef<S>> for ProtocolRef<P> {
    fn from(server: ServerRef<S>) -> Self {
        let to = match server.route() {
            Route::Pinned(cell) => To::Pinned(Arc::new(Arc::clone(cell) as Arc<dyn Inlet<P>>)),
            route => To::Following(part_guide(route.clone())),
        };
        ProtocolRef { to }
    }
}

impl<P: Send + 'static> From<Address<P>> for ProtocolRef<P> {
    fn from(address: Address<P>) -> Self {
        ProtocolRef {
            to: To::Pinned(Arc::new(address.cell)),
        }
    }
}

impl<P: Send + 'static> Target for &ProtocolRef<P> {
    fn locate(&self) -> Location {
        self.route().locate()
    }
}

impl<P> Clone for ProtocolRef<P> {
    fn clone(&self) -> Self {
        let to = match &self.to {
            To::Pinned(inlet) => To::Pinned(Arc::clone(inlet)),
            To::Following(guide) => To::Following(Arc::clone(guide)),
        };
        ProtocolRef { to }
    }
}

impl<P: Send + 'static> PartialEq for ProtocolRef<P> {
    fn eq(&self, other: &Self) -> bool {
        self.route() == other.route()
    }
}

impl<P: Send + 'static> Eq for ProtocolRef<P> {}

impl<P: Send + 'static> Hash for ProtocolRef<P> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.route().hash(state);
    }
}

impl<P: Send + 'static> fmt::Display for ProtocolRef<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.route(), f)
    }
}

impl<P: Send + 'static> fmt::Debug for ProtocolRef<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProtocolRef({})", self.route())
    }
}

/// A server that takes the messages `P` of a protocol: whose own messages can be made of them.
///
/// `#[gen_server(protocols(KeyValue))]` makes it so; by hand, give the server's message type a variant for the protocol's
/// and a `From` of them, and implement this. Every trait that `#[protocol]` is above asks for it.
///
/// # Examples
///
/// ```
/// use otp_core::Serves;
/// use otp_core::prelude::*;
///
/// #[protocol]
/// trait Greet {
///     #[call]
///     fn greet(&mut self, name: String) -> String;
/// }
///
/// struct Host;
///
/// enum HostMessage {
///     Greet(GreetMessage),
/// }
///
/// impl From<GreetMessage> for HostMessage {
///     fn from(message: GreetMessage) -> Self { HostMessage::Greet(message) }
/// }
///
/// impl Serves<GreetMessage> for Host {
///     async fn handle_part(&mut self, message: GreetMessage, cx: &mut Context<Self>) {
///         message.handle(self, cx).await;
///     }
/// }
///
/// impl Greet for Host {
///     fn greet(&mut self, name: String) -> String { format!("hello, {name}") }
/// }
///
/// impl GenServer for Host {
///     type Args = ();
///     type Message = HostMessage;
///
///     async fn init(_: (), _cx: &mut Context<Self>) -> Result<Self, InitError> { Ok(Host) }
///
///     async fn handle_message(&mut self, message: HostMessage, cx: &mut Context<Self>) {
///         match message {
///             HostMessage::Greet(message) => self.handle_part(message, cx).await,
///         }
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let host: ServerRef<Host> = gen_server::start_link(()).await.unwrap();
/// let greet = GreetRef::from(host);
/// assert_eq!(greet.greet("Joe".to_owned()).await.as_deref(), Ok("hello, Joe"));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not take the messages of this protocol",
    label = "its messages are not among those of the server",
    note = "write `#[gen_server(protocols(…))]` with the protocol's name above the impl of the server"
)]
pub trait Serves<P>: GenServer {
    /// Handles one of them; for `KeyValueMessage` by `message.handle(self, cx)`.
    ///
    /// # Cancel safety
    ///
    /// As of [`handle_message`](GenServer::handle_message): dropped where it waits, at an exit signal that is not trapped.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::{GreetMessage, GreetRef};
    /// use otp_core::Serves;
    ///
    /// struct Door;
    ///
    /// impl Serves<GreetMessage> for Door {
    ///     async fn handle_part(&mut self, message: GreetMessage, _cx: &mut Context<Self>) {
    ///         // A part of the protocol, without its trait.
    ///         if let GreetMessage::Greet { name, reply_to } = message {
    ///             reply_to.send(format!("who is {name}?"));
    ///         }
    ///     }
    /// }
    ///
    /// # impl GenServer for Door {
    /// #     type Args = ();
    /// #     type Message = GreetMessage;
    /// #     async fn init(_: (), _cx: &mut Context<Self>) -> Result<Self, InitError> { Ok(Door) }
    /// #     async fn handle_message(&mut self, message: GreetMessage, cx: &mut Context<Self>) {
    /// #         self.handle_part(message, cx).await;
    /// #     }
    /// # }
    /// # otp_core::doc_test(async {
    /// let door: ServerRef<Door> = gen_server::start(()).await.unwrap();
    /// let greet = GreetRef::from(door);
    /// assert_eq!(greet.greet("Joe".to_owned()).await.as_deref(), Ok("who is Joe?"));
    /// # });
    /// ```
    fn handle_part(
        &mut self,
        message: P,
        cx: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send;
}

/// The handle of a protocol: the types, such as `KeyValueRef`, that [`#[protocol]`](macro@crate::protocol) makes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{GreetRef, Host};
/// use otp_core::ProtocolHandle;
///
/// /// Whether somebody is there, of whatever protocol.
/// fn is_there<H: ProtocolHandle>(handle: &H) -> bool {
///     handle.as_ref().is_alive()
/// }
///
/// # otp_core::doc_test(async {
/// let greet = GreetRef::from(Host::start().await.unwrap());
/// assert!(is_there(&greet));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protocol's handle",
    note = "a protocol's handle is the `KeyValueRef` that `#[protocol]` makes of `trait KeyValue`"
)]
pub trait ProtocolHandle:
    Clone + From<ProtocolRef<Self::Message>> + AsRef<ProtocolRef<Self::Message>> + 'static
{
    /// The messages of the protocol.
    type Message: ProtocolMessage<Handle = Self>;
}

/// The messages of a protocol: the enums, such as `KeyValueMessage`, that [`#[protocol]`](macro@crate::protocol) makes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{GreetMessage, Host};
/// use otp_core::{ProtocolMessage, ProtocolRef};
///
/// /// The client of a protocol, of its address.
/// fn client<P: ProtocolMessage>(address: ProtocolRef<P>) -> P::Handle {
///     address.into()
/// }
///
/// # otp_core::doc_test(async {
/// let host = Host::start().await.unwrap();
/// let greet = client::<GreetMessage>(ProtocolRef::from((*host).clone()));
/// assert_eq!(greet.greet("Joe".to_owned()).await.as_deref(), Ok("hello, Joe"));
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the message of a protocol",
    note = "write `#[protocol]` above the trait, and the trait's name in `protocols(…)`"
)]
pub trait ProtocolMessage: Send + 'static {
    /// The handle of the protocol.
    type Handle: ProtocolHandle<Message = Self>;
}

/// The handle of a protocol, made of that of one of its servers.
pub fn narrowed<H, P>(handle: &H) -> P::Handle
where
    P: ProtocolMessage,
    H: ServerHandle<Server: Serves<P, Message: From<P>>>,
{
    P::Handle::from(ProtocolRef::from(handle.as_ref().clone()))
}

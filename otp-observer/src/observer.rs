//! The server that listens, and lets in who may look.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use otp_core::gen_server::{Initialized, Start, start, start_link};
use otp_core::prelude::*;
use otp_core::registry::HasHandle;
use otp_core::{ChildSpec, ChildStart, FromValues, Supervised};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::listen::{Listener, Place, Stream};
use crate::session::{Host, refuse, serve};
use crate::settings::{Address, Settings};
use crate::watch::Slot;

/// After how long it listens again when the system has no more sockets for it.
const RETRY: Duration = Duration::from_millis(100);

/// Connections that are told at once that there is no place for them.
const REFUSALS: usize = 8;

/// Lets others look into the node that it runs in. It is a server, to be put under a supervisor.
///
/// Started without settings it is not there: its supervisor lists a child that is not running. So a program can have it in
/// its tree, and have it on only when asked to.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_observer::{Observer, Settings};
///
/// supervisor! {
///     struct Tree(observe: Option<Settings>);
///
///     strategy: one_for_one,
///
///     children: {
///         observer: Observer(observe),
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let tree = Tree::start_link(None).await.unwrap();
/// assert!(!tree.observer().is_alive());
/// # tree.stop().await.unwrap();
/// # });
/// ```
#[derive(Debug)]
pub struct Observer {
    /// Gone before anybody is told of its end: its successor takes it.
    place: Place,
}

impl Observer {
    /// Starts it by itself, in the current node.
    ///
    /// # Errors
    ///
    /// It cannot listen there, see [`ListenError`](crate::ListenError); [`StartError::Ignore`] without settings.
    ///
    /// # Panics
    ///
    /// Panics outside a node, once it is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, what had begun is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_observer::{Observer, Settings};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("observer.sock");
    /// # otp_core::doc_test(async {
    /// let observer = Observer::start(Settings::unix(&path)).await.unwrap();
    /// assert!(observer.is_alive());
    /// # observer.stop().await.unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn start(
        settings: impl Into<Option<Settings>>,
    ) -> Start<ServerRef<Self>, impl Future<Output = Initialized<Self>> + Send> {
        start::<ServerRef<Self>>(ObserverInit(settings.into()))
    }

    /// As [`start`](Self::start), linked with the current process.
    ///
    /// # Errors
    ///
    /// As those of [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// Panics outside a node, once it is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, what had begun is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_observer::Observer;
    ///
    /// # otp_core::doc_test(async {
    /// let off = Observer::start_link(None).await;
    /// assert!(matches!(off, Err(StartError::Ignore)));
    /// # });
    /// ```
    #[track_caller]
    pub fn start_link(
        settings: impl Into<Option<Settings>>,
    ) -> Start<ServerRef<Self>, impl Future<Output = Initialized<Self>> + Send> {
        start_link::<ServerRef<Self>>(ObserverInit(settings.into()))
    }

    /// Makes its child specification. In a tree, `Observer(settings)` is enough.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::{Strategy, Supervisor};
    /// use otp_observer::Observer;
    ///
    /// # otp_core::doc_test(async {
    /// let observer = Observer::child_spec(None);
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(observer).start_link().await.unwrap();
    /// assert_eq!(supervisor.count_children().await.unwrap().active, 0);
    /// # supervisor.stop().await.unwrap();
    /// # });
    /// ```
    pub fn child_spec(settings: impl Into<Option<Settings>>) -> ChildSpec<ServerRef<Self>> {
        let settings = settings.into();
        ChildSpec::new("Observer", move || Observer::start_link(settings.clone()))
    }

    /// Where it listens: the port too, if the system was to choose one.
    ///
    /// # Errors
    ///
    /// It did not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_observer::{Address, Observer, Settings};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("observer.sock");
    /// # otp_core::doc_test(async {
    /// let observer = Observer::start(Settings::unix(&path)).await.unwrap();
    /// assert_eq!(Observer::address(&observer).await, Ok(Address::Unix(path)));
    /// # observer.stop().await.unwrap();
    /// # });
    /// ```
    pub async fn address(observer: &ServerRef<Self>) -> Result<Address, CallFailure> {
        observer.call(ObserverMessage::Address).await
    }
}

/// What an [`Observer`] is started with.
#[doc(hidden)]
#[derive(Debug)]
pub struct ObserverInit(Option<Settings>);

impl FromValues<Settings> for ObserverInit {
    fn from_values(settings: Settings) -> Self {
        ObserverInit(Some(settings))
    }
}

impl FromValues<Option<Settings>> for ObserverInit {
    fn from_values(settings: Option<Settings>) -> Self {
        ObserverInit(settings)
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub enum ObserverMessage {
    Address(ReplyTo<Address>),
}

impl From<Infallible> for ObserverMessage {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl GenServer for Observer {
    type Args = ObserverInit;
    type Message = ObserverMessage;

    async fn init(init: ObserverInit, cx: &mut Context<Self>) -> Result<Self, InitError> {
        let settings = init.0.ok_or(InitError::Ignore)?;
        let bound = Listener::bind(&settings).await;
        let (listener, place) = bound.map_err(ExitReason::error)?;
        let host = Host {
            node: cx.node().clone(),
            settings,
            slot: Slot::default(),
            began: Instant::now(),
            program: program(),
        };
        let address = place.address();
        tracing::info!("this program can be looked into at {address}");
        // It goes with the server, and its connections with it.
        cx.run(accept(listener, Arc::new(host)));
        Ok(Observer { place })
    }

    async fn handle_message(&mut self, message: ObserverMessage, cx: &mut Context<Self>) {
        match message {
            ObserverMessage::Address(reply_to) => cx.reply(reply_to, self.place.address()),
        }
    }

    fn message_name(message: &ObserverMessage) -> &'static str {
        match message {
            ObserverMessage::Address(_) => "address",
        }
    }
}

impl HasHandle for Observer {
    type Handle = ServerRef<Self>;
}

impl Supervised for Observer {
    type Handle = ServerRef<Self>;
    type Args = ObserverInit;

    fn start_child(init: ObserverInit) -> impl ChildStart<Handle = Self::Handle> {
        start_link::<ServerRef<Self>>(init)
    }
}

async fn accept(listener: Listener, host: Arc<Host>) -> Infallible {
    process::set_label("otp-observer: listens");
    let places = Arc::new(Semaphore::new(host.settings.clients));
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    loop {
        let stream = match listener.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!("nobody can look in: {error}");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let host = Arc::clone(&host);
                process::spawn_link(async move {
                    let _place = place;
                    look_in(stream, host).await;
                });
            }
            // More at once are not even told so.
            Err(_) => {
                if let Ok(place) = Arc::clone(&refusals).try_acquire_owned() {
                    process::spawn_link(async move {
                        let _place = place;
                        refuse(stream, "as many look in as may").await;
                    });
                }
            }
        }
    }
}

async fn look_in(stream: Stream, host: Arc<Host>) {
    process::set_label("otp-observer: shows");
    let end = serve(stream, host).await;
    tracing::debug!("who looked in has been let go: {end}");
}

fn program() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(std::path::Path::file_name);
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

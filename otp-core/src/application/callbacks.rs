//! The callbacks of an application, and what is kept of one whose type is not known.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use tokio_util::sync::CancellationToken;

use super::env::{ConfigChange, Environment};
use super::error::EnvError;
use super::handle::Applications;
use super::plan::RestartType;
use super::spec::{ApplicationResource, ApplicationSpec};
use crate::child_spec::ChildHandle;
use crate::exit::ExitReason;
use crate::options::ChildKind;
use crate::pid::Pid;

/// A part of a program that starts and stops as one: OTP's application behaviour.
///
/// The value is what OTP calls the application's state: it is loaded once, `start` may fill it, and every later callback
/// sees it. The callbacks run one at a time in a process of the application's own, OTP's application master, which
/// traps exits and is the parent of the root supervisor.
///
/// # Panics
///
/// A panic in `start` or `start_phase` is a failed start. One in another callback is reported and goes no further, as
/// OTP's `catch` has it.
///
/// # Examples
///
/// ```
/// use otp_core::application::{Application, ApplicationContext, Applications, RestartType};
/// use otp_core::prelude::*;
/// use serde::Deserialize;
///
/// #[gen_server]
/// pub struct Greeter { greeting: String }
///
/// #[gen_server]
/// impl Greeter {
///     #[init]
///     fn init(greeting: String) -> Self { Greeter { greeting } }
///     #[call]
///     pub fn greet(&self, name: String) -> String { format!("{} {name}", self.greeting) }
/// }
///
/// supervisor! {
///     pub struct ChatTree(greeting: String);
///     strategy: one_for_one,
///     children: { greeter: Greeter(greeting) }
/// }
///
/// #[derive(Deserialize)]
/// struct ChatEnv { greeting: String }
///
/// #[otp_core::application(defaults = "greeting = 'hello'")]
/// struct Chat;
///
/// impl Application for Chat {
///     type Env = ChatEnv;
///     type Root = ChatTreeRef;
///
///     async fn start(&mut self, env: ChatEnv, _: &mut ApplicationContext) -> Result<ChatTreeRef, ExitReason> {
///         Ok(ChatTree::start_link(env.greeting).await?)
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let applications = Applications::start_link();
/// let chat = applications.start(Chat, RestartType::Temporary).await.unwrap();
/// assert_eq!(chat.greeter().greet("world".into()).await.unwrap(), "hello world");
/// applications.stop::<Chat>().await.unwrap();
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no application",
    label = "no application",
    note = "write `#[otp_core::application]` above the struct, and `impl Application for {Self}`"
)]
pub trait Application: ApplicationResource + Sized + Send + 'static {
    /// What its environment is read into; [`NoEnv`] if it has none.
    type Env: DeserializeOwned + Send + 'static;

    /// The handle of its root supervisor.
    type Root: ChildHandle;

    /// Starts the tree: `start/2`. It gives the root supervisor, which it has started with `start_link`.
    ///
    /// What else it links with its process stops with the application, after the tree.
    ///
    /// # Errors
    ///
    /// Any reason for which there is no tree. It becomes a [`StartError::Start`](super::StartError::Start); what was started and
    /// linked until then is stopped.
    ///
    /// # Cancel safety
    ///
    /// It is dropped at an await point if all applications stop meanwhile. What was started and linked until then is stopped.
    ///
    /// # Examples
    ///
    /// One that refuses to start:
    ///
    /// ```
    /// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// #[otp_core::application]
    /// struct Locked;
    ///
    /// impl Application for Locked {
    ///     type Env = NoEnv;
    ///     type Root = SupervisorRef;
    ///
    ///     async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    ///         Err(ExitReason::error("no key"))
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// let error = applications.start(Locked, RestartType::Temporary).await.unwrap_err();
    /// assert_eq!(error.to_string(), "the application `locked` did not start: no key");
    /// # });
    /// ```
    fn start(
        &mut self,
        env: Self::Env,
        cx: &mut ApplicationContext,
    ) -> impl Future<Output = Result<Self::Root, ExitReason>> + Send;

    /// Does a phase of the start, see [`ApplicationSpec::start_phases`]: `start_phase/3`. By default nothing.
    ///
    /// The tree runs already. Of each phase first the application's own callback is called, then those of the included ones that
    /// have it. In OTP a phase has arguments; here it is a name.
    ///
    /// # Errors
    ///
    /// Any reason for which the phase failed. It becomes a [`StartError::Phase`](super::StartError::Phase), and the application
    /// is stopped again, with `prep_stop` and `stop`.
    ///
    /// # Cancel safety
    ///
    /// It is dropped at an await point if all applications stop meanwhile. The application is then stopped as after an error.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// # use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    /// #[otp_core::application(start_phases("connect", "listen"))]
    /// struct Web(UnboundedSender<&'static str>);
    ///
    /// impl Application for Web {
    /// #     type Env = NoEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         doc_servers::empty_tree().await
    /// #     }
    ///     async fn start_phase(&mut self, phase: &'static str, _: &mut ApplicationContext) -> Result<(), ExitReason> {
    ///         self.0.send(phase).map_err(ExitReason::error)
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let (told, mut phases) = unbounded_channel();
    /// let applications = Applications::start_link();
    /// applications.start(Web(told), RestartType::Temporary).await.unwrap();
    /// assert_eq!(phases.try_recv(), Ok("connect"));
    /// assert_eq!(phases.try_recv(), Ok("listen"));
    /// # });
    /// ```
    fn start_phase(
        &mut self,
        phase: &'static str,
        cx: &mut ApplicationContext,
    ) -> impl Future<Output = Result<(), ExitReason>> + Send {
        let _ = (phase, cx);
        async { Ok(()) }
    }

    /// It is about to stop; the tree still runs, unless its root has ended by itself: `prep_stop/1`. By default nothing.
    ///
    /// It changes the value in place, where OTP's gives the new state.
    ///
    /// # Cancel safety
    ///
    /// It is dropped only if the application is killed: when its
    /// [`shutdown_timeout`](ApplicationSpec::shutdown_timeout) is over, or with its node. Without one it may take for ever.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// # use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    /// #[otp_core::application]
    /// struct Web(UnboundedSender<&'static str>);
    ///
    /// impl Application for Web {
    /// #     type Env = NoEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         doc_servers::empty_tree().await
    /// #     }
    ///     async fn prep_stop(&mut self) {
    ///         self.0.send("no new guests").unwrap();
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let (told, mut said) = unbounded_channel();
    /// let applications = Applications::start_link();
    /// applications.start(Web(told), RestartType::Temporary).await.unwrap();
    /// assert!(said.try_recv().is_err());
    /// applications.stop::<Web>().await.unwrap();
    /// assert_eq!(said.try_recv(), Ok("no new guests"));
    /// # });
    /// ```
    fn prep_stop(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// It has stopped; the tree is gone: `stop/1`. By default nothing.
    ///
    /// It is called as well when the root has ended by itself or a start phase has failed, but not when `start` has.
    ///
    /// # Cancel safety
    ///
    /// It is dropped only if the application is killed: when its
    /// [`shutdown_timeout`](ApplicationSpec::shutdown_timeout) is over, or with its node. One that is killed before is not asked to `stop`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// # use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    /// #[otp_core::application]
    /// struct Web(UnboundedSender<&'static str>);
    ///
    /// impl Application for Web {
    /// #     type Env = NoEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         doc_servers::empty_tree().await
    /// #     }
    ///     async fn prep_stop(&mut self) {
    ///         self.0.send("no new guests").unwrap();
    ///     }
    ///
    ///     async fn stop(&mut self) {
    ///         self.0.send("lights out").unwrap();
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let (told, mut said) = unbounded_channel();
    /// let applications = Applications::start_link();
    /// applications.start(Web(told), RestartType::Temporary).await.unwrap();
    /// applications.stop::<Web>().await.unwrap();
    /// assert_eq!(said.try_recv(), Ok("no new guests"));
    /// assert_eq!(said.try_recv(), Ok("lights out"));
    /// # });
    /// ```
    fn stop(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Its environment has changed while it runs: `config_change/3`. By default nothing.
    ///
    /// Called by [`Applications::reload_env`], which waits for it, if something has changed. The keys are in `change`, the values
    /// in `env`; in OTP the first two lists carry both. An environment that is wrong does not come here.
    ///
    /// # Cancel safety
    ///
    /// It is dropped only if the application is killed. A stop waits until it has returned.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// # use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    /// # use doc_servers::ChatEnv;
    /// # use otp_core::application::ConfigChange;
    /// #[otp_core::application(defaults = "port = 4000")]
    /// struct Web(UnboundedSender<u16>);
    ///
    /// impl Application for Web {
    /// #     type Env = ChatEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: ChatEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         doc_servers::empty_tree().await
    /// #     }
    ///     async fn config_change(&mut self, change: ConfigChange, env: ChatEnv) {
    ///         assert_eq!(change.changed, ["port"]);
    ///         self.0.send(env.port).unwrap();
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let (told, mut ports) = unbounded_channel();
    /// let applications = Applications::start_link();
    /// applications.start(Web(told), RestartType::Temporary).await.unwrap();
    /// applications.put_env::<Web>("port", 80).unwrap();
    /// // What was put is forgotten, which is a change.
    /// applications.reload_env::<Web>().await.unwrap();
    /// assert_eq!(ports.try_recv(), Ok(4000));
    /// # });
    /// ```
    fn config_change(
        &mut self,
        change: ConfigChange,
        env: Self::Env,
    ) -> impl Future<Output = ()> + Send {
        let _ = (change, env);
        async {}
    }

    /// Runs a program that consists of this application and of those that it needs, see [`run`](super::run).
    ///
    /// # Panics
    ///
    /// Panics if there can be no runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::process::ExitCode;
    /// # use otp_core::application::{Application, ApplicationContext};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// # use doc_servers::ChatEnv;
    /// // There is no port, so that it does not start.
    /// #[otp_core::application]
    /// struct Web;
    ///
    /// # impl Application for Web {
    /// #     type Env = ChatEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: ChatEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         doc_servers::empty_tree().await
    /// #     }
    /// # }
    /// fn main() {
    ///     assert_eq!(Web.run(), ExitCode::FAILURE);
    /// }
    /// ```
    fn run(self) -> ExitCode {
        super::program::run(self)
    }
}

/// The environment of an application that has none.
///
/// It is read from anything. An application that has values all the same, with [`Applications::fetch_env`] for instance, may
/// use it as well.
///
/// # Examples
///
/// ```
/// # use otp_core::application::{Applications, NoEnv};
/// # use doc_servers::Repo;
/// # otp_core::doc_test(async {
/// let applications = Applications::start_link();
/// applications.load(Repo).await.unwrap();
/// assert_eq!(applications.env::<Repo>(), Ok(NoEnv));
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoEnv;

impl<'de> serde::Deserialize<'de> for NoEnv {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| NoEnv)
    }
}

/// What the callbacks of an application get to know of where they stand.
///
/// # Examples
///
/// ```
/// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
/// # use otp_core::prelude::*;
/// # use otp_core::SupervisorRef;
/// #[otp_core::application]
/// struct Web;
///
/// impl Application for Web {
/// #     type Env = NoEnv;
/// #     type Root = SupervisorRef;
///     async fn start(&mut self, _: NoEnv, cx: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
///         assert_eq!(cx.restart_type(), RestartType::Transient);
///         assert!(!cx.token().is_cancelled());
///         doc_servers::empty_tree().await
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let applications = Applications::start_link();
/// applications.start(Web, RestartType::Transient).await.unwrap();
/// # });
/// ```
pub struct ApplicationContext {
    pub(super) applications: Applications,
    pub(super) restart_type: RestartType,
    pub(super) token: CancellationToken,
}

impl ApplicationContext {
    /// The applications of this node.
    ///
    /// A callback that stops its own application or all of them, and waits for that, may wait for ever. To ask, or to start
    /// another one, is fine.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// #[otp_core::application]
    /// struct Web;
    ///
    /// impl Application for Web {
    /// #     type Env = NoEnv;
    /// #     type Root = SupervisorRef;
    ///     async fn start(&mut self, _: NoEnv, cx: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    ///         // It is loaded, and does not run yet.
    ///         assert_eq!(cx.applications().loaded_applications().await, ["web"]);
    ///         assert!(cx.applications().which_applications().await.is_empty());
    ///         doc_servers::empty_tree().await
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.start(Web, RestartType::Temporary).await.unwrap();
    /// # });
    /// ```
    #[must_use]
    pub fn applications(&self) -> &Applications {
        &self.applications
    }

    /// What the end of this application means for the others.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// #[otp_core::application]
    /// struct Web;
    ///
    /// impl Application for Web {
    /// #     type Env = NoEnv;
    /// #     type Root = SupervisorRef;
    ///     async fn start(&mut self, _: NoEnv, cx: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    ///         assert_eq!(cx.restart_type(), RestartType::Permanent);
    ///         doc_servers::empty_tree().await
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.start(Web, RestartType::Permanent).await.unwrap();
    /// # });
    /// ```
    #[must_use]
    pub fn restart_type(&self) -> RestartType {
        self.restart_type
    }

    /// Is cancelled when the application stops, for what is no process of ours: servers of axum, of tonic.
    ///
    /// When a stop was asked for that is after `prep_stop` and before the root supervisor is asked to stop; otherwise
    /// when the root has ended, or the start has failed. A clone is the same token; each start has a new one. OTP has
    /// none, as nothing runs there that is no process.
    ///
    /// # Examples
    ///
    /// A foreign server as a child: it ends by itself when the application stops, and its supervisor gives it its
    /// shutdown time to do so.
    ///
    /// ```
    /// use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
    /// use otp_core::prelude::*;
    /// use otp_core::{Strategy, Supervisor, SupervisorRef};
    ///
    /// #[otp_core::application]
    /// struct Web(tokio::sync::mpsc::UnboundedSender<&'static str>);
    ///
    /// impl Application for Web {
    ///     type Env = NoEnv;
    ///     type Root = SupervisorRef;
    ///
    ///     async fn start(&mut self, _: NoEnv, cx: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    ///         let (token, drained) = (cx.token().clone(), self.0.clone());
    ///         // As `axum::serve(listener, app).with_graceful_shutdown(token.cancelled_owned())`.
    ///         tokio::spawn(async move {
    ///             token.cancelled_owned().await;
    ///             drained.send("drained").unwrap();
    ///         });
    ///         Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let (drained, mut is_drained) = tokio::sync::mpsc::unbounded_channel();
    /// let applications = Applications::start_link();
    /// applications.start(Web(drained), RestartType::Temporary).await.unwrap();
    /// applications.stop::<Web>().await.unwrap();
    /// assert_eq!(is_drained.recv().await, Some("drained"));
    /// # });
    /// ```
    #[must_use]
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl fmt::Debug for ApplicationContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplicationContext")
            .field("restart_type", &self.restart_type)
            .field("is_stopping", &self.token.is_cancelled())
            .finish_non_exhaustive()
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A root supervisor.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) pid: Pid,
    /// The application's own handle of it.
    pub(super) handle: Arc<dyn Any + Send + Sync>,
}

/// Why a start callback gave no root.
pub(super) enum Failed {
    Env(EnvError),
    Start(ExitReason),
}

/// An application whose type is not known.
pub(super) trait Erased: Send {
    fn name(&self) -> &'static str;
    fn spec(&self) -> ApplicationSpec;
    /// Whether an environment is what the application reads.
    fn check(&self) -> fn(&Environment) -> Result<(), EnvError>;
    fn start<'a>(
        &'a mut self,
        env: &'a Environment,
        cx: &'a mut ApplicationContext,
    ) -> Boxed<'a, Result<Root, Failed>>;
    fn start_phase<'a>(
        &'a mut self,
        phase: &'static str,
        cx: &'a mut ApplicationContext,
    ) -> Boxed<'a, Result<(), ExitReason>>;
    fn prep_stop(&mut self) -> Boxed<'_, ()>;
    fn stop(&mut self) -> Boxed<'_, ()>;
    fn config_change<'a>(&'a mut self, change: ConfigChange, env: &'a Environment)
    -> Boxed<'a, ()>;
}

pub(super) fn erase<A: Application>(application: A) -> Box<dyn Erased> {
    const {
        assert!(
            matches!(A::Root::OPTIONS.kind, ChildKind::Supervisor),
            "the root of an application is a supervisor: `type Root = SupervisorRef`, or the handle of a tree"
        );
    }
    Box::new(application)
}

impl<A: Application> Erased for A {
    fn name(&self) -> &'static str {
        A::NAME
    }

    fn spec(&self) -> ApplicationSpec {
        ApplicationResource::spec(self)
    }

    fn check(&self) -> fn(&Environment) -> Result<(), EnvError> {
        |env| env.typed::<A::Env>().map(drop)
    }

    fn start<'a>(
        &'a mut self,
        env: &'a Environment,
        cx: &'a mut ApplicationContext,
    ) -> Boxed<'a, Result<Root, Failed>> {
        Box::pin(async move {
            let env = env.typed::<A::Env>().map_err(Failed::Env)?;
            let root = Application::start(self, env, cx).await;
            let root = root.map_err(Failed::Start)?;
            let pid = root.pid().ok_or(Failed::Start(ExitReason::NoProc))?;
            let handle = Arc::new(root);
            Ok(Root { pid, handle })
        })
    }

    fn start_phase<'a>(
        &'a mut self,
        phase: &'static str,
        cx: &'a mut ApplicationContext,
    ) -> Boxed<'a, Result<(), ExitReason>> {
        Box::pin(Application::start_phase(self, phase, cx))
    }

    fn prep_stop(&mut self) -> Boxed<'_, ()> {
        Box::pin(Application::prep_stop(self))
    }

    fn stop(&mut self) -> Boxed<'_, ()> {
        Box::pin(Application::stop(self))
    }

    fn config_change<'a>(
        &'a mut self,
        change: ConfigChange,
        env: &'a Environment,
    ) -> Boxed<'a, ()> {
        Box::pin(async move {
            // It was looked at before the change was told.
            if let Ok(env) = env.typed::<A::Env>() {
                Application::config_change(self, change, env).await;
            }
        })
    }
}

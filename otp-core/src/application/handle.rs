//! The handle of the applications of a node.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{oneshot, watch};

use super::callbacks::{Application, Erased, erase};
use super::controller::{Controller, NewApplication, Request};
use super::env::{ConfigChange, Environment, Variables};
use super::error::{ApplicationError, EnvError, StartError};
use super::master::{Included, Loaded};
use super::plan::{Halt, RestartType, Vertex, start_order};
use super::spec::ApplicationSpec;
use crate::pid::Pid;
use crate::process::{self, Address};

/// What handles, the controller and masters share. Environments are read and written without a message, as in OTP's
/// table of them.
pub(super) struct Shared {
    environments: Mutex<HashMap<&'static str, Environment>>,
    pub(super) variables: Variables,
    pub(super) halt: watch::Sender<Option<Halt>>,
    /// An application did not stop in time.
    killed: AtomicBool,
    pub(super) parent: Option<Pid>,
}

impl Shared {
    pub(super) fn environments(&self) -> MutexGuard<'_, HashMap<&'static str, Environment>> {
        self.environments
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_killed(&self) {
        self.killed.store(true, Ordering::Release);
    }
}

/// The applications of a node: OTP's application controller, and the functions of its module `application`.
///
/// Cheap to clone; a clone leads to the same ones. Nothing is process-global: they belong to the process that has
/// started them, whose end stops them all, in reverse start order. Two in one program know nothing of each other.
///
/// # Cancel safety
///
/// Every method here asks when its future is first polled. Dropped later, what was asked for is done all the same. What
/// starts goes step by step, and stays where it is: [`start`](Self::start) and [`ensure_started`](Self::ensure_started)
/// load first, and [`ensure_all_started`](Self::ensure_all_started) starts one after the other.
///
/// # Examples
///
/// ```
/// use otp_core::application::{Application, ApplicationContext, Applications, NoEnv, RestartType};
/// use otp_core::prelude::*;
/// use otp_core::{Strategy, Supervisor, SupervisorRef};
///
/// #[otp_core::application]
/// struct Repo;
///
/// #[otp_core::application(applications(Repo))]
/// struct Chat;
///
/// # impl Application for Repo {
/// #     type Env = NoEnv;
/// #     type Root = SupervisorRef;
/// #     async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
/// #         Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
/// #     }
/// # }
/// impl Application for Chat {
///     type Env = NoEnv;
///     type Root = SupervisorRef;
///
///     async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
///         Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let applications = Applications::start_link();
/// let started = applications.ensure_all_started(Chat, RestartType::Temporary).await;
/// assert_eq!(started.unwrap(), ["repo", "chat"]);
/// applications.stop_all(0).await;
/// assert!(applications.which_applications().await.is_empty());
/// # });
/// ```
#[derive(Clone)]
pub struct Applications {
    controller: Address<Request>,
    shared: Arc<Shared>,
}

impl Applications {
    /// Starts the process that knows the applications, linked with the current one.
    ///
    /// In OTP there is one of a node, which is there from the start.
    ///
    /// # Panics
    ///
    /// Panics outside a process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use doc_servers::Repo;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// assert!(applications.loaded_applications().await.is_empty());
    /// applications.load(Repo).await.unwrap();
    /// assert_eq!(applications.loaded_applications().await, ["repo"]);
    /// # });
    /// ```
    #[track_caller]
    #[must_use]
    pub fn start_link() -> Self {
        Self::link(None)
    }

    /// The same, with these environment variables in place of the program's: for tests, which can have no others of
    /// their own.
    ///
    /// # Panics
    ///
    /// Panics outside a process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::*;
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// #[derive(serde::Deserialize)]
    /// struct ChatEnv { port: u16 }
    ///
    /// #[otp_core::application(defaults = "port = 4000")]
    /// struct Chat;
    /// # impl Application for Chat {
    /// #     type Env = ChatEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: ChatEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         Err(ExitReason::Normal)
    /// #     }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link_with_variables([("CHAT__PORT", "80")]);
    /// applications.load(Chat).await.unwrap();
    /// assert_eq!(applications.env::<Chat>().unwrap().port, 80);
    /// # });
    /// ```
    #[track_caller]
    #[must_use]
    pub fn start_link_with_variables<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        Self::link(Some(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        ))
    }

    #[track_caller]
    fn link(variables: Variables) -> Self {
        let shared = Arc::new(Shared {
            environments: Mutex::default(),
            variables,
            halt: watch::Sender::new(None),
            killed: AtomicBool::new(false),
            parent: Some(process::self_pid()),
        });
        let controllers = Arc::clone(&shared);
        let controller = process::spawn_link(|mailbox| Controller::run(controllers, mailbox));
        Applications { controller, shared }
    }

    pub(super) fn of(controller: Address<Request>, shared: Arc<Shared>) -> Self {
        Applications { controller, shared }
    }

    pub(super) fn address(&self) -> &Address<Request> {
        &self.controller
    }

    /// The process that knows the applications.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// assert_eq!(applications.clone().pid(), applications.pid());
    /// assert_ne!(applications.pid(), process::self_pid());
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.controller.pid()
    }

    /// Loads an application and all that it needs, and reads their environments: `application:load/1`.
    ///
    /// The value takes the place of one that is loaded and does not run; what is loaded of those that it needs stays. An
    /// environment that was read once stays, with what was put into it, until the application is unloaded.
    ///
    /// # Errors
    ///
    /// A source of an environment cannot be read; nothing is loaded then. Whether the values are what the application
    /// takes is looked at when it starts. Or the applications have ended.
    ///
    /// # Cancel safety
    ///
    /// It reads and asks when it is first polled. Dropped later, the application is loaded all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use doc_servers::Chat;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.load(Chat).await.unwrap();
    /// assert_eq!(applications.loaded_applications().await, ["chat", "repo"]);
    /// assert_eq!(applications.env::<Chat>().unwrap().port, 4000);
    /// # });
    /// ```
    pub async fn load<A: Application>(&self, application: A) -> Result<(), ApplicationError> {
        let new = self.read(erase(application))?;
        self.load_new(new).await.ok_or(ApplicationError::Halting)
    }

    async fn load_new(&self, new: Vec<NewApplication>) -> Option<()> {
        self.ask(|answer| Request::Load(new, answer)).await
    }

    /// What is to be loaded for an application. Its environments are there already.
    fn read(&self, application: Box<dyn Erased>) -> Result<Vec<NewApplication>, EnvError> {
        let mut loading = Loading {
            shared: &self.shared,
            new: Vec::new(),
            environments: Vec::new(),
        };
        loading.add(application, true)?;
        let mut known = self.shared.environments();
        for environment in loading.environments {
            let application = environment.application();
            known.entry(application).or_insert(environment);
        }
        Ok(loading.new)
    }

    /// Forgets an application and its environment: `application:unload/1`.
    ///
    /// # Errors
    ///
    /// It is not loaded, or it runs.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the application is unloaded all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{ApplicationError, Applications, RestartType};
    /// # use doc_servers::Repo;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.start(Repo, RestartType::Temporary).await.unwrap();
    /// assert_eq!(applications.unload::<Repo>().await, Err(ApplicationError::Running("repo")));
    /// applications.stop::<Repo>().await.unwrap();
    /// applications.unload::<Repo>().await.unwrap();
    /// assert!(applications.loaded_applications().await.is_empty());
    /// # });
    /// ```
    pub async fn unload<A: Application>(&self) -> Result<(), ApplicationError> {
        let unloaded = self.ask(|answer| Request::Unload(A::NAME, answer)).await;
        unloaded.unwrap_or(Err(ApplicationError::Halting))
    }

    /// Loads and starts an application, whose dependencies have to run: `application:start/2`. Gives the handle of its
    /// root.
    ///
    /// Two processes that start it at once get the same result.
    ///
    /// # Errors
    ///
    /// See [`StartError`]. What was started of it is stopped again; it stays loaded.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it loads, the application is only loaded. Dropped later, it starts all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::*;
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// # #[derive(serde::Deserialize)]
    /// # struct ChatEnv { port: u16 }
    /// # #[otp_core::application]
    /// # struct Chat;
    /// # impl Application for Chat {
    /// #     type Env = ChatEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: ChatEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         Err(ExitReason::Normal)
    /// #     }
    /// # }
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// let refused = applications.start(Chat, RestartType::Temporary).await.unwrap_err();
    /// assert_eq!(
    ///     refused.to_string(),
    ///     "the environment of `chat` lacks `port`; it was looked for in the environment variable `CHAT__PORT`"
    /// );
    /// # });
    /// ```
    pub async fn start<A: Application>(
        &self,
        application: A,
        restart_type: RestartType,
    ) -> Result<A::Root, StartError> {
        let new = self.read(erase(application))?;
        self.load_new(new).await.ok_or(StartError::Halting)?;
        let root = self.start_loaded(A::NAME, restart_type).await?;
        let root = root.downcast_ref::<A::Root>();
        // Another application of this name is none of this type.
        root.cloned().ok_or(StartError::AlreadyStarted(A::NAME))
    }

    async fn start_loaded(
        &self,
        name: &'static str,
        restart_type: RestartType,
    ) -> Result<Arc<dyn std::any::Any + Send + Sync>, StartError> {
        let started = self.ask(|answer| Request::Start {
            name,
            restart_type,
            answer,
        });
        started.await.unwrap_or(Err(StartError::Halting))
    }

    /// Starts an application unless it runs: `application:ensure_started/2`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), but that it runs already is none.
    ///
    /// # Cancel safety
    ///
    /// As of [`start`](Self::start): dropped while it loads, the application is only loaded. Dropped later, it starts all the
    /// same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, RestartType};
    /// # use doc_servers::Repo;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.ensure_started(Repo, RestartType::Temporary).await.unwrap();
    /// assert!(applications.start(Repo, RestartType::Temporary).await.is_err());
    /// assert!(applications.ensure_started(Repo, RestartType::Temporary).await.is_ok());
    /// # });
    /// ```
    pub async fn ensure_started<A: Application>(
        &self,
        application: A,
        restart_type: RestartType,
    ) -> Result<(), StartError> {
        match self.start(application, restart_type).await {
            Ok(_) | Err(StartError::AlreadyStarted(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Starts an application and, before it, all that it needs: `application:ensure_all_started/2`. Gives the names of
    /// those that it has started, in this order.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), of any of them. Those that it has started are stopped again, in reverse order.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, those that have started go on, the one that is starting starts all the same, and the others
    /// do not start.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, RestartType};
    /// # use doc_servers::Chat;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// let started = applications.ensure_all_started(Chat, RestartType::Temporary).await;
    /// assert_eq!(started.unwrap(), ["repo", "chat"]);
    /// // All of them run already.
    /// let started = applications.ensure_all_started(Chat, RestartType::Temporary).await;
    /// assert!(started.unwrap().is_empty());
    /// # });
    /// ```
    pub async fn ensure_all_started<A: Application>(
        &self,
        application: A,
        restart_type: RestartType,
    ) -> Result<Vec<&'static str>, StartError> {
        let new = self.read(erase(application))?;
        self.load_new(new).await.ok_or(StartError::Halting)?;
        let vertices = self.ask(Request::Vertices).await;
        let order = start_order(&vertices.ok_or(StartError::Halting)?, A::NAME)?;
        let mut started = Vec::new();
        for name in order {
            match self.start_loaded(name, restart_type).await {
                Ok(_) => started.push(name),
                Err(StartError::AlreadyStarted(_)) => {}
                Err(error) => {
                    for name in started.into_iter().rev() {
                        self.ask(|answer| Request::Stop(name, answer)).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(started)
    }

    /// Stops an application, whatever its [`RestartType`]: `application:stop/1`. It stays loaded, and no other one is
    /// concerned, those that need it neither.
    ///
    /// First `prep_stop`, then the tree stops in reverse start order, then `stop`. There is no limit of time, as in OTP.
    ///
    /// # Errors
    ///
    /// It does not run, or not yet.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, the application is stopped all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, RestartType};
    /// # use doc_servers::Repo;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.start(Repo, RestartType::Permanent).await.unwrap();
    /// applications.stop::<Repo>().await.unwrap();
    /// assert!(applications.which_applications().await.is_empty());
    /// assert_eq!(applications.loaded_applications().await, ["repo"]);
    /// # });
    /// ```
    pub async fn stop<A: Application>(&self) -> Result<(), ApplicationError> {
        let stopped = self.ask(|answer| Request::Stop(A::NAME, answer)).await;
        stopped.unwrap_or(Err(ApplicationError::Halting))
    }

    /// Stops all applications in reverse start order, for good, and waits until they have: `init:stop/1`. A program that
    /// [`run`](super::run) runs then ends with `status`.
    ///
    /// Each has its [`shutdown_timeout`](ApplicationSpec::shutdown_timeout), and is killed then. If all are being stopped
    /// already it waits for that.
    ///
    /// To be called from outside the applications: a process of theirs would wait for its own end. There, send the
    /// request on its way with `tokio::spawn`, or do not wait.
    ///
    /// # Cancel safety
    ///
    /// It asks when it is first polled. Dropped later, all stop all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, RestartType, StartError};
    /// # use doc_servers::{Chat, Repo};
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.ensure_all_started(Chat, RestartType::Temporary).await.unwrap();
    /// applications.stop_all(0).await;
    /// assert!(applications.which_applications().await.is_empty());
    /// // For good.
    /// let refused = applications.start(Repo, RestartType::Temporary).await.unwrap_err();
    /// assert_eq!(refused, StartError::Halting);
    /// # });
    /// ```
    pub async fn stop_all(&self, status: u8) {
        self.controller.send(Request::StopAll { status });
        self.halted().await;
    }

    /// Waits until all applications have been stopped, and tells why. From any task.
    ///
    /// OTP has none: there the runtime ends.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing. Why they have stopped is kept, and told to each who asks.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, Halt, RestartType};
    /// # use doc_servers::Repo;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.start(Repo, RestartType::Permanent).await.unwrap();
    /// applications.stop_all(3).await;
    /// assert_eq!(applications.halted().await, Halt::Stopped { status: 3 });
    /// # });
    /// ```
    pub async fn halted(&self) -> Halt {
        let mut halt = self.shared.halt.subscribe();
        let halted = halt.wait_for(Option::is_some).await;
        let halt = halted.ok().and_then(|halt| halt.clone());
        halt.expect("its sender is in `self`, and it waits for what is there")
    }

    /// Whether an application was killed, as it did not stop in time.
    pub(super) fn has_killed(&self) -> bool {
        self.shared.killed.load(Ordering::Acquire)
    }

    /// Those that run, the latest first, as in OTP: `application:which_applications/0`. None once the process that knows
    /// them has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, RestartType};
    /// # use doc_servers::Chat;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.ensure_all_started(Chat, RestartType::Transient).await.unwrap();
    /// let running = applications.which_applications().await;
    /// assert_eq!(running, [("chat", RestartType::Transient), ("repo", RestartType::Transient)]);
    /// # });
    /// ```
    pub async fn which_applications(&self) -> Vec<(&'static str, RestartType)> {
        self.ask(Request::Which).await.unwrap_or_default()
    }

    /// Those that are loaded, by name: `application:loaded_applications/0`. Those that run are among them. None once the process
    /// that knows them has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use doc_servers::Chat;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.load(Chat).await.unwrap();
    /// assert_eq!(applications.loaded_applications().await, ["chat", "repo"]);
    /// # });
    /// ```
    pub async fn loaded_applications(&self) -> Vec<&'static str> {
        self.ask(Request::LoadedNames).await.unwrap_or_default()
    }

    /// The handle of the root supervisor of an application that runs. None of one that is starting or stopping.
    ///
    /// OTP's `application:get_supervisor/1`, whose answer is a process identifier.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, RestartType};
    /// # use doc_servers::Repo;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// assert!(applications.root::<Repo>().await.is_none());
    /// let started = applications.start(Repo, RestartType::Temporary).await.unwrap();
    /// assert_eq!(applications.root::<Repo>().await.unwrap().pid(), started.pid());
    /// # });
    /// ```
    pub async fn root<A: Application>(&self) -> Option<A::Root> {
        let root = self.ask(|answer| Request::Root(A::NAME, answer)).await;
        root.flatten()?.downcast_ref().cloned()
    }

    /// The environment of an application as its own type: `Application.get_all_env/1`.
    ///
    /// # Errors
    ///
    /// The application is not loaded, or a value is missing or of another type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use doc_servers::{Chat, ChatEnv};
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// assert!(applications.env::<Chat>().is_err(), "it is not loaded");
    /// applications.load(Chat).await.unwrap();
    /// assert_eq!(applications.env::<Chat>(), Ok(ChatEnv { port: 4000 }));
    /// # });
    /// ```
    pub fn env<A: Application>(&self) -> Result<A::Env, EnvError> {
        self.environment(A::NAME, "")?.typed()
    }

    /// One value of the environment of an application; `key` is written with dots: `Application.fetch_env/2`.
    ///
    /// `fetch_env!` is this with a `?`, as the error says what is missing, and `get_env` with a default is this with
    /// [`Result::unwrap_or`].
    ///
    /// # Errors
    ///
    /// The application is not loaded, there is no such key, or its value is of another type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::*;
    /// # use otp_core::prelude::*;
    /// # use otp_core::SupervisorRef;
    /// #[otp_core::application(defaults = "[cache]\nmax_size = 10")]
    /// struct Chat;
    /// # impl Application for Chat {
    /// #     type Env = NoEnv;
    /// #     type Root = SupervisorRef;
    /// #     async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    /// #         Err(ExitReason::Normal)
    /// #     }
    /// # }
    ///
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.load(Chat).await.unwrap();
    /// assert_eq!(applications.fetch_env::<Chat, u64>("cache.max_size"), Ok(10));
    /// assert!(applications.fetch_env::<Chat, u64>("cache.min_size").is_err());
    /// # });
    /// ```
    pub fn fetch_env<A: Application, T: DeserializeOwned>(&self, key: &str) -> Result<T, EnvError> {
        self.environment(A::NAME, key)?.fetch(key)
    }

    /// Sets a value of the environment of an application, above all sources: `Application.put_env/3`. One that runs is
    /// not told.
    ///
    /// # Errors
    ///
    /// The application is not loaded, or the value cannot be one of an environment.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use doc_servers::Chat;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.load(Chat).await.unwrap();
    /// applications.put_env::<Chat>("port", 80).unwrap();
    /// applications.put_env::<Chat>("cache.max_size", 10).unwrap();
    /// assert_eq!(applications.env::<Chat>().unwrap().port, 80);
    /// assert_eq!(applications.fetch_env::<Chat, u64>("cache.max_size"), Ok(10));
    /// # });
    /// ```
    pub fn put_env<A: Application>(
        &self,
        key: &str,
        value: impl Serialize,
    ) -> Result<(), EnvError> {
        let mut environments = self.shared.environments();
        let environment = environments.get_mut(A::NAME);
        let environment = environment.ok_or_else(|| not_loaded(A::NAME, key))?;
        environment.put(key, &value)
    }

    /// Removes a value from the environment of an application, whatever its source: `Application.delete_env/2`. Tells
    /// whether it was there.
    ///
    /// # Errors
    ///
    /// The application is not loaded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use doc_servers::Chat;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.load(Chat).await.unwrap();
    /// assert_eq!(applications.delete_env::<Chat>("port"), Ok(true));
    /// assert_eq!(applications.delete_env::<Chat>("port"), Ok(false));
    /// assert!(applications.env::<Chat>().is_err(), "it lacks a port");
    /// # });
    /// ```
    pub fn delete_env<A: Application>(&self, key: &str) -> Result<bool, EnvError> {
        let mut environments = self.shared.environments();
        let environment = environments.get_mut(A::NAME);
        let environment = environment.ok_or_else(|| not_loaded(A::NAME, key))?;
        Ok(environment.delete(key))
    }

    /// Reads the environment of an application anew, and tells the application if it runs and anything has changed:
    /// `config_change` after a release was changed. Answers when the callback has returned.
    ///
    /// What was put or deleted is forgotten, and counts as a change.
    ///
    /// # Errors
    ///
    /// The application is not loaded, or the new environment is wrong; then the one before stays.
    ///
    /// # Cancel safety
    ///
    /// It reads and asks when it is first polled. Dropped later, the new environment counts, and the application is told, all the
    /// same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::Applications;
    /// # use doc_servers::Chat;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.load(Chat).await.unwrap();
    /// applications.put_env::<Chat>("port", 80).unwrap();
    /// let change = applications.reload_env::<Chat>().await.unwrap();
    /// assert_eq!(change.changed, ["port"]);
    /// assert_eq!(applications.env::<Chat>().unwrap().port, 4000);
    /// # });
    /// ```
    pub async fn reload_env<A: Application>(&self) -> Result<ConfigChange, ApplicationError> {
        let environment = self.environment(A::NAME, "");
        let environment = environment.map_err(|_| ApplicationError::NotLoaded(A::NAME))?;
        let environment = Box::new(environment.read_again(&self.shared.variables)?);
        let reloaded = self.ask(|answer| Request::Reload(A::NAME, environment, answer));
        reloaded.await.unwrap_or(Err(ApplicationError::Halting))
    }

    fn environment(&self, name: &'static str, key: &str) -> Result<Environment, EnvError> {
        let environment = self.shared.environments().get(name).cloned();
        environment.ok_or_else(|| not_loaded(name, key))
    }

    /// None if the controller has ended.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.controller.send(request(answer));
        answered.await.ok()
    }
}

fn not_loaded(application: &'static str, key: &str) -> EnvError {
    EnvError::NotLoaded {
        application,
        key: key.to_owned(),
    }
}

impl fmt::Debug for Applications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Applications").field(&self.pid()).finish()
    }
}

/// An application and all that it needs, being loaded.
struct Loading<'a> {
    shared: &'a Shared,
    new: Vec<NewApplication>,
    environments: Vec<Environment>,
}

impl Loading<'_> {
    fn add(&mut self, application: Box<dyn Erased>, replaces: bool) -> Result<(), EnvError> {
        let name = application.name();
        if self.new.iter().any(|new| new.vertex.name == name) {
            return Ok(());
        }
        let spec = application.spec();
        self.read_env(name, &spec)?;
        let mut included = Vec::new();
        self.include(spec.included, &mut included)?;
        self.new.push(NewApplication {
            vertex: Vertex {
                name,
                required: spec.required.iter().map(|one| one.name()).collect(),
                optional: spec.optional,
            },
            shutdown_timeout: spec.shutdown_timeout,
            check: application.check(),
            loaded: Loaded {
                application,
                phases: spec.phases,
                included,
            },
            replaces,
        });
        for required in spec.required {
            self.add(required, false)?;
        }
        Ok(())
    }

    /// Those that are included, each before those that it includes itself.
    fn include(
        &mut self,
        applications: Vec<Box<dyn Erased>>,
        included: &mut Vec<Included>,
    ) -> Result<(), EnvError> {
        for application in applications {
            let name = application.name();
            if included.iter().any(|one| one.application.name() == name) {
                continue;
            }
            let spec = application.spec();
            self.read_env(name, &spec)?;
            included.push(Included {
                application,
                phases: spec.phases,
            });
            self.include(spec.included, included)?;
        }
        Ok(())
    }

    fn read_env(&mut self, name: &'static str, spec: &ApplicationSpec) -> Result<(), EnvError> {
        if !self.shared.environments().contains_key(name) {
            let sources = spec.sources.clone();
            let environment = Environment::read(name, sources, &self.shared.variables)?;
            self.environments.push(environment);
        }
        Ok(())
    }
}

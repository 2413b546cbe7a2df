//! What an application says of itself: OTP's application resource file, `chat.app`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::callbacks::{Application, Erased};

/// What an application is called and what it needs. `#[otp_core::application]` implements it.
///
/// By hand, which the macro writes in one line:
///
/// ```
/// use otp_core::application::{ApplicationResource, ApplicationSpec};
///
/// struct Chat;
///
/// impl ApplicationResource for Chat {
///     const NAME: &'static str = "chat";
///
///     fn spec(&self) -> ApplicationSpec {
///         ApplicationSpec::new().defaults("port = 4000")
///     }
/// }
///
/// assert_eq!(Chat::NAME, "chat");
/// ```
#[diagnostic::on_unimplemented(
    message = "nothing says what the application `{Self}` is called",
    label = "no application",
    note = "write `#[otp_core::application]` above the struct"
)]
pub trait ApplicationResource {
    /// Names it among the applications of a node.
    const NAME: &'static str;

    /// What it needs.
    ///
    /// Called when the application is loaded.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::ApplicationResource;
    /// # use doc_servers::Chat;
    /// let spec = Chat.spec();
    /// assert!(format!("{spec:?}").contains(r#"applications: ["repo"]"#));
    /// ```
    fn spec(&self) -> ApplicationSpec;
}

/// An application's dependencies, its start phases and the sources of its environment; of all there is none unless said.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # use doc_servers::{Chat, Repo};
/// use otp_core::application::ApplicationSpec;
///
/// let spec = ApplicationSpec::new()
///     .application(Repo)
///     .included(Chat)
///     .defaults("port = 4000")
///     .env_file("config/app.toml")
///     .optional_env_file("config/local.toml")
///     .env_prefix("CHATTER")
///     .start_phases(&["listen"])
///     .shutdown_timeout(Duration::from_secs(30));
/// assert!(format!("{spec:?}").contains("config/app.toml"));
/// ```
#[must_use = "a specification does nothing by itself"]
#[derive(Default)]
pub struct ApplicationSpec {
    pub(super) required: Vec<Box<dyn Erased>>,
    pub(super) optional: Vec<&'static str>,
    pub(super) included: Vec<Box<dyn Erased>>,
    pub(super) phases: &'static [&'static str],
    pub(super) shutdown_timeout: Option<Duration>,
    pub(super) sources: Sources,
}

/// Where an environment comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    pub(super) defaults: Option<String>,
    pub(super) files: Vec<EnvFile>,
    /// The application's name in capitals, unless set.
    pub(super) prefix: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct EnvFile {
    pub(super) path: PathBuf,
    pub(super) required: bool,
}

impl ApplicationSpec {
    /// One that needs nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::ApplicationSpec;
    /// let spec = ApplicationSpec::new();
    /// assert!(format!("{spec:?}").contains("applications: []"));
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// It needs another application, which has to run before it starts: `applications` of a `.app` file. Loading this
    /// one loads that one.
    pub fn application(mut self, application: impl Application) -> Self {
        self.required.push(super::callbacks::erase(application));
        self
    }

    /// It wants another application to run before it starts, if that is loaded: `optional_applications`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::ApplicationSpec;
    /// # use doc_servers::Repo;
    /// let spec = ApplicationSpec::new().optional::<Repo>();
    /// assert!(format!("{spec:?}").contains(r#"optional: ["repo"]"#));
    /// ```
    pub fn optional<A: Application>(mut self) -> Self {
        self.optional.push(A::NAME);
        self
    }

    /// It starts another application's tree as a part of its own: `included_applications`. The other one's start
    /// callback is not called, its start phases are.
    pub fn included(mut self, application: impl Application) -> Self {
        self.included.push(super::callbacks::erase(application));
        self
    }

    /// What is to be done, in this order, when the tree has started, see
    /// [`Application::start_phase`]: `start_phases`.
    pub fn start_phases(mut self, phases: &'static [&'static str]) -> Self {
        self.phases = phases;
        self
    }

    /// How long it may take to stop when all stop, before it is killed: `shutdown_timeout` of the kernel application,
    /// here of each application. Unless set, for ever, as in OTP.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = Some(timeout);
        self
    }

    /// The lowest layer of the environment, as TOML: `env` of a `.app` file.
    pub fn defaults(mut self, toml: impl Into<String>) -> Self {
        self.sources.defaults = Some(toml.into());
        self
    }

    /// A TOML file that must be there, above the defaults and the files before it. A relative path begins at the
    /// program's working directory.
    pub fn env_file(mut self, path: impl Into<PathBuf>) -> Self {
        let (path, required) = (path.into(), true);
        self.sources.files.push(EnvFile { path, required });
        self
    }

    /// A TOML file that may be missing.
    pub fn optional_env_file(mut self, path: impl Into<PathBuf>) -> Self {
        let (path, required) = (path.into(), false);
        self.sources.files.push(EnvFile { path, required });
        self
    }

    /// What the environment variables begin with, in capitals and without the two underscores behind it: `"CHAT"`, whose
    /// `CHAT__CACHE__MAX_SIZE` is above every file's `cache.max_size`. Unless set, the application's name.
    pub fn env_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.sources.prefix = Some(prefix.into());
        self
    }
}

impl fmt::Debug for ApplicationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |all: &[Box<dyn Erased>]| all.iter().map(|one| one.name()).collect::<Vec<_>>();
        f.debug_struct("ApplicationSpec")
            .field("applications", &names(&self.required))
            .field("optional", &self.optional)
            .field("included", &names(&self.included))
            .field("start_phases", &self.phases)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .field("sources", &self.sources)
            .finish()
    }
}

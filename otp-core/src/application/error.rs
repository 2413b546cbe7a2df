//! Why an application is not loaded, not started, not stopped, and what is wrong with an environment.

use crate::exit::ExitReason;

/// Why an application did not start. Nothing of it is left.
///
/// # Examples
///
/// ```
/// # use otp_core::application::{Applications, RestartType, StartError};
/// # use doc_servers::Chat;
/// # otp_core::doc_test(async {
/// let applications = Applications::start_link();
/// let error = applications.start(Chat, RestartType::Temporary).await.unwrap_err();
/// assert_eq!(error, StartError::NotStarted("repo"));
/// assert_eq!(error.to_string(), "the application `repo` is not started, which it needs");
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It runs already: OTP's `already_started`.
    #[error("the application `{0}` is already started")]
    AlreadyStarted(&'static str),
    /// An application that it needs does not run: OTP's `not_started`.
    #[error("the application `{0}` is not started, which it needs")]
    NotStarted(&'static str),
    /// It is not loaded, or one that it needs was unloaded.
    #[error("the application `{0}` is not loaded")]
    NotLoaded(&'static str),
    /// These need each other, the last one the first.
    #[error("these applications need each other: {}", .0.join(", "))]
    Cycle(Vec<&'static str>),
    /// Its environment is wrong.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// Its start callback failed, panicked or was ended. Of a tree that did not start the reason carries a
    /// [`StartError`](crate::StartError), which names the child.
    #[error("the application `{application}` did not start: {reason}")]
    Start {
        /// Its name.
        application: &'static str,
        /// Why.
        reason: ExitReason,
    },
    /// A start phase failed; the tree was stopped again.
    #[error("the start phase `{phase}` of the application `{application}` failed: {reason}")]
    Phase {
        /// The name of the application, which may be an included one.
        application: &'static str,
        /// The phase.
        phase: &'static str,
        /// Why.
        reason: ExitReason,
    },
    /// It was stopped before it had started.
    #[error("the application `{0}` was stopped before it had started")]
    Stopped(&'static str),
    /// All applications are being stopped, or [`Applications`](super::Applications) has ended.
    #[error("all applications are being stopped")]
    Halting,
}

/// Why an application was not loaded, stopped, unloaded or configured anew.
///
/// # Examples
///
/// ```
/// # use otp_core::application::{ApplicationError, Applications};
/// # use doc_servers::Chat;
/// # otp_core::doc_test(async {
/// let applications = Applications::start_link();
/// assert_eq!(applications.stop::<Chat>().await, Err(ApplicationError::NotLoaded("chat")));
/// applications.load(Chat).await.unwrap();
/// assert_eq!(applications.stop::<Chat>().await, Err(ApplicationError::NotStarted("chat")));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplicationError {
    /// It does not run: OTP's `not_started`.
    #[error("the application `{0}` is not started")]
    NotStarted(&'static str),
    /// It is not loaded: OTP's `not_loaded`.
    #[error("the application `{0}` is not loaded")]
    NotLoaded(&'static str),
    /// It runs, and what runs is not unloaded: OTP's `running`.
    #[error("the application `{0}` is running")]
    Running(&'static str),
    /// Its environment is wrong. If it had one before, that is still there.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// All applications are being stopped, or [`Applications`](super::Applications) has ended.
    #[error("all applications are being stopped")]
    Halting,
}

/// What is wrong with the environment of an application.
///
/// A key is written with dots, `cache.max_size`. A source is a file's path, the name of an environment variable in
/// words (`` the environment variable `CHAT__CACHE__MAX_SIZE` ``), `` the defaults of `chat` `` or `` put_env ``.
///
/// # Examples
///
/// ```
/// # use otp_core::application::{Applications, EnvError};
/// # use doc_servers::Chat;
/// # otp_core::doc_test(async {
/// let applications = Applications::start_link_with_variables([("CHAT__PORT", "http")]);
/// applications.load(Chat).await.unwrap();
/// let EnvError::Wrong { key, origin, .. } = applications.env::<Chat>().unwrap_err() else {
///     panic!("a port is a number");
/// };
/// assert_eq!(key, "port");
/// assert_eq!(origin, "the environment variable `CHAT__PORT`");
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// The application is not loaded, so that it has no environment.
    #[error(
        "the environment of `{application}` was asked for `{key}`, and `{application}` is not loaded"
    )]
    NotLoaded {
        /// Its name.
        application: &'static str,
        /// What was asked for.
        key: String,
    },
    /// No source has this key.
    #[error("the environment of `{application}` lacks `{key}`; it was looked for in {sources}")]
    Missing {
        /// The name of the application.
        application: &'static str,
        /// The key.
        key: String,
        /// Where it can be written.
        sources: String,
    },
    /// A value is not of the type that the program has for it.
    #[error(
        "the environment of `{application}` has a wrong value for `{key}` in {origin}: {message}"
    )]
    Wrong {
        /// The name of the application.
        application: &'static str,
        /// The key.
        key: String,
        /// Who says so.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// A source cannot be read: no such file, no TOML.
    #[error("the environment of `{application}` cannot be read from {origin}: {message}")]
    Unreadable {
        /// The name of the application.
        application: &'static str,
        /// The source.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
}

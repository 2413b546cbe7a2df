//! Applications: the parts of a program that start and stop as one, each with its tree, its environment and what it
//! needs. OTP's application behaviour and its module `application`. With the feature `application`.
//!
//! ```no_run
//! use otp_core::application::{Application, ApplicationContext};
//! use otp_core::prelude::*;
//! use otp_core::{Strategy, Supervisor, SupervisorRef};
//!
//! #[derive(serde::Deserialize)]
//! struct ChatEnv {
//!     port: u16,
//! }
//!
//! #[otp_core::application(env = "config/app.toml")]
//! struct Chat;
//!
//! impl Application for Chat {
//!     type Env = ChatEnv;
//!     type Root = SupervisorRef;
//!
//!     async fn start(&mut self, env: ChatEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
//!         Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Chat.run() // SIGTERM stops all in reverse order, a second one forces
//! }
//! ```
//!
//! In a test it starts in the test's own node, with environment variables of its own:
//!
//! ```
//! # use otp_core::application::{Applications, RestartType};
//! # use doc_servers::Chat;
//! # otp_core::doc_test(async {
//! let applications = Applications::start_link_with_variables([("CHAT__PORT", "80")]);
//! let started = applications.ensure_all_started(Chat, RestartType::Temporary).await;
//! assert_eq!(started.unwrap(), ["repo", "chat"]);
//! assert_eq!(applications.env::<Chat>().unwrap().port, 80);
//! # });
//! ```
//!
//! # Where to look
//!
//! | OTP, Elixir | here |
//! | --- | --- |
//! | `chat.app`: `applications`, `optional_applications`, `included_applications`, `start_phases`, `env` | [`macro@crate::application`], [`ApplicationSpec`] |
//! | `start/2`, `start_phase/3`, `prep_stop/1`, `stop/1`, `config_change/3` | [`Application`] |
//! | `application:start`, `ensure_all_started`, `stop`, `which_applications`, … | [`Applications`] |
//! | `permanent`, `transient`, `temporary` | [`RestartType`] |
//! | `Application.fetch_env/2`, `put_env/3`, … | [`Applications::fetch_env`], [`Applications::put_env`], … |
//! | `init:stop/1`, SIGTERM | [`Applications::stop_all`], [`run`] |
//!
//! # Environment
//!
//! Four layers, each above the one before: the defaults ([`ApplicationSpec::defaults`]), the files in their order, the
//! environment variables, and what was put. Tables are merged, other values replaced. `CHAT__CACHE__MAX_SIZE=10` is
//! `cache.max_size` of the application `chat`: two underscores stand between the names, and a text becomes the number or
//! the `bool` that the field is. The whole is read into the type of the application, so that a field needs no look-up;
//! defaults of serde count below all layers. [`EnvError`] names the key and the source of what is missing or wrong.
//!
//! What is fixed when the program is built is a `const`, a Cargo feature or `env!`: Elixir's `compile_env` needs nothing of
//! its own here.
//!
//! # What differs from OTP
//!
//! - An application's name is a type, so that most names which do not exist do not compile.
//! - Loading loads the dependencies, too, as they are values.
//! - An environment is read into one type. A key leads into tables, with dots, and changes are told by such keys.
//! - Stopping stops the tree and what is linked with the start callback's process; it does not look for further processes,
//!   as OTP does by the group leader.
//! - `shutdown_timeout` is the application's own.
//! - There are no distributed applications, no takeover and no failover.
//!
//! # Reports
//!
//! Under the `tracing` target `otp_core::application`: started and stopped as INFO; a start that failed, an end by itself, a
//! callback's panic and a kill as ERROR.

mod callbacks;
mod controller;
mod env;
mod error;
mod handle;
mod master;
mod plan;
mod program;
mod spec;

pub use callbacks::{Application, ApplicationContext, NoEnv};
pub use env::ConfigChange;
pub use error::{ApplicationError, EnvError, StartError};
pub use handle::Applications;
pub use plan::{Halt, RestartType};
pub use program::run;
pub use spec::{ApplicationResource, ApplicationSpec};
pub use tokio_util::sync::CancellationToken;

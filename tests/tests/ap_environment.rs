//! AP-009 to AP-011: the environment of an application, its layers, its errors and its changes.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::path::PathBuf;

use otp_core::application::{
    Application, ApplicationContext, ApplicationError, ApplicationResource, ApplicationSpec,
    Applications, ConfigChange, EnvError, NoEnv, RestartType, StartError,
};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef, testing};
use serde::Deserialize;
use tests::Journal;

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct CacheEnv {
    max_size: u64,
    #[serde(default)]
    policy: Policy,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Policy {
    #[default]
    Oldest,
    Random,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
struct ChatEnv {
    host: String,
    port: u16,
    cache: CacheEnv,
}

/// An application whose files are in a directory of the test's own.
struct Chat {
    files: Vec<PathBuf>,
    journal: Journal,
}

impl Chat {
    fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Chat {
            files: files.into_iter().collect(),
            journal: Journal::new(),
        }
    }
}

impl ApplicationResource for Chat {
    const NAME: &'static str = "chat";

    fn spec(&self) -> ApplicationSpec {
        let spec = ApplicationSpec::new()
            .defaults("host = 'localhost'\nport = 4000\n[cache]\nmax_size = 10");
        self.files.iter().fold(spec, ApplicationSpec::env_file)
    }
}

impl Application for Chat {
    type Env = ChatEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        env: ChatEnv,
        _: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        self.journal.note(format_args!("start at {}", env.port));
        Ok(Supervisor::builder(Strategy::OneForOne)
            .start_link()
            .await?)
    }

    async fn config_change(&mut self, change: ConfigChange, env: ChatEnv) {
        self.journal.note(format_args!(
            "{change:?}, now {} and {}",
            env.port, env.cache.max_size
        ));
    }
}

#[derive(Debug)]
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Files(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, toml: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, toml).unwrap();
        path
    }
}

fn with_variables<const N: usize>(variables: [(&str, &str); N]) -> Applications {
    Applications::start_link_with_variables(variables)
}

#[otp_core::test]
async fn ap_009_the_layers_are_defaults_then_files_then_variables() {
    let files = Files::new();
    let paths = [
        files.write(
            "base.toml",
            "port = 1\nhost = 'base'\n[cache]\npolicy = 'random'",
        ),
        files.write("prod.toml", "port = 2"),
    ];
    let applications = with_variables([
        ("CHAT__CACHE__MAX_SIZE", "77"),
        ("CHAT_PORT", "9"),
        ("OTHER__PORT", "9"),
    ]);
    applications.load(Chat::new(paths)).await.unwrap();
    let env = applications.env::<Chat>().unwrap();
    let cache = CacheEnv {
        max_size: 77,
        policy: Policy::Random,
    };
    let host = "base".to_owned();
    assert_eq!(
        env,
        ChatEnv {
            host,
            port: 2,
            cache
        }
    );
}

#[otp_core::test]
async fn ap_009_get_fetch_put_and_delete_one_value() {
    let applications = with_variables([("CHAT__PORT", "80")]);
    applications.load(Chat::new([])).await.unwrap();
    assert_eq!(applications.fetch_env::<Chat, u16>("port"), Ok(80));
    assert_eq!(
        applications.fetch_env::<Chat, u64>("cache.max_size"),
        Ok(10)
    );
    // With a default.
    assert_eq!(
        applications
            .fetch_env::<Chat, u64>("cache.min_size")
            .unwrap_or(3),
        3
    );

    applications.put_env::<Chat>("cache.min_size", 4).unwrap();
    applications.put_env::<Chat>("host", "example.org").unwrap();
    assert_eq!(applications.fetch_env::<Chat, u64>("cache.min_size"), Ok(4));
    assert_eq!(applications.env::<Chat>().unwrap().host, "example.org");

    assert_eq!(applications.delete_env::<Chat>("cache.min_size"), Ok(true));
    assert_eq!(applications.delete_env::<Chat>("cache.min_size"), Ok(false));
    assert_eq!(applications.delete_env::<Chat>("port"), Ok(true));
    let lacking = applications.env::<Chat>().unwrap_err();
    assert!(
        matches!(&lacking, EnvError::Missing { key, .. } if key == "port"),
        "{lacking}"
    );
    let start = applications
        .start(Chat::new([]), RestartType::Temporary)
        .await;
    assert_eq!(start, Err(StartError::Env(lacking)));

    // All of it is read anew when it is loaded anew.
    applications.unload::<Chat>().await.unwrap();
    applications.load(Chat::new([])).await.unwrap();
    assert_eq!(applications.env::<Chat>().unwrap().port, 80);
}

#[otp_core::test]
async fn ap_009_an_application_that_is_not_loaded_and_a_key_that_is_missing_are_told_apart() {
    let applications = with_variables([]);
    let not_loaded = applications.fetch_env::<Chat, u16>("port").unwrap_err();
    assert_eq!(
        not_loaded.to_string(),
        "the environment of `chat` was asked for `port`, and `chat` is not loaded"
    );
    assert_eq!(applications.put_env::<Chat>("port", 1), Err(not_loaded));
    applications.load(Chat::new([])).await.unwrap();
    let missing = applications
        .fetch_env::<Chat, u16>("cache.depth")
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the environment of `chat` lacks `cache.depth`; it was looked for in the defaults of `chat` \
         and the environment variable `CHAT__CACHE__DEPTH`"
    );
}

#[otp_core::test]
async fn ap_009_a_wrong_value_is_named_by_its_key_and_its_source() {
    let files = Files::new();
    let start = async |path: &PathBuf, variables: &[(&str, &str)]| {
        let applications = Applications::start_link_with_variables(variables.iter().copied());
        let started = applications.start(Chat::new([path.clone()]), RestartType::Temporary);
        started.await.unwrap_err().to_string()
    };
    let file = files.write("app.toml", "[cache]\nmax_size = 'many'");
    assert_eq!(
        start(&file, &[]).await,
        format!(
            "the environment of `chat` has a wrong value for `cache.max_size` in {}: string \"many\" is not an integer",
            file.display()
        )
    );
    assert_eq!(
        start(
            &file,
            &[("CHAT__CACHE__MAX_SIZE", "1"), ("CHAT__PORT", "http")]
        )
        .await,
        "the environment of `chat` has a wrong value for `port` in the environment variable `CHAT__PORT`: \
         string \"http\" is not an integer"
    );
    let file = files.write("policy.toml", "[cache]\npolicy = 'newest'");
    let error = start(&file, &[]).await;
    let expected = format!(
        "has a wrong value for `cache.policy` in {}: ",
        file.display()
    );
    assert!(error.contains(&expected), "{error}");
    assert!(error.contains("newest"), "{error}");
    let error = start(&file, &[("CHAT__CACHE", "small")]).await;
    assert!(error.contains("`CHAT__CACHE`"), "{error}");
}

#[otp_core::test]
async fn ap_009_a_file_that_is_not_there_or_is_no_toml_is_named() {
    let files = Files::new();
    let applications = with_variables([]);
    let absent = files.0.path().join("absent.toml");
    let error = applications
        .load(Chat::new([absent.clone()]))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ApplicationError::Env(EnvError::Unreadable { origin, .. }) if *origin == absent.display().to_string()),
        "{error}"
    );
    let broken = files.write("broken.toml", "port = ");
    let error = applications
        .load(Chat::new([broken.clone()]))
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!(
            "the environment of `chat` cannot be read from {}: ",
            broken.display()
        )),
        "{text}"
    );
    assert!(!text.contains('\n'), "{text}");
    assert!(applications.loaded_applications().await.is_empty());
}

/// What is fixed when the program is built.
mod fixed {
    pub(super) const MAX_SIZE: u64 = 5_000;
    pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
}

#[otp_core::test]
async fn ap_010_what_is_fixed_at_build_time_is_a_const() {
    /// Its defaults are in the program.
    #[otp_core::application(defaults = format!("max_size = {}\nversion = '{}'", fixed::MAX_SIZE, fixed::VERSION))]
    struct Fixed;

    impl Application for Fixed {
        type Env = NoEnv;
        type Root = SupervisorRef;

        async fn start(
            &mut self,
            _: NoEnv,
            _: &mut ApplicationContext,
        ) -> Result<SupervisorRef, ExitReason> {
            Ok(Supervisor::builder(Strategy::OneForOne)
                .start_link()
                .await?)
        }
    }

    let applications = with_variables([]);
    applications
        .start(Fixed, RestartType::Temporary)
        .await
        .unwrap();
    assert_eq!(applications.fetch_env::<Fixed, u64>("max_size"), Ok(5_000));
    assert_eq!(
        applications
            .fetch_env::<Fixed, String>("version")
            .as_deref(),
        Ok(fixed::VERSION)
    );
}

#[otp_core::test]
async fn ap_011_changed_new_and_removed_keys_are_told_to_what_runs() {
    let files = Files::new();
    let path = files.write("app.toml", "port = 1\nold = true\n[cache]\nmax_size = 5");
    let applications = with_variables([]);
    let chat = Chat::new([path.clone()]);
    let journal = chat.journal.clone();
    applications
        .start(chat, RestartType::Temporary)
        .await
        .unwrap();
    assert!(applications.reload_env::<Chat>().await.unwrap().is_empty());
    assert_eq!(journal.take(), ["start at 1"], "nothing has changed");

    files.write(
        "app.toml",
        "port = 2\n[cache]\nmax_size = 5\npolicy = 'random'",
    );
    let change = applications.reload_env::<Chat>().await.unwrap();
    assert_eq!(change.changed, ["port"]);
    assert_eq!(change.new, ["cache.policy"]);
    assert_eq!(change.removed, ["old"]);
    assert_eq!(journal.take(), [format!("{change:?}, now 2 and 5")]);
    assert_eq!(applications.fetch_env::<Chat, u16>("port"), Ok(2));
}

#[otp_core::test]
async fn ap_011_a_new_environment_that_is_wrong_changes_nothing() {
    let files = Files::new();
    let path = files.write("app.toml", "port = 1");
    let applications = with_variables([]);
    let refused = applications.reload_env::<Chat>().await;
    assert_eq!(refused, Err(ApplicationError::NotLoaded("chat")));
    let chat = Chat::new([path]);
    let journal = chat.journal.clone();
    applications
        .start(chat, RestartType::Temporary)
        .await
        .unwrap();
    files.write("app.toml", "port = 'x'");
    let refused = applications.reload_env::<Chat>().await;
    assert!(
        matches!(refused, Err(ApplicationError::Env(EnvError::Wrong { .. }))),
        "{refused:?}"
    );
    assert_eq!(applications.env::<Chat>().unwrap().port, 1);
    assert_eq!(journal.take(), ["start at 1"]);
    // One that does not run is not told.
    applications.stop::<Chat>().await.unwrap();
    files.write("app.toml", "port = 3");
    assert_eq!(
        applications.reload_env::<Chat>().await.unwrap().changed,
        ["port"]
    );
    assert!(journal.take().is_empty());
    assert!(testing::take_crashes().is_empty());
}

//! The environment of an application: layers of defaults, files and environment variables, and what differs between two.
//!
//! A value owns itself: nothing here touches a process. The layers are merged once, when they are read; what was put or
//! deleted later is changed in the merged values.

use std::collections::{BTreeMap, HashMap};

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::EnvError;
use super::spec::Sources;

/// What the crate `config` calls the source of its environment variables.
const VARIABLES: &str = "the environment";
/// Between the names in an environment variable.
const SEPARATOR: &str = "__";
/// The source of what was put.
const PUT: &str = "put_env";

/// The merged layers.
#[derive(Clone, Debug)]
pub(super) struct Environment {
    application: &'static str,
    sources: Sources,
    config: Config,
}

/// Environment variables that stand for those of the program, in tests.
pub(super) type Variables = Option<HashMap<String, String>>;

impl Environment {
    /// Reads all sources.
    pub(super) fn read(
        application: &'static str,
        sources: Sources,
        variables: &Variables,
    ) -> Result<Self, EnvError> {
        let mut environment = Environment {
            application,
            sources,
            config: Config::default(),
        };
        let mut tree = Map::new();
        for (origin, layer) in environment.layers(variables) {
            let values = layer.map_err(|error| EnvError::Unreadable {
                application,
                origin,
                message: message(&error),
            })?;
            merge(&mut tree, values);
        }
        environment.config = of_tree(tree);
        Ok(environment)
    }

    pub(super) fn application(&self) -> &'static str {
        self.application
    }

    /// The same sources, read now.
    pub(super) fn read_again(&self, variables: &Variables) -> Result<Self, EnvError> {
        Self::read(self.application, self.sources.clone(), variables)
    }

    /// The sources from the lowest to the highest, each with its name.
    fn layers(&self, variables: &Variables) -> Vec<(String, Result<Layer, ConfigError>)> {
        let mut layers = Vec::new();
        if let Some(defaults) = &self.sources.defaults {
            let origin = self.defaults();
            let values = File::from_str(defaults, FileFormat::Toml).collect();
            let values = values.map(|values| originating(values, &origin));
            layers.push((origin, values));
        }
        for file in &self.sources.files {
            let origin = file.path.display().to_string();
            let source = File::new(&origin, FileFormat::Toml).required(file.required);
            let values = source.collect();
            let values = values.map(|values| originating(values, &origin));
            layers.push((origin, values));
        }
        let environment = config::Environment::with_prefix(&self.prefix())
            .prefix_separator(SEPARATOR)
            .separator(SEPARATOR)
            .source(variables.clone().map(|all| all.into_iter().collect()));
        let values = Config::builder().add_source(environment).build();
        let values = values.and_then(|values| values.collect());
        layers.push((VARIABLES.to_owned(), values));
        layers
    }

    fn defaults(&self) -> String {
        format!("the defaults of `{}`", self.application)
    }

    fn prefix(&self) -> String {
        let prefix = self.sources.prefix.as_deref();
        prefix.unwrap_or(self.application).to_uppercase()
    }

    /// `CHAT__CACHE__MAX_SIZE` of `cache.max_size`.
    fn variable(&self, key: &str) -> String {
        let key = key.replace('.', SEPARATOR).to_uppercase();
        format!("{}{SEPARATOR}{key}", self.prefix())
    }

    /// Where the value of a key can be written, as a sentence lists it.
    fn places(&self, key: &str) -> String {
        let mut places = Vec::new();
        places.extend(self.sources.defaults.is_some().then(|| self.defaults()));
        let files = self.sources.files.iter();
        places.extend(files.map(|file| file.path.display().to_string()));
        let variable = format!("the environment variable `{}`", self.variable(key));
        if places.is_empty() {
            return variable;
        }
        format!("{} and {variable}", places.join(", "))
    }

    /// All values as the program's type.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T, EnvError> {
        let typed = self.config.clone().try_deserialize();
        typed.map_err(|error| self.explain(error, ""))
    }

    /// One value: `Application.fetch_env/2`.
    pub(super) fn fetch<T: DeserializeOwned>(&self, key: &str) -> Result<T, EnvError> {
        self.config
            .get(key)
            .map_err(|error| self.explain(error, key))
    }

    /// Sets a value: `Application.put_env/3`.
    pub(super) fn put(&mut self, key: &str, value: &impl Serialize) -> Result<(), EnvError> {
        let wrapped = BTreeMap::from([("value", value)]);
        let put = Config::try_from(&wrapped)
            .and_then(|wrapped| wrapped.get::<Value>("value"))
            .and_then(|value| {
                let mut value = value;
                set_origin(&mut value, PUT);
                Config::builder()
                    .add_source(self.config.clone())
                    .set_override(key, value)?
                    .build()
            });
        self.config = put.map_err(|error| EnvError::Wrong {
            application: self.application,
            key: key.to_owned(),
            origin: PUT.to_owned(),
            message: message(&error),
        })?;
        Ok(())
    }

    /// Removes a value: `Application.delete_env/2`. Tells whether it was there.
    pub(super) fn delete(&mut self, key: &str) -> bool {
        let mut path: Vec<&str> = key.split('.').collect();
        let Some(last) = path.pop() else { return false };
        let mut tree = self.config.cache.clone();
        let mut table = table(&mut tree);
        for step in path {
            table = table
                .and_then(|table| table.get_mut(step))
                .and_then(self::table);
        }
        let was_there = table.is_some_and(|table| table.remove(last).is_some());
        if let Some(table) = self::table(&mut tree) {
            self.config = of_tree(std::mem::take(table));
        }
        was_there
    }

    /// The values by their keys, each as text: what two environments are compared by.
    fn leaves(&self) -> BTreeMap<String, String> {
        let mut leaves = BTreeMap::new();
        collect_leaves(&self.config.cache, "", &mut leaves);
        leaves
    }

    /// The key, its source, and what is wrong with it.
    fn explain(&self, error: ConfigError, asked: &str) -> EnvError {
        let application = self.application;
        let found = find(error, asked);
        if found.is_missing {
            return EnvError::Missing {
                application,
                sources: self.places(&found.key),
                key: found.key,
            };
        }
        let origin = found.origin.or_else(|| {
            let value = value_at(&self.config.cache, &found.key)?;
            value.origin().map(str::to_owned)
        });
        let origin = match origin {
            Some(origin) if origin == VARIABLES => {
                format!("the environment variable `{}`", self.variable(&found.key))
            }
            Some(origin) => origin,
            None => self.places(&found.key),
        };
        EnvError::Wrong {
            application,
            key: found.key,
            origin,
            message: found.message,
        }
    }
}

type Layer = Map<String, Value>;

/// A layer that is there already.
#[derive(Clone, Debug)]
struct Ready(Layer);

impl Source for Ready {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Layer, ConfigError> {
        Ok(self.0.clone())
    }
}

fn of_tree(tree: Layer) -> Config {
    let built = Config::builder().add_source(Ready(tree)).build();
    built.expect("values that are there already have nothing to be read")
}

/// Puts `above` over `below`: tables are merged, other values replaced.
fn merge(below: &mut Layer, above: Layer) {
    for (key, value) in above {
        match (below.get_mut(&key).and_then(table), value) {
            (
                Some(below),
                Value {
                    kind: ValueKind::Table(above),
                    ..
                },
            ) => merge(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn table(value: &mut Value) -> Option<&mut Layer> {
    match &mut value.kind {
        ValueKind::Table(table) => Some(table),
        _ => None,
    }
}

/// The value of a key that is written with dots. One made by `config` would have lost its origin.
fn value_at<'a>(tree: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.')
        .try_fold(tree, |value, step| match &value.kind {
            ValueKind::Table(table) => table.get(step),
            _ => None,
        })
}

/// The values with the name of their source as it was written.
fn originating(mut values: Layer, origin: &str) -> Layer {
    for value in values.values_mut() {
        set_origin(value, origin);
    }
    values
}

fn set_origin(value: &mut Value, origin: &str) {
    let mut kind = std::mem::replace(&mut value.kind, ValueKind::Nil);
    match &mut kind {
        ValueKind::Table(table) => {
            for value in table.values_mut() {
                set_origin(value, origin);
            }
        }
        ValueKind::Array(values) => {
            for value in values {
                set_origin(value, origin);
            }
        }
        _ => {}
    }
    *value = Value::new(Some(&origin.to_owned()), kind);
}

fn collect_leaves(value: &Value, key: &str, leaves: &mut BTreeMap<String, String>) {
    if let ValueKind::Table(table) = &value.kind {
        for (name, value) in table {
            let key = if key.is_empty() {
                name.clone()
            } else {
                format!("{key}.{name}")
            };
            collect_leaves(value, &key, leaves);
        }
    } else {
        leaves.insert(key.to_owned(), value.to_string());
    }
}

/// An error of `config`, taken apart.
struct Found {
    key: String,
    origin: Option<String>,
    message: String,
    is_missing: bool,
}

fn find(error: ConfigError, asked: &str) -> Found {
    let found = |key: Option<String>, origin, message, is_missing| Found {
        key: key.unwrap_or_else(|| asked.to_owned()),
        origin,
        message,
        is_missing,
    };
    match error {
        ConfigError::NotFound(key) => found(Some(key), None, String::new(), true),
        ConfigError::Type {
            origin,
            unexpected,
            expected,
            key,
        } => {
            let message = format!("{unexpected} is not {expected}");
            found(key, origin, message, false)
        }
        ConfigError::At { error, origin, key } => {
            let inner = find(*error, asked);
            // A key that is missing in a table that was asked for.
            let key = match key {
                Some(outer) if inner.is_missing && !inner.key.is_empty() && inner.key != outer => {
                    Some(format!("{outer}.{}", inner.key))
                }
                Some(outer) => Some(outer),
                None => Some(inner.key),
            };
            found(
                key,
                inner.origin.or(origin),
                inner.message,
                inner.is_missing,
            )
        }
        other => found(None, None, message(&other), false),
    }
}

/// In one line.
fn message(error: &ConfigError) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("; ")
}

/// What has changed in the environment of an application that runs: the arguments of OTP's `config_change/3`. Keys are
/// written with dots and sorted.
///
/// # Examples
///
/// ```
/// use otp_core::application::ConfigChange;
///
/// let nothing = ConfigChange::default();
/// assert!(nothing.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigChange {
    /// Those that have another value now.
    pub changed: Vec<String>,
    /// Those that had none before.
    pub new: Vec<String>,
    /// Those that have none any more.
    pub removed: Vec<String>,
}

impl ConfigChange {
    /// Whether nothing has changed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::application::{Applications, ConfigChange};
    /// # use doc_servers::Repo;
    /// # otp_core::doc_test(async {
    /// let applications = Applications::start_link();
    /// applications.load(Repo).await.unwrap();
    /// assert!(applications.reload_env::<Repo>().await.unwrap().is_empty());
    /// applications.put_env::<Repo>("size", 1).unwrap();
    /// // What was put is forgotten, which is a change.
    /// let change = applications.reload_env::<Repo>().await.unwrap();
    /// assert!(!change.is_empty());
    /// assert_eq!(change.removed, ["size"]);
    /// # });
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What differs between two environments.
    pub(super) fn between(old: &Environment, new: &Environment) -> Self {
        let (old, new) = (old.leaves(), new.leaves());
        let mut change = ConfigChange::default();
        for (key, value) in &new {
            match old.get(key) {
                None => change.new.push(key.clone()),
                Some(before) if before != value => change.changed.push(key.clone()),
                Some(_) => {}
            }
        }
        let removed = old.into_keys().filter(|key| !new.contains_key(key));
        change.removed = removed.collect();
        change
    }
}

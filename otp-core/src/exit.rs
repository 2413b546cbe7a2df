//! Why a process ended. Pure values: nothing here touches a process.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

type Term = Arc<dyn Error + Send + Sync>;

/// Why a process ended, or is asked to end.
///
/// Mirrors Erlang's exit reasons. [`Normal`](Self::Normal), [`Shutdown`](Self::Shutdown) and
/// [`ShutdownWith`](Self::ShutdownWith) are the clean ones: no crash report, and a transient child is not restarted.
///
/// Any error converts into a reason with `?`, and a reason converts into `Box<dyn Error>`. It is not itself an
/// [`Error`], which is what makes the first conversion possible.
///
/// Two reasons are equal if they are of the same kind and read the same. For the kinds that carry an error this
/// compares what the errors display, as the errors themselves cannot be compared.
///
/// # Examples
///
/// ```
/// use otp_core::ExitReason;
///
/// assert!(ExitReason::shutdown_with("drained").is_clean());
/// assert!(!ExitReason::error("boom").is_clean());
/// assert_eq!(ExitReason::error("boom").to_string(), "boom");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum ExitReason {
    /// It returned.
    Normal,
    /// It was asked to stop, by its supervisor for instance.
    Shutdown,
    /// It was asked to stop, or stopped itself, in order, with something to say: Erlang's `{shutdown, Term}`.
    ShutdownWith(Arc<dyn Error + Send + Sync>),
    /// As a signal, the one that cannot be trapped. As a reason, a process that ended *itself* with `kill`.
    Kill,
    /// A [`Kill`](Self::Kill) signal ended it.
    Killed,
    /// There was no such process.
    NoProc,
    /// Something took longer than it was given: a task that was awaited, an item of an `async_stream`.
    Timeout,
    /// Its code panicked.
    Panic(Arc<Panic>),
    /// It stopped with an error of its own.
    Error(Arc<dyn Error + Send + Sync>),
}

impl ExitReason {
    /// Makes a reason from any error, or from a text.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::ExitReason;
    ///
    /// let of_text = ExitReason::error("boom");
    /// let of_error = ExitReason::error(std::fmt::Error);
    /// assert_eq!(of_text.to_string(), "boom");
    /// assert!(of_error.downcast_ref::<std::fmt::Error>().is_some());
    /// ```
    pub fn error(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ExitReason::Error(Term::from(error.into()))
    }

    /// Makes a clean reason that carries an error or a text: Erlang's `{shutdown, Term}`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::ExitReason;
    ///
    /// let reason = ExitReason::shutdown_with("drained");
    /// assert!(reason.is_clean());
    /// assert_eq!(reason.to_string(), "shutdown: drained");
    /// ```
    pub fn shutdown_with(term: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ExitReason::ShutdownWith(Term::from(term.into()))
    }

    /// Tells whether this is how a process ends in order: normal, shutdown, or shutdown with a term.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::ExitReason;
    ///
    /// assert!(ExitReason::Normal.is_clean());
    /// assert!(ExitReason::Shutdown.is_clean());
    /// assert!(!ExitReason::Killed.is_clean());
    /// ```
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        matches!(
            self,
            ExitReason::Normal | ExitReason::Shutdown | ExitReason::ShutdownWith(_)
        )
    }

    /// Gives the error that the reason carries, if it carries one of type `E`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::ExitReason;
    /// use std::num::ParseIntError;
    ///
    /// let reason = ExitReason::from("x".parse::<i32>().unwrap_err());
    /// assert!(reason.downcast_ref::<ParseIntError>().is_some());
    /// assert!(reason.downcast_ref::<std::fmt::Error>().is_none());
    /// ```
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        match self {
            ExitReason::ShutdownWith(term) | ExitReason::Error(term) => term.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitReason::Normal => f.write_str("normal"),
            ExitReason::Shutdown => f.write_str("shutdown"),
            ExitReason::ShutdownWith(term) => write!(f, "shutdown: {term}"),
            ExitReason::Kill => f.write_str("kill"),
            ExitReason::Killed => f.write_str("killed"),
            ExitReason::NoProc => f.write_str("no process"),
            ExitReason::Timeout => f.write_str("timeout"),
            ExitReason::Panic(panic) => fmt::Display::fmt(panic, f),
            ExitReason::Error(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Debug for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitReason::Normal => f.write_str("Normal"),
            ExitReason::Shutdown => f.write_str("Shutdown"),
            ExitReason::ShutdownWith(term) => f.debug_tuple("ShutdownWith").field(term).finish(),
            ExitReason::Kill => f.write_str("Kill"),
            ExitReason::Killed => f.write_str("Killed"),
            ExitReason::NoProc => f.write_str("NoProc"),
            ExitReason::Timeout => f.write_str("Timeout"),
            ExitReason::Panic(panic) => fmt::Debug::fmt(panic, f),
            ExitReason::Error(error) => f.debug_tuple("Error").field(error).finish(),
        }
    }
}

impl PartialEq for ExitReason {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (ExitReason::ShutdownWith(a), ExitReason::ShutdownWith(b))
            | (ExitReason::Error(a), ExitReason::Error(b)) => {
                Arc::ptr_eq(a, b) || a.to_string() == b.to_string()
            }
            (ExitReason::Panic(a), ExitReason::Panic(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for ExitReason {}

impl<E: Error + Send + Sync + 'static> From<E> for ExitReason {
    fn from(error: E) -> Self {
        ExitReason::error(error)
    }
}

impl From<ExitReason> for Box<dyn Error + Send + Sync> {
    fn from(reason: ExitReason) -> Self {
        Box::new(Exited(reason))
    }
}

impl From<ExitReason> for Box<dyn Error> {
    fn from(reason: ExitReason) -> Self {
        Box::new(Exited(reason))
    }
}

/// A reason where an [`Error`] is wanted.
#[derive(Debug)]
struct Exited(ExitReason);

impl fmt::Display for Exited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process ended: {}", self.0)
    }
}

impl Error for Exited {}

/// What a panic said, and where it happened.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let (_, monitor) = process::spawn_monitor(async { panic!("oops") });
/// let ExitReason::Panic(panic) = process::receive_down(monitor).await.reason else { panic!("another reason") };
/// assert_eq!(panic.message(), "oops");
/// assert!(panic.to_string().starts_with("panic: oops at "));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    message: String,
    location: Option<String>,
}

impl Panic {
    pub(crate) fn new(payload: &(dyn Any + Send), location: Option<String>) -> Self {
        let message = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a value that is no text".to_owned());
        Panic { message, location }
    }

    /// The text that the code panicked with.
    ///
    /// "a value that is no text" if it was none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let (_, monitor) = process::spawn_monitor(async { panic!("{} left", 3) });
    /// let ExitReason::Panic(panic) = process::receive_down(monitor).await.reason else { panic!("another reason") };
    /// assert_eq!(panic.message(), "3 left");
    /// # });
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where: `file:line:column`. None if the program has replaced the panic hook.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let (_, monitor) = process::spawn_monitor(async { panic!("oops") });
    /// let ExitReason::Panic(panic) = process::receive_down(monitor).await.reason else { panic!("another reason") };
    /// let location = panic.location().unwrap();
    /// assert_eq!(location.rsplit(':').count(), 3);
    /// # });
    /// ```
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panic: {}", self.message)?;
        match &self.location {
            Some(location) => write!(f, " at {location}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panic(message: &'static str, location: Option<&str>) -> ExitReason {
        let panic = Panic::new(&message, location.map(str::to_owned));
        ExitReason::Panic(Arc::new(panic))
    }

    #[test]
    fn only_normal_and_the_two_shutdowns_are_clean() {
        let table = [
            (ExitReason::Normal, true),
            (ExitReason::Shutdown, true),
            (ExitReason::shutdown_with("drain"), true),
            (ExitReason::Kill, false),
            (ExitReason::Killed, false),
            (ExitReason::NoProc, false),
            (ExitReason::Timeout, false),
            (panic("oops", None), false),
            (ExitReason::error("boom"), false),
        ];
        for (reason, clean) in table {
            assert_eq!(reason.is_clean(), clean, "{reason}");
        }
    }

    #[test]
    fn reasons_compare_by_kind_and_text() {
        assert_eq!(ExitReason::error("a"), ExitReason::error("a"));
        assert_ne!(ExitReason::error("a"), ExitReason::error("b"));
        assert_ne!(ExitReason::error("a"), ExitReason::shutdown_with("a"));
        assert_ne!(ExitReason::Kill, ExitReason::Killed);
        assert_eq!(panic("a", Some("here")), panic("a", Some("here")));
        assert_ne!(panic("a", Some("here")), panic("a", Some("there")));
        assert_ne!(panic("a", None), panic("b", None));
    }

    #[test]
    fn a_reason_reads_as_people_and_as_programmers_expect() {
        let table = [
            (ExitReason::Normal, "normal", "Normal"),
            (ExitReason::Shutdown, "shutdown", "Shutdown"),
            (
                ExitReason::shutdown_with("drain"),
                "shutdown: drain",
                "ShutdownWith(\"drain\")",
            ),
            (ExitReason::Kill, "kill", "Kill"),
            (ExitReason::Killed, "killed", "Killed"),
            (ExitReason::NoProc, "no process", "NoProc"),
            (ExitReason::Timeout, "timeout", "Timeout"),
            (
                panic("oops", None),
                "panic: oops",
                "Panic { message: \"oops\", location: None }",
            ),
            (
                panic("oops", Some("main.rs:1:2")),
                "panic: oops at main.rs:1:2",
                "Panic { message: \"oops\", location: Some(\"main.rs:1:2\") }",
            ),
            (ExitReason::error("boom"), "boom", "Error(\"boom\")"),
        ];
        for (reason, text, debug) in table {
            assert_eq!(reason.to_string(), text);
            assert_eq!(format!("{reason:?}"), debug);
        }
    }

    #[test]
    fn a_reason_gives_the_error_that_it_carries() {
        let carried = |reason: ExitReason| reason.downcast_ref::<fmt::Error>().is_some();
        assert!(carried(ExitReason::from(fmt::Error)));
        assert!(carried(ExitReason::shutdown_with(fmt::Error)));
        assert!(!carried(ExitReason::error("boom")));
        assert!(!carried(ExitReason::Normal));
    }

    #[test]
    fn a_reason_is_an_error_that_says_so() {
        let error: Box<dyn Error + Send + Sync> = ExitReason::Killed.into();
        assert_eq!(error.to_string(), "process ended: killed");
        let error: Box<dyn Error> = ExitReason::error("boom").into();
        assert_eq!(error.to_string(), "process ended: boom");
    }

    #[test]
    fn a_panic_says_what_it_was_given_if_that_is_text() {
        let location = || Some("main.rs:1:2".to_owned());
        let table: [(&(dyn Any + Send), _); 3] = [
            (&"oops", "oops"),
            (&"oh no".to_owned(), "oh no"),
            (&7, "a value that is no text"),
        ];
        for (payload, message) in table {
            let panic = Panic::new(payload, location());
            assert_eq!(panic.message(), message);
            assert_eq!(panic.location(), Some("main.rs:1:2"));
        }
        assert_eq!(Panic::new(&"oops", None).location(), None);
    }
}

//! What an event is: a type that has a name.

use std::fmt;

/// What happened: a value that handlers are shown.
///
/// Its fields are the measurements and the metadata of Elixir's `:telemetry`, each with its type. A handler is attached to
/// the type, so that it cannot ask for a field that is not there; the name is for people, for
/// [`list_handlers`](super::list_handlers) and for whoever writes events down.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::Mutex;
///
/// use otp_core::telemetry::{self, Event, EventName};
///
/// /// A cart was paid.
/// struct Paid { cents: u32, currency: &'static str }
///
/// impl Event for Paid {
///     const NAME: EventName = EventName::new(&["shop", "cart", "paid"]);
/// }
///
/// # otp_core::doc_test(async {
/// static SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());
/// telemetry::attach("revenue", |paid: &Paid| {
///     if paid.currency == "EUR" { SEEN.lock().unwrap().push(paid.cents); }
/// }).unwrap();
/// telemetry::execute(&Paid { cents: 250, currency: "EUR" });
/// assert_eq!(*SEEN.lock().unwrap(), [250]);
/// # });
/// ```
pub trait Event: 'static {
    /// What it is called.
    const NAME: EventName;

    /// Which of the node's bits tells that somebody is attached to it; this one of all that are not this crate's own.
    #[doc(hidden)]
    const BIT: u32 = 1;
}

/// The name of an event: one or more words, the general ones first.
///
/// `:telemetry`'s list of atoms. One that is empty, or has an empty word, does not compile where it is a constant, as that of
/// an [`Event`] is.
///
/// # Examples
///
/// ```
/// use otp_core::telemetry::{CallStop, Event, EventName};
///
/// assert_eq!(CallStop::NAME, EventName::new(&["otp", "call", "stop"]));
/// assert_eq!(CallStop::NAME.to_string(), "otp.call.stop");
/// ```
///
/// ```compile_fail
/// # use otp_core::telemetry::{Event, EventName};
/// struct Nameless;
///
/// impl Event for Nameless {
///     const NAME: EventName = EventName::new(&[]);
/// }
/// ```
#[derive(Clone, Copy)]
pub struct EventName {
    words: &'static [&'static str],
    last: Option<&'static str>,
}

impl EventName {
    /// Makes a name of its words.
    ///
    /// # Panics
    ///
    /// If there is no word, or an empty one. In a constant, that is an error of the compiler.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::telemetry::EventName;
    ///
    /// const PAID: EventName = EventName::new(&["shop", "cart", "paid"]);
    /// assert_eq!(PAID.words().count(), 3);
    /// ```
    #[must_use]
    pub const fn new(words: &'static [&'static str]) -> Self {
        assert!(!words.is_empty(), "the name of an event has a word");
        let mut nth = 0;
        while nth < words.len() {
            assert!(!words[nth].is_empty(), "a word of an event's name is empty");
            nth += 1;
        }
        EventName { words, last: None }
    }

    /// That of a part of what has this name.
    pub(super) const fn part(self, last: &'static str) -> Self {
        EventName {
            words: self.words,
            last: Some(last),
        }
    }

    /// Its words.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::telemetry::{Event, ProcessStart};
    ///
    /// assert!(ProcessStart::NAME.words().eq(["otp", "process", "start"]));
    /// ```
    pub fn words(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.words.iter().copied().chain(self.last)
    }

    /// Whether its first words are these. No words are the beginning of every name.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::telemetry::{Event, ProcessStart};
    ///
    /// assert!(ProcessStart::NAME.starts_with(&["otp", "process"]));
    /// assert!(!ProcessStart::NAME.starts_with(&["otp", "call"]));
    /// ```
    #[must_use]
    pub fn starts_with(&self, prefix: &[&str]) -> bool {
        let mut words = self.words();
        prefix.iter().all(|word| words.next() == Some(word))
    }
}

impl PartialEq for EventName {
    fn eq(&self, other: &Self) -> bool {
        self.words().eq(other.words())
    }
}

impl Eq for EventName {}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = self.words();
        words.next().map_or(Ok(()), |first| f.write_str(first))?;
        words.try_for_each(|word| write!(f, ".{word}"))
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.words()).finish()
    }
}

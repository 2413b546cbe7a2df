//! Waiting for facts: for what is so, not for a message that says so, and not for a time.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::kit::{self, Kit};
use crate::process::within;

/// How far away the deadline of a test is that waits, on a paused clock: never reached but by what never comes.
const FAR_AWAY: Duration = Duration::from_secs(60 * 60);

/// The same where time is real.
const FAR_AWAY_IN_REAL_TIME: Duration = Duration::from_secs(10);

/// How long is waited between two looks where time is real.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// The deadline of what waits in a test without one of its own.
pub(crate) fn far_away(kit: &Kit) -> Duration {
    if kit.is_paused {
        FAR_AWAY
    } else {
        FAR_AWAY_IN_REAL_TIME
    }
}

/// What a look at the world answers: whether it is so, and perhaps a value.
///
/// `bool` says no more than that. An `Option` and a `Result` are so when there is a value, which
/// [`eventually`](fn@eventually) then gives.
///
/// # Examples
///
/// ```
/// use otp_core::testing::Fact;
///
/// assert_eq!(true.look(), Ok(()));
/// assert_eq!(Some(7).look(), Ok(7));
/// assert_eq!(None::<u32>.look(), Err("None".to_owned()));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether it is so",
    note = "give a `bool`, an `Option` or a `Result`: `eventually(async || counter.add(0).await == Ok(1))`"
)]
pub trait Fact {
    /// What is known then.
    type Value;

    /// The value, or what was seen instead.
    ///
    /// # Errors
    ///
    /// It is not so.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::testing::Fact;
    ///
    /// assert_eq!(Err::<u32, _>("not yet").look(), Err(r#"Err("not yet")"#.to_owned()));
    /// ```
    fn look(self) -> Result<Self::Value, String>;
}

impl Fact for bool {
    type Value = ();

    fn look(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "false".to_owned())
    }
}

impl<T> Fact for Option<T> {
    type Value = T;

    fn look(self) -> Result<T, String> {
        self.ok_or_else(|| "None".to_owned())
    }
}

impl<T, E: fmt::Debug> Fact for Result<T, E> {
    type Value = T;

    fn look(self) -> Result<T, String> {
        self.map_err(|error| format!("Err({error:?})"))
    }
}

type Looking<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A wait for a fact; made by [`eventually`](fn@eventually).
///
/// # Panics
///
/// Awaiting it panics at the deadline, and outside an `#[otp_core::test]`.
///
/// # Cancel safety
///
/// Dropped, it has lost nothing but the look that it was at.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::testing::eventually;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn the_timer_has_fired() {
///     let worker = process::spawn(std::future::pending::<()>());
///     let timer = otp_core::time::kill_after(Duration::from_secs(60), worker);
///     eventually(async || timer.read().is_none())
///         .describe("the end of the timer")
///         .within(Duration::from_secs(90))
///         .await;
///     assert!(process::info(worker).is_none());
/// }
/// # otp_core::testing::doc_test(the_timer_has_fired);
/// ```
#[must_use = "nothing is waited for unless it is awaited"]
pub struct Eventually<'a, T> {
    begin: Box<dyn FnOnce(Wait) -> Looking<'a, T> + 'a>,
    wait: Wait,
}

/// What is known of a wait beside its fact.
#[derive(Debug)]
struct Wait {
    what: &'static str,
    within: Option<Duration>,
    caller: &'static Location<'static>,
}

/// Waits until something is so, whenever that came to be.
///
/// It looks; if it is not so everything runs that can, then time advances to the next timer, and it looks again. Between
/// two looks nothing is missed that lasts. Without a paused clock it looks every millisecond.
///
/// The deadline is an hour of the paused clock's time, or 10 s of real time; it is there so that what never comes fails
/// the test instead of hanging it. A process that never waits, though, hangs a test whose clock is paused.
///
/// Awaiting it gives `()` for a `bool`, the value for an `Option` or a `Result`.
///
/// # Panics
///
/// Awaiting it panics at the deadline, with the caller's location and the last answer, and outside an
/// `#[otp_core::test]`.
///
/// # Cancel safety
///
/// Dropped, it has lost nothing but the look that it was at.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::testing::eventually;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn the_worker_gets_its_name() {
///     process::spawn_link(async {
///         otp_core::time::sleep(Duration::from_secs(40)).await;
///         process::register("worker", process::self_pid()).unwrap();
///         std::future::pending::<()>().await;
///     });
///     let pid = eventually(async || process::whereis("worker")).await;
///     assert_ne!(pid, process::self_pid());
/// }
/// # otp_core::testing::doc_test(the_worker_gets_its_name);
/// ```
#[track_caller]
pub fn eventually<'a, F, R>(fact: F) -> Eventually<'a, R::Value>
where
    F: AsyncFnMut() -> R + 'a,
    R: Fact + 'a,
{
    Eventually {
        begin: Box::new(|wait| Box::pin(wait.until(fact))),
        wait: Wait {
            what: "the fact",
            within: None,
            caller: Location::caller(),
        },
    }
}

impl<T> Eventually<'_, T> {
    /// Says what is waited for, for the message of a failure.
    pub fn describe(mut self, what: &'static str) -> Self {
        self.wait.what = what;
        self
    }

    /// Sets the deadline.
    pub fn within(mut self, time: Duration) -> Self {
        self.wait.within = Some(time);
        self
    }
}

impl<'a, T> IntoFuture for Eventually<'a, T> {
    type Output = T;
    type IntoFuture = Looking<'a, T>;

    fn into_future(self) -> Self::IntoFuture {
        (self.begin)(self.wait)
    }
}

impl Wait {
    async fn until<R: Fact>(self, mut fact: impl AsyncFnMut() -> R) -> R::Value {
        let (kit, _) = kit::current();
        let time = self.within.unwrap_or_else(|| far_away(&kit));
        let seen = RefCell::new("nothing, as the look is not over".to_owned());
        let found = within(time, async {
            let mut pauses = 0;
            loop {
                match fact().await.look() {
                    Ok(value) => return value,
                    Err(instead) => *seen.borrow_mut() = instead,
                }
                between_looks(&kit, pauses).await;
                pauses = 1;
            }
        })
        .await;
        found.unwrap_or_else(|| {
            panic!(
                "{} did not come to be within {time:?}, waited for at {}; seen last: {}",
                self.what,
                self.caller,
                seen.borrow()
            )
        })
    }
}

async fn between_looks(kit: &Kit, pauses: u32) {
    if kit.is_paused {
        kit.idle.after(pauses).await;
    } else {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

impl<T> fmt::Debug for Eventually<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eventually")
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

/// Waits until nothing can run before time advances. Time does not.
///
/// Blocking work and other threads are not waited for. A process that never waits keeps it from returning.
///
/// # Panics
///
/// The future panics outside an `#[otp_core::test]`, and in one on several threads, where something may always be
/// running.
///
/// # Cancel safety
///
/// Dropped, it has lost nothing.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::testing;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn it_ends_by_itself() {
///     let worker = process::spawn(async {});
///     testing::settle().await;
///     assert!(process::info(worker).is_none());
/// }
/// # otp_core::testing::doc_test(it_ends_by_itself);
/// ```
#[track_caller]
pub fn settle() -> impl Future<Output = ()> + Send + 'static {
    let kit: Arc<Kit> = kit::current().0;
    assert!(
        kit.is_paused,
        "`settle` needs a test on one thread: on several, something may always be running; wait with `eventually`"
    );
    async move { kit.idle.after(0).await }
}

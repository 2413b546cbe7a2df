//! What a test looks through for what it has received: its mailboxes, and the DOWNs and EXITs of its own process.

use std::fmt::Write;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::eventually::far_away;
use super::kit;
use crate::options::MailboxPolicy;
use crate::process::cell::{Cell, Process};
use crate::process::kind::Kind;
use crate::process::signal::Signal;
use crate::process::{self, Down, Exit, Mailbox, within};
use crate::report;

/// Makes a mailbox that belongs to the test: `self()` of a test in ExUnit, with a type.
///
/// Its address can be given to what is tested. It has a process of its own, without code, which is alive until the
/// test's body has ended, and ends then in order; an exit signal does nothing to it.
///
/// # Panics
///
/// Panics outside an `#[otp_core::test]`.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{assert_receive, refute_received, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn an_echo_comes_back() {
///     let mut inbox = testing::mailbox::<u32>();
///     let sender = inbox.address();
///     process::spawn_link(async move { sender.send(7) ; });
///     assert_receive!(inbox, 7);
///     refute_received!(inbox, _);
/// }
/// # otp_core::testing::doc_test(an_echo_comes_back);
/// ```
#[track_caller]
#[must_use]
pub fn mailbox<M: Send + 'static>() -> Mailbox<M> {
    let (kit, node) = kit::current();
    let cell = Cell::new(node.clone(), Kind::PROCESS, MailboxPolicy::Unbounded);
    let process: Arc<dyn Process> = Arc::clone(&cell) as _;
    process
        .core()
        .vital()
        .set_label("a test's mailbox".to_owned());
    node.insert(&process);
    report::start(&*process);
    kit.keep_inbox(process);
    Mailbox::new(cell)
}

/// What [`assert_receive!`](crate::assert_receive) and the like look through: a [`Mailbox`], [`downs`], [`exits`].
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::testing::{self, Inbox};
///
/// /// How many lie there.
/// fn count(inbox: &mut impl Inbox) -> usize {
///     let mut count = 0;
///     inbox.look(&mut |_| count += 1);
///     count
/// }
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn two_have_come() {
///     let mut inbox = testing::mailbox();
///     inbox.address().send(1);
///     inbox.address().send(2);
///     assert_eq!(count(&mut inbox), 2);
///     assert_eq!(count(&mut testing::downs()), 0);
/// }
/// # otp_core::testing::doc_test(two_have_come);
/// ```
pub trait Inbox {
    /// What lies in it.
    type Item;

    /// Shows what lies there, in order.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::testing::{self, Inbox};
    ///
    /// # /*
    /// #[otp_core::test]
    /// # */
    /// async fn they_are_in_order() {
    ///     let mut inbox = testing::mailbox();
    ///     inbox.address().send(1);
    ///     inbox.address().send(2);
    ///     let mut seen = Vec::new();
    ///     inbox.look(&mut |number| seen.push(*number));
    ///     assert_eq!(seen, [1, 2]);
    /// }
    /// # otp_core::testing::doc_test(they_are_in_order);
    /// ```
    fn look(&mut self, show: &mut dyn FnMut(&Self::Item));

    /// Takes the first item that is wanted, and leaves the others in their order.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::testing::{self, Inbox};
    ///
    /// # /*
    /// #[otp_core::test]
    /// # */
    /// async fn the_second_is_taken() {
    ///     let mut inbox = testing::mailbox();
    ///     inbox.address().send(1);
    ///     inbox.address().send(2);
    ///     assert_eq!(inbox.take(&mut |number| *number > 1), Some(2));
    ///     assert_eq!(inbox.take(&mut |number| *number > 1), None);
    /// }
    /// # otp_core::testing::doc_test(the_second_is_taken);
    /// ```
    fn take(&mut self, wanted: &mut dyn FnMut(&Self::Item) -> bool) -> Option<Self::Item>;

    /// Has `waker` woken when something comes.
    ///
    /// The last one counts.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::testing::{self, Inbox};
    /// use std::sync::Arc;
    /// use std::task::Wake;
    ///
    /// struct Woken;
    /// impl Wake for Woken { fn wake(self: Arc<Self>) {} }
    ///
    /// # /*
    /// #[otp_core::test]
    /// # */
    /// async fn somebody_is_woken() {
    ///     let mut inbox = testing::mailbox();
    ///     let woken = Arc::new(Woken);
    ///     inbox.register(&Arc::clone(&woken).into());
    ///     assert_eq!(Arc::strong_count(&woken), 2);
    ///     inbox.address().send(7);
    ///     assert_eq!(Arc::strong_count(&woken), 1);
    /// }
    /// # otp_core::testing::doc_test(somebody_is_woken);
    /// ```
    fn register(&mut self, waker: &Waker);

    /// A borrow, of a borrow too. For the macros.
    #[doc(hidden)]
    fn as_inbox(&mut self) -> &mut Self {
        self
    }
}

impl<M: Send + 'static> Inbox for Mailbox<M> {
    type Item = M;

    fn look(&mut self, show: &mut dyn FnMut(&M)) {
        self.take_where(&mut |message| {
            show(message);
            false
        });
    }

    fn take(&mut self, wanted: &mut dyn FnMut(&M) -> bool) -> Option<M> {
        self.take_where(wanted)
    }

    fn register(&mut self, waker: &Waker) {
        self.wake_with(waker);
    }
}

/// The [`Down`]s of one process; made by [`downs`].
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{assert_receive, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn both_end() {
///     let (first, _) = process::spawn_monitor(async {});
///     let (second, _) = process::spawn_monitor(async { ExitReason::Shutdown });
///     let mut downs = testing::downs();
///     let down = assert_receive!(downs, Down { reason: ExitReason::Shutdown, .. });
///     assert_eq!(down.pid, second);
///     assert_receive!(downs, down if down.pid == first);
/// }
/// # otp_core::testing::doc_test(both_end);
/// ```
#[derive(Debug)]
pub struct Downs(Arc<dyn Process>);

/// The [`Exit`]s of one process; made by [`exits`].
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{assert_receive, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn a_link_tells() {
///     process::trap_exit(true);
///     let worker = process::spawn_link(async {});
///     let mut exits = testing::exits();
///     let exit = assert_receive!(exits, Exit { .. });
///     assert_eq!((exit.pid, exit.reason), (worker, ExitReason::Normal));
/// }
/// # otp_core::testing::doc_test(a_link_tells);
/// ```
#[derive(Debug)]
pub struct Exits(Arc<dyn Process>);

/// What the monitors of the current process, mostly the test's, have told.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{assert_receive, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn it_ends_in_order() {
///     let (worker, _) = process::spawn_monitor(async {});
///     let down = assert_receive!(testing::downs(), Down { reason: ExitReason::Normal, .. });
///     assert_eq!(down.pid, worker);
/// }
/// # otp_core::testing::doc_test(it_ends_in_order);
/// ```
#[track_caller]
#[must_use]
pub fn downs() -> Downs {
    Downs(process::current())
}

/// The exit signals that the current process, mostly the test's, has got as it traps them.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{assert_receive, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn it_stops_in_order() {
///     process::trap_exit(true);
///     let worker = process::spawn_link(async { ExitReason::Shutdown });
///     let exit = assert_receive!(testing::exits(), Exit { reason: ExitReason::Shutdown, .. });
///     assert_eq!(exit.pid, worker);
/// }
/// # otp_core::testing::doc_test(it_stops_in_order);
/// ```
#[track_caller]
#[must_use]
pub fn exits() -> Exits {
    Exits(process::current())
}

impl Downs {
    /// Those whose monitor was not ended meanwhile.
    fn all(&self) -> Vec<Down> {
        let mut downs = Vec::new();
        self.0.take_signal(&mut |signal| {
            if let Signal::Down(down) = signal {
                downs.push(down.clone());
            }
            false
        });
        let vital = self.0.core().vital();
        downs.retain(|down| vital.is_watching(down.monitor.id));
        downs
    }
}

impl Inbox for Downs {
    type Item = Down;

    fn look(&mut self, show: &mut dyn FnMut(&Down)) {
        self.all().iter().for_each(show);
    }

    fn take(&mut self, wanted: &mut dyn FnMut(&Down) -> bool) -> Option<Down> {
        let down = self.all().into_iter().find(|down| wanted(down))?;
        self.0.take_signal(
            &mut |signal| matches!(signal, Signal::Down(other) if other.monitor == down.monitor),
        );
        self.0.core().vital().take_down(down.monitor.id);
        Some(down)
    }

    fn register(&mut self, waker: &Waker) {
        self.0.register(waker);
    }
}

impl Inbox for Exits {
    type Item = Exit;

    fn look(&mut self, show: &mut dyn FnMut(&Exit)) {
        self.take(&mut |exit| {
            show(exit);
            false
        });
    }

    fn take(&mut self, wanted: &mut dyn FnMut(&Exit) -> bool) -> Option<Exit> {
        let mut wanted = |signal: &Signal| matches!(signal, Signal::Exit(exit) if wanted(exit));
        match *self.0.take_signal(&mut wanted)? {
            Signal::Exit(exit) => Some(exit),
            _ => None,
        }
    }

    fn register(&mut self, waker: &Waker) {
        self.0.register(waker);
    }
}

/// Waits for an item: until `time` is over, or for ever, which is until the deadline that a test never reaches.
///
/// # Errors
///
/// Nothing came: says what was waited for, and what is there.
pub async fn receive<I: Inbox>(
    inbox: &mut I,
    time: Option<Duration>,
    mut wanted: impl FnMut(&I::Item) -> bool,
    pattern: &str,
    show: impl Fn(&I::Item) -> String,
) -> Result<I::Item, String> {
    let time = time.unwrap_or_else(|| far_away(&kit::current().0));
    let item = within(time, take(inbox, &mut wanted)).await;
    item.ok_or_else(|| {
        let there = contents(inbox, show);
        format!("nothing that matches `{pattern}` came within {time:?}; {there}")
    })
}

async fn take<I: Inbox>(inbox: &mut I, wanted: &mut impl FnMut(&I::Item) -> bool) -> I::Item {
    poll_fn(|cx| {
        if let Some(item) = inbox.take(wanted) {
            return Poll::Ready(item);
        }
        // Registered first, then looked again: what came in between is seen.
        inbox.register(cx.waker());
        inbox.take(wanted).map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Takes an item that is there.
///
/// # Errors
///
/// It is not: says what is.
pub fn received<I: Inbox>(
    inbox: &mut I,
    mut wanted: impl FnMut(&I::Item) -> bool,
    pattern: &str,
    show: impl Fn(&I::Item) -> String,
) -> Result<I::Item, String> {
    inbox.take(&mut wanted).ok_or_else(|| {
        let there = contents(inbox, show);
        format!("nothing that matches `{pattern}` is there; {there}")
    })
}

/// Waits for `time`, or without one until nothing can run, for an item that must not come.
///
/// # Errors
///
/// It came: shows it.
pub async fn refute<I: Inbox>(
    inbox: &mut I,
    time: Option<Duration>,
    mut wanted: impl FnMut(&I::Item) -> bool,
    pattern: &str,
    show: impl Fn(&I::Item) -> String,
) -> Result<(), String> {
    let came = match time {
        Some(time) => within(time, take(inbox, &mut wanted)).await,
        None => {
            if kit::current().0.is_paused {
                super::settle().await;
            }
            inbox.take(&mut wanted)
        }
    };
    match came {
        None => Ok(()),
        Some(item) => Err(format!("`{pattern}` matches {}", show(&item))),
    }
}

fn contents<I: Inbox>(inbox: &mut I, show: impl Fn(&I::Item) -> String) -> String {
    let mut text = String::new();
    inbox.look(&mut |item| write!(text, "\n  {}", show(item)).expect("a string takes all"));
    if text.is_empty() {
        "nothing is there".to_owned()
    } else {
        format!("there is:{text}")
    }
}

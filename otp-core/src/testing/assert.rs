//! `assert_receive!` and its kin: ExUnit's assertions about messages.

use std::fmt;

/// An item to be shown: as `Debug` shows it, if there is that.
#[derive(Debug)]
pub struct Shown<'a, T: ?Sized>(pub &'a T);

/// For what has no `Debug`. An inherent method wins over a trait's.
pub trait Show {
    /// A word for it.
    fn show(&self) -> String;
}

impl<T: ?Sized> Show for Shown<'_, T> {
    fn show(&self) -> String {
        format!("something of type `{}`", std::any::type_name::<T>())
    }
}

impl<T: fmt::Debug + ?Sized> Shown<'_, T> {
    /// What `Debug` says.
    #[must_use]
    pub fn show(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// Waits for something that matches a pattern, and takes it: ExUnit's `assert_receive`.
///
/// `assert_receive!(inbox, pattern)` looks through a [`Mailbox`](crate::process::Mailbox), or the
/// [`downs`](crate::testing::downs()) or [`exits`](crate::testing::exits()) of the test, and gives what matched; the rest stays
/// in its place. It takes
///
/// - a guard: `assert_receive!(inbox, Tick(n) if *n > 3)`; it sees borrows, as the item is not taken yet
/// - a value: `let n = assert_receive!(inbox, Tick(n) => n)`
/// - a deadline at the end: `within = Duration::from_secs(1)`; without one it is an hour of a paused clock, 10 s of real
///   time
///
/// It awaits, so it stands in an async body.
///
/// # Panics
///
/// Panics at the deadline, and shows what is there.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{assert_receive, testing};
///
/// #[derive(Debug)]
/// enum News { Tick(u32), Done }
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn news_come() {
///     let mut inbox = testing::mailbox();
///     let reader = inbox.address();
///     process::spawn_link(async move {
///         reader.send(News::Done);
///         otp_core::time::sleep(Duration::from_secs(60)).await;
///         reader.send(News::Tick(4));
///     });
///     let ticks = assert_receive!(inbox, News::Tick(n) if *n > 3 => n, within = Duration::from_secs(90));
///     assert_eq!(ticks, 4);
///     assert_receive!(inbox, News::Done);
/// }
/// # otp_core::testing::doc_test(news_come);
/// ```
#[macro_export]
macro_rules! assert_receive {
    ($inbox:expr, $pattern:pat $(if $guard:expr)? $(, within = $time:expr)? $(,)?) => {
        $crate::__assert_receive!($inbox, [$pattern] [$(if $guard)?] [$($time)?])
    };
    ($inbox:expr, $pattern:pat $(if $guard:expr)? => $value:expr $(, within = $time:expr)? $(,)?) => {
        match $crate::__assert_receive!($inbox, [$pattern] [$(if $guard)?] [$($time)?]) {
            $pattern => $value,
            #[allow(unreachable_patterns)]
            _ => ::core::unreachable!("it has matched before"),
        }
    };
    ($inbox:expr $(,)?) => {
        ::core::compile_error!("`assert_receive!` needs a pattern: `assert_receive!(inbox, Tick(_))`")
    };
}

/// The part of `assert_receive!` that waits.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_receive {
    ($inbox:expr, [$pattern:pat] [$($guard:tt)*] [$($time:expr)?]) => {{
        use $crate::testing::Inbox as _;
        match $crate::__private::receive(
            $inbox.as_inbox(),
            $crate::__time!($($time)?),
            #[allow(unused_variables)]
            |item| ::core::matches!(item, $pattern $($guard)*),
            ::core::stringify!($pattern $($guard)*),
            $crate::__show!(),
        )
        .await
        {
            $crate::__private::Result::Ok(item) => item,
            $crate::__private::Result::Err(why) => ::core::panic!("{why}"),
        }
    }};
}

/// The deadline of a macro, if it has one.
#[doc(hidden)]
#[macro_export]
macro_rules! __time {
    () => {
        $crate::__private::Option::None
    };
    ($time:expr) => {
        $crate::__private::Option::Some($time)
    };
}

/// Shows an item, whether or not it has `Debug`.
#[doc(hidden)]
#[macro_export]
macro_rules! __show {
    () => {
        |item| {
            #[allow(unused_imports)]
            use $crate::__private::Show as _;
            $crate::__private::Shown(item).show()
        }
    };
}

/// Takes something that matches a pattern and is there now: ExUnit's `assert_received`.
///
/// As [`assert_receive!`](crate::assert_receive), but it does not wait.
///
/// # Panics
///
/// Panics if nothing that is there matches, and shows what is there.
///
/// # Examples
///
/// ```
/// use otp_core::{assert_received, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn what_was_sent_is_there() {
///     let mut inbox = testing::mailbox();
///     inbox.address().send("hello".to_owned());
///     let text = assert_received!(inbox, text if text.starts_with('h'));
///     assert_eq!(text, "hello");
/// }
/// # otp_core::testing::doc_test(what_was_sent_is_there);
/// ```
#[macro_export]
macro_rules! assert_received {
    ($inbox:expr, $pattern:pat $(if $guard:expr)? $(,)?) => {{
        use $crate::testing::Inbox as _;
        match $crate::__private::received(
            $inbox.as_inbox(),
            #[allow(unused_variables)]
            |item| ::core::matches!(item, $pattern $(if $guard)?),
            ::core::stringify!($pattern $(if $guard)?),
            $crate::__show!(),
        ) {
            $crate::__private::Result::Ok(item) => item,
            $crate::__private::Result::Err(why) => ::core::panic!("{why}"),
        }
    }};
    ($inbox:expr, $pattern:pat $(if $guard:expr)? => $value:expr $(,)?) => {
        match $crate::assert_received!($inbox, $pattern $(if $guard)?) {
            $pattern => $value,
            #[allow(unreachable_patterns)]
            _ => ::core::unreachable!("it has matched before"),
        }
    };
    ($inbox:expr $(,)?) => {
        ::core::compile_error!("`assert_received!` needs a pattern: `assert_received!(inbox, Tick(_))`")
    };
}

/// Fails if something that matches a pattern is there once nothing can run any more: ExUnit's `refute_received`.
///
/// It awaits [`settle`](crate::testing::settle), so what is on its way arrives first; in a test on several threads it looks
/// at once. Time does not advance.
///
/// # Panics
///
/// Panics if there is something that matches, and shows it.
///
/// # Examples
///
/// ```
/// use otp_core::{refute_received, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn nothing_was_sent() {
///     let mut inbox = testing::mailbox::<u32>();
///     refute_received!(inbox, n if *n > 7);
/// }
/// # otp_core::testing::doc_test(nothing_was_sent);
/// ```
#[macro_export]
macro_rules! refute_received {
    ($inbox:expr, $pattern:pat $(if $guard:expr)? $(,)?) => {
        $crate::__refute!($inbox, [$pattern] [$(if $guard)?] [])
    };
    ($inbox:expr $(,)?) => {
        ::core::compile_error!("`refute_received!` needs a pattern: `refute_received!(inbox, _)`")
    };
}

/// Fails if something that matches a pattern comes within a time: ExUnit's `refute_receive`.
///
/// # Panics
///
/// Panics as soon as it comes, and shows it.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::{refute_receive, testing};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn nothing_is_sent_for_a_minute() {
///     let mut inbox = testing::mailbox::<u32>();
///     refute_receive!(inbox, _, within = Duration::from_secs(60));
/// }
/// # otp_core::testing::doc_test(nothing_is_sent_for_a_minute);
/// ```
#[macro_export]
macro_rules! refute_receive {
    ($inbox:expr, $pattern:pat $(if $guard:expr)?, within = $time:expr $(,)?) => {
        $crate::__refute!($inbox, [$pattern] [$(if $guard)?] [$time])
    };
    ($($anything:tt)*) => {
        ::core::compile_error!("`refute_receive!` needs a pattern and a time: `refute_receive!(inbox, _, within = Duration::from_secs(1))`")
    };
}

/// What `refute_receive!` and `refute_received!` share.
#[doc(hidden)]
#[macro_export]
macro_rules! __refute {
    ($inbox:expr, [$pattern:pat] [$($guard:tt)*] [$($time:expr)?]) => {{
        use $crate::testing::Inbox as _;
        match $crate::__private::refute(
            $inbox.as_inbox(),
            $crate::__time!($($time)?),
            #[allow(unused_variables)]
            |item| ::core::matches!(item, $pattern $($guard)*),
            ::core::stringify!($pattern $($guard)*),
            $crate::__show!(),
        )
        .await
        {
            $crate::__private::Result::Ok(()) => {}
            $crate::__private::Result::Err(why) => ::core::panic!("{why}"),
        }
    }};
}

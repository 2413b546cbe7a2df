//! The test kit: what `#[otp_core::test]` watches over, and what a test's body can ask of it.
//!
//! A test is a process of a node of its own, on one thread with a paused clock: time passes when nothing can run, and then
//! at once. Nothing here sleeps, and nothing is shared between tests. This module comes with the feature `test-util`.
//!
//! ```
//! use otp_core::prelude::*;
//! use otp_core::testing::{self, eventually};
//! use otp_core::assert_receive;
//!
//! /// Tells its listener how often it was asked, a minute later.
//! #[gen_server]
//! struct Teller { listener: Address<u32>, asked: u32 }
//!
//! #[gen_server]
//! impl Teller {
//!     #[init]
//!     fn init(listener: Address<u32>) -> Self { Teller { listener, asked: 0 } }
//!
//!     #[cast]
//!     fn ask(&mut self, cx: &mut Context<Self>) {
//!         self.asked += 1;
//!         cx.send_after(Duration::from_secs(60), TellerMessage::Tell);
//!     }
//!
//!     #[handle_info]
//!     fn tell(&mut self) { self.listener.send(self.asked); }
//!
//!     #[call]
//!     fn asked(&self) -> u32 { self.asked }
//! }
//!
//! # /*
//! #[otp_core::test]
//! # */
//! async fn the_listener_is_told_after_a_minute() {
//!     let mut inbox = testing::mailbox();
//!     let teller = Teller::start_link(inbox.address()).await.unwrap();
//!     teller.ask();
//!     eventually(async || teller.asked().await == Ok(1)).await;
//!     assert_receive!(inbox, 1, within = Duration::from_secs(60));
//! }
//! # otp_core::testing::doc_test(the_listener_is_told_after_a_minute);
//! ```
//!
//! # What fails a test
//!
//! Beside a panic of the body, an `Err` that it returns and an exit signal that ends it:
//!
//! - A **leak**: a process that is alive after the body's process has ended with shutdown and everything had five seconds
//!   to stop. Stop what the test started, or start it linked, or say [`end_with_test`]. `#[otp_core::test(leaks = allowed)]` lets leaks be.
//! - A **crash** that the test does not expect: a process that ended by its own code, and not in order. Take them with
//!   [`take_crashes`], announce one with [`expect_crash`]. `#[otp_core::test(crashes = allowed)]` lets crashes be.
//!
//! A test that fails prints what its processes reported through `tracing`; see [`logs`] and [`capture_log`]. Other nodes that
//! a test makes with [`Node::new`](crate::Node::new) are not watched over.
//!
//! # Starting, and failing on purpose
//!
//! [`start_supervised`] starts a server or a tree under a supervisor of the test's own, and gives the handle that follows it.
//! [`ChildExt`] gives every handle `crash().await`, which counts as expected, and `restarted().await`, which waits for the
//! next incarnation:
//!
//! ```
//! # use otp_core::prelude::*;
//! # use otp_core::testing::{ChildExt, start_supervised};
//! # #[gen_server] struct Cache { entries: Vec<u32> }
//! # #[gen_server] impl Cache {
//! #     #[init] fn init() -> Self { Cache { entries: Vec::new() } }
//! #     #[cast] fn put(&mut self, entry: u32) { self.entries.push(entry); }
//! #     #[call] fn len(&self) -> usize { self.entries.len() }
//! # }
//! # /*
//! #[otp_core::test]
//! # */
//! async fn a_cache_is_empty_after_a_crash() {
//!     let cache = start_supervised::<Cache>(()).await;
//!     cache.put(7);
//!     cache.crash().await;
//!     cache.restarted().await;
//!     assert_eq!(cache.len().await, Ok(0));
//! }
//! # otp_core::testing::doc_test(a_cache_is_empty_after_a_crash);
//! ```
//!
//! # Waiting
//!
//! | for | with |
//! | --- | --- |
//! | something that is to become so | [`eventually`](fn@eventually) |
//! | a message, a DOWN, an EXIT | [`assert_receive!`] with [`mailbox`](fn@mailbox), [`downs`], [`exits`] |
//! | everything that can run now | [`settle`] |
//! | no message | [`refute_received!`], [`refute_receive!`] |
//!
//! What waits without a deadline of its own has one so far away that only what never comes reaches it: an hour of the
//! paused clock's time. On several threads, where time is real, it is 10 s.
//!
//! # Schedules
//!
//! `#[otp_core::test(shuffled = 200)]` runs the body 200 times, each time in a node of its own, under another schedule: which
//! of the processes that can run is next is drawn from a seed instead of being the one that was woken first. The seeds are
//! the same in every run of the program, so a test does not fail by chance. One that fails prints its seed, and
//! `OTP_TEST_SEED=17` runs that schedule only. `shuffled` alone is one schedule.
//!
//! A process runs from one await point that waits to the next; nothing interrupts it between. The same seed gives the same
//! order as long as what the test does depends on nothing else: threads, blocking work, `HashMap`'s order and
//! `tokio::select!` without `biased` do. Tasks that `tokio::spawn` starts are not shuffled, nor are timers, which fire in
//! their order.
//!
//! # Logs
//!
//! Each test has a `tracing` subscriber of its own, as the default of the threads of its runtime. What reaches it goes on to
//! the subscriber that was the default when the test began, a global one for instance; a global one that is set while
//! the test runs sees nothing of it. One that the test sets itself for its thread takes its place. As the first test
//! begins, `tracing`'s greatest level goes up to `TRACE` for the program.

mod assert;
mod crash;
mod eventually;
mod idle;
mod inbox;
pub(crate) mod kit;
mod leak;
mod log;
mod mock;
mod options;
mod random;
mod run;
pub(crate) mod schedule;
mod supervised;

pub use crash::{Crash, expect_crash, take_crashes};
pub use eventually::{Eventually, Fact, eventually, settle};
pub use inbox::{Downs, Exits, Inbox, downs, exits, mailbox};
pub use leak::end_with_test;
pub use log::{capture_log, logs};
pub use mock::mock;
#[doc(hidden)]
pub use run::doc_test;
pub use run::seed;
pub use supervised::{ChildExt, ChildStats, Values, start_supervised, start_supervised_child};

#[doc(inline)]
pub use crate::{assert_receive, assert_received, refute_receive, refute_received};

/// What generated code names.
pub(crate) mod generated {
    pub use super::assert::{Show, Shown};
    pub use super::inbox::{receive, received, refute};
    pub use super::options::TestOptions;
    pub use super::run::run_test;
}

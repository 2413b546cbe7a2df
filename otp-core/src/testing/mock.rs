//! Mocks: a closure in the place of a server.

use crate::process::{self, Mailbox};
use crate::protocol::{ProtocolHandle, ProtocolRef};

/// Starts a process that handles the messages of a protocol with a closure, and gives the protocol's handle to it: a mock
/// without a framework.
///
/// The closure is asked with one message after the other and may keep what it needs. It matches the protocol's message
/// enum, so that the compiler asks for an arm for each message. A call that it drops without an answer fails with
/// [`CallFailure::NoReply`](crate::CallFailure::NoReply); its panic is an unexpected crash, which fails the test.
///
/// The process is linked with the current one and ends with it. For a mock that waits, spawn a process with a
/// [`Mailbox`] of the messages; its [`Address`](crate::process::Address) converts into the handle, too.
///
/// # Panics
///
/// Panics outside a process.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::testing;
///
/// #[protocol]
/// trait Clock {
///     #[call]
///     fn hour(&self) -> u32;
/// }
///
/// async fn greeting(clock: &ClockRef) -> Result<&'static str, CallFailure> {
///     Ok(if clock.hour().await? < 12 { "good morning" } else { "hello" })
/// }
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn it_greets_by_the_hour() {
///     let clock: ClockRef = testing::mock(|ClockMessage::Hour { reply_to }| reply_to.send(9));
///     assert_eq!(greeting(&clock).await, Ok("good morning"));
/// }
/// # otp_core::testing::doc_test(it_greets_by_the_hour);
/// ```
#[track_caller]
pub fn mock<H: ProtocolHandle>(mut handle: impl FnMut(H::Message) + Send + 'static) -> H {
    let mock = process::spawn_link(async move |mut mailbox: Mailbox<H::Message>| {
        loop {
            handle(mailbox.receive().await);
        }
    });
    H::from(ProtocolRef::from(mock))
}

//! A process that registers itself where it is told to.

use std::fmt;
use std::future::Future;

use otp_core::process::{self, Address, Location, Mailbox, Target};
use otp_core::{ExitReason, Pid, testing};
use tokio::sync::oneshot;

use crate::processes::end;

type Work = dyn FnOnce(&Mailbox<Order>) + Send;

/// What a member does, as itself.
pub struct Order(Box<Work>);

/// A process with a mailbox that does what it is told, and can be registered in a `Registry<K, Address<Order>>`.
#[derive(Clone, PartialEq)]
pub struct Member(Address<Order>);

impl Member {
    /// Starts one, which ends with the test.
    ///
    /// # Panics
    ///
    /// Panics outside a test.
    #[must_use]
    pub fn spawn() -> Self {
        let member = Member(process::spawn(async |mut mailbox: Mailbox<Order>| {
            loop {
                let order = mailbox.receive().await;
                (order.0)(&mailbox);
            }
        }));
        testing::end_with_test(&member);
        member
    }

    /// Starts one that traps exits.
    pub async fn trapping() -> Self {
        let member = Self::spawn();
        member.does(|_| process::trap_exit(true)).await;
        member
    }

    /// Where its orders go.
    #[must_use]
    pub fn address(&self) -> Address<Order> {
        self.0.clone()
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.0.pid()
    }

    /// Has it do something, as itself. It is told now, and may be waited for later.
    pub fn does<T, F>(&self, order: F) -> impl Future<Output = T> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Mailbox<Order>) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.0.send(Order(Box::new(move |mailbox| {
            drop(answer.send(order(mailbox)));
        })));
        async { answered.await.expect("the member lives") }
    }

    /// Ends it, and waits for its DOWN.
    pub async fn dies(&self) {
        let monitor = process::monitor(self);
        process::exit(self, ExitReason::Kill);
        assert_eq!(end(monitor).await, ExitReason::Killed);
    }
}

impl Target for &Member {
    fn locate(&self) -> Location {
        (&self.0).locate()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({})", self.pid())
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Order")
    }
}

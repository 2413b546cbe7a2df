//! Processes for tests about processes: a peer that does what it is told, and a story that must end well.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use otp_core::process::{self, Address, Body, Down, Event, Location, Mailbox, MonitorRef, Target};
use otp_core::testing;
use otp_core::{ExitReason, Pid};
use tokio::sync::oneshot;

/// The reason that most tests end a process with.
#[must_use]
pub fn boom() -> ExitReason {
    ExitReason::error("boom")
}

/// Why a monitored process ended.
pub async fn end(monitor: MonitorRef) -> ExitReason {
    process::receive_down(monitor).await.reason
}

/// Runs a process, which makes its own assertions, to its normal end.
///
/// # Panics
///
/// Panics if it ends otherwise.
pub async fn story<Kind, B: Body<Kind>>(body: B) {
    let (_, monitor) = process::spawn_monitor(body);
    assert_eq!(end(monitor).await, ExitReason::Normal);
}

/// Takes the crashes since the last time, and tells why they were.
///
/// # Panics
///
/// Panics outside a test.
#[must_use]
pub fn crashes() -> Vec<ExitReason> {
    let crashes = testing::take_crashes().into_iter();
    crashes.map(|crash| crash.reason).collect()
}

/// The output of a future that is ready now.
pub fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// What a peer has received.
#[derive(Default)]
struct Seen {
    exits: Vec<(Pid, ExitReason)>,
    downs: Vec<Down>,
}

type Order = Box<dyn FnOnce(&mut Seen) + Send>;

/// A process that does what it is told, and keeps what it receives.
#[derive(Clone)]
pub struct Peer(Address<Order>);

impl Peer {
    /// Starts one that does not trap exits, and ends with the test.
    #[must_use]
    pub fn spawn() -> Self {
        let peer = Self::outside_of_tests();
        testing::end_with_test(&peer);
        peer
    }

    /// Starts one in a node that is not a test's.
    #[must_use]
    pub fn outside_of_tests() -> Self {
        Peer(process::spawn(obey))
    }

    /// Starts one that traps exits, once it does.
    pub async fn trapping() -> Self {
        Self::spawn().that_traps().await
    }

    /// The same, once it traps exits.
    pub async fn that_traps(self) -> Self {
        self.does(|| process::trap_exit(true)).await;
        self
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.0.pid()
    }

    /// Tells it to do something, as itself, and does not wait.
    pub fn tell(&self, order: impl FnOnce() + Send + 'static) {
        self.0.send(Box::new(|_| order()));
    }

    /// Has it do something, as itself. It is told now, and may be waited for later.
    pub fn does<T, F>(&self, order: F) -> impl Future<Output = T> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.ask(|_| order())
    }

    /// The EXITs that it has received.
    pub async fn exits(&self) -> Vec<(Pid, ExitReason)> {
        self.ask(|seen| seen.exits.clone()).await
    }

    /// The DOWNs that it has received.
    pub async fn downs(&self) -> Vec<Down> {
        self.ask(|seen| seen.downs.clone()).await
    }

    fn ask<T, F>(&self, question: F) -> impl Future<Output = T> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Seen) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.0
            .send(Box::new(|seen| drop(answer.send(question(seen)))));
        async { answered.await.expect("the peer lives") }
    }
}

async fn obey(mut mailbox: Mailbox<Order>) {
    let mut seen = Seen::default();
    loop {
        match mailbox.next_event().await {
            Event::Message(order) => order(&mut seen),
            Event::Exit(exit) => seen.exits.push((exit.pid, exit.reason)),
            Event::Down(down) => seen.downs.push(down),
            _ => {}
        }
    }
}

impl Target for &Peer {
    fn locate(&self) -> Location {
        (&self.0).locate()
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({})", self.pid())
    }
}

//! The answer to one call: the caller waits for it, and the server gives it, once.

use std::fmt;
use std::task::{Poll, Waker};

use crate::oneshot::{self, Receiver, Sender};
use crate::pid::{NodeId, Pid};
use crate::process::scope::{self, Orphan};
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::panicking;

/// What both ends know.
struct Header<T> {
    /// The caller's node and number; the number is 0 outside a process. Written before the request is queued.
    node: AtomicU32,
    number: AtomicU64,
    /// Tells the caller once the reason of the server's end is known. Here, where the bounds on `T` are known.
    tell_later: fn(Sender<Header<T>, T>),
}

impl<T> Header<T> {
    fn caller(&self) -> Option<Pid> {
        let number = self.number.load(Ordering::Relaxed);
        let node = NodeId(self.node.load(Ordering::Relaxed));
        (number != 0).then(|| Pid::new(node, number))
    }
}

/// Makes an answer and who gives it.
#[inline]
pub(crate) fn answer<T: Send + 'static>() -> (ReplyTo<T>, Answer<T>) {
    let (sender, receiver) = oneshot::channel(Header {
        node: AtomicU32::new(0),
        number: AtomicU64::new(0),
        tell_later,
    });
    let sender = Some(sender);
    (ReplyTo { sender }, Answer { receiver })
}

/// The caller's end.
pub(crate) struct Answer<T> {
    receiver: Receiver<Header<T>, T>,
}

impl<T> Answer<T> {
    /// Says who waits, before the request is queued.
    #[inline]
    pub(crate) fn of(&mut self, caller: Option<Pid>) {
        if let Some(caller) = caller {
            let header = self.receiver.header();
            header.node.store(caller.node().0, Ordering::Relaxed);
            header.number.store(caller.number(), Ordering::Relaxed);
        }
    }

    /// Ready with the answer, or with None if the request was dropped.
    #[inline]
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Option<T>> {
        self.receiver.poll(waker)
    }

    /// Whether the answer is there, or the request was dropped. If not, `waker` is woken when it is.
    #[inline]
    pub(crate) fn watch(&mut self, waker: &Waker) -> bool {
        self.receiver.watch(waker)
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

/// Answers one call, from anywhere and at any time: Erlang's `From`.
///
/// A call handler that takes a `ReplyTo<T>` answers later, or hands it to somebody who does; the caller waits. It can
/// answer once, which the compiler sees to. An answer that comes after the caller has given up vanishes.
///
/// Dropped unanswered, it tells the caller: [`CallFailure::NoReply`](crate::CallFailure::NoReply) while the server
/// lives, else the reason of the server's end. In Erlang the caller would wait for its timeout.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// /// Answers when somebody else comes.
/// #[gen_server]
/// pub struct Pair { waiting: Option<ReplyTo<u32>> }
///
/// #[gen_server]
/// impl Pair {
///     #[init]
///     fn init() -> Self { Pair { waiting: None } }
///
///     #[call]
///     pub fn meet(&mut self, reply_to: ReplyTo<u32>) {
///         match self.waiting.take() {
///             Some(first) => { first.send(1); reply_to.send(2); }
///             None => self.waiting = Some(reply_to),
///         }
///     }
/// }
///
/// # otp_core::doc_test(async {
/// let pair = Pair::start().await.unwrap();
/// let first = pair.meet().send_request();
/// assert_eq!(pair.meet().await, Ok(2));
/// assert_eq!(first.await, Ok(1));
/// # });
/// ```
#[must_use = "a caller waits for the answer"]
pub struct ReplyTo<T> {
    sender: Option<Sender<Header<T>, T>>,
}

impl<T> ReplyTo<T> {
    /// Answers the call: `GenServer.reply/2`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # #[gen_server] pub struct Echo;
    /// #[gen_server]
    /// impl Echo {
    /// #     #[init] fn init() -> Self { Echo }
    ///     #[call]
    ///     pub fn echo(&self, text: String, reply_to: ReplyTo<String>) {
    ///         process::spawn(async move { reply_to.send(text) });
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let echo = Echo::start().await.unwrap();
    /// assert_eq!(echo.echo("hello".to_owned()).await.unwrap(), "hello");
    /// # });
    /// ```
    #[inline]
    pub fn send(mut self, answer: T) {
        if let Some(sender) = self.sender.take() {
            sender.send(answer);
        }
    }

    /// Whether nobody waits any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.sender.as_ref().is_none_or(Sender::is_abandoned)
    }

    /// The process that made the call; None if it was made outside a process.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # #[gen_server] pub struct Door;
    /// #[gen_server]
    /// impl Door {
    /// #     #[init] fn init() -> Self { Door }
    ///     #[call]
    ///     pub fn who(&self, reply_to: ReplyTo<Option<Pid>>) {
    ///         let caller = reply_to.caller();
    ///         reply_to.send(caller);
    ///     }
    /// }
    ///
    /// # otp_core::doc_test(async {
    /// let door = Door::start().await.unwrap();
    /// assert_eq!(door.who().await, Ok(Some(process::self_pid())));
    /// # });
    /// ```
    #[must_use]
    pub fn caller(&self) -> Option<Pid> {
        self.sender.as_ref()?.header().caller()
    }
}

impl<T> Drop for ReplyTo<T> {
    fn drop(&mut self) {
        let Some(sender) = self.sender.take() else {
            return;
        };
        if panicking() {
            (sender.header().tell_later)(sender);
        }
    }
}

/// While a process unwinds, the reason of its end is not known yet: the caller is told when it is.
fn tell_later<T: Send + 'static>(sender: Sender<Header<T>, T>) {
    let orphan = Orphan {
        caller: sender.header().caller(),
        _reply: Box::new(sender),
    };
    // Outside a process it comes back, and the caller is told now.
    drop(scope::adopt(orphan));
}

impl<T> fmt::Debug for ReplyTo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo")
            .field("caller", &self.caller())
            .finish()
    }
}

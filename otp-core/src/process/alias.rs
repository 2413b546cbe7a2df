//! Aliases: addresses that can be put out of use, so that a late answer finds nobody.

use std::fmt;
use std::sync::Arc;

use super::address::{Address, Recipient};
use super::signal::{self, MonitorRef};
use crate::node::Node;
use crate::pid::Pid;
use crate::sync::atomic::{AtomicBool, Ordering};

/// How long an alias lives: the options of Erlang's `alias/1` and of `monitor/3` with `alias`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::AliasMode;
///
/// # otp_core::doc_test(async {
/// # let (_, monitor) =
/// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
///     let once = mailbox.alias(AliasMode::Reply);
///     assert!(once.send(1));
///     assert!(!once.send(2));
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AliasMode {
    /// Until [`Alias::unalias`].
    Explicit,
    /// Until the first message has come through it.
    Reply,
    /// Until its monitor ends, by DOWN or by demonitor.
    Demonitor,
    /// Until its monitor ends, or the first message has come through it, which ends the monitor.
    ReplyDemonitor,
}

/// An address that can be put out of use: Erlang's process alias.
///
/// A message that is sent through it later is dropped; one that is queued already stays. A clone is the same alias.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::process::AliasMode;
///
/// # otp_core::doc_test(async {
/// # let (_, monitor) =
/// process::spawn_monitor(async |mut mailbox: Mailbox<&str>| {
///     let alias = mailbox.alias(AliasMode::Explicit);
///     alias.send("in time");
///     alias.unalias();
///     alias.send("too late");
///     assert_eq!(mailbox.try_receive(), Some("in time"));
///     assert_eq!(mailbox.try_receive(), None);
/// });
/// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
/// # });
/// ```
pub struct Alias<M: Send + 'static> {
    address: Address<M>,
    active: Arc<AtomicBool>,
    mode: AliasMode,
    monitor: Option<MonitorRef>,
}

impl<M: Send + 'static> Alias<M> {
    pub(crate) fn new(address: Address<M>, mode: AliasMode, monitor: Option<MonitorRef>) -> Self {
        Alias {
            address,
            active: Arc::new(AtomicBool::new(true)),
            mode,
            monitor,
        }
    }

    /// Puts it out of use. True if it was in use: `unalias/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::AliasMode;
    ///
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let alias = mailbox.alias(AliasMode::Explicit);
    ///     assert!(alias.unalias());
    ///     assert!(!alias.unalias());
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn unalias(&self) -> bool {
        self.is_active() && self.active.swap(false, Ordering::AcqRel)
    }

    /// Whether a message sent now would get through.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::AliasMode;
    ///
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     let alias = mailbox.alias(AliasMode::Reply);
    ///     assert!(alias.is_active());
    ///     alias.send(1);
    ///     assert!(!alias.is_active());
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire) && self.monitor_is_active()
    }

    /// Sends a message through it. True if it was queued.
    ///
    /// False if it is out of use, or the process has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::AliasMode;
    ///
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mut mailbox: Mailbox<u32>| {
    ///     let alias = mailbox.alias(AliasMode::Explicit);
    ///     assert!(alias.send(7));
    ///     assert_eq!(mailbox.receive().await, 7);
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    pub fn send(&self, message: M) -> bool {
        if !self.monitor_is_active() {
            return false;
        }
        let open = match self.mode {
            AliasMode::Explicit | AliasMode::Demonitor => self.active.load(Ordering::Acquire),
            AliasMode::Reply | AliasMode::ReplyDemonitor => {
                self.active.swap(false, Ordering::AcqRel)
            }
        };
        if !open {
            return false;
        }
        if let (AliasMode::ReplyDemonitor, Some(monitor)) = (self.mode, self.monitor) {
            // The owner is this alias's own process, so it cannot be foreign.
            let _ = signal::demonitor(&*self.address.cell, monitor);
        }
        self.address.send(message).outcome() == Some(super::CastOutcome::Queued)
    }

    /// The process behind it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::AliasMode;
    ///
    /// # otp_core::doc_test(async {
    /// # let (_, monitor) =
    /// process::spawn_monitor(async |mailbox: Mailbox<u32>| {
    ///     assert_eq!(mailbox.alias(AliasMode::Explicit).pid(), process::self_pid());
    /// });
    /// # assert_eq!(process::receive_down(monitor).await.reason, ExitReason::Normal);
    /// # });
    /// ```
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.address.pid()
    }

    fn monitor_is_active(&self) -> bool {
        match (self.mode, self.monitor) {
            (AliasMode::Demonitor | AliasMode::ReplyDemonitor, Some(monitor)) => {
                self.address.cell.core().vital().is_active_watch(monitor.id)
            }
            _ => true,
        }
    }
}

impl<M: Send + 'static> Clone for Alias<M> {
    fn clone(&self) -> Self {
        Alias {
            address: self.address.clone(),
            active: Arc::clone(&self.active),
            mode: self.mode,
            monitor: self.monitor,
        }
    }
}

impl<M: Send + 'static> Recipient for Alias<M> {
    type Message = M;

    fn deliver(&self, message: M) {
        self.send(message);
    }

    fn is_alive(&self) -> bool {
        self.is_active() && self.address.is_alive()
    }

    fn node(&self) -> Node {
        self.address.node()
    }

    fn owner_of_timer(&self) -> Option<Pid> {
        Some(self.pid())
    }
}

impl<M: Send + 'static> fmt::Debug for Alias<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alias")
            .field("pid", &self.pid())
            .field("active", &self.is_active())
            .finish()
    }
}

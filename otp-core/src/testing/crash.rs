//! The crashes of a test's processes, and which of them it expects.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::kit;
use crate::exit::ExitReason;
use crate::node::Name;
use crate::pid::Pid;
use crate::process::Target;
use crate::process::cell::Process;

/// A process that crashed: it ended by its own code, and not in order.
///
/// One that an exit signal ended did not crash; who sent the signal may have.
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
/// async fn a_crash_reads_as_a_line() {
///     let (pid, monitor) = process::spawn_monitor(async { Err::<(), _>(ExitReason::error("boom")) });
///     process::receive_down(monitor).await;
///     let crash = testing::take_crashes().remove(0);
///     assert_eq!(crash.to_string(), format!("{pid} process: boom"));
/// }
/// # otp_core::testing::doc_test(a_crash_reads_as_a_line);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Crash {
    /// The process.
    pub pid: Pid,
    /// Its name, if it had one.
    pub name: Option<Name>,
    /// The type of the server, or `process` of what is none.
    pub kind: &'static str,
    /// Why it ended.
    pub reason: ExitReason,
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " {}: {}", self.kind, self.reason)
    }
}

#[derive(Debug, Default)]
struct Seen {
    crashes: Vec<Crash>,
    announced: Vec<Pid>,
    /// Announced, and come.
    met: Vec<Pid>,
}

/// What a node records.
#[derive(Debug, Default)]
pub(crate) struct Crashes(Mutex<Seen>);

impl Crashes {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a crash.
    pub(crate) fn record(&self, process: &dyn Process, name: Option<Name>, reason: &ExitReason) {
        self.lock().crashes.push(Crash {
            pid: process.core().pid(),
            name,
            kind: process.kind(),
            reason: reason.clone(),
        });
    }

    fn take(&self) -> Vec<Crash> {
        let mut seen = self.lock();
        let crashes = std::mem::take(&mut seen.crashes);
        seen.meet(&crashes);
        crashes
    }

    /// Announces a crash.
    pub(crate) fn expect(&self, pid: Pid) {
        self.lock().announced.push(pid);
    }

    /// Those that nobody took or announced, and those that were announced and have not come.
    pub(crate) fn unexpected(&self) -> (Vec<Crash>, Vec<Pid>) {
        let mut seen = self.lock();
        let mut crashes = std::mem::take(&mut seen.crashes);
        seen.meet(&crashes);
        crashes.retain(|crash| !seen.met.contains(&crash.pid));
        (crashes, std::mem::take(&mut seen.announced))
    }
}

impl Seen {
    fn meet(&mut self, crashes: &[Crash]) {
        let came = |pid: &mut Pid| crashes.iter().any(|crash| crash.pid == *pid);
        let met = self.announced.extract_if(.., came);
        self.met.extend(met);
    }
}

/// Takes the crashes that were recorded so far, in their order. Taken, they do not fail the test.
///
/// # Panics
///
/// Panics outside an `#[otp_core::test]`.
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
/// async fn a_crash_has_its_reason() {
///     let (pid, monitor) = process::spawn_monitor(async { Err::<(), _>(ExitReason::error("boom")) });
///     process::receive_down(monitor).await;
///     let crashes = testing::take_crashes();
///     assert_eq!((crashes[0].pid, crashes[0].reason.to_string().as_str()), (pid, "boom"));
/// }
/// # otp_core::testing::doc_test(a_crash_has_its_reason);
/// ```
#[track_caller]
#[must_use = "crashes that are taken do not fail the test: look at them"]
pub fn take_crashes() -> Vec<Crash> {
    kit::current().0.crashes.take()
}

/// Announces that a process will crash, or has crashed. Then that does not fail the test; if it does not crash, the
/// test fails.
///
/// By name it is whoever holds the name now.
///
/// # Panics
///
/// Panics outside an `#[otp_core::test]`, and if nobody holds the name.
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
/// async fn it_crashes() {
///     let (pid, monitor) = process::spawn_monitor(async { Err::<(), _>(ExitReason::error("boom")) });
///     testing::expect_crash(pid);
///     assert_eq!(process::receive_down(monitor).await.reason, ExitReason::error("boom"));
/// }
/// # otp_core::testing::doc_test(it_crashes);
/// ```
#[track_caller]
pub fn expect_crash(target: impl Target) {
    let (kit, node) = kit::current();
    let pid = target.locate().resolve(&node);
    kit.crashes
        .expect(pid.expect("the process that is to crash is there"));
}

//! The processes that a test has left behind.

use std::fmt;
use std::time::Duration;

use super::kit;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::process::cell::Process;
use crate::process::{NodeExt, Target, within};

/// Makes a process end with the test: once the body has ended and what is linked has had its time, it is killed.
///
/// For one that is not to be linked with the test, as its crash would end that. It is no leak then.
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
/// async fn a_worker_waits() {
///     let worker = process::spawn(std::future::pending::<()>());
///     testing::end_with_test(worker);
///     testing::settle().await;
///     assert!(process::info(worker).is_some());
/// }
/// # otp_core::testing::doc_test(a_worker_waits);
/// ```
#[track_caller]
pub fn end_with_test(target: impl Target) {
    let (kit, node) = kit::current();
    kit.companions().extend(target.locate().resolve(&node));
}

/// A process that is alive after everything had its time to stop.
pub(crate) struct Leak {
    pid: Pid,
    name: Option<Name>,
    label: Option<String>,
    takes: &'static str,
    links: Vec<Pid>,
}

/// Gives the processes of a node their time to end, and tells which have not.
pub(crate) async fn find(node: &Node, time: Duration) -> Vec<Leak> {
    // Those that are not done in time are found below.
    let _ = within(time, node.all_ended()).in_node(node).await;
    let mut leaks: Vec<Leak> = node.all().iter().map(|process| leak(&**process)).collect();
    leaks.sort_unstable_by_key(|leak| leak.pid);
    leaks
}

fn leak(process: &dyn Process) -> Leak {
    let vital = process.core().vital();
    Leak {
        pid: process.core().pid(),
        name: vital.name().cloned(),
        label: vital.label().map(str::to_owned),
        takes: process.message_type(),
        links: vital.links(),
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        if let Some(label) = &self.label {
            write!(f, " ({label})")?;
        }
        if self.takes == std::any::type_name::<std::convert::Infallible>() {
            f.write_str(", which takes no messages")?;
        } else {
            write!(f, ", which takes `{}`", self.takes)?;
        }
        for (nth, link) in self.links.iter().enumerate() {
            let lead = if nth == 0 { ", linked with" } else { "," };
            write!(f, "{lead} {link}")?;
        }
        Ok(())
    }
}

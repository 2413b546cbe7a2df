//! The driver of a scenario: it does the events, and collects what happens until it is quiet for a while.

use std::fmt::Display;
use std::time::Duration;

use otp_core::process::{Event, Mailbox};
use otp_core::{Call, CallFailure, ExitReason};

/// Collects what arrives until nothing has for `quiet`.
pub(super) async fn collect<M: Send>(
    mailbox: &mut Mailbox<M>,
    quiet: Duration,
    mut note: impl FnMut(Event<M>),
) {
    while let Ok(event) = tokio::time::timeout(quiet, mailbox.next_event()).await {
        note(event);
    }
}

/// Gives other tasks a turn, and an exit signal that one has sent to oneself the occasion to act.
pub(super) async fn await_point() {
    tokio::task::yield_now().await;
}

/// A reason as scenarios write it; `separator` stands between `shutdown` and its term.
pub(super) fn parse_reason(reason: &str, separator: char) -> ExitReason {
    match reason {
        "normal" => ExitReason::Normal,
        "shutdown" => ExitReason::Shutdown,
        "kill" => ExitReason::Kill,
        other => match other.split_once(separator) {
            Some(("shutdown", term)) => ExitReason::shutdown_with(term),
            _ => ExitReason::error(other),
        },
    }
}

/// A reason as traces write it.
pub(super) fn show_reason(reason: &ExitReason, separator: char) -> String {
    match reason {
        ExitReason::NoProc => "noproc".to_owned(),
        ExitReason::ShutdownWith(term) => format!("shutdown{separator}{term}"),
        ExitReason::Panic(panic) => format!("panic {}", panic.message()),
        other => other.to_string(),
    }
}

/// Makes a call for a client, who waits for so long or for ever. Gives what it is told, as traces write it.
pub(super) async fn line_of_call<M: Send + 'static, T: Display + Send + 'static>(
    client: &str,
    call: Call<M, T>,
    within: Option<Duration>,
) -> String {
    let answer = match within {
        Some(within) => call.timeout(within).await,
        None => call.timeout_infinite().await,
    };
    match answer {
        Ok(value) => format!("{client} reply {value}"),
        Err(CallFailure::NoProc) => format!("{client} exit noproc"),
        Err(CallFailure::Timeout { .. }) => format!("{client} exit timeout"),
        Err(CallFailure::Exit(reason)) => format!("{client} exit {}", show_reason(&reason, '/')),
        Err(other) => format!("{client} exit {other}"),
    }
}

//! The span of `tracing` in which a server handles a call: below that of the caller, under the target `otp_core::call`.
//!
//! It is made where the call is, as that knows the caller's span and its subscriber, and travels with the message. Time in
//! the mailbox is therefore time in which it is idle.

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::{Level, Span};

use crate::process::cell::Core;

/// Whether calls may have to be followed: a load and a branch where nobody listens that closely.
#[inline]
pub(crate) fn is_on() -> bool {
    Level::DEBUG <= STATIC_MAX_LEVEL && Level::DEBUG <= LevelFilter::current()
}

/// The span to handle a call in. None if it is made in no span, or if nobody wants it.
pub(crate) fn handle_call(server: &Core, kind: &'static str, message: &'static str) -> Span {
    if !is_on() || Span::current().is_none() {
        return Span::none();
    }
    let name = server.vital().name().cloned();
    tracing::debug_span!(
        target: "otp_core::call",
        "handle_call",
        pid = %server.pid(),
        name = name.as_ref().map(tracing::field::display),
        server = kind,
        message,
    )
}

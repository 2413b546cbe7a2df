//! What the project's tests share: the runner of the oracle's scenarios, and processes to test with.
//!
//! The oracle is real Erlang/OTP. A scenario says what processes do to each other; its trace is what Erlang printed.
//! The runner does the same with `otp-core`, with real processes and real servers, and prints its own trace.

pub mod child;
mod failing;
mod journal;
mod member;
pub mod oracle;
mod puppet;
mod reports;

pub use failing::failure;
pub use journal::{Journal, NoteOnDrop};
pub use member::{Member, Order};
pub use puppet::{Act, Puppet, PuppetMessage, PuppetRef, puppet};
pub use reports::{Report, Reports};
pub mod processes;

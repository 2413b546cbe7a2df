//! The guide to OTP for Rust: `src` is a book for mdBook, and this is what has its programs run.
//!
//! Each page is the documentation of an item here, so that `cargo test` compiles and runs every block of Rust in it.
//! `tests/book.rs` builds the book, follows its links, and compares its tables with what they are about.
//!
//! A doc test has no harness that would run a `#[otp_core::test]`. Where a page shows one, a hidden line behind the
//! attribute gives it a function of its own, and another hidden line runs the function that is shown as that test.
#[cfg(doctest)]
#[doc = include_str!("src/introduction.md")]
struct Introduction;

#[cfg(doctest)]
#[doc = include_str!("src/first_server.md")]
struct FirstServer;

#[cfg(doctest)]
#[doc = include_str!("src/calls_and_casts.md")]
struct CallsAndCasts;

#[cfg(doctest)]
#[doc = include_str!("src/state_and_timers.md")]
struct StateAndTimers;

#[cfg(doctest)]
#[doc = include_str!("src/state_machines.md")]
struct StateMachines;

#[cfg(doctest)]
#[doc = include_str!("src/processes.md")]
struct Processes;

#[cfg(doctest)]
#[doc = include_str!("src/supervision.md")]
struct Supervision;

#[cfg(doctest)]
#[doc = include_str!("src/tasks.md")]
struct Tasks;

#[cfg(doctest)]
#[doc = include_str!("src/agents.md")]
struct Agents;

#[cfg(doctest)]
#[doc = include_str!("src/registries_and_handles.md")]
struct RegistriesAndHandles;

#[cfg(doctest)]
#[doc = include_str!("src/protocols.md")]
struct Protocols;

#[cfg(doctest)]
#[doc = include_str!("src/applications.md")]
struct Applications;

#[cfg(doctest)]
#[doc = include_str!("src/testing.md")]
struct Testing;

#[cfg(doctest)]
#[doc = include_str!("src/coming_from_elixir.md")]
struct ComingFromElixir;

#[cfg(doctest)]
#[doc = include_str!("src/elixir_constructs.md")]
struct ElixirConstructs;

#[cfg(doctest)]
#[doc = include_str!("src/coming_from_other_crates.md")]
struct ComingFromOtherCrates;

#[cfg(doctest)]
#[doc = include_str!("src/telemetry.md")]
struct Telemetry;

#[cfg(doctest)]
#[doc = include_str!("src/observer.md")]
struct Observer;

#[cfg(doctest)]
#[doc = include_str!("src/performance.md")]
struct Performance;

#[cfg(doctest)]
#[doc = include_str!("src/limits.md")]
struct Limits;

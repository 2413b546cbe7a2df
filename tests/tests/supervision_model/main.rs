//! Random trees of supervisors under random crashes, administration and slow or failing inits, held against a model.
//!
//! The model ([`supervisor`]) is written from OTP's rules, not from the implementation. For each event it says which
//! children start and stop, in which order and at which time, what every caller is answered, and which tree is there
//! afterwards; [`check`] compares that with real supervisors in a node of their own, once they have settled.
//!
//! Where OTP promises no order, either the order is not looked at or the events are such that there is one:
//!
//! - Exits that reach one supervisor at a time come in the order of the ends: either nobody gets a turn in between, or
//!   the supervisor is suspended until all have ended.
//! - When several supervisors have something to do, they are suspended and resumed one after the other.
//! - What was below a supervisor that is killed ends beside everything else. Its order is looked at process by process.
//!   Its supervisor's next incarnation is started when nothing of the last one is left, which in OTP is a race for
//!   names.
//! - A shutdown time is never exactly as long as a child takes, nor zero. A supervisor's is infinity or `brutal_kill`.
//!
//! `PROPTEST_CASES` says how many cases are tried.

mod check;
mod driver;
mod event;
mod model;
mod scripted;
mod supervisor;
mod system;
mod tree;
mod watcher;

use proptest::test_runner::Config;
use proptest_state_machine::prop_state_machine;

use model::{Flat, Trees};
use system::System;

/// `PROPTEST_CASES`, or as many as a test run has time for.
fn config() -> Config {
    let has_number = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config::default();
    Config {
        cases: if has_number { default.cases } else { 200 },
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..default
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn a_tree_does_what_the_rules_say(sequential 1..30 => System<Trees>);

    #[test]
    fn one_supervisor_does_what_the_rules_say(sequential 1..30 => System<Flat>);
}

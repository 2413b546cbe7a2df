//! Tests that are to fail, and what they say.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use otp_core::__private::{Flavor, TestOptions, run_test};

/// Runs a body as `#[otp_core::test]` does, and gives what it panics with.
///
/// # Panics
///
/// Panics if it passes.
pub fn failure<F: Future<Output = ()>>(options: TestOptions, body: impl Fn() -> F) -> String {
    let run = || run_test(Flavor::Default, options, body, |()| false);
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(()) => panic!("it was to fail"),
        Err(said) => said
            .downcast::<String>()
            .map(|text| *text)
            .unwrap_or_else(|said| {
                said.downcast::<&str>()
                    .map_or(String::new(), |text| (*text).to_owned())
            }),
    }
}

//! The timeout of a stream of tasks is a number of milliseconds.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let numbers = task::async_stream([1, 2, 3], async |n| n).timeout(5_000); //~
    drop(numbers);
}

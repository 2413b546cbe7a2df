//! A stream of tasks is collected like an iterator, without an await.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let numbers: Vec<Result<i32, ExitReason>> = task::async_stream([1], async |n| n).collect(); //~
    drop(numbers);
}

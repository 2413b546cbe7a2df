//! A task is given a function, as in Elixir, and not a future.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), ExitReason> {
    let task = Task::spawn(|| 42); //~
    assert_eq!(task.await?, 42);
    Ok(())
}

//! The value of a task is awaited a second time.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), ExitReason> {
    let task = Task::spawn(async { 42 });
    assert_eq!(task.await?, 42);
    assert_eq!(task.await?, 42); //~
    Ok(())
}

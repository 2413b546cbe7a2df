//! A task borrows from the process that spawns it.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), ExitReason> {
    let text = String::from("hello");
    let length = Task::spawn(async { text.len() }); //~
    assert_eq!(length.await?, text.len());
    Ok(())
}

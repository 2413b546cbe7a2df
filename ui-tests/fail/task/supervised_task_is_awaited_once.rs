//! A task under a supervisor is awaited before it is known to have started.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tasks = TaskSupervisor::new().start_link().await?;
    let value: u32 = tasks.spawn(async { 42 }).await?; //~
    assert_eq!(value, 42);
    Ok(())
}

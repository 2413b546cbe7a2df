//! A task holds what cannot leave its thread.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), ExitReason> {
    let shared = std::rc::Rc::new(5);
    let task = Task::spawn(async move { *shared }); //~
    assert_eq!(task.await?, 5);
    Ok(())
}

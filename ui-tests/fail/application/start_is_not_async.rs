//! The start is not async.

use otp_core::application::{Application, ApplicationContext, NoEnv};
use otp_core::prelude::*;
use otp_core::SupervisorRef;

#[otp_core::application]
struct Chat;

impl Application for Chat {
    type Env = NoEnv;
    type Root = SupervisorRef;

    fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> { //~
        Err(ExitReason::error("no key"))
    }
}

fn main() -> std::process::ExitCode {
    Chat.run()
}

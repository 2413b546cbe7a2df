//! The start takes no context.

use otp_core::application::{Application, NoEnv};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};

#[otp_core::application]
struct Chat;

impl Application for Chat {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(&mut self, _: NoEnv) -> Result<SupervisorRef, ExitReason> { //~
        Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
    }
}

fn main() -> std::process::ExitCode {
    Chat.run()
}

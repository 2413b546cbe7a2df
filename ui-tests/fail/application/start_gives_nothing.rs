//! The start gives no root.

use otp_core::application::{Application, ApplicationContext, NoEnv};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};

#[otp_core::application]
struct Chat;

impl Application for Chat {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
        Supervisor::builder(Strategy::OneForOne).start_link().await?;
        Ok(()) //~
    }
}

fn main() -> std::process::ExitCode {
    Chat.run()
}

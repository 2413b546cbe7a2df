//! The attribute is above the impl.

use otp_core::application::{Application, ApplicationContext, NoEnv};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};


struct Chat;

#[otp_core::application]
impl Application for Chat { //~
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
        Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
    }
}

fn main() -> std::process::ExitCode {
    Chat.run()
}

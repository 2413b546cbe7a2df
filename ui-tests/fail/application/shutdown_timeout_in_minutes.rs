//! The bound of a stop has a unit that is none.

use otp_core::application::{Application, ApplicationContext, NoEnv};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};

#[otp_core::application(shutdown_timeout = 5m)] //~
struct Chat;

impl Application for Chat {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
        Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
    }
}

fn main() -> std::process::ExitCode {
    Chat.run()
}

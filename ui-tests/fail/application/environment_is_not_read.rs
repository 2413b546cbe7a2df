//! What the environment is read into cannot be read.

use otp_core::application::{Application, ApplicationContext};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};

struct ChatEnv;

#[otp_core::application(env = "config/app.toml")]
struct Chat;

impl Application for Chat {
    type Env = ChatEnv; //~
    type Root = SupervisorRef;

    async fn start(&mut self, _: ChatEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
        Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
    }
}

fn main() -> std::process::ExitCode {
    Chat.run()
}

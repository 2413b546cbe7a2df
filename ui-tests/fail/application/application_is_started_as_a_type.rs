//! An application is started by its type.

use otp_core::application::{Application, ApplicationContext, NoEnv};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};

#[otp_core::application]
struct Chat;

impl Application for Chat {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(&mut self, _: NoEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
        Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
    }
}

#[otp_core::main]
async fn main() {
    let applications = otp_core::application::Applications::start_link();
    let _ = applications.start::<Chat>(otp_core::application::RestartType::Temporary).await; //~
}

//! A cast answers.

use otp_core::prelude::*;

#[gen_statem]
pub enum Turnstile {
    #[initial]
    Locked,
    Unlocked,
}

#[gen_statem]
impl Turnstile {
    #[on(Locked)]
    #[call]
    pub fn coin(self, cents: u32) -> To![Unlocked, Locked] {
        if cents >= 50 {
            To::Unlocked
        } else {
            To::Locked
        }
    }

    #[on(Unlocked)]
    #[call]
    pub fn coin(&mut self, _cents: u32) {}

    #[on(Unlocked)]
    #[cast]
    pub fn push(self) -> To![Locked] {
        To::Locked
    }

    #[on(Locked)]
    #[cast]
    pub fn push(&self) -> u32 { //~
        0
    }
}

#[otp_core::main]
async fn main() {
    let turnstile = Turnstile::start_link().await.unwrap();
    turnstile.coin(50).await.unwrap();
    turnstile.push();
}

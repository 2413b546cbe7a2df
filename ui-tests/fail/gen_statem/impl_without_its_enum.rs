//! The attribute stands above the impl only.

use otp_core::prelude::*;

pub enum Turnstile {
    Locked,
}

#[gen_statem]
impl Turnstile { //~
    #[on(Locked)]
    #[cast]
    pub fn push(&self) {}
}

fn main() {
    let Turnstile::Locked = Turnstile::Locked;
}

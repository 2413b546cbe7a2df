//! The attribute stands above the impl of a trait.

use otp_core::prelude::*;

pub trait Turn {
    fn turn(&self) {}
}

pub enum Turnstile {
    Locked,
}

#[gen_statem]
impl Turn for Turnstile {} //~

fn main() {
    Turnstile::Locked.turn();
}

//! The attribute stands above the enum only.

use otp_core::prelude::*;

#[gen_statem]
pub enum Turnstile { //~
    #[initial]
    Locked,
    Unlocked,
}

fn main() {
    assert!(matches!(Turnstile::Locked, Turnstile::Locked | Turnstile::Unlocked));
}

//! The states are a struct.

use otp_core::prelude::*;

#[gen_statem]
pub struct Turnstile { //~
    is_locked: bool,
}

fn main() {
    assert!(Turnstile { is_locked: true }.is_locked);
}

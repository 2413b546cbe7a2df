//! A process is spawned from a value.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    process::spawn(5); //~
}

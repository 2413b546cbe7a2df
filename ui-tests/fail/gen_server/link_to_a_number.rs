//! A process links to a number.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    process::link(7); //~
}

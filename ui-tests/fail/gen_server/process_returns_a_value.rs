//! A process returns a value, which nobody gets.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    process::spawn(async { 5 }); //~
}

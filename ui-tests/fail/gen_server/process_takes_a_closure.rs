//! A process is spawned from a closure that is not async.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    process::spawn(|| println!("hello")); //~
}

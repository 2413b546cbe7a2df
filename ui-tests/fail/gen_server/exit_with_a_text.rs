//! A process ends another with a text.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let pid = process::spawn(async {});
    process::exit(pid, "shutdown"); //~
}

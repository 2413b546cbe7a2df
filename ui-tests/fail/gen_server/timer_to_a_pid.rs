//! A timer sends to a pid, which takes no typed messages.
//@ errors: 2, because the type of the message is asked of the pid as well

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let pid = process::self_pid();
    otp_core::time::send_after(Duration::from_secs(1), &pid, "tick"); //~
}

//! A process links to a handle without borrowing it.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let worker = process::spawn(async |mut mailbox: Mailbox<u8>| drop(mailbox.receive().await));
    process::link(worker); //~
}

//! A value is updated in a registry whose keys may be held by many.

use otp_core::DuplicateRegistry;
use otp_core::prelude::*;

type Words = Address<String>;

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let topics = DuplicateRegistry::<u32, Words, u32>::new().start_link().await?;
    process::spawn(async move |mut mailbox: Mailbox<String>| {
        topics.update_value(&mailbox, &7, |value| value + 1).ok(); //~
        mailbox.receive().await;
    });
    Ok(())
}

//! Something was received, and nobody says what.

use otp_core::{assert_received, testing};

async fn receives() {
    let mut inbox = testing::mailbox::<u32>();
    inbox.address().send(7);
    assert_received!(inbox); //~
}

fn main() {
    drop(receives());
}

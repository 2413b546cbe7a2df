//! Nothing is to be received, and nobody says for how long.

use otp_core::{refute_receive, testing};

async fn receives() {
    let mut inbox = testing::mailbox::<u32>();
    refute_receive!(inbox, 7); //~
}

fn main() {
    drop(receives());
}

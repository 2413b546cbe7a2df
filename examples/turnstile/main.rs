//! A turnstile: a coin unlocks it, a push turns it, and what is pushed too early waits for the coin.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> Locked
//!     Locked --> Unlocked: coin
//!     Locked --> Locked: coin
//!     Unlocked --> Locked: push
//!     Unlocked --> Locked: too_late (5s)
//!     note right of Locked: postpones push
//! ```
//!
//! `cargo run -p examples --bin turnstile` turns it three times and prints its diagram.

mod turnstile;

use std::time::Duration;

use otp_core::time::sleep;

use crate::turnstile::{PRICE, Turnstile};

#[otp_core::main]
async fn main() -> anyhow::Result<()> {
    let turnstile = Turnstile::start_link().await?;

    // Pushed too early: the push waits for the coin.
    turnstile.push();
    println!("20 cents leave {} to pay", turnstile.coin(20).await?);
    println!("30 more leave {}", turnstile.coin(PRICE - 20).await?);
    println!("passages: {}", turnstile.passages().await?);

    // Paid and not pushed: it locks again.
    turnstile.coin(PRICE).await?;
    println!("paid, and waiting for {:?}", turnstile::PATIENCE);
    sleep(turnstile::PATIENCE + Duration::from_millis(100)).await;
    println!("passages: {}", turnstile.passages().await?);

    println!("\n{}", Turnstile::DIAGRAM);
    turnstile.stop().await?;
    Ok(())
}

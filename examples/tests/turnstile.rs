//! The turnstile of the example turns.

#[path = "../turnstile/turnstile.rs"]
mod turnstile;

use otp_core::time::sleep;
use turnstile::{PATIENCE, PRICE, Turnstile};

#[otp_core::test]
async fn a_push_waits_for_the_coin() {
    let turnstile = Turnstile::start_link().await.unwrap();
    turnstile.push();
    assert_eq!(turnstile.coin(20).await, Ok(PRICE - 20));
    assert_eq!(turnstile.passages().await, Ok(0));
    assert_eq!(turnstile.coin(PRICE).await, Ok(0));
    assert_eq!(turnstile.passages().await, Ok(1));
}

#[otp_core::test]
async fn it_locks_when_nobody_comes() {
    let turnstile = Turnstile::start_link().await.unwrap();
    turnstile.coin(PRICE).await.unwrap();
    assert_eq!(turnstile.coin(PRICE).await, Ok(0));
    sleep(2 * PATIENCE).await;
    assert_eq!(turnstile.coin(20).await, Ok(PRICE - 20));
    assert_eq!(turnstile.passages().await, Ok(0));
}

#[test]
fn its_documentation_shows_its_diagram() {
    let documentation = include_str!("../turnstile/main.rs");
    for line in Turnstile::DIAGRAM.lines() {
        let shown = format!("//! {line}");
        assert!(documentation.contains(&shown), "{shown}");
    }
}

//! State machines: `#[gen_statem]`, and what a machine does as OTP's gen_statem does it.

use otp_core::gen_statem::{self, EventType, Slot};
use otp_core::prelude::*;
use otp_core::time::Instant;
use otp_core::{Restart, sys};
use tests::Journal;
use tests::processes::{boom, end};

const SECOND: Duration = Duration::from_secs(1);

/// Section 9 of the tour.
mod turnstile {
    use super::*;

    #[gen_statem]
    pub(super) enum Turnstile {
        #[initial]
        Locked,
        Unlocked {
            until: Instant,
        },
    }

    #[gen_statem(postpone(push: Locked), ignore(coin: Unlocked))]
    impl Turnstile {
        #[on(Locked)]
        #[call]
        pub(super) fn coin(self, cents: u32) -> To![Unlocked, Locked] {
            if cents >= 50 {
                To::Unlocked {
                    until: Instant::now() + SECOND,
                }
            } else {
                To::Locked
            }
        }

        #[on(Unlocked { until })]
        #[cast]
        pub(super) fn push(self) -> To![Locked] {
            assert!(until >= Instant::now());
            To::Locked
        }

        #[on(Unlocked)]
        #[state_timeout(5s)]
        fn too_late(self) -> To![Locked] {
            To::Locked
        }
    }
}

use turnstile::{Turnstile, TurnstileState};

#[otp_core::test]
async fn the_turnstile_of_the_tour_turns() {
    let turnstile = Turnstile::start_link().await.unwrap();
    turnstile.coin(20).await.unwrap();
    // It waits for the coin.
    turnstile.push();
    turnstile.coin(50).await.unwrap();
    let state = sys::get_state(&turnstile, |turnstile| turnstile.state()).await;
    assert_eq!(state, Ok(TurnstileState::Locked));
    turnstile.coin(50).await.unwrap();
    otp_core::time::sleep(6 * SECOND).await;
    let state = sys::get_state(&turnstile, |turnstile| turnstile.state()).await;
    assert_eq!(state, Ok(TurnstileState::Locked));
    assert!(
        Turnstile::DIAGRAM.contains("Unlocked --> Locked: too_late (5s)"),
        "{}",
        Turnstile::DIAGRAM
    );
}

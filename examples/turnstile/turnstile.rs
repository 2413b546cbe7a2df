//! The machine.

use std::time::Duration;

use otp_core::prelude::*;

/// What a passage costs, in cents.
pub(crate) const PRICE: u32 = 50;

/// How long it stays unlocked: as long as its state timeout says.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Lets one person through for each price that was paid.
#[gen_statem]
pub(crate) enum Turnstile {
    /// What was paid so far, and who has passed.
    #[initial]
    Locked {
        /// In cents.
        paid: u32,
        /// How many have passed.
        passages: u64,
    },
    /// Paid, and nobody has passed yet.
    Unlocked {
        /// How many have passed before.
        passages: u64,
    },
}

#[gen_statem(postpone(push: Locked))]
impl Turnstile {
    #[init]
    fn init() -> Self {
        Turnstile::Locked {
            paid: 0,
            passages: 0,
        }
    }

    /// Pays, and answers what is left to pay.
    #[on(Locked { paid, passages })]
    #[call]
    pub(crate) fn coin(self, cents: u32) -> (To![Unlocked, Locked], u32) {
        match PRICE.saturating_sub(paid + cents) {
            0 => (To::Unlocked { passages }, 0),
            left => (
                To::Locked {
                    paid: PRICE - left,
                    passages,
                },
                left,
            ),
        }
    }

    /// Who pays twice has paid.
    #[on(Unlocked)]
    #[call]
    pub(crate) fn coin(&self, _cents: u32) -> u32 {
        0
    }

    /// Goes through, once it is unlocked.
    #[on(Unlocked { passages })]
    #[cast]
    pub(crate) fn push(self) -> To![Locked] {
        To::Locked {
            paid: 0,
            passages: passages + 1,
        }
    }

    #[on(Unlocked { passages })]
    #[state_timeout(5s)]
    fn too_late(self) -> To![Locked] {
        To::Locked { paid: 0, passages }
    }

    /// How many have passed.
    #[on(Locked { passages, .. }, Unlocked { passages })]
    #[call]
    pub(crate) fn passages(&self) -> u64 {
        *passages
    }
}

#[gen_statem]
pub enum Turnstile {
    #[initial]
    Locked,
    Unlocked {
        until: Instant,
    },
}

#[gen_statem(postpone(push: Locked), ignore(coin: Unlocked))]
impl Turnstile {
    /// Pays.
    #[on(Locked)]
    #[call]
    pub fn coin(self, cents: u32) -> To![Unlocked, Locked] {
        if cents >= 50 {
            To::Unlocked { until: soon() }
        } else {
            To::Locked
        }
    }

    #[on(Unlocked { until })]
    #[cast]
    pub fn push(self) -> To![Locked] {
        assert!(until > now());
        To::Locked
    }

    #[on(Unlocked)]
    #[state_timeout(5s)]
    fn too_late(self) -> To![Locked] {
        To::Locked
    }
}

//! What the options of `#[otp_core::test]` say.

/// The options of one test. The default allows nothing, and does not shuffle.
#[derive(Clone, Copy, Debug)]
pub struct TestOptions {
    pub(crate) leaks_allowed: bool,
    pub(crate) crashes_allowed: bool,
    pub(crate) schedules: Option<u32>,
}

impl TestOptions {
    /// No option is written.
    pub const DEFAULT: Self = TestOptions {
        leaks_allowed: false,
        crashes_allowed: false,
        schedules: None,
    };

    /// `leaks = allowed`
    #[must_use]
    pub const fn leaks_allowed(mut self) -> Self {
        self.leaks_allowed = true;
        self
    }

    /// `crashes = allowed`
    #[must_use]
    pub const fn crashes_allowed(mut self) -> Self {
        self.crashes_allowed = true;
        self
    }

    /// `shuffled = 200`
    #[must_use]
    pub const fn shuffled(mut self, schedules: u32) -> Self {
        self.schedules = Some(schedules);
        self
    }
}

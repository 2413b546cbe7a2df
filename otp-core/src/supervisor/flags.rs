//! What is said of a supervisor as a whole. Plain values with Elixir's defaults.

use std::time::Duration;

/// Which children are restarted when one of them is.
///
/// The `strategy` of OTP. There is no `simple_one_for_one`: that is a [`DynamicSupervisor`](crate::DynamicSupervisor).
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let (first, second) = (Counter::child_spec(1).id("first"), Counter::child_spec(2).id("second"));
/// let second_ref = second.handle();
/// let supervisor = Supervisor::builder(Strategy::OneForAll).child(first).child(second).start_link().await.unwrap();
/// let (before, monitor) = (second_ref.pid(), second_ref.monitor());
/// // The end of one restarts all.
/// process::exit(supervisor.get_child("first").await.unwrap().state.pid().unwrap(), ExitReason::Kill);
/// process::receive_down(monitor).await;
/// while second_ref.add(1).await != Ok(3) {}
/// assert_ne!(second_ref.pid(), before);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// That one alone.
    OneForOne,
    /// All of them: the others are stopped in reverse start order, then all are started in start order.
    OneForAll,
    /// That one and those that were started after it.
    RestForOne,
}

/// When the ends of significant children shut their supervisor down.
///
/// The `auto_shutdown` of OTP.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{AutoShutdown, Restart, Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).restart(Restart::Transient).significant(true);
/// let hits_ref = hits.handle();
/// let supervisor = Supervisor::builder(Strategy::OneForOne)
///     .auto_shutdown(AutoShutdown::AnySignificant)
///     .child(hits)
///     .start()
///     .await
///     .unwrap();
/// hits_ref.stop().await.unwrap();
/// assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AutoShutdown {
    /// Never. The default; then no child may be significant.
    #[default]
    Never,
    /// As soon as one significant child has ended for good.
    AnySignificant,
    /// When the last significant child has ended for good.
    AllSignificant,
}

/// How long a restart is put off. OTP has no such thing; by default there is none here either.
///
/// The first restart within the supervisor's period waits for `first`, each further one for twice as long as the one
/// before, up to `max`. While it waits, the child is `restarting`, and the supervisor serves as usual.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// use otp_core::BackOff;
///
/// let back_off = BackOff::new(Duration::from_millis(100), Duration::from_secs(10));
/// assert_eq!(back_off.delay(1), Duration::from_millis(100));
/// assert_eq!(back_off.delay(4), Duration::from_millis(800));
/// assert_eq!(back_off.delay(40), Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BackOff {
    first: Duration,
    max: Duration,
}

impl BackOff {
    /// From `first`, doubled up to `max`.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::BackOff;
    /// use std::time::Duration;
    ///
    /// const STEADY: BackOff = BackOff::new(Duration::from_secs(1), Duration::from_secs(1));
    /// assert_eq!(STEADY.delay(9), Duration::from_secs(1));
    /// ```
    #[must_use]
    pub const fn new(first: Duration, max: Duration) -> Self {
        BackOff { first, max }
    }

    /// How long the restart of this number within the period waits; the first is number 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::BackOff;
    /// use std::time::Duration;
    ///
    /// let back_off = BackOff::new(Duration::from_millis(100), Duration::from_millis(300));
    /// assert_eq!([1, 2, 3].map(|number| back_off.delay(number).as_millis()), [100, 200, 300]);
    /// ```
    #[must_use]
    pub fn delay(&self, number: u32) -> Duration {
        let doublings = number.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.max)
    }
}

/// How a supervisor does its work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags {
    pub(crate) strategy: Strategy,
    pub(crate) max_restarts: u32,
    pub(crate) period: Duration,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) back_off: Option<BackOff>,
}

impl Flags {
    /// Three restarts in five seconds, as in Elixir.
    pub(crate) const DEFAULT: Self = Flags {
        strategy: Strategy::OneForOne,
        max_restarts: 3,
        period: Duration::from_secs(5),
        auto_shutdown: AutoShutdown::Never,
        back_off: None,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_of_which_nothing_is_said_is_one_of_elixirs() {
        let default = Flags::DEFAULT;
        assert_eq!(default.strategy, Strategy::OneForOne);
        assert_eq!(default.max_restarts, 3);
        assert_eq!(default.period, Duration::from_secs(5));
        assert_eq!(default.auto_shutdown, AutoShutdown::Never);
        assert_eq!(default.back_off, None);
    }

    #[test]
    fn a_delay_doubles_up_to_the_maximum() {
        let back_off = BackOff::new(Duration::from_millis(100), Duration::from_secs(1));
        let delays =
            [0, 1, 2, 3, 4, 5, 32, 33, u32::MAX].map(|number| back_off.delay(number).as_millis());
        assert_eq!(delays, [100, 100, 200, 400, 800, 1000, 1000, 1000, 1000]);
        let long = BackOff::new(Duration::from_secs(1), Duration::MAX);
        assert_eq!(long.delay(33), Duration::from_secs(1 << 31));
    }
}

//! A counter, its clients, and a tree of counters.

use otp_core::prelude::*;

/// A counter that anyone may add to.
#[gen_server]
pub struct Counter {
    value: i64,
    highest: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter {
            value,
            highest: value,
        }
    }

    /// Adds `by` and answers the new value.
    #[call]
    pub fn add(&mut self, by: i64, cx: &mut Context<Self>) -> i64 {
        self.value += by;
        self.highest = self.highest.max(self.value);
        cx.set_timeout(Duration::from_secs(60));
        self.value
    }

    /// Begins at 0 again.
    #[cast]
    pub fn reset(&mut self) {
        self.value = 0;
    }

    #[handle_timeout]
    fn idle(&mut self, cx: &mut Context<Self>) {
        cx.hibernate();
    }
}

/// Adds to a counter, and to it alone.
pub async fn add_twice(counter: &CounterRef) -> Result<i64, CallFailure> {
    counter.reset();
    counter.add(1).await?;
    counter.add(2).await
}

/// Where counters begin.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first value.
    pub first_value: i64,
}

supervisor! {
    /// Counters under supervision.
    pub struct Counters(options: Options);

    strategy: one_for_one,

    children: {
        /// The counter that everyone asks.
        primary: Counter(options.first_value),
        secondary: Counter(0),
    }
}

/// Adds to the counter that everyone asks.
pub async fn add_to_primary(tree: &CountersRef) -> Result<i64, CallFailure> {
    tree.primary().add(3).await
}

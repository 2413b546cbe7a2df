//! Docs with code, deprecation and lint attributes stay with what they are about.

#![deny(missing_docs, deprecated)]

use otp_core::prelude::*;

/// A counter.
///
/// ```
/// let counter = "not compiled, but not lost either";
/// ```
#[gen_server]
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Counter {
    /// Its value.
    pub value: i64,
}

#[gen_server]
#[allow(non_snake_case, reason = "getAll is the name elsewhere")]
impl Counter {
    #![allow(clippy::missing_const_for_fn, reason = "handlers are never const")]

    /// How large it may be.
    pub const LIMIT: i64 = 100;

    /// Begins.
    ///
    /// # Panics
    ///
    /// Never.
    #[init]
    fn init() -> Self {
        Counter::default()
    }

    /// Adds, see [`Counter::LIMIT`].
    ///
    /// ```
    /// # async fn add(counter: &str) {
    /// assert_eq!(counter, "{}");
    /// # }
    /// ```
    #[call]
    #[inline]
    #[must_use]
    pub fn add(&mut self, #[allow(unused_variables, reason = "it is")] by: i64) -> i64 {
        self.value = (self.value + by).min(Self::LIMIT);
        self.value
    }

    /// Takes away.
    #[doc(alias = "minus")]
    #[deprecated(since = "0.1.0", note = "add less than nothing")]
    #[cast]
    pub fn subtract(&mut self, by: i64) {
        self.value -= by;
    }

    #[doc = concat!("All of ", "it.")]
    #[call]
    #[expect(unused_mut, reason = "carried once, to the method")]
    pub fn getAll(&self, mut times: i64) -> i64 {
        self.value * times
    }

    #[doc(hidden)]
    #[call]
    #[track_caller]
    #[cfg_attr(docsrs, doc(cfg(feature = "more")))]
    pub fn hidden(&self) -> i64 {
        Self::double(self.value)
    }

    /// An ordinary function.
    pub fn double(value: i64) -> i64 {
        value * 2
    }
}

#[allow(deprecated, reason = "what is deprecated works")]
async fn subtract(counter: &CounterRef) {
    counter.subtract(1).await;
}

/// Runs it.
#[otp_core::main]
#[allow(clippy::unused_unit, reason = "attributes of main stay")]
pub async fn main() {
    let counter = Counter::start_link().await.unwrap();
    assert_eq!(counter.add(3).await, Ok(3));
    subtract(&counter).await;
    assert_eq!(counter.getAll(2).await, Ok(4));
    assert_eq!(counter.hidden().await, Ok(4));
}

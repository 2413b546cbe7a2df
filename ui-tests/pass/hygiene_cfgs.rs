//! What exists in some builds only takes with it what is generated for it.

use otp_core::prelude::*;

#[gen_server]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter { value }
    }

    #[call]
    #[cfg(any())]
    pub fn never(&mut self, missing: Missing) -> AlsoMissing {
        missing.into()
    }

    #[call]
    #[cfg(not(any()))]
    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[call]
    #[cfg(any())]
    pub fn add(&mut self, by: Missing) -> i64 {
        by
    }

    #[cfg(any())]
    #[cast]
    pub fn never_cast(&mut self, missing: Missing) {
        drop(missing);
    }

    #[terminate]
    #[cfg(any())]
    fn terminate(&mut self, reason: &Missing) {
        drop(reason);
    }

    #[terminate]
    #[cfg(all())]
    fn terminate(&mut self, reason: &ExitReason) {
        assert!(reason.is_clean());
    }

    #[cfg_attr(all(), handle_missing)]
    #[cfg(any())]
    fn other(&self) {}
}

#[cfg(any())]
#[gen_server]
pub struct Absent(Missing);

#[cfg(any())]
#[gen_server]
impl Absent {
    #[init]
    fn init(missing: Missing) -> Self {
        Absent(missing)
    }
}

#[otp_core::main]
pub async fn main() {
    let counter = Counter::start_link(0).await.unwrap();
    assert_eq!(counter.add(2).await, Ok(2));
    counter.stop().await.unwrap();
}

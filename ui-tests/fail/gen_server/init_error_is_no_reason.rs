//! The error of init is no `std::error::Error`, so no reason of a failed start can be made of it.

use otp_core::prelude::*;

#[derive(Debug)]
pub struct Negative;

#[gen_server]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Result<Self, Negative> { //~
        if value < 0 {
            Err(Negative)
        } else {
            Ok(Counter { value })
        }
    }

    #[call]
    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[cast]
    pub fn reset(&mut self) {
        self.value = 0;
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter: CounterRef = Counter::start_link(0).await?;
    assert_eq!(counter.add(2).await?, 2);
    counter.reset();
    counter.stop().await?;
    Ok(())
}

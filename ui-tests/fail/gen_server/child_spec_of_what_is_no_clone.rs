//! A child specification needs arguments that can be cloned.

use otp_core::prelude::*;

pub struct Start(i64);

#[gen_server]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(start: Start) -> Self {
        Counter { value: start.0 }
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
    let counter: CounterRef = Counter::start_link(Start(0)).await?;
    assert_eq!(counter.add(2).await?, 2);
    counter.reset();
    drop(Counter::child_spec(Start(1))); //~
    counter.stop().await?;
    Ok(())
}

//! A server is derived, as with kameo.

use otp_core::prelude::*;

#[derive(Actor)] //~
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

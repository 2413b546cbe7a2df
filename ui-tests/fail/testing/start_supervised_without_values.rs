//! A server is started under the test's supervisor without what its init takes.

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
    let counter: CounterRef = otp_core::testing::start_supervised::<Counter>(()).await; //~
    assert_eq!(counter.add(2).await?, 2);
    counter.reset();
    counter.stop().await?;
    Ok(())
}

//! A call answers with a `Result` by another name.

use otp_core::prelude::*;

type Sum = Result<i64, std::num::TryFromIntError>;

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
    pub fn add(&mut self, by: i64) -> Sum { //~
        self.value += by;
        Ok(self.value)
    }

    #[cast]
    pub fn reset(&mut self) {
        self.value = 0;
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter: CounterRef = Counter::start_link(0).await?;
    assert_eq!(counter.add(2).await?, Ok(2));
    counter.reset();
    counter.stop().await?;
    Ok(())
}

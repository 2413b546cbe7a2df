//! A server has several mistakes; all of them are told at once.
//@ errors: 3, because there are three mistakes

use otp_core::prelude::*;

#[gen_server]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: &str) -> Self { //~
        Counter {
            value: value.len() as i64,
        }
    }

    #[call]
    pub async fn add(&self, by: i64) -> i64 { //~
        self.value + by
    }

    #[cast]
    pub fn reset(&mut self) -> i64 { //~
        0
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

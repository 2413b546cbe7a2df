//! A call takes a type that cannot leave its thread for what is inside of it.
//@ errors: 2, because the message cannot be sent either where a client awaits a call

use otp_core::prelude::*;

pub struct Amount(std::rc::Rc<i64>);

#[gen_server]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter { //~
    #[init]
    fn init(value: i64) -> Self {
        Counter { value }
    }

    #[call]
    pub fn add(&mut self, by: Amount) -> i64 {
        self.value += *by.0;
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
    assert_eq!(counter.add(Amount(2.into())).await?, 2); //~
    counter.reset();
    counter.stop().await?;
    Ok(())
}

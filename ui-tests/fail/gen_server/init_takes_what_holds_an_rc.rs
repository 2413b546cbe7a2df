//! Init takes a type that cannot leave its thread for what is inside of it.
//@ errors: 2, because both the arguments and the future of init cannot leave their thread

use otp_core::prelude::*;

pub struct Amount(std::rc::Rc<i64>);

#[gen_server]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter { //~
    #[init]
    fn init(value: Amount) -> Self {
        Counter { value: *value.0 }
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
    let counter: CounterRef = Counter::start_link(Amount(0.into())).await?;
    assert_eq!(counter.add(2).await?, 2);
    counter.reset();
    counter.stop().await?;
    Ok(())
}

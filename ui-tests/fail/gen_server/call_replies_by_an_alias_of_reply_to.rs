//! A call answers through a `ReplyTo` by another name.
//@ errors: 2, because a client is asked for what looks like a field of the message

use otp_core::prelude::*;

type Later = ReplyTo<i64>;

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
    pub fn add(&mut self, by: i64, later: Later) { //~
        later.send(self.value + by);
    }

    #[cast]
    pub fn reset(&mut self) {
        self.value = 0;
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter: CounterRef = Counter::start_link(0).await?;
    drop(counter.add(2)); //~
    counter.reset();
    counter.stop().await?;
    Ok(())
}

//! A listener is told of registrations, which it has no message for.

use otp_core::prelude::*;

#[gen_server]
pub struct Room;

#[gen_server]
impl Room {
    #[init]
    fn init() -> Self {
        Room
    }
}

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
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter = Counter::start_link(0).await?;
    let rooms = Registry::<u32, Room>::unique().listener(counter.clone()); //~
    rooms.start_link().await?;
    counter.add(1).await?;
    Ok(())
}

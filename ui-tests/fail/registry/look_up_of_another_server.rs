//! A look-up of rooms is taken for a counter.

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
    let rooms = Registry::<u32, Room>::unique().start_link().await?;
    Room::start_link().via(&rooms, 7).await?;
    let counter: Option<CounterRef> = rooms.lookup(&7); //~
    if let Some(counter) = counter {
        counter.add(1).await?;
    }
    Ok(())
}

//! A counter registers itself in a registry of rooms.

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

    #[cast]
    pub fn enter(&mut self, rooms: RegistryRef<u32, Room>, cx: &mut Context<Self>) {
        rooms.register(cx, 7, ()).ok(); //~
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rooms = Registry::<u32, Room>::unique().start_link().await?;
    Room::start_link().via(&rooms, 7).await?;
    let counter = Counter::start_link(0).await?;
    counter.enter(rooms);
    Ok(())
}

//! A server registers itself without the value that its registry stores.

use otp_core::prelude::*;

#[gen_server]
pub struct Room;

#[gen_server]
impl Room {
    #[init]
    fn init(rooms: RegistryRef<u32, Room, String>, cx: &mut Context<Self>) -> Self {
        rooms.register(cx, 7, ()).ok(); //~
        Room
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rooms = Registry::<u32, Room, String>::unique().start_link().await?;
    Room::start_link(rooms).await?;
    Ok(())
}

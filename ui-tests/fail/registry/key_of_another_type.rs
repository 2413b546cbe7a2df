//! A room is looked up by a text, and its key is a number.

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

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rooms = Registry::<u32, Room>::unique().start_link().await?;
    Room::start_link().via(&rooms, 7).await?;
    let room: Option<RoomRef> = rooms.lookup("lobby"); //~
    assert!(room.is_some());
    Ok(())
}

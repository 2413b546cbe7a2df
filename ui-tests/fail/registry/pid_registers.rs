//! Somebody registers another process, by its pid.

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
    let room = Room::start_link().await?;
    let pid = room.pid().ok_or("it has ended")?;
    rooms.register(&pid, 7, ())?; //~
    Ok(())
}

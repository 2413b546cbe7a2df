//! A server is started via a registry whose keys may be held by many.

use otp_core::DuplicateRegistry;
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
    let rooms = DuplicateRegistry::<u32, Room>::new().start_link().await?;
    Room::start_link().via(&rooms, 7).await?; //~
    Ok(())
}

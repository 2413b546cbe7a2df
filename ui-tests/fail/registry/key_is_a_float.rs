//! The keys of a registry are floats, which have no equality.

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
    let rooms = Registry::<f64, Room>::unique().start_link().await?; //~
    rooms.stop().await?;
    Ok(())
}

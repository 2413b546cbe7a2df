//! A registry is of a struct that is no server.

use otp_core::prelude::*;

/// A setting.
pub struct Setting;

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Registry::<u32, Setting>::unique().start_link().await?; //~
    settings.stop().await?;
    Ok(())
}

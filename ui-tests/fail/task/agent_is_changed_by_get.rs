//! The state of an agent is changed in a `get`.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names = Agent::start_link(|| vec![String::from("joe")]).await?;
    names.get(|names| names.push(String::from("jane"))).await?; //~
    Ok(())
}

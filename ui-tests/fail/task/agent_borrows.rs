//! A function of an agent borrows from its caller.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names = Agent::start_link(Vec::new).await?;
    let name = String::from("joe");
    names.update(|names| names.push(name.clone())).await?; //~
    println!("{name}");
    Ok(())
}

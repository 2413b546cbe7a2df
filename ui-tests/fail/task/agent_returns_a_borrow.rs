//! A function of an agent returns a borrow of its state.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names = Agent::start_link(|| vec![String::from("joe")]).await?;
    let first = names.get(|names| &names[0]).await?; //~
    assert_eq!(first, "joe");
    Ok(())
}

//! A process holds what cannot leave its thread.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let shared = std::rc::Rc::new(5);
    process::spawn(async move { drop(shared) }); //~
}

//! A process borrows from the one that spawns it.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let text = String::from("hello");
    process::spawn(async { println!("{text}") }); //~
    println!("{text}");
}

//! The items of a stream of tasks are borrowed from the process that polls it.

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let words = vec![String::from("a"), String::from("bb")];
    let lengths = task::async_stream(&words, async |word: &String| word.len()); //~
    drop(lengths);
}

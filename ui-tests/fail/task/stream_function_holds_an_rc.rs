//! The function of a stream of tasks holds what cannot leave its thread.
//@ errors: 2, because the function is sent to the tasks and shared by them

use otp_core::prelude::*;

#[otp_core::main]
async fn main() {
    let factor = std::rc::Rc::new(2);
    let doubled = task::async_stream([1, 2, 3], move |n| std::future::ready(n * *factor)); //~
    drop(doubled);
}

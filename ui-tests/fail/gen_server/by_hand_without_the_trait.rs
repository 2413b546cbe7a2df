//! What is started is no server.
//@ errors: 2, because its handle is no handle either

use otp_core::prelude::*;

struct Counter(i64);

enum CounterMessage {
    Add { by: i64, reply_to: ReplyTo<i64> },
}

#[otp_core::main]
async fn main() {
    drop(gen_server::start_link::<ServerRef<Counter>>(0)); //~
}

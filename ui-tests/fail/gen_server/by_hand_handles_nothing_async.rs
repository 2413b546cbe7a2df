//! A server by hand handles its messages in a function that is not async.

use otp_core::prelude::*;

struct Counter(i64);

enum CounterMessage {
    Add { by: i64, reply_to: ReplyTo<i64> },
}

impl GenServer for Counter {
    type Args = i64;
    type Message = CounterMessage;

    async fn init(value: i64, _cx: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Counter(value))
    }

    fn handle_message(&mut self, message: CounterMessage, cx: &mut Context<Self>) { //~
        match message {
            CounterMessage::Add { by, reply_to } => {
                self.0 += by;
                cx.reply(reply_to, self.0);
            }
        }
    }
}

#[otp_core::main]
async fn main() {
    let counter: ServerRef<Counter> = gen_server::start_link(0).await.unwrap();
    let sum = counter.call(|reply_to| CounterMessage::Add { by: 2, reply_to });
    assert_eq!(sum.await, Ok(2));
}

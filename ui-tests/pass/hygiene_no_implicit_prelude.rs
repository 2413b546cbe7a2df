//! Nothing is in scope but what is named.

#![no_implicit_prelude]

use ::otp_core::{Context, ExitReason, ReplyTo, gen_server};
use ::otp_core::{call, cast, format_status, handle_continue, handle_down, handle_exit};
use ::otp_core::{handle_info, handle_timeout, init, terminate};

#[gen_server(restart = transient, shutdown = 500ms, mailbox = bounded(8, refuse))]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    async fn init(value: i64, cx: &mut Context<Self>) -> ::std::result::Result<Self, ExitReason> {
        cx.continue_with(CounterMessage::Load);
        ::std::result::Result::Ok(Counter { value })
    }

    #[call]
    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[call]
    pub fn divide(&mut self, by: i64) -> ::std::result::Result<u8, ::std::num::TryFromIntError> {
        ::std::convert::TryFrom::try_from(self.value / by)
    }

    #[call]
    pub fn later(&self, reply_to: ReplyTo<i64>) {
        reply_to.send(self.value);
    }

    #[cast]
    pub async fn reset(&mut self) {
        self.value = 0;
    }

    #[handle_continue]
    fn load(&mut self) {
        self.value += 1;
    }

    #[handle_info]
    fn tick(&mut self, cx: &mut Context<Self>) {
        cx.set_timeout(::std::time::Duration::from_secs(1));
    }

    #[handle_timeout]
    fn idle(&mut self) {}

    #[handle_down]
    fn down(&mut self, down: ::otp_core::process::Down) {
        ::std::mem::drop(down);
    }

    #[handle_exit]
    fn exit(&mut self, exit: ::otp_core::process::Exit) {
        ::std::mem::drop(exit);
    }

    #[terminate]
    async fn terminate(&mut self, reason: &ExitReason) {
        ::std::assert_eq!(*reason, ExitReason::Normal);
    }

    #[format_status]
    fn status(&self) -> ::std::string::String {
        ::std::string::ToString::to_string(&self.value)
    }
}

#[::otp_core::main]
pub async fn main() {
    let counter = Counter::start_link(0).await.unwrap();
    counter.cast(CounterMessage::Tick);
    ::std::assert_eq!(counter.add(2).await, ::std::result::Result::Ok(3));
    ::std::assert_eq!(counter.divide(3).await, ::std::result::Result::Ok(1));
    ::std::assert_eq!(counter.later().await, ::std::result::Result::Ok(3));
    counter.reset().await;
    ::std::assert_eq!(counter.add(2).await, ::std::result::Result::Ok(2));
    counter.stop().await.unwrap();
}

#[::otp_core::test]
async fn tests_need_no_prelude_either() {
    let counter = Counter::start_link(0).await.unwrap();
    ::std::assert_eq!(counter.add(2).await, ::std::result::Result::Ok(3));
}

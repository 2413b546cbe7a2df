//! Names that generated code might use itself are the user's.

#![allow(dead_code, reason = "these names only stand in the way")]

use otp_core::gen_server;
use otp_core::{Context, ReplyTo};

// Types and traits of these names must not be taken for those of std or of otp-core.
pub struct Option;
pub struct Call;
pub struct TryCall;
pub struct Sent;
pub struct ServerRef;
pub struct Start;
pub struct ChildSpec;
pub struct InitError;
pub struct String;
pub struct Vec;
pub struct PhantomData;
pub struct CounterArguments;
pub struct Arguments;
pub enum Message {
    Add,
}
pub trait Send {}
pub trait Clone {}
pub trait Future {}
pub trait GenServer {}
mod core {}
mod std {}
fn start() {}
fn message_name() {}
fn is_server() {}
const OPTIONS: u8 = 0;

#[gen_server]
pub struct Counter(i64);

#[gen_server]
impl Counter {
    #[otp_core::init]
    fn init(
        arguments: i64,
        cx: CounterArguments,
        message: i64,
        context: &mut Context<Self>,
    ) -> Self {
        context.trap_exit(false);
        drop(cx);
        Counter(arguments + message)
    }

    #[otp_core::call]
    pub fn add(&mut self, reply_to: i64, cx: i64, message: i64, self_: i64, answer: i64) -> i64 {
        self.0 += reply_to + cx + message + self_ + answer;
        self.0
    }

    #[otp_core::call]
    pub fn later(
        &mut self,
        reply_to: i64,
        reply_to_: i64,
        data0: i64,
        data1: ReplyTo<i64>,
        cx: &mut Context<Self>,
    ) {
        cx.trap_exit(false);
        data1.send(self.0 + reply_to + reply_to_ + data0);
    }

    #[otp_core::cast]
    pub async fn set(
        &mut self,
        build: i64,
        state: i64,
        f: i64,
        other: i64,
        inner: i64,
        never: i64,
        of: i64,
    ) {
        self.0 = build + state + f + other + inner + never + of;
    }

    // A handler wins over what the handle has of itself, and over the traits' methods.
    #[otp_core::call]
    pub fn call(&self) -> i64 {
        1
    }

    #[otp_core::call]
    pub fn try_call(&self) -> Result<i64, i64> {
        Err(2)
    }

    #[otp_core::cast]
    pub fn cast(&mut self) {
        self.0 = 3;
    }

    #[otp_core::call]
    pub fn pid(&self) -> i64 {
        4
    }

    #[otp_core::call]
    pub fn clone(&self) -> i64 {
        5
    }

    #[otp_core::call]
    pub fn deref(&self, other: i64) -> i64 {
        other
    }

    #[otp_core::call]
    pub fn handle_message(&self, message: Message) -> bool {
        matches!(message, Message::Add)
    }

    #[otp_core::call]
    pub fn message_name(&self) -> i64 {
        6
    }
}

#[otp_core::main]
pub async fn main() {
    let counter = Counter::start_link(1, CounterArguments, 1).await.unwrap();
    assert_eq!(counter.add(1, 1, 1, 1, 1).await, Ok(7));
    assert_eq!(counter.later(1, 1, 1).await, Ok(10));
    counter.set(1, 1, 1, 1, 1, 1, 1);
    assert_eq!(counter.add(0, 0, 0, 0, 0).await, Ok(7));
    counter.cast();
    assert_eq!(counter.add(0, 0, 0, 0, 0).await, Ok(3));
    assert_eq!(counter.call().await, Ok(1));
    assert!(counter.try_call().await.is_err());
    assert_eq!(counter.pid().await, Ok(4));
    assert_eq!(counter.clone().await, Ok(5));
    assert_eq!(counter.deref(8).await, Ok(8));
    assert_eq!(counter.handle_message(Message::Add).await, Ok(true));
    assert_eq!(counter.message_name().await, Ok(6));
}

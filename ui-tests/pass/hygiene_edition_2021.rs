//! The macros work in an older edition, where `gen` is no keyword.
//@ edition: 2021

use otp_core::prelude::*;

#[gen_server(shutdown = infinity)]
pub struct Counter<T> {
    gen: u64,
    last: Option<T>,
}

#[gen_server]
impl<T> Counter<T>
where
    T: Clone,
{
    #[init]
    async fn init(gen: u64) -> Result<Self, ExitReason> {
        Ok(Counter { gen, last: None })
    }

    #[call]
    pub async fn gen(&mut self, last: T) -> (u64, Option<T>) {
        self.gen += 1;
        (self.gen, self.last.replace(last))
    }

    #[cast]
    pub fn reset(&mut self) {
        self.gen = 0;
    }
}

#[otp_core::main]
async fn main() {
    let counter = Counter::start_link(0).await.unwrap();
    assert_eq!(counter.gen("a").await, Ok((1, None)));
    counter.reset();
    assert_eq!(counter.gen("b").await, Ok((1, Some("a"))));
}

//! A generic server borrows an argument.

use otp_core::prelude::*;

#[gen_server]
pub struct Counter<T> {
    value: T,
}

#[gen_server]
impl<T: Clone + Default> Counter<T> {
    #[init]
    fn init(value: T) -> Self {
        Counter { value }
    }

    #[call]
    pub fn add(&mut self, by: &T) -> T { //~
        self.value.clone_from(by);
        self.value.clone()
    }

    #[cast]
    pub fn reset(&mut self) {
        self.value = T::default();
    }
}

#[otp_core::main]
async fn main() {
    let counter: CounterRef<u8> = Counter::start_link(0).await.unwrap();
    assert_eq!(counter.add(&2).await, Ok(2));
    counter.reset();
}

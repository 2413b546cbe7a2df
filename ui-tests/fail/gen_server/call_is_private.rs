//! A client in another module uses a call that is private.

use counter::{Counter, CounterRef};

mod counter {
    use otp_core::prelude::*;

    #[gen_server]
    pub struct Counter {
        value: i64,
    }

    #[gen_server]
    impl Counter {
        #[init]
        fn init(value: i64) -> Self {
            Counter { value }
        }

        #[call]
        fn add(&mut self, by: i64) -> i64 {
            self.value += by;
            self.value
        }
    }
}

#[otp_core::main]
async fn main() {
    let counter: CounterRef = Counter::start_link(0).await.unwrap();
    assert_eq!(counter.add(2).await, Ok(2)); //~
}

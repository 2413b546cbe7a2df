//! A wrong server is used from another module.

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
        pub fn add(&mut self, by: &i64) -> i64 { //~
            self.value += by;
            self.value
        }
    }
}

mod client {
    use super::counter::{Counter, CounterMessage, CounterRef};

    pub async fn run() -> Result<CounterMessage, Box<dyn std::error::Error>> {
        let counter: CounterRef = Counter::start_link(0).name("hits").await?;
        assert_eq!(counter.add(&2).await?, 2);
        Ok(CounterMessage::Add { by: 1 })
    }
}

#[otp_core::main]
async fn main() {
    client::run().await.unwrap();
}

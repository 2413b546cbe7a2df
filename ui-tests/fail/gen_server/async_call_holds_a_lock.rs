//! An async call holds a lock while it waits.

use std::sync::Mutex;

use otp_core::prelude::*;

#[gen_server]
pub struct Counter {
    value: Mutex<i64>,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter {
            value: Mutex::new(value),
        }
    }

    #[call]
    pub async fn add(&mut self, by: i64) -> i64 { //~
        let mut value = self.value.lock().unwrap();
        std::future::ready(()).await;
        *value += by;
        *value
    }

    #[cast]
    pub fn reset(&mut self) {
        *self.value.get_mut().unwrap() = 0;
    }
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter: CounterRef = Counter::start_link(0).await?;
    assert_eq!(counter.add(2).await?, 2);
    counter.reset();
    counter.stop().await?;
    Ok(())
}

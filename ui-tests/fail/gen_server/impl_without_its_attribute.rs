//! The attribute stands above the struct only.

use otp_core::prelude::*;

#[gen_server]
pub struct Counter { //~
    value: i64,
}

impl Counter {
    fn init(value: i64) -> Self {
        Counter { value }
    }

    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }
}

fn main() {
    let mut counter = Counter::init(0);
    assert_eq!(counter.add(2), 2);
}

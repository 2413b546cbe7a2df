//! The attribute of `main` stands above a struct.

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
    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[cast]
    pub fn reset(&mut self) {
        self.value = 0;
    }
}

#[otp_core::main]
struct App; //~

fn main() {
    drop((App, Counter::start(0)));
}

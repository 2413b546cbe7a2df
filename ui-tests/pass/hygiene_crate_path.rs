//! The macros find the runtime where `crate = path` says, as behind the facade of a framework.

mod framework {
    pub use ::otp_core as rt;
}

// Whatever is called as the crate is here is not it.
#[allow(dead_code, reason = "it only stands in the way")]
mod otp_core {}

use framework::rt::prelude::*;

#[gen_server(crate = self::framework::rt, restart = temporary)]
pub struct Counter(i64);

#[gen_server(crate = self::framework::rt)]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter(value)
    }

    #[call]
    pub fn add(&mut self, by: i64) -> i64 {
        self.0 += by;
        self.0
    }

    #[cast]
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

#[framework::rt::main(crate = self::framework::rt, flavor = "current_thread")]
pub async fn main() {
    let counter = Counter::start_link(0).await.unwrap();
    counter.reset();
    assert_eq!(counter.add(2).await, Ok(2));
}

//! The crate bears another name in Cargo.toml.
//@ otp-core as: otp

use otp::prelude::*;

#[gen_server(mailbox = bounded(4))]
pub struct Counter(i64);

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter(value)
    }

    #[call]
    pub fn add(&mut self, by: i64, cx: &mut Context<Self>) -> i64 {
        cx.set_timeout(Duration::from_secs(1));
        self.0 += by;
        self.0
    }

    #[handle_timeout]
    fn idle(&mut self) {}
}

#[otp::main]
async fn main() {
    let counter = Counter::start_link(0).await.unwrap();
    assert_eq!(counter.add(2).await, Ok(2));
}

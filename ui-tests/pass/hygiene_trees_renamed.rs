//! The crate bears another name in Cargo.toml, and trees are written by macros and in functions.
//@ otp-core as: otp

use otp::prelude::*;

#[gen_server]
pub struct Counter(i64);

#[gen_server]
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
}

macro_rules! pair {
    ($tree:ident($param:ident: $ty:ty), $server:ident, $one:ident, $value:expr) => {
        supervisor! {
            struct $tree($param: $ty);
            strategy: one_for_one,
            children: {
                $one: $server($value),
                other: $server($param + $value),
            }
        }
    };
}

pair!(Pair(first: i64), Counter, one, 1);

#[otp::main]
async fn main() {
    supervisor! {
        struct Local;
        crate: otp,
        strategy: one_for_one,
        children: { pair: Pair(20), }
    }

    let tree: LocalRef = Local::start_link().await.unwrap();
    let pair: PairRef = tree.pair();
    assert_eq!(pair.one().add(1).await, Ok(2));
    assert_eq!(pair.other().add(21).await, Ok(42));
}

//! A method behind a child's arguments does not exist.

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
}

#[gen_server]
pub struct Sum {
    counters: [CounterRef; 2],
}

#[gen_server]
impl Sum {
    #[init]
    fn init(first: CounterRef, second: CounterRef) -> Self {
        Sum { counters: [first, second] }
    }

    #[call]
    pub async fn sum(&mut self) -> Result<i64, CallFailure> {
        let [first, second] = &self.counters;
        Ok(first.add(0).await? + second.add(0).await?)
    }
}

supervisor! {
    /// Two counters and their sum.
    pub struct Counters(start: i64);

    strategy: one_for_one,
    max_restarts: 3 in 5s,

    children: {
        first: Counter(start).nane("first"), //~
        second: Counter(start + 1) { restart: transient },
        sum: Sum(first, second),
    }
}

fn both(tree: &CountersRef) -> (CounterRef, CounterRef) {
    (tree.first(), tree.second())
}

#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tree: CountersRef = Counters::start_link(1).await?;
    let (first, second) = both(&tree);
    assert_eq!(first.add(1).await? + second.add(1).await?, 5);
    assert_eq!(tree.sum().sum().await?, 5);
    tree.stop().await?;
    Ok(())
}

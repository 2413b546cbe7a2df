//! The contender: a server as a user of `otp-core` writes it, with everything on.

use std::time::Instant;

use otp_core::prelude::*;

use crate::workload::{Sizes, Workload, resident_bytes};

/// Counts.
#[gen_server]
pub(crate) struct Counter {
    value: u64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: u64) -> Self {
        Counter { value }
    }

    /// Adds and answers the sum.
    #[call]
    pub(crate) fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    /// Adds.
    #[cast]
    pub(crate) fn bump(&mut self, by: u64) {
        self.value += by;
    }
}

/// Runs a workload in a node, and gives nanoseconds, or bytes, for each operation.
pub(crate) async fn run(workload: Workload, sizes: Sizes) -> f64 {
    let node = Node::new();
    node.run(async move {
        match workload {
            Workload::Call => {
                let server = Counter::start(0).await.expect("it starts");
                let began = Instant::now();
                for _ in 0..sizes.calls {
                    server.add(1).await.expect("it answers");
                }
                began.elapsed().as_nanos() as f64 / sizes.calls as f64
            }
            Workload::Cast => {
                let server = Counter::start(0).await.expect("it starts");
                let began = Instant::now();
                for _ in 0..sizes.casts {
                    server.bump(1);
                }
                let sum = server.add(0).await.expect("it answers");
                assert_eq!(sum, sizes.casts);
                began.elapsed().as_nanos() as f64 / sizes.casts as f64
            }
            Workload::Spawn => {
                let began = Instant::now();
                let mut servers = Vec::with_capacity(sizes.servers);
                for _ in 0..sizes.servers {
                    servers.push(Counter::start(0).await.expect("it starts"));
                }
                for server in &servers {
                    server.stop().await.expect("it stops");
                }
                began.elapsed().as_nanos() as f64 / sizes.servers as f64
            }
            Workload::Bytes => {
                let before = resident_bytes();
                let mut servers = Vec::with_capacity(sizes.servers);
                for _ in 0..sizes.servers {
                    servers.push(Counter::start(0).await.expect("it starts"));
                }
                for server in &servers {
                    server.add(1).await.expect("it answers");
                }
                let handles = servers.len() * size_of::<CounterRef>();
                (resident_bytes() - before - handles) as f64 / sizes.servers as f64
            }
        }
    })
    .await
}

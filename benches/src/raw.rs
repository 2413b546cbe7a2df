//! The actor that a tokio user writes by hand: a bounded mpsc of an enum, a oneshot for each reply. No timeout, no
//! links, no monitors, no names, and a panic takes it away without a word.

use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::workload::{Sizes, Workload, resident_bytes};

#[derive(Debug)]
enum Message {
    Add {
        by: u64,
        reply: oneshot::Sender<u64>,
    },
    Bump {
        by: u64,
    },
}

struct Counter {
    value: u64,
}

impl Counter {
    fn start(value: u64) -> (mpsc::Sender<Message>, JoinHandle<()>) {
        let (sender, mut mailbox) = mpsc::channel(1024);
        let task = tokio::spawn(async move {
            let mut counter = Counter { value };
            while let Some(message) = mailbox.recv().await {
                match message {
                    Message::Add { by, reply } => {
                        counter.value += by;
                        // The caller may have gone.
                        let _ = reply.send(counter.value);
                    }
                    Message::Bump { by } => counter.value += by,
                }
            }
        });
        (sender, task)
    }
}

async fn add(server: &mpsc::Sender<Message>, by: u64) -> u64 {
    let (reply, answer) = oneshot::channel();
    server
        .send(Message::Add { by, reply })
        .await
        .expect("it lives");
    answer.await.expect("it answers")
}

/// Runs a workload, and gives nanoseconds, or bytes, for each operation.
pub(crate) async fn run(workload: Workload, sizes: Sizes) -> f64 {
    match workload {
        Workload::Call => {
            let (server, _task) = Counter::start(0);
            let began = Instant::now();
            for _ in 0..sizes.calls {
                add(&server, 1).await;
            }
            began.elapsed().as_nanos() as f64 / sizes.calls as f64
        }
        Workload::Cast => {
            let (server, _task) = Counter::start(0);
            let began = Instant::now();
            for _ in 0..sizes.casts {
                server
                    .send(Message::Bump { by: 1 })
                    .await
                    .expect("it lives");
            }
            assert_eq!(add(&server, 0).await, sizes.casts);
            began.elapsed().as_nanos() as f64 / sizes.casts as f64
        }
        Workload::Spawn => {
            let began = Instant::now();
            let mut servers = Vec::with_capacity(sizes.servers);
            for _ in 0..sizes.servers {
                servers.push(Counter::start(0));
            }
            for (server, task) in servers {
                drop(server);
                task.await.expect("it ends");
            }
            began.elapsed().as_nanos() as f64 / sizes.servers as f64
        }
        Workload::Bytes => {
            let before = resident_bytes();
            let mut servers = Vec::with_capacity(sizes.servers);
            for _ in 0..sizes.servers {
                servers.push(Counter::start(0).0);
            }
            for server in &servers {
                add(server, 1).await;
            }
            let handles = servers.len() * size_of::<mpsc::Sender<Message>>();
            (resident_bytes() - before - handles) as f64 / sizes.servers as f64
        }
    }
}

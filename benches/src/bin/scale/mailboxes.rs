//! One message among N that are queued, and one sender among N that wait for room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use otp_core::prelude::*;
use tokio::sync::oneshot;

use crate::samples::{Budget, Pick, Samples};
use crate::series::Figure;
use crate::servers::Counter;

/// Pushed onto a queue of N, and not more than that a queue of ten is still about ten long.
fn pushes(n: usize) -> usize {
    (n / 10).clamp(1, 100)
}

pub(crate) async fn measure(n: usize, budget: Budget) -> Vec<Figure> {
    let server = Counter::start().await.expect("it starts");
    let (mut push, mut handle) = (Samples::new(budget), Samples::new(budget));
    while push.wants_more() || handle.wants_more() {
        // One thread: the server gets no turn before the call.
        for _ in 0..n {
            server.bump(1);
        }
        let more = pushes(n);
        let began = Instant::now();
        for _ in 0..more {
            server.bump(1);
        }
        push.add(began.elapsed(), more);
        let began = Instant::now();
        server.add(0).await.expect("it answers");
        handle.add(began.elapsed(), n + more + 1);
    }
    let mut figures = vec![
        Figure::new("cast onto N", Pick::Same, push),
        Figure::new("handling one, N being queued at first", Pick::Same, handle),
    ];

    let (address, results) = spawn_receiver(n, budget);
    figures.extend(results.await.expect("the receiver does not crash"));
    drop(address);
    figures
}

const UNWANTED: u64 = 0;
const WANTED: u64 = 1;
const RECEIVES: usize = 10;

/// A process that receives its own messages, of which N are always in its mailbox.
fn spawn_receiver(n: usize, budget: Budget) -> (Address<u64>, oneshot::Receiver<Vec<Figure>>) {
    let (done, results) = oneshot::channel();
    let address = process::spawn(async move |mut mailbox: Mailbox<u64>| {
        let me = mailbox.address();
        let mut figures = Vec::new();
        for _ in 0..n {
            me.send(WANTED);
        }
        let mut samples = Samples::new(budget);
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..RECEIVES {
                mailbox.receive().await;
                me.send(WANTED);
            }
            samples.add(began.elapsed(), RECEIVES);
        }
        figures.push(Figure::new(
            "receive the first, and send",
            Pick::Same,
            samples,
        ));

        while mailbox.try_receive().is_some() {}
        me.send(UNWANTED);
        for _ in 0..n {
            me.send(WANTED);
        }
        let mut samples = Samples::new(budget);
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..RECEIVES {
                mailbox.receive_where(|message| *message == WANTED).await;
                me.send(WANTED);
            }
            samples.add(began.elapsed(), RECEIVES);
        }
        let operation = "receive the second, selectively, and send";
        figures.push(Figure::new(operation, Pick::Same, samples));
        let _ = done.send(figures);
    });
    (address, results)
}

/// Has room for one message.
#[gen_server(mailbox = bounded(1))]
struct Narrow {
    counted: usize,
}

#[gen_server]
impl Narrow {
    #[init]
    fn init() -> Self {
        Narrow { counted: 0 }
    }

    /// Handles nothing else until then.
    #[cast]
    async fn hold(&mut self, until: oneshot::Receiver<()>) {
        let _ = until.await;
    }

    #[cast]
    fn count(&mut self) {
        self.counted += 1;
    }

    #[call]
    fn counted(&self) -> usize {
        self.counted
    }
}

pub(crate) async fn measure_senders(n: usize, budget: Budget) -> Vec<Figure> {
    let mut samples = Samples::new(Budget { least: 1, ..budget });
    while samples.wants_more() {
        let narrow = Narrow::start().await.expect("it starts");
        let (go, until) = oneshot::channel();
        narrow.hold(until).await;
        // It is in its handler now, and its mailbox has room for one.
        tokio::task::yield_now().await;

        let begun = Arc::new(AtomicUsize::new(0));
        for _ in 0..=n {
            let (narrow, begun) = (narrow.clone(), Arc::clone(&begun));
            process::spawn(async move {
                begun.fetch_add(1, Ordering::Relaxed);
                narrow.count().await;
            });
        }
        while begun.load(Ordering::Relaxed) <= n {
            tokio::task::yield_now().await;
        }

        let began = Instant::now();
        let _ = go.send(());
        // It waits for room behind them.
        let counted = narrow.counted().timeout_infinite().await;
        samples.add(began.elapsed(), n);
        assert_eq!(counted, Ok(n + 1));
        narrow.stop().await.expect("it stops");
    }
    vec![Figure::new(
        "letting one in, and handling its message",
        Pick::Any,
        samples,
    )]
}

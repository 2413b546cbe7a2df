//! One call among N that wait for their answers, and one request among N of a collection.

use std::time::Instant;

use otp_core::prelude::*;

use crate::samples::{Budget, Pick, Samples};
use crate::series::Figure;
use crate::servers::Counter;

const CALLS: usize = 100;

/// Answers when it is told to.
#[gen_server]
struct Slow {
    waiting: Vec<ReplyTo<()>>,
}

#[gen_server]
impl Slow {
    #[init]
    fn init() -> Self {
        Slow {
            waiting: Vec::new(),
        }
    }

    #[call]
    fn ask(&mut self, reply_to: ReplyTo<()>) {
        self.waiting.push(reply_to);
    }

    /// Answers one that waits, as the place in the line says.
    #[cast]
    fn answer(&mut self, place: usize) {
        self.waiting.swap_remove(place).send(());
    }

    #[call]
    fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// Each client waits with a timeout of its own.
pub(crate) async fn measure(n: usize, budget: Budget) -> Vec<Figure> {
    let slow = Slow::start().await.expect("it starts");
    for _ in 0..n {
        let slow = slow.clone();
        process::spawn(async move {
            let _ = slow.ask().timeout(Duration::from_secs(3600)).await;
        });
    }
    while slow.waiting().await != Ok(n) {
        tokio::task::yield_now().await;
    }

    let server = Counter::start().await.expect("it starts");
    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..CALLS {
            server.add(1).await.expect("it answers");
        }
        samples.add(began.elapsed(), CALLS);
    }
    vec![Figure::new("call of another process", Pick::Same, samples)]
}

/// One process waits for all.
pub(crate) async fn measure_requests(n: usize, budget: Budget) -> Vec<Figure> {
    let slow = Slow::start().await.expect("it starts");
    let mut requests = RequestCollection::new();
    for number in 0..n {
        requests.add(number, slow.ask().send_request());
    }
    assert_eq!(slow.waiting().await, Ok(n));
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..CALLS {
                slow.answer(picker.next());
                let response = requests.receive_response(Duration::from_secs(3600)).await;
                let (number, answer) = response.expect("one is answered");
                assert_eq!(answer, Ok(()));
                requests.add(number, slow.ask().send_request());
            }
            samples.add(began.elapsed(), CALLS);
        }
        figures.push(Figure::new(
            "receive_response, and another request",
            pick,
            samples,
        ));
    }

    figures
}

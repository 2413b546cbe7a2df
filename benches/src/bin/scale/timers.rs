//! One timer among N.

use std::time::Instant;

use otp_core::prelude::*;
use otp_core::time::send_after;

use crate::samples::{Budget, Pick, Samples};
use crate::series::Figure;
use crate::servers::{Counter, CounterMessage, CounterRef};

const OPERATIONS: usize = 100;

/// None is reached while it is measured.
fn arm(server: &CounterRef, number: usize) -> Timer {
    let after = Duration::from_secs(3600) + Duration::from_millis(number as u64);
    send_after(after, server, CounterMessage::Bump { by: 1 })
}

pub(crate) async fn measure(n: usize, budget: Budget) -> Vec<Figure> {
    let server = Counter::start().await.expect("it starts");
    // As they are picked, so that they are not armed in the order of their times.
    let mut order = Pick::Any.of(n);
    let mut timers: Vec<Timer> = (0..n).map(|_| arm(&server, order.next())).collect();
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..OPERATIONS {
                let number = picker.next();
                let timer = &mut timers[number];
                assert!(timer.cancel().is_some());
                *timer = arm(&server, number);
            }
            samples.add(began.elapsed(), OPERATIONS);
        }
        figures.push(Figure::new("cancel and arm", pick, samples));
    }

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..OPERATIONS {
                assert!(timers[picker.next()].read().is_some());
            }
            samples.add(began.elapsed(), OPERATIONS);
        }
        figures.push(Figure::new("read", pick, samples));
    }

    figures
}

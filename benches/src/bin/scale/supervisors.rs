//! One child among N.

use std::time::Instant;

use otp_core::prelude::*;
use otp_core::{
    AutoShutdown, ChildSpec, DynamicSupervisor, Restart, Strategy, Supervisor, SupervisorRef,
};
use tokio::sync::mpsc;

use crate::samples::{Budget, Pick, Samples};
use crate::series::Figure;

/// Says that it has begun, and ends when it is told to.
#[gen_server]
struct Child;

#[gen_server]
impl Child {
    #[init]
    fn init(begun: mpsc::UnboundedSender<()>) -> Self {
        let _ = begun.send(());
        Child
    }

    #[cast]
    fn fail(&mut self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::error("it was told to"));
    }

    #[cast]
    fn finish(&mut self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::Normal);
    }
}

const MANY_RESTARTS: (u32, Duration) = (u32::MAX, Duration::from_secs(1));

const RESTARTS: usize = 5;

pub(crate) async fn measure(n: usize, budget: Budget) -> Vec<Figure> {
    let (begin, mut begun) = mpsc::unbounded_channel();
    let (restarts, period) = MANY_RESTARTS;
    let mut builder = Supervisor::builder(Strategy::OneForOne)
        .max_restarts(restarts, period)
        .auto_shutdown(AutoShutdown::AllSignificant);
    let mut children = Vec::with_capacity(n);
    for number in 0..n {
        let child = Child::child_spec(begin.clone()).id(number.to_string());
        children.push(child.handle());
        builder = builder.child(child);
    }
    let supervisor = builder.start().await.expect("it starts");
    for _ in 0..n {
        begun.recv().await;
    }
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..RESTARTS {
                children[picker.next()].fail();
                begun.recv().await;
            }
            samples.add(began.elapsed(), RESTARTS);
        }
        figures.push(Figure::new("restart, one_for_one", pick, samples));
    }

    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..RESTARTS {
            let child = Child::child_spec(begin.clone()).id("one more");
            let started = supervisor.start_child(child).await;
            started.expect("it starts");
            let terminated = supervisor.terminate_child("one more").await;
            terminated.expect("it runs");
            let deleted = supervisor.delete_child("one more").await;
            deleted.expect("it does not run");
        }
        samples.add(began.elapsed(), RESTARTS);
    }
    let operation = "start_child, terminate_child, delete_child";
    figures.push(Figure::new(operation, Pick::Same, samples));

    figures.push(significant_end(&supervisor, &begin, budget).await);
    figures
}

/// The end of one of two significant children behind all others, of which the other one keeps the supervisor up.
async fn significant_end(
    supervisor: &SupervisorRef,
    begin: &mpsc::UnboundedSender<()>,
    budget: Budget,
) -> Figure {
    let significant = |id: &str| -> ChildSpec<ChildRef> {
        Child::child_spec(begin.clone())
            .id(id)
            .restart(Restart::Transient)
            .significant(true)
    };
    let first = supervisor.start_child(significant("first")).await;
    let first = first.expect("it starts");
    let second = supervisor.start_child(significant("second")).await;
    second.expect("it starts");
    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..RESTARTS {
            first.finish();
            first.ended().await;
            // Answered after the supervisor has been told of the end.
            let restarted = supervisor.restart_child("first").await;
            restarted.expect("it has ended");
        }
        samples.add(began.elapsed(), RESTARTS);
    }
    let operation = "end of a significant child, and restart_child";
    Figure::new(operation, Pick::Same, samples)
}

pub(crate) async fn measure_dynamic(n: usize, budget: Budget) -> Vec<Figure> {
    let (begin, mut begun) = mpsc::unbounded_channel();
    let (restarts, period) = MANY_RESTARTS;
    let supervisor = DynamicSupervisor::<Child>::new().max_restarts(restarts, period);
    let supervisor = supervisor.start().await.expect("it starts");
    let mut children = Vec::with_capacity(n);
    for _ in 0..n {
        let started = supervisor.start_child(begin.clone()).await;
        children.push(started.expect("it starts"));
        begun.recv().await;
    }
    let mut figures = Vec::new();

    for pick in Pick::BOTH {
        let (mut samples, mut picker) = (Samples::new(budget), pick.of(n));
        while samples.wants_more() {
            let began = Instant::now();
            for _ in 0..RESTARTS {
                children[picker.next()].fail();
                begun.recv().await;
            }
            samples.add(began.elapsed(), RESTARTS);
        }
        figures.push(Figure::new("restart", pick, samples));
    }

    let mut samples = Samples::new(budget);
    while samples.wants_more() {
        let began = Instant::now();
        for _ in 0..RESTARTS {
            let child = supervisor.start_child(begin.clone()).await;
            let pid = child.expect("it starts").pid().expect("it runs");
            let terminated = supervisor.terminate_child(pid).await;
            terminated.expect("it runs");
        }
        samples.add(began.elapsed(), RESTARTS);
    }
    let operation = "start_child, terminate_child";
    figures.push(Figure::new(operation, Pick::Same, samples));

    figures
}

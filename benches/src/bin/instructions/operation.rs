//! The operations that are counted, carried out so often, on one thread.

use std::future::Future;

use otp_core::prelude::*;
use tokio::sync::mpsc;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Call,
    Cast,
    Spawn,
    StartAndStop,
    RestartAfterError,
    RestartAfterPanic,
    LookUpAndCall,
    ArmAndCancel,
}

impl Operation {
    pub(crate) const ALL: [Operation; 8] = [
        Operation::Call,
        Operation::Cast,
        Operation::Spawn,
        Operation::StartAndStop,
        Operation::RestartAfterError,
        Operation::RestartAfterPanic,
        Operation::LookUpAndCall,
        Operation::ArmAndCancel,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Call => "call",
            Operation::Cast => "cast",
            Operation::Spawn => "spawn and end",
            Operation::StartAndStop => "start and stop",
            Operation::RestartAfterError => "restart after an error",
            Operation::RestartAfterPanic => "restart after a panic",
            Operation::LookUpAndCall => "registry look-up and call",
            Operation::ArmAndCancel => "timer armed and cancelled",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = Operation::ALL.into_iter();
        all.find(|operation| operation.name() == name)
    }

    /// How often it is carried out: often enough that what happens once in a while, such as a timer that goes off, does
    /// not show.
    pub(crate) fn times(self) -> usize {
        match self {
            Operation::Call | Operation::Cast => 20_000,
            Operation::LookUpAndCall | Operation::ArmAndCancel => 20_000,
            Operation::Spawn | Operation::StartAndStop => 10_000,
            Operation::RestartAfterError => 5_000,
            Operation::RestartAfterPanic => 2_000,
        }
    }

    pub(crate) fn run(self, times: usize) {
        // Nothing is printed of panics that are meant.
        std::panic::set_hook(Box::new(|_| {}));
        match self {
            Operation::Call => as_process(call(times)),
            Operation::Cast => as_process(cast(times)),
            Operation::Spawn => as_process(spawn(times)),
            Operation::StartAndStop => as_process(start_and_stop(times)),
            Operation::RestartAfterError => {
                as_process(restart(times, |phoenix| drop(phoenix.fail())))
            }
            Operation::RestartAfterPanic => {
                as_process(restart(times, |phoenix| drop(phoenix.panic())))
            }
            Operation::LookUpAndCall => as_process(look_up_and_call(times)),
            Operation::ArmAndCancel => as_process(arm_and_cancel(times)),
        }
    }
}

fn as_process(body: impl Future<Output = ()> + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (done, ended) = tokio::sync::oneshot::channel();
    let ended = runtime.block_on(Node::new().run(async {
        process::spawn(async move {
            body.await;
            let _ = done.send(());
        });
        ended.await
    }));
    ended.expect("the process does not crash");
}

#[gen_server]
struct Counter {
    value: u64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter { value: 0 }
    }

    #[call]
    fn add(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }

    #[cast]
    fn bump(&mut self, by: u64) {
        self.value += by;
    }
}

async fn call(times: usize) {
    let server = Counter::start().await.expect("it starts");
    for _ in 0..times {
        server.add(1).await.expect("it answers");
    }
}

/// So many are queued before the server has its turn.
const CASTS: usize = 100;

async fn cast(times: usize) {
    let server = Counter::start().await.expect("it starts");
    for _ in 0..times / CASTS {
        for _ in 0..CASTS {
            server.bump(1);
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(server.add(0).await, Ok(times as u64));
}

async fn spawn(times: usize) {
    for _ in 0..times {
        let (_, monitor) = process::spawn_monitor(async {});
        process::receive_down(monitor).await;
    }
}

async fn start_and_stop(times: usize) {
    for _ in 0..times {
        let server = Counter::start().await.expect("it starts");
        server.stop().await.expect("it stops");
    }
}

/// Says that it has begun, and ends as it is told to.
#[gen_server]
struct Phoenix;

#[gen_server]
impl Phoenix {
    #[init]
    fn init(begun: mpsc::UnboundedSender<()>) -> Self {
        let _ = begun.send(());
        Phoenix
    }

    #[cast]
    fn fail(&mut self, cx: &mut Context<Self>) {
        cx.stop(ExitReason::error("it was told to"));
    }

    #[cast]
    fn panic(&mut self) {
        panic!("it was told to");
    }
}

supervisor! {
    /// One child, restarted as often as it ends.
    struct Nest(begun: mpsc::UnboundedSender<()>);

    strategy: one_for_one,
    max_restarts: 1_000_000 in 1s,

    children: {
        phoenix: Phoenix(begun),
    }
}

async fn restart(times: usize, end: fn(&PhoenixRef)) {
    let (begin, mut begun) = mpsc::unbounded_channel();
    let nest = Nest::start_link(begin).await.expect("it starts");
    begun.recv().await;
    for _ in 0..times {
        end(&nest.phoenix());
        begun.recv().await;
    }
}

async fn look_up_and_call(times: usize) {
    let names = Registry::<u64, Counter>::unique();
    let names = names.start().await.expect("it starts");
    for key in 0..100 {
        let started = Counter::start().via(&names, key).await;
        started.expect("it starts");
    }
    for number in 0..times as u64 {
        let server = names.lookup(&(number % 100));
        let server = server.expect("it is registered");
        server.add(1).await.expect("it answers");
    }
}

async fn arm_and_cancel(times: usize) {
    let server = Counter::start().await.expect("it starts");
    for _ in 0..times {
        let after = Duration::from_secs(3600);
        let timer = otp_core::time::send_after(after, &server, CounterMessage::Bump { by: 1 });
        assert!(timer.cancel().is_some());
    }
}

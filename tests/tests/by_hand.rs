//! A server written by hand against the trait behaves as the one that `#[gen_server]` writes.

use otp_core::prelude::*;
use otp_core::{Restart, ServerOptions, sys};
use tests::Journal;
use tests::processes::{boom, end};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Negative;

mod generated {
    use super::*;

    #[gen_server(restart = transient)]
    pub(super) struct Counter {
        value: i64,
        journal: Journal,
    }

    #[gen_server]
    impl Counter {
        #[init]
        fn init(value: i64, journal: Journal, cx: &mut Context<Self>) -> Result<Self, ExitReason> {
            if value < 0 {
                return Err(boom());
            }
            cx.continue_with(CounterMessage::Begin);
            Ok(Counter { value, journal })
        }

        #[handle_continue]
        fn begin(&mut self, cx: &mut Context<Self>) {
            self.journal.note("begin");
            cx.send_after(SECOND, CounterMessage::Tick);
        }

        #[call]
        pub(super) async fn add(&mut self, by: i64) -> i64 {
            self.value += by;
            self.value
        }

        #[call]
        pub(super) fn take(&mut self, amount: i64) -> Result<i64, Negative> {
            if amount > self.value {
                return Err(Negative);
            }
            self.value -= amount;
            Ok(self.value)
        }

        #[call]
        pub(super) fn later(&self, reply_to: ReplyTo<i64>) {
            let value = self.value;
            Task::start(async move { reply_to.send(value) });
        }

        #[cast]
        pub(super) fn crash(&mut self) {
            panic!("crash");
        }

        #[handle_info]
        fn tick(&mut self, cx: &mut Context<Self>) {
            self.journal.note("tick");
            cx.set_timeout(SECOND);
        }

        #[handle_timeout]
        fn idle(&mut self) {
            self.journal.note("idle");
        }

        #[terminate]
        fn terminate(&mut self, reason: &ExitReason) {
            self.journal
                .note(format_args!("terminate {} {reason}", self.value));
        }
    }
}

mod by_hand {
    use super::*;

    pub(super) struct Counter {
        value: i64,
        journal: Journal,
    }

    pub(super) enum CounterMessage {
        Begin,
        Add {
            by: i64,
            reply_to: ReplyTo<i64>,
        },
        Take {
            amount: i64,
            reply_to: ReplyTo<Result<i64, Negative>>,
        },
        Later {
            reply_to: ReplyTo<i64>,
        },
        Crash,
        Tick,
    }

    impl GenServer for Counter {
        type Args = (i64, Journal);
        type Message = CounterMessage;
        const OPTIONS: ServerOptions = ServerOptions::DEFAULT.restart(Restart::Transient);

        async fn init(
            (value, journal): (i64, Journal),
            cx: &mut Context<Self>,
        ) -> Result<Self, InitError> {
            if value < 0 {
                return Err(boom().into());
            }
            cx.continue_with(CounterMessage::Begin);
            Ok(Counter { value, journal })
        }

        async fn handle_message(&mut self, message: CounterMessage, cx: &mut Context<Self>) {
            match message {
                CounterMessage::Begin => {
                    self.journal.note("begin");
                    cx.send_after(SECOND, CounterMessage::Tick);
                }
                CounterMessage::Add { by, reply_to } => {
                    self.value += by;
                    cx.reply(reply_to, self.value);
                }
                CounterMessage::Take { amount, reply_to } => {
                    if amount > self.value {
                        return cx.reply(reply_to, Err(Negative));
                    }
                    self.value -= amount;
                    cx.reply(reply_to, Ok(self.value));
                }
                CounterMessage::Later { reply_to } => {
                    let value = self.value;
                    Task::start(async move { reply_to.send(value) });
                }
                CounterMessage::Crash => panic!("crash"),
                CounterMessage::Tick => {
                    self.journal.note("tick");
                    cx.set_timeout(SECOND);
                }
            }
        }

        async fn handle_timeout(&mut self, _cx: &mut Context<Self>) {
            self.journal.note("idle");
        }

        async fn terminate(&mut self, reason: &ExitReason, _cx: &mut Context<Self>) {
            self.journal
                .note(format_args!("terminate {} {reason}", self.value));
        }
    }

    impl Counter {
        pub(super) fn add(server: &ServerRef<Self>, by: i64) -> Call<CounterMessage, i64> {
            server.call(|reply_to| CounterMessage::Add { by, reply_to })
        }

        pub(super) fn take(
            server: &ServerRef<Self>,
            amount: i64,
        ) -> TryCall<CounterMessage, Result<i64, Negative>> {
            server.try_call(|reply_to| CounterMessage::Take { amount, reply_to })
        }

        pub(super) fn later(server: &ServerRef<Self>) -> Call<CounterMessage, i64> {
            server.call(|reply_to| CounterMessage::Later { reply_to })
        }

        pub(super) fn crash(server: &ServerRef<Self>) {
            server.cast(CounterMessage::Crash);
        }
    }
}

/// Does the same to either, and writes down what comes of it.
macro_rules! story {
    ($start:expr, $refused:expr, $add:expr, $take:expr, $later:expr, $crash:expr) => {{
        let journal = Journal::new();
        let mut story = Vec::new();
        story.push(format!("{:?}", $refused(journal.clone()).await.err()));
        let server = $start(journal.clone()).name("counter").await.unwrap();
        story.push(format!(
            "{:?} {:?}",
            $add(&server, 2).await,
            $later(&server).await
        ));
        story.push(format!(
            "{:?} {:?}",
            $take(&server, 99).await,
            $take(&server, 1).await
        ));
        otp_core::time::sleep(SECOND * 3).await;
        story.push(format!("{:?}", sys::statistics(&server, None).await));
        let monitor = server.monitor();
        $crash(&server);
        let pending = $add(&server, 1).await;
        story.push(match pending {
            Err(CallFailure::Exit(ExitReason::Panic(panic))) => panic.message().to_owned(),
            other => format!("{other:?}"),
        });
        story.push(match end(monitor).await {
            ExitReason::Panic(panic) => panic.message().to_owned(),
            other => other.to_string(),
        });
        story.push(format!(
            "{:?} {:?}",
            process::whereis("counter"),
            $add(&server, 1).await
        ));
        let log = journal.take();
        story.extend(
            log.iter()
                .map(|line| line.split(" at ").next().unwrap_or(line).to_owned()),
        );
        story
    }};
}

#[otp_core::test(crashes = allowed)]
async fn a_server_by_hand_behaves_as_the_generated_one() {
    let generated = story!(
        |journal| generated::Counter::start(10, journal),
        |journal| generated::Counter::start(-1, journal),
        |server: &generated::CounterRef, by| server.add(by),
        |server: &generated::CounterRef, amount| server.take(amount),
        |server: &generated::CounterRef| server.later(),
        |server: &generated::CounterRef| drop(server.crash())
    );
    type Handle = ServerRef<by_hand::Counter>;
    let by_hand = story!(
        |journal| gen_server::start::<Handle>((10, journal)),
        |journal| gen_server::start::<Handle>((-1, journal)),
        by_hand::Counter::add,
        by_hand::Counter::take,
        by_hand::Counter::later,
        by_hand::Counter::crash
    );
    assert_eq!(generated, by_hand);
    assert_eq!(
        generated,
        [
            "Some(Init(Error(\"boom\")))",
            "Ok(12) Ok(12)",
            "Err(Handler(Negative)) Ok(11)",
            "Ok(None)",
            "crash",
            "crash",
            "None Err(NoProc)",
            "begin",
            "tick",
            "idle",
            "terminate 11 panic: crash",
        ]
    );
}

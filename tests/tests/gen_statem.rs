//! State machines: `#[gen_statem]`, and what a machine does as OTP's gen_statem does it.

use std::sync::Arc;

use otp_core::gen_statem::{self, EventType, Slot};
use otp_core::prelude::*;
use otp_core::time::Instant;
use otp_core::{Restart, sys};
use tests::Journal;
use tests::processes::{boom, end};

const SECOND: Duration = Duration::from_secs(1);

/// Section 9 of the tour.
mod turnstile {
    use super::*;

    #[gen_statem]
    pub(super) enum Turnstile {
        #[initial]
        Locked,
        Unlocked {
            until: Instant,
        },
    }

    #[gen_statem(postpone(push: Locked), ignore(coin: Unlocked))]
    impl Turnstile {
        #[on(Locked)]
        #[call]
        pub(super) fn coin(self, cents: u32) -> To![Unlocked, Locked] {
            if cents >= 50 {
                To::Unlocked {
                    until: Instant::now() + SECOND,
                }
            } else {
                To::Locked
            }
        }

        #[on(Unlocked { until })]
        #[cast]
        pub(super) fn push(self) -> To![Locked] {
            assert!(until >= Instant::now());
            To::Locked
        }

        #[on(Unlocked)]
        #[state_timeout(5s)]
        fn too_late(self) -> To![Locked] {
            To::Locked
        }
    }
}

use turnstile::{Turnstile, TurnstileState};

#[otp_core::test]
async fn the_turnstile_of_the_tour_turns() {
    let turnstile = Turnstile::start_link().await.unwrap();
    turnstile.coin(20).await.unwrap();
    // It waits for the coin.
    turnstile.push();
    turnstile.coin(50).await.unwrap();
    let state = sys::get_state(&turnstile, |turnstile| turnstile.state()).await;
    assert_eq!(state, Ok(TurnstileState::Locked));
    turnstile.coin(50).await.unwrap();
    otp_core::time::sleep(6 * SECOND).await;
    let state = sys::get_state(&turnstile, |turnstile| turnstile.state()).await;
    assert_eq!(state, Ok(TurnstileState::Locked));
    assert!(
        Turnstile::DIAGRAM.contains("Unlocked --> Locked: too_late (5s)"),
        "{}",
        Turnstile::DIAGRAM
    );
}

/// What a walker does with an event.
type Act = Arc<dyn Fn(&mut Slot<Walker>, &mut Actions<Walker>) + Send + Sync>;

/// An event that says what is done with it, in whatever state.
enum Step {
    Do { name: &'static str, act: Act },
    Ask(ReplyTo<char>),
    Told(String),
}

/// An event that does nothing.
fn quiet(name: &'static str) -> Step {
    step(name, |_, _| ())
}

fn step(
    name: &'static str,
    act: impl Fn(&mut Slot<Walker>, &mut Actions<Walker>) + Send + Sync + 'static,
) -> Step {
    Step::Do {
        name,
        act: Arc::new(act),
    }
}

/// An event that changes the state.
fn go(name: &'static str, to: char) -> Step {
    step(name, move |walker, _| walker.at = to)
}

/// One that is postponed in the state `a`.
fn waits(name: &'static str) -> Step {
    step(name, move |walker, actions| {
        if walker.at == 'a' {
            actions.postpone(waits(name));
        }
    })
}

/// A machine written by hand, which notes what it is told and in which state.
struct Walker {
    at: char,
    journal: Journal,
    /// What its enter call does.
    enters: Act,
    /// Answered by a later event.
    asked: Vec<ReplyTo<char>>,
}

impl GenStatem for Walker {
    type Args = (Journal, Act);
    type Event = Step;
    type State = char;

    const STATE_ENTER: bool = true;

    async fn init(
        (journal, enters): (Journal, Act),
        _: &mut Actions<Self>,
    ) -> Result<Self, InitError> {
        Ok(Walker {
            at: 'a',
            journal,
            enters,
            asked: Vec::new(),
        })
    }

    fn state(&self) -> char {
        self.at
    }

    async fn handle_event(
        walker: &mut Slot<Self>,
        event_type: EventType,
        event: Step,
        actions: &mut Actions<Self>,
    ) {
        let at = walker.at;
        match event {
            Step::Do { name, act } => {
                walker
                    .journal
                    .note(format!("{event_type:?} {name} in {at}"));
                act(walker, actions);
            }
            Step::Ask(reply_to) if at == 'c' => walker.asked.push(reply_to),
            Step::Ask(reply_to) => reply_to.send(at),
            Step::Told(what) => walker
                .journal
                .note(format!("{event_type:?} {what} in {at}")),
        }
    }

    async fn enter(&mut self, from: char, actions: &mut Actions<Self>) {
        self.journal.note(format!("enter {} from {from}", self.at));
        let enters = Arc::clone(&self.enters);
        // An enter call has the state for itself, and no slot.
        let mut slot = Slot::new(Walker {
            at: self.at,
            journal: self.journal.clone(),
            enters: Arc::clone(&self.enters),
            asked: std::mem::take(&mut self.asked),
        });
        enters(&mut slot, actions);
        *self = slot.take();
    }

    fn down(down: Down) -> Option<Step> {
        Some(Step::Told(format!("DOWN {}", down.reason)))
    }

    fn exit(exit: Exit) -> Option<Step> {
        Some(Step::Told(format!("EXIT {}", exit.reason)))
    }

    async fn terminate(&mut self, reason: &ExitReason, _: &mut Actions<Self>) {
        self.journal
            .note(format!("terminate {reason} in {}", self.at));
    }
}

/// A walker in state `a`; its start is forgotten.
async fn walker() -> (StatemRef<Walker>, Journal) {
    walker_that_enters(|_, _| ()).await
}

async fn walker_that_enters(
    enters: impl Fn(&mut Slot<Walker>, &mut Actions<Walker>) + Send + Sync + 'static,
) -> (StatemRef<Walker>, Journal) {
    let journal = Journal::new();
    let args: (Journal, Act) = (journal.clone(), Arc::new(enters));
    process::trap_exit(true);
    let walker = gen_server::start_link(args)
        .await
        .expect("its init does not fail");
    seen(&walker, &journal).await;
    (walker, journal)
}

/// What the walker has noted, once it has handled all that it was sent; without enter calls.
async fn seen(walker: &StatemRef<Walker>, journal: &Journal) -> Vec<String> {
    let lines = all_seen(walker, journal).await;
    lines
        .into_iter()
        .filter(|line| !line.starts_with("enter"))
        .collect()
}

async fn all_seen(walker: &StatemRef<Walker>, journal: &Journal) -> Vec<String> {
    sys::get_state(walker, |_| ()).await.expect("it answers");
    journal.take()
}

/// Sends several events, all of which are there before the first is handled.
async fn send(walker: &StatemRef<Walker>, events: impl IntoIterator<Item = Step>) {
    sys::suspend(walker).await.expect("it answers");
    for event in events {
        walker.cast(event);
    }
    sys::resume(walker).await.expect("it answers");
}

#[otp_core::test]
async fn sm_001_what_comes_from_outside_is_external() {
    let (walker, journal) = walker().await;
    walker.cast(quiet("cast"));
    assert_eq!(walker.call(Step::Ask).await, Ok('a'));
    let (worker, gone) = process::spawn_monitor(std::future::pending::<()>());
    walker.cast(step("monitors", move |_, actions| {
        actions.monitor(worker);
    }));
    assert_eq!(
        seen(&walker, &journal).await,
        ["External cast in a", "External monitors in a"]
    );
    process::exit(worker, ExitReason::Kill);
    end(gone).await;
    assert_eq!(seen(&walker, &journal).await, ["External DOWN killed in a"]);
}

#[otp_core::test]
async fn sm_001_each_type_is_told() {
    let (walker, journal) = walker().await;
    walker.cast(step("cast", |_, actions| {
        actions.next_event(step("inserted", |_, actions| {
            actions.event_timeout(SECOND, quiet("idle"));
            actions.state_timeout(2 * SECOND, quiet("of the state"));
            actions.timeout("ping", 3 * SECOND, quiet("named"));
        }));
    }));
    otp_core::time::sleep(4 * SECOND).await;
    assert_eq!(
        seen(&walker, &journal).await,
        [
            "External cast in a",
            "Internal inserted in a",
            "EventTimeout idle in a",
            "StateTimeout of the state in a",
            "Timeout(\"ping\") named in a",
        ]
    );
}

#[otp_core::test]
async fn sm_002_new_data_is_no_change_of_state() {
    let (walker, journal) = walker().await;
    send(&walker, [waits("p"), go("stay", 'a'), go("leave", 'b')]).await;
    assert_eq!(
        seen(&walker, &journal).await,
        [
            "External p in a",
            "External stay in a",
            "External leave in a",
            "External p in b"
        ]
    );
}

#[otp_core::test]
async fn sm_003_postponed_events_are_retried_oldest_first_before_newer_ones() {
    let (walker, journal) = walker().await;
    send(
        &walker,
        [waits("p"), waits("q"), go("leave", 'b'), quiet("newer")],
    )
    .await;
    assert_eq!(
        seen(&walker, &journal).await[2..],
        [
            "External leave in a",
            "External p in b",
            "External q in b",
            "External newer in b"
        ]
    );
}

#[otp_core::test]
async fn sm_004_inserted_events_come_next_in_their_order() {
    let (walker, journal) = walker().await;
    let inserts = step("inserts", |_, actions| {
        actions.next_event(step("first", |_, actions| {
            actions.next_event(quiet("nested"))
        }));
        actions.next_event(quiet("second"));
    });
    send(&walker, [inserts, quiet("queued")]).await;
    assert_eq!(
        seen(&walker, &journal).await[1..],
        [
            "Internal first in a",
            "Internal nested in a",
            "Internal second in a",
            "External queued in a"
        ]
    );
}

#[otp_core::test]
async fn sm_005_inserted_then_postponed_then_timeouts_of_no_time_then_the_mailbox() {
    let (walker, journal) = walker().await;
    let leaves = step("leaves", |walker, actions| {
        walker.at = 'b';
        actions.state_timeout(Duration::ZERO, quiet("timeout"));
        actions.next_event(quiet("inserted"));
    });
    send(&walker, [waits("postponed"), leaves, quiet("queued")]).await;
    assert_eq!(
        seen(&walker, &journal).await[2..],
        [
            "Internal inserted in b",
            "External postponed in b",
            "StateTimeout timeout in b",
            "External queued in b",
        ]
    );
}

#[otp_core::test]
async fn sm_006_any_event_cancels_the_event_timeout() {
    let arms = |then: fn(&mut Actions<Walker>)| {
        step("arms", move |_, actions| {
            actions.event_timeout(SECOND, quiet("idle"));
            then(actions);
        })
    };
    let (walker, journal) = walker().await;
    walker.cast(arms(|_| ()));
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(
        seen(&walker, &journal).await,
        ["External arms in a", "EventTimeout idle in a"]
    );
    walker.cast(arms(|_| ()));
    walker.cast(quiet("other"));
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(
        seen(&walker, &journal).await,
        ["External arms in a", "External other in a"]
    );
    walker.cast(arms(|actions| actions.next_event(quiet("inserted"))));
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(
        seen(&walker, &journal).await,
        ["External arms in a", "Internal inserted in a"]
    );
    // One that is retried counts, too.
    send(
        &walker,
        [
            waits("p"),
            step("leaves", |walker, actions| {
                walker.at = 'b';
                actions.event_timeout(SECOND, quiet("idle"));
            }),
        ],
    )
    .await;
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(seen(&walker, &journal).await[2..], ["External p in b"]);
}

#[otp_core::test]
async fn sm_007_a_state_timeout_goes_with_its_state() {
    let (walker, journal) = walker().await;
    let arms = |name, content| {
        step(
            name,
            move |_: &mut Slot<Walker>, actions: &mut Actions<Walker>| {
                actions.state_timeout(2 * SECOND, quiet(content));
            },
        )
    };
    walker.cast(arms("arms", "old"));
    walker.cast(go("stays", 'a'));
    otp_core::time::sleep(SECOND).await;
    // It runs anew.
    walker.cast(arms("arms again", "new"));
    otp_core::time::sleep(SECOND + SECOND / 2).await;
    assert_eq!(seen(&walker, &journal).await.len(), 3);
    otp_core::time::sleep(SECOND).await;
    assert_eq!(seen(&walker, &journal).await, ["StateTimeout new in a"]);
    walker.cast(arms("arms", "cancelled"));
    walker.cast(go("leaves", 'b'));
    walker.cast(arms("arms", "cancelled"));
    walker.cast(step("cancels", |_, actions| actions.cancel_state_timeout()));
    otp_core::time::sleep(3 * SECOND).await;
    assert_eq!(seen(&walker, &journal).await.len(), 4);
    // One that is set in a change belongs to the new state.
    walker.cast(step("moves", |walker, actions| {
        walker.at = 'a';
        actions.state_timeout(SECOND, quiet("of the new"));
    }));
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(
        seen(&walker, &journal).await[1..],
        ["StateTimeout of the new in a"]
    );
}

#[otp_core::test]
async fn sm_008_named_timeouts_are_independent() {
    let (walker, journal) = walker().await;
    walker.cast(step("arms", |_, actions| {
        actions.timeout("n", SECOND, quiet("n"));
        actions.timeout("p", 2 * SECOND, quiet("p"));
        actions.timeout("q", 2 * SECOND, quiet("q"));
    }));
    walker.cast(go("leaves", 'b'));
    walker.cast(step("changes", |_, actions| {
        actions.update_timeout("n", quiet("another"));
        actions.cancel_timeout("q");
    }));
    otp_core::time::sleep(SECOND + SECOND / 2).await;
    assert_eq!(
        seen(&walker, &journal).await[3..],
        ["Timeout(\"n\") another in b"]
    );
    // Set again it runs anew.
    walker.cast(step("arms", |_, actions| {
        actions.timeout("p", 2 * SECOND, quiet("later"))
    }));
    otp_core::time::sleep(SECOND).await;
    assert_eq!(seen(&walker, &journal).await, ["External arms in b"]);
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(seen(&walker, &journal).await, ["Timeout(\"p\") later in b"]);
    // An update of what does not run comes at once.
    walker.cast(step("updates", |_, actions| {
        actions.update_timeout("p", quiet("now"))
    }));
    assert_eq!(
        seen(&walker, &journal).await[1..],
        ["Timeout(\"p\") now in b"]
    );
}

#[otp_core::test]
async fn sm_009_a_timeout_of_no_time_comes_before_what_has_not_been_received() {
    let (walker, journal) = walker().await;
    let arms = step("arms", |_, actions| {
        actions.timeout("n", Duration::ZERO, quiet("now"));
        actions.next_event(quiet("inserted"));
    });
    send(&walker, [arms, quiet("queued")]).await;
    assert_eq!(
        seen(&walker, &journal).await[1..],
        [
            "Internal inserted in a",
            "Timeout(\"n\") now in a",
            "External queued in a"
        ]
    );
}

#[otp_core::test]
async fn sm_010_a_timeout_may_have_an_absolute_time() {
    let (walker, journal) = walker().await;
    let at = Instant::now() + 5 * SECOND;
    otp_core::time::sleep(2 * SECOND).await;
    walker.cast(step("arms", move |_, actions| {
        actions.state_timeout(at, quiet("at five"));
        actions.timeout("past", at - 4 * SECOND, quiet("past"));
    }));
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(
        seen(&walker, &journal).await[1..],
        ["Timeout(\"past\") past in a"]
    );
    otp_core::time::sleep(SECOND + SECOND / 2).await;
    assert_eq!(seen(&walker, &journal).await, ["StateTimeout at five in a"]);
}

#[otp_core::test]
async fn sm_011_a_state_is_entered_before_any_of_its_events() {
    let journal = Journal::new();
    let enters: Act = Arc::new(|walker, actions| {
        if walker.at == 'b' {
            actions.state_timeout(SECOND, quiet("set by the enter call"));
        }
    });
    let walker: StatemRef<Walker> = gen_server::start_link((journal.clone(), enters))
        .await
        .unwrap();
    walker.cast(waits("p"));
    walker.cast(step("leaves", |walker, actions| {
        walker.at = 'b';
        actions.next_event(quiet("inserted"));
    }));
    assert_eq!(
        all_seen(&walker, &journal).await,
        [
            "enter a from a",
            "External p in a",
            "External leaves in a",
            "enter b from a",
            "Internal inserted in b",
            "External p in b",
        ]
    );
    otp_core::time::sleep(2 * SECOND).await;
    assert_eq!(
        all_seen(&walker, &journal).await,
        ["StateTimeout set by the enter call in b"]
    );
}

#[otp_core::test(crashes = allowed)]
async fn sm_011_an_enter_call_may_not_move_postpone_or_insert() {
    let wrong: [(Act, &str); 3] = [
        (
            Arc::new(|walker, _| walker.at = 'z'),
            "bad_state_enter_return_from_state_function",
        ),
        (
            Arc::new(|_, actions| actions.postpone(quiet("p"))),
            "bad_state_enter_action_from_state_function",
        ),
        (
            Arc::new(|_, actions| actions.next_event(quiet("i"))),
            "bad_state_enter_action_from_state_function",
        ),
    ];
    for (enters, reason) in wrong {
        let args = (Journal::new(), enters);
        // The start is done, as in OTP: it is the machine that ends.
        let walker: StatemRef<Walker> = gen_server::start(args).await.unwrap();
        assert_eq!(walker.ended().await, ExitReason::error(reason));
    }
}

#[otp_core::test]
async fn sm_012_repeat_state_enters_again_and_retries_nothing() {
    let (walker, journal) = walker().await;
    let repeats = step("repeats", |_, actions| actions.repeat_state());
    send(
        &walker,
        [waits("p"), repeats, go("stays", 'a'), go("leaves", 'b')],
    )
    .await;
    assert_eq!(
        all_seen(&walker, &journal).await,
        [
            "External p in a",
            "External repeats in a",
            "enter a from a",
            "External stays in a",
            "External leaves in a",
            "enter b from a",
            "External p in b",
        ]
    );
}

#[otp_core::test]
async fn sm_013_any_state_may_answer_and_a_stop_answers_first() {
    let (walker, journal) = walker().await;
    walker.cast(go("to c", 'c'));
    let asked = walker.call(Step::Ask).send_request();
    let also = walker.call(Step::Ask).send_request();
    walker.cast(go("to b", 'b'));
    walker.cast(step("answers", |walker, _| {
        if let Some(reply_to) = walker.asked.pop() {
            reply_to.send('1');
        }
    }));
    assert_eq!(also.await, Ok('1'));
    walker.cast(step("stops", |walker, actions| {
        if let Some(reply_to) = walker.asked.pop() {
            reply_to.send('2');
        }
        actions.stop(ExitReason::Shutdown);
    }));
    assert_eq!(asked.await, Ok('2'));
    assert_eq!(walker.ended().await, ExitReason::Shutdown);
    assert_eq!(journal.take().last().unwrap(), "terminate shutdown in b");
}

#[otp_core::test]
async fn sm_014_of_one_kind_the_last_action_wins() {
    let (walker, journal) = walker().await;
    walker.cast(step("asks twice", |_, actions| {
        actions.postpone(quiet("first"));
        actions.postpone(quiet("last"));
        actions.state_timeout(SECOND, quiet("first"));
        actions.timeout("n", SECOND, quiet("kept"));
        actions.state_timeout(2 * SECOND, quiet("last"));
    }));
    walker.cast(step("takes it back", |_, actions| {
        actions.postpone(quiet("never"));
        actions.postpone(None);
    }));
    otp_core::time::sleep(3 * SECOND).await;
    walker.cast(go("leaves", 'b'));
    assert_eq!(
        seen(&walker, &journal).await[2..],
        [
            "Timeout(\"n\") kept in a",
            "StateTimeout last in a",
            "External leaves in a",
            "External last in b",
        ]
    );
}

/// Opens after an hour.
mod vault {
    use super::*;

    #[gen_statem(restart = transient)]
    pub(super) enum Vault {
        Shut {
            /// Who waits for it to open.
            waiting: Vec<ReplyTo<&'static str>>,
        },
        #[initial]
        Closed {
            gold: u32,
        },
        Open(u32),
    }

    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(super) struct TooLittle(pub(super) u32);

    /// The clerk's view.
    #[gen_statem(ignore(open_up: Open | Shut))]
    impl Vault {
        #[init]
        async fn init(gold: u32, actions: &mut Actions<Self>) -> Result<Self, ExitReason> {
            if gold == 0 {
                return Err(boom());
            }
            actions.timeout("hour", 3600 * SECOND, VaultMessage::OpenUp);
            Ok(Vault::Closed { gold })
        }

        #[on(Closed { gold })]
        #[timeout]
        async fn open_up(self) -> To![Open] {
            tokio::task::yield_now().await;
            To::Open(gold)
        }

        /// Takes some.
        #[on(Open(gold))]
        #[call]
        pub(super) fn take(&mut self, amount: u32) -> Result<u32, TooLittle> {
            *gold = gold.checked_sub(amount).ok_or(TooLittle(*gold))?;
            Ok(*gold)
        }

        #[on(_)]
        #[call]
        pub(super) fn take(&self, _amount: u32) -> Result<u32, TooLittle> {
            Err(TooLittle(0))
        }

        #[on(Open, Closed)]
        #[call]
        pub(super) fn shut(self) -> (To![Shut], &'static str) {
            (
                To::Shut {
                    waiting: Vec::new(),
                },
                "shut",
            )
        }

        /// Answers when it opens.
        #[on(Shut { waiting })]
        #[call]
        pub(super) fn shut(&mut self, reply_to: ReplyTo<&'static str>) {
            waiting.push(reply_to);
        }

        #[on(Shut { waiting })]
        #[cast]
        pub(super) fn fill(self, gold: u32) -> To![Closed] {
            waiting
                .into_iter()
                .for_each(|reply_to| reply_to.send("filled"));
            To::Closed { gold }
        }

        #[on(Open, Closed)]
        #[cast]
        pub(super) fn fill(&mut self, gold: u32) -> Option<To![Shut]> {
            (gold == 0).then(|| To::Shut {
                waiting: Vec::new(),
            })
        }

        #[on(Open, Closed)]
        #[handle_down]
        fn gone(self, _down: Down) -> To![Shut] {
            To::Shut {
                waiting: Vec::new(),
            }
        }

        #[on(Shut)]
        #[handle_down]
        fn gone(&mut self, down: Down, actions: &mut Actions<Self>) {
            actions.stop(down.reason);
        }

        #[on(_)]
        #[cast]
        pub(super) fn watch(&self, who: Pid, actions: &mut Actions<Self>) {
            actions.monitor(who);
        }

        #[on(_)]
        #[cast]
        pub(super) fn drop_it(&mut self) {
            panic!("it fell");
        }
    }
}

use vault::{TooLittle, Vault, VaultRef, VaultState};

#[otp_core::test]
async fn sm_015_a_call_waits_as_long_as_it_takes() {
    let vault = Vault::start_link(5).await.unwrap();
    vault.shut().await.unwrap();
    let began = Instant::now();
    let filled = vault.shut().send_request();
    let later = vault.clone();
    Task::start(async move {
        otp_core::time::sleep(600 * SECOND).await;
        later.fill(7);
    });
    let shut = async { vault.shut().await };
    assert_eq!((shut.await, filled.await), (Ok("filled"), Ok("filled")));
    assert!(began.elapsed() >= 600 * SECOND);
}

#[otp_core::test]
async fn sm_016_a_call_may_give_up_and_its_late_answer_vanishes() {
    let vault = Vault::start_link(5).await.unwrap();
    vault.shut().await.unwrap();
    let gave_up = vault.shut().timeout(SECOND).await;
    assert_eq!(gave_up, Err(CallFailure::Timeout { cycle: Vec::new() }));
    vault.fill(7);
    assert_eq!(vault.shut().await, Ok("shut"));
}

#[otp_core::test(crashes = allowed)]
async fn sm_017_what_types_cannot_refuse_ends_the_machine() {
    // A bad return, action or time has no type to be written in; the enter call's are left, and a state that was lost.
    let (walker, _) = walker().await;
    walker.cast(step("loses the state", |walker, _| drop(walker.take())));
    let ExitReason::Panic(panic) = walker.ended().await else {
        panic!("it is a panic");
    };
    assert_eq!(
        panic.message(),
        "the state was taken out of its slot and not put back"
    );
}

#[otp_core::test(crashes = allowed)]
async fn sm_018_it_starts_and_stops_as_every_server() {
    let vault = Vault::start_link(5).name("vault").await.unwrap();
    assert_eq!(
        Vault::start_link(5).name("vault").await,
        Err(StartError::AlreadyStarted(vault.pid().unwrap()))
    );
    assert_eq!(Vault::start_link(0).await, Err(StartError::Init(boom())));
    assert_eq!(
        VaultRef::named("vault").take(1).await,
        Err(CallError::Handler(TooLittle(0)))
    );
    let (other, monitor) = Vault::start_monitor(5).await.unwrap();
    other.stop().reason(ExitReason::Shutdown).await.unwrap();
    assert_eq!(end(monitor).await, ExitReason::Shutdown);
    assert_eq!(other.shut().await, Err(CallFailure::NoProc));
    assert_eq!(other.stop().await, Err(StopError::NoProc));
    vault.stop().await.unwrap();
    assert_eq!(process::whereis("vault"), None);
}

#[otp_core::test]
async fn sm_018_a_registry_and_a_supervisor_take_it() {
    let vaults = Registry::<u32, Vault>::unique().start_link().await.unwrap();
    let vault = Vault::start_link(5).via(&vaults, 7).await.unwrap();
    assert_eq!(vaults.lookup(&7), Some(vault));
    assert_eq!(Vault::child_spec(5).restart, Restart::Transient);

    supervisor! {
        struct Bank;
        strategy: one_for_one,
        children: {
            vault: Vault(5),
        },
    }
    let bank = Bank::start_link().await.unwrap();
    assert_eq!(bank.vault().shut().await, Ok("shut"));
}

#[otp_core::test(crashes = allowed)]
async fn sm_018_a_supervisor_starts_it_again() {
    let vaults = otp_core::DynamicSupervisor::<Vault>::new()
        .start_link()
        .await
        .unwrap();
    let vault = vaults.start_child(5).await.unwrap();
    vault.shut().await.unwrap();
    vault.drop_it();
    let ended = vault.ended().await;
    assert!(matches!(ended, ExitReason::Panic(_)), "{ended}");
    let workers = || async { vaults.count_children().await.unwrap().workers };
    assert_eq!(workers().await, 1);
}

#[otp_core::test(crashes = allowed)]
async fn sm_019_terminate_sees_the_state_as_it_was_left() {
    let (stopped, journal) = walker().await;
    stopped.cast(go("leaves", 'b'));
    stopped.stop().await.unwrap();
    assert_eq!(journal.take().last().unwrap(), "terminate normal in b");

    let (crashed, journal) = walker().await;
    crashed.cast(step("crashes", |walker, _| {
        walker.at = 'c';
        panic!("oops");
    }));
    crashed.ended().await;
    let last = journal.take();
    assert!(last.last().unwrap().ends_with("in c"), "{last:?}");

    // What a handler has taken is gone with it.
    let (lost, journal) = walker().await;
    lost.cast(step("takes", |walker, _| {
        let _taken = walker.take();
        panic!("oops");
    }));
    lost.ended().await;
    assert_eq!(journal.take(), ["External takes in a"]);

    // A parent's exit, while it traps exits.
    process::trap_exit(true);
    let journal = Journal::new();
    let enters: Act = Arc::new(|_, actions| {
        actions.trap_exit(true);
    });
    let linked: StatemRef<Walker> = gen_server::start_link((journal.clone(), enters))
        .await
        .unwrap();
    seen(&linked, &journal).await;
    process::exit(&linked, ExitReason::Shutdown);
    assert_eq!(linked.ended().await, ExitReason::Shutdown);
    assert_eq!(journal.take().last().unwrap(), "terminate shutdown in a");
}

#[otp_core::test]
async fn sm_020_the_state_is_read_and_replaced_from_outside() {
    let (walker, journal) = walker().await;
    walker.cast(waits("p"));
    gen_statem::replace_state(&walker, |old| Walker {
        at: 'b',
        journal: old.journal.clone(),
        enters: Arc::clone(&old.enters),
        asked: Vec::new(),
    })
    .await
    .unwrap();
    assert_eq!(sys::get_state(&walker, |walker| walker.at).await, Ok('b'));
    // That is no transition.
    assert_eq!(all_seen(&walker, &journal).await, ["External p in a"]);
    walker.cast(go("leaves", 'c'));
    assert_eq!(
        seen(&walker, &journal).await,
        ["External leaves in b", "External p in c"]
    );
    let replaced = gen_statem::replace_state(&walker, |_| panic!("oops")).await;
    assert_eq!(replaced, Err(sys::ReplaceError::CallbackFailed));
    assert_eq!(sys::get_status(&walker).await.unwrap().state, "'c'");
}

#[otp_core::test]
async fn sm_021_a_machine_has_one_module_for_its_life() {
    // What a pushed callback module is for: the events of another phase. Here that is a state, which the types know.
    let vault = Vault::start_link(5).await.unwrap();
    vault.shut().await.unwrap();
    let state = sys::get_state(&vault, |vault| vault.state()).await;
    assert_eq!(state, Ok(VaultState::Shut));
}

#[otp_core::test]
async fn data_moves_from_state_to_state() {
    let vault = Vault::start_link(5).await.unwrap();
    assert_eq!(vault.take(1).await, Err(CallError::Handler(TooLittle(0))));
    otp_core::time::sleep(3601 * SECOND).await;
    assert_eq!(vault.take(1).await, Ok(4));
    assert_eq!(vault.take(9).await, Err(CallError::Handler(TooLittle(4))));
    vault.fill(0);
    let state = sys::get_state(&vault, |vault| vault.state()).await;
    assert_eq!(state, Ok(VaultState::Shut));
}

#[otp_core::test]
async fn an_end_is_an_event_like_others() {
    let vault = Vault::start(5).await.unwrap();
    let worker = process::spawn(std::future::pending::<()>());
    vault.watch(worker);
    vault.watch(worker);
    sys::get_state(&vault, |_| ()).await.unwrap();
    process::exit(worker, ExitReason::Shutdown);
    // The first shuts it, the second stops it.
    assert_eq!(vault.ended().await, ExitReason::Shutdown);
}

/// Enter calls, timeouts with a time of their own, and what is inserted.
mod phone {
    use super::*;

    #[gen_statem]
    pub(super) enum Phone {
        #[initial]
        Idle,
        Ringing,
        Talking,
    }

    #[gen_statem(ignore(hang_up: Idle, dial: Ringing | Talking, note: Idle), postpone(say: Idle | Ringing))]
    impl Phone {
        #[on(Idle)]
        #[cast]
        pub(super) fn dial(self, journal: Journal, actions: &mut Actions<Self>) -> To![Ringing] {
            actions.next_event(PhoneMessage::Note { journal });
            To::Ringing
        }

        #[on(Ringing, Talking)]
        #[internal]
        fn note(&self, journal: Journal) {
            journal.note("noted");
        }

        #[on(Ringing)]
        #[enter]
        fn ring(&mut self, from: PhoneState, actions: &mut Actions<Self>) {
            assert_eq!(from, PhoneState::Idle);
            actions.timeout("pick up", SECOND, PhoneMessage::PickUp);
        }

        #[on(Ringing)]
        #[timeout]
        fn pick_up(self) -> To![Talking] {
            To::Talking
        }

        #[on(_)]
        #[timeout]
        fn pick_up(&self) {}

        /// Waits until somebody hears it.
        #[on(Talking)]
        #[call]
        pub(super) async fn say(&mut self, what: String) -> usize {
            tokio::task::yield_now().await;
            what.len()
        }

        #[on(Talking)]
        #[event_timeout(10s)]
        fn silence(self) -> To![Idle] {
            To::Idle
        }

        #[on(Ringing, Talking)]
        #[cast]
        pub(super) fn hang_up(self) -> To![Idle] {
            To::Idle
        }
    }
}

use phone::{Phone, PhoneState};

#[otp_core::test]
async fn a_phone_rings_and_is_picked_up() {
    let journal = Journal::new();
    let phone = Phone::start_link().await.unwrap();
    let said = phone.say("hello".to_owned()).send_request();
    phone.dial(journal.clone());
    assert_eq!(said.await, Ok(5));
    assert_eq!(journal.take(), ["noted"]);
    let state = async || sys::get_state(&phone, |phone| phone.state()).await.unwrap();
    for _ in 0..3 {
        otp_core::time::sleep(6 * SECOND).await;
        phone.say("still here".to_owned()).await.unwrap();
    }
    assert_eq!(state().await, PhoneState::Talking);
    otp_core::time::sleep(11 * SECOND).await;
    assert_eq!(state().await, PhoneState::Idle);
    assert_eq!(
        Phone::DIAGRAM,
        "stateDiagram-v2\n    [*] --> Idle\n    Idle --> Ringing: dial\n    Ringing --> Talking: pick_up\n    \
         Ringing --> Idle: hang_up\n    Talking --> Idle: silence (10s)\n    Talking --> Idle: hang_up\n    \
         note right of Idle: postpones say\n    note right of Idle: ignores note, hang_up\n    \
         note right of Ringing: postpones say\n    note right of Ringing: ignores dial\n    \
         note right of Talking: ignores dial\n"
    );
}

/// Type parameters go through.
mod relay {
    use super::*;

    #[gen_statem]
    pub(super) enum Relay<T: Clone> {
        #[initial]
        Empty,
        Full {
            item: T,
        },
    }

    #[gen_statem(postpone(get: Empty))]
    impl<T: Clone + Send + 'static> Relay<T> {
        #[on(Empty)]
        #[cast]
        pub(super) fn set(self, item: T) -> To![Full] {
            To::Full { item }
        }

        #[on(Full { item: old })]
        #[cast]
        pub(super) fn set(&mut self, item: T) {
            *old = item;
        }

        #[on(Full { item })]
        #[call]
        pub(super) fn get(self) -> (To![Empty], T) {
            (To::Empty, item)
        }
    }
}

#[otp_core::test]
async fn a_generic_machine_carries_its_type() {
    let relay = relay::Relay::<String>::start_link().await.unwrap();
    let got = relay.get().send_request();
    relay.set("hello".to_owned());
    assert_eq!(got.await.as_deref(), Ok("hello"));
}

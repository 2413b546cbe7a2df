//! The test kit: processes that are shuffled run in an order that is drawn from a seed, and can be drawn again.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use otp_core::__private::{Flavor, TestOptions, run_test};
use otp_core::prelude::*;
use otp_core::testing::{self, eventually};
use otp_core::time::{Instant, sleep};
use tests::{Journal, failure};
use tokio::task::yield_now;

/// The order in which the steps of some processes are taken, under each of the first seeds.
fn orders(schedules: u32) -> BTreeMap<u64, Vec<String>> {
    let orders = Mutex::new(BTreeMap::new());
    run_test(
        Flavor::Default,
        TestOptions::DEFAULT.shuffled(schedules),
        async || {
            let journal = Journal::new();
            let steppers: Vec<Task<()>> = (0..4)
                .map(|stepper| {
                    let journal = journal.clone();
                    Task::spawn(async move {
                        for step in 0..4 {
                            journal.note(format_args!("{stepper}.{step}"));
                            if step == 2 {
                                sleep(Duration::from_millis(3)).await;
                            }
                            yield_now().await;
                        }
                    })
                })
                .collect();
            for stepper in steppers {
                stepper.await.unwrap();
            }
            let seed = testing::seed().unwrap();
            orders.lock().unwrap().insert(seed, journal.take());
        },
        |()| false,
    );
    orders.into_inner().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_order_and_another_seed_another() {
    let (first, second) = (orders(20), orders(20));
    assert_eq!(first, second);
    assert_eq!(
        first.keys().copied().collect::<Vec<_>>(),
        (0..20).collect::<Vec<_>>()
    );
    let different: BTreeSet<&Vec<String>> = first.values().collect();
    assert!(different.len() > 15, "only {} orders", different.len());
}

/// A counter of which two clients make a race: they ask, and then tell.
#[gen_server]
struct Register {
    value: u32,
}

#[gen_server]
impl Register {
    #[init]
    fn init() -> Self {
        Register { value: 0 }
    }

    #[call]
    fn get(&self) -> u32 {
        self.value
    }

    #[cast]
    fn set(&mut self, value: u32) {
        self.value = value;
    }
}

/// Right, unless the two interleave.
async fn race() {
    let register = Register::start_link().await.unwrap();
    let add = |register: RegisterRef| async move {
        let value = register.get().await.unwrap();
        register.set(value + 1);
    };
    let both = [
        Task::spawn(add(register.clone())),
        Task::spawn(add(register.clone())),
    ];
    for one in both {
        one.await.unwrap();
    }
    assert_eq!(register.get().await, Ok(2), "an addition was lost");
}

#[test]
fn a_race_is_caught() {
    let said = failure(TestOptions::DEFAULT.shuffled(50), race);
    assert!(said.contains("an addition was lost"), "{said}");
}

/// Set in the programs that [`a_failure_is_replayed_from_its_seed`] runs.
const INSIDE: &str = "OTP_TEST_KIT_INSIDE";

#[otp_core::test(shuffled = 50)]
async fn races_if_it_is_asked_to() {
    if std::env::var_os(INSIDE).is_some() {
        println!("a run");
        race().await;
    }
}

fn run_inside(seed: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "races_if_it_is_asked_to"])
        .env(INSIDE, "yes")
        .env_remove("OTP_TEST_SEED");
    if let Some(seed) = seed {
        command.env("OTP_TEST_SEED", seed);
    }
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}

#[test]
fn a_failure_is_replayed_from_its_seed() {
    let said = run_inside(None);
    assert!(said.contains("an addition was lost"), "{said}");
    let seed = said
        .split("OTP_TEST_SEED=")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let replayed = run_inside(Some(seed));
    assert_eq!(replayed.matches("a run").count(), 1, "{replayed}");
    assert!(replayed.contains("an addition was lost"), "{replayed}");
    assert!(
        replayed.contains(&format!("OTP_TEST_SEED={seed}")),
        "{replayed}"
    );
    let refused = run_inside(Some("tomorrow"));
    assert!(refused.contains("`tomorrow` is none"), "{refused}");
}

static RUNS: AtomicU32 = AtomicU32::new(0);

#[test]
fn the_body_runs_under_each_schedule_in_a_node_of_its_own() {
    let nodes = Arc::new(Mutex::new(BTreeSet::new()));
    run_test(
        Flavor::Default,
        TestOptions::DEFAULT.shuffled(12),
        async || {
            RUNS.fetch_add(1, Ordering::Relaxed);
            let node = Node::current().unwrap();
            assert_eq!(node.processes(), [process::self_pid()]);
            nodes.lock().unwrap().insert(node.id().to_string());
        },
        |()| false,
    );
    assert_eq!(RUNS.load(Ordering::Relaxed), 12);
    assert_eq!(nodes.lock().unwrap().len(), 12);
}

#[test]
fn a_schedule_that_fails_is_the_last() {
    let runs = AtomicU32::new(0);
    let said = failure(TestOptions::DEFAULT.shuffled(100), async || {
        runs.fetch_add(1, Ordering::Relaxed);
        assert_ne!(testing::seed(), Some(3), "the fourth");
    });
    assert!(said.contains("the fourth"), "{said}");
    assert_eq!(runs.load(Ordering::Relaxed), 4);
}

#[test]
fn leaks_and_crashes_are_seen_under_a_schedule() {
    let said = failure(TestOptions::DEFAULT.shuffled(3), async || {
        process::spawn(std::future::pending::<()>());
        process::spawn(async { ExitReason::error("boom") });
    });
    assert!(said.contains("leaked") && said.contains("boom"), "{said}");
}

#[otp_core::test(shuffled)]
async fn without_a_number_it_is_one_schedule() {
    assert_eq!(testing::seed(), Some(0));
}

#[otp_core::test]
async fn without_being_shuffled_there_is_no_seed() {
    assert_eq!(testing::seed(), None);
}

#[otp_core::test(shuffled = 20)]
async fn time_timers_kills_and_tokio_tasks_work_under_a_schedule() {
    let began = Instant::now();
    let register = Register::start_link().await.unwrap();
    let stubborn = process::spawn(async |mut mailbox: Mailbox<u32>| {
        process::trap_exit(true);
        loop {
            mailbox.next_event().await;
        }
    });
    let monitor = process::monitor(&stubborn);
    otp_core::time::kill_after(Duration::from_secs(2), &stubborn);
    let outside = register.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        outside.set(7);
    });
    assert_eq!(
        process::receive_down(monitor).await.reason,
        ExitReason::Killed
    );
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    eventually(async || register.get().await == Ok(7)).await;
    testing::settle().await;
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[otp_core::test(shuffled = 5)]
async fn a_process_that_never_waits_lets_time_stand_and_others_run() {
    let spinner = process::spawn(async {
        loop {
            yield_now().await;
        }
    });
    let other = Task::spawn(async { 7 });
    assert_eq!(other.await, Ok(7));
    process::exit(spinner, ExitReason::Kill);
    eventually(async || process::info(spinner).is_none()).await;
    assert!(process::info(spinner).is_none());
}

//! Running a test: what `#[otp_core::test]` expands to.
//!
//! A run is a node, a runtime and a kit, all fresh. Steps of its end: the body's process ends with shutdown; what is linked
//! with it has its time; the processes of the test's mailboxes, and those that it wants to, end with it; what is alive once the rest had its time too is
//! leaked; all that is left is killed; the verdict is given.

use std::fmt::{self, Display};
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tracing::dispatcher::{self, Dispatch};

use super::kit::{self, Kit};
use super::leak::{self, Leak};
use super::log;
use super::options::TestOptions;
use crate::node::Node;
use crate::runner::{self, Ended, Flavor, SHUTDOWN_TIME};

/// The variable that names the one schedule to run.
const SEED: &str = "OTP_TEST_SEED";

/// Runs a test: on one thread, with a paused clock, unless told otherwise. `is_failure` tells of what the body returns.
///
/// # Panics
///
/// Panics as the body does, if an exit signal ends it, if it leaks a process or a process crashed that it did not expect,
/// and if the runtime cannot be built.
#[track_caller]
pub fn run_test<T, F: Future<Output = T>>(
    flavor: Flavor,
    options: TestOptions,
    body: impl Fn() -> F,
    is_failure: impl Fn(&T) -> bool,
) -> T {
    let Some(schedules) = options.schedules else {
        return run_once(flavor, options, None, body(), &is_failure);
    };
    let mut seeds = match asked_for() {
        Some(seed) => seed..=seed,
        None => 0..=u64::from(schedules.max(1) - 1),
    };
    loop {
        let seed = seeds.next();
        let value = run_once(Flavor::CurrentThread, options, seed, body(), &is_failure);
        if seeds.is_empty() || is_failure(&value) {
            return value;
        }
    }
}

/// Runs an example of the documentation as a test. Boxed, so that what runs it is compiled once for all of them.
#[doc(hidden)]
#[track_caller]
pub fn doc_test<'a, F: Future<Output = ()> + 'a>(body: impl Fn() -> F) {
    let body: &dyn Fn() -> Pin<Box<dyn Future<Output = ()> + 'a>> = &|| Box::pin(body());
    run_test(Flavor::Default, TestOptions::DEFAULT, body, |()| false);
}

/// The seed that the person who runs the test asks for.
fn asked_for() -> Option<u64> {
    let seed = std::env::var(SEED).ok()?;
    match seed.parse() {
        Ok(seed) => Some(seed),
        Err(_) => {
            panic!("{SEED} is the number that a failed test has printed, and `{seed}` is none")
        }
    }
}

/// The seed of the schedule that the test runs under, if it is shuffled: the same for the same schedule.
///
/// For what a test draws itself: drawn from this, it is replayed too.
///
/// # Panics
///
/// Panics outside an `#[otp_core::test]`.
///
/// # Examples
///
/// ```
/// use otp_core::testing;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn this_one_is_not_shuffled() {
///     assert_eq!(testing::seed(), None);
/// }
/// # otp_core::testing::doc_test(this_one_is_not_shuffled);
/// ```
#[track_caller]
#[must_use]
pub fn seed() -> Option<u64> {
    kit::current().0.schedule.seed()
}

#[track_caller]
fn run_once<T>(
    flavor: Flavor,
    options: TestOptions,
    seed: Option<u64>,
    body: impl Future<Output = T>,
    is_failure: impl Fn(&T) -> bool,
) -> T {
    let kit = Kit::new(seed, !matches!(flavor, Flavor::MultiThread(_)));
    let subscriber = kit.log.subscriber();
    let listening = dispatcher::set_default(&subscriber);
    let runtime = runtime(flavor, &kit, &subscriber);
    let run = to_the_end(&kit, options, body);
    let (ended, leaks) = runtime.block_on(kit.schedule.drive(run));
    {
        let _entered = runtime.enter();
        kit.schedule.close();
    }
    // Blocking work that has begun is not waited for.
    runtime.shutdown_background();
    drop(listening);

    let print = || print(&kit, seed);
    match ended {
        Ended::Panicked(payload) => {
            print();
            resume_unwind(payload)
        }
        Ended::Exited(reason) => {
            print();
            panic!("the test's process was ended: {reason}")
        }
        Ended::Returned(value) => {
            let complaint = complaint(&kit, options, &leaks);
            if complaint.is_some() || is_failure(&value) {
                print();
            }
            if let Some(complaint) = complaint {
                panic!("{complaint}");
            }
            value
        }
    }
}

/// The body, and the end of everything that it has begun.
async fn to_the_end<T>(
    kit: &Arc<Kit>,
    options: TestOptions,
    body: impl Future<Output = T>,
) -> (Ended<T>, Vec<Leak>) {
    let node = Node::with_kit(Arc::clone(kit));
    let ended = runner::run_in_place(&node, body).await;
    kit.end(&node).await;
    let leaks = match ended {
        Ended::Returned(_) if !options.leaks_allowed => leak::find(&node, SHUTDOWN_TIME).await,
        _ => Vec::new(),
    };
    node.kill_all().await;
    (ended, leaks)
}

fn runtime(flavor: Flavor, kit: &Arc<Kit>, subscriber: &Dispatch) -> Runtime {
    let subscriber = subscriber.clone();
    let mut builder = match flavor {
        Flavor::MultiThread(workers) => runner::many_threads(workers),
        Flavor::Default | Flavor::CurrentThread => {
            let kit = Arc::clone(kit);
            let mut builder = Builder::new_current_thread();
            builder
                .start_paused(true)
                .on_thread_park(move || kit.about_to_wait());
            builder
        }
    };
    builder
        .enable_all()
        .on_thread_start(move || log::listen_on_this_thread(&subscriber))
        .build()
        .expect("a runtime for a test")
}

/// What is wrong with a test whose body returned.
fn complaint(kit: &Kit, options: TestOptions, leaks: &[Leak]) -> Option<String> {
    let mut complaints = Vec::new();
    let (crashes, never) = kit.crashes.unexpected();
    if !crashes.is_empty() && !options.crashes_allowed {
        complaints.push(format!(
            "processes crashed that the test does not expect to:{}\n\
             take them with `testing::take_crashes()`, announce them with `testing::expect_crash(…)`, \
             or write `#[otp_core::test(crashes = allowed)]`",
            Lines(&crashes)
        ));
    }
    if !never.is_empty() {
        complaints.push(format!(
            "processes did not crash that the test expects to:{}",
            Lines(&never)
        ));
    }
    if !leaks.is_empty() {
        complaints.push(format!(
            "processes are left that the test has leaked:{}\n\
             stop them, start them linked, name them with `testing::end_with_test(…)`, \
             or write `#[otp_core::test(leaks = allowed)]`",
            Lines(leaks)
        ));
    }
    (!complaints.is_empty()).then(|| complaints.join("\n"))
}

/// Each on a line of its own, indented.
struct Lines<'a, T>(&'a [T]);

impl<T: Display> Display for Lines<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Says what helps with a failure. The harness shows it of tests that fail.
#[expect(
    clippy::print_stdout,
    reason = "what the harness captures, and shows if the test fails"
)]
fn print(kit: &Kit, seed: Option<u64>) {
    let log = kit.log.text();
    if !log.is_empty() {
        print!("the test's log:\n{log}");
    }
    if let Some(seed) = seed {
        println!("shuffled: replay with {SEED}={seed}");
    }
}

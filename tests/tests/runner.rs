//! `#[otp_core::main]` and `#[otp_core::test]`: where the body stands, and how its end ends the rest.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::process::Command;
use std::sync::{Arc, Mutex};

use otp_core::StartError;
use otp_core::prelude::*;
use otp_core::time::{Instant, sleep};

type Journal = Arc<Mutex<Vec<String>>>;

/// Notes how it ends.
#[gen_server]
struct Witness {
    name: &'static str,
    journal: Journal,
}

#[gen_server]
impl Witness {
    #[init]
    fn init(name: &'static str, journal: Journal, cx: &mut Context<Self>) -> Self {
        cx.trap_exit(true);
        Witness { name, journal }
    }

    #[terminate]
    async fn terminate(&mut self, reason: &ExitReason) {
        sleep(Duration::from_millis(10)).await;
        self.journal
            .lock()
            .unwrap()
            .push(format!("{} terminates: {reason}", self.name));
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.journal
            .lock()
            .unwrap()
            .push(format!("{} is dropped", self.name));
    }
}

thread_local! {
    static JOURNAL: Journal = Journal::default();
}

#[otp_core::main(flavor = "current_thread")]
async fn program() -> Result<u32, StartError> {
    let journal = JOURNAL.with(Arc::clone);
    Witness::start_link("linked", Arc::clone(&journal)).await?;
    Witness::start("alone", journal).await?;
    // What is not `Send` may live across an await: the body runs in place.
    let answer = std::rc::Rc::new(42);
    tokio::task::yield_now().await;
    Ok(*answer)
}

#[test]
fn main_shuts_down_what_is_linked_and_kills_the_rest() {
    assert_eq!(program(), Ok(42));
    let journal = JOURNAL.with(|journal| journal.lock().unwrap().clone());
    assert_eq!(
        journal,
        [
            "linked terminates: shutdown",
            "linked is dropped",
            "alone is dropped"
        ]
    );
}

#[otp_core::main]
async fn works_on_several_threads() -> std::thread::ThreadId {
    let (done, id) = tokio::sync::oneshot::channel();
    process::spawn(async move { done.send(std::thread::current().id()).unwrap() });
    id.await.unwrap()
}

#[test]
fn main_is_multi_threaded_unless_told_otherwise() {
    assert_ne!(works_on_several_threads(), std::thread::current().id());
}

#[otp_core::test]
async fn a_test_is_a_process_of_a_node_of_its_own_with_a_paused_clock() {
    assert_eq!(
        process::self_pid().to_string(),
        format!("<{}.1>", process::self_pid().node())
    );
    assert_eq!(Node::current().unwrap().processes(), [process::self_pid()]);
    let (began, real) = (Instant::now(), std::time::SystemTime::now());
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(began.elapsed(), Duration::from_secs(3600));
    assert!(
        real.elapsed().unwrap() < Duration::from_secs(60),
        "nobody has waited"
    );
}

#[otp_core::test]
#[should_panic(expected = "the body's own message")]
async fn a_panic_of_the_body_fails_the_test() {
    panic!("the body's own message");
}

#[otp_core::test]
#[should_panic(expected = "the test's process was ended: boom")]
async fn a_crash_of_what_is_linked_fails_the_test() {
    process::spawn_link(async { process::exit_with(ExitReason::error("boom")) });
    sleep(Duration::from_secs(1)).await;
}

#[otp_core::test]
async fn a_test_may_answer_with_a_result() -> Result<(), Box<dyn std::error::Error>> {
    Witness::start_link("linked", Journal::default()).await?;
    Ok(())
}

#[tokio::test]
async fn start_link_outside_a_process_is_a_typed_error() {
    let node = Node::new();
    let started = node
        .run(Witness::start_link("nobody's", Journal::default()))
        .await;
    assert_eq!(started.err(), Some(StartError::NotAProcess));
    assert_eq!(node.processes(), []);
}

#[tokio::test]
#[should_panic(expected = "tests/tests/runner.rs")]
async fn a_start_outside_any_node_names_its_caller() {
    drop(Witness::start("nowhere", Journal::default()).await);
}

/// Set in the program that [`a_main_that_is_ended_says_why_and_fails`] runs.
const ENDED: &str = "OTP_TEST_MAIN_IS_ENDED";

#[otp_core::main(flavor = "current_thread")]
async fn is_ended() {
    process::spawn_link(async { process::exit_with(ExitReason::error("boom")) });
    std::future::pending::<()>().await;
}

#[test]
fn a_main_that_is_ended_says_why_and_fails() {
    if std::env::var_os(ENDED).is_some() {
        return is_ended();
    }
    let this = std::env::current_exe().unwrap();
    let output = Command::new(this)
        .args([
            "--exact",
            "a_main_that_is_ended_says_why_and_fails",
            "--nocapture",
        ])
        .env(ENDED, "yes")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the main process ended: boom"), "{said}");
}

//! Calls: each caller is answered or told why not, once, and an answer that nobody waits for is dropped.

use std::sync::Arc;

use otp_core::prelude::*;
use tests::processes::{boom, end};
use tokio::sync::oneshot;

use super::explore;

/// An answer that can be counted: none is kept anywhere when only the server's own is left.
type Token = Arc<()>;

#[gen_server]
struct Desk {
    token: Token,
    asked: usize,
}

#[gen_server]
impl Desk {
    #[init]
    fn init(token: Token) -> Self {
        Desk { token, asked: 0 }
    }

    #[call]
    fn ask(&mut self) -> Token {
        self.asked += 1;
        Arc::clone(&self.token)
    }

    /// Passes the request on to another process, which answers if it lives so long.
    #[call]
    fn ask_later(&mut self, reply_to: ReplyTo<Token>) {
        let token = Arc::clone(&self.token);
        Task::start(async move { reply_to.send(token) });
    }

    /// Drops the request.
    #[call]
    fn ignore(&self, reply_to: ReplyTo<Token>) {
        drop(reply_to);
    }

    /// Ends the server while it holds the request.
    #[call]
    fn crash(&self, _reply_to: ReplyTo<Token>) {
        process::exit_with(boom());
    }

    #[call]
    fn asked(&self) -> usize {
        self.asked
    }
}

/// Callers in processes of their own.
fn callers<const N: usize>(desk: &DeskRef) -> [Task<Result<Token, CallFailure>>; N] {
    [(); N].map(|()| {
        let desk = desk.clone();
        Task::spawn(async move { desk.ask().await })
    })
}

#[test]
fn every_caller_gets_his_answer() {
    explore(async || {
        let desk = Desk::start(Token::default()).await.unwrap();
        for caller in callers::<3>(&desk) {
            assert!(caller.await.unwrap().is_ok());
        }
        assert_eq!(desk.asked().await, Ok(3));
    });
}

#[test]
fn the_answer_for_a_caller_who_is_gone_vanishes() {
    explore(async || {
        let token = Token::default();
        let desk = Desk::start(Arc::clone(&token)).await.unwrap();
        let (calling, later) = (desk.clone(), desk.clone());
        let (caller, gone) = process::spawn_monitor(async move { _ = calling.ask().await });
        let (other, other_gone) =
            process::spawn_monitor(async move { _ = later.ask_later().await });
        process::exit(caller, ExitReason::Kill);
        process::exit(other, ExitReason::Kill);
        for gone in [gone, other_gone] {
            assert!([ExitReason::Normal, ExitReason::Killed].contains(&end(gone).await));
        }
        assert!(desk.asked().await.unwrap() <= 1);
        desk.stop().await.unwrap();
        alone(&token).await;
    });
}

/// Waits until nobody else holds the token: for what is answered by processes that nobody waits for.
async fn alone(token: &Token) {
    while Arc::strong_count(token) > 1 {
        shuttle::future::yield_now().await;
    }
}

#[test]
fn an_answer_that_comes_around_the_timeout_is_taken_or_vanishes() {
    explore(async || {
        let token = Token::default();
        let desk = Desk::start(Arc::clone(&token)).await.unwrap();
        let mut request = desk.ask().send_request();
        let early = request.wait_response(Duration::ZERO).await;
        let late = desk
            .ask()
            .send_request()
            .receive_response(Duration::ZERO)
            .await;
        let timed_out = desk.ask().timeout(Duration::ZERO).await;
        for answer in [&late, &timed_out] {
            assert!(
                matches!(answer, Ok(_) | Err(CallFailure::Timeout { .. })),
                "{answer:?}"
            );
        }
        let answer = match early {
            Some(answer) => answer,
            None => request.await,
        };
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(desk.asked().await, Ok(3));
        drop((answer, late, timed_out));
        assert_eq!(Arc::strong_count(&token), 2, "the server's and this");
    });
}

#[test]
fn who_calls_a_server_that_is_killed_is_answered_or_told() {
    explore(async || {
        let token = Token::default();
        let desk = Desk::start(Arc::clone(&token)).await.unwrap();
        let callers = callers::<3>(&desk);
        let ended = desk.monitor();
        process::exit(&desk, ExitReason::Kill);
        for caller in callers {
            match caller.await.unwrap() {
                Ok(_) | Err(CallFailure::NoProc) => {}
                Err(failure) => assert_eq!(failure, CallFailure::Exit(ExitReason::Killed)),
            }
        }
        assert_eq!(end(ended).await, ExitReason::Killed);
        assert_eq!(desk.ask().await, Err(CallFailure::NoProc));
        assert_eq!(Arc::strong_count(&token), 1);
    });
}

#[test]
fn who_calls_a_server_that_crashes_learns_its_reason() {
    explore(async || {
        let desk = Desk::start(Token::default()).await.unwrap();
        let callers = callers::<2>(&desk);
        let crashing = desk.clone();
        let crash = Task::spawn(async move { crashing.crash().await });
        for caller in callers {
            match caller.await.unwrap() {
                Ok(_) | Err(CallFailure::NoProc) => {}
                Err(failure) => assert_eq!(failure, CallFailure::Exit(boom())),
            }
        }
        assert_eq!(crash.await.unwrap(), Err(CallFailure::Exit(boom())));
        assert_eq!(desk.ended().await, boom());
        assert_eq!(desk.ask().await, Err(CallFailure::NoProc));
    });
}

#[test]
fn who_calls_a_server_that_stops_is_answered_or_told() {
    explore(async || {
        let desk = Desk::start(Token::default()).await.unwrap();
        let callers = callers::<2>(&desk);
        desk.stop().await.unwrap();
        for caller in callers {
            match caller.await.unwrap() {
                Ok(_) | Err(CallFailure::NoProc) => {}
                Err(failure) => assert_eq!(failure, CallFailure::Exit(ExitReason::Normal)),
            }
        }
    });
}

#[test]
fn what_was_passed_on_is_answered_though_the_server_dies() {
    explore(async || {
        let token = Token::default();
        let desk = Desk::start(Arc::clone(&token)).await.unwrap();
        let calling = desk.clone();
        let caller = Task::spawn(async move { calling.ask_later().await });
        process::exit(&desk, ExitReason::Kill);
        match caller.await.unwrap() {
            Ok(_) | Err(CallFailure::NoProc) => {}
            // Killed before it had passed the request on.
            Err(failure) => assert_eq!(failure, CallFailure::Exit(ExitReason::Killed)),
        }
        desk.ended().await;
        alone(&token).await;
    });
}

#[test]
fn a_request_that_is_dropped_is_told_of_as_what_it_is() {
    explore(async || {
        let desk = Desk::start(Token::default()).await.unwrap();
        assert_eq!(desk.ignore().await, Err(CallFailure::NoReply));
        let ignored = desk.clone();
        let caller = Task::spawn(async move { ignored.ignore().await });
        process::exit(&desk, ExitReason::Kill);
        let failure = caller.await.unwrap().unwrap_err();
        let killed = CallFailure::Exit(ExitReason::Killed);
        assert!([CallFailure::NoReply, CallFailure::NoProc, killed].contains(&failure));
    });
}

#[test]
fn each_request_of_a_collection_is_answered_once() {
    explore(async || {
        let (a, b) = (
            Desk::start(Token::default()).await.unwrap(),
            Desk::start(Token::default()).await.unwrap(),
        );
        let mut requests = RequestCollection::new();
        requests.add("a", a.ask().send_request());
        requests.add("b", b.ask_later().send_request());
        requests.add("crash", b.crash().send_request());
        process::exit(&b, boom());
        let mut labels = Vec::new();
        while let Ok((label, answer)) = requests.receive_response(Duration::from_secs(1)).await {
            match (label, answer) {
                ("a", answer) => assert!(answer.is_ok()),
                ("b", Ok(_)) => {}
                (_, failure) => assert_eq!(failure, Err(CallFailure::Exit(boom()))),
            }
            labels.push(label);
        }
        labels.sort_unstable();
        assert_eq!(labels, ["a", "b", "crash"]);
    });
}

#[test]
fn a_task_gives_its_value_or_says_why_it_has_none() {
    explore(async || {
        process::trap_exit(true);
        let (go, wait) = oneshot::channel::<()>();
        let task = Task::spawn(async move { _ = wait.await });
        let pid = task.pid().unwrap();
        Task::start(async move { drop(go) });
        process::exit(pid, ExitReason::Kill);
        let value = task.await;
        let exit = process::receive_exit().await;
        assert_eq!(exit.pid, pid);
        match value {
            // Killed after its answer, it may still be that it ended in order.
            Ok(()) => assert!([ExitReason::Normal, ExitReason::Killed].contains(&exit.reason)),
            Err(reason) => assert_eq!(
                (reason, exit.reason),
                (ExitReason::Killed, ExitReason::Killed)
            ),
        }
    });
}

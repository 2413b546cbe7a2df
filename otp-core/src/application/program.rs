//! A program that consists of applications: it starts them, waits for a signal or for an end, and stops them.
//!
//! Signals have a thread of their own, so that the second one ends the program whatever the others are doing.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::process::ExitCode;
use std::task::Poll;

use tokio::sync::oneshot;

use super::callbacks::Application;
use super::error::StartError;
use super::handle::Applications;
use super::plan::{Halt, RestartType};
use crate::runner::{Flavor, run_main};

/// What a program ends with whose application did not start.
const NOT_STARTED: u8 = 1;
/// What a shell adds to the number of the signal that has ended a program.
const BY_SIGNAL: i32 = 128;

/// Runs a program: it starts an application and all that it needs, as permanent ones, and stops them all in reverse
/// order when SIGTERM or Ctrl-C comes. [`Application::run`] is the same.
///
/// | what happens | exit status |
/// | --- | --- |
/// | SIGTERM or Ctrl-C; all have stopped, each within its [`shutdown_timeout`](super::ApplicationSpec::shutdown_timeout), or were killed | 0 |
/// | a second signal meanwhile: the program ends at once | 143 after SIGTERM, 130 after Ctrl-C |
/// | [`Applications::stop_all`] | the one that was asked for |
/// | an application ended by itself, its root has given up for instance; the others have stopped | 1 |
/// | an application did not start; those before it have stopped | 1 |
///
/// As in OTP, where SIGTERM is `init:stop/0` and a permanent application that ends takes the runtime with it; a second
/// signal forces nothing there. A signal that comes while the applications start stops them, too. Where there is no
/// SIGTERM, only Ctrl-C counts.
///
/// It starts a runtime, of several threads with the feature `rt-multi-thread`, and a node. What has gone wrong is written
/// to the standard error output, in one line. For anything else, use [`Applications`] in `#[otp_core::main]`.
///
/// # Panics
///
/// Panics if there can be no runtime.
///
/// # Examples
///
/// ```no_run
/// use otp_core::application::{Application, ApplicationContext};
/// use otp_core::prelude::*;
/// use otp_core::{Strategy, Supervisor, SupervisorRef};
///
/// #[derive(serde::Deserialize)]
/// struct ChatEnv { port: u16 }
///
/// #[otp_core::application(env = "config/app.toml", shutdown_timeout = 30s)]
/// struct Chat;
///
/// impl Application for Chat {
///     type Env = ChatEnv;
///     type Root = SupervisorRef;
///
///     async fn start(&mut self, env: ChatEnv, _: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
///         println!("port {}", env.port);
///         Ok(Supervisor::builder(Strategy::OneForOne).start_link().await?)
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     Chat.run()
/// }
/// ```
///
/// A job that ends the program when it is done:
///
/// ```
/// # use std::process::ExitCode;
/// # use otp_core::application::{Application, ApplicationContext, NoEnv};
/// # use otp_core::prelude::*;
/// # use otp_core::SupervisorRef;
/// #[otp_core::application]
/// struct Job;
///
/// impl Application for Job {
/// #     type Env = NoEnv;
/// #     type Root = SupervisorRef;
///     async fn start(&mut self, _: NoEnv, cx: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
///         let applications = cx.applications().clone();
///         tokio::spawn(async move { applications.stop_all(3).await });
///         doc_servers::empty_tree().await
///     }
/// }
///
/// fn main() {
///     assert_eq!(Job.run(), ExitCode::from(3));
/// }
/// ```
pub fn run<A: Application>(application: A) -> ExitCode {
    run_main(Flavor::Default, program(application))
}

#[expect(
    clippy::print_stderr,
    clippy::exit,
    reason = "the end of a program, which may have a thread that blocks"
)]
async fn program<A: Application>(application: A) -> ExitCode {
    let signal = match signal::first() {
        Ok(signal) => signal,
        Err(error) => {
            eprintln!("no signals can be received: {error}");
            return ExitCode::from(NOT_STARTED);
        }
    };
    let applications = Applications::start_link();
    let started = applications.ensure_all_started(application, RestartType::Permanent);
    let life = async {
        match started.await {
            // Of what was stopped while it started, the reason of the stop counts.
            Ok(_) | Err(StartError::Stopped(_) | StartError::Halting) => {
                Ok(applications.halted().await)
            }
            Err(error) => Err(error),
        }
    };
    let ended = match first_of(life, signal).await {
        First::Done(ended) => ended,
        First::Signal => {
            applications.stop_all(0).await;
            Ok(applications.halted().await)
        }
    };
    let status = match ended {
        Ok(halt) => {
            if let Halt::Terminated { .. } = halt {
                eprintln!("{halt}");
            }
            halt.status()
        }
        Err(error) => {
            eprintln!("{error}");
            applications.stop_all(NOT_STARTED).await;
            NOT_STARTED
        }
    };
    if applications.has_killed() {
        // What did not stop in time may block a thread, which the end of the node would wait for.
        std::process::exit(i32::from(status));
    }
    ExitCode::from(status)
}

enum First<T> {
    Done(T),
    Signal,
}

/// Waits for the life of the applications, or for a signal. Without anybody to send one it waits on.
async fn first_of<T>(life: impl Future<Output = T>, signal: oneshot::Receiver<()>) -> First<T> {
    let (mut life, mut signal) = (pin!(life), pin!(signal));
    poll_fn(|cx| {
        if let Poll::Ready(ended) = life.as_mut().poll(cx) {
            return Poll::Ready(First::Done(ended));
        }
        match signal.as_mut().poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(First::Signal),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    })
    .await
}

mod signal {
    //! The signals that stop a program.

    use std::io;
    use std::thread;

    use tokio::runtime::Builder;
    use tokio::sync::oneshot;

    use super::BY_SIGNAL;

    /// The number of Ctrl-C's signal, SIGINT.
    const INTERRUPT: i32 = 2;

    /// Listens from now on: the first signal is told, the second one ends the program.
    #[expect(clippy::exit, reason = "a second signal forces the end")]
    pub(super) fn first() -> io::Result<oneshot::Receiver<()>> {
        let (told, first) = oneshot::channel();
        let (listening, is_listening) = std::sync::mpsc::channel();
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let listen = move || {
            runtime.block_on(async move {
                let mut signals = match Signals::new() {
                    Ok(signals) => {
                        let _ = listening.send(Ok(()));
                        signals
                    }
                    Err(error) => {
                        let _ = listening.send(Err(error));
                        return;
                    }
                };
                signals.next().await;
                let _ = told.send(());
                let second = signals.next().await;
                std::process::exit(BY_SIGNAL + second);
            });
        };
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(listen)?;
        is_listening.recv().unwrap_or(Ok(()))?;
        Ok(first)
    }

    #[cfg(unix)]
    struct Signals {
        terminate: tokio::signal::unix::Signal,
        interrupt: tokio::signal::unix::Signal,
    }

    #[cfg(unix)]
    impl Signals {
        fn new() -> io::Result<Self> {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Signals {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }

        /// The number of the signal that comes next.
        async fn next(&mut self) -> i32 {
            use std::future::poll_fn;
            use std::task::Poll;

            const TERMINATE: i32 = 15;
            poll_fn(|cx| {
                if self.terminate.poll_recv(cx).is_ready() {
                    return Poll::Ready(TERMINATE);
                }
                self.interrupt.poll_recv(cx).map(|_| INTERRUPT)
            })
            .await
        }
    }

    #[cfg(not(unix))]
    struct Signals;

    #[cfg(not(unix))]
    impl Signals {
        fn new() -> io::Result<Self> {
            Ok(Signals)
        }

        async fn next(&mut self) -> i32 {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            INTERRUPT
        }
    }
}

//! A program that consists of applications, for tests that send it signals. It says on its standard output where it is.

use std::io::Write;
use std::process::ExitCode;

use otp_core::application::{Application, ApplicationContext, NoEnv};
use otp_core::prelude::*;
use otp_core::{Strategy, Supervisor, SupervisorRef};

/// A line, at once.
fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").expect("somebody reads");
    out.flush().expect("somebody reads");
}

#[otp_core::application]
struct Repo;

impl Application for Repo {
    type Env = NoEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        _: NoEnv,
        _: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        say("start repo");
        Ok(Supervisor::builder(Strategy::OneForOne)
            .start_link()
            .await?)
    }

    async fn stop(&mut self) {
        say("stop repo");
    }
}

/// What the program does, as its environment says.
#[derive(serde::Deserialize)]
struct MainEnv {
    act: Act,
}

#[derive(Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    /// It stops when it is told to.
    Obey,
    /// It does not stop.
    Hang,
    /// The same, and its time is bounded.
    Block,
    /// Its root gives up.
    GiveUp,
    /// It asks for the end.
    Halt,
    /// It is long in starting.
    StartSlowly,
    /// It does not start.
    Fail,
}

#[gen_server]
struct Worker {
    act: Act,
}

#[gen_server]
impl Worker {
    #[init]
    fn init(act: Act, cx: &mut Context<Self>) -> Self {
        cx.trap_exit(true);
        Worker { act }
    }

    #[terminate]
    async fn terminate(&mut self, _: &ExitReason) {
        say("stop worker");
        match self.act {
            Act::Hang => std::future::pending().await,
            // A thread that nobody can stop.
            Act::Block => loop {
                std::thread::park();
            },
            _ => {}
        }
    }
}

#[otp_core::application(applications(Repo), start_phases("up"), shutdown_timeout = 50ms, name = "main")]
struct Bounded(Option<Act>);

#[otp_core::application(applications(Repo), start_phases("up"))]
struct Main(Option<Act>);

async fn start(env: MainEnv, cx: &mut ApplicationContext) -> Result<SupervisorRef, ExitReason> {
    say("start main");
    let act = env.act;
    match act {
        Act::StartSlowly => std::future::pending().await,
        Act::Fail => return Err(ExitReason::error("boom")),
        _ => {}
    }
    let token = cx.token().clone();
    tokio::spawn(async move {
        token.cancelled().await;
        say("token cancelled");
    });
    let worker = otp_core::ChildSpec::new("worker", move || Worker::start_link(act).name("worker"))
        .shutdown(otp_core::Shutdown::Infinity);
    let root = Supervisor::builder(Strategy::OneForOne).child(worker);
    let root = root
        .max_restarts(0, Duration::from_secs(5))
        .start_link()
        .await?;
    Ok(root)
}

/// The tree is there. From now on every stop goes through all callbacks.
fn up(act: Option<Act>, cx: &ApplicationContext) {
    say("up");
    match act {
        Some(Act::Halt) => {
            let applications = cx.applications().clone();
            tokio::spawn(async move { applications.stop_all(7).await });
        }
        Some(Act::GiveUp) => {
            let worker = process::whereis("worker").expect("it was started");
            process::exit(worker, ExitReason::Kill);
        }
        _ => {}
    }
}

impl Application for Main {
    type Env = MainEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        env: MainEnv,
        cx: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        self.0 = Some(env.act);
        start(env, cx).await
    }

    async fn start_phase(
        &mut self,
        _: &'static str,
        cx: &mut ApplicationContext,
    ) -> Result<(), ExitReason> {
        up(self.0, cx);
        Ok(())
    }

    async fn stop(&mut self) {
        say("stop main");
    }
}

impl Application for Bounded {
    type Env = MainEnv;
    type Root = SupervisorRef;

    async fn start(
        &mut self,
        env: MainEnv,
        cx: &mut ApplicationContext,
    ) -> Result<SupervisorRef, ExitReason> {
        self.0 = Some(env.act);
        start(env, cx).await
    }

    async fn start_phase(
        &mut self,
        _: &'static str,
        cx: &mut ApplicationContext,
    ) -> Result<(), ExitReason> {
        up(self.0, cx);
        Ok(())
    }

    async fn stop(&mut self) {
        say("stop main");
    }
}

fn main() -> ExitCode {
    if std::env::var("MAIN__ACT").is_ok_and(|act| act == "block") {
        return Bounded(None).run();
    }
    Main(None).run()
}

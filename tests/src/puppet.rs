//! A server that does what it is told, and notes what happens to it.

use otp_core::prelude::*;
use otp_core::testing;

use crate::Journal;

/// What a puppet does in a callback.
#[derive(Debug)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// It takes its time.
    Wait(Duration),
    /// `cx.stop`.
    Stop(ExitReason),
    /// `process::exit_with`.
    Exit(ExitReason),
    /// A panic.
    Panic(&'static str),
    /// Goes on with another act, in a continue.
    Continue(Box<Act>),
    /// Sets a timeout, and does this when it fires.
    Timeout(Duration, Box<Act>),
    /// Does this in terminate.
    Last(Box<Act>),
    /// Several.
    All(Vec<Act>),
}

/// A server that does what it is told, and notes what happens to it: `call`, `cast`, `info`, `continue`, `timeout`,
/// `DOWN reason`, `EXIT reason`, `terminate reason`, `dropped`.
#[gen_server]
#[derive(Debug)]
pub struct Puppet {
    journal: Journal,
    on_timeout: Act,
    last: Act,
    kept: Vec<ReplyTo<&'static str>>,
}

#[gen_server]
impl Puppet {
    #[init]
    fn init(journal: Journal) -> Self {
        Puppet {
            journal,
            on_timeout: Act::Nothing,
            last: Act::Nothing,
            kept: Vec::new(),
        }
    }

    /// Does it, and answers "done".
    #[call]
    pub async fn ask(&mut self, act: Act, cx: &mut Context<Self>) -> &'static str {
        self.journal.note("call");
        self.act(act, cx).await;
        "done"
    }

    /// Does it with the request still open, and keeps the request.
    #[call]
    pub async fn keep(
        &mut self,
        act: Act,
        reply_to: ReplyTo<&'static str>,
        cx: &mut Context<Self>,
    ) {
        self.journal.note("call");
        self.act(act, cx).await;
        self.kept.push(reply_to);
    }

    /// Answers those who were kept.
    #[cast]
    pub fn answer(&mut self, answer: &'static str) {
        self.kept.drain(..).for_each(|kept| kept.send(answer));
    }

    /// Drops those who were kept.
    #[cast]
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    /// Does it.
    #[cast]
    pub async fn tell(&mut self, act: Act, cx: &mut Context<Self>) {
        self.journal.note("cast");
        self.act(act, cx).await;
    }

    /// Whether exits come as messages from now on.
    #[call]
    pub fn trap_exit(&self, trap: bool, cx: &mut Context<Self>) {
        cx.trap_exit(trap);
    }

    /// Monitors a process, by name.
    #[call]
    pub fn watch(&self, name: Name, cx: &mut Context<Self>) {
        cx.monitor(name);
    }

    #[handle_info]
    async fn info(&mut self, act: Act, cx: &mut Context<Self>) {
        self.journal.note("info");
        self.act(act, cx).await;
    }

    #[handle_continue]
    async fn go_on(&mut self, act: Act, cx: &mut Context<Self>) {
        self.journal.note("continue");
        self.act(act, cx).await;
    }

    #[handle_timeout]
    async fn timeout(&mut self, cx: &mut Context<Self>) {
        self.journal.note("timeout");
        let act = std::mem::replace(&mut self.on_timeout, Act::Nothing);
        self.act(act, cx).await;
    }

    #[handle_down]
    fn down(&mut self, down: Down) {
        self.journal.note(format_args!("DOWN {}", down.reason));
    }

    #[handle_exit]
    fn exit(&mut self, exit: Exit) {
        self.journal.note(format_args!("EXIT {}", exit.reason));
    }

    #[terminate]
    async fn terminate(&mut self, reason: &ExitReason, cx: &mut Context<Self>) {
        self.journal.note(format!("terminate {reason}"));
        let last = std::mem::replace(&mut self.last, Act::Nothing);
        self.act(last, cx).await;
    }

    async fn act(&mut self, act: Act, cx: &mut Context<Self>) {
        let mut acts = std::collections::VecDeque::from([act]);
        while let Some(act) = acts.pop_front() {
            match act {
                Act::Nothing => {}
                Act::Wait(time) => otp_core::time::sleep(time).await,
                Act::Stop(reason) => cx.stop(reason),
                Act::Exit(reason) => process::exit_with(reason),
                Act::Panic(text) => panic!("{text}"),
                Act::Continue(next) => cx.continue_with(PuppetMessage::GoOn { act: *next }),
                Act::Timeout(after, then) => {
                    cx.set_timeout(after);
                    self.on_timeout = *then;
                }
                Act::Last(last) => self.last = *last,
                Act::All(all) => acts.extend(all),
            }
        }
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.journal.note("dropped");
    }
}

/// Starts a puppet that is linked with nobody, and ends with the test.
///
/// # Panics
///
/// Panics outside a test.
pub async fn puppet() -> (PuppetRef, Journal) {
    let journal = Journal::new();
    let server = Puppet::start(journal.clone())
        .await
        .expect("its init does not fail");
    testing::end_with_test(&server);
    (server, journal)
}

//! The task of a server: one message at a time, then terminate.
//!
//! [`Owner`] holds the state and the messages that were taken to be worked on. The loop borrows both, so that when a
//! panic drops the loop, `terminate` still finds the state, and the callers whose requests were taken are told.
//!
//! Steps of an end: the loop returns or panics; `terminate` runs; the answers that waited for it leave; the process is
//! released ([`crate::process::signal`]); the state is dropped.

use std::any::Any;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use tracing::Instrument;

use super::{Context, GenServer};
use crate::exit::ExitReason;
use crate::node::Name;
use crate::process::Counting;
use crate::process::queue::Envelope;
use crate::process::run::catch;
use crate::process::scope::Orphan;
use crate::process::signal::{self, Signal};
use crate::report::{self, LastWords};
use crate::sys::{Status, SystemRequest};

/// Messages handled in one go before other tasks get a turn.
pub(crate) const TURN: u32 = 128;

struct Owner<S: GenServer> {
    state: S,
    cx: Context<S>,
    /// Taken from the mailbox and not handled yet.
    batch: VecDeque<Envelope<S::Message>>,
    /// Put aside while suspended.
    #[expect(
        clippy::box_collection,
        reason = "a server is hardly ever suspended, and there may be very many servers"
    )]
    aside: Option<Box<VecDeque<Envelope<S::Message>>>>,
    last_message: Option<&'static str>,
}

/// The code of a server's process.
pub(super) fn serve<S: GenServer>(
    state: S,
    cx: Context<S>,
) -> impl Future<Output = ExitReason> + Send {
    let mut owner = Owner {
        state,
        cx,
        batch: VecDeque::new(),
        aside: None,
        last_message: None,
    };
    async move {
        let stopped = catch(owner.run()).await;
        // Replies that a panic has dropped, to be told once the reason of the end is fixed.
        let mut orphans = Vec::new();
        let mut reason = stopped.unwrap_or_else(|crash| crash.take(&mut orphans));
        let is_reported = !reason.is_clean() && report::is_server_reported();
        let state = is_reported.then(|| owner.format_status());
        let terminated = catch(owner.state.terminate(&reason, &mut owner.cx)).await;
        if let Err(crash) = terminated {
            reason = crash.take(&mut orphans);
        }
        owner.report(&reason, state, &orphans);
        owner.cx.answer_held();
        report::crash(&**owner.cx.cell(), &reason);
        // Now, while the state and the callers among the batch are still there: they are to see the reason.
        signal::release(&**owner.cx.cell(), &reason)
    }
}

impl<S: GenServer> Owner<S> {
    /// Handles messages until the server is to stop.
    async fn run(&mut self) -> ExitReason {
        if S::BEGINS {
            Box::pin(self.state.begin(&mut self.cx)).await;
        }
        let mut turn = TURN;
        loop {
            if self.cx.is_stopping()
                && let Some(reason) = self.cx.take_stop()
            {
                return reason;
            }
            // Before a continue too: a server that continues without end lets others run, and can be killed.
            turn -= 1;
            if turn == 0 || self.cx.cell().core().is_signalled() {
                turn = TURN;
                yield_now().await;
            }
            if self.cx.has_next()
                && let Some(message) = self.cx.take_next()
            {
                self.handle(message).await;
                continue;
            }
            let next = match self.batch.pop_front() {
                None => self.cx.receive(&mut self.batch).await,
                next => next,
            };
            match next {
                Some(Envelope::Message(message)) => self.handle(message).await,
                None => self.timeout().await,
                Some(Envelope::Signal(signal)) => {
                    if let Signal::System(SystemRequest::Stop(reason)) = *signal {
                        return reason;
                    }
                    // Boxed, as it is rare, and as the task of every server would have to hold it.
                    if let Some(reason) = Box::pin(self.signal(*signal)).await {
                        return reason;
                    }
                }
            }
        }
    }

    /// Always inlined: a panic has one frame less to unwind, a fifth of what it costs to start a server again.
    #[inline(always)]
    fn handle(&mut self, message: S::Message) -> impl Future<Output = ()> {
        self.cx.begin_callback();
        let name = S::message_name(&message);
        self.last_message = Some(name);
        if let Some(counting) = self.cx.counting() {
            counting.handles(name, self.batch.len());
        }
        self.state.handle_message(message, &mut self.cx)
    }

    /// A callback begins that is for no message of the server's own.
    fn begin(&mut self, what: &'static str) {
        self.cx.begin_callback();
        self.last_message = Some(what);
        if let Some(counting) = self.cx.counting() {
            counting.works_on(what, self.batch.len());
        }
    }

    async fn timeout(&mut self) {
        self.begin("timeout");
        report::timeout(&**self.cx.cell());
        self.state.handle_timeout(&mut self.cx).await;
    }

    /// Acts on a signal. Some with the reason if the server is to stop.
    async fn signal(&mut self, signal: Signal) -> Option<ExitReason> {
        match signal {
            Signal::Down(down) => {
                if self.cx.cell().core().vital().take_down(down.monitor.id) {
                    self.begin("DOWN");
                    self.state.handle_down(down, &mut self.cx).await;
                }
                None
            }
            Signal::Exit(exit) if Some(exit.pid) == self.cx.parent() => Some(exit.reason),
            Signal::Exit(exit) => {
                self.begin("EXIT");
                self.state.handle_exit(exit, &mut self.cx).await;
                None
            }
            Signal::Traced(traced) => {
                let (message, span) = traced.take();
                self.handle(message).instrument(span).await;
                None
            }
            Signal::Idle(generation) => {
                if self.cx.is_present_timeout(generation) {
                    self.timeout().await;
                }
                None
            }
            Signal::Timer(timer) => {
                self.cx.begin_callback();
                self.last_message = Some("timeout");
                self.state.handle_timer(timer, &mut self.cx).await;
                None
            }
            Signal::System(request) => {
                self.cx.disarm();
                match request {
                    SystemRequest::Suspend(done) => {
                        self.cx.cell().core().vital().suspended = true;
                        done.send(());
                        self.suspended().await
                    }
                    other => self.system(other, false),
                }
            }
        }
    }

    /// Looks at system requests and at the parent's exit only, and puts the rest aside.
    async fn suspended(&mut self) -> Option<ExitReason> {
        let end = loop {
            let Some(envelope) = self.batch.pop_front() else {
                self.fill_with_urgent().await;
                continue;
            };
            match envelope {
                Envelope::Signal(signal) => match *signal {
                    Signal::System(SystemRequest::Resume(done)) => {
                        self.cx.cell().core().vital().suspended = false;
                        done.send(());
                        break None;
                    }
                    Signal::System(SystemRequest::Suspend(done)) => done.send(()),
                    Signal::System(request) => {
                        if let Some(reason) = self.system(request, true) {
                            break Some(reason);
                        }
                    }
                    Signal::Exit(exit) if Some(exit.pid) == self.cx.parent() => {
                        break Some(exit.reason);
                    }
                    Signal::Idle(_) => {}
                    other => self.put_aside(Envelope::Signal(Box::new(other))),
                },
                message => self.put_aside(message),
            }
        };
        if let Some(mut aside) = self.aside.take() {
            while let Some(envelope) = self.batch.pop_front() {
                aside.push_back(envelope);
            }
            self.batch = *aside;
        }
        end
    }

    /// Waits for what a suspended server looks at; from an unbounded mailbox the rest comes with it.
    async fn fill_with_urgent(&mut self) {
        let (cell, batch, parent) = (self.cx.cell(), &mut self.batch, self.cx.parent());
        let urgent = |envelope: &Envelope<S::Message>| match envelope {
            Envelope::Signal(signal) => match &**signal {
                Signal::System(_) | Signal::Idle(_) => true,
                Signal::Exit(exit) => Some(exit.pid) == parent,
                Signal::Down(_) | Signal::Timer(_) | Signal::Traced(_) => false,
            },
            Envelope::Message(_) => false,
        };
        poll_fn(|cx| {
            if cell.queue().take_urgent(batch, cx.waker(), urgent) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn put_aside(&mut self, envelope: Envelope<S::Message>) {
        let aside = self.aside.get_or_insert_default();
        aside.push_back(envelope);
        if let Some(counting) = self.cx.counting() {
            counting.keeps(aside.len());
        }
    }

    /// Answers a system request. Some with the reason if it asks to stop.
    fn system(&mut self, request: SystemRequest, suspended: bool) -> Option<ExitReason> {
        match request {
            SystemRequest::Stop(reason) => return Some(reason),
            SystemRequest::Suspend(done) | SystemRequest::Resume(done) => done.send(()),
            SystemRequest::State(look) => look(&mut self.state as &mut dyn Any),
            SystemRequest::Statistics { enable, reply_to } => {
                let answer = self.cx.counting().map(Counting::statistics);
                if let Some(enable) = enable {
                    let counting = enable.then(|| Arc::new(Counting::begin(size_of::<S>())));
                    self.cx.set_counting(counting);
                }
                reply_to.send(answer);
            }
            SystemRequest::Status(reply_to) => reply_to.send(Status {
                pid: self.cx.pid(),
                name: self.name(),
                parent: self.cx.parent(),
                server: std::any::type_name::<S>(),
                suspended,
                message_queue_len: self.batch.len()
                    + self.aside.as_ref().map_or(0, |aside| aside.len())
                    + self.cx.cell().queue().len(),
                state: self.format_status(),
            }),
        }
        None
    }

    fn name(&self) -> Option<Name> {
        self.cx.cell().core().vital().name().cloned()
    }

    fn format_status(&self) -> String {
        catch_unwind(AssertUnwindSafe(|| self.state.format_status()))
            .unwrap_or_else(|_| "<format_status panicked>".to_owned())
    }

    /// Reports a stop that is not clean. `state` is that before terminate, if it was not clean by then.
    fn report(&mut self, reason: &ExitReason, state: Option<String>, orphans: &[Orphan]) {
        if reason.is_clean() || !report::is_server_reported() {
            return;
        }
        let dropped = orphans.first().and_then(|orphan| orphan.caller);
        let words = LastWords {
            server: std::any::type_name::<S>(),
            message: self.last_message,
            state: &state.unwrap_or_else(|| self.format_status()),
            client: dropped.or_else(|| self.cx.held_caller()),
        };
        report::server(&**self.cx.cell(), reason, &words);
    }
}

/// Lets other tasks run, and lets an exit signal act.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

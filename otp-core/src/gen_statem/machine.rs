//! The server that runs a state machine: its messages go through the queue, one event at a time.
//!
//! Steps of an event: the handler runs; if it stops, nothing else happens; the enter call of a new state runs; then the
//! queue makes of what both asked for the events that are next and the timers to arm. Events that are ready are handled
//! before the mailbox is looked at again.

use std::fmt;
use std::ops::Deref;

use super::queue::{Command, Event, Queue};
use super::{Actions, EventType, GenStatem, Slot, When};
use crate::exit::ExitReason;
use crate::gen_server::{Context, GenServer, InitError, TURN, unexpected, yield_now};
use crate::options::ServerOptions;
use crate::process::cell::Process;
use crate::process::signal::Signal;
use crate::process::{Down, Exit};
use crate::registry::{RegisteredAs, Registrable};
use crate::time;
use crate::time::timers::Id;

/// The server of a state machine `S`: what its process runs.
///
/// `StatemRef<S>`, a [`ServerRef`](crate::ServerRef) of it, is its handle, and the one of `#[gen_statem]` derefs to that.
/// It derefs to the state, for [`sys::get_state`](crate::sys::get_state).
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Door, DoorMessage};
/// use otp_core::gen_statem::StatemRef;
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let door: StatemRef<Door> = Door::start().await.unwrap();
/// door.cast(DoorMessage::Open);
/// assert!(sys::get_state(&door, |door| matches!(**door, Door::Open)).await.unwrap());
/// # });
/// ```
pub struct Machine<S: GenStatem> {
    slot: Slot<S>,
    queue: Queue<S::Event>,
    actions: Actions<S>,
    /// The timers that are armed, by their numbers in the queue.
    armed: Vec<(u64, Id)>,
}

impl<S: GenStatem> Machine<S> {
    pub(super) fn replace(&mut self, state: S) {
        self.slot.put(state);
    }

    /// Handles events until only the mailbox can have more, or the machine is to stop.
    async fn run(&mut self, cx: &mut Context<Self>) {
        let mut turn = TURN;
        while let Some(Event {
            event_type,
            content,
        }) = self.queue.next()
        {
            self.obey();
            let from = self.slot.state();
            let given = event_type.clone();
            S::handle_event(&mut self.slot, given, content, &mut self.actions).await;
            if let Err(reason) = self.settle(from, event_type, false).await {
                cx.stop(reason);
                return;
            }
            turn -= 1;
            if turn == 0 || cx.cell().core().is_signalled() {
                turn = TURN;
                yield_now().await;
            }
        }
        if std::mem::take(&mut self.actions.asked().hibernate) {
            cx.hibernate();
        }
    }

    /// Does what follows a callback that began in state `from`. Err if the machine is to stop.
    async fn settle(
        &mut self,
        from: S::State,
        event_type: EventType,
        is_begin: bool,
    ) -> Result<(), ExitReason> {
        self.stopped()?;
        let to = self.slot.state();
        let is_change = to != from;
        let repeats = std::mem::take(&mut self.actions.asked().repeat_state);
        if S::STATE_ENTER && (is_change || repeats || is_begin) {
            self.enter(from, to).await?;
        }
        let outcome = std::mem::take(&mut self.actions.asked().outcome);
        self.queue.transition(event_type, is_change, outcome);
        self.obey();
        Ok(())
    }

    async fn enter(&mut self, from: S::State, to: S::State) -> Result<(), ExitReason> {
        let mut from = from;
        loop {
            let asked = &mut self.actions.asked().outcome;
            let (postponed, inserted) =
                (asked.postponed.take(), std::mem::take(&mut asked.inserted));
            if let Some(state) = self.slot.get_mut() {
                S::enter(state, from, &mut self.actions).await;
            }
            self.stopped()?;
            if self.slot.state() != to {
                return Err(ExitReason::error(
                    "bad_state_enter_return_from_state_function",
                ));
            }
            let asked = self.actions.asked();
            if asked.outcome.postponed.is_some() || !asked.outcome.inserted.is_empty() {
                return Err(ExitReason::error(
                    "bad_state_enter_action_from_state_function",
                ));
            }
            asked.outcome.postponed = postponed;
            asked.outcome.inserted = inserted;
            if !std::mem::take(&mut asked.repeat_state) {
                return Ok(());
            }
            from = to;
        }
    }

    fn stopped(&mut self) -> Result<(), ExitReason> {
        self.actions.asked().stop.take().map_or(Ok(()), Err)
    }

    /// Arms and disarms the timers that the queue wants so.
    fn obey(&mut self) {
        let node = self.actions.node();
        for command in self.queue.commands() {
            match command {
                Command::Arm(number, when) => {
                    let cell = std::sync::Arc::clone(self.actions.cell());
                    let deadline = match when {
                        When::After(after) => time::deadline_after(after),
                        When::At(at) => at,
                    };
                    cell.core().vital().has_timers = true;
                    let pid = self.actions.pid();
                    let id = node.timers().arm(node, deadline, Some(pid), move || {
                        cell.push_signal(Signal::Timer(number));
                    });
                    self.armed.push((number, id));
                }
                Command::Disarm(number) => {
                    let place = self.armed.iter().position(|(armed, _)| *armed == number);
                    if let Some(place) = place {
                        node.timers().disarm(self.armed.swap_remove(place).1);
                    }
                }
            }
        }
    }
}

impl<S: GenStatem> GenServer for Machine<S> {
    type Args = S::Args;
    type Message = S::Event;

    const OPTIONS: ServerOptions = S::OPTIONS;
    const BEGINS: bool = true;

    async fn init(args: S::Args, _cx: &mut Context<Self>) -> Result<Self, InitError> {
        let mut actions = Actions::new(Context::current());
        let state = S::init(args, &mut actions).await?;
        Ok(Machine {
            slot: Slot::new(state),
            queue: Queue::new(),
            actions,
            armed: Vec::new(),
        })
    }

    /// The first enter call, and what init asked for. The starter has its answer.
    async fn begin(&mut self, cx: &mut Context<Self>) {
        let state = self.slot.state();
        match self.settle(state, EventType::Internal, true).await {
            Ok(()) => self.run(cx).await,
            Err(reason) => cx.stop(reason),
        }
    }

    async fn handle_message(&mut self, event: S::Event, cx: &mut Context<Self>) {
        self.queue.receive(event);
        self.run(cx).await;
    }

    async fn handle_timer(&mut self, timer: u64, cx: &mut Context<Self>) {
        self.armed.retain(|(armed, _)| *armed != timer);
        self.queue.fire(timer);
        self.run(cx).await;
    }

    async fn handle_down(&mut self, down: Down, cx: &mut Context<Self>) {
        let reason = down.reason.clone();
        match S::down(down) {
            Some(event) => self.handle_message(event, cx).await,
            None => unexpected(cx, "DOWN", &reason),
        }
    }

    async fn handle_exit(&mut self, exit: Exit, cx: &mut Context<Self>) {
        let reason = exit.reason.clone();
        match S::exit(exit) {
            Some(event) => self.handle_message(event, cx).await,
            None => unexpected(cx, "EXIT", &reason),
        }
    }

    async fn terminate(&mut self, reason: &ExitReason, _cx: &mut Context<Self>) {
        if let Some(state) = self.slot.get_mut() {
            S::terminate(state, reason, &mut self.actions).await;
        }
    }

    fn format_status(&self) -> String {
        let state = self.slot.get();
        state.map_or_else(|| "taken by its handler".to_owned(), S::format_status)
    }

    fn message_name(event: &S::Event) -> &'static str {
        S::event_name(event)
    }
}

#[diagnostic::do_not_recommend]
impl<S> RegisteredAs<S> for Machine<S> where
    S: GenStatem + Registrable<Message = <S as GenStatem>::Event>
{
}

impl<S: GenStatem> Deref for Machine<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.slot
    }
}

impl<S: GenStatem> fmt::Debug for Machine<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("state", &self.slot.get().map(S::state))
            .field("postponed", &self.queue.postponed())
            .finish_non_exhaustive()
    }
}

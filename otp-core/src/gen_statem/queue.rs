//! The event queue of a state machine: what is handled next, what waits for another state, which timeouts run.
//!
//! Pure: no clock, no timer, no runtime. What is to be armed and disarmed it says in [`Command`]s, which the machine
//! carries out.
//!
//! The order of what is handled: events that a handler inserted, in the order given; then, after a change of state, the
//! postponed ones, oldest first; then timeouts of no time, in the order in which they were set; then what the mailbox has.

use std::collections::VecDeque;

use super::EventType;
use super::timeout::{TimeoutKind, When};

/// An event: its type and its content, OTP's `{EventType, EventContent}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event<E> {
    pub(super) event_type: EventType,
    pub(super) content: E,
}

/// What becomes of a timeout.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Setting<E> {
    Set(When, E),
    Update(E),
    Cancel,
}

/// What a callback asked for.
#[derive(Debug)]
pub(super) struct Outcome<E> {
    pub(super) postponed: Option<E>,
    /// In the order in which they are to be handled.
    pub(super) inserted: Vec<E>,
    /// In the order in which they were asked for; of one kind the last counts.
    pub(super) timeouts: Vec<(TimeoutKind, Setting<E>)>,
}

impl<E> Default for Outcome<E> {
    fn default() -> Self {
        Outcome {
            postponed: None,
            inserted: Vec::new(),
            timeouts: Vec::new(),
        }
    }
}

/// What the machine is to do with its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Arm(u64, When),
    Disarm(u64),
}

/// A timeout that has been set and has not come.
#[derive(Debug)]
struct Running<E> {
    kind: TimeoutKind,
    /// Its timer; None if it is of no time, and comes as soon as nothing else is to be handled.
    timer: Option<u64>,
    content: E,
}

#[derive(Debug)]
pub(super) struct Queue<E> {
    /// To be handled before anything from the mailbox, next first.
    ready: VecDeque<Event<E>>,
    /// Oldest first.
    postponed: VecDeque<Event<E>>,
    /// In the order in which they were set. There are few.
    timeouts: Vec<Running<E>>,
    commands: Vec<Command>,
    last_timer: u64,
}

impl<E> Queue<E> {
    pub(super) const fn new() -> Self {
        Queue {
            ready: VecDeque::new(),
            postponed: VecDeque::new(),
            timeouts: Vec::new(),
            commands: Vec::new(),
            last_timer: 0,
        }
    }

    /// An event has come from outside.
    pub(super) fn receive(&mut self, content: E) {
        self.ready.push_back(Event {
            event_type: EventType::External,
            content,
        });
    }

    /// A timer has gone off: its timeout is an event, unless it was cancelled too late.
    pub(super) fn fire(&mut self, timer: u64) {
        let place = self
            .timeouts
            .iter()
            .position(|running| running.timer == Some(timer));
        if let Some(place) = place {
            let Running { kind, content, .. } = self.timeouts.remove(place);
            let event_type = kind.event_type();
            self.ready.push_back(Event {
                event_type,
                content,
            });
        }
    }

    /// The event to handle now. None if only the mailbox may have one. Any event ends the event timeout.
    pub(super) fn next(&mut self) -> Option<Event<E>> {
        let event = self.ready.pop_front().or_else(|| self.due_at_once())?;
        self.cancel(&TimeoutKind::Event);
        Some(event)
    }

    fn due_at_once(&mut self) -> Option<Event<E>> {
        let is_due = |running: &Running<E>| running.timer.is_none();
        let place = self.timeouts.iter().position(is_due)?;
        let Running { kind, content, .. } = self.timeouts.remove(place);
        Some(Event {
            event_type: kind.event_type(),
            content,
        })
    }

    /// A callback is done. `event_type` is that of the event that it handled, if it was one.
    pub(super) fn transition(
        &mut self,
        event_type: EventType,
        is_change: bool,
        outcome: Outcome<E>,
    ) {
        if let Some(content) = outcome.postponed {
            self.postponed.push_back(Event {
                event_type,
                content,
            });
        }
        if is_change {
            self.cancel(&TimeoutKind::State);
            self.postponed.append(&mut self.ready);
            std::mem::swap(&mut self.postponed, &mut self.ready);
        }
        for content in outcome.inserted.into_iter().rev() {
            self.ready.push_front(Event {
                event_type: EventType::Internal,
                content,
            });
        }
        for (kind, setting) in last_of_each_kind(outcome.timeouts) {
            self.set(kind, setting);
        }
    }

    fn set(&mut self, kind: TimeoutKind, setting: Setting<E>) {
        match setting {
            Setting::Cancel => self.cancel(&kind),
            Setting::Set(when, content) => {
                self.cancel(&kind);
                self.start(kind, when, content);
            }
            Setting::Update(content) => match self.running(&kind) {
                Some(running) => running.content = content,
                None => self.start(kind, When::NOW, content),
            },
        }
    }

    fn start(&mut self, kind: TimeoutKind, when: When, content: E) {
        let timer = (when != When::NOW).then(|| {
            self.last_timer += 1;
            self.commands.push(Command::Arm(self.last_timer, when));
            self.last_timer
        });
        self.timeouts.push(Running {
            kind,
            timer,
            content,
        });
    }

    fn running(&mut self, kind: &TimeoutKind) -> Option<&mut Running<E>> {
        self.timeouts
            .iter_mut()
            .find(|running| running.kind == *kind)
    }

    fn cancel(&mut self, kind: &TimeoutKind) {
        let place = self
            .timeouts
            .iter()
            .position(|running| running.kind == *kind);
        if let Some(place) = place {
            let running = self.timeouts.remove(place);
            self.commands.extend(running.timer.map(Command::Disarm));
        }
    }

    /// What is to be done with the timers since this was last asked.
    pub(super) fn commands(&mut self) -> impl Iterator<Item = Command> {
        self.commands.drain(..)
    }

    /// How many events wait for another state.
    pub(super) fn postponed(&self) -> usize {
        self.postponed.len()
    }
}

fn last_of_each_kind<E>(
    settings: Vec<(TimeoutKind, Setting<E>)>,
) -> Vec<(TimeoutKind, Setting<E>)> {
    let mut last: Vec<(TimeoutKind, Setting<E>)> = Vec::with_capacity(settings.len());
    for (kind, setting) in settings {
        last.retain(|(earlier, _)| *earlier != kind);
        last.push((kind, setting));
    }
    last
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::node::Name;

    const SECOND: When = When::After(Duration::from_secs(1));

    fn postponed(content: &'static str) -> Outcome<&'static str> {
        Outcome {
            postponed: Some(content),
            ..Outcome::default()
        }
    }

    fn inserted(contents: &[&'static str]) -> Outcome<&'static str> {
        Outcome {
            inserted: contents.to_vec(),
            ..Outcome::default()
        }
    }

    fn set(
        timeouts: impl IntoIterator<Item = (TimeoutKind, Setting<&'static str>)>,
    ) -> Outcome<&'static str> {
        Outcome {
            timeouts: timeouts.into_iter().collect(),
            ..Outcome::default()
        }
    }

    fn named(name: &str) -> TimeoutKind {
        TimeoutKind::Named(Name::from(name))
    }

    /// What is handled until only the mailbox could have more, if no handler asks for anything.
    fn rest(queue: &mut Queue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.next())
            .map(|event| event.content)
            .collect()
    }

    fn commands(queue: &mut Queue<&'static str>) -> Vec<Command> {
        queue.commands().collect()
    }

    #[test]
    fn postponed_events_come_back_oldest_first_after_a_change_only() {
        let mut queue = Queue::new();
        for content in ["a", "b"] {
            queue.receive(content);
            let event = queue.next().unwrap();
            queue.transition(event.event_type, false, postponed(event.content));
        }
        assert_eq!(rest(&mut queue), [""; 0]);
        assert_eq!(queue.postponed(), 2);
        queue.transition(EventType::External, true, postponed("c"));
        assert_eq!(rest(&mut queue), ["a", "b", "c"]);
    }

    #[test]
    fn inserted_come_before_retried_before_timeouts_of_no_time() {
        let mut queue = Queue::new();
        queue.transition(EventType::External, false, postponed("retried"));
        let mut outcome = inserted(&["first", "second"]);
        outcome.timeouts = vec![
            (named("n"), Setting::Set(When::NOW, "named")),
            (TimeoutKind::State, Setting::Set(When::NOW, "state")),
        ];
        queue.transition(EventType::External, true, outcome);
        assert_eq!(
            rest(&mut queue),
            ["first", "second", "retried", "named", "state"]
        );
        assert_eq!(commands(&mut queue), []);
    }

    #[test]
    fn any_event_ends_the_event_timeout() {
        let mut queue = Queue::new();
        let timeout = || set([(TimeoutKind::Event, Setting::Set(SECOND, "idle"))]);
        queue.transition(EventType::External, false, timeout());
        assert_eq!(commands(&mut queue), [Command::Arm(1, SECOND)]);
        queue.receive("a");
        assert_eq!(rest(&mut queue), ["a"]);
        assert_eq!(commands(&mut queue), [Command::Disarm(1)]);
        // One that went off meanwhile is told too late.
        queue.fire(1);
        assert_eq!(rest(&mut queue), [""; 0]);

        let mut outcome = inserted(&["b"]);
        outcome.timeouts = vec![(TimeoutKind::Event, Setting::Set(When::NOW, "idle"))];
        queue.transition(EventType::External, false, outcome);
        assert_eq!(rest(&mut queue), ["b"]);
    }

    #[test]
    fn a_change_of_state_cancels_the_state_timeout_and_no_other() {
        let mut queue = Queue::new();
        let both = set([
            (TimeoutKind::State, Setting::Set(SECOND, "old")),
            (named("n"), Setting::Set(SECOND, "named")),
        ]);
        queue.transition(EventType::External, true, both);
        assert_eq!(
            commands(&mut queue),
            [Command::Arm(1, SECOND), Command::Arm(2, SECOND)]
        );
        let new = set([(TimeoutKind::State, Setting::Set(SECOND, "new"))]);
        queue.transition(EventType::External, true, new);
        assert_eq!(
            commands(&mut queue),
            [Command::Disarm(1), Command::Arm(3, SECOND)]
        );
        for timer in [1, 2, 3] {
            queue.fire(timer);
        }
        assert_eq!(rest(&mut queue), ["named", "new"]);
    }

    #[test]
    fn an_update_changes_the_content_and_not_the_time() {
        let mut queue = Queue::new();
        let update = |content| set([(named("n"), Setting::Update(content))]);
        // Nothing runs: it comes at once.
        queue.transition(EventType::External, false, update("at once"));
        assert_eq!(rest(&mut queue), ["at once"]);
        queue.transition(
            EventType::External,
            false,
            set([(named("n"), Setting::Set(SECOND, "a"))]),
        );
        queue.transition(EventType::External, false, update("b"));
        assert_eq!(commands(&mut queue), [Command::Arm(1, SECOND)]);
        queue.fire(1);
        assert_eq!(rest(&mut queue), ["b"]);
    }

    #[test]
    fn of_one_kind_the_last_setting_counts() {
        let mut queue = Queue::new();
        let settings = set([
            (TimeoutKind::State, Setting::Set(SECOND, "a")),
            (named("n"), Setting::Set(SECOND, "b")),
            (TimeoutKind::State, Setting::Cancel),
        ]);
        queue.transition(EventType::External, false, settings);
        assert_eq!(commands(&mut queue), [Command::Arm(1, SECOND)]);
        queue.fire(1);
        assert_eq!(rest(&mut queue), ["b"]);
    }
}

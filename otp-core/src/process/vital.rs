//! What decides the life of one process: links, monitors, trapping, the exit signal that waits to be acted on.
//!
//! Pure: no lock, no clock, no runtime. [`super::signal`] holds a `Vital` under its process's lock, asks it what an
//! event means, and does what it says. Two are locked at once only to link and unlink, see there.

use std::any::{Any, TypeId};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::exit::ExitReason;
use crate::node::Name;
use crate::pid::Pid;
use crate::process::Counting;
use crate::reply::ReplyTo;

/// How an exit signal came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// A linked process ended.
    Link,
    /// Somebody sent it: `exit/2`.
    Signal,
    /// A registry ended in which the process has entries; as of a link, without there being one.
    Registry,
}

/// What an exit signal does to the process that it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Ignored,
    /// It becomes a message, as the process traps exits.
    Message,
    /// The process ends at its next await point, with the reason that is now pending.
    Ends,
}

/// A table elsewhere in which a process may have entries, and which is to forget them when the process ends.
pub(crate) trait Table: Send + Sync {
    /// Removes the entries of a process that has ended.
    fn forget(&self, pid: Pid);
}

/// What a monitor of this process's watches.
#[derive(Debug)]
struct Watch {
    target: Pid,
    name: Option<Name>,
    fired: bool,
}

/// A watch that fires: who is to be told of which name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fired {
    pub(crate) name: Option<Name>,
}

/// The processes that one is linked with. Most have one link, to their supervisor, which needs no memory of its own.
#[derive(Default)]
enum Links {
    #[default]
    None,
    One(Pid),
    Many(Box<FxHashSet<Pid>>),
}

impl Links {
    fn insert(&mut self, peer: Pid) {
        match self {
            Links::None => *self = Links::One(peer),
            Links::One(only) if *only == peer => {}
            Links::One(only) => *self = Links::Many(Box::new([*only, peer].into_iter().collect())),
            Links::Many(peers) => {
                peers.insert(peer);
            }
        }
    }

    fn remove(&mut self, peer: Pid) -> bool {
        match self {
            Links::One(only) if *only == peer => {
                *self = Links::None;
                true
            }
            Links::None | Links::One(_) => false,
            Links::Many(peers) => peers.remove(&peer),
        }
    }

    fn contains(&self, peer: Pid) -> bool {
        match self {
            Links::None => false,
            Links::One(only) => *only == peer,
            Links::Many(peers) => peers.contains(&peer),
        }
    }

    /// Sorted, so that a run can be repeated.
    fn sorted(&self) -> Vec<Pid> {
        match self {
            Links::None => Vec::new(),
            Links::One(only) => vec![*only],
            Links::Many(peers) => {
                let mut peers: Vec<Pid> = peers.iter().copied().collect();
                peers.sort_unstable();
                peers
            }
        }
    }
}

/// How far a process has come.
#[derive(Default)]
enum Life {
    #[default]
    Alive,
    /// An exit signal is to be acted on.
    Signalled(ExitReason),
    /// It has ended.
    Ended(ExitReason),
    /// Its state is dropped too, and those who are to be told of its end were taken.
    Gone(ExitReason),
}

/// The rare parts, so that a process without them pays one word.
#[derive(Default)]
struct Extra {
    name: Option<Name>,
    /// Monitors that this process set, until their DOWN is taken from the mailbox.
    watches: FxHashMap<u64, Watch>,
    /// Monitors that others set on this process.
    watchers: FxHashMap<u64, Pid>,
    /// Helpers that end with this process whatever its reason: attached streams.
    attached: FxHashSet<Pid>,
    /// More of those who wait for the end.
    waiting: Vec<ReplyTo<ExitReason>>,
    label: Option<String>,
    dictionary: Dictionary,
    /// The tables that this process has entries in.
    tables: Vec<Arc<dyn Table>>,
    /// Of a server whose statistics are on.
    counting: Option<Arc<Counting>>,
}

type Dictionary = FxHashMap<TypeId, Box<dyn Any + Send>>;

/// Everybody who must hear of an end, and what must be undone elsewhere. Sorted, so that a run can be repeated.
#[derive(Default)]
pub(crate) struct Farewell {
    pub(crate) links: Vec<Pid>,
    pub(crate) watchers: Vec<(u64, Pid)>,
    pub(crate) watched: Vec<(u64, Pid)>,
    pub(crate) attached: Vec<Pid>,
    first_waiting: Option<ReplyTo<ExitReason>>,
    more_waiting: Vec<ReplyTo<ExitReason>>,
    /// To be dropped where no lock is held.
    pub(crate) dictionary: Dictionary,
}

impl Farewell {
    /// Takes those who wait for the end without being told by DOWN.
    pub(crate) fn waiting(&mut self) -> impl Iterator<Item = ReplyTo<ExitReason>> + use<> {
        let more = std::mem::take(&mut self.more_waiting);
        self.first_waiting.take().into_iter().chain(more)
    }
}

/// The vital signs of one process.
#[derive(Default)]
pub(crate) struct Vital {
    life: Life,
    pub(crate) trap_exit: bool,
    pub(crate) has_timers: bool,
    /// Of a server that handles no messages for now.
    pub(crate) suspended: bool,
    /// Who started it with a link.
    pub(crate) parent: Option<Pid>,
    links: Links,
    /// The first of those who wait for the end without being told by DOWN: stops, supervisors that stop a child, and
    /// tasks that are no process.
    waiting: Option<ReplyTo<ExitReason>>,
    extra: Option<Box<Extra>>,
}

impl Vital {
    /// The reason, once the process has ended.
    pub(crate) fn ended(&self) -> Option<&ExitReason> {
        match &self.life {
            Life::Alive | Life::Signalled(_) => None,
            Life::Ended(reason) | Life::Gone(reason) => Some(reason),
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.ended().is_none()
    }

    /// The reason of the exit signal that is to be acted on at the next await point.
    pub(crate) fn pending(&self) -> Option<&ExitReason> {
        match &self.life {
            Life::Signalled(reason) => Some(reason),
            Life::Alive | Life::Ended(_) | Life::Gone(_) => None,
        }
    }

    /// An exit signal arrives at the process `pid`, whose vital signs these are. The first one that ends it decides the
    /// reason.
    pub(crate) fn exit_signal(
        &mut self,
        pid: Pid,
        from: Pid,
        reason: &ExitReason,
        via: Via,
    ) -> Effect {
        if !self.is_alive() || (via == Via::Link && !self.links.remove(from)) {
            return Effect::Ignored;
        }
        if via == Via::Link {
            self.detach(from);
        }
        let ends_with = match (via, reason) {
            (Via::Signal, ExitReason::Kill) => ExitReason::Killed,
            _ if self.trap_exit => return Effect::Message,
            (Via::Signal, ExitReason::Normal) if from == pid => ExitReason::Normal,
            (_, ExitReason::Normal) => return Effect::Ignored,
            (_, reason) => reason.clone(),
        };
        if let Life::Alive = self.life {
            self.life = Life::Signalled(ends_with);
        }
        Effect::Ends
    }

    /// Adds a link on this side. False if the process has ended.
    pub(crate) fn link(&mut self, peer: Pid) -> bool {
        if self.is_alive() {
            self.links.insert(peer);
        }
        self.is_alive()
    }

    /// Whether there is a link on this side.
    pub(crate) fn is_linked(&self, peer: Pid) -> bool {
        self.links.contains(peer)
    }

    /// Takes a link away on this side. From then on an exit of that peer's is ignored.
    pub(crate) fn unlink(&mut self, peer: Pid) {
        self.links.remove(peer);
    }

    /// This process starts to watch `target`.
    pub(crate) fn watch(&mut self, monitor: u64, target: Pid, name: Option<Name>) {
        self.extra_mut().watches.insert(
            monitor,
            Watch {
                target,
                name,
                fired: false,
            },
        );
    }

    /// The target of a watch ended. None if nobody waits for this DOWN any more.
    pub(crate) fn fire(&mut self, monitor: u64) -> Option<Fired> {
        let is_alive = self.is_alive();
        let watch = self.extra.as_mut()?.watches.get_mut(&monitor)?;
        if !is_alive || watch.fired {
            return None;
        }
        watch.fired = true;
        Some(Fired {
            name: watch.name.take(),
        })
    }

    /// The DOWN of a watch is taken from the mailbox. False if it was demonitored meanwhile, so that the DOWN is void.
    pub(crate) fn take_down(&mut self, monitor: u64) -> bool {
        self.extra
            .as_mut()
            .is_some_and(|extra| extra.watches.remove(&monitor).is_some())
    }

    /// Whether a watch is there, so that its DOWN counts.
    pub(crate) fn is_watching(&self, monitor: u64) -> bool {
        self.extra
            .as_ref()
            .is_some_and(|extra| extra.watches.contains_key(&monitor))
    }

    /// Whether a watch is there and has not fired.
    pub(crate) fn is_active_watch(&self, monitor: u64) -> bool {
        self.extra
            .as_ref()
            .and_then(|extra| extra.watches.get(&monitor))
            .is_some_and(|watch| !watch.fired)
    }

    /// Ends a watch. Some with the target if it was still active; a DOWN that is queued is void from now on.
    pub(crate) fn unwatch(&mut self, monitor: u64) -> Option<Pid> {
        let watch = self.extra.as_mut()?.watches.remove(&monitor)?;
        (!watch.fired).then_some(watch.target)
    }

    /// Somebody starts to watch this process. False if it has ended.
    pub(crate) fn add_watcher(&mut self, monitor: u64, watcher: Pid) -> bool {
        if self.is_alive() {
            self.extra_mut().watchers.insert(monitor, watcher);
        }
        self.is_alive()
    }

    /// Somebody waits until the process is gone. Some with the reason if it is.
    pub(crate) fn on_end(&mut self, waiting: ReplyTo<ExitReason>) -> Option<ExitReason> {
        if let Life::Gone(reason) = &self.life {
            return Some(reason.clone());
        }
        if self.waiting.as_ref().is_none_or(ReplyTo::is_abandoned) {
            self.waiting = Some(waiting);
            return None;
        }
        let more = &mut self.extra_mut().waiting;
        // Those who gave up make room: who waits again and again for a moment adds up to nothing.
        if more.len() == more.capacity() {
            more.retain(|waiting| !waiting.is_abandoned());
        }
        more.push(waiting);
        None
    }

    pub(crate) fn remove_watcher(&mut self, monitor: u64) {
        if let Some(extra) = &mut self.extra {
            extra.watchers.remove(&monitor);
        }
    }

    /// Makes a helper end with this process. False if it has ended.
    pub(crate) fn attach(&mut self, helper: Pid) -> bool {
        if self.is_alive() {
            self.extra_mut().attached.insert(helper);
        }
        self.is_alive()
    }

    pub(crate) fn detach(&mut self, helper: Pid) -> bool {
        self.extra
            .as_mut()
            .is_some_and(|extra| extra.attached.remove(&helper))
    }

    /// The process ends. False if it had ended before: the first reason stays.
    pub(crate) fn end(&mut self, reason: ExitReason) -> bool {
        let first = self.is_alive();
        if first {
            self.life = Life::Ended(reason);
        }
        first
    }

    /// Takes everybody who must be told, once the process has ended.
    pub(crate) fn farewell(&mut self) -> Farewell {
        self.life = match std::mem::take(&mut self.life) {
            Life::Ended(reason) | Life::Gone(reason) => Life::Gone(reason),
            Life::Alive | Life::Signalled(_) => unreachable!("it is told of an end that was"),
        };
        let mut farewell = Farewell {
            links: std::mem::take(&mut self.links).sorted(),
            first_waiting: self.waiting.take(),
            ..Farewell::default()
        };
        if let Some(extra) = self.extra.take() {
            farewell.watchers = extra.watchers.into_iter().collect();
            farewell.attached = extra.attached.into_iter().collect();
            farewell.more_waiting = extra.waiting;
            farewell.dictionary = extra.dictionary;
            farewell.watched = extra
                .watches
                .into_iter()
                .filter(|(_, watch)| !watch.fired)
                .map(|(monitor, watch)| (monitor, watch.target))
                .collect();
        }
        farewell.watchers.sort_unstable();
        farewell.watched.sort_unstable();
        farewell.attached.sort_unstable();
        farewell
    }

    pub(crate) fn links(&self) -> Vec<Pid> {
        self.links.sorted()
    }

    /// The processes that this one watches, and those that watch it.
    pub(crate) fn monitors(&self) -> (Vec<Pid>, Vec<Pid>) {
        let Some(extra) = &self.extra else {
            return (Vec::new(), Vec::new());
        };
        let mut watched: Vec<Pid> = extra
            .watches
            .values()
            .filter(|watch| !watch.fired)
            .map(|watch| watch.target)
            .collect();
        let mut watchers: Vec<Pid> = extra.watchers.values().copied().collect();
        watched.sort_unstable();
        watchers.sort_unstable();
        (watched, watchers)
    }

    pub(crate) fn dictionary(&mut self) -> &mut Dictionary {
        &mut self.extra_mut().dictionary
    }

    pub(crate) fn dictionary_len(&self) -> usize {
        self.extra
            .as_ref()
            .map_or(0, |extra| extra.dictionary.len())
    }

    /// A value of the dictionary, by its type.
    pub(crate) fn kept(&self, of: TypeId) -> Option<&(dyn Any + Send)> {
        self.extra.as_ref()?.dictionary.get(&of).map(|kept| &**kept)
    }

    pub(crate) fn name(&self) -> Option<&Name> {
        self.extra.as_ref()?.name.as_ref()
    }

    pub(crate) fn set_name(&mut self, name: Name) {
        self.extra_mut().name = Some(name);
    }

    pub(crate) fn take_name(&mut self) -> Option<Name> {
        self.extra.as_mut()?.name.take()
    }

    /// The process gets its first entry in a table. False if it has ended.
    pub(crate) fn enter(&mut self, table: Arc<dyn Table>) -> bool {
        if self.is_alive() {
            self.extra_mut().tables.push(table);
        }
        self.is_alive()
    }

    /// The process has no entry in a table any more. Gives the table, to be dropped where no lock is held.
    pub(crate) fn leave<T: Table>(&mut self, table: &Arc<T>) -> Option<Arc<dyn Table>> {
        let tables = &mut self.extra.as_mut()?.tables;
        let place = tables
            .iter()
            .position(|other| std::ptr::addr_eq(Arc::as_ptr(other), Arc::as_ptr(table)))?;
        Some(tables.swap_remove(place))
    }

    /// The tables that are to forget the process, as it has ended.
    pub(crate) fn take_tables(&mut self) -> Vec<Arc<dyn Table>> {
        let extra = self.extra.as_mut();
        extra.map_or_else(Vec::new, |extra| std::mem::take(&mut extra.tables))
    }

    /// What a server lets others see of its work.
    pub(crate) fn counting(&self) -> Option<&Arc<Counting>> {
        self.extra.as_ref()?.counting.as_ref()
    }

    pub(crate) fn set_counting(&mut self, counting: Option<Arc<Counting>>) {
        if counting.is_some() || self.extra.is_some() {
            self.extra_mut().counting = counting;
        }
    }

    pub(crate) fn label(&self) -> Option<&str> {
        self.extra.as_ref()?.label.as_deref()
    }

    pub(crate) fn set_label(&mut self, label: String) {
        self.extra_mut().label = Some(label);
    }

    fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Poll, Waker};

    use super::*;
    use crate::pid::NodeId;
    use crate::reply::{self, Answer};

    fn pid(number: u64) -> Pid {
        Pid::new(NodeId(0), number)
    }

    fn boom() -> ExitReason {
        ExitReason::error("boom")
    }

    /// One that waits for an end, and what it waits on.
    fn waiting() -> (ReplyTo<ExitReason>, Answer<ExitReason>) {
        reply::answer()
    }

    struct SomeTable;

    impl Table for SomeTable {
        fn forget(&self, _pid: Pid) {}
    }

    /// Every kind of signal at every kind of process, as the Erlang reference manual tells it.
    #[test]
    fn exit_signals_do_what_the_table_says() {
        use Effect::{Ends, Ignored, Message};
        let table = [
            // via, reason, from itself, trapping, effect, pending afterwards
            (Via::Signal, boom(), false, false, Ends, Some(boom())),
            (Via::Signal, boom(), false, true, Message, None),
            (Via::Signal, ExitReason::Normal, false, false, Ignored, None),
            (Via::Signal, ExitReason::Normal, false, true, Message, None),
            (
                Via::Signal,
                ExitReason::Normal,
                true,
                false,
                Ends,
                Some(ExitReason::Normal),
            ),
            (Via::Signal, ExitReason::Normal, true, true, Message, None),
            (
                Via::Signal,
                ExitReason::Kill,
                false,
                false,
                Ends,
                Some(ExitReason::Killed),
            ),
            (
                Via::Signal,
                ExitReason::Kill,
                false,
                true,
                Ends,
                Some(ExitReason::Killed),
            ),
            (Via::Link, boom(), false, false, Ends, Some(boom())),
            (Via::Link, boom(), false, true, Message, None),
            (Via::Link, ExitReason::Normal, false, false, Ignored, None),
            (Via::Link, ExitReason::Normal, false, true, Message, None),
            (
                Via::Link,
                ExitReason::Kill,
                false,
                false,
                Ends,
                Some(ExitReason::Kill),
            ),
            (Via::Link, ExitReason::Kill, false, true, Message, None),
            (Via::Link, ExitReason::Killed, false, true, Message, None),
            (Via::Registry, boom(), false, false, Ends, Some(boom())),
            (Via::Registry, boom(), false, true, Message, None),
            (
                Via::Registry,
                ExitReason::Normal,
                false,
                false,
                Ignored,
                None,
            ),
            (
                Via::Registry,
                ExitReason::Kill,
                false,
                false,
                Ends,
                Some(ExitReason::Kill),
            ),
            (Via::Registry, ExitReason::Kill, false, true, Message, None),
        ];
        for (via, reason, from_itself, trapping, effect, pending) in table {
            let mut vital = Vital {
                trap_exit: trapping,
                ..Vital::default()
            };
            let from = if from_itself { pid(1) } else { pid(2) };
            vital.link(from);
            assert_eq!(
                vital.exit_signal(pid(1), from, &reason, via),
                effect,
                "{via:?} {reason} trapping={trapping}"
            );
            assert_eq!(
                vital.pending(),
                pending.as_ref(),
                "{via:?} {reason} trapping={trapping}"
            );
        }
    }

    #[test]
    fn the_first_signal_decides() {
        let mut vital = Vital::default();
        vital.exit_signal(pid(1), pid(2), &ExitReason::error("first"), Via::Signal);
        vital.exit_signal(pid(1), pid(2), &ExitReason::Kill, Via::Signal);
        assert_eq!(vital.pending(), Some(&ExitReason::error("first")));
    }

    #[test]
    fn an_exit_over_a_link_that_is_gone_is_ignored() {
        let mut vital = Vital::default();
        vital.link(pid(2));
        vital.unlink(pid(2));
        assert_eq!(
            vital.exit_signal(pid(1), pid(2), &ExitReason::error("boom"), Via::Link),
            Effect::Ignored
        );
    }

    #[test]
    fn only_of_a_link_an_exit_needs_one_and_takes_it_away() {
        let vias = [
            // via, effect without a link, linked afterwards, effect of a second one
            (Via::Link, Effect::Ignored, false, Effect::Ignored),
            (Via::Signal, Effect::Message, true, Effect::Message),
            (Via::Registry, Effect::Message, true, Effect::Message),
        ];
        for (via, unlinked, linked, again) in vias {
            let mut vital = Vital {
                trap_exit: true,
                ..Vital::default()
            };
            let exit = |vital: &mut Vital| vital.exit_signal(pid(1), pid(2), &boom(), via);
            assert_eq!(exit(&mut vital), unlinked, "{via:?}");
            vital.link(pid(2));
            assert_eq!(exit(&mut vital), Effect::Message, "{via:?}");
            assert_eq!(vital.is_linked(pid(2)), linked, "{via:?}");
            assert_eq!(exit(&mut vital), again, "{via:?}");
        }
    }

    #[test]
    fn a_helper_that_ends_is_attached_no_more() {
        for (via, attached) in [
            (Via::Link, false),
            (Via::Signal, true),
            (Via::Registry, true),
        ] {
            let mut vital = Vital::default();
            assert!(vital.link(pid(2)) && vital.attach(pid(2)));
            vital.exit_signal(pid(1), pid(2), &ExitReason::Normal, via);
            assert_eq!(vital.detach(pid(2)), attached, "{via:?}");
            assert!(!vital.detach(pid(2)), "{via:?}");
        }
    }

    #[test]
    fn the_only_link_is_that_to_its_peer_and_to_no_other() {
        let mut links = Links::default();
        links.insert(pid(1));
        links.insert(pid(1));
        assert!(matches!(links, Links::One(only) if only == pid(1)));
        assert!(!links.remove(pid(2)));
        assert_eq!(links.sorted(), [pid(1)]);
        assert!(links.remove(pid(1)));
        assert!(matches!(links, Links::None));
    }

    #[test]
    fn links_are_listed_in_order_until_they_are_taken_away() {
        let mut vital = Vital::default();
        assert!(!vital.is_linked(pid(2)));
        for number in [4, 2, 3, 2] {
            assert!(vital.link(pid(number)));
        }
        assert!(vital.is_linked(pid(2)));
        assert_eq!(vital.links(), [pid(2), pid(3), pid(4)]);
        vital.unlink(pid(3));
        assert!(!vital.is_linked(pid(3)));
        assert_eq!(vital.links(), [pid(2), pid(4)]);
    }

    #[test]
    fn a_watch_fires_once_and_its_down_counts_until_it_is_taken() {
        let mut vital = Vital::default();
        assert_eq!(vital.fire(7), None, "there was none");
        assert!(!vital.is_watching(7) && !vital.is_active_watch(7));
        vital.watch(7, pid(2), Some("printer".into()));
        assert!(vital.is_watching(7) && vital.is_active_watch(7));
        let fired = Fired {
            name: Some("printer".into()),
        };
        assert_eq!(vital.fire(7), Some(fired));
        assert!(vital.is_watching(7) && !vital.is_active_watch(7));
        assert_eq!(vital.fire(7), None, "it had fired");
        assert!(vital.take_down(7));
        assert!(!vital.is_watching(7) && !vital.take_down(7));
    }

    #[test]
    fn a_down_is_void_after_demonitor() {
        let mut vital = Vital::default();
        vital.watch(7, pid(2), None);
        assert_eq!(
            vital.fire(7),
            Some(Fired { name: None }),
            "the watch was active"
        );
        assert_eq!(vital.unwatch(7), None, "it had fired");
        assert!(!vital.take_down(7), "so the queued DOWN is void");
    }

    #[test]
    fn an_active_watch_is_ended_with_its_target_and_fires_no_more() {
        let mut vital = Vital::default();
        vital.watch(7, pid(2), None);
        assert_eq!(vital.unwatch(7), Some(pid(2)));
        assert_eq!(vital.unwatch(7), None);
        assert_eq!(vital.fire(7), None);
    }

    #[test]
    fn monitors_are_listed_until_they_have_fired_or_are_removed() {
        let mut vital = Vital::default();
        assert_eq!(vital.monitors(), (vec![], vec![]));
        for (monitor, peer) in [(1, 5), (2, 3), (3, 4), (4, 7), (5, 2), (6, 6)] {
            vital.watch(monitor, pid(peer), None);
            assert!(vital.add_watcher(monitor + 10, pid(peer + 10)));
        }
        vital.fire(3);
        vital.remove_watcher(16);
        let (watched, watchers) = vital.monitors();
        assert_eq!(watched, [2, 3, 5, 6, 7].map(pid));
        assert_eq!(watchers, [12, 13, 14, 15, 17].map(pid));
    }

    #[test]
    fn a_farewell_is_told_once_to_all_that_must_hear_of_it_in_order() {
        let mut vital = Vital::default();
        for number in [9, 2, 5, 3, 7] {
            vital.link(pid(number));
            vital.attach(pid(number + 10));
            vital.watch(number, pid(number + 20), None);
            vital.add_watcher(number + 100, pid(number + 30));
        }
        vital.fire(5);
        let (reply_to, mut end) = waiting();
        assert_eq!(vital.on_end(reply_to), None);
        vital.dictionary().insert(TypeId::of::<u8>(), Box::new(7u8));
        vital.end(boom());

        let mut farewell = vital.farewell();
        let all = [2, 3, 5, 7, 9];
        assert_eq!(farewell.links, all.map(pid));
        assert_eq!(farewell.attached, all.map(|number| pid(number + 10)));
        let active = [2, 3, 7, 9].map(|number| (number, pid(number + 20)));
        assert_eq!(farewell.watched, active);
        let watchers = all.map(|number| (number + 100, pid(number + 30)));
        assert_eq!(farewell.watchers, watchers);
        assert_eq!(farewell.dictionary.len(), 1);
        let unheard = Waker::noop();
        assert!(end.poll(unheard).is_pending());
        let waiting: Vec<_> = farewell.waiting().collect();
        assert_eq!(waiting.len(), 1);
        for waiting in waiting {
            waiting.send(boom());
        }
        assert_eq!(end.poll(unheard), Poll::Ready(Some(boom())));

        let mut nobody = vital.farewell();
        assert!(nobody.links.is_empty() && nobody.attached.is_empty());
        assert!(nobody.watched.is_empty() && nobody.watchers.is_empty());
        assert!(nobody.waiting().next().is_none() && nobody.dictionary.is_empty());
    }

    #[test]
    fn the_end_is_waited_for_until_all_is_dropped() {
        let mut vital = Vital::default();
        let ((first, _first_end), (second, _second_end)) = (waiting(), waiting());
        assert_eq!(vital.on_end(first), None, "it lives");
        vital.end(boom());
        assert_eq!(vital.on_end(second), None, "its state is there");
        assert_eq!(vital.farewell().waiting().count(), 2);
        assert_eq!(vital.on_end(waiting().0), Some(boom()));
        assert_eq!(vital.farewell().waiting().count(), 0, "it has been told");
    }

    #[test]
    fn the_first_reason_stays() {
        let mut vital = Vital::default();
        assert_eq!((vital.is_alive(), vital.ended()), (true, None));
        assert!(vital.end(ExitReason::Normal));
        assert_eq!(
            (vital.is_alive(), vital.ended()),
            (false, Some(&ExitReason::Normal))
        );
        assert!(!vital.end(boom()));
        assert_eq!(vital.ended(), Some(&ExitReason::Normal));
    }

    #[test]
    fn nothing_attaches_to_the_dead() {
        let mut vital = Vital::default();
        vital.end(ExitReason::Normal);
        assert!(!vital.link(pid(2)) && !vital.add_watcher(1, pid(2)) && !vital.attach(pid(2)));
        assert!(!vital.enter(Arc::new(SomeTable)));
        let farewell = vital.farewell();
        assert!(farewell.links.is_empty() && farewell.watchers.is_empty());
        assert!(farewell.attached.is_empty());
        assert!(vital.take_tables().is_empty());
    }

    #[test]
    fn nothing_reaches_the_dead() {
        for trap_exit in [false, true] {
            let mut vital = Vital {
                trap_exit,
                ..Vital::default()
            };
            vital.link(pid(2));
            vital.watch(7, pid(2), None);
            vital.end(ExitReason::Normal);
            for via in [Via::Link, Via::Signal, Via::Registry] {
                for reason in [boom(), ExitReason::Kill, ExitReason::Normal] {
                    let effect = vital.exit_signal(pid(1), pid(2), &reason, via);
                    assert_eq!(effect, Effect::Ignored, "{via:?} {reason}");
                }
            }
            assert_eq!(vital.pending(), None);
            assert_eq!(vital.fire(7), None);
        }
    }

    #[test]
    fn a_name_is_one_and_is_taken_once() {
        let mut vital = Vital::default();
        assert_eq!(vital.name(), None);
        vital.set_name("printer".into());
        assert_eq!(vital.name(), Some(&"printer".into()));
        assert_eq!(vital.take_name(), Some("printer".into()));
        assert_eq!(vital.name(), None);
        assert_eq!(vital.take_name(), None);
    }

    #[test]
    fn the_last_label_counts() {
        let mut vital = Vital::default();
        assert_eq!(vital.label(), None);
        for label in ["idle", "busy"] {
            vital.set_label(label.to_owned());
            assert_eq!(vital.label(), Some(label));
        }
    }

    #[test]
    fn a_table_is_known_until_it_is_left_or_all_are_taken() {
        let [a, b, c] = [(); 3].map(|()| Arc::new(SomeTable));
        let same = |one: &Arc<dyn Table>, other: &Arc<SomeTable>| {
            std::ptr::addr_eq(Arc::as_ptr(one), Arc::as_ptr(other))
        };
        let mut vital = Vital::default();
        assert!(vital.leave(&a).is_none() && vital.take_tables().is_empty());
        for table in [&a, &b, &c] {
            assert!(vital.enter(Arc::clone(table) as _));
        }
        assert!(vital.leave(&b).is_some_and(|left| same(&left, &b)));
        assert!(vital.leave(&b).is_none());
        let mut left = vital.take_tables().into_iter();
        assert!(left.next().is_some_and(|table| same(&table, &a)));
        assert!(left.next().is_some_and(|table| same(&table, &c)));
        assert!(left.next().is_none() && vital.take_tables().is_empty());
    }

    #[test]
    fn those_who_wait_and_give_up_add_up_to_nothing() {
        let mut vital = Vital::default();
        let (first, mut first_end) = waiting();
        assert_eq!(vital.on_end(first), None);
        for _ in 0..1_000 {
            assert_eq!(vital.on_end(waiting().0), None);
        }
        let (last, mut last_end) = waiting();
        assert_eq!(vital.on_end(last), None);
        vital.end(boom());
        let told: Vec<_> = vital.farewell().waiting().collect();
        assert!(told.len() < 10, "{}", told.len());
        told.into_iter().for_each(|waiting| waiting.send(boom()));
        let unheard = Waker::noop();
        for end in [&mut first_end, &mut last_end] {
            assert_eq!(end.poll(unheard), Poll::Ready(Some(boom())));
        }
    }
}

//! Who is attached to which event. Pure: a table is never changed, a change makes another one.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{AlreadyExists, Event, EventName, HandlerInfo, NotFound};

/// A handler that can be shown its own kind of event.
pub(super) type Handler = Arc<dyn Fn(&dyn Any) + Send + Sync>;

/// Handlers for several events, to be attached and detached as one.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use std::sync::atomic::{AtomicI64, Ordering};
///
/// use otp_core::telemetry::{self, Handlers, ProcessStart, ProcessStop};
///
/// static LIVING: AtomicI64 = AtomicI64::new(0);
///
/// # otp_core::doc_test(async {
/// let census = Handlers::new()
///     .on(|_: &ProcessStart| { LIVING.fetch_add(1, Ordering::Relaxed); })
///     .on(|_: &ProcessStop| { LIVING.fetch_sub(1, Ordering::Relaxed); });
/// telemetry::attach_many("census", census).unwrap();
/// let (worker, monitor) = process::spawn_monitor(std::future::pending::<()>());
/// assert_eq!(LIVING.load(Ordering::Relaxed), 1);
/// process::exit(worker, ExitReason::Shutdown);
/// process::receive_down(monitor).await;
/// assert_eq!(LIVING.load(Ordering::Relaxed), 0);
/// # });
/// ```
#[derive(Default)]
#[must_use = "handlers are called once they are attached"]
pub struct Handlers(Vec<Member>);

struct Member {
    of: TypeId,
    name: EventName,
    bit: u32,
    handler: Handler,
}

impl Handlers {
    /// None yet.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::telemetry::{self, Handlers};
    ///
    /// # otp_core::doc_test(async {
    /// telemetry::attach_many("nothing", Handlers::new()).unwrap();
    /// assert!(telemetry::list_handlers(&[]).is_empty());
    /// # });
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// One more.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::telemetry::{self, CallStop, CallTimeout, Handlers};
    ///
    /// # otp_core::doc_test(async {
    /// let handlers = Handlers::new()
    ///     .on(|stop: &CallStop| println!("{} took {:?}", stop.call.message, stop.duration))
    ///     .on(|timeout: &CallTimeout| println!("{} timed out", timeout.call.message));
    /// telemetry::attach_many("calls", handlers).unwrap();
    /// assert_eq!(telemetry::list_handlers(&["otp", "call"]).len(), 2);
    /// # });
    /// ```
    pub fn on<E: Event>(mut self, handler: impl Fn(&E) + Send + Sync + 'static) -> Self {
        self.0.push(Member {
            of: TypeId::of::<E>(),
            name: E::NAME,
            bit: E::BIT,
            handler: Arc::new(move |event| {
                if let Some(event) = event.downcast_ref() {
                    handler(event);
                }
            }),
        });
        self
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|member| member.name))
            .finish()
    }
}

/// A handler in its place.
#[derive(Clone)]
pub(super) struct Attached {
    pub(super) id: Arc<str>,
    /// Tells what was attached at once from what was attached later under the same id.
    pub(super) number: u64,
    pub(super) name: EventName,
    bit: u32,
    pub(super) handler: Handler,
}

/// What is attached in one node, in the order of attaching.
#[derive(Clone, Default)]
pub(super) struct Table(FxHashMap<TypeId, Vec<Attached>>);

impl Table {
    /// Those who want to be shown an event.
    pub(super) fn of<E: Event>(&self) -> &[Attached] {
        self.0.get(&TypeId::of::<E>()).map_or(&[], Vec::as_slice)
    }

    fn all(&self) -> impl Iterator<Item = &Attached> {
        self.0.values().flatten()
    }

    /// The bits of all events that somebody is attached to.
    pub(super) fn bits(&self) -> u32 {
        self.all().fold(0, |bits, attached| bits | attached.bit)
    }

    /// With these as well. `number` is greater than those before.
    pub(super) fn with(
        &self,
        id: &Arc<str>,
        number: u64,
        handlers: Handlers,
    ) -> Result<Self, AlreadyExists> {
        if self.all().any(|attached| attached.id == *id) {
            return Err(AlreadyExists);
        }
        let mut table = self.clone();
        for member in handlers.0 {
            table.0.entry(member.of).or_default().push(Attached {
                id: Arc::clone(id),
                number,
                name: member.name,
                bit: member.bit,
                handler: member.handler,
            });
        }
        Ok(table)
    }

    /// Without those.
    pub(super) fn without(&self, is_meant: impl Fn(&Attached) -> bool) -> Result<Self, NotFound> {
        if !self.all().any(&is_meant) {
            return Err(NotFound);
        }
        let mut table = self.clone();
        table.0.retain(|_, attached| {
            attached.retain(|attached| !is_meant(attached));
            !attached.is_empty()
        });
        Ok(table)
    }

    /// Those of events whose names begin so.
    pub(super) fn list(&self, prefix: &[&str]) -> Vec<HandlerInfo> {
        let wanted = self
            .all()
            .filter(|attached| attached.name.starts_with(prefix));
        let mut wanted: Vec<&Attached> = wanted.collect();
        wanted.sort_by(|a, b| {
            let by_name = || a.name.words().cmp(b.name.words());
            a.number.cmp(&b.number).then_with(by_name)
        });
        let info = |attached: &&Attached| HandlerInfo {
            id: Arc::clone(&attached.id),
            event: attached.name,
        };
        wanted.iter().map(info).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct A;
    struct B;

    impl Event for A {
        const NAME: EventName = EventName::new(&["x", "a"]);
    }

    impl Event for B {
        const NAME: EventName = EventName::new(&["x", "b"]);
        const BIT: u32 = 4;
    }

    fn both() -> Handlers {
        Handlers::new().on(|_: &B| ()).on(|_: &A| ())
    }

    fn ids(attached: &[Attached]) -> Vec<&str> {
        attached.iter().map(|attached| &*attached.id).collect()
    }

    #[test]
    fn a_table_knows_who_is_attached_to_what() {
        let first = Table::default().with(&"first".into(), 1, both()).unwrap();
        let second = Handlers::new().on(|_: &A| ());
        let second = first.with(&"second".into(), 2, second).unwrap();
        assert_eq!(ids(second.of::<A>()), ["first", "second"]);
        assert_eq!(ids(second.of::<B>()), ["first"]);
        assert_eq!(second.bits(), 5);
        assert_eq!(ids(first.of::<A>()), ["first"], "it is never changed");
        let again = second.with(&"second".into(), 3, both());
        assert_eq!(again.err(), Some(AlreadyExists));
    }

    #[test]
    fn what_was_attached_at_once_goes_at_once() {
        let table = Table::default().with(&"first".into(), 1, both()).unwrap();
        let later = table.without(|attached| attached.number == 2);
        assert_eq!(later.err(), Some(NotFound));
        let none = table.without(|attached| attached.number == 1).unwrap();
        assert_eq!((none.bits(), none.list(&[]).len()), (0, 0));
    }

    #[test]
    fn a_list_is_in_the_order_of_attaching_and_of_names() {
        let table = Table::default().with(&"second".into(), 2, both()).unwrap();
        let table = table.with(&"first".into(), 1, both()).unwrap();
        let listed = |prefix: &[&str]| -> Vec<String> {
            let list = table.list(prefix);
            let names = list
                .iter()
                .map(|info| format!("{} {}", info.id, info.event));
            names.collect()
        };
        assert_eq!(
            listed(&[]),
            ["first x.a", "first x.b", "second x.a", "second x.b"]
        );
        assert_eq!(listed(&["x", "b"]), ["first x.b", "second x.b"]);
        assert!(listed(&["x", "b", "c"]).is_empty());
        assert!(listed(&["b"]).is_empty());
    }
}

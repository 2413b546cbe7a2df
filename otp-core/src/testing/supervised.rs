//! What a test starts under a supervisor of its own, and the controlled failure of supervised children.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::eventually::far_away;
use super::kit::{self, Kit};
use crate::call::CallFailure;
use crate::child_spec::{ChildHandle, ChildSpec, FromValues, Supervised};
use crate::exit::ExitReason;
use crate::gen_server::{GenServer, ServerHandle, ServerRef};
use crate::process::place::Place;
use crate::process::within;
use crate::supervisor::{StartChildError, Strategy, Supervisor, SupervisorRef};

/// As `ExUnit` has it: a test is to see its own failures, not its supervisor's.
const MAX_RESTARTS: (u32, Duration) = (1_000_000, Duration::from_secs(1));

/// The values that a child is started with: one as it is, several as a tuple, none as `()`.
///
/// Implemented for every value that is `Clone`, which restarts need.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::{Counter, Room};
/// use otp_core::testing::start_supervised;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn both_start() {
///     // The init of a counter takes one value, that of a room none.
///     let counter = start_supervised::<Counter>(40).await;
///     let room = start_supervised::<Room>(()).await;
///     assert_eq!(counter.add(2).await, Ok(42));
///     assert_eq!(room.say("hello".to_owned()).await, Ok(1));
/// }
/// # otp_core::testing::doc_test(both_start);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{T}` is not started with `{Self}`",
    note = "pass what its init takes: one value as it is, several as a tuple, none as `()`; it has to be `Clone`, for restarts"
)]
pub trait Values<T: Supervised>: Clone + Send + 'static {
    /// Makes the arguments of them.
    #[doc(hidden)]
    fn into_args(self) -> T::Args;
}

#[diagnostic::do_not_recommend]
impl<T, V> Values<T> for V
where
    T: Supervised,
    T::Args: FromValues<V>,
    V: Clone + Send + 'static,
{
    fn into_args(self) -> T::Args {
        T::Args::from_values(self)
    }
}

/// Starts a server or a tree under the supervisor of the test, and gives the handle that follows it: `ExUnit`'s
/// `start_supervised!`.
///
/// It is restarted as it says of itself, with clones of `values`. When the test's body has ended, the supervisor stops its
/// children in reverse order. Each call starts a child of its own.
///
/// The supervisor is linked with the process that calls this first, which is to be the test's body.
///
/// # Panics
///
/// The future panics outside an `#[otp_core::test]`, and if the child does not start, with the reason.
///
/// # Cancel safety
///
/// Dropped, the child is started all the same, or not at all.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::testing::{ChildExt, start_supervised};
///
/// #[gen_server]
/// struct Counter { value: i64 }
///
/// #[gen_server]
/// impl Counter {
///     #[init]
///     fn init(value: i64) -> Self { Counter { value } }
///     #[call]
///     fn add(&mut self, by: i64) -> i64 { self.value += by; self.value }
/// }
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn a_crash_loses_what_was_counted() {
///     let counter = start_supervised::<Counter>(40).await;
///     assert_eq!(counter.add(2).await, Ok(42));
///     counter.crash().await;
///     counter.restarted().await;
///     assert_eq!(counter.add(2).await, Ok(42));
/// }
/// # otp_core::testing::doc_test(a_crash_loses_what_was_counted);
/// ```
#[track_caller]
pub fn start_supervised<T: Supervised>(values: impl Values<T>) -> Starting<T::Handle> {
    let caller = Location::caller();
    let id = std::any::type_name::<T>();
    let spec = ChildSpec::new(id, move || T::start_child(values.clone().into_args()));
    Box::pin(start(spec, true, caller))
}

/// A child that is being started. It does not name what it is started with: wrong values are one mistake then.
type Starting<H> = Pin<Box<dyn Future<Output = H> + Send>>;

/// Starts a child under the supervisor of the test, as its specification says: [`start_supervised`] for what needs
/// another restart type, another shutdown time, an id or a start of its own.
///
/// # Panics
///
/// As of [`start_supervised`], and if the test has started a child of that id already.
///
/// # Cancel safety
///
/// As of [`start_supervised`].
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::Restart;
/// use otp_core::testing::start_supervised_child;
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn it_is_not_restarted() {
///     let counter = start_supervised_child(Counter::child_spec(0).restart(Restart::Temporary)).await;
///     counter.stop().await.unwrap();
///     assert_eq!(counter.add(1).await, Err(CallFailure::NoProc));
/// }
/// # otp_core::testing::doc_test(it_is_not_restarted);
/// ```
#[track_caller]
pub fn start_supervised_child<H: ChildHandle>(
    spec: ChildSpec<H>,
) -> impl Future<Output = H> + Send {
    start(spec, false, Location::caller())
}

async fn start<H: ChildHandle>(
    spec: ChildSpec<H>,
    number_it: bool,
    caller: &'static Location<'static>,
) -> H {
    let (kit, _) = kit::current();
    let (supervisor, number) = kit.supervisor().await;
    let id = spec.id.clone();
    let spec = if number_it {
        spec.id(format!("{id} {number}"))
    } else {
        spec
    };
    let started = supervisor.start_child(spec).await;
    started.unwrap_or_else(|error| {
        let why = match error {
            StartChildError::Start(error) => error.to_string(),
            error => error.to_string(),
        };
        panic!("the child `{id}` of {caller} did not start: {why}")
    })
}

impl Kit {
    /// The test's supervisor, started when it is first needed, and the number of the child that it is needed for.
    async fn supervisor(&self) -> (SupervisorRef, u32) {
        let mut own = self.supervisor.lock().await;
        let supervisor = match &own.supervisor {
            Some(supervisor) => supervisor.clone(),
            None => {
                let (restarts, period) = MAX_RESTARTS;
                Supervisor::builder(Strategy::OneForOne)
                    .max_restarts(restarts, period)
                    .start_link()
                    .await
                    .expect("a supervisor without children starts, in a process")
            }
        };
        own.supervisor = Some(supervisor.clone());
        own.children += 1;
        (supervisor, own.children)
    }
}

/// The supervisor of one test.
#[derive(Debug, Default)]
pub(crate) struct OwnSupervisor {
    pub(crate) supervisor: Option<SupervisorRef>,
    children: u32,
}

/// What has become of a supervised child.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::testing::{ChildExt, start_supervised};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn it_is_restarted_once() {
///     let counter = start_supervised::<Counter>(0).await;
///     counter.crash().await;
///     counter.restarted().await;
///     assert_eq!(counter.stats().await.unwrap().restarts, 1);
/// }
/// # otp_core::testing::doc_test(it_is_restarted_once);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildStats {
    /// How often a process has begun in its place after the first one.
    pub restarts: u64,
}

/// Failures of children on purpose. For every handle of a server.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// use otp_core::testing::{ChildExt, start_supervised};
///
/// # /*
/// #[otp_core::test]
/// # */
/// async fn it_begins_again() {
///     let counter = start_supervised::<Counter>(40).await;
///     let before = counter.pid();
///     counter.crash().await;
///     counter.restarted().await;
///     assert_ne!(counter.pid(), before);
/// }
/// # otp_core::testing::doc_test(it_begins_again);
/// ```
pub trait ChildExt: ServerHandle + Send + Sync {
    /// Crashes the process that is there now, and waits until it is gone: [`crash_with`](Self::crash_with) some error.
    ///
    /// # Panics
    ///
    /// As of [`crash_with`](Self::crash_with).
    ///
    /// # Cancel safety
    ///
    /// Dropped after its first poll, the process crashes all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::testing::ChildExt;
    ///
    /// # /*
    /// #[otp_core::test]
    /// # */
    /// async fn it_crashes() {
    ///     let counter = Counter::start(0).await.unwrap();
    ///     counter.crash().await;
    ///     assert!(!counter.is_alive());
    /// }
    /// # otp_core::testing::doc_test(it_crashes);
    /// ```
    fn crash(&self) -> impl Future<Output = ()> + Send {
        self.crash_with(ExitReason::error("crashed by the test"))
    }

    /// Has the process that is there now stop with `reason` when it has handled what is queued, and waits until it is gone.
    ///
    /// Its `terminate` runs, as after a crash of its own; the crash counts as expected. For an end in which nothing of it
    /// runs any more, use [`process::exit`](crate::process::exit()) with [`ExitReason::Kill`].
    ///
    /// # Panics
    ///
    /// The future panics if there is no such process, if it ends otherwise, and at the far-away deadline of tests.
    ///
    /// # Cancel safety
    ///
    /// Dropped after its first poll, the process crashes all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::testing::ChildExt;
    ///
    /// # /*
    /// #[otp_core::test]
    /// # */
    /// async fn it_crashes_with_a_reason() {
    ///     let (counter, monitor) = Counter::start_monitor(0).await.unwrap();
    ///     counter.crash_with(ExitReason::error("boom")).await;
    ///     assert_eq!(process::receive_down(monitor).await.reason, ExitReason::error("boom"));
    /// }
    /// # otp_core::testing::doc_test(it_crashes_with_a_reason);
    /// ```
    fn crash_with(&self, reason: ExitReason) -> impl Future<Output = ()> + Send {
        let server = self.as_ref().clone();
        async move { crash(&server, reason).await }
    }

    /// Waits until the child that this handle follows runs again: in a later incarnation than the one that was crashed
    /// last, or, if none was, than its first.
    ///
    /// It runs when its start has begun; what it is asked then is answered after its init.
    ///
    /// # Panics
    ///
    /// The future panics at the far-away deadline of tests, and if the handle does not follow a supervised child.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::testing::{ChildExt, start_supervised};
    ///
    /// # /*
    /// #[otp_core::test]
    /// # */
    /// async fn it_has_forgotten() {
    ///     let counter = start_supervised::<Counter>(40).await;
    ///     counter.add(2).await.unwrap();
    ///     counter.crash().await;
    ///     counter.restarted().await;
    ///     assert_eq!(counter.add(2).await, Ok(42));
    /// }
    /// # otp_core::testing::doc_test(it_has_forgotten);
    /// ```
    fn restarted(&self) -> impl Future<Output = ()> + Send {
        let server = self.as_ref().clone();
        async move { restarted(&server).await }
    }

    /// How often the child that this handle follows was restarted. A call of the server's own of this name wins over it.
    ///
    /// # Errors
    ///
    /// The handle does not follow a supervised child, or the child has never begun: [`CallFailure::NoProc`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::testing::{ChildExt, start_supervised};
    ///
    /// # /*
    /// #[otp_core::test]
    /// # */
    /// async fn it_has_not_been_restarted() {
    ///     let counter = start_supervised::<Counter>(0).await;
    ///     assert_eq!(counter.stats().await.unwrap().restarts, 0);
    ///     let alone = Counter::start_link(0).await.unwrap();
    ///     assert_eq!(alone.stats().await, Err(CallFailure::NoProc));
    /// }
    /// # otp_core::testing::doc_test(it_has_not_been_restarted);
    /// ```
    fn stats(&self) -> impl Future<Output = Result<ChildStats, CallFailure>> + Send {
        let place = self.as_ref().place();
        let incarnations = place.map_or(0, |place| place.incarnation());
        let restarts = incarnations.checked_sub(1).ok_or(CallFailure::NoProc);
        std::future::ready(restarts.map(|restarts| ChildStats { restarts }))
    }
}

impl<H: ServerHandle + Send + Sync> ChildExt for H {}

async fn crash<S: GenServer>(server: &ServerRef<S>, reason: ExitReason) {
    let (kit, _) = kit::current();
    if let Some(place) = server.place() {
        place.crashed();
    }
    let present = server.pin().filter(ServerRef::is_alive);
    let Some((present, pid)) = present.and_then(|present| Some((present.clone(), present.pid()?)))
    else {
        panic!("there is no process of `{}` to crash", name::<S>());
    };
    if !reason.is_clean() {
        kit.crashes.expect(pid);
    }
    let stopping = within(far_away(&kit), async {
        present.stop().reason(reason).await
    });
    match stopping.await {
        Some(Ok(())) => {}
        Some(Err(error)) => panic!("{pid} of `{}` ended otherwise: {error}", name::<S>()),
        None => panic!("{pid} of `{}` does not stop", name::<S>()),
    }
}

async fn restarted<S: GenServer>(server: &ServerRef<S>) {
    let (kit, _) = kit::current();
    let Some(place) = server.place() else {
        panic!(
            "this handle of `{}` does not follow a supervised child, which has incarnations",
            name::<S>()
        );
    };
    let again = within(far_away(&kit), runs_again(&kit, place, server));
    if again.await.is_none() {
        panic!("the child `{}` was not restarted", name::<S>());
    }
}

async fn runs_again<S: GenServer>(
    kit: &Arc<Kit>,
    place: &Arc<Place<S::Message>>,
    server: &ServerRef<S>,
) {
    let mut before = place.crashed_last().max(1);
    loop {
        place.taken_after(before).await;
        let present = place.incarnation();
        if kit.is_paused {
            // One whose init fails at once does not count.
            kit.idle.after(0).await;
        }
        if server.is_alive() {
            return;
        }
        before = present;
    }
}

fn name<S>() -> &'static str {
    std::any::type_name::<S>()
}

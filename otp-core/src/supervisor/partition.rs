//! Partition supervisors: one server many times over, each key served by the same one of them.
//!
//! A [`Supervisor`] with children named `0`, `1`, … and a handle that routes keys to them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::error::{ChildError, SpecError};
use super::flags::{BackOff, Strategy};
use super::handle::SupervisorRef;
use super::route::route;
use super::run::{Setup, Supervisor};
use super::start::{SupervisorStart, TreeHandle};
use crate::child_spec::{ChildHandle, ChildSpec, ChildStart, FromValues, Supervised};
use crate::options::ServerOptions;
use crate::pid::Pid;
use crate::sync::atomic::{AtomicUsize, Ordering};

type StartPartition<S> = Arc<dyn Fn(usize) -> <S as Supervised>::Args + Send + Sync>;

/// A partition supervisor before it starts: one for one, with a child for each partition.
///
/// Unless set: three restarts in five seconds, no back-off. The children's own attributes say when they are restarted
/// and how long they may take to stop.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::PartitionSupervisor;
/// #[gen_server]
/// pub struct Shard { number: usize, hits: u64 }
///
/// #[gen_server]
/// impl Shard {
///     #[init]
///     fn init(number: usize) -> Self { Shard { number, hits: 0 } }
///
///     #[call]
///     pub fn hit(&mut self) -> (usize, u64) { self.hits += 1; (self.number, self.hits) }
/// }
///
/// # otp_core::doc_test(async {
/// let shards = PartitionSupervisor::<Shard>::with_arguments(4, |partition| partition).start_link().await.unwrap();
/// assert_eq!(shards.get(&6).hit().await.unwrap(), (2, 1));
/// assert_eq!(shards.get(&-2).hit().await.unwrap(), (2, 2));
/// // Keys of other types go by a hash that is the same in every program.
/// let of_ada = shards.get("ada").hit().await.unwrap();
/// assert_eq!(shards.get("ada").hit().await.unwrap().0, of_ada.0);
/// # });
/// ```
#[must_use = "a supervisor does nothing before it is started"]
pub struct PartitionSupervisor<S: Supervised> {
    setup: PartitionSetup<S>,
}

/// What a partition supervisor begins with.
#[doc(hidden)]
pub struct PartitionSetup<S: Supervised> {
    partitions: usize,
    arguments: StartPartition<S>,
    max_restarts: u32,
    period: Duration,
    back_off: Option<BackOff>,
}

impl<S: Supervised> PartitionSupervisor<S> {
    /// So many partitions of a server that takes no arguments.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = PartitionSupervisor::<Room>::new(4).start_link().await.unwrap();
    /// assert_eq!(rooms.get("ada").say("hello".to_owned()).await, Ok(1));
    /// # });
    /// ```
    pub fn new(partitions: usize) -> Self
    where
        S::Args: FromValues<()>,
    {
        Self::of(partitions, |_| S::Args::from_values(()))
    }

    /// As many partitions as the machine has cores for this program, of a server that takes no arguments: Elixir's
    /// default.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = PartitionSupervisor::<Room>::of_cores().start_link().await.unwrap();
    /// assert_eq!(rooms.partitions(), std::thread::available_parallelism().unwrap().get());
    /// # });
    /// ```
    pub fn of_cores() -> Self
    where
        S::Args: FromValues<()>,
    {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// So many partitions of a server that takes what `arguments` makes for each one, at each start: one value as it is,
    /// several as a tuple.
    ///
    /// Elixir's option `with_arguments`, where it changes the arguments of the child specification.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = PartitionSupervisor::<Counter>::with_arguments(2, |number| 10 * number as i64);
    /// let counters = counters.start_link().await.unwrap();
    /// assert_eq!(counters.get(&1).add(2).await, Ok(12));
    /// # });
    /// ```
    pub fn with_arguments<T>(
        partitions: usize,
        arguments: impl Fn(usize) -> T + Send + Sync + 'static,
    ) -> Self
    where
        S::Args: FromValues<T>,
    {
        Self::of(partitions, move |partition| {
            S::Args::from_values(arguments(partition))
        })
    }

    fn of(partitions: usize, arguments: impl Fn(usize) -> S::Args + Send + Sync + 'static) -> Self {
        PartitionSupervisor {
            setup: PartitionSetup {
                partitions,
                arguments: Arc::new(arguments),
                max_restarts: 3,
                period: Duration::from_secs(5),
                back_off: None,
            },
        }
    }

    /// Gives up, with shutdown, at more than `max_restarts` restarts within `period`; all partitions count together.
    ///
    /// Unless set, 3 within 5 s.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = PartitionSupervisor::<Room>::new(2).max_restarts(0, Duration::from_secs(5)).start().await.unwrap();
    /// process::exit(&rooms.get(&0), ExitReason::Kill);
    /// assert_eq!(rooms.ended().await, ExitReason::Shutdown);
    /// # });
    /// ```
    pub fn max_restarts(mut self, max_restarts: u32, period: Duration) -> Self {
        self.setup.max_restarts = max_restarts;
        self.setup.period = period;
        self
    }

    /// Puts restarts off.
    ///
    /// OTP has no such thing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::{BackOff, ChildState, PartitionSupervisor};
    ///
    /// # otp_core::doc_test(async {
    /// let back_off = BackOff::new(Duration::from_secs(60), Duration::from_secs(60));
    /// let rooms = PartitionSupervisor::<Room>::new(1).back_off(back_off).start_link().await.unwrap();
    /// let monitor = rooms.get(&0).monitor();
    /// process::exit(&rooms.get(&0), ExitReason::Kill);
    /// process::receive_down(monitor).await;
    /// assert_eq!(rooms.get_child("0").await.unwrap().state, ChildState::Restarting);
    /// # });
    /// ```
    pub fn back_off(mut self, back_off: BackOff) -> Self {
        self.setup.back_off = Some(back_off);
        self
    }

    /// Starts it, linked with the current process: `PartitionSupervisor.start_link/1`.
    ///
    /// No partitions at all are [`SpecError::NoPartitions`].
    ///
    /// # Errors
    ///
    /// See [`SupervisorStart`].
    ///
    /// # Cancel safety
    ///
    /// As of [`SupervisorStart`]: dropped before it is done, the supervisor is killed, and its children with it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::{PartitionSupervisor, SpecError};
    ///
    /// # otp_core::doc_test(async {
    /// assert!(PartitionSupervisor::<Room>::new(2).start_link().await.is_ok());
    /// let none = PartitionSupervisor::<Room>::new(0).start_link().await;
    /// assert_eq!(none.unwrap_err(), StartError::Spec(SpecError::NoPartitions));
    /// # });
    /// ```
    pub fn start_link(self) -> SupervisorStart<PartitionSupervisorRef<S>> {
        self.setup.start(true)
    }

    /// Starts it, linked with nothing.
    ///
    /// # Errors
    ///
    /// See [`SupervisorStart`].
    ///
    /// # Cancel safety
    ///
    /// As of [`SupervisorStart`]: dropped before it is done, the supervisor is killed, and its children with it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = PartitionSupervisor::<Room>::new(2).start().name("rooms").await.unwrap();
    /// assert_eq!(process::whereis("rooms"), rooms.pid());
    /// # });
    /// ```
    pub fn start(self) -> SupervisorStart<PartitionSupervisorRef<S>> {
        self.setup.start(false)
    }
}

impl<S: Supervised> PartitionSetup<S> {
    fn start(self, link: bool) -> SupervisorStart<PartitionSupervisorRef<S>> {
        SupervisorStart::new(link, move |handle: &PartitionSupervisorRef<S>| {
            self.setup(handle)
        })
    }

    fn setup(self, handle: &PartitionSupervisorRef<S>) -> Result<Setup, SpecError> {
        if self.partitions == 0 {
            return Err(SpecError::NoPartitions);
        }
        let mut builder =
            Supervisor::builder(Strategy::OneForOne).max_restarts(self.max_restarts, self.period);
        if let Some(back_off) = self.back_off {
            builder = builder.back_off(back_off);
        }
        for (partition, child) in handle.take_places(self.partitions).iter().enumerate() {
            let arguments = Arc::clone(&self.arguments);
            let start = move || S::start_child(arguments(partition));
            builder = builder.child(ChildSpec::at(child.clone(), partition.to_string(), start));
        }
        builder.setup()
    }
}

impl<S: Supervised> Supervised for PartitionSupervisor<S> {
    type Handle = PartitionSupervisorRef<S>;
    type Args = PartitionSetup<S>;

    fn start_child(setup: PartitionSetup<S>) -> impl ChildStart<Handle = Self::Handle> {
        setup.start(true)
    }
}

impl<S: Supervised> fmt::Debug for PartitionSupervisor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionSupervisor")
            .field("partitions", &self.setup.partitions)
            .finish_non_exhaustive()
    }
}

impl<S: Supervised> fmt::Debug for PartitionSetup<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionSetup")
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

/// The partitions as all handles see them.
struct Partitions<H> {
    /// Handles that follow the children, all that there are.
    children: ArcSwap<Vec<H>>,
    /// How many of them, from the first on, serve keys.
    active: AtomicUsize,
}

/// The handle of a partition supervisor of servers `S`. Cheap to clone; it follows one that is itself supervised.
///
/// It derefs to its [`SupervisorRef`]: `which_children`, `count_children`, `stop`, `pid` are there. The children are
/// named `0`, `1`, ….
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use otp_core::PartitionSupervisor;
///
/// # otp_core::doc_test(async {
/// let rooms = PartitionSupervisor::<Room>::new(3).start_link().await.unwrap();
/// assert_eq!(rooms.get(&7), rooms.get(&10));
/// assert_eq!(rooms.count_children().await.unwrap().active, 3);
/// # });
/// ```
pub struct PartitionSupervisorRef<S: Supervised> {
    supervisor: SupervisorRef,
    partitions: Arc<Partitions<S::Handle>>,
    _server: PhantomData<fn() -> S>,
}

impl<S: Supervised> PartitionSupervisorRef<S> {
    /// The partition that serves a key: `{:via, PartitionSupervisor, {name, key}}`.
    ///
    /// An integer, or a type that hashes as one integer does, goes to its absolute value modulo the number of
    /// partitions; any other key by a hash that is the same in every program.
    ///
    /// # Panics
    ///
    /// Panics if no partition serves keys: after [`resize`](Self::resize) to zero, or before the first start.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = PartitionSupervisor::<Room>::new(4).start_link().await.unwrap();
    /// assert_eq!(rooms.get(&6), rooms.get(&2));
    /// assert_ne!(rooms.get(&6), rooms.get(&3));
    /// assert_eq!(rooms.get("ada"), rooms.get("ada"));
    /// # });
    /// ```
    #[track_caller]
    #[must_use]
    pub fn get(&self, key: &(impl Hash + ?Sized)) -> S::Handle {
        let children = self.partitions.children.load();
        let active = self.partitions.active.load(Ordering::Acquire);
        let active = children.get(..active).unwrap_or(&children);
        assert!(!active.is_empty(), "no partition serves keys");
        active[route(key, active.len())].clone()
    }

    /// How many partitions serve keys: `PartitionSupervisor.partitions/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = PartitionSupervisor::<Room>::new(4).start_link().await.unwrap();
    /// assert_eq!(rooms.partitions(), 4);
    /// # });
    /// ```
    #[must_use]
    pub fn partitions(&self) -> usize {
        self.partitions.active.load(Ordering::Acquire)
    }

    /// Lets so many partitions serve keys, and stops or starts the others: `PartitionSupervisor.resize!/2`. Gives how
    /// many there were.
    ///
    /// Keys go over the remaining ones before any is stopped, and over new ones when all have begun.
    ///
    /// # Errors
    ///
    /// There have never been so many partitions ([`ChildError::NotFound`]), or one does not start.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, some partitions are stopped or started, and keys go over those that run.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// use otp_core::PartitionSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let rooms = PartitionSupervisor::<Room>::new(4).start_link().await.unwrap();
    /// assert_eq!(rooms.resize(1).await, Ok(4));
    /// assert_eq!(rooms.get(&6), rooms.get(&0));
    /// assert_eq!(rooms.resize(4).await, Ok(1));
    /// assert!(rooms.resize(5).await.is_err());
    /// # });
    /// ```
    pub async fn resize(&self, partitions: usize) -> Result<usize, ChildError> {
        let before = self.partitions();
        if partitions > self.partitions.children.load().len() {
            return Err(ChildError::NotFound);
        }
        if partitions < before {
            self.partitions.active.store(partitions, Ordering::Release);
        }
        for partition in (partitions..before).rev() {
            self.supervisor
                .terminate_child(partition.to_string())
                .await?;
        }
        for partition in before..partitions {
            match self.supervisor.restart_child(partition.to_string()).await {
                Ok(_) | Err(ChildError::Running | ChildError::Restarting) => {}
                Err(error) => return Err(error),
            }
            self.partitions
                .active
                .store(partition + 1, Ordering::Release);
        }
        Ok(before)
    }

    /// The places of the partitions of one more incarnation: those of the last one, if there were as many.
    fn take_places(&self, partitions: usize) -> Arc<Vec<S::Handle>> {
        let mut places = self.partitions.children.load_full();
        if places.len() != partitions {
            let vacant = (0..partitions).map(|_| S::Handle::vacant());
            places = Arc::new(vacant.collect());
            self.partitions.children.store(Arc::clone(&places));
        }
        self.partitions.active.store(partitions, Ordering::Release);
        places
    }
}

impl<S: Supervised> ChildHandle for PartitionSupervisorRef<S> {
    const OPTIONS: ServerOptions = ServerOptions::SUPERVISOR;

    fn vacant() -> Self {
        PartitionSupervisorRef {
            supervisor: SupervisorRef::vacant(),
            partitions: Arc::new(Partitions {
                children: ArcSwap::default(),
                active: AtomicUsize::new(0),
            }),
            _server: PhantomData,
        }
    }

    fn pid(&self) -> Option<Pid> {
        self.supervisor.as_ref().pid()
    }
}

impl<S: Supervised> TreeHandle for PartitionSupervisorRef<S> {
    fn supervisor(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl<S: Supervised> Deref for PartitionSupervisorRef<S> {
    type Target = SupervisorRef;

    fn deref(&self) -> &SupervisorRef {
        &self.supervisor
    }
}

impl<S: Supervised> Clone for PartitionSupervisorRef<S> {
    fn clone(&self) -> Self {
        PartitionSupervisorRef {
            supervisor: self.supervisor.clone(),
            partitions: Arc::clone(&self.partitions),
            _server: PhantomData,
        }
    }
}

impl<S: Supervised> PartialEq for PartitionSupervisorRef<S> {
    fn eq(&self, other: &Self) -> bool {
        self.supervisor == other.supervisor
    }
}

impl<S: Supervised> Eq for PartitionSupervisorRef<S> {}

impl<S: Supervised> Hash for PartitionSupervisorRef<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.supervisor.hash(state);
    }
}

impl<S: Supervised> fmt::Debug for PartitionSupervisorRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionSupervisorRef")
            .field("supervisor", &self.supervisor)
            .field("partitions", &self.partitions())
            .finish()
    }
}

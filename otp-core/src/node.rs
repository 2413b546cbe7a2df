//! A node: the process table, the names and the timers of one world of processes.
//!
//! Nothing is process-global. Two nodes in one program know nothing of each other, and every test gets its own.
//! [`crate::process::scope`] makes a node ambient in a task; handles carry theirs.

use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::Notify;

use crate::exit::ExitReason;
use crate::pid::{NodeId, Pid};
use crate::process::cell::Process;
use crate::process::scope::{InNode, NodeExt};
use crate::process::{RegisterError, signal};
use crate::rt::{self, Handle};
use crate::sendable::{IsSendable, Sendable};
use crate::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, RwLock};
use crate::telemetry::Telemetry;
#[cfg(feature = "test-util")]
use crate::testing::{kit::Kit, schedule::Schedule};
use crate::time::timers::Timers;

/// Pids are dealt out one after the other, so that neighbours lie in different shards.
const SHARDS: usize = 16;

/// A name that a process is registered under, unique within its node: Erlang's registered name.
///
/// Cheap to clone. The empty name is malformed and is refused wherever a name is given.
///
/// # Examples
///
/// ```
/// use otp_core::Name;
///
/// let name = Name::from("hits");
/// assert_eq!(name, Name::from("hits".to_owned()));
/// assert_eq!(name.to_string(), "hits");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// The name as text.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(otp_core::Name::from("hits").as_str(), "hits");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[diagnostic::do_not_recommend]
impl<T: Into<Arc<str>>> From<T> for Name {
    fn from(name: T) -> Self {
        Name(name.into())
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

type Table<K> = FxHashMap<K, Arc<dyn Process>>;

struct Inner {
    id: NodeId,
    next_pid: AtomicU64,
    next_monitor: AtomicU64,
    table: [Mutex<Table<u64>>; SHARDS],
    names: RwLock<Table<Name>>,
    timers: Timers,
    telemetry: Telemetry,
    /// Processes that have begun and have not yet said farewell.
    unfinished: AtomicUsize,
    all_finished: Notify,
    /// Calls of `kill_all` that wait: what begins meanwhile is killed at once.
    killing: AtomicUsize,
    /// The runtimes that something of the node was started on, the last one at the end.
    known_runtimes: Mutex<Vec<Handle>>,
    /// Counts how often that was another one than before.
    runtimes: AtomicU32,
    /// Of the node of a test.
    #[cfg(feature = "test-util")]
    kit: Option<Arc<Kit>>,
}

impl IsSendable for Inner {}

impl Inner {
    fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        crate::process::run::install_hook();
        Inner {
            id: NodeId(NEXT.fetch_add(1, Ordering::Relaxed)),
            next_pid: AtomicU64::new(1),
            next_monitor: AtomicU64::new(1),
            table: std::array::from_fn(|_| Mutex::default()),
            names: RwLock::default(),
            timers: Timers::default(),
            telemetry: Telemetry::default(),
            unfinished: AtomicUsize::new(0),
            all_finished: Notify::new(),
            killing: AtomicUsize::new(0),
            known_runtimes: Mutex::default(),
            runtimes: AtomicU32::new(0),
            #[cfg(feature = "test-util")]
            kit: None,
        }
    }
}

/// A world of processes: it owns their table, their names and their timers.
///
/// Cheap to clone; a clone is the same node. Dropping every handle to a node ends nothing: its processes live on the
/// runtime that they were started on.
///
/// # Examples
///
/// In an existing tokio program:
///
/// ```
/// use otp_core::prelude::*;
///
/// #[gen_server]
/// pub struct Counter { value: i64 }
///
/// #[gen_server]
/// impl Counter {
///     #[init]
///     fn init(value: i64) -> Self { Counter { value } }
///     #[call]
///     pub fn add(&mut self, by: i64) -> i64 { self.value += by; self.value }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let node = Node::new();
/// let counter = node.run(async { Counter::start(40).await }).await.unwrap();
/// // Handles carry their node: they work in any task.
/// assert_eq!(counter.add(2).await.unwrap(), 42);
/// # });
/// ```
#[derive(Clone)]
pub struct Node(Arc<Sendable<Inner>>);

impl Node {
    /// Makes a node with no process in it.
    ///
    /// `main` and each test have one already. It is for existing tokio programs, and for two worlds in one program: no
    /// pid and no name of one means anything in another.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_core::Node;
    ///
    /// let node = Node::new();
    /// assert!(node.processes().is_empty());
    /// assert_ne!(node, Node::new());
    /// ```
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "two calls give two different nodes"
    )]
    pub fn new() -> Self {
        Node(Arc::new(Sendable(Inner::new())))
    }

    /// Makes the node of a test.
    #[cfg(feature = "test-util")]
    pub(crate) fn with_kit(kit: Arc<Kit>) -> Self {
        Node(Arc::new(Sendable(Inner {
            kit: Some(kit),
            timers: Timers::exact(),
            ..Inner::new()
        })))
    }

    /// Whether it is the node of a test.
    #[cfg(feature = "test-util")]
    pub(crate) fn is_of_test(&self) -> bool {
        self.kit().is_some()
    }

    /// Whether it is the node of a test.
    #[cfg(not(feature = "test-util"))]
    #[expect(clippy::unused_self, reason = "a node of a test tells")]
    pub(crate) const fn is_of_test(&self) -> bool {
        false
    }

    /// The kit of the test that the node belongs to.
    #[cfg(feature = "test-util")]
    pub(crate) fn kit(&self) -> Option<&Arc<Kit>> {
        self.0.kit.as_ref()
    }

    /// The schedule that the processes run under, if they are shuffled.
    #[cfg(feature = "test-util")]
    pub(crate) fn schedule(&self) -> Option<&Arc<Schedule>> {
        let schedule = &self.kit()?.schedule;
        schedule.seed().map(|_| schedule)
    }

    /// Whether the processes are shuffled, and every step must be one that can be repeated.
    #[cfg(feature = "test-util")]
    pub(crate) fn is_shuffled(&self) -> bool {
        self.schedule().is_some()
    }

    /// Whether the processes are shuffled.
    #[cfg(not(feature = "test-util"))]
    #[expect(clippy::unused_self, reason = "a node of a test tells")]
    pub(crate) const fn is_shuffled(&self) -> bool {
        false
    }

    /// The node that the current task runs in, if it runs in one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// assert_eq!(Node::current(), None);
    /// # otp_core::doc_test(async {
    /// assert!(Node::current().is_some());
    /// # });
    /// ```
    #[must_use]
    pub fn current() -> Option<Self> {
        crate::process::scope::node()
    }

    /// Names the node within the program.
    ///
    /// # Examples
    ///
    /// ```
    /// let node = otp_core::Node::new();
    /// assert_eq!(node.clone().id(), node.id());
    /// ```
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.0.id
    }

    /// Runs a future in this node: what it starts lives here. It does not become a process.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as the future.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let elsewhere = Node::new();
    /// let room = elsewhere.run(async { Room::start().await }).await.unwrap();
    /// assert_eq!(room.pid().unwrap().node(), elsewhere.id());
    /// # elsewhere.kill_all().await;
    /// # });
    /// ```
    pub fn run<F: Future>(&self, future: F) -> InNode<F> {
        future.in_node(self)
    }

    /// Who holds a name: Erlang's `whereis/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// let node = Node::current().unwrap();
    /// let room = Room::start().name("lobby").await.unwrap();
    /// assert_eq!(node.whereis("lobby"), room.pid());
    /// assert_eq!(node.whereis("cellar"), None);
    /// # });
    /// ```
    #[must_use]
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        self.holder(name).map(|process| process.core().pid())
    }

    /// The names that are held, sorted: Erlang's `registered/0`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Room;
    /// # otp_core::doc_test(async {
    /// Room::start().name("lobby").await.unwrap();
    /// Room::start().name("attic").await.unwrap();
    /// assert_eq!(Node::current().unwrap().registered(), [Name::from("attic"), Name::from("lobby")]);
    /// # });
    /// ```
    #[must_use]
    pub fn registered(&self) -> Vec<Name> {
        let names = self.0.names.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<Name> = names.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// Gives a process a name: Erlang's `register/2`. It is freed when the process ends.
    ///
    /// # Errors
    ///
    /// The name is taken or malformed, the process has ended or has a name already.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::RegisterError;
    ///
    /// # otp_core::doc_test(async {
    /// let (node, me) = (Node::current().unwrap(), process::self_pid());
    /// assert_eq!(node.register("main", me), Ok(()));
    /// assert_eq!(node.register("other", me), Err(RegisterError::HasName));
    /// # });
    /// ```
    pub fn register(&self, name: impl Into<Name>, pid: Pid) -> Result<(), RegisterError> {
        let name = name.into();
        let process = self.lookup(pid).ok_or(RegisterError::NoProc)?;
        self.register_process(name, &process)
    }

    pub(crate) fn register_process(
        &self,
        name: Name,
        process: &Arc<dyn Process>,
    ) -> Result<(), RegisterError> {
        if name.0.is_empty() {
            return Err(RegisterError::Malformed);
        }
        let mut vital = process.core().vital();
        if !vital.is_alive() {
            return Err(RegisterError::NoProc);
        }
        if vital.name().is_some() {
            return Err(RegisterError::HasName);
        }
        let mut names = self.0.names.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = names.get(&name) {
            return Err(RegisterError::Taken(holder.core().pid()));
        }
        names.insert(name.clone(), Arc::clone(process));
        drop(names);
        vital.set_name(name);
        Ok(())
    }

    /// Takes a name away from its holder: Erlang's `unregister/1`.
    ///
    /// # Errors
    ///
    /// Nobody holds the name.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_core::process::RegisterError;
    ///
    /// # otp_core::doc_test(async {
    /// let node = Node::current().unwrap();
    /// node.register("main", process::self_pid()).unwrap();
    /// assert_eq!(node.unregister("main"), Ok(()));
    /// assert_eq!(node.unregister("main"), Err(RegisterError::NoProc));
    /// # });
    /// ```
    pub fn unregister(&self, name: &str) -> Result<(), RegisterError> {
        let process = self.holder(name).ok_or(RegisterError::NoProc)?;
        let mut vital = process.core().vital();
        if vital.name().map(Name::as_str) != Some(name) {
            return Err(RegisterError::NoProc);
        }
        vital.take_name();
        self.0
            .names
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
        Ok(())
    }

    /// The processes of this node, oldest first: Erlang's `processes/0`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let node = Node::current().unwrap();
    /// let worker = process::spawn(std::future::pending::<()>());
    /// assert_eq!(node.processes(), [process::self_pid(), worker]);
    /// # });
    /// ```
    #[must_use]
    pub fn processes(&self) -> Vec<Pid> {
        let mut pids: Vec<Pid> = self
            .all()
            .iter()
            .map(|process| process.core().pid())
            .collect();
        pids.sort_unstable();
        pids
    }

    /// Whether a process of this node is alive: Erlang's `is_process_alive/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let node = Node::current().unwrap();
    /// let (worker, monitor) = process::spawn_monitor(async {});
    /// assert!(node.is_alive(worker));
    /// process::receive_down(monitor).await;
    /// assert!(!node.is_alive(worker));
    /// # });
    /// ```
    #[must_use]
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.lookup(pid).is_some()
    }

    /// Timers that wait in this node.
    ///
    /// Those of [`time`](crate::time), sleeps and timeouts among them. For tests and for monitoring: a number that only
    /// grows is a leak.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let node = Node::current().unwrap();
    /// let timer = otp_core::time::exit_after(Duration::from_secs(60), process::self_pid(), ExitReason::Shutdown);
    /// assert_eq!(node.timer_count(), 1);
    /// timer.cancel();
    /// assert_eq!(node.timer_count(), 0);
    /// # });
    /// ```
    #[must_use]
    pub fn timer_count(&self) -> usize {
        self.0.timers.len()
    }

    /// Kills every process of this node and waits until all are gone.
    ///
    /// A process that blocks its thread is waited for. One that begins meanwhile is killed too.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has killed those that it found; it can be called again.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    /// # runtime.block_on(async {
    /// let node = Node::new();
    /// node.run(async { process::spawn(std::future::pending::<()>()) }).await;
    /// assert_eq!(node.processes().len(), 1);
    /// node.kill_all().await;
    /// assert!(node.processes().is_empty());
    /// # });
    /// ```
    pub async fn kill_all(&self) {
        let _killing = Killing::begin(&self.0.killing);
        loop {
            let finished = self.0.all_finished.notified();
            for process in self.all() {
                kill(&*process);
            }
            if self.0.unfinished.load(Ordering::Acquire) == 0 {
                return;
            }
            finished.await;
        }
    }

    pub(crate) fn next_pid(&self) -> Pid {
        Pid::new(self.0.id, self.0.next_pid.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn next_monitor(&self) -> u64 {
        self.0.next_monitor.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.0.timers
    }

    #[inline]
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    fn shard(&self, number: u64) -> &Mutex<Table<u64>> {
        &self.0.table[number as usize % SHARDS]
    }

    /// The process begins.
    pub(crate) fn insert(&self, process: &Arc<dyn Process>) {
        let number = process.core().pid().number();
        self.0.unfinished.fetch_add(1, Ordering::AcqRel);
        self.shard(number)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, Arc::clone(process));
        // A `kill_all` that did not find it in the table had begun before.
        if self.0.killing.load(Ordering::Acquire) > 0 {
            kill(&**process);
        }
    }

    pub(crate) fn remove(&self, pid: Pid) {
        let process = self
            .shard(pid.number())
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&pid.number());
        drop(process);
    }

    /// The process has said farewell.
    pub(crate) fn ended(&self) {
        if self.0.unfinished.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.all_finished.notify_waiters();
        }
    }

    pub(crate) fn lookup(&self, pid: Pid) -> Option<Arc<dyn Process>> {
        if pid.node() != self.0.id {
            return None;
        }
        self.shard(pid.number())
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&pid.number())
            .cloned()
    }

    pub(crate) fn holder(&self, name: &str) -> Option<Arc<dyn Process>> {
        self.0
            .names
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    pub(crate) fn forget_name(&self, name: &Name, pid: Pid) {
        let mut names = self.0.names.write().unwrap_or_else(PoisonError::into_inner);
        if names
            .get(name)
            .is_some_and(|holder| holder.core().pid() == pid)
        {
            names.remove(name);
        }
    }

    /// Waits until every process has said farewell.
    #[cfg(feature = "test-util")]
    pub(crate) async fn all_ended(&self) {
        loop {
            let finished = self.0.all_finished.notified();
            if self.0.unfinished.load(Ordering::Acquire) == 0 {
                return;
            }
            finished.await;
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<dyn Process>> {
        let shards = self.0.table.iter();
        shards
            .flat_map(|shard| {
                shard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .values()
                    .cloned()
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The runtime that something of the node was started on last.
    pub(crate) fn runtime(&self) -> Option<Handle> {
        self.known_runtimes().last().cloned()
    }

    /// Something of the node is started on `runtime`. Gives the number of changes up to then.
    pub(crate) fn runs_on(&self, runtime: &Handle) -> u32 {
        let mut known = self.known_runtimes();
        if known.last().map(Handle::id) != Some(runtime.id()) {
            known.retain(|known| known.id() != runtime.id());
            known.push(runtime.clone());
            self.0.runtimes.fetch_add(1, Ordering::Relaxed);
        }
        self.runtimes()
    }

    /// A runtime has dropped a task of the node's: it is ending.
    pub(crate) fn forget_runtime(&self, runtime: rt::Id) {
        let mut known = self.known_runtimes();
        known.retain(|known| known.id() != runtime);
        self.0.runtimes.fetch_add(1, Ordering::Relaxed);
    }

    fn known_runtimes(&self) -> MutexGuard<'_, Vec<Handle>> {
        self.0
            .known_runtimes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever the node comes to another runtime.
    pub(crate) fn runtimes(&self) -> u32 {
        self.0.runtimes.load(Ordering::Relaxed)
    }

    pub(crate) fn downgrade(&self) -> WeakNode {
        WeakNode(Arc::downgrade(&self.0))
    }
}

fn kill(process: &dyn Process) {
    let pid = process.core().pid();
    signal::exit(
        process,
        pid,
        &ExitReason::Kill,
        crate::process::vital::Via::Signal,
    );
}

/// A `kill_all` that waits.
struct Killing<'a>(&'a AtomicUsize);

impl<'a> Killing<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Killing(count)
    }
}

impl Drop for Killing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A node that may be gone.
#[derive(Clone)]
pub(crate) struct WeakNode(std::sync::Weak<Sendable<Inner>>);

impl WeakNode {
    pub(crate) fn upgrade(&self) -> Option<Node> {
        self.0.upgrade().map(Node)
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.0.id.0).finish()
    }
}

//! The macros of otp-core; use that crate, which re-exports them.
//!
//! Each macro goes the same way: parse, model, check, expand. The steps up to `check` collect every mistake of an item;
//! `expand` cannot fail. Generated code names the runtime by one path, `otp_core::__private`, and nothing else.

#![forbid(unsafe_code)]

mod application;
mod attr;
mod duration;
mod entry;
mod errors;
mod gen_server;
mod gen_statem;
mod misplaced;
mod names;
mod place;
mod protocol;
mod runtime;
#[cfg(test)]
mod snapshots;
mod supervisor;
mod symbol;

use proc_macro::TokenStream;

use crate::entry::Entry;
use crate::symbol::Kind;

/// Makes a GenServer of a struct and of its inherent impl; it stands above both.
///
/// Above `struct Counter` (or an enum) it adds, with the struct's visibility, generics and `#[cfg]`s:
///
/// - `CounterRef`, the handle: `Clone`, `Eq`, `Hash`, `Debug`, and a `Deref` to `ServerRef<Counter>`.
/// - the options below, as a child specification and the mailbox find them.
///
/// Above `impl Counter` it adds:
///
/// - `CounterMessage`, an enum with a variant for each call, cast, info and continue: `CounterMessage::Add { by,
///   reply_to }`. Its `Debug` prints the variant's name only.
/// - `impl GenServer for Counter`, one exhaustive `match` over the messages.
/// - `Counter::start`, `start_link`, `start_monitor` and, where init's arguments are `Clone`, `child_spec`, which take
///   what the `#[init]` method takes, but for the context.
/// - for each call and cast a method of `CounterRef`, with the handler's name, visibility, docs and `#[cfg]`s.
///
/// Type parameters of the impl are `Send + 'static` in all of these, whether it says so or not.
///
/// # Options
///
/// Above the struct: `restart = permanent | transient | temporary`; `shutdown = 10s | 500ms | brutal_kill | infinity`;
/// `mailbox = unbounded | bounded(n) | bounded(n, refuse) | bounded(n, drop_oldest)`. Above the impl:
/// `protocols(KeyValue, …)`, the traits with [`macro@protocol`] above them that the server implements. Above both:
/// `crate = path`, for a crate that re-exports otp-core.
///
/// # Handlers
///
/// A handler is a method with one of the attributes [`macro@init`], [`macro@call`], [`macro@cast`],
/// [`macro@handle_info`], [`macro@handle_continue`], [`macro@handle_down`], [`macro@handle_exit`],
/// [`macro@handle_timeout`], [`macro@terminate`], [`macro@format_status`]. It may be async, then with `&mut self`, and
/// may take `cx: &mut Context<Self>`. Other methods stay what they are, as do other attributes of a handler.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// /// A counter that anyone may add to.
/// #[gen_server(restart = transient, shutdown = 10s)]
/// pub struct Counter {
///     value: i64,
/// }
///
/// #[gen_server]
/// impl Counter {
///     #[init]
///     fn init(value: i64) -> Self {
///         Counter { value }
///     }
///
///     /// Adds `by` and answers the new value.
///     #[call]
///     pub fn add(&mut self, by: i64) -> i64 {
///         self.value += by;
///         self.value
///     }
/// }
///
/// #[otp_core::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let counter = Counter::start_link(0).await?;
///     assert_eq!(counter.add(2).await?, 2);
///     Ok(())
/// }
/// ```
///
/// # What it generates
///
/// <details><summary>All that comes of a small one</summary>
///
#[doc = include_str!("snapshots/gen_server_shown.snap.md")]
///
/// </details>
#[proc_macro_attribute]
pub fn gen_server(arguments: TokenStream, item: TokenStream) -> TokenStream {
    gen_server::expand(arguments.into(), item.into()).into()
}

/// Makes a state machine of an enum and of its inherent impl, which stand in one module; it stands above both.
///
/// Above `enum Turnstile`, whose variants are the states with their data, and one of which is `#[initial]`, it adds, with
/// the enum's visibility, generics and `#[cfg]`s:
///
/// - `TurnstileRef`, the handle, as that of a [`macro@gen_server`]. Its calls wait as long as it takes, as in OTP.
/// - `TurnstileState`, the states without their data.
/// - the options `restart`, `shutdown`, `mailbox` and `crate`, as those of a `#[gen_server]`.
/// - a macro of the enum's name, by which the impl learns what the states are.
///
/// Above `impl Turnstile` it adds:
///
/// - `TurnstileMessage`, an enum with a variant for each event.
/// - `impl GenStatem for Turnstile`, one exhaustive match over events and states.
/// - `Turnstile::start`, `start_link`, `start_monitor` and `child_spec`, as of a `#[gen_server]`.
/// - for each event that is a call or a cast one method of `TurnstileRef`.
/// - for each handler that leads somewhere an enum of the states that its `To![…]` names, which is `To` in its body.
/// - `Turnstile::DIAGRAM`, the states as a Mermaid diagram, which is in the documentation of the enum as well.
///
/// # Handlers
///
/// A handler is a method with `#[on(…)]` and one of:
///
/// | attribute | its event |
/// | --- | --- |
/// | [`macro@call`], [`macro@cast`] | what clients ask |
/// | [`macro@handle_info`] | a message from elsewhere |
/// | `#[internal]` | one that a handler has inserted, `actions.next_event(…)` |
/// | `#[state_timeout]`, `#[state_timeout(5s)]` | the state has not changed for so long; with a time it is set at each entry of the state |
/// | `#[event_timeout]`, `#[event_timeout(5s)]` | no event has come for so long; with a time it is set after each event in the state |
/// | `#[timeout]` | a timeout with a name, `actions.timeout(…)` |
/// | [`macro@handle_down`], [`macro@handle_exit`] | an end, with its `Down` or `Exit` |
/// | `#[enter]` | none: the state was entered; it may take the state that it comes from |
///
/// `#[on(Locked, Unlocked { until })]` lists the states that it runs in, and may bind their data; `#[on(_)]` is for all states
/// without a handler of their own. The handlers of one event have one name, one kind, the same parameters and the same
/// answer. A handler takes
///
/// - `self`, and gives `To![A, B]`, or `(To![A, B], answer)`: it moves the state out, and leaves `To::A { … }` behind;
/// - `&mut self` or `&self`, and gives nothing or an answer: the state stays;
/// - `&mut self`, and gives `Option<To![A, B]>`, which may keep the state.
///
/// It may be async, may take `actions: &mut Actions<Self>`, and a call may take a `ReplyTo<T>` to answer in another state.
/// [`macro@init`], [`macro@terminate`] and [`macro@format_status`] are as those of a server; without an `#[init]` the machine
/// begins in the initial state, which has no data then.
///
/// # What is refused
///
/// Beside what a server's handlers may not do: a state that there is not; a target that the signature does not name; an
/// event that a state neither handles, nor postpones, nor ignores; a state that nothing leads to.
/// `#[gen_statem(postpone(push: Locked), ignore(coin: Unlocked | Open))]` above the impl says what is postponed and what is
/// ignored. An ignored call fails with `NoReply`; in OTP its caller would wait.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// #[gen_statem]
/// pub enum Turnstile {
///     #[initial]
///     Locked,
///     Unlocked,
/// }
///
/// #[gen_statem(postpone(push: Locked), ignore(coin: Unlocked))]
/// impl Turnstile {
///     #[on(Locked)]
///     #[call]
///     pub fn coin(self, cents: u32) -> To![Unlocked, Locked] {
///         if cents >= 50 { To::Unlocked } else { To::Locked }
///     }
///
///     #[on(Unlocked)]
///     #[cast]
///     pub fn push(self) -> To![Locked] {
///         To::Locked
///     }
///
///     #[on(Unlocked)]
///     #[state_timeout(5s)]
///     fn too_late(self) -> To![Locked] {
///         To::Locked
///     }
/// }
///
/// #[otp_core::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let turnstile = Turnstile::start_link().await?;
///     turnstile.coin(50).await?;
///     turnstile.push();
///     assert!(Turnstile::DIAGRAM.contains("Locked --> Unlocked: coin"));
///     Ok(())
/// }
/// ```
///
/// # What it generates
///
/// <details><summary>All that comes of a small one</summary>
///
#[doc = include_str!("snapshots/gen_statem_shown.snap.md")]
///
/// </details>
#[proc_macro_attribute]
pub fn gen_statem(arguments: TokenStream, item: TokenStream) -> TokenStream {
    gen_statem::expand(arguments.into(), item.into()).into()
}

#[doc(hidden)]
#[proc_macro]
pub fn gen_statem_impl(tokens: TokenStream) -> TokenStream {
    gen_statem::expand_machine(tokens.into()).into()
}

/// Makes a protocol of a trait: messages that many kinds of servers handle, behind one client.
///
/// The trait's methods are handlers, each with [`macro@call`] or [`macro@cast`] above it, by the rules of those of a
/// [`macro@gen_server`]; a method with a body and without an attribute stays a method. Servers implement the trait, and say
/// `protocols(KeyValue)` above their own impl.
///
/// Above `trait KeyValue` it adds, with the trait's visibility, generics and `#[cfg]`s:
///
/// - `KeyValueMessage`, an enum with a variant for each call and cast, which is a part of the messages of each of its
///   servers. A test's mock matches it: see `otp_core::testing::mock`. `message.handle(server, cx)` has a server handle one,
///   for servers that are written by hand.
/// - `KeyValueRef`, the handle: `Clone`, `Eq`, `Hash`, `Debug`, a `Deref` to `ProtocolRef<KeyValueMessage>`, and a method
///   for each call and cast. It is made, with `.into()`, of the handle of each server of the protocol (`MemoryStoreRef`,
///   `ServerRef<MemoryStore>`) and of an `Address<KeyValueMessage>`, and can do no more than the protocol says: it is what to
///   hand to who may ask for these messages only.
/// - the bound `Serves<KeyValueMessage>` on the trait, a `GenServer` that takes its messages.
///
/// An `async` handler becomes `-> impl Future<…> + Send`; a server writes `async fn`. `Self` is the server, which no
/// message may name. Where a server names the protocol, `KeyValueMessage` has to be in scope: `use store::{KeyValue,
/// KeyValueMessage}`, or `protocols(store::KeyValue)`.
///
/// # Options
///
/// `crate = path`, for a crate that re-exports otp-core.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use otp_core::prelude::*;
///
/// #[protocol]
/// pub trait KeyValue {
///     #[call]
///     fn get(&self, key: String) -> Option<String>;
///     #[cast]
///     fn put(&mut self, key: String, value: String);
/// }
///
/// #[gen_server]
/// pub struct MemoryStore {
///     values: HashMap<String, String>,
/// }
///
/// #[gen_server(protocols(KeyValue))]
/// impl MemoryStore {
///     #[init]
///     fn init() -> Self {
///         MemoryStore { values: HashMap::new() }
///     }
/// }
///
/// impl KeyValue for MemoryStore {
///     fn get(&self, key: String) -> Option<String> {
///         self.values.get(&key).cloned()
///     }
///     fn put(&mut self, key: String, value: String) {
///         self.values.insert(key, value);
///     }
/// }
///
/// #[otp_core::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let store: KeyValueRef = MemoryStore::start_link().await?.into();
///     store.put("language".into(), "Rust".into());
///     assert_eq!(store.get("language".into()).await?.as_deref(), Some("Rust"));
///     Ok(())
/// }
/// ```
///
/// # What it generates
///
/// <details><summary>All that comes of a small one, and of a server of it</summary>
///
#[doc = include_str!("snapshots/protocol_shown.snap.md")]
///
/// </details>
#[proc_macro_attribute]
pub fn protocol(arguments: TokenStream, item: TokenStream) -> TokenStream {
    protocol::expand(arguments.into(), item.into()).into()
}

/// Makes a supervision tree whose children have typed handles, and whose mistakes are found when it compiles: Elixir's
/// module-based supervisor.
///
/// ```text
/// supervisor! {
///     /// Docs, `#[cfg]`s.
///     pub struct CacheTree(options: TreeOptions);     // parameters, which are `Clone`; or none: `pub struct CacheTree;`
///
///     strategy: one_for_one,                          // one_for_one | one_for_all | rest_for_one
///     max_restarts: 3 in 5s,                          // unless said: this
///     auto_shutdown: any_significant,                 // never (unless said) | any_significant | all_significant
///     back_off: 100ms to 10s,                         // unless said: none
///
///     children: {
///         /// Docs, `#[cfg]`s.
///         primary: UserCache(arguments of its start_link).methods_of_what_it_gives(…) { restart: transient, … },
///         rooms: DynamicSupervisor::<Room>::new().methods(…) { max_children: 10_000 },
///     }
/// }
/// ```
///
/// It makes, with the visibility and the `#[cfg]`s of the struct:
///
/// - `CacheTree`, which names the tree, with `start_link`, `start` and `child_spec`. They take the parameters.
/// - `CacheTreeRef`, the handle: `Clone`, `Eq`, `Hash`, `Debug`, a `Deref` to `SupervisorRef`, and a method for each
///   child, `primary()`, that gives the handle which follows the child through its restarts, those of the tree among
///   them. A method wins over what the handle has of itself.
/// - what makes the tree a child: of other trees, of builders, of a `DynamicSupervisor::<CacheTree>`.
///
/// # Children
///
/// They start in the order in which they are written, and stop in the reverse one. The name is the child's id.
///
/// `Server(…)` takes the arguments of `Server::start_link`, for servers and trees alike; methods behind it are those of
/// what that gives, such as `.name("primary")`. `Type::function(…)` is for what is built before it starts, such as
/// `DynamicSupervisor::<Room>::new()`; the macro adds `start_link()`. Both stand for a `Supervised` type.
///
/// Arguments are evaluated anew at each start of the child. In them a parameter of the tree is a clone, and an earlier
/// sibling is its handle, both the start's own.
///
/// Every child may say `restart: permanent | transient | temporary`, `shutdown: 10s | 500ms | brutal_kill | infinity`
/// and `significant: true`; unless said, what the server's own attribute says holds. Other options are methods of the
/// builder: `DynamicSupervisor` and `TaskSupervisor` have `max_children: n`, `max_restarts: n in time` and
/// `back_off: first to longest`.
///
/// For a crate that re-exports otp-core: `crate: path,` beside the strategy.
///
/// # Examples
///
/// ```
/// use otp_core::DynamicSupervisor;
/// use otp_core::prelude::*;
///
/// #[gen_server]
/// pub struct Counter {
///     value: i64,
/// }
///
/// #[gen_server]
/// impl Counter {
///     #[init]
///     fn init(value: i64) -> Self {
///         Counter { value }
///     }
///
///     #[call]
///     pub fn add(&mut self, by: i64) -> i64 {
///         self.value += by;
///         self.value
///     }
/// }
///
/// /// Adds up what others have counted.
/// #[gen_server(restart = transient)]
/// pub struct Sum {
///     of: [CounterRef; 2],
/// }
///
/// #[gen_server]
/// impl Sum {
///     #[init]
///     fn init(first: CounterRef, second: CounterRef) -> Self {
///         Sum { of: [first, second] }
///     }
///
///     #[call]
///     pub async fn sum(&mut self) -> Result<i64, CallFailure> {
///         Ok(self.of[0].add(0).await? + self.of[1].add(0).await?)
///     }
/// }
///
/// supervisor! {
///     /// Counters, and the sum of two of them.
///     pub struct Counters(start: i64);
///
///     strategy: one_for_one,
///     max_restarts: 10 in 1s,
///
///     children: {
///         hits: Counter(start),
///         /// What was not there.
///         misses: Counter(start + 1) { shutdown: 10s },
///         sum: Sum(hits, misses).name("sum"),
///         others: DynamicSupervisor::<Counter>::new() { max_children: 100 },
///     }
/// }
///
/// #[otp_core::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let tree = Counters::start_link(20).await?;
///     let hits: CounterRef = tree.hits();
///     hits.add(1).await?;
///     assert_eq!(tree.sum().sum().await?, 42);
///
///     // The handle follows the child through its restart, which begins with the same arguments.
///     let crashed = process::monitor(&hits);
///     process::exit(&hits, ExitReason::Kill);
///     process::receive_down(crashed).await;
///     assert_eq!(tree.get_child("hits").await?.restarts, 1);
///     assert_eq!(hits.add(0).await?, 20);
///
///     assert_eq!(tree.others().start_child(7).await?.add(1).await?, 8);
///     tree.stop().await?;
///     Ok(())
/// }
/// ```
///
/// A child that is named before it starts does not compile:
///
/// ```compile_fail
/// # use otp_core::prelude::*;
/// # #[gen_server] pub struct Sum { of: Option<SumRef> }
/// # #[gen_server] impl Sum { #[init] fn init(of: Option<SumRef>) -> Self { Sum { of } } }
/// supervisor! {
///     pub struct Sums;
///     strategy: one_for_one,
///     children: {
///         early: Sum(Some(late)),     // `late` starts after `early`; write `late` above it
///         late: Sum(None),
///     }
/// }
/// ```
///
/// # What it generates
///
/// <details><summary>All that comes of a small one</summary>
///
#[doc = include_str!("snapshots/supervisor_shown.snap.md")]
///
/// </details>
#[proc_macro]
pub fn supervisor(tokens: TokenStream) -> TokenStream {
    supervisor::expand(tokens.into()).into()
}

/// Says what an application is called and what it needs; it stands above the struct that implements
/// `otp_core::application::Application`. It needs otp-core's feature `application`.
///
/// It implements `ApplicationResource` for the struct, and adds nothing else. `fn main() -> ExitCode { Chat.run() }` is the
/// program.
///
/// # Options
///
/// Each is a method of `ApplicationSpec`:
///
/// - `name = "chat"`: the struct's name in lower case, `user_cache` for `UserCache`, unless said.
/// - `env = "config/app.toml"`: a TOML file, which must be there; `env_prefix = "CHAT"`; `defaults = "port = 4000"`, TOML or
///   an expression that gives it, such as `include_str!("defaults.toml")`.
/// - `applications(Repo, Cache::default())`: the values of those that have to run before; `optional(Metrics)`: the types of
///   those that run before if they are loaded; `included(Admin)`: the values of those whose trees are a part of this one's.
/// - `start_phases("connect", "listen")`, `shutdown_timeout = 30s`.
/// - `crate = path`, for a crate that re-exports otp-core.
///
/// # Examples
///
/// ```
/// use otp_core::application::{ApplicationResource, ApplicationSpec};
///
/// #[otp_core::application(env = "config/app.toml", shutdown_timeout = 30s)]
/// struct UserCache;
///
/// assert_eq!(UserCache::NAME, "user_cache");
/// assert!(format!("{:?}", UserCache.spec()).contains("30s"));
/// ```
#[proc_macro_attribute]
pub fn application(arguments: TokenStream, item: TokenStream) -> TokenStream {
    application::expand(arguments.into(), item.into()).into()
}

/// Runs an async function, mostly `main`, as a process of a node of its own.
///
/// `async fn main() -> T` becomes `fn main() -> T`, which starts a runtime and a node, runs the body in place, and then
/// ends the node's processes in order. The body need not be `Send`.
///
/// # Options
///
/// `flavor = "multi_thread" | "current_thread"`, `worker_threads = n`, `crate = path`.
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
///
/// #[otp_core::main(flavor = "current_thread")]
/// async fn main() {
///     let answer = Task::spawn(async { 6 * 7 });
///     assert_eq!(answer.await, Ok(42));
/// }
/// ```
///
/// # What it generates
///
#[doc = include_str!("snapshots/main_shown.snap.md")]
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Entry::Main, arguments.into(), item.into()).into()
}

/// Runs an async function as a test: a process of a node of its own, on one thread, with a paused clock.
///
/// It becomes a `#[test]`; other attributes, `#[should_panic]` and `#[ignore]` among them, stay. It needs otp-core's
/// feature `test-util`. A test that leaves a process behind fails, and so does one in which a process crashed that it
/// does not expect to; what a body can ask and wait for is in `otp_core::testing`.
///
/// # Options
///
/// - `flavor = "multi_thread" | "current_thread"`, `worker_threads = n`, `crate = path`
/// - `leaks = allowed`, `crashes = allowed`: they do not fail the test
/// - `shuffled = n`: runs the body under `n` schedules that are drawn from seeds, on one thread; `shuffled` alone under one
///
/// # Examples
///
/// ```
/// use otp_core::prelude::*;
/// use otp_core::time::{Instant, sleep};
///
/// #[otp_core::test]
/// async fn an_hour_is_over_at_once() {
///     let began = Instant::now();
///     sleep(Duration::from_secs(3600)).await;
///     assert_eq!(began.elapsed().as_secs(), 3600);
/// }
/// ```
///
/// # What it generates
///
#[doc = include_str!("snapshots/test_shown.snap.md")]
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Entry::Test, arguments.into(), item.into()).into()
}

macro_rules! handler_attributes {
    ($($(#[$doc:meta])* $name:ident => $kind:ident,)*) => {$(
        $(#[$doc])*
        #[proc_macro_attribute]
        pub fn $name(arguments: TokenStream, item: TokenStream) -> TokenStream {
            misplaced::expand(Kind::$kind, &arguments.into(), item.into()).into()
        }
    )*};
}

handler_attributes! {
    /// Marks the method that makes the server, in a [`macro@gen_server`] impl: OTP's `init/1`. There is exactly one.
    ///
    /// It may be async, may take the context, and its other parameters are those of `Counter::start`. It gives the
    /// server, or a `Result` of it: an error is the reason of the failed start. `start_link` returns when it has.
    ///
    /// ```text
    /// #[init]
    /// async fn init(path: PathBuf, cx: &mut Context<Self>) -> Result<Self, io::Error> { … }
    /// ```
    init => Init,
    /// Marks a request that the caller waits for, in a [`macro@gen_server`] impl: OTP's `handle_call/3`.
    ///
    /// The return value is the answer. A `Result` is an answer, too, not a crash. A call that takes a `ReplyTo<T>`
    /// answers through that, whenever it wants.
    ///
    /// ```text
    /// #[call]
    /// pub fn add(&mut self, by: i64) -> i64 { … }            // counter.add(2).await?
    ///
    /// #[call]
    /// pub fn history(&self, reply_to: ReplyTo<Vec<Line>>) { … }
    /// ```
    call => Call,
    /// Marks a request that nobody waits for, in a [`macro@gen_server`] impl: OTP's `handle_cast/2`.
    ///
    /// ```text
    /// #[cast]
    /// pub fn reset(&mut self) { … }                          // counter.reset();
    /// ```
    cast => Cast,
    /// Marks the handler of a message that is neither a call nor a cast, in a [`macro@gen_server`] impl: timers,
    /// messages to oneself, events from elsewhere. OTP's `handle_info/2`.
    ///
    /// There may be several, each for a message of its own, which has no method on the handle.
    ///
    /// ```text
    /// #[handle_info]
    /// fn tick(&mut self) { … }                               // cx.send_after(d, CounterMessage::Tick)
    /// ```
    handle_info => Info,
    /// Marks what runs before any queued message, in a [`macro@gen_server`] impl: OTP's `handle_continue/2`.
    ///
    /// ```text
    /// #[handle_continue]
    /// async fn load(&mut self) { … }                         // cx.continue_with(CounterMessage::Load)
    /// ```
    handle_continue => Continue,
    /// Marks the handler of a monitor that fired, in a [`macro@gen_server`] impl: OTP's `'DOWN'` message.
    ///
    /// ```text
    /// #[handle_down]
    /// fn user_gone(&mut self, down: Down) { … }
    /// ```
    handle_down => Down,
    /// Marks the handler of a linked process' end, in a [`macro@gen_server`] impl of a server that traps exits: OTP's
    /// `'EXIT'` message.
    ///
    /// ```text
    /// #[handle_exit]
    /// fn linked_exit(&mut self, exit: Exit) { … }
    /// ```
    handle_exit => Exit,
    /// Marks what runs when no message came in time, in a [`macro@gen_server`] impl: OTP's `timeout` message.
    ///
    /// ```text
    /// #[handle_timeout]
    /// fn idle(&mut self, cx: &mut Context<Self>) { … }       // armed by cx.set_timeout(d)
    /// ```
    handle_timeout => Timeout,
    /// Marks what runs before the server ends, in a [`macro@gen_server`] impl: OTP's `terminate/2`.
    ///
    /// ```text
    /// #[terminate]
    /// async fn terminate(&mut self, reason: &ExitReason) { … }
    /// ```
    terminate => Terminate,
    /// Marks what describes the state in reports, in a [`macro@gen_server`] impl: OTP's `format_status/1`.
    ///
    /// ```text
    /// #[format_status]
    /// fn status(&self) -> String { … }                       // without the secrets
    /// ```
    format_status => FormatStatus,
}

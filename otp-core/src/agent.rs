//! Agents: a state that is read and changed by functions. Elixir's `Agent`.
//!
//! An agent is a server whose messages are functions of its state. Each is boxed on its way, which a server of its own does
//! without: where that counts, write one with `#[gen_server]`.

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use crate::call::Call;
use crate::child_spec::{ChildSpec, ChildStart, FromValues, Supervised};
use crate::gen_server::{
    Context, GenServer, InitError, Initialized, ServerHandle, ServerRef, Start, start, start_link,
};
use crate::process::Sent;
use crate::registry::HasHandle;
use crate::reply::ReplyTo;

/// A process that keeps a state, and lets others read and change it by functions: Elixir's `Agent`.
///
/// The functions run in the agent, one at a time, in the order in which they arrive. So they hold it up while they run: what
/// takes long belongs into the caller. They are not async; what has to wait belongs into a server. A function that panics
/// ends the agent, and the caller's error says why.
///
/// | Elixir | here |
/// | --- | --- |
/// | `Agent.start_link/2`, `start/2` | [`Agent::start_link`], [`Agent::start`] |
/// | `Agent.get/3`, `update/3`, `get_and_update/3`, `cast/2` | [`AgentRef::get`], [`update`](AgentRef::update), [`get_and_update`](AgentRef::get_and_update), [`cast`](AgentRef::cast) |
/// | `Agent.stop/3` | `agent.stop()` |
/// | `{Agent, fun}` as a child | [`Agent::child_spec`]; in a tree `counts: Agent::<Counts>(Counts::new)` |
///
/// Deliberate differences: `update` changes the state in place; a call that fails is an error, not an exit of the caller; the
/// state has a type, and what `get_and_update` returns cannot be wrong. There are no functions named by module and name.
///
/// # Examples
///
/// ```
/// # use std::collections::HashMap;
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let agent = Agent::start_link(|| HashMap::new()).await.unwrap();
/// agent.update(|m| { m.insert("a", 1); }).await.unwrap();
/// assert_eq!(agent.get(|m| m["a"]).await, Ok(1));
/// # });
/// ```
pub struct Agent<S> {
    state: S,
}

impl<S: Send + 'static> Agent<S> {
    /// Starts an agent with the state that `init` makes, linked with the current process: `Agent.start_link/2`. `init` runs
    /// in the agent.
    ///
    /// # Errors
    ///
    /// See [`StartError`](crate::StartError); [`StartError::Init`](crate::StartError::Init) if `init` panics.
    ///
    /// # Panics
    ///
    /// The future panics outside a node.
    ///
    /// # Cancel safety
    ///
    /// As of [`Start`]: dropped before it is done, the agent is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let hits = Agent::start_link(|| 0).name("hits").await.unwrap();
    /// hits.update(|hits| *hits += 1).await.unwrap();
    /// assert_eq!(AgentRef::<i32>::named("hits").get(|hits| *hits).await, Ok(1));
    /// # });
    /// ```
    #[track_caller]
    pub fn start_link<F>(
        init: F,
    ) -> Start<AgentRef<S>, impl Future<Output = Initialized<Agent<S>>> + Send + use<S, F>>
    where
        F: FnOnce() -> S + Send + 'static,
    {
        start_link::<AgentRef<S>>(AgentInit::from_values(init))
    }

    /// Starts an agent that is linked with nothing: `Agent.start/2`.
    ///
    /// # Errors
    ///
    /// See [`StartError`](crate::StartError).
    ///
    /// # Panics
    ///
    /// The future panics outside a node.
    ///
    /// # Cancel safety
    ///
    /// As of [`Start`]: dropped before it is done, the agent is killed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let words = Agent::start(|| vec!["a"]).await.unwrap();
    /// assert_eq!(words.get(Vec::len).await, Ok(1));
    /// # });
    /// ```
    #[track_caller]
    pub fn start<F>(
        init: F,
    ) -> Start<AgentRef<S>, impl Future<Output = Initialized<Agent<S>>> + Send + use<S, F>>
    where
        F: FnOnce() -> S + Send + 'static,
    {
        start::<AgentRef<S>>(AgentInit::from_values(init))
    }

    /// An agent as a child of a supervisor. `init` runs at each start: the state does not outlive the process.
    ///
    /// Permanent, with 5 s to stop, unless the specification is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let spec = Agent::child_spec(|| 42);
    /// let answer = spec.handle();
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(spec).start_link().await.unwrap();
    /// assert_eq!(answer.get(|answer| *answer).await, Ok(42));
    /// # supervisor.stop().await.unwrap();
    /// # });
    /// ```
    pub fn child_spec<F>(init: F) -> ChildSpec<AgentRef<S>>
    where
        F: Fn() -> S + Clone + Send + 'static,
    {
        ChildSpec::new("Agent", move || Agent::start_link(init.clone()))
    }
}

/// Makes the first state of an agent.
#[doc(hidden)]
pub struct AgentInit<S>(Box<dyn FnOnce() -> S + Send>);

impl<S, F: FnOnce() -> S + Send + 'static> FromValues<F> for AgentInit<S> {
    fn from_values(init: F) -> Self {
        AgentInit(Box::new(init))
    }
}

impl<S> fmt::Debug for AgentInit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentInit").finish_non_exhaustive()
    }
}

/// What an agent is told to do with its state.
#[doc(hidden)]
pub struct AgentMessage<S> {
    name: &'static str,
    act: Box<dyn FnOnce(&mut S) + Send>,
}

impl<S> AgentMessage<S> {
    fn new(name: &'static str, act: impl FnOnce(&mut S) + Send + 'static) -> Self {
        AgentMessage {
            name,
            act: Box::new(act),
        }
    }
}

impl<S> fmt::Debug for AgentMessage<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<S: Send + 'static> GenServer for Agent<S> {
    type Args = AgentInit<S>;
    type Message = AgentMessage<S>;

    async fn init(init: AgentInit<S>, _: &mut Context<Self>) -> Result<Self, InitError> {
        let state = (init.0)();
        Ok(Agent { state })
    }

    async fn handle_message(&mut self, message: AgentMessage<S>, _: &mut Context<Self>) {
        (message.act)(&mut self.state);
    }

    fn message_name(message: &AgentMessage<S>) -> &'static str {
        message.name
    }
}

impl<S: Send + 'static> HasHandle for Agent<S> {
    type Handle = AgentRef<S>;
}

impl<S: Send + 'static> Supervised for Agent<S> {
    type Handle = AgentRef<S>;
    type Args = AgentInit<S>;

    fn start_child(init: AgentInit<S>) -> impl ChildStart<Handle = Self::Handle> {
        start_link::<AgentRef<S>>(init)
    }
}

impl<S> fmt::Debug for Agent<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").finish_non_exhaustive()
    }
}

/// The handle of an [`Agent`]. Cheap to clone; it follows one that is supervised or named.
///
/// It derefs to its [`ServerRef`]: `stop`, `pid`, `monitor` are there. What is asked waits 5 s unless its `timeout` is set;
/// then the agent goes on, and does what it was asked to.
///
/// # Cancel safety
///
/// What is asked is asked when it is first polled. Dropped later, the function runs all the same, and its result vanishes.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let agent = Agent::start(|| 0).await.unwrap();
/// let same = agent.clone();
/// same.update(|n| *n += 1).await.unwrap();
/// assert_eq!(agent.get(|n| *n).timeout(Duration::from_secs(1)).await, Ok(1));
/// assert_eq!(agent.stop().await, Ok(()));
/// # });
/// ```
pub struct AgentRef<S: Send + 'static> {
    server: ServerRef<Agent<S>>,
}

impl<S: Send + 'static> AgentRef<S> {
    /// Asks for something of the state: `Agent.get/3`.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`](crate::CallFailure).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let agent = Agent::start_link(|| vec![1, 2]).await.unwrap();
    /// assert_eq!(agent.get(|numbers| numbers.len()).await, Ok(2));
    /// # });
    /// ```
    pub fn get<R, F>(&self, get: F) -> Call<AgentMessage<S>, R>
    where
        R: Send + 'static,
        F: FnOnce(&S) -> R + Send + 'static,
    {
        self.ask("get", |state| get(state))
    }

    /// Changes the state: `Agent.update/3`. When it has an answer, the state is changed.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`](crate::CallFailure).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let agent = Agent::start_link(|| vec![1, 2]).await.unwrap();
    /// agent.update(|numbers| numbers.push(3)).await.unwrap();
    /// assert_eq!(agent.get(Vec::len).await, Ok(3));
    /// # });
    /// ```
    pub fn update<F>(&self, update: F) -> Call<AgentMessage<S>, ()>
    where
        F: FnOnce(&mut S) + Send + 'static,
    {
        self.ask("update", update)
    }

    /// Changes the state and asks for something: `Agent.get_and_update/3`.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`](crate::CallFailure).
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let agent = Agent::start_link(|| vec![1, 2]).await.unwrap();
    /// assert_eq!(agent.get_and_update(Vec::pop).await, Ok(Some(2)));
    /// assert_eq!(agent.get(Vec::len).await, Ok(1));
    /// # });
    /// ```
    pub fn get_and_update<R, F>(&self, update: F) -> Call<AgentMessage<S>, R>
    where
        R: Send + 'static,
        F: FnOnce(&mut S) -> R + Send + 'static,
    {
        self.ask("get_and_update", update)
    }

    /// Changes the state and does not wait: `Agent.cast/2`. It always succeeds, also towards an agent that is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let agent = Agent::start_link(|| 0).await.unwrap();
    /// agent.cast(|n| *n += 1);
    /// assert_eq!(agent.get(|n| *n).await, Ok(1));
    /// # });
    /// ```
    pub fn cast<F>(&self, update: F) -> Sent<AgentMessage<S>>
    where
        F: FnOnce(&mut S) + Send + 'static,
    {
        self.server.cast(AgentMessage::new("cast", update))
    }

    fn ask<R, F>(&self, name: &'static str, act: F) -> Call<AgentMessage<S>, R>
    where
        R: Send + 'static,
        F: FnOnce(&mut S) -> R + Send + 'static,
    {
        self.server.call(|reply_to: ReplyTo<R>| {
            AgentMessage::new(name, move |state: &mut S| reply_to.send(act(state)))
        })
    }
}

impl<S: Send + 'static> Deref for AgentRef<S> {
    type Target = ServerRef<Agent<S>>;

    fn deref(&self) -> &ServerRef<Agent<S>> {
        &self.server
    }
}

impl<S: Send + 'static> From<ServerRef<Agent<S>>> for AgentRef<S> {
    fn from(server: ServerRef<Agent<S>>) -> Self {
        AgentRef { server }
    }
}

impl<S: Send + 'static> AsRef<ServerRef<Agent<S>>> for AgentRef<S> {
    fn as_ref(&self) -> &ServerRef<Agent<S>> {
        &self.server
    }
}

impl<S: Send + 'static> ServerHandle for AgentRef<S> {
    type Server = Agent<S>;
}

impl<S: Send + 'static> Clone for AgentRef<S> {
    fn clone(&self) -> Self {
        AgentRef {
            server: self.server.clone(),
        }
    }
}

impl<S: Send + 'static> PartialEq for AgentRef<S> {
    fn eq(&self, other: &Self) -> bool {
        self.server == other.server
    }
}

impl<S: Send + 'static> Eq for AgentRef<S> {}

impl<S: Send + 'static> Hash for AgentRef<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.server.hash(state);
    }
}

impl<S: Send + 'static> fmt::Debug for AgentRef<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgentRef({})", self.server)
    }
}

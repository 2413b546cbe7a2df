//! A picture of a supervision tree as it is now.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::dynamic::{DynamicMessage, DynamicServer, DynamicSupervisorRef};
use super::handle::{ChildInfo, SupervisorRef};
use super::run::{Supervisor, SupervisorMessage};
use crate::call::CallFailure;
use crate::gen_server::ServerRef;
use crate::node::{Name, Node};
use crate::pid::Pid;
use crate::process::cell::{Process, downcast};

/// A supervisor and everything below it, as it was when it was asked.
///
/// Displays as a drawing:
///
/// ```text
/// CacheTree <0.2>
/// ├── primary <0.9> restarts: 3
/// ├── secondary <0.4>
/// └── rooms <0.5>
///     └── my_app::Room undefined
/// ```
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::{Strategy, Supervisor};
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).id("hits");
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().name("counters").await.unwrap();
/// let tree = supervisor.tree().await.unwrap();
/// assert_eq!(tree.to_string(), "counters <0.2>\n└── hits <0.3>\n".replace("<0.", &format!("<{}.", tree.pid.node())));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tree {
    /// The supervisor.
    pub pid: Pid,
    /// Its registered name, if it has one.
    pub name: Option<Name>,
    /// Its children in start order.
    pub children: Vec<Branch>,
}

/// A child in a picture of a tree.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # use otp_core::{Strategy, Supervisor};
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).id("hits");
/// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
/// let tree = supervisor.tree().await.unwrap();
/// let hits = &tree.children[0];
/// assert_eq!((hits.info.id.as_str(), &hits.tree), ("hits", &None));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Branch {
    /// What its supervisor says of it.
    pub info: ChildInfo,
    /// Its registered name, if it has one.
    pub name: Option<Name>,
    /// What is below it, if it is a supervisor that runs.
    pub tree: Option<Tree>,
}

impl SupervisorRef {
    /// A picture of the tree below this supervisor.
    ///
    /// Each supervisor is asked in its turn, so that a tree that changes meanwhile may be seen half before and half
    /// after. One below that is gone by then, or does not answer within five seconds, is drawn without its children.
    ///
    /// # Errors
    ///
    /// This supervisor did not answer within five seconds.
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
    /// # use otp_core::{DynamicSupervisor, Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).start_link().await.unwrap();
    /// supervisor.start_child(Counter::child_spec(0).id("hits")).await.unwrap();
    /// let tree = supervisor.tree().await.unwrap();
    /// assert_eq!(Some(tree.pid), supervisor.pid());
    /// assert_eq!(tree.children.len(), 1);
    /// # });
    /// ```
    pub fn tree(&self) -> impl Future<Output = Result<Tree, CallFailure>> + Send + use<> {
        let supervisor = self.as_ref().clone();
        async move { static_tree(&supervisor).await }
    }
}

impl<S: super::DynamicChild> DynamicSupervisorRef<S> {
    /// A picture of the tree below this supervisor, see [`SupervisorRef::tree`].
    ///
    /// # Errors
    ///
    /// This supervisor did not answer within five seconds.
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
    /// use otp_core::DynamicSupervisor;
    ///
    /// # otp_core::doc_test(async {
    /// let counters = DynamicSupervisor::<Counter>::new().start_link().await.unwrap();
    /// let counter = counters.start_child(0).await.unwrap();
    /// let tree = counters.tree().await.unwrap();
    /// assert_eq!(tree.children[0].info.state.pid(), counter.pid());
    /// # });
    /// ```
    pub fn tree(&self) -> impl Future<Output = Result<Tree, CallFailure>> + Send + use<S> {
        let supervisor = self.as_ref().clone();
        async move { dynamic_tree(&supervisor).await }
    }
}

async fn static_tree(supervisor: &ServerRef<Supervisor>) -> Result<Tree, CallFailure> {
    let pinned = supervisor.pin().ok_or(CallFailure::NoProc)?;
    let children = static_children(&pinned).await?;
    draw(pinned.route().resolve()?, children).await
}

async fn dynamic_tree(supervisor: &ServerRef<DynamicServer>) -> Result<Tree, CallFailure> {
    let pinned = supervisor.pin().ok_or(CallFailure::NoProc)?;
    let children = pinned.call(DynamicMessage::which).await?;
    draw(pinned.route().resolve()?, children).await
}

/// In start order.
async fn static_children(
    supervisor: &ServerRef<Supervisor>,
) -> Result<Vec<ChildInfo>, CallFailure> {
    let mut children = supervisor.call(SupervisorMessage::which).await?;
    children.reverse();
    Ok(children)
}

/// Asks whatever supervisor a pid is for its children, in start order. None if it is none, or is gone.
///
/// `supervisor:which_children/1`, for who has no handle and looks at whatever there is.
///
/// # Errors
///
/// The supervisor did not answer within 5 s.
///
/// # Cancel safety
///
/// Dropped, it has lost nothing.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::{Strategy, Supervisor};
/// # use otp_core::supervisor::children_of;
/// # otp_core::doc_test(async {
/// let node = Node::current().unwrap();
/// let supervisor = Supervisor::builder(Strategy::OneForOne).start_link().await.unwrap();
/// let children = children_of(&node, supervisor.pid().unwrap()).unwrap();
/// assert_eq!(children.await, Ok(Vec::new()));
/// assert!(children_of(&node, process::self_pid()).is_none());
/// # });
/// ```
pub fn children_of(
    node: &Node,
    pid: Pid,
) -> Option<impl Future<Output = Result<Vec<ChildInfo>, CallFailure>> + Send + use<>> {
    enum Kind {
        Static(ServerRef<Supervisor>),
        Dynamic(ServerRef<DynamicServer>),
    }

    let process = node.lookup(pid)?;
    let supervisor = match downcast(Arc::clone(&process)) {
        Some(cell) => Kind::Static(ServerRef::pinned(cell)),
        None => Kind::Dynamic(ServerRef::pinned(downcast(process)?)),
    };
    Some(async move {
        match supervisor {
            Kind::Static(supervisor) => static_children(&supervisor).await,
            Kind::Dynamic(supervisor) => supervisor.call(DynamicMessage::which).await,
        }
    })
}

async fn draw(supervisor: Arc<dyn Process>, children: Vec<ChildInfo>) -> Result<Tree, CallFailure> {
    let core = supervisor.core();
    let mut branches = Vec::with_capacity(children.len());
    for info in children {
        let process = info.state.pid().and_then(|pid| core.node().lookup(pid));
        branches.push(Branch {
            name: process
                .as_ref()
                .and_then(|process| process.core().vital().name().cloned()),
            tree: match process {
                Some(process) => below(process).await,
                None => None,
            },
            info,
        });
    }
    Ok(Tree {
        pid: core.pid(),
        name: core.vital().name().cloned(),
        children: branches,
    })
}

/// The tree of a process that is a supervisor.
fn below(process: Arc<dyn Process>) -> Pin<Box<dyn Future<Output = Option<Tree>> + Send>> {
    Box::pin(async move {
        if let Some(cell) = downcast::<SupervisorMessage>(Arc::clone(&process)) {
            return static_tree(&ServerRef::pinned(cell)).await.ok();
        }
        let cell = downcast::<DynamicMessage>(process)?;
        dynamic_tree(&ServerRef::pinned(cell)).await.ok()
    })
}

impl Tree {
    /// The tree below whatever supervisor a pid is. None if it is none, or is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{Strategy, Supervisor};
    /// # use otp_core::supervisor::Tree;
    /// # otp_core::doc_test(async {
    /// let node = Node::current().unwrap();
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).start_link().await.unwrap();
    /// assert!(Tree::of(&node, supervisor.pid().unwrap()).await.is_some());
    /// assert!(Tree::of(&node, process::self_pid()).await.is_none());
    /// # });
    /// ```
    pub async fn of(node: &Node, pid: Pid) -> Option<Self> {
        below(node.lookup(pid)?).await
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>, indent: &str) -> fmt::Result {
        let last = self.children.len().saturating_sub(1);
        for (index, branch) in self.children.iter().enumerate() {
            let (tick, below) = if index == last {
                ("└── ", "    ")
            } else {
                ("├── ", "│   ")
            };
            writeln!(f, "{indent}{tick}{branch}")?;
            if let Some(tree) = &branch.tree {
                tree.draw(f, &format!("{indent}{below}"))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => writeln!(f, "{name} {}", self.pid)?,
            None => writeln!(f, "{}", self.pid)?,
        }
        self.draw(f, "")
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChildInfo {
            id,
            state,
            restarts,
            ..
        } = &self.info;
        write!(f, "{id}")?;
        if let Some(name) = &self.name
            && name.as_str() != id
        {
            write!(f, " ({name})")?;
        }
        write!(f, " {state}")?;
        if *restarts > 0 {
            write!(f, " restarts: {restarts}")?;
        }
        Ok(())
    }
}

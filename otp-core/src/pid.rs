//! Identity of a process. Owns nothing; a [`Pid`] is a plain value that any part of the crate may copy.

use std::fmt;
use std::num::NonZeroU64;

/// Names a node within one program.
///
/// Every [`Node`](crate::Node) gets the next number. A node elsewhere will one day get a number of the same kind, so
/// that a [`Pid`] can name a process over there.
///
/// # Examples
///
/// ```
/// use otp_core::Node;
///
/// let (here, there) = (Node::new(), Node::new());
/// assert!(here.id() < there.id());
/// assert_eq!(here.clone().id(), here.id());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Identifies one process, for ever: a pid is never reused.
///
/// Mirrors Erlang's pid. Displayed as `<node.n>`. A pid is an identity, not a handle: it sends nothing by itself and
/// keeps nothing alive. Functions that take one look the process up in the [`Node`](crate::Node) that they run in.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let pid = process::self_pid();
/// assert_eq!(pid.to_string(), format!("<{}.1>", pid.node()));
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid {
    node: NodeId,
    number: NonZeroU64,
}

impl Pid {
    /// Numbers begin at 1.
    pub(crate) const fn new(node: NodeId, number: u64) -> Self {
        match NonZeroU64::new(number) {
            Some(number) => Pid { node, number },
            None => Self::nobody(node),
        }
    }

    /// A pid that no process has, for a monitor of a name that nobody holds.
    pub(crate) const fn nobody(node: NodeId) -> Self {
        Pid {
            node,
            number: NonZeroU64::MAX,
        }
    }

    /// The node that the process lives on.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # otp_core::doc_test(async {
    /// let here = Node::current().unwrap();
    /// assert_eq!(process::self_pid().node(), here.id());
    /// # });
    /// ```
    #[must_use]
    pub const fn node(self) -> NodeId {
        self.node
    }

    pub(crate) const fn number(self) -> u64 {
        self.number.get()
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            NonZeroU64::MAX => write!(f, "<{}.none>", self.node),
            number => write!(f, "<{}.{number}>", self.node),
        }
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_reads_as_its_node_and_its_number() {
        let pid = Pid::new(NodeId(4), 7);
        assert_eq!((pid.node(), pid.number()), (NodeId(4), 7));
        assert_eq!(pid.to_string(), "<4.7>");
        assert_eq!(format!("{pid:?}"), "<4.7>");
        assert_eq!(NodeId(4).to_string(), "4");
        assert_eq!(Pid::nobody(NodeId(4)).to_string(), "<4.none>");
    }

    #[test]
    fn pids_of_a_node_are_in_the_order_in_which_they_began() {
        let pids = [(0, 9), (0, 10), (1, 1)].map(|(node, number)| Pid::new(NodeId(node), number));
        assert!(pids.is_sorted());
    }
}

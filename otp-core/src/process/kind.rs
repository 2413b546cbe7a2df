//! What a process is and what its messages are called, for those who report of it.

use std::any::type_name;

/// The kind of a process whose mailbox takes messages of type `M`. One word, as every process has one.
pub(crate) struct Kind<M>(fn(Option<&M>) -> &'static str);

impl<M> Kind<M> {
    /// That of a process that is nothing else.
    pub(crate) const PROCESS: Self = Kind(|message| plain(message, PROCESS));

    pub(crate) const TASK: Self = Kind(|message| plain(message, TASK));

    /// `tell` gives the name of a message, or of the kind itself.
    pub(crate) const fn new(tell: fn(Option<&M>) -> &'static str) -> Self {
        Kind(tell)
    }

    /// The type of the server, `task` or `process`.
    pub(crate) fn name(&self) -> &'static str {
        self.0(None)
    }

    pub(crate) fn message_name(&self, message: &M) -> &'static str {
        self.0(Some(message))
    }
}

const PROCESS: &str = "process";
const TASK: &str = "task";

/// Whether what is called so is a server: it is called by its type, and that has a path.
pub(crate) fn is_server(kind: &str) -> bool {
    kind != PROCESS && kind != TASK
}

fn plain<M>(message: Option<&M>, kind: &'static str) -> &'static str {
    message.map_or(kind, |_| type_name::<M>())
}

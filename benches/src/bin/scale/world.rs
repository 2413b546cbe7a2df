//! The worlds that operations are measured in, and what N counts in each.

use otp_core::prelude::*;

use crate::samples::Budget;
use crate::series::Figure;
use crate::{clients, links, mailboxes, names, servers, supervisors, timers};

/// N things of one kind, and the operations that are measured among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    Processes,
    Names,
    Keys,
    Messages,
    Children,
    DynamicChildren,
    Links,
    Monitors,
    Watchers,
    Timers,
    Calls,
    Requests,
    Senders,
}

impl World {
    pub(crate) const ALL: &[World] = &[
        World::Processes,
        World::Names,
        World::Keys,
        World::Messages,
        World::Children,
        World::DynamicChildren,
        World::Links,
        World::Monitors,
        World::Watchers,
        World::Timers,
        World::Calls,
        World::Requests,
        World::Senders,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            World::Processes => "processes",
            World::Names => "names",
            World::Keys => "keys",
            World::Messages => "messages",
            World::Children => "children",
            World::DynamicChildren => "dynamic-children",
            World::Links => "links",
            World::Monitors => "monitors",
            World::Watchers => "watchers",
            World::Timers => "timers",
            World::Calls => "calls",
            World::Requests => "requests",
            World::Senders => "senders",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut all = World::ALL.iter().copied();
        all.find(|world| world.name() == name)
    }

    /// What N counts.
    pub(crate) fn what(self) -> &'static str {
        match self {
            World::Processes => "processes of a node",
            World::Names => "names of a node",
            World::Keys => "keys of a registry",
            World::Messages => "messages in a mailbox",
            World::Children => "children of a supervisor",
            World::DynamicChildren => "children of a dynamic supervisor",
            World::Links => "links of a process",
            World::Monitors => "monitors that a process has set",
            World::Watchers => "monitors on a process",
            World::Timers => "timers of a process",
            World::Calls => "calls that wait for their answers",
            World::Requests => "requests of a collection",
            World::Senders => "senders at a full bounded mailbox",
        }
    }

    /// Powers of ten.
    pub(crate) fn sizes(self, quick: bool) -> impl Iterator<Item = usize> {
        let (smallest, greatest) = match self {
            World::Processes | World::Messages | World::Timers => (1, 6),
            World::Names | World::Keys => (0, 6),
            World::Children | World::DynamicChildren => (1, 5),
            World::Links | World::Monitors | World::Watchers => (0, 5),
            World::Calls | World::Requests | World::Senders => (1, 5),
        };
        let greatest = if quick { 4 } else { greatest };
        (smallest..=greatest).map(|exponent| 10_usize.pow(exponent))
    }

    /// Builds a world of N, and measures in it, as a process.
    pub(crate) fn measure(self, n: usize, budget: Budget) -> Vec<Figure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (done, figures) = tokio::sync::oneshot::channel();
        let figures = runtime.block_on(Node::new().run(async {
            process::spawn(async move {
                let _ = done.send(self.measure_in_process(n, budget).await);
            });
            figures.await
        }));
        figures.expect("the measuring process does not crash")
    }

    async fn measure_in_process(self, n: usize, budget: Budget) -> Vec<Figure> {
        match self {
            World::Processes => servers::measure(n, budget).await,
            World::Names => names::measure(n, budget).await,
            World::Keys => names::measure_keys(n, budget).await,
            World::Messages => mailboxes::measure(n, budget).await,
            World::Children => supervisors::measure(n, budget).await,
            World::DynamicChildren => supervisors::measure_dynamic(n, budget).await,
            World::Links => links::measure(n, budget).await,
            World::Monitors => links::measure_monitors(n, budget).await,
            World::Watchers => links::measure_watchers(n, budget).await,
            World::Timers => timers::measure(n, budget).await,
            World::Calls => clients::measure(n, budget).await,
            World::Requests => clients::measure_requests(n, budget).await,
            World::Senders => mailboxes::measure_senders(n, budget).await,
        }
    }
}

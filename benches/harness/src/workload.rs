//! What is measured, where, and what is read off it.

use std::fmt;

macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $kind { $($(#[$variant_doc])* $variant,)* }

        impl $kind {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$($kind::$variant,)*];

            /// Its name on the command line and in the lines of JSON.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($kind::$variant => $name,)* }
            }

            /// The one of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// One program of work.
    Workload {
        /// One caller, one call after the other.
        Call = "call",
        /// 64 callers of one server.
        Callers = "callers",
        /// One sender, one cast after the other, ended by a call.
        Cast = "cast",
        /// 8 senders to one server, each ended by a call.
        Senders = "senders",
        /// 100,000 servers are started, each answers a call, all are stopped.
        Start = "start",
        /// A token around a ring of 1,000 servers.
        Ring = "ring",
        /// 1,000 pairs that throw a token to each other, all at once.
        Pairs = "pairs",
        /// Two clients look up one of 10,000 names and call who has it.
        Names = "names",
        /// A supervised server panics; until its replacement has answered.
        Panic = "panic",
        /// A supervised server stops with an error; until its replacement has answered.
        Fail = "fail",
        /// One message to 10,000 subscribers.
        Publish = "publish",
        /// One of 1,000 children fails, all are restarted; until the last one has answered.
        OneForAll = "one-for-all",
        /// A tree of 100 supervisors with 1,000 servers each is shut down.
        Tree = "tree",
        /// 1,000,000 timers that will send a message are armed, and cancelled.
        Timers = "timers",
    }
}

named! {
    /// What the tasks run on.
    Runtime {
        /// One thread.
        CurrentThread = "current-thread",
        /// A multi-thread runtime of two workers.
        TwoWorkers = "2-workers",
    }
}

/// A row of the table: one figure of one workload.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// The workload that it is taken from.
    pub workload: Workload,
    /// Its key in the line of JSON.
    pub key: &'static str,
    /// What the row is called.
    pub title: &'static str,
    /// On which runtimes it counts: where calls hop between workers their mean is one of two values, drawn at each run,
    /// and the median is what can be compared.
    pub counts: &'static [Runtime],
}

const BOTH: &[Runtime] = Runtime::ALL;

/// The rows of the table. Times are nanoseconds for each operation, sizes are bytes.
pub const FIGURES: &[Figure] = &[
    figure(
        Workload::Call,
        "ns",
        "sequential call",
        &[Runtime::CurrentThread],
    ),
    figure(Workload::Call, "p50", "sequential call, median", BOTH),
    figure(Workload::Callers, "ns", "64 callers", BOTH),
    figure(Workload::Cast, "ns", "cast, one sender", BOTH),
    figure(Workload::Senders, "ns", "cast, 8 senders", BOTH),
    figure(Workload::Start, "ns", "start", BOTH),
    figure(Workload::Start, "stop_ns", "stop", BOTH),
    figure(Workload::Start, "bytes", "bytes of an idle server", BOTH),
    figure(Workload::Ring, "ns", "ring of 1,000, a hop", BOTH),
    figure(Workload::Pairs, "ns", "1,000 pairs, a hop", BOTH),
    figure(Workload::Names, "ns", "name lookup and call", BOTH),
    figure(
        Workload::Panic,
        "p50",
        "panic to replacement's answer",
        BOTH,
    ),
    figure(Workload::Fail, "p50", "error to replacement's answer", BOTH),
    figure(
        Workload::Publish,
        "ns",
        "fan-out to 10,000, a delivery",
        BOTH,
    ),
    figure(
        Workload::OneForAll,
        "p50",
        "one-for-all restart of 1,000, a child",
        BOTH,
    ),
    figure(
        Workload::Tree,
        "ns",
        "shutdown of a tree of 100,000, a server",
        BOTH,
    ),
    figure(Workload::Timers, "ns", "timer of 1,000,000, arm", BOTH),
    figure(
        Workload::Timers,
        "cancel_ns",
        "timer of 1,000,000, cancel",
        BOTH,
    ),
    figure(Workload::Timers, "bytes", "bytes of a pending timer", BOTH),
];

const fn figure(
    workload: Workload,
    key: &'static str,
    title: &'static str,
    counts: &'static [Runtime],
) -> Figure {
    Figure {
        workload,
        key,
        title,
        counts,
    }
}

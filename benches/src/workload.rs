//! What is measured, and how much of it.

/// One thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// One caller, one call after the other.
    Call,
    /// One sender, one cast after the other; ended by a call.
    Cast,
    /// Servers started and, when all are there, stopped.
    Spawn,
    /// Resident memory of a server that has answered one call and waits.
    Bytes,
}

impl Workload {
    pub(crate) const ALL: [Self; 4] = [
        Workload::Call,
        Workload::Cast,
        Workload::Spawn,
        Workload::Bytes,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Workload::Call => "call",
            Workload::Cast => "cast",
            Workload::Spawn => "spawn",
            Workload::Bytes => "bytes",
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Workload::Call => "sequential call, ns",
            Workload::Cast => "cast, one sender, ns",
            Workload::Spawn => "start and stop, ns",
            Workload::Bytes => "idle server, bytes",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|workload| workload.name() == name)
    }
}

/// How often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) calls: u64,
    pub(crate) casts: u64,
    pub(crate) servers: usize,
}

impl Sizes {
    pub(crate) const FULL: Self = Sizes {
        calls: 500_000,
        casts: 1_000_000,
        servers: 100_000,
    };
}

/// Memory of this process that is in use, as the operating system counts it.
pub(crate) fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident = pages.and_then(|pages| pages.split_whitespace().nth(1)?.parse::<usize>().ok());
    resident.unwrap_or_default() * 4096
}

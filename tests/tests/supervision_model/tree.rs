//! What a tree consists of, and random ones.
//!
//! An id is a path: `root.1.0` is the first child of the second child of the root. So ids are unique, and tell who is
//! below whom. Times are milliseconds of the paused clock.

use std::fmt;
use std::time::Duration;

use otp_core::{AutoShutdown, Restart, Shutdown, Strategy};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generate;

/// The id of the root.
pub(crate) const ROOT: &str = "root";

/// A child, or the root.
#[derive(Clone, PartialEq)]
pub(crate) struct Spec {
    pub(crate) id: String,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) kind: Kind,
}

/// What a child is.
#[derive(Clone, PartialEq)]
pub(crate) enum Kind {
    Worker(Work),
    Supervisor(Rules, Vec<Spec>),
}

/// How a worker behaves.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Work {
    pub(crate) traps: bool,
    /// How long it takes to terminate when it is asked to. Only one that traps exits hears of it.
    pub(crate) linger: u64,
}

/// How a supervisor works.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    pub(crate) strategy: Strategy,
    pub(crate) max_restarts: u32,
    pub(crate) period: u64,
    pub(crate) auto_shutdown: AutoShutdown,
}

/// The id of the supervisor of a child.
pub(crate) fn parent(id: &str) -> Option<&str> {
    Some(id.rsplit_once('.')?.0)
}

/// Whether `id` is somewhere below `above`.
pub(crate) fn is_below(id: &str, above: &str) -> bool {
    id.strip_prefix(above)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// A duration in milliseconds.
pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Spec {
    /// Whether a supervisor of that mode accepts it as a child.
    pub(crate) fn is_valid(&self, auto_shutdown: AutoShutdown) -> bool {
        !self.significant
            || (auto_shutdown != AutoShutdown::Never && self.restart != Restart::Permanent)
    }

    /// With ids from here on downwards, and without what no supervisor would accept.
    fn finished(mut self, id: String, auto_shutdown: AutoShutdown) -> Self {
        self.id = id;
        self.significant &= self.is_valid(auto_shutdown);
        if let Kind::Supervisor(rules, children) = &mut self.kind {
            let own = std::mem::take(children).into_iter().enumerate();
            let finish = |(number, child): (usize, Spec)| {
                child.finished(format!("{}.{number}", self.id), rules.auto_shutdown)
            };
            *children = own.map(finish).collect();
        }
        self
    }
}

/// A tree: a root, supervisors below it, and others below those.
pub(crate) fn trees() -> impl Generate<Value = Spec> {
    let level_2 = supervisors(workers().boxed(), 0..=3);
    let level_1 = supervisors(prop_oneof![3 => workers(), 1 => level_2].boxed(), 0..=4);
    let root = supervisors(prop_oneof![3 => workers(), 2 => level_1].boxed(), 1..=4);
    root.prop_map(|root| Spec {
        restart: Restart::Permanent,
        shutdown: Shutdown::Infinity,
        ..root.finished(ROOT.to_owned(), AutoShutdown::Never)
    })
}

/// One supervisor of a few workers, which does not give up soon.
pub(crate) fn flat_trees() -> impl Generate<Value = Spec> {
    let root = supervisors(workers().boxed(), 2..=4);
    (root, 3_u32..=6).prop_map(|(root, restarts)| {
        let mut root = root.finished(ROOT.to_owned(), AutoShutdown::Never);
        if let Kind::Supervisor(rules, _) = &mut root.kind {
            rules.max_restarts = restarts;
        }
        Spec {
            restart: Restart::Permanent,
            shutdown: Shutdown::Infinity,
            ..root
        }
    })
}

/// A worker that has no id yet.
pub(crate) fn workers() -> impl Generate<Value = Spec> {
    let work = (
        any::<bool>(),
        prop_oneof![4 => Just(0), 1 => Just(40), 2 => Just(300)],
    );
    let shutdown = prop_oneof![
        3 => Just(Shutdown::Timeout(millis(5_000))),
        2 => Just(Shutdown::Timeout(millis(100))),
        1 => Just(Shutdown::BrutalKill),
        1 => Just(Shutdown::Infinity),
    ];
    (restarts(), shutdown, any::<bool>(), work).prop_map(
        |(restart, shutdown, significant, (traps, linger))| Spec {
            id: String::new(),
            restart,
            shutdown,
            significant,
            kind: Kind::Worker(Work {
                traps,
                linger: if traps { linger } else { 0 },
            }),
        },
    )
}

fn supervisors(
    child: BoxedStrategy<Spec>,
    children: std::ops::RangeInclusive<usize>,
) -> BoxedStrategy<Spec> {
    let rules = (
        prop::sample::select(vec![
            Strategy::OneForOne,
            Strategy::OneForAll,
            Strategy::RestForOne,
        ]),
        0_u32..=4,
        prop::sample::select(vec![5_000, 1_000, 500]),
        prop::sample::select(vec![
            AutoShutdown::Never,
            AutoShutdown::AnySignificant,
            AutoShutdown::AllSignificant,
        ]),
    );
    let shutdown = prop_oneof![5 => Just(Shutdown::Infinity), 1 => Just(Shutdown::BrutalKill)];
    let own = (restarts(), shutdown, any::<bool>(), rules);
    (own, prop::collection::vec(child, children))
        .prop_map(|((restart, shutdown, significant, rules), children)| {
            let (strategy, max_restarts, period, auto_shutdown) = rules;
            let rules = Rules {
                strategy,
                max_restarts,
                period,
                auto_shutdown,
            };
            Spec {
                id: String::new(),
                restart,
                shutdown,
                significant,
                kind: Kind::Supervisor(rules, children),
            }
        })
        .boxed()
}

fn restarts() -> impl Generate<Value = Restart> {
    prop::sample::select(vec![
        Restart::Permanent,
        Restart::Transient,
        Restart::Temporary,
    ])
}

impl Spec {
    fn draw(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let Spec {
            id,
            restart,
            shutdown,
            significant,
            kind,
        } = self;
        let significant = if *significant { " significant" } else { "" };
        write!(
            f,
            "{:indent$}{id} {restart:?} {shutdown:?}{significant}",
            ""
        )?;
        match kind {
            Kind::Worker(Work { traps, linger }) => {
                if *traps {
                    write!(f, " traps")?;
                }
                if *linger > 0 {
                    write!(f, " lingers {linger} ms")?;
                }
                Ok(())
            }
            Kind::Supervisor(rules, children) => {
                let Rules {
                    strategy,
                    max_restarts,
                    period,
                    auto_shutdown,
                } = rules;
                write!(
                    f,
                    " {strategy:?} {max_restarts} in {period} ms {auto_shutdown:?}"
                )?;
                children.iter().try_for_each(|child| {
                    writeln!(f)?;
                    child.draw(f, indent + 4)
                })
            }
        }
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draw(f, 0)
    }
}

//! The program of one contender.

use std::future::Future;
use std::marker::PhantomData;
use std::process::ExitCode;

use serde_json::json;

use crate::{
    Contender, Fails, Figures, Named, OneForAll, Panics, Publishes, Runtime, Timers, Trees,
    Workload, workloads,
};

type Run = Box<dyn FnOnce(Runtime) -> Figures>;

/// What a contender can run, and what it says of the rest.
pub struct Suite<C> {
    runs: Vec<(Workload, Run)>,
    skipped: Vec<(Workload, &'static str)>,
    contender: PhantomData<C>,
}

impl<C> std::fmt::Debug for Suite<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let workloads: Vec<Workload> = self.runs.iter().map(|(workload, _)| *workload).collect();
        f.debug_struct("Suite")
            .field("workloads", &workloads)
            .finish()
    }
}

impl<C: Contender> Suite<C> {
    /// What every contender can run.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a suite of nothing is of no use"
    )]
    pub fn new() -> Self {
        let suite = Suite {
            runs: Vec::new(),
            skipped: Vec::new(),
            contender: PhantomData,
        };
        suite
            .run(Workload::Call, workloads::call::<C>)
            .run(Workload::Callers, workloads::callers::<C>)
            .run(Workload::Cast, workloads::cast::<C>)
            .run(Workload::Senders, workloads::senders::<C>)
            .run(Workload::Start, workloads::start::<C>)
            .run(Workload::Ring, workloads::ring::<C>)
            .run(Workload::Pairs, workloads::pairs::<C>)
    }

    fn run<F>(mut self, workload: Workload, client: impl FnOnce() -> F + 'static) -> Self
    where
        F: Future<Output = Figures> + Send + 'static,
    {
        let run = Box::new(move |runtime| C::block_on(runtime, client()));
        self.runs.push((workload, run));
        self
    }

    /// Runs the lookups.
    #[must_use]
    pub fn named(self) -> Self
    where
        C: Named,
    {
        self.run(Workload::Names, workloads::names::<C>)
    }

    /// Runs the restarts after a panic.
    #[must_use]
    pub fn panics(self) -> Self
    where
        C: Panics,
    {
        self.run(Workload::Panic, workloads::panic::<C>)
    }

    /// Runs the restarts after an error.
    #[must_use]
    pub fn fails(self) -> Self
    where
        C: Fails,
    {
        self.run(Workload::Fail, workloads::fail::<C>)
    }

    /// Runs the restarts of a group.
    #[must_use]
    pub fn one_for_all(self) -> Self
    where
        C: OneForAll,
    {
        self.run(Workload::OneForAll, workloads::one_for_all::<C>)
    }

    /// Runs the shutdown of a tree.
    #[must_use]
    pub fn trees(self) -> Self
    where
        C: Trees,
    {
        self.run(Workload::Tree, workloads::tree::<C>)
    }

    /// Runs the fan-out.
    #[must_use]
    pub fn publishes(self) -> Self
    where
        C: Publishes,
    {
        self.run(Workload::Publish, workloads::publish::<C>)
    }

    /// Runs the timers.
    #[must_use]
    pub fn timers(self) -> Self
    where
        C: Timers,
    {
        self.run(Workload::Timers, workloads::timers::<C>)
    }

    /// Leaves a workload out, and says why.
    #[must_use]
    pub fn skip(mut self, workload: Workload, why: &'static str) -> Self {
        self.runs.retain(|(other, _)| *other != workload);
        self.skipped.push((workload, why));
        self
    }

    /// Runs the workload that the command line names, and prints its line.
    #[must_use]
    pub fn main(mut self) -> ExitCode {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let named = match arguments.as_slice() {
            [workload, runtime] => Workload::parse(workload).zip(Runtime::parse(runtime)),
            _ => None,
        };
        let Some((workload, runtime)) = named else {
            eprintln!("usage: {} WORKLOAD RUNTIME", C::NAME);
            return ExitCode::from(2);
        };
        let mut line = json!({
            "contender": C::NAME,
            "workload": workload.name(),
            "runtime": runtime.name(),
        });
        let place = self.runs.iter().position(|(other, _)| *other == workload);
        match place.map(|place| self.runs.swap_remove(place)) {
            Some((_, run)) => line["figures"] = run(runtime).into_map().into(),
            None => {
                let said = self.skipped.iter().find(|(other, _)| *other == workload);
                line["skipped"] = said.map_or("has nothing for it", |(_, why)| why).into();
            }
        }
        println!("{line}");
        ExitCode::SUCCESS
    }
}

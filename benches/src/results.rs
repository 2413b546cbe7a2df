//! What the runs have given.

use std::collections::{BTreeMap, HashMap};

use harness::{Figure, Runtime, Workload};
use serde_json::Value;

use crate::contender::Outcome;

type Place = (String, Workload, Runtime);

/// The lines of all runs.
#[derive(Default)]
pub(crate) struct Results {
    lines: HashMap<Place, Vec<Value>>,
    /// Why a contender has no figures.
    left_out: HashMap<Place, String>,
}

impl Results {
    pub(crate) fn add(
        &mut self,
        contender: &str,
        workload: Workload,
        runtime: Runtime,
        outcome: Outcome,
    ) {
        let place = (contender.to_owned(), workload, runtime);
        match outcome {
            Outcome::Line(line) => match line["skipped"].as_str() {
                Some(why) => drop(self.left_out.insert(place, why.to_owned())),
                None => self.lines.entry(place).or_default().push(line),
            },
            Outcome::Failed(why) => {
                eprintln!("{contender} has failed at {workload}, {runtime}: {why}");
                self.left_out.insert(place, why);
            }
        }
    }

    /// Whether there is no use in another run.
    pub(crate) fn is_left_out(
        &self,
        contender: &str,
        workload: Workload,
        runtime: Runtime,
    ) -> bool {
        self.left_out
            .contains_key(&(contender.to_owned(), workload, runtime))
    }

    /// The median of a figure.
    pub(crate) fn median(&self, contender: &str, figure: &Figure, runtime: Runtime) -> Option<f64> {
        let lines = self
            .lines
            .get(&(contender.to_owned(), figure.workload, runtime))?;
        let mut values: Vec<f64> = lines
            .iter()
            .filter_map(|line| line["figures"][figure.key].as_f64())
            .collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }

    /// What has no figures, and why: a line for each contender and reason.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut workloads: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        let is_left_out = |(contender, workload, _): &Place, runtime: &Runtime, why: &String| {
            self.left_out.get(&(contender.clone(), *workload, *runtime)) == Some(why)
        };
        for (place, why) in &self.left_out {
            let (contender, workload, runtime) = place;
            let everywhere = Runtime::ALL
                .iter()
                .all(|runtime| is_left_out(place, runtime, why));
            let listed = if everywhere {
                workload.to_string()
            } else {
                format!("{workload} on {runtime}")
            };
            let workloads = workloads.entry((contender, why)).or_default();
            if !workloads.contains(&listed) {
                workloads.push(listed);
            }
        }
        let line = |((contender, why), mut workloads): ((&str, &str), Vec<String>)| {
            workloads.sort();
            format!("{contender}, {}: {why}", workloads.join(", "))
        };
        workloads.into_iter().map(line).collect()
    }
}

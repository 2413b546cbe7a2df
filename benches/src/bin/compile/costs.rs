//! What the steps have cost, over all rounds.

use crate::build::{Cost, Step};
use crate::contender::Contender;

/// The costs of each contender's steps.
#[derive(Debug, Default)]
pub(crate) struct Costs(Vec<(Contender, Step, Cost)>);

impl Costs {
    pub(crate) fn add(&mut self, contender: Contender, step: Step, cost: Cost) {
        self.0.push((contender, step, cost));
    }

    /// The median of what `figure` reads off the costs; None if it reads nothing.
    pub(crate) fn median(
        &self,
        contender: Contender,
        step: Step,
        figure: impl Fn(&Cost) -> Option<f64>,
    ) -> Option<f64> {
        let of_step = self
            .0
            .iter()
            .filter(|(other, taken, _)| (*other, *taken) == (contender, step));
        let mut values: Vec<f64> = of_step.filter_map(|(.., cost)| figure(cost)).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Contender, Cost, Costs, Step};

    #[test]
    fn the_median_is_that_of_one_contender_and_step() {
        let mut costs = Costs::default();
        for (contender, seconds) in [
            (Contender::Macros, 3.0),
            (Contender::Kameo, 9.0),
            (Contender::Macros, 1.0),
            (Contender::Macros, 2.0),
        ] {
            let cost = Cost {
                seconds,
                processor_seconds: None,
                bytes: None,
            };
            costs.add(contender, Step::Check, cost);
        }
        let median = |contender, step| costs.median(contender, step, |cost| Some(cost.seconds));
        assert_eq!(median(Contender::Macros, Step::Check), Some(2.0));
        assert_eq!(median(Contender::Macros, Step::Debug), None);
        let bytes = costs.median(Contender::Macros, Step::Check, |cost| {
            cost.bytes.map(|bytes| bytes as f64)
        });
        assert_eq!(bytes, None);
    }
}

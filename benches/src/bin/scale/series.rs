//! What was measured, and how it grew.

use crate::samples::{Pick, Samples};
use crate::world::World;

/// What one operation costs at one size.
pub(crate) struct Figure {
    pub(crate) operation: &'static str,
    pub(crate) pick: Pick,
    pub(crate) nanoseconds: f64,
}

impl Figure {
    pub(crate) fn new(operation: &'static str, pick: Pick, samples: Samples) -> Self {
        Figure {
            operation,
            pick,
            nanoseconds: samples.median(),
        }
    }
}

/// What one operation costs at all sizes, from the smallest to the greatest.
pub(crate) struct Series {
    pub(crate) world: World,
    pub(crate) operation: &'static str,
    pub(crate) pick: Pick,
    pub(crate) points: Vec<(usize, f64)>,
}

/// Below this size, what is done once for N (a task that is woken, a batch that is fetched) still shows in the cost of one.
const FROM: usize = 1_000;

/// What a measurement may be off by.
const NOISE: f64 = 1.5;

/// Nanoseconds of a few cache misses. Even on the same one of N, what has a number of its own (a monitor, a process that is
/// started) comes to another place in a table each time. Anything that is done for each of N takes far longer.
const MISSES: f64 = 500.0;

/// How a cost grew from [`FROM`] to the greatest size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growth {
    pub(crate) factor: f64,
    pub(crate) decades: f64,
    nanoseconds: f64,
    /// By how much the logarithm of the size grew.
    logarithm: f64,
}

impl Growth {
    pub(crate) fn is_worse_than_logarithmic(self) -> bool {
        self.factor > self.logarithm * NOISE && self.nanoseconds > MISSES
    }
}

impl Series {
    fn add(&mut self, (size, nanoseconds): (usize, f64)) {
        match self.points.iter_mut().find(|(n, _)| *n == size) {
            Some((_, least)) => *least = least.min(nanoseconds),
            None => self.points.push((size, nanoseconds)),
        }
    }

    /// None if it was not measured at two such sizes.
    pub(crate) fn growth(&self) -> Option<Growth> {
        let &(first, before) = self.points.iter().find(|(n, _)| *n >= FROM)?;
        let &(last, after) = self.points.last()?;
        let (from, to) = (first as f64, last as f64);
        (last > first).then(|| Growth {
            factor: after / before,
            nanoseconds: after - before,
            decades: (to / from).log10(),
            logarithm: to.ln() / from.ln(),
        })
    }

    pub(crate) fn at(&self, size: usize) -> Option<f64> {
        let point = self.points.iter().find(|(n, _)| *n == size);
        point.map(|(_, nanoseconds)| *nanoseconds)
    }
}

/// All series, in the order in which they were measured.
#[derive(Default)]
pub(crate) struct AllSeries(pub(crate) Vec<Series>);

impl AllSeries {
    /// Takes the figure of one round. The least of all rounds counts.
    pub(crate) fn add(&mut self, world: World, n: usize, figure: Figure) {
        let point = (n, figure.nanoseconds);
        let same = |series: &&mut Series| {
            series.world == world
                && series.operation == figure.operation
                && series.pick == figure.pick
        };
        match self.0.iter_mut().find(same) {
            Some(series) => series.add(point),
            None => self.0.push(Series {
                world,
                operation: figure.operation,
                pick: figure.pick,
                points: vec![point],
            }),
        }
    }

    pub(crate) fn of(&self, pick: Pick) -> impl Iterator<Item = &Series> {
        self.0.iter().filter(move |series| series.pick == pick)
    }

    /// The sizes that anything was measured at.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        let points = self.0.iter().flat_map(|series| &series.points);
        let mut sizes: Vec<usize> = points.map(|(n, _)| *n).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(points: &[(usize, f64)]) -> Option<Growth> {
        let series = Series {
            world: World::Names,
            operation: "whereis",
            pick: Pick::Same,
            points: points.to_vec(),
        };
        series.growth()
    }

    #[test]
    fn growth_counts_from_a_thousand_on() {
        let growth = growth(&[(10, 9.0), (1_000, 50.0), (100_000, 75.0)]).unwrap();
        assert_eq!((growth.factor, growth.decades), (1.5, 2.0));
        assert!(!growth.is_worse_than_logarithmic());
    }

    #[test]
    fn what_looks_at_all_of_n_is_worse_than_logarithmic() {
        let linear = growth(&[(1_000, 400.0), (10_000, 8_421.0)]).unwrap();
        assert!(linear.is_worse_than_logarithmic());
        let logarithmic = growth(&[(1_000, 4_000.0), (1_000_000, 8_000.0)]).unwrap();
        assert!(!logarithmic.is_worse_than_logarithmic());
        let misses = growth(&[(1_000, 50.0), (1_000_000, 400.0)]).unwrap();
        assert!(!misses.is_worse_than_logarithmic());
    }

    #[test]
    fn the_least_of_all_rounds_counts() {
        let mut all = AllSeries::default();
        for (n, nanoseconds) in [(10, 7.0), (100, 8.0), (10, 6.0), (100, 9.0)] {
            let figure = Figure {
                operation: "whereis",
                pick: Pick::Any,
                nanoseconds,
            };
            all.add(World::Names, n, figure);
        }
        assert_eq!(all.of(Pick::Any).count(), 1);
        assert_eq!(all.0[0].points, [(10, 6.0), (100, 8.0)]);
    }

    #[test]
    fn one_size_is_no_growth() {
        assert!(growth(&[(10, 9.0), (1_000, 50.0)]).is_none());
        assert!(growth(&[(1, 9.0), (100, 50.0)]).is_none());
    }
}

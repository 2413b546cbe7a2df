//! The costs as a table.

use crate::build::{Cost, Step};
use crate::contender::Contender;
use crate::costs::Costs;

/// One kind of figure.
struct Figure {
    unit: &'static str,
    decimals: usize,
    of: fn(&Cost) -> Option<f64>,
}

const FIGURES: [Figure; 3] = [
    Figure {
        unit: "s",
        decimals: 2,
        of: |cost| Some(cost.seconds),
    },
    Figure {
        unit: "s of processors",
        decimals: 2,
        of: |cost| cost.processor_seconds,
    },
    Figure {
        unit: "KiB of program",
        decimals: 0,
        of: |cost| Some(cost.bytes? as f64 / 1024.0),
    },
];

/// Prints what each step has cost, and in brackets the ratio to what it has cost by hand.
pub(crate) fn print(costs: &Costs, contenders: &[Contender]) {
    let names: Vec<&str> = contenders.iter().map(|other| other.name()).collect();
    println!("| | {} |", names.join(" | "));
    println!("| --- |{}", " --- |".repeat(names.len()));
    for figure in FIGURES {
        for step in Step::ALL {
            let of = |contender| costs.median(contender, step, figure.of);
            let Some(by_hand) = of(Contender::ByHand) else {
                continue;
            };
            let cells = contenders.iter().map(|contender| match of(*contender) {
                Some(median) => format!("{median:.*} ({:.2})", figure.decimals, median / by_hand),
                None => "-".to_owned(),
            });
            println!(
                "| `{}`, {} | {} |",
                step.command(),
                figure.unit,
                cells.collect::<Vec<_>>().join(" | ")
            );
        }
    }
}

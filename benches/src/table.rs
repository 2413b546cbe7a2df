//! The results as tables.

use harness::{FIGURES, Figure, Runtime, Workload};

use crate::results::Results;

/// Prints a table for each runtime, who has no figures and why, and the worst ratio of `otp`.
pub(crate) fn print(
    results: &Results,
    contenders: &[&str],
    workloads: &[Workload],
    runtimes: &[Runtime],
) {
    let figures: Vec<&Figure> = FIGURES
        .iter()
        .filter(|figure| workloads.contains(&figure.workload))
        .collect();
    for &runtime in runtimes {
        println!("\n### {runtime}\n");
        println!("| | {} |", contenders.join(" | "));
        println!("| --- |{}", " --- |".repeat(contenders.len()));
        for figure in &figures {
            let cells = contenders
                .iter()
                .map(|name| cell(results, name, figure, runtime));
            println!(
                "| {} | {} |",
                figure.title,
                cells.collect::<Vec<_>>().join(" | ")
            );
        }
    }
    let failures = results.failures();
    if !failures.is_empty() {
        println!("\nWithout figures:\n\n- {}", failures.join("\n- "));
    }
    let worst = figures
        .iter()
        .flat_map(|figure| figure.counts.iter().map(move |runtime| (figure, *runtime)))
        .filter(|(_, runtime)| runtimes.contains(runtime))
        .filter_map(|(figure, runtime)| {
            Some((ratio(results, "otp", figure, runtime)?, figure, runtime))
        })
        .max_by(|(a, ..), (b, ..)| a.total_cmp(b));
    if let Some((ratio, figure, runtime)) = worst {
        println!(
            "\nworst ratio to raw: {ratio:.2} ({}, {runtime})",
            figure.title
        );
    }
}

fn ratio(results: &Results, contender: &str, figure: &Figure, runtime: Runtime) -> Option<f64> {
    let of = |name| results.median(name, figure, runtime);
    Some(of(contender)? / of("raw")?)
}

fn cell(results: &Results, contender: &str, figure: &Figure, runtime: Runtime) -> String {
    let Some(median) = results.median(contender, figure, runtime) else {
        return "-".to_owned();
    };
    let shown = if median < 100.0 {
        format!("{median:.1}")
    } else {
        format!("{median:.0}")
    };
    match ratio(results, contender, figure, runtime) {
        Some(ratio) => format!("{shown} ({ratio:.2})"),
        None => shown,
    }
}

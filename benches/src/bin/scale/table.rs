//! The series as tables.

use crate::samples::Pick;
use crate::series::{AllSeries, Series};

/// Prints a table for each way to pick, and which operations grew too fast.
pub(crate) fn print(all: &AllSeries) {
    println!("### The same one of N again and again (ns)\n");
    print_table(all, Pick::Same);
    println!("\n### Another one of N each time (ns)\n");
    print_table(all, Pick::Any);

    let grew = |series: &Series| {
        series
            .growth()
            .is_some_and(|growth| growth.is_worse_than_logarithmic())
    };
    let worse: Vec<String> = all
        .of(Pick::Same)
        .filter(|series| grew(series))
        .map(|series| format!("{} ({})", series.operation, series.world.name()))
        .collect();
    if worse.is_empty() {
        println!("\nOn the same one, no operation grows faster than a logarithm of N.");
    } else {
        println!("\nFaster than a logarithm of N grow: {}.", worse.join("; "));
    }
}

fn print_table(all: &AllSeries, pick: Pick) {
    let sizes = all.sizes();
    let titles: Vec<String> = sizes.iter().map(|size| separated(*size)).collect();
    println!("| N | operation | {} | grows |", titles.join(" | "));
    println!("| --- | --- |{} --- |", " ---: |".repeat(sizes.len()));
    let mut world = None;
    for series in all.of(pick) {
        let is_first = world.replace(series.world) != Some(series.world);
        let what = if is_first { series.world.what() } else { "" };
        let cells = sizes
            .iter()
            .map(|size| series.at(*size).map_or_else(String::new, cell));
        let cells: Vec<String> = cells.collect();
        let growth = series.growth().map_or_else(String::new, |growth| {
            let decades = if growth.decades < 1.5 {
                "decade"
            } else {
                "decades"
            };
            format!("x{:.2} in {:.0} {decades}", growth.factor, growth.decades)
        });
        let operation = series.operation;
        println!(
            "| {what} | {operation} | {} | {growth} |",
            cells.join(" | ")
        );
    }
}

fn cell(nanoseconds: f64) -> String {
    if nanoseconds < 100.0 {
        format!("{nanoseconds:.1}")
    } else {
        separated(nanoseconds.round() as usize)
    }
}

/// With a comma for each thousand.
fn separated(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::separated;

    #[test]
    fn thousands_are_set_apart() {
        let numbers = [7, 999, 1_000, 12_345, 1_000_000];
        assert_eq!(
            numbers.map(separated),
            ["7", "999", "1,000", "12,345", "1,000,000"]
        );
    }
}

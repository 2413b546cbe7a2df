//! The series as a picture: one panel for each world, both axes logarithmic. A plain SVG that follows the reader's light or
//! dark mode.

use std::fmt::Write as _;

use crate::samples::Pick;
use crate::series::{AllSeries, Series};
use crate::world::World;

const COLUMNS: usize = 3;
const WIDTH: f64 = 320.0;
/// Where the axes lie within a panel.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 306.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 170.0;
/// The first line of the legend, and how far the next one is.
const LEGEND: f64 = BOTTOM + 34.0;
const LINE: f64 = 14.0;
const HEADER: f64 = 44.0;
const MARGIN: f64 = 8.0;

/// One for each operation of a world. Told apart by those who do not tell red from green, on white and on black.
const COLOURS: [&str; 6] = [
    "#2b83d6", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9",
];

const STYLE: &str = "\
text { font: 11px sans-serif; fill: #1f2328 }
.title { font-weight: bold; font-size: 12px }
.small { font-size: 10px; fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
.any { stroke-dasharray: 4 3 }
.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .small { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .paper { fill: #0d1117 }
}
";

/// A logarithmic axis, in decades.
struct Axis {
    smallest: i32,
    greatest: i32,
    from: f64,
    to: f64,
}

impl Axis {
    /// From power of ten to power of ten, around all values.
    fn around(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for value in values {
            least = least.min(value.log10());
            most = most.max(value.log10());
        }
        let smallest = least.floor() as i32;
        let greatest = (most.ceil() as i32).max(smallest + 1);
        Axis {
            smallest,
            greatest,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let decades = f64::from(self.greatest - self.smallest);
        let part = (value.log10() - f64::from(self.smallest)) / decades;
        self.from + part * (self.to - self.from)
    }

    fn decades(&self) -> impl Iterator<Item = i32> {
        self.smallest..=self.greatest
    }
}

/// Draws all series.
pub(crate) fn svg(all: &AllSeries) -> String {
    let worlds: Vec<World> = World::ALL
        .iter()
        .copied()
        .filter(|world| all.0.iter().any(|series| series.world == *world))
        .collect();
    let panels: Vec<Panel<'_>> = worlds
        .into_iter()
        .map(|world| Panel::of(world, all))
        .collect();
    let rows: Vec<&[Panel<'_>]> = panels.chunks(COLUMNS).collect();
    let width = WIDTH * COLUMNS as f64 + 2.0 * MARGIN;
    let height = HEADER + rows.iter().map(|row| height_of(row)).sum::<f64>() + MARGIN;
    let y = all.0.iter().flat_map(|series| &series.points);
    let y = Axis::around(y.map(|(_, nanoseconds)| *nanoseconds), BOTTOM, TOP);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"nanoseconds of each operation over N\">\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
         <text x=\"{MARGIN}\" y=\"20\">The time of one operation over N. Solid: on the same one of N again and again. \
         Dashed: on another one each time.</text>\n\
         <text class=\"small\" x=\"{MARGIN}\" y=\"36\">Both axes are logarithmic: what is proportional to N would rise \
         along the diagonals of the grid's cells.</text>\n"
    );
    let mut top = HEADER;
    for row in rows {
        for (column, panel) in row.iter().enumerate() {
            let x = MARGIN + WIDTH * column as f64;
            let _ = writeln!(svg, "<g transform=\"translate({x} {top})\">");
            svg.push_str(&panel.draw(&y));
            svg.push_str("</g>\n");
        }
        top += height_of(row);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The highest of a row of panels.
fn height_of(row: &[Panel<'_>]) -> f64 {
    let lines = row.iter().map(|panel| panel.operations.len());
    LEGEND + LINE * lines.max().unwrap_or(0) as f64 + LINE
}

/// One world.
struct Panel<'a> {
    world: World,
    series: Vec<&'a Series>,
    operations: Vec<&'a str>,
}

impl<'a> Panel<'a> {
    fn of(world: World, all: &'a AllSeries) -> Self {
        let series = all.0.iter().filter(|series| series.world == world);
        let series: Vec<&Series> = series.collect();
        let mut operations: Vec<&str> = Vec::new();
        for series in &series {
            if !operations.contains(&series.operation) {
                operations.push(series.operation);
            }
        }
        Panel {
            world,
            series,
            operations,
        }
    }

    fn colour(&self, operation: &str) -> &'static str {
        let place = self.operations.iter().position(|other| *other == operation);
        COLOURS[place.unwrap_or(0) % COLOURS.len()]
    }

    fn draw(&self, y: &Axis) -> String {
        let sizes = self.series.iter().flat_map(|series| &series.points);
        let x = Axis::around(sizes.map(|(n, _)| *n as f64), LEFT, RIGHT);
        let mut svg = format!(
            "<text class=\"title\" x=\"{LEFT}\" y=\"18\">N {}</text>\n",
            self.world.what()
        );
        svg.push_str(&grid(&x, y));
        for series in &self.series {
            let points = series.points.iter().map(|(n, nanoseconds)| {
                format!("{:.1},{:.1}", x.place(*n as f64), y.place(*nanoseconds))
            });
            let points: Vec<String> = points.collect();
            let class = match series.pick {
                Pick::Same => "line",
                Pick::Any => "line any",
            };
            let _ = writeln!(
                svg,
                "<polyline class=\"{class}\" stroke=\"{}\" points=\"{}\"/>",
                self.colour(series.operation),
                points.join(" ")
            );
        }
        for (number, operation) in self.operations.iter().enumerate() {
            let line = LEGEND + LINE * number as f64;
            let _ = writeln!(
                svg,
                "<path class=\"line\" stroke=\"{}\" d=\"M{LEFT} {:.1}h18\"/>\
                 <text x=\"{:.1}\" y=\"{line:.1}\">{operation}</text>",
                self.colour(operation),
                line - 3.5,
                LEFT + 24.0
            );
        }
        svg
    }
}

fn grid(x: &Axis, y: &Axis) -> String {
    let mut svg = String::new();
    for decade in x.decades() {
        let (place, label) = (x.place(10_f64.powi(decade)), count(decade));
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{place:.1} {TOP}V{BOTTOM}\"/>\
             <text class=\"small\" text-anchor=\"middle\" x=\"{place:.1}\" y=\"{:.1}\">{label}</text>",
            BOTTOM + 14.0
        );
    }
    for decade in y.decades() {
        let place = y.place(10_f64.powi(decade));
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {place:.1}H{RIGHT}\"/>\
             <text class=\"small\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT - 5.0,
            place + 3.5,
            time(decade)
        );
    }
    svg
}

/// A power of ten of nanoseconds, in the unit that people use.
fn time(decade: i32) -> String {
    let units = ["ns", "µs", "ms", "s"];
    let unit = (decade / 3).clamp(0, 3);
    format!(
        "{} {}",
        10_u64.pow((decade - 3 * unit).max(0) as u32),
        units[unit as usize]
    )
}

/// A power of ten, short.
fn count(decade: i32) -> String {
    let units = ["", "k", "M"];
    let unit = (decade / 3).clamp(0, 2);
    format!(
        "{}{}",
        10_u64.pow((decade - 3 * unit).max(0) as u32),
        units[unit as usize]
    )
}

//! Shows how far the replay is: a bar on a terminal, a line for each tenth elsewhere.

use std::fmt::Arguments;
use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// Writes to stderr, so that stdout holds the report only.
#[derive(Debug)]
pub enum Progress {
    Bar(ProgressBar),
    Plain { size: u64, next_tenth: u64 },
}

impl Progress {
    /// `size` is where the end will be; 0 when that is unknown. `bar` asks for a bar.
    pub fn new(size: u64, bar: bool) -> Self {
        if !bar {
            return Progress::Plain {
                size,
                next_tenth: 1,
            };
        }
        if size == 0 {
            let style = style("{spinner} {elapsed} {msg}");
            return Progress::Bar(ProgressBar::new_spinner().with_style(style));
        }
        let style = style("{percent:>3}% {bar:40} {msg}, {eta} left");
        Progress::Bar(ProgressBar::new(size).with_style(style))
    }

    /// Shows that `lines` lines have been read and where that is on the way to the end.
    pub fn advance(&mut self, position: u64, lines: u64) {
        match self {
            Progress::Bar(bar) => {
                bar.set_position(position);
                if lines.is_multiple_of(1_000) {
                    bar.set_message(format!("{lines} lines"));
                }
            }
            Progress::Plain { size, next_tenth } => {
                if *size == 0 {
                    return;
                }
                let tenth = (10 * position / *size).min(10);
                if tenth >= *next_tenth {
                    print(format_args!("{:>3}%  {lines} lines", 10 * tenth));
                    *next_tenth = tenth + 1;
                }
            }
        }
    }

    /// Says something without disturbing the bar.
    pub fn say(&self, what: Arguments<'_>) {
        match self {
            Progress::Bar(bar) => bar.suspend(|| print(what)),
            Progress::Plain { .. } => print(what),
        }
    }

    /// Makes room for what is printed next.
    pub fn finish(self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well-formed")
}

/// Unlike `eprintln!`, does not panic when nobody reads stderr any more.
fn print(what: Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{what}");
}

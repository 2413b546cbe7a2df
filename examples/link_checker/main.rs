//! Checks the links of a site: a stream of tasks, each with a page to get, of which those are killed that hang.
//!
//! `cargo run --release -p examples --bin link_checker -- --help` explains it. The stream is in `crawl.rs`.
#![allow(
    unreachable_pub,
    reason = "nobody is outside of a program, and `pub` reads better"
)]

mod crawl;
mod fetch;
mod frontier;
mod links;
mod report;
mod site;

use std::future;
use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::time::Duration;

use clap::{Parser, value_parser};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Url;
use tokio::signal;

use crate::crawl::CrawlOptions;
use crate::report::Report;

/// Checks the links of a site, and tells which of them are broken.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
struct Arguments {
    /// Where to start; without it, a site is served to try it on
    #[arg(value_parser = parse_start)]
    start: Option<Url>,

    /// How many pages the site has that is served
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        conflicts_with = "start"
    )]
    #[arg(value_parser = value_parser!(u32).range(1..=1_000_000))]
    pages: u32,

    /// How many pages are asked for at the same time
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = value_parser!(u16).range(1..=1_000))]
    concurrency: u16,

    /// How long a page may take before it is killed, in ms
    #[arg(long, value_name = "MS", default_value_t = 2_000)]
    #[arg(value_parser = value_parser!(u64).range(1..))]
    timeout: u64,

    /// How many links are checked at most
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    #[arg(value_parser = value_parser!(u32).range(1..))]
    max_links: u32,
}

const AFTER_HELP: &str = "\
The start is a URL such as http://localhost:4000/. The pages of its site are read, and what they
link to is checked, on the site or elsewhere. Links that are not http are counted, not checked.

Table at the end:
  broken      Links that lead nowhere, why, and which pages have them: there is no such page, no
              such server, it moves in circles, or it hangs and was killed.
  links       Each is sound, broken, or still open when the run was interrupted.
  moved       Sound links that are redirected.
  left out    More than --max-links.

Ctrl-C ends the run with the table so far; a second Ctrl-C ends it at once.

Exit status: 0 if no link is broken, 1 if one is, 2 after an error, 130 after Ctrl-C.";

fn parse_start(argument: &str) -> Result<Url, String> {
    let url = Url::parse(argument).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" => Ok(url),
        scheme => Err(format!("expected a page by `http`, not by `{scheme}`")),
    }
}

#[otp_core::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(status) => status,
        Err(error) => {
            // `{:#}` adds what caused the error.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let start = match &arguments.start {
        Some(start) => start.clone(),
        None => site::serve(arguments.pages).await?,
    };
    let options = CrawlOptions {
        concurrency: arguments.concurrency.into(),
        timeout: Duration::from_millis(arguments.timeout),
        max_links: arguments.max_links as usize,
    };
    let client = fetch::client()?;
    let fetch = move |url| fetch::fetch(client.clone(), url);

    let bar = progress_bar();
    let progress = |checked: usize, known: usize| {
        bar.set_length(known as u64);
        bar.set_position(checked as u64);
    };
    let crawl = crawl::crawl(start.clone(), &options, fetch, interrupt(), progress).await;
    bar.finish_and_clear();

    let report = Report {
        start: &start,
        crawl: &crawl,
    };
    print(&report)?;
    Ok(if crawl.is_interrupted {
        ExitCode::from(130)
    } else if crawl.is_broken() {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Shows on a terminal how far it is; the more pages are read, the more links are known.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} links, {elapsed}");
    ProgressBar::new(1).with_style(style.expect("the template is well-formed"))
}

/// Is ready after the first Ctrl-C. From then on, another one ends the program at once.
async fn interrupt() {
    if signal::ctrl_c().await.is_err() {
        return future::pending().await;
    }
    tokio::spawn(async {
        if signal::ctrl_c().await.is_ok() {
            process::exit(130);
        }
    });
}

/// Unlike `print!`, does not panic when nobody reads stdout any more.
fn print(report: &Report<'_>) -> io::Result<()> {
    match write!(io::stdout(), "{report}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

//! The table at the end of a run.

use std::fmt;

use reqwest::Url;

use crate::crawl::Crawl;

/// How many pages are named that have a broken link.
const MAX_REFERRERS: usize = 3;

/// Displays what was found.
#[derive(Debug)]
pub struct Report<'a> {
    pub start: &'a Url,
    pub crawl: &'a Crawl,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.broken(f)?;
        let Crawl {
            frontier,
            sound,
            moved,
            broken,
            malformed,
            slowest,
            elapsed,
            is_interrupted,
        } = self.crawl;
        let (seconds, checked) = (elapsed.as_secs_f64(), self.crawl.checked());
        let rate = checked as f64 / seconds.max(f64::EPSILON);
        let end = if *is_interrupted { ", interrupted" } else { "" };
        writeln!(
            f,
            "time         {seconds:.2} s, {rate:.0} links a second{end}"
        )?;
        let (links, open) = (frontier.len() + malformed.len(), frontier.len() - checked);
        let broken = broken.len() + malformed.len();
        writeln!(
            f,
            "links        {links} = {sound} sound + {broken} broken + {open} open"
        )?;
        writeln!(f, "moved        {moved} of the sound ones")?;
        for (scheme, count) in frontier.unchecked() {
            writeln!(f, "unchecked    {count} × {scheme}")?;
        }
        if frontier.left_out() > 0 {
            writeln!(f, "left out     {} were too many", frontier.left_out())?;
        }
        if let Some((time, url)) = slowest {
            writeln!(
                f,
                "slowest      {:.2} s, {}",
                time.as_secs_f64(),
                self.short(url)
            )?;
        }
        Ok(())
    }
}

impl Report<'_> {
    fn broken(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crawl = self.crawl;
        let broken = crawl.broken.iter().map(|(url, why)| {
            let from: Vec<&Url> = crawl.frontier.referrers(url).collect();
            [
                self.short(url).to_owned(),
                why.to_string(),
                self.linked_from(&from),
            ]
        });
        let malformed = crawl.malformed.iter();
        let malformed = malformed
            .map(|(text, from)| [text.clone(), "no URL".to_owned(), self.linked_from(&[from])]);
        let rows: Vec<[String; 3]> = broken.chain(malformed).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let title = ["broken", "why", "linked from"].map(str::to_owned);
        let rows = [&[title], &rows[..]].concat();
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let (first, second) = (width(0), width(1));
        for [link, why, from] in &rows {
            writeln!(f, "{link:<first$}  {why:<second$}  {from}")?;
        }
        writeln!(f)
    }

    fn linked_from(&self, pages: &[&Url]) -> String {
        let (named, others) = pages.split_at(pages.len().min(MAX_REFERRERS));
        let named: Vec<&str> = named.iter().map(|page| self.short(page)).collect();
        match (named.len(), others.len()) {
            (0, _) => "(the start)".to_owned(),
            (_, 0) => named.join(", "),
            (_, others) => format!("{} and {others} more", named.join(", ")),
        }
    }

    /// What is on the site itself goes without its server.
    fn short<'a>(&self, url: &'a Url) -> &'a str {
        let site = self.start.origin().ascii_serialization();
        let path = url.as_str().strip_prefix(&site);
        path.filter(|path| path.starts_with('/'))
            .unwrap_or(url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use super::*;
    use crate::fetch::Broken;
    use crate::frontier::Frontier;

    #[test]
    fn the_report_shows_all_there_is() {
        let url = |text: &str| Url::parse(text).unwrap();
        let (start, no, other) = (
            url("http://a.org/"),
            url("http://a.org/no"),
            url("http://a.org:81/"),
        );
        let mut frontier = Frontier::new(start.clone(), 4);
        for page in ["1", "2", "3", "4"] {
            frontier.add(&no, &start.join(page).unwrap());
        }
        for link in [
            other.as_str(),
            "http://a.org/1",
            "http://a.org/2",
            "https://a.org/",
            "mailto:a@a.org",
        ] {
            frontier.add(&url(link), &start);
        }
        let crawl = Crawl {
            frontier,
            sound: 1,
            moved: 1,
            broken: BTreeMap::from([
                (no, Broken::Redirects),
                (other, Broken::Hangs(Duration::from_secs(2))),
            ]),
            malformed: BTreeSet::from([("http://[".to_owned(), start.clone())]),
            slowest: Some((Duration::from_millis(1_500), start.clone())),
            elapsed: Duration::from_millis(500),
            is_interrupted: true,
        };
        let expected = "\
broken            why                       linked from
/no               moved more than 10 times  /1, /2, /3 and 1 more
http://a.org:81/  hangs, killed after 2s    /
http://[          no URL                    /

time         0.50 s, 6 links a second, interrupted
links        5 = 1 sound + 3 broken + 1 open
moved        1 of the sound ones
unchecked    1 × https
unchecked    1 × mailto
left out     1 were too many
slowest      1.50 s, /
";
        let report = Report {
            start: &start,
            crawl: &crawl,
        }
        .to_string();
        assert_eq!(report, expected);
    }

    #[test]
    fn a_start_that_is_broken_is_linked_from_nowhere() {
        let start = Url::parse("http://a.org/").unwrap();
        let crawl = Crawl {
            frontier: Frontier::new(start.clone(), 1),
            sound: 0,
            moved: 0,
            broken: BTreeMap::from([(start.clone(), Broken::Redirects)]),
            malformed: BTreeSet::new(),
            slowest: None,
            elapsed: Duration::ZERO,
            is_interrupted: false,
        };
        let report = Report {
            start: &start,
            crawl: &crawl,
        }
        .to_string();
        assert!(
            report.contains("moved more than 10 times  (the start)\n"),
            "{report}"
        );
    }
}

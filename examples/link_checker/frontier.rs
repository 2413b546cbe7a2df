//! Which links are known, and who has them.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Url;

/// Keeps each link once, however many pages have it.
#[derive(Debug)]
pub struct Frontier {
    start: Url,
    max_links: usize,
    referrers: BTreeMap<Url, BTreeSet<Url>>,
    unchecked: BTreeSet<Url>,
    left_out: BTreeSet<Url>,
}

impl Frontier {
    /// Knows the page at `start`, and will have `max_links` links checked at most.
    pub fn new(start: Url, max_links: usize) -> Self {
        Frontier {
            referrers: BTreeMap::from([(start.clone(), BTreeSet::new())]),
            start,
            max_links,
            unchecked: BTreeSet::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// Adds a link that the page at `from` has. Whether it is new, and to be checked.
    pub fn add(&mut self, link: &Url, from: &Url) -> bool {
        if let Some(referrers) = self.referrers.get_mut(link) {
            referrers.insert(from.clone());
            return false;
        }
        if link.scheme() != "http" {
            self.unchecked.insert(link.clone());
        } else if self.referrers.len() >= self.max_links {
            self.left_out.insert(link.clone());
        } else {
            self.referrers
                .insert(link.clone(), BTreeSet::from([from.clone()]));
            return true;
        }
        false
    }

    /// Whether the links of the page at `url` are followed, as it belongs to the site.
    pub fn is_followed(&self, url: &Url) -> bool {
        url.origin() == self.start.origin()
    }

    /// How many links are to be checked, or were.
    pub fn len(&self) -> usize {
        self.referrers.len()
    }

    /// The pages that have a link.
    pub fn referrers(&self, link: &Url) -> impl ExactSizeIterator<Item = &Url> {
        self.referrers[link].iter()
    }

    /// How many links there were of each scheme that is not `http`.
    pub fn unchecked(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for link in &self.unchecked {
            *counts.entry(link.scheme()).or_default() += 1;
        }
        counts
    }

    /// How many links were more than `max_links`.
    pub fn left_out(&self) -> usize {
        self.left_out.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_link_is_checked_once_and_knows_who_has_it() {
        let (start, page) = (url("http://a.org/"), url("http://a.org/page"));
        let mut frontier = Frontier::new(start.clone(), 10);
        assert!(frontier.add(&page, &start));
        assert!(!frontier.add(&page, &start));
        assert!(!frontier.add(&start, &page));
        assert!(!frontier.add(&page, &page));
        assert!(frontier.referrers(&page).eq([&start, &page]));
        assert_eq!(frontier.len(), 2);
    }

    #[test]
    fn the_pages_of_others_are_not_followed() {
        let frontier = Frontier::new(url("http://a.org/"), 10);
        assert!(frontier.is_followed(&url("http://a.org/page")));
        for other in ["http://b.org/", "http://a.org:81/", "https://a.org/"] {
            assert!(!frontier.is_followed(&url(other)), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_checked_is_counted() {
        let start = url("http://a.org/");
        let mut frontier = Frontier::new(start.clone(), 10);
        for link in [
            "https://b.org/",
            "mailto:a@b.org",
            "https://b.org/",
            "https://c.org/",
        ] {
            assert!(!frontier.add(&url(link), &start));
        }
        assert_eq!(
            frontier.unchecked(),
            BTreeMap::from([("https", 2), ("mailto", 1)])
        );
    }

    #[test]
    fn enough_is_enough() {
        let start = url("http://a.org/");
        let mut frontier = Frontier::new(start.clone(), 2);
        assert!(frontier.add(&url("http://a.org/1"), &start));
        assert!(!frontier.add(&url("http://a.org/2"), &start));
        assert!(!frontier.add(&url("http://a.org/2"), &start));
        assert_eq!((frontier.len(), frontier.left_out()), (2, 1));
    }
}

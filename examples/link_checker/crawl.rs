//! Follows the links of a site: a stream of tasks that feeds itself.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use otp_core::prelude::*;
use reqwest::Url;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::fetch::{Broken, Page};
use crate::frontier::Frontier;

/// How a site is crawled.
#[derive(Debug, Clone)]
pub struct CrawlOptions {
    /// How many pages are asked for at the same time.
    pub concurrency: usize,
    /// How long a page may take.
    pub timeout: Duration,
    /// How many links are checked at most.
    pub max_links: usize,
}

/// What became of the links.
#[derive(Debug)]
pub struct Crawl {
    pub frontier: Frontier,
    /// How many links lead somewhere.
    pub sound: usize,
    /// How many of these lead there by a redirection.
    pub moved: usize,
    pub broken: BTreeMap<Url, Broken>,
    /// Links that are no URLs, and the pages that have them.
    pub malformed: BTreeSet<(String, Url)>,
    pub slowest: Option<(Duration, Url)>,
    pub elapsed: Duration,
    pub is_interrupted: bool,
}

/// Checks the page at `start` and what it links to, and so on for all pages of the same site. `progress` is told how many links
/// have been checked, and how many are known.
///
/// Each page is got in a task of its own. One that takes too long is killed, and the others do not notice.
pub async fn crawl<F, Fut>(
    start: Url,
    options: &CrawlOptions,
    fetch: F,
    interrupt: impl Future<Output = ()>,
    mut progress: impl FnMut(usize, usize),
) -> Crawl
where
    F: Fn(Url) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Page, Broken>> + Send + 'static,
{
    process::trap_exit(true); // A task that crashes has found a broken link, and is not the end of us.
    let began = Instant::now();
    let mut crawl = Crawl::new(&start, options);

    let (queue, source) = mpsc::unbounded_channel();
    let _ = queue.send(start);
    // Dropped when no link is open: then the source ends, and the stream with it.
    let mut queue = Some(queue);
    let timed = move |url: Url| {
        let page = fetch(url.clone());
        async move {
            let began = Instant::now();
            (url, page.await, began.elapsed())
        }
    };
    let mut pages = task::async_stream_of(UnboundedReceiverStream::new(source), timed)
        .max_concurrency(options.concurrency)
        .ordered(false)
        .timeout(options.timeout)
        .on_timeout(OnTimeout::KillTask)
        .zip_input_on_exit();

    let mut interrupt = pin!(interrupt);
    loop {
        let next = tokio::select! {
            biased;
            () = &mut interrupt => {
                crawl.is_interrupted = true;
                break; // The stream is dropped, and its tasks with it.
            }
            next = pages.next() => next,
        };
        let found = match next {
            None => break,
            Some(Ok((url, page, time))) => {
                crawl.took(time, &url);
                crawl.check(url, page)
            }
            Some(Err((url, ExitReason::Timeout))) => {
                crawl.check(url, Err(Broken::Hangs(options.timeout)))
            }
            Some(Err((url, reason))) => crawl.check(url, Err(Broken::Crashed(reason))),
        };
        for link in found {
            let _ = queue.as_ref().map(|queue| queue.send(link));
        }
        progress(crawl.checked(), crawl.frontier.len());
        if crawl.checked() == crawl.frontier.len() {
            queue = None;
        }
    }
    crawl.elapsed = began.elapsed();
    crawl
}

impl Crawl {
    fn new(start: &Url, options: &CrawlOptions) -> Self {
        Crawl {
            frontier: Frontier::new(start.clone(), options.max_links),
            sound: 0,
            moved: 0,
            broken: BTreeMap::new(),
            malformed: BTreeSet::new(),
            slowest: None,
            elapsed: Duration::ZERO,
            is_interrupted: false,
        }
    }

    /// How many links have been checked.
    pub fn checked(&self) -> usize {
        self.sound + self.broken.len()
    }

    /// Whether there is a broken link.
    pub fn is_broken(&self) -> bool {
        !self.broken.is_empty() || !self.malformed.is_empty()
    }

    fn took(&mut self, time: Duration, url: &Url) {
        if self.slowest.as_ref().is_none_or(|(most, _)| time > *most) {
            self.slowest = Some((time, url.clone()));
        }
    }

    /// Takes down where a link leads. Gives the links that are found there and are to be checked.
    fn check(&mut self, url: Url, page: Result<Page, Broken>) -> Vec<Url> {
        let page = match page {
            Ok(page) => page,
            Err(why) => {
                self.broken.insert(url, why);
                return Vec::new();
            }
        };
        self.sound += 1;
        self.moved += usize::from(page.url != url);
        let mut found = Vec::new();
        if self.frontier.is_followed(&page.url) {
            for link in page.links {
                match link {
                    Ok(link) if self.frontier.add(&link, &page.url) => found.push(link),
                    Ok(_) => {}
                    Err(text) => drop(self.malformed.insert((text, page.url.clone()))),
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::future;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use otp_core::time;

    use super::*;

    fn url(path: &str) -> Url {
        Url::parse("http://site.org").unwrap().join(path).unwrap()
    }

    fn options() -> CrawlOptions {
        CrawlOptions {
            concurrency: 3,
            timeout: Duration::from_secs(2),
            max_links: 100,
        }
    }

    /// Gets the pages of a site that is made up: each path with the links that it has.
    fn site(
        pages: &[(&str, &[&str])],
    ) -> impl Fn(Url) -> future::Ready<Result<Page, Broken>> + Send + Sync + use<> {
        let links = |links: &[&str]| links.iter().map(|path| Ok(url(path))).collect::<Vec<_>>();
        let pages: HashMap<Url, _> = pages
            .iter()
            .map(|(path, to)| (url(path), links(to)))
            .collect();
        move |url| {
            let page = pages.get(&url).cloned();
            let page = page.map(|links| Page { url, links });
            future::ready(page.ok_or(Broken::Redirects))
        }
    }

    #[otp_core::test]
    async fn a_site_is_checked_as_a_whole_and_once() {
        let site = site(&[
            ("/", &["/a", "/b"]),
            ("/a", &["/", "/c"]),
            ("/b", &["/c", "/no"]),
            ("/c", &[]),
        ]);
        let mut told = Vec::new();
        let crawl = crawl(
            url("/"),
            &options(),
            site,
            future::pending(),
            |checked, known| told.push((checked, known)),
        )
        .await;
        assert_eq!((crawl.sound, crawl.moved), (4, 0));
        assert_eq!(
            crawl.broken,
            BTreeMap::from([(url("/no"), Broken::Redirects)])
        );
        assert!(crawl.frontier.referrers(&url("/no")).eq([&url("/b")]));
        assert_eq!((told.first(), told.last()), (Some(&(1, 3)), Some(&(5, 5))));
    }

    #[otp_core::test]
    async fn what_hangs_is_killed_and_the_others_do_not_notice() {
        let fetch = |asked: Url| async move {
            if asked.path() != "/" {
                time::sleep(Duration::from_secs(asked.path().len() as u64)).await;
            }
            let links = ["/a", "/abcde", "/abcdef", "/b"].map(|path| Ok(url(path)));
            Ok(Page {
                url: asked,
                links: links.into(),
            })
        };
        let options = CrawlOptions {
            timeout: Duration::from_secs(3),
            ..options()
        };
        let crawl = crawl(url("/"), &options, fetch, future::pending(), |_, _| ()).await;
        let hangs = Broken::Hangs(Duration::from_secs(3));
        assert_eq!(
            crawl.broken,
            BTreeMap::from([(url("/abcde"), hangs.clone()), (url("/abcdef"), hangs)])
        );
        assert_eq!((crawl.sound, crawl.elapsed), (3, Duration::from_secs(4)));
        assert_eq!(
            crawl.slowest.map(|(time, _)| time),
            Some(Duration::from_secs(2))
        );
    }

    #[otp_core::test]
    async fn no_more_are_asked_for_at_a_time_than_is_said() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&most);
        let fetch = move |asked: Url| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&counted));
            async move {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                time::sleep(Duration::from_millis(1)).await;
                now.fetch_sub(1, SeqCst);
                let links = (0..50).map(|n| Ok(url(&format!("/{n}")))).collect();
                Ok(Page { url: asked, links })
            }
        };
        let crawl = crawl(url("/"), &options(), fetch, future::pending(), |_, _| ()).await;
        assert_eq!((crawl.sound, most.load(SeqCst)), (51, 3));
    }

    #[otp_core::test(crashes = allowed)]
    async fn a_task_that_crashes_is_a_broken_link() {
        let fetch = |asked: Url| async move {
            assert!(asked.path() != "/crash", "no such luck");
            let links = vec![Ok(url("/crash")), Ok(url("/"))];
            Ok(Page { url: asked, links })
        };
        let crawl = crawl(url("/"), &options(), fetch, future::pending(), |_, _| ()).await;
        assert_eq!(crawl.sound, 1);
        assert!(matches!(crawl.broken[&url("/crash")], Broken::Crashed(_)));
    }

    #[otp_core::test]
    async fn an_interrupt_leaves_what_is_known() {
        let fetch = |asked: Url| async move {
            if asked.path() != "/" {
                future::pending::<()>().await;
            }
            let links = vec![Ok(url("/hangs"))];
            Ok(Page { url: asked, links })
        };
        let crawl = crawl(
            url("/"),
            &options(),
            fetch,
            time::sleep(Duration::from_secs(1)),
            |_, _| (),
        )
        .await;
        assert!(crawl.is_interrupted);
        assert_eq!((crawl.checked(), crawl.frontier.len()), (1, 2));
    }
}

//! Gets pages over HTTP.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use otp_core::prelude::ExitReason;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};

use crate::links::{Link, links};

/// How often a page may have moved.
const MAX_REDIRECTS: usize = 10;

/// A link that leads somewhere.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it was found, after redirections.
    pub url: Url,
    pub links: Vec<Link>,
}

/// Why a link is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    Status(StatusCode),
    Redirects,
    Unreachable(String),
    /// It took longer than that, and was killed.
    Hangs(Duration),
    /// Whoever asked for it has crashed.
    Crashed(ExitReason),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Status(status) => write!(f, "{status}"),
            Broken::Redirects => write!(f, "moved more than {MAX_REDIRECTS} times"),
            Broken::Unreachable(why) => f.write_str(why),
            Broken::Hangs(limit) => write!(f, "hangs, killed after {limit:?}"),
            Broken::Crashed(reason) => write!(f, "its task crashed: {reason}"),
        }
    }
}

/// A client without a timeout of its own: who hangs is killed from outside.
pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("link_checker/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::custom(redirect))
        .build()
}

fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.url().scheme() != "http" {
        attempt.stop() // It has moved to where we cannot follow.
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirections")
    } else {
        attempt.follow()
    }
}

/// Gets a page and finds its links, if it is one that has any.
pub async fn fetch(client: Client, url: Url) -> Result<Page, Broken> {
    let response = client.get(url).send().await.map_err(broken)?;
    let status = response.status();
    if !status.is_success() && !status.is_redirection() {
        return Err(Broken::Status(status));
    }
    let url = response.url().clone();
    let links = if is_html(&response) {
        links(&response.text().await.map_err(broken)?, &url)
    } else {
        Vec::new()
    };
    Ok(Page { url, links })
}

fn is_html(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

fn broken(error: reqwest::Error) -> Broken {
    if error.is_redirect() {
        return Broken::Redirects;
    }
    // What the operating system says is at the bottom.
    let mut cause: &dyn Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Broken::Unreachable(cause.to_string())
}

//! A site to try it on: some of its links are missing, some have moved, some are slow, and some never come.

use std::future;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::get;
use otp_core::prelude::*;
use otp_core::time;
use reqwest::Url;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;

/// How long a slow page takes.
const SLOW: Duration = Duration::from_millis(300);

/// Serves a site of `pages` pages on a port of this machine, for as long as the process runs that asks for it.
pub async fn serve(pages: u32) -> anyhow::Result<Url> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let start = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    let site = Router::new()
        .route(
            "/",
            get(async |State(pages): State<u32>| Html(page(1, pages))),
        )
        .route("/page/{n}", get(existing))
        .route("/slow/{n}", get(async || time::sleep(SLOW).await))
        .route("/moved/{n}", get(moved))
        .route("/loop/{n}", get(in_circles))
        .route("/hang/{n}", get(async || future::pending::<()>().await))
        .route("/trickle/{n}", get(trickle))
        .with_state(pages);
    process::spawn_link(async move {
        let _ = axum::serve(listener, site).await; // It returns never.
    });
    Ok(start)
}

async fn existing(
    Path(n): Path<u32>,
    State(pages): State<u32>,
) -> Result<Html<String>, StatusCode> {
    if n == 0 || n > pages {
        return Err(StatusCode::NOT_FOUND);
    }
    Ok(Html(page(n, pages)))
}

async fn moved(Path(n): Path<u32>) -> Redirect {
    Redirect::to(&format!("/page/{n}"))
}

async fn in_circles(Path(n): Path<u32>) -> Redirect {
    Redirect::to(&format!("/loop/{n}"))
}

/// Begins, and does not end.
async fn trickle() -> impl IntoResponse {
    let begin = Ok::<_, std::convert::Infallible>(Bytes::from_static(b"<p>One moment"));
    let body = Body::from_stream(tokio_stream::once(begin).chain(tokio_stream::pending()));
    ([(CONTENT_TYPE, "text/html")], body)
}

/// What one page in three links to beside other pages.
fn oddity(n: u32) -> Option<&'static str> {
    match n % 20 {
        1 => Some("missing"),
        4 => Some("slow"),
        7 => Some("moved"),
        10 => Some("hang"),
        13 => Some("trickle"),
        16 => Some("loop"),
        _ => None,
    }
}

/// The pages are a binary tree, in which each page links to the one above and to those below.
fn page(n: u32, pages: u32) -> String {
    let mut html = format!("<!DOCTYPE html>\n<title>Page {n}</title>\n<h1>Page {n}</h1>\n<ul>\n");
    let mut link = |to: String| html.push_str(&format!("<li><a href=\"{to}\">{to}</a>\n"));
    link("/".to_owned());
    for other in [n / 2, 2 * n, 2 * n + 1] {
        if (1..=pages).contains(&other) {
            link(format!("/page/{other}"));
        }
    }
    if let Some(kind) = oddity(n) {
        link(format!("/{kind}/{n}"));
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_links_to_those_around_it_and_to_something_odd() {
        let base = Url::parse("http://site.org/").unwrap();
        let links = crate::links::links(&page(4, 8), &base);
        let paths: Vec<_> = links
            .iter()
            .map(|link| link.as_ref().unwrap().path())
            .collect();
        assert_eq!(paths, ["/", "/page/2", "/page/8", "/slow/4"]);
    }
}

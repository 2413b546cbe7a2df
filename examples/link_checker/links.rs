//! Finds the links of a page.

use html5gum::{StartTag, Token, Tokenizer};
use reqwest::Url;

/// A link, or the text of one that is none.
pub type Link = Result<Url, String>;

/// The links of the page at `base`, in its order: what a browser would load or lead to.
pub fn links(html: &str, base: &Url) -> Vec<Link> {
    let mut base = base.clone();
    let mut links = Vec::new();
    for Ok(token) in Tokenizer::new(html) {
        let Token::StartTag(tag) = token else {
            continue;
        };
        let Some(link) = reference(&tag) else {
            continue;
        };
        match base.join(link.trim()) {
            Ok(url) if tag.name.0 == b"base" => base = url,
            Ok(mut url) => {
                url.set_fragment(None); // A place in a page is not a page.
                links.push(Ok(url));
            }
            Err(_) => links.push(Err(link)),
        }
    }
    links
}

/// What an element refers to.
fn reference(tag: &StartTag<()>) -> Option<String> {
    let attribute = |name: &[u8]| {
        let value = tag.attributes.get(name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    match tag.name.as_slice() {
        b"a" | b"area" | b"base" => attribute(b"href"),
        b"link" => match attribute(b"rel")?.as_str() {
            "preconnect" | "dns-prefetch" => None, // These name a server.
            _ => attribute(b"href"),
        },
        b"audio" | b"embed" | b"iframe" | b"img" | b"script" | b"source" | b"track" | b"video" => {
            attribute(b"src")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<String> {
        let base = Url::parse("http://example.org/a/b").unwrap();
        links(html, &base)
            .into_iter()
            .map(|link| link.map_or_else(|text| format!("no link: {text}"), String::from))
            .collect()
    }

    #[test]
    fn links_are_relative_to_their_page() {
        let html = r#"<p>See <A HREF="c">c</A>, <a href='/d#part'>d</a>, <a href=//other.org>other</a>, <a href="">here</a>"#;
        let expected = [
            "http://example.org/a/c",
            "http://example.org/d",
            "http://other.org/",
            "http://example.org/a/b",
        ];
        assert_eq!(found(html), expected);
    }

    #[test]
    fn a_base_holds_for_what_follows() {
        let html = r#"<a href="c">c</a><base href="/x/"><a href="c">c</a>"#;
        assert_eq!(
            found(html),
            ["http://example.org/a/c", "http://example.org/x/c"]
        );
    }

    #[test]
    fn what_a_page_loads_is_linked_too() {
        let html = r#"<link rel=stylesheet href=s.css><link rel=preconnect href=//cdn.org>
            <script src=x.js></script><img src=i.png alt="<a href=no>"><!-- <a href=no> --><a name=no>"#;
        let expected = [
            "http://example.org/a/s.css",
            "http://example.org/a/x.js",
            "http://example.org/a/i.png",
        ];
        assert_eq!(found(html), expected);
    }

    #[test]
    fn what_is_no_link_is_told() {
        assert_eq!(found("<a href='http://[no'>"), ["no link: http://[no"]);
    }
}

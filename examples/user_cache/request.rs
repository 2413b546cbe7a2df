//! Requests, and how a line of a file is read as one.

use thiserror::Error;

use crate::cache::User;

/// One request to the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Get(u64),
    Put(User),
    Delete(u64),
    Stats,
    /// Makes a server crash.
    Crash(Server),
}

/// A server of the tree, by the name that a request may call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Server {
    Primary,
    Secondary,
}

impl Server {
    const ALL: [Server; 2] = [Server::Primary, Server::Secondary];

    fn name(self) -> &'static str {
        match self {
            Server::Primary => "primary",
            Server::Secondary => "secondary",
        }
    }
}

/// The kind of a request, as the report counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Get,
    Put,
    Delete,
    Stats,
    Crash,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Get, Kind::Put, Kind::Delete, Kind::Stats, Kind::Crash];

    /// The word that a line of this kind begins with.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Get => "get",
            Kind::Put => "put",
            Kind::Delete => "delete",
            Kind::Stats => "stats",
            Kind::Crash => "crash",
        }
    }
}

impl Request {
    pub fn kind(&self) -> Kind {
        match self {
            Request::Get(_) => Kind::Get,
            Request::Put(_) => Kind::Put,
            Request::Delete(_) => Kind::Delete,
            Request::Stats => Kind::Stats,
            Request::Crash(_) => Kind::Crash,
        }
    }

    /// The user that the request is about.
    pub fn user_id(&self) -> Option<u64> {
        match self {
            Request::Get(id) | Request::Delete(id) => Some(*id),
            Request::Put(user) => Some(user.id),
            Request::Stats | Request::Crash(_) => None,
        }
    }
}

/// What a line turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Request(Request),
    /// A blank line, or a comment.
    Blank,
    Bad(BadLine),
}

/// Why a line is no request.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum BadLine {
    #[error("not valid UTF-8")]
    NotUtf8,
    #[error("longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("unknown request {}: expected `get`, `put`, `delete`, `stats` or `crash`", quote(.0))]
    UnknownRequest(String),
    #[error("{} is no id: expected a whole number from 0 to {}", quote(.0), u64::MAX)]
    BadId(String),
    #[error("{} is no server: expected `primary` or `secondary`", quote(.0))]
    BadServer(String),
    #[error("something is missing: expected `{usage}`")]
    Missing { usage: &'static str },
    #[error("{} is one word too many: expected `{usage}`", quote(.word))]
    TooMany { word: String, usage: &'static str },
}

impl Line {
    /// Reads one line, with or without its line feed.
    pub fn parse(line: &[u8]) -> Line {
        let Ok(line) = str::from_utf8(line) else {
            return Line::Bad(BadLine::NotUtf8);
        };
        let mut words = line.split_whitespace();
        match words.next() {
            None => Line::Blank,
            Some(word) if word.starts_with('#') => Line::Blank,
            Some(word) => match parse_request(word, words) {
                Ok(request) => Line::Request(request),
                Err(reason) => Line::Bad(reason),
            },
        }
    }
}

fn parse_request<'a>(kind: &str, words: impl Iterator<Item = &'a str>) -> Result<Request, BadLine> {
    let kind = Kind::ALL
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or_else(|| BadLine::UnknownRequest(kind.to_owned()))?;
    let mut words = Words {
        words,
        usage: usage(kind),
    };
    let request = match kind {
        Kind::Get => Request::Get(words.id()?),
        Kind::Put => Request::Put(User {
            id: words.id()?,
            name: words.word()?.to_owned(),
            email: words.word()?.to_owned(),
        }),
        Kind::Delete => Request::Delete(words.id()?),
        Kind::Stats => Request::Stats,
        Kind::Crash => Request::Crash(words.server()?),
    };
    words.end()?;
    Ok(request)
}

fn usage(kind: Kind) -> &'static str {
    match kind {
        Kind::Get => "get ID",
        Kind::Put => "put ID NAME EMAIL",
        Kind::Delete => "delete ID",
        Kind::Stats => "stats",
        Kind::Crash => "crash SERVER",
    }
}

/// The words that follow the first one.
struct Words<I> {
    words: I,
    usage: &'static str,
}

impl<'a, I: Iterator<Item = &'a str>> Words<I> {
    fn word(&mut self) -> Result<&'a str, BadLine> {
        self.words
            .next()
            .ok_or(BadLine::Missing { usage: self.usage })
    }

    fn id(&mut self) -> Result<u64, BadLine> {
        let word = self.word()?;
        word.parse().map_err(|_| BadLine::BadId(word.to_owned()))
    }

    fn server(&mut self) -> Result<Server, BadLine> {
        let word = self.word()?;
        Server::ALL
            .into_iter()
            .find(|server| server.name() == word)
            .ok_or_else(|| BadLine::BadServer(word.to_owned()))
    }

    fn end(&mut self) -> Result<(), BadLine> {
        match self.words.next() {
            None => Ok(()),
            Some(word) => Err(BadLine::TooMany {
                word: word.to_owned(),
                usage: self.usage,
            }),
        }
    }
}

/// Quotes a word of a file so that it fits on a line and cannot upset a terminal.
fn quote(word: &str) -> String {
    const LONGEST: usize = 40;
    let shown: String = word
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    let rest = if word.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    format!("`{shown}{rest}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(line: &[u8]) -> String {
        match Line::parse(line) {
            Line::Bad(reason) => reason.to_string(),
            other => panic!("expected a bad line, got {other:?}"),
        }
    }

    #[test]
    fn each_kind_of_request_is_read() {
        let ann = User {
            id: 7,
            name: "Ann".to_owned(),
            email: "ann@example.com".to_owned(),
        };
        for (line, request) in [
            ("get 7", Request::Get(7)),
            ("put 7 Ann ann@example.com", Request::Put(ann)),
            ("delete 18446744073709551615", Request::Delete(u64::MAX)),
            ("stats", Request::Stats),
            ("crash primary", Request::Crash(Server::Primary)),
            ("crash secondary", Request::Crash(Server::Secondary)),
            ("  get\t7 \r\n", Request::Get(7)),
        ] {
            assert_eq!(
                Line::parse(line.as_bytes()),
                Line::Request(request),
                "{line:?}"
            );
        }
    }

    #[test]
    fn blank_lines_and_comments_are_no_requests() {
        for line in ["", " \t", "\r\n", "# get 7", "  #get 7"] {
            assert_eq!(Line::parse(line.as_bytes()), Line::Blank, "{line:?}");
        }
    }

    #[test]
    fn a_bad_line_says_what_was_expected() {
        for (line, expected) in [
            (
                "fetch 7",
                "unknown request `fetch`: expected `get`, `put`, `delete`, `stats` or `crash`",
            ),
            (
                "GET 7",
                "unknown request `GET`: expected `get`, `put`, `delete`, `stats` or `crash`",
            ),
            ("crash", "something is missing: expected `crash SERVER`"),
            (
                "crash me",
                "`me` is no server: expected `primary` or `secondary`",
            ),
            ("get", "something is missing: expected `get ID`"),
            (
                "put 7 Ann",
                "something is missing: expected `put ID NAME EMAIL`",
            ),
            ("get 7 8", "`8` is one word too many: expected `get ID`"),
            ("stats # now", "`#` is one word too many: expected `stats`"),
            (
                "get -1",
                "`-1` is no id: expected a whole number from 0 to 18446744073709551615",
            ),
        ] {
            assert_eq!(reason(line.as_bytes()), expected);
        }
    }

    #[test]
    fn strange_bytes_are_reported_and_never_printed_as_they_are() {
        assert_eq!(reason(b"get \xff"), "not valid UTF-8");
        assert!(reason(b"\x1b[31mget 1").starts_with(r"unknown request `\u{1b}[31mget`"));
        let long = "x".repeat(1_000);
        assert!(reason(long.as_bytes()).len() < 150);
    }
}

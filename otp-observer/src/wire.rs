//! What goes over the socket: JSON, one value a line, both ways. A line has a bound.
//!
//! The first request is [`Request::Hello`]; the first answer too. A line that is no request is answered with
//! [`Tell::Refused`] and ends the connection.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::snapshot::{Crash, Snapshot};

/// Of the protocol. One that is not understood is refused.
pub const VERSION: u32 = 1;

/// The longest line that a program reads from who looks into it, in bytes.
pub(crate) const MAX_REQUEST: usize = 4096;

/// The longest line that an observer reads from a program, in bytes.
pub(crate) const MAX_TELL: usize = 64 << 20;

/// What is asked of a program.
///
/// # Examples
///
/// ```
/// use otp_observer::Request;
///
/// let request: Request = serde_json::from_str(r#"{"ask": "kill", "pid": "<0.7>"}"#).unwrap();
/// assert_eq!(request, Request::Kill { pid: "<0.7>".to_owned() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// Has to come first.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// The token, where one is needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// One snapshot. Nothing is counted for it.
    Snapshot,
    /// Snapshots from now on, and crashes as they happen. Messages and calls are counted from now on.
    Watch {
        /// Milliseconds between two.
        every_ms: u64,
    },
    /// What a server shows of itself.
    Status {
        /// The server.
        pid: String,
    },
    /// Suspends a server. It stays so when the observer has gone.
    Suspend {
        /// The server.
        pid: String,
    },
    /// Resumes a server.
    Resume {
        /// The server.
        pid: String,
    },
    /// Kills a process.
    Kill {
        /// The process.
        pid: String,
    },
}

/// What a program tells.
///
/// # Examples
///
/// ```
/// use otp_observer::Tell;
///
/// let tell: Tell = serde_json::from_str(r#"{"tell": "lost", "crashes": 3}"#).unwrap();
/// assert_eq!(tell, Tell::Lost { crashes: 3 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tell {
    /// Welcomes.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// What the program is called.
        program: String,
        /// Its number for the operating system.
        os_pid: u32,
    },
    /// What is seen.
    Snapshot(Snapshot),
    /// A process has crashed.
    Crash(Crash),
    /// So many crashes were more than could be told in time.
    Lost {
        /// How many.
        crashes: u64,
    },
    /// What a server shows of itself.
    Status {
        /// The server.
        pid: String,
        /// Its state, as its `format_status` shows it.
        state: String,
    },
    /// It was done.
    Done {
        /// What.
        what: String,
        /// With whom.
        pid: String,
    },
    /// It was not done.
    Failed {
        /// What.
        what: String,
        /// With whom.
        pid: String,
        /// Why not.
        why: String,
    },
    /// Nothing more will be told.
    Refused {
        /// Why not.
        why: String,
    },
}

/// A value as its line.
pub(crate) fn line<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Takes lines out of a stream.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    stream: R,
    read: Vec<u8>,
    /// Bytes of it in which there is no end of a line.
    searched: usize,
    most: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// `most`: bytes of a line.
    pub(crate) fn new(stream: R, most: usize) -> Self {
        Lines {
            stream,
            read: Vec::new(),
            searched: 0,
            most,
        }
    }

    pub(crate) fn into_stream(self) -> R {
        self.stream
    }

    /// The next line, without its end. None at the end of the stream. Dropped, nothing is lost.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let unsearched = &self.read[self.searched..];
            if let Some(end) = unsearched.iter().position(|byte| *byte == b'\n') {
                let rest = self.read.split_off(self.searched + end + 1);
                let mut line = std::mem::replace(&mut self.read, rest);
                line.pop();
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.read.len();
            if self.searched > self.most {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the line is too long",
                ));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: &str, most: usize) -> Vec<Result<String, io::ErrorKind>> {
        let mut lines = Lines::new(text.as_bytes(), most);
        let mut all = Vec::new();
        loop {
            match lines.next().await {
                Ok(Some(line)) => all.push(Ok(String::from_utf8(line).unwrap())),
                Ok(None) => return all,
                Err(error) => {
                    all.push(Err(error.kind()));
                    return all;
                }
            }
        }
    }

    #[otp_core::test]
    async fn lines_are_taken_one_by_one_and_what_has_no_end_is_none() {
        let expected = ["a", "", "bc"].map(|line| Ok(line.to_owned()));
        assert_eq!(lines("a\n\nbc\nd", 8).await, expected);
    }

    #[otp_core::test]
    async fn a_line_has_a_bound() {
        let expected = [Err(io::ErrorKind::InvalidData)];
        assert_eq!(lines("0123456789", 8).await, expected);
    }

    #[test]
    fn what_is_not_known_is_no_request() {
        for line in [
            "",
            "GET / HTTP/1.1",
            "{}",
            r#"{"ask": "reboot"}"#,
            r#"{"ask": "kill"}"#,
            r#"{"ask": "kill", "pid": "<0.1>", "really": true}"#,
        ] {
            assert!(serde_json::from_str::<Request>(line).is_err(), "{line}");
        }
    }
}

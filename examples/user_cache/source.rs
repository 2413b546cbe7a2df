//! Where the requests come from: the lines of a file, or a generator.

use std::io;
use std::path::Path;

use tokio::fs::File;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::request::{BadLine, Line};
use crate::workload::Workload;

/// Longer lines are refused, so that a file without line feeds does not fill the memory.
const LONGEST_LINE: usize = 4096;

/// Lines, one after the other.
#[derive(Debug)]
pub enum Source {
    File {
        lines: LineReader<BufReader<File>>,
        size: u64,
    },
    Generated {
        workload: Workload,
        requests: u64,
    },
}

impl Source {
    pub async fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path).await?;
        let size = file.metadata().await?.len();
        Ok(Source::File {
            lines: LineReader::new(BufReader::new(file)),
            size,
        })
    }

    /// Reads the next line; `None` at the end.
    pub async fn next(&mut self) -> io::Result<Option<Line>> {
        match self {
            Source::File { lines, .. } => lines.next().await,
            Source::Generated { workload, .. } => Ok(workload.next().map(Line::Request)),
        }
    }

    /// How much there is to read, in bytes or requests; 0 when that is unknown.
    pub fn size(&self) -> u64 {
        match self {
            Source::File { size, .. } => *size,
            Source::Generated { requests, .. } => *requests,
        }
    }

    /// How much has been read, in the unit of [`Source::size`].
    pub fn position(&self) -> u64 {
        match self {
            Source::File { lines, .. } => lines.position,
            Source::Generated { workload, requests } => requests - workload.left(),
        }
    }
}

/// Reads lines without ever holding more than one of them.
#[derive(Debug)]
pub struct LineReader<R> {
    reader: R,
    line: Vec<u8>,
    position: u64,
}

impl<R: AsyncBufRead + Unpin> LineReader<R> {
    fn new(reader: R) -> Self {
        LineReader {
            reader,
            line: Vec::new(),
            position: 0,
        }
    }

    async fn next(&mut self) -> io::Result<Option<Line>> {
        self.line.clear();
        let limit = LONGEST_LINE as u64 + 1;
        let read = (&mut self.reader)
            .take(limit)
            .read_until(b'\n', &mut self.line)
            .await?;
        self.position += read as u64;
        if read == 0 {
            return Ok(None);
        }
        if read > LONGEST_LINE && !self.line.ends_with(b"\n") {
            self.skip_line().await?;
            return Ok(Some(Line::Bad(BadLine::TooLong {
                limit: LONGEST_LINE,
            })));
        }
        Ok(Some(Line::parse(&self.line)))
    }

    async fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let bytes = self.reader.fill_buf().await?;
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let skipped = end.map_or(bytes.len(), |end| end + 1);
            self.reader.consume(skipped);
            self.position += skipped as u64;
            if end.is_some() || skipped == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;

    async fn lines(bytes: &[u8]) -> Vec<Line> {
        // A small buffer, so that lines do not fit into it.
        let mut reader = LineReader::new(BufReader::with_capacity(64, bytes));
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await.unwrap() {
            lines.push(line);
        }
        assert_eq!(reader.position, bytes.len() as u64);
        lines
    }

    #[tokio::test]
    async fn the_last_line_needs_no_line_feed() {
        let expected = [
            Line::Request(Request::Get(1)),
            Line::Blank,
            Line::Request(Request::Stats),
        ];
        assert_eq!(lines(b"get 1\n\nstats").await, expected);
        assert_eq!(lines(b"get 1\r\n\r\nstats\r\n").await, expected);
        assert_eq!(lines(b"").await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_skipped_as_a_whole() {
        let too_long = || {
            Line::Bad(BadLine::TooLong {
                limit: LONGEST_LINE,
            })
        };
        let mut file = vec![b'x'; 10 * LONGEST_LINE];
        assert_eq!(lines(&file).await, [too_long()]);
        file.extend_from_slice(b"\nget 1\n");
        assert_eq!(
            lines(&file).await,
            [too_long(), Line::Request(Request::Get(1))]
        );
    }

    #[tokio::test]
    async fn the_longest_line_is_read() {
        let mut file = b"get 1".to_vec();
        file.resize(LONGEST_LINE, b' ');
        file.extend_from_slice(b"\nstats\n");
        let expected = [
            Line::Request(Request::Get(1)),
            Line::Request(Request::Stats),
        ];
        assert_eq!(lines(&file).await, expected);
    }
}

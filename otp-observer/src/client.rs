//! The other end: connects to a program, asks it, and takes what it tells.

use std::io;

use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};

use crate::listen::Stream;
use crate::settings::Address;
use crate::snapshot::Snapshot;
use crate::wire::{Lines, MAX_TELL, Request, Tell, VERSION, line};

/// A connection to a program that lets others look into it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_observer::{Client, Observer, Settings};
///
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("observer.sock");
/// # otp_core::doc_test(async {
/// let observer = Observer::start(Settings::unix(&path)).await.unwrap();
/// let address = Observer::address(&observer).await.unwrap();
/// let mut client = Client::connect(&address, None).await.unwrap();
/// let snapshot = client.snapshot().await.unwrap();
/// assert!(snapshot.processes.iter().any(|process| process.title() == "Observer"));
/// # observer.stop().await.unwrap();
/// # });
/// ```
#[derive(Debug)]
pub struct Client {
    lines: Lines<ReadHalf<Stream>>,
    writer: WriteHalf<Stream>,
    program: String,
}

impl Client {
    /// Connects, and shows the token, if there is one.
    ///
    /// # Errors
    ///
    /// There is nobody, or one is not let in.
    ///
    /// # Cancel safety
    ///
    /// Dropped, there is no connection.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_observer::Client;
    ///
    /// # otp_core::doc_test(async {
    /// let nowhere = "/nowhere/observer.sock".parse().unwrap();
    /// assert!(Client::connect(&nowhere, None).await.is_err());
    /// # });
    /// ```
    pub async fn connect(address: &Address, token: Option<String>) -> io::Result<Self> {
        let stream = Stream::connect(address).await?;
        let (reader, writer) = tokio::io::split(stream);
        let mut client = Client {
            lines: Lines::new(reader, MAX_TELL),
            writer,
            program: String::new(),
        };
        let version = VERSION;
        client.ask(&Request::Hello { version, token }).await?;
        match client.next().await? {
            Tell::Hello { program, .. } => client.program = program,
            other => return Err(unexpected(other)),
        }
        Ok(client)
    }

    /// What the program is called.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_observer::{Client, Observer, Settings};
    /// # otp_core::doc_test(async {
    /// let observer = Observer::start(Settings::tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
    /// let address = Observer::address(&observer).await.unwrap();
    /// let client = Client::connect(&address, None).await.unwrap();
    /// assert!(!client.program().is_empty());
    /// # observer.stop().await.unwrap();
    /// # });
    /// ```
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Asks something. What comes of it is told by [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// The connection has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropped, a part of it may have been sent: then nothing more can be asked.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_observer::{Client, Observer, Request, Settings, Tell};
    /// # otp_core::doc_test(async {
    /// # let observer = Observer::start(Settings::tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
    /// # let address = Observer::address(&observer).await.unwrap();
    /// let mut client = Client::connect(&address, None).await.unwrap();
    /// client.ask(&Request::Kill { pid: "<9.9>".to_owned() }).await.unwrap();
    /// assert!(matches!(client.next().await.unwrap(), Tell::Failed { why, .. } if why == "no such process"));
    /// # observer.stop().await.unwrap();
    /// # });
    /// ```
    pub async fn ask(&mut self, request: &Request) -> io::Result<()> {
        self.writer.write_all(&line(request)?).await
    }

    /// What the program tells next.
    ///
    /// # Errors
    ///
    /// The connection has ended, or what came is nothing that is told.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_observer::{Client, Observer, Request, Settings, Tell};
    /// # otp_core::doc_test(async {
    /// # let observer = Observer::start(Settings::tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
    /// # let address = Observer::address(&observer).await.unwrap();
    /// let mut client = Client::connect(&address, None).await.unwrap();
    /// client.ask(&Request::Watch { every_ms: 1000 }).await.unwrap();
    /// assert!(matches!(client.next().await.unwrap(), Tell::Snapshot(_)));
    /// # observer.stop().await.unwrap();
    /// # });
    /// ```
    pub async fn next(&mut self) -> io::Result<Tell> {
        let line = self.lines.next().await?;
        let line = line.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(serde_json::from_slice(&line)?)
    }

    /// One snapshot.
    ///
    /// # Errors
    ///
    /// The connection has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may come later.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_observer::{Client, Observer, Settings};
    /// # otp_core::doc_test(async {
    /// # let observer = Observer::start(Settings::tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
    /// # let address = Observer::address(&observer).await.unwrap();
    /// let mut client = Client::connect(&address, None).await.unwrap();
    /// let snapshot = client.snapshot().await.unwrap();
    /// assert_eq!(snapshot.total, snapshot.processes.len());
    /// # observer.stop().await.unwrap();
    /// # });
    /// ```
    pub async fn snapshot(&mut self) -> io::Result<Snapshot> {
        self.ask(&Request::Snapshot).await?;
        loop {
            match self.next().await? {
                Tell::Snapshot(snapshot) => return Ok(snapshot),
                refused @ Tell::Refused { .. } => return Err(unexpected(refused)),
                _ => {}
            }
        }
    }
}

fn unexpected(tell: Tell) -> io::Error {
    match tell {
        Tell::Refused { why } => io::Error::new(io::ErrorKind::PermissionDenied, why),
        other => io::Error::new(io::ErrorKind::InvalidData, format!("{other:?}")),
    }
}

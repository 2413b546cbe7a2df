//! One who looks in: reads what it asks, tells it what there is, and cuts it off if it does neither ask nor read in order.
//!
//! All of it runs in a process of its own. What it tells is written before anything else is done, within the write timeout;
//! crashes wait meanwhile in a queue with a bound. It ends with its connection, and then what was counted for it is not
//! counted any more.

use std::fmt;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use otp_core::prelude::*;
use otp_core::sys::AnyServer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use crate::look::{Family, look};
use crate::settings::Settings;
use crate::snapshot::{Crash, Snapshot};
use crate::text;
use crate::watch::{Slot, Watch};
use crate::wire::{Lines, MAX_REQUEST, Request, Tell, VERSION, line};

/// How long one may take to say who it is.
const HELLO: Duration = Duration::from_secs(5);

/// The shortest time between two snapshots.
const OFTEN: Duration = Duration::from_millis(50);

/// How long one who is cut off may take to read why.
const PARTING: Duration = Duration::from_millis(200);

/// What one who is cut off may still send, in bytes.
const PARTING_BYTES: u64 = 1 << 20;

/// Requests of one client that wait for an answer at once.
const JOBS: usize = 16;

/// What all who look into one node share.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) node: Node,
    pub(crate) settings: Settings,
    pub(crate) slot: Slot,
    pub(crate) began: Instant,
    pub(crate) program: String,
}

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum End {
    /// It has gone.
    Gone,
    /// The connection has failed.
    Failed(io::Error),
    /// It does not read what it is told.
    Slow,
    /// It was told why.
    Refused(String),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        End::Failed(error)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Gone => f.write_str("it has gone"),
            End::Failed(error) => fmt::Display::fmt(error, f),
            End::Slow => f.write_str("it does not read"),
            End::Refused(why) => f.write_str(why),
        }
    }
}

/// Serves a connection until it ends.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite>(stream: S, host: Arc<Host>) -> End {
    let (reader, writer) = tokio::io::split(stream);
    let mut session = Session {
        lines: Lines::new(reader, MAX_REQUEST),
        writer,
        watching: None,
        family: Family::default(),
        jobs: JoinSet::new(),
        host,
    };
    let end = match session.run().await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    if let End::Refused(why) = &end {
        let told = session.tell(&Tell::Refused { why: why.clone() }).await;
        if told.is_ok() {
            part(session.lines.into_stream(), session.writer).await;
        }
    }
    end
}

/// Refuses a connection.
pub(crate) async fn refuse<S: AsyncRead + AsyncWrite>(stream: S, why: &str) {
    let (reader, mut writer) = tokio::io::split(stream);
    let why = why.to_owned();
    if let Ok(line) = line(&Tell::Refused { why })
        && let Ok(Ok(())) = timeout(PARTING, writer.write_all(&line)).await
    {
        part(reader, writer).await;
    }
}

/// Lets the other end read why. What it has sent, and nobody has read, would take that away with the connection.
async fn part<S: AsyncRead + AsyncWrite>(reader: ReadHalf<S>, mut writer: WriteHalf<S>) {
    let _ = timeout(PARTING, async {
        let _ = writer.shutdown().await;
        let mut rest = reader.take(PARTING_BYTES);
        let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
    })
    .await;
}

#[derive(Debug)]
struct Session<S> {
    lines: Lines<ReadHalf<S>>,
    writer: WriteHalf<S>,
    watching: Option<Watching>,
    family: Family,
    /// What servers were asked.
    jobs: JoinSet<Tell>,
    host: Arc<Host>,
}

/// One who watches.
#[derive(Debug)]
struct Watching {
    watch: Arc<Watch>,
    crashes: broadcast::Receiver<Crash>,
    ticks: Interval,
}

/// What a session has waited for.
enum Next {
    Line(io::Result<Option<Vec<u8>>>),
    Tick,
    Crash(Result<Crash, RecvError>),
    Job(Tell),
    Idle,
}

impl<S: AsyncRead + AsyncWrite> Session<S> {
    async fn run(&mut self) -> Result<std::convert::Infallible, End> {
        let patience = HELLO.min(self.host.settings.idle_timeout);
        let Ok(hello) = timeout(patience, self.lines.next()).await else {
            return Err(End::Refused("it does not say who it is".to_owned()));
        };
        self.welcome(request(hello)?).await?;
        loop {
            match self.next().await {
                Next::Line(line) => self.handle(request(line)?).await?,
                Next::Tick => self.show().await?,
                Next::Crash(Ok(crash)) => self.tell(&Tell::Crash(crash)).await?,
                Next::Crash(Err(RecvError::Lagged(crashes))) => {
                    self.tell(&Tell::Lost { crashes }).await?;
                }
                Next::Crash(Err(RecvError::Closed)) => self.watching = None,
                Next::Job(tell) => self.tell(&tell).await?,
                Next::Idle => return Err(End::Refused("it asks nothing".to_owned())),
            }
        }
    }

    async fn next(&mut self) -> Next {
        let (ticks, crashes) = match &mut self.watching {
            Some(watching) => (Some(&mut watching.ticks), Some(&mut watching.crashes)),
            None => (None, None),
        };
        let is_idle = ticks.is_none() && self.jobs.is_empty();
        let idle_timeout = self.host.settings.idle_timeout;
        tokio::select! {
            crash = maybe(crashes.map(broadcast::Receiver::recv)) => Next::Crash(crash),
            Some(job) = self.jobs.join_next() => Next::Job(job.unwrap_or_else(|error| Tell::Failed {
                what: "it".to_owned(),
                pid: String::new(),
                why: error.to_string(),
            })),
            line = self.lines.next() => Next::Line(line),
            _ = maybe(ticks.map(Interval::tick)) => Next::Tick,
            () = tokio::time::sleep(idle_timeout), if is_idle => Next::Idle,
        }
    }

    async fn welcome(&mut self, first: Request) -> Result<(), End> {
        let Request::Hello { version, token } = first else {
            return Err(End::Refused("hello comes first".to_owned()));
        };
        if !self.host.settings.admits(token.as_deref()) {
            return Err(End::Refused("that is not the token".to_owned()));
        }
        if version != VERSION {
            let why = format!("version {VERSION} is spoken here, not {version}");
            return Err(End::Refused(why));
        }
        self.tell(&Tell::Hello {
            version: VERSION,
            program: self.host.program.clone(),
            os_pid: std::process::id(),
        })
        .await
    }

    async fn handle(&mut self, request: Request) -> Result<(), End> {
        match request {
            Request::Hello { .. } => Err(End::Refused("hello comes once".to_owned())),
            Request::Snapshot => self.show().await,
            Request::Watch { every_ms } => {
                let watch = self.host.slot.join(&self.host.node, self.host.began);
                let mut ticks = interval(Duration::from_millis(every_ms).max(OFTEN));
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                self.watching = Some(Watching {
                    crashes: watch.crashes(),
                    watch,
                    ticks,
                });
                Ok(())
            }
            Request::Kill { pid } => self.kill(pid).await,
            Request::Status { pid } => self.ask(pid, "status", status).await,
            Request::Suspend { pid } => {
                let suspend = async |server: AnyServer| server.suspend().await.map(|()| None);
                self.ask(pid, "suspend", suspend).await
            }
            Request::Resume { pid } => {
                let resume = async |server: AnyServer| server.resume().await.map(|()| None);
                self.ask(pid, "resume", resume).await
            }
        }
    }

    async fn show(&mut self) -> Result<(), End> {
        let host = Arc::clone(&self.host);
        let watch = self.watching.as_ref().map(|watching| &watching.watch);
        let most = host.settings.processes;
        let seen = look(&host.node, watch, &mut self.family, most).await;
        let snapshot = Snapshot {
            program: host.program.clone(),
            os_pid: std::process::id(),
            at_ms: text::millis(host.began.elapsed()),
            ..seen
        };
        self.tell(&Tell::Snapshot(snapshot)).await
    }

    async fn kill(&mut self, pid: String) -> Result<(), End> {
        let what = "kill".to_owned();
        let tell = match find(&self.host.node, &pid) {
            Some(target) => {
                process::exit(target, ExitReason::Kill);
                Tell::Done { what, pid }
            }
            None => failed(what, pid, "no such process"),
        };
        self.tell(&tell).await
    }

    /// Asks a server, and goes on meanwhile.
    async fn ask<F>(
        &mut self,
        pid: String,
        what: &'static str,
        ask: impl FnOnce(AnyServer) -> F,
    ) -> Result<(), End>
    where
        F: Future<Output = Result<Option<String>, CallFailure>> + Send + 'static,
    {
        let what = what.to_owned();
        let node = &self.host.node;
        let Some(target) = find(node, &pid) else {
            return self.tell(&failed(what, pid, "no such process")).await;
        };
        let Some(server) = AnyServer::of(node, target) else {
            return self.tell(&failed(what, pid, "it is no server")).await;
        };
        if self.jobs.len() >= JOBS {
            let why = "too much was asked that was not answered yet";
            return self.tell(&failed(what, pid, why)).await;
        }
        let asked = ask(server);
        let job = async move {
            match asked.await {
                Ok(Some(state)) => Tell::Status { pid, state },
                Ok(None) => Tell::Done { what, pid },
                Err(failure) => failed(what, pid, failure),
            }
        };
        self.jobs.spawn(job.in_node(node));
        Ok(())
    }

    async fn tell(&mut self, tell: &Tell) -> Result<(), End> {
        let line = line(tell)?;
        let written = timeout(
            self.host.settings.write_timeout,
            self.writer.write_all(&line),
        );
        match written.await {
            Ok(written) => Ok(written?),
            Err(_) => Err(End::Slow),
        }
    }
}

async fn status(server: AnyServer) -> Result<Option<String>, CallFailure> {
    let status = server.get_status().await?;
    Ok(Some(text::long(status.state)))
}

fn request(line: io::Result<Option<Vec<u8>>>) -> Result<Request, End> {
    let line = match line {
        Ok(line) => line.ok_or(End::Gone)?,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(End::Refused(error.to_string()));
        }
        Err(error) => return Err(End::Failed(error)),
    };
    serde_json::from_slice(&line).map_err(|error| End::Refused(format!("no request: {error}")))
}

fn failed(what: String, pid: String, why: impl fmt::Display) -> Tell {
    let why = why.to_string();
    Tell::Failed { what, pid, why }
}

/// The process that is called so on the socket.
fn find(node: &Node, pid: &str) -> Option<Pid> {
    let mut pids = node.processes().into_iter();
    pids.find(|process| process.to_string() == pid)
}

/// Waits for something, if there is something to wait for.
async fn maybe<F: Future>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

//! Replays requests: one task reads them, several clients send them to the cache.

use std::future::Future;
use std::io;
use std::time::Duration;

use otp_core::prelude::{CallFailure, CastOutcome};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{self, Instant};

use crate::progress::Progress;
use crate::request::{Line, Request};
use crate::source::Source;
use crate::tally::{Answer, Tally};
use crate::tree::CacheTreeRef;

/// How many requests wait for a client at most. The reader waits meanwhile.
const QUEUE: usize = 64;

/// How the requests are sent.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    pub clients: usize,
    /// How long a call waits for its answer.
    pub timeout: Duration,
    /// How many lines are read a second at most; 0 for no limit.
    pub rate: u32,
}

/// What became of the lines. Every line that was read is answered, failed or skipped.
#[derive(Debug)]
pub struct Replay {
    pub lines: Lines,
    pub tally: Tally,
    pub elapsed: Duration,
    pub end: End,
}

/// How many lines there were.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    pub read: u64,
    pub bad: u64,
    pub blank: u64,
}

/// Why the replay ended.
#[derive(Debug)]
pub enum End {
    Complete,
    Interrupted,
    Unreadable(io::Error),
}

/// Sends the requests of `source` to the caches until they end or `interrupt` is ready, and waits
/// for the answers to those that have been sent.
pub async fn replay(
    tree: &CacheTreeRef,
    mut source: Source,
    options: &ReplayOptions,
    mut progress: Progress,
    interrupt: impl Future<Output = ()>,
) -> Replay {
    let start = Instant::now();
    let mut clients = JoinSet::new();
    let mut queues = Vec::new();
    for _ in 0..options.clients {
        let (queue, requests) = mpsc::channel(QUEUE);
        clients.spawn(client(tree.clone(), requests, options.timeout));
        queues.push(queue);
    }

    let mut lines = Lines::default();
    let end = tokio::select! {
        biased;
        () = interrupt => End::Interrupted,
        read = read(&mut source, tree, &queues, options.rate, &mut lines, &mut progress) => match read {
            Ok(()) => End::Complete,
            Err(error) => End::Unreadable(error),
        },
    };

    drop(queues); // A client ends when its queue is closed and empty.
    let mut tally = Tally::default();
    while let Some(client) = clients.join_next().await {
        tally.merge(client.expect("a client does not panic"));
    }
    progress.finish();
    Replay {
        lines,
        tally,
        elapsed: start.elapsed(),
        end,
    }
}

/// Hands each request to a client. Requests for the same user go to the same client, which keeps
/// them in order.
///
/// What changes a user goes to the secondary as well, from here and so in the order of the lines:
/// it keeps what the primary loses when it crashes.
///
/// # Cancel safety
///
/// The line at which this is dropped is neither sent nor counted.
async fn read(
    source: &mut Source,
    tree: &CacheTreeRef,
    queues: &[mpsc::Sender<Request>],
    rate: u32,
    lines: &mut Lines,
    progress: &mut Progress,
) -> io::Result<()> {
    let start = Instant::now();
    let secondary = tree.secondary();
    while let Some(line) = source.next().await? {
        match line {
            Line::Request(request) => {
                match &request {
                    // A cast waits for room in the secondary's mailbox.
                    Request::Put(user) => drop(secondary.put_user(user.clone()).await),
                    Request::Delete(id) => drop(secondary.delete_user(*id).await),
                    Request::Get(_) | Request::Stats | Request::Crash(_) => {}
                }
                let client = request.user_id().unwrap_or(lines.read) % queues.len() as u64;
                let sent = queues[client as usize].send(request).await;
                sent.expect("a client works until its queue is closed");
            }
            Line::Blank => lines.blank += 1,
            Line::Bad(reason) => {
                lines.bad += 1;
                progress.say(format_args!("line {}: {reason}; skipped", lines.read + 1));
            }
        }
        lines.read += 1;
        progress.advance(source.position(), lines.read);
        keep_to(rate, start, lines.read).await;
    }
    Ok(())
}

/// Waits until `lines` lines may have been read at this rate.
async fn keep_to(rate: u32, start: Instant, lines: u64) {
    if rate == 0 {
        return;
    }
    let due = start + Duration::from_secs_f64(lines as f64 / f64::from(rate));
    if due > Instant::now() {
        time::sleep_until(due).await;
    }
}

/// Sends requests to the primary, one after the other, and counts what becomes of them.
///
/// This is an ordinary tokio task: a handle such as `CacheTreeRef` works in any of them.
async fn client(
    tree: CacheTreeRef,
    mut requests: mpsc::Receiver<Request>,
    timeout: Duration,
) -> Tally {
    let mut tally = Tally::default();
    while let Some(request) = requests.recv().await {
        let kind = request.kind();
        let start = Instant::now();
        let outcome = send(&tree, request, timeout).await;
        tally.record(kind, start.elapsed(), outcome);
    }
    tally
}

/// Sends one request. A call is answered by the cache; a cast counts as answered as soon as the
/// cache's mailbox has taken it. Otherwise this gives the reason.
async fn send(tree: &CacheTreeRef, request: Request, timeout: Duration) -> Result<Answer, String> {
    // Follows the primary through its restarts.
    let cache = tree.primary();
    match request {
        Request::Get(id) => match cache.get_user(id).timeout(timeout).await {
            Ok(Some(_user)) => Ok(Answer::Hit),
            Ok(None) => Ok(Answer::Miss),
            Err(failure) => Err(failure.to_string()),
        },
        Request::Put(user) => accepted(cache.put_user(user).await),
        Request::Delete(id) => accepted(cache.delete_user(id).await),
        Request::Stats => match cache.stats().timeout(timeout).await {
            Ok(_stats) => Ok(Answer::Stats),
            Err(failure) => Err(failure.to_string()),
        },
        Request::Crash(server) => match tree.registry().lookup(&server) {
            Some(server) => match server.crash().timeout(timeout).await {
                Err(CallFailure::Exit(_)) => Ok(Answer::Crashed),
                Err(failure) => Err(failure.to_string()),
            },
            None => Err(CallFailure::NoProc.to_string()),
        },
    }
}

fn accepted(outcome: CastOutcome) -> Result<Answer, String> {
    match outcome {
        CastOutcome::Queued => Ok(Answer::Accepted),
        other => Err(format!("the cast was not queued: {other:?}")),
    }
}

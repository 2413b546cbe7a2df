//! What the tests look into, and with what.

use std::io;
use std::path::PathBuf;

use otp_core::prelude::*;
use otp_observer::{Address, Client, Observer, Process, Request, Settings, Snapshot, Tell};
use tempfile::TempDir;

/// Never to be shown.
pub const SECRET: &str = "4111-1111-1111-1111";

/// Keeps a secret, adds, and fails if asked to.
#[gen_server]
pub struct Vault {
    secret: &'static str,
    sum: u64,
}

#[gen_server]
impl Vault {
    #[init]
    pub fn init() -> Self {
        Vault {
            secret: SECRET,
            sum: 0,
        }
    }

    #[call]
    pub fn add(&mut self, by: u64) -> u64 {
        self.sum += by;
        self.sum
    }

    #[cast]
    pub fn put(&mut self, by: u64) {
        self.sum += by;
    }

    #[call]
    pub fn fail(&mut self) {
        assert!(self.secret.is_empty(), "the vault has failed");
    }

    #[format_status]
    fn format_status(&self) -> String {
        format!("Vault {{ secret: …, sum: {} }}", self.sum)
    }
}

/// Calls another one of its kind.
#[gen_server]
pub struct Knot {
    other: Option<KnotRef>,
}

#[gen_server]
impl Knot {
    #[init]
    pub fn init() -> Self {
        Knot { other: None }
    }

    #[call]
    pub fn meet(&mut self, other: KnotRef) {
        self.other = Some(other);
    }

    #[call]
    pub async fn pull(&mut self, times: u32) {
        if let Some(other) = self.other.clone()
            && times > 0
        {
            let _ = other.pull(times - 1).timeout_infinite().await;
        }
    }
}

supervisor! {
    /// Two vaults, one below another supervisor.
    pub struct Bank();

    strategy: one_for_one,
    max_restarts: 100 in 1s,

    children: {
        front: Vault(),
        cellar: Cellar(),
    }
}

supervisor! {
    /// Below.
    pub struct Cellar();

    strategy: one_for_one,
    max_restarts: 100 in 1s,

    children: {
        deep: Vault(),
    }
}

/// A program that lets others look in.
pub struct Program {
    pub directory: TempDir,
    pub observer: ServerRef<Observer>,
    pub address: Address,
}

impl Program {
    /// With the settings that are made of those for its socket.
    pub async fn start(settings: impl FnOnce(Settings) -> Settings) -> Self {
        let directory = tempfile::tempdir().expect("there is room for a socket");
        let path = directory.path().join("observer.sock");
        let observer = Observer::start(settings(Settings::unix(path)))
            .await
            .expect("it can listen");
        let address = Observer::address(&observer).await.expect("it listens");
        Program {
            directory,
            observer,
            address,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("observer.sock")
    }

    pub async fn client(&self) -> Client {
        Client::connect(&self.address, None)
            .await
            .expect("one may look in")
    }

    /// A client that watches.
    pub async fn watcher(&self) -> Client {
        let mut client = self.client().await;
        client
            .ask(&Request::Watch { every_ms: 50 })
            .await
            .expect("it listens");
        client
    }

    pub async fn stop(self) {
        self.observer.stop().await.expect("it stops");
    }
}

/// Takes what is told until something is what one waits for.
pub async fn until<T>(client: &mut Client, mut found: impl FnMut(Tell) -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = found(client.next().await.expect("it goes on")) {
                return found;
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    waited.expect("it is told")
}

/// Waits for a snapshot of which something is true.
pub async fn seen(client: &mut Client, mut is_true: impl FnMut(&Snapshot) -> bool) -> Snapshot {
    until(client, |tell| match tell {
        Tell::Snapshot(snapshot) if is_true(&snapshot) => Some(snapshot),
        _ => None,
    })
    .await
}

pub fn find(snapshot: &Snapshot, pid: Option<Pid>) -> &Process {
    let pid = pid.expect("it is alive").to_string();
    let mut processes = snapshot.processes.iter();
    let found = processes.find(|process| process.pid == pid);
    found.expect("it is shown")
}

/// What is told to a client of a raw connection, until it is let go.
pub async fn all_told(mut stream: tokio::net::UnixStream) -> String {
    use tokio::io::AsyncReadExt;

    let mut told = String::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut told));
    match reading.await.expect("it is let go") {
        Ok(_) => {}
        // What it sent was not read any more.
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
    told
}

/// Processes of the node, without the test itself.
pub fn process_count() -> usize {
    node().processes().len() - 1
}

pub fn node() -> Node {
    Node::current().expect("a test has a node")
}

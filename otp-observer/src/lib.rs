//! Looks into a running program: its supervision tree, its processes, its crashes and deadlocks. Erlang's observer.
//!
//! There are two ends. In the program an [`Observer`] listens at a local socket, if it was started; without one nothing is
//! listened at, counted or kept. At the other end is the program `otp-observer`, which shows it all in a terminal, or a
//! [`Client`], for programs of one's own.
//!
//! ```
//! use otp_core::prelude::*;
//! use otp_observer::{Client, Observer, Settings};
//!
//! # let directory = tempfile::tempdir().unwrap();
//! # let path = directory.path().join("observer.sock");
//! # otp_core::doc_test(async {
//! // In the program, or in its tree as `observer: Observer(settings)`:
//! let observer = Observer::start(Settings::unix(&path)).await.unwrap();
//!
//! // Elsewhere, what `otp-observer --mermaid PATH` does:
//! let mut client = Client::connect(&path.to_str().unwrap().parse().unwrap(), None).await.unwrap();
//! let chart = client.snapshot().await.unwrap().to_mermaid();
//! assert!(chart.starts_with("flowchart TD"));
//! # observer.stop().await.unwrap();
//! # });
//! ```
//!
//! # What it costs
//!
//! Nothing while nobody is attached. Who watches has handlers attached to the events of calls, supervisors and crashes, see
//! [`otp_core::telemetry`], and the statistics of the servers switched on; with the last who watches both are gone again. To
//! switch them on and off is a request in a server's mailbox: an idle timeout of the server begins anew then, as with every
//! system message of OTP. Nothing else is asked of a server that is only watched; supervisors are asked for their children
//! when something happened to one.
//!
//! # Who may look in
//!
//! Who may look in may kill. A socket in the file system is for its owner and root. An address of the network is refused
//! unless it is of this machine or there is a token; nothing is encrypted, so that beyond this machine it belongs into a
//! tunnel. Who sends what is no request, does not say who it is, or does not read what it is told, is cut off.
//!
//! States are shown as the servers' [`format_status`](otp_core::GenServer::format_status) shows them: what that leaves out
//! never gets to the socket. The reasons of crashes are shown as they are.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod cycles;
mod forest;
mod listen;
mod look;
mod mermaid;
mod observer;
#[cfg(feature = "terminal")]
mod rates;
mod session;
mod settings;
mod snapshot;
#[cfg(feature = "terminal")]
pub mod terminal;
mod text;
mod watch;
mod wire;

pub use client::Client;
pub use observer::Observer;
#[doc(hidden)]
pub use observer::{ObserverInit, ObserverMessage};
pub use settings::{Address, ListenError, Settings};
pub use snapshot::{Child, Crash, Process, Snapshot};
pub use wire::{Request, Tell, VERSION};

/// The README's program, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

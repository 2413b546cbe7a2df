//! Where a program may be looked into, by whom, and how much.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where a program listens.
///
/// # Examples
///
/// ```
/// use otp_observer::Address;
///
/// assert_eq!("/run/shop.sock".parse(), Ok(Address::Unix("/run/shop.sock".into())));
/// assert_eq!("127.0.0.1:4000".parse(), Ok(Address::Tcp("127.0.0.1:4000".parse().unwrap())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Address {
    /// A socket in the file system, which belongs to whom the program belongs to.
    Unix(PathBuf),
    /// An address of the network.
    Tcp(SocketAddr),
}

impl FromStr for Address {
    type Err = std::convert::Infallible;

    /// An address with a port is one of the network, everything else a path.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.parse() {
            Ok(address) => Address::Tcp(address),
            Err(_) => Address::Unix(text.into()),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => fmt::Display::fmt(&path.display(), f),
            Address::Tcp(address) => fmt::Display::fmt(address, f),
        }
    }
}

/// Why a program does not listen.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_observer::{Observer, Settings};
///
/// # otp_core::doc_test(async {
/// let everywhere = Settings::tcp("0.0.0.0:0".parse().unwrap());
/// let refused = Observer::start(everywhere).await.unwrap_err();
/// assert!(refused.to_string().contains("needs a token"));
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Whoever is not on this machine needs a token.
    #[error("{0} is beyond this machine, and needs a token")]
    NeedsToken(SocketAddr),
    /// The token is empty.
    #[error("the token is empty")]
    EmptyToken,
    /// Somebody listens there already.
    #[error("somebody listens at {} already", .0.display())]
    InUse(PathBuf),
    /// The system does not let it.
    #[error("cannot listen at {0}: {1}")]
    Io(Address, #[source] io::Error),
}

/// How an [`Observer`](crate::Observer) works.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use otp_observer::Settings;
///
/// let settings = Settings::unix("/run/shop.sock").clients(2).write_timeout(Duration::from_secs(1));
/// assert!(format!("{settings:?}").contains("/run/shop.sock"));
/// ```
#[derive(Clone)]
#[must_use = "nothing listens until an observer is started with them"]
pub struct Settings {
    pub(crate) address: Address,
    pub(crate) token: Option<String>,
    pub(crate) clients: usize,
    pub(crate) processes: usize,
    pub(crate) write_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

impl Settings {
    fn new(address: Address) -> Self {
        Settings {
            address,
            token: None,
            clients: 8,
            processes: 2000,
            write_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(60),
        }
    }

    /// At a socket in the file system, that only this user may use.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_observer::{Observer, Settings};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("observer.sock");
    /// # otp_core::doc_test(async {
    /// let observer = Observer::start(Settings::unix(&path)).await.unwrap();
    /// assert!(path.exists());
    /// observer.stop().await.unwrap();
    /// assert!(!path.exists());
    /// # });
    /// ```
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Settings::new(Address::Unix(path.into()))
    }

    /// At an address of the network: one of this machine only, or with a [token](Self::token).
    ///
    /// Nothing is encrypted. Every user of this machine may connect to an address of it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// use otp_observer::{Address, Observer, Settings};
    ///
    /// # otp_core::doc_test(async {
    /// let observer = Observer::start(Settings::tcp("127.0.0.1:0".parse().unwrap())).await.unwrap();
    /// let address = Observer::address(&observer).await.unwrap();
    /// assert!(matches!(address, Address::Tcp(address) if address.port() != 0));
    /// # observer.stop().await.unwrap();
    /// # });
    /// ```
    pub fn tcp(address: SocketAddr) -> Self {
        Settings::new(Address::Tcp(address))
    }

    /// Where [`Address`] says.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::Settings;
    ///
    /// let settings = Settings::at("[::1]:4000".parse().unwrap());
    /// assert!(format!("{settings:?}").contains("Tcp"));
    /// ```
    pub fn at(address: Address) -> Self {
        Settings::new(address)
    }

    /// What who wants to look in has to know.
    ///
    /// # Examples
    ///
    /// ```
    /// use otp_observer::Settings;
    ///
    /// let settings = Settings::tcp("0.0.0.0:4000".parse().unwrap()).token("a secret");
    /// assert!(!format!("{settings:?}").contains("a secret"));
    /// ```
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// How many may look in at once. 8 unless told otherwise; the next is refused.
    ///
    /// # Examples
    ///
    /// ```
    /// let settings = otp_observer::Settings::unix("observer.sock").clients(1);
    /// assert!(format!("{settings:?}").contains("clients: 1"));
    /// ```
    pub fn clients(mut self, clients: usize) -> Self {
        self.clients = clients;
        self
    }

    /// About how many processes a snapshot shows. 2000 unless told otherwise; of more, those that have most to do.
    ///
    /// # Examples
    ///
    /// ```
    /// let settings = otp_observer::Settings::unix("observer.sock").processes(100);
    /// assert!(format!("{settings:?}").contains("processes: 100"));
    /// ```
    pub fn processes(mut self, processes: usize) -> Self {
        self.processes = processes;
        self
    }

    /// How long one may take to read what it was sent, before it is cut off. 5 s unless told otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// let settings = otp_observer::Settings::unix("observer.sock").write_timeout(Duration::from_secs(1));
    /// assert!(format!("{settings:?}").contains("write_timeout: 1s"));
    /// ```
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// How long one who watches nothing may ask nothing, before it is cut off. 60 s unless told otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// let settings = otp_observer::Settings::unix("observer.sock").idle_timeout(Duration::from_secs(1));
    /// assert!(format!("{settings:?}").contains("idle_timeout: 1s"));
    /// ```
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Whether it may listen so.
    pub(crate) fn check(&self) -> Result<(), ListenError> {
        match (&self.token, &self.address) {
            (Some(token), _) if token.is_empty() => Err(ListenError::EmptyToken),
            (None, Address::Tcp(address)) if !address.ip().is_loopback() => {
                Err(ListenError::NeedsToken(*address))
            }
            _ => Ok(()),
        }
    }

    /// Whether one that shows this token may look in.
    pub(crate) fn admits(&self, shown: Option<&str>) -> bool {
        match (&self.token, shown) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(token), Some(shown)) => is_same(token.as_bytes(), shown.as_bytes()),
        }
    }
}

/// Compares in a time that tells no more than whether they are of one length.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let pairs = one.iter().zip(other);
    let different = pairs.fold(0, |different, (a, b)| {
        std::hint::black_box(different | (a ^ b))
    });
    std::hint::black_box(different) == 0
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("clients", &self.clients)
            .field("processes", &self.processes)
            .field("write_timeout", &self.write_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(address: &str) -> Settings {
        Settings::tcp(address.parse().unwrap())
    }

    #[test]
    fn beyond_this_machine_a_token_is_needed() {
        for here in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1"] {
            assert!(tcp(here).check().is_ok(), "{here}");
        }
        for beyond in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"] {
            let refused = tcp(beyond).check();
            assert!(
                matches!(refused, Err(ListenError::NeedsToken(_))),
                "{beyond}"
            );
            assert!(tcp(beyond).token("x").check().is_ok(), "{beyond}");
        }
        let empty = tcp("127.0.0.1:1").token("").check();
        assert!(matches!(empty, Err(ListenError::EmptyToken)));
        assert!(Settings::unix("x").check().is_ok());
    }

    #[test]
    fn a_token_has_to_be_the_one() {
        let settings = tcp("0.0.0.0:1").token("secret");
        for wrong in [
            None,
            Some(""),
            Some("secre"),
            Some("secrets"),
            Some("Secret"),
        ] {
            assert!(!settings.admits(wrong), "{wrong:?}");
        }
        assert!(settings.admits(Some("secret")));
        assert!(Settings::unix("x").admits(None));
    }
}

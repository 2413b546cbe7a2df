//! The listening socket: who may connect is decided here, as far as the system can tell.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::settings::{Address, ListenError, Settings};

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Listener {
    #[cfg(unix)]
    Unix(unix::Listener),
    Tcp(TcpListener),
}

impl Listener {
    /// It listens as long as it is held, and is found as long as its [`Place`] is.
    pub(crate) async fn bind(settings: &Settings) -> Result<(Self, Place), ListenError> {
        settings.check()?;
        let failed = |error| ListenError::Io(settings.address.clone(), error);
        match &settings.address {
            #[cfg(unix)]
            Address::Unix(path) => {
                let (listener, file) = unix::bind(path).await?;
                Ok((Listener::Unix(listener), Place::Unix(file)))
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(failed(io::ErrorKind::Unsupported.into())),
            Address::Tcp(address) => {
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?;
                Ok((Listener::Tcp(listener), Place::Tcp(address)))
            }
        }
    }

    /// The next one that may be here.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match self {
            #[cfg(unix)]
            Listener::Unix(listener) => listener.accept().await.map(Stream::Unix),
            Listener::Tcp(listener) => Ok(Stream::Tcp(listener.accept().await?.0)),
        }
    }
}

/// Where a socket is found. Dropped, its file is gone.
#[derive(Debug)]
pub(crate) enum Place {
    #[cfg(unix)]
    Unix(unix::File),
    Tcp(SocketAddr),
}

impl Place {
    pub(crate) fn address(&self) -> Address {
        match self {
            #[cfg(unix)]
            Place::Unix(file) => Address::Unix(file.path().to_owned()),
            Place::Tcp(address) => Address::Tcp(*address),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) enum Stream {
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    pub(crate) async fn connect(address: &Address) -> io::Result<Self> {
        match address {
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await?;
                Ok(Stream::Unix(stream))
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            Address::Tcp(address) => Ok(Stream::Tcp(TcpStream::connect(address).await?)),
        }
    }
}

/// The connection itself, of whichever kind it is.
macro_rules! inner {
    ($stream:expr) => {
        match $stream.get_mut() {
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(stream) as Pin<&mut dyn Duplex>,
            Stream::Tcp(stream) => Pin::new(stream) as Pin<&mut dyn Duplex>,
        }
    };
}

trait Duplex: AsyncRead + AsyncWrite {}

impl<T: AsyncRead + AsyncWrite> Duplex for T {}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        inner!(self).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        inner!(self).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self).poll_shutdown(cx)
    }
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};

    use tokio::net::{UnixListener, UnixStream};

    use crate::settings::{Address, ListenError};

    /// A socket in the file system.
    #[derive(Debug)]
    pub(crate) struct Listener {
        listener: UnixListener,
        owner: u32,
    }

    /// The file of a socket.
    #[derive(Debug)]
    pub(crate) struct File {
        path: PathBuf,
        identity: Identity,
    }

    /// Which file it is.
    #[derive(Debug, PartialEq, Eq)]
    struct Identity {
        device: u64,
        inode: u64,
    }

    impl Identity {
        fn of(metadata: &fs::Metadata) -> Self {
            Identity {
                device: metadata.dev(),
                inode: metadata.ino(),
            }
        }
    }

    /// In the place of one that nobody listens at any more, if there is one.
    pub(crate) async fn bind(path: &Path) -> Result<(Listener, File), ListenError> {
        let failed = |error| ListenError::Io(Address::Unix(path.to_owned()), error);
        if is_socket(path) {
            match UnixStream::connect(path).await {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    fs::remove_file(path).map_err(failed)?;
                }
                _ => return Err(ListenError::InUse(path.to_owned())),
            }
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(path, private).map_err(failed)?;
        let metadata = fs::symlink_metadata(path).map_err(failed)?;
        let owner = metadata.uid();
        let file = File {
            path: path.to_owned(),
            identity: Identity::of(&metadata),
        };
        Ok((Listener { listener, owner }, file))
    }

    impl Listener {
        /// The next one who is the owner or root: the file's mode keeps others off, but was not so from the beginning.
        pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
            loop {
                let (stream, _) = self.listener.accept().await?;
                let peer = stream.peer_cred()?.uid();
                if peer == self.owner || peer == 0 {
                    return Ok(stream);
                }
            }
        }
    }

    fn is_socket(path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
    }

    impl File {
        pub(crate) fn path(&self) -> &Path {
            &self.path
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            // Another one may have taken its place.
            let metadata = fs::symlink_metadata(&self.path);
            if metadata.is_ok_and(|metadata| Identity::of(&metadata) == self.identity) {
                let _ = fs::remove_file(&self.path);
            }
        }
    }
}

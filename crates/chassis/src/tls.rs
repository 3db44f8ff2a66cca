//! TLS on what a role listens on: certificates from files, exchanged while it runs; a handshake holds nobody else up.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};
use tokio_rustls::server::TlsStream;
use tracing::debug;

use crate::watched::{FileError, Watched};

/// A connection that has not said who it is after this long is closed.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// So many handshakes are under way at once; further connections wait in the system's queue.
const HANDSHAKES_MAX: usize = 256;

/// The files that TLS needs, in PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Whose clients may connect over gRPC: the authorities of their certificates. None: any client, tokens decide.
    pub client_authorities: Option<PathBuf>,
}

/// What is spoken within TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spoken {
    /// gRPC: HTTP/2.
    Grpc,
    /// The side door: HTTP/1.1. Nobody asks it for a client's certificate: probes and browsers have none.
    Http,
}

/// TLS, as the files have it now. Connections that are open keep what they were opened with.
#[derive(Clone, Debug)]
pub struct Tls {
    grpc: Arc<Watched<ServerConfig>>,
    http: Arc<Watched<ServerConfig>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read or used, or the key is not the certificate's.
    pub fn open(files: &TlsFiles) -> Result<Self, FileError> {
        let mut for_grpc = vec![files.certificate.clone(), files.key.clone()];
        let for_http = for_grpc.clone();
        for_grpc.extend(files.client_authorities.clone());
        Ok(Self {
            grpc: Arc::new(Watched::open(for_grpc, |files| {
                config(files, Spoken::Grpc)
            })?),
            http: Arc::new(Watched::open(for_http, |files| {
                config(files, Spoken::Http)
            })?),
        })
    }

    fn now(&self, spoken: Spoken) -> Arc<ServerConfig> {
        match spoken {
            Spoken::Grpc => self.grpc.now(),
            Spoken::Http => self.http.now(),
        }
    }
}

/// What a server says of itself, from certificate, key and, if they are there, its clients' authorities.
fn config(files: &[Vec<u8>], spoken: Spoken) -> Result<ServerConfig, (usize, String)> {
    let [certificate, key, authorities @ ..] = files else {
        return Err((0, "a certificate and a key are wanted".to_owned()));
    };
    let chain = certificates(certificate).map_err(|reason| (0, reason))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| (1, error.to_string()))?;
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| (0, error.to_string()))?;
    let builder = match authorities.first() {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(pem).map_err(|reason| (2, reason))? {
                roots
                    .add(authority)
                    .map_err(|error| (2, error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = verifier.build().map_err(|error| (2, error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| (1, error.to_string()))?;
    let spoken: &[u8] = match spoken {
        Spoken::Grpc => b"h2",
        Spoken::Http => b"http/1.1",
    };
    config.alpn_protocols = vec![spoken.to_vec()];
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err("there is no certificate in it".to_owned()),
        Ok(chain) => Ok(chain),
        Err(error) => Err(error.to_string()),
    }
}

/// A connection as it came: in the open on this machine, or within TLS. What is written waits for the flush, or for more
/// than `TOGETHER`.
///
/// It does not take several pieces at once (`is_write_vectored`), for h2's sake: to a socket that does, h2 hands each frame of
/// 256 bytes and more by itself, so that every answer is a write of its own. To this one it gives all frames
/// below a kibibyte side by side, and a round of answers leaves in a few writes.
#[derive(Debug)]
pub(crate) enum Socket {
    /// In the open.
    Plain(BufWriter<TcpStream>),
    /// Within TLS.
    Tls(Box<BufWriter<TlsStream<TcpStream>>>),
}

/// The head of an answer and a body of a few kibibytes leave in one write, the dearest call there is here.
const TOGETHER: usize = 4096;

impl Socket {
    /// In the open.
    pub(crate) fn plain(tcp: TcpStream) -> Self {
        Self::Plain(BufWriter::with_capacity(TOGETHER, tcp))
    }

    fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self::Tls(Box::new(BufWriter::with_capacity(TOGETHER, stream)))
    }

    /// What is under it.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp.get_ref(),
            Self::Tls(tls) => tls.get_ref().get_ref().0,
        }
    }
}

/// The connections whose handshake is done; handshakes are made beside each other.
pub(crate) fn connections(
    listener: TcpListener,
    tls: &Tls,
    spoken: Spoken,
) -> mpsc::Receiver<Connection> {
    let (done, ready) = mpsc::channel(1);
    tokio::spawn(shake_hands(listener, tls.clone(), spoken, done));
    ready
}

/// A connection, and where it comes from.
pub(crate) type Connection = (Socket, SocketAddr);

/// The same, as the side door takes them.
#[derive(Debug)]
pub(crate) struct Secured {
    ready: mpsc::Receiver<Connection>,
    bound: io::Result<SocketAddr>,
}

impl Secured {
    /// Listens.
    pub(crate) fn on(listener: TcpListener, tls: &Tls) -> Self {
        Self {
            bound: listener.local_addr(),
            ready: connections(listener, tls, Spoken::Http),
        }
    }
}

impl axum::serve::Listener for Secured {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        match self.ready.recv().await {
            Some(connection) => connection,
            // What accepts ends with the receiver only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.bound {
            Ok(at) => Ok(*at),
            Err(error) => Err(io::Error::from(error.kind())),
        }
    }
}

async fn shake_hands(
    listener: TcpListener,
    tls: Tls,
    spoken: Spoken,
    done: mpsc::Sender<Connection>,
) {
    let room = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = done.closed() => return,
        };
        let (socket, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many files are open, say: whoever waits is let in when one is closed.
                debug!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without NODELAY every small answer waits for the client's delayed acknowledgement.
        let _ = socket.set_nodelay(true);
        let acceptor = TlsAcceptor::from(tls.now(spoken));
        let done = done.clone();
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
                Ok(Ok(stream)) => {
                    let _ = done.send((Socket::tls(stream), from)).await;
                }
                Ok(Err(error)) => debug!(%from, %error, "no TLS came about"),
                Err(_) => debug!(%from, "no TLS came about in time"),
            }
            drop(place);
        });
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

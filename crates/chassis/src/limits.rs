//! How much is taken on at once: calls and connections beyond it are refused at the gate, before they cost memory.
//!
//! A flood is answered at once and cheaply. Whoever was let in is served to the end; whoever was not is told to come back,
//! and finds room as soon as there is some. Nothing has to be restarted.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::transport::server::{Connected, TcpConnectInfo};
use tower::{Layer, Service};
use tracing::{info, warn};

use crate::tls::Socket;

/// What one server takes on at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections. One more is closed as soon as it is there, which its client takes for UNAVAILABLE.
    pub connections: usize,
    /// Calls under way over all connections. One more gets RESOURCE_EXHAUSTED. With the largest request each, they hold
    /// 128 MiB.
    pub calls: usize,
    /// Calls under way on one connection; its client itself waits with one more, as HTTP/2 has it.
    pub calls_per_connection: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2048,
            calls: 512,
            calls_per_connection: 256,
        }
    }
}

/// What a connection may send ahead of being read, in bytes; with all connections full of it, 256 MiB.
pub(crate) const UNREAD_BYTES_MAX: u32 = 128 * 1024;

/// A process may have as many files open as the system allows at all: a connection is one, and the usual 1,024 are fewer
/// than a server takes on.
pub fn raise_open_files() {
    let mut files = getrlimit(Resource::Nofile);
    if files.current == files.maximum {
        return;
    }
    files.current = files.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, files) {
        info!(%error, "the limit of open files stays as it is");
    }
}

/// Lets so many calls in at once.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    room: Arc<Semaphore>,
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            room: Arc::new(Semaphore::new(limits.calls)),
        }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Behind<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Behind {
            inner,
            room: Arc::clone(&self.room),
        }
    }
}

/// A service behind the gate.
#[derive(Clone, Debug)]
pub(crate) struct Behind<S> {
    inner: S,
    room: Arc<Semaphore>,
}

/// What a service behind the gate answers.
type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> Service<Request<Body>> for Behind<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Future: Send + 'static>,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // Whoever watches over a service must not take a busy one for a dead one.
        let inside = if request.uri().path().starts_with("/grpc.health.") {
            None
        } else {
            match Arc::clone(&self.room).try_acquire_owned() {
                Ok(inside) => Some(inside),
                Err(_) => {
                    let busy = Status::resource_exhausted("too many calls are under way");
                    return Box::pin(std::future::ready(Ok(busy.into_http())));
                }
            }
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            drop(inside);
            answer
        })
    }
}

/// The connections that are let in.
pub(crate) fn admitted(
    incoming: impl Stream<Item = io::Result<Socket>>,
    limits: Limits,
) -> impl Stream<Item = io::Result<Admitted>> {
    let room = Arc::new(Semaphore::new(limits.connections));
    let full = AtomicBool::new(false);
    incoming.filter_map(move |socket| {
        let socket = match socket {
            Ok(socket) => socket,
            Err(error) => return Some(Err(error)),
        };
        match Arc::clone(&room).try_acquire_owned() {
            Ok(permit) => {
                full.store(false, Ordering::Relaxed);
                Some(Ok(Admitted {
                    socket,
                    _permit: permit,
                }))
            }
            Err(_) => {
                // Said once for each time that it gets full.
                if !full.swap(true, Ordering::Relaxed) {
                    let connections = limits.connections;
                    warn!(connections, "no more connections are taken until one ends");
                }
                None
            }
        }
    })
}

/// A connection that was let in; its place is free when it ends.
#[derive(Debug)]
pub(crate) struct Admitted {
    socket: Socket,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Admitted {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.socket.tcp().connect_info()
    }
}

impl AsyncRead for Admitted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Admitted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tower::service_fn;

    use super::*;

    fn request(path: &str) -> Request<Body> {
        Request::builder()
            .uri(format!("http://here{path}"))
            .body(Body::empty())
            .unwrap()
    }

    #[tokio::test]
    async fn one_call_too_many_is_refused_at_once_and_there_is_room_again_when_one_ends() {
        let (end, ended) = oneshot::channel::<()>();
        let ended = Arc::new(tokio::sync::Mutex::new(Some(ended)));
        let gate = Gate::new(Limits {
            calls: 1,
            ..Limits::default()
        });
        let mut behind = gate.layer(service_fn(move |request: Request<Body>| {
            let ended = Arc::clone(&ended);
            async move {
                if request.uri().path() == "/slow"
                    && let Some(ended) = ended.lock().await.take()
                {
                    ended.await.unwrap();
                }
                Ok::<_, Infallible>(Response::new(Body::empty()))
            }
        }));
        let code = |response: &Response<Body>| {
            Status::from_header_map(response.headers()).map(|status| status.code())
        };
        let slow = tokio::spawn(behind.call(request("/slow")));
        let refused = behind.call(request("/quick")).await.unwrap();
        assert_eq!(code(&refused), Some(tonic::Code::ResourceExhausted));
        let health = behind.call(request("/grpc.health.v1.Health/Check")).await;
        assert_eq!(code(&health.unwrap()), None, "health is always answered");
        end.send(()).unwrap();
        slow.await.unwrap().unwrap();
        let taken = behind.call(request("/quick")).await.unwrap();
        assert_eq!(code(&taken), None);
    }

    #[tokio::test]
    async fn one_connection_too_many_is_closed_and_there_is_room_again_when_one_ends() {
        use tokio::io::AsyncReadExt as _;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let incoming = incoming.map(|accepted| accepted.map(Socket::plain));
        let limits = Limits {
            connections: 1,
            ..Limits::default()
        };
        let mut admitted = std::pin::pin!(admitted(incoming, limits));
        let _first = TcpStream::connect(address).await.unwrap();
        let inside = admitted.next().await.unwrap().unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        let closed = async {
            let mut one = [0];
            second.read(&mut one).await
        };
        tokio::select! {
            ended = closed => assert_eq!(ended.unwrap_or(0), 0),
            _ = admitted.next() => panic!("there was no room for it"),
        }
        drop(inside);
        let _third = TcpStream::connect(address).await.unwrap();
        admitted.next().await.unwrap().unwrap();
    }
}

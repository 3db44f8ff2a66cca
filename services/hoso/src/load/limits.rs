//! What no service can beat: the same call answered at once, and the same call over a raw file with one sync for all that wait.
//!
//! Both are served by the same transport on a thread and a runtime of their own, as the services are.

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use api::hoso::intake::v1::intake_service_server::SERVICE_NAME;
use api::hoso::intake::v1::{SubmitDossierRequest, SubmitDossierResponse};
use prost::Message as _;
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// The raw file, filled with zeros ahead, and written from its beginning again at its end.
const FILE_BYTES: usize = 64 << 20;
/// As much as one sync of the log takes.
const GROUP_BYTES_MAX: usize = 1 << 20;

/// A server that answers `SubmitDossier` and nothing else; it stops when dropped.
#[derive(Debug)]
pub struct Limit {
    /// Where it listens.
    pub address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

/// What is done before the answer.
#[derive(Clone)]
enum Work {
    Nothing,
    Raw(mpsc::Sender<(Vec<u8>, oneshot::Sender<()>)>),
}

#[derive(Clone)]
struct Answers {
    work: Work,
    answer: Arc<SubmitDossierResponse>,
}

impl Limit {
    /// Answers at once, with this.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn idle(answer: SubmitDossierResponse) -> io::Result<Self> {
        Self::serve(Answers {
            work: Work::Nothing,
            answer: Arc::new(answer),
        })
    }

    /// Answers with this once the request's bytes are synced in a raw file in this folder.
    ///
    /// # Errors
    /// When it cannot listen, or the file cannot be made.
    pub fn raw(answer: SubmitDossierResponse, folder: &Path) -> io::Result<Self> {
        let file = prepared(&folder.join("raw"))?;
        let (jobs, taken) = mpsc::channel();
        thread::Builder::new()
            .name("raw-writer".to_owned())
            .spawn(move || write(&file, &taken))?;
        Self::serve(Answers {
            work: Work::Raw(jobs),
            answer: Arc::new(answer),
        })
    }

    fn serve(answers: Answers) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("limit".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener)?;
                    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
                    let stopped = async {
                        // Dropped or told: either way it is over.
                        let _ = stopped.await;
                    };
                    Server::builder()
                        .add_service(answers)
                        .serve_with_incoming_shutdown(incoming, stopped)
                        .await
                        .map_err(io::Error::other)
                })
            })?;
        Ok(Self {
            address,
            _stop: stop,
        })
    }
}

/// A raw file of its own, to time writes and their syncs alone.
#[derive(Debug)]
pub struct Bare {
    file: File,
    block: Vec<u8>,
}

impl Bare {
    /// Of writes of so many bytes.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(folder: &Path, bytes: usize) -> io::Result<Self> {
        Ok(Self {
            file: prepared(&folder.join("bare"))?,
            block: vec![7; bytes],
        })
    }

    /// The median time of one, of so many.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn median(&self, times: u32) -> io::Result<Duration> {
        let length = u64::try_from(self.block.len()).unwrap_or(0);
        let mut took = Vec::new();
        for turn in 0..u64::from(times) {
            let begun = Instant::now();
            self.file.write_all_at(&self.block, turn * length)?;
            self.file.sync_data()?;
            took.push(begun.elapsed());
        }
        took.sort();
        Ok(took.get(took.len() / 2).copied().unwrap_or_default())
    }
}

fn prepared(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    let zeros = vec![0; 1 << 20];
    for at in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, u64::try_from(at).unwrap_or(0))?;
    }
    file.sync_all()?;
    Ok(file)
}

/// Takes all that waits, writes it as one, syncs once and answers, until nobody asks any more.
fn write(file: &File, jobs: &mpsc::Receiver<(Vec<u8>, oneshot::Sender<()>)>) {
    let mut at = 0;
    let mut group = Vec::with_capacity(GROUP_BYTES_MAX);
    while let Ok((bytes, reply)) = jobs.recv() {
        group.clear();
        group.extend(bytes);
        let mut replies = vec![reply];
        while group.len() < GROUP_BYTES_MAX
            && let Ok((bytes, reply)) = jobs.try_recv()
        {
            group.extend(bytes);
            replies.push(reply);
        }
        if at + group.len() > FILE_BYTES {
            at = 0;
        }
        let begin = u64::try_from(at).unwrap_or(0);
        if file.write_all_at(&group, begin).is_err() || file.sync_data().is_err() {
            // Those who wait are refused by the reply that is dropped.
            return;
        }
        at += group.len();
        for reply in replies {
            // A caller that went away is no fault.
            let _ = reply.send(());
        }
    }
}

impl UnaryService<SubmitDossierRequest> for Answers {
    type Response = SubmitDossierResponse;
    type Future = BoxFuture<Response<SubmitDossierResponse>, Status>;

    fn call(&mut self, request: Request<SubmitDossierRequest>) -> Self::Future {
        let (work, answer) = (self.work.clone(), Arc::clone(&self.answer));
        Box::pin(async move {
            if let Work::Raw(jobs) = work {
                let (reply, written) = oneshot::channel();
                let bytes = request.into_inner().encode_to_vec();
                jobs.send((bytes, reply))
                    .map_err(|_| Status::unavailable("the raw file takes nothing"))?;
                written
                    .await
                    .map_err(|_| Status::unavailable("the raw file takes nothing"))?;
            }
            Ok(Response::new((*answer).clone()))
        })
    }
}

impl NamedService for Answers {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for Answers {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answers = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::default());
            Ok(grpc.unary(answers, request).await)
        })
    }
}

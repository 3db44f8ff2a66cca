//! Counts calls by method and code, and how long each took until its last byte was taken.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use http_body::{Frame, SizeHint};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::histogram::Histogram;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Upper bounds in seconds.
const BOUNDS: [f64; 13] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
];
/// Every code, in the order of its number.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

/// The calls of one method.
struct Method {
    service: String,
    name: String,
    seconds: Histogram,
    /// By the code's place in [`CODES`].
    ended: [AtomicU64; CODES.len()],
}

impl Method {
    fn new(service: &str, name: &str) -> Self {
        Self {
            service: service.to_owned(),
            name: name.to_owned(),
            seconds: Histogram::new(BOUNDS),
            ended: Default::default(),
        }
    }

    fn ended(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.ended.iter().map(|count| count.load(Ordering::Relaxed));
        let named = CODES.iter().map(|(_, name)| *name).zip(counts);
        named.filter(|(_, count)| *count > 0)
    }
}

/// All calls of one server.
pub(crate) struct Calls {
    /// By path, `/package.Service/Method`.
    methods: HashMap<String, Arc<Method>>,
    /// Everything that is not in the contract: whoever guesses names makes no new series.
    other: Arc<Method>,
    under_way: AtomicI64,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls")
    }
}

impl Calls {
    /// No calls yet of the methods that an encoded descriptor set names.
    pub(crate) fn new(descriptors: &[u8]) -> Self {
        // What reflection cannot read ends the start with a reason; here it only leaves calls unnamed.
        let files = FileDescriptorSet::decode(descriptors).unwrap_or_default();
        let mut methods = HashMap::new();
        for file in &files.file {
            for service in &file.service {
                let service_name = format!("{}.{}", file.package(), service.name());
                for method in &service.method {
                    let path = format!("/{service_name}/{}", method.name());
                    let method = Method::new(&service_name, method.name());
                    methods.insert(path, Arc::new(method));
                }
            }
        }
        Self {
            methods,
            other: Arc::new(Method::new("other", "other")),
            under_way: AtomicI64::new(0),
        }
    }

    fn begin(self: &Arc<Self>, path: &str) -> Call {
        let method = Arc::clone(self.methods.get(path).unwrap_or(&self.other));
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Call {
            calls: Arc::clone(self),
            method,
            began: Instant::now(),
            code: Code::Cancelled,
        }
    }
}

/// A call under way; counted when it is dropped, as cancelled unless its end was seen.
struct Call {
    calls: Arc<Calls>,
    method: Arc<Method>,
    began: Instant,
    code: Code,
}

impl Call {
    fn saw(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            self.code = status.code();
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.calls.under_way.fetch_sub(1, Ordering::Relaxed);
        self.method
            .seconds
            .observe(self.began.elapsed().as_secs_f64());
        let at = CODES.iter().position(|(code, _)| *code == self.code);
        if let Some(ended) = at.and_then(|at| self.method.ended.get(at)) {
            ended.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Collector for Calls {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let all = || self.methods.values().chain([&self.other]);
        let labels = |method: &Method| {
            [
                ("service", method.service.clone()),
                ("method", method.name.clone()),
            ]
        };
        let help = "Calls that were answered, by method and code.";
        let mut ended = encoder.encode_descriptor("grpc_calls", help, None, MetricType::Counter)?;
        for method in all() {
            for (code, count) in method.ended() {
                let [service, name] = labels(method);
                ended
                    .encode_family(&[service, name, ("code", code.to_owned())])?
                    .encode_counter::<NoLabelSet, _, f64>(&count, None)?;
            }
        }
        let help = "How long calls took until their last byte was taken.";
        let mut seconds =
            encoder.encode_descriptor("grpc_call_seconds", help, None, MetricType::Histogram)?;
        for method in all() {
            if method.ended().next().is_some() {
                method
                    .seconds
                    .encode(seconds.encode_family(&labels(method))?)?;
            }
        }
        let help = "Calls that are being answered.";
        encoder
            .encode_descriptor("grpc_calls_under_way", help, None, MetricType::Gauge)?
            .encode_gauge(&self.under_way.load(Ordering::Relaxed))
    }
}

/// Puts the counting around a server.
#[derive(Clone, Debug)]
pub(crate) struct Counted(pub(crate) Arc<Calls>);

impl<S> Layer<S> for Counted {
    type Service = Counting<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Counting {
            inner,
            calls: Arc::clone(&self.0),
        }
    }
}

/// A server whose calls are counted.
#[derive(Clone, Debug)]
pub(crate) struct Counting<S> {
    inner: S,
    calls: Arc<Calls>,
}

type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> Service<Request<Body>> for Counting<S>
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
        let mut call = self.calls.begin(request.uri().path());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            // A refusal is all header; anything else says how it ended after its last byte.
            call.saw(answer.headers());
            Ok(answer.map(|inner| Body::new(Watched { inner, call })))
        })
    }
}

/// An answer on its way out.
struct Watched {
    inner: Body,
    call: Call,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
        {
            self.call.saw(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

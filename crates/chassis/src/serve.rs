//! One gRPC server and its side door: health and reflection beside the services, NOT_SERVING first, then a bounded drain.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::body::Body;
use tonic::codegen::http::Response;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::util::MapResponseLayer;
use tracing::{error, info, warn};

use crate::http::{Door, HttpPlan};
use crate::limits::{self, Gate, Limits};
use crate::metrics::{Calls, Counted, Metrics, Tell};
use crate::tls::{self, Socket, Spoken, Tls};
use crate::together::Together;

/// The largest message a client may send; the largest honest one is a submission with a hundred papers, under 64 KiB.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;

/// How long after the stop the streams of those who watch health end.
const WATCHES_END_AFTER: Duration = Duration::from_millis(200);

/// Where a role listens.
#[derive(Debug)]
pub struct Sockets {
    /// For gRPC.
    pub grpc: TcpListener,
    /// For HTTP, when the side door is wanted.
    pub http: Option<TcpListener>,
    /// What both speak TLS with; none in the open, on this machine.
    pub tls: Option<Tls>,
}

/// Whether a role does its work; gRPC health and `/readyz` tell the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// It does.
    Serving,
    /// It cannot, for this reason; what it can still answer is answered.
    Unable(String),
    /// It was asked to stop: calls under way are answered.
    Stopping,
}

/// What to serve, and how to stop.
pub struct Plan {
    /// The role's name, for log lines.
    pub role: &'static str,
    /// The socket; whoever asked for port 0 has read the real one off it.
    pub listener: TcpListener,
    /// What it and the side door speak TLS with, if they do.
    pub tls: Option<Tls>,
    /// The services.
    pub routes: Routes,
    /// The side door, when there is one.
    pub http: Option<HttpPlan>,
    /// Why the role cannot do its work now, if so: health says NOT_SERVING then, and SERVING again when it is over.
    pub unable: watch::Receiver<Option<String>>,
    /// Writes the service's own numbers at each scrape of the side door.
    pub tell: Tell,
    /// The services' full names, for health.
    pub names: Vec<&'static str>,
    /// The encoded descriptor set of the contract, for reflection.
    pub descriptors: &'static [u8],
    /// Gives a refusal that gRPC itself made (bytes that are no request, an unknown method) its reason.
    pub explain: fn(&Status) -> Status,
    /// How long calls under way may take after the stop.
    pub drain: Duration,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("role", &self.role)
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

/// The server could not run.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The reflection service refused the descriptors.
    #[error("the contract's descriptors are not understood: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("serving failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until `stop` resolves, then drains and returns.
///
/// # Errors
/// When the socket or the contract cannot be used.
pub async fn serve(
    plan: Plan,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (reporter, health_service) = tonic_health::server::health_reporter();
    let v1 = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(plan.descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let v1alpha = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(plan.descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1alpha()?;
    let routes = plan
        .routes
        .add_service(health_service)
        .add_service(v1)
        .add_service(v1alpha);

    let (condition, known) = watch::channel(Condition::Serving);
    let watched = reporter.clone();
    let watched_names = plan.names.clone();
    let health = Health {
        role: plan.role,
        names: plan.names,
        reporter,
        condition,
    };
    // Whoever connects first finds health set.
    health.set(ServingStatus::Serving).await;
    let (ask_to_stop, asked_to_stop) = oneshot::channel();
    let health = tokio::spawn(health.tell(plan.unable, asked_to_stop));
    let calls = Arc::new(Calls::new(plan.descriptors));
    let metrics = Metrics::new(plan.role, &calls, plan.tell);
    let door = plan
        .http
        .map(|http| Door::open(plan.role, http, plan.tls.as_ref(), known, metrics));

    let (stopping, stopped) = oneshot::channel::<()>();
    let drain = plan.drain;
    let role = plan.role;
    let explain = plan.explain;
    let incoming = incoming(plan.listener, plan.tls.as_ref());
    let bounds = Limits::default();
    let together = Together::default();
    let courier = tokio::spawn(together.clone().carry());
    let server = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .max_concurrent_streams(bounds.calls_per_connection)
        .initial_stream_window_size(limits::UNREAD_BYTES_MAX)
        .initial_connection_window_size(limits::UNREAD_BYTES_MAX)
        .layer(Counted(calls))
        .layer(MapResponseLayer::new(move |response| {
            reasoned(response, explain)
        }))
        .layer(Gate::new(bounds))
        .layer(together)
        .add_routes(routes)
        .serve_with_incoming_shutdown(limits::admitted(incoming, bounds), async move {
            stop.await;
            let _ = ask_to_stop.send(());
            let _ = health.await;
            info!(role, "stopping: no new calls");
            let _ = stopping.send(());
            // Whoever watches has been told the last there is to tell; the server would wait for them.
            end_watches(watched, watched_names);
        });
    tokio::pin!(server);
    let outcome = tokio::select! {
        done = &mut server => done,
        () = async {
            // A dropped sender means the server ended by itself, which the other branch reports.
            if stopped.await.is_ok() {
                tokio::time::sleep(drain).await;
            } else {
                std::future::pending::<()>().await;
            }
        } => {
            warn!(role, ?drain, "calls were still under way when the drain ended");
            Ok(())
        }
    };
    courier.abort();
    if let Some(door) = door {
        door.close().await;
    }
    outcome.map_err(ServeError::from)
}

/// Ends the streams of those who watch health, once no new calls are taken.
fn end_watches(mut health: HealthReporter, names: Vec<&'static str>) {
    tokio::spawn(async move {
        // A moment in which a call that is under way can still be told.
        tokio::time::sleep(WATCHES_END_AFTER).await;
        for name in std::iter::once("").chain(names) {
            health.clear_service_status(name).await;
        }
    });
}

/// The connections as they come.
fn incoming(
    listener: TcpListener,
    tls: Option<&Tls>,
) -> Pin<Box<dyn Stream<Item = io::Result<Socket>> + Send>> {
    match tls {
        None => {
            // Without NODELAY every small answer waits for the client's delayed acknowledgement: 44 ms a call.
            let plain = TcpIncoming::from(listener).with_nodelay(Some(true));
            Box::pin(plain.map(|accepted| accepted.map(Socket::plain)))
        }
        Some(tls) => {
            let secured = tls::connections(listener, tls, Spoken::Grpc);
            Box::pin(ReceiverStream::new(secured).map(|(socket, _)| Ok(socket)))
        }
    }
}

/// Gives a refusal its reason; those that the services make have one already.
fn reasoned(mut response: Response<Body>, explain: fn(&Status) -> Status) -> Response<Body> {
    if let Some(status) = Status::from_header_map(response.headers())
        && status.code() != Code::Ok
        && status.details().is_empty()
    {
        // Should the words not fit into headers, the refusal goes out as it was.
        let _ = explain(&status).add_header(response.headers_mut());
    }
    response
}

/// What a role says about itself.
struct Health {
    role: &'static str,
    names: Vec<&'static str>,
    reporter: HealthReporter,
    condition: watch::Sender<Condition>,
}

impl Health {
    /// Tells how the role is until it is to stop, and that last.
    async fn tell(
        self,
        mut unable: watch::Receiver<Option<String>>,
        mut stop: oneshot::Receiver<()>,
    ) {
        let role = self.role;
        loop {
            let reason = unable.borrow_and_update().clone();
            let before = self.condition.borrow().clone();
            let (now, status) = match reason {
                Some(reason) => (Condition::Unable(reason), ServingStatus::NotServing),
                None => (Condition::Serving, ServingStatus::Serving),
            };
            match (&before, &now) {
                (Condition::Serving, Condition::Unable(reason)) => {
                    error!(role, reason, "not serving");
                }
                (Condition::Unable(_), Condition::Serving) => info!(role, "serving again"),
                (Condition::Serving | Condition::Unable(_) | Condition::Stopping, _) => {}
            }
            if before != now {
                self.condition.send_replace(now);
                self.set(status).await;
            }
            tokio::select! {
                changed = unable.changed() => if changed.is_err() {
                    // Nobody looks any more; what was said last stands.
                    let _ = stop.await;
                    break;
                },
                _ = &mut stop => break,
            }
        }
        self.condition.send_replace(Condition::Stopping);
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        self.reporter.set_service_status("", status).await;
        for name in &self.names {
            self.reporter.set_service_status(*name, status).await;
        }
    }
}

//! One gRPC server: health and reflection beside the services, NOT_SERVING first, then a bounded drain.

use std::future::Future;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
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

/// The largest message a client may send; the largest honest one is a submission with a hundred papers, under 64 KiB.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;

/// What to serve, and how to stop.
#[derive(Debug)]
pub struct Plan {
    /// The role's name, for log lines.
    pub role: &'static str,
    /// The socket; whoever asked for port 0 has read the real one off it.
    pub listener: TcpListener,
    /// The services.
    pub routes: Routes,
    /// The services' full names, for health.
    pub names: Vec<&'static str>,
    /// The encoded descriptor set of the contract, for reflection.
    pub descriptors: &'static [u8],
    /// Gives a refusal that gRPC itself made (bytes that are no request, an unknown method) its reason.
    pub explain: fn(&Status) -> Status,
    /// How long calls under way may take after the stop.
    pub drain: Duration,
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
/// `broken` resolves with the reason when the role must not be asked any more (a failed disk, say): health goes
/// NOT_SERVING at once and stays so, while reads are still answered.
///
/// # Errors
/// When the socket or the contract cannot be used.
pub async fn serve(
    plan: Plan,
    broken: impl Future<Output = String> + Send + 'static,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    set(&health, &plan.names, ServingStatus::Serving).await;
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

    let watcher = tokio::spawn({
        let health = health.clone();
        let names = plan.names.clone();
        let role = plan.role;
        async move {
            let reason = broken.await;
            error!(role, reason, "not serving");
            set(&health, &names, ServingStatus::NotServing).await;
        }
    });

    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let drain = plan.drain;
    let role = plan.role;
    let names = plan.names;
    let explain = plan.explain;
    // Without NODELAY every small answer waits for the client's delayed acknowledgement: 44 ms a call.
    let incoming = TcpIncoming::from(plan.listener).with_nodelay(Some(true));
    let server = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .max_concurrent_streams(1024)
        .layer(MapResponseLayer::new(move |response| {
            reasoned(response, explain)
        }))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, async move {
            stop.await;
            set(&health, &names, ServingStatus::NotServing).await;
            info!(role, "stopping: no new calls");
            let _ = stopping.send(());
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
    watcher.abort();
    outcome.map_err(ServeError::from)
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

async fn set(health: &HealthReporter, names: &[&'static str], status: ServingStatus) {
    health.set_service_status("", status).await;
    for name in names {
        health.set_service_status(*name, status).await;
    }
}

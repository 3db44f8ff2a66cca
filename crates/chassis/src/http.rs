//! The HTTP side door of a role: whether it lives, whether it is ready and why not, its numbers, and what a service adds.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::metrics::{self, Metrics};
use crate::serve::Condition;

/// How long requests under way may take once the last gRPC call was answered.
const DRAIN: Duration = Duration::from_secs(1);

/// What the side door serves besides `/livez`, `/readyz` and `/metrics`.
#[derive(Debug)]
pub struct HttpPlan {
    /// The socket.
    pub listener: TcpListener,
    /// The service's own routes.
    pub routes: Router,
}

/// A side door that is open.
#[derive(Debug)]
pub(crate) struct Door {
    task: JoinHandle<()>,
    close: oneshot::Sender<()>,
}

impl Door {
    /// Opens it.
    pub(crate) fn open(
        role: &'static str,
        plan: HttpPlan,
        condition: watch::Receiver<Condition>,
        metrics: Metrics,
    ) -> Self {
        let HttpPlan { listener, routes } = plan;
        let own = Router::new()
            // An answer at all is the answer: whoever restarts a process that cannot do its work helps nobody.
            .route("/livez", get(|| async { "alive\n" }))
            .route("/readyz", get(ready))
            .with_state(condition)
            .route("/metrics", get(async move || numbers(&metrics)));
        let (close, closed) = oneshot::channel();
        let task = tokio::spawn(async move {
            let until = async move {
                // Without the other end there is nobody to serve for.
                let _ = closed.await;
            };
            let served = axum::serve(listener, own.merge(routes)).with_graceful_shutdown(until);
            match served.await {
                Ok(()) => info!(role, "the side door is closed"),
                Err(error) => warn!(role, %error, "the side door closed by itself"),
            }
        });
        Self { task, close }
    }

    /// Closes it; requests under way get a second.
    pub(crate) async fn close(self) {
        let Self { mut task, close } = self;
        let _ = close.send(());
        if tokio::time::timeout(DRAIN, &mut task).await.is_err() {
            task.abort();
        }
    }
}

async fn ready(State(condition): State<watch::Receiver<Condition>>) -> (StatusCode, String) {
    match &*condition.borrow() {
        Condition::Serving => (StatusCode::OK, "ready\n".to_owned()),
        Condition::Unable(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
        Condition::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned()),
    }
}

fn numbers(metrics: &Metrics) -> Response {
    match metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tonic::service::Routes;
    use tonic::transport::Endpoint;
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_client::HealthClient;

    use super::*;
    use crate::serve::{self, Plan};

    async fn ask(address: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        format!("{status} {body}")
    }

    #[tokio::test]
    async fn the_side_door_and_grpc_health_tell_the_same_and_why() {
        let grpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = grpc.local_addr().unwrap();
        let http = listener.local_addr().unwrap().to_string();
        let (tell, unable) = watch::channel(None);
        let (stop, stopped) = oneshot::channel::<()>();
        let plan = Plan {
            role: "test",
            listener: grpc,
            routes: Routes::default(),
            http: Some(HttpPlan {
                listener,
                routes: Router::new().route("/mine", get(|| async { "mine" })),
            }),
            unable,
            tell: Arc::new(|_| {}),
            names: vec!["hoso.test.v1.TestService"],
            descriptors: tonic_health::pb::FILE_DESCRIPTOR_SET,
            explain: tonic::Status::clone,
            drain: Duration::from_secs(1),
        };
        let served = tokio::spawn(serve::serve(plan, async move {
            let _ = stopped.await;
        }));
        let connection = Endpoint::from_shared(format!("http://{at}")).unwrap();
        let connection = connection.connect().await.unwrap();
        let mut health = HealthClient::new(connection.clone());
        let service = "hoso.test.v1.TestService".to_owned();
        let watch = health.watch(HealthCheckRequest { service }).await.unwrap();
        let mut watch = watch.into_inner();
        let mut next = async || watch.message().await.unwrap().unwrap().status();

        assert_eq!(next().await, ServingStatus::Serving);
        assert_eq!(ask(&http, "/livez").await, "200 alive\n");
        assert_eq!(ask(&http, "/readyz").await, "200 ready\n");
        assert_eq!(ask(&http, "/mine").await, "200 mine");
        assert!(ask(&http, "/other").await.starts_with("404 "));

        tell.send_replace(Some("the disk is nearly full".to_owned()));
        assert_eq!(next().await, ServingStatus::NotServing);
        let full = "503 the disk is nearly full\n";
        assert_eq!(ask(&http, "/readyz").await, full);
        assert_eq!(ask(&http, "/livez").await, "200 alive\n");

        tell.send_replace(None);
        assert_eq!(next().await, ServingStatus::Serving);
        assert_eq!(ask(&http, "/readyz").await, "200 ready\n");

        let text = ask(&http, "/metrics").await;
        let health =
            "{role=\"test\",service=\"grpc.health.v1.Health\",method=\"Check\",code=\"OK\"}";
        assert!(!text.contains(health), "{text}");
        let service = String::new();
        let check = tonic::Request::new(HealthCheckRequest { service });
        HealthClient::new(connection).check(check).await.unwrap();
        let text = ask(&http, "/metrics").await;
        assert!(
            text.contains(&format!("hoso_grpc_calls_total{health} 1")),
            "{text}"
        );
        assert!(
            text.contains("hoso_grpc_calls_under_way{role=\"test\"} 1"),
            "{text}"
        );

        stop.send(()).unwrap();
        assert_eq!(next().await, ServingStatus::NotServing);
        // The watch is a call under way: the door stays open while it is drained.
        assert_eq!(ask(&http, "/readyz").await, "503 stopping\n");
        served.await.unwrap().unwrap();
        assert!(TcpStream::connect(&http).await.is_err());
    }
}

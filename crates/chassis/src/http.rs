//! The HTTP side door of a role: whether it lives, whether it is ready and why not, its numbers, and what a service adds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::metrics::{self, Metrics};
use crate::serve::Condition;
use crate::tls::{Secured, Tls};

/// How long requests under way may take once the last gRPC call was answered.
const DRAIN: Duration = Duration::from_secs(1);

/// Whether a request may come in, and what is answered if not.
pub type Doorkeeper =
    Arc<dyn Fn(&Parts) -> Result<(), Box<axum::http::Response<Vec<u8>>>> + Send + Sync>;

/// What the side door serves besides `/livez`, `/readyz` and `/metrics`.
pub struct HttpPlan {
    /// The socket.
    pub listener: TcpListener,
    /// The service's own routes.
    pub routes: Router,
    /// Who lets requests in.
    pub doorkeeper: Doorkeeper,
}

impl fmt::Debug for HttpPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpPlan")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
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
        tls: Option<&Tls>,
        condition: watch::Receiver<Condition>,
        metrics: Metrics,
    ) -> Self {
        let HttpPlan {
            listener,
            routes,
            doorkeeper,
        } = plan;
        let own = Router::new()
            // An answer at all is the answer: whoever restarts a process that cannot do its work helps nobody.
            .route("/livez", get(|| async { "alive\n" }))
            .route("/readyz", get(ready))
            .with_state(condition)
            .route("/metrics", get(async move || numbers(&metrics)));
        let routes = own
            .merge(routes)
            .layer(middleware::from_fn_with_state(doorkeeper, let_in));
        let (close, closed) = oneshot::channel();
        let secured = tls.cloned();
        let task = tokio::spawn(async move {
            let until = async move {
                // Without the other end there is nobody to serve for.
                let _ = closed.await;
            };
            let served = match secured {
                None => {
                    axum::serve(listener, routes)
                        .with_graceful_shutdown(until)
                        .await
                }
                Some(tls) => {
                    axum::serve(Secured::on(listener, &tls), routes)
                        .with_graceful_shutdown(until)
                        .await
                }
            };
            match served {
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

async fn let_in(State(doorkeeper): State<Doorkeeper>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match doorkeeper(&parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => (*refused).map(Body::from),
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
                doorkeeper: Arc::new(|_| Ok(())),
            }),
            tls: None,
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

//! Reporting over HTTP, for the provincial operations centre: counts only, small ones merged, live.
//!
//! | Address | What |
//! |---|---|
//! | `/` | the figures of now, for people |
//! | `/v1/reports/ii06a` | form II.06a as one JSON object, the same as `hoso report ii06a --format json` prints |
//! | `/v1/reports/ii06a/changes` | the same whenever it changes, as server-sent events |

mod changes;
mod query;

use std::sync::Arc;

use api::EdgeError;
use api::problem;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use statistics::AsOf;
use tokio::sync::{Semaphore, watch};
use tonic::Status;

use crate::reports::Reports;

use self::query::Wanted;

/// Streams of changes that may be open at once: each costs a report a second at most.
const STREAMS_MAX: usize = 64;
/// Where an answer says up to which position it reads, as a token.
const POSITION: &str = "hoso-position";

/// What the handlers work with.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    reports: Reports,
    small_cells_min: u64,
    streams: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

/// The routes. Streams end once `stopping` is true.
pub(crate) fn routes(
    reports: Reports,
    small_cells_min: u64,
    stopping: watch::Receiver<bool>,
) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/v1/reports/ii06a", get(report))
        .route("/v1/reports/ii06a/changes", get(changes::stream))
        .with_state(Http {
            reports,
            small_cells_min,
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stopping,
        })
}

async fn page() -> Response {
    // Everything it needs is in it, and it asks nobody but us.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("http/page.html")).into_response()
}

async fn report(
    State(http): State<Http>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    match http.report(&query, &headers).await {
        Ok(answer) => answer,
        Err(error) => refused(error),
    }
}

impl Http {
    fn read(&self, query: &str) -> Result<Wanted, EdgeError> {
        query::read(query, self.reports.clock.now())
    }

    /// As of when a report is given: as it asks, or as everybody is told at this position.
    fn as_of(&self, wanted: &Wanted) -> Result<AsOf, EdgeError> {
        match wanted.as_of() {
            Some(at) => self.reports.known_at(at),
            None => self.reports.settled(),
        }
    }

    async fn report(&self, query: &str, headers: &HeaderMap) -> Result<Response, EdgeError> {
        let wanted = self.read(query)?;
        self.reports.wait_for(&wanted.points).await?;
        let as_of = self.as_of(&wanted)?;
        let tag = self.tag(as_of);
        let fixed = [
            (header::ETAG, tag.clone()),
            // May be kept, but asked about each time: a 304 costs no report.
            (header::CACHE_CONTROL, "no-cache".to_owned()),
        ];
        let here = [(POSITION, self.reports.here())];
        if matches(headers, &tag) {
            return Ok((StatusCode::NOT_MODIFIED, fixed, here).into_response());
        }
        let question = self.reports.question(&wanted.at(as_of.at), as_of);
        let sheet = self.reports.sheet(&question, self.small_cells_min)?;
        let kind = [(header::CONTENT_TYPE, "application/json")];
        Ok((fixed, here, kind, sheet.json).into_response())
    }

    /// The same for two answers from one address exactly when they are the same to the byte.
    fn tag(&self, as_of: AsOf) -> String {
        let known = self.reports.known(as_of);
        let catalogue = self.reports.catalogue();
        let catalogue = catalogue.version();
        let least = self.small_cells_min;
        format!(
            "\"{known}/{catalogue}/{least}/{}\"",
            env!("CARGO_PKG_VERSION")
        )
    }
}

/// Whether the asker has what carries this tag.
fn matches(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|value| value.trim().trim_start_matches("W/"))
        .any(|value| value == "*" || value == tag)
}

/// A refusal, as a problem.
fn refused(error: EdgeError) -> Response {
    problem::response(&Status::from(error)).map(Body::from)
}

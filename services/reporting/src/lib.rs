//! Reporting (*báo cáo*): the figures, for any period, as known at any moment.
//!
//! * [`settings`]: what it has to be told; `status`: what it tells about itself
//! * [`figures`]: facts folded from its own copy of processing's log; `reports`: reports from them
//! * [`grpc`]: the calls; [`question`]: which report is asked for, from the wire
//! * `http`: the same for the provincial operations centre; `board`: the figures of now, published over NATS
//!
//! Its log is processing's, record for record, so positions and chain hashes in reports are processing's own. It has no
//! vault and no key: no personal data comes here.

mod board;
pub mod figures;
pub mod grpc;
mod http;
pub mod question;
mod reports;
pub mod settings;
mod status;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use api::authority::{Entry, Guard, Judge};
use api::hoso::log::v1::{log_service_server, parked_service_server};
use api::hoso::reporting::v1::reporting_service_server::{ReportingServiceServer, SERVICE_NAME};
use api::log_service::LogCalls;
use application::projection::Projection;
use application::snapshot;
use chassis::http::HttpPlan;
use chassis::serve::{Plan, ServeError, Sockets};
use eventlog::{EventLog, Role};
use messaging::nats::Latest;
use messaging::{Feed, Feeds, Follower, Mode, Progress};
use thiserror::Error;
use tokio::sync::watch;

use crate::board::Board;
use crate::figures::Figures;
use crate::grpc::Calls;
use crate::reports::Reports;
pub use crate::settings::Settings;

/// A reporting replica whose log is open and folded.
#[derive(Debug)]
pub struct Reporting {
    reports: Reports,
    drain: Duration,
    entry: Entry,
    small_cells_min: u64,
    latest: Option<Latest>,
}

/// Reporting could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The log did not open.
    #[error("reporting's log does not open: {0}")]
    Log(#[from] eventlog::OpenError),
    /// The log did not read.
    #[error("reporting's log cannot be read: {0}")]
    Read(#[from] eventlog::ReadError),
}

impl Reporting {
    /// Opens the log and folds it into facts.
    ///
    /// # Errors
    /// When the log does not open or cannot be read; nothing is changed then.
    pub fn open(settings: Settings) -> Result<Self, StartError> {
        let time = settings.clock.clone();
        let clock_by_hand = Some(time.is_manual());
        let log = EventLog::open(
            &settings.data.join("log"),
            eventlog::Settings {
                segment_bytes_max: settings.segment_bytes_max,
                free_bytes_min: settings.free_bytes_min,
                role: Role::Replica,
                clock_by_hand,
                ..eventlog::Settings::new(move || time.now_us())
            },
        )?;
        let file = settings.data.join("figures.fold");
        let empty = Figures::new(settings.catalogue, &log)?;
        let (mut figures, kept) = snapshot::load(&log, empty, &file)?;
        let folded = figures.catch_up(&log, kept)?;
        Ok(Self {
            reports: Reports {
                figures: Projection::resume(log.clone(), figures, folded).kept_in(file, kept),
                log,
                clock: settings.clock,
                patience: settings.patience,
            },
            drain: settings.drain,
            entry: settings.entry,
            small_cells_min: settings.small_cells_min,
            latest: None,
        })
    }

    /// The same replica, publishing the figures of now there.
    #[must_use]
    pub fn publishing(self, latest: Latest) -> Self {
        Self {
            latest: Some(latest),
            ..self
        }
    }

    /// The log, for whoever follows it.
    pub fn log(&self) -> &EventLog {
        &self.reports.log
    }

    /// Follows processing and serves until `stop` resolves, then drains.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub async fn serve<F: Feed>(
        self,
        mut feeds: Feeds<F>,
        sockets: Sockets,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let log = self.reports.log.clone();
        let (tell, progress) = watch::channel(Progress::default());
        let mut tasks = tokio::task::JoinSet::new();
        let (tell_unable, unable) = watch::channel(None);
        tasks.spawn(application::health::keep_looking(
            log.clone(),
            None,
            tell_unable,
        ));
        let into = log.clone();
        tasks.spawn(async move {
            let Some(feed) = the_one(&mut feeds, &into).await else {
                return;
            };
            let follower = Follower::new(feed, into, Mode::Replicate).telling(tell);
            // A fork is logged where it is found; reports go on from what is here.
            let _ = follower.run(std::future::pending()).await;
        });
        let figures = self.reports.figures.clone();
        tasks.spawn(async move {
            if let Err(error) = figures.run().await {
                tracing::error!(%error, "the figures are not kept up any more");
            }
        });
        if let Some(latest) = self.latest {
            let board = Board {
                reports: self.reports.clone(),
                latest,
                small_cells_min: self.small_cells_min,
            };
            tasks.spawn(board.keep());
        }
        let parked = api::parked_service::ParkedCalls::server(
            self.reports.figures.clone(),
            self.reports.patience,
        );
        let calls = Calls {
            reports: self.reports.clone(),
            progress,
        };
        let source = status::source(&calls, unable.clone());
        let judge = Judge {
            edge: None,
            small_cells_min: self.small_cells_min,
        };
        let guard = Guard::new(self.entry, judge);
        let (tell_stop, stopping) = watch::channel(false);
        let stop = async move {
            stop.await;
            // Streams of changes end first: the side door would wait for them.
            tell_stop.send_replace(true);
        };
        let routes = tonic::service::Routes::new(
            ReportingServiceServer::new(calls)
                .max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX),
        )
        .add_service(LogCalls::server(source.clone()))
        .add_service(parked);
        let plan = Plan {
            role: "reporting",
            listener: sockets.grpc,
            tls: sockets.tls,
            routes: guard.around(routes),
            http: sockets.http.map(|listener| HttpPlan {
                listener,
                routes: http::routes(self.reports, self.small_cells_min, stopping)
                    .layer(guard.door_streams()),
                doorkeeper: Arc::new(move |asked| guard.door(asked)),
            }),
            unable,
            tell: status::tell(source),
            names: vec![
                SERVICE_NAME,
                log_service_server::SERVICE_NAME,
                parked_service_server::SERVICE_NAME,
            ],
            descriptors: api::DESCRIPTORS,
            explain: api::status::explained,
            drain: self.drain,
        };
        // On the heap: whoever awaits a role would carry all of its server with it.
        let served = Box::pin(chassis::serve::serve(plan, stop)).await;
        tasks.shutdown().await;
        log.close();
        served
    }
}

/// The feed of the log that this replica is a copy of; an empty one becomes a copy of the first that is found.
async fn the_one<F: Feed>(feeds: &mut Feeds<F>, into: &EventLog) -> Option<F> {
    while let Some(feed) = feeds.next().await {
        let ours = into.head();
        if ours.position == 0 || feed.log() == ours.log {
            return Some(feed);
        }
        tracing::error!(
            log = %feed.log(), ours = %ours.log,
            "another processing log is there; this copy is not of it and does not follow it"
        );
    }
    None
}

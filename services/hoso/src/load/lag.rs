//! How long what intake has acknowledged takes to be in the report, under several loads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::hoso::reporting::v1::reporting_service_client::ReportingServiceClient;
use api::hoso::reporting::v1::{GetReportRequest, Grouping, ReportQuestion};
use serde::Serialize;
use tokio::time::Instant;
use tonic::Status;

use super::args::{Lag, Method};
use super::dossiers::Dossiers;
use super::office::Office;
use super::pace::{Calls, Pace, Span, load};
use super::place::{Folder, all};
use super::progress::Progress;
use super::tally::{Latency, Seen, Tally};
use crate::client::Channel;
use crate::stack::FolderKind;
use crate::{Failure, client, shipped};

const WARM_UP: Duration = Duration::from_secs(2);
/// Callers at saturation.
const CALLERS: u32 = 64;
/// Probes a second at most: each is a report, and the load must stay the load.
const PROBES: u64 = 50;
/// A report that is not there by then is told as refused.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is told.
#[derive(Debug, Serialize)]
pub struct Told {
    measured: &'static str,
    feed: &'static str,
    mix: String,
    /// One for each rate.
    pub rates: Vec<Row>,
}

/// Under one load.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Calls a second; none at saturation.
    pub rate_asked: Option<u32>,
    /// The load itself.
    pub load: Seen,
    /// From the acknowledgement until a report that has the dossier, in microseconds.
    pub lag_us: Latency,
    /// How many reports were waited for.
    pub probes: u64,
}

/// Measures.
///
/// # Errors
/// When something does not start.
pub async fn run(asked: Lag) -> Result<Told, Failure> {
    let folder = Folder::of(asked.data);
    let feed = if asked.nats.is_some() {
        "nats"
    } else {
        "embedded"
    };
    let stack = all(
        folder.path(),
        asked.access.feed(asked.nats, FolderKind::Load)?,
    )?;
    let dossiers = Dossiers::new(shipped::catalogue(None)?, asked.mix);
    let mix = dossiers.mix().to_string();
    let office = Office::at(stack.intake.grpc, CALLERS, dossiers).await?;
    let reporting = client::connect(&stack.reporting.grpc.to_string()).await?;
    let reporting = ReportingServiceClient::new(reporting);
    let mut rates = Vec::new();
    for rate in asked.rates {
        rates.push(under(rate, asked.duration, &office, &reporting).await);
    }
    drop((office, reporting));
    tokio::task::spawn_blocking(move || stack.stop()).await??;
    Ok(Told {
        measured: "lag",
        feed,
        mix,
        rates,
    })
}

async fn under(
    rate: u32,
    duration: Duration,
    office: &Office,
    reporting: &ReportingServiceClient<Channel>,
) -> Row {
    let lags = Arc::new(Mutex::new(Tally::default()));
    let probing = Probing {
        reporting: reporting.clone(),
        lags: Arc::clone(&lags),
        next: Arc::new(Mutex::new(Instant::now() + WARM_UP)),
    };
    let office = office.clone();
    let calls: Calls = Arc::new(move |number| {
        let (office, probing) = (office.clone(), probing.clone());
        Box::pin(async move {
            let token = office.file(Method::SubmitAndAccept, number).await?;
            probing.maybe(token);
            Ok(())
        })
    });
    let (pace, asked) = match rate {
        0 => (Pace::Closed(CALLERS), None),
        rate => (Pace::Open(rate), Some(rate)),
    };
    let span = Span {
        warm_up: WARM_UP,
        duration,
    };
    let mut progress = Progress::over(WARM_UP + duration);
    progress.step(&asked.map_or_else(
        || format!("{CALLERS} callers, as fast as they can"),
        |rate| format!("{rate}/s"),
    ));
    let tally = load(calls, pace, span, &mut progress).await;
    progress.finish();
    // The last probes.
    let begun = Instant::now();
    while Arc::strong_count(&lags) > 1 && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lags = lags.lock().unwrap_or_else(PoisonError::into_inner);
    Row {
        rate_asked: asked,
        load: tally.seen(duration),
        lag_us: lags.latency(),
        probes: lags.count(),
    }
}

/// Waits for reports, beside the load.
#[derive(Clone)]
struct Probing {
    reporting: ReportingServiceClient<Channel>,
    lags: Arc<Mutex<Tally>>,
    next: Arc<Mutex<Instant>>,
}

impl Probing {
    /// A write was acknowledged just now: waits for its report, if a probe is due.
    fn maybe(&self, token: String) {
        let acknowledged = Instant::now();
        {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            if acknowledged < *next {
                return;
            }
            *next = acknowledged + Duration::from_millis(1_000 / PROBES);
        }
        let (mut reporting, lags) = (self.reporting.clone(), Arc::clone(&self.lags));
        tokio::spawn(async move {
            let there = reported(&mut reporting, token, acknowledged + PATIENCE).await;
            let mut lags = lags.lock().unwrap_or_else(PoisonError::into_inner);
            match there {
                Ok(()) => lags.granted(acknowledged.elapsed()),
                Err(status) => lags.refused(&status),
            }
        });
    }
}

/// Asks until a report has what the token names.
async fn reported(
    reporting: &mut ReportingServiceClient<Channel>,
    token: String,
    until: Instant,
) -> Result<(), Status> {
    let request = GetReportRequest {
        question: Some(ReportQuestion {
            from: "2020-01-01".to_owned(),
            to: "2020-01-31".to_owned(),
            grouping: Grouping::Field.into(),
            ..ReportQuestion::default()
        }),
        min_position: token,
        small_cells_min: 0,
    };
    loop {
        match reporting.get_report(request.clone()).await {
            Ok(_) => return Ok(()),
            // It waits a while itself before it says that it is not there yet.
            Err(status) if Instant::now() >= until => return Err(status),
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// The figures as a table for people.
pub fn table(told: &Told) -> String {
    let mut grid = comfy_table::Table::new();
    grid.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    grid.set_header([
        "Tải\nload",
        "Đã nhận\nacknowledged, /s",
        "Vào báo cáo sau, p50\nin the report after",
        "p99",
        "Lần đo\nprobes",
    ]);
    #[allow(clippy::cast_precision_loss, reason = "a time for people")]
    let ms = |micros: u64| format!("{:.1} ms", micros as f64 / 1_000.0);
    for row in &told.rates {
        grid.add_row([
            row.rate_asked.map_or_else(
                || "bão hòa · saturation".to_owned(),
                |rate| format!("{rate}/s"),
            ),
            format!("{:.0}", row.load.rate),
            ms(row.lag_us.p50),
            ms(row.lag_us.p99),
            row.probes.to_string(),
        ]);
    }
    format!("{} · {}\n{grid}", told.feed, told.mix)
}

//! Durable calls against their limits, in turns of one run: only ratios of turns that stood beside each other mean anything.

use std::path::Path;
use std::time::Duration;

use api::hoso::intake::v1::SubmitDossierResponse;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use prost::Message as _;
use serde::Serialize;

use super::args::{Method, Ratios};
use super::dossiers::Dossiers;
use super::limits::{Bare, Limit};
use super::office::Office;
use super::pace::{Pace, Span, load};
use super::place::{Folder, IntakeAlone, all};
use super::progress::Progress;
use super::tally::{Seen, median};
use crate::stack::FeedKind;
use crate::{Failure, client, shipped};

/// Before each turn, unmeasured: connections and caches warm up.
const WARM_UP: Duration = Duration::from_millis(300);
/// Syncs timed alone in each round.
const SYNCS: u32 = 300;

/// What is told.
#[derive(Debug, Serialize)]
pub struct Told {
    measured: &'static str,
    mix: String,
    rounds: u32,
    seconds_a_turn: f64,
    /// One for each number of callers.
    pub callers: Vec<Row>,
    /// The three services together at 64 callers or the nearest number asked for.
    pub whole: Whole,
}

/// The medians for one number of callers.
#[derive(Debug, Serialize)]
pub struct Row {
    /// At a time.
    pub callers: u32,
    /// `SubmitDossier` that does nothing.
    pub idle: Figures,
    /// `SubmitDossier` over a raw file.
    pub raw: Figures,
    /// `SubmitDossier`, intake alone.
    pub submit: Figures,
    /// `SubmitAndAcceptDossier`, intake alone.
    pub submit_and_accept: Figures,
    /// Of rates, `submit` to `raw`.
    pub submit_to_raw: f64,
    /// Of rates, `submit_and_accept` to `raw`.
    pub submit_and_accept_to_raw: f64,
    /// The median time of a sync alone, in microseconds.
    pub sync_us: f64,
    /// Of median times, `submit` to an idle call and two syncs.
    pub submit_to_idle_and_two_syncs: f64,
}

/// The three services at once.
#[derive(Debug, Serialize)]
pub struct Whole {
    callers: u32,
    /// `SubmitDossier` while processing and reporting follow.
    pub submit: Figures,
    /// Of rates, to `raw` for as many callers.
    pub submit_to_raw: f64,
}

/// Medians over the rounds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Figures {
    /// Calls a second.
    pub rate: f64,
    /// The median call, in microseconds.
    pub p50_us: f64,
    /// All but one of a hundred.
    pub p99_us: f64,
    /// Refused in all rounds together.
    pub refused: u64,
}

impl Figures {
    fn of(turns: &[Seen]) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a time for people")]
        let micros = |of: fn(&Seen) -> u64| median(turns.iter().map(|it| of(it) as f64).collect());
        Self {
            rate: median(turns.iter().map(|it| it.rate).collect()),
            p50_us: micros(|it| it.latency_us.p50),
            p99_us: micros(|it| it.latency_us.p99),
            refused: turns.iter().flat_map(|it| it.errors.values()).sum(),
        }
    }
}

/// Measures.
///
/// # Errors
/// When something does not start.
pub async fn run(asked: Ratios) -> Result<Told, Failure> {
    let folder = Folder::of(asked.data.clone());
    let dossiers = Dossiers::new(shipped::catalogue(None)?, asked.mix);
    let turns = u64::from(asked.rounds) * (4 * asked.callers.len() as u64 + 1);
    let mut progress = Progress::new(turns, "lượt · turns");
    let intake = IntakeAlone::start(&folder.path().join("alone"))?;
    let (answer, bytes) = sample(&intake, &dossiers).await?;
    let bench = Bench {
        folder: folder.path(),
        span: Span {
            warm_up: WARM_UP,
            duration: asked.duration,
        },
        rounds: asked.rounds,
        dossiers,
        idle: Limit::idle(answer.clone())?,
        raw: Limit::raw(answer, folder.path())?,
        bare: Bare::new(folder.path(), bytes)?,
    };
    let mut rows = Vec::new();
    for callers in &asked.callers {
        rows.push(bench.row(*callers, &intake, &mut progress).await?);
    }
    // Elsewhere: the clients' connections are closed on this thread, and intake waits for those that are open.
    tokio::task::spawn_blocking(move || drop(intake)).await?;
    let whole = bench.whole(&rows, &mut progress).await?;
    progress.finish();
    Ok(Told {
        measured: "ratios",
        mix: bench.dossiers.mix().to_string(),
        rounds: asked.rounds,
        seconds_a_turn: asked.duration.as_secs_f64(),
        callers: rows,
        whole,
    })
}

/// A real answer for the limits to give, and how large its request was.
async fn sample(
    intake: &IntakeAlone,
    dossiers: &Dossiers,
) -> Result<(SubmitDossierResponse, usize), Failure> {
    let connection = client::connect(&intake.address.to_string()).await?;
    let request = dossiers.submit(0);
    let bytes = request.encoded_len();
    let answer = IntakeServiceClient::new(connection)
        .submit_dossier(request)
        .await
        .map_err(|status| client::explain(&status))?;
    Ok((answer.into_inner(), bytes))
}

struct Bench<'a> {
    folder: &'a Path,
    span: Span,
    rounds: u32,
    dossiers: Dossiers,
    idle: Limit,
    raw: Limit,
    bare: Bare,
}

impl Bench<'_> {
    async fn row(
        &self,
        callers: u32,
        intake: &IntakeAlone,
        progress: &mut Progress,
    ) -> Result<Row, Failure> {
        let office = |address| Office::at(address, callers, self.dossiers.clone());
        let idle = office(self.idle.address).await?;
        let raw = office(self.raw.address).await?;
        let real = office(intake.address).await?;
        let targets = [
            ("idle", &idle, Method::Submit),
            ("raw file", &raw, Method::Submit),
            ("submit", &real, Method::Submit),
            ("submit and accept", &real, Method::SubmitAndAccept),
        ];
        let mut seen: [Vec<Seen>; 4] = Default::default();
        let mut syncs = Vec::new();
        for round in 1..=self.rounds {
            syncs.push(self.bare.median(SYNCS)?.as_secs_f64() * 1e6);
            for ((name, office, method), seen) in targets.iter().zip(&mut seen) {
                progress.step(&format!("{callers} × {name}, round {round}"));
                seen.push(self.turn(office, *method, callers).await);
            }
        }
        let [idle, raw, submit, submit_and_accept] = seen.map(|turns| Figures::of(&turns));
        let sync_us = median(syncs);
        Ok(Row {
            callers,
            submit_to_raw: ratio(submit.rate, raw.rate),
            submit_and_accept_to_raw: ratio(submit_and_accept.rate, raw.rate),
            sync_us,
            submit_to_idle_and_two_syncs: ratio(submit.p50_us, idle.p50_us + 2.0 * sync_us),
            idle,
            raw,
            submit,
            submit_and_accept,
        })
    }

    /// The whole stack has its turns beside the raw file's own.
    async fn whole(&self, rows: &[Row], progress: &mut Progress) -> Result<Whole, Failure> {
        let callers = rows
            .iter()
            .map(|row| row.callers)
            .min_by_key(|callers| callers.abs_diff(64))
            .unwrap_or(64);
        let stack = all(&self.folder.join("whole"), FeedKind::Embedded)?;
        let office = Office::at(stack.intake.grpc, callers, self.dossiers.clone()).await?;
        let raw = Office::at(self.raw.address, callers, self.dossiers.clone()).await?;
        let (mut submit, mut limit) = (Vec::new(), Vec::new());
        for round in 1..=self.rounds {
            progress.step(&format!("{callers} × all three services, round {round}"));
            limit.push(self.turn(&raw, Method::Submit, callers).await);
            submit.push(self.turn(&office, Method::Submit, callers).await);
        }
        drop(office);
        tokio::task::spawn_blocking(move || stack.stop()).await??;
        let submit = Figures::of(&submit);
        Ok(Whole {
            callers,
            submit,
            submit_to_raw: ratio(submit.rate, Figures::of(&limit).rate),
        })
    }

    async fn turn(&self, office: &Office, method: Method, callers: u32) -> Seen {
        let calls = office.calls(method);
        let mut unseen = Progress::none();
        load(calls, Pace::Closed(callers), self.span, &mut unseen)
            .await
            .seen(self.span.duration)
    }
}

fn ratio(of: f64, to: f64) -> f64 {
    if to > 0.0 { of / to } else { 0.0 }
}

/// The figures as a table for people.
pub fn table(told: &Told) -> String {
    use std::fmt::Write as _;

    let mut grid = comfy_table::Table::new();
    grid.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    grid.set_header([
        "Người gọi\ncallers",
        "Không làm gì\nidle, /s",
        "Tệp thô\nraw file, /s",
        "SubmitDossier\n/s",
        "so với tệp thô\nto raw",
        "SubmitAndAccept\n/s",
        "so với tệp thô\nto raw",
        "p50 SubmitDossier\nso với gọi rỗng + 2 sync",
    ]);
    for row in &told.callers {
        grid.add_row([
            row.callers.to_string(),
            format!("{:.0}", row.idle.rate),
            format!("{:.0}", row.raw.rate),
            format!("{:.0}", row.submit.rate),
            format!("{:.2}", row.submit_to_raw),
            format!("{:.0}", row.submit_and_accept.rate),
            format!("{:.2}", row.submit_and_accept_to_raw),
            format!(
                "{:.0} µs : ({:.0} + 2 × {:.0}) = {:.2}",
                row.submit.p50_us, row.idle.p50_us, row.sync_us, row.submit_to_idle_and_two_syncs
            ),
        ]);
    }
    let mut text = grid.to_string();
    let whole = &told.whole;
    let _ = write!(
        text,
        "\nCả ba dịch vụ cùng chạy · all three services at once, {} callers: {:.0}/s, {:.2} × raw",
        whole.callers, whole.submit.rate, whole.submit_to_raw
    );
    text
}

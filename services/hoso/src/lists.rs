//! `hoso dossier list`, `watch` and `due`: what officers have, what happens to it, and what is due, for people and programs.

use std::time::Duration;

use api::hoso::dossier::v1::Dossier;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::watch_service_client::WatchServiceClient;
use api::hoso::processing::v1::{
    DeadlineState, DossierChange, ListDossiersRequest, WatchDeadlinesRequest, WatchDossiersRequest,
};
use clap::Args as Arguments;
use comfy_table::{Table, presets};
use domain::{Phase, local};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::args::{Format, PROCESSING};
use crate::days::{Day, moment};
use crate::{Failure, client, out, show, table};

/// How long to go on trying to reach a service again that has stopped.
const COMES_BACK: Duration = Duration::from_secs(60);
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// `hoso dossier list`.
#[derive(Debug, Arguments)]
pub struct List {
    /// Only what this agency has now.
    #[arg(long, value_name = "AGENCY")]
    pub agency: Option<String>,
    /// Only what this officer's account holds.
    #[arg(long, value_name = "ACCOUNT")]
    pub holder: Option<String>,
    /// Only in these phases, such as in_processing,returned; every pending one if not said.
    #[arg(long = "phase", value_name = "PHASE", value_delimiter = ',', value_parser = phase)]
    pub phases: Vec<Phase>,
    /// Only those due on this day or later.
    #[arg(long, value_name = "DAY")]
    pub due_from: Option<Day>,
    /// Only those due by this moment; a day means its end.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub due_until: Option<Timestamp>,
    /// Only those whose code begins so, in the order of their codes.
    #[arg(long, value_name = "PREFIX")]
    pub code: Option<String>,
    /// How many at most; 0: all.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso dossier watch`.
#[derive(Debug, Arguments)]
pub struct Watch {
    /// Only of dossiers that this agency has, or had until the change.
    #[arg(long, value_name = "AGENCY")]
    pub agency: Option<String>,
    /// Only of those that this unit of it has, or had.
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// Only of this field of procedures.
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// Begin after this position, as an earlier line, a write or a list told it; from now on if not said.
    #[arg(long, value_name = "POSITION")]
    pub after: Option<String>,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line, with its position.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `hoso dossier due`.
#[derive(Debug, Arguments)]
pub struct Due {
    /// Of dossiers that this agency has now.
    #[arg(long, value_name = "AGENCY")]
    pub agency: String,
    /// Only of those that this unit of it has.
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// Due soon means within so many of its working hours.
    #[arg(long, default_value_t = 8, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=400))]
    pub within: u32,
    /// Go on telling what changes.
    #[arg(long)]
    pub follow: bool,
    /// Where processing listens.
    #[arg(long, default_value = PROCESSING, value_name = "ADDR")]
    pub server: String,
    /// `json`: one object a line.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn phase(text: &str) -> Result<Phase, String> {
    let named = Phase::ALL.into_iter().find(|phase| phase.as_str() == text);
    named.ok_or_else(|| {
        let names: Vec<_> = Phase::ALL.iter().skip(1).map(|it| it.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}

/// Lists and prints.
///
/// # Errors
/// When processing does not answer, or refuses.
pub async fn list(asked: &List) -> Result<(), Failure> {
    let mut processing = ProcessingServiceClient::new(client::connect(&asked.server).await?);
    let mut request = ListDossiersRequest {
        agency: asked.agency.clone().unwrap_or_default(),
        holder: asked.holder.clone().unwrap_or_default(),
        phases: asked
            .phases
            .iter()
            .map(|phase| api::convert::values::wire_phase(*phase).into())
            .collect(),
        due_from: asked.due_from.map(|day| {
            let begin = local::instant(day.0.at(0, 0, 0, 0));
            api::convert::values::timestamp(begin)
        }),
        due_before: asked
            .due_until
            .and_then(|until| until.checked_add(SignedDuration::from_micros(1)).ok())
            .map(api::convert::values::timestamp),
        code_prefix: asked.code.clone().unwrap_or_default(),
        ..ListDossiersRequest::default()
    };
    let mut left = if asked.limit == 0 {
        usize::MAX
    } else {
        asked.limit
    };
    let mut shown = 0;
    loop {
        request.page_size = i32::try_from(left.min(500)).unwrap_or(500);
        let answer = processing
            .list_dossiers(request.clone())
            .await
            .map_err(|status| client::explain(&status))?
            .into_inner();
        if asked.format.is_json() {
            for dossier in &answer.dossiers {
                out::print(&show::object(dossier).to_string());
            }
        } else if !answer.dossiers.is_empty() {
            out::print(&grid(&answer.dossiers).to_string());
        }
        shown += answer.dossiers.len();
        left = left.saturating_sub(answer.dossiers.len());
        request.page_token = answer.next_page_token;
        if request.page_token.is_empty() || left == 0 {
            break;
        }
    }
    if shown == 0 && !asked.format.is_json() {
        out::print("không có hồ sơ nào · no dossiers");
    }
    if !request.page_token.is_empty() && !asked.format.is_json() {
        out::print("… còn nữa · there are more (--limit)");
    }
    Ok(())
}

/// Dossiers as a table for people.
pub fn grid(dossiers: &[Dossier]) -> Table {
    let mut grid = Table::new();
    grid.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "Mã hồ sơ\ncode",
        "Hẹn trả\ndue",
        "Trạng thái\nphase",
        "Thủ tục\nprocedure",
        "Đang ở\nnow at",
        "Người giữ\nholder",
        "Lưu ý\nflags",
    ]);
    for dossier in dossiers {
        grid.add_row([
            dossier.code.clone(),
            table::due(dossier.due.as_ref()),
            label(dossier).to_owned(),
            dossier.procedure.clone(),
            dossier.agency_now.clone(),
            dossier.holder.clone(),
            dossier.flags.join(", "),
        ]);
    }
    grid
}

fn label(dossier: &Dossier) -> &'static str {
    api::convert::values::phase(dossier.phase).map_or("", Phase::label_vi)
}

/// Tells what happens, until it is stopped; when the service stops, it goes on where it was once it is back.
///
/// # Errors
/// When processing refuses, or does not come back.
pub async fn watch(asked: &Watch) -> Result<(), Failure> {
    let mut request = WatchDossiersRequest {
        after_position: asked.after.clone().unwrap_or_default(),
        agency: asked.agency.clone().unwrap_or_default(),
        unit: asked.unit.clone().unwrap_or_default(),
        field: asked.field.clone().unwrap_or_default(),
    };
    let mut patience = Patience::default();
    loop {
        let ended = watch_once(asked, &mut request, &mut patience).await;
        patience.after(ended).await?;
    }
}

async fn watch_once(
    asked: &Watch,
    request: &mut WatchDossiersRequest,
    patience: &mut Patience,
) -> Result<Status, Failure> {
    let mut watches = WatchServiceClient::new(client::lasting(&asked.server).await?);
    let mut stream = match watches.watch_dossiers(request.clone()).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(status),
    };
    loop {
        match stream.message().await {
            Ok(Some(message)) => {
                patience.renew();
                request.after_position = message.position;
                if let Some(change) = message.change {
                    tell_change(&change, &request.after_position, asked.format);
                }
            }
            Ok(None) => return Ok(Status::unavailable("the stream ended")),
            Err(status) => return Ok(status),
        }
    }
}

fn tell_change(change: &DossierChange, position: &str, format: Format) {
    let dossier = change.dossier.clone().unwrap_or_default();
    if format.is_json() {
        let line = json!({
            "position": position,
            "kind": change.kind,
            "occurred_at": table::instant(change.occurred_at),
            "recorded_at": table::instant(change.recorded_at),
            "agency_before": change.agency_before,
            "dossier": show::object(&dossier),
        });
        out::print(&line.to_string());
        return;
    }
    let name = if dossier.code.is_empty() {
        &dossier.dossier_id
    } else {
        &dossier.code
    };
    let moved = if change.agency_before.is_empty() || change.agency_before == dossier.agency_now {
        dossier.agency_now.clone()
    } else {
        format!("{} → {}", change.agency_before, dossier.agency_now)
    };
    out::print(&format!(
        "{}  {name}  {} ({})  {moved}  hẹn trả · due {}",
        table::moment(change.recorded_at),
        label(&dossier),
        change.kind,
        table::due(dossier.due.as_ref())
    ));
}

/// Tells what is due, and with `--follow` what changes.
///
/// # Errors
/// When processing refuses, or does not come back.
pub async fn due(asked: &Due) -> Result<(), Failure> {
    let mut request = WatchDeadlinesRequest {
        agency: asked.agency.clone(),
        unit: asked.unit.clone().unwrap_or_default(),
        within_working_hours: asked.within,
        after_position: String::new(),
    };
    let mut patience = Patience::default();
    loop {
        match due_once(asked, &mut request, &mut patience).await {
            Ok(None) => return Ok(()),
            Ok(Some(status)) => patience.after(Ok(status)).await?,
            Err(error) => patience.after(Err(error)).await?,
        }
    }
}

/// Nothing when all was told that was asked for; else why the stream ended.
async fn due_once(
    asked: &Due,
    request: &mut WatchDeadlinesRequest,
    patience: &mut Patience,
) -> Result<Option<Status>, Failure> {
    let mut watches = WatchServiceClient::new(client::lasting(&asked.server).await?);
    let mut stream = match watches.watch_deadlines(request.clone()).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(Some(status)),
    };
    loop {
        let message = match stream.message().await {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(Some(Status::unavailable("the stream ended"))),
            Err(status) => return Ok(Some(status)),
        };
        patience.renew();
        if let Some(notice) = message.notice {
            let state = notice.state();
            let dossier = notice.dossier.unwrap_or_default();
            if asked.format.is_json() {
                let line = json!({"state": name(state).1, "dossier": show::object(&dossier)});
                out::print(&line.to_string());
            } else {
                let (vi, en) = name(state);
                out::print(&format!(
                    "{}  {}  {vi} · {en}  {}",
                    table::due(dossier.due.as_ref()),
                    dossier.code,
                    label(&dossier)
                ));
            }
        } else if !message.position.is_empty() {
            request.after_position = message.position;
            if !asked.follow {
                return Ok(None);
            }
        }
    }
}

fn name(state: DeadlineState) -> (&'static str, &'static str) {
    match state {
        DeadlineState::DueSoon => ("sắp đến hạn", "due_soon"),
        DeadlineState::Overdue => ("quá hạn", "overdue"),
        DeadlineState::Gone => ("không còn", "gone"),
        DeadlineState::Unspecified => ("", ""),
    }
}

/// How long a service may still be away.
#[derive(Debug, Default)]
struct Patience {
    reached: bool,
    away: Duration,
}

impl Patience {
    /// It is here.
    fn renew(&mut self) {
        self.reached = true;
        self.away = Duration::ZERO;
    }

    /// Waits a little, when it was here before and may come back.
    async fn after(&mut self, ended: Result<Status, Failure>) -> Result<(), Failure> {
        let error = match ended {
            // What a service refuses has a reason; what has none is a connection that broke. A token that ended may have its
            // successor in the file in a moment.
            Ok(status)
                if ![Code::Unavailable, Code::Unauthenticated].contains(&status.code())
                    && status.get_details_error_info().is_some() =>
            {
                return Err(client::explain(&status));
            }
            Ok(status) => client::explain(&status),
            Err(error) => error,
        };
        if !self.reached || self.away >= COMES_BACK {
            return Err(error);
        }
        if self.away.is_zero() {
            out::say("dịch vụ tạm vắng, đang chờ · the service is away, waiting");
        }
        self.away += BETWEEN_TRIES;
        tokio::time::sleep(BETWEEN_TRIES).await;
        Ok(())
    }
}

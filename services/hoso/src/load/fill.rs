//! A folder of finished lives, made fast: the desks of intake and processing decide, the real logs and the real vault keep;
//! only gRPC and the feed are left out.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use api::convert::filing::{self, Filed};
use api::{Faults, edge};
use application::codes::{Codes, Counters};
use application::{Desk, Wish, Writer, riding};
use chassis::Clock;
use domain::Catalogue;
use domain::command::{Accept, AssignTask, Command, RecordDelivery, Resolve, Transfer};
use domain::event::DeliveryMode;
use domain::ids::{ActorId, AgencyId, DossierId, OrganisationId};
use eventlog::{EventLog, Keeping, Role};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::task::JoinSet;
use uuid::Uuid;
use vault::Vault;

use super::args::{Fill, OneRole, Until};
use super::dossiers::Dossiers;
use super::mix::Mix;
use super::progress::Progress;
use super::tally::per_second;
use crate::stack::{self, FolderKind};
use crate::{Failure, shipped};

/// Records of a dossier's whole life, in processing's log.
const EVENTS_A_LIFE: u64 = 6;
/// A province's year is a million dossiers.
const SECONDS_BETWEEN: i64 = 31;
/// Dossiers filed before those of an earlier day are resolved: a chunk is most of a day.
const CHUNK: u64 = 2_048;
/// So many chunks later a dossier is resolved; those of the last are still open at the end, as in any office.
const DAYS_OPEN: usize = 10;
/// Wishes under way at a time.
const UNDER_WAY: usize = 256;
const AGENCY: &str = "000.00.06.H20";

/// What is told.
#[derive(Debug, Serialize)]
pub struct Told {
    measured: &'static str,
    /// Records in processing's log.
    pub events: u64,
    /// Dossiers.
    pub dossiers: u64,
    /// Of them not ended.
    pub open: u64,
    /// How long it took.
    pub seconds: f64,
    /// Records a second, through three logs and the vault.
    pub events_a_second: f64,
}

/// Fills a folder.
///
/// # Errors
/// When it is not empty, or anything in it does not open or take what it is given.
pub async fn run(asked: Fill) -> Result<Told, Failure> {
    if std::fs::read_dir(&asked.data).is_ok_and(|mut files| files.next().is_some()) {
        return Err(format!("{} is not empty", asked.data.display()).into());
    }
    stack::claim(&asked.data, FolderKind::Load)?;
    let events_a_life = match asked.until {
        Until::Filed => 1,
        Until::Accepted => 2,
        Until::Returned => EVENTS_A_LIFE,
    };
    let lives = asked.events.div_ceil(events_a_life).max(1);
    let length = i64::try_from(lives)?.saturating_mul(SECONDS_BETWEEN);
    let first = Clock::system().now() - SignedDuration::from_secs(length);
    let office = Office::open(&asked.data, Clock::manual(first))?;
    let mut progress = Progress::new(asked.events, "sự kiện · events");
    progress.step("đang ghi · filling");
    let begun = Instant::now();
    let (mut number, mut waiting) = (0, VecDeque::new());
    let mut events = 0;
    while events < asked.events {
        let at = first + SignedDuration::from_secs(SECONDS_BETWEEN * i64::try_from(number)?);
        office.clock.set(at);
        // A small fill has its days too.
        let size = CHUNK.min(lives.div_ceil(4 * DAYS_OPEN as u64)).max(1);
        let filed = office.file(number..number + size, asked.until, at);
        waiting.push_back(filed.await?);
        number += size;
        if asked.until == Until::Returned
            && waiting.len() > DAYS_OPEN
            && let Some(due) = waiting.pop_front()
        {
            office.finish(due, at).await?;
        }
        events = office.copy().await?;
        progress.done(events);
    }
    let took = begun.elapsed();
    office.close();
    progress.finish();
    Ok(Told {
        measured: "fill",
        events,
        dossiers: number,
        open: waiting.iter().map(|chunk| chunk.len() as u64).sum(),
        seconds: took.as_secs_f64(),
        events_a_second: per_second(events, took),
    })
}

/// The three services' insides.
struct Office {
    intake: Desk,
    processing: Desk,
    reporting: EventLog,
    dossiers: Dossiers,
    clock: Clock,
}

impl Office {
    fn open(data: &Path, clock: Clock) -> Result<Self, Failure> {
        let catalogue = shipped::catalogue(None)?;
        let mix: Mix = "online=60,direct=30,postal=10".parse()?;
        let intake = data.join(OneRole::Intake.as_str());
        let processing = data.join(OneRole::Processing.as_str());
        let reporting = data.join(OneRole::Reporting.as_str());
        Ok(Self {
            intake: desk(data, &intake, &clock, &catalogue, Writer::Intake)?,
            processing: desk(data, &processing, &clock, &catalogue, Writer::Processing)?,
            reporting: log(&reporting, &clock, Role::Replica, Keeping::default())?,
            dossiers: Dossiers::new(catalogue, mix),
            clock,
        })
    }

    /// Files and accepts dossiers, all at this time.
    async fn file(
        &self,
        numbers: std::ops::Range<u64>,
        until: Until,
        now: Timestamp,
    ) -> Result<Vec<DossierId>, Failure> {
        let mut filed = Vec::new();
        let mut under_way = JoinSet::new();
        for number in numbers {
            let (submission, accept) = self.request(number)?;
            let accept = (until != Until::Filed).then_some(accept);
            let desk = self.intake.clone();
            under_way.spawn(async move { file(&desk, submission, accept, now).await });
            if under_way.len() >= UNDER_WAY {
                filed.extend(under_way.join_next().await.transpose()?.transpose()?);
            }
        }
        while let Some(one) = under_way.join_next().await {
            filed.push(one??);
        }
        Ok(filed)
    }

    fn request(&self, number: u64) -> Result<(Filed, Accept), Failure> {
        let request = self.dossiers.submit_and_accept(number);
        let mut faults = Faults::default();
        let submission = filing::submission(request.submission.as_ref(), &mut faults);
        let accept = filing::acceptance(request.acceptance.as_ref(), &mut faults);
        let both = faults.finish(submission.zip(accept));
        both.map_err(|error| format!("dossier {number}: {error}").into())
    }

    /// Passes dossiers on, gives them to an officer, resolves and returns them, all at this time.
    async fn finish(&self, dossiers: Vec<DossierId>, now: Timestamp) -> Result<(), Failure> {
        let mut under_way = JoinSet::new();
        for dossier in dossiers {
            let desk = self.processing.clone();
            under_way.spawn(async move { finish(&desk, dossier, now).await });
            if under_way.len() >= UNDER_WAY
                && let Some(one) = under_way.join_next().await
            {
                one??;
            }
        }
        while let Some(one) = under_way.join_next().await {
            one??;
        }
        Ok(())
    }

    /// Takes into processing's log what intake's has, and into reporting's what processing's has; says how much that is.
    async fn copy(&self) -> Result<u64, Failure> {
        let (intake, processing) = (self.intake.log(), self.processing.log());
        let origin = intake.head().log;
        loop {
            let here = processing.watermark(origin).map_or(0, |mark| mark.position);
            let records = intake.read_after(here, 4_096)?;
            if records.is_empty() {
                break;
            }
            processing.import(records).await?;
        }
        loop {
            let records = processing.read_after(self.reporting.head().position, 4_096)?;
            if records.is_empty() {
                return Ok(processing.head().position);
            }
            self.reporting.replicate(records).await?;
        }
    }

    fn close(&self) {
        for desk in [&self.intake, &self.processing] {
            desk.log().close();
            desk.vault().close();
        }
        self.reporting.close();
    }
}

fn log(folder: &Path, clock: &Clock, role: Role, keeping: Keeping) -> Result<EventLog, Failure> {
    let clock = clock.clone();
    let settings = eventlog::Settings {
        segment_bytes_max: eventlog::SEGMENT_BYTES_MAX,
        role,
        keeping,
        ..eventlog::Settings::new(move || clock.now_us())
    };
    Ok(EventLog::open(&folder.join("log"), settings)?)
}

fn desk(
    data: &Path,
    folder: &Path,
    clock: &Clock,
    catalogue: &Arc<Catalogue>,
    writer: Writer,
) -> Result<Desk, Failure> {
    let vault = Vault::open(
        &folder.join("vault"),
        stack::master_key(data, None)?,
        vault::Settings::default(),
    )?;
    let codes = match writer {
        Writer::Intake => Codes::after(&Counters::of(0)),
        Writer::Processing => Codes::none(),
    };
    let keeping = riding::keeping(&vault);
    Ok(Desk::new(
        log(folder, clock, Role::Origin, keeping)?,
        vault,
        Arc::clone(catalogue),
        Arc::new(codes),
        writer,
    ))
}

fn wish(desk: &Desk, dossier: Option<DossierId>, now: Timestamp, method: &str) -> Wish {
    let request_id = Uuid::new_v4();
    Wish {
        request: Wish::request(desk.vault(), "load", request_id, method, &[]),
        request_id,
        dossier: dossier.unwrap_or_else(|| DossierId::derive("load", request_id)),
        expected: None,
        actor: ActorId::new("tai.thu"),
        organisation: OrganisationId::new(AGENCY),
        now,
        through: None,
        may_record_late: false,
    }
}

async fn file(
    desk: &Desk,
    filed: Filed,
    accept: Option<Accept>,
    now: Timestamp,
) -> Result<DossierId, Failure> {
    let secrets = vec![edge::secret(&filed.applicant)?];
    let wish = wish(desk, None, now, "SubmitAndAcceptDossier");
    let answer = desk
        .carry_out(&wish, secrets, move |kept| {
            let submit = Command::Submit(filed.clone().command(edge::only(kept)));
            let accept = accept.clone().map(Command::Accept);
            [submit].into_iter().chain(accept).collect()
        })
        .await?;
    Ok(answer.id)
}

async fn finish(desk: &Desk, dossier: DossierId, now: Timestamp) -> Result<(), Failure> {
    let wish = wish(desk, Some(dossier), now, "Finish");
    desk.carry_out(&wish, Vec::new(), |_| {
        vec![
            Command::Transfer(Transfer {
                to: AgencyId::new(AGENCY),
                unit: Some("Phòng Nghiệp vụ".into()),
            }),
            Command::AssignTask(AssignTask {
                holder: ActorId::new("cv.07"),
                unit: None,
            }),
            Command::Resolve(Resolve {
                result: "KQ-TAI".into(),
                electronic: true,
                earlier: None,
            }),
            Command::RecordDelivery(RecordDelivery {
                mode: DeliveryMode::Electronic,
                item: None,
                proof: None,
                to_authorised: false,
            }),
        ]
    })
    .await?;
    Ok(())
}

/// The figures for people.
pub fn table(told: &Told) -> String {
    format!(
        "{} sự kiện · events, {} hồ sơ · dossiers ({} chưa giải quyết · open), {:.1} s, {:.0} sự kiện/s",
        told.events, told.dossiers, told.open, told.seconds, told.events_a_second
    )
}

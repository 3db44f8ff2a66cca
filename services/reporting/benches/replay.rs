//! Replay of a log into facts, against serde_json decoding the same events alone on one core; prints the ratio.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and a failed set-up fails it"
)]

use std::sync::Arc;
use std::time::Instant;

use application::codec::{self, Stamp};
use domain::Catalogue;
use domain::clock::{Due, DueRule, TimeLimit, TimeUnit};
use domain::event::{
    AcceptanceBasis, ApplicantKind, Channel, DossierAccepted, DossierResolved, DossierSubmitted,
    Event, Occurrence, Outcome, PlaceKind, ResultDelivered, TaskAssigned, Transferred,
};
use domain::ids::{
    ActorId, AgencyId, DossierCode, FieldCode, LawId, OrganisationId, PointId, ProcedureCode,
    VaultRef, VersionHash,
};
use eventlog::{Append, EventLog, Expected, Key, Request, Settings, StreamId};
use jiff::{SignedDuration, Timestamp};
use reporting::figures::Figures;
use uuid::Uuid;

/// What the program itself runs on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Dossiers, six events each.
const DOSSIERS: u64 = 100_000;
const ROUNDS: usize = 3;

fn main() {
    let folder = std::env::temp_dir().join(format!("hoso-replay-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let log = EventLog::open(&folder, Settings::new(|| 1_670_000_000_000_000)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(fill(&log));
    let events = log.head().position;
    let folder_of = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue");
    let texts = Catalogue::FILES.map(|name| {
        let text = std::fs::read_to_string(folder_of.join(name)).unwrap();
        (name, text)
    });
    let files: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let catalogue = Arc::new(Catalogue::parse(&files).unwrap());

    let mut best = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let alone = decoding_alone(&log);
        let started = Instant::now();
        let folded = Figures::new(Arc::clone(&catalogue), &log)
            .unwrap()
            .catch_up(&log, 0)
            .unwrap();
        assert_eq!(folded, events);
        let replay = rate(events, started);
        println!(
            "serde_json alone, one core: {:>9.0} events/s · replay into facts, all cores: {:>9.0} events/s · ratio {:.2}",
            alone,
            replay,
            replay / alone
        );
        best = (best.0.max(alone), best.1.max(replay));
    }
    println!(
        "best of each: ratio {:.2} (must be ≥ 1.0, aim 1.6)",
        best.1 / best.0
    );
    log.close();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Every event's bytes decoded with serde_json on one core: the bytes are in memory already.
fn decoding_alone(log: &EventLog) -> f64 {
    let (mut after, mut spent, mut count) = (0, std::time::Duration::ZERO, 0);
    loop {
        let records = log.read_after(after, 8192).unwrap();
        let Some(last) = records.last() else { break };
        after = last.place.position;
        let started = Instant::now();
        for record in &records {
            let mut from = serde_json::Deserializer::from_slice(&record.event.data);
            std::hint::black_box(
                Event::decode(&record.event.kind, &mut from)
                    .unwrap()
                    .unwrap(),
            );
        }
        spent += started.elapsed();
        count += records.len();
    }
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = count as f64 / spent.as_secs_f64();
    rate
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(events: u64, started: Instant) -> f64 {
    events as f64 / started.elapsed().as_secs_f64()
}

async fn fill(log: &EventLog) {
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..DOSSIERS {
        let log = log.clone();
        waiting.spawn(async move { log.append(life(number)).await.unwrap() });
        if waiting.len() >= 256 {
            waiting.join_next().await.unwrap().unwrap();
        }
    }
    while waiting.join_next().await.is_some() {}
}

fn life(number: u64) -> Append {
    let dossier = Uuid::from_u128(u128::from(number) << 64 | 0x5eed);
    let request = Request {
        key: Key(dossier.into_bytes()),
        body: [7; 16],
    };
    let stamp = Stamp {
        request,
        causation: dossier,
        correlation: dossier,
        actor: &ActorId::new("can-bo-17"),
        organisation: &OrganisationId::new("000.00.06.H20"),
    };
    let start =
        Timestamp::from_second(1_671_000_000 + i64::try_from(number).unwrap() * 150).unwrap();
    let events = history(number, start)
        .into_iter()
        .enumerate()
        .map(|(step, event)| {
            let at = start + SignedDuration::from_hours(i64::try_from(step).unwrap() * 7);
            let index = u32::try_from(step).unwrap();
            codec::encode(&Occurrence { at, event }, index, &stamp).unwrap()
        })
        .collect();
    Append {
        stream: StreamId(dossier),
        expected: Expected::Exactly(0),
        request: Some(request),
        events,
    }
}

fn history(number: u64, start: Timestamp) -> Vec<Event> {
    let agency = AgencyId::new(format!("000.00.{:02}.H20", number % 20));
    let procedure = ProcedureCode::new(format!("1.00{:04}", number % 700));
    let version = VersionHash::new("0123456789abcdef");
    let channel =
        [Channel::Online, Channel::Direct, Channel::Postal][usize::try_from(number % 3).unwrap()];
    vec![
        Event::DossierSubmitted(DossierSubmitted {
            procedure: procedure.clone(),
            agency: agency.clone(),
            channel,
            assisted: false,
            place: PlaceKind::Counter,
            point: Some(PointId::new("TTPVHCC-DT")),
            operator: OrganisationId::new("VNPOST-DT"),
            applicant: ApplicantKind::Citizen,
            subject: VaultRef {
                entry: Uuid::from_u128(u128::from(number)),
                digest: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0".into(),
            },
            components: Vec::new(),
            source: None,
            catalogue: version.clone(),
            answer_due: Some(start),
            boundary_independent: false,
            synthetic: true,
        }),
        Event::DossierAccepted(DossierAccepted {
            code: DossierCode::new(format!("000.00.06.H20-221215-{number:05}")),
            procedure,
            field: FieldCode::new(format!("H20-{}", number % 17)),
            agency: agency.clone(),
            channel,
            assisted: false,
            point: PointId::new("TTPVHCC-DT"),
            operator: OrganisationId::new("VNPOST-DT"),
            basis: AcceptanceBasis::ServerClock,
            limit: Some(TimeLimit {
                amount: 5,
                unit: TimeUnit::WorkingDays,
            }),
            due: Some(Due {
                at: start + SignedDuration::from_hours(24 * 7),
                rule: DueRule::ByDate,
                provisional: false,
            }),
            law: LawId::new("nd61-2018"),
            calendar: version.clone(),
            catalogue: version,
            receipt_issued: true,
            boundary_independent: false,
        }),
        Event::Transferred(Transferred {
            to: agency,
            unit: None,
            expected_by: Some(start),
        }),
        Event::TaskAssigned(TaskAssigned {
            holder: ActorId::new(format!("can-bo-{}", number % 40)),
            unit: Some("Phòng Quản lý văn hóa".into()),
        }),
        Event::DossierResolved(DossierResolved {
            outcome: Outcome::Granted {
                result: format!("{number}/GP-SVHTTDL").into(),
                electronic: true,
            },
        }),
        Event::ResultDelivered(ResultDelivered {
            mode: domain::event::DeliveryMode::Electronic,
            item: None,
            proof: None,
            to_authorised: false,
            filing: None,
        }),
    ]
}

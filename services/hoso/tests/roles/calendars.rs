//! A calendar is published while the roles run: every intake node and reporting use it without being started again, and whoever
//! was away gets it when it is back.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use api::hoso::dossier::v1::Dossier;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    CalendarInUse, DossierName, GetCalendarRequest, GetDossierRequest, dossier_name,
};
use uuid::Uuid;

use crate::office::{connection, figures, file, until_answered};
use crate::process::{Role, Special, path, ran};
use crate::province::key_file;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);
const YEARS: &str = "# published: 2021..2026";

/// The shipped catalogue with a calendar that publishes no year that is near, and one that does.
fn catalogue(place: &Path) -> (PathBuf, PathBuf) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/catalogue");
    let folder = place.join("catalogue");
    std::fs::create_dir(&folder).unwrap();
    for file in std::fs::read_dir(&shipped).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let calendar = std::fs::read_to_string(shipped.join("calendar.csv")).unwrap();
    assert!(calendar.contains(YEARS));
    let without = calendar.replace(YEARS, "# published: 2021..2022");
    std::fs::write(folder.join("calendar.csv"), without).unwrap();
    let mut text = calendar.replace(YEARS, "# published: 2021..2060");
    for year in 2027..=2060 {
        let weekday = (1..=3)
            .map(|day| jiff::civil::date(year, 3, day))
            .find(|day| day.weekday().to_monday_one_offset() <= 5)
            .unwrap();
        text.push_str(&format!("{weekday},off,Ngày thử,official\n"));
    }
    let published = place.join("published.csv");
    std::fs::write(&published, text).unwrap();
    (folder, published)
}

/// A dossier that is accepted there: whether its due date is provisional, and where the write is.
async fn accepted(intake: &Role) -> (Dossier, String) {
    let filed = file(&intake.address, Uuid::new_v4()).await;
    (filed.dossier.unwrap(), filed.position)
}

fn provisional(dossier: &Dossier) -> bool {
    dossier.due.as_ref().unwrap().provisional
}

/// The dossier as processing has it, once it has what the token names.
async fn at_processing(processing: &Role, dossier: &Dossier, position: &str) -> Dossier {
    let request = GetDossierRequest {
        dossier: Some(DossierName {
            name: Some(dossier_name::Name::DossierId(dossier.dossier_id.clone())),
        }),
        min_position: position.to_owned(),
    };
    let answer = until_answered("a dossier", || {
        let mut to = ProcessingServiceClient::new(connection(&processing.address));
        let request = request.clone();
        async move { to.get_dossier(request).await }
    });
    answer.await.dossier.unwrap()
}

async fn in_use(processing: &Role) -> CalendarInUse {
    let answer = until_answered("the calendar in use", || {
        let mut to = ProcessingServiceClient::new(connection(&processing.address));
        async move { to.get_calendar(GetCalendarRequest {}).await }
    });
    answer.await.calendar.unwrap()
}

/// Waits until the calendar in use is as it should be.
async fn until(processing: &Role, what: &str, holds: impl Fn(&CalendarInUse) -> bool) {
    let began = Instant::now();
    loop {
        let now = in_use(processing).await;
        if holds(&now) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: {now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// With which catalogue reporting counts.
async fn counts_with(reporting: &Role, position: &str) -> String {
    let report = figures(&reporting.address, position.to_owned()).await;
    let report: serde_json::Value = serde_json::from_str(&report.json).unwrap();
    report["rules"]["catalogue"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_calendar_reaches_whoever_runs_and_whoever_was_away_and_stays() {
    let place = tempfile::tempdir().unwrap();
    let (catalogue, published) = catalogue(place.path());
    let nats = Server::start();
    // With a line key it is told under cover; the other test has none.
    let key = place.path().join("line.key");
    key_file(&key);
    let start = |name: &'static str, node: u8| {
        let mut words = ["--catalogue", path(&catalogue)].to_vec();
        if name != "reporting" {
            words.extend(["--line-key-file", path(&key)]);
        }
        let special = Special::with(&words);
        Role::start_with(name, node, place.path(), &nats.url(), special)
    };
    let mut here = start("intake", 1);
    let mut away = start("intake", 2);
    let mut processing = start("processing", 0);
    let mut reporting = start("reporting", 0);
    let mut before = Vec::new();
    for intake in [&here, &away] {
        let (dossier, position) = accepted(intake).await;
        assert!(provisional(&dossier));
        at_processing(&processing, &dossier, &position).await;
        before.push(dossier);
    }
    let last = accepted(&here).await;
    let counted = counts_with(&reporting, &last.1).await;

    away.kill();
    let (well, said) = ran(&[
        "calendar",
        "publish",
        path(&published),
        "--server",
        &processing.address,
        "--format",
        "json",
    ]);
    assert!(well, "{said}");
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["changed"], true);
    assert_eq!(told["not_yet_at"].as_array().unwrap().len(), 1, "{said}");
    let (dossier, position) = accepted(&here).await;
    assert!(!provisional(&dossier), "intake has heard of it");
    let there = at_processing(&processing, &dossier, &position).await;
    assert_eq!(there.due, dossier.due, "and counts as processing does");
    let since = counts_with(&reporting, &position).await;
    assert_ne!(since, counted, "reporting too");

    // Until a node has it, what it accepts is provisional, and computed anew.
    away.restart();
    until(&processing, "the node that is back", |now| {
        now.not_yet_at.is_empty()
    })
    .await;
    let (dossier, _) = accepted(&away).await;
    assert!(!provisional(&dossier));
    until(&processing, "due dates", |now| now.to_recompute == 0).await;
    for dossier in &before {
        let now = at_processing(&processing, dossier, "").await;
        assert!(!provisional(&now), "it was computed anew");
    }

    // A restart forgets nothing, wherever; reporting folds anew, and lands at the same.
    for role in [&mut here, &mut away, &mut processing, &mut reporting] {
        role.kill();
    }
    std::fs::remove_file(reporting.data().join("figures.fold")).ok();
    for role in [&mut here, &mut away, &mut processing, &mut reporting] {
        role.restart();
    }
    for intake in [&here, &away] {
        let (dossier, position) = accepted(intake).await;
        assert!(!provisional(&dossier));
        assert_eq!(counts_with(&reporting, &position).await, since);
    }
    for role in [&mut processing, &mut reporting] {
        role.kill();
        let records = role.dump();
        let kind = |name: &str| records.iter().filter(|it| it["kind"] == *name).count();
        assert_eq!(kind("calendar_published"), 1);
        assert_eq!(kind("due_date_recomputed"), 3, "each provisional one once");
        role.verify();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_of_an_earlier_program_is_told_to_the_others_once_it_is_published_again() {
    let place = tempfile::tempdir().unwrap();
    let (catalogue, published) = catalogue(place.path());
    let nats = Server::start();
    let start = |name: &'static str, node: u8| {
        let special = Special::with(&["--catalogue", path(&catalogue)]);
        Role::start_with(name, node, place.path(), &nats.url(), special)
    };
    let intake = start("intake", 1);
    let mut processing = start("processing", 0);
    let (dossier, position) = accepted(&intake).await;
    at_processing(&processing, &dossier, &position).await;
    let own = in_use(&processing).await.version;
    processing.kill();
    // As it kept a calendar: in a file, and nowhere else.
    let csv = std::fs::read_to_string(&published).unwrap();
    let kept = serde_json::json!({ "replaces": own, "csv": csv });
    let file = processing.data().join("published-calendar.json");
    std::fs::write(file, kept.to_string()).unwrap();
    processing.restart();
    let now = in_use(&processing).await;
    assert_ne!(now.version, own, "it is in use here");
    assert_eq!(now.not_yet_at.len(), 1, "and nobody else has heard of it");
    let (dossier, _) = accepted(&intake).await;
    assert!(provisional(&dossier));

    let to = ["--server", &processing.address, "--format", "json"];
    for _ in 0..2 {
        let (well, said) = ran(&[&["calendar", "publish", path(&published)], &to[..]].concat());
        assert!(well, "{said}");
        let told: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(told["changed"], false);
        assert_eq!(told["not_yet_at"], serde_json::json!([]));
    }
    let (dossier, _) = accepted(&intake).await;
    assert!(!provisional(&dossier));
    processing.kill();
    let records = processing.dump();
    let written = records
        .iter()
        .filter(|it| it["kind"] == "calendar_published");
    assert_eq!(written.count(), 1);
}

//! Accidents of whole logs: restored from an old copy, lost, cut short; nothing acknowledged is lost, no position or code given twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::sleep;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::office::{Notes, figures, file, refused_to_file, work};
use crate::process::{Role, path, refused, said};
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

/// The three roles and what clerks were told.
struct Province {
    nats: Server,
    intake: Role,
    processing: Role,
    reporting: Role,
    notes: Notes,
    folder: TempDir,
}

impl Province {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let nats = Server::start();
        let start = |name| Role::start(name, 0, folder.path(), &nats.url());
        Self {
            intake: start("intake"),
            processing: start("processing"),
            reporting: start("reporting"),
            notes: Notes::default(),
            nats,
            folder,
        }
    }

    /// A clerk files and resolves so many dossiers more; everybody has all of it afterwards.
    async fn works(&self, more: usize) {
        let (closing, closed) = watch::channel(false);
        let (intake, processing) = (self.intake.address.clone(), self.processing.address.clone());
        let clerk = tokio::spawn(work(intake, processing, closed, self.notes.clone()));
        let (until, enough) = (Instant::now() + PATIENCE, self.notes.all().len() + more);
        while self.notes.all().len() < enough {
            assert!(Instant::now() < until, "the clerk is not served");
            sleep(Duration::from_millis(10)).await;
        }
        closing.send_replace(true);
        clerk.await.unwrap();
        for one in self.notes.all() {
            figures(&self.reporting.address, one.position).await;
        }
    }

    /// What is true when all is well again: every acknowledged write once in all logs, the chains whole, the figures right, no
    /// code twice; `open` are filed and not resolved.
    async fn is_well(&mut self, open: usize) -> (Vec<Value>, Vec<Value>) {
        let acknowledged = self.notes.all();
        let count = acknowledged.len();
        let last = acknowledged.last().unwrap().position.clone();
        let report = figures(&self.reporting.address, last).await;
        let failing: Vec<_> = report.checks.iter().filter(|check| !check.holds).collect();
        assert!(failing.is_empty(), "{failing:?}");
        let total = report.total.unwrap();
        let (resolved, pending) = (u64::try_from(count), u64::try_from(open));
        assert_eq!((total.c7, total.c11), (resolved.unwrap(), pending.unwrap()));
        for role in [&mut self.intake, &mut self.processing, &mut self.reporting] {
            role.kill();
            role.verify();
        }
        let [intake, processing, reporting] =
            [&self.intake, &self.processing, &self.reporting].map(Role::dump);
        assert_eq!(processing, reporting);
        for (log, kinds) in [
            (&intake, &["dossier_submitted", "dossier_accepted"][..]),
            (
                &processing,
                &["dossier_submitted", "dossier_accepted", "dossier_resolved"],
            ),
        ] {
            for kind in kinds {
                let of_kind = log.iter().filter(|record| record["kind"] == **kind);
                let streams: Vec<_> = of_kind.map(|record| text(&record["stream"])).collect();
                let all = if *kind == "dossier_resolved" {
                    count
                } else {
                    count + open
                };
                assert_eq!(streams.len(), all, "{kind}");
                let once: BTreeSet<_> = streams.into_iter().collect();
                assert!(acknowledged.iter().all(|one| once.contains(&one.dossier)));
                assert_eq!(once.len(), all, "{kind}");
            }
        }
        let accepted = processing
            .iter()
            .filter(|record| record["kind"] == "dossier_accepted");
        let codes: Vec<_> = accepted
            .map(|record| text(&record["data"]["code"]))
            .collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        (intake, processing)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// `hoso log export` of one log and `hoso log import` in the place of another.
fn export(role: &Role, to: &Path) {
    said(&["log", "export", path(&role.data().join("log")), path(to)]);
}

fn import(role: &Role, from: &Path) {
    let log = role.data().join("log");
    fs::remove_dir_all(&log).unwrap();
    let files = files(from);
    let files: Vec<_> = files.iter().map(|file| path(file)).collect();
    said(&[&["log", "import", path(&log)], &files[..]].concat());
}

fn epochs(log: &[Value]) -> Vec<&Value> {
    let opened = log.iter().filter(|record| record["kind"] == "epoch_opened");
    // Its own, not those that it took in.
    opened.filter(|record| record["origin"].is_null()).collect()
}

async fn eventually_says(role: &Role, words: &str) {
    let until = Instant::now() + PATIENCE;
    loop {
        let (_, answer) = role.ready();
        if answer.contains(words) {
            return;
        }
        assert!(Instant::now() < until, "{answer}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intake_node_restored_from_an_old_export_gives_no_position_and_no_code_twice() {
    let mut province = Province::new();
    province.works(3).await;
    let export_to = province.folder.path().join("export");
    province.intake.kill();
    export(&province.intake, &export_to);
    province.intake.restart();
    province.works(3).await;
    let request = Uuid::new_v4();
    let first = file(&province.intake.address, request).await;
    figures(&province.reporting.address, first.position.clone()).await;
    province.intake.kill();
    let before = province.intake.dump();
    import(&province.intake, &export_to);
    province.intake.restart();
    // It answers what it was asked before the accident, as it did then; and then goes on.
    let again = file(&province.intake.address, request).await;
    let first = first.dossier.unwrap();
    assert_eq!(again.dossier.unwrap().code, first.code);
    province.works(3).await;
    eventually_says(&province.intake, "ready\n").await;
    let (intake, _) = province.is_well(1).await;
    assert_eq!(intake[..before.len()], before);
    let [opened] = epochs(&intake)[..] else {
        panic!("one epoch was opened");
    };
    assert_eq!(opened["position"], before.len() + 1);
    assert_eq!(opened["epoch"], 2);
    assert_eq!(opened["data"]["heard"][0]["name"], "processing");
    assert_eq!(opened["data"]["loss"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processing_is_rebuilt_from_reportings_copy_at_the_same_positions() {
    let mut province = Province::new();
    province.works(5).await;
    province.processing.kill();
    let before = province.processing.dump();
    // The copy is taken while reporting stands still, and is then a little old.
    province.reporting.kill();
    let export_to = province.folder.path().join("export");
    export(&province.reporting, &export_to);
    province.reporting.restart();
    province.processing.restart();
    province.works(2).await;
    province.processing.kill();
    // Everything but the vault is gone; how far it was published may not have been noted yet.
    let _ = fs::remove_file(province.processing.data().join("relayed"));
    import(&province.processing, &export_to);
    province.processing.restart();
    province.works(3).await;
    let (_, processing) = province.is_well(0).await;
    assert_eq!(processing[..before.len()], before);
    let [opened] = epochs(&processing)[..] else {
        panic!("one epoch was opened");
    };
    assert_eq!(opened["data"]["why"], "restored");
    assert_eq!(opened["data"]["found_at"], before.len());
    assert_eq!(opened["data"]["heard"][0]["name"], "reporting-0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cut_short_is_noticed_by_its_own_relay_and_takes_no_writes_until_it_is_whole() {
    let mut province = Province::new();
    province.works(3).await;
    province.intake.kill();
    let (log, older) = (
        province.intake.data().join("log"),
        province.folder.path().join("older"),
    );
    let copy = |from: &Path, to: &Path| {
        let copied = Command::new("cp").arg("-r").arg(from).arg(to).status();
        assert!(copied.unwrap().success());
    };
    copy(&log, &older);
    let short = province.intake.dump().len();
    // Dumping it has marked a clean stop.
    province.intake.restart();
    province.works(3).await;
    let relayed = || {
        let text = fs::read_to_string(log.with_file_name("relayed")).unwrap_or_default();
        let position = text
            .trim()
            .rsplit(' ')
            .next()
            .and_then(|it| it.parse().ok());
        position.unwrap_or(0_usize)
    };
    let until = Instant::now() + PATIENCE;
    while relayed() <= short {
        assert!(Instant::now() < until, "the relay does not get on");
        sleep(Duration::from_millis(20)).await;
    }
    province.intake.kill();
    let before = province.intake.dump();
    province.processing.kill();
    fs::remove_dir_all(&log).unwrap();
    copy(&older, &log);
    province.intake.restart();
    let status = refused_to_file(&province.intake.address).await;
    assert_eq!(status.code(), tonic::Code::Unavailable);
    let reason = status.get_details_error_info().unwrap().reason;
    assert_eq!(reason, "LOG_AWAITS_EPOCH");
    assert!(status.get_details_retry_info().is_some());
    eventually_says(&province.intake, "the relay beside it has seen position").await;
    province.processing.restart();
    eventually_says(&province.intake, "ready\n").await;
    province.works(3).await;
    let (intake, _) = province.is_well(0).await;
    assert_eq!(intake[..before.len()], before);
    let [opened] = epochs(&intake)[..] else {
        panic!("one epoch was opened");
    };
    assert!(opened["data"]["why"]["shorter"]["seen"].as_u64() > u64::try_from(short).ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_on_without_a_follower_is_decided_by_a_person_once_and_recorded() {
    let mut province = Province::new();
    province.works(2).await;
    province.intake.kill();
    let export_to = province.folder.path().join("export");
    export(&province.intake, &export_to);
    let held = province.intake.dump().len();
    province.intake.restart();
    province.works(2).await;
    // Everything that knew of the last dossiers is gone.
    for role in [
        &mut province.intake,
        &mut province.processing,
        &mut province.reporting,
    ] {
        role.kill();
    }
    province.nats.kill();
    province.nats.wipe();
    province.nats.restart();
    import(&province.intake, &export_to);
    province.intake.restart();
    let status = refused_to_file(&province.intake.address).await;
    let reason = status.get_details_error_info().unwrap().reason;
    assert_eq!(reason, "LOG_AWAITS_EPOCH");
    let words = [
        "--accept-loss",
        "--reason",
        "cháy phòng máy",
        "--by",
        "van-hanh",
    ];
    province.intake.restart_with(&words);
    file(&province.intake.address, Uuid::new_v4()).await;
    province.intake.kill();
    let mut again = province.intake.words();
    again.extend(words.map(str::to_owned));
    let again: Vec<_> = again.iter().map(String::as_str).collect();
    let told = refused(&again);
    assert!(told.contains("nothing is lost"), "{told}");
    province.intake.verify();
    let intake = province.intake.dump();
    let [opened] = epochs(&intake)[..] else {
        panic!("one epoch was opened");
    };
    assert_eq!(opened["position"], held + 1);
    assert_eq!(opened["actor"], "van-hanh");
    let loss = &opened["data"]["loss"];
    assert_eq!(loss["reason"], "cháy phòng máy");
    assert_eq!(loss["not_heard"], serde_json::json!(["processing"]));
    assert_eq!(opened["data"]["from_position"], held);
}

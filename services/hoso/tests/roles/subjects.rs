//! Personal data between processes: fetched once its node is there, erased in every vault, and never back again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::hoso::dossier::v1::{Applicant, HistoryEntry};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    EraseSubjectRequest as EraseFiled, GetSubmissionRequest, GetSubmissionResponse,
    SubmitDossierRequest, get_submission_request,
};
use api::hoso::log::v1::log_service_client::LogServiceClient;
use api::hoso::log::v1::{GetStatusRequest, GetStatusResponse};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    Change, CorrectApplicantRequest, DossierName, GetDossierRequest, GetDossierResponse,
    GetHistoryRequest, GetHistoryResponse, dossier_name,
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::office::{self, connection, file, resolving, until_answered};
use crate::process::{Role, Special, path, ran, said};
use crate::province::key_file;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

/// Processes that speak with one another under a line key.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    nats: Server,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        key_file(&folder.path().join("line.key"));
        let nats = Server::start();
        Self { folder, nats }
    }

    pub(crate) fn start(&self, role: &'static str, node: u8, more: &[&str]) -> Role {
        let key = self.folder.path().join("line.key");
        let words = [&["--line-key-file", path(&key)], more].concat();
        let special = Special::with(&words);
        Role::start_with(role, node, self.folder.path(), &self.nats.url(), special)
    }
}

pub(crate) async fn status(role: &Role) -> GetStatusResponse {
    let calls = LogServiceClient::new(connection(&role.address));
    until_answered("the status", || {
        let mut to = calls.clone();
        async move { to.get_status(GetStatusRequest {}).await }
    })
    .await
}

pub(crate) async fn dossier(processing: &Role, id: &str, min_position: &str) -> GetDossierResponse {
    let calls = ProcessingServiceClient::new(connection(&processing.address));
    let name = dossier_name::Name::DossierId(id.to_owned());
    let request = GetDossierRequest {
        dossier: Some(DossierName { name: Some(name) }),
        min_position: min_position.to_owned(),
    };
    until_answered("a dossier", || {
        let (mut to, request) = (calls.clone(), request.clone());
        async move { to.get_dossier(request).await }
    })
    .await
}

pub(crate) async fn submission(intake: &Role, id: &str) -> GetSubmissionResponse {
    let calls = IntakeServiceClient::new(connection(&intake.address));
    let name = get_submission_request::Name::DossierId(id.to_owned());
    let request = GetSubmissionRequest {
        name: Some(name),
        ..GetSubmissionRequest::default()
    };
    until_answered("a submission", || {
        let (mut to, request) = (calls.clone(), request.clone());
        async move { to.get_submission(request).await }
    })
    .await
}

/// The kinds of what happened to a dossier, in order.
async fn history(processing: &Role, id: &str) -> Vec<String> {
    let events = events(processing, id).await;
    events.into_iter().map(|event| event.kind).collect()
}

/// What happened to a dossier last.
pub(crate) async fn last_event(processing: &Role, id: &str) -> HistoryEntry {
    events(processing, id).await.pop().unwrap()
}

async fn events(processing: &Role, id: &str) -> Vec<HistoryEntry> {
    let calls = ProcessingServiceClient::new(connection(&processing.address));
    let name = dossier_name::Name::DossierId(id.to_owned());
    let request = GetHistoryRequest {
        dossier: Some(DossierName { name: Some(name) }),
        ..GetHistoryRequest::default()
    };
    let answer: GetHistoryResponse = until_answered("a history", || {
        let (mut to, request) = (calls.clone(), request.clone());
        async move { to.get_history(request).await }
    })
    .await;
    answer.events
}

/// Waits until it holds, not for ever.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let until = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < until, "not in time: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn is_known(processing: &Role, id: &str) {
    until("the applicant is at processing", || async {
        dossier(processing, id, "").await.applicant.is_some()
    })
    .await;
}

/// `hoso dossier erase`: whether it is erased everywhere, and the logs of those that have not said so.
pub(crate) fn erase(processing: &Role, id: &str) -> (bool, Vec<String>) {
    let words = [
        "dossier",
        "erase",
        id,
        "--confirm",
        "xoa",
        "--actor",
        "head-1",
        "--server",
        &processing.address,
        "--format",
        "json",
    ];
    let told: serde_json::Value = serde_json::from_slice(&said(&words)).unwrap();
    let waiting = told["waiting_for"].as_array().unwrap().iter();
    let waiting = waiting.map(|log| log.as_str().unwrap().to_owned());
    (told["erased"].as_bool().unwrap(), waiting.collect())
}

/// The nonces and wrapped keys in a role's vault.
fn keys(role: &Role) -> Vec<Vec<u8>> {
    let file = fs::read(role.data().join("vault/keys-0001")).unwrap();
    let live = |slot: &&[u8]| slot[24..96].iter().any(|byte| *byte != 0);
    let slots = file.chunks_exact(128).filter(live);
    slots
        .flat_map(|slot| [&slot[24..48], &slot[48..96]].map(<[u8]>::to_vec))
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn nowhere(folder: &Path, what: &str, secret: &[u8]) {
    for file in files(folder) {
        // A working process replaces its files; one that is gone holds nothing.
        let Ok(bytes) = fs::read(&file) else { continue };
        let found = memchr::memmem::find(&bytes, secret);
        assert!(found.is_none(), "{what} lies in {}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_is_worked_on_while_its_node_is_away_and_its_applicant_is_told_once_it_is_back() {
    let place = Place::new();
    let mut intake = place.start("intake", 1, &[]);
    let filed = file(&intake.address, Uuid::new_v4()).await;
    let id = filed.dossier.unwrap().dossier_id;
    until("the filing is in the stream", || async {
        let relay = status(&intake).await.relay;
        relay.is_some_and(|relay| relay.unrelayed == 0 && relay.position > 0)
    })
    .await;
    let log = status(&intake).await.log_id;
    intake.kill();

    let processing = place.start("processing", 1, &["--origins", &log]);
    let there = dossier(&processing, &id, &filed.position).await;
    assert!(there.applicant_not_yet_here && !there.applicant_erased);
    let calls = ProcessingServiceClient::new(connection(&processing.address));
    let name = dossier_name::Name::DossierId(id.clone());
    let request = resolving(name, filed.position.clone());
    until_answered("resolving", || {
        let (mut to, request) = (calls.clone(), request.clone());
        async move { to.resolve_dossier(request).await }
    })
    .await;
    until("the status says what is waited for", || async {
        let vaults = status(&processing).await.vaults;
        vaults.iter().any(|vault| {
            vault.log_id == log && vault.entries_wanted == 1 && !vault.waiting.is_empty()
        })
    })
    .await;

    intake.restart();
    is_known(&processing, &id).await;
    let there = dossier(&processing, &id, "").await;
    assert_eq!(there.applicant.unwrap().name, office::PERSONAL[0]);
    assert!(!there.applicant_not_yet_here && !there.applicant_erased);
    until("nothing is waited for", || async {
        let vaults = status(&processing).await.vaults;
        vaults
            .iter()
            .all(|vault| vault.entries_wanted == 0 && vault.waiting.is_empty())
    })
    .await;
    // Neither on its way nor at either end in the clear.
    for word in office::PERSONAL {
        nowhere(place.folder.path(), word, word.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_erased_while_a_node_is_away_is_erased_there_too_before_the_history_says_so() {
    let place = Place::new();
    let mut one = place.start("intake", 1, &[]);
    let mut two = place.start("intake", 2, &[]);
    let mut processing = place.start("processing", 1, &[]);
    let first = file(&one.address, Uuid::new_v4()).await.dossier.unwrap();
    let second = file(&two.address, Uuid::new_v4()).await.dossier.unwrap();
    let (first, second) = (first.dossier_id, second.dossier_id);
    is_known(&processing, &first).await;
    is_known(&processing, &second).await;
    let log = status(&one).await.log_id;
    let before = [keys(&one), keys(&processing)].concat();
    assert_eq!((before.len(), keys(&two).len()), (2 * 3, 2));

    one.kill();
    assert_eq!(erase(&processing, &first), (false, vec![log.clone()]));
    let there = dossier(&processing, &first, "").await;
    assert!(there.applicant.is_none() && there.applicant_erased);
    assert!(!there.applicant_not_yet_here);
    // It is not forgotten by a crash of the one who tells.
    processing.restart();
    assert_eq!(erase(&processing, &first), (false, vec![log]));
    let kinds = history(&processing, &first).await;
    assert_eq!(kinds.last().unwrap(), "subject_erasure_requested");

    one.restart();
    until("the erasure is complete", || async {
        erase(&processing, &first) == (true, Vec::new())
    })
    .await;
    let kinds = history(&processing, &first).await;
    let count = |kind: &str| kinds.iter().filter(|it| *it == kind).count();
    assert_eq!(
        (
            count("subject_erasure_requested"),
            count("subject_key_destroyed")
        ),
        (1, 1)
    );
    assert!(submission(&one, &first).await.applicant_erased);
    // The other one is as it was.
    assert!(dossier(&processing, &second, "").await.applicant.is_some());
    assert!(submission(&two, &second).await.applicant.is_some());
    until("nothing is left to be told", || async {
        let vaults = status(&processing).await.vaults;
        vaults.iter().all(|vault| vault.erasures_untold == 0)
    })
    .await;
    for role in [&mut one, &mut two, &mut processing] {
        role.kill();
    }
    let kept = [keys(&one), keys(&two), keys(&processing)].concat();
    let gone: Vec<_> = before.iter().filter(|key| !kept.contains(key)).collect();
    assert_eq!(gone.len(), 2 * 2, "it had a key in each of two vaults");
    for key in gone {
        nowhere(place.folder.path(), "a key", key);
    }
    for word in office::PERSONAL {
        nowhere(place.folder.path(), word, word.as_bytes());
    }
    processing.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_put_right_while_a_node_was_away_is_destroyed_there_once_it_is_back() {
    let place = Place::new();
    let mut intake = place.start("intake", 1, &[]);
    let mut processing = place.start("processing", 1, &[]);
    let filed = file(&intake.address, Uuid::new_v4()).await;
    let id = filed.dossier.unwrap().dossier_id;
    let other = file(&intake.address, Uuid::new_v4()).await.dossier.unwrap();
    is_known(&processing, &id).await;
    is_known(&processing, &other.dossier_id).await;
    intake.kill();
    let right = Applicant {
        name: "Lê Văn Đúng".to_owned(),
        ..office::submission().applicant.unwrap()
    };
    let request = CorrectApplicantRequest {
        change: Some(Change {
            request_id: Uuid::new_v4().to_string(),
            dossier: Some(DossierName {
                name: Some(dossier_name::Name::DossierId(id.clone())),
            }),
            actor: "head-1".to_owned(),
            ..Change::default()
        }),
        applicant: Some(right.clone()),
        reason_code: "sai_ten".to_owned(),
    };
    let calls = ProcessingServiceClient::new(connection(&processing.address));
    until_answered("putting right", || {
        let (mut to, request) = (calls.clone(), request.clone());
        async move { to.correct_applicant(request).await }
    })
    .await;
    // It is not forgotten by a crash of the one who tells.
    processing.restart();
    intake.restart();
    until(
        "the wrong one is destroyed where it was taken in",
        || async { submission(&intake, &id).await.applicant.is_none() },
    )
    .await;
    let there = submission(&intake, &id).await;
    assert!(there.applicant_not_here && !there.applicant_erased);
    // Nothing else is: neither the other dossier's, nor what processing has.
    let kept = submission(&intake, &other.dossier_id).await;
    assert_eq!(kept.applicant.unwrap().name, office::PERSONAL[0]);
    assert!(!kept.applicant_not_here);
    let there = dossier(&processing, &id, "").await;
    assert_eq!(there.applicant, Some(right));
    // An erasure is told as one.
    until("the erasure is complete", || async {
        erase(&processing, &id).0
    })
    .await;
    let gone = submission(&intake, &id).await;
    assert!(gone.applicant_erased && !gone.applicant_not_here);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_restored_from_before_an_erasure_is_told_of_it_again() {
    let place = Place::new();
    let mut intake = place.start("intake", 1, &[]);
    let processing = place.start("processing", 1, &[]);
    let filed = file(&intake.address, Uuid::new_v4()).await;
    let id = filed.dossier.unwrap().dossier_id;
    is_known(&processing, &id).await;
    let copy = place.folder.path().join("copy");
    let words = ["backup", "--vault", "--from", &intake.address, "--to"];
    let (done, told) = ran(&[&words[..], &[path(&copy)]].concat());
    assert!(done, "{told}");
    until("the erasure is complete", || async {
        erase(&processing, &id).0
    })
    .await;
    assert!(submission(&intake, &id).await.applicant_erased);

    intake.kill();
    fs::remove_dir_all(intake.data().join("vault")).unwrap();
    let to = path(intake.data()).to_owned();
    let (done, told) = ran(&["restore", path(&copy), "--to", &to, "--vault"]);
    assert!(done, "{told}");
    // Its own log does not say so: processing does.
    intake.restart();
    until("it is erased again", || async {
        submission(&intake, &id).await.applicant_erased
    })
    .await;
    let kinds = history(&processing, &id).await;
    let noted = kinds.iter().filter(|it| *it == "subject_key_destroyed");
    assert_eq!(noted.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_that_was_not_accepted_is_erased_at_its_own_node() {
    let place = Place::new();
    let mut intake = place.start("intake", 1, &[]);
    let processing = place.start("processing", 1, &[]);
    let mut calls = IntakeServiceClient::new(connection(&intake.address));
    let request = SubmitDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        submission: Some(office::submission()),
        actor: "clerk-1".to_owned(),
        ..SubmitDossierRequest::default()
    };
    let filed = calls.submit_dossier(request).await.unwrap().into_inner();
    let id = filed.dossier.unwrap().dossier_id;
    // Processing has no need of it yet, and does not fetch it.
    let there = dossier(&processing, &id, &filed.position).await;
    assert!(there.applicant_not_yet_here);
    let mut position = String::new();
    for _ in 0..2 {
        let request = EraseFiled {
            request_id: Uuid::new_v4().to_string(),
            dossier_id: id.clone(),
            reason_code: "data_subject_request".to_owned(),
            actor: "head-1".to_owned(),
            ..EraseFiled::default()
        };
        let erased = calls.erase_subject(request).await.unwrap().into_inner();
        position = erased.position;
    }
    assert!(submission(&intake, &id).await.applicant_erased);
    let there = dossier(&processing, &id, &position).await;
    assert!(there.applicant_erased);
    let kinds = history(&processing, &id).await;
    assert_eq!(
        kinds,
        [
            "dossier_submitted",
            "subject_erasure_requested",
            "subject_key_destroyed"
        ]
    );
    intake.restart();
    assert!(submission(&intake, &id).await.applicant_erased);
}

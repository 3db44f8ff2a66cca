//! A role is backed up while it works, and comes back from its backup with its history, its vault and its erasures.

use std::path::Path;
use std::time::Duration;

use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{GetSubmissionRequest, get_submission_request};
use api::hoso::log::v1::GetStatusRequest;
use api::hoso::log::v1::log_service_client::LogServiceClient;
use tokio::sync::watch;
use tokio::time::sleep;
use vault::{MasterKey, Vault};

use crate::office::{self, Notes, connection, work};
use crate::process::{Role, ran, refused};
use crate::server::Server;

fn backup(role: &Role, to: &Path, more: &[&str]) -> String {
    let to = to.to_str().unwrap();
    let command = ["backup", "--from", &role.address, "--to", to];
    let (done, said) = ran(&[&command, more].concat());
    assert!(done, "{said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_while_the_role_works_is_whole_is_taken_further_and_restores() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let url = nats.url();
    let start = |role| Role::start(role, 1, folder.path(), &url);
    let (mut intake, processing) = (start("intake"), start("processing"));
    let (log, vault_copy) = (
        folder.path().join("log-copy"),
        folder.path().join("vault-copy"),
    );
    let notes = Notes::default();
    let (closing, closed) = watch::channel(false);
    let addresses = (intake.address.clone(), processing.address.clone());
    let clerk = tokio::spawn(work(addresses.0, addresses.1, closed, notes.clone()));
    for _ in 0..3 {
        let had = notes.all().len();
        while notes.all().len() < had + 2 {
            sleep(Duration::from_millis(20)).await;
        }
        backup(&intake, &log, &[]);
        backup(&intake, &vault_copy, &["--vault"]);
        let (whole, said) = ran(&["log", "verify", log.to_str().unwrap()]);
        assert!(whole, "{said}");
    }
    closing.send_replace(true);
    clerk.await.unwrap();
    let said = backup(&intake, &log, &[]);
    backup(&intake, &vault_copy, &["--vault"]);
    assert!(said.contains("in all"), "{said}");

    // A folder with another log's history is refused and left as it is.
    let to = log.to_str().unwrap();
    let told = refused(&["backup", "--from", &processing.address, "--to", to]);
    assert!(told.contains("OTHER_HISTORY"), "{told}");

    let data = folder.path().join("again");
    let to = data.to_str().unwrap();
    for command in [
        vec!["restore", log.to_str().unwrap(), "--to", to],
        vec![
            "restore",
            vault_copy.to_str().unwrap(),
            "--to",
            to,
            "--vault",
        ],
    ] {
        let (done, said) = ran(&command);
        assert!(done, "{said}");
    }
    let log = data.join("log");
    let (whole, said) = ran(&["log", "verify", log.to_str().unwrap()]);
    assert!(whole, "{said}");
    // Personal data comes back under the same master key, and lies nowhere in the clear.
    let key = MasterKey::read_file(&folder.path().join("intake-1/master.key")).unwrap();
    let vault = Vault::open(&data.join("vault"), key, vault::Settings::default()).unwrap();
    let status = vault.status();
    vault.close();
    assert!(status.damage.is_empty());
    assert!(status.subjects >= notes.all().len(), "{status:?}");
    for word in office::PERSONAL {
        for file in walk(folder.path()) {
            let bytes = std::fs::read(&file).unwrap();
            let found = memchr::memmem::find(&bytes, word.as_bytes());
            assert!(found.is_none(), "{word} lies in {}", file.display());
        }
    }
    let told = refused(&[
        "restore",
        vault_copy.to_str().unwrap(),
        "--to",
        to,
        "--vault",
    ]);
    assert!(told.contains("already"), "{told}");

    // The node comes back from its backup: it hears its follower first, then writes on, and knows its applicants.
    let position = processing_has(&processing).await;
    intake.kill();
    std::fs::copy(intake.data().join("master.key"), data.join("master.key")).unwrap();
    std::fs::rename(intake.data(), folder.path().join("lost")).unwrap();
    std::fs::rename(&data, intake.data()).unwrap();
    intake.restart();
    let last = notes.all().pop().unwrap();
    let mut calls = IntakeServiceClient::new(connection(&intake.address));
    let name = get_submission_request::Name::DossierId(last.dossier);
    let request = GetSubmissionRequest {
        name: Some(name),
        ..GetSubmissionRequest::default()
    };
    let there = calls.get_submission(request).await.unwrap().into_inner();
    assert_eq!(there.applicant.unwrap().name, office::PERSONAL[0]);
    let (closing, closed) = watch::channel(false);
    let had = notes.all().len();
    let addresses = (intake.address.clone(), processing.address.clone());
    let clerk = tokio::spawn(work(addresses.0, addresses.1, closed, notes.clone()));
    while notes.all().len() < had + 2 {
        sleep(Duration::from_millis(20)).await;
    }
    closing.send_replace(true);
    clerk.await.unwrap();
    assert!(processing_has(&processing).await > position);
}

/// How much of the logs it follows processing has.
async fn processing_has(processing: &Role) -> u64 {
    let mut calls = LogServiceClient::new(connection(&processing.address));
    let status = calls.get_status(GetStatusRequest {}).await.unwrap();
    status
        .into_inner()
        .followed
        .iter()
        .map(|log| log.position)
        .sum()
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

//! What an operator meets at first: settings that cannot be used, a role that finds nobody to follow, a node that begins anew.

use std::fs;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::office::file;
use crate::process::{Role, path, ran, refused};
use crate::subjects::{Place, until};

#[test]
fn every_file_that_the_settings_name_and_that_cannot_be_used_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let unreadable = folder.path().join("no-keys.json");
    fs::write(&unreadable, "{}").unwrap();
    let data = folder.path().join("data");
    let said = refused(&[
        "intake",
        "--data",
        path(&data),
        "--nats",
        "nats://127.0.0.1:1",
        "--listen",
        "here",
        "--catalogue",
        path(&empty),
        "--master-key-file",
        "/nowhere/master.key",
        "--line-key-file",
        "/nowhere/line.key",
        "--tls-cert",
        "/nowhere/server.pem",
        "--tls-key",
        "/nowhere/server.key",
        "--jwks",
        path(&unreadable),
        "--token-issuer",
        "https://dangnhap.tinh.vn",
    ]);
    for key in [
        "listen (",
        "catalogue (",
        "master_key_file (",
        "line_key_file (",
        "tls_cert (",
        "tls_key (",
        "jwks (",
    ] {
        let told = said
            .lines()
            .filter(|line| line.trim_start().starts_with(key));
        assert_eq!(told.count(), 1, "{key} in: {said}");
    }
    assert!(said.contains("such as 127.0.0.1:7601"), "{said}");
    assert!(
        !data.exists(),
        "nothing is made before the settings are good"
    );
}

#[test]
fn a_replica_that_has_found_nobody_to_follow_does_not_say_that_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody is there, now or later.
    let reporting = Role::start("reporting", 0, folder.path(), "nats://127.0.0.1:1");
    let (sound, said) = ran(&[
        "status",
        "--reporting",
        &reporting.address,
        "--format",
        "json",
    ]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let roles = said["roles"].as_array().unwrap();
    let replica = roles.iter().find(|it| it["role"] == "reporting").unwrap();
    assert!(!sound && replica["sound"] == false, "{replica}");
    let wrong = replica["wrong"].to_string();
    assert!(wrong.contains("no processing to follow"), "{wrong}");
    let (_, metrics) = reporting.ask("/metrics");
    assert!(
        metrics.contains("hoso_feed_logs{role=\"reporting\"} 0"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_begins_anew_without_its_log_gives_a_code_again_and_processing_names_both_dossiers()
 {
    let place = Place::new();
    let mut intake = place.start("intake", 1, &[]);
    let processing = place.start("processing", 0, &[]);
    let of_processing = || {
        let words = ["status", "--processing", &processing.address];
        let (_, said) = ran(&[&words[..], &["--format", "json"]].concat());
        let said: Value = serde_json::from_str(&said).unwrap();
        let roles = said["roles"].as_array().unwrap();
        let processing = roles.iter().find(|it| it["role"] == "processing");
        processing.unwrap().clone()
    };
    let first = file(&intake.address, Uuid::new_v4()).await.dossier.unwrap();
    until("processing has the first dossier", || async {
        of_processing()["status"]["folded"].as_u64() >= Some(2)
    })
    .await;
    assert_eq!(of_processing()["status"]["codes_given_twice"], 0);

    // The disk is lost, and nobody brings back the log.
    intake.kill();
    fs::remove_dir_all(intake.data()).unwrap();
    intake.restart();
    let again = file(&intake.address, Uuid::new_v4()).await.dossier.unwrap();
    assert_eq!(first.code, again.code);
    until("processing has noticed", || async {
        of_processing()["status"]["codes_given_twice"] == 1
    })
    .await;
    let told = of_processing();
    let twice = json!({
        "code": first.code,
        "dossier": first.dossier_id,
        "again": again.dossier_id,
    });
    assert_eq!(told["status"]["newest_given_twice"], json!([twice]));
    assert_eq!(told["sound"], false);
    let wrong = told["wrong"].to_string();
    assert!(wrong.contains("belong to two dossiers"), "{wrong}");
    let (_, metrics) = processing.ask("/metrics");
    assert!(metrics.contains("hoso_codes_given_twice{role=\"processing\"} 1"));
}

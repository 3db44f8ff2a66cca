//! Two intake nodes, processing and reporting under a light load, while each of them and NATS is killed in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::office::{Notes, figures, work};
use crate::process::{Role, refused, said};
use crate::server::Server;

/// How many times each stream of a dump has each kind of event.
fn counted(dump: &[serde_json::Value]) -> BTreeMap<String, BTreeMap<String, u32>> {
    let mut streams: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for record in dump {
        let text = |key: &str| record[key].as_str().unwrap().to_owned();
        *streams
            .entry(text("stream"))
            .or_default()
            .entry(text("kind"))
            .or_default() += 1;
    }
    streams
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_is_in_each_log_exactly_once_whoever_is_killed() {
    const CLERKS: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let url = nats.url();
    let mut first = Role::start("intake", 1, folder.path(), &url);
    let mut second = Role::start("intake", 2, folder.path(), &url);
    let mut processing = Role::start("processing", 0, folder.path(), &url);
    let mut reporting = Role::start("reporting", 0, folder.path(), &url);
    let notes = Notes::default();
    let (closing, closed) = watch::channel(false);
    let clerks: Vec<_> = (0..CLERKS)
        .map(|clerk| {
            let intake = if clerk % 2 == 0 { &first } else { &second };
            let (intake, processing) = (intake.address.clone(), processing.address.clone());
            tokio::spawn(work(intake, processing, closed.clone(), notes.clone()))
        })
        .collect();
    let pause = || sleep(Duration::from_millis(250));
    for wiped in [false, true] {
        for role in [&mut first, &mut second, &mut processing, &mut reporting] {
            pause().await;
            role.restart();
        }
        pause().await;
        nats.kill();
        if wiped {
            nats.wipe();
        }
        pause().await;
        nats.restart();
    }
    pause().await;
    closing.send_replace(true);
    for clerk in clerks {
        clerk.await.unwrap();
    }
    let acknowledged = notes.all();
    let count = acknowledged.len();
    println!("{count} dossiers were filed, accepted and resolved meanwhile");
    assert!(count > 2 * CLERKS, "only {count} dossiers came through");
    let codes: BTreeSet<_> = acknowledged.iter().map(|one| &one.code).collect();
    assert_eq!(codes.len(), count, "a code was issued twice");

    // Reporting has each write that a clerk was told of before it answers.
    let mut report = None;
    for one in &acknowledged[count - CLERKS..] {
        report = Some(figures(&reporting.address, one.position.clone()).await);
    }
    let report = report.unwrap();
    let total = report.total.unwrap();
    let all = u64::try_from(count).unwrap();
    assert_eq!((total.c3, total.c7, total.c11), (all, all, 0));
    assert!(
        report.checks.iter().all(|check| check.holds),
        "{:?}",
        report.checks
    );

    for role in [&mut first, &mut second, &mut processing, &mut reporting] {
        role.kill();
        role.verify();
    }
    let intake = [counted(&first.dump()), counted(&second.dump())];
    let (middle, end) = (processing.dump(), reporting.dump());
    let processing = counted(&middle);
    for one in &acknowledged {
        let homes = intake.iter().filter_map(|log| log.get(&one.dossier));
        let born: Vec<_> = homes.collect();
        assert_eq!(born.len(), 1, "{one:?} is at home in one intake log");
        assert_eq!(born[0]["dossier_accepted"], 1);
        assert!(!born[0].contains_key("dossier_resolved"));
        let whole = &processing[&one.dossier];
        for kind in ["dossier_submitted", "dossier_accepted", "dossier_resolved"] {
            assert_eq!(whole[kind], 1, "{one:?}: {kind}");
        }
    }
    // And nothing that nobody was told of: every request was repeated until it was answered.
    assert_eq!(processing.len(), count);
    let prefix: Vec<_> = middle.iter().take(end.len()).collect();
    assert_eq!(prefix, end.iter().collect::<Vec<_>>());
    assert_eq!(middle.len(), end.len());
}

#[test]
fn every_fault_of_the_settings_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("intake.toml");
    std::fs::write(
        &file,
        "nod = 3\nlisten = \"0.0.0.0:7601\"\nsegment_bytes_max = 1\n",
    )
    .unwrap();
    let told = refused(&["intake", "--config", file.to_str().unwrap(), "--node", "12"]);
    let parts = [
        "nod (",
        "data: it is missing",
        "nats: it is missing",
        "listen (",
        "node (--node or HOSO_NODE)",
        "segment_bytes_max (",
    ];
    for part in parts {
        assert!(told.contains(part), "{part} is not in: {told}");
    }
}

#[test]
fn the_demo_over_nats_prints_the_rows_and_the_total_of_the_embedded_one() {
    let nats = Server::start();
    let url = nats.url();
    let folder = tempfile::tempdir().unwrap();
    let play = |name: &str, more: &[&str]| {
        let data = folder.path().join(name);
        let args = [
            "demo",
            "--exit",
            "--format",
            "json",
            "--data",
            data.to_str().unwrap(),
        ];
        let said = said(&[&args, more].concat());
        let report: serde_json::Value = serde_json::from_slice(&said).unwrap();
        (report["rows"].to_string(), report["total"].to_string())
    };
    assert_eq!(play("nats", &["--nats", &url]), play("embedded", &[]));
}

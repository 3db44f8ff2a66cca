//! Dossiers as officers see them at a terminal: listed, and told as they change, also across a restart of the service.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use api::hoso::processing::v1::ListDossiersRequest;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use serde_json::Value;

use crate::office::{Notes, connection};
use crate::operations::some_work;
use crate::process::{Role, hoso, said};
use crate::server::Server;

const DEPARTMENT: &str = "000.00.06.H20";
const PATIENCE: Duration = Duration::from_secs(60);

/// `hoso dossier watch`, and what it prints.
struct Watch {
    child: Child,
    lines: Receiver<Value>,
}

impl Watch {
    fn start(args: &[&str]) -> Self {
        let mut child = hoso()
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if tell.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Which dossier, and its revision, for each line until this dossier was resolved.
    fn until_resolved(&self, dossier: &str) -> Vec<(String, u64)> {
        let mut told = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            assert!(!line["position"].as_str().unwrap().is_empty());
            let id = line["dossier"]["dossier_id"].as_str().unwrap();
            told.push((id.to_owned(), line["dossier"]["revision"].as_u64().unwrap()));
            if id == dossier && line["kind"] == "dossier_resolved" {
                return told;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(args: &[&str]) -> Vec<Value> {
    let said = String::from_utf8(said(args)).unwrap();
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn officers_list_dossiers_and_are_told_each_change_once_also_across_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let start = |role| Role::start(role, 1, folder.path(), &nats.url());
    let (intake, mut processing) = (start("intake"), start("processing"));
    let begun = ProcessingServiceClient::new(connection(&processing.address))
        .list_dossiers(ListDossiersRequest::default())
        .await
        .unwrap()
        .into_inner();
    let server = processing.address.clone();
    let ask = |words: &[&str]| {
        let whole = [
            &["dossier"],
            words,
            &["--server", &server, "--format", "json"],
        ]
        .concat();
        lines(&whole)
    };
    let watch = Watch::start(&[
        "dossier",
        "watch",
        "--agency",
        DEPARTMENT,
        "--after",
        &begun.position,
        "--server",
        &server,
        "--format",
        "json",
    ]);
    let last = |notes: &Notes| notes.all().pop().unwrap().dossier;
    let before = some_work(&intake, &processing, 2).await;
    let mut told = watch.until_resolved(&last(&before));
    processing.kill();
    processing.restart();
    let after = some_work(&intake, &processing, 2).await;
    told.extend(watch.until_resolved(&last(&after)));
    let ids: BTreeSet<_> = told.iter().map(|(id, _)| id.clone()).collect();
    for one in before.all().into_iter().chain(after.all()) {
        assert!(ids.contains(&one.dossier), "{one:?} is not among {ids:?}");
    }
    let once: BTreeSet<_> = told.iter().cloned().collect();
    assert_eq!(once.len(), told.len(), "each is told once: {told:?}");

    let all = ask(&["list", "--code", "000.00.06.H20-", "--limit", "0"]);
    assert!(all.len() >= 4, "{all:?}");
    let code = all[0]["code"].as_str().unwrap();
    assert_eq!(ask(&["list", "--code", code]), all[..1]);
    let phases = "accepted,in_processing,resolved,returned";
    let listed = ask(&[
        "list", "--phase", phases, "--agency", DEPARTMENT, "--limit", "2",
    ]);
    assert_eq!(listed.len(), 2);
    assert!(ask(&["list"]).is_empty(), "nothing is pending");
    assert!(ask(&["due", "--agency", DEPARTMENT, "--within", "400"]).is_empty());
    let people = said(&["dossier", "list", "--code", code, "--server", &server]);
    assert!(String::from_utf8(people).unwrap().contains(code));
}

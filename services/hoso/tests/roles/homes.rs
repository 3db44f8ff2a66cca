//! What is brought to one counter for a dossier that was filed at another and is not accepted yet: its home decides it, once,
//! whoever is killed, and until then it is listed with whom it waits for. As a clerk sees it, with `hoso filing`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;

use api::hoso::dossier::v1::{BroughtSupplement, BroughtWithdrawal, Reason};
use api::hoso::dossier::v1::{Filing, filing};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    ReceiveFilingRequest, RequestIntakeSupplementRequest, SubmitDossierRequest,
};
use api::hoso::processing::v1::GetFilingRequest;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use serde_json::Value;
use uuid::Uuid;

use crate::chance::Chance;
use crate::office::{connection, file, submission, until_answered};
use crate::process::{Role, hoso, ran, refused, said};
use crate::server::Server;
use crate::subjects::{Place, until};

const OPERATOR: &str = "VNPOST-DT";

/// A dossier filed at this node; it waits for papers.
async fn waiting(intake: &str) -> String {
    let request = SubmitDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        submission: Some(submission()),
        actor: "clerk-1".to_owned(),
        ..SubmitDossierRequest::default()
    };
    let filed = until_answered("filing", || {
        let (mut to, request) = (
            IntakeServiceClient::new(connection(intake)),
            request.clone(),
        );
        async move { to.submit_dossier(request).await }
    });
    let id = filed.await.dossier.unwrap().dossier_id;
    let request = RequestIntakeSupplementRequest {
        request_id: Uuid::new_v4().to_string(),
        dossier_id: id.clone(),
        reason: Some(Reason {
            code: "missing_component".to_owned(),
            text: String::new(),
        }),
        actor: "clerk-1".to_owned(),
        ..RequestIntakeSupplementRequest::default()
    };
    until_answered("asking for papers", || {
        let (mut to, request) = (
            IntakeServiceClient::new(connection(intake)),
            request.clone(),
        );
        async move { to.request_intake_supplement(request).await }
    })
    .await;
    id
}

/// Brings it, again and again until there is a receipt; the filing's id.
async fn brought(intake: &str, dossier: &str, brought: filing::Brought) -> String {
    let request = ReceiveFilingRequest {
        request_id: Uuid::new_v4().to_string(),
        filing: Some(Filing {
            dossier: Some(filing::Dossier::DossierId(dossier.to_owned())),
            brought: Some(brought),
            words: String::new(),
        }),
        operator: OPERATOR.to_owned(),
        actor: "clerk-2".to_owned(),
        min_position: String::new(),
    };
    let receipt = until_answered("bringing", || {
        let (mut to, request) = (
            IntakeServiceClient::new(connection(intake)),
            request.clone(),
        );
        async move { to.receive_filing(request).await }
    });
    receipt.await.filing.unwrap().filing_id
}

/// What `hoso filing` prints for programs, a value a line.
fn filing_command(words: &[&str]) -> Vec<Value> {
    let words = [&["filing"], words, &["--format", "json"]].concat();
    let told = String::from_utf8(said(&words)).unwrap();
    told.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What processing knows of a filing; none as long as it has not come there.
fn outcome(processing: &Role, filing: &str) -> Option<Value> {
    let server = ["--server", &processing.address, "--format", "json"];
    let (known, told) = ran(&[&["filing", "show", filing], &server[..]].concat());
    known.then(|| serde_json::from_str(&told).unwrap())
}

async fn decided(processing: &Role, filing: &str, state: &str) -> Value {
    let mut told = Value::Null;
    until("the filing is decided", || {
        told = outcome(processing, filing).unwrap_or_default();
        let decided = told["state"].is_string() && told["state"] != "held";
        async move { decided }
    })
    .await;
    assert_eq!(told["state"], state, "{told}");
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_its_home_is_away_a_filing_is_listed_with_whom_it_waits_for_and_then_decided_from_its_receipt()
 {
    let place = Place::new();
    let mut home = place.start("intake", 1, &[]);
    let counter = place.start("intake", 2, &[]);
    let mut processing = place.start("processing", 0, &[]);
    let dossier = waiting(&home.address).await;
    let known = ["dossier", "show", &dossier, "--server", &processing.address];
    until("processing knows the dossier", || async {
        hoso().args(known).output().unwrap().status.success()
    })
    .await;
    home.kill();

    // The clerk's words come on standard input: nobody reads them off the command line.
    let mut child = hoso()
        .args(["filing", "receive", "withdrawal", &dossier, "--words", "-"])
        .args(["--operator", OPERATOR, "--actor", "clerk-2"])
        .args(["--server", &counter.address, "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let words = "Chuyển nơi cư trú";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(words.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    let filing = receipt["filing_id"].as_str().unwrap();
    assert_eq!(receipt["dossier"], dossier.as_str());
    let server = processing.address.clone();
    let position = receipt["position"].as_str().unwrap();
    let show = ["show", filing, "--after", position, "--server", &server];
    assert_eq!(filing_command(&show)[0]["state"], "held");

    let lost = [
        "receive",
        "payment",
        "000.00.06.H20-221208-9999",
        "--notice",
        "TB-1",
        "--amount-vnd",
        "250000",
        "--method",
        "post",
        "--receipt",
        "BL-77",
        "--operator",
        OPERATOR,
        "--actor",
        "clerk-2",
        "--server",
        &counter.address,
    ];
    let lost = filing_command(&lost).pop().unwrap();
    let held = || filing_command(&["held", "--server", &server]);
    for restarted in [false, true] {
        if restarted {
            processing.kill();
            processing.restart();
        }
        until("both are listed with why they wait", || async {
            let held = held();
            held.len() == 2
                && held[0]["wait"]["reason"] == "home"
                && held[0]["wait"]["problem"]
                    .as_str()
                    .is_some_and(|it| it.contains("is away"))
                && held[1]["wait"]["reason"] == "dossier_unknown"
        })
        .await;
        let held = held();
        assert_eq!(held[0]["filing_id"], filing);
        assert_eq!(held[0]["received_at"], receipt["received_at"]);
        assert_eq!(held[1]["filing_id"], lost["filing_id"]);
    }
    let people = said(&["filing", "held", "--server", &server]);
    let people = String::from_utf8(people).unwrap();
    for part in [
        "the node where the dossier was filed decides",
        "2 giấy tờ đang chờ",
    ] {
        assert!(people.contains(part), "{people}");
    }

    home.restart();
    let told = decided(&processing, filing, "decided").await;
    assert_eq!(told["decided_in"], dossier.as_str());
    assert_eq!(told["event"]["kind"], "dossier_withdrawn");
    assert_eq!(told["event"]["occurred_at"], receipt["received_at"]);
    assert_eq!(told["wait"], Value::Null);
    let calls = ProcessingServiceClient::new(connection(&processing.address));
    let request = GetFilingRequest {
        filing_id: filing.to_owned(),
        min_position: String::new(),
    };
    until("the words are at processing", || async {
        let (mut to, request) = (calls.clone(), request.clone());
        let told = to.get_filing(request).await.unwrap().into_inner();
        told.filing.unwrap().filing.unwrap().words == words
    })
    .await;

    // Somebody brings it once more, there and here: told so, and nothing happens.
    for node in [&counter, &home] {
        let again = [
            "receive",
            "withdrawal",
            &dossier,
            "--operator",
            OPERATOR,
            "--actor",
            "clerk-3",
            "--server",
            &node.address,
        ];
        let again = filing_command(&again).pop().unwrap();
        let filing = again["filing_id"].as_str().unwrap();
        let told = decided(&processing, filing, "refused").await;
        assert_eq!(told["refused_because"], "ALREADY_WITHDRAWN");
    }
    assert_eq!(
        held().len(),
        1,
        "only what is for a dossier that nobody knows"
    );
    let wrong = refused(&["filing", "show", "nobody", "--server", &server]);
    assert!(wrong.contains("filing_id"), "{wrong}");
}

/// The filings' decisions in a dump, by filing: in which history, and what.
fn decisions(dump: &[Value]) -> BTreeMap<String, Vec<(String, String)>> {
    let mut decisions: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for record in dump {
        if let Some(filing) = record["data"]["filing"].as_str() {
            let text = |key: &str| record[key].as_str().unwrap().to_owned();
            let decision = (text("stream"), text("kind"));
            decisions
                .entry(filing.to_owned())
                .or_default()
                .push(decision);
        }
    }
    decisions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_filing_brought_elsewhere_is_decided_exactly_once_in_the_order_brought_whoever_is_killed()
 {
    const DOSSIERS: usize = 12;
    let mut chance = Chance::new();
    let place = Place::new();
    let mut roles = vec![
        place.start("intake", 1, &[]),
        place.start("intake", 2, &[]),
        place.start("processing", 0, &[]),
    ];
    let (home, counter) = (roles[0].address.clone(), roles[1].address.clone());
    let mut clerks = Vec::new();
    for _ in 0..DOSSIERS {
        let (home, counter, mut chance) = (home.clone(), counter.clone(), chance.fork());
        clerks.push(tokio::spawn(async move {
            chance.moment(2_000).await;
            let dossier = waiting(&home).await;
            chance.moment(300).await;
            let papers = filing::Brought::Supplement(BroughtSupplement::default());
            let papers = brought(&counter, &dossier, papers).await;
            let gone = filing::Brought::Withdrawal(BroughtWithdrawal::default());
            let gone = brought(&counter, &dossier, gone).await;
            (dossier, papers, gone)
        }));
    }
    for _ in 0..8 {
        chance.moment(500).await;
        let role = usize::try_from(chance.below(3)).unwrap();
        println!("killed: {role}");
        roles[role].kill();
        chance.moment(200).await;
        roles[role].restart();
    }
    let mut all = Vec::new();
    for clerk in clerks {
        all.push(clerk.await.unwrap());
    }
    for (dossier, papers, gone) in &all {
        for (filing, kind) in [
            (papers, "intake_supplement_received"),
            (gone, "dossier_withdrawn"),
        ] {
            let told = decided(&roles[2], filing, "decided").await;
            assert_eq!(told["decided_in"], dossier.as_str());
            assert_eq!(told["event"]["kind"], kind);
            assert_eq!(told["event"]["occurred_at"], told["received_at"]);
        }
    }
    assert!(filing_command(&["held", "--server", &roles[2].address]).is_empty());
    // No feed stands still.
    for node in [&home, &counter] {
        let filed = file(node, Uuid::new_v4()).await;
        let code = filed.dossier.unwrap().code;
        let known = ["dossier", "show", &code, "--server", &roles[2].address];
        until("processing goes on", || async {
            hoso().args(known).output().unwrap().status.success()
        })
        .await;
    }
    for role in &mut roles {
        role.kill();
        role.verify();
    }
    let dumps: Vec<_> = roles.iter().map(Role::dump).collect();
    let [of_home, of_counter, of_processing] = &dumps[..] else {
        unreachable!("three roles were started")
    };
    // Every record of each node once, and nothing that processing wrote by itself.
    let born = of_home.len() + of_counter.len();
    assert_eq!(of_processing.len(), born);
    for record in of_home.iter().chain(of_counter) {
        let same = of_processing
            .iter()
            .filter(|it| it["event_id"] == record["event_id"]);
        assert_eq!(same.count(), 1, "{record}");
    }
    assert!(decisions(of_counter).is_empty(), "one writer a dossier");
    let decided = decisions(of_home);
    assert_eq!(decisions(of_processing), decided);
    assert_eq!(decided.len(), 2 * DOSSIERS);
    for (dossier, papers, gone) in &all {
        let kinds: Vec<_> = of_home
            .iter()
            .filter(|record| record["stream"] == dossier.as_str())
            .map(|record| record["kind"].as_str().unwrap())
            .collect();
        let expected = [
            "dossier_submitted",
            "intake_supplement_requested",
            "intake_supplement_received",
            "dossier_withdrawn",
        ];
        assert_eq!(kinds, expected);
        let once = |kind: &str| vec![(dossier.clone(), kind.to_owned())];
        assert_eq!(decided[papers], once("intake_supplement_received"));
        assert_eq!(decided[gone], once("dossier_withdrawn"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_line_key_it_is_said_that_the_filing_waits_for_the_acceptance() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let start = |role, node| Role::start(role, node, folder.path(), &nats.url());
    let (home, counter) = (start("intake", 1), start("intake", 2));
    let processing = start("processing", 0);
    let dossier = waiting(&home.address).await;
    let gone = filing::Brought::Withdrawal(BroughtWithdrawal::default());
    let gone = brought(&counter.address, &dossier, gone).await;
    until("it is said", || async {
        let held = filing_command(&["held", "--server", &processing.address]);
        held.first().is_some_and(|held| {
            held["filing_id"] == gone.as_str()
                && held["wait"]["problem"]
                    .as_str()
                    .is_some_and(|it| it.contains("line_key_file"))
        })
    })
    .await;
}

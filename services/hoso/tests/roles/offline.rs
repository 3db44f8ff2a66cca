//! The reference terminal, killed at any moment over an intake node that is killed too: nothing keyed in is lost or doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use api::hoso::dossier::v1::{
    Applicant, ApplicantKind, BroughtDeliveryFailure, Filing, PlaceKind, SourceReference, filing,
};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{
    Collected, EnrolTerminalRequest, GetSubmissionRequest, JournalEntry, ListSubmissionsRequest,
    SyncTerminalRequest, SyncTerminalResponse, TerminalHello, get_submission_request::Name,
    journal_entry::Item, sync_terminal_request as to, sync_terminal_response as from,
};
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

use crate::chance::Chance;
use crate::office::{connection, lasting, until_answered};
use crate::process::{Role, path};
use crate::server::Server;

/// What one terminal keys in.
const ITEMS: usize = 24;
const APPLICANT: &str = r#"{"name": "Lê Văn Thử", "identity_number": "087190001234"}"#;

/// A terminal's folder, and what a clerk types there.
pub(crate) struct Terminal {
    pub(crate) folder: PathBuf,
}

impl Terminal {
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hoso"));
        program
            .args(["terminal", "--dir", path(&self.folder)])
            .args(words)
            .env("HOSO_ACTOR", "buu-ta-1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        program
    }

    pub(crate) fn begin(&self, words: &[&str]) -> Child {
        let mut child = self.command(words).spawn().unwrap();
        // It may be killed before it reads.
        let _ = child.stdin.take().unwrap().write_all(APPLICANT.as_bytes());
        child
    }

    pub(crate) fn does(&self, words: &[&str]) -> Output {
        self.begin(words).wait_with_output().unwrap()
    }

    pub(crate) fn well(&self, words: &[&str]) -> String {
        let output = self.does(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn collects(&self, command: &str, slip: &str) -> Child {
        let id = ["--command-id", command, "--slip", slip];
        let what = ["--procedure", "2.001616", "--agency", "000.00.06.H20"];
        let rest = ["--applicant", "-", "--paper", "DON", "--synthetic"];
        self.begin(&[&["collect"], &id[..], &what, &rest].concat())
    }
}

fn waits(child: Child, at_most: Duration) -> Option<Output> {
    let mut child = child;
    let until = Instant::now() + at_most;
    while Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            return Some(child.wait_with_output().unwrap());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// The slips that intake has, each as often as it has it.
async fn at_intake(intake: &Role) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let answer = until_answered("listing", || {
            let mut to = IntakeServiceClient::new(connection(&intake.address));
            let request = ListSubmissionsRequest {
                page_size: 500,
                page_token: page_token.clone(),
                ..ListSubmissionsRequest::default()
            };
            async move { to.list_submissions(request).await }
        });
        let answer = answer.await;
        for waiting in answer.submissions {
            let dossier = waiting.dossier.unwrap();
            assert_eq!(dossier.code, "", "a terminal gives no code");
            assert!(dossier.due.is_none(), "and no due date");
            let slip = dossier.source.unwrap_or_default().reference;
            *found.entry(slip).or_default() += 1;
        }
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

pub(crate) fn enrolled(intake: &Role, place: &TempDir) -> Terminal {
    let terminal = Terminal {
        folder: place.path().join("terminal"),
    };
    terminal.well(&[
        "enrol",
        "--terminal",
        "BC1-MAY2",
        "--office",
        "BC1",
        "--operator",
        "VNPOST-DT",
        "--server",
        &intake.address,
    ]);
    // The enrolment brings the checklist's version: what follows needs no line.
    terminal
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_killed_at_any_moment_loses_and_doubles_nothing_that_was_keyed_in() {
    let place = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let mut intake = Role::start("intake", 1, place.path(), &nats.url());
    let terminal = enrolled(&intake, &place);
    let mut chance = Chance::new();
    let mut keyed = BTreeSet::new();
    for number in 0..ITEMS {
        let (command, slip) = (Uuid::new_v4().to_string(), format!("PG-{number}"));
        // The clerk keys it in until it is said to be kept; whatever else happens meanwhile.
        loop {
            let patience = Duration::from_millis(chance.below(120));
            let uploading = (chance.below(3) == 0).then(|| terminal.begin(&["sync"]));
            let kept = waits(terminal.collects(&command, &slip), patience);
            if let Some(uploading) = uploading {
                waits(uploading, Duration::from_millis(chance.below(150)));
            }
            if let Some(output) = kept {
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{said}");
                break;
            }
            if chance.below(4) == 0 {
                // A slow machine must get there too.
                let output = terminal.collects(&command, &slip).wait_with_output();
                assert!(output.unwrap().status.success());
                break;
            }
        }
        keyed.insert(slip);
        if chance.below(8) == 0 {
            intake.kill();
            intake.restart();
        }
    }
    terminal.well(&["sync"]);
    let queue = terminal.well(&["queue", "--format", "json"]);
    assert_eq!(queue, "", "everything was taken in");
    let there = at_intake(&intake).await;
    assert!(there.values().all(|times| *times == 1), "{there:?}");
    assert_eq!(there.into_keys().collect::<BTreeSet<_>>(), keyed);
    let left = std::fs::read_dir(terminal.folder.join("entries")).unwrap();
    assert_eq!(left.count(), 0, "what was answered is purged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_item_and_a_spoilt_one_block_nothing_and_are_shown_with_their_reason() {
    let place = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let intake = Role::start("intake", 1, place.path(), &nats.url());
    let terminal = enrolled(&intake, &place);
    for slip in ["PG-1", "PG-2", "PG-3"] {
        let child = terminal.collects(&Uuid::new_v4().to_string(), slip);
        assert!(child.wait_with_output().unwrap().status.success());
    }
    // Only the node knows which points there are.
    let minute = ["hand-over", "--number", "BB-1", "--to", "point:KHONG-CO"];
    terminal.well(&[&minute[..], &["--paper", "PG-1"]].concat());
    let second = terminal.folder.join("entries/0000000002");
    let mut bytes = std::fs::read(&second).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&second, bytes).unwrap();

    let output = terminal.does(&["sync"]);
    assert_eq!(output.status.code(), Some(2), "somebody must look");
    let there = at_intake(&intake).await;
    assert_eq!(there.into_keys().collect::<Vec<_>>(), ["PG-1", "PG-3"]);
    let queue = terminal.well(&["queue", "--format", "json"]);
    let lines: Vec<serde_json::Value> = queue
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{queue}");
    assert_eq!(lines[0]["state"], "refused");
    assert_eq!(lines[0]["sequence"], 4);
    assert_eq!(lines[0]["reason"], "HAND_OVER_TO_UNKNOWN_POINT");
    assert_eq!(lines[0]["faults"][0]["field"], "hand_over.to.id");
    assert_eq!(lines[1]["state"], "damaged");
    assert_eq!(lines[1]["sequence"], 2);
    terminal.well(&["dismiss", "4"]);

    // It can be found by its slip.
    let asked = GetSubmissionRequest {
        name: Some(Name::Source(SourceReference {
            system: "phieu-gui".to_owned(),
            reference: "PG-3".to_owned(),
        })),
        ..GetSubmissionRequest::default()
    };
    let mut to = IntakeServiceClient::new(connection(&intake.address));
    let found = to.get_submission(asked).await.unwrap().into_inner();
    assert_eq!(found.applicant.unwrap().name, "Lê Văn Thử");
}

/// One message of the recorded exchange: what a vendor has to know of it, without what differs from run to run.
fn shown(body: &from::Body) -> String {
    match body {
        from::Body::Welcome(it) => format!(
            "← welcome  next_sequence={} set_back={} server_behind={} clock_skewed={}",
            it.next_sequence, it.set_back, it.server_behind, it.clock_skewed
        ),
        from::Body::Answer(it) => {
            let mut line = format!(
                "← answer   sequence={} {}",
                it.sequence,
                it.result()
                    .as_str_name()
                    .trim_start_matches("ENTRY_RESULT_")
            );
            if it.duplicate_of > 0 {
                line.push_str(&format!(" duplicate_of={}", it.duplicate_of));
            }
            for (name, id) in [("dossier_id", &it.dossier_id), ("filing_id", &it.filing_id)] {
                if !id.is_empty() {
                    line.push_str(&format!(" {name}=…"));
                }
            }
            if let Some(refusal) = &it.refusal {
                line.push_str(&format!(" reason={}", refusal.reason));
                for fault in &refusal.faults {
                    line.push_str(&format!(" {}", fault.field));
                }
            }
            line
        }
        from::Body::Missing(it) => format!("← missing  from={} to={}", it.from, it.to),
        from::Body::Progress(it) => format!("← progress next_sequence={}", it.next_sequence),
    }
}

/// A terminal that writes down what is said.
struct Recorder {
    address: String,
    lines: Vec<String>,
}

impl Recorder {
    /// Says hello and these entries, and hears so many messages after the welcome.
    async fn exchange(&mut self, highest: u32, entries: &[(&str, JournalEntry)], heard: usize) {
        let (to, said) = tokio::sync::mpsc::channel(16);
        self.lines.push(format!(
            "→ hello    terminal_id=BC1-MAY3 office=BC1 acknowledged=0 highest={highest}"
        ));
        let hello = TerminalHello {
            terminal_id: "BC1-MAY3".to_owned(),
            office: "BC1".to_owned(),
            acknowledged: 0,
            highest,
            device_time: Some(stamp(chassis::Clock::system().now())),
            node: None,
        };
        let request = |body| SyncTerminalRequest { body: Some(body) };
        to.send(request(to::Body::Hello(hello))).await.unwrap();
        let mut calls = TerminalServiceClient::new(lasting(&self.address));
        let answers = calls.sync_terminal(ReceiverStream::new(said)).await;
        let mut answers = answers.unwrap().into_inner();
        self.hear(&mut answers).await;
        for (what, entry) in entries {
            self.lines
                .push(format!("→ entry    sequence={} {what}", entry.sequence));
            let entry = to::Body::Entry(entry.clone());
            to.send(request(entry)).await.unwrap();
        }
        for _ in 0..heard {
            self.hear(&mut answers).await;
        }
        self.lines.push("  (cut)".to_owned());
    }

    async fn hear(&mut self, answers: &mut tonic::Streaming<SyncTerminalResponse>) {
        let next = tokio::time::timeout(Duration::from_secs(30), answers.message());
        let body = next.await.unwrap().unwrap().unwrap().body.unwrap();
        self.lines.push(shown(&body));
    }
}

fn stamp(at: jiff::Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: 0,
    }
}

fn entry(sequence: u32, command: u128, item: Item) -> JournalEntry {
    JournalEntry {
        sequence,
        command_id: Uuid::from_u128(command).to_string(),
        device_time: Some(stamp(chassis::Clock::system().now())),
        actor: "buu-ta-1".to_owned(),
        item: Some(item),
    }
}

fn collected(slip: &str, name: &str) -> Item {
    Item::Collected(Collected {
        slip: slip.to_owned(),
        procedure: "2.001616".to_owned(),
        agency: "000.00.06.H20".to_owned(),
        applicant: Some(Applicant {
            kind: ApplicantKind::Citizen.into(),
            name: name.to_owned(),
            ..Applicant::default()
        }),
        checklist: "any".to_owned(),
        place: PlaceKind::PostOffice.into(),
        synthetic: true,
        ..Collected::default()
    })
}

fn nobody_met() -> Item {
    Item::Filing(Filing {
        dossier: Some(filing::Dossier::Code(
            "000.00.06.H20-221215-1001".to_owned(),
        )),
        brought: Some(filing::Brought::DeliveryFailure(BroughtDeliveryFailure {
            postal_item: "EE123456785VN".to_owned(),
            signed_at: None,
            reason_code: "vang_nha".to_owned(),
        })),
        words: String::new(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exchange_on_the_protocol_page_is_what_a_server_says() {
    let place = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let intake = Role::start("intake", 1, place.path(), &nats.url());
    let enrol = EnrolTerminalRequest {
        request_id: Uuid::new_v4().to_string(),
        terminal_id: "BC1-MAY3".to_owned(),
        office: "BC1".to_owned(),
        operator: "VNPOST-DT".to_owned(),
        actor: "buu-ta-1".to_owned(),
        min_position: String::new(),
    };
    until_answered("enrolling", || {
        let mut to = TerminalServiceClient::new(connection(&intake.address));
        let enrol = enrol.clone();
        async move { to.enrol_terminal(enrol).await }
    })
    .await;
    let mut recorder = Recorder {
        address: intake.address.clone(),
        lines: Vec::new(),
    };
    let first = entry(1, 1, collected("PG-1", "Lê Văn Thử"));
    let wrong = entry(2, 2, collected("PG-2", ""));
    let third = entry(3, 3, nobody_met());
    let named = [
        ("collected PG-1, command 1", first.clone()),
        ("collected PG-2, without a name", wrong),
        ("filing: nobody met", third),
    ];
    recorder.exchange(3, &named, 3).await;
    // The answers were lost: the first is sent again; its command too, under another number; and one comes too early.
    let again = [
        ("collected PG-1, command 1", first.clone()),
        (
            "collected PG-4, command 5",
            entry(5, 5, collected("PG-4", "Lê Văn Thử")),
        ),
        (
            "collected PG-1, command 1",
            JournalEntry {
                sequence: 4,
                ..first
            },
        ),
    ];
    recorder.exchange(5, &again, 4).await;
    // Set back to the copy of this morning.
    let other = [(
        "collected PG-6, command 6",
        entry(2, 6, collected("PG-6", "Lê Văn Thử")),
    )];
    recorder.exchange(2, &other, 1).await;

    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/terminal-protocol.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("```text\n").unwrap();
    let (written, after) = rest.split_once("```\n").unwrap();
    let played = format!("{}\n", recorder.lines.join("\n"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&page, format!("{before}```text\n{played}```\n{after}")).unwrap();
        return;
    }
    assert_eq!(written, played, "the page says something else");
}

//! A postal terminal that synchronises while its node is killed: nothing keyed in is lost or doubled, there or at processing.

use std::collections::BTreeMap;
use std::time::Duration;

use api::hoso::dossier::v1::{
    Applicant, ApplicantKind, BroughtWithdrawal, Filing, PlaceKind, filing,
};
use api::hoso::intake::v1::journal_entry::Item;
use api::hoso::intake::v1::sync_terminal_request::Body as Asked;
use api::hoso::intake::v1::sync_terminal_response::Body as Said;
use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{
    Collected, EnrolTerminalRequest, EntryAnswer, EntryResult, JournalEntry, SyncTerminalRequest,
    TerminalHello,
};
use chassis::Clock;
use eventlog::{EventLog, Settings};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use uuid::Uuid;

use crate::chance::Chance;
use crate::office::{connection, lasting, until_answered};
use crate::process::Role;
use crate::server::Server;

const TERMINAL: &str = "T-1";
const OFFICE: &str = "BC-870000";
const ENTRIES: u32 = 240;

/// Every fourth entry is something brought, the others are dossiers.
fn keyed_in() -> Vec<JournalEntry> {
    let now = Clock::system().now();
    let device_time = Some(prost_types::Timestamp {
        seconds: now.as_second(),
        nanos: 0,
    });
    let item = |sequence: u32| {
        if sequence.is_multiple_of(4) {
            return Item::Filing(Filing {
                dossier: Some(filing::Dossier::Code(format!(
                    "000.00.06.H20-221201-{sequence}"
                ))),
                brought: Some(filing::Brought::Withdrawal(BroughtWithdrawal::default())),
                ..Filing::default()
            });
        }
        Item::Collected(Collected {
            slip: format!("PG-{sequence}"),
            procedure: "2.001616".to_owned(),
            agency: "000.00.06.H20".to_owned(),
            applicant: Some(Applicant {
                kind: ApplicantKind::Citizen.into(),
                name: "Lê Văn Thử".to_owned(),
                ..Applicant::default()
            }),
            checklist: "0".to_owned(),
            place: PlaceKind::PostOffice.into(),
            synthetic: true,
            ..Collected::default()
        })
    };
    (1..=ENTRIES)
        .map(|sequence| JournalEntry {
            sequence,
            command_id: Uuid::new_v4().to_string(),
            device_time,
            actor: "postman-1".to_owned(),
            item: Some(item(sequence)),
        })
        .collect()
}

/// One line, until it breaks or everything is answered.
async fn synchronise(
    address: &str,
    journal: &[JournalEntry],
    answers: &mut BTreeMap<u32, EntryAnswer>,
) -> Result<(), Status> {
    let mut to = TerminalServiceClient::new(lasting(address));
    let (say, saying) = mpsc::channel(4);
    let answered = u32::try_from(answers.len()).unwrap();
    let hello = TerminalHello {
        terminal_id: TERMINAL.to_owned(),
        office: OFFICE.to_owned(),
        acknowledged: answered,
        highest: ENTRIES,
        device_time: journal[0].device_time,
        node: None,
    };
    let bodies: Vec<_> = std::iter::once(Asked::Hello(hello))
        // Whatever this side has no answer to, whether or not the node has it.
        .chain(
            journal[usize::try_from(answered).unwrap()..]
                .iter()
                .cloned()
                .map(Asked::Entry),
        )
        .collect();
    let sending = tokio::spawn(async move {
        for body in bodies {
            let request = SyncTerminalRequest { body: Some(body) };
            if say.send(request).await.is_err() {
                return;
            }
        }
        // The line stays open until all is answered.
        say.closed().await;
    });
    let mut said = to
        .sync_terminal(ReceiverStream::new(saying))
        .await?
        .into_inner();
    while answers.len() < journal.len() {
        let Some(message) = said.message().await? else {
            break;
        };
        if let Some(Said::Answer(answer)) = message.body {
            answers.insert(answer.sequence, answer);
        }
    }
    drop(said);
    sending.abort();
    Ok(())
}

async fn enrol(intake: &Role) {
    let request = EnrolTerminalRequest {
        request_id: Uuid::new_v4().to_string(),
        terminal_id: TERMINAL.to_owned(),
        office: OFFICE.to_owned(),
        operator: "VNPOST-DT".to_owned(),
        actor: "operator-1".to_owned(),
        min_position: String::new(),
    };
    until_answered("enrolling", || {
        let mut to = TerminalServiceClient::new(connection(&intake.address));
        let request = request.clone();
        async move { to.enrol_terminal(request).await }
    })
    .await;
}

/// How many events of each kind a role's log has.
async fn counted(role: &Role) -> BTreeMap<Box<str>, usize> {
    let path = role.data.join("log");
    let clock = || Clock::system().now_us();
    let reading = tokio::task::spawn_blocking(move || {
        let log = EventLog::open(&path, Settings::new(clock)).unwrap();
        let records = log.read_after(0, 1_000_000).unwrap();
        log.close();
        records
    });
    let mut counted = BTreeMap::new();
    for record in reading.await.unwrap() {
        *counted.entry(record.event.kind).or_default() += 1;
    }
    counted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_keyed_in_is_lost_or_doubled_when_the_node_is_killed_under_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let nats = Server::start();
    let mut intake = Role::start("intake", 1, folder.path(), &nats.url());
    let mut processing = Role::start("processing", 0, folder.path(), &nats.url());
    enrol(&intake).await;

    let journal = keyed_in();
    let address = intake.address.clone();
    let uploading = tokio::spawn(async move {
        let until = Instant::now() + Duration::from_secs(120);
        let mut answers = BTreeMap::new();
        while answers.len() < journal.len() {
            let broken = synchronise(&address, &journal, &mut answers).await;
            assert!(Instant::now() < until, "{broken:?}");
            sleep(Duration::from_millis(50)).await;
        }
        answers
    });
    let mut chance = Chance::new();
    for _ in 0..4 {
        chance.moment(400).await;
        intake.restart();
    }
    let answers = uploading.await.unwrap();
    for (sequence, answer) in &answers {
        assert_eq!(
            answer.result(),
            EntryResult::Taken,
            "{sequence}: {answer:?}"
        );
    }
    // Whoever shows the last answer waits until processing has all of it.
    let last = answers[&ENTRIES].clone();
    let told = until_answered("asking", || {
        use api::hoso::processing::v1::GetFilingRequest;
        use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
        let mut to = ProcessingServiceClient::new(connection(&processing.address));
        let request = GetFilingRequest {
            filing_id: last.filing_id.clone(),
            min_position: last.position.clone(),
        };
        async move { to.get_filing(request).await }
    })
    .await;
    assert_eq!(told.filing.unwrap().filing_id, last.filing_id);
    intake.kill();
    processing.kill();
    let entries = usize::try_from(ENTRIES).unwrap();
    for role in [&intake, &processing] {
        let counted = counted(role).await;
        for (kind, times) in [
            ("dossier_submitted", entries / 4 * 3),
            ("dossier_collected", entries / 4 * 3),
            ("filing_received", entries / 4),
            ("journal_entry_answered", entries),
        ] {
            assert_eq!(counted[kind], times, "{kind}");
        }
    }
}

//! What was receipted and not decided when the process ended is decided by the next start, in the order in which it was brought.

use std::sync::Arc;
use std::time::Duration;

use api::hoso::dossier::v1::{
    Applicant, ApplicantKind, BroughtSupplement, Channel, Filing, PlaceKind, Reason, filing,
};
use api::hoso::intake::v1::{
    ReceiveFilingRequest, RequestIntakeSupplementRequest, Submission, SubmitDossierRequest,
};
use application::codes::Codes;
use application::{Desk, Wish, Writer};
use domain::command::{Command, ReceiveFiling};
use domain::event::Brought;
use domain::ids::{ActorId, DossierId, DossierName, FilingId, OrganisationId};
use eventlog::{EventLog, Record};
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use vault::{MasterKey, Vault};

use crate::node::{CENTRE, DEPARTMENT, Node, POST, at, catalogue};

const BROUGHT: &str = "2022-12-15T03:00:00Z";

/// A dossier that waits for papers.
async fn waiting(node: &Node) -> DossierId {
    let request = SubmitDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        submission: Some(Submission {
            procedure: "2.001616".to_owned(),
            agency: DEPARTMENT.to_owned(),
            channel: Channel::Direct.into(),
            place: PlaceKind::Counter.into(),
            point: CENTRE.to_owned(),
            operator: POST.to_owned(),
            applicant: Some(Applicant {
                kind: ApplicantKind::Citizen.into(),
                name: "Lê Văn Thử".to_owned(),
                ..Applicant::default()
            }),
            synthetic: true,
            ..Submission::default()
        }),
        actor: "clerk-1".to_owned(),
        ..SubmitDossierRequest::default()
    };
    let filed = node.counter().submit_dossier(request).await.unwrap();
    let id = filed.into_inner().dossier.unwrap().dossier_id;
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
    node.counter()
        .request_intake_supplement(request)
        .await
        .unwrap();
    DossierId(Uuid::parse_str(&id).unwrap())
}

/// Receipts them in the log of a node that is stopped, as one that ends right then leaves them.
async fn receipted(node: &Node, dossier: DossierId, brought: &[Brought]) -> Vec<FilingId> {
    let clock = node.clock.clone();
    let log = EventLog::open(
        &node.folder().join("log"),
        eventlog::Settings {
            clock_by_hand: Some(true),
            ..eventlog::Settings::new(move || clock.now_us())
        },
    );
    let vault = Vault::open(
        &node.folder().join("vault"),
        MasterKey::from_bytes(&[7; 32]),
        vault::Settings::default(),
    );
    let (log, vault) = (log.unwrap(), vault.unwrap());
    let codes = Arc::new(Codes::none());
    let desk = Desk::new(
        log.clone(),
        vault.clone(),
        catalogue(),
        codes,
        Writer::Intake,
    );
    let mut filings = Vec::new();
    for brought in brought {
        let request_id = Uuid::new_v4();
        let wish = Wish {
            request: Wish::request(&vault, "test", request_id, "ReceiveFiling", b""),
            request_id,
            dossier: DossierId::derive("test", request_id),
            expected: None,
            actor: ActorId::new("clerk-2"),
            organisation: OrganisationId::new(POST),
            now: at(BROUGHT),
            through: None,
            may_record_late: false,
        };
        let brought = brought.clone();
        let answer = desk.carry_out(&wish, Vec::new(), move |_| {
            vec![Command::ReceiveFiling(ReceiveFiling {
                dossier: DossierName::Id(dossier),
                brought: brought.clone(),
                words: None,
            })]
        });
        filings.push(FilingId(answer.await.unwrap().id.0));
    }
    log.close();
    vault.close();
    filings
}

/// What happened to the dossier after it was asked for papers, once so much has.
async fn happened(node: &Node, dossier: DossierId, count: usize) -> Vec<Record> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let mut records = node.records();
        records.retain(|it| it.stream.0 == dossier.0);
        let since = records.split_off(2);
        if since.len() >= count {
            return since;
        }
        assert!(Instant::now() < until, "{since:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn kinds(records: &[Record]) -> Vec<&str> {
    records.iter().map(|it| &*it.event.kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_receipted_when_the_process_ended_is_decided_by_the_next_start_before_what_is_brought_then()
 {
    let mut node = Node::start().await;
    let dossier = waiting(&node).await;
    node.at(BROUGHT);
    node.stop().await;
    let papers = Brought::Supplement {
        components: Vec::new(),
    };
    let gone = Brought::Withdrawal { reason: None };
    let filings = receipted(&node, dossier, &[papers, gone]).await;
    node.at("2022-12-15T07:00:00Z");
    node.start_again().await;
    // Brought at once, and yet after them.
    let third = ReceiveFilingRequest {
        request_id: Uuid::new_v4().to_string(),
        filing: Some(Filing {
            dossier: Some(filing::Dossier::DossierId(dossier.to_string())),
            brought: Some(filing::Brought::Supplement(BroughtSupplement::default())),
            words: String::new(),
        }),
        operator: POST.to_owned(),
        actor: "clerk-3".to_owned(),
        min_position: String::new(),
    };
    node.counter().receive_filing(third).await.unwrap();

    let since = happened(&node, dossier, 2).await;
    let expected = ["intake_supplement_received", "dossier_withdrawn"];
    assert_eq!(kinds(&since), expected);
    for (record, filing) in since.iter().zip(&filings) {
        assert_eq!(record.event.causation, filing.0);
        let brought = at(BROUGHT).as_microsecond();
        assert_eq!(record.event.occurred_at, brought, "from the receipt");
        assert_eq!(&*record.event.actor, "clerk-2");
    }
    // The third is for a dossier that is over before acceptance: processing tells its outcome.
    for _ in 0..2 {
        node.restart().await;
        let since = happened(&node, dossier, 2).await;
        assert_eq!(kinds(&since), expected, "decided once");
    }
}

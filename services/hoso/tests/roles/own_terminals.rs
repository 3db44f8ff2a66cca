//! With tokens a terminal is itself only, and a minute is read by its two sides and signed by the one that takes.

use std::time::Duration;

use api::hoso::dossier::v1::{Applicant, ApplicantKind, PlaceKind};
use api::hoso::intake::v1::journal_entry::Item;
use api::hoso::intake::v1::sync_terminal_request::Body as Asked;
use api::hoso::intake::v1::sync_terminal_response::Body as Said;
use api::hoso::intake::v1::terminal_service_client::TerminalServiceClient;
use api::hoso::intake::v1::{
    AcknowledgeHandOverRequest, Collected, EnrolTerminalRequest, EntryResult, GetHandOverRequest,
    HandOver, HandOverParty, HandedOver, JournalEntry, PaperResult, PartyKind, SyncTerminalRequest,
    SyncTerminalResponse, TerminalHello, TerminalWelcome, handed_over,
};
use prost_types::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::identity::with_token;
use crate::issuer;
use crate::scene::{CENTRE, OWN, POST, Scene};

const PATIENCE: Duration = Duration::from_secs(60);

fn device_time() -> Option<Timestamp> {
    Some(Timestamp {
        seconds: issuer::now().try_into().unwrap(),
        nanos: 0,
    })
}

pub(crate) fn said(body: Asked) -> SyncTerminalRequest {
    SyncTerminalRequest { body: Some(body) }
}

/// A terminal's line: what it says, and what it hears.
pub(crate) struct Line {
    pub(crate) say: mpsc::Sender<SyncTerminalRequest>,
    pub(crate) said: Streaming<SyncTerminalResponse>,
}

pub(crate) async fn line(scene: &Scene, terminal: &str, token: &str) -> Result<Line, Status> {
    let connection = scene.issuer.connection(&scene.hoso.intake, None);
    line_over(connection, terminal, token).await
}

pub(crate) async fn line_over(
    connection: Channel,
    terminal: &str,
    token: &str,
) -> Result<Line, Status> {
    let (say, saying) = mpsc::channel(4);
    let hello = TerminalHello {
        terminal_id: terminal.to_owned(),
        office: POST.to_owned(),
        acknowledged: 0,
        highest: 2,
        device_time: device_time(),
        node: None,
    };
    say.send(said(Asked::Hello(hello))).await.unwrap();
    let asked = with_token(ReceiverStream::new(saying), token);
    let heard = TerminalServiceClient::new(connection)
        .sync_terminal(asked)
        .await?
        .into_inner();
    Ok(Line { say, said: heard })
}

pub(crate) async fn welcome(line: &mut Line) -> TerminalWelcome {
    match line.said.message().await.unwrap().unwrap().body {
        Some(Said::Welcome(welcome)) => welcome,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn enrol(scene: &Scene, terminal: &str) {
    let asked = EnrolTerminalRequest {
        request_id: Uuid::new_v4().to_string(),
        terminal_id: terminal.to_owned(),
        office: POST.to_owned(),
        operator: POST.to_owned(),
        actor: String::new(),
        min_position: String::new(),
    };
    let operator = scene.token("operator");
    let connection = scene.issuer.connection(&scene.hoso.intake, None);
    TerminalServiceClient::new(connection)
        .enrol_terminal(with_token(asked, &operator))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_terminal_uploads_its_own_journal_only_though_others_are_of_the_same_office() {
    let scene = Scene::set(&[]).await;
    for terminal in ["MAY-1", "MAY-2"] {
        enrol(&scene, terminal).await;
    }
    let named = scene.token_with("terminal", &json!({"terminal": ["MAY-1"]}));
    let mut open = line(&scene, "MAY-1", &named).await.unwrap();
    assert_eq!(welcome(&mut open).await.next_sequence, 1);
    is_not_allowed(&line(&scene, "MAY-2", &named).await.err().unwrap());
    // Neither the account's name nor every office stands for the claim.
    let claims = json!({"agency": [OWN], "office": ["*"]});
    let account = scene.issuer.token("MAY-1", &["take-in"], &claims);
    is_not_allowed(&line(&scene, "MAY-1", &account).await.err().unwrap());
}

fn is_not_allowed(refused: &Status) {
    let reason = refused.get_details_error_info().unwrap().reason;
    assert_eq!(
        (refused.code(), reason.as_str()),
        (Code::PermissionDenied, "NOT_ALLOWED")
    );
}

/// A dossier that was collected, and the minute by which the terminal hands it over.
fn keyed_in(terminal: &str, minute: &str, to: (PartyKind, &str)) -> [Item; 2] {
    let collected = Collected {
        slip: slip(minute),
        procedure: "2.000908".to_owned(),
        agency: OWN.to_owned(),
        applicant: Some(Applicant {
            kind: ApplicantKind::Citizen.into(),
            name: "Lê Văn Thử".to_owned(),
            ..Applicant::default()
        }),
        checklist: "0".to_owned(),
        place: PlaceKind::PostOffice.into(),
        synthetic: true,
        ..Collected::default()
    };
    let party = |kind: PartyKind, id: &str| {
        Some(HandOverParty {
            kind: kind.into(),
            id: id.to_owned(),
        })
    };
    let minute = HandOver {
        number: minute.to_owned(),
        from: party(PartyKind::Terminal, terminal),
        to: party(to.0, to.1),
        signed_at: device_time(),
        giver: "postman-1".to_owned(),
        papers: vec![paper(minute, PaperResult::Unspecified)],
        ..HandOver::default()
    };
    [Item::Collected(collected), Item::HandOver(minute)]
}

fn slip(minute: &str) -> String {
    format!("PG-{minute}")
}

fn paper(minute: &str, result: PaperResult) -> HandedOver {
    HandedOver {
        paper: Some(handed_over::Paper::Slip(slip(minute))),
        result: result.into(),
        ..HandedOver::default()
    }
}

/// A terminal collects a dossier and hands it over.
pub(crate) async fn hand_over(scene: &Scene, terminal: &str, minute: &str, to: (PartyKind, &str)) {
    let token = scene.token_with("terminal", &json!({"terminal": [terminal]}));
    let mut open = line(scene, terminal, &token).await.unwrap();
    welcome(&mut open).await;
    for (sequence, item) in (1..).zip(keyed_in(terminal, minute, to)) {
        let entry = JournalEntry {
            sequence,
            command_id: Uuid::new_v4().to_string(),
            device_time: device_time(),
            actor: "postman-1".to_owned(),
            item: Some(item),
        };
        open.say.send(said(Asked::Entry(entry))).await.unwrap();
        let answer = timeout(PATIENCE, open.said.message()).await.unwrap();
        let Some(Said::Answer(answer)) = answer.unwrap().unwrap().body else {
            panic!("no answer to {sequence}")
        };
        assert_eq!(answer.result(), EntryResult::Taken, "{answer:?}");
    }
}

#[tokio::test]
async fn a_minute_is_read_by_both_its_sides_and_signed_by_the_side_that_takes() {
    let scene = Scene::set(&[]).await;
    for terminal in ["MAY-1", "MAY-2"] {
        enrol(&scene, terminal).await;
    }
    let terminal = |id: &str| scene.token_with("terminal", &json!({"terminal": [id], "point": []}));
    hand_over(&scene, "MAY-1", "BB-1", (PartyKind::Point, CENTRE)).await;

    let calls = TerminalServiceClient::new(scene.issuer.connection(&scene.hoso.intake, None));
    let reading = async |token: &str, number: &str| {
        let asked = GetHandOverRequest {
            number: number.to_owned(),
            ..GetHandOverRequest::default()
        };
        let answer = calls.clone().get_hand_over(with_token(asked, token)).await;
        answer.map(|it| it.into_inner().hand_over.unwrap())
    };
    let signing = async |token: &str| {
        let asked = AcknowledgeHandOverRequest {
            request_id: Uuid::new_v4().to_string(),
            number: "BB-1".to_owned(),
            papers: vec![paper("BB-1", PaperResult::Complete)],
            ..AcknowledgeHandOverRequest::default()
        };
        let mut to = calls.clone();
        to.acknowledge_hand_over(with_token(asked, token)).await
    };
    let counter = scene.token("counter");
    let elsewhere = scene.token_with("counter", &json!({"point": ["ANOTHER-POINT"]}));
    for side in [terminal("MAY-1"), counter.clone()] {
        assert_eq!(reading(&side, "BB-1").await.unwrap().number, "BB-1");
        // One that there is not is answered as another's is.
        is_not_allowed(&reading(&side, "BB-2").await.unwrap_err());
    }
    for stranger in [terminal("MAY-2"), elsewhere.clone()] {
        is_not_allowed(&reading(&stranger, "BB-1").await.unwrap_err());
    }
    for not_taking in [terminal("MAY-1"), elsewhere] {
        is_not_allowed(&signing(&not_taking).await.unwrap_err());
    }
    signing(&counter).await.unwrap();
    let signed = reading(&counter, "BB-1").await.unwrap();
    assert_eq!(signed.taker, "counter");
}

//! What the stream of changes promises, over a real log.

use api::hoso::processing::v1::watch_service_server::WatchService as _;
use application::log::LogId;
use domain::ids::DossierId;
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::*;
use crate::testing::{AGENCY, OTHER, Office, PATIENCE, resolve, transfer};

type Stream = Watching<WatchDossiersResponse>;

async fn watch(office: &Office, asked: WatchDossiersRequest) -> Result<Stream, Status> {
    let answer = office.watches.watch_dossiers(Request::new(asked)).await?;
    Ok(answer.into_inner())
}

/// Of this agency, from the beginning of the log.
fn from_the_beginning(office: &Office, agency: &str) -> WatchDossiersRequest {
    let head = office.calls.edge.desk.log().head();
    let beginning = Point {
        position: 0,
        ..head.into()
    };
    WatchDossiersRequest {
        after_position: token::write(&[beginning]),
        agency: agency.to_owned(),
        ..WatchDossiersRequest::default()
    }
}

/// The next so many changes: what happened, to which dossier, its revision then; and the last position.
async fn changes(stream: &mut Stream, count: usize) -> (Vec<(String, String, u32)>, String) {
    let mut told = Vec::new();
    let mut position = String::new();
    while told.len() < count {
        let message = tokio::time::timeout(PATIENCE, stream.next()).await;
        let message = message.expect("it was told in time").unwrap().unwrap();
        position = message.position;
        if let Some(change) = message.change {
            let dossier = change.dossier.unwrap();
            told.push((change.kind, dossier.dossier_id, dossier.revision));
        }
    }
    (told, position)
}

fn told(kind: &str, id: DossierId, revision: u32) -> (String, String, u32) {
    (kind.to_owned(), id.to_string(), revision)
}

#[tokio::test]
async fn whoever_comes_back_with_the_last_position_is_told_each_change_once_and_in_order() {
    let office = Office::open("2022-12-15T02:00:00Z");
    let mut early = watch(&office, from_the_beginning(&office, ""))
        .await
        .unwrap();
    let mut late = watch(&office, WatchDossiersRequest::default())
        .await
        .unwrap();
    let first = office.accepted().await;
    let second = office.accepted().await;
    let begun = [
        told("dossier_submitted", first, 1),
        told("dossier_accepted", first, 2),
        told("dossier_submitted", second, 1),
        told("dossier_accepted", second, 2),
    ];
    assert_eq!(changes(&mut early, 4).await.0, begun);
    let (some, position) = changes(&mut late, 3).await;
    assert_eq!(some, begun[..3]);
    drop(late);
    office.does(first, transfer(AGENCY, None)).await;
    office.does(first, resolve()).await;
    let rest = [
        begun[3].clone(),
        told("transferred", first, 3),
        told("dossier_resolved", first, 4),
    ];
    let again = WatchDossiersRequest {
        after_position: position,
        ..WatchDossiersRequest::default()
    };
    assert_eq!(
        changes(&mut watch(&office, again).await.unwrap(), 3)
            .await
            .0,
        rest
    );
    assert_eq!(changes(&mut early, 2).await.0, rest[1..]);
    // A late comer is told of each change as it was then, not as the dossier is now.
    let mut whole = watch(&office, from_the_beginning(&office, ""))
        .await
        .unwrap();
    assert_eq!(
        changes(&mut whole, 6).await.0,
        [&begun[..], &rest[1..]].concat()
    );
}

#[tokio::test]
async fn an_agency_is_told_of_what_it_has_and_of_what_leaves_it() {
    let office = Office::open("2022-12-15T02:00:00Z");
    let staying = office.accepted().await;
    let going = office.accepted().await;
    office.does(going, transfer(OTHER, Some("Phòng A"))).await;
    office.does(going, resolve()).await;
    office.does(staying, resolve()).await;
    let mut here = watch(&office, from_the_beginning(&office, AGENCY))
        .await
        .unwrap();
    let (seen, _) = changes(&mut here, 6).await;
    assert_eq!(
        seen[4..],
        [
            told("transferred", going, 3),
            told("dossier_resolved", staying, 3)
        ]
    );
    for unit in ["", "Phòng A"] {
        let asked = WatchDossiersRequest {
            unit: unit.to_owned(),
            ..from_the_beginning(&office, OTHER)
        };
        let mut there = watch(&office, asked).await.unwrap();
        assert_eq!(
            changes(&mut there, 2).await.0,
            [
                told("transferred", going, 3),
                told("dossier_resolved", going, 4)
            ]
        );
    }
}

#[tokio::test]
async fn a_position_of_another_history_is_said_to_be_one_and_a_stop_ends_every_stream() {
    let office = Office::open("2022-12-15T02:00:00Z");
    office.accepted().await;
    let head: Point = office.calls.edge.desk.log().head().into();
    let elsewhere = Point {
        log: LogId(Uuid::from_u128(1)),
        ..head
    };
    let given_up = Point {
        epoch: head.epoch + 1,
        ..head
    };
    for point in [elsewhere, given_up] {
        let asked = WatchDossiersRequest {
            after_position: token::write(&[point]),
            ..WatchDossiersRequest::default()
        };
        let refused = watch(&office, asked).await.unwrap_err();
        let reason = refused.get_details_error_info().unwrap().reason;
        assert_eq!(
            (refused.code(), reason.as_str()),
            (Code::FailedPrecondition, "POSITION_OF_ANOTHER_HISTORY")
        );
    }
    let mut stream = watch(&office, WatchDossiersRequest::default())
        .await
        .unwrap();
    office.stop.send_replace(true);
    let end = loop {
        match tokio::time::timeout(PATIENCE, stream.next()).await.unwrap() {
            Some(Ok(_)) => {}
            Some(Err(end)) => break end,
            None => panic!("it ended without a reason"),
        }
    };
    assert_eq!(end.code(), Code::Unavailable);
}

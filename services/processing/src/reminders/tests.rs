//! What the stream of deadlines promises, over a real log and a clock that is set by hand.

use api::hoso::processing::v1::watch_service_server::WatchService as _;
use api::watching::Watching;
use domain::ids::DossierId;
use tokio_stream::StreamExt as _;
use tonic::{Request, Status};

use super::*;
use crate::testing::{AGENCY, OTHER, Office, PATIENCE, resolve, transfer};

type Stream = Watching<WatchDeadlinesResponse>;

fn asked(unit: &str, after_position: &str) -> WatchDeadlinesRequest {
    WatchDeadlinesRequest {
        agency: AGENCY.to_owned(),
        unit: unit.to_owned(),
        within_working_hours: 8,
        after_position: after_position.to_owned(),
    }
}

async fn watch(office: &Office, asked: WatchDeadlinesRequest) -> Result<Stream, Status> {
    let answer = office.watches.watch_deadlines(Request::new(asked)).await?;
    Ok(answer.into_inner())
}

/// The next round: what was told, in any order, and its position.
async fn round(stream: &mut Stream) -> (Vec<(String, DeadlineState)>, String) {
    let mut told = Vec::new();
    loop {
        let message = tokio::time::timeout(PATIENCE, stream.next()).await;
        let message = message.expect("it was told in time").unwrap().unwrap();
        match message.notice {
            Some(notice) => told.push((
                notice.dossier.as_ref().unwrap().dossier_id.clone(),
                notice.state(),
            )),
            None => {
                told.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                return (told, message.position);
            }
        }
    }
}

/// The next round in which there is anything to tell.
async fn news(stream: &mut Stream) -> (Vec<(String, DeadlineState)>, String) {
    loop {
        let told = round(stream).await;
        if !told.0.is_empty() {
            return told;
        }
    }
}

fn told(mut notices: Vec<(DossierId, DeadlineState)>) -> Vec<(String, DeadlineState)> {
    notices.sort_unstable_by_key(|(id, _)| id.to_string());
    notices
        .into_iter()
        .map(|(id, state)| (id.to_string(), state))
        .collect()
}

#[tokio::test]
async fn a_dossier_is_told_once_when_it_is_due_soon_once_when_it_is_overdue_and_once_when_it_is_gone()
 {
    // Five working days from Thursday are the next Thursday, 17:00.
    let office = Office::open("2022-12-15T02:00:00Z");
    let first = office.accepted().await;
    let mut stream = watch(&office, asked("", "")).await.unwrap();
    assert_eq!(round(&mut stream).await.0, []);
    office.set("2022-12-22T01:00:00Z");
    let soon = told(vec![(first, DeadlineState::DueSoon)]);
    assert_eq!(news(&mut stream).await.0, soon);
    // The evening of the due day is still in time.
    office.set("2022-12-22T15:00:00Z");
    let second = office.accepted().await;
    office.set("2022-12-23T01:00:00Z");
    let overdue = told(vec![(first, DeadlineState::Overdue)]);
    assert_eq!(news(&mut stream).await.0, overdue);
    office.does(first, resolve()).await;
    let gone = told(vec![(first, DeadlineState::Gone)]);
    assert_eq!(news(&mut stream).await.0, gone);
    office.set("2022-12-29T01:00:00Z");
    let next = told(vec![(second, DeadlineState::DueSoon)]);
    assert_eq!(news(&mut stream).await.0, next, "and nothing of the first");
}

#[tokio::test]
async fn whoever_comes_back_is_told_only_what_changed_meanwhile() {
    let office = Office::open("2022-12-15T02:00:00Z");
    let kept = office.accepted().await;
    let resolved = office.accepted().await;
    let passed_on = office.accepted().await;
    office.set("2022-12-22T01:00:00Z");
    let (all, position) = round(&mut watch(&office, asked("", "")).await.unwrap()).await;
    assert_eq!(
        all,
        told(vec![
            (kept, DeadlineState::DueSoon),
            (resolved, DeadlineState::DueSoon),
            (passed_on, DeadlineState::DueSoon)
        ])
    );
    // Nothing has happened: nothing is told again, and it is said how far that is.
    let (none, again) = round(&mut watch(&office, asked("", &position)).await.unwrap()).await;
    assert_eq!((none.len(), again.is_empty()), (0, false));
    office.does(resolved, resolve()).await;
    office.does(passed_on, transfer(OTHER, None)).await;
    office.does(kept, transfer(AGENCY, Some("Phòng A"))).await;
    let (changed, _) = round(&mut watch(&office, asked("", &position)).await.unwrap()).await;
    let gone = [resolved, passed_on].map(|id| (id, DeadlineState::Gone));
    assert_eq!(changed, told(gone.to_vec()));
    office.set("2022-12-23T01:00:00Z");
    let (changed, _) = round(&mut watch(&office, asked("", &position)).await.unwrap()).await;
    let with_the_kept = [gone.to_vec(), vec![(kept, DeadlineState::Overdue)]].concat();
    assert_eq!(changed, told(with_the_kept));
}

#[tokio::test]
async fn a_unit_is_told_of_its_own_and_a_position_belongs_to_its_question() {
    let office = Office::open("2022-12-15T02:00:00Z");
    let theirs = office.accepted().await;
    office.accepted().await;
    office.does(theirs, transfer(AGENCY, Some("Phòng A"))).await;
    office.set("2022-12-22T01:00:00Z");
    let (seen, position) = round(&mut watch(&office, asked("Phòng A", "")).await.unwrap()).await;
    assert_eq!(seen, told(vec![(theirs, DeadlineState::DueSoon)]));
    let refused = watch(&office, asked("Phòng B", &position))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let far = WatchDeadlinesRequest {
        within_working_hours: 401,
        agency: String::new(),
        ..asked("", "")
    };
    let refused = watch(&office, far).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
}

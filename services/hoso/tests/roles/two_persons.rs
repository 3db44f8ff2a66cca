//! Where two persons are asked for, one account never speaks for both, whomever it names.

use api::hoso::dossier::v1::{Dossier, Reason};
use api::hoso::processing::v1::correct_event_request::Right;
use api::hoso::processing::v1::{
    Change, CorrectEventRequest, CorrectedTime, GetHistoryRequest, ProposeVoidRequest,
    VoidAcceptanceRequest,
};
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::identity::with_token;
use crate::issuer::now;
use crate::scene::{OWN, Scene, by_id};

fn change(dossier: &str, actor: &str) -> Option<Change> {
    Some(Change {
        request_id: Uuid::new_v4().to_string(),
        dossier: Some(by_id(dossier)),
        actor: actor.to_owned(),
        ..Change::default()
    })
}

fn reason() -> Option<Reason> {
    Some(Reason {
        code: "nhap_sai".to_owned(),
        ..Reason::default()
    })
}

fn is_refused(answer: &Result<Dossier, Status>, reason: &str) {
    let status = answer.as_ref().unwrap_err();
    let told = status.get_details_error_info().unwrap().reason;
    assert_eq!(
        (status.code(), told.as_str()),
        (Code::PermissionDenied, reason)
    );
}

#[tokio::test]
async fn the_one_stop_software_voids_no_acceptance_in_two_names_and_a_second_account_does() {
    let scene = Scene::set(&[]).await;
    let id = &scene.own.accepted;
    let software = |account: &str| {
        let scopes = ["correct", "act-for"];
        scene
            .issuer
            .token(account, &scopes, &json!({"agency": [OWN]}))
    };
    let (one, another) = (software("mot-cua"), software("phan-mem-2"));
    let mut processing = scene.processing();
    let proposal = ProposeVoidRequest {
        change: change(id, "chi"),
        reason: reason(),
    };
    let proposed = processing.propose_void(with_token(proposal, &one)).await;
    proposed.unwrap();
    let void = async |token: &str, actor: &str| {
        let confirmation = VoidAcceptanceRequest {
            change: change(id, actor),
        };
        let mut processing = scene.processing();
        let voided = processing.void_acceptance(with_token(confirmation, token));
        voided.await.map(|it| it.into_inner().dossier.unwrap())
    };
    is_refused(&void(&one, "dung").await, "SECOND_PERSON_BY_SAME_ACCOUNT");
    is_refused(
        &void(&one, "mot-cua").await,
        "SECOND_PERSON_BY_SAME_ACCOUNT",
    );
    is_refused(&void(&another, "chi").await, "VOID_BY_SAME_PERSON");
    void(&another, "dung").await.unwrap();

    let asked = GetHistoryRequest {
        dossier: Some(by_id(id)),
        ..GetHistoryRequest::default()
    };
    let history = processing.get_history(with_token(asked, &scene.token("auditor")));
    let events = history.await.unwrap().into_inner().events;
    let told: Vec<_> = events.iter().rev().take(2).collect();
    for (event, person, account) in [(told[1], "chi", "mot-cua"), (told[0], "dung", "phan-mem-2")] {
        assert_eq!(event.actor, person);
        assert!(event.text_vi.contains(account), "{}", event.text_vi);
    }
}

#[tokio::test]
async fn whoever_put_a_time_right_in_anothers_name_does_not_confirm_it_and_that_head_does() {
    let scene = Scene::set(&[]).await;
    let yesterday = prost_types::Timestamp {
        seconds: i64::try_from(now()).unwrap() - 24 * 3_600,
        nanos: 0,
    };
    let correct = async |token: &str, actor: &str| {
        let wish = CorrectEventRequest {
            change: change(&scene.own.accepted, actor),
            reason: reason(),
            right: Some(Right::LegalTime(CorrectedTime {
                revision: 2,
                at: Some(yesterday),
            })),
        };
        let mut processing = scene.processing();
        let answer = processing.correct_event(with_token(wish, token)).await;
        answer.map(|answer| answer.into_inner().dossier.unwrap())
    };
    let bound = json!({"agency": [OWN]});
    let scopes = ["correct", "record-late", "act-for"];
    let software = scene.issuer.token("mot-cua", &scopes, &bound);
    // The filing first: nothing is counted from that, so one person is enough.
    let filed = CorrectEventRequest {
        change: change(&scene.own.accepted, "chi"),
        reason: reason(),
        right: Some(Right::LegalTime(CorrectedTime {
            revision: 1,
            at: Some(yesterday),
        })),
    };
    let mut processing = scene.processing();
    let corrected = processing.correct_event(with_token(filed, &software)).await;
    corrected.unwrap();
    correct(&software, "chi").await.unwrap();
    is_refused(
        &correct(&software, "dung").await,
        "SECOND_PERSON_BY_SAME_ACCOUNT",
    );
    let right = correct(&scene.token("head"), "").await.unwrap();
    assert!(right.flags.iter().any(|it| it == "corrected"));
}

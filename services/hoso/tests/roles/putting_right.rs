//! A time of acceptance that was keyed in wrong, put right by two heads of unit with tokens of their own.

use api::hoso::dossier::v1::{Dossier, Reason};
use api::hoso::processing::v1::correct_event_request::Right;
use api::hoso::processing::v1::{
    Change, CorrectEventRequest, CorrectedTime, ExplainDeadlineRequest, GetHistoryRequest,
};
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::identity::with_token;
use crate::issuer::now;
use crate::scene::{OWN, Scene, by_id, scopes};

fn refused(answer: Result<Dossier, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let info = status
        .get_details_error_info()
        .expect("every refusal has its reason");
    (status.code(), info.reason)
}

#[tokio::test]
async fn two_heads_put_a_wrong_acceptance_right_and_a_retry_is_answered_as_the_first_time() {
    let scene = Scene::set(&[]).await;
    let head = |name: &str| {
        let bound = json!({"agency": [OWN]});
        scene.issuer.token(name, &scopes("head"), &bound)
    };
    let yesterday = prost_types::Timestamp {
        seconds: i64::try_from(now()).unwrap() - 24 * 3_600,
        nanos: 0,
    };
    let wish = |revision: u32| CorrectEventRequest {
        change: Some(Change {
            request_id: Uuid::new_v4().to_string(),
            dossier: Some(by_id(&scene.own.accepted)),
            ..Change::default()
        }),
        reason: Some(Reason {
            code: "nhap_sai".to_owned(),
            ..Reason::default()
        }),
        right: Some(Right::LegalTime(CorrectedTime {
            revision,
            at: Some(yesterday),
        })),
    };
    let correct = async |token: &str, wish: CorrectEventRequest| {
        let mut processing = scene.processing();
        let answer = processing.correct_event(with_token(wish, token)).await;
        answer.map(|answer| answer.into_inner().dossier.unwrap())
    };
    let (chi, dung) = (head("chi"), head("dung"));
    let officer = correct(&scene.token("officer"), wish(2)).await;
    assert_eq!(refused(officer).0, Code::PermissionDenied);

    // Nothing is counted from the filing; from the acceptance everything is.
    correct(&chi, wish(1)).await.unwrap();
    let proposed = correct(&chi, wish(2)).await.unwrap();
    assert!(proposed.flags.iter().any(|it| it == "correction_proposed"));
    assert_eq!(
        refused(correct(&chi, wish(2)).await),
        (
            Code::PermissionDenied,
            "CORRECTION_BY_SAME_PERSON".to_owned()
        )
    );
    let confirming = wish(2);
    let right = correct(&dung, confirming.clone()).await.unwrap();
    let seconds = |at: Option<prost_types::Timestamp>| at.unwrap().seconds;
    assert_eq!(seconds(right.accepted_at), seconds(Some(yesterday)));
    assert!(seconds(right.accepted_at) < seconds(proposed.accepted_at));
    let flagged = |flag: &str| right.flags.iter().any(|it| it == flag);
    assert!(flagged("corrected") && !flagged("correction_proposed"));
    let again = correct(&dung, confirming).await.unwrap();
    assert_eq!(again, right, "the first answer, once more");

    let mut processing = scene.processing();
    let asked = ExplainDeadlineRequest {
        dossier: Some(by_id(&scene.own.accepted)),
        ..ExplainDeadlineRequest::default()
    };
    let told = processing.explain_deadline(with_token(asked, &chi)).await;
    let told = told.unwrap().into_inner();
    let last = told.steps.last().unwrap();
    assert!(
        last.text_vi.contains("theo đề nghị của chi"),
        "{}",
        last.text_vi
    );
    assert_eq!(last.due, right.due);
    let asked = GetHistoryRequest {
        dossier: Some(by_id(&scene.own.accepted)),
        ..GetHistoryRequest::default()
    };
    let auditor = scene.token("auditor");
    let history = processing.get_history(with_token(asked, &auditor)).await;
    let events = history.unwrap().into_inner().events;
    let told: Vec<_> = events
        .iter()
        .skip(2)
        .map(|it| (it.kind.as_str(), it.actor.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("event_corrected", "chi"),
            ("correction_proposed", "chi"),
            ("event_corrected", "dung")
        ]
    );
}

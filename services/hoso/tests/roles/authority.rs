//! What somebody may not see does not show, whatever it is asked by; who acts is who the token says.

use std::collections::BTreeSet;

use api::hoso::intake::v1::{GetSubmissionRequest, ListSubmissionsRequest, get_submission_request};
use api::hoso::processing::v1::{
    AssignTaskRequest, Change, Completion, DossierName, GetDossierRequest, GetHistoryRequest,
    ListDossiersRequest, TrackDossierRequest, dossier_name,
};
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::identity::with_token;
use crate::scene::{OTHER, OWN, Scene, by_id};

fn reason(status: &Status) -> (Code, String) {
    let info = status
        .get_details_error_info()
        .expect("every refusal has its reason");
    (status.code(), info.reason)
}

#[tokio::test]
async fn no_list_no_page_and_no_name_shows_another_agencys_dossier_nor_that_it_exists() {
    let scene = Scene::set(&[]).await;
    let head = scene.token("head");
    let not_allowed = (Code::PermissionDenied, "NOT_ALLOWED".to_owned());
    let mut processing = scene.processing();
    // By id, by code: what is another's is answered as what is nowhere.
    let nowhere = Uuid::new_v4().to_string();
    let names = [
        dossier_name::Name::DossierId(scene.other.accepted.clone()),
        dossier_name::Name::DossierId(nowhere),
        dossier_name::Name::Code(scene.other.code.clone()),
        dossier_name::Name::Code("000.00.14.H20-230101-9999".to_owned()),
    ];
    let mut said = BTreeSet::new();
    for name in names {
        let dossier = Some(DossierName { name: Some(name) });
        let asked = GetDossierRequest {
            dossier: dossier.clone(),
            min_position: String::new(),
        };
        let refused = processing
            .get_dossier(with_token(asked, &head))
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), not_allowed);
        said.insert(refused.message().to_owned());
        let asked = GetHistoryRequest {
            dossier,
            ..GetHistoryRequest::default()
        };
        let refused = processing
            .get_history(with_token(asked, &head))
            .await
            .unwrap_err();
        said.insert(refused.message().to_owned());
    }
    assert_eq!(said.len(), 1, "the answers differ: {said:?}");

    // Lists: all agencies and another's are refused, one's own has one's own only; its pages are for nobody else.
    for agency in ["", OTHER] {
        let asked = ListDossiersRequest {
            agency: agency.to_owned(),
            ..ListDossiersRequest::default()
        };
        let refused = processing
            .list_dossiers(with_token(asked, &head))
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), not_allowed);
        let asked = ListSubmissionsRequest {
            agency: agency.to_owned(),
            ..ListSubmissionsRequest::default()
        };
        let refused = scene
            .intake()
            .list_submissions(with_token(asked, &head))
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), not_allowed);
    }
    let asked = ListDossiersRequest {
        agency: OWN.to_owned(),
        ..ListDossiersRequest::default()
    };
    let listed = processing
        .list_dossiers(with_token(asked, &head))
        .await
        .unwrap()
        .into_inner();
    let ids: Vec<_> = listed
        .dossiers
        .into_iter()
        .map(|it| it.dossier_id)
        .collect();
    assert_eq!(ids, std::slice::from_ref(&scene.own.accepted));

    // Applicants' data has a scope of its own.
    let asked = |id: &str| GetSubmissionRequest {
        name: Some(get_submission_request::Name::DossierId(id.to_owned())),
        min_position: String::new(),
    };
    let officer = scene.token("officer");
    let refused = scene
        .intake()
        .get_submission(with_token(asked(&scene.own.filed), &officer))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), not_allowed);
    let shown = scene
        .intake()
        .get_submission(with_token(asked(&scene.own.filed), &head))
        .await;
    assert_eq!(
        shown.unwrap().into_inner().applicant.unwrap().name,
        "Lê Văn Thử"
    );
}

#[tokio::test]
async fn an_officer_acts_in_their_own_unit_and_as_themselves() {
    let scene = Scene::set(&[]).await;
    let mut processing = scene.processing();
    let assign = |unit: &str, actor: &str| AssignTaskRequest {
        change: Some(Change {
            request_id: Uuid::new_v4().to_string(),
            dossier: Some(by_id(&scene.own.accepted)),
            actor: actor.to_owned(),
            ..Change::default()
        }),
        holder: "binh".to_owned(),
        unit: unit.to_owned(),
    };
    let in_unit = |unit: &str| scene.token_with("officer", &json!({"unit": [unit]}));
    // Nobody's unit has it yet: whoever acts for the whole agency gives it to one.
    let refused = processing
        .assign_task(with_token(assign("p1", ""), &in_unit("p1")))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let given = assign("p1", "somebody.else");
    processing
        .assign_task(with_token(given, &scene.token("head")))
        .await
        .unwrap();
    let refused = processing
        .assign_task(with_token(assign("p1", ""), &in_unit("p2")))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    processing
        .assign_task(with_token(assign("p1", ""), &in_unit("p1")))
        .await
        .unwrap();

    let asked = GetHistoryRequest {
        dossier: Some(by_id(&scene.own.accepted)),
        ..GetHistoryRequest::default()
    };
    let auditor = scene.token("auditor");
    let history = processing
        .get_history(with_token(asked, &auditor))
        .await
        .unwrap();
    let actors: Vec<_> = history
        .into_inner()
        .events
        .into_iter()
        .map(|event| event.actor)
        .collect();
    assert_eq!(
        actors,
        ["an", "an", "head", "officer"],
        "who acts is who the token says"
    );
}

#[tokio::test]
async fn anyone_may_know_how_far_a_code_is_and_nothing_else_and_not_too_often() {
    let scene = Scene::set(&["--anonymous-per-minute", "5"]).await;
    let mut processing = scene.processing();
    let mut track = async |code: &str| {
        let asked = TrackDossierRequest {
            code: code.to_owned(),
        };
        processing
            .track_dossier(asked)
            .await
            .map(tonic::Response::into_inner)
    };
    let known = track(&scene.own.code).await.unwrap();
    assert_eq!(known.completion(), Completion::Accepted);
    assert_eq!(known.code, scene.own.code);
    for code in [
        "000.00.06.H20-230101-9999",
        &scene.own.accepted,
        "",
        "<script>",
    ] {
        let unknown = track(code).await.unwrap();
        assert_eq!(
            (unknown.completion(), unknown.code.as_str()),
            (Completion::Unspecified, "")
        );
    }
    let refused = track(&scene.own.code).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::ResourceExhausted, "TOO_MANY_CALLS".to_owned())
    );
    let wait = refused
        .get_details_retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    assert!(wait.as_secs() <= 12, "{wait:?}");
}

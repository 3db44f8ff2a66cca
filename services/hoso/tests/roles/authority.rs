//! Who may do what, asked over TLS of every call of the contract, in every role, about one's own and about another's.

use std::collections::BTreeSet;

use api::authority::Scope;
use api::authority::matter::Matter;
use api::authority::roles::ROLES;
use api::authority::table::{self, Row, Who};
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
use crate::raw;
use crate::scene::{CENTRE, OTHER, OWN, POST, Scene, Theirs, by_id, scopes};

/// What the table promises a role that is bound to its own agency, point and office.
fn promised(row: &Row, role: &str, theirs: &Theirs, message: &[u8]) -> bool {
    let has = scopes(role);
    let opened = match row.who {
        Who::Anyone => return true,
        Who::Scopes(any) => any.iter().any(|scope| has.contains(&scope.name())),
    };
    let Some(read) = row.about else {
        return opened;
    };
    let own = theirs.agency == OWN;
    let of_own = |matter: &Matter| match matter {
        Matter::Agency(agency) => agency == OWN,
        Matter::Counter { point, operator } if point.is_empty() => operator == POST,
        Matter::Counter { point, .. } => point == CENTRE,
        Matter::Counts(min) => has.contains(&Scope::ReadReport.name()) || *min >= 5,
        Matter::Read(_) | Matter::Act { .. } | Matter::Answer { .. } => own,
        Matter::Terminal(id) => id == role,
        // None was signed.
        Matter::Minute { .. } => false,
        Matter::Holder(holder) => [POST, CENTRE].contains(&holder.as_str()),
        // None was received.
        Matter::Filing(_) => false,
    };
    opened && read(message).unwrap().matters.iter().all(of_own)
}

/// The services that answer a call.
fn answering(call: &str) -> &'static [&'static str] {
    match call.split('.').nth(1) {
        Some("intake") => &["intake"],
        Some("processing") => &["processing"],
        Some("reporting") => &["reporting"],
        Some("vault" | "identity") => &["intake", "processing"],
        _ if call.contains("ParkedService") => &["processing", "reporting"],
        _ => &["intake", "processing", "reporting"],
    }
}

#[tokio::test]
async fn every_call_in_every_role_is_let_in_or_refused_as_the_table_says() {
    let scene = Scene::set(&["--calls-per-second", "0", "--anonymous-per-minute", "1000"]).await;
    let mut wrong = Vec::new();
    let mut asked = BTreeSet::new();
    let calls = raw::calls();
    for (call, input) in &calls {
        let row = table::row(call).expect("every call has a row");
        for service in answering(call) {
            let connection = scene.issuer.connection(scene.at(service), None);
            for theirs in [&scene.own, &scene.other] {
                let id = if *service == "intake" {
                    &theirs.filed
                } else {
                    &theirs.accepted
                };
                let message = raw::message(input, &|field| match field {
                    "agency" => Some(theirs.agency.to_owned()),
                    "point" => Some(theirs.point.to_owned()),
                    "operator" | "office" => Some(theirs.office.to_owned()),
                    "dossier_id" => Some(id.clone()),
                    "code" | "source" | "organisation" | "min_position" | "page_token" => None,
                    "request_id" | "filing_id" => Some(Uuid::new_v4().to_string()),
                    _ => Some("x".to_owned()),
                });
                for role in ROLES {
                    let token = scene.token(role.name);
                    let answer = raw::ask(&connection, call, &message, &token).await;
                    let let_in = answer != Some(Code::PermissionDenied);
                    if answer == Some(Code::Unauthenticated)
                        || let_in != promised(row, role.name, theirs, &message)
                    {
                        let whose = if theirs.agency == OWN {
                            "own"
                        } else {
                            "another's"
                        };
                        wrong.push(format!(
                            "{call} at {service} as {} about {whose}: {answer:?}",
                            role.name
                        ));
                    }
                }
                let without = raw::ask(&connection, call, &message, "").await;
                let refused = without == Some(Code::Unauthenticated);
                if refused == (row.who == Who::Anyone) {
                    wrong.push(format!("{call} at {service} without a token: {without:?}"));
                }
            }
            asked.insert(call.clone());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(asked.len(), calls.len());
    let connection = scene.issuer.connection(&scene.hoso.intake, None);
    let token = scene
        .issuer
        .token("all", &every_scope(), &json!({"agency": "*"}));
    let unknown = raw::ask(
        &connection,
        "/hoso.intake.v1.IntakeService/Unheard",
        &[],
        &token,
    )
    .await;
    assert_eq!(
        unknown,
        Some(Code::PermissionDenied),
        "what has no row is refused"
    );
}

fn every_scope() -> Vec<&'static str> {
    Scope::ALL.iter().map(|scope| scope.name()).collect()
}

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

//! Look-ups by an identity number over TLS and with tokens: who may, what they are shown, how often, and what an auditor sees.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use api::authority::Scope;
use api::hoso::identity::v1::identity_service_client::IdentityServiceClient;
use api::hoso::identity::v1::{
    FindDossiersByIdentityRequest, FindDossiersByIdentityResponse, LookUpPurpose,
};
use api::hoso::processing::v1::audit_service_client::AuditServiceClient;
use api::hoso::processing::v1::{IdentityLookUp, ListIdentityLookUpsRequest};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::identity::with_token;
use crate::process::{hoso, path};
use crate::scene::{NUMBER, OTHER, OWN, Scene, by_id};

const PATIENCE: Duration = Duration::from_secs(60);

fn asking(agency: &str) -> FindDossiersByIdentityRequest {
    FindDossiersByIdentityRequest {
        identity_number: NUMBER.to_owned(),
        purpose: LookUpPurpose::DataSubjectRights.into(),
        reference: "12/CV-STP".to_owned(),
        agency: agency.to_owned(),
        actor: "can-bo-7".to_owned(),
        ..FindDossiersByIdentityRequest::default()
    }
}

async fn find(
    scene: &Scene,
    service: &str,
    asked: FindDossiersByIdentityRequest,
    token: &str,
) -> Result<FindDossiersByIdentityResponse, Status> {
    let connection = scene.issuer.connection(scene.at(service), None);
    let mut to = IdentityServiceClient::new(connection);
    let answer = to.find_dossiers_by_identity(with_token(asked, token)).await;
    answer.map(tonic::Response::into_inner)
}

fn ids(found: &FindDossiersByIdentityResponse) -> Vec<&str> {
    let dossiers = found.dossiers.iter();
    dossiers.map(|it| it.dossier_id.as_str()).collect()
}

/// Waits until processing has the personal data, and counts the look-ups that took.
async fn found_whole(scene: &Scene, token: &str) -> (FindDossiersByIdentityResponse, usize) {
    let until = Instant::now() + PATIENCE;
    for asked in 1.. {
        let found = find(scene, "processing", asking(OWN), token).await.unwrap();
        if !found.incomplete {
            return (found, asked);
        }
        assert!(Instant::now() < until, "personal data does not come");
        sleep(Duration::from_millis(50)).await;
    }
    unreachable!()
}

async fn listed(
    scene: &Scene,
    asked: ListIdentityLookUpsRequest,
    token: &str,
) -> Result<Vec<IdentityLookUp>, Status> {
    let connection = scene.issuer.connection(&scene.hoso.processing, None);
    let mut audit = AuditServiceClient::new(connection);
    let answer = audit
        .list_identity_look_ups(with_token(asked, token))
        .await?;
    Ok(answer.into_inner().look_ups)
}

fn reason(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info();
    (status.code(), info.expect("it has its reason").reason)
}

fn unlimited() -> Vec<&'static str> {
    vec!["--look-ups-per-minute", "100000"]
}

#[tokio::test]
async fn a_look_up_shows_what_the_caller_may_read_and_an_auditor_sees_each_of_them() {
    let scene = Scene::set(&unlimited()).await;
    let own = scene.token("look-up");
    let (found, asked) = found_whole(&scene, &own).await;
    assert_eq!(ids(&found), [&scene.own.accepted]);
    let filed = find(&scene, "intake", asking(OWN), &own).await.unwrap();
    assert_eq!(ids(&filed), [&scene.own.filed]);

    // Software that names who acts, for every agency.
    let all = json!({"agency": "*"});
    let both = [Scope::LookupIdentity.name(), Scope::ActFor.name()];
    let software = scene.issuer.token("mot-cua", &both, &all);
    let found = find(&scene, "processing", asking(OTHER), &software).await;
    let found = found.unwrap();
    assert_eq!(ids(&found), [&scene.other.accepted, &scene.own.accepted]);

    let auditor = scene.token_with("auditor", &all);
    let everything = ListIdentityLookUpsRequest {
        // Also what intake wrote, once it is here.
        min_position: filed.position.clone(),
        ..ListIdentityLookUpsRequest::default()
    };
    let look_ups = listed(&scene, everything, &auditor).await.unwrap();
    assert_eq!(look_ups.len(), asked + 2, "each answer has its record");
    let named = |it: &IdentityLookUp| {
        let (actor, account) = (it.actor.clone(), it.account.clone());
        (actor, account, it.agency.clone(), it.dossier_ids.clone())
    };
    let at_intake: Vec<_> = look_ups
        .iter()
        .filter(|it| it.dossier_ids.contains(&scene.own.filed))
        .collect();
    assert_eq!(
        named(at_intake[0]),
        (
            "look-up".to_owned(),
            String::new(),
            OWN.to_owned(),
            vec![scene.own.filed.clone()]
        ),
        "who the token says, and no other"
    );
    let by_software = look_ups.iter().find(|it| it.account == "mot-cua").unwrap();
    assert_eq!(
        named(by_software),
        (
            "can-bo-7".to_owned(),
            "mot-cua".to_owned(),
            OTHER.to_owned(),
            vec![scene.other.accepted.clone(), scene.own.accepted.clone()]
        )
    );
    assert_eq!(by_software.purpose(), LookUpPurpose::DataSubjectRights);
    assert_eq!(by_software.reference, "12/CV-STP");
    assert_ne!(by_software.log_id, at_intake[0].log_id);

    // By dossier, and page by page.
    let of_other = ListIdentityLookUpsRequest {
        dossier: Some(by_id(&scene.other.accepted)),
        ..ListIdentityLookUpsRequest::default()
    };
    let shown = listed(&scene, of_other.clone(), &auditor).await.unwrap();
    assert_eq!(shown, std::slice::from_ref(by_software));
    // An auditor of one agency sees who looked at its dossiers, and nobody else's.
    let of_own_agency = scene.token("auditor");
    let of_own = ListIdentityLookUpsRequest {
        dossier: Some(by_id(&scene.own.accepted)),
        ..ListIdentityLookUpsRequest::default()
    };
    let shown = listed(&scene, of_own, &of_own_agency).await.unwrap();
    assert!(shown.len() >= 2);
    for asked in [of_other, ListIdentityLookUpsRequest::default()] {
        let refused = listed(&scene, asked, &of_own_agency).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
}

#[tokio::test]
async fn what_is_not_allowed_or_wrong_is_refused_and_leaves_no_record() {
    let scene = Scene::set(&unlimited()).await;
    let token = scene.token("look-up");
    let denied = (Code::PermissionDenied, "NOT_ALLOWED".to_owned());
    for role in ["one-stop", "head", "data-protection", "auditor", "operator"] {
        let other = scene.token(role);
        for service in ["intake", "processing"] {
            let refused = find(&scene, service, asking(OWN), &other).await;
            assert_eq!(reason(&refused.unwrap_err()), denied, "{role}");
        }
    }
    for agency in [OTHER, ""] {
        let refused = find(&scene, "processing", asking(agency), &token).await;
        assert_eq!(reason(&refused.unwrap_err()), denied);
    }
    let wrong = |change: &dyn Fn(&mut FindDossiersByIdentityRequest)| {
        let mut asked = asking(OWN);
        change(&mut asked);
        asked
    };
    let requests = [
        ("identity_number", wrong(&|it| it.identity_number.clear())),
        (
            "identity_number",
            wrong(&|it| it.identity_number = "08719076543".to_owned()),
        ),
        ("purpose", wrong(&|it| it.purpose = 0)),
        ("purpose", wrong(&|it| it.purpose = 77)),
        (
            "reference",
            wrong(&|it| it.reference = format!("CCCD-{NUMBER}")),
        ),
        ("page_token", wrong(&|it| it.page_token = "x".to_owned())),
        ("page_size", wrong(&|it| it.page_size = -1)),
        (
            "min_position",
            wrong(&|it| it.min_position = "x".to_owned()),
        ),
    ];
    for (field, asked) in requests {
        let refused = find(&scene, "processing", asked, &token).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        let faults = refused.get_details_bad_request().unwrap();
        let fields: Vec<_> = faults.field_violations.iter().collect();
        assert!(fields.iter().any(|it| it.field == field), "{fields:?}");
        let said = format!("{refused:?}");
        assert!(!said.contains(NUMBER), "a refusal repeats the number");
    }
    // A page of one number is no page of another.
    let all = scene.issuer.token(
        "all",
        &[Scope::LookupIdentity.name()],
        &json!({"agency": "*"}),
    );
    found_whole(&scene, &all).await;
    let asked = FindDossiersByIdentityRequest {
        page_size: 1,
        ..asking(OWN)
    };
    let first = find(&scene, "processing", asked.clone(), &all).await;
    let first = first.unwrap();
    assert_eq!(ids(&first), [&scene.other.accepted]);
    let next = FindDossiersByIdentityRequest {
        page_token: first.next_page_token,
        ..asked
    };
    let second = find(&scene, "processing", next.clone(), &all).await;
    let second = second.unwrap();
    assert_eq!(ids(&second), [&scene.own.accepted]);
    assert_eq!(second.next_page_token, "");
    let another = FindDossiersByIdentityRequest {
        identity_number: "087190001235".to_owned(),
        ..next
    };
    let refused = find(&scene, "processing", another, &all).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);

    let auditor = scene.token_with("auditor", &json!({"agency": "*"}));
    let look_ups = listed(&scene, ListIdentityLookUpsRequest::default(), &auditor).await;
    for look_up in look_ups.unwrap() {
        assert_eq!(look_up.actor, "all", "what was refused left a record");
    }
}

#[tokio::test]
async fn nobody_tries_out_all_numbers() {
    let scene = Scene::set(&["--look-ups-per-minute", "3"]).await;
    let token = scene.token("look-up");
    for nth in 0..3 {
        let asked = FindDossiersByIdentityRequest {
            identity_number: format!("08719000123{nth}"),
            ..asking(OWN)
        };
        find(&scene, "intake", asked, &token).await.unwrap();
    }
    let refused = find(&scene, "intake", asking(OWN), &token).await;
    let refused = refused.unwrap_err();
    let often = (Code::ResourceExhausted, "TOO_MANY_CALLS".to_owned());
    assert_eq!(reason(&refused), often);
    let wait = refused.get_details_retry_info().unwrap().retry_delay;
    assert!(wait.unwrap() > Duration::from_secs(5));
    // At whichever service; and who does not look up is not kept from anything.
    let refused = find(&scene, "processing", asking(OWN), &token).await;
    assert_eq!(reason(&refused.unwrap_err()), often);
    let another = scene.issuer.token(
        "another",
        &[Scope::LookupIdentity.name()],
        &json!({"agency": "*"}),
    );
    find(&scene, "intake", asking(OWN), &another).await.unwrap();
}

/// `hoso dossier find` with the number on standard input: whether it went well, and what it said on both ways out.
fn command(scene: &Scene, token: &str, more: &[&str], number: &str) -> (bool, String, String) {
    let file = scene.issuer.file("find.token");
    fs::write(&file, token).unwrap();
    let mut child = hoso()
        .args([
            "dossier",
            "find",
            "--purpose",
            "complaint",
            "--format",
            "json",
        ])
        .args(["--agency", OWN, "--ca", path(&scene.issuer.file("ca.pem"))])
        .args(["--token-file", path(&file)])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that needs no number may be gone already.
    let _ = child.stdin.take().unwrap().write_all(number.as_bytes());
    let output = child.wait_with_output().unwrap();
    (
        output.status.success(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn the_command_reads_the_number_from_standard_input_or_a_file_and_never_says_it() {
    let scene = Scene::set(&unlimited()).await;
    let token = scene.token("look-up");
    let server = format!("https://{}", scene.hoso.intake);
    let spaced = "087 190 001 234\n";
    let (well, said, complained) = command(&scene, &token, &["--server", &server], spaced);
    assert!(well, "{complained}");
    let object: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(object["dossier_id"], scene.own.filed.as_str());
    let file = scene.issuer.file("number");
    fs::write(&file, NUMBER).unwrap();
    let from_file = ["--server", &server, "--number-file", path(&file)];
    let (well, again, _) = command(&scene, &token, &from_file, "");
    assert_eq!((well, &again), (true, &said));
    let (well, said, complained) = command(&scene, &token, &["--server", &server], "08719000123x");
    assert!(!well && said.is_empty());
    assert!(complained.contains("identity_number"), "{complained}");
    for said in [again, complained] {
        assert!(!said.contains(NUMBER) && !said.contains("08719000123x"));
    }
    let (well, _, complained) = command(&scene, &token, &["--server", &server, NUMBER], "");
    assert!(!well, "{complained}");

    let auditor = scene.token_with("auditor", &json!({"agency": "*"}));
    let file = scene.issuer.file("auditor.token");
    fs::write(&file, auditor).unwrap();
    let processing = format!("https://{}", scene.hoso.processing);
    let until = Instant::now() + PATIENCE;
    loop {
        let told = hoso()
            .args([
                "dossier",
                "look-ups",
                "--format",
                "json",
                "--server",
                &processing,
            ])
            .args(["--ca", path(&scene.issuer.file("ca.pem"))])
            .args(["--token-file", path(&file)])
            .output()
            .unwrap();
        let lines = String::from_utf8(told.stdout).unwrap();
        let all: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        // What intake wrote comes as all its records do.
        if all.len() == 2 {
            assert!(all.iter().all(|it| it["purpose"] == "complaint"));
            break;
        }
        assert!(Instant::now() < until, "{lines}");
        sleep(Duration::from_millis(50)).await;
    }
}

//! A counter that serves two agencies, with a dossier of each at intake and at processing; and tokens for every role.

use api::authority::roles::ROLES;
use api::hoso::dossier::v1::{Applicant, ApplicantKind, Channel, Component, PlaceKind};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    Acceptance, Submission, SubmitAndAcceptDossierRequest, SubmitDossierRequest,
};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{DossierName, GetDossierRequest, dossier_name};
use serde_json::{Value, json};
use tonic::transport::Channel as Connection;
use uuid::Uuid;

use crate::identity::{Guarded, with_token};
use crate::issuer::Issuer;

/// Two agencies that one counter serves: the caller's own and another's.
pub(crate) const OWN: &str = "000.00.06.H20";
pub(crate) const OTHER: &str = "000.00.14.H20";
pub(crate) const CENTRE: &str = "TTPVHCC-DT";
pub(crate) const POST: &str = "VNPOST-DT";
/// A point and an office that are another's.
pub(crate) const ELSEWHERE: &str = "ANOTHER-POINT";
pub(crate) const STRANGERS: &str = "ANOTHER-OFFICE";

/// The applicant's identity number, everywhere the same.
pub(crate) const NUMBER: &str = "087190001234";

/// What a scene has of one agency.
#[derive(Clone, Debug)]
pub(crate) struct Theirs {
    /// Filed, not accepted.
    pub(crate) filed: String,
    /// Accepted, and at processing.
    pub(crate) accepted: String,
    pub(crate) code: String,
}

pub(crate) struct Scene {
    pub(crate) issuer: Issuer,
    pub(crate) hoso: Guarded,
    pub(crate) own: Theirs,
    pub(crate) other: Theirs,
    _folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) async fn set(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::new(folder.path());
        let hoso = Guarded::start(&folder.path().join("data"), &issuer, more);
        let all = json!({"agency": "*", "point": "*", "office": "*"});
        let token = issuer.token("one-stop", &scopes("one-stop"), &all);
        let own = file(&issuer, &hoso, &token, OWN).await;
        let other = file(&issuer, &hoso, &token, OTHER).await;
        Self {
            issuer,
            hoso,
            own,
            other,
            _folder: folder,
        }
    }

    /// The id of another accepted dossier of this agency.
    pub(crate) async fn one_more(&self, agency: &str) -> String {
        let all = json!({"agency": "*", "point": "*", "office": "*"});
        let token = self.token_with("one-stop", &all);
        file(&self.issuer, &self.hoso, &token, agency)
            .await
            .accepted
    }

    /// A token of this role, for one's own agency, point and office.
    pub(crate) fn token(&self, role: &str) -> String {
        self.token_with(role, &json!({}))
    }

    pub(crate) fn token_with(&self, role: &str, more: &Value) -> String {
        let mut claims = json!({"agency": [OWN], "point": [CENTRE], "office": [POST]});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.issuer.token(role, &scopes(role), &claims)
    }

    pub(crate) fn at(&self, service: &str) -> &str {
        match service {
            "intake" => &self.hoso.intake,
            "processing" => &self.hoso.processing,
            _ => &self.hoso.reporting,
        }
    }

    pub(crate) fn processing(&self) -> ProcessingServiceClient<Connection> {
        ProcessingServiceClient::new(self.issuer.connection(&self.hoso.processing, None))
    }

    pub(crate) fn intake(&self) -> IntakeServiceClient<Connection> {
        IntakeServiceClient::new(self.issuer.connection(&self.hoso.intake, None))
    }
}

pub(crate) fn scopes(role: &str) -> Vec<&'static str> {
    let role = ROLES.iter().find(|it| it.name == role);
    role.into_iter()
        .flat_map(|role| role.scopes)
        .map(|scope| scope.name())
        .collect()
}

fn submission(agency: &str) -> Submission {
    Submission {
        procedure: "2.000908".to_owned(),
        agency: agency.to_owned(),
        channel: Channel::Direct.into(),
        place: PlaceKind::Counter.into(),
        point: CENTRE.to_owned(),
        operator: POST.to_owned(),
        applicant: Some(Applicant {
            kind: ApplicantKind::Citizen.into(),
            name: "Lê Văn Thử".to_owned(),
            identity_number: NUMBER.to_owned(),
            ..Applicant::default()
        }),
        components: vec![Component {
            code: "CCCD".to_owned(),
            originals: 1,
            ..Component::default()
        }],
        synthetic: true,
        ..Submission::default()
    }
}

async fn file(issuer: &Issuer, hoso: &Guarded, token: &str, agency: &str) -> Theirs {
    let mut intake = IntakeServiceClient::new(issuer.connection(&hoso.intake, None));
    let filed = SubmitDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        submission: Some(submission(agency)),
        actor: "an".to_owned(),
        min_position: String::new(),
    };
    let filed = intake
        .submit_dossier(with_token(filed, token))
        .await
        .unwrap();
    let accepted = SubmitAndAcceptDossierRequest {
        request_id: Uuid::new_v4().to_string(),
        submission: Some(submission(agency)),
        acceptance: Some(Acceptance {
            point: CENTRE.to_owned(),
            operator: POST.to_owned(),
            ..Acceptance::default()
        }),
        actor: "an".to_owned(),
        ..SubmitAndAcceptDossierRequest::default()
    };
    let accepted = intake
        .submit_and_accept_dossier(with_token(accepted, token))
        .await
        .unwrap()
        .into_inner();
    let dossier = accepted.dossier.unwrap();
    // Processing has it before anything is asked.
    let mut processing = ProcessingServiceClient::new(issuer.connection(&hoso.processing, None));
    let asked = GetDossierRequest {
        dossier: Some(by_id(&dossier.dossier_id)),
        min_position: accepted.position,
    };
    processing
        .get_dossier(with_token(asked, token))
        .await
        .unwrap();
    Theirs {
        filed: filed.into_inner().dossier.unwrap().dossier_id,
        accepted: dossier.dossier_id,
        code: dossier.code,
    }
}

pub(crate) fn by_id(id: &str) -> DossierName {
    DossierName {
        name: Some(dossier_name::Name::DossierId(id.to_owned())),
    }
}

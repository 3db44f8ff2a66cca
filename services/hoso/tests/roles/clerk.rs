//! A one-stop software that never gives up: whole lives of dossiers, each request repeated until it is answered.

use std::time::Duration;

use api::hoso::dossier::v1::{Applicant, ApplicantKind, Channel, Component, PlaceKind, Reason};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    AcceptDossierRequest, Acceptance, RefuseDossierRequest, Submission,
    SubmitAndAcceptDossierRequest, SubmitAndAcceptDossierResponse, SubmitDossierRequest,
    WithdrawSubmissionRequest,
};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    Change, DossierName, ReceiveSupplementRequest, RequestSupplementRequest, ResolveDossierRequest,
    WithdrawDossierRequest, dossier_name,
};
use tokio::sync::watch;
use tokio::time::sleep;
use tonic::transport::Channel as Connection;
use tonic::{Response, Status};
use uuid::Uuid;

use crate::chance::Chance;
use crate::office::{connection, until_answered_noting};
use crate::record::{Known, Record};

const DEPARTMENT: &str = "000.00.06.H20";
const CENTRE: &str = "TTPVHCC-DT";
const PORTAL: &str = "CONG-DVC-DT";
const POST: &str = "VNPOST-DT";
/// Five working days, and its field.
const IN_DAYS: (&str, &str) = ("2.001616", "H20-LH");
/// The result is handed over at once.
const AT_ONCE: (&str, &str) = ("9.900021", "H20-BS");

/// Asks until there is an answer, and notes what it was told meanwhile.
pub(crate) async fn until_answered<T, F>(
    record: &Record,
    what: &'static str,
    ask: impl FnMut() -> F,
) -> T
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    until_answered_noting(what, |status| record.refused(status), ask).await
}

/// One request of a client, until it is answered; its token is noted.
macro_rules! ask {
    ($clerk:expr, $client:ident, $method:ident, $request:expr) => {{
        let request = $request;
        let answer = until_answered(&$clerk.record, stringify!($method), || {
            let (mut to, request) = ($clerk.$client.clone(), request.clone());
            async move { to.$method(request).await }
        })
        .await;
        $clerk.record.wrote(&answer.position);
        answer
    }};
}

/// One clerk, at one intake node.
#[derive(Clone, Debug)]
pub(crate) struct Clerk {
    intake: IntakeServiceClient<Connection>,
    processing: ProcessingServiceClient<Connection>,
    record: Record,
    chance: Chance,
}

impl Clerk {
    pub(crate) fn new(intake: &str, processing: &str, record: Record, chance: Chance) -> Self {
        Self {
            intake: IntakeServiceClient::new(connection(intake)),
            processing: ProcessingServiceClient::new(connection(processing)),
            record,
            chance,
        }
    }

    /// One dossier after the other, until the office closes.
    pub(crate) async fn work(mut self, closed: watch::Receiver<bool>) {
        while !*closed.borrow() {
            let channel = match self.chance.below(3) {
                0 => Channel::Direct,
                1 => Channel::Online,
                _ => Channel::Postal,
            };
            let known = match self.chance.below(9) {
                0 => self.at_once(channel).await,
                1 => self.taken_back_before_acceptance(channel).await,
                2 => self.refused_at_intake(channel).await,
                3 => self.with_a_supplement(channel, true).await,
                4 => self.with_a_supplement(channel, false).await,
                5 => self.taken_back(channel).await,
                6 => self.pending(channel).await,
                _ => self.resolved(channel).await,
            };
            self.record.note(known);
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Filed, accepted and left lying; intake alone is needed for it.
    pub(crate) async fn pending(&self, channel: Channel) -> Known {
        let mut known = Known::new(IN_DAYS.1, channel);
        let filed = ask!(
            self,
            intake,
            submit_and_accept_dossier,
            SubmitAndAcceptDossierRequest {
                request_id: request_id(),
                submission: Some(submission(IN_DAYS.0, channel)),
                acceptance: Some(acceptance()),
                actor: "clerk-1".to_owned(),
                ..SubmitAndAcceptDossierRequest::default()
            }
        );
        known.told(filed.dossier, filed.position);
        known.at_intake.insert("dossier_submitted", 1);
        known.at_intake.insert("dossier_accepted", 1);
        known
    }

    async fn resolved(&self, channel: Channel) -> Known {
        let mut known = self.pending(channel).await;
        self.resolve(&mut known).await;
        known
    }

    async fn resolve(&self, known: &mut Known) {
        let resolved = ask!(
            self,
            processing,
            resolve_dossier,
            ResolveDossierRequest {
                change: Some(self.change(known)),
                result: "KQ-1".to_owned(),
                electronic: false,
            }
        );
        known.told(resolved.dossier, resolved.position);
        known.result = true;
        known.at_processing.insert("dossier_resolved", 1);
    }

    async fn at_once(&self, channel: Channel) -> Known {
        let mut known = Known::new(AT_ONCE.1, channel);
        let filed = ask!(
            self,
            intake,
            submit_and_accept_dossier,
            SubmitAndAcceptDossierRequest {
                request_id: request_id(),
                submission: Some(submission(AT_ONCE.0, channel)),
                acceptance: Some(acceptance()),
                immediate_result: "KQ-2".to_owned(),
                actor: "clerk-1".to_owned(),
                ..SubmitAndAcceptDossierRequest::default()
            }
        );
        known.told(filed.dossier, filed.position);
        known.result = true;
        for kind in [
            "dossier_submitted",
            "dossier_accepted",
            "dossier_resolved",
            "result_delivered",
        ] {
            known.at_intake.insert(kind, 1);
        }
        known
    }

    async fn submitted(&self, channel: Channel) -> Known {
        let mut known = Known::new(IN_DAYS.1, channel);
        let filed = ask!(
            self,
            intake,
            submit_dossier,
            SubmitDossierRequest {
                request_id: request_id(),
                submission: Some(submission(IN_DAYS.0, channel)),
                actor: "portal".to_owned(),
                ..SubmitDossierRequest::default()
            }
        );
        known.told(filed.dossier, filed.position);
        known.at_intake.insert("dossier_submitted", 1);
        known
    }

    async fn taken_back_before_acceptance(&self, channel: Channel) -> Known {
        let mut known = self.submitted(channel).await;
        let withdrawn = ask!(
            self,
            intake,
            withdraw_submission,
            WithdrawSubmissionRequest {
                request_id: request_id(),
                dossier_id: known.id.clone(),
                reason: reason("applicant_wish"),
                actor: "portal".to_owned(),
                ..WithdrawSubmissionRequest::default()
            }
        );
        known.told(withdrawn.dossier, withdrawn.position);
        known.at_intake.insert("dossier_withdrawn", 1);
        known
    }

    async fn refused_at_intake(&self, channel: Channel) -> Known {
        let mut known = self.submitted(channel).await;
        let refused = ask!(
            self,
            intake,
            refuse_dossier,
            RefuseDossierRequest {
                request_id: request_id(),
                dossier_id: known.id.clone(),
                reason: reason("not_eligible"),
                actor: "clerk-1".to_owned(),
                ..RefuseDossierRequest::default()
            }
        );
        known.told(refused.dossier, refused.position);
        known.at_intake.insert("intake_refused", 1);
        known
    }

    /// Filed and accepted in two steps; a supplement is asked for, and brought or not.
    async fn with_a_supplement(&self, channel: Channel, brought: bool) -> Known {
        let mut known = self.submitted(channel).await;
        let accepted = ask!(
            self,
            intake,
            accept_dossier,
            AcceptDossierRequest {
                request_id: request_id(),
                dossier_id: known.id.clone(),
                acceptance: Some(acceptance()),
                actor: "clerk-1".to_owned(),
                ..AcceptDossierRequest::default()
            }
        );
        known.told(accepted.dossier, accepted.position);
        known.at_intake.insert("dossier_accepted", 1);
        let asked = ask!(
            self,
            processing,
            request_supplement,
            RequestSupplementRequest {
                change: Some(self.change(&known)),
                reason: reason("needs_clarification"),
                components: vec!["DON".to_owned()],
            }
        );
        known.told(asked.dossier, asked.position);
        known.at_processing.insert("supplement_requested", 1);
        if !brought {
            return known;
        }
        let received = ask!(
            self,
            processing,
            receive_supplement,
            ReceiveSupplementRequest {
                change: Some(self.change(&known)),
                components: components(),
            }
        );
        known.told(received.dossier, received.position);
        known.at_processing.insert("supplement_received", 1);
        self.resolve(&mut known).await;
        known
    }

    async fn taken_back(&self, channel: Channel) -> Known {
        let mut known = self.pending(channel).await;
        let withdrawn = ask!(
            self,
            processing,
            withdraw_dossier,
            WithdrawDossierRequest {
                change: Some(self.change(&known)),
                reason: reason("applicant_wish"),
            }
        );
        known.told(withdrawn.dossier, withdrawn.position);
        known.at_processing.insert("dossier_withdrawn", 1);
        known
    }

    /// What processing is told of every change; it waits for the last write about the dossier.
    fn change(&self, known: &Known) -> Change {
        Change {
            request_id: request_id(),
            dossier: Some(DossierName {
                name: Some(dossier_name::Name::DossierId(known.id.clone())),
            }),
            actor: "officer-1".to_owned(),
            min_position: known.token.clone(),
            ..Change::default()
        }
    }
}

/// The same request, as often as wanted.
pub(crate) fn counter_filing() -> SubmitAndAcceptDossierRequest {
    SubmitAndAcceptDossierRequest {
        request_id: request_id(),
        submission: Some(submission(IN_DAYS.0, Channel::Direct)),
        acceptance: Some(acceptance()),
        actor: "clerk-1".to_owned(),
        ..SubmitAndAcceptDossierRequest::default()
    }
}

/// What its answer lets a clerk know.
pub(crate) fn counter_filed(answer: SubmitAndAcceptDossierResponse) -> Known {
    let mut known = Known::new(IN_DAYS.1, Channel::Direct);
    known.told(answer.dossier, answer.position);
    known.at_intake.insert("dossier_submitted", 1);
    known.at_intake.insert("dossier_accepted", 1);
    known
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

fn reason(code: &str) -> Option<Reason> {
    Some(Reason {
        code: code.to_owned(),
        text: String::new(),
    })
}

fn acceptance() -> Acceptance {
    Acceptance {
        point: CENTRE.to_owned(),
        operator: POST.to_owned(),
        ..Acceptance::default()
    }
}

fn components() -> Vec<Component> {
    vec![Component {
        code: "DON".to_owned(),
        originals: 1,
        ..Component::default()
    }]
}

fn submission(procedure: &str, channel: Channel) -> Submission {
    let (place, point, operator) = match channel {
        Channel::Online => (PlaceKind::Online, PORTAL, DEPARTMENT),
        Channel::Postal => (PlaceKind::PostOffice, "", POST),
        Channel::Direct | Channel::Unspecified => (PlaceKind::Counter, CENTRE, POST),
    };
    Submission {
        procedure: procedure.to_owned(),
        agency: DEPARTMENT.to_owned(),
        channel: channel.into(),
        place: place.into(),
        point: point.to_owned(),
        operator: operator.to_owned(),
        applicant: Some(Applicant {
            kind: ApplicantKind::Citizen.into(),
            name: "Lê Văn Thử".to_owned(),
            identity_number: "087190001234".to_owned(),
            address: "Phường Cao Lãnh, Đồng Tháp".to_owned(),
            request_content: "Cấp lại giấy phép".to_owned(),
            ..Applicant::default()
        }),
        components: components(),
        synthetic: true,
        ..Submission::default()
    }
}

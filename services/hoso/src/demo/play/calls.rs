//! One planned act as one gRPC call.

use api::hoso::dossier::v1::{Dossier, Receipt};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    AcceptDossierRequest, RefuseDossierRequest, RequestIntakeSupplementRequest,
    SubmitAndAcceptDossierRequest, SubmitDossierRequest, SupplementSubmissionRequest,
    WithdrawSubmissionRequest,
};
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{
    AssignTaskRequest, DeliveryMode, ExtendDeadlineRequest, PaymentMethod,
    ReceiveSupplementRequest, RecordDeliveryRequest, RecordPaymentRequest,
    RefuseAfterExaminationRequest, RequestFeeRequest, RequestSupplementRequest,
    ResolveDossierRequest, ResumeProcessingRequest, SuspendProcessingRequest, TransferRequest,
    WithdrawDossierRequest,
};
use domain::catalogue::Procedure;
use tonic::Status;

use super::wishes::{
    acceptance, actor, amount, change, missing, missing_codes, officer, reason, request_id,
    submission, unit,
};
use crate::client::Channel;
use crate::demo::plan::life::{Act, Hand, Life, Payment};

/// Connections to the two services that are written to; clones share them.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) intake: IntakeServiceClient<Channel>,
    pub(super) processing: ProcessingServiceClient<Channel>,
}

/// What a call answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) dossier: Option<Dossier>,
    pub(super) receipt: Option<Receipt>,
    /// Where intake wrote; none when processing did.
    pub(super) intake_position: Option<String>,
}

/// One act and all it is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) life: &'a Life,
    pub(super) procedure: &'a Procedure,
    /// The how manieth request about the dossier.
    pub(super) n: usize,
    pub(super) act: Act,
    pub(super) dossier_id: &'a str,
    /// What processing has to wait for: the dossier's last write at intake.
    pub(super) min_position: &'a str,
}

/// Asks intake: the request's own fields, with a request id and an actor.
macro_rules! intake {
    ($clients:ident, $call:ident, $method:ident, $request:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        let request = $request {
            request_id: request_id($call.life, $call.n),
            actor: actor($call.life, $call.act),
            $($field $(: $value)?,)*
            ..$request::default()
        };
        let answer = $clients.intake.$method(request).await?.into_inner();
        (answer.dossier, Some(answer.position))
    }};
}

/// Asks processing: the request's own fields, with the change they are part of.
macro_rules! processing {
    ($clients:ident, $call:ident, $method:ident, $request:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        let change = change($call.life, $call.n, $call.act, $call.dossier_id, $call.min_position);
        let request = $request { change: Some(change), $($field $(: $value)?,)* };
        let answer = $clients.processing.$method(request).await?.into_inner();
        (answer.dossier, None)
    }};
}

/// Carries the act out.
pub(super) async fn carry_out(clients: &mut Clients, call: Call<'_>) -> Result<Answer, Status> {
    let Call {
        life,
        procedure,
        act,
        ..
    } = call;
    let dossier_id = call.dossier_id.to_owned();
    let number = life.number;
    let (dossier, intake_position) = match act {
        Act::SubmitAndAccept { .. } | Act::Accept => return accepted(clients, call).await,
        Act::Submit => {
            let completed_later = life
                .steps
                .iter()
                .any(|step| step.act == Act::RequestIntakeSupplement);
            let filed = Some(submission(life, procedure, !completed_later));
            intake!(
                clients,
                call,
                submit_dossier,
                SubmitDossierRequest { submission: filed }
            )
        }
        Act::RequestIntakeSupplement => intake!(
            clients,
            call,
            request_intake_supplement,
            RequestIntakeSupplementRequest {
                dossier_id,
                reason: reason(act),
                components: missing_codes(procedure)
            }
        ),
        Act::SupplementSubmission => intake!(
            clients,
            call,
            supplement_submission,
            SupplementSubmissionRequest {
                dossier_id,
                components: missing(procedure)
            }
        ),
        Act::RefuseIntake => intake!(
            clients,
            call,
            refuse_dossier,
            RefuseDossierRequest {
                dossier_id,
                reason: reason(act)
            }
        ),
        Act::WithdrawSubmission => intake!(
            clients,
            call,
            withdraw_submission,
            WithdrawSubmissionRequest {
                dossier_id,
                reason: reason(act)
            }
        ),
        Act::Transfer => processing!(
            clients,
            call,
            transfer,
            TransferRequest {
                to: life.agency.to_string(),
                unit: unit(life)
            }
        ),
        Act::Assign => processing!(
            clients,
            call,
            assign_task,
            AssignTaskRequest {
                holder: officer(life),
                unit: unit(life)
            }
        ),
        Act::RequestSupplement => processing!(
            clients,
            call,
            request_supplement,
            RequestSupplementRequest {
                reason: reason(act),
                components: missing_codes(procedure)
            }
        ),
        Act::ReceiveSupplement => processing!(
            clients,
            call,
            receive_supplement,
            ReceiveSupplementRequest {
                components: missing(procedure)
            }
        ),
        Act::RequestFee => processing!(
            clients,
            call,
            request_fee,
            RequestFeeRequest {
                notice: format!("TBP-{number:04}"),
                amount_vnd: amount(life)
            }
        ),
        Act::Pay(how) => processing!(
            clients,
            call,
            record_payment,
            RecordPaymentRequest {
                notice: format!("TBP-{number:04}"),
                amount_vnd: amount(life),
                method: method(how).into(),
                receipt: format!("BL-{number:04}"),
            }
        ),
        Act::Extend(new) => processing!(
            clients,
            call,
            extend_deadline,
            ExtendDeadlineRequest {
                reason: reason(act),
                new_date: new.to_string()
            }
        ),
        Act::Suspend => processing!(
            clients,
            call,
            suspend_processing,
            SuspendProcessingRequest {
                reason: reason(act)
            }
        ),
        Act::Resume => processing!(clients, call, resume_processing, ResumeProcessingRequest {}),
        Act::Resolve => processing!(
            clients,
            call,
            resolve_dossier,
            ResolveDossierRequest {
                result: format!("KQ-{number:04}"),
                electronic: true
            }
        ),
        Act::RefuseAfterExamination => processing!(
            clients,
            call,
            refuse_after_examination,
            RefuseAfterExaminationRequest {
                reason: reason(act)
            }
        ),
        Act::Withdraw => processing!(
            clients,
            call,
            withdraw_dossier,
            WithdrawDossierRequest {
                reason: reason(act)
            }
        ),
        Act::Deliver(hand) => processing!(
            clients,
            call,
            record_delivery,
            RecordDeliveryRequest {
                mode: mode(hand).into(),
                postal_item: if hand == Hand::Post {
                    postal_item(number)
                } else {
                    String::new()
                },
                proof: String::new(),
                to_authorised: false,
            }
        ),
    };
    Ok(Answer {
        dossier,
        receipt: None,
        intake_position,
    })
}

/// The two calls that accept, and so give a receipt.
async fn accepted(clients: &mut Clients, call: Call<'_>) -> Result<Answer, Status> {
    let (life, request_id) = (call.life, request_id(call.life, call.n));
    let actor = actor(life, call.act);
    if let Act::SubmitAndAccept { minute, at_once } = call.act {
        let request = SubmitAndAcceptDossierRequest {
            request_id,
            submission: Some(submission(life, call.procedure, true)),
            acceptance: Some(acceptance(life, minute)),
            immediate_result: if at_once {
                format!("KQ-{:04}", life.number)
            } else {
                String::new()
            },
            actor,
            min_position: String::new(),
        };
        let answer = clients
            .intake
            .submit_and_accept_dossier(request)
            .await?
            .into_inner();
        return Ok(Answer {
            dossier: answer.dossier,
            receipt: answer.receipt,
            intake_position: Some(answer.position),
        });
    }
    let request = AcceptDossierRequest {
        request_id,
        dossier_id: call.dossier_id.to_owned(),
        acceptance: Some(acceptance(life, None)),
        expected_revision: 0,
        actor,
        min_position: String::new(),
    };
    let answer = clients.intake.accept_dossier(request).await?.into_inner();
    Ok(Answer {
        dossier: answer.dossier,
        receipt: answer.receipt,
        intake_position: Some(answer.position),
    })
}

fn method(how: Payment) -> PaymentMethod {
    match how {
        Payment::Online => PaymentMethod::Online,
        Payment::Transfer => PaymentMethod::Transfer,
        Payment::Cash => PaymentMethod::Cash,
    }
}

fn mode(hand: Hand) -> DeliveryMode {
    match hand {
        Hand::Counter => DeliveryMode::Counter,
        Hand::Post => DeliveryMode::Post,
        Hand::Electronic => DeliveryMode::Electronic,
    }
}

/// A domestic item's number; not of the international form, which a real item might have.
fn postal_item(number: u32) -> String {
    format!("MAU{number:06}VN")
}

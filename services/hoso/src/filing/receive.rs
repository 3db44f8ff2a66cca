//! `hoso filing receive`: takes in what is brought, and prints the receipt.

use api::hoso::dossier::v1::{
    AuthorisedPerson, AuthorisedTo as WireAuthorisedTo, BroughtAuthorisation, BroughtDelivery,
    BroughtDeliveryFailure, BroughtPayment, BroughtReturn, BroughtSupplement, BroughtWithdrawal,
    Filing, filing,
};
use api::hoso::intake::v1::ReceiveFilingRequest;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::processing::v1::dossier_name::Name;
use clap::ValueEnum as _;
use serde::Deserialize;
use tonic::{Code, Status};
use uuid::Uuid;

use super::args::{AuthorisedTo, Brought, Counter, Method, Posted};
use super::{object, tell_received};
use crate::{Failure, client, out, papers, show, typed};

/// Somebody who is not the applicant, as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    name: String,
    #[serde(default)]
    identity_number: String,
    #[serde(default)]
    phone: String,
}

/// Takes it in.
///
/// # Errors
/// When a file cannot be read, the node does not answer, or it refuses.
pub async fn run(brought: Brought) -> Result<(), Failure> {
    let (counter, brought) = wire(brought)?;
    let words = match &counter.words {
        Some(file) => typed::text(file)?,
        None => String::new(),
    };
    let dossier = match show::name(&counter.dossier).name {
        Some(Name::DossierId(id)) => Some(filing::Dossier::DossierId(id)),
        Some(Name::Code(code)) => Some(filing::Dossier::Code(code)),
        Some(Name::Source(source)) => Some(filing::Dossier::Source(source)),
        None => None,
    };
    let request_id = counter.request_id.unwrap_or_else(Uuid::new_v4);
    let request = ReceiveFilingRequest {
        request_id: request_id.to_string(),
        filing: Some(Filing {
            dossier,
            brought: Some(brought),
            words,
        }),
        operator: counter.operator,
        actor: counter.actor,
        min_position: String::new(),
    };
    let mut intake = IntakeServiceClient::new(client::connect(&counter.server).await?);
    let answer = intake
        .receive_filing(request)
        .await
        .map_err(|status| unanswered(&status, request_id))?
        .into_inner();
    let received = answer.filing.unwrap_or_default();
    if counter.format.is_json() {
        let mut object = object(&received);
        object["position"] = answer.position.into();
        out::print(&object.to_string());
        return Ok(());
    }
    out::print("✓ đã nhận · received");
    tell_received(&received);
    out::print(&format!(
        "  kết quả · the outcome: hoso filing show {}",
        received.filing_id
    ));
    Ok(())
}

/// What was refused is put right and brought anew; where nobody knows whether it was taken in, the same is asked again.
fn unanswered(status: &Status, request_id: Uuid) -> Failure {
    let why = client::explain(status);
    let unknown = [
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::Cancelled,
        Code::Unknown,
        Code::Internal,
    ];
    if unknown.contains(&status.code()) {
        format!("{why}\n  hỏi lại cùng một lần nộp · ask again for the same filing: --request-id {request_id}").into()
    } else {
        why
    }
}

fn wire(brought: Brought) -> Result<(Counter, filing::Brought), Failure> {
    Ok(match brought {
        Brought::Supplement {
            counter,
            papers: typed,
        } => {
            let components = typed.iter().map(|paper| papers::component(paper));
            let components = components.collect::<Result<_, _>>()?;
            let papers = BroughtSupplement { components };
            (counter, filing::Brought::Supplement(papers))
        }
        Brought::Payment {
            counter,
            notice,
            amount_vnd,
            method,
            receipt,
        } => {
            let payment = BroughtPayment {
                notice,
                amount_vnd,
                method: named(method),
                receipt,
            };
            (counter, filing::Brought::Payment(payment))
        }
        Brought::Withdrawal { counter, reason } => {
            let wish = BroughtWithdrawal {
                reason_code: reason,
            };
            (counter, filing::Brought::Withdrawal(wish))
        }
        Brought::Authorisation {
            counter,
            to,
            person,
            until,
        } => {
            if counter.words.as_ref() == Some(&person) {
                return Err(
                    "who is authorised and what was noted cannot come from one file".into(),
                );
            }
            let person: Person = serde_json::from_slice(&typed::read(&person)?)
                // The parser's own words could quote the file.
                .map_err(|error| {
                    format!(
                        "who is authorised must be a JSON object with `name` and, where known, `identity_number` and \
                         `phone`; it is not, in line {}",
                        error.line()
                    )
                })?;
            let to = match to {
                AuthorisedTo::Act => WireAuthorisedTo::Act,
                AuthorisedTo::Collect => WireAuthorisedTo::Collect,
            };
            let paper = BroughtAuthorisation {
                to: to.into(),
                person: Some(AuthorisedPerson {
                    name: person.name,
                    identity_number: person.identity_number,
                    phone: person.phone,
                }),
                until: until.map(|day| day.0.to_string()).unwrap_or_default(),
            };
            (counter, filing::Brought::Authorisation(paper))
        }
        Brought::Delivery {
            counter,
            posted,
            to_authorised,
        } => {
            let proof = BroughtDelivery {
                signed_at: signed(&posted),
                postal_item: posted.item,
                to_authorised,
            };
            (counter, filing::Brought::Delivery(proof))
        }
        Brought::Attempt {
            counter,
            posted,
            reason,
        } => {
            let attempt = BroughtDeliveryFailure {
                signed_at: signed(&posted),
                postal_item: posted.item,
                reason_code: reason,
            };
            (counter, filing::Brought::DeliveryFailure(attempt))
        }
        Brought::Return { counter, posted } => {
            let back = BroughtReturn {
                signed_at: signed(&posted),
                postal_item: posted.item,
            };
            (counter, filing::Brought::GivenBack(back))
        }
    })
}

fn signed(posted: &Posted) -> Option<prost_types::Timestamp> {
    posted.signed_at.map(api::convert::values::timestamp)
}

/// As the wire names it.
fn named(method: Method) -> String {
    method
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

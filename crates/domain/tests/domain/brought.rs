//! What people bring later, one of each kind, and each event to which it leads.

use domain::event::*;
use domain::ids::*;

use super::beyond::proof;
use super::{calendar, due, short_reason};
use crate::testing::{at, day};

/// At least one of every kind.
pub(super) fn samples() -> Vec<(&'static str, Event)> {
    [filings(), by_the_post()].concat()
}

/// What is brought, how that is refused, and each event to which it leads.
fn filings() -> Vec<(&'static str, Event)> {
    let id = FilingId(uuid::Uuid::from_u128(6));
    let received = |dossier, brought| {
        Event::FilingReceived(FilingReceived {
            dossier,
            brought,
            words: None,
        })
    };
    let code = DossierCode::new("000.00.06.H20-221215-1001");
    let source = SourceReference {
        system: "motcua".into(),
        reference: "7".into(),
    };
    vec![
        (
            "",
            received(
                DossierName::Code(code),
                Brought::Payment {
                    notice: "TB-1".into(),
                    amount_vnd: 250_000,
                    method: PaymentMethod::Post,
                    receipt: "BL-77".into(),
                },
            ),
        ),
        (
            "supplement",
            received(
                DossierName::Id(DossierId(uuid::Uuid::from_u128(5))),
                Brought::Supplement {
                    components: vec![crate::testing::paper("DON")],
                },
            ),
        ),
        (
            "withdrawal",
            received(
                DossierName::Source(source.clone()),
                Brought::Withdrawal {
                    reason: Some(short_reason()),
                },
            ),
        ),
        (
            "least",
            received(
                DossierName::Source(source),
                Brought::Withdrawal { reason: None },
            ),
        ),
        (
            "",
            Event::FilingRefused(FilingRefused {
                filing: id,
                reason: "ALREADY_RESOLVED".into(),
            }),
        ),
        (
            "brought",
            Event::SupplementReceived(SupplementReceived {
                components: Vec::new(),
                due: Some(due()),
                calendar: calendar(),
                filing: Some(id),
                recorded_in: None,
            }),
        ),
        (
            "brought",
            Event::FeePaid(FeePaid {
                notice: "TB-1".into(),
                amount_vnd: 250_000,
                method: PaymentMethod::Post,
                receipt: "BL-77".into(),
                due: Some(due()),
                calendar: calendar(),
                filing: Some(id),
                recorded_in: None,
            }),
        ),
        (
            "brought",
            Event::DossierWithdrawn(DossierWithdrawn {
                reason: None,
                filing: Some(id),
            }),
        ),
        (
            "authorisation",
            Event::FilingReceived(FilingReceived {
                dossier: DossierName::Id(DossierId(uuid::Uuid::from_u128(5))),
                brought: Brought::Authorisation(authorised()),
                words: proof(),
            }),
        ),
        (
            "",
            Event::AuthorisationRecorded(AuthorisationRecorded {
                authorised: authorised(),
                filing: Some(id),
            }),
        ),
        (
            "least",
            Event::AuthorisationRecorded(AuthorisationRecorded {
                authorised: Authorised {
                    to: AuthorisedTo::Act,
                    until: None,
                    ..authorised()
                },
                filing: None,
            }),
        ),
    ]
}

fn authorised() -> Authorised {
    Authorised {
        to: AuthorisedTo::Collect,
        person: proof().unwrap(),
        until: Some(day("2022-12-30")),
    }
}

/// What the post tells of a result, and the events to which that leads.
fn by_the_post() -> Vec<(&'static str, Event)> {
    let id = FilingId(uuid::Uuid::from_u128(6));
    let dossier = || DossierName::Code(DossierCode::new("000.00.06.H20-221215-1001"));
    let received = |brought| {
        Event::FilingReceived(FilingReceived {
            dossier: dossier(),
            brought,
            words: proof(),
        })
    };
    let item = || Box::<str>::from("EE123456785VN");
    let signed_at = Some(at("2022-12-20T09:00"));
    vec![
        (
            "delivered",
            received(Brought::Delivered {
                item: item(),
                to_authorised: true,
                signed_at,
            }),
        ),
        (
            "delivery_failed",
            received(Brought::DeliveryFailed {
                item: item(),
                reason: short_reason(),
                signed_at,
            }),
        ),
        (
            "given_back",
            received(Brought::GivenBack {
                item: item(),
                signed_at,
            }),
        ),
        (
            "brought",
            Event::IntakeSupplementReceived(IntakeSupplementReceived {
                components: Vec::new(),
                answer_due: None,
                filing: Some(id),
            }),
        ),
        (
            "brought",
            Event::ResultDelivered(ResultDelivered {
                mode: DeliveryMode::Post,
                item: Some(item()),
                proof: proof(),
                to_authorised: true,
                filing: Some(id),
            }),
        ),
        (
            "brought",
            Event::DeliveryFailed(DeliveryFailed {
                attempt: 1,
                item: item(),
                reason: short_reason(),
                too_soon: false,
                proof: proof(),
                filing: Some(id),
            }),
        ),
        (
            "brought",
            Event::ResultReturnedToAgency(ResultReturnedToAgency {
                item: item(),
                too_soon: false,
                proof: proof(),
                filing: Some(id),
            }),
        ),
    ]
}

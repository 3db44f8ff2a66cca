//! What people bring later, from the wire and back.

use application::filings::Receipt;
use domain::command::ReceiveFiling;
use domain::event::{Brought, PaymentMethod, Reason};
use domain::ids::{DossierName, FilingId};

use super::{change, values};
use crate::faults::Faults;
use crate::hoso::dossier::v1 as wire;
use crate::text;

/// What is brought and for which dossier, in the field `filing`.
pub fn filing(given: Option<&wire::Filing>, faults: &mut Faults) -> Option<ReceiveFiling> {
    faults.within("filing", |faults| {
        let dossier = name(given.and_then(|given| given.dossier.as_ref()), faults);
        let brought = brought(given.and_then(|given| given.brought.as_ref()), faults);
        Some(ReceiveFiling {
            dossier: dossier?,
            brought: brought?,
        })
    })
}

/// A filing's own id, in the field `filing_id`.
pub fn filing_id(id: &str, faults: &mut Faults) -> Option<FilingId> {
    faults.take("filing_id", text::uuid(id)).map(FilingId)
}

/// A filing as it was received, outwards.
pub fn received(filing: FilingId, receipt: &Receipt) -> wire::ReceivedFiling {
    wire::ReceivedFiling {
        filing_id: filing.to_string(),
        filing: Some(wire::Filing {
            dossier: Some(wire_name(&receipt.received.dossier)),
            brought: Some(wire_brought(&receipt.received.brought)),
        }),
        received_at: Some(values::timestamp(receipt.at)),
        actor: receipt.record.event.actor.to_string(),
        operator: receipt.record.event.organisation.to_string(),
    }
}

fn name(given: Option<&wire::filing::Dossier>, faults: &mut Faults) -> Option<DossierName> {
    use wire::filing::Dossier as Wire;
    match given {
        Some(Wire::DossierId(id)) => change::by_id(id, faults),
        Some(Wire::Code(code)) => change::by_code(code, faults),
        Some(Wire::Source(source)) => change::by_source(source, faults),
        None => change::unnamed(faults),
    }
}

fn brought(given: Option<&wire::filing::Brought>, faults: &mut Faults) -> Option<Brought> {
    use wire::filing::Brought as Wire;
    match given {
        Some(Wire::Supplement(it)) => faults.within("supplement", |faults| {
            let components = values::components(&it.components, faults);
            Some(Brought::Supplement { components })
        }),
        Some(Wire::Payment(it)) => faults.within("payment", |faults| payment(it, faults)),
        Some(Wire::Withdrawal(it)) => faults.within("withdrawal", |faults| {
            if it.reason_code.is_empty() {
                return Some(Brought::Withdrawal { reason: None });
            }
            let code = change::reason_code(&it.reason_code, faults)?;
            let reason = Some(Reason { code, text: None });
            Some(Brought::Withdrawal { reason })
        }),
        None => {
            faults.note("", "must bring a supplement, a payment or a withdrawal");
            None
        }
    }
}

fn payment(given: &wire::BroughtPayment, faults: &mut Faults) -> Option<Brought> {
    let notice = faults.take("notice", text::identifier(&given.notice, 64));
    let receipt = faults.take("receipt", text::identifier(&given.receipt, 64));
    let method = match given.method.as_str() {
        "cash" => Some(PaymentMethod::Cash),
        "transfer" => Some(PaymentMethod::Transfer),
        "online" => Some(PaymentMethod::Online),
        "post" => Some(PaymentMethod::Post),
        _ => {
            faults.note("method", "must be cash, transfer, online or post");
            None
        }
    };
    let amount_vnd = change::amount(given.amount_vnd, faults);
    Some(Brought::Payment {
        notice: notice?.into(),
        amount_vnd: amount_vnd?,
        method: method?,
        receipt: receipt?.into(),
    })
}

fn wire_name(name: &DossierName) -> wire::filing::Dossier {
    use wire::filing::Dossier as Wire;
    match name {
        DossierName::Id(id) => Wire::DossierId(id.to_string()),
        DossierName::Code(code) => Wire::Code(code.to_string()),
        DossierName::Source(source) => Wire::Source(wire::SourceReference {
            system: source.system.to_string(),
            reference: source.reference.to_string(),
        }),
    }
}

fn wire_brought(brought: &Brought) -> wire::filing::Brought {
    use wire::filing::Brought as Wire;
    match brought {
        Brought::Supplement { components } => Wire::Supplement(wire::BroughtSupplement {
            components: components.iter().map(values::wire_component).collect(),
        }),
        Brought::Payment {
            notice,
            amount_vnd,
            method,
            receipt,
        } => Wire::Payment(wire::BroughtPayment {
            notice: notice.to_string(),
            amount_vnd: *amount_vnd,
            method: super::beyond::method(*method).to_owned(),
            receipt: receipt.to_string(),
        }),
        Brought::Withdrawal { reason } => Wire::Withdrawal(wire::BroughtWithdrawal {
            reason_code: reason
                .as_ref()
                .map(|reason| reason.code.to_string())
                .unwrap_or_default(),
        }),
    }
}

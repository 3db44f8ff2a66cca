//! What people bring later, from the wire and back.

use application::Desk;
use application::filings::Receipt;
use application::personal::{self, Person};
use domain::command::{Command, ReceiveFiling};
use domain::dossier::Authorisation;
use domain::event::{Authorised, AuthorisedTo, Brought, PaymentMethod, Reason};
use domain::ids::{DossierName, FilingId, VaultRef};
use jiff::Timestamp;

use super::change::Wished;
use super::{change, filing, values};
use crate::edge;
use crate::faults::Faults;
use crate::hoso::dossier::v1 as wire;
use crate::status::EdgeError;
use crate::text;

/// The longest words with a filing.
const WORDS_MAX: usize = 1_000;

/// What is brought and for which dossier, in the field `filing`; whom it names and its words go to the vault first.
///
/// # Errors
/// When they cannot be written for the vault, which nothing in them can cause.
pub fn wished(
    given: Option<&wire::Filing>,
    faults: &mut Faults,
) -> Result<Option<Wished>, EdgeError> {
    let read = faults.within("filing", |faults| {
        let dossier = name(given.and_then(|given| given.dossier.as_ref()), faults);
        let brought = brought(given.and_then(|given| given.brought.as_ref()), faults);
        let words = given.map_or("", |given| given.words.as_str());
        let words = faults.take("words", text::prose(words, WORDS_MAX));
        dossier.zip(brought).zip(words)
    });
    let Some(((dossier, (person, brought)), words)) = read else {
        return Ok(None);
    };
    let mut secrets = Vec::new();
    if let Some(person) = &person {
        secrets.push(edge::secret(person)?);
    }
    let noted = (!words.is_empty()).then_some(secrets.len());
    if noted.is_some() {
        secrets.push(edge::secret(&words)?);
    }
    Ok(Some(Wished {
        secrets,
        build: Box::new(move |kept| {
            Command::ReceiveFiling(ReceiveFiling {
                dossier: dossier.clone(),
                brought: brought(kept),
                words: noted.and_then(|noted| kept.get(noted)).cloned(),
            })
        }),
    }))
}

/// A filing's own id, in the field `filing_id`.
pub fn filing_id(id: &str, faults: &mut Faults) -> Option<FilingId> {
    faults.take("filing_id", text::uuid(id)).map(FilingId)
}

/// A filing as it was received, outwards: without whom it names and what was noted.
pub fn received(filing: FilingId, receipt: &Receipt) -> wire::ReceivedFiling {
    let names = match &receipt.received.brought {
        Brought::Authorisation(_) => true,
        Brought::Supplement { .. }
        | Brought::Payment { .. }
        | Brought::Withdrawal { .. }
        | Brought::Delivered { .. }
        | Brought::DeliveryFailed { .. }
        | Brought::GivenBack { .. } => false,
    };
    wire::ReceivedFiling {
        filing_id: filing.to_string(),
        filing: Some(wire::Filing {
            dossier: Some(wire_name(&receipt.received.dossier)),
            brought: Some(wire_brought(&receipt.received.brought)),
            words: String::new(),
        }),
        received_at: Some(values::timestamp(receipt.at)),
        actor: receipt.record.event.actor.to_string(),
        operator: receipt.record.event.organisation.to_string(),
        personal_data_left_out: names || receipt.received.words.is_some(),
    }
}

/// As [`received`], with whom it names and what was noted, as far as the vault here has them.
///
/// # Errors
/// When an entry is damaged.
pub fn received_whole(
    id: FilingId,
    receipt: &Receipt,
    desk: &Desk,
) -> Result<wire::ReceivedFiling, EdgeError> {
    let mut told = received(id, receipt);
    let Some(filing) = &mut told.filing else {
        return Ok(told);
    };
    let mut left_out = false;
    if let Some(words) = &receipt.received.words {
        let words = recall::<String>(desk, words)?;
        left_out |= words.is_none();
        filing.words = words.unwrap_or_default();
    }
    if let Brought::Authorisation(authorised) = &receipt.received.brought
        && let Some(wire::filing::Brought::Authorisation(it)) = &mut filing.brought
    {
        it.person = recall(desk, &authorised.person)?.map(|it: Person| wire::AuthorisedPerson {
            name: it.name,
            identity_number: it.identity_number,
            phone: it.phone,
        });
        left_out |= it.person.is_none();
    }
    told.personal_data_left_out = left_out;
    Ok(told)
}

fn recall<T: serde::de::DeserializeOwned>(
    desk: &Desk,
    reference: &VaultRef,
) -> Result<Option<T>, EdgeError> {
    personal::recall(desk.vault(), reference).map_err(|error| EdgeError::Handle(error.into()))
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

/// Makes what was brought from where whom it names is.
type Build = Box<dyn Fn(&[VaultRef]) -> Brought + Send + Sync>;

/// What was brought, and whom it names.
fn brought(
    given: Option<&wire::filing::Brought>,
    faults: &mut Faults,
) -> Option<(Option<Person>, Build)> {
    use wire::filing::Brought as Wire;
    let plain = match given {
        Some(Wire::Authorisation(it)) => {
            return faults.within("authorisation", |faults| authorisation(it, faults));
        }
        Some(Wire::Supplement(it)) => faults.within("supplement", |faults| {
            let components = values::components(&it.components, faults);
            Some(Brought::Supplement { components })
        }),
        Some(Wire::Payment(it)) => faults.within("payment", |faults| payment(it, faults)),
        Some(Wire::Withdrawal(it)) => faults.within("withdrawal", |faults| {
            if it.reason_code.is_empty() {
                return Some(Brought::Withdrawal { reason: None });
            }
            let reason = Some(reason(&it.reason_code, faults)?);
            Some(Brought::Withdrawal { reason })
        }),
        Some(Wire::Delivery(it)) => faults.within("delivery", |faults| {
            let (item, signed_at) = posted(&it.postal_item, it.signed_at.as_ref(), faults)?;
            Some(Brought::Delivered {
                item,
                to_authorised: it.to_authorised,
                signed_at,
            })
        }),
        Some(Wire::DeliveryFailure(it)) => faults.within("delivery_failure", |faults| {
            let posted = posted(&it.postal_item, it.signed_at.as_ref(), faults);
            let ((item, signed_at), reason) = posted.zip(reason(&it.reason_code, faults))?;
            Some(Brought::DeliveryFailed {
                item,
                reason,
                signed_at,
            })
        }),
        Some(Wire::GivenBack(it)) => faults.within("given_back", |faults| {
            let (item, signed_at) = posted(&it.postal_item, it.signed_at.as_ref(), faults)?;
            Some(Brought::GivenBack { item, signed_at })
        }),
        None => {
            faults.note(
                "",
                "must bring a supplement, a payment, a withdrawal, an authorisation, or word of a delivery",
            );
            None
        }
    };
    let plain = plain?;
    Some((None, Box::new(move |_| plain.clone())))
}

fn authorisation(
    given: &wire::BroughtAuthorisation,
    faults: &mut Faults,
) -> Option<(Option<Person>, Build)> {
    let to = match wire::AuthorisedTo::try_from(given.to) {
        Ok(wire::AuthorisedTo::Act) => Some(AuthorisedTo::Act),
        Ok(wire::AuthorisedTo::Collect) => Some(AuthorisedTo::Collect),
        Ok(wire::AuthorisedTo::Unspecified) | Err(_) => {
            faults.note("to", "must be act or collect");
            None
        }
    };
    let until = if given.until.is_empty() {
        Some(None)
    } else {
        faults.take("until", values::date(&given.until)).map(Some)
    };
    let person = faults.within("person", |faults| {
        let person = given.person.clone().unwrap_or_default();
        let name = faults.take("name", text::name(&person.name));
        let number = filing::identity_number(person.identity_number.trim());
        let number = faults.take("identity_number", number);
        let phone = faults.take("phone", filing::phone(person.phone.trim()));
        Some(Person {
            name: name?,
            identity_number: number?,
            phone: phone?,
        })
    });
    let ((to, until), person) = to.zip(until).zip(person)?;
    let build = move |kept: &[VaultRef]| {
        Brought::Authorisation(Authorised {
            to,
            person: edge::only(kept),
            until,
        })
    };
    Some((Some(person), Box::new(build)))
}

/// The postal item, and when somebody signed.
fn posted(
    item: &str,
    signed_at: Option<&prost_types::Timestamp>,
    faults: &mut Faults,
) -> Option<(Box<str>, Option<Timestamp>)> {
    let item = faults.take("postal_item", text::identifier(item, 64));
    let signed_at = match signed_at {
        None => Some(None),
        Some(at) => faults.take("signed_at", values::instant(*at)).map(Some),
    };
    Some((item?.into(), signed_at?))
}

fn reason(code: &str, faults: &mut Faults) -> Option<Reason> {
    let code = change::reason_code(code, faults)?;
    Some(Reason { code, text: None })
}

/// How something was paid, by its name, in the field `method`.
pub(super) fn method(given: &str, faults: &mut Faults) -> Option<PaymentMethod> {
    match given {
        "cash" => Some(PaymentMethod::Cash),
        "transfer" => Some(PaymentMethod::Transfer),
        "online" => Some(PaymentMethod::Online),
        "post" => Some(PaymentMethod::Post),
        _ => {
            faults.note("method", "must be cash, transfer, online or post");
            None
        }
    }
}

fn payment(given: &wire::BroughtPayment, faults: &mut Faults) -> Option<Brought> {
    let notice = faults.take("notice", text::identifier(&given.notice, 64));
    let receipt = faults.take("receipt", text::identifier(&given.receipt, 64));
    let method = method(&given.method, faults);
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
        Brought::Authorisation(it) => Wire::Authorisation(wire::BroughtAuthorisation {
            to: wire_authorised_to(it.to).into(),
            person: None,
            until: it.until.map(|until| until.to_string()).unwrap_or_default(),
        }),
        Brought::Delivered {
            item,
            to_authorised,
            signed_at,
        } => Wire::Delivery(wire::BroughtDelivery {
            postal_item: item.to_string(),
            signed_at: signed_at.map(values::timestamp),
            to_authorised: *to_authorised,
        }),
        Brought::DeliveryFailed {
            item,
            reason,
            signed_at,
        } => Wire::DeliveryFailure(wire::BroughtDeliveryFailure {
            postal_item: item.to_string(),
            signed_at: signed_at.map(values::timestamp),
            reason_code: reason.code.to_string(),
        }),
        Brought::GivenBack { item, signed_at } => Wire::GivenBack(wire::BroughtReturn {
            postal_item: item.to_string(),
            signed_at: signed_at.map(values::timestamp),
        }),
    }
}

fn wire_authorised_to(to: AuthorisedTo) -> wire::AuthorisedTo {
    match to {
        AuthorisedTo::Act => wire::AuthorisedTo::Act,
        AuthorisedTo::Collect => wire::AuthorisedTo::Collect,
    }
}

/// Who may act for the applicant, on the wire.
pub fn wire_authorisation(given: &Authorisation) -> wire::Authorisation {
    wire::Authorisation {
        to: wire_authorised_to(given.authorised.to).into(),
        until: given
            .authorised
            .until
            .map(|until| until.to_string())
            .unwrap_or_default(),
        brought_at: Some(values::timestamp(given.at)),
        filing_id: given.filing.map(|it| it.to_string()).unwrap_or_default(),
    }
}

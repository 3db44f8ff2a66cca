//! What is keyed in, as entries of the journal; what a person is told of it is only what the post may tell.

use api::Faults;
use api::convert::post;
use api::hoso::dossier::v1::{
    Applicant, ApplicantKind, BroughtDelivery, BroughtDeliveryFailure, BroughtReturn, Filing,
    PlaceKind, filing,
};
use api::hoso::intake::v1::{
    Collected, FeeReceipt, HandOver, HandOverParty, HandedOver, JournalEntry, PaperResult,
    PartyKind, fee_receipt, handed_over, journal_entry::Item,
};
use clap::ValueEnum as _;
use domain::ids::OrganisationId;
use jiff::Timestamp;
use serde::Deserialize;
use tonic::Status;
use uuid::Uuid;

use super::args::{self, Found, Hand, Posted};
use super::spool::{Keyed, Spool};
use crate::{Failure, client, out, papers, typed};

/// The applicant, as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    #[serde(default)]
    kind: PersonKind,
    name: String,
    #[serde(default)]
    identity_number: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    submitter_name: String,
    #[serde(default)]
    request_content: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PersonKind {
    #[default]
    Citizen,
    Business,
    StateAgency,
    OtherOrganisation,
}

/// A dossier is collected.
///
/// # Errors
/// When what was keyed in makes no sense, or it cannot be kept.
pub fn collect(spool: &Spool, told: args::Collect) -> Result<(), Failure> {
    let command = command(&told.hand);
    let checklist = match told.checklist {
        Some(version) => version,
        None => spool.state()?.checklist,
    };
    if checklist.is_empty() {
        return Err(
            "no checklist is known yet: name it with --checklist, or `hoso terminal sync` first"
                .into(),
        );
    }
    let person: Person = serde_json::from_slice(&typed::read(&told.applicant)?)
        // The parser's own words could quote the file.
        .map_err(|error| {
            format!(
                "the applicant must be a JSON object with `name` and, where known, `identity_number`, `phone`, `email`, \
                 `address`, `kind`, `submitter_name`, `request_content`; it is not, in line {}",
                error.line()
            )
        })?;
    let kind = match person.kind {
        PersonKind::Citizen => ApplicantKind::Citizen,
        PersonKind::Business => ApplicantKind::Business,
        PersonKind::StateAgency => ApplicantKind::StateAgency,
        PersonKind::OtherOrganisation => ApplicantKind::OtherOrganisation,
    };
    let place = if told.at_home {
        PlaceKind::HomeCollection
    } else {
        PlaceKind::PostOffice
    };
    let components = told.papers.iter().map(|paper| papers::component(paper));
    let slip = told
        .slip
        .unwrap_or_else(|| slip(&spool.identity.terminal, command));
    let collected = Collected {
        slip: slip.clone(),
        procedure: told.procedure,
        agency: told.agency,
        applicant: Some(Applicant {
            kind: kind.into(),
            name: person.name,
            identity_number: person.identity_number,
            phone: person.phone,
            email: person.email,
            address: person.address,
            submitter_name: person.submitter_name,
            request_content: person.request_content,
        }),
        components: components.collect::<Result<_, _>>()?,
        checklist,
        place: place.into(),
        boundary_independent: told.boundary_independent,
        synthetic: told.synthetic,
    };
    let keyed = keep(spool, &told.hand, command, Item::Collected(collected))?;
    tell(keyed, &format!("phiếu gửi · slip {slip}"));
    Ok(())
}

/// Papers change hands.
///
/// # Errors
/// As [`collect`].
pub fn hand_over(spool: &Spool, told: args::HandOver) -> Result<(), Failure> {
    let command = command(&told.hand);
    let from = match &told.from {
        Some(from) => party(from)?,
        None => HandOverParty {
            kind: PartyKind::Terminal.into(),
            id: spool.identity.terminal.clone(),
        },
    };
    let minute = HandOver {
        number: told.number.clone(),
        from: Some(from),
        to: Some(party(&told.to)?),
        signed_at: Some(stamp(told.signed_at.unwrap_or_else(now))),
        giver: told.hand.actor.clone(),
        taker: told.taker,
        papers: told
            .papers
            .iter()
            .map(|it| paper(it))
            .collect::<Result<_, _>>()?,
    };
    let keyed = keep(spool, &told.hand, command, Item::HandOver(minute))?;
    tell(
        keyed,
        &format!("biên bản giao nhận · minute {}", told.number),
    );
    Ok(())
}

/// A fee is taken.
///
/// # Errors
/// As [`collect`], and when no receipt number is left.
pub fn receipt(spool: &Spool, told: args::Receipt) -> Result<(), Failure> {
    let command = command(&told.hand);
    let dossier = match (told.slip, told.code) {
        (Some(slip), _) => fee_receipt::Dossier::Slip(slip),
        (None, Some(code)) => fee_receipt::Dossier::Code(code),
        (None, None) => return Err("the fee is for a slip or for a code".into()),
    };
    let mut receipt = FeeReceipt {
        series: told.series.clone(),
        // Any: whether the rest is right is known before a number is used up for it.
        number: 1,
        amount_vnd: told.amount_vnd,
        notice: told.notice,
        dossier: Some(dossier),
    };
    sound(
        spool,
        &entry(&told.hand, command, Item::FeeReceipt(receipt.clone())),
    )?;
    // Taken first: after a crash a number is skipped, never used twice.
    receipt.number = spool.change(|state| {
        let range = state
            .receipts
            .iter_mut()
            .find(|range| range.series == told.series && range.next <= range.last)
            .ok_or_else(|| {
                format!(
                    "no receipt of series {0} is left: `hoso terminal lease --series {0}`",
                    told.series
                )
            })?;
        range.next += 1;
        Ok(range.next - 1)
    })?;
    let number = receipt.number;
    let keyed = keep(spool, &told.hand, command, Item::FeeReceipt(receipt))?;
    // Keyed in again: the number that was given then is the receipt's.
    let number = match spool.entry(keyed.sequence).map(|entry| entry.item) {
        Ok(Some(Item::FeeReceipt(kept))) => kept.number,
        Ok(_) | Err(_) => number,
    };
    tell(
        keyed,
        &format!("biên lai · receipt {}/{number}", told.series),
    );
    Ok(())
}

/// A result was handed over.
///
/// # Errors
/// As [`collect`].
pub fn deliver(spool: &Spool, told: &args::Deliver) -> Result<(), Failure> {
    let to_authorised = told.to_authorised;
    posted(spool, &told.posted, |postal_item, signed_at| {
        filing::Brought::Delivery(BroughtDelivery {
            postal_item,
            signed_at,
            to_authorised,
        })
    })
}

/// Nobody was met.
///
/// # Errors
/// As [`collect`].
pub fn attempt(spool: &Spool, told: args::Attempt) -> Result<(), Failure> {
    let reason_code = told.reason;
    posted(spool, &told.posted, |postal_item, signed_at| {
        filing::Brought::DeliveryFailure(BroughtDeliveryFailure {
            postal_item,
            signed_at,
            reason_code,
        })
    })
}

/// A result goes back.
///
/// # Errors
/// As [`collect`].
pub fn give_back(spool: &Spool, told: &args::GiveBack) -> Result<(), Failure> {
    posted(spool, &told.posted, |postal_item, signed_at| {
        filing::Brought::GivenBack(BroughtReturn {
            postal_item,
            signed_at,
        })
    })
}

fn posted(
    spool: &Spool,
    told: &Posted,
    brought: impl FnOnce(String, Option<prost_types::Timestamp>) -> filing::Brought,
) -> Result<(), Failure> {
    let command = command(&told.hand);
    let words = match &told.words {
        Some(file) => typed::text(file)?,
        None => String::new(),
    };
    let signed_at = stamp(told.signed_at.unwrap_or_else(now));
    let filing = Filing {
        dossier: Some(filing::Dossier::Code(told.code.clone())),
        brought: Some(brought(told.item.clone(), Some(signed_at))),
        words,
    };
    let keyed = keep(spool, &told.hand, command, Item::Filing(filing))?;
    tell(
        keyed,
        &format!("bưu gửi · item {} · {}", told.item, told.code),
    );
    Ok(())
}

fn command(hand: &Hand) -> Uuid {
    hand.command_id.unwrap_or_else(Uuid::new_v4)
}

/// A slip's number: the terminal's, and enough of the command that a terminal set back gives no number twice.
fn slip(terminal: &str, command: Uuid) -> String {
    let hexadecimal = command.simple().to_string().to_uppercase();
    format!("{terminal}-{}", &hexadecimal[..10])
}

/// Keeps what was keyed in, if there is nothing wrong with it that can be seen here.
fn keep(spool: &Spool, hand: &Hand, command: Uuid, item: Item) -> Result<Keyed, Failure> {
    let entry = entry(hand, command, item);
    sound(spool, &entry)?;
    spool.append(entry)
}

fn entry(hand: &Hand, command: Uuid, item: Item) -> JournalEntry {
    JournalEntry {
        sequence: 0,
        command_id: command.to_string(),
        device_time: Some(stamp(now())),
        actor: hand.actor.clone(),
        item: Some(item),
    }
}

/// What the node would refuse of every entry is told while the clerk can still put it right, every field at once.
fn sound(spool: &Spool, entry: &JournalEntry) -> Result<(), Failure> {
    let mut faults = Faults::default();
    let keyed = post::keyed(entry, &mut faults);
    let operator = OrganisationId::new(spool.identity.operator.as_str());
    let item = post::item(entry, &operator, &mut faults)
        .map_err(|error| client::explain(&Status::from(error)))?;
    faults
        .finish(keyed.zip(item))
        .map_err(|error| client::explain(&Status::from(error)))?;
    Ok(())
}

fn tell(keyed: Keyed, what: &str) {
    out::print(&format!("{:>6}  {what}", keyed.sequence));
}

/// The terminal's clock.
pub fn now() -> Timestamp {
    chassis::Clock::system().now()
}

/// A moment on the wire.
pub fn stamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

/// Who gives or takes, as KIND:ID.
fn party(text: &str) -> Result<HandOverParty, Failure> {
    let kind = text.split_once(':').and_then(|(kind, id)| {
        let kind = match kind {
            "terminal" => PartyKind::Terminal,
            "office" => PartyKind::PostOffice,
            "point" => PartyKind::Point,
            _ => return None,
        };
        Some((kind, id))
    });
    let (kind, id) =
        kind.ok_or_else(|| format!("{text}: must be terminal:ID, office:ID or point:ID"))?;
    Ok(HandOverParty {
        kind: kind.into(),
        id: id.to_owned(),
    })
}

/// What changes hands, as SLIP or code:CODE, with what was found behind `=`.
fn paper(text: &str) -> Result<HandedOver, Failure> {
    let (name, found) = match text.split_once('=') {
        Some((name, found)) => {
            let found = Found::from_str(found, true).map_err(|_| {
                format!("{text}: behind = comes complete, incomplete, missing or damaged")
            })?;
            (name, Some(found))
        }
        None => (text, None),
    };
    let result = match found {
        None => PaperResult::Unspecified,
        Some(Found::Complete) => PaperResult::Complete,
        Some(Found::Incomplete) => PaperResult::Incomplete,
        Some(Found::Missing) => PaperResult::Missing,
        Some(Found::Damaged) => PaperResult::Damaged,
    };
    let paper = match name.strip_prefix("code:") {
        Some(code) => handed_over::Paper::Code(code.to_owned()),
        None => handed_over::Paper::Slip(name.to_owned()),
    };
    Ok(HandedOver {
        item: String::new(),
        result: result.into(),
        dossier_id: String::new(),
        paper: Some(paper),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_and_what_was_found_are_said_in_words() {
        assert_eq!(party("point:TTPVHCC-DT").unwrap().id, "TTPVHCC-DT");
        assert!(party("TTPVHCC-DT").is_err());
        let found = paper("BC1-00AA=incomplete").unwrap();
        assert_eq!(found.result(), PaperResult::Incomplete);
        assert!(paper("BC1-00AA=perhaps").is_err());
        let result = paper("code:000.00.06.H20-261126-0001").unwrap();
        assert!(matches!(result.paper, Some(handed_over::Paper::Code(_))));
    }
}

//! What a postal terminal says, from the wire: entries of its journal, each item with all of its faults at once.

use application::desk::Name;
use domain::command::NoteCollection;
use domain::event::{Found, HandOverSigned, HandedOver, Holder, Paper, PlaceKind, SLIP_SYSTEM};
use domain::ids::{ActorId, DossierCode, OrganisationId, SourceReference, TerminalId, VersionHash};
use jiff::Timestamp;
use uuid::Uuid;

use super::change::Wished;
use super::filing::Filed;
use super::{brought, change, filing, values};
use crate::faults::Faults;
use crate::hoso::dossier::v1 as dossier;
use crate::hoso::intake::v1 as wire;
use crate::status::EdgeError;
use crate::text;

/// Papers in one minute, at most: its record must fit into the log.
const PAPERS_MAX: usize = 200;
/// Receipt numbers in one lease, at most.
const LEASE_MAX: u32 = 1_000;

/// Who calls, and how far it is.
#[derive(Clone, Debug)]
pub struct Hello {
    /// The terminal.
    pub terminal: TerminalId,
    /// Where it says that it stands.
    pub office: Box<str>,
    /// Up to which entry it has answers.
    pub acknowledged: u32,
    /// The last entry of its journal.
    pub highest: u32,
    /// Its clock.
    pub device_time: Timestamp,
    /// The node that enrolled it, if it says so.
    pub node: Option<u32>,
}

/// What every entry says besides its matter.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The command's id.
    pub command: Uuid,
    /// When it was keyed in.
    pub device_at: Timestamp,
    /// The clerk.
    pub actor: ActorId,
}

/// What an entry wishes.
#[derive(Debug)]
pub enum Item {
    /// To file what was collected.
    Collected(Box<(Filed, Collection)>),
    /// To record a minute.
    HandOver(Box<HandOver>),
    /// To record a receipt.
    FeeReceipt(FeeReceipt),
    /// To take in what was brought.
    Filing(Wished),
    /// Nothing: the terminal has it no more.
    Lost(Box<str>),
}

/// What is noted about a collected dossier.
#[derive(Clone, Debug)]
pub struct Collection {
    /// The slip.
    pub slip: Box<str>,
    /// The checklist used.
    pub checklist: VersionHash,
}

impl Collection {
    /// The note, by this terminal at this time.
    pub fn command(&self, terminal: TerminalId, device_at: Timestamp) -> NoteCollection {
        NoteCollection {
            slip: self.slip.clone(),
            terminal,
            checklist: self.checklist.clone(),
            device_at,
        }
    }
}

/// A minute as it came; which dossiers its papers are is not looked up yet.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// What it says.
    pub signed: HandOverSigned,
    /// When it says that it was signed.
    pub signed_at: Timestamp,
}

/// A receipt as it came.
#[derive(Clone, Debug)]
pub struct FeeReceipt {
    /// The series.
    pub series: Box<str>,
    /// The number.
    pub number: u64,
    /// What for.
    pub paper: Paper,
    /// In đồng.
    pub amount_vnd: u64,
    /// The notice paid.
    pub notice: Option<Box<str>>,
}

/// A terminal's id, in the field `terminal_id`.
pub fn terminal_id(given: &str, faults: &mut Faults) -> Option<TerminalId> {
    let id = text::identifier(given, 64).and_then(|id| {
        let plain = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_/".contains(&byte));
        plain
            .then_some(id)
            .ok_or_else(|| "may hold letters, digits and .-_/ only".to_owned())
    });
    faults.take("terminal_id", id).map(TerminalId::new)
}

/// A hello from the wire, within the field `hello`.
pub fn hello(given: &wire::TerminalHello, faults: &mut Faults) -> Option<Hello> {
    faults.within("hello", |faults| {
        let terminal = terminal_id(&given.terminal_id, faults);
        let office = faults.take("office", text::identifier(&given.office, 64));
        let device_time = time("device_time", given.device_time, faults);
        if given.acknowledged > given.highest {
            faults.note("acknowledged", "may not be more than highest");
        }
        Some(Hello {
            terminal: terminal?,
            office: office?.into(),
            acknowledged: given.acknowledged,
            highest: given.highest,
            device_time: device_time?,
            node: given.node,
        })
    })
}

/// What an entry says besides its matter.
pub fn keyed(given: &wire::JournalEntry, faults: &mut Faults) -> Option<Keyed> {
    let command = faults.take("command_id", text::uuid(&given.command_id));
    let device_at = time("device_time", given.device_time, faults);
    let actor = filing::actor(&given.actor, faults);
    Some(Keyed {
        command: command?,
        device_at: device_at?,
        actor: actor?,
    })
}

/// What an entry wishes; `operator` runs the terminal.
///
/// # Errors
/// When something cannot be written for the vault, which nothing in an entry can cause.
pub fn item(
    given: &wire::JournalEntry,
    operator: &OrganisationId,
    faults: &mut Faults,
) -> Result<Option<Item>, EdgeError> {
    use wire::journal_entry::Item as Wire;
    Ok(match &given.item {
        Some(Wire::Collected(it)) => faults
            .within("collected", |faults| collected(it, operator, faults))
            .map(|it| Item::Collected(Box::new(it))),
        Some(Wire::HandOver(it)) => faults
            .within("hand_over", |faults| hand_over(it, faults))
            .map(|it| Item::HandOver(Box::new(it))),
        Some(Wire::FeeReceipt(it)) => faults
            .within("fee_receipt", |faults| fee_receipt(it, faults))
            .map(Item::FeeReceipt),
        Some(Wire::Filing(it)) => brought::wished(Some(it), faults)?.map(Item::Filing),
        Some(Wire::Lost(it)) => faults
            .within("lost", |faults| {
                change::reason_code(&it.reason_code, faults)
            })
            .map(Item::Lost),
        None => {
            faults.note(
                "item",
                "must say what was done: collected, hand_over, fee_receipt, filing or lost",
            );
            None
        }
    })
}

/// How a slip's dossier is found.
pub fn by_slip(slip: &str) -> Name {
    Name::Source(SourceReference {
        system: SLIP_SYSTEM.into(),
        reference: slip.into(),
    })
}

fn collected(
    given: &wire::Collected,
    operator: &OrganisationId,
    faults: &mut Faults,
) -> Option<(Filed, Collection)> {
    let slip = faults.take("slip", text::identifier(&given.slip, 64));
    let checklist = faults.take("checklist", text::identifier(&given.checklist, 64));
    let by_post = matches!(
        values::place(given.place),
        Ok(PlaceKind::PostOffice | PlaceKind::HomeCollection)
    );
    // What is wrong with the place is said once, in the post's words.
    let place = if by_post {
        given.place
    } else {
        faults.note("place", "must be a post office or the applicant's address");
        dossier::PlaceKind::PostOffice.into()
    };
    let filed = filing::submitted(
        &wire::Submission {
            procedure: given.procedure.clone(),
            agency: given.agency.clone(),
            channel: dossier::Channel::Postal.into(),
            place,
            operator: operator.to_string(),
            applicant: given.applicant.clone(),
            components: given.components.clone(),
            source: slip.map(|slip| dossier::SourceReference {
                system: SLIP_SYSTEM.to_owned(),
                reference: slip.to_owned(),
            }),
            synthetic: given.synthetic,
            boundary_independent: given.boundary_independent,
            ..wire::Submission::default()
        },
        faults,
    );
    let collection = Collection {
        slip: slip?.into(),
        checklist: VersionHash::new(checklist?),
    };
    Some((filed?, collection))
}

fn hand_over(given: &wire::HandOver, faults: &mut Faults) -> Option<HandOver> {
    let number = faults.take("number", text::identifier(&given.number, 64));
    let from = faults.within("from", |faults| holder(given.from.as_ref(), faults));
    let to = faults.within("to", |faults| holder(given.to.as_ref(), faults));
    if from.is_some() && from == to {
        faults.note("to", "must be another than the side that gives");
    }
    let signed_at = time("signed_at", given.signed_at, faults);
    let giver = faults.take("giver", text::identifier(&given.giver, 128));
    let taker = if given.taker.is_empty() {
        Some(None)
    } else {
        faults
            .take("taker", text::identifier(&given.taker, 128))
            .map(|taker| Some(ActorId::new(taker)))
    };
    let papers = papers(&given.papers, !given.taker.is_empty(), faults);
    Some(HandOver {
        signed: HandOverSigned {
            number: number?.into(),
            from: from?,
            to: to?,
            giver: ActorId::new(giver?),
            taker: taker?,
            papers: papers?,
        },
        signed_at: signed_at?,
    })
}

/// The papers of a minute, each once, in the field `papers`; what was found must be said when that side has signed, and
/// cannot be before.
pub fn papers(
    given: &[wire::HandedOver],
    signed: bool,
    faults: &mut Faults,
) -> Option<Vec<HandedOver>> {
    if given.is_empty() || given.len() > PAPERS_MAX {
        faults.note("papers", format!("must be 1 to {PAPERS_MAX}"));
        return None;
    }
    let mut seen = std::collections::HashSet::new();
    let mut lines = Vec::with_capacity(given.len());
    for (index, line) in given.iter().enumerate() {
        use wire::handed_over::Paper as Wire;
        let mut note =
            |field: &str, said: &str| faults.note(&format!("papers[{index}]{field}"), said);
        let (field, text, result) = match &line.paper {
            Some(Wire::Slip(slip)) => (".slip", slip, false),
            Some(Wire::Code(code)) => (".code", code, true),
            None => {
                note("", "must name a slip or a code");
                continue;
            }
        };
        if let Err(wrong) = text::identifier(text, 64) {
            note(field, &wrong);
        }
        if let Err(wrong) = text::identifier(&line.item, 64)
            && !line.item.is_empty()
        {
            note(".item", &wrong);
        }
        let found = found(line.result);
        if found.is_some() != signed {
            note(
                ".result",
                "must be said once the side that takes has signed, and not before",
            );
        }
        let paper = paper(text, result);
        if !seen.insert(paper.clone()) {
            note(field, "is in the minute twice");
        }
        lines.push(HandedOver {
            paper,
            item: (!line.item.is_empty()).then(|| line.item.as_str().into()),
            dossier: None,
            found,
        });
    }
    Some(lines)
}

fn paper(text: &str, result: bool) -> Paper {
    if result {
        Paper::Result(DossierCode::new(text))
    } else {
        Paper::Slip(text.into())
    }
}

fn fee_receipt(given: &wire::FeeReceipt, faults: &mut Faults) -> Option<FeeReceipt> {
    use wire::fee_receipt::Dossier as Wire;
    let series = series(&given.series, faults);
    if given.number == 0 {
        faults.note("number", "must be a number from 1 on");
    }
    let paper = match &given.dossier {
        Some(Wire::Slip(slip)) => faults
            .take("slip", text::identifier(slip, 64))
            .map(|slip| paper(slip, false)),
        Some(Wire::Code(code)) => faults
            .take("code", text::identifier(code, 64))
            .map(|code| paper(code, true)),
        None => {
            faults.note("", "must say what for: a slip or a code");
            None
        }
    };
    let amount_vnd = change::amount(given.amount_vnd, faults);
    let notice = if given.notice.is_empty() {
        Some(None)
    } else {
        if matches!(given.dossier, Some(Wire::Slip(_))) {
            faults.note(
                "notice",
                "goes with a code: nothing is asked of a dossier without one",
            );
        }
        faults
            .take("notice", text::identifier(&given.notice, 64))
            .map(|notice| Some(notice.into()))
    };
    Some(FeeReceipt {
        series: series?,
        number: given.number,
        paper: paper?,
        amount_vnd: amount_vnd?,
        notice: notice?,
    })
}

/// A series of receipts, in the field `series`.
pub fn series(given: &str, faults: &mut Faults) -> Option<Box<str>> {
    let series = text::identifier(given, 16).and_then(|series| {
        let plain = series
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_/".contains(&byte));
        plain
            .then_some(series)
            .ok_or_else(|| "may hold letters, digits and .-_/ only".to_owned())
    });
    faults.take("series", series).map(Into::into)
}

/// How many receipt numbers, in the field `count`.
pub fn lease_count(given: u32, faults: &mut Faults) -> Option<u32> {
    if given == 0 || given > LEASE_MAX {
        faults.note("count", format!("must be 1 to {LEASE_MAX}"));
        return None;
    }
    Some(given)
}

fn holder(given: Option<&wire::HandOverParty>, faults: &mut Faults) -> Option<Holder> {
    let given = given.cloned().unwrap_or_default();
    let id = faults.take("id", text::identifier(&given.id, 64));
    match wire::PartyKind::try_from(given.kind) {
        Ok(wire::PartyKind::Terminal) => id.map(|id| Holder::Terminal(TerminalId::new(id))),
        Ok(wire::PartyKind::PostOffice) => id.map(|id| Holder::PostOffice(id.into())),
        Ok(wire::PartyKind::Point) => id.map(|id| Holder::Point(id.into())),
        Ok(wire::PartyKind::Unspecified) | Err(_) => {
            faults.note(
                "kind",
                "must be a terminal, a post office or a one-stop point",
            );
            None
        }
    }
}

fn found(value: i32) -> Option<Found> {
    match wire::PaperResult::try_from(value) {
        Ok(wire::PaperResult::Complete) => Some(Found::Complete),
        Ok(wire::PaperResult::Incomplete) => Some(Found::Incomplete),
        Ok(wire::PaperResult::Missing) => Some(Found::Missing),
        Ok(wire::PaperResult::Damaged) => Some(Found::Damaged),
        Ok(wire::PaperResult::Unspecified) | Err(_) => None,
    }
}

fn time(
    field: &str,
    given: Option<prost_types::Timestamp>,
    faults: &mut Faults,
) -> Option<Timestamp> {
    let time = given
        .ok_or_else(|| "must be said".to_owned())
        .and_then(values::instant);
    faults.take(field, time)
}

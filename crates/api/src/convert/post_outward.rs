//! What is known about terminals, journals, minutes and papers on their way, outwards.

use application::post::custody::{Held, Place};
use application::post::hand_over::Minute;
use application::post::journal::Answered;
use application::post::terminal::Terminal;
use domain::event::{
    EntryAnswer, EntryFlag, Found, HandOverSigned, HandedOver, Holder, Paper, ReceiptRangeLeased,
    TerminalFlag,
};

use super::values;
use crate::edge;
use crate::hoso::intake::v1 as wire;
use crate::place;
use crate::token::{self, Point};

/// The answer to an entry; `minute` is the one that the entry recorded, as it was then.
pub fn answer(answered: &Answered, minute: Option<&HandOverSigned>) -> wire::EntryAnswer {
    let (place, it) = (answered.record.place, &answered.answered);
    let mut told = wire::EntryAnswer {
        sequence: answered.sequence,
        command_id: it.command.to_string(),
        flags: it
            .flags
            .iter()
            .map(|flag| flag_name(*flag).to_owned())
            .collect(),
        recorded_at: edge::recorded_at(place.recorded_at),
        position: token::write(&[Point {
            log: place.log,
            epoch: place.epoch,
            position: place.position,
        }]),
        ..wire::EntryAnswer::default()
    };
    matter(&it.answer, minute, &mut told);
    told
}

/// What became of an entry, into its answer.
pub fn matter(answer: &EntryAnswer, minute: Option<&HandOverSigned>, told: &mut wire::EntryAnswer) {
    told.set_result(wire::EntryResult::Taken);
    match answer {
        EntryAnswer::Collected { dossier } => told.dossier_id = dossier.to_string(),
        EntryAnswer::HandedOver { .. } => {
            told.papers = minute.map_or_else(Vec::new, |minute| lines(&minute.papers));
        }
        EntryAnswer::ReceiptIssued { filing } => {
            told.filing_id = filing.map(|filing| filing.to_string()).unwrap_or_default();
        }
        EntryAnswer::Filed { filing } => told.filing_id = filing.to_string(),
        EntryAnswer::Lost { .. } => {}
        EntryAnswer::Duplicate { of } => {
            told.set_result(wire::EntryResult::Duplicate);
            told.duplicate_of = *of;
        }
        EntryAnswer::Refused(refusal) => {
            told.set_result(wire::EntryResult::Refused);
            let faults = refusal
                .faults
                .iter()
                .map(|(field, description)| wire::EntryFault {
                    field: field.to_string(),
                    description: description.to_string(),
                });
            told.refusal = Some(wire::EntryRefusal {
                reason: refusal.reason.to_string(),
                faults: faults.collect(),
                message: refusal.message.to_string(),
            });
        }
    }
}

fn flag_name(flag: EntryFlag) -> &'static str {
    match flag {
        EntryFlag::ClockSkewed => "clock_skewed",
        EntryFlag::ClockWentBack => "clock_went_back",
        EntryFlag::ChecklistOutdated => "checklist_outdated",
        EntryFlag::ReceiptOutsideRange => "receipt_outside_range",
        EntryFlag::SignedInFuture => "signed_in_future",
        EntryFlag::PaperUnknown => "paper_unknown",
    }
}

/// A terminal, as the node of this digit knows it.
pub fn terminal(
    node: u8,
    terminal: &Terminal,
    last_sequence: u32,
    ranges: &[ReceiptRangeLeased],
) -> wire::Terminal {
    let notes = terminal.notes.iter().map(|(at, note)| wire::TerminalNote {
        flag: match note.flag {
            TerminalFlag::SetBack => "set_back",
            TerminalFlag::SequenceReused => "sequence_reused",
            TerminalFlag::ClockSkewed => "clock_skewed",
            TerminalFlag::ServerBehind => "server_behind",
        }
        .to_owned(),
        noted_at: Some(values::timestamp(*at)),
        sequence: note.sequence,
        skew_seconds: note.skew_seconds,
    });
    wire::Terminal {
        terminal_id: terminal.enrolled.terminal.to_string(),
        office: terminal.enrolled.office.to_string(),
        operator: terminal.enrolled.operator.to_string(),
        enrolled_at: Some(values::timestamp(terminal.enrolled_at)),
        last_sequence,
        receipt_ranges: ranges.iter().map(range).collect(),
        notes: notes.collect(),
        node: node.into(),
    }
}

/// Receipt numbers.
pub fn range(range: &ReceiptRangeLeased) -> wire::ReceiptRange {
    wire::ReceiptRange {
        series: range.series.to_string(),
        first: range.first,
        last: range.last,
    }
}

/// A minute.
pub fn minute(minute: &Minute) -> wire::HandOver {
    let signed = &minute.signed;
    wire::HandOver {
        number: signed.number.to_string(),
        from: Some(holder(&signed.from)),
        to: Some(holder(&signed.to)),
        signed_at: Some(values::timestamp(minute.signed_at)),
        giver: signed.giver.to_string(),
        taker: signed
            .taker
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        papers: lines(&signed.papers),
    }
}

fn lines(papers: &[HandedOver]) -> Vec<wire::HandedOver> {
    use wire::handed_over::Paper as Wire;
    papers
        .iter()
        .map(|line| wire::HandedOver {
            paper: Some(match &line.paper {
                Paper::Slip(slip) => Wire::Slip(slip.to_string()),
                Paper::Result(code) => Wire::Code(code.to_string()),
            }),
            item: line.item.as_deref().unwrap_or_default().to_owned(),
            result: result(line.found).into(),
            dossier_id: line.dossier.map(|id| id.to_string()).unwrap_or_default(),
        })
        .collect()
}

impl place::Place for Place {
    fn to_bytes(&self) -> Vec<u8> {
        [&self.since.to_be_bytes()[..], &self.index.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (since, index) = bytes.split_at_checked(8)?;
        Some(Self {
            since: u64::from_be_bytes(since.try_into().ok()?),
            index: u32::from_be_bytes(index.try_into().ok()?),
        })
    }
}

/// A paper on its way, for so many working minutes.
pub fn open(held: &Held, working_minutes: u64) -> wire::OpenCustody {
    use wire::open_custody::Paper as Wire;
    wire::OpenCustody {
        paper: Some(match &held.paper {
            Paper::Slip(slip) => Wire::Slip(slip.to_string()),
            Paper::Result(code) => Wire::Code(code.to_string()),
        }),
        dossier_id: held.dossier.map(|id| id.to_string()).unwrap_or_default(),
        holder: Some(holder(&held.holder)),
        since: Some(values::timestamp(held.since)),
        working_minutes,
        unacknowledged: held
            .unacknowledged
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
        found: result(held.found).into(),
    }
}

fn holder(holder: &Holder) -> wire::HandOverParty {
    let (kind, id) = match holder {
        Holder::Terminal(id) => (wire::PartyKind::Terminal, id.to_string()),
        Holder::PostOffice(id) => (wire::PartyKind::PostOffice, id.to_string()),
        Holder::Point(id) => (wire::PartyKind::Point, id.to_string()),
    };
    wire::HandOverParty {
        kind: kind.into(),
        id,
    }
}

fn result(found: Option<Found>) -> wire::PaperResult {
    match found {
        None => wire::PaperResult::Unspecified,
        Some(Found::Complete) => wire::PaperResult::Complete,
        Some(Found::Incomplete) => wire::PaperResult::Incomplete,
        Some(Found::Missing) => wire::PaperResult::Missing,
        Some(Found::Damaged) => wire::PaperResult::Damaged,
    }
}

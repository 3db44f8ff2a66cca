//! Who has which papers: a fold over the log, in which every step is one that both sides have signed.
//!
//! A dossier is the terminal's from its slip on, and the agency's once a one-stop point has signed for it, or has accepted
//! or refused it. A result is the post's from the minute by which it got it until it is delivered or given back.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};

use domain::event::{
    Brought, DossierCollected, Event, EventKind, FilingReceived, Found, HandOverSigned, Holder,
    Paper, ReceiptRangeLeased,
};
use domain::ids::{AgencyId, DossierId, DossierName, TerminalId};
use eventlog::Position;
use eventlog::format::RecordView;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::hand_over::acknowledge;
use crate::codec;
use crate::projection::Fold;
use crate::snapshot::{self, Keep};

/// Where a paper stands in the list: those that wait longest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Place {
    /// The record by which its holder got it.
    pub since: Position,
    /// Which paper of that record.
    pub index: u32,
}

/// A paper that is on its way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// What.
    pub paper: Paper,
    /// Who has it.
    pub holder: Holder,
    /// Since when, on this node's clock.
    pub since: Timestamp,
    /// Which dossier, when it was known here.
    pub dossier: Option<DossierId>,
    /// The agency it is for, when it was known here.
    pub agency: Option<AgencyId>,
    /// The minute by which the holder says it was handed on.
    pub unacknowledged: Option<Box<str>>,
    /// What was found when it was last taken.
    pub found: Option<Found>,
}

/// A minute that makes a dossier lawfully filed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lawful {
    /// Its number.
    pub number: Box<str>,
    /// When both sides had signed.
    pub signed_at: Timestamp,
}

/// How many papers are on their way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Open {
    /// Those that terminals have.
    pub terminals: u64,
    /// Those that post offices have.
    pub offices: u64,
    /// Those whose holder says that he handed them on, and nobody has signed for it.
    pub unacknowledged: u64,
}

/// The papers on their way, the minutes that wait for the other side, what was handed over and is not accepted, and the
/// receipt numbers of each terminal.
#[derive(Debug, Default)]
pub struct Custody {
    papers: BTreeMap<Place, Held>,
    places: HashMap<Paper, Place>,
    slips: HashMap<DossierId, Box<str>>,
    unacknowledged: HashMap<Box<str>, HandOverSigned>,
    lawful: HashMap<DossierId, Lawful>,
    ranges: HashMap<TerminalId, Vec<ReceiptRangeLeased>>,
}

impl Custody {
    /// The papers after a place, those that wait longest first.
    pub fn papers(&self, after: Option<Place>) -> impl Iterator<Item = (Place, &Held)> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.papers
            .range((from, std::ops::Bound::Unbounded))
            .map(|(place, held)| (*place, held))
    }

    /// How much of it there is.
    pub fn open(&self) -> Open {
        let mut open = Open::default();
        for held in self.papers.values() {
            match held.holder {
                Holder::Terminal(_) => open.terminals += 1,
                Holder::PostOffice(_) => open.offices += 1,
                // Papers at a point are on their way no more.
                Holder::Point(_) => {}
            }
            open.unacknowledged += u64::from(held.unacknowledged.is_some());
        }
        open
    }

    /// The minute by which a dossier that is not accepted yet was lawfully filed.
    pub fn lawful(&self, dossier: DossierId) -> Option<&Lawful> {
        self.lawful.get(&dossier)
    }

    /// The receipt numbers of a terminal, the oldest first.
    pub fn ranges(&self, terminal: &TerminalId) -> &[ReceiptRangeLeased] {
        self.ranges.get(terminal).map_or(&[], Vec::as_slice)
    }

    /// Whether a receipt's number is this terminal's to use.
    pub fn leased(&self, terminal: &TerminalId, series: &str, number: u64) -> bool {
        self.ranges(terminal)
            .iter()
            .any(|it| *it.series == *series && (it.first..=it.last).contains(&number))
    }

    fn put(&mut self, place: Place, held: Held) {
        self.places.insert(held.paper.clone(), place);
        if let (Paper::Slip(slip), Some(dossier)) = (&held.paper, held.dossier) {
            self.slips.insert(dossier, slip.clone());
        }
        self.papers.insert(place, held);
    }

    fn take(&mut self, paper: &Paper) -> Option<Held> {
        let held = self.papers.remove(&self.places.remove(paper)?)?;
        if let Some(dossier) = held.dossier {
            self.slips.remove(&dossier);
        }
        Some(held)
    }

    fn collected(&mut self, at: At, dossier: DossierId, collected: DossierCollected) {
        let held = Held {
            paper: Paper::Slip(collected.slip),
            holder: Holder::Terminal(collected.terminal),
            since: at.recorded,
            dossier: Some(dossier),
            agency: Some(collected.agency),
            unacknowledged: None,
            found: None,
        };
        self.put(at.place(0), held);
    }

    /// A minute that one side has signed: whoever gives has it still, and says that it was handed on.
    fn signed(&mut self, at: At, signed: HandOverSigned) {
        if signed.taker.is_some() {
            self.changed_hands(at, &signed);
            return;
        }
        for paper in &signed.papers {
            let place = self.places.get(&paper.paper);
            if let Some(held) = place.and_then(|place| self.papers.get_mut(place)) {
                held.unacknowledged = Some(signed.number.clone());
            }
        }
        self.unacknowledged.insert(signed.number.clone(), signed);
    }

    /// Both sides have signed.
    fn changed_hands(&mut self, at: At, signed: &HandOverSigned) {
        for (line, index) in signed.papers.iter().zip(0..) {
            let before = self.take(&line.paper);
            if line.found == Some(Found::Missing) {
                // Whoever gives still answers for it.
                if let Some(before) = before {
                    let missed = Held {
                        unacknowledged: None,
                        found: line.found,
                        ..before
                    };
                    self.put(at.place(index), missed);
                }
                continue;
            }
            match &signed.to {
                Holder::Point(_) => {
                    if let (Paper::Slip(_), Some(Found::Complete), Some(dossier)) =
                        (&line.paper, line.found, line.dossier)
                    {
                        let lawful = Lawful {
                            number: signed.number.clone(),
                            signed_at: at.occurred,
                        };
                        self.lawful.insert(dossier, lawful);
                    }
                }
                Holder::Terminal(_) | Holder::PostOffice(_) => {
                    let held = Held {
                        paper: line.paper.clone(),
                        holder: signed.to.clone(),
                        since: at.recorded,
                        dossier: line.dossier,
                        agency: before.and_then(|before| before.agency),
                        unacknowledged: None,
                        found: line.found.filter(|found| *found != Found::Complete),
                    };
                    self.put(at.place(index), held);
                }
            }
        }
    }

    /// The post delivered a result, or gave it back: it is on its way no more.
    fn brought(&mut self, filing: &FilingReceived) {
        match &filing.brought {
            Brought::Delivered { .. } | Brought::GivenBack { .. } => {}
            Brought::DeliveryFailed { .. }
            | Brought::Supplement { .. }
            | Brought::Payment { .. }
            | Brought::Withdrawal { .. }
            | Brought::Authorisation(_) => return,
        }
        let code = match &filing.dossier {
            DossierName::Code(code) => Some(Paper::Result(code.clone())),
            DossierName::Id(id) => self.result_of(*id),
            DossierName::Source(_) => None,
        };
        if let Some(result) = code {
            self.take(&result);
        }
    }

    fn result_of(&self, dossier: DossierId) -> Option<Paper> {
        let mut held = self.papers.values();
        held.find(|held| held.dossier == Some(dossier) && matches!(held.paper, Paper::Result(_)))
            .map(|held| held.paper.clone())
    }

    /// The agency has it, whatever the minutes say.
    fn at_the_agency(&mut self, dossier: DossierId) {
        self.lawful.remove(&dossier);
        if let Some(slip) = self.slips.get(&dossier).cloned() {
            self.take(&Paper::Slip(slip));
        }
    }
}

/// When and where something was recorded.
#[derive(Clone, Copy)]
struct At {
    position: Position,
    recorded: Timestamp,
    occurred: Timestamp,
}

impl At {
    fn place(self, index: u32) -> Place {
        Place {
            since: self.position,
            index,
        }
    }
}

impl Fold for Custody {
    fn apply(&mut self, record: &RecordView<'_>) {
        let matters = matches!(
            EventKind::named(record.kind),
            Some(
                EventKind::DossierCollected
                    | EventKind::HandOverSigned
                    | EventKind::HandOverAcknowledged
                    | EventKind::ReceiptRangeLeased
                    | EventKind::DossierAccepted
                    | EventKind::IntakeRefused
                    | EventKind::DossierWithdrawn
                    | EventKind::FilingReceived
            )
        );
        if !matters {
            return;
        }
        let dossier = DossierId(record.stream.0);
        let Ok(occurrence) = codec::decode_view(record) else {
            return;
        };
        let at = At {
            position: record.place.position,
            recorded: Timestamp::from_microsecond(record.place.recorded_at).unwrap_or_default(),
            occurred: occurrence.at,
        };
        if let Event::DossierCollected(it) = occurrence.event {
            self.collected(at, dossier, it);
        } else if let Event::HandOverSigned(it) = occurrence.event {
            self.signed(at, it);
        } else if let Event::HandOverAcknowledged(it) = occurrence.event {
            if let Some(mut signed) = self.unacknowledged.remove(&it.number) {
                acknowledge(&mut signed, &it);
                self.changed_hands(at, &signed);
            }
        } else if let Event::ReceiptRangeLeased(it) = occurrence.event {
            self.ranges.entry(it.terminal.clone()).or_default().push(it);
        } else if let Event::FilingReceived(it) = occurrence.event {
            self.brought(&it);
        } else {
            self.at_the_agency(dossier);
        }
    }
}

impl Keep for Custody {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let unacknowledged: Vec<_> = self.unacknowledged.values().collect();
        let lawful: Vec<_> = self.lawful.iter().collect();
        let ranges: Vec<_> = self.ranges.values().flatten().collect();
        snapshot::write_value(to, &(unacknowledged, lawful, ranges))?;
        snapshot::write_lines(to, &self.papers)
    }

    fn read(&self, from: &mut dyn Read) -> io::Result<Self> {
        type Rest = (
            Vec<HandOverSigned>,
            Vec<(DossierId, Lawful)>,
            Vec<ReceiptRangeLeased>,
        );
        let (unacknowledged, lawful, ranges): Rest = snapshot::read_value(from)?;
        let mut custody = Self {
            lawful: lawful.into_iter().collect(),
            ..Self::default()
        };
        for it in unacknowledged {
            custody.unacknowledged.insert(it.number.clone(), it);
        }
        for it in ranges {
            custody
                .ranges
                .entry(it.terminal.clone())
                .or_default()
                .push(it);
        }
        for (place, held) in snapshot::read_lines::<(Place, Held)>(from)? {
            custody.put(place, held);
        }
        Ok(custody)
    }
}

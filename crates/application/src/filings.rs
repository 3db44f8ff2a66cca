//! What was brought to intake nodes: held until its dossier is there, then decided once by the dossier's writer.
//!
//! Everything here follows from the log, so nothing is lost by a crash at any moment: a filing is held from its receipt to
//! the event that names it. `deciding`: how one is decided, and who may.

mod deciding;

use std::collections::BTreeMap;

use domain::event::{Event, EventKind, FilingReceived};
use domain::ids::{DossierId, DossierName, FilingId};
use eventlog::format::RecordView;
use eventlog::{LogId, Position, Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codec::{self, NotUnderstood};
use crate::follow_up::FollowUp;
use crate::projection::Fold;

/// The filings about which nothing is decided yet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Filings {
    held: BTreeMap<FilingId, Held>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Held {
    dossier: DossierName,
    received: Position,
    /// The last record with which the decision may have become possible.
    touched: Position,
}

/// A filing as its receipt tells it.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The record of the receipt.
    pub record: Record,
    /// When it was received: whatever it does counts from here.
    pub at: Timestamp,
    /// For which dossier, and what.
    pub received: FilingReceived,
}

impl Receipt {
    /// A record as a receipt; `None` when it is none.
    ///
    /// # Errors
    /// When it is of a newer program.
    pub fn of(record: Record) -> Result<Option<Self>, NotUnderstood> {
        let occurrence = codec::decode(&record)?;
        let Event::FilingReceived(received) = occurrence.event else {
            return Ok(None);
        };
        Ok(Some(Self {
            record,
            at: occurrence.at,
            received,
        }))
    }

    /// The filing's own id.
    pub fn filing(&self) -> FilingId {
        FilingId(self.record.stream.0)
    }
}

/// How it is with a filing at a desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FilingStanding {
    /// One event decides it.
    Decided,
    /// No dossier of that name is known here.
    NoDossier,
    /// Its dossier is not accepted yet: the node where that was filed decides.
    AtHome {
        /// The dossier.
        dossier: DossierId,
        /// The log that it was filed in.
        home: LogId,
    },
    /// Its dossier is not accepted yet, and only an accepted one can be told what was brought.
    ForAcceptance,
    /// Its dossier was accepted, or never will be: processing decides.
    ForProcessing,
}

/// What became of a filing.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The dossier in whose history it was decided; none when that was never accepted, and the filing's own history says so.
    pub dossier: Option<DossierId>,
    /// The record that decides it.
    pub record: Record,
    /// Why it was refused; `None` when it was not.
    pub refused: Option<Box<str>>,
}

impl Filings {
    /// How many wait for a decision.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The next of those that wait, in the order in which they came, each with its place.
    pub fn page(&self, after: Position, size: usize) -> Vec<(Position, FilingId)> {
        let mut places: Vec<_> = self
            .held
            .iter()
            .map(|(filing, held)| (held.received, *filing))
            .filter(|(received, _)| *received > after)
            .collect();
        places.sort_unstable();
        places.truncate(size);
        places
    }

    /// The place of one that waits, in the order in which they came; `None` when it waits no more.
    pub fn place(&self, filing: FilingId) -> Option<Position> {
        self.held.get(&filing).map(|held| held.received)
    }

    /// What may be decided by what came after a position, in the order in which it was brought: of two attempts to deliver
    /// the first is the first.
    pub fn since(&self, position: Position) -> impl Iterator<Item = FollowUp> {
        let mut due: Vec<_> = self
            .held
            .iter()
            .filter(|(_, held)| held.touched > position)
            .map(|(filing, held)| (held.received, *filing))
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, filing)| FollowUp::Filing(filing))
    }

    /// What a record decides is held no more.
    fn decided(&mut self, record: &RecordView<'_>) {
        if decides(record.kind)
            && let Ok(occurrence) = codec::decode_view(record)
            && let Some(decided) = occurrence.event.filing()
        {
            self.held.remove(&decided);
        }
    }

    /// A dossier was filed, accepted, or never will be: what was brought for it may now be decided.
    fn moved(&mut self, record: &RecordView<'_>) {
        let Ok(occurrence) = codec::decode_view(record) else {
            return;
        };
        let given = if let Event::DossierAccepted(accepted) = &occurrence.event {
            Some(&accepted.code)
        } else {
            None
        };
        let filed = if let Event::DossierSubmitted(submitted) = &occurrence.event {
            Some(submitted.source.as_ref())
        } else {
            None
        };
        let id = DossierId(record.stream.0);
        for held in self.held.values_mut() {
            let may_be = match &held.dossier {
                DossierName::Id(named) => *named == id,
                DossierName::Code(code) => Some(code) == given,
                // The number of the other system was said when the dossier was filed; afterwards the log is asked for it.
                DossierName::Source(named) => filed.is_none_or(|said| said == Some(named)),
            };
            if may_be {
                held.touched = record.place.position;
            }
        }
    }
}

impl Fold for Filings {
    fn apply(&mut self, record: &RecordView<'_>) {
        let kind = EventKind::named(record.kind);
        if kind == Some(EventKind::FilingReceived) {
            if let Ok(occurrence) = codec::decode_view(record)
                && let Event::FilingReceived(received) = occurrence.event
            {
                let position = record.place.position;
                self.held.insert(
                    FilingId(record.stream.0),
                    Held {
                        dossier: received.dossier,
                        received: position,
                        touched: position,
                    },
                );
            }
        } else if self.held.is_empty() {
            // Most of the time: nothing has to be decoded.
        } else {
            if matches!(
                kind,
                Some(
                    EventKind::DossierSubmitted
                        | EventKind::DossierAccepted
                        | EventKind::IntakeRefused
                        | EventKind::DossierWithdrawn
                )
            ) {
                self.moved(record);
            }
            self.decided(record);
        }
    }

    /// The home of a second history decides too what was brought to it.
    fn rival(&mut self, record: &RecordView<'_>) {
        if !self.held.is_empty() {
            self.decided(record);
        }
    }
}

/// Whether an event of this kind may decide a filing.
fn decides(kind: &str) -> bool {
    matches!(
        EventKind::named(kind),
        Some(
            EventKind::IntakeSupplementReceived
                | EventKind::SupplementReceived
                | EventKind::FeePaid
                | EventKind::DossierWithdrawn
                | EventKind::AuthorisationRecorded
                | EventKind::ResultDelivered
                | EventKind::DeliveryFailed
                | EventKind::ResultReturnedToAgency
                | EventKind::FilingRefused
        )
    )
}

//! What was brought to intake nodes: held until its dossier is there, then decided once by the dossier's writer.
//!
//! Everything here follows from the log, so nothing is lost by a crash at any moment: a filing is held from its receipt to
//! the event that names it.

use std::collections::BTreeMap;

use domain::dossier::{Context, Dossier, brought};
use domain::event::{Event, EventKind, FilingReceived};
use domain::ids::{ActorId, DossierId, DossierName, FilingId, OrganisationId};
use eventlog::format::RecordView;
use eventlog::{Append, AppendError, Expected, Key, Position, Record, Request, StreamId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::codec::{self, Stamp};
use crate::desk::{Desk, Loaded, Writer};
use crate::error::HandleError;
use crate::follow_up::{FollowUp, TRIES_MAX};
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

    /// A dossier was accepted, or never will be: what was brought for it can be decided.
    fn settled(&mut self, record: &RecordView<'_>) {
        let Ok(occurrence) = codec::decode_view(record) else {
            return;
        };
        let given = if let Event::DossierAccepted(accepted) = &occurrence.event {
            Some(&accepted.code)
        } else {
            None
        };
        let id = DossierId(record.stream.0);
        for held in self.held.values_mut() {
            let may_be = match &held.dossier {
                DossierName::Id(named) => *named == id,
                DossierName::Code(code) => Some(code) == given,
                // The number of the other system was said when the dossier was filed; the log is asked for it.
                DossierName::Source(_) => true,
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
                    EventKind::DossierAccepted
                        | EventKind::IntakeRefused
                        | EventKind::DossierWithdrawn
                )
            ) {
                self.settled(record);
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

impl Desk {
    /// A filing's receipt; `None` when none of that id is here.
    ///
    /// # Errors
    /// When the log cannot be read, or holds an event of a newer program.
    pub fn filing(&self, filing: FilingId) -> Result<Option<Receipt>, HandleError> {
        let records = self.log().stream(StreamId(filing.0))?;
        let Some(record) = records.into_iter().next() else {
            return Ok(None);
        };
        let occurrence = codec::decode(&record)?;
        let Event::FilingReceived(received) = occurrence.event else {
            return Ok(None);
        };
        Ok(Some(Receipt {
            record,
            at: occurrence.at,
            received,
        }))
    }

    /// What became of a filing; `None` while it is held.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn decision(&self, filing: FilingId) -> Result<Option<Decision>, HandleError> {
        let records = self.log().find_request(request(filing).key)?;
        let Some(record) = records.and_then(|records| records.into_iter().next()) else {
            return Ok(None);
        };
        let refused = if let Event::FilingRefused(refused) = codec::decode(&record)?.event {
            Some(refused.reason)
        } else {
            None
        };
        Ok(Some(Decision {
            dossier: (record.stream.0 != filing.0).then_some(DossierId(record.stream.0)),
            record,
            refused,
        }))
    }

    /// Decides a filing if its dossier is written here; otherwise it stays held. Asked again, nothing more happens.
    ///
    /// # Errors
    /// When the dossier is not understood, or the log cannot be read or written.
    pub async fn decide_filing(&self, filing: FilingId, now: Timestamp) -> Result<(), HandleError> {
        if self.log().awaits().is_some() {
            // The rules would judge by less than has happened.
            return Err(HandleError::AwaitsEpoch);
        }
        let Some(receipt) = self.filing(filing)? else {
            return Ok(());
        };
        for _ in 0..TRIES_MAX {
            let dossier = match self.find(&receipt.received.dossier) {
                Err(HandleError::Unknown) => return Ok(()),
                found => found?,
            };
            let loaded = self.load(dossier)?;
            if !self.decides_for(&loaded.dossier) || self.decision(filing)?.is_some() {
                return Ok(());
            }
            let Some(append) = self.decided(filing, &receipt, dossier, &loaded, now)? else {
                return Ok(());
            };
            match self.log().append(append).await {
                Ok(_) => return Ok(()),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HandleError::Contended)
    }

    /// Intake decides while a dossier that was filed with it may still be accepted; processing once it is, or never will be.
    fn decides_for(&self, dossier: &Dossier) -> bool {
        let settled =
            dossier.case().is_some() || brought::over_before_acceptance(dossier).is_some();
        match self.writer {
            Writer::Intake => !settled && dossier.filing().is_some(),
            Writer::Processing => settled,
        }
    }

    /// The one event that decides, as an append on the dossier as it was loaded; none while it must wait. A dossier that was
    /// never accepted stays intake's to write: what was brought for it is refused in the filing's own history.
    fn decided(
        &self,
        filing: FilingId,
        receipt: &Receipt,
        dossier: DossierId,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<Option<Append>, HandleError> {
        let catalogue = self.catalogue();
        let actor = ActorId::new(&*receipt.record.event.actor);
        let organisation = OrganisationId::new(&*receipt.record.event.organisation);
        let context = Context {
            now,
            catalogue: &catalogue,
            codes: &crate::codes::Codes::none(),
            actor: &actor,
            organisation: &organisation,
            may_record_late: false,
        };
        let happened = brought::decide(
            &loaded.dossier,
            filing,
            receipt.at,
            &receipt.received,
            &context,
        );
        let Some(happened) = happened else {
            return Ok(None);
        };
        let request = request(filing);
        let stamp = Stamp {
            request,
            causation: filing.0,
            correlation: dossier.0,
            actor: &actor,
            organisation: &organisation,
        };
        let event = codec::encode(&happened, 0, &stamp)
            .map_err(|error| HandleError::Broken(error.to_string()))?;
        let (stream, revision) = if brought::over_before_acceptance(&loaded.dossier).is_some() {
            (filing.0, receipt.record.revision)
        } else {
            (dossier.0, loaded.revision)
        };
        Ok(Some(Append {
            stream: StreamId(stream),
            expected: Expected::Exactly(revision),
            request: Some(request),
            events: vec![event],
        }))
    }
}

/// The request follows from the filing alone: asked again, after any crash, it gets the first answer.
fn request(filing: FilingId) -> Request {
    let mut hash = Sha256::new();
    hash.update(b"hoso filing decision v1");
    hash.update(filing.0.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    Request {
        key: Key(key),
        body: key,
    }
}

//! How a filing is decided: by one event that whoever writes its dossier appends to the dossier's history, under a request that
//! follows from the filing, so that it is one event however often and by whomever it is asked for.

use domain::dossier::{Context, Dossier, brought};
use domain::event::{Event, Occurrence};
use domain::ids::{ActorId, DossierId, FilingId, OrganisationId};
use eventlog::{Append, AppendError, Expected, Key, Request, StreamId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Decision, FilingStanding, Receipt};
use crate::codec::{self, Stamp};
use crate::desk::{Desk, Loaded, Writer};
use crate::error::HandleError;
use crate::follow_up::TRIES_MAX;

/// What is to be done about a filing.
enum Next {
    /// Nothing, here and now.
    Stands(FilingStanding),
    /// This decides it.
    Decide {
        dossier: DossierId,
        loaded: Box<Loaded>,
        happened: Box<Occurrence>,
    },
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
        Ok(Receipt::of(record)?)
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

    /// How it is with a filing; nothing is written.
    ///
    /// # Errors
    /// When the dossier is not understood, or the log cannot be read.
    pub fn filing_standing(
        &self,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<FilingStanding, HandleError> {
        Ok(match self.next(receipt, now)? {
            Next::Stands(standing) => standing,
            // It is about to be decided.
            Next::Decide { dossier, .. } => match self.writer {
                Writer::Intake => FilingStanding::AtHome {
                    dossier,
                    home: self.log().head().log,
                },
                Writer::Processing => FilingStanding::ForProcessing,
            },
        })
    }

    /// Decides a filing whose receipt is here, if its dossier is written here; otherwise it stays held. Asked again, nothing
    /// more happens. `None` when no filing of that id is here.
    ///
    /// # Errors
    /// When the dossier is not understood, or the log cannot be read or written.
    pub async fn decide_filing(
        &self,
        filing: FilingId,
        now: Timestamp,
    ) -> Result<Option<FilingStanding>, HandleError> {
        match self.filing(filing)? {
            Some(receipt) => self.decide_brought(&receipt, now).await.map(Some),
            None => Ok(None),
        }
    }

    /// Decides what was brought, here or elsewhere, if its dossier is written here. Asked again, nothing more happens.
    ///
    /// # Errors
    /// When the dossier is not understood, or the log cannot be read or written.
    pub async fn decide_brought(
        &self,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<FilingStanding, HandleError> {
        if self.log().awaits().is_some() {
            // The rules would judge by less than has happened.
            return Err(HandleError::AwaitsEpoch);
        }
        for _ in 0..TRIES_MAX {
            let (dossier, loaded, happened) = match self.next(receipt, now)? {
                Next::Stands(standing) => return Ok(standing),
                Next::Decide {
                    dossier,
                    loaded,
                    happened,
                } => (dossier, loaded, happened),
            };
            let append = decided(receipt, dossier, &loaded, &happened)?;
            match self.log().append(append).await {
                Ok(_) => return Ok(FilingStanding::Decided),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HandleError::Contended)
    }

    /// Intake decides while a dossier that was filed with it may still be accepted; processing once it is, or never will be.
    fn next(&self, receipt: &Receipt, now: Timestamp) -> Result<Next, HandleError> {
        if self.decision(receipt.filing())?.is_some() {
            return Ok(Next::Stands(FilingStanding::Decided));
        }
        let dossier = match self.find(&receipt.received.dossier) {
            Err(HandleError::Unknown) => return Ok(Next::Stands(FilingStanding::NoDossier)),
            found => found?,
        };
        let loaded = self.load(dossier)?;
        if loaded.dossier.filing().is_none() {
            return Ok(Next::Stands(FilingStanding::NoDossier));
        }
        let settled = is_settled(&loaded.dossier);
        if settled && self.writer == Writer::Intake {
            return Ok(Next::Stands(FilingStanding::ForProcessing));
        }
        let Some(happened) = self.judge(receipt, &loaded.dossier, now) else {
            return Ok(Next::Stands(FilingStanding::ForAcceptance));
        };
        if !settled && self.writer == Writer::Processing {
            let first = loaded.records.first().and_then(|record| record.origin);
            let standing =
                first.map_or(FilingStanding::NoDossier, |origin| FilingStanding::AtHome {
                    dossier,
                    home: origin.log,
                });
            return Ok(Next::Stands(standing));
        }
        Ok(Next::Decide {
            dossier,
            loaded: Box::new(loaded),
            happened: Box::new(happened),
        })
    }

    /// What the rules make of it; none while it must wait for the acceptance.
    fn judge(&self, receipt: &Receipt, dossier: &Dossier, now: Timestamp) -> Option<Occurrence> {
        let catalogue = self.catalogue();
        let context = Context {
            now,
            catalogue: &catalogue,
            codes: &crate::codes::Codes::none(),
            actor: &ActorId::new(&*receipt.record.event.actor),
            organisation: &OrganisationId::new(&*receipt.record.event.organisation),
            through: None,
            may_record_late: false,
            history: &[],
        };
        brought::decide(
            dossier,
            receipt.filing(),
            receipt.at,
            &receipt.received,
            &context,
        )
    }
}

/// It was accepted, or never will be.
fn is_settled(dossier: &Dossier) -> bool {
    dossier.case().is_some() || brought::over_before_acceptance(dossier).is_some()
}

/// The one event that decides, as an append on the dossier as it was loaded. A dossier that was never accepted stays intake's to
/// write: what was brought for it is refused in the filing's own history.
fn decided(
    receipt: &Receipt,
    dossier: DossierId,
    loaded: &Loaded,
    happened: &Occurrence,
) -> Result<Append, HandleError> {
    let filing = receipt.filing();
    let request = request(filing);
    let stamp = Stamp {
        request,
        causation: filing.0,
        correlation: dossier.0,
        actor: &ActorId::new(&*receipt.record.event.actor),
        organisation: &OrganisationId::new(&*receipt.record.event.organisation),
    };
    let event = codec::encode(happened, 0, &stamp)
        .map_err(|error| HandleError::Broken(error.to_string()))?;
    let (stream, revision) = if brought::over_before_acceptance(&loaded.dossier).is_some() {
        (filing.0, receipt.record.revision)
    } else {
        (dossier.0, loaded.revision)
    };
    Ok(Append {
        stream: StreamId(stream),
        expected: Expected::Exactly(revision),
        request: Some(request),
        events: vec![event],
    })
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

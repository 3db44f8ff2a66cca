//! Where wishes meet the log of one service: what they are judged by, and the first answer remembered for ever.

use std::sync::{Arc, PoisonError, RwLock};

use domain::catalogue::Catalogue;
use domain::command::Command;
use domain::dossier::{self, CodeIssuer, Context, Dossier, Phase};
use domain::event::Occurrence;
pub use domain::ids::DossierName as Name;
use domain::ids::{ActorId, DossierId, OrganisationId};
use eventlog::{EventLog, Key, Record, Request, Revision, StreamId};
use jiff::Timestamp;
use uuid::Uuid;
use vault::Vault;

use crate::error::HandleError;
use crate::keys;
pub use crate::loading::Loaded;
use crate::rehearsal::{self, Rehearsal, Rehearsed};

/// Which part of a dossier's life a service may write: one writer per dossier at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writer {
    /// Up to and including acceptance.
    Intake,
    /// From acceptance on.
    Processing,
}

/// Where commands meet the log of one service; clones share it.
#[derive(Clone)]
pub struct Desk {
    log: EventLog,
    vault: Vault,
    catalogue: Arc<RwLock<Arc<Catalogue>>>,
    pub(crate) codes: Arc<dyn CodeIssuer + Send + Sync>,
    pub(crate) writer: Writer,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("log", &self.log)
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

/// Who wishes something of which dossier, and when.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The request, by keyed digests.
    pub request: Request,
    /// The caller's own id of the request.
    pub request_id: Uuid,
    /// The dossier.
    pub dossier: DossierId,
    /// Refuse when the dossier is not at this revision.
    pub expected: Option<Revision>,
    /// The acting account.
    pub actor: ActorId,
    /// The account that called, where it named who acts.
    pub through: Option<ActorId>,
    /// The organisation acted for.
    pub organisation: OrganisationId,
    /// The server's time.
    pub now: Timestamp,
    /// The caller may bring an earlier legal time.
    pub may_record_late: bool,
}

/// A dossier right after what a request did to it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The dossier's id.
    pub id: DossierId,
    /// Its state then.
    pub dossier: Dossier,
    /// Its revision then.
    pub revision: Revision,
    /// The last record of the answer.
    pub record: Record,
    /// Whether this is the first answer given again.
    pub replayed: bool,
}

impl Wish {
    /// The digests of a request: who asked under which id, and what. Keyed, because a body holds personal data.
    pub fn request(
        vault: &Vault,
        principal: &str,
        request_id: Uuid,
        method: &str,
        body: &[u8],
    ) -> Request {
        let mut id = Vec::with_capacity(principal.len() + 17);
        id.extend(principal.as_bytes());
        id.push(0);
        id.extend(request_id.as_bytes());
        let mut asked = Vec::with_capacity(method.len() + 1 + body.len());
        asked.extend(method.as_bytes());
        asked.push(0);
        asked.extend(body);
        Request {
            key: Key(vault.fingerprint("request", &id)),
            body: vault.fingerprint("body", &asked),
        }
    }
}

impl Desk {
    /// A desk over this log.
    pub fn new(
        log: EventLog,
        vault: Vault,
        catalogue: Arc<Catalogue>,
        codes: Arc<dyn CodeIssuer + Send + Sync>,
        writer: Writer,
    ) -> Self {
        Self {
            log,
            vault,
            catalogue: Arc::new(RwLock::new(catalogue)),
            codes,
            writer,
        }
    }

    /// The log behind the desk.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// The vault beside it.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The catalogue in use.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        let held = self
            .catalogue
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held)
    }

    /// From now on this catalogue is in use, at every clone of the desk: a calendar was published.
    pub fn put_catalogue(&self, catalogue: Arc<Catalogue>) {
        let mut held = self
            .catalogue
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = catalogue;
    }

    /// The first answer to this request, if it was asked before.
    ///
    /// # Errors
    /// When the same id came with another body, or the log cannot be read.
    pub fn answered(&self, request: Request) -> Result<Option<Answer>, HandleError> {
        let Some(records) = self.log.find_request(request.key)? else {
            return Ok(None);
        };
        let Some(last) = records.last() else {
            return Ok(None);
        };
        if last.request != Some(request) {
            return Err(HandleError::RequestReused {
                position: last.place.position,
            });
        }
        self.answer(&records, true).map(Some)
    }

    /// The dossier of that name.
    ///
    /// # Errors
    /// When nothing here has it, or the log cannot be read.
    pub fn find(&self, name: &Name) -> Result<DossierId, HandleError> {
        let key = match name {
            Name::Id(id) => return Ok(*id),
            Name::Code(code) => keys::code(code),
            Name::Source(source) => keys::source(source),
        };
        let position = self.log.find(key)?.ok_or(HandleError::Unknown)?;
        let record = self.log.record(position)?.ok_or(HandleError::Unknown)?;
        Ok(DossierId(record.stream.0))
    }

    /// How many events a dossier's history has; 0 when nobody knows it here.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn revision(&self, id: DossierId) -> Result<Revision, HandleError> {
        Ok(self.log.revision(StreamId(id.0))?)
    }

    /// A dossier's records, understood or not.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn records(&self, id: DossierId) -> Result<Vec<Record>, HandleError> {
        Ok(self.log.stream(StreamId(id.0))?)
    }

    /// What would happen, if the rules allow it; and no other dossier has its names, which the append would refuse only
    /// after the vault had been written.
    pub(crate) fn rehearse(
        &self,
        wish: &Wish,
        commands: &[Command],
    ) -> Result<Rehearsed, HandleError> {
        let loaded = self.load(wish.dossier)?;
        let codes = Rehearsal::of(&*self.codes);
        let occurrences = self.decide(wish, commands, &codes, &loaded)?;
        rehearsal::names_are_free(&self.log, &occurrences)?;
        Ok(Rehearsed {
            gave_codes: codes.gave(),
            occurrences,
            loaded,
        })
    }

    pub(crate) fn decide(
        &self,
        wish: &Wish,
        commands: &[Command],
        codes: &dyn CodeIssuer,
        loaded: &Loaded,
    ) -> Result<Vec<Occurrence>, HandleError> {
        // The rules would go by a time that nobody believes.
        if let Some(jump) = self.log.leap_to(wish.now.as_microsecond()) {
            return Err(HandleError::ClockJumped(jump));
        }
        rehearsal::not_here_before(&self.log, commands)?;
        self.may_write(&loaded.dossier)?;
        if let Some(expected) = wish.expected
            && expected != loaded.revision
        {
            return Err(HandleError::Stale {
                expected,
                actual: loaded.revision,
            });
        }
        let catalogue = self.catalogue();
        let context = Context {
            now: wish.now,
            catalogue: &catalogue,
            codes,
            actor: &wish.actor,
            through: wish.through.as_ref(),
            organisation: &wish.organisation,
            may_record_late: wish.may_record_late,
            history: &loaded.history,
        };
        Ok(dossier::decide_all(&loaded.dossier, commands, &context)?)
    }

    /// One writer per dossier: intake up to acceptance, processing from then on.
    pub(crate) fn may_write(&self, dossier: &Dossier) -> Result<(), HandleError> {
        let intake = match dossier.phase() {
            Phase::Unknown => {
                return match self.writer {
                    Writer::Intake => Ok(()),
                    Writer::Processing => Err(HandleError::Unknown),
                };
            }
            // A dossier withdrawn before acceptance stays intake's.
            Phase::Withdrawn => dossier.case().is_none(),
            Phase::Submitted | Phase::AwaitingIntakeSupplement | Phase::Refused => true,
            Phase::Accepted
            | Phase::InProcessing
            | Phase::AwaitingSupplement
            | Phase::AwaitingPayment
            | Phase::Suspended
            | Phase::Terminated
            | Phase::Resolved
            | Phase::Returned
            | Phase::Voided => false,
        };
        match (self.writer, intake) {
            (Writer::Intake, true) | (Writer::Processing, false) => Ok(()),
            (Writer::Intake, false) => Err(HandleError::Elsewhere {
                writer: "processing",
            }),
            (Writer::Processing, true) => Err(HandleError::Elsewhere { writer: "intake" }),
        }
    }

    /// The dossier as it was right after these records.
    pub(crate) fn answer(&self, records: &[Record], replayed: bool) -> Result<Answer, HandleError> {
        let Some(last) = records.last() else {
            return Err(HandleError::Unknown);
        };
        let id = DossierId(last.stream.0);
        let mut loaded = self.load(id)?;
        if loaded.revision > last.revision {
            let upto = usize::try_from(last.revision).unwrap_or(usize::MAX);
            loaded.history.truncate(upto);
            loaded.dossier = dossier::replay(&loaded.history);
        }
        Ok(Answer {
            id,
            dossier: loaded.dossier,
            revision: last.revision,
            record: last.clone(),
            replayed,
        })
    }
}

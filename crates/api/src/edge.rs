//! The steps every call shares: wait for what the caller wrote elsewhere, make the wish, carry it out, answer with a token.

use std::sync::Arc;
use std::time::Duration;

use application::ack::Ack;
use application::desk::{Loaded, Name};
use application::loading::Known;
use application::{Answer, Desk, HandleError, Wish, personal, position};
use domain::Command;
use domain::dossier::Dossier;
use domain::event::Reason;
use domain::ids::{DossierId, OrganisationId, VaultRef};
use jiff::Timestamp;
use prost::Message;
use uuid::Uuid;

use crate::authority::{Scope, caller};
use crate::convert::change::Marks;
use crate::convert::values::ReasonGiven;
use crate::convert::{dossier as outward, values};
use crate::hoso::dossier::v1 as wire;
use crate::status::EdgeError;
use crate::token::{self, Point};

/// The flag of a dossier about which a newer program wrote something.
pub const NOT_UNDERSTOOD: &str = "not_understood";

/// What the calls of a writing service work with.
#[derive(Clone)]
pub struct Edge {
    /// Where commands meet the log.
    pub desk: Desk,
    /// The server's time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How long a call waits for a position, or for the follower.
    pub patience: Duration,
    /// What an answer promises.
    pub ack: Ack,
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge")
            .field("desk", &self.desk)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// A mutation as it came: its marks, its method's name and its body without what it waits for.
#[derive(Debug)]
pub struct Asked<'a, M> {
    /// The marks.
    pub marks: &'a Marks,
    /// The method's name.
    pub method: &'static str,
    /// The request without its `min_position`.
    pub body: &'a M,
}

impl Edge {
    /// Waits until every position is here.
    ///
    /// # Errors
    /// When one has not come within the patience.
    pub async fn wait_for(&self, points: &[Point]) -> Result<(), EdgeError> {
        for point in points {
            position::reach(self.desk.log(), point.log, point.position, self.patience).await?;
        }
        Ok(())
    }

    /// The dossier that a request files: the same for every retry.
    pub fn new_dossier(marks: &Marks) -> DossierId {
        DossierId::derive(&caller::current().subject, marks.request_id)
    }

    /// Carries a mutation out.
    ///
    /// # Errors
    /// When a position is not here, the wish is not granted, or the follower has not got it in time.
    pub async fn carry_out<M: Message>(
        &self,
        asked: Asked<'_, M>,
        dossier: DossierId,
        organisation: OrganisationId,
        secrets: Vec<Vec<u8>>,
        build: impl Fn(&[VaultRef]) -> Vec<Command> + Send + Sync + 'static,
    ) -> Result<Answer, EdgeError> {
        let wish = self.wish(&asked, dossier, organisation);
        let answer = self.desk.carry_out(&wish, secrets, build).await?;
        self.ack
            .wait(answer.record.place.position, self.patience)
            .await?;
        Ok(answer)
    }

    /// Whether a mutation would be carried out; `true` when it was before. Nothing is left anywhere.
    ///
    /// # Errors
    /// When the wish would not be granted.
    pub fn would_carry_out<M: Message>(
        &self,
        asked: &Asked<'_, M>,
        dossier: DossierId,
        organisation: OrganisationId,
        secrets: usize,
        build: impl Fn(&[VaultRef]) -> Vec<Command>,
    ) -> Result<bool, EdgeError> {
        let wish = self.wish(asked, dossier, organisation);
        Ok(self.desk.would_carry_out(&wish, secrets, build)?)
    }

    fn wish<M: Message>(
        &self,
        asked: &Asked<'_, M>,
        dossier: DossierId,
        organisation: OrganisationId,
    ) -> Wish {
        let marks = asked.marks;
        let caller = caller::current();
        Wish {
            request: Wish::request(
                self.desk.vault(),
                &caller.subject,
                marks.request_id,
                asked.method,
                &asked.body.encode_to_vec(),
            ),
            request_id: marks.request_id,
            dossier,
            expected: marks.expected,
            actor: marks.actor.clone(),
            through: caller.names(&marks.actor),
            organisation: marks.organisation.clone().unwrap_or(organisation),
            now: (self.now)(),
            may_record_late: caller.may(Scope::RecordLate),
        }
    }

    /// A dossier that is known here.
    ///
    /// # Errors
    /// When it is not, or cannot be read.
    pub fn found(&self, dossier: DossierId) -> Result<Loaded, EdgeError> {
        let loaded = self.desk.load(dossier)?;
        // Nothing there, or another thing's history: a filing's, the log's own.
        if loaded.dossier == Dossier::Unknown {
            return Err(HandleError::Unknown.into());
        }
        Ok(loaded)
    }

    /// A dossier by one of its names, after what the caller wrote elsewhere is here.
    ///
    /// # Errors
    /// When a position is not here, or the dossier is not known.
    pub async fn look_up(
        &self,
        name: &Name,
        points: &[Point],
    ) -> Result<(DossierId, Loaded), EdgeError> {
        self.wait_for(points).await?;
        let id = self.desk.find(name)?;
        Ok((id, self.found(id)?))
    }

    /// A dossier right after a write, outwards.
    pub fn written(&self, answer: &Answer) -> Option<wire::Dossier> {
        Some(outward::dossier(
            answer.id,
            &answer.dossier,
            answer.revision,
            &self.desk.catalogue(),
        ))
    }

    /// A dossier as read, outwards.
    pub fn read(&self, id: DossierId, loaded: &Loaded) -> wire::Dossier {
        outward::dossier(id, &loaded.dossier, loaded.revision, &self.desk.catalogue())
    }

    /// Dossiers in a list, outwards, in their order. One that is not understood is shown as it last was, and flagged.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn listed(&self, ids: &[DossierId]) -> Result<Vec<wire::Dossier>, HandleError> {
        let known = self.desk.load_all_known(ids)?;
        let row = |(id, (loaded, stuck)): (&DossierId, Known)| {
            let mut dossier = self.read(*id, &loaded);
            if stuck.is_some() {
                dossier.flags.push(NOT_UNDERSTOOD.to_owned());
            }
            dossier
        };
        Ok(ids.iter().zip(known).map(row).collect())
    }

    /// The token of what is here now.
    pub fn here(&self) -> String {
        token::write(&[self.desk.log().head().into()])
    }
}

/// The token of a write.
pub fn token_of(answer: &Answer) -> String {
    let place = answer.record.place;
    token::write(&[Point {
        log: place.log,
        epoch: place.epoch,
        position: place.position,
    }])
}

/// The words of a reason, as the vault takes them.
///
/// # Errors
/// When they cannot be written, which no words can cause.
pub fn words(given: Option<&ReasonGiven>) -> Result<Vec<Vec<u8>>, EdgeError> {
    given
        .and_then(|given| given.text.as_deref())
        .map(secret)
        .into_iter()
        .collect()
}

/// A value as the vault takes it.
///
/// # Errors
/// When it cannot be written, which no value of ours can cause.
pub fn secret<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EdgeError> {
    personal::secret(value).map_err(|error| EdgeError::Handle(error.into()))
}

/// The reason as events carry it, its words being the only secret kept.
pub fn reason(given: &ReasonGiven, kept: &[VaultRef]) -> Reason {
    Reason {
        code: given.code.clone(),
        text: given.text.as_ref().and_then(|_| kept.first()).cloned(),
    }
}

/// The only secret kept; a wish that keeps one always has it.
pub fn only(kept: &[VaultRef]) -> VaultRef {
    kept.first().cloned().unwrap_or_else(|| VaultRef {
        entry: Uuid::nil(),
        digest: "".into(),
    })
}

/// When a record of this log was written.
pub fn recorded_at(micros: i64) -> Option<prost_types::Timestamp> {
    Timestamp::from_microsecond(micros)
        .ok()
        .map(values::timestamp)
}

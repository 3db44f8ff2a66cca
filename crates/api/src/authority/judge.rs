//! Whether what a call is about is the caller's.

use application::HandleError;
use application::desk::{Loaded, Name};
use domain::dossier::Dossier;
use domain::event::Holder;
use domain::ids::{AgencyId, FilingId};
use domain::rejection::Rejection;

use super::matter::{About, Matter};
use super::{Caller, Scope};
use crate::edge::Edge;
use crate::status::{AccessError, EdgeError};
use crate::token;

/// Knows the rules, and the dossiers of a role that has any.
#[derive(Clone, Debug)]
pub struct Judge {
    /// The dossiers; reporting has none to name.
    pub edge: Option<Edge>,
    /// With cells of fewer dossiers merged, figures are for whoever may see counts only.
    pub small_cells_min: u64,
}

impl Judge {
    /// Whether everything that a call is about is the caller's. What nobody knows is nobody's: whether a foreign dossier
    /// exists is not to be learned from the answer.
    ///
    /// # Errors
    /// When something is not, or what the call waits for is not here.
    pub async fn judge(&self, caller: &Caller, about: &About) -> Result<(), EdgeError> {
        for matter in &about.matters {
            if !self.theirs(caller, matter, &about.min_position).await? {
                return Err(AccessError::NotYours(matter.kind()).into());
            }
        }
        Ok(())
    }

    /// What the token says alone; none when it must be looked up whose something is.
    pub(super) fn by_token(&self, caller: &Caller, matter: &Matter) -> Option<bool> {
        match matter {
            Matter::Agency(agency) => Some(caller.agencies.has(agency)),
            Matter::Counter { point, operator } if point.is_empty() => {
                Some(caller.offices.has(operator))
            }
            Matter::Counter { point, .. } => Some(caller.points.has(point)),
            Matter::Counts(min) => {
                Some(caller.may(Scope::ReadReport) || *min >= self.small_cells_min)
            }
            Matter::Terminal(id) => Some(caller.terminals.has(id)),
            Matter::Holder(holder) if holder.is_empty() => {
                Some(caller.offices.is_all() && caller.points.is_all())
            }
            Matter::Holder(holder) => Some(
                caller.terminals.has(holder)
                    || caller.offices.has(holder)
                    || caller.points.has(holder),
            ),
            Matter::Read(_)
            | Matter::Act { .. }
            | Matter::Answer { .. }
            | Matter::Filing(_)
            | Matter::Minute { .. } => None,
        }
    }

    async fn theirs(
        &self,
        caller: &Caller,
        matter: &Matter,
        min_position: &str,
    ) -> Result<bool, EdgeError> {
        let whole = caller.agencies.is_all();
        match matter {
            Matter::Agency(_)
            | Matter::Counter { .. }
            | Matter::Terminal(_)
            | Matter::Holder(_)
            | Matter::Counts(_) => Ok(self.by_token(caller, matter) == Some(true)),
            Matter::Minute { number, signing } => {
                self.minute(caller, number, *signing, min_position).await
            }
            Matter::Read(name) => {
                let Some(name) = name.as_ref().filter(|_| !whole) else {
                    return Ok(true);
                };
                let loaded = self.dossier(name, min_position).await?;
                Ok(loaded.is_some_and(|it| may_read(caller, &it.dossier)))
            }
            Matter::Act {
                dossier,
                organisation,
            } => {
                self.acts(caller, dossier.as_ref(), None, organisation, min_position)
                    .await
            }
            Matter::Answer {
                dossier,
                number,
                organisation,
            } => {
                let number = Some(*number);
                self.acts(caller, dossier.as_ref(), number, organisation, min_position)
                    .await
            }
            Matter::Filing(id) => match id.filter(|_| !whole) {
                Some(id) => self.filing(caller, id, min_position).await,
                None => Ok(true),
            },
        }
    }

    async fn acts(
        &self,
        caller: &Caller,
        name: Option<&Name>,
        subtask: Option<u32>,
        organisation: &str,
        min_position: &str,
    ) -> Result<bool, EdgeError> {
        let in_whose_name = organisation.is_empty()
            || caller.agencies.has(organisation)
            || caller.offices.has(organisation);
        let everywhere = caller.agencies.is_all() && caller.units.is_all();
        let Some(name) = name.filter(|_| in_whose_name && !everywhere) else {
            return Ok(in_whose_name);
        };
        let Some(loaded) = self.dossier(name, min_position).await? else {
            return Ok(false);
        };
        let dossier = &loaded.dossier;
        let Some(case) = dossier.case() else {
            let filing = dossier.filing();
            return Ok(filing.is_some_and(|it| caller.agencies.has(it.submitted.agency.as_str())));
        };
        let number = subtask.and_then(|number| u16::try_from(number).ok());
        let asked = number.and_then(|number| case.subtask(number));
        if asked.is_some_and(|it| caller.agencies.has(it.agency.as_str())) {
            return Ok(true);
        }
        let unit = case.unit.as_deref();
        let in_unit = caller.units.is_all() || unit.is_some_and(|unit| caller.units.has(unit));
        Ok(in_unit && caller.agencies.has(case.agency_now.as_str()))
    }

    /// Whether a side of the minute is theirs; for signing, the side that takes.
    async fn minute(
        &self,
        caller: &Caller,
        number: &str,
        signing: bool,
        min_position: &str,
    ) -> Result<bool, EdgeError> {
        if caller.offices.is_all() && caller.points.is_all() {
            return Ok(true);
        }
        self.wait(min_position).await?;
        let Some(edge) = &self.edge else {
            return Ok(false);
        };
        let signed = match edge.desk.hand_over(number) {
            Ok(minute) => minute.signed,
            Err(HandleError::Rejected(Rejection::HandOverUnknown { .. })) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let theirs = |side: &Holder| match side {
            Holder::PostOffice(id) => caller.offices.has(id),
            Holder::Point(id) => caller.points.has(id),
            Holder::Terminal(id) => caller.terminals.has(id.as_str()),
        };
        Ok(theirs(&signed.to) || (!signing && theirs(&signed.from)))
    }

    async fn filing(
        &self,
        caller: &Caller,
        id: FilingId,
        min_position: &str,
    ) -> Result<bool, EdgeError> {
        self.wait(min_position).await?;
        let Some(edge) = &self.edge else {
            return Ok(false);
        };
        let Some(receipt) = edge.desk.filing(id)? else {
            return Ok(false);
        };
        if caller.offices.has(&receipt.record.event.organisation) {
            return Ok(true);
        }
        let loaded = self.dossier(&receipt.received.dossier, "").await?;
        Ok(loaded.is_some_and(|it| may_read(caller, &it.dossier)))
    }

    /// The dossier of that name, understood or not; none when nobody knows it here.
    async fn dossier(&self, name: &Name, min_position: &str) -> Result<Option<Loaded>, EdgeError> {
        self.wait(min_position).await?;
        let Some(edge) = &self.edge else {
            return Ok(None);
        };
        let id = match edge.desk.find(name) {
            Ok(id) => id,
            Err(HandleError::Unknown) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (loaded, _) = edge.desk.load_known(id)?;
        Ok((loaded.dossier != Dossier::Unknown).then_some(loaded))
    }

    /// Waits as the call itself will; positions that cannot be read are its own fault to tell.
    async fn wait(&self, min_position: &str) -> Result<(), EdgeError> {
        match (&self.edge, token::read(min_position)) {
            (Some(edge), Ok(points)) => edge.wait_for(&points).await,
            (None, _) | (_, Err(_)) => Ok(()),
        }
    }
}

/// Whether a dossier is the caller's to look at: it concerns one of their agencies.
pub fn may_read(caller: &Caller, dossier: &Dossier) -> bool {
    caller.agencies.is_all()
        || concerned(dossier).any(|agency| caller.agencies.has(agency.as_str()))
}

/// The agencies that a dossier concerns: for which it was filed, which accepted it, which has it, which were asked.
fn concerned(dossier: &Dossier) -> impl Iterator<Item = &AgencyId> {
    let filed = dossier.filing().map(|filing| &filing.submitted.agency);
    let case = dossier.case().into_iter();
    filed.into_iter().chain(case.flat_map(|case| {
        let asked = case.subtasks.iter().map(|subtask| &subtask.agency);
        [&case.agency, &case.agency_now].into_iter().chain(asked)
    }))
}

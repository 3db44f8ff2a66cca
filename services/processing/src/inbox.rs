//! What officers have to do: a fold over the log, the nearest due date first.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::ops::Bound;

use api::place::{never, time};
use application::snapshot;
use domain::dossier::{self, Case, Dossier, Phase};
use domain::event::Occurrence;
use domain::ids::{ActorId, AgencyId, DossierId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::subtasks::Subtasks;
use crate::watched::Watched;

/// Where a dossier stands in the inbox: by due date, then by acceptance; those without a due date come last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// When it is due; the far future when it has no due date.
    pub due: Timestamp,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The dossier.
    pub dossier: DossierId,
}

impl Place {
    fn of(dossier: DossierId, case: &Case) -> Self {
        Self {
            due: case.due.map_or_else(never, |due| due.at),
            accepted_at: case.accepted_at,
            dossier,
        }
    }
}

impl api::place::Place for Place {
    fn to_bytes(&self) -> Vec<u8> {
        [
            &self.due.as_microsecond().to_be_bytes()[..],
            &self.accepted_at.as_microsecond().to_be_bytes(),
            self.dossier.0.as_bytes(),
        ]
        .concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self {
            due: time(&bytes[..8])?,
            accepted_at: time(&bytes[8..16])?,
            dossier: DossierId(Uuid::from_slice(&bytes[16..]).ok()?),
        })
    }
}

/// What an inbox may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what this agency has now.
    pub agency: Option<AgencyId>,
    /// Only what this account holds.
    pub holder: Option<ActorId>,
    /// Only in these phases; empty: every pending phase.
    pub phases: Vec<Phase>,
    /// Only those due before.
    pub due_before: Option<Timestamp>,
}

impl Filter {
    fn takes(&self, dossier: &Dossier, case: &Case) -> bool {
        let phase = dossier.phase();
        let in_phase = if self.phases.is_empty() {
            dossier.ended().is_none()
        } else {
            self.phases.contains(&phase)
        };
        in_phase
            && self
                .agency
                .as_ref()
                .is_none_or(|agency| *agency == case.agency_now)
            && self
                .holder
                .as_ref()
                .is_none_or(|holder| case.holder.as_ref() == Some(holder))
    }
}

/// The dossiers somebody still has to do something about: all that were neither returned nor closed for good.
#[derive(Debug, Default)]
pub struct Inbox {
    /// What agencies were asked by others.
    pub subtasks: Subtasks,
    /// What may happen by itself.
    pub watched: Watched,
    open: HashMap<DossierId, Dossier>,
    order: BTreeMap<Place, ()>,
}

/// Whether an inbox can list a phase; what is over is found by its code, or counted in a report.
pub fn lists(phase: Phase) -> bool {
    match phase {
        Phase::Accepted
        | Phase::InProcessing
        | Phase::AwaitingSupplement
        | Phase::AwaitingPayment
        | Phase::Suspended
        | Phase::Resolved => true,
        Phase::Unknown
        | Phase::Submitted
        | Phase::AwaitingIntakeSupplement
        | Phase::Refused
        | Phase::Terminated
        | Phase::Returned
        | Phase::Withdrawn
        | Phase::Voided => false,
    }
}

impl Inbox {
    /// Up to `max` places after one, in order.
    pub fn page(&self, filter: &Filter, after: Option<Place>, max: usize) -> Vec<Place> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.order
            .range((from, Bound::Unbounded))
            .map(|(place, ())| *place)
            .take_while(|place| filter.due_before.is_none_or(|before| place.due < before))
            .filter(|place| {
                self.open
                    .get(&place.dossier)
                    .and_then(|dossier| Some((dossier, dossier.case()?)))
                    .is_some_and(|(dossier, case)| filter.takes(dossier, case))
            })
            .take(max)
            .collect()
    }

    fn put(&mut self, id: DossierId, dossier: Dossier) {
        if let Some(case) = dossier.case()
            && lists(dossier.phase())
        {
            self.order.insert(Place::of(id, case), ());
        }
        self.subtasks.update(id, &dossier);
        self.watched.update(id, &dossier);
        self.open.insert(id, dossier);
    }

    /// Takes in what happened to a dossier.
    pub fn take(&mut self, id: DossierId, occurrence: &Occurrence) {
        let before = self.open.remove(&id).unwrap_or_default();
        if let Some(case) = before.case() {
            self.order.remove(&Place::of(id, case));
        }
        let after = dossier::evolve(before, occurrence);
        let over = match after.phase() {
            // Nothing is left of it here once it is over: what becomes known of it later finds it unknown.
            Phase::Unknown
            | Phase::Refused
            | Phase::Terminated
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => true,
            Phase::Submitted
            | Phase::AwaitingIntakeSupplement
            | Phase::Accepted
            | Phase::InProcessing
            | Phase::AwaitingSupplement
            | Phase::AwaitingPayment
            | Phase::Suspended
            | Phase::Resolved => false,
        };
        if over {
            self.subtasks.update(id, &after);
            self.watched.update(id, &after);
        } else {
            self.put(id, after);
        }
    }
}

impl Inbox {
    /// Lays the list down.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        snapshot::write_lines(to, &self.open)
    }

    /// The list that was laid down.
    pub(crate) fn read(from: &mut dyn Read) -> io::Result<Self> {
        let mut inbox = Self::default();
        for (id, dossier) in snapshot::read_lines(from)? {
            inbox.put(id, dossier);
        }
        Ok(inbox)
    }
}

#[cfg(test)]
mod tests {
    use api::place::Place as _;

    use super::*;

    #[test]
    fn a_place_comes_out_of_a_page_token_as_it_went_in() {
        let place = Place {
            due: never(),
            accepted_at: Timestamp::from_microsecond(1_795_493_826_312_555).unwrap(),
            dossier: DossierId(Uuid::from_u128(7)),
        };
        assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
    }
}

//! The dossiers that are not over, in outline and packed, so that a million of them fit in some eighty megabytes.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use application::snapshot;
use domain::clock::{Due, DueRule};
use domain::dossier::{CaseOutline, Outline, Phase};
use domain::ids::{ActorId, AgencyId, DossierId, VersionHash};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What many dossiers have in common: as many are kept as there are officers who hold any.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
struct Shared {
    agency: AgencyId,
    unit: Option<Box<str>>,
    holder: Option<ActorId>,
    calendar: VersionHash,
}

/// A dossier that is not over. What is true of few, their sub-tasks and the day on which they lapse, is kept beside.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// In microseconds since 1970; means nothing without a rule.
    due_at: i64,
    /// In the register; means nothing before acceptance, like all that follows but revision and phase.
    number: u32,
    shared: u32,
    /// The last thing that happened to it.
    revision: u32,
    phase: Phase,
    due_rule: Option<DueRule>,
    due_provisional: bool,
    clock_started: bool,
}

/// The dossiers that are not over.
#[derive(Debug, Default)]
pub struct OpenDossiers {
    packed: HashMap<DossierId, Packed>,
    shared: Vec<Shared>,
    /// Where each stands among them.
    known: HashMap<Shared, u32>,
}

/// A dossier's number in the register, once it is accepted, and its outline without what is kept beside.
pub type Unpacked = (Option<u32>, Outline);

impl OpenDossiers {
    /// A dossier.
    pub fn get(&self, id: DossierId) -> Option<Unpacked> {
        let packed = self.packed.get(&id)?;
        let shared = match packed.phase {
            Phase::Submitted | Phase::AwaitingIntakeSupplement => None,
            Phase::Accepted
            | Phase::InProcessing
            | Phase::AwaitingSupplement
            | Phase::AwaitingPayment
            | Phase::Suspended
            | Phase::Resolved => Some(self.shared_by(packed)?),
            // What is over is not kept.
            Phase::Unknown
            | Phase::Refused
            | Phase::Terminated
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => return None,
        };
        let case = shared.map(|shared| CaseOutline {
            agency: shared.agency.clone(),
            unit: shared.unit.clone(),
            holder: shared.holder.clone(),
            due: packed.due(),
            calendar: shared.calendar.clone(),
            clock_started: packed.clock_started,
            lapses_on: None,
            subtasks: Vec::new(),
        });
        let number = case.as_ref().map(|_| packed.number);
        let phase = packed.phase;
        Some((number, Outline { phase, case }))
    }

    /// At which revision a dossier is.
    pub fn revision(&self, id: DossierId) -> Option<u32> {
        self.packed.get(&id).map(|packed| packed.revision)
    }

    /// When an accepted dossier is due, and the unit that has it.
    pub fn due_and_unit(&self, id: DossierId) -> Option<(Option<Due>, Option<&str>)> {
        let packed = self.packed.get(&id)?;
        let shared = self.shared_by(packed)?;
        Some((packed.due(), shared.unit.as_deref()))
    }

    fn shared_by(&self, packed: &Packed) -> Option<&Shared> {
        self.shared.get(usize::try_from(packed.shared).ok()?)
    }

    /// Nothing that an outline shows has changed, but this is the dossier's revision now.
    pub fn moved_on(&mut self, id: DossierId, revision: u32) {
        if let Some(packed) = self.packed.get_mut(&id) {
            packed.revision = revision;
        }
    }

    /// Keeps a dossier as it is now; one that is over is let go.
    pub fn put(&mut self, id: DossierId, revision: u32, number: Option<u32>, outline: &Outline) {
        if outline.is_over() {
            self.packed.remove(&id);
            return;
        }
        let case = outline.case.as_ref();
        let due = case.and_then(|case| case.due);
        let packed = Packed {
            due_at: due.map_or(0, |due| due.at.as_microsecond()),
            number: number.unwrap_or_default(),
            shared: case.map_or(u32::MAX, |case| self.share(case)),
            revision,
            phase: outline.phase,
            due_rule: due.map(|due| due.rule),
            due_provisional: due.is_some_and(|due| due.provisional),
            clock_started: case.is_some_and(|case| case.clock_started),
        };
        self.packed.insert(id, packed);
    }

    fn share(&mut self, case: &CaseOutline) -> u32 {
        self.place_of(Shared {
            agency: case.agency.clone(),
            unit: case.unit.clone(),
            holder: case.holder.clone(),
            calendar: case.calendar.clone(),
        })
    }

    fn place_of(&mut self, shared: Shared) -> u32 {
        if let Some(place) = self.known.get(&shared) {
            return *place;
        }
        // More of them than 32 bits count are in no province.
        let place = u32::try_from(self.shared.len()).unwrap_or(u32::MAX);
        self.shared.push(shared.clone());
        self.known.insert(shared, place);
        place
    }

    /// Those that are pending with a provisional due date, each with the calendar it was counted on.
    pub fn provisional(&self) -> impl Iterator<Item = (DossierId, &VersionHash)> + '_ {
        let provisional = self
            .packed
            .iter()
            .filter(|(_, packed)| packed.due_provisional && packed.phase.is_pending());
        provisional.filter_map(|(id, packed)| Some((*id, &self.shared_by(packed)?.calendar)))
    }

    /// Lays them down.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        snapshot::write_value(to, &self.shared)?;
        snapshot::write_count(to, self.packed.len())?;
        for (id, packed) in &self.packed {
            to.write_all(id.0.as_bytes())?;
            packed.write(to)?;
        }
        Ok(())
    }

    /// Those that were laid down. What no dossier has in common any more is left out.
    pub(crate) fn read(from: &mut dyn Read) -> io::Result<Self> {
        let laid_down: Vec<Shared> = snapshot::read_value(from)?;
        let mut here = vec![None; laid_down.len()];
        let mut open = Self::default();
        for _ in 0..snapshot::read_count(from)? {
            let id = DossierId(Uuid::from_bytes(snapshot::read_bytes(from)?));
            let mut packed = Packed::read(from)?;
            let there = usize::try_from(packed.shared).unwrap_or(usize::MAX);
            if let (Some(shared), Some(place)) = (laid_down.get(there), here.get_mut(there)) {
                packed.shared = *place.get_or_insert_with(|| open.place_of(shared.clone()));
            }
            open.packed.insert(id, packed);
        }
        Ok(open)
    }
}

impl Packed {
    fn due(&self) -> Option<Due> {
        Some(Due {
            rule: self.due_rule?,
            at: Timestamp::from_microsecond(self.due_at).ok()?,
            provisional: self.due_provisional,
        })
    }

    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let phase = Phase::ALL.iter().position(|phase| *phase == self.phase);
        let rule = match self.due_rule {
            None => 0,
            Some(DueRule::ByDate) => 1,
            Some(DueRule::ByInstant) => 2,
        };
        to.write_all(&self.due_at.to_le_bytes())?;
        to.write_all(&self.number.to_le_bytes())?;
        to.write_all(&self.shared.to_le_bytes())?;
        to.write_all(&self.revision.to_le_bytes())?;
        to.write_all(&[
            phase.and_then(|at| at.try_into().ok()).unwrap_or_default(),
            rule,
            self.due_provisional.into(),
            self.clock_started.into(),
        ])
    }

    fn read(from: &mut dyn Read) -> io::Result<Self> {
        let unknown = || io::Error::new(io::ErrorKind::InvalidData, "an unknown phase or rule");
        let due_at = i64::from_le_bytes(snapshot::read_bytes(from)?);
        let number = u32::from_le_bytes(snapshot::read_bytes(from)?);
        let shared = u32::from_le_bytes(snapshot::read_bytes(from)?);
        let revision = u32::from_le_bytes(snapshot::read_bytes(from)?);
        let [phase, rule, provisional, started] = snapshot::read_bytes(from)?;
        Ok(Self {
            due_at,
            number,
            shared,
            revision,
            phase: *Phase::ALL.get(usize::from(phase)).ok_or_else(unknown)?,
            due_rule: match rule {
                0 => None,
                1 => Some(DueRule::ByDate),
                2 => Some(DueRule::ByInstant),
                _ => return Err(unknown()),
            },
            due_provisional: provisional != 0,
            clock_started: started != 0,
        })
    }
}

#[cfg(test)]
mod tests;

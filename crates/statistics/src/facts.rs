//! Every dossier as a few fixed-size columns, each version with the positions between which it was the truth.
//!
//! The version in force stands at the dossier's ordinal; an event that changes it moves the old one to the past with
//! `[known_from, known_to)`. A report as of now reads only the versions in force; one as of an earlier position reads
//! both and finds exactly one version of each dossier known then. Facts come from events alone, in the order of their
//! positions, and from the calendar that says what a working day is; the same events give the same columns, bit for bit.

pub(crate) mod bits;
mod change;
mod columns;
mod event;
mod intern;
pub(crate) mod marks;
mod parallel;
mod row;
mod snapshot;

use std::hash::Hasher as _;

use domain::calendar::Calendar;
use domain::event::{Channel, Occurrence};
use domain::ids::{AgencyId, DossierId, FieldCode, LawId, ProcedureCode, VersionHash};
use hashbrown::HashTable;
use jiff::Timestamp;

pub use event::FactEvent;
pub use parallel::{Fact, fold_in_order};
pub use snapshot::RestoreError;

pub(crate) use change::number as channel_number;
pub(crate) use columns::{Columns, Current, Heading, Past, Waited, channel};
pub(crate) use intern::{Interner, Numbers};
pub(crate) use row::{Exit, Wait};

use change::Surroundings;
use columns::Shared;
use event::Told;
use intern::Folding;
use marks::Change;
use row::Row;

use crate::scan::number;

/// The identifiers behind the numbers in the columns.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Names {
    pub(crate) agencies: Interner<AgencyId>,
    pub(crate) fields: Interner<FieldCode>,
    pub(crate) procedures: Interner<ProcedureCode>,
    pub(crate) laws: Interner<LawId>,
}

/// What rows have in common, behind the numbers in the columns.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Tables {
    pub(crate) headings: Numbers<Heading>,
    pub(crate) waited: Numbers<Waited>,
}

/// All facts about all dossiers, as known at every position.
#[derive(Clone, Debug)]
pub struct Facts {
    calendar: Calendar,
    names: Names,
    tables: Tables,
    current: Current,
    past: Past,
    /// By the dossier's id, which stands in `current`: nothing else grows so fast as what is kept for every dossier.
    ordinals: HashTable<u32>,
    /// The first position not yet folded.
    next: u64,
}

/// The same facts, whatever way they were built. Which dossier has which ordinal follows from them.
impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.calendar.version() == other.calendar.version()
            && self.next == other.next
            && self.names == other.names
            && self.tables == other.tables
            && self.current == other.current
            && self.past == other.past
    }
}

impl Eq for Facts {}

impl Facts {
    /// No facts yet. The calendar decides what was recorded late.
    pub fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            names: Names::default(),
            tables: Tables::default(),
            current: Current::default(),
            past: Past::default(),
            ordinals: HashTable::new(),
            next: 0,
        }
    }

    /// Folds one event. A position folded before changes nothing, so a feed may repeat itself; the order of positions
    /// is the order of the log.
    pub fn apply(
        &mut self,
        position: u64,
        recorded_at: Timestamp,
        dossier: DossierId,
        occurrence: &Occurrence,
    ) {
        let event = FactEvent::from(&occurrence.event);
        self.apply_told(position, recorded_at, dossier, occurrence.at, &event);
    }

    fn apply_told(
        &mut self,
        position: u64,
        recorded_at: Timestamp,
        dossier: DossierId,
        at: Timestamp,
        event: &FactEvent<'_>,
    ) {
        if position < self.next {
            return;
        }
        self.next = position.saturating_add(1);
        let unmarked = event.marks == Change::NONE;
        if event.told == Told::Nothing && unmarked {
            return;
        }
        let known = self.ordinal(dossier);
        // A delivery comes after every ordinary end and then says nothing new.
        if event.told == Told::Delivered
            && unmarked
            && known.is_some_and(|ordinal| self.current.is_ended(ordinal))
        {
            return;
        }
        let (before, since) = self.row(known);
        let around = &mut Surroundings {
            recorded_at,
            calendar: &self.calendar,
            names: &mut self.names,
        };
        let after = change::change(before, at, event, around);
        self.put(position, dossier, known, before, since, &after);
    }

    /// A record of this dossier could not be understood: from here on it is unclassified, until a newer program folds
    /// the log again.
    pub fn apply_unclassified(&mut self, position: u64, dossier: DossierId) {
        if position < self.next {
            return;
        }
        self.next = position.saturating_add(1);
        let known = self.ordinal(dossier);
        let (before, since) = self.row(known);
        let mut after = before;
        after.put(bits::NOT_UNDERSTOOD, true);
        after.settle();
        self.put(position, dossier, known, before, since, &after);
    }

    /// A record that is not about a dossier: only the position moves.
    pub fn skip(&mut self, position: u64) {
        self.next = self.next.max(position.saturating_add(1));
    }

    /// The last position folded; `None` before the first.
    pub fn through(&self) -> Option<u64> {
        self.next.checked_sub(1)
    }

    /// How many dossiers have been seen.
    pub fn dossiers(&self) -> usize {
        self.current.dossiers.len()
    }

    /// How many versions are held, those in force and those of the past.
    pub fn versions(&self) -> usize {
        self.current.columns.len() + self.past.columns.len()
    }

    /// Every agency that a dossier was filed with or accepted for.
    pub fn agencies(&self) -> &[AgencyId] {
        self.names.agencies.names()
    }

    /// The agencies whose figures may be others than at this position: those a dossier of which has got a new version
    /// since, or had the one that it replaced.
    pub fn agencies_touched_after(&self, position: u64) -> Vec<AgencyId> {
        let headings = self.tables.headings.values();
        let mut seen = vec![false; headings.len()];
        let mut see = |heading: u32| {
            if let Some(seen) = seen.get_mut(number(heading)) {
                *seen = true;
            }
        };
        let current = &self.current.columns;
        for (heading, since) in current.heading.iter().zip(&current.known_from) {
            if !since.by(position) {
                see(*heading);
            }
        }
        // In the order in which they ceased to be.
        let past = self.past.known_to.partition_point(|to| to.by(position));
        self.past.columns.heading[past..]
            .iter()
            .copied()
            .for_each(&mut see);
        let mut touched = vec![false; self.agencies().len()];
        for (heading, _) in headings.iter().zip(&seen).filter(|(_, seen)| **seen) {
            if let Some(touched) = touched.get_mut(number(heading.agency)) {
                *touched = true;
            }
        }
        let names = self.agencies().iter().zip(touched);
        names
            .filter(|(_, touched)| *touched)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// From here on this calendar decides what was recorded late; what was decided stays.
    pub fn use_calendar(&mut self, calendar: Calendar) {
        self.calendar = calendar;
    }

    /// The calendar by which late recording is told.
    pub fn calendar_version(&self) -> &VersionHash {
        self.calendar.version()
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    pub(crate) fn current(&self) -> &Current {
        &self.current
    }

    pub(crate) fn past(&self) -> &Past {
        &self.past
    }

    fn row(&self, known: Option<u32>) -> (Row, u64) {
        known
            .and_then(|ordinal| usize::try_from(ordinal).ok())
            .map_or((Row::UNKNOWN, 0), |at| self.current.get(at, &self.tables))
    }

    fn ordinal(&self, dossier: DossierId) -> Option<u32> {
        let dossiers = &self.current.dossiers;
        let is_it = |ordinal: &u32| dossiers.get(number(*ordinal)) == Some(&dossier);
        self.ordinals.find(hash(dossier), is_it).copied()
    }

    /// Makes a dossier found whose id stands at this ordinal.
    fn remember(&mut self, dossier: DossierId, ordinal: u32) {
        let dossiers = &self.current.dossiers;
        let again = |ordinal: &u32| dossiers.get(number(*ordinal)).copied().map_or(0, hash);
        self.ordinals.insert_unique(hash(dossier), ordinal, again);
    }

    fn put(
        &mut self,
        position: u64,
        dossier: DossierId,
        known: Option<u32>,
        before: Row,
        since: u64,
        after: &Row,
    ) {
        match known {
            None => {
                // More dossiers than 32 bits count do not fit in memory either.
                let ordinal = u32::try_from(self.current.dossiers.len()).unwrap_or(row::NONE);
                let shared = Shared::of(after, &mut self.tables);
                self.current.push(dossier, after, shared, position);
                self.remember(dossier, ordinal);
            }
            Some(ordinal) if before != *after => {
                let at = number(ordinal);
                let was = self.current.shared(at);
                self.past.push(ordinal, (&before, was), since, position);
                let shared = Shared::of(after, &mut self.tables);
                self.current.set(at, after, shared, position);
            }
            Some(_) => {}
        }
    }
}

fn hash(dossier: DossierId) -> u64 {
    let mut folding = Folding::default();
    folding.write(dossier.0.as_bytes());
    folding.finish()
}

/// The channels in the order of their numbers in the columns.
pub(crate) const CHANNELS: [(Channel, &str); 3] = [
    (Channel::Direct, "direct"),
    (Channel::Online, "online"),
    (Channel::Postal, "postal"),
];

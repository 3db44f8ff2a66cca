//! The register of accepted dossiers (*sổ theo dõi hồ sơ*): where each stands in the lists, whatever became of it.
//!
//! Each dossier has a number of its own, in the order in which they were accepted here, and lies on one shelf: of the agency
//! that has it, its phase, and who holds it. A list is a merge of shelves in the order of due dates, so a page costs as much as
//! it shows, and nothing is passed over. What a finished dossier was is in the log; here are some eighty bytes of it, so that
//! years of them fit in memory.

mod codes;
mod kept;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::Bound;

use domain::clock::Due;
use domain::dossier::{Outline, Phase};
use domain::ids::{ActorId, AgencyId, DossierId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use codes::CodePlace;
use codes::Codes;

/// The due date of those that have none: after all others.
const NEVER: i64 = i64::MAX;

/// Where a dossier stands in a list: by due date, then in the order of acceptance; those without a due date come last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// When it is due, in microseconds since 1970.
    due: i64,
    /// Its number in the register.
    number: u32,
}

impl Place {
    fn of(number: u32, due: Option<Due>) -> Self {
        Self {
            due: due.map_or(NEVER, |due| due.at.as_microsecond()),
            number,
        }
    }
}

impl api::place::Place for Place {
    fn to_bytes(&self) -> Vec<u8> {
        [&self.due.to_be_bytes()[..], &self.number.to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 12] = bytes.try_into().ok()?;
        Some(Self {
            due: i64::from_be_bytes(bytes[..8].try_into().ok()?),
            number: u32::from_be_bytes(bytes[8..].try_into().ok()?),
        })
    }
}

/// A shelf: dossiers that lists never tell apart but by their places.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Shelf {
    agency: AgencyId,
    phase: Phase,
    holder: Option<ActorId>,
}

/// Where an accepted dossier lies: on which shelf, and where there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spot {
    shelf: Shelf,
    place: Place,
}

impl Spot {
    /// Where this dossier lies; none before it is accepted.
    pub fn of(number: u32, dossier: &Outline) -> Option<Self> {
        let case = dossier.case.as_ref()?;
        Some(Self {
            shelf: Shelf {
                agency: case.agency.clone(),
                phase: dossier.phase,
                holder: case.holder.clone(),
            },
            place: Place::of(number, case.due),
        })
    }
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what this agency has now.
    pub agency: Option<AgencyId>,
    /// Only what this account holds.
    pub holder: Option<ActorId>,
    /// Only in these phases.
    pub phases: Vec<Phase>,
    /// Only those due at this moment or later.
    pub due_from: Option<Timestamp>,
    /// Only those due before.
    pub due_before: Option<Timestamp>,
}

/// The phases of an accepted dossier that is pending.
pub const PENDING: [Phase; 5] = [
    Phase::Accepted,
    Phase::InProcessing,
    Phase::AwaitingSupplement,
    Phase::AwaitingPayment,
    Phase::Suspended,
];

/// Whether the register lists a phase: all of accepted dossiers; intake lists the others.
pub fn lists(phase: Phase) -> bool {
    match phase {
        Phase::Accepted
        | Phase::InProcessing
        | Phase::AwaitingSupplement
        | Phase::AwaitingPayment
        | Phase::Suspended
        | Phase::Terminated
        | Phase::Resolved
        | Phase::Returned
        | Phase::Withdrawn
        | Phase::Voided => true,
        Phase::Unknown | Phase::Submitted | Phase::AwaitingIntakeSupplement | Phase::Refused => {
            false
        }
    }
}

/// Every dossier that was ever accepted.
#[derive(Debug, Default)]
pub struct Register {
    /// By number.
    dossiers: Vec<DossierId>,
    shelves: BTreeMap<Shelf, BTreeSet<Place>>,
    codes: Codes,
    twice: Vec<Twice>,
}

/// A code that was given to a second dossier: by another intake node with the same digit, by one that began anew without its
/// log, or by another system.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Twice {
    code: Box<str>,
    /// The number of who had it first, and is found by it.
    first: u32,
    again: u32,
}

impl Register {
    /// Enters a dossier that was just accepted: its number.
    pub fn enter(&mut self, dossier: DossierId, code: &str) -> u32 {
        // Four thousand million dossiers are more than any province has in four thousand years.
        let number = u32::try_from(self.dossiers.len()).unwrap_or(u32::MAX);
        self.dossiers.push(dossier);
        if let Some(first) = self.codes.insert(code, number) {
            self.twice.push(Twice {
                code: code.into(),
                first,
                again: number,
            });
        }
        number
    }

    /// The codes that two dossiers have, the newest first, each with who had it first and who got it again. Once either
    /// acceptance is voided, nobody mistakes one for the other.
    pub fn codes_given_twice(&self) -> impl Iterator<Item = (&str, DossierId, DossierId)> {
        let stand = |twice: &&Twice| !self.is_voided(twice.first) && !self.is_voided(twice.again);
        self.twice.iter().rev().filter(stand).filter_map(|twice| {
            let [first, again] = [twice.first, twice.again].map(|it| numbered(&self.dossiers, it));
            Some((&*twice.code, first?, again?))
        })
    }

    fn is_voided(&self, number: u32) -> bool {
        let voided = |(shelf, places): (&Shelf, &BTreeSet<Place>)| {
            shelf.phase == Phase::Voided && places.iter().any(|place| place.number == number)
        };
        self.shelves.iter().any(voided)
    }

    /// Takes a dossier from one spot to another.
    pub fn move_to(&mut self, from: Option<Spot>, to: Option<Spot>) {
        if from == to {
            return;
        }
        if let Some(Spot { shelf, place }) = from
            && let Some(places) = self.shelves.get_mut(&shelf)
        {
            places.remove(&place);
            if places.is_empty() {
                self.shelves.remove(&shelf);
            }
        }
        if let Some(Spot { shelf, place }) = to {
            self.shelves.entry(shelf).or_default().insert(place);
        }
    }

    /// Takes a dossier of which nothing but its place is known here to where it stands with another due date: one that is
    /// over, and has a time put right. Looked at are those that were due at the same moment.
    pub fn due_moved(&mut self, dossier: DossierId, was: Option<Due>, is: Option<Due>) {
        let Self {
            dossiers, shelves, ..
        } = self;
        let is_it = |place: &&Place| numbered(dossiers, place.number) == Some(dossier);
        let then = Place::of(0, was)..=Place::of(u32::MAX, was);
        for places in shelves.values_mut() {
            if let Some(place) = places.range(then.clone()).find(is_it).copied() {
                places.remove(&place);
                places.insert(Place::of(place.number, is));
                return;
            }
        }
    }

    /// The dossier at a place.
    pub fn dossier(&self, place: Place) -> Option<DossierId> {
        numbered(&self.dossiers, place.number)
    }

    /// Up to `max` dossiers in these phases that lie with agencies of which this is so.
    pub fn of_agencies(
        &self,
        phases: &[Phase],
        is_so: impl Fn(&AgencyId) -> bool,
        max: usize,
    ) -> Vec<DossierId> {
        let mut found = Vec::new();
        let mut next = self.shelves.range::<Shelf, _>(..).next();
        while let Some((Shelf { agency, .. }, _)) = next {
            if is_so(agency) {
                let filter = Filter {
                    agency: Some(agency.clone()),
                    phases: phases.to_vec(),
                    ..Filter::default()
                };
                let left = max.saturating_sub(found.len());
                let places = self.shelves_of(&filter).flatten().take(left);
                found.extend(places.filter_map(|place| self.dossier(*place)));
            }
            // The first name after this agency's.
            let after = first_shelf(&AgencyId::new(format!("{agency}\0")));
            next = self.shelves.range(after..).next();
        }
        found
    }

    /// Up to `max` places after one, in order.
    pub fn page(&self, filter: &Filter, after: Option<Place>, max: usize) -> Vec<Place> {
        let begin = filter.due_from.map(|from| Place {
            due: from.as_microsecond(),
            number: 0,
        });
        let from = match (after, begin) {
            (Some(after), Some(begin)) if after < begin => Bound::Included(begin),
            (Some(after), _) => Bound::Excluded(after),
            (None, Some(begin)) => Bound::Included(begin),
            (None, None) => Bound::Unbounded,
        };
        let before = filter.due_before.map(|before| before.as_microsecond());
        let within = |place: &Place| before.is_none_or(|before| place.due < before);
        let mut shelves = Vec::new();
        let mut next = BinaryHeap::new();
        for places in self.shelves_of(filter) {
            let mut rest = places.range((from, Bound::Unbounded)).copied();
            if let Some(first) = rest.next().filter(within) {
                next.push(Reverse((first, shelves.len())));
                shelves.push(rest);
            }
        }
        let mut page = Vec::new();
        while page.len() < max
            && let Some(Reverse((place, shelf))) = next.pop()
        {
            page.push(place);
            let following = shelves.get_mut(shelf).and_then(Iterator::next);
            if let Some(following) = following.filter(within) {
                next.push(Reverse((following, shelf)));
            }
        }
        page
    }

    /// The shelves a list is made of.
    fn shelves_of<'a>(
        &'a self,
        filter: &'a Filter,
    ) -> impl Iterator<Item = &'a BTreeSet<Place>> + 'a {
        let from = match &filter.agency {
            Some(agency) => Bound::Included(first_shelf(agency)),
            None => Bound::Unbounded,
        };
        self.shelves
            .range((from, Bound::Unbounded))
            .take_while(|(shelf, _)| {
                filter
                    .agency
                    .as_ref()
                    .is_none_or(|agency| *agency == shelf.agency)
            })
            .filter(|(shelf, _)| {
                filter.phases.contains(&shelf.phase)
                    && (filter.holder.is_none() || filter.holder == shelf.holder)
            })
            .map(|(_, places)| places)
    }

    /// Up to `max` dossiers whose code begins so, after one, in the order of their codes.
    pub fn by_code(
        &self,
        prefix: &str,
        after: Option<&CodePlace>,
        max: usize,
    ) -> Vec<(CodePlace, DossierId)> {
        self.codes
            .beginning(prefix, after)
            .take(max)
            .filter_map(|(code, number)| Some((code, numbered(&self.dossiers, number)?)))
            .collect()
    }
}

fn numbered(dossiers: &[DossierId], number: u32) -> Option<DossierId> {
    dossiers.get(usize::try_from(number).ok()?).copied()
}

fn first_shelf(agency: &AgencyId) -> Shelf {
    Shelf {
        agency: agency.clone(),
        phase: Phase::Unknown,
        holder: None,
    }
}

#[cfg(test)]
mod tests;

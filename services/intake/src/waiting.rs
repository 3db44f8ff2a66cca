//! Where each submission that waits stands: on a shelf of its agency and channel, the nearest answer limit first.
//!
//! A list is a merge of shelves, so a page costs as much as it shows, whatever else waits; and what is kept of a submission
//! are numbers, so that a million of them fit in memory.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::ops::Bound;

use api::place::{never, time};
use domain::event::Channel;
use domain::ids::{AgencyId, DossierId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a submission stands in the list: those with an answer limit first, nearest first, then by time of filing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Place {
    /// By when intake must answer, in microseconds since 1970; the far future when there is no limit.
    answer_due: i64,
    /// When it was filed, likewise.
    submitted_at: i64,
    /// The dossier.
    pub dossier: DossierId,
}

impl Place {
    /// Where this submission stands.
    pub fn new(answer_due: Option<Timestamp>, submitted_at: Timestamp, dossier: DossierId) -> Self {
        Self {
            answer_due: answer_due.unwrap_or_else(never).as_microsecond(),
            submitted_at: submitted_at.as_microsecond(),
            dossier,
        }
    }

    /// Whether intake had to answer before this moment.
    pub fn is_late_at(&self, now: Timestamp) -> bool {
        self.answer_due < now.as_microsecond()
    }
}

impl api::place::Place for Place {
    fn to_bytes(&self) -> Vec<u8> {
        [
            &self.answer_due.to_be_bytes()[..],
            &self.submitted_at.to_be_bytes(),
            self.dossier.0.as_bytes(),
        ]
        .concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self {
            answer_due: time(&bytes[..8])?.as_microsecond(),
            submitted_at: time(&bytes[8..16])?.as_microsecond(),
            dossier: DossierId(Uuid::from_slice(&bytes[16..]).ok()?),
        })
    }
}

/// What a list may be narrowed by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this agency.
    pub agency: Option<AgencyId>,
    /// Only this channel.
    pub channel: Option<Channel>,
    /// Only those whose limit has passed at this moment.
    pub late_at: Option<Timestamp>,
}

/// Submissions that lists never tell apart but by their places.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Shelf {
    agency: AgencyId,
    channel: Channel,
    places: BTreeSet<Place>,
}

/// What is kept of a submission beside its place: which shelf, and the rest of the place.
#[derive(Clone, Copy, Debug)]
struct Kept {
    shelf: u32,
    answer_due: i64,
    submitted_at: i64,
}

/// Every submission that waits.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// One for each agency and channel that ever was: some hundreds in a province.
    shelves: Vec<Shelf>,
    kept: HashMap<DossierId, Kept>,
}

impl Waiting {
    /// Up to `max` places after one, in order.
    pub(crate) fn page(&self, filter: &Filter, after: Option<Place>, max: usize) -> Vec<Place> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let within = |place: &Place| filter.late_at.is_none_or(|now| place.is_late_at(now));
        let mut rests = Vec::new();
        let mut next = BinaryHeap::new();
        for shelf in self.shelves.iter().filter(|shelf| shelf.is_in(filter)) {
            let mut rest = shelf.places.range((from, Bound::Unbounded)).copied();
            if let Some(first) = rest.next().filter(within) {
                next.push(Reverse((first, rests.len())));
                rests.push(rest);
            }
        }
        let mut page = Vec::new();
        while page.len() < max
            && let Some(Reverse((place, shelf))) = next.pop()
        {
            page.push(place);
            let following = rests.get_mut(shelf).and_then(Iterator::next);
            if let Some(following) = following.filter(within) {
                next.push(Reverse((following, shelf)));
            }
        }
        page
    }

    /// Lists a submission.
    pub(crate) fn insert(&mut self, agency: AgencyId, channel: Channel, place: Place) {
        let is_it = |shelf: &Shelf| shelf.agency == agency && shelf.channel == channel;
        let at = self.shelves.iter().position(is_it).unwrap_or_else(|| {
            self.shelves.push(Shelf {
                agency,
                channel,
                places: BTreeSet::new(),
            });
            self.shelves.len() - 1
        });
        // More agencies than 32 bits count are in no catalogue.
        self.put(u32::try_from(at).unwrap_or(u32::MAX), place);
    }

    fn put(&mut self, shelf: u32, place: Place) {
        if let Some(it) = self.shelf(shelf) {
            it.places.insert(place);
            let kept = Kept {
                shelf,
                answer_due: place.answer_due,
                submitted_at: place.submitted_at,
            };
            self.kept.insert(place.dossier, kept);
        }
    }

    fn shelf(&mut self, shelf: u32) -> Option<&mut Shelf> {
        self.shelves.get_mut(usize::try_from(shelf).ok()?)
    }

    /// Takes a submission off the list: where it was.
    pub(crate) fn remove(&mut self, dossier: DossierId) -> Option<(u32, Place)> {
        let kept = self.kept.remove(&dossier)?;
        let place = Place {
            answer_due: kept.answer_due,
            submitted_at: kept.submitted_at,
            dossier,
        };
        self.shelf(kept.shelf)?.places.remove(&place);
        Some((kept.shelf, place))
    }

    /// Puts a submission that waits at another answer limit.
    pub(crate) fn answer_by(&mut self, dossier: DossierId, answer_due: Option<Timestamp>) {
        if let Some((shelf, place)) = self.remove(dossier) {
            let answer_due = answer_due.unwrap_or_else(never).as_microsecond();
            self.put(
                shelf,
                Place {
                    answer_due,
                    ..place
                },
            );
        }
    }

    /// The shelves, to be laid down.
    pub(crate) fn shelves(&self) -> &[Shelf] {
        &self.shelves
    }

    /// The list with these shelves.
    pub(crate) fn with(shelves: Vec<Shelf>) -> Self {
        let kept = (0..).zip(&shelves).flat_map(|(number, shelf)| {
            shelf.places.iter().map(move |place| {
                let kept = Kept {
                    shelf: number,
                    answer_due: place.answer_due,
                    submitted_at: place.submitted_at,
                };
                (place.dossier, kept)
            })
        });
        Self {
            kept: kept.collect(),
            shelves,
        }
    }
}

impl Shelf {
    fn is_in(&self, filter: &Filter) -> bool {
        let agency = filter.agency.as_ref();
        agency.is_none_or(|agency| *agency == self.agency)
            && filter.channel.is_none_or(|channel| channel == self.channel)
    }
}

#[cfg(test)]
mod tests;

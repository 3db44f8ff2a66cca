//! What agencies were asked by others and have not answered: a part of the inbox, the nearest due date first.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use api::place::time;
use domain::dossier::{Outline, Subtask};
use domain::ids::{AgencyId, DossierId};
use jiff::Timestamp;
use uuid::Uuid;

/// Where a sub-task stands: by due date; only one that has started stands anywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// When its answer is due.
    pub due: Timestamp,
    /// The dossier.
    pub dossier: DossierId,
    /// Its number there.
    pub number: u16,
}

impl api::place::Place for Place {
    fn to_bytes(&self) -> Vec<u8> {
        [
            &self.due.as_microsecond().to_be_bytes()[..],
            self.dossier.0.as_bytes(),
            &self.number.to_be_bytes(),
        ]
        .concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 26] = bytes.try_into().ok()?;
        Some(Self {
            due: time(&bytes[..8])?,
            dossier: DossierId(Uuid::from_slice(&bytes[8..24]).ok()?),
            number: u16::from_be_bytes(bytes[24..].try_into().ok()?),
        })
    }
}

/// What agencies were asked and have not answered; what has started stands in the list, by the agency that has to answer.
#[derive(Debug, Default)]
pub struct Subtasks {
    order: BTreeMap<Place, AgencyId>,
    of: HashMap<DossierId, Vec<Subtask>>,
}

impl Subtasks {
    /// What was asked about a dossier.
    pub fn of(&self, id: DossierId) -> &[Subtask] {
        self.of.get(&id).map_or(&[], Vec::as_slice)
    }

    /// All that was asked.
    pub fn all(&self) -> impl Iterator<Item = (&DossierId, &Vec<Subtask>)> {
        self.of.iter()
    }

    /// Takes in what a dossier has become.
    pub fn update(&mut self, id: DossierId, outline: &Outline) {
        let asked = outline.case.as_ref().map(|case| case.subtasks.as_slice());
        let asked = asked.unwrap_or_default();
        if self.of(id) != asked {
            self.put(id, asked.to_vec());
        }
    }

    /// Takes in what is asked about a dossier now.
    pub fn put(&mut self, id: DossierId, asked: Vec<Subtask>) {
        for was in self.of.remove(&id).unwrap_or_default() {
            if let Some(place) = place(id, &was) {
                self.order.remove(&place);
            }
        }
        for is in &asked {
            if let Some(place) = place(id, is) {
                self.order.insert(place, is.agency.clone());
            }
        }
        if !asked.is_empty() {
            self.of.insert(id, asked);
        }
    }

    /// Up to `max` places after one, in order.
    pub fn page(
        &self,
        agency: Option<&AgencyId>,
        due_before: Option<Timestamp>,
        after: Option<Place>,
        max: usize,
    ) -> Vec<Place> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.order
            .range((from, Bound::Unbounded))
            .take_while(|(place, _)| due_before.is_none_or(|before| place.due < before))
            .filter(|(_, of)| agency.is_none_or(|agency| agency == *of))
            .map(|(place, _)| *place)
            .take(max)
            .collect()
    }
}

fn place(dossier: DossierId, subtask: &Subtask) -> Option<Place> {
    Some(Place {
        due: subtask.due?.at,
        dossier,
        number: subtask.number,
    })
}

#[cfg(test)]
mod tests {
    use api::place::Place as _;

    use super::*;

    #[test]
    fn a_place_comes_out_of_a_page_token_as_it_went_in() {
        let place = Place {
            due: Timestamp::from_microsecond(1_795_493_826_312_555).unwrap(),
            dossier: DossierId(Uuid::from_u128(7)),
            number: 3,
        };
        assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
    }
}

//! Dossiers that are not understood: a newer program wrote something about them, and until this one is upgraded they wait.
//!
//! The log says nothing of this: a program that knows the events folds the same records and finds nothing parked.

use std::collections::{BTreeMap, HashMap};

use domain::event::Event;
use domain::ids::{DossierCode, DossierId};
use eventlog::{EventLog, Position, ReadError, Record, StreamId};

use serde::{Deserialize, Serialize};

use crate::codec::{self, NotUnderstood};

/// The dossiers not understood, by their first such record.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Parked {
    order: BTreeMap<Position, DossierId>,
    first: HashMap<DossierId, NotUnderstood>,
    records: u64,
}

/// A state that knows what is parked.
pub trait HasParked {
    /// It.
    fn parked(&self) -> &Parked;
}

impl Parked {
    /// Notes a record; in any order.
    pub fn note(&mut self, dossier: DossierId, why: &NotUnderstood) {
        self.records = self.records.saturating_add(1);
        if let Some(first) = self.first.get(&dossier) {
            if first.position <= why.position {
                return;
            }
            self.order.remove(&first.position);
        }
        self.order.insert(why.position, dossier);
        self.first.insert(dossier, why.clone());
    }

    /// How many dossiers.
    pub fn dossiers(&self) -> usize {
        self.first.len()
    }

    /// How many records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Why a dossier is parked: its first record that is not understood.
    pub fn first(&self, dossier: DossierId) -> Option<&NotUnderstood> {
        self.first.get(&dossier)
    }

    /// Up to `max` dossiers whose first such record comes after a position, in order.
    pub fn page(&self, after: Position, max: usize) -> Vec<(DossierId, NotUnderstood)> {
        self.order
            .range(after.saturating_add(1)..)
            .filter_map(|(_, dossier)| Some((*dossier, self.first.get(dossier)?.clone())))
            .take(max)
            .collect()
    }
}

/// The dossier's code, as far as its history is understood.
///
/// # Errors
/// When the log cannot be read.
pub fn code(log: &EventLog, dossier: DossierId) -> Result<Option<DossierCode>, ReadError> {
    let records = log.stream(StreamId(dossier.0))?;
    Ok(records.iter().find_map(|record| {
        let occurrence = codec::decode(record).ok()?;
        let Event::DossierAccepted(accepted) = occurrence.event else {
            return None;
        };
        Some(accepted.code)
    }))
}

/// The dossier's records that are not understood, and why; at most `max`.
///
/// # Errors
/// When the log cannot be read.
pub fn records(
    log: &EventLog,
    dossier: DossierId,
    max: usize,
) -> Result<Vec<(Record, NotUnderstood)>, ReadError> {
    let records = log.stream(StreamId(dossier.0))?;
    let not_understood = records.into_iter().filter_map(|record| {
        let why = codec::decode(&record).err()?;
        Some((record, why))
    });
    Ok(not_understood.take(max).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(position: Position) -> NotUnderstood {
        NotUnderstood {
            position,
            kind: "dossier_blessed".into(),
            schema_version: 1,
            reason: "this program knows no such event".to_owned(),
        }
    }

    #[test]
    fn a_dossier_is_listed_once_at_its_first_record_in_whatever_order_they_are_noted() {
        let id = |number| DossierId(uuid::Uuid::from_u128(number));
        let mut parked = Parked::default();
        for (dossier, position) in [(1, 9), (2, 7), (1, 4), (1, 12)] {
            parked.note(id(dossier), &why(position));
        }
        assert_eq!((parked.dossiers(), parked.records()), (2, 4));
        assert_eq!(parked.first(id(1)), Some(&why(4)));
        assert_eq!(parked.page(0, 9), [(id(1), why(4)), (id(2), why(7))]);
        assert_eq!(parked.page(4, 9), [(id(2), why(7))]);
        assert_eq!(parked.page(0, 1), [(id(1), why(4))]);
    }
}

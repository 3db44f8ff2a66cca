//! Facts folded from the log, and how much of it was not understood.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use application::codec::{self, NotUnderstood};
use application::projection::Fold;
use domain::calendar::Calendar;
use domain::event::Occurrence;
use domain::ids::DossierId;
use eventlog::format::EncodedBlock;
use eventlog::{DecodeError, EventLog, Position, ReadError, Record};
use jiff::Timestamp;
use statistics::Facts;
use statistics::facts::{Fact, fold_in_order};

/// The facts, and what could not become one.
#[derive(Debug)]
pub struct Figures {
    /// The facts.
    pub facts: Facts,
    /// Records that this program could not understand.
    pub not_understood: u64,
}

impl Figures {
    /// The figures of everything the log holds now, and up to which position that is: decompressed and decoded on every
    /// core, folded in order.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn rebuild(log: &EventLog, calendar: Calendar) -> Result<(Self, Position), ReadError> {
        let last = log.head().position;
        let mut facts = Facts::new(calendar);
        let not_understood = AtomicU64::new(0);
        let decode = |block: Result<EncodedBlock, ReadError>, into: &mut Vec<Fact>| {
            let block = block?;
            let damaged = |error: DecodeError| ReadError::Damaged {
                file: log.folder().display().to_string(),
                position: block.header.first,
                why: error.to_string(),
            };
            let block = block.decode().map_err(damaged)?;
            for record in block.records() {
                let record = record.map_err(damaged)?;
                if record.place.position <= last {
                    let fact = fact(&record, codec::decode(&record).ok());
                    if fact.occurrence.is_none() {
                        not_understood.fetch_add(1, Ordering::Relaxed);
                    }
                    into.push(fact);
                }
            }
            Ok(())
        };
        let workers = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        fold_in_order(&mut facts, log.blocks(1), decode, workers)?;
        let figures = Self {
            facts,
            not_understood: not_understood.into_inner(),
        };
        Ok((figures, last))
    }
}

/// A record as the facts take it; without an event when it was not understood.
fn fact(record: &Record, occurrence: Option<Occurrence>) -> Fact {
    let recorded_at = Timestamp::from_microsecond(record.place.recorded_at);
    Fact {
        position: record.place.position,
        // A time that no clock can have had: the record is not understood.
        occurrence: occurrence.filter(|_| recorded_at.is_ok()),
        recorded_at: recorded_at.unwrap_or_default(),
        dossier: DossierId(record.stream.0),
    }
}

impl Fold for Figures {
    fn apply(&mut self, record: &Record, event: Result<&Occurrence, &NotUnderstood>) {
        let dossier = DossierId(record.stream.0);
        let position = record.place.position;
        let recorded_at = Timestamp::from_microsecond(record.place.recorded_at);
        match (event, recorded_at) {
            (Ok(occurrence), Ok(recorded_at)) => {
                self.facts.apply(position, recorded_at, dossier, occurrence);
            }
            (Err(_), _) | (_, Err(_)) => {
                self.not_understood += 1;
                self.facts.apply_unclassified(position, dossier);
            }
        }
    }
}

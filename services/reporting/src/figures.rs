//! Facts folded from the log, and how much of it was not understood.

use application::codec::NotUnderstood;
use application::projection::Fold;
use domain::calendar::Calendar;
use domain::event::Occurrence;
use domain::ids::DossierId;
use eventlog::Record;
use jiff::Timestamp;
use statistics::Facts;

/// The facts, and what could not become one.
#[derive(Debug)]
pub struct Figures {
    /// The facts.
    pub facts: Facts,
    /// Records that this program could not understand.
    pub not_understood: u64,
}

impl Figures {
    /// No facts yet.
    pub fn new(calendar: Calendar) -> Self {
        Self {
            facts: Facts::new(calendar),
            not_understood: 0,
        }
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

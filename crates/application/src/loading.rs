//! Dossiers as the log has them: one by one for whoever writes about them, many at once for lists.

use domain::dossier::{self, Dossier};
use domain::event::Occurrence;
use domain::ids::DossierId;
use eventlog::{Record, Revision, StreamId};

use crate::codec::{self, NotUnderstood};
use crate::desk::Desk;
use crate::error::HandleError;

/// A dossier as the log has it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its history.
    pub history: Vec<Occurrence>,
    /// Its records, one for each event.
    pub records: Vec<Record>,
    /// Its state.
    pub dossier: Dossier,
    /// Its revision.
    pub revision: Revision,
}

/// A dossier as far as this program understands it, and what it does not.
pub type Known = (Loaded, Option<NotUnderstood>);

impl Desk {
    /// Loads a dossier as far as this program understands it, and says what it does not: enough to list it, never enough to
    /// write about it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn load_known(&self, id: DossierId) -> Result<Known, HandleError> {
        Ok(known(self.log().stream(StreamId(id.0))?))
    }

    /// The same of many, in their order: what lies together in the log is read once for all of them.
    ///
    /// # Errors
    /// When the log cannot be read, for any of them.
    pub fn load_all_known(&self, ids: &[DossierId]) -> Result<Vec<Known>, HandleError> {
        let streams: Vec<_> = ids.iter().map(|id| StreamId(id.0)).collect();
        let found = self.log().streams(&streams)?;
        Ok(found.into_iter().map(known).collect())
    }

    /// Loads a dossier; an empty history is a dossier nobody knows.
    ///
    /// # Errors
    /// When the log cannot be read, or holds an event of a newer program.
    pub fn load(&self, id: DossierId) -> Result<Loaded, HandleError> {
        match self.load_known(id)? {
            (loaded, None) => Ok(loaded),
            (_, Some(why)) => Err(why.into()),
        }
    }
}

fn known(mut records: Vec<Record>) -> Known {
    let mut history = Vec::with_capacity(records.len());
    let mut stuck = None;
    for record in &records {
        match codec::decode(record) {
            Ok(occurrence) => history.push(occurrence),
            Err(why) => {
                stuck = Some(why);
                break;
            }
        }
    }
    let dossier = dossier::replay(&history);
    let revision = records.last().map_or(0, |record| record.revision);
    records.truncate(history.len());
    let loaded = Loaded {
        history,
        records,
        dossier,
        revision,
    };
    (loaded, stuck)
}

//! Look-ups by an identity number: the record each leaves before it is answered, and the list of them.

use std::collections::HashMap;

use domain::event::{Event, EventKind, IdentityLookedUp, Occurrence};
use domain::ids::DossierId;
use eventlog::format::RecordView;
use eventlog::{Expected, Position, Record};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::desk::Desk;
use crate::error::HandleError;
use crate::post::{self, By};
use crate::projection::Fold;

/// Where the records of look-ups are.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct LookUps {
    all: Vec<Position>,
    /// Those that showed a dossier.
    showed: HashMap<DossierId, Vec<Position>>,
}

impl LookUps {
    /// Up to `max` before a position, the newest first; of one dossier, those that showed it.
    pub fn page(
        &self,
        dossier: Option<DossierId>,
        before: Option<Position>,
        max: usize,
    ) -> Vec<Position> {
        let all = match dossier {
            Some(dossier) => self.showed.get(&dossier),
            None => Some(&self.all),
        };
        let all = all.map_or(&[][..], Vec::as_slice);
        let upto = before.map_or(all.len(), |before| all.partition_point(|at| *at < before));
        let earlier = all.get(..upto).unwrap_or_default();
        earlier.iter().rev().take(max).copied().collect()
    }
}

impl Fold for LookUps {
    fn apply(&mut self, record: &RecordView<'_>) {
        if EventKind::named(record.kind) != Some(EventKind::IdentityLookedUp) {
            return;
        }
        let position = record.place.position;
        self.all.push(position);
        if let Ok(occurrence) = codec::decode_view(record)
            && let Event::IdentityLookedUp(it) = occurrence.event
        {
            for dossier in it.dossiers {
                self.showed.entry(dossier).or_default().push(position);
            }
        }
    }
}

/// What a record says of a look-up; none when it is of something else, or not understood.
pub fn told(record: &Record) -> Option<IdentityLookedUp> {
    if let Event::IdentityLookedUp(it) = codec::decode(record).ok()?.event {
        Some(it)
    } else {
        None
    }
}

impl Desk {
    /// Writes down that dossiers were looked for by an identity number, in a history of its own. The answer is given after
    /// this returns, or not at all.
    ///
    /// # Errors
    /// When it cannot be written: the disk is full, the clock is not believed, the log waits for its others.
    pub async fn record_look_up(
        &self,
        looked_up: IdentityLookedUp,
        by: &By,
    ) -> Result<Record, HandleError> {
        post::may_write(self, by.now)?;
        let stream = post::stream(self, "hoso look-up v1", &[by.request_id.as_bytes()]);
        let happened = Occurrence {
            at: by.now,
            event: Event::IdentityLookedUp(looked_up),
        };
        Ok(post::append(self, stream, Expected::Exactly(0), by, &happened).await?)
    }
}

//! Whose data was put right in another entry: the wrong ones are to be destroyed in every vault that has them.

use domain::event::{Event, EventKind};
use eventlog::format::RecordView;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec;
use crate::projection::Fold;

/// The entries that hold no longer, in the order in which that became known.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct PutRight(Vec<Uuid>);

impl PutRight {
    /// All of them; more are only ever added at the end.
    pub fn wrong(&self) -> &[Uuid] {
        &self.0
    }
}

impl Fold for PutRight {
    fn apply(&mut self, record: &RecordView<'_>) {
        if EventKind::named(record.kind) == Some(EventKind::SubjectReplaced)
            && let Ok(occurrence) = codec::decode_view(record)
            && let Event::SubjectReplaced(it) = occurrence.event
        {
            self.0.push(it.replaced);
        }
    }
}

//! Rows of open dossiers that lists have shown lately, so that a list that is looked at again is not read from the log again.
//!
//! A row follows from a dossier's history and the catalogue, so one of the same revision under the same catalogue is the same.
//! What is kept is bounded in bytes, however many dossiers there are; what was not shown for longest goes first.

use std::collections::HashMap;
use std::sync::Arc;

use api::hoso::dossier::v1 as wire;
use domain::Catalogue;
use domain::ids::DossierId;
use prost::Message as _;

/// Bytes of the rows shown since the last time that those before were let go; as many again may be older.
const BYTES_MAX: usize = 32 << 20;
/// What a row takes beside its bytes.
const OVERHEAD: usize = 64;

/// The rows.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Under which they were made.
    catalogue: Option<Arc<Catalogue>>,
    young: HashMap<DossierId, Box<[u8]>>,
    old: HashMap<DossierId, Box<[u8]>>,
    young_bytes: usize,
}

impl Shown {
    /// The row of a dossier that is at this revision, or was a moment ago.
    pub(crate) fn row(
        &mut self,
        id: DossierId,
        revision: u32,
        catalogue: &Arc<Catalogue>,
    ) -> Option<wire::Dossier> {
        self.under(catalogue);
        let fits = |bytes: &[u8]| {
            let row = wire::Dossier::decode(bytes).ok()?;
            (row.revision >= revision).then_some(row)
        };
        if let Some(bytes) = self.young.get(&id) {
            return fits(bytes);
        }
        let bytes = self.old.remove(&id)?;
        let row = fits(&bytes)?;
        self.put(id, bytes);
        Some(row)
    }

    /// Keeps a row.
    pub(crate) fn keep(&mut self, id: DossierId, row: &wire::Dossier, catalogue: &Arc<Catalogue>) {
        self.under(catalogue);
        self.old.remove(&id);
        self.put(id, row.encode_to_vec().into());
    }

    fn put(&mut self, id: DossierId, bytes: Box<[u8]>) {
        self.young_bytes += bytes.len() + OVERHEAD;
        if let Some(was) = self.young.insert(id, bytes) {
            self.young_bytes -= was.len() + OVERHEAD;
        }
        if self.young_bytes > BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    /// What was made under another catalogue is let go.
    fn under(&mut self, catalogue: &Arc<Catalogue>) {
        let same = self.catalogue.as_ref();
        if !same.is_some_and(|same| Arc::ptr_eq(same, catalogue)) {
            *self = Self {
                catalogue: Some(Arc::clone(catalogue)),
                ..Self::default()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::catalogue;

    fn id(number: u128) -> DossierId {
        DossierId(Uuid::from_u128(number))
    }

    fn row(revision: u32) -> wire::Dossier {
        wire::Dossier {
            revision,
            code: "0".repeat(1 << 20),
            ..wire::Dossier::default()
        }
    }

    #[test]
    fn a_row_is_shown_again_until_something_happens_to_its_dossier_or_the_catalogue_changes() {
        let (mut shown, in_use) = (Shown::default(), catalogue());
        shown.keep(id(1), &row(4), &in_use);
        assert_eq!(shown.row(id(1), 4, &in_use), Some(row(4)));
        assert_eq!(shown.row(id(1), 5, &in_use), None);
        assert_eq!(shown.row(id(2), 1, &in_use), None);
        shown.keep(id(1), &row(5), &in_use);
        assert_eq!(shown.row(id(1), 5, &in_use), Some(row(5)));
        let another = catalogue();
        assert_eq!(shown.row(id(1), 5, &another), None);
    }

    #[test]
    fn what_was_not_shown_for_longest_goes_first_and_no_more_is_kept_than_there_is_room_for() {
        let (mut shown, in_use) = (Shown::default(), catalogue());
        for number in 0..200 {
            shown.keep(id(number), &row(1), &in_use);
            assert!(
                shown.row(id(0), 1, &in_use).is_some(),
                "it is looked at always"
            );
        }
        let kept = |number: &u128| shown.row(id(*number), 1, &in_use).is_some();
        let kept: Vec<_> = (1..200).filter(kept).collect();
        assert!(kept.len() >= 30 && kept.len() <= 64, "{kept:?}");
        assert_eq!(kept.last(), Some(&199));
    }
}

//! What a watcher was told at an earlier round: what was true at its position and its moment.

use std::collections::{HashMap, HashSet};

use api::EdgeError;
use api::watching::WatchEnd;
use application::HandleError;
use application::log::Position;
use domain::dossier::{self, Outline};
use domain::ids::DossierId;

use super::{Mark, Scope, State};
use crate::listing::Rows;

/// So many records since are looked through; after more it is cheaper to begin anew.
const MOST: usize = 10_000;
/// Records read at a time.
const AT_ONCE: usize = 512;

/// The states of that round. What has not changed since stands in the lists; what has is folded up to there.
pub(super) fn told(
    rows: &Rows,
    scope: &Scope,
    mark: Mark,
) -> Result<HashMap<DossierId, State>, EdgeError> {
    let moment = scope.at(mark.at, &rows.edge.desk.catalogue());
    // What comes after the lists are looked at is found among the changes below.
    let mut told: HashMap<_, _> = rows
        .board
        .read(|board, _| scope.present(board, &moment))
        .into_iter()
        .collect();
    for id in changed_since(rows, mark.point.position)? {
        told.remove(&id);
        let (loaded, _) = rows.edge.desk.load_known(id)?;
        let then = loaded
            .records
            .iter()
            .take_while(|record| record.place.position <= mark.point.position)
            .count();
        let dossier = dossier::replay(loaded.history.get(..then).unwrap_or_default());
        if let Some(state) = scope.state(&Outline::of(&dossier), &moment) {
            told.insert(id, state);
        }
    }
    Ok(told)
}

fn changed_since(rows: &Rows, position: Position) -> Result<HashSet<DossierId>, EdgeError> {
    let log = rows.edge.desk.log();
    let mut changed = HashSet::new();
    let (mut at, mut seen) = (position, 0);
    loop {
        let records = log.read_after(at, AT_ONCE).map_err(HandleError::from)?;
        let Some(last) = records.last() else {
            return Ok(changed);
        };
        at = last.place.position;
        seen += records.len();
        if seen > MOST {
            let most = MOST;
            return Err(WatchEnd::TooOld { position, most }.into());
        }
        let changes = records.iter().filter(|record| !record.rival);
        changed.extend(changes.map(|record| DossierId(record.stream.0)));
    }
}

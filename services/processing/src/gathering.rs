//! Looks through the log for what accepted dossiers and filings name and is not in processing's vault yet.
//!
//! How far it has looked is kept in the vault's own folder: a vault that comes from a copy comes without, and is filled up
//! from the beginning. The mark never passes a record for which something is still wanted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use application::errands::{self, Wanted};
use application::{Desk, HandleError};
use domain::event::EventKind;
use domain::ids::DossierId;
use eventlog::{LogId, Position};

use crate::vaults::Vaults;

/// Records read at a time.
const ROUND: usize = 1024;
/// The longest to sleep while nothing comes; how often the mark is moved at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The mark's file in the vault's folder.
const MARK: &str = "gathered";

/// Looks, as long as it is run; `vault` is the folder of the vault.
pub(crate) async fn keep_gathering(desk: Desk, vaults: Vaults, vault: PathBuf) {
    let log = desk.log().clone();
    let mark = vault.join(MARK);
    let mut head = log.watch();
    let mut after = marked(&mark, log.head().log).min(log.head().position);
    let mut kept = after;
    vaults.looked_through(after);
    loop {
        head.borrow_and_update();
        let behind = after < log.head().position && !vaults.is_full();
        if behind {
            let (desk, wants) = (desk.clone(), vaults.clone());
            let found = tokio::task::spawn_blocking(move || gather(&desk, &wants, after)).await;
            match found {
                Ok(Ok(upto)) => {
                    after = upto;
                    vaults.looked_through(after);
                    vaults.wake();
                    if after < log.head().position {
                        continue;
                    }
                }
                Ok(Err(error)) => {
                    tracing::error!(%error, "the log cannot be looked through for personal data");
                }
                Err(error) => {
                    tracing::error!(%error, "the log was not looked through for personal data");
                }
            }
        }
        let done = vaults.oldest().map_or(after, |oldest| oldest - 1);
        if done != kept {
            match keep(&mark, log.head().log, done) {
                Ok(()) => kept = done,
                Err(error) => {
                    tracing::warn!(%error, "how far personal data was gathered is not kept");
                }
            }
        }
        // Nothing is lost by looking later; many records are looked through together.
        let moved = tokio::time::timeout(LOOK_AGAIN, head.changed()).await;
        if moved.is_ok_and(|moved| moved.is_err()) {
            return;
        }
    }
}

/// Looks through the next stretch of the log after a position, and says from the vaults what it makes wanted; gives where
/// the stretch ends.
///
/// # Errors
/// When the log cannot be read; nothing is wanted then.
pub fn gather(desk: &Desk, vaults: &Vaults, after: Position) -> Result<Position, HandleError> {
    let records = desk.log().read_after(after, ROUND)?;
    let mut all: Vec<(Position, Vec<Wanted>)> = Vec::new();
    for record in &records {
        let wanted = matches!(
            EventKind::named(&record.event.kind),
            Some(EventKind::DossierAccepted | EventKind::FilingReceived)
        );
        // An acceptance of its own is that of a second home, which counts for a dossier filed at the first.
        if !wanted || record.rival {
            continue;
        }
        let dossier = DossierId(record.stream.0);
        if desk.vault().is_erased(dossier.0) {
            continue;
        }
        match errands::wanted(&desk.records(dossier)?) {
            Ok(mut wanted) => {
                wanted.retain(|one| !desk.vault().has(one.entry));
                if !wanted.is_empty() {
                    all.push((record.place.position, wanted));
                }
            }
            Err(why) => {
                tracing::warn!(%dossier, %why, "what it names in vaults is not known to this program");
            }
        }
    }
    for (position, wanted) in all {
        vaults.want(position, wanted);
    }
    Ok(records.last().map_or(after, |last| last.place.position))
}

/// How far the log was looked through; 0 when that is not known of this log.
fn marked(mark: &Path, log: LogId) -> Position {
    let read = || {
        let text = fs::read_to_string(mark).ok()?;
        let (of, position) = text.trim().split_once(' ')?;
        (of == log.to_string()).then_some(())?;
        position.parse().ok()
    };
    read().unwrap_or(0)
}

/// The entries up to there are synced already: a mark that is lost costs time, and nothing else.
fn keep(mark: &Path, log: LogId, position: Position) -> io::Result<()> {
    let new = mark.with_extension("new");
    fs::write(&new, format!("{log} {position}\n"))?;
    fs::rename(&new, mark)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_mark_is_of_one_log_and_anything_else_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join(MARK);
        let (log, other) = (LogId(Uuid::from_u128(1)), LogId(Uuid::from_u128(2)));
        assert_eq!(marked(&mark, log), 0);
        keep(&mark, log, 41).unwrap();
        assert_eq!((marked(&mark, log), marked(&mark, other)), (41, 0));
        fs::write(&mark, format!("{log} x")).unwrap();
        assert_eq!(marked(&mark, log), 0);
    }
}

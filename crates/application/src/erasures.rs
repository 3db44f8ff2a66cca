//! Whose personal data is erased, and that it stays so: also in a vault restored from a copy older than the erasure.
//!
//! An erasure is asked for by one event and written down as done by another, once every vault that had the data has said so.
//! In between everything follows from the log, so that a crash at any moment delays it and nothing else.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Command;
use domain::command::NoteSubjectErased;
use domain::event::EventKind;
use domain::ids::{ActorId, DossierId, HomeId, OrganisationId};
use domain::rejection::Rejection;
use eventlog::format::RecordView;
use eventlog::{EventLog, Key, LogId, ReadError, Request};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;
use vault::{EraseError, Vault};

use crate::codec;
use crate::desk::{Desk, Wish};
use crate::error::HandleError;
use crate::personal::PersonalError;
use crate::projection::{Fold, Projection};

/// Records read at a time.
const ROUND: usize = 1024;
/// Who acts when nobody asked.
const ACTOR: &str = "hoso";
/// How long to wait after something could not be erased or written down.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest to sleep while nothing comes.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Whether a record says that a subject is to be erased, or was.
fn erases(kind: &str) -> bool {
    matches!(
        EventKind::named(kind),
        Some(EventKind::SubjectErasureRequested | EventKind::SubjectKeyDestroyed)
    )
}

/// Whose personal data is erased.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Erasures {
    /// All of them, in the order in which it became known; one for whom something was brought later stands there again.
    subjects: Vec<DossierId>,
    /// The same, to be looked up.
    known: HashSet<DossierId>,
    /// Those of whom it is not written down yet that nothing is left, each with its place in that order.
    open: BTreeMap<DossierId, usize>,
}

impl Erasures {
    /// All of them, in the order in which it became known; more are only ever added at the end.
    pub fn subjects(&self) -> &[DossierId] {
        &self.subjects
    }

    /// Those of whom it is not written down yet that nothing is left, each with its place among all.
    pub fn open(&self) -> Vec<(DossierId, usize)> {
        self.open.iter().map(|(id, place)| (*id, *place)).collect()
    }
}

impl Fold for Erasures {
    fn apply(&mut self, record: &RecordView<'_>) {
        let dossier = DossierId(record.stream.0);
        if !erases(record.kind) {
            // What was brought for it has words of its own in a vault.
            if self.known.contains(&dossier)
                && let Ok(occurrence) = codec::decode_view(record)
                && occurrence.event.filing().is_some()
            {
                self.subjects.push(dossier);
            }
            return;
        }
        let requested = EventKind::named(record.kind) == Some(EventKind::SubjectErasureRequested);
        if requested {
            self.open.insert(dossier, self.subjects.len());
        } else {
            self.open.remove(&dossier);
        }
        if self.known.insert(dossier) || requested {
            self.subjects.push(dossier);
        }
    }

    /// Asked for at a second home, it is of the same person: every vault is told, though the history that stands does not say
    /// so.
    fn rival(&mut self, record: &RecordView<'_>) {
        let dossier = DossierId(record.stream.0);
        if erases(record.kind) && self.known.insert(dossier) {
            self.subjects.push(dossier);
        }
    }
}

impl Desk {
    /// Under which names vaults keep what is known about a dossier's applicant: the dossier's, and those of what was brought
    /// for it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn subjects_of(&self, dossier: DossierId) -> Result<Vec<Uuid>, HandleError> {
        let records = self.records(dossier)?;
        let brought = records.iter().filter_map(|record| {
            let filing = codec::decode(record).ok()?.event.filing()?;
            Some(filing.0)
        });
        Ok(std::iter::once(dossier.0).chain(brought).collect())
    }

    /// Destroys what this service's own vault has of a dossier and of what was brought for it; again is no error.
    ///
    /// # Errors
    /// When the log cannot be read, or the vault does not erase now.
    pub async fn erase_here(&self, dossier: DossierId) -> Result<(), HandleError> {
        for subject in self.subjects_of(dossier)? {
            if !self.vault().is_erased(subject) {
                let erased = self.vault().erase(subject).await;
                erased.map_err(PersonalError::from)?;
            }
        }
        Ok(())
    }

    /// Writes down that nothing is left of a dossier's personal data, but for vaults that were given up, if that was asked for
    /// and this service writes the dossier. Asked again, nothing more happens.
    ///
    /// # Errors
    /// When the dossier is not understood, or the log cannot be read or written.
    pub async fn note_erased(
        &self,
        dossier: DossierId,
        left_out: &[LogId],
        now: Timestamp,
    ) -> Result<(), HandleError> {
        if self.log().awaits().is_some() {
            // The rules would judge by less than has happened.
            return Err(HandleError::AwaitsEpoch);
        }
        let loaded = self.load(dossier)?;
        let filing = loaded.dossier.filing();
        let asked = filing.filter(|filing| filing.subject_erased_at.is_none());
        let Some((erasure, filing)) = asked.and_then(|it| Some((it.erasure.as_ref()?, it))) else {
            return Ok(());
        };
        if self.may_write(&loaded.dossier).is_err() {
            // Whoever writes it does.
            return Ok(());
        }
        let agency = loaded.dossier.case().map(|case| &case.agency_now);
        let agency = agency.unwrap_or(&filing.submitted.agency).as_str();
        let request = request(dossier);
        let wish = Wish {
            request,
            request_id: Uuid::from_bytes(request.body),
            dossier,
            expected: None,
            actor: ActorId::new(ACTOR),
            organisation: OrganisationId::new(agency),
            now,
            through: None,
            may_record_late: false,
        };
        let ground = erasure.ground.clone();
        let left_out = left_out.iter().map(|log| HomeId(log.0)).collect();
        let command = Command::NoteSubjectErased(NoteSubjectErased { ground, left_out });
        match self.handle(&wish, &[command]).await {
            // Somebody was faster.
            Err(HandleError::Rejected(Rejection::SubjectAlreadyErased)) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The request follows from the dossier alone: asked again, after any crash, it gets the first answer.
fn request(dossier: DossierId) -> Request {
    let mut hash = Sha256::new();
    hash.update(b"hoso subject erased v1");
    hash.update(dossier.0.as_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    Request {
        key: Key(key),
        body: key,
    }
}

/// Finishes the erasures of a service whose own vault is the only one that has the data, as long as it is run.
pub async fn keep_erasing<S: Fold>(
    desk: Desk,
    seen: Projection<S>,
    open: impl Fn(&S) -> Vec<(DossierId, usize)>,
    now: impl Fn() -> Timestamp,
) {
    loop {
        let (open, position) = seen.read(|state, position| (open(state), position));
        let mut done = true;
        for (dossier, _) in open {
            if let Err(error) = finish(&desk, dossier, &[], now()).await {
                tracing::warn!(%dossier, %error, "an erasure is not finished yet");
                done = false;
            }
        }
        if done {
            seen.beyond(position, LOOK_AGAIN).await;
        } else {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Destroys what this service's own vault has, and writes down that nothing is left, but for the vaults beside the logs that are
/// left out.
///
/// # Errors
/// When the vault does not erase now, or the log cannot be read or written.
pub async fn finish(
    desk: &Desk,
    dossier: DossierId,
    left_out: &[LogId],
    now: Timestamp,
) -> Result<(), HandleError> {
    desk.erase_here(dossier).await?;
    desk.note_erased(dossier, left_out, now).await
}

/// The vault may hold what was erased.
#[derive(Debug, Error)]
pub enum ApplyError {
    /// The mark of the restored vault cannot be read or removed.
    #[error("the mark of the restored vault: {0}")]
    Mark(#[from] io::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The vault does not erase.
    #[error(transparent)]
    Erase(#[from] EraseError),
}

/// The mark beside a vault that was restored and has not been compared with the log yet.
fn mark(data: &Path) -> PathBuf {
    data.join("vault-restored")
}

/// Marks the vault in a role's data folder as restored.
///
/// # Errors
/// When the mark cannot be written.
pub fn mark_restored(data: &Path) -> io::Result<()> {
    let mark = File::create(mark(data))?;
    mark.sync_all()?;
    File::open(data)?.sync_all()
}

/// Erases from a restored vault whatever the log says was erased; does nothing to one that was not restored. Blocks.
///
/// # Errors
/// When the log does not read or the vault does not erase: the vault stays marked, and nothing may be read from it.
pub fn apply_after_restore(log: &EventLog, vault: &Vault, data: &Path) -> Result<(), ApplyError> {
    let mark = mark(data);
    if !mark.exists() {
        return Ok(());
    }
    let (mut after, mut erased) = (0, 0_u64);
    loop {
        let records = log.read_after(after, ROUND)?;
        let Some(last) = records.last() else { break };
        after = last.place.position;
        for record in &records {
            if erases(&record.event.kind) && !vault.is_erased(record.stream.0) {
                vault.erase_blocking(record.stream.0)?;
                erased += 1;
            }
        }
    }
    tracing::info!(
        erased,
        "the restored vault holds nothing any more that was erased"
    );
    // What the log still lacks may say of more; it is asked again then.
    if log.awaits().is_none() {
        fs::remove_file(&mark)?;
    }
    Ok(())
}

/// As [`apply_after_restore`], for a log that has just taken back what it lacked; says whether it is done.
pub async fn erased(log: EventLog, vault: Vault, data: PathBuf) -> bool {
    let apply = move || apply_after_restore(&log, &vault, &data);
    match tokio::task::spawn_blocking(apply).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the restored vault may hold what was erased");
            false
        }
        Err(error) => {
            tracing::error!(%error, "the restored vault may hold what was erased");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use eventlog::{Append, Expected, NewRecord, Settings, StreamId};
    use uuid::Uuid;
    use vault::MasterKey;

    use super::*;

    fn vault(folder: &Path) -> Vault {
        let settings = vault::Settings {
            free_bytes_min: 0,
            ..vault::Settings::default()
        };
        Vault::open(folder, MasterKey::from_bytes(&[1; 32]), settings).unwrap()
    }

    #[test]
    fn a_vault_restored_from_before_an_erasure_is_erased_again() {
        let data = tempfile::tempdir().unwrap();
        let (gone, stays) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let settings = Settings {
            free_bytes_min: 0,
            ..Settings::new(|| 1)
        };
        let log = EventLog::open(&data.path().join("log"), settings).unwrap();
        let event = |kind: &str| NewRecord {
            event_id: Uuid::new_v4(),
            kind: kind.into(),
            schema_version: 1,
            occurred_at: 1,
            actor: "clerk".into(),
            organisation: "H20".into(),
            correlation: gone,
            causation: gone,
            keys: Vec::new(),
            data: b"{}".to_vec(),
        };
        log.append_blocking(Append {
            stream: StreamId(gone),
            expected: Expected::Any,
            request: None,
            events: vec![
                event("dossier_submitted"),
                event("subject_erasure_requested"),
            ],
        })
        .unwrap();
        // As a copy older than the erasure has it.
        let vault = vault(&data.path().join("vault"));
        let lost = vault.put_blocking(gone, b"Tran Thi B".to_vec()).unwrap();
        let kept = vault.put_blocking(stays, b"Le Van C".to_vec()).unwrap();

        apply_after_restore(&log, &vault, data.path()).unwrap();
        assert!(
            vault.has(lost.entry),
            "a vault that was not restored is left alone"
        );
        mark_restored(data.path()).unwrap();
        apply_after_restore(&log, &vault, data.path()).unwrap();
        assert!(vault.is_erased(gone) && !vault.has(lost.entry));
        assert!(vault.has(kept.entry));
        assert!(!mark(data.path()).exists());
    }
}

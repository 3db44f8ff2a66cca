//! What was erased stays erased: a vault restored from a copy older than an erasure is erased again, as the log says.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use eventlog::{EventLog, ReadError};
use thiserror::Error;
use vault::{EraseError, Vault};

/// Records read at a time.
const ROUND: usize = 1024;
/// The event that says so.
const KIND: &str = "subject_key_destroyed";

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
            if &*record.event.kind == KIND && !vault.is_erased(record.stream.0) {
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
            events: vec![event("dossier_submitted"), event(KIND)],
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

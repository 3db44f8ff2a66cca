//! Opening a vault: lock, manifest, master key, then what the files hold.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use tracing::warn;

use crate::checkpoint;
use crate::cipher::{Digests, NoRandomness, Secret, random_id};
use crate::disk::{self, DataFile, DiskError};
use crate::error::OpenError;
use crate::files::{self, Live};
use crate::fingerprints::Fingerprints;
use crate::journal_key::JournalKey;
use crate::keys::{self, Keyring};
use crate::manifest::{self, Manifest};
use crate::master_key::MasterKey;
use crate::read::Shared;
use crate::recover;
use crate::settings::{Content, Settings};
use crate::writer::Writer;

/// Opens the folder, or makes a new vault in it, and brings it to a clean state.
pub(crate) fn open(
    folder: &Path,
    master: &MasterKey,
    settings: Settings,
) -> Result<Writer, OpenError> {
    disk::make_folder(folder)?;
    let lock = lock(folder)?;
    let wrapping = master.wrapping();
    let mut manifest = match Manifest::read(folder)? {
        Some(manifest) => manifest,
        None => create(folder, &wrapping, &settings)?,
    };
    let fingerprint = manifest
        .fingerprint_key(&wrapping)
        .ok_or(OpenError::WrongMasterKey)?;
    // Only now: a wrong key must change nothing. And the manifest's name must be sure before what an earlier one named goes.
    disk::sync_folder(folder)?;
    remove_leftovers(folder, &manifest, &settings)?;
    let keys_path = keys::path(folder, manifest.keys);
    if !keys_path.exists() {
        return Err(OpenError::Missing { path: keys_path });
    }
    let file = DataFile::open(&keys_path, Content::Keys, &settings.before)?;
    let (slots, slots_filled) = keys::scan(&file)?;
    let files = open_files(folder, &manifest, &settings)?;
    let (recovered, live) = recover::recover(&files, slots, settings.fill_bytes)?;
    let slots_filled = checkpoint::restore(&file, &recovered.restored, slots_filled)?;
    let counted = u32::try_from(files.len()).unwrap_or(u32::MAX);
    if counted != manifest.files || manifest.format != manifest::FORMAT {
        manifest.files = counted;
        manifest.replace(folder, &settings.before)?;
    }
    let journal_key = JournalKey::open(folder, &wrapping, &settings)
        .map_err(|stop| OpenError::JournalKey(stop.to_string()))?;
    let mut writer = Writer {
        shared: Arc::new(Shared {
            folder: folder.to_owned(),
            index: RwLock::new(recovered.index),
            tags: Digests::under(&fingerprint.derive(&[b"subject"])),
            keyring: RwLock::new(Keyring {
                wrapping,
                file: Arc::new(file),
            }),
            fingerprints: Fingerprints::new(fingerprint),
            opening: random_id(&settings.random)
                .map_err(|error| OpenError::Random(error.to_string()))?,
            closed: OnceLock::new(),
            waiting: AtomicUsize::new(0),
            rewrapped: Mutex::new(None),
            exchange: Mutex::default(),
        }),
        settings,
        manifest,
        slots_filled,
        live,
        journal_key,
        overwritten: 0,
        rotation: None,
        noted: recovered.noted,
        answers: Vec::new(),
        _lock: lock,
    };
    writer.checkpoint()?;
    let unfinished = recovered.unfinished;
    if !unfinished.is_empty() {
        warn!(
            entries = unfinished.len(),
            "an erasure was interrupted; it is finished now"
        );
        writer.overwrite(unfinished)?;
    }
    Ok(writer)
}

/// The lock on the folder, while this lives.
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would not do: a child that this process is just starting holds a copy of the open file until its exec,
        // and with it the lock. Unlocking is for all copies. If it fails, closing is what is left.
        let _ = self.0.unlock();
    }
}

fn lock(folder: &Path) -> Result<Lock, OpenError> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|source| DiskError::new("open", &path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(DiskError::new("lock", &path, source).into()),
    }
}

/// Makes a new vault; its manifest comes last, so that a vault is there whole or not at all.
fn create(folder: &Path, wrapping: &Secret, settings: &Settings) -> Result<Manifest, OpenError> {
    for name in disk::names(folder)? {
        if is_data(&name) && !is_empty(&folder.join(&name), settings)? {
            return Err(OpenError::ManifestMissing {
                path: manifest::path(folder),
            });
        }
    }
    let keys = DataFile::create(&keys::path(folder, 1), Content::Keys, &settings.before)?;
    keys.write_zeros(0, keys::offset(keys::step_slots(settings)))?;
    keys.sync()?;
    Live::create(folder, 0, settings)?;
    let random = |error: NoRandomness| OpenError::Random(error.to_string());
    let vault = random_id(&settings.random).map_err(random)?;
    let fingerprint = Secret::random(&settings.random).map_err(random)?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        vault,
        keys: 1,
        files: 1,
        fingerprint: Manifest::cover(vault, wrapping, &fingerprint).map_err(random)?,
    };
    manifest.replace(folder, &settings.before)?;
    Ok(manifest)
}

fn is_data(name: &str) -> bool {
    name.starts_with("keys-") || name.starts_with("entries-")
}

/// Whether a file holds only zeros: what is left of a first start that was interrupted.
fn is_empty(path: &Path, settings: &Settings) -> Result<bool, DiskError> {
    let file = DataFile::open(path, Content::Entries, &settings.before)?;
    let mut chunk = vec![0; 1024 * 1024];
    let mut at = 0;
    loop {
        let filled = file.read(&mut chunk, at)?;
        if chunk[..filled].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        if filled < chunk.len() {
            return Ok(true);
        }
        at += filled as u64;
    }
}

/// Wipes keys files that are not the vault's: what a change of the master key left when it was interrupted, old or new.
fn remove_leftovers(
    folder: &Path,
    manifest: &Manifest,
    settings: &Settings,
) -> Result<(), OpenError> {
    let ours = disk::name_of(&keys::path(folder, manifest.keys));
    for name in disk::names(folder)? {
        if (name.starts_with("keys-") && name != ours) || name == "manifest.new" {
            DataFile::open(&folder.join(&name), Content::Keys, &settings.before)?.destroy()?;
        }
    }
    Ok(())
}

/// All files of entries, in order: those the manifest counts, and one more if the vault stopped while beginning it.
fn open_files(
    folder: &Path,
    manifest: &Manifest,
    settings: &Settings,
) -> Result<Vec<Arc<DataFile>>, OpenError> {
    let mut files = Vec::new();
    for number in 0..=manifest.files {
        let path = files::path(folder, number);
        if path.exists() {
            files.push(Arc::new(DataFile::open(
                &path,
                Content::Entries,
                &settings.before,
            )?));
        } else if number < manifest.files {
            return Err(OpenError::Missing { path });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_of_version_1_opens_and_is_of_version_2_before_anything_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::from_bytes(&[8; 32]);
        drop(open(folder.path(), &master, Settings::default()).unwrap());
        let path = manifest::path(folder.path());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8] = 1;
        let checksum = crc32fast::hash(&bytes[..124]);
        bytes[124..].copy_from_slice(&checksum.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap().unwrap().format, 1);
        let _writer = open(folder.path(), &master, Settings::default()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap().unwrap().format, 2);
    }
}

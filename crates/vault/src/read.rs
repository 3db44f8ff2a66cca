//! Reading an entry: any thread, past the writer.

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{Secret, SubjectTag, TAG_BYTES};
use crate::disk::{DataFile, DiskError};
use crate::entry::{BLOCK, Header, Kind, bound_to};
use crate::error::GetError;
use crate::index::{Index, Place, SlotState};
use crate::keys::{self, Keyring, Slot};

/// What the handles and the writer share.
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) index: RwLock<Index>,
    pub(crate) keyring: RwLock<Keyring>,
    /// The root of fingerprints; stays the same when the master key changes.
    pub(crate) fingerprint: Secret,
    /// Makes subject tags.
    pub(crate) tags: Secret,
    /// Why the vault is closed, once it is.
    pub(crate) closed: OnceLock<String>,
    /// Bytes of plaintext that wait for the writer.
    pub(crate) waiting: AtomicUsize,
}

/// Why an entry was not read, before it is known which.
enum Miss {
    /// Not what was written.
    Damaged(String, u64),
    Disk(DiskError),
}

impl From<DiskError> for Miss {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl Shared {
    /// A thread that died while it held the lock left nothing half done: every change under it is of single values.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keyring(&self) -> RwLockReadGuard<'_, Keyring> {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keyring_mut(&self) -> RwLockWriteGuard<'_, Keyring> {
        self.keyring.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the files name a subject.
    pub(crate) fn tag(&self, subject: Uuid) -> SubjectTag {
        self.tags.digest(subject.as_bytes())
    }

    pub(crate) fn get(&self, entry: Uuid) -> Result<Zeroizing<Vec<u8>>, GetError> {
        let (place, file) = self.locate(entry)?;
        match self.open(entry, place, &file) {
            Ok(plaintext) => Ok(plaintext),
            // It may have been erased or swept while it was read.
            Err(miss) => {
                self.locate(entry)?;
                Err(match miss {
                    Miss::Damaged(file, offset) => GetError::Damaged {
                        entry,
                        file,
                        offset,
                    },
                    Miss::Disk(error) => GetError::Read {
                        entry,
                        reason: error.to_string(),
                    },
                })
            }
        }
    }

    fn locate(&self, entry: Uuid) -> Result<(Place, Arc<DataFile>), GetError> {
        let index = self.index();
        let Some(place) = index.entries.get(&entry) else {
            // Not knowing must not pass for knowing that there is none.
            return Err(match index.damage.first() {
                Some(damage) => GetError::Damaged {
                    entry,
                    file: damage.file.clone(),
                    offset: damage.offset,
                },
                None => GetError::Unknown { entry },
            });
        };
        if index.slots.state(place.slot) == Some(SlotState::Erased) {
            return Err(GetError::Erased { entry });
        }
        match index.files.get(place.file as usize) {
            Some(file) => Ok((*place, Arc::clone(file))),
            None => Err(GetError::Unknown { entry }),
        }
    }

    fn open(&self, entry: Uuid, place: Place, file: &DataFile) -> Result<Zeroizing<Vec<u8>>, Miss> {
        let (tag, key) = {
            let keyring = self.keyring();
            let damaged = || Miss::Damaged(keyring.file.name(), keys::offset(place.slot));
            match keys::read(&keyring.file, place.slot)? {
                Slot::Live(tag, wrapped) => (
                    tag,
                    keys::key(&keyring.wrapping, tag, &wrapped).ok_or_else(damaged)?,
                ),
                Slot::Free | Slot::Erased(_) | Slot::DamagedTombstone(_) | Slot::Damaged(_) => {
                    return Err(damaged());
                }
            }
        };
        let damaged = || Miss::Damaged(file.name(), place.offset());
        let mut record = Zeroizing::new(vec![0; BLOCK + place.length as usize]);
        if file.read(&mut record, place.offset())? < record.len() {
            return Err(damaged());
        }
        let header = Header::decode(&record)
            .filter(|header| header.kind == Kind::Entry)
            .filter(|header| (header.entry, header.length) == (entry, place.length))
            .ok_or_else(damaged)?;
        if !header.fits(&record[BLOCK..]) {
            return Err(damaged());
        }
        let length = (place.length as usize)
            .checked_sub(TAG_BYTES)
            .ok_or_else(damaged)?;
        let (text, mark) = record[BLOCK..].split_at_mut(length);
        if !key.open(&header.nonce, &bound_to(entry, tag), text, mark) {
            return Err(damaged());
        }
        Ok(Zeroizing::new(text.to_vec()))
    }
}

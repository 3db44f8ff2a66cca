//! Reading an entry: any thread, past the writer.

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{Digests, NONCE_BYTES, Secret, SubjectTag, TAG_BYTES};
use crate::disk::{DataFile, DiskError};
use crate::entry::{BLOCK, Header, Kind, bound_to};
use crate::error::GetError;
use crate::exchange::Exchange;
use crate::fingerprints::Fingerprints;
use crate::index::{Index, Place, SlotState};
use crate::keys::{self, Keyring, Slot};
use crate::rotate::Rewrapped;

/// What the handles and the writer share.
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) index: RwLock<Index>,
    pub(crate) keyring: RwLock<Keyring>,
    /// Stay the same when the master key changes.
    pub(crate) fingerprints: Fingerprints,
    /// Makes subject tags.
    pub(crate) tags: Digests,
    /// Drawn each time the vault opens.
    pub(crate) opening: Uuid,
    /// Why the vault is closed, once it is.
    pub(crate) closed: OnceLock<String>,
    /// Bytes of plaintext that wait for the writer.
    pub(crate) waiting: AtomicUsize,
    /// How far a change of the master key is, while one is under way.
    pub(crate) rewrapped: Mutex<Option<Rewrapped>>,
    /// What the files with the master key are worth now.
    pub(crate) exchange: Mutex<Exchange>,
}

/// An entry as it lies here, and the key it lies under.
pub(crate) struct Found {
    pub(crate) tag: SubjectTag,
    pub(crate) key: Secret,
    pub(crate) nonce: [u8; NONCE_BYTES],
    pub(crate) ciphertext: Zeroizing<Vec<u8>>,
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

    pub(crate) fn tell_rewrapped(&self, now: Option<Rewrapped>) {
        *self
            .rewrapped
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// How the files name a subject.
    pub(crate) fn tag(&self, subject: Uuid) -> SubjectTag {
        self.tags.of(subject.as_bytes())
    }

    pub(crate) fn get(&self, entry: Uuid) -> Result<Zeroizing<Vec<u8>>, GetError> {
        self.read(entry, |found| {
            let mut text = found.ciphertext;
            let length = text.len().checked_sub(TAG_BYTES)?;
            let (body, mark) = text.split_at_mut(length);
            let opened = found
                .key
                .open(&found.nonce, &bound_to(entry, found.tag), body, mark);
            text.truncate(length);
            opened.then_some(text)
        })
    }

    /// Reads an entry and makes something of it; nothing when it is not what was written.
    pub(crate) fn read<T>(
        &self,
        entry: Uuid,
        make: impl FnOnce(Found) -> Option<T>,
    ) -> Result<T, GetError> {
        let (place, file) = self.locate(entry)?;
        let made = self.find(entry, place, &file).and_then(|found| {
            make(found).ok_or_else(|| Miss::Damaged(file.name(), place.offset()))
        });
        match made {
            Ok(made) => Ok(made),
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

    /// Whether the entry is here, with its key: a power cut may leave one without.
    pub(crate) fn has(&self, entry: Uuid) -> bool {
        let index = self.index();
        let place = index.entries.get(&entry);
        place.is_some_and(|place| index.slots.state(place.slot) == Some(SlotState::Live))
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

    fn find(&self, entry: Uuid, place: Place, file: &DataFile) -> Result<Found, Miss> {
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
        Ok(Found {
            tag,
            key,
            nonce: header.nonce,
            ciphertext: Zeroizing::new(record.split_off(BLOCK)),
        })
    }
}

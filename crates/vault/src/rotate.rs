//! Changing the master key while the vault works: every subject key is wrapped anew in a new keys file, a step at a time between
//! other jobs; one rename makes it the vault's, and the old file is wiped.
//!
//! | When it stops | What opens the vault | What opening finds |
//! |---|---|---|
//! | before the rename | the old master key only | a part of a new file, which it wipes; the change begins anew |
//! | after it | the new one only | a part of the old file, which it wipes |

use std::sync::Arc;

use tracing::{error, info, warn};

use crate::cipher::Secret;
use crate::disk::{self, DataFile, DiskError};
use crate::error::RotateError;
use crate::keys::{self, Keyring, SLOT_BYTES, Slot};
use crate::manifest::Manifest;
use crate::master_key::MasterKey;
use crate::settings::Content;
use crate::writer::{Reply, Stop, Writer};

/// Bytes of the old file wiped in one step.
const STEP_BYTES: u64 = 1024 * 1024;

/// How far a change of the master key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rewrapped {
    /// Subjects whose key is wrapped anew, erased ones counted.
    pub done: u32,
    /// Of how many, as of now.
    pub of: u32,
}

/// A change of the master key that is under way.
pub(crate) struct Rotation {
    stage: Stage,
    reply: Reply<Result<(), RotateError>>,
}

enum Stage {
    /// The old master key opens the vault.
    Wrapping(New),
    /// The new one does; the old file is zeros up to here.
    Wiping(Arc<DataFile>, u64),
}

/// The keys file to be.
struct New {
    wrapping: Secret,
    number: u32,
    file: DataFile,
    /// Slots before this one lie in it, synced.
    reached: u32,
}

impl Writer {
    /// Begins a change; steps follow.
    pub(crate) fn rotate(&mut self, new: &MasterKey, reply: Reply<Result<(), RotateError>>) {
        if let Some(reason) = self.closed() {
            return reply(Err(RotateError::Closed(reason)));
        }
        if self.rotation.is_some() {
            let why = "another change is under way".to_owned();
            return reply(Err(RotateError::NotChanged(why)));
        }
        match self.begin(new) {
            Ok(new) => {
                info!("the master key is being changed");
                self.rotation = Some(Rotation {
                    stage: Stage::Wrapping(new),
                    reply,
                });
            }
            Err(why) => {
                // Nothing of the vault was touched. What is left of the new file is wiped when the vault opens next.
                warn!(why, "the master key was not changed");
                reply(Err(RotateError::NotChanged(why)));
            }
        }
    }

    fn begin(&self, new: &MasterKey) -> Result<New, String> {
        let needed = keys::offset(self.slots_filled);
        let min = self.settings.free_bytes_min.saturating_add(needed);
        let folder = &self.shared.folder;
        let free = disk::free_bytes(folder).map_err(|error| error.to_string())?;
        if free < min {
            return Err(format!(
                "it takes {needed} bytes for a while, and the file system has {free} left of which {} must stay",
                self.settings.free_bytes_min
            ));
        }
        let number = self.manifest.keys.saturating_add(1);
        let path = keys::path(folder, number);
        let file = DataFile::create(&path, Content::Keys, &self.settings.before)
            .map_err(|error| error.to_string())?;
        Ok(New {
            wrapping: new.wrapping(),
            number,
            file,
            reached: 0,
        })
    }

    /// The next step of the change that is under way, if one is.
    pub(crate) fn rotate_on(&mut self) {
        let Some(Rotation { stage, reply }) = self.rotation.take() else {
            return;
        };
        if let Some(reason) = self.closed() {
            return self.rotated(reply, Err(RotateError::Closed(reason)));
        }
        let next = match stage {
            Stage::Wrapping(mut new) => {
                let slots = self.shared.index().slots.next();
                if new.reached < slots {
                    match self.wrap_some(&mut new, slots) {
                        Ok(()) => Ok(Some(Stage::Wrapping(new))),
                        Err(stop) => Err(self.give_up(&new, &stop)),
                    }
                } else {
                    match self.prepare(&new, slots) {
                        Ok(manifest) => self
                            .take_into_use(new, manifest)
                            .map(Some)
                            .map_err(|stop| RotateError::Closed(self.stop(&stop))),
                        Err(stop) => Err(self.give_up(&new, &stop)),
                    }
                }
            }
            Stage::Wiping(old, from) => match wipe_some(&old, from) {
                Ok(Some(from)) => Ok(Some(Stage::Wiping(old, from))),
                Ok(None) => Ok(None),
                Err(error) => Err(RotateError::Closed(self.stop(&error.into()))),
            },
        };
        match next {
            Ok(Some(stage)) => self.rotation = Some(Rotation { stage, reply }),
            Ok(None) => {
                info!("the vault is under a new master key, and nothing is left under the old one");
                self.rotated(reply, Ok(()));
            }
            Err(error) => self.rotated(reply, Err(error)),
        }
    }

    fn rotated(&self, reply: Reply<Result<(), RotateError>>, outcome: Result<(), RotateError>) {
        self.shared.tell_rewrapped(None);
        reply(outcome);
    }

    /// Gives up a change that is under way when the vault closes: the next one begins anew.
    pub(crate) fn leave_rotation(&mut self, reason: &str) {
        if let Some(Rotation { reply, .. }) = self.rotation.take() {
            self.rotated(reply, Err(RotateError::Closed(reason.to_owned())));
        }
    }

    /// Writes tombstones into the other keys file too, where that may hold the keys: an erasure is final under either master
    /// key, from its answer on.
    pub(crate) fn erase_in_rotation(&self, graves: &[(u32, Slot)]) -> Result<(), DiskError> {
        let Some(Rotation { stage, .. }) = &self.rotation else {
            return Ok(());
        };
        let (file, held) = match stage {
            Stage::Wrapping(new) => (&new.file, 0..keys::offset(new.reached)),
            Stage::Wiping(old, from) => (&**old, *from..old.length()?),
        };
        let mut touched = false;
        for (slot, tombstone) in graves {
            let bytes = tombstone.encode();
            let at = keys::offset(*slot);
            if at < held.end && at + bytes.len() as u64 > held.start {
                file.write(&bytes, at)?;
                touched = true;
            }
        }
        if touched {
            file.sync()?;
        }
        Ok(())
    }

    fn wrap_some(&self, new: &mut New, slots: u32) -> Result<(), Stop> {
        let keyring = self.shared.keyring();
        let first = new.reached;
        let count = self.settings.rewrapped_at_once.max(1).min(slots - first);
        let mut chunk = vec![0; count as usize * SLOT_BYTES];
        keyring.file.read(&mut chunk, keys::offset(first))?;
        for (bytes, slot) in chunk.chunks_exact_mut(SLOT_BYTES).zip(first..) {
            let mut found = [0; SLOT_BYTES];
            found.copy_from_slice(bytes);
            if let Slot::Live(tag, wrapped) = Slot::decode(&found) {
                match keys::key(&keyring.wrapping, tag, &wrapped) {
                    Some(key) => {
                        let wrapped = keys::wrap(&new.wrapping, tag, &key)?;
                        bytes.copy_from_slice(&Slot::Live(tag, wrapped).encode());
                    }
                    // It goes along as it is, as all damaged slots do: there is nothing better to put there.
                    None => error!(
                        file = keyring.file.name(),
                        offset = keys::offset(slot),
                        "a subject's key is damaged"
                    ),
                }
            }
        }
        new.file.write(&chunk, keys::offset(first))?;
        // Here, so that the last sync does not have all of it to do.
        new.file.sync()?;
        new.reached += count;
        self.shared.tell_rewrapped(Some(Rewrapped {
            done: new.reached,
            of: slots,
        }));
        Ok(())
    }

    /// All keys are wrapped: gives the manifest that would make the new file the vault's.
    fn prepare(&self, new: &New, slots: u32) -> Result<Manifest, Stop> {
        let (from, to) = (keys::offset(slots), keys::offset(self.slots_filled));
        new.file.write_zeros(from, to)?;
        new.file.sync()?;
        disk::sync_folder(&self.shared.folder)?;
        let wrapping = &new.wrapping;
        Ok(Manifest {
            keys: new.number,
            fingerprint: Manifest::cover(
                self.manifest.vault,
                wrapping,
                &self.shared.fingerprints.root,
            )?,
            ..self.manifest.clone()
        })
    }

    fn take_into_use(&mut self, new: New, manifest: Manifest) -> Result<Stage, Stop> {
        // The old file keeps no key that the new one lacks, and nothing else under the old master key may stay.
        // From here on the journal key is under the new one: if the change does not come about after all, it is drawn anew.
        self.checkpoint()?;
        self.journal_key
            .renew(&new.wrapping, &self.settings.random)?;
        // A copy that is under way has the old file.
        self.overwritten += 1;
        manifest.replace(&self.shared.folder, &self.settings.before)?;
        self.manifest = manifest;
        let keyring = Keyring {
            wrapping: new.wrapping,
            file: Arc::new(new.file),
        };
        let old = std::mem::replace(&mut *self.shared.keyring_mut(), keyring);
        Ok(Stage::Wiping(old.file, 0))
    }

    /// The old master key stays. The new file has to go: later erasures will not reach it.
    fn give_up(&self, new: &New, stop: &Stop) -> RotateError {
        warn!(%stop, "the master key was not changed");
        match new.file.destroy() {
            Ok(()) => RotateError::NotChanged(stop.to_string()),
            Err(error) => RotateError::Closed(self.stop(&error.into())),
        }
    }
}

/// Wipes a part of the file from `from` on, and removes it at its end; gives where it goes on.
fn wipe_some(file: &DataFile, from: u64) -> Result<Option<u64>, DiskError> {
    let length = file.length()?;
    let to = from.saturating_add(STEP_BYTES).min(length);
    file.write_zeros(from, to)?;
    file.sync()?;
    if to < length {
        return Ok(Some(to));
    }
    file.remove()?;
    Ok(None)
}

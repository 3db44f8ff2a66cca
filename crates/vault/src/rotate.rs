//! Changing the master key: every subject key is wrapped anew in a new file, and one rename makes it the vault's.

use std::sync::Arc;

use tracing::{error, info, warn};

use crate::cipher::Secret;
use crate::disk::{self, DataFile};
use crate::error::RotateError;
use crate::keys::{self, Keyring, SLOT_BYTES, Slot};
use crate::manifest::Manifest;
use crate::master_key::MasterKey;
use crate::settings::Content;
use crate::writer::{Stop, Writer};

impl Writer {
    pub(crate) fn rotate(&mut self, new: &MasterKey) -> Result<(), RotateError> {
        if let Some(reason) = self.closed() {
            return Err(RotateError::Closed(reason));
        }
        let wrapping = new.wrapping();
        let number = self.manifest.keys.saturating_add(1);
        let path = keys::path(&self.shared.folder, number);
        let prepared = DataFile::create(&path, Content::Keys, &self.settings.before)
            .map_err(Stop::from)
            .and_then(|file| {
                let manifest = self.rewrap(&file, number, &wrapping)?;
                Ok((file, manifest))
            });
        let (file, manifest) = match prepared {
            Ok(prepared) => prepared,
            Err(stop) => {
                // Nothing of the vault was touched. What is left of the new file is wiped when the vault opens next.
                warn!(%stop, "the master key was not changed");
                return Err(RotateError::NotChanged(stop.to_string()));
            }
        };
        if let Err(stop) = manifest.replace(&self.shared.folder, &self.settings.before) {
            return Err(RotateError::Closed(self.stop(&stop.into())));
        }
        self.manifest = manifest;
        let old = std::mem::replace(
            &mut *self.shared.keyring_mut(),
            Keyring {
                wrapping,
                file: Arc::new(file),
            },
        );
        if let Err(stop) = old.file.destroy() {
            return Err(RotateError::Closed(self.stop(&stop.into())));
        }
        info!("the vault is under a new master key");
        Ok(())
    }

    /// Writes the new keys file and syncs it; gives the manifest that would make it the vault's.
    fn rewrap(&self, file: &DataFile, number: u32, wrapping: &Secret) -> Result<Manifest, Stop> {
        const CHUNK_SLOTS: u32 = 4096;
        let keyring = self.shared.keyring();
        let slots = self.shared.index().slots.next();
        let mut first = 0;
        while first < slots {
            let count = CHUNK_SLOTS.min(slots - first);
            let mut chunk = vec![0; count as usize * SLOT_BYTES];
            keyring.file.read(&mut chunk, keys::offset(first))?;
            for (bytes, slot) in chunk.chunks_exact_mut(SLOT_BYTES).zip(first..) {
                let mut found = [0; SLOT_BYTES];
                found.copy_from_slice(bytes);
                if let Slot::Live(tag, wrapped) = Slot::decode(&found) {
                    match keys::key(&keyring.wrapping, tag, &wrapped) {
                        Some(key) => {
                            bytes.copy_from_slice(&keys::live(wrapping, tag, &key)?.encode());
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
            file.write(&chunk, keys::offset(first))?;
            first += count;
        }
        file.write_zeros(keys::offset(slots), keys::offset(self.slots_filled))?;
        file.sync()?;
        disk::sync_folder(&self.shared.folder)?;
        Ok(Manifest {
            keys: number,
            fingerprint: Manifest::cover(self.manifest.vault, wrapping, &self.shared.fingerprint)?,
            ..self.manifest.clone()
        })
    }
}

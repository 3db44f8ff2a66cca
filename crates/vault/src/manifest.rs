//! The manifest: which files are the vault's, and the fingerprint key under the master key, which also proves the master key right.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::cipher::{NONCE_BYTES, NoRandomness, Secret, WRAPPED_BYTES, Wrapped};
use crate::disk::{self, DataFile, DiskError};
use crate::error::OpenError;
use crate::settings::{Content, Hook};

const MAGIC: [u8; 8] = *b"hosovlt\0";
/// Version 2 keeps new subjects' keys beside their entries for a while, where version 1 would not look for them.
pub(crate) const FORMAT: u32 = 2;
pub(crate) const BYTES: usize = 128;
pub(crate) const NAME: &str = "manifest";
const NEW_NAME: &str = "manifest.new";

/// What the manifest says. 128 bytes, little-endian: magic 8, format 4, vault 16, keys file 4, entries files 4, nonce 24,
/// wrapped fingerprint key 48, zeros 16, crc32 of all before 4.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Manifest {
    /// The format version it was read in; it is written in the one of now.
    pub(crate) format: u32,
    /// The vault's own id, drawn once.
    pub(crate) vault: Uuid,
    /// The number of the keys file in use; a change of the master key makes the next.
    pub(crate) keys: u32,
    /// How many files of entries there are at least.
    pub(crate) files: u32,
    /// The fingerprint key under the master key.
    pub(crate) fingerprint: Wrapped,
}

impl Manifest {
    /// Wraps the fingerprint key for this vault.
    pub(crate) fn cover(
        vault: Uuid,
        wrapping: &Secret,
        fingerprint: &Secret,
    ) -> Result<Wrapped, NoRandomness> {
        wrapping.wrap(fingerprint, &purpose(vault))
    }

    /// The fingerprint key, if the master key is the right one.
    pub(crate) fn fingerprint_key(&self, wrapping: &Secret) -> Option<Secret> {
        wrapping.uncover(&self.fingerprint, &purpose(self.vault))
    }

    pub(crate) fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..28].copy_from_slice(self.vault.as_bytes());
        bytes[28..32].copy_from_slice(&self.keys.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.files.to_le_bytes());
        bytes[36..60].copy_from_slice(&self.fingerprint.nonce);
        bytes[60..108].copy_from_slice(&self.fingerprint.sealed);
        let checksum = crc32fast::hash(&bytes[..124]);
        bytes[124..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(path: &Path, bytes: &[u8]) -> Result<Self, OpenError> {
        let damaged = |why| OpenError::ManifestDamaged {
            path: path.to_owned(),
            why,
        };
        let bytes: &[u8; BYTES] = bytes
            .try_into()
            .map_err(|_| damaged("it is not 128 bytes long"))?;
        if bytes[..8] != MAGIC {
            return Err(damaged("it does not begin as a vault's manifest does"));
        }
        // Before the checksum: a newer format may keep that elsewhere.
        let format = number(bytes, 8);
        if format > FORMAT {
            return Err(OpenError::Version {
                found: format,
                known: FORMAT,
            });
        }
        if number(bytes, 124) != crc32fast::hash(&bytes[..124]) {
            return Err(damaged("its checksum is wrong"));
        }
        let mut vault = [0; 16];
        vault.copy_from_slice(&bytes[12..28]);
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&bytes[36..60]);
        let mut sealed = [0; WRAPPED_BYTES];
        sealed.copy_from_slice(&bytes[60..108]);
        Ok(Self {
            format,
            vault: Uuid::from_bytes(vault),
            keys: number(bytes, 28),
            files: number(bytes, 32),
            fingerprint: Wrapped { nonce, sealed },
        })
    }

    /// Reads the manifest; none when there is none.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, OpenError> {
        let path = path(folder);
        match fs::read(&path) {
            Ok(bytes) => Self::decode(&path, &bytes).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DiskError::new("read", &path, source).into()),
        }
    }

    /// Puts this in the place of the manifest, whole or not at all, and wipes the one before.
    pub(crate) fn replace(&self, folder: &Path, before: &Hook) -> Result<(), DiskError> {
        let path = path(folder);
        let old = path
            .exists()
            .then(|| DataFile::open(&path, Content::Manifest, before))
            .transpose()?;
        let new = folder.join(NEW_NAME);
        let file = DataFile::create(&new, Content::Manifest, before)?;
        file.write(&self.encode(), 0)?;
        file.sync()?;
        fs::rename(&new, &path).map_err(|source| DiskError::new("rename", &new, source))?;
        disk::sync_folder(folder)?;
        // It holds the fingerprint key under the master key of then, which may be changed because it got about.
        old.map_or(Ok(()), |old| old.wipe())
    }
}

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

fn purpose(vault: Uuid) -> [u8; 48] {
    let mut purpose = *b"hoso vault fingerprint key v1   ................";
    purpose[32..].copy_from_slice(vault.as_bytes());
    purpose
}

/// The little-endian number at a place that the caller knows to be inside.
pub(crate) fn number(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    if let Some(found) = bytes.get(at..at + 4) {
        number.copy_from_slice(found);
    }
    u32::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        Manifest {
            format: FORMAT,
            vault: Uuid::from_u128(7),
            keys: 3,
            files: 2,
            fingerprint: Wrapped {
                nonce: [5; NONCE_BYTES],
                sealed: [6; WRAPPED_BYTES],
            },
        }
    }

    #[test]
    fn a_manifest_reads_back_and_any_flipped_byte_is_noticed() {
        let bytes = sample().encode();
        assert_eq!(Manifest::decode(Path::new("m"), &bytes).unwrap(), sample());
        for at in 0..BYTES {
            let mut flipped = bytes;
            flipped[at] ^= 0x10;
            assert!(
                Manifest::decode(Path::new("m"), &flipped).is_err(),
                "byte {at}"
            );
        }
        assert!(Manifest::decode(Path::new("m"), &bytes[..127]).is_err());
    }

    #[test]
    fn a_newer_format_is_named_as_such() {
        let mut bytes = sample().encode();
        bytes[8] = 9;
        let error = Manifest::decode(Path::new("m"), &bytes).unwrap_err();
        assert!(
            matches!(error, OpenError::Version { found: 9, known: 2 }),
            "{error}"
        );
    }
}

//! The master key: 32 bytes from a file that only its owner may read.

use std::fmt;
use std::path::Path;

use crate::cipher::Secret;
use crate::key_file::{self, KeyFileError};

/// Opens a vault: every subject's key lies under it. Never shown; zeroed when dropped.
#[derive(Clone)]
pub struct MasterKey(Secret);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Takes the bytes; the caller's own copy is the caller's to wipe.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut secret = Secret::empty();
        secret.bytes_mut().copy_from_slice(bytes);
        Self(secret)
    }

    /// Reads a file of exactly 32 raw bytes (`head -c 32 /dev/urandom` makes them).
    ///
    /// # Errors
    /// When it cannot be read, has another length, or anyone but its owner has a right to it.
    pub fn read_file(path: &Path) -> Result<Self, KeyFileError> {
        key_file::read(path).map(Self)
    }

    /// Draws a new key and keeps it in a new file of mode 0600, synced before this returns.
    ///
    /// # Errors
    /// When the file is already there (a key is never overwritten) or cannot be made.
    pub fn generate_file(path: &Path) -> Result<Self, KeyFileError> {
        key_file::generate(path).map(Self)
    }

    /// The key that subject keys lie under: the master key itself encrypts nothing.
    pub(crate) fn wrapping(&self) -> Secret {
        self.0.derive(&[b"hoso vault wrapping v1"])
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn a_generated_key_reads_back_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let made = MasterKey::generate_file(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(
            MasterKey::read_file(&path).unwrap().0.bytes(),
            made.0.bytes()
        );
        assert!(matches!(
            MasterKey::generate_file(&path),
            Err(KeyFileError::Io { .. })
        ));
        assert_eq!(format!("{made:?}"), "MasterKey(…)");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::generate_file(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = MasterKey::read_file(&path).unwrap_err();
        assert!(
            matches!(error, KeyFileError::Mode { mode: 0o640, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [0, 31, 33, 64] {
            let path = folder.path().join(format!("key-{bytes}"));
            std::fs::write(&path, vec![7; bytes]).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(
                MasterKey::read_file(&path),
                Err(KeyFileError::Length { .. })
            ));
        }
    }
}

//! The master key: 32 bytes from a file that only its owner may read.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroize;

use crate::cipher::Secret;

/// Opens a vault: every subject's key lies under it. Never shown; zeroed when dropped.
#[derive(Clone)]
pub struct MasterKey(Secret);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// The master key's file cannot be used.
#[derive(Debug, Error)]
pub enum MasterKeyError {
    /// The file cannot be read or made.
    #[error("the master key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner may use the file.
    #[error(
        "the master key file {path} has mode {mode:04o}; only its owner may have rights to it (0600)"
    )]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("the master key file {path} holds {bytes} bytes; a master key is 32 bytes, raw")]
    Length {
        /// The file.
        path: PathBuf,
        /// How many bytes there are; 33 stands for more than 32.
        bytes: usize,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
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
    pub fn read_file(path: &Path) -> Result<Self, MasterKeyError> {
        let io = |source| MasterKeyError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(io)?;
        let mode = file.metadata().map_err(io)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::Mode {
                path: path.to_owned(),
                mode,
            });
        }
        let mut bytes = [0; 33];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read(rest) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    bytes.zeroize();
                    return Err(io(error));
                }
            }
        }
        let mut secret = Secret::empty();
        secret.bytes_mut().copy_from_slice(&bytes[..32]);
        bytes.zeroize();
        if filled == 32 {
            Ok(Self(secret))
        } else {
            Err(MasterKeyError::Length {
                path: path.to_owned(),
                bytes: filled,
            })
        }
    }

    /// Draws a new key and keeps it in a new file of mode 0600, synced before this returns.
    ///
    /// # Errors
    /// When the file is already there (a key is never overwritten) or cannot be made.
    pub fn generate_file(path: &Path) -> Result<Self, MasterKeyError> {
        let io = |source| MasterKeyError::Io {
            path: path.to_owned(),
            source,
        };
        let secret = Secret::random().map_err(|error| MasterKeyError::Random(error.to_string()))?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        file.write_all(secret.bytes()).map_err(io)?;
        file.sync_all().map_err(io)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or_else(|| Path::new(".")))
            .and_then(|folder| folder.sync_all())
            .map_err(io)?;
        Ok(Self(secret))
    }

    /// The key that subject keys lie under: the master key itself encrypts nothing.
    pub(crate) fn wrapping(&self) -> Secret {
        self.0.derive(&[b"hoso vault wrapping v1"])
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

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
            Err(MasterKeyError::Io { .. })
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
            matches!(error, MasterKeyError::Mode { mode: 0o640, .. }),
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
                Err(MasterKeyError::Length { .. })
            ));
        }
    }
}

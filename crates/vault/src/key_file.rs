//! Files with keys: 32 raw bytes that only their owner may read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroize;

use crate::cipher::{Random, Secret};

/// A key's file cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file cannot be read or made.
    #[error("the key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner may use the file.
    #[error("the key file {path} has mode {mode:04o}; only its owner may have rights to it (0600)")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("the key file {path} holds {bytes} bytes; a key is 32 bytes, raw")]
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

impl KeyFileError {
    /// Whether there is no such file.
    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::Mode { .. } | Self::Length { .. } | Self::Random(_) => false,
        }
    }
}

/// Where the successor of the key in this file is laid: beside it, `.new` behind its name.
pub(crate) fn successor(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(".new");
    name.into()
}

/// Reads a file of exactly 32 raw bytes (`head -c 32 /dev/urandom` makes them).
///
/// # Errors
/// When it cannot be read, has another length, or anyone but its owner has a right to it.
pub(crate) fn read(path: &Path) -> Result<Secret, KeyFileError> {
    let io = |source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Mode {
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
        Ok(secret)
    } else {
        Err(KeyFileError::Length {
            path: path.to_owned(),
            bytes: filled,
        })
    }
}

/// Draws a new key and keeps it in a new file of mode 0600, synced before this returns.
///
/// # Errors
/// When the file is already there (a key is never overwritten) or cannot be made.
pub(crate) fn generate(path: &Path) -> Result<Secret, KeyFileError> {
    let io = |source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let secret =
        Secret::random(&Random::SYSTEM).map_err(|error| KeyFileError::Random(error.to_string()))?;
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
    Ok(secret)
}

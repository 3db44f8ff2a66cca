//! The line's key as a role has it: from its file and, while it is exchanged, its successor's beside it. Either is heard.
//!
//! The successor is laid beside the key at processing and at every intake node, and then moved over it at one after the other:
//! whoever has both understands whoever has one of them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{info, warn};
use uuid::Uuid;

use crate::key_file::{self, KeyFileError};
use crate::line::{Heard, LineError, LineKey};

/// How long what was read is good for before the files are looked at again.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// The keys under which questions are heard; clones share them.
#[derive(Clone)]
pub struct LineKeys(Arc<Inner>);

struct Inner {
    file: Option<PathBuf>,
    look_after: Duration,
    held: Mutex<Held>,
}

struct Held {
    keys: Vec<LineKey>,
    /// What could not be read, so that it is complained about once.
    complaint: Option<String>,
    looked: Instant,
}

impl fmt::Debug for LineKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineKeys")
            .field("file", &self.0.file)
            .finish_non_exhaustive()
    }
}

/// A key that is not exchanged.
impl From<LineKey> for LineKeys {
    fn from(key: LineKey) -> Self {
        Self::of(None, LOOK_AFTER, vec![key])
    }
}

impl LineKeys {
    fn of(file: Option<PathBuf>, look_after: Duration, keys: Vec<LineKey>) -> Self {
        let held = Held {
            keys,
            complaint: None,
            looked: Instant::now(),
        };
        Self(Arc::new(Inner {
            file,
            look_after,
            held: Mutex::new(held),
        }))
    }

    /// Reads the file, and its successor's (`.new` behind its name) if there is one; from now on they are looked at again.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn read_file(file: &Path) -> Result<Self, KeyFileError> {
        let keys = read(file)?;
        Ok(Self::of(Some(file.to_owned()), LOOK_AFTER, keys))
    }

    /// The keys as the files are, or were a moment ago: the one in use, and its successor if there is one.
    pub fn now(&self) -> Vec<LineKey> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &self.0.file else {
            return held.keys.clone();
        };
        if held.looked.elapsed() >= self.0.look_after {
            held.looked = Instant::now();
            match read(file) {
                Ok(keys) => {
                    let same = keys.iter().zip(&held.keys).all(|(new, old)| new.is(old));
                    if !same || keys.len() != held.keys.len() {
                        info!(file = %file.display(), keys = keys.len(), "the line's key changed and is in use");
                        held.keys = keys;
                    }
                    held.complaint = None;
                }
                Err(error) => {
                    let complaint = Some(error.to_string());
                    if held.complaint != complaint {
                        warn!(%error, "the line's key cannot be read; what was read before stays in use");
                        held.complaint = complaint;
                    }
                }
            }
        }
        held.keys.clone()
    }

    /// Opens a question that was put to the vault of this name, under whichever key.
    ///
    /// # Errors
    /// When it is sealed under none of them for this vault.
    pub fn hear(&self, of: Uuid, sealed: &[u8]) -> Result<Heard, LineError> {
        let mut heard = Err(LineError::Foreign);
        for key in self.now() {
            heard = key.hear(of, sealed);
            if heard.is_ok() {
                break;
            }
        }
        heard
    }
}

fn read(file: &Path) -> Result<Vec<LineKey>, KeyFileError> {
    let mut keys = vec![LineKey::read_file(file)?];
    match LineKey::read_file(&key_file::successor(file)) {
        Ok(key) => keys.push(key),
        Err(error) if error.is_missing() => {}
        Err(error) => return Err(error),
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn both_keys_are_heard_while_one_is_exchanged_and_afterwards_only_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("line.key");
        let old = LineKey::generate_file(&file).unwrap();
        // One that looks at each use.
        let keys = LineKeys::of(Some(file.clone()), Duration::ZERO, read(&file).unwrap());
        let of = Uuid::from_u128(1);
        let question = |key: &LineKey| key.ask(of, b"entry 5?").unwrap().0;
        assert!(keys.hear(of, &question(&old)).is_ok());

        let successor = key_file::successor(&file);
        let new = LineKey::generate_file(&successor).unwrap();
        for key in [&old, &new] {
            assert!(keys.hear(of, &question(key)).is_ok());
        }
        assert!(
            keys.hear(of, &question(&LineKey::from_bytes(&[7; 32])))
                .is_err()
        );

        fs::rename(&successor, &file).unwrap();
        assert!(keys.hear(of, &question(&new)).is_ok());
        assert!(keys.hear(of, &question(&old)).is_err());

        // A file that is gone takes nothing away.
        fs::remove_file(&file).unwrap();
        assert!(keys.hear(of, &question(&new)).is_ok());
    }
}

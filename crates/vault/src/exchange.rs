//! The files with the master key: a successor laid beside it is taken into use while the vault works.
//!
//! 1. The new key is put into the successor's file. Whichever of the two files opens the vault does, from now on.
//! 2. The vault wraps all keys anew. Whoever stops or falls meanwhile goes on at the next start.
//! 3. [`Exchange::Done`]: the old key opens nothing of this vault any more. The successor's file is moved over the old one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use crate::error::{OpenError, RotateError};
use crate::key_file::{self, KeyFileError};
use crate::master_key::MasterKey;
use crate::open::open;
use crate::rotate::Rewrapped;
use crate::settings::Settings;
use crate::vault::Vault;
use crate::writer::Writer;

/// How often the successor's file is looked for.
const EVERY: Duration = Duration::from_secs(2);

/// The keys of which one opens the vault, and the files they came from.
#[derive(Clone)]
pub struct MasterKeys {
    keys: Vec<MasterKey>,
    pub(crate) files: Option<Arc<Files>>,
}

/// Where the key and its successor are.
#[derive(Debug)]
pub(crate) struct Files {
    key: PathBuf,
    successor: PathBuf,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKeys")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

/// A key that is not exchanged.
impl From<MasterKey> for MasterKeys {
    fn from(key: MasterKey) -> Self {
        Self {
            keys: vec![key],
            files: None,
        }
    }
}

/// How the exchange of the master key is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Exchange {
    /// There is no successor.
    #[default]
    None,
    /// Keys are being wrapped anew: either file may be the one that is needed.
    UnderWay(Rewrapped),
    /// The vault is under the successor. The old key opens nothing here any more, only copies made before.
    Done {
        /// The file of the old key.
        old: PathBuf,
        /// The file of the one in use.
        new: PathBuf,
    },
    /// The successor cannot be taken into use; it is tried again.
    Waits(String),
}

impl MasterKeys {
    /// Where the successor of the key in this file is laid: beside it, `.new` behind its name.
    pub fn successor(file: &Path) -> PathBuf {
        key_file::successor(file)
    }

    /// Reads the file, and its successor's if there is one. Without the first, the second will do: whoever removed the old
    /// file instead of moving the new one over it.
    ///
    /// # Errors
    /// When the file cannot be used and there is no successor.
    pub fn read_file(file: &Path) -> Result<Self, KeyFileError> {
        let files = Files {
            key: file.to_owned(),
            successor: Self::successor(file),
        };
        let successor = match MasterKey::read_file(&files.successor) {
            Ok(key) => Some(key),
            Err(error) => {
                if !error.is_missing() {
                    warn!(%error, "the master key's successor cannot be used");
                }
                None
            }
        };
        let keys = match (MasterKey::read_file(file), successor) {
            (Ok(key), successor) => [Some(key), successor].into_iter().flatten().collect(),
            (Err(error), Some(successor)) if error.is_missing() => vec![successor],
            (Err(error), _) => return Err(error),
        };
        Ok(Self {
            keys,
            files: Some(Arc::new(files)),
        })
    }

    /// Opens with whichever key is the vault's.
    pub(crate) fn open(&self, folder: &Path, settings: &Settings) -> Result<Writer, OpenError> {
        let mut refused = OpenError::WrongMasterKey;
        for key in &self.keys {
            match open(folder, key, settings.clone()) {
                Err(error @ OpenError::WrongMasterKey) => refused = error,
                other => return other,
            }
        }
        Err(refused)
    }
}

impl Vault {
    /// Takes a successor of the master key into use whenever there is one in its file, for as long as it is run. Keys that came
    /// from no file are not exchanged.
    pub async fn keep_exchanging(self) {
        let Some(files) = self.0.files.clone() else {
            return;
        };
        loop {
            let now = self.exchange_once(&files).await;
            self.tell(now);
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn exchange_once(&self, files: &Files) -> Exchange {
        let successor = match MasterKey::read_file(&files.successor) {
            Ok(successor) => successor,
            Err(error) if error.is_missing() => return Exchange::None,
            Err(error) => return Exchange::Waits(error.to_string()),
        };
        if !self.is_under(&successor) {
            match self.rotate(successor).await {
                Ok(()) => {}
                Err(
                    error @ (RotateError::Busy
                    | RotateError::NotChanged(_)
                    | RotateError::Closed(_)),
                ) => return Exchange::Waits(error.to_string()),
            }
        }
        // Copied over the old one, not moved: there is nothing more to do.
        if MasterKey::read_file(&files.key).is_ok_and(|key| self.is_under(&key)) {
            return Exchange::None;
        }
        Exchange::Done {
            old: files.key.clone(),
            new: files.successor.clone(),
        }
    }

    fn tell(&self, now: Exchange) {
        let mut told = self
            .0
            .shared
            .exchange
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *told != now {
            match &now {
                Exchange::Done { old, new } => info!(
                    old = %old.display(),
                    new = %new.display(),
                    "the old master key may be destroyed as soon as no other vault and no copy needs it: move the new file over the old one"
                ),
                Exchange::Waits(why) => warn!(why, "the master key is not exchanged yet"),
                Exchange::None | Exchange::UnderWay(_) => {}
            }
            *told = now;
        }
    }

    /// How the exchange of the master key is now.
    pub fn exchange(&self) -> Exchange {
        let shared = &self.0.shared;
        let rewrapped = *shared
            .rewrapped
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let told = shared
            .exchange
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        rewrapped.map_or_else(|| told.clone(), Exchange::UnderWay)
    }

    /// Whether this is the vault's master key.
    pub fn is_under(&self, key: &MasterKey) -> bool {
        self.0.shared.keyring().wrapping.bytes() == key.wrapping().bytes()
    }
}

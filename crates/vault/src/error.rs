//! What can go wrong, per operation; no message carries plaintext, keys or anything a person wrote.

use std::path::PathBuf;

use thiserror::Error;
use uuid::Uuid;

use crate::disk::DiskError;

/// A vault did not open. Nothing was changed, unless the disk itself failed.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process, or another handle of this one, has it open.
    #[error("the vault {folder} is open elsewhere")]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There are keys or entries, but no manifest that says whose.
    #[error("{path} is missing, though the folder holds keys or entries: restore it from a backup")]
    ManifestMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The manifest is not what a vault writes.
    #[error("{path} is damaged: {why}")]
    ManifestDamaged {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Written by a newer program.
    #[error("the vault has format version {found}; this program knows {known}")]
    Version {
        /// What was read.
        found: u32,
        /// The newest version known.
        known: u32,
    },
    /// The master key is not this vault's.
    #[error(
        "the master key is not the one this vault was last sealed with; a vault restored from a copy opens with the key that was in use when the copy was made (lay that one as the key, and today's beside it as its successor, `.new`)"
    )]
    WrongMasterKey,
    /// A file that the manifest names is not there.
    #[error("{path} is missing, though the manifest names it: restore it from a backup")]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// The key for the log's journal cannot be read or made.
    #[error("the key for the log's journal: {0}")]
    JournalKey(String),
    /// The writer thread did not start.
    #[error("the vault's writer thread does not start: {0}")]
    Thread(String),
}

/// An entry was not kept.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PutError {
    /// The subject was erased: nothing more may be kept about it.
    #[error("subject {subject} was erased; nothing more may be kept about it")]
    Erased {
        /// The subject.
        subject: Uuid,
    },
    /// More than one entry, or one call, may hold.
    #[error("{bytes} bytes of plaintext are more than the {max} that are taken at once")]
    TooLarge {
        /// How many were brought.
        bytes: usize,
        /// How many may be.
        max: usize,
    },
    /// Too much waits already; try again soon.
    #[error("too many calls wait for the vault's writer")]
    Busy,
    /// The file system is nearly full.
    #[error("the vault's file system has {free} bytes left, less than the {min} it must keep")]
    DiskNearlyFull {
        /// Bytes left.
        free: u64,
        /// Bytes that must stay free.
        min: u64,
    },
    /// The vault is closed: the disk failed, or the service stops.
    #[error("the vault is closed: {0}")]
    Closed(String),
}

/// An entry was not read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum GetError {
    /// No such entry here: it never came, or it was swept.
    #[error("the vault has no entry {entry}")]
    Unknown {
        /// The entry asked for.
        entry: Uuid,
    },
    /// Its subject was erased.
    #[error("entry {entry} was erased")]
    Erased {
        /// The entry asked for.
        entry: Uuid,
    },
    /// What is on the disk is not what was written; or it may be: the entry is not found and something in the vault
    /// cannot be read at all.
    #[error("entry {entry} is damaged: {file} at byte {offset}")]
    Damaged {
        /// The entry asked for.
        entry: Uuid,
        /// The file's name in the vault's folder.
        file: String,
        /// Where in it.
        offset: u64,
    },
    /// The disk did not give it.
    #[error("entry {entry} cannot be read: {reason}")]
    Read {
        /// The entry asked for.
        entry: Uuid,
        /// What the disk said.
        reason: String,
    },
}

/// A subject was not erased, or orphans were not swept; ask again.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum EraseError {
    /// Too much waits already; try again soon.
    #[error("too many calls wait for the vault's writer")]
    Busy,
    /// The vault is closed. An erasure that had begun is finished when it opens again.
    #[error("the vault is closed: {0}")]
    Closed(String),
}

/// The master key was not changed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RotateError {
    /// Too much waits already; try again soon.
    #[error("too many calls wait for the vault's writer")]
    Busy,
    /// The new keys file could not be made, or another change is under way; the vault goes on under the old master key.
    #[error("the master key was not changed: {0}")]
    NotChanged(String),
    /// The vault is closed. Which master key opens it is known on opening: the other one is refused.
    #[error("the vault is closed: {0}")]
    Closed(String),
}

/// The queue refused a call.
pub(crate) enum Refused {
    Busy,
    Closed(String),
}

impl From<Refused> for PutError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::Busy,
            Refused::Closed(reason) => Self::Closed(reason),
        }
    }
}

impl From<Refused> for EraseError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::Busy,
            Refused::Closed(reason) => Self::Closed(reason),
        }
    }
}

impl From<Refused> for RotateError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => Self::Busy,
            Refused::Closed(reason) => Self::Closed(reason),
        }
    }
}

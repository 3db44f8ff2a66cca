//! What can go wrong when a sealed file is written or opened.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{OpenError, ReadError, RecordFault};
use crate::record::{Position, Revision, StreamId};
use crate::standing::Break;

/// A sealed file was not written; nothing has the final name.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The system refused.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// There is nothing to seal.
    #[error("{path}: a sealed file holds at least one record")]
    Empty {
        /// The file that was to be written.
        path: PathBuf,
    },
    /// The records could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record does not follow the one before it.
    #[error("{path}: at position {position}: {source}")]
    Break {
        /// The file that was being written.
        path: PathBuf,
        /// The position that was to be written.
        position: Position,
        /// What is wrong.
        source: Break,
    },
    /// A stream's revisions have a gap.
    #[error("{path}: at position {position}: stream {stream} has revision {found} after {last}")]
    Revision {
        /// The file that was being written.
        path: PathBuf,
        /// The position that was to be written.
        position: Position,
        /// The stream.
        stream: StreamId,
        /// The revision before.
        last: Revision,
        /// The revision found.
        found: Revision,
    },
    /// The record cannot be held by a block.
    #[error("{path}: at position {position}: {fault}")]
    Fault {
        /// The file that was being written.
        path: PathBuf,
        /// The position that was to be written.
        position: Position,
        /// What is wrong.
        fault: RecordFault,
    },
    /// More than one file can hold: close the segment earlier.
    #[error("{path}: a sealed file holds at most 4,294,967,295 records")]
    Full {
        /// The file that was being written.
        path: PathBuf,
    },
}

impl SealError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

/// A sealed file did not open: fetch it again from a follower or a backup.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// The system refused.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is not what was written.
    #[error("{path}: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        why: String,
    },
}

impl SealedError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, why: impl Display) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            why: why.to_string(),
        }
    }
}

impl From<SealedError> for OpenError {
    fn from(error: SealedError) -> Self {
        match error {
            SealedError::Io {
                doing,
                path,
                source,
            } => Self::Io {
                doing,
                path,
                source,
            },
            SealedError::Damaged { path, why } => Self::Damaged { path, why },
        }
    }
}

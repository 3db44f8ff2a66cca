//! What can go wrong when a log is exported or restored.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::record::Position;
use crate::sealed::{SealError, SealedError};
use crate::standing::Break;
use crate::verify::Fault;

/// The export is not complete; the files that have their names are whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
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
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file could not be written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A file that was copied does not open.
    #[error(transparent)]
    Sealed(#[from] SealedError),
    /// The log itself breaks off.
    #[error("at position {position}: {source}")]
    Break {
        /// Where.
        position: Position,
        /// What is wrong.
        source: Break,
    },
    /// A file of another history is there already.
    #[error("{path} is there already and does not hold what this log holds: export elsewhere")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The log is not that long.
    #[error("nothing can be exported after position {after}: the log ends at {last}")]
    Beyond {
        /// The position after which was asked.
        after: Position,
        /// The last position.
        last: Position,
    },
}

impl ExportError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

/// No folder was made.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
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
    /// A restored log never mixes with what is there.
    #[error("{folder} is not empty: restore into a new folder")]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// The path has no last part to name the new folder by.
    #[error("{folder} cannot be the name of a new folder")]
    Name {
        /// The path.
        folder: PathBuf,
    },
    /// The files are not one whole log.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A part could not be written.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl RestoreError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

/// The backup was not taken further; the files that have their names are whole.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
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
    /// A file of the backup does not open.
    #[error("{0}; remove it and those after it: they are taken again")]
    Sealed(#[from] SealedError),
    /// A file could not be written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A file does not begin where the one before it ends.
    #[error(
        "{path} does not follow the files before it: a file is missing, or it is of another history"
    )]
    Gap {
        /// The file.
        path: PathBuf,
    },
    /// The records ended before their end; those that came are kept.
    #[error("the records were cut off, those that came are kept: {0}")]
    Cut(io::Error),
}

impl ArchiveError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

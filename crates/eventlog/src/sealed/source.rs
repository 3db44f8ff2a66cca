//! Positioned reads from a sealed file: many readers, no shared file offset, errors that name the file.

use std::fmt::Display;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::ReadError;
use crate::record::Position;

/// An open sealed file.
#[derive(Debug)]
pub(crate) struct Source {
    file: File,
    path: PathBuf,
    /// The segment's first position: what errors name when no single record is to blame.
    first: Position,
}

impl Source {
    pub(crate) fn new(file: File, path: &Path, first: Position) -> Self {
        Self {
            file,
            path: path.to_path_buf(),
            first,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads exactly `len` bytes at `offset`, wanted for the record at `position`.
    pub(crate) fn read(
        &self,
        offset: u64,
        len: usize,
        position: Position,
    ) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; len];
        match self.file.read_exact_at(&mut bytes, offset) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(self.damaged(position, "the file has become shorter"))
            }
            Err(error) => Err(ReadError::Io {
                file: self.path.display().to_string(),
                why: error.to_string(),
            }),
        }
    }

    /// Reads bytes of an index, for no record in particular.
    pub(crate) fn read_index(&self, offset: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        self.read(offset, len, self.first)
    }

    pub(crate) fn damaged(&self, position: Position, why: impl Display) -> ReadError {
        ReadError::Damaged {
            file: self.path.display().to_string(),
            position,
            why: why.to_string(),
        }
    }

    /// The index contradicts itself or what it points to.
    pub(crate) fn damaged_index(&self, why: impl Display) -> ReadError {
        self.damaged(self.first, why)
    }
}

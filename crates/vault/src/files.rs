//! The files of entries as the writer sees them: appending, and beginning the next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{self, DataFile, DiskError};
use crate::entry::{BLOCK, Header};
use crate::index::Mark;
use crate::settings::{Content, Settings};

/// The file that is written to.
pub(crate) struct Live {
    pub(crate) file: Arc<DataFile>,
    /// Its number, from 0.
    pub(crate) number: u32,
    /// Where the next record goes.
    pub(crate) end: u64,
    /// All before this is synced.
    pub(crate) synced: u64,
    /// Up to here there are zeros, synced.
    pub(crate) filled: u64,
    /// How much is filled at a time: an append then changes no length, and its sync is one write of the disk.
    pub(crate) fill: u64,
    /// Whether the last record is an end mark.
    pub(crate) ended: bool,
}

pub(crate) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("entries-{:04}", u64::from(number) + 1))
}

impl Live {
    /// Makes a file of zeros; its name is durable when this returns.
    pub(crate) fn create(
        folder: &Path,
        number: u32,
        settings: &Settings,
    ) -> Result<Self, DiskError> {
        let path = path(folder, number);
        let fill = settings.fill_bytes;
        let file = DataFile::create(&path, Content::Entries, &settings.before)?;
        file.write_zeros(0, fill)?;
        file.sync()?;
        disk::sync_folder(folder)?;
        Ok(Self {
            file: Arc::new(file),
            number,
            end: 0,
            synced: 0,
            filled: fill,
            fill,
            ended: false,
        })
    }

    /// The moment now.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            file: self.number,
            block: self.block(),
        }
    }

    /// Where the next record goes, in blocks.
    pub(crate) fn block(&self) -> u32 {
        u32::try_from(self.end / BLOCK as u64).unwrap_or(u32::MAX)
    }

    /// How many blocks at its end are not synced yet.
    pub(crate) fn unsynced(&self) -> u32 {
        let bytes = self.end.saturating_sub(self.synced);
        u32::try_from(bytes / BLOCK as u64).unwrap_or(u32::MAX)
    }

    /// Writes records. They are not synced yet.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let end = self.end + bytes.len() as u64;
        if end > self.filled {
            let filled = end.next_multiple_of(self.fill);
            self.file.write_zeros(self.filled, filled)?;
            self.file.sync()?;
            self.filled = filled;
        }
        self.file.write(bytes, self.end)?;
        self.end = end;
        self.ended = false;
        Ok(())
    }

    /// Syncs what was written.
    pub(crate) fn sync(&mut self) -> Result<(), DiskError> {
        if self.synced < self.end {
            self.file.sync()?;
            self.synced = self.end;
        }
        Ok(())
    }

    /// Marks that all so far is synced.
    pub(crate) fn mark_end(&mut self) -> Result<(), DiskError> {
        if !self.ended {
            // It vouches for all that is before it.
            self.sync()?;
            self.write(&Header::end().encode())?;
            self.sync()?;
            self.ended = true;
        }
        Ok(())
    }

    /// Ends this file for good. Its length need not be durable: zeros after the mark are no damage.
    pub(crate) fn close(&mut self) -> Result<(), DiskError> {
        self.mark_end()?;
        self.file.cut(self.end)?;
        self.filled = self.end;
        Ok(())
    }
}

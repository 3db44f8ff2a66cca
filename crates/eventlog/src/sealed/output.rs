//! Writing a file section by section: where each begins, how long it is, and its checksum.

use std::fs::File;
use std::io::{self, Write};

/// A stretch of a sealed file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Section {
    /// Where it begins, bytes from the start of the file.
    pub(crate) offset: u64,
    /// Bytes.
    pub(crate) len: u64,
    /// CRC-32 of its bytes.
    pub(crate) checksum: u32,
}

impl Section {
    /// Where it ends.
    pub(crate) fn end(&self) -> Option<u64> {
        self.offset.checked_add(self.len)
    }
}

/// Takes bytes in order and keeps account of sections.
pub(crate) struct Output<W> {
    inner: W,
    at: u64,
    begun: u64,
    checksum: crc32fast::Hasher,
}

impl<W: Write> Output<W> {
    /// Begins at byte `at` of the file.
    pub(crate) fn new(inner: W, at: u64) -> Self {
        Self {
            inner,
            at,
            begun: at,
            checksum: crc32fast::Hasher::new(),
        }
    }

    /// Bytes from the start of the file.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.checksum.update(bytes);
        let len = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        self.at = self.at.saturating_add(len);
        Ok(())
    }

    /// Ends the section under way and begins the next.
    pub(crate) fn end_section(&mut self) -> Section {
        let checksum = std::mem::replace(&mut self.checksum, crc32fast::Hasher::new());
        let section = Section {
            offset: self.begun,
            len: self.at.saturating_sub(self.begun),
            checksum: checksum.finalize(),
        };
        self.begun = self.at;
        section
    }

    pub(crate) fn into_inner(self) -> W {
        self.inner
    }
}

/// What may lie unsynced: one long sync at the end would hold up the syncs of the live segment.
const SYNC_EVERY: usize = 8 * 1024 * 1024;

/// A file synced every few megabytes.
pub(crate) struct Syncing {
    file: File,
    unsynced: usize,
}

impl Syncing {
    pub(crate) fn new(file: File) -> Self {
        Self { file, unsynced: 0 }
    }

    pub(crate) fn into_file(self) -> File {
        self.file
    }
}

impl Write for Syncing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced = self.unsynced.saturating_add(written);
        if self.unsynced >= SYNC_EVERY {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

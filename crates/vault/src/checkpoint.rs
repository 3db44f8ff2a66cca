//! New subjects' keys on their way into the keys file: kept beside their entries at first, where one sync is for both.
//!
//! The keys file is written at once all the same, and it is what everyone reads; only its sync waits for many. So a key beside
//! its entries matters after a power cut alone: opening puts it where it belongs. At a checkpoint the keys file is synced, and
//! the keys beside the entries are wiped. One comes before everything that must find a key in one place only: an erasure, the
//! use of another master key, a copy of the vault, the end of a file, and closing.

use std::sync::Arc;

use uuid::Uuid;

use crate::disk::{DataFile, DiskError};
use crate::keys::{self, Slot};
use crate::writer::Writer;

/// A checkpoint comes at the latest when the keys of so many subjects lie beside their entries.
const NOTED_MAX: usize = 1024;

impl Writer {
    /// A checkpoint, if it is time for one. Nobody waits for it: what it is for has been answered.
    pub(crate) fn checkpoint_in_time(&mut self) {
        // After a failure nobody knows what the disk has of the keys file: the keys beside the entries stay.
        if self.noted.len() < NOTED_MAX || self.closed().is_some() {
            return;
        }
        if let Err(error) = self.checkpoint() {
            self.stop(&error.into());
        }
    }

    /// From now on each key lies in the keys file and nowhere else.
    pub(crate) fn checkpoint(&mut self) -> Result<(), DiskError> {
        // What is overwritten must have been on the disk: its record says so.
        self.live.sync()?;
        if self.noted.is_empty() {
            return Ok(());
        }
        let keys = Arc::clone(&self.shared.keyring().file);
        keys.sync()?;
        let noted = self.noted.iter().map(|place| (Uuid::nil(), *place));
        self.overwrite(noted)?;
        self.noted.clear();
        Ok(())
    }
}

/// Puts keys that opening found beside their entries where they belong; says up to where there are slots now.
///
/// They are written also where they can be read: after a sync that failed, what is in the page cache passes for synced. And the
/// file is synced in any case: what a killed process wrote may not be on the disk, and what comes may lie under a key of then.
pub(crate) fn restore(
    keys: &DataFile,
    restored: &[(u32, Slot)],
    filled: u32,
) -> Result<u32, DiskError> {
    let mut filled = filled;
    for (number, slot) in restored {
        keys.write(&slot.encode(), keys::offset(*number))?;
        filled = filled.max(number.saturating_add(1));
    }
    keys.sync()?;
    Ok(filled)
}

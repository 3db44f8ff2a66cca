//! What the files hold when a vault opens: the index, the torn end removed, and the erasures that were interrupted.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::{error, warn};
use uuid::Uuid;

use crate::cipher::{WRAPPED_BYTES, Wrapped};
use crate::disk::{DataFile, DiskError};
use crate::entry::{BLOCK, Header, Kind};
use crate::files::Live;
use crate::index::{Damage, Index, Place, SlotState, Slots};
use crate::keys::Slot;
use crate::scan::{Found, Scan, scan};

/// A vault as its files have it.
pub(crate) struct Recovered {
    pub(crate) index: Index,
    /// Entries that were to be overwritten and are not, or not wholly.
    pub(crate) unfinished: Vec<(Uuid, Place)>,
    /// Keys that lie beside their entries still.
    pub(crate) noted: Vec<Place>,
    /// Those of them that belong into the keys file.
    pub(crate) restored: Vec<(u32, Slot)>,
}

/// Reads all files; clears what is torn at the end of the last one, and gives that too.
pub(crate) fn recover(
    files: &[Arc<DataFile>],
    slots: Slots,
    fill: u64,
) -> Result<(Recovered, Live), DiskError> {
    let index = Index {
        slots,
        entries: HashMap::new(),
        files: files.to_vec(),
        damage: Vec::new(),
        end: crate::index::Mark { file: 0, block: 0 },
    };
    let mut recovered = Recovered {
        index,
        unfinished: Vec::new(),
        noted: Vec::new(),
        restored: Vec::new(),
    };
    let mut live = None;
    for (file, number) in files.iter().zip(0..) {
        let last = number as usize + 1 == files.len();
        let slots = &recovered.index.slots;
        let scan = scan(file, last, |slot| {
            slots.state(slot) == Some(SlotState::Erased)
        })?;
        for found in &scan.records {
            recovered.take(file, number, found)?;
        }
        for range in &scan.damage {
            error!(
                file = file.name(),
                offset = range.start,
                bytes = range.end - range.start,
                "damaged"
            );
            recovered.index.damage.push(Damage {
                file: file.name(),
                offset: range.start,
                bytes: range.end - range.start,
            });
        }
        if last {
            live = Some(clear(file, number, &scan, fill)?);
        }
    }
    let Some(live) = live else {
        // The manifest counts at least one file, and it was found.
        let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(DiskError::new(
            "find",
            std::path::Path::new("entries-0001"),
            gone,
        ));
    };
    recovered.index.end = live.mark();
    Ok((recovered, live))
}

impl Recovered {
    /// Takes a record in.
    fn take(&mut self, from: &DataFile, file: u32, found: &Found) -> Result<(), DiskError> {
        let Header {
            kind,
            entry,
            slot,
            length,
            ..
        } = found.header;
        // Records begin at blocks, and files are limited so that their blocks can be counted.
        let block = u32::try_from(found.offset / BLOCK as u64).unwrap_or(u32::MAX);
        let place = Place {
            file,
            block,
            length,
            slot,
        };
        match kind {
            Kind::End => {}
            Kind::Key => {
                self.noted.push(place);
                if found.whole {
                    self.take_key(from, place, &found.header)?;
                }
            }
            Kind::Destroyed => {
                if !found.whole {
                    self.unfinished.push((entry, place));
                }
                // Without an id it was swept, torn, or a key: nobody's any more.
                if !entry.is_nil() {
                    self.index.slots.reach(slot);
                    self.index.entries.insert(entry, place);
                }
            }
            Kind::Entry => {
                // A slot that entries name was given away, even if the disk lost it since, or never got it.
                self.index.slots.reach(slot);
                self.index.entries.insert(entry, place);
                if self.index.slots.state(slot) == Some(SlotState::Erased) {
                    self.unfinished.push((entry, place));
                } else if !found.whole {
                    error!(%entry, file, offset = found.offset, "an entry is damaged");
                }
            }
        }
        Ok(())
    }

    fn take_key(
        &mut self,
        from: &DataFile,
        place: Place,
        header: &Header,
    ) -> Result<(), DiskError> {
        let tag = header.entry.into_bytes();
        if self.index.slots.restore(place.slot, tag) {
            let mut sealed = [0; WRAPPED_BYTES];
            from.read(&mut sealed, place.offset() + BLOCK as u64)?;
            let nonce = header.nonce;
            let key = Slot::Live(tag, Wrapped { nonce, sealed });
            self.restored.push((place.slot, key));
        }
        Ok(())
    }
}

/// Clears what never reached the disk whole, and marks what did.
fn clear(file: &Arc<DataFile>, number: u32, scan: &Scan, fill: u64) -> Result<Live, DiskError> {
    let length = file.length()?;
    for range in &scan.torn {
        warn!(
            file = file.name(),
            offset = range.start,
            bytes = range.end - range.start,
            "torn by the last stop; nobody was told that it was kept, or the log's journal has it"
        );
        let body = (range.end - range.start).saturating_sub(BLOCK as u64);
        let body = u32::try_from(body).unwrap_or(u32::MAX);
        file.write_zeros(range.start, range.end)?;
        let back = (range.start - scan.sure) / BLOCK as u64;
        let header = Header {
            // It vouches for no more than is sure: what is cleared before it may be torn once more.
            back: u32::try_from(back).unwrap_or(u32::MAX),
            ..Header::destroyed(Uuid::nil(), 0, body)
        };
        file.write(&header.encode(), range.start)?;
    }
    if let Some(tail) = &scan.tail {
        warn!(
            file = file.name(),
            offset = tail.start,
            "the end was torn by the last stop; nobody was told that it was kept, or the log's journal has it"
        );
        file.write_zeros(tail.start, tail.end)?;
    }
    let mut live = Live {
        file: Arc::clone(file),
        number,
        end: scan.end,
        // It is below.
        synced: scan.end,
        // The length may be that of an interrupted filling; up to the last whole block it is zeros.
        filled: length - length % BLOCK as u64,
        fill,
        ended: scan.ended() && scan.torn.is_empty(),
    };
    if live.end == 0 && scan.tail.is_none() {
        // Nothing was ever written: there is nothing to mark.
        live.ended = true;
        return Ok(live);
    }
    // Not only what was cleared: after a sync that failed, what is in the page cache passes for synced.
    write_back(file, scan.sure, scan.end)?;
    // The mark must not come before it. Two syncs, because one orders nothing.
    file.sync()?;
    live.mark_end()?;
    Ok(live)
}

/// Writes a stretch of a file as it reads.
fn write_back(file: &DataFile, from: u64, to: u64) -> Result<(), DiskError> {
    let mut chunk = vec![0; 64 * 1024];
    let mut at = from;
    while at < to {
        let length = usize::try_from(to - at).unwrap_or(usize::MAX);
        let length = length.min(chunk.len());
        let filled = file.read(&mut chunk[..length], at)?;
        if filled == 0 {
            return Ok(());
        }
        file.write(&chunk[..filled], at)?;
        at += filled as u64;
    }
    Ok(())
}

//! What the files hold when a vault opens: the index, the torn end removed, and the erasures that were interrupted.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::{error, warn};
use uuid::Uuid;

use crate::disk::{DataFile, DiskError};
use crate::entry::{BLOCK, Header, Kind};
use crate::files::Live;
use crate::index::{Damage, Index, Place, SlotState, Slots};
use crate::scan::{Found, Scan, scan};

/// A vault as its files have it.
pub(crate) struct Recovered {
    pub(crate) index: Index,
    pub(crate) live: Live,
    /// Entries that were to be overwritten and are not, or not wholly.
    pub(crate) unfinished: Vec<(Uuid, Place)>,
}

/// Reads all files; clears what is torn at the end of the last one.
pub(crate) fn recover(
    files: &[Arc<DataFile>],
    slots: Slots,
    fill: u64,
) -> Result<Recovered, DiskError> {
    let mut index = Index {
        slots,
        entries: HashMap::new(),
        files: files.to_vec(),
        damage: Vec::new(),
        end: crate::index::Mark { file: 0, block: 0 },
    };
    let mut unfinished = Vec::new();
    let mut live = None;
    for (file, number) in files.iter().zip(0..) {
        let last = number as usize + 1 == files.len();
        let erased = |slot| index.slots.state(slot) == Some(SlotState::Erased);
        let scan = scan(file, last, erased)?;
        for found in &scan.records {
            take(&mut index, &mut unfinished, number, found);
        }
        for range in &scan.damage {
            error!(
                file = file.name(),
                offset = range.start,
                bytes = range.end - range.start,
                "damaged"
            );
            index.damage.push(Damage {
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
    index.end = live.mark();
    Ok(Recovered {
        index,
        live,
        unfinished,
    })
}

/// Puts a record into the index.
fn take(index: &mut Index, unfinished: &mut Vec<(Uuid, Place)>, file: u32, found: &Found) {
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
    let destroyed = kind == Kind::Destroyed;
    if destroyed && !found.whole {
        unfinished.push((entry, place));
    }
    // Swept or torn: nobody's any more.
    if kind == Kind::End || entry.is_nil() {
        return;
    }
    // A slot that entries name was given away, even if the disk lost it since, or never got it: both are synced at once.
    while index.slots.next() <= slot {
        index.slots.push(None, SlotState::Damaged);
    }
    let erased = index.slots.state(slot) == Some(SlotState::Erased);
    if erased && !destroyed {
        unfinished.push((entry, place));
    }
    index.entries.insert(entry, place);
    if !destroyed && !erased && !found.whole {
        error!(%entry, file, offset = found.offset, "an entry is damaged");
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
            "torn by the last stop; nobody was told that it was kept"
        );
        let body = (range.end - range.start).saturating_sub(BLOCK as u64);
        let body = u32::try_from(body).unwrap_or(u32::MAX);
        file.write_zeros(range.start, range.end)?;
        file.write(
            &Header::destroyed(Uuid::nil(), 0, body).encode(),
            range.start,
        )?;
    }
    if let Some(tail) = &scan.tail {
        warn!(
            file = file.name(),
            offset = tail.start,
            "the end was torn by the last stop; nobody was told that it was kept"
        );
        file.write_zeros(tail.start, tail.end)?;
    }
    let mut live = Live {
        file: Arc::clone(file),
        number,
        end: scan.end,
        // The length may be that of an interrupted filling; up to the last whole block it is zeros.
        filled: length - length % BLOCK as u64,
        fill,
        ended: scan.ended() && scan.torn.is_empty(),
    };
    if live.end == 0 && scan.tail.is_none() {
        // Nothing was ever written: there is nothing to mark.
        live.ended = true;
    }
    if !live.ended {
        // Also syncs what was cleared: the mark must not come before it. Two syncs, because one orders nothing.
        file.sync()?;
        live.mark_end()?;
    }
    Ok(live)
}

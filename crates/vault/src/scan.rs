//! Reading a file of entries from the start: what is whole, what is damaged, and what is only torn.

use std::ops::Range;

use crate::disk::{DataFile, DiskError};
use crate::entry::{BLOCK, Header, Kind};

const BLOCK_BYTES: u64 = BLOCK as u64;
/// How much is read at a time.
const WINDOW_BYTES: usize = 1024 * 1024;

/// A record whose header is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) offset: u64,
    pub(crate) header: Header,
    /// Whether the body is what was written.
    pub(crate) whole: bool,
}

impl Found {
    fn end(&self) -> u64 {
        self.offset + self.header.span()
    }

    /// Everything before this offset had been synced when the record was written.
    fn synced_before(&self) -> u64 {
        self.offset
            .saturating_sub(u64::from(self.header.back) * BLOCK_BYTES)
    }
}

/// What a file of entries holds.
#[derive(Default, Debug)]
pub(crate) struct Scan {
    pub(crate) records: Vec<Found>,
    /// Stretches that were synced once and hold no record now.
    pub(crate) damage: Vec<Range<u64>>,
    /// Stretches that never reached the disk: nobody was told that they had, or the log's journal has them.
    pub(crate) torn: Vec<Range<u64>>,
    /// Everything before this was synced.
    pub(crate) sure: u64,
    /// Where the next record goes.
    pub(crate) end: u64,
    /// Bytes that are not zero after `end`, up to the file's end.
    pub(crate) tail: Option<Range<u64>>,
}

impl Scan {
    /// Whether the file ends as an orderly stop leaves it.
    pub(crate) fn ended(&self) -> bool {
        self.tail.is_none()
            && self
                .records
                .last()
                .is_some_and(|last| last.header.kind == Kind::End && last.end() == self.end)
    }
}

/// Reads the file. `last`: the vault was writing to it, so that its end may be torn. `erased`: whether the slot's subject
/// was erased, for then what looks torn is half overwritten.
pub(crate) fn scan(
    file: &DataFile,
    last: bool,
    erased: impl Fn(u32) -> bool,
) -> Result<Scan, DiskError> {
    let length = file.length()?;
    let mut window = Window {
        file,
        start: 0,
        bytes: Vec::new(),
    };
    let mut scan = Scan::default();
    let mut gaps = Vec::new();
    let mut dirty = false;
    let mut at = 0;
    while at < length {
        let block = window.get(at, BLOCK)?;
        let header = Header::decode(block).filter(|header| at + header.span() <= length);
        let Some(header) = header else {
            dirty |= block != &[0; BLOCK][..block.len()];
            at += BLOCK_BYTES;
            continue;
        };
        if at > scan.end {
            gaps.push(scan.end..at);
        }
        let body = window.get(at + BLOCK_BYTES, header.length as usize)?;
        let found = Found {
            offset: at,
            header,
            whole: header.fits(body),
        };
        at = found.end();
        scan.end = at;
        dirty = false;
        scan.records.push(found);
    }
    scan.tail = dirty.then_some(scan.end..length);
    if last {
        split(&mut scan, gaps, erased);
    } else {
        scan.damage = gaps;
        // A closed file ends with its mark, or something is missing after what was found.
        if !scan.ended() {
            scan.damage.push(scan.end..length.max(scan.end));
        }
    }
    Ok(scan)
}

/// Tells damage from what was torn in the file that was being written.
fn split(scan: &mut Scan, gaps: Vec<Range<u64>>, erased: impl Fn(u32) -> bool) {
    let sure = scan
        .records
        .iter()
        .map(Found::synced_before)
        .max()
        .unwrap_or(0);
    scan.sure = sure;
    for gap in gaps {
        if gap.start < sure {
            scan.damage.push(gap.start..gap.end.min(sure));
        }
        if gap.end > sure {
            scan.torn.push(gap.start.max(sure)..gap.end);
        }
    }
    scan.records.retain(|found| {
        let torn = matches!(found.header.kind, Kind::Entry | Kind::Key)
            && !found.whole
            && found.offset >= sure
            && !erased(found.header.slot);
        if torn {
            scan.torn.push(found.offset..found.end());
        }
        !torn
    });
}

/// A stretch of the file in memory.
struct Window<'a> {
    file: &'a DataFile,
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// The bytes from `offset` on; fewer than `want` only at the file's end.
    fn get(&mut self, offset: u64, want: usize) -> Result<&[u8], DiskError> {
        let inside = |start: u64, length: usize| {
            let from = usize::try_from(offset.checked_sub(start)?).ok()?;
            (from + want <= length).then_some(from)
        };
        if let Some(from) = inside(self.start, self.bytes.len()) {
            return Ok(&self.bytes[from..from + want]);
        }
        self.bytes.resize(want.max(WINDOW_BYTES), 0);
        let filled = self.file.read(&mut self.bytes, offset)?;
        self.bytes.truncate(filled);
        self.start = offset;
        Ok(&self.bytes[..want.min(filled)])
    }
}

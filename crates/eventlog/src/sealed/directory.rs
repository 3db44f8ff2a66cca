//! The block directory: where each block of a sealed file is, and what it begins with.

use crate::error::DecodeError;
use crate::format::Cursor;
use crate::record::Position;
use crate::sealed::error::SealedError;
use crate::sealed::footer::Footer;
use crate::sealed::source::Source;
use crate::sealed::table::read_section;

/// Where each block is; the same bytes are made again by the verifier.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) bytes: Vec<u8>,
    pub(crate) blocks: u32,
}

/// First position, recorded at, offset, length.
const DIRECTORY_ENTRY_BYTES: usize = 8 + 8 + 8 + 4;

impl Directory {
    pub(crate) fn push(&mut self, first: Position, recorded_at: i64, offset: u64, len: u32) {
        self.bytes.extend_from_slice(&first.to_le_bytes());
        self.bytes.extend_from_slice(&recorded_at.to_le_bytes());
        self.bytes.extend_from_slice(&offset.to_le_bytes());
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.blocks = self.blocks.saturating_add(1);
    }
}

/// Where one block is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockPlace {
    pub(crate) first: Position,
    pub(crate) recorded_at: i64,
    pub(crate) offset: u64,
    pub(crate) len: u32,
}

/// Reads and checks a file's directory.
pub(crate) fn read_directory(
    source: &Source,
    footer: &Footer,
) -> Result<Vec<BlockPlace>, SealedError> {
    let damaged = |why: &str| SealedError::damaged(source.path(), why);
    let bytes = read_section(source, &footer.sections.directory, "directory")?;
    let blocks = usize::try_from(footer.blocks).unwrap_or(usize::MAX);
    if bytes.len() != blocks.saturating_mul(DIRECTORY_ENTRY_BYTES) {
        return Err(damaged("the directory has not as many entries as blocks"));
    }
    let mut cursor = Cursor::new(&bytes);
    let mut directory: Vec<BlockPlace> = Vec::with_capacity(blocks);
    let mut at = footer.sections.blocks.offset;
    for _ in 0..blocks {
        let place =
            take_place(&mut cursor).map_err(|why| SealedError::damaged(source.path(), why))?;
        let follows = match directory.last() {
            None => place.first == footer.first() && place.recorded_at == footer.first_recorded_at,
            Some(before) => place.first > before.first && place.recorded_at >= before.recorded_at,
        };
        if !follows || place.offset != at || place.first > footer.last() {
            return Err(damaged("the directory's blocks do not follow each other"));
        }
        at = at.saturating_add(u64::from(place.len));
        directory.push(place);
    }
    if footer.sections.blocks.end() != Some(at) {
        return Err(damaged("the directory's blocks do not fill their section"));
    }
    Ok(directory)
}

fn take_place(cursor: &mut Cursor<'_>) -> Result<BlockPlace, DecodeError> {
    Ok(BlockPlace {
        first: cursor.u64("first position")?,
        recorded_at: cursor.i64("recorded at")?,
        offset: cursor.u64("block offset")?,
        len: cursor.u32("block length")?,
    })
}

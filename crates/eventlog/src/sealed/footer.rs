//! Header and footer of a sealed file: what it holds, where the log stood before it and stands after it.

use std::collections::BTreeMap;

use crate::error::DecodeError;
use crate::format::Cursor;
use crate::head::Watermark;
use crate::record::{ChainHash, LogId, Position};
use crate::sealed::output::Section;
use crate::sealed::table::TableSections;
use crate::standing::Standing;

const HEADER_MAGIC: [u8; 8] = *b"hosoSEAL";
const TRAILER_MAGIC: [u8; 8] = *b"hosoDONE";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;

pub(crate) const HEADER_BYTES: usize = 8 + 1 + 3 + 16 + 8 + CHECKSUM_BYTES;
pub(crate) const TRAILER_BYTES: usize = 4 + CHECKSUM_BYTES + 8;

/// Bytes of a watermark in the footer.
const WATERMARK_BYTES: usize = 16 + 4 + 8 + 32;

/// What a sealed file says about itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Footer {
    /// Where the log stood before the file's first record.
    pub before: Standing,
    /// Where the log stands after its last record.
    pub after: Standing,
    /// When the first record was written, microseconds since 1970.
    pub first_recorded_at: i64,
    /// How many blocks there are.
    pub blocks: u32,
    pub(crate) sections: Sections,
}

/// Where everything lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sections {
    pub(crate) blocks: Section,
    pub(crate) directory: Section,
    pub(crate) index: IndexSections,
}

/// Where the indexes lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct IndexSections {
    pub(crate) streams: TableSections,
    pub(crate) places: TableSections,
    pub(crate) keys: TableSections,
    pub(crate) requests: TableSections,
}

impl Footer {
    /// The log.
    pub fn log(&self) -> LogId {
        self.after.log
    }

    /// Position of the first record.
    pub fn first(&self) -> Position {
        self.before.position.saturating_add(1)
    }

    /// Position of the last record.
    pub fn last(&self) -> Position {
        self.after.position
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.after.position.saturating_sub(self.before.position)
    }

    /// How many streams have records here.
    pub fn streams(&self) -> u32 {
        self.sections.index.streams.entries
    }

    /// Bytes of the blocks and of the indexes; header and footer are left out.
    pub fn section_bytes(&self) -> (u64, u64) {
        let all: u64 = self.sections.in_order().iter().map(|(_, s)| s.len).sum();
        (
            self.sections.blocks.len,
            all.saturating_sub(self.sections.blocks.len),
        )
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, 0, 0, 0];
        put_standing(&self.before, &mut out);
        put_standing(&self.after, &mut out);
        out.extend_from_slice(&self.first_recorded_at.to_le_bytes());
        out.extend_from_slice(&self.blocks.to_le_bytes());
        put_section(&self.sections.blocks, &mut out);
        put_section(&self.sections.directory, &mut out);
        for table in self.sections.index.in_order() {
            out.extend_from_slice(&table.entries.to_le_bytes());
            put_section(&table.pages, &mut out);
            put_section(&table.list, &mut out);
            put_section(&table.filter, &mut out);
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(bytes);
        take_version(&mut cursor, "footer")?;
        let before = take_standing(&mut cursor)?;
        let after = take_standing(&mut cursor)?;
        let first_recorded_at = cursor.i64("first recorded at")?;
        let blocks = cursor.u32("block count")?;
        let sections = Sections {
            blocks: take_section(&mut cursor)?,
            directory: take_section(&mut cursor)?,
            index: IndexSections {
                streams: take_table(&mut cursor)?,
                places: take_table(&mut cursor)?,
                keys: take_table(&mut cursor)?,
                requests: take_table(&mut cursor)?,
            },
        };
        cursor.finish("footer")?;
        let footer = Self {
            before,
            after,
            first_recorded_at,
            blocks,
            sections,
        };
        let records = footer.records();
        if footer.before.log != footer.after.log
            || records == 0
            || u64::from(footer.blocks) > records
            || u64::from(footer.sections.index.places.entries) != records
        {
            return Err(DecodeError::Value {
                what: "footer",
                at: 0,
                why: "log, positions and counts contradict each other",
            });
        }
        Ok(footer)
    }
}

impl Sections {
    /// Every section with its name, in the order in which they must lie in the file without a gap.
    pub(crate) fn in_order(&self) -> Vec<(&'static str, Section)> {
        let mut all = vec![("blocks", self.blocks), ("directory", self.directory)];
        for (name, table) in ["streams", "places", "keys", "requests"]
            .into_iter()
            .zip(self.index.in_order())
        {
            all.extend([
                (name, table.pages),
                (name, table.list),
                (name, table.filter),
            ]);
        }
        all
    }
}

impl IndexSections {
    fn in_order(&self) -> [TableSections; 4] {
        [self.streams, self.places, self.keys, self.requests]
    }
}

/// The file's first bytes.
pub(crate) fn header(log: LogId, first: Position) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES);
    out.extend_from_slice(&HEADER_MAGIC);
    out.extend_from_slice(&[VERSION, 0, 0, 0]);
    out.extend_from_slice(log.0.as_bytes());
    out.extend_from_slice(&first.to_le_bytes());
    put_checksum(&mut out);
    out
}

/// Log and first position out of the file's first `HEADER_BYTES` bytes.
pub(crate) fn decode_header(bytes: &[u8]) -> Result<(LogId, Position), DecodeError> {
    let mut cursor = Cursor::new(bytes);
    if cursor.array("file magic")? != HEADER_MAGIC {
        return Err(DecodeError::Value {
            what: "file magic",
            at: 0,
            why: "this is no sealed file",
        });
    }
    take_version(&mut cursor, "sealed file")?;
    let log = LogId(cursor.uuid("log id")?);
    let first = cursor.u64("first position")?;
    let body = bytes.get(..cursor.at()).unwrap_or_default();
    let stored = cursor.u32("header checksum")?;
    cursor.finish("header")?;
    check("header", body, stored)?;
    Ok((log, first))
}

/// The file's last bytes, after the footer's.
pub(crate) fn trailer(footer: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let len = u32::try_from(footer.len()).map_err(|_| DecodeError::Value {
        what: "footer",
        at: 0,
        why: "longer than 4 GiB",
    })?;
    let mut out = len.to_le_bytes().to_vec();
    out.extend_from_slice(&crc32fast::hash(footer).to_le_bytes());
    out.extend_from_slice(&TRAILER_MAGIC);
    Ok(out)
}

/// Length and checksum of the footer out of the file's last `TRAILER_BYTES` bytes.
pub(crate) fn decode_trailer(bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let mut cursor = Cursor::new(bytes);
    let len = cursor.u32("footer length")?;
    let checksum = cursor.u32("footer checksum")?;
    if cursor.array("trailer magic")? != TRAILER_MAGIC {
        return Err(DecodeError::Value {
            what: "trailer",
            at: 8,
            why: "the file does not end as a sealed file does: it is cut short or damaged",
        });
    }
    cursor.finish("trailer")?;
    Ok((len, checksum))
}

pub(crate) fn check(what: &'static str, body: &[u8], stored: u32) -> Result<(), DecodeError> {
    let computed = crc32fast::hash(body);
    if stored == computed {
        Ok(())
    } else {
        Err(DecodeError::Checksum {
            what,
            stored,
            computed,
        })
    }
}

fn put_checksum(out: &mut Vec<u8>) {
    let checksum = crc32fast::hash(out);
    out.extend_from_slice(&checksum.to_le_bytes());
}

fn take_version(cursor: &mut Cursor<'_>, what: &'static str) -> Result<(), DecodeError> {
    let found = cursor.u8("version")?;
    if found != VERSION {
        return Err(DecodeError::Version {
            what,
            found,
            known: VERSION,
        });
    }
    let at = cursor.at();
    if cursor.array("reserve")? != [0_u8; 3] {
        let why = "not zero";
        return Err(DecodeError::Value { what, at, why });
    }
    Ok(())
}

fn put_section(section: &Section, out: &mut Vec<u8>) {
    out.extend_from_slice(&section.offset.to_le_bytes());
    out.extend_from_slice(&section.len.to_le_bytes());
    out.extend_from_slice(&section.checksum.to_le_bytes());
}

fn take_section(cursor: &mut Cursor<'_>) -> Result<Section, DecodeError> {
    Ok(Section {
        offset: cursor.u64("section offset")?,
        len: cursor.u64("section length")?,
        checksum: cursor.u32("section checksum")?,
    })
}

fn take_table(cursor: &mut Cursor<'_>) -> Result<TableSections, DecodeError> {
    Ok(TableSections {
        entries: cursor.u32("index entries")?,
        pages: take_section(cursor)?,
        list: take_section(cursor)?,
        filter: take_section(cursor)?,
    })
}

fn put_standing(standing: &Standing, out: &mut Vec<u8>) {
    out.extend_from_slice(standing.log.0.as_bytes());
    out.extend_from_slice(&standing.position.to_le_bytes());
    out.extend_from_slice(&standing.epoch.to_le_bytes());
    out.extend_from_slice(&standing.recorded_at.to_le_bytes());
    out.extend_from_slice(&standing.chain.0);
    let count = u64::try_from(standing.watermarks.len()).unwrap_or(u64::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    for (log, mark) in &standing.watermarks {
        out.extend_from_slice(log.0.as_bytes());
        out.extend_from_slice(&mark.epoch.to_le_bytes());
        out.extend_from_slice(&mark.position.to_le_bytes());
        out.extend_from_slice(&mark.hash.0);
    }
}

fn take_standing(cursor: &mut Cursor<'_>) -> Result<Standing, DecodeError> {
    let mut standing = Standing {
        log: LogId(cursor.uuid("log id")?),
        position: cursor.u64("position")?,
        epoch: cursor.u32("epoch")?,
        recorded_at: cursor.i64("recorded at")?,
        chain: ChainHash(cursor.array("chain hash")?),
        watermarks: BTreeMap::new(),
    };
    let at = cursor.at();
    let count = cursor.u64("watermark count")?;
    let room = u64::try_from(cursor.left() / WATERMARK_BYTES).unwrap_or(u64::MAX);
    if count > room {
        return Err(DecodeError::Value {
            what: "watermark count",
            at,
            why: "more than the footer has room for",
        });
    }
    for _ in 0..count {
        let log = LogId(cursor.uuid("origin log")?);
        let mark = Watermark {
            epoch: cursor.u32("origin epoch")?,
            position: cursor.u64("origin position")?,
            hash: ChainHash(cursor.array("origin chain hash")?),
        };
        standing.watermarks.insert(log, mark);
    }
    Ok(standing)
}

//! Reading a sealed file: by position, stream, key, request and time, with positioned reads only.

use std::fmt::Display;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::chain;
use crate::error::ReadError;
use crate::format::{Block, EncodedBlock};
use crate::record::{ChainHash, Key, Position, Record, Revision, StreamId};
use crate::sealed::blocks::Blocks;
use crate::sealed::directory::{BlockPlace, read_directory};
use crate::sealed::ends::read_footer;
use crate::sealed::error::SealedError;
use crate::sealed::footer::Footer;
use crate::sealed::index::Index;
use crate::sealed::source::Source;

/// A sealed file, open. Clones share it; readers do not hinder each other.
#[derive(Clone, Debug)]
pub struct SealedSegment {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    source: Source,
    footer: Footer,
    directory: Vec<BlockPlace>,
    index: Index,
}

impl SealedSegment {
    /// Opens a sealed file: checks header, footer, directory, page lists and filters. Blocks and index
    /// pages are checked when they are read; all at once by [`crate::verify`].
    ///
    /// # Errors
    /// Says what is damaged.
    pub fn open(path: &Path) -> Result<Self, SealedError> {
        let file = File::open(path).map_err(SealedError::io("opening", path))?;
        let footer = read_footer(&file, path)?;
        let first = footer.first();
        let source = Source::new(file, path, first);
        let directory = read_directory(&source, &footer)?;
        let index = Index::open(&source, first, &footer.sections.index)?;
        Ok(Self {
            inner: Arc::new(Inner {
                source,
                footer,
                directory,
                index,
            }),
        })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.inner.source.path()
    }

    /// What the file says about itself.
    pub fn footer(&self) -> &Footer {
        &self.inner.footer
    }

    /// Position of the first record.
    pub fn first(&self) -> Position {
        self.inner.footer.first()
    }

    /// Position of the last record.
    pub fn last(&self) -> Position {
        self.inner.footer.last()
    }

    /// The record at a position; none when it is not in this file.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn record(&self, position: Position) -> Result<Option<Record>, ReadError> {
        if self.holds(position) {
            self.reader().record(position).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The records after `after`, at most `max` of them, as far as they are in this file.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn read_after(&self, after: Position, max: usize) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        for block in self.blocks_after(after) {
            if records.len() >= max {
                break;
            }
            let block = self.decode(&block?)?;
            for record in block.records() {
                let record = record.map_err(|why| self.damaged(block.header.first, why))?;
                if record.place.position > after && records.len() < max {
                    records.push(record);
                }
            }
        }
        Ok(records)
    }

    /// Where a stream's records are in this file, rising; empty when there are none.
    ///
    /// # Errors
    /// When the index is damaged there or cannot be read.
    pub fn stream_positions(&self, stream: StreamId) -> Result<Vec<Position>, ReadError> {
        let Inner { source, index, .. } = &*self.inner;
        match index.stream(source, stream)? {
            Some(entry) => index.places(source, &entry),
            None => Ok(Vec::new()),
        }
    }

    /// A stream's last revision in this file; none when it has no record here. Reads no record.
    ///
    /// # Errors
    /// When the index is damaged there or cannot be read.
    pub fn revision(&self, stream: StreamId) -> Result<Option<Revision>, ReadError> {
        let Inner { source, index, .. } = &*self.inner;
        let entry = index.stream(source, stream)?;
        Ok(entry.map(|entry| entry.last_revision()))
    }

    /// A stream's records in this file, in order.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn stream_records(&self, stream: StreamId) -> Result<Vec<Record>, ReadError> {
        let Inner { source, index, .. } = &*self.inner;
        let Some(entry) = index.stream(source, stream)? else {
            return Ok(Vec::new());
        };
        let mut reader = self.reader();
        let mut records = Vec::new();
        for (position, revision) in index
            .places(source, &entry)?
            .into_iter()
            .zip(entry.first_revision..)
        {
            let record = reader.record(position)?;
            if record.listed() != stream || record.revision != revision {
                let why = format!("revision {revision} of stream {stream} is not there");
                return Err(self.damaged(position, why));
            }
            records.push(record);
        }
        Ok(records)
    }

    /// The first record in this file that has the key.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn find_key(&self, key: Key) -> Result<Option<Position>, ReadError> {
        let mut reader = self.reader();
        for position in self.inner.index.key(&self.inner.source, &key)? {
            if reader.record(position)?.event.keys.contains(&key) {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// The first record in this file that the request led to.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn find_request(&self, key: Key) -> Result<Option<Position>, ReadError> {
        let mut reader = self.reader();
        for position in self.inner.index.request(&self.inner.source, &key)? {
            if asked_by(&reader.record(position)?, key) {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// All records in this file that the request led to, in order.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn request_records(&self, key: Key) -> Result<Vec<Record>, ReadError> {
        let mut reader = self.reader();
        let mut records = Vec::new();
        for start in self.inner.index.request(&self.inner.source, &key)? {
            for position in start..=self.last() {
                let record = reader.record(position)?;
                if !asked_by(&record, key) {
                    break;
                }
                records.push(record);
            }
        }
        Ok(records)
    }

    /// The last position in this file written at or before `recorded_at` (microseconds since 1970); none
    /// when the whole file was written later.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn position_at(&self, recorded_at: i64) -> Result<Option<Position>, ReadError> {
        let Inner {
            footer, directory, ..
        } = &*self.inner;
        if recorded_at >= footer.after.recorded_at {
            return Ok(Some(self.last()));
        }
        let later = directory.partition_point(|block| block.recorded_at <= recorded_at);
        let Some(block) = later.checked_sub(1).and_then(|at| self.block_at(at)) else {
            return Ok(None);
        };
        let block = self.decode(&block?)?;
        let mut last = None;
        for record in block.records() {
            let record = record.map_err(|why| self.damaged(block.header.first, why))?;
            if record.place.recorded_at > recorded_at {
                break;
            }
            last = Some(record.place.position);
        }
        Ok(last)
    }

    /// The chain hash after the record at `position`; none when neither it nor the one after it is here.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn chain_at(&self, position: Position) -> Result<Option<ChainHash>, ReadError> {
        let footer = &self.inner.footer;
        if position == footer.before.position {
            return Ok(Some(footer.before.chain));
        }
        if !self.holds(position) {
            return Ok(None);
        }
        let at = self.block_of(position);
        let mut hash = match at.checked_sub(1).and_then(|before| self.block_at(before)) {
            Some(before) => before?.header.chain,
            None => footer.before.chain,
        };
        let Some(block) = self.block_at(at) else {
            return Err(self.damaged(position, "no block holds it"));
        };
        let block = self.decode(&block?)?;
        for (slice, here) in block.slices().zip(block.header.first..=position) {
            hash = chain::next(hash, slice.map_err(|why| self.damaged(here, why))?);
        }
        Ok(Some(hash))
    }

    /// The block that holds `position`, compressed as it is; none when it is not in this file.
    ///
    /// # Errors
    /// When the file is damaged there or cannot be read.
    pub fn block(&self, position: Position) -> Result<Option<EncodedBlock>, ReadError> {
        if self.holds(position) {
            self.block_at(self.block_of(position)).transpose()
        } else {
            Ok(None)
        }
    }

    /// All blocks, compressed as they are.
    pub fn blocks(&self) -> Blocks {
        Blocks::new(self.clone(), 0)
    }

    /// The blocks from the one that holds the record after `after` on.
    pub fn blocks_after(&self, after: Position) -> Blocks {
        let from = if after >= self.last() {
            usize::MAX
        } else {
            self.block_of(after.saturating_add(1))
        };
        Blocks::new(self.clone(), from)
    }

    /// The block in place `at`; none after the last. What it says is compared with the directory.
    pub(crate) fn block_at(&self, at: usize) -> Option<Result<EncodedBlock, ReadError>> {
        let place = self.inner.directory.get(at)?;
        let next = at
            .checked_add(1)
            .and_then(|next| self.inner.directory.get(next));
        let last = next.map_or_else(|| self.last(), |next| next.first.saturating_sub(1));
        let len = usize::try_from(place.len).unwrap_or(usize::MAX);
        let bytes = self.inner.source.read(place.offset, len, place.first);
        Some(bytes.and_then(|bytes| {
            let block = EncodedBlock::from_bytes(bytes.into()).map_err(|why| {
                let at = place.offset;
                self.damaged(place.first, format!("block at byte {at}: {why}"))
            })?;
            if block.header.first != place.first || block.header.last != last {
                let at = place.offset;
                let why = format!("block at byte {at}: other positions than in the directory");
                return Err(self.damaged(place.first, why));
            }
            Ok(block)
        }))
    }

    pub(crate) fn source(&self) -> &Source {
        &self.inner.source
    }

    pub(crate) fn decode(&self, block: &EncodedBlock) -> Result<Block, ReadError> {
        block
            .decode()
            .map_err(|why| self.damaged(block.header.first, why))
    }

    pub(crate) fn damaged(&self, position: Position, why: impl Display) -> ReadError {
        self.inner.source.damaged(position, why)
    }

    fn holds(&self, position: Position) -> bool {
        (self.first()..=self.last()).contains(&position)
    }

    /// The place of the block that holds `position`, or of the first one when it lies before.
    fn block_of(&self, position: Position) -> usize {
        self.inner
            .directory
            .partition_point(|block| block.first <= position)
            .saturating_sub(1)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            segment: self,
            block: None,
        }
    }
}

fn asked_by(record: &Record, key: Key) -> bool {
    record.request.is_some_and(|request| request.key == key)
}

/// Reads single records, keeping the last block: neighbours often lie in the same one.
struct Reader<'a> {
    segment: &'a SealedSegment,
    block: Option<Block>,
}

impl Reader<'_> {
    fn record(&mut self, position: Position) -> Result<Record, ReadError> {
        let segment = self.segment;
        let held = self
            .block
            .take()
            .filter(|block| (block.header.first..=block.header.last).contains(&position));
        let block = match held {
            Some(block) => block,
            None => match segment.block_at(segment.block_of(position)) {
                Some(block) => segment.decode(&block?)?,
                None => return Err(segment.damaged(position, "no block holds it")),
            },
        };
        let record = block
            .record(position)
            .map_err(|why| segment.damaged(position, why))?
            .ok_or_else(|| segment.damaged(position, "the index points outside the file"))?;
        self.block = Some(block);
        Ok(record)
    }
}

//! Reading: through sled's handle for the live segment and sealed files for the rest, never in the writer's way.

use std::sync::Arc;

use crate::error::ReadError;
use crate::format::EncodedBlock;
use crate::record::{ChainHash, Position, Record};
use crate::segment::Segments;
use crate::shared::Shared;

/// The log's blocks as they are stored, in order, up to the end as it is when reached. Each can be
/// decoded by another thread. The first one may begin before the position asked for.
#[derive(Debug)]
pub struct LogBlocks {
    shared: Arc<Shared>,
    next: Position,
    failed: bool,
}

impl LogBlocks {
    pub(crate) fn new(shared: Arc<Shared>, from: Position) -> Self {
        Self {
            shared,
            next: from.max(1),
            failed: false,
        }
    }
}

impl Iterator for LogBlocks {
    type Item = Result<EncodedBlock, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let block = self
            .shared
            .segments()
            .and_then(|segments| segments.block(self.next))
            .transpose()?;
        match &block {
            Ok(block) => self.next = block.header.last.saturating_add(1),
            Err(_) => self.failed = true,
        }
        Some(block)
    }
}

/// The log's records, in order, a block's at a time, up to the end as it is when reached.
#[derive(Debug)]
pub struct Scan {
    shared: Arc<Shared>,
    next: Position,
    failed: bool,
}

impl Scan {
    pub(crate) fn new(shared: Arc<Shared>, from: Position) -> Self {
        Self {
            shared,
            next: from.max(1),
            failed: false,
        }
    }
}

impl Iterator for Scan {
    type Item = Result<Vec<Record>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let records = self
            .shared
            .segments()
            .and_then(|segments| block_from(&segments, self.next));
        match records {
            Ok(records) => {
                self.next = records.last()?.place.position.saturating_add(1);
                Some(Ok(records))
            }
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

/// The records from `from` to the end of its block; none past the end.
pub(crate) fn block_from(segments: &Segments, from: Position) -> Result<Vec<Record>, ReadError> {
    let Some(block) = segments.decoded(from)? else {
        return Ok(Vec::new());
    };
    let skip = usize::try_from(from.saturating_sub(block.header.first)).unwrap_or(usize::MAX);
    let mut position = block.header.first;
    let mut records = Vec::with_capacity(usize::try_from(block.header.count).unwrap_or(0));
    for record in block.records().skip(skip) {
        let record = record.map_err(|error| segments.damaged(position, &error.to_string()))?;
        position = record.place.position;
        records.push(record);
    }
    Ok(records)
}

/// Up to `max` records after `after`.
pub(crate) fn read_after(
    segments: &Segments,
    after: Position,
    max: usize,
) -> Result<Vec<Record>, ReadError> {
    let mut records = Vec::new();
    let mut next = after.saturating_add(1);
    while records.len() < max {
        let mut more = block_from(segments, next)?;
        let Some(last) = more.last() else {
            break;
        };
        next = last.place.position.saturating_add(1);
        more.truncate(max.saturating_sub(records.len()));
        records.append(&mut more);
    }
    Ok(records)
}

/// The last position written at or before `recorded_at`, of those up to `last`; 0 when all are later.
pub(crate) fn position_at(
    segments: &Segments,
    last: Position,
    recorded_at: i64,
) -> Result<Position, ReadError> {
    // Positions up to `low` are not later, those from `high` on are.
    let (mut low, mut high) = (0, last.saturating_add(1));
    while high.saturating_sub(low) > 1 {
        let middle = low + (high - low) / 2;
        match segments.record(middle)? {
            Some(record) if record.place.recorded_at <= recorded_at => low = middle,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

/// The chain hash after `position`; none past the end.
pub(crate) fn hash_at(
    segments: &Segments,
    position: Position,
) -> Result<Option<ChainHash>, ReadError> {
    if position == 0 {
        return Ok(Some(ChainHash::default()));
    }
    let Some(block) = segments.decoded(position)? else {
        return Ok(None);
    };
    if position == block.header.last {
        return Ok(Some(block.header.chain));
    }
    let before = block.header.first.saturating_sub(1);
    let Some(mut hash) = (match before {
        0 => Some(ChainHash::default()),
        before => segments.block(before)?.map(|block| block.header.chain),
    }) else {
        return Ok(None);
    };
    let count = usize::try_from(position - before).unwrap_or(usize::MAX);
    for slice in block.slices().take(count) {
        let slice = slice.map_err(|error| segments.damaged(position, &error.to_string()))?;
        hash = crate::chain::next(hash, slice);
    }
    Ok(Some(hash))
}

//! The live segment's index, in memory and derived from its blocks: about 11 bytes an event and 84 a stream.

use std::collections::HashMap;

use crate::record::{Key, Position, Revision, StreamId};

/// No earlier record of the stream in this segment.
const NONE: u32 = u32::MAX;

/// The newest record of a stream in the segment.
#[derive(Clone, Copy, Debug)]
struct Tail {
    offset: u32,
    revision: Revision,
}

/// Where things are in one segment. Positions are kept as 32-bit offsets from the first.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    first: Position,
    streams: HashMap<StreamId, Tail>,
    /// For each record the offset of the one before it in the same stream.
    previous: Vec<u32>,
    keys: HashMap<Key, u32>,
    requests: HashMap<Key, u32>,
    /// The offset of each block's first record.
    blocks: Vec<u32>,
    /// Bytes of all blocks as stored.
    bytes: u64,
}

/// Records of one stream that follow each other in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) stream: StreamId,
    /// The revision of the last of them.
    pub(crate) revision: Revision,
    /// How many.
    pub(crate) count: u32,
}

impl Run {
    /// Takes the next record in if it goes on with the run.
    pub(crate) fn extend(&mut self, stream: StreamId, revision: Revision) -> bool {
        let fits = self.stream == stream && self.revision.checked_add(1) == Some(revision);
        if fits {
            self.revision = revision;
            self.count = self.count.saturating_add(1);
        }
        fits
    }
}

impl Index {
    pub(crate) fn new(first: Position) -> Self {
        Self {
            first,
            streams: HashMap::new(),
            previous: Vec::new(),
            keys: HashMap::new(),
            requests: HashMap::new(),
            blocks: Vec::new(),
            bytes: 0,
        }
    }

    /// The same index over other blocks of the same records.
    pub(crate) fn reblocked(&self, blocks: &[(Position, usize)]) -> Self {
        let mut index = Self {
            blocks: Vec::new(),
            bytes: 0,
            ..self.clone()
        };
        for (first, bytes) in blocks {
            index.add_block(*first, *bytes);
        }
        index
    }

    fn offset(&self, position: Position) -> Option<u32> {
        u32::try_from(position.checked_sub(self.first)?)
            .ok()
            .filter(|offset| *offset != NONE)
    }

    fn position(&self, offset: u32) -> Position {
        self.first.saturating_add(u64::from(offset))
    }

    /// The position the next record gets.
    pub(crate) fn next(&self) -> Position {
        let count = u64::try_from(self.previous.len()).unwrap_or(u64::MAX);
        self.first.saturating_add(count)
    }

    /// Bytes of all blocks as stored.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes in a block's place. Its records follow by `add`.
    pub(crate) fn add_block(&mut self, first: Position, bytes: usize) {
        if let Some(offset) = self.offset(first) {
            self.blocks.push(offset);
            self.bytes = self
                .bytes
                .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// Takes in the next records.
    pub(crate) fn add(&mut self, run: Run) {
        let Some(first) = self.offset(self.next()) else {
            return;
        };
        let end = first.saturating_add(run.count);
        let tail = Tail {
            offset: end.saturating_sub(1),
            revision: run.revision,
        };
        let before = self.streams.insert(run.stream, tail);
        self.previous.push(before.map_or(NONE, |tail| tail.offset));
        // Each of the others follows the one right before it.
        self.previous.extend(first..end.saturating_sub(1));
    }

    /// Remembers a key; the first one wins.
    pub(crate) fn add_key(&mut self, key: Key, position: Position) {
        if let Some(offset) = self.offset(position) {
            self.keys.entry(key).or_insert(offset);
        }
    }

    /// Remembers the first record of a request's answer; the first one wins.
    pub(crate) fn add_request(&mut self, key: Key, position: Position) {
        if let Some(offset) = self.offset(position) {
            self.requests.entry(key).or_insert(offset);
        }
    }

    /// The stream's revision, if it has a record in this segment.
    pub(crate) fn revision(&self, stream: StreamId) -> Option<Revision> {
        self.streams.get(&stream).map(|tail| tail.revision)
    }

    /// The stream's positions in this segment, ascending.
    pub(crate) fn positions(&self, stream: StreamId) -> Vec<Position> {
        let mut positions = Vec::new();
        let mut at = self.streams.get(&stream).map(|tail| tail.offset);
        while let Some(offset) = at {
            positions.push(self.position(offset));
            at = usize::try_from(offset)
                .ok()
                .and_then(|offset| self.previous.get(offset))
                .copied()
                .filter(|offset| *offset != NONE);
        }
        positions.reverse();
        positions
    }

    pub(crate) fn key(&self, key: &Key) -> Option<Position> {
        self.keys.get(key).map(|offset| self.position(*offset))
    }

    pub(crate) fn request(&self, key: &Key) -> Option<Position> {
        self.requests.get(key).map(|offset| self.position(*offset))
    }

    /// The first position of the block that holds `position`.
    pub(crate) fn block(&self, position: Position) -> Option<Position> {
        if position >= self.next() {
            return None;
        }
        let offset = self.offset(position)?;
        let after = self.blocks.partition_point(|first| *first <= offset);
        let first = self.blocks.get(after.checked_sub(1)?)?;
        Some(self.position(*first))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_index_finds_streams_keys_requests_and_blocks() {
        let mut index = Index::new(101);
        let (a, b) = (StreamId(Uuid::from_u128(1)), StreamId(Uuid::from_u128(2)));
        assert_eq!(index.block(101), None);
        for (position, stream, revision) in [(101, a, 7), (102, b, 1), (103, a, 8)] {
            if position != 102 {
                index.add_block(position, 10);
            }
            assert_eq!(index.next(), position);
            index.add(Run {
                stream,
                revision,
                count: 1,
            });
        }
        index.add_key(Key([1; 16]), 102);
        index.add_key(Key([1; 16]), 103);
        index.add_request(Key([2; 16]), 103);
        assert_eq!(index.positions(a), [101, 103]);
        assert!(index.positions(StreamId(Uuid::nil())).is_empty());
        assert_eq!(index.revision(a), Some(8));
        assert_eq!(index.revision(b), Some(1));
        assert_eq!(index.key(&Key([1; 16])), Some(102));
        assert_eq!(index.request(&Key([2; 16])), Some(103));
        assert_eq!(index.block(102), Some(101));
        assert_eq!(index.block(103), Some(103));
        assert_eq!(index.block(104), None);
        assert_eq!(index.block(100), None);
        assert_eq!(index.bytes(), 20);
        let mut run = Run {
            stream: a,
            revision: 9,
            count: 1,
        };
        assert!(run.extend(a, 10) && run.extend(a, 11));
        assert!(!run.extend(b, 12) && !run.extend(a, 13));
        index.add(run);
        assert_eq!(index.next(), 107);
        assert_eq!(index.positions(a), [101, 103, 104, 105, 106]);
        assert_eq!(index.revision(a), Some(11));
    }
}

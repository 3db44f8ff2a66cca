//! The parts of the log a reader sees: sealed files, then the live segment; every answer comes from synced blocks.

use std::io;
use std::sync::{Arc, RwLock};

use crate::error::ReadError;
use crate::format::EncodedBlock;
use crate::index::Index;
use crate::live::Live;
use crate::locks::read;
use crate::record::{Key, LogId, Position, Record, Revision, StreamId};
use crate::sealed::SealedSegment;
use crate::standing::Standing;

/// A sled folder with its index.
#[derive(Debug)]
pub(crate) struct LiveSegment {
    /// Names its folder.
    pub(crate) number: u32,
    /// Where the log stands before its first record.
    pub(crate) before: Standing,
    pub(crate) live: Live,
    /// Holds what is synced, nothing else.
    pub(crate) index: RwLock<Index>,
}

impl LiveSegment {
    pub(crate) fn new(number: u32, before: Standing, live: Live, index: Index) -> Self {
        Self {
            number,
            before,
            live,
            index: RwLock::new(index),
        }
    }

    pub(crate) fn first(&self) -> Position {
        self.before.position.saturating_add(1)
    }

    /// The block that holds `position`.
    pub(crate) fn block(&self, position: Position) -> Result<Option<EncodedBlock>, ReadError> {
        let Some(first) = read(&self.index).block(position) else {
            return Ok(None);
        };
        match self.live.block(first) {
            Ok(Some(block)) => Ok(Some(block)),
            Ok(None) => Err(self.damaged(position, "its block is gone")),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(self.damaged(position, &error.to_string()))
            }
            Err(error) => Err(ReadError::Io {
                file: self.name(),
                why: error.to_string(),
            }),
        }
    }

    pub(crate) fn damaged(&self, position: Position, why: &str) -> ReadError {
        ReadError::Damaged {
            file: self.name(),
            position,
            why: why.to_owned(),
        }
    }

    fn name(&self) -> String {
        self.live.folder().display().to_string()
    }
}

/// One part of the log.
#[derive(Clone, Debug)]
pub(crate) enum Segment {
    Sealed(SealedSegment),
    Live(Arc<LiveSegment>),
}

impl Segment {
    /// Where the log stands before its first record.
    pub(crate) fn before(&self) -> &Standing {
        match self {
            Self::Sealed(sealed) => &sealed.footer().before,
            Self::Live(live) => &live.before,
        }
    }

    pub(crate) fn first(&self) -> Position {
        match self {
            Self::Sealed(sealed) => sealed.first(),
            Self::Live(live) => live.first(),
        }
    }

    /// The block that holds `position`.
    pub(crate) fn block(&self, position: Position) -> Result<Option<EncodedBlock>, ReadError> {
        match self {
            Self::Sealed(sealed) => sealed.block(position),
            Self::Live(live) => live.block(position),
        }
    }

    fn positions(&self, stream: StreamId) -> Result<Vec<Position>, ReadError> {
        match self {
            Self::Sealed(sealed) => sealed.stream_positions(stream),
            Self::Live(live) => Ok(read(&live.index).positions(stream)),
        }
    }

    fn find_key(&self, key: Key) -> Result<Option<Position>, ReadError> {
        match self {
            Self::Sealed(sealed) => sealed.find_key(key),
            Self::Live(live) => Ok(read(&live.index).key(&key)),
        }
    }

    fn find_request(&self, key: Key) -> Result<Option<Position>, ReadError> {
        match self {
            Self::Sealed(sealed) => sealed.find_request(key),
            Self::Live(live) => Ok(read(&live.index).request(&key)),
        }
    }

    fn damaged(&self, position: Position, why: &str) -> ReadError {
        match self {
            Self::Sealed(sealed) => sealed.damaged(position, why),
            Self::Live(live) => live.damaged(position, why),
        }
    }
}

/// All parts of the log in the order of their positions; the last one is live.
#[derive(Clone, Debug)]
pub(crate) struct Segments {
    closed: Vec<Segment>,
    live: Arc<LiveSegment>,
}

impl Segments {
    pub(crate) fn new(closed: Vec<Segment>, live: Arc<LiveSegment>) -> Self {
        Self { closed, live }
    }

    pub(crate) fn live(&self) -> &Arc<LiveSegment> {
        &self.live
    }

    /// Sealed files and folders that wait to be sealed, in the order of their positions.
    pub(crate) fn closed(&self) -> &[Segment] {
        &self.closed
    }

    /// The same with a new live segment after the old one.
    pub(crate) fn rolled(&self, live: Arc<LiveSegment>) -> Self {
        let mut closed = self.closed.clone();
        closed.push(Segment::Live(Arc::clone(&self.live)));
        Self { closed, live }
    }

    /// The same with a sealed file in the place of the folder it was made of.
    pub(crate) fn replaced(&self, sealed: &SealedSegment) -> Self {
        let closed = self.closed.iter().map(|segment| {
            if segment.first() == sealed.first() {
                Segment::Sealed(sealed.clone())
            } else {
                segment.clone()
            }
        });
        Self {
            closed: closed.collect(),
            live: Arc::clone(&self.live),
        }
    }

    /// Folders that wait to be sealed.
    pub(crate) fn unsealed(&self) -> usize {
        self.closed
            .iter()
            .filter(|segment| matches!(segment, Segment::Live(_)))
            .count()
    }

    /// What is read back at `position` is not what was written.
    pub(crate) fn damaged(&self, position: Position, why: &str) -> ReadError {
        match self.holding(position) {
            Some(segment) => segment.damaged(position, why),
            None => self.live.damaged(position, why),
        }
    }

    /// The newest first: what is asked for is mostly new.
    fn newest_first(&self) -> impl Iterator<Item = Segment> {
        let live = Segment::Live(Arc::clone(&self.live));
        std::iter::once(live).chain(self.closed.iter().rev().cloned())
    }

    fn holding(&self, position: Position) -> Option<Segment> {
        if position >= self.live.first() {
            return Some(Segment::Live(Arc::clone(&self.live)));
        }
        let after = self
            .closed
            .partition_point(|segment| segment.first() <= position);
        self.closed.get(after.checked_sub(1)?).cloned()
    }

    /// The block that holds `position`; none past the end.
    pub(crate) fn block(&self, position: Position) -> Result<Option<EncodedBlock>, ReadError> {
        self.holding(position)
            .map_or(Ok(None), |segment| segment.block(position))
    }

    /// The record at `position`; none past the end.
    pub(crate) fn record(&self, position: Position) -> Result<Option<Record>, ReadError> {
        let Some(segment) = self.holding(position) else {
            return Ok(None);
        };
        let Some(block) = segment.block(position)? else {
            return Ok(None);
        };
        block
            .decode()
            .and_then(|block| block.record(position))
            .map_err(|error| segment.damaged(position, &error.to_string()))
    }

    /// The records at these ascending positions; each block is read once.
    pub(crate) fn records(&self, positions: &[Position]) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::with_capacity(positions.len());
        let mut block = None;
        for position in positions {
            let holds = |block: &crate::format::Block| {
                (block.header.first..=block.header.last).contains(position)
            };
            if !block.as_ref().is_some_and(holds) {
                block = self.decoded(*position)?;
            }
            let found = block
                .as_ref()
                .map_or(Ok(None), |block| block.record(*position));
            match found {
                Ok(Some(record)) => records.push(record),
                Ok(None) => return Err(self.damaged(*position, "it is indexed but not there")),
                Err(error) => return Err(self.damaged(*position, &error.to_string())),
            }
        }
        Ok(records)
    }

    /// The records of several streams, each stream's in order; a block in which several of them lie is read once.
    pub(crate) fn streams(&self, streams: &[StreamId]) -> Result<Vec<Vec<Record>>, ReadError> {
        let mut wanted = Vec::new();
        for (whose, stream) in streams.iter().enumerate() {
            let positions = self.positions(*stream)?;
            wanted.extend(positions.into_iter().map(|position| (position, whose)));
        }
        wanted.sort_unstable();
        let positions: Vec<_> = wanted.iter().map(|(position, _)| *position).collect();
        let mut found = vec![Vec::new(); streams.len()];
        for (record, (_, whose)) in self.records(&positions)?.into_iter().zip(wanted) {
            if let Some(of_it) = found.get_mut(whose) {
                of_it.push(record);
            }
        }
        Ok(found)
    }

    /// The block that holds `position`, decompressed; none past the end.
    pub(crate) fn decoded(
        &self,
        position: Position,
    ) -> Result<Option<crate::format::Block>, ReadError> {
        let Some(segment) = self.holding(position) else {
            return Ok(None);
        };
        let Some(block) = segment.block(position)? else {
            return Ok(None);
        };
        block
            .decode()
            .map(Some)
            .map_err(|error| segment.damaged(position, &error.to_string()))
    }

    /// The stream's positions, ascending.
    pub(crate) fn positions(&self, stream: StreamId) -> Result<Vec<Position>, ReadError> {
        let mut parts = self
            .newest_first()
            .map(|segment| segment.positions(stream))
            .collect::<Result<Vec<_>, _>>()?;
        parts.reverse();
        Ok(parts.concat())
    }

    /// Which log wrote the stream's record of this revision; none when it is not here.
    pub(crate) fn writer(
        &self,
        stream: StreamId,
        revision: Revision,
    ) -> Result<Option<LogId>, ReadError> {
        let positions = self.positions(stream)?;
        let at = revision
            .checked_sub(1)
            .and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| positions.get(at)) {
            Some(position) => Ok(self.record(*position)?.map(|record| record.writer())),
            None => Ok(None),
        }
    }

    /// The stream's revision; 0 when it is empty.
    pub(crate) fn revision(&self, stream: StreamId) -> Result<Revision, ReadError> {
        for segment in self.newest_first() {
            let revision = match &segment {
                Segment::Live(live) => read(&live.index).revision(stream),
                Segment::Sealed(sealed) => sealed.revision(stream)?,
            };
            if let Some(revision) = revision {
                return Ok(revision);
            }
        }
        Ok(0)
    }

    /// The first record with this key. Imports may bring a key again: the oldest one has it.
    pub(crate) fn find_key(&self, key: Key) -> Result<Option<Position>, ReadError> {
        self.oldest(|segment| segment.find_key(key))
    }

    /// The first record of the answer to this request.
    pub(crate) fn find_request(&self, key: Key) -> Result<Option<Position>, ReadError> {
        self.oldest(|segment| segment.find_request(key))
    }

    fn oldest(
        &self,
        find: impl Fn(&Segment) -> Result<Option<Position>, ReadError>,
    ) -> Result<Option<Position>, ReadError> {
        for segment in &self.closed {
            if let Some(position) = find(segment)? {
                return Ok(Some(position));
            }
        }
        find(&Segment::Live(Arc::clone(&self.live)))
    }

    /// The records of the answer that begins at `first`: one append is one stream's next revisions.
    pub(crate) fn answer(&self, first: Position) -> Result<Vec<Record>, ReadError> {
        let Some(record) = self.record(first)? else {
            return Ok(Vec::new());
        };
        let mut positions = self.positions(record.listed())?;
        positions.retain(|position| *position > first);
        let request = record.request;
        let mut answer = vec![record];
        for position in positions {
            match self.record(position)? {
                Some(next) if request.is_some() && next.request == request => answer.push(next),
                Some(_) | None => break,
            }
        }
        Ok(answer)
    }
}

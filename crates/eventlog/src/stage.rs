//! What a commit will hold: each write is judged against the log and against what was staged before it.

use std::collections::HashMap;
use std::io;

use crate::append::{Append, Expected};
use crate::error::{AppendError, EpochError, ReadError};
use crate::format::{
    BLOCK_RAW_MAX, BlockBuilder, EncodedBlock, LENGTH_PREFIX, RECORD_BYTES_MAX, canonical_len,
};
use crate::guard::ClockJump;
use crate::index::{Index, Run};
use crate::packing::Packing;
use crate::queue::Outcome;
use crate::record::{Key, LogId, NewRecord, Place, Position, Record, Request, Revision, StreamId};
use crate::segment::Segments;
use crate::standing::{Break, Standing};

type BodyDigest = [u8; 16];

/// What is staged for one sync.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) blocks: Vec<EncodedBlock>,
    /// What rides along with them.
    pub(crate) riders: Vec<u8>,
    runs: Vec<Run>,
    /// By the streams under which records are listed.
    pub(crate) revisions: HashMap<StreamId, Revision>,
    /// Which log wrote an imported record; what is not here is this log's own.
    pub(crate) writers: HashMap<(StreamId, Revision), LogId>,
    keys: HashMap<Key, Position>,
    requests: HashMap<Key, (Position, BodyDigest)>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Moves what is synced now into the index.
    pub(crate) fn index(&self, index: &mut Index) {
        for block in &self.blocks {
            index.add_block(block.header.first, block.bytes.len());
        }
        for run in &self.runs {
            index.add(*run);
        }
        for (key, position) in &self.keys {
            index.add_key(*key, *position);
        }
        for (key, (position, _)) in &self.requests {
            index.add_request(*key, *position);
        }
    }
}

/// A write that is not in the commit.
pub(crate) enum Refused<E> {
    /// The caller is told why.
    Because(E),
    /// The log contradicts itself: nothing more may be written.
    Broken(Break),
}

impl<E> From<ReadError> for Refused<E>
where
    E: From<ReadError>,
{
    fn from(error: ReadError) -> Self {
        Self::Because(error.into())
    }
}

/// The log as it will stand after the commit.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) standing: Standing,
    /// The epoch of this log's own records.
    pub(crate) epoch: u32,
    /// The time of this commit.
    pub(crate) now: i64,
    /// Bytes free and bytes kept back, when the disk is nearly full.
    pub(crate) full: Option<(u64, u64)>,
    /// The clock's leap, when it is not believed.
    pub(crate) jump: Option<ClockJump>,
    /// The log waits for its next epoch: only what others have of it is taken.
    pub(crate) awaits: bool,
    pub(crate) batch: Batch,
    builder: BlockBuilder,
    packing: Packing,
    scratch: Vec<u8>,
}

impl Stage {
    pub(crate) fn new(standing: Standing, epoch: u32, awaits: bool) -> Self {
        let builder = BlockBuilder::new(standing.position.saturating_add(1), standing.chain);
        Self {
            standing,
            epoch,
            now: i64::MIN,
            full: None,
            jump: None,
            awaits,
            batch: Batch::default(),
            builder,
            packing: Packing::new(),
            scratch: Vec::new(),
        }
    }

    /// Takes the identity of the log that is followed; only while this one is empty.
    pub(crate) fn adopt(&mut self, place: &Place) {
        self.epoch = place.epoch;
        self.standing = Standing::start(place.log);
    }

    /// Ends the block under way; the batch is whole then.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if self
            .packing
            .finish(&mut self.builder, &mut self.batch.blocks)
        {
            return Ok(());
        }
        Err(io::Error::other(
            "the thread that compresses blocks is gone",
        ))
    }

    /// The stream's revision after all that is staged.
    pub(crate) fn revision(
        &self,
        segments: &Segments,
        stream: StreamId,
    ) -> Result<Revision, ReadError> {
        match self.batch.revisions.get(&stream) {
            Some(revision) => Ok(*revision),
            None => segments.revision(stream),
        }
    }

    /// Stages an append, or says why not.
    pub(crate) fn append(
        &mut self,
        segments: &Segments,
        append: Append,
    ) -> Result<Outcome, Refused<AppendError>> {
        if let Some(request) = append.request
            && let Some((position, body)) = self.answered(segments, request)?
        {
            return if body == Some(request.body) {
                Ok(Outcome::Answered(position))
            } else {
                Err(Refused::Because(AppendError::RequestReused { position }))
            };
        }
        if self.awaits {
            return Err(Refused::Because(AppendError::AwaitsEpoch));
        }
        let actual = self.revision(segments, append.stream)?;
        match append.expected {
            Expected::Exactly(expected) if expected != actual => {
                return Err(Refused::Because(AppendError::Conflict { expected, actual }));
            }
            Expected::Exactly(_) | Expected::Any => {}
        }
        self.check_keys(segments, &append.events)?;
        if let Some((free, min)) = self.full {
            return Err(Refused::Because(AppendError::DiskNearlyFull { free, min }));
        }
        if let Some(jump) = self.jump {
            return Err(Refused::Because(AppendError::ClockJumped(jump)));
        }
        self.room(append_len(&append), append.events.len());
        let mut records = Vec::with_capacity(append.events.len());
        let mut revision = actual;
        for event in append.events {
            revision = revision.saturating_add(1);
            let place = self.next_place();
            let stream = append.stream;
            let request = append.request;
            let record = Record {
                place,
                origin: None,
                stream,
                revision,
                rival: false,
                request,
                event,
            };
            self.push(&record).map_err(Refused::Broken)?;
            records.push(record);
        }
        self.batch.revisions.insert(append.stream, revision);
        Ok(Outcome::Written(records))
    }

    /// Stages the record that opens the epoch, in the log's own stream.
    pub(crate) fn open_epoch(
        &mut self,
        segments: &Segments,
        event: NewRecord,
    ) -> Result<Place, Refused<EpochError>> {
        let bytes = crate::format::event_len(&event);
        let max = RECORD_BYTES_MAX;
        if bytes > max {
            return Err(Refused::Because(EpochError::TooLarge { bytes, max }));
        }
        crate::format::check_event(&event)
            .map_err(|fault| Refused::Because(EpochError::from(fault)))?;
        let stream = StreamId(self.standing.log.0);
        let revision = self.revision(segments, stream)?.saturating_add(1);
        let place = self.next_place();
        let record = Record {
            place,
            origin: None,
            stream,
            revision,
            rival: false,
            request: None,
            event,
        };
        self.room(bytes, 1);
        self.push(&record).map_err(Refused::Broken)?;
        self.batch.revisions.insert(stream, revision);
        Ok(place)
    }

    /// Where this log's own next record goes.
    pub(crate) fn next_place(&self) -> Place {
        Place {
            log: self.standing.log,
            epoch: self.epoch,
            position: self.standing.position.saturating_add(1),
            recorded_at: self.now.max(self.standing.recorded_at),
        }
    }

    fn answered(
        &self,
        segments: &Segments,
        request: Request,
    ) -> Result<Option<(Position, Option<BodyDigest>)>, ReadError> {
        if let Some((position, body)) = self.batch.requests.get(&request.key) {
            return Ok(Some((*position, Some(*body))));
        }
        let Some(position) = segments.find_request(request.key)? else {
            return Ok(None);
        };
        let first = segments.record(position)?.and_then(|record| record.request);
        Ok(Some((position, first.map(|first| first.body))))
    }

    fn check_keys(
        &self,
        segments: &Segments,
        events: &[NewRecord],
    ) -> Result<(), Refused<AppendError>> {
        for (at, event) in events.iter().enumerate() {
            for (nth, key) in event.keys.iter().enumerate() {
                // A key twice in one append is taken by the first event that brings it.
                let earlier = events
                    .iter()
                    .take(at)
                    .position(|other| other.keys.contains(key));
                let twice = event
                    .keys
                    .iter()
                    .take(nth)
                    .any(|other| other == key)
                    .then_some(at);
                let own = earlier.or(twice).and_then(|nth| u64::try_from(nth).ok());
                let taken = match (own, self.batch.keys.get(key)) {
                    (Some(nth), _) => Some(self.standing.position.saturating_add(nth + 1)),
                    (None, Some(position)) => Some(*position),
                    (None, None) => segments.find_key(*key)?,
                };
                if let Some(position) = taken {
                    let key = *key;
                    return Err(Refused::Because(AppendError::KeyTaken { key, position }));
                }
            }
        }
        Ok(())
    }

    /// Begins a new block when the one under way has no room for so much: what is appended
    /// together is never in two blocks.
    pub(crate) fn room(&mut self, bytes: usize, records: usize) {
        if !self.builder.fits(bytes, records) {
            self.packing.pass(&mut self.builder, &mut self.batch.blocks);
        }
    }

    /// Puts a record that was found to fit into the batch; the caller notes its stream's revision.
    pub(crate) fn push(&mut self, record: &Record) -> Result<(), Break> {
        self.standing.check(record)?;
        if self.builder.is_empty() {
            // The chain restarts from the standing: after an adoption they differ otherwise.
            self.builder
                .restart(record.place.position, self.standing.chain);
        }
        self.builder.push(record)?;
        let hash = self.builder.chain();
        self.standing.take_hashed(record, hash, &mut self.scratch)?;
        let position = record.place.position;
        let (stream, revision) = (record.listed(), record.revision);
        let runs = &mut self.batch.runs;
        if !runs
            .last_mut()
            .is_some_and(|run| run.extend(stream, revision))
        {
            runs.push(Run {
                stream,
                revision,
                count: 1,
            });
        }
        for key in &record.event.keys {
            self.batch.keys.entry(*key).or_insert(position);
        }
        if let Some(request) = record.request {
            self.batch
                .requests
                .entry(request.key)
                .or_insert((position, request.body));
        }
        Ok(())
    }
}

/// Bytes the events of an append take in a block, without their length prefixes.
fn append_len(append: &Append) -> usize {
    let request = if append.request.is_some() {
        crate::format::REQUEST_LEN
    } else {
        0
    };
    append
        .events
        .iter()
        .map(|event| request + crate::format::event_len(event))
        .sum()
}

/// Can the append be taken at all? Gives its size in a block.
pub(crate) fn check_append(append: &Append) -> Result<usize, AppendError> {
    let request = if append.request.is_some() {
        crate::format::REQUEST_LEN
    } else {
        0
    };
    let mut total = 0;
    for event in &append.events {
        let bytes = request + crate::format::event_len(event);
        if bytes > RECORD_BYTES_MAX {
            return Err(AppendError::TooLarge {
                bytes,
                max: RECORD_BYTES_MAX,
            });
        }
        crate::format::check_event(event)?;
        total += bytes + LENGTH_PREFIX;
    }
    if total > BLOCK_RAW_MAX {
        return Err(AppendError::TooLarge {
            bytes: total,
            max: BLOCK_RAW_MAX,
        });
    }
    Ok(total)
}

/// Bytes a record of another log takes in a block here, where it gets a second place.
pub(crate) fn import_len(record: &Record) -> usize {
    canonical_len(record) + LENGTH_PREFIX + crate::format::PLACE_LEN
}

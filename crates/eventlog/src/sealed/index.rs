//! The indexes of a sealed file: stream → positions, key → position, request → first positions.

use std::collections::HashSet;
use std::io::{self, Write};

use crate::error::ReadError;
use crate::record::{Key, Position, Record, Revision, StreamId};
use crate::sealed::error::SealedError;
use crate::sealed::footer::IndexSections;
use crate::sealed::output::Output;
use crate::sealed::source::Source;
use crate::sealed::table::{Shape, Table, TableSections, write_table};

/// One entry a stream: its id whole, so that no look-up needs the record to be sure; its first revision
/// here; where its places begin and how many there are. With 4 bytes for each place that is 8 bytes an
/// event for the usual seven events a stream.
const STREAMS: Shape = Shape {
    name: "streams",
    width: 28,
    key: 16,
};
/// One entry a record, grouped by stream: the position, counted from the file's first.
const PLACES: Shape = Shape {
    name: "places",
    width: 4,
    key: 0,
};
/// One entry a key: its first eight bytes and the position. The record itself decides.
const KEYS: Shape = Shape {
    name: "keys",
    width: 12,
    key: 8,
};
/// One entry a run of records of the same request: an import may have torn a request's records apart.
const REQUESTS: Shape = Shape {
    name: "requests",
    width: 12,
    key: 8,
};

/// Gathers what the indexes will hold.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    first: Position,
    streams: Vec<([u8; 16], u32, Revision)>,
    /// Those of them that list rivals, which need not begin with revision 1.
    rivals: HashSet<[u8; 16]>,
    keys: Vec<([u8; 8], u32)>,
    requests: Vec<([u8; 8], u32)>,
    last_request: Option<Key>,
}

/// A stream whose revisions have a gap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RevisionGap {
    pub(crate) position: Position,
    pub(crate) stream: StreamId,
    pub(crate) last: Revision,
    pub(crate) found: Revision,
}

/// A stream's first record in a file, as records are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Beginning {
    pub(crate) stream: StreamId,
    pub(crate) revision: Revision,
    pub(crate) position: Position,
    pub(crate) rival: bool,
}

/// More records than a file can index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooMany;

impl IndexBuilder {
    pub(crate) fn new(first: Position) -> Self {
        Self {
            first,
            streams: Vec::new(),
            rivals: HashSet::new(),
            keys: Vec::new(),
            requests: Vec::new(),
            last_request: None,
        }
    }

    pub(crate) fn take(&mut self, record: &Record) -> Result<(), TooMany> {
        let relative = record.place.position.saturating_sub(self.first);
        // The very last value is left out, so that the count fits too.
        let relative = u32::try_from(relative).map_err(|_| TooMany)?;
        if relative == u32::MAX {
            return Err(TooMany);
        }
        let stream = *record.listed().0.as_bytes();
        if record.rival {
            self.rivals.insert(stream);
        }
        self.streams.push((stream, relative, record.revision));
        for key in &record.event.keys {
            self.keys.push((prefix(key), relative));
        }
        let request = record.request.map(|request| request.key);
        if let Some(key) = request.filter(|_| request != self.last_request) {
            self.requests.push((prefix(&key), relative));
        }
        self.last_request = request;
        Ok(())
    }

    /// Sorts, and says where a stream's revisions have a gap: the first such position.
    pub(crate) fn sort(&mut self) -> Result<(), RevisionGap> {
        self.streams.sort_unstable();
        self.keys.sort_unstable();
        self.keys.dedup();
        self.requests.sort_unstable();
        let gap = self.streams.windows(2).filter_map(|pair| match pair {
            [(a, _, last), (b, relative, found)]
                if a == b && Some(*found) != last.checked_add(1) =>
            {
                Some(RevisionGap {
                    position: self.first.saturating_add(u64::from(*relative)),
                    stream: StreamId(uuid::Uuid::from_bytes(*b)),
                    last: *last,
                    found: *found,
                })
            }
            [..] => None,
        });
        gap.min_by_key(|gap| gap.position).map_or(Ok(()), Err)
    }

    /// Where each stream begins here, sorted by stream; after `sort`.
    pub(crate) fn beginnings(&self) -> impl Iterator<Item = Beginning> {
        self.streams
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|group| group.first())
            .map(|(stream, relative, revision)| Beginning {
                stream: StreamId(uuid::Uuid::from_bytes(*stream)),
                revision: *revision,
                position: self.first.saturating_add(u64::from(*relative)),
                rival: self.rivals.contains(stream),
            })
    }

    /// Writes all indexes; after `sort`.
    pub(crate) fn write<W: Write>(&self, out: &mut Output<W>) -> io::Result<IndexSections> {
        let groups = || self.streams.chunk_by(|a, b| a.0 == b.0);
        let mut from = 0_u32;
        let heads = groups().filter_map(|group| {
            let (stream, _, revision) = group.first()?;
            let count = u32::try_from(group.len()).unwrap_or(u32::MAX);
            let mut entry = Vec::with_capacity(STREAMS.width);
            entry.extend_from_slice(stream);
            for word in [*revision, from, count] {
                entry.extend_from_slice(&word.to_le_bytes());
            }
            from = from.saturating_add(count);
            Some(entry)
        });
        Ok(IndexSections {
            streams: write_table(out, STREAMS, groups().count(), heads)?,
            places: {
                let places = self.streams.iter().map(|entry| entry.1.to_le_bytes());
                write_table(out, PLACES, 0, places)?
            },
            keys: write_prefixes(out, KEYS, &self.keys)?,
            requests: write_prefixes(out, REQUESTS, &self.requests)?,
        })
    }
}

fn write_prefixes<W: Write>(
    out: &mut Output<W>,
    shape: Shape,
    entries: &[([u8; 8], u32)],
) -> io::Result<TableSections> {
    let keys = entries.chunk_by(|a, b| a.0 == b.0).count();
    let bytes = entries.iter().map(|(key, relative)| {
        let mut entry = Vec::with_capacity(shape.width);
        entry.extend_from_slice(key);
        entry.extend_from_slice(&relative.to_le_bytes());
        entry
    });
    write_table(out, shape, keys, bytes)
}

/// Keys are digests: their first bytes tell them apart as well as a hash of them would.
fn prefix(key: &Key) -> [u8; 8] {
    let mut prefix = [0; 8];
    for (to, from) in prefix.iter_mut().zip(key.0) {
        *to = from;
    }
    prefix
}

/// A stream's records in one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StreamEntry {
    pub(crate) first_revision: Revision,
    from: u32,
    count: u32,
}

impl StreamEntry {
    pub(crate) fn last_revision(&self) -> Revision {
        self.first_revision
            .saturating_add(self.count.saturating_sub(1))
    }
}

/// The indexes open for look-ups.
#[derive(Debug)]
pub(crate) struct Index {
    first: Position,
    streams: Table,
    places: Table,
    keys: Table,
    requests: Table,
}

impl Index {
    pub(crate) fn open(
        source: &Source,
        first: Position,
        sections: &IndexSections,
    ) -> Result<Self, SealedError> {
        Ok(Self {
            first,
            streams: Table::open(source, STREAMS, &sections.streams)?,
            places: Table::open(source, PLACES, &sections.places)?,
            keys: Table::open(source, KEYS, &sections.keys)?,
            requests: Table::open(source, REQUESTS, &sections.requests)?,
        })
    }

    pub(crate) fn stream(
        &self,
        source: &Source,
        stream: StreamId,
    ) -> Result<Option<StreamEntry>, ReadError> {
        let found = self.streams.find(source, stream.0.as_bytes())?;
        if found.is_empty() {
            return Ok(None);
        }
        let word = |n: usize| word(&found, STREAMS.key + 4 * n);
        Ok(Some(StreamEntry {
            first_revision: word(0),
            from: word(1),
            count: word(2),
        }))
    }

    pub(crate) fn places(
        &self,
        source: &Source,
        entry: &StreamEntry,
    ) -> Result<Vec<Position>, ReadError> {
        let from = usize::try_from(entry.from).unwrap_or(usize::MAX);
        let count = usize::try_from(entry.count).unwrap_or(usize::MAX);
        let bytes = self
            .places
            .range(source, from, from.saturating_add(count))?;
        Ok(bytes
            .chunks_exact(PLACES.width)
            .map(|place| self.absolute(word(place, 0)))
            .collect())
    }

    /// Positions whose record may have the key, rising.
    pub(crate) fn key(&self, source: &Source, key: &Key) -> Result<Vec<Position>, ReadError> {
        Ok(self.positions(&self.keys.find(source, &prefix(key))?))
    }

    /// Positions where a run of records of the request may begin, rising.
    pub(crate) fn request(&self, source: &Source, key: &Key) -> Result<Vec<Position>, ReadError> {
        Ok(self.positions(&self.requests.find(source, &prefix(key))?))
    }

    fn positions(&self, entries: &[u8]) -> Vec<Position> {
        entries
            .chunks_exact(KEYS.width)
            .map(|entry| self.absolute(word(entry, KEYS.key)))
            .collect()
    }

    fn absolute(&self, relative: u32) -> Position {
        self.first.saturating_add(u64::from(relative))
    }
}

/// The word at `from`; the tables only give out whole entries.
fn word(bytes: &[u8], from: usize) -> u32 {
    bytes
        .get(from..from + 4)
        .and_then(|word| word.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

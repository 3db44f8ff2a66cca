//! What the log holds: a record, which is a fixed binary envelope and the event's bytes, kept verbatim.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A log's own identity, drawn once when its folder is made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogId(pub Uuid);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Place in a log: from 1, gapless. 0 is "before the first record".
pub type Position = u64;

/// Place in a stream: from 1, gapless. 0 is "empty".
pub type Revision = u32;

/// SHA-256 over the records up to a position: h(n) = SHA-256(h(n−1) ‖ canonical bytes of record n); h(0) is zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// The hash in 64 hexadecimal digits; none when they are not that.
    pub fn parse(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != hash.len() || !rest.is_empty() {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The history of one thing: a dossier's id, or a filing's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub Uuid);

impl StreamId {
    /// Where a log lists what `writer` wrote to this stream beside the history that was here first: a stream of its own,
    /// which follows from the two alone, so that no state is needed to tell it.
    #[must_use]
    pub fn rival(self, writer: LogId) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"hoso rival stream v1");
        hash.update(self.0.as_bytes());
        hash.update(writer.0.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Sixteen bytes under which a record can be found again: a digest of a code or of another system's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key(pub [u8; 16]);

/// Who asked: remembered for ever with the records it led to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Request {
    /// Keyed digest of (principal, request id).
    pub key: Key,
    /// Keyed digest of the request's body: the same id with another body is a different wish.
    pub body: [u8; 16],
}

/// Where a record is, or was, in one log, and when that log wrote it (microseconds since 1970).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The log.
    pub log: LogId,
    /// Its epoch.
    pub epoch: u32,
    /// The position in it.
    pub position: Position,
    /// The log's own time, never going back.
    pub recorded_at: i64,
}

/// An event before a log has taken it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRecord {
    /// The event's own id.
    pub event_id: Uuid,
    /// The event's stable name, ASCII, 1 to 64 bytes.
    pub kind: Box<str>,
    /// The schema version of `data`.
    pub schema_version: u16,
    /// The legal time, microseconds since 1970.
    pub occurred_at: i64,
    /// The acting account; at most 128 bytes.
    pub actor: Box<str>,
    /// The organisation acted for; at most 64 bytes.
    pub organisation: Box<str>,
    /// The whole business this belongs to.
    pub correlation: Uuid,
    /// The request or event that caused it.
    pub causation: Uuid,
    /// Keys to find it by; each may be taken once in a log.
    pub keys: Vec<Key>,
    /// The event's JSON, kept byte for byte.
    pub data: Vec<u8>,
}

/// An event as it lies in a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it is in this log.
    pub place: Place,
    /// Where it was born, when it was imported; none for this log's own.
    pub origin: Option<Place>,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream, the same in every log.
    pub revision: Revision,
    /// Another log's record of this revision was here before: this one is kept, and listed apart from it.
    pub rival: bool,
    /// The request that led to it.
    pub request: Option<Request>,
    /// The event.
    pub event: NewRecord,
}

impl Record {
    /// The record as its origin's log holds it: what the origin's chain was computed over.
    pub fn at_origin(&self) -> Self {
        Self {
            place: self.origin.unwrap_or(self.place),
            origin: None,
            rival: false,
            ..self.clone()
        }
    }

    /// The log it was born in.
    pub fn writer(&self) -> LogId {
        self.origin.unwrap_or(self.place).log
    }

    /// The stream under which this log lists it: its own, unless it is a rival.
    pub fn listed(&self) -> StreamId {
        if self.rival {
            self.stream.rival(self.writer())
        } else {
            self.stream
        }
    }
}

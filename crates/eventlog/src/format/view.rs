//! A record as it lies in its canonical bytes: nothing copied, so that whoever needs little of it pays for little.

use uuid::Uuid;

use super::record::{
    ACTOR_MAX, HAS_ORIGIN, HAS_REQUEST, IS_RIVAL, KEYS_MAX, KIND_MAX, ORGANISATION_MAX, VERSION,
};
use crate::error::DecodeError;
use crate::format::Cursor;
use crate::record::{Key, LogId, NewRecord, Place, Record, Request, Revision, StreamId};

/// A record with its texts and its data where they lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordView<'a> {
    /// Where it is in this log.
    pub place: Place,
    /// Where it was born, when it was imported.
    pub origin: Option<Place>,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub revision: Revision,
    /// It is kept beside another log's history of the stream.
    pub rival: bool,
    /// The request that led to it.
    pub request: Option<Request>,
    /// The event's own id.
    pub event_id: Uuid,
    /// The legal time, microseconds since 1970.
    pub occurred_at: i64,
    /// The schema version of `data`.
    pub schema_version: u16,
    /// The whole business this belongs to.
    pub correlation: Uuid,
    /// The request or event that caused it.
    pub causation: Uuid,
    /// The event's stable name.
    pub kind: &'a str,
    /// The acting account.
    pub actor: &'a str,
    /// The organisation acted for.
    pub organisation: &'a str,
    keys: &'a [[u8; 16]],
    /// The event's JSON.
    pub data: &'a [u8],
}

impl<'a> RecordView<'a> {
    /// Reads one record out of exactly its canonical bytes.
    ///
    /// # Errors
    /// Says which field is wrong and at which byte.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(bytes);
        let version = cursor.u8("record version")?;
        if version != VERSION {
            return Err(DecodeError::Version {
                what: "record",
                found: version,
                known: VERSION,
            });
        }
        let flags = cursor.u8("record flags")?;
        if flags & !(HAS_ORIGIN | HAS_REQUEST | IS_RIVAL) != 0 {
            return Err(DecodeError::Value {
                what: "record flags",
                at: 1,
                why: "unknown bits are set",
            });
        }
        if flags & (HAS_ORIGIN | IS_RIVAL) == IS_RIVAL {
            return Err(DecodeError::Value {
                what: "record flags",
                at: 1,
                why: "only an imported record can be a rival",
            });
        }
        let place = take_place(&mut cursor)?;
        let origin = if flags & HAS_ORIGIN == 0 {
            None
        } else {
            Some(take_place(&mut cursor)?)
        };
        let stream = StreamId(cursor.uuid("stream")?);
        let revision = cursor.u32("revision")?;
        let request = if flags & HAS_REQUEST == 0 {
            None
        } else {
            Some(Request {
                key: Key(cursor.array("request key")?),
                body: cursor.array("request body digest")?,
            })
        };
        let event_id = cursor.uuid("event id")?;
        let occurred_at = cursor.i64("occurred at")?;
        let schema_version = cursor.u16("schema version")?;
        let correlation = cursor.uuid("correlation")?;
        let causation = cursor.uuid("causation")?;
        let kind = take_kind(&mut cursor)?;
        let actor = take_text(&mut cursor, "actor", ACTOR_MAX)?;
        let organisation = take_text(&mut cursor, "organisation", ORGANISATION_MAX)?;
        let keys = take_keys(&mut cursor)?;
        let data_len = cursor.len32("data length")?;
        let data = cursor.take("data", data_len)?;
        cursor.finish("record")?;
        Ok(Self {
            place,
            origin,
            stream,
            revision,
            rival: flags & IS_RIVAL != 0,
            request,
            event_id,
            occurred_at,
            schema_version,
            correlation,
            causation,
            kind,
            actor,
            organisation,
            keys,
            data,
        })
    }

    /// The log it was born in.
    pub fn writer(&self) -> LogId {
        self.origin.unwrap_or(self.place).log
    }

    /// The keys to find it by.
    pub fn keys(&self) -> impl Iterator<Item = Key> + use<'a> {
        self.keys.iter().copied().map(Key)
    }

    /// The record with everything its own.
    pub fn to_record(&self) -> Record {
        Record {
            place: self.place,
            origin: self.origin,
            stream: self.stream,
            revision: self.revision,
            rival: self.rival,
            request: self.request,
            event: NewRecord {
                event_id: self.event_id,
                kind: self.kind.into(),
                schema_version: self.schema_version,
                occurred_at: self.occurred_at,
                actor: self.actor.into(),
                organisation: self.organisation.into(),
                correlation: self.correlation,
                causation: self.causation,
                keys: self.keys().collect(),
                data: self.data.to_vec(),
            },
        }
    }
}

fn take_place(cursor: &mut Cursor<'_>) -> Result<Place, DecodeError> {
    Ok(Place {
        log: LogId(cursor.uuid("log id")?),
        epoch: cursor.u32("epoch")?,
        position: cursor.u64("position")?,
        recorded_at: cursor.i64("recorded at")?,
    })
}

fn take_kind<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, DecodeError> {
    let at = cursor.at();
    let kind = take_text(cursor, "kind", KIND_MAX)?;
    if kind.is_empty() || !kind.is_ascii() {
        return Err(DecodeError::Value {
            what: "kind",
            at,
            why: "it is 1 to 64 bytes of ASCII",
        });
    }
    Ok(kind)
}

fn take_keys<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [[u8; 16]], DecodeError> {
    let at = cursor.at();
    let count = usize::from(cursor.u8("key count")?);
    if count > KEYS_MAX {
        return Err(DecodeError::Value {
            what: "key count",
            at,
            why: "over 32",
        });
    }
    let bytes = cursor.take("keys", 16 * count)?;
    Ok(bytes.as_chunks().0)
}

fn take_text<'a>(
    cursor: &mut Cursor<'a>,
    what: &'static str,
    max: usize,
) -> Result<&'a str, DecodeError> {
    let at = cursor.at();
    let len = usize::from(cursor.u8(what)?);
    if len > max {
        return Err(DecodeError::Value {
            what,
            at,
            why: "longer than the envelope allows",
        });
    }
    let bytes = cursor.take(what, len)?;
    std::str::from_utf8(bytes).map_err(|_| DecodeError::Value {
        what,
        at,
        why: "not UTF-8",
    })
}

//! A record's canonical bytes: a fixed envelope, little-endian, then the event's data verbatim.

use crate::error::{DecodeError, RecordFault};
use crate::format::RecordView;
use crate::record::{NewRecord, Place, Record};

/// The first byte of every canonical record.
pub(super) const VERSION: u8 = 1;
pub(super) const HAS_ORIGIN: u8 = 1;
pub(super) const HAS_REQUEST: u8 = 2;
/// This log's own mark, no part of the origin's bytes.
pub(super) const IS_RIVAL: u8 = 4;

/// Length of a place in canonical bytes.
pub(crate) const PLACE_LEN: usize = 16 + 4 + 8 + 8;
/// Length a request adds to canonical bytes.
pub(crate) const REQUEST_LEN: usize = 16 + 16;
/// Version, flags, place, stream, revision, event id, occurred at, schema version, correlation,
/// causation, three text lengths, key count, data length.
const FIXED_LEN: usize = 2 + PLACE_LEN + 16 + 4 + 16 + 8 + 2 + 16 + 16 + 3 + 1 + 4;

pub(super) const KIND_MAX: usize = 64;
pub(super) const ACTOR_MAX: usize = 128;
pub(super) const ORGANISATION_MAX: usize = 64;
pub(super) const KEYS_MAX: usize = 32;

/// Length of the record's canonical bytes.
pub fn canonical_len(record: &Record) -> usize {
    let origin = if record.origin.is_some() {
        PLACE_LEN
    } else {
        0
    };
    let request = if record.request.is_some() {
        REQUEST_LEN
    } else {
        0
    };
    origin + request + event_len(&record.event)
}

/// Length of the canonical bytes of an own record with this event and no request.
pub(crate) fn event_len(event: &NewRecord) -> usize {
    FIXED_LEN
        + event.kind.len()
        + event.actor.len()
        + event.organisation.len()
        + 16 * event.keys.len()
        + event.data.len()
}

/// Is the event one that the envelope can hold?
pub(crate) fn check_event(event: &NewRecord) -> Result<(), RecordFault> {
    let kind = event.kind.len();
    if kind == 0 || kind > KIND_MAX || !event.kind.is_ascii() {
        return Err(RecordFault::Kind);
    }
    if event.actor.len() > ACTOR_MAX {
        return Err(RecordFault::Actor);
    }
    if event.organisation.len() > ORGANISATION_MAX {
        return Err(RecordFault::Organisation);
    }
    if event.keys.len() > KEYS_MAX {
        return Err(RecordFault::Keys);
    }
    Ok(())
}

/// Appends the canonical bytes of `record`, as this log holds it, to `out`.
///
/// # Errors
/// When a text or list is longer than the envelope allows.
pub fn canonical(record: &Record, out: &mut Vec<u8>) -> Result<(), RecordFault> {
    encode(record, &record.place, record.origin.as_ref(), out)
}

/// Appends the canonical bytes of `record` as its origin's log holds it: those of `record.at_origin()`.
///
/// # Errors
/// When a text or list is longer than the envelope allows.
pub fn canonical_at_origin(record: &Record, out: &mut Vec<u8>) -> Result<(), RecordFault> {
    encode(
        record,
        record.origin.as_ref().unwrap_or(&record.place),
        None,
        out,
    )
}

fn encode(
    record: &Record,
    place: &Place,
    origin: Option<&Place>,
    out: &mut Vec<u8>,
) -> Result<(), RecordFault> {
    let event = &record.event;
    check_event(event)?;
    let flags = if origin.is_some() { HAS_ORIGIN } else { 0 }
        | if record.request.is_some() {
            HAS_REQUEST
        } else {
            0
        }
        | if record.rival && origin.is_some() {
            IS_RIVAL
        } else {
            0
        };
    out.push(VERSION);
    out.push(flags);
    put_place(place, out);
    if let Some(origin) = origin {
        put_place(origin, out);
    }
    out.extend_from_slice(record.stream.0.as_bytes());
    out.extend_from_slice(&record.revision.to_le_bytes());
    if let Some(request) = &record.request {
        out.extend_from_slice(&request.key.0);
        out.extend_from_slice(&request.body);
    }
    out.extend_from_slice(event.event_id.as_bytes());
    out.extend_from_slice(&event.occurred_at.to_le_bytes());
    out.extend_from_slice(&event.schema_version.to_le_bytes());
    out.extend_from_slice(event.correlation.as_bytes());
    out.extend_from_slice(event.causation.as_bytes());
    put_text(&event.kind, RecordFault::Kind, out)?;
    put_text(&event.actor, RecordFault::Actor, out)?;
    put_text(&event.organisation, RecordFault::Organisation, out)?;
    out.push(u8::try_from(event.keys.len()).map_err(|_| RecordFault::Keys)?);
    for key in &event.keys {
        out.extend_from_slice(&key.0);
    }
    let data_len = u32::try_from(event.data.len()).map_err(|_| RecordFault::Data)?;
    out.extend_from_slice(&data_len.to_le_bytes());
    out.extend_from_slice(&event.data);
    Ok(())
}

fn put_place(place: &Place, out: &mut Vec<u8>) {
    out.extend_from_slice(place.log.0.as_bytes());
    out.extend_from_slice(&place.epoch.to_le_bytes());
    out.extend_from_slice(&place.position.to_le_bytes());
    out.extend_from_slice(&place.recorded_at.to_le_bytes());
}

fn put_text(text: &str, fault: RecordFault, out: &mut Vec<u8>) -> Result<(), RecordFault> {
    out.push(u8::try_from(text.len()).map_err(|_| fault)?);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Reads one record out of exactly its canonical bytes.
///
/// # Errors
/// Says which field is wrong and at which byte.
pub fn decode_record(bytes: &[u8]) -> Result<Record, DecodeError> {
    RecordView::read(bytes).map(|view| view.to_record())
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::record::{Key, LogId, Request, StreamId};

    fn uuid() -> impl Strategy<Value = Uuid> {
        any::<[u8; 16]>().prop_map(Uuid::from_bytes)
    }

    fn place() -> impl Strategy<Value = Place> {
        (uuid(), any::<u32>(), any::<u64>(), any::<i64>()).prop_map(
            |(log, epoch, position, recorded_at)| Place {
                log: LogId(log),
                epoch,
                position,
                recorded_at,
            },
        )
    }

    fn event() -> impl Strategy<Value = NewRecord> {
        (
            (uuid(), uuid(), uuid(), any::<u16>(), any::<i64>()),
            ("[a-zA-Z_]{1,64}", "\\PC{0,20}", "\\PC{0,10}"),
            prop::collection::vec(any::<[u8; 16]>().prop_map(Key), 0..4),
            prop::collection::vec(any::<u8>(), 0..3000),
        )
            .prop_map(|(ids, (kind, actor, organisation), keys, data)| NewRecord {
                event_id: ids.0,
                kind: kind.into(),
                schema_version: ids.3,
                occurred_at: ids.4,
                actor: actor.into(),
                organisation: organisation.into(),
                correlation: ids.1,
                causation: ids.2,
                keys,
                data,
            })
    }

    /// Any record at all.
    pub(crate) fn record() -> impl Strategy<Value = Record> {
        let request = prop::option::of((any::<[u8; 16]>(), any::<[u8; 16]>()).prop_map(
            |(key, body)| Request {
                key: Key(key),
                body,
            },
        ));
        (
            place(),
            prop::option::of((place(), any::<bool>())),
            uuid(),
            any::<u32>(),
            request,
            event(),
        )
            .prop_map(|(place, origin, stream, revision, request, event)| Record {
                place,
                origin: origin.map(|(origin, _)| origin),
                stream: StreamId(stream),
                revision,
                rival: origin.is_some_and(|(_, rival)| rival),
                request,
                event,
            })
    }

    proptest! {
        #[test]
        fn a_record_reads_back_as_it_was_written(record in record()) {
            let mut bytes = Vec::new();
            canonical(&record, &mut bytes).unwrap();
            prop_assert_eq!(bytes.len(), canonical_len(&record));
            prop_assert_eq!(decode_record(&bytes).unwrap(), record.clone());
            let mut origin = Vec::new();
            canonical_at_origin(&record, &mut origin).unwrap();
            prop_assert_eq!(decode_record(&origin).unwrap(), record.at_origin());
            // Only what was imported can be a rival.
            origin[1] |= IS_RIVAL;
            prop_assert!(decode_record(&origin).is_err());
        }

        #[test]
        fn a_record_cut_short_or_lengthened_is_refused(record in record(), cut in any::<prop::sample::Index>()) {
            let mut bytes = Vec::new();
            canonical(&record, &mut bytes).unwrap();
            let cut = cut.index(bytes.len());
            prop_assert!(decode_record(&bytes[..cut]).is_err());
            bytes.push(0);
            prop_assert!(decode_record(&bytes).is_err());
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = decode_record(&bytes);
        }
    }
}

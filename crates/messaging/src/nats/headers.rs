//! A record as a NATS message and back: the data is the payload, the envelope is in the headers.
//!
//! The attributes `ce-*` are those of CloudEvents in binary mode, so that consumers which know nothing of hoso
//! understand a message; what CloudEvents has no name for is in `hoso-*`. Together they are the whole envelope: the record is
//! rebuilt to the byte, and the chain of hashes over it holds.

use std::str::FromStr;

use async_nats::HeaderMap;
use eventlog::{Key, LogId, NewRecord, Place, Record, Request, StreamId, format};
use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use crate::nats::subjects::Role;

/// JetStream drops a second message with the same one, for two minutes.
const MESSAGE_ID: &str = "Nats-Msg-Id";
pub(super) const SPEC_VERSION: &str = "ce-specversion";
pub(super) const ID: &str = "ce-id";
pub(super) const SOURCE: &str = "ce-source";
pub(super) const TYPE: &str = "ce-type";
pub(super) const SUBJECT: &str = "ce-subject";
pub(super) const TIME: &str = "ce-time";
const RECORDED_TIME: &str = "ce-recordedtime";
const SEQUENCE: &str = "ce-sequence";
const CORRELATION: &str = "ce-correlationid";
const CAUSATION: &str = "ce-causationid";
pub(super) const DATA_CONTENT_TYPE: &str = "ce-datacontenttype";
const REVISION: &str = "hoso-revision";
const SCHEMA: &str = "hoso-schema";
const ACTOR: &str = "hoso-actor";
const ORGANISATION: &str = "hoso-organisation";
const KEYS: &str = "hoso-keys";
const REQUEST: &str = "hoso-request";
const ORIGIN: &str = "hoso-origin";
/// Its presence says that the record is kept beside the history that stands.
const RIVAL: &str = "hoso-rival";
/// Before the event's own name in `ce-type`.
const TYPE_PREFIX: &str = "hoso.";

/// The message is no record, or the record cannot be a message.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{header}: {why}")]
pub struct NoRecord {
    /// Which header is to blame.
    pub header: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

const fn no_record(header: &'static str, why: &'static str) -> NoRecord {
    NoRecord { header, why }
}

/// The headers of a record's message; its payload is the event's data.
///
/// # Errors
/// When a time is outside the years that CloudEvents can write. Such a record only travels as an origin's answer.
pub fn to_headers(role: Role, record: &Record) -> Result<HeaderMap, NoRecord> {
    let Record {
        place,
        origin,
        stream,
        revision,
        rival,
        request,
        event,
    } = record;
    let mut headers = HeaderMap::new();
    let log = place.log;
    headers.insert(
        MESSAGE_ID,
        format!("{log}/{}/{}", place.epoch, place.position),
    );
    headers.insert(SPEC_VERSION, "1.0");
    headers.insert(ID, event.event_id.to_string());
    headers.insert(SOURCE, format!("/hoso/{role}/{log}"));
    headers.insert(TYPE, format!("{TYPE_PREFIX}{}", encoded(&event.kind)));
    headers.insert(SUBJECT, stream.to_string());
    headers.insert(
        TIME,
        time(event.occurred_at).ok_or_else(|| no_record(TIME, "no year"))?,
    );
    headers.insert(
        RECORDED_TIME,
        time(place.recorded_at).ok_or_else(|| no_record(RECORDED_TIME, "no year"))?,
    );
    headers.insert(SEQUENCE, format!("{:020}", place.position));
    headers.insert(CORRELATION, event.correlation.to_string());
    headers.insert(CAUSATION, event.causation.to_string());
    headers.insert(DATA_CONTENT_TYPE, "application/json");
    headers.insert(REVISION, revision.to_string());
    headers.insert(SCHEMA, event.schema_version.to_string());
    let texts = [(ACTOR, &event.actor), (ORGANISATION, &event.organisation)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        headers.insert(name, encoded(text));
    }
    if !event.keys.is_empty() {
        let keys: Vec<_> = event.keys.iter().map(|key| hex(&key.0)).collect();
        headers.insert(KEYS, keys.join(","));
    }
    if let Some(request) = request {
        headers.insert(
            REQUEST,
            format!("{}/{}", hex(&request.key.0), hex(&request.body)),
        );
    }
    if let Some(from) = origin {
        let at = (from.epoch, from.position, from.recorded_at);
        headers.insert(ORIGIN, format!("{}/{}/{}/{}", from.log, at.0, at.1, at.2));
    }
    if *rival {
        headers.insert(RIVAL, "1");
    }
    Ok(headers)
}

/// The record in a message.
///
/// # Errors
/// Names the first header that makes it none.
pub fn to_record(headers: &HeaderMap, data: &[u8]) -> Result<Record, NoRecord> {
    let (log, epoch, position) = {
        let mut parts = required(headers, MESSAGE_ID)?.split('/');
        let why = "it is log/epoch/position";
        let mut next = || parts.next().ok_or_else(|| no_record(MESSAGE_ID, why));
        let log = LogId(parsed(MESSAGE_ID, next()?)?);
        (
            log,
            parsed(MESSAGE_ID, next()?)?,
            parsed(MESSAGE_ID, next()?)?,
        )
    };
    let kind = required(headers, TYPE)?.strip_prefix(TYPE_PREFIX);
    let record = Record {
        place: Place {
            log,
            epoch,
            position,
            recorded_at: micros(headers, RECORDED_TIME)?,
        },
        origin: optional(headers, ORIGIN).map(origin).transpose()?,
        stream: StreamId(parsed(SUBJECT, required(headers, SUBJECT)?)?),
        revision: parsed(REVISION, required(headers, REVISION)?)?,
        rival: match optional(headers, RIVAL) {
            None => false,
            Some("1") if optional(headers, ORIGIN).is_some() => true,
            Some(_) => return Err(no_record(RIVAL, "it is 1, on an imported record")),
        },
        request: optional(headers, REQUEST).map(request).transpose()?,
        event: NewRecord {
            event_id: parsed(ID, required(headers, ID)?)?,
            kind: decoded(
                TYPE,
                kind.ok_or_else(|| no_record(TYPE, "it is no event of hoso"))?,
            )?,
            schema_version: parsed(SCHEMA, required(headers, SCHEMA)?)?,
            occurred_at: micros(headers, TIME)?,
            actor: decoded(ACTOR, optional(headers, ACTOR).unwrap_or_default())?,
            organisation: decoded(
                ORGANISATION,
                optional(headers, ORGANISATION).unwrap_or_default(),
            )?,
            correlation: parsed(CORRELATION, required(headers, CORRELATION)?)?,
            causation: parsed(CAUSATION, required(headers, CAUSATION)?)?,
            keys: match optional(headers, KEYS) {
                Some(keys) => keys
                    .split(',')
                    .map(|key| Ok(Key(unhex(KEYS, key)?)))
                    .collect::<Result<_, _>>()?,
                None => Vec::new(),
            },
            data: data.to_vec(),
        },
    };
    // The envelope's own limits: what the log could not hold is no record.
    if format::canonical_len(&record) > format::BLOCK_RAW_MAX
        || format::canonical(&record, &mut Vec::new()).is_err()
    {
        return Err(no_record("envelope", "it is larger than a record can be"));
    }
    Ok(record)
}

fn optional<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(name).map(async_nats::HeaderValue::as_str)
}

fn required<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, NoRecord> {
    optional(headers, name).ok_or_else(|| no_record(name, "it is missing"))
}

fn parsed<T: FromStr>(header: &'static str, text: &str) -> Result<T, NoRecord> {
    text.parse()
        .map_err(|_| no_record(header, "it does not read"))
}

fn origin(text: &str) -> Result<Place, NoRecord> {
    let parts: Vec<_> = text.split('/').collect();
    let &[log, epoch, position, recorded_at] = parts.as_slice() else {
        return Err(no_record(ORIGIN, "it is log/epoch/position/time"));
    };
    Ok(Place {
        log: LogId(parsed::<Uuid>(ORIGIN, log)?),
        epoch: parsed(ORIGIN, epoch)?,
        position: parsed(ORIGIN, position)?,
        recorded_at: parsed(ORIGIN, recorded_at)?,
    })
}

fn request(text: &str) -> Result<Request, NoRecord> {
    let (key, body) = text
        .split_once('/')
        .ok_or_else(|| no_record(REQUEST, "it is key/body"))?;
    Ok(Request {
        key: Key(unhex(REQUEST, key)?),
        body: unhex(REQUEST, body)?,
    })
}

/// A time as CloudEvents writes it; none outside the years it can.
pub(super) fn time(micros: i64) -> Option<String> {
    // Years below 1000 or with a sign are no RFC 3339.
    let time = Timestamp::from_microsecond(micros).ok()?;
    let year = time.to_string();
    year.as_bytes()
        .first()
        .is_some_and(u8::is_ascii_digit)
        .then_some(year)
}

fn micros(headers: &HeaderMap, name: &'static str) -> Result<i64, NoRecord> {
    Ok(parsed::<Timestamp>(name, required(headers, name)?)?.as_microsecond())
}

fn hex(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(header: &'static str, text: &str) -> Result<[u8; 16], NoRecord> {
    let wrong = no_record(header, "it is not 32 hexadecimal digits");
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong);
    }
    u128::from_str_radix(text, 16)
        .map(u128::to_be_bytes)
        .map_err(|_| wrong)
}

/// As CloudEvents' binding wants it: everything outside printable ASCII, and space, `"` and `%`, as `%XX`.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'"' && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decoded(header: &'static str, text: &str) -> Result<Box<str>, NoRecord> {
    let wrong = no_record(header, "its percent encoding does not read");
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(bytes.next()), digit(bytes.next()));
        let value = high
            .zip(low)
            .and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        out.push(value.ok_or_else(|| wrong.clone())?);
    }
    String::from_utf8(out).map(Into::into).map_err(|_| wrong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Place> {
        // The years 1900 to 2200, which is wider than any legal time.
        let times = -2_208_988_800_000_000_i64..7_258_118_400_000_000;
        (any::<u128>(), any::<u32>(), any::<u64>(), times).prop_map(|(log, epoch, position, at)| {
            Place {
                log: LogId(Uuid::from_u128(log)),
                epoch,
                position,
                recorded_at: at,
            }
        })
    }

    fn event() -> impl Strategy<Value = NewRecord> {
        let ids = (any::<u128>(), any::<u128>(), any::<u128>());
        let texts = ("[ -~]{1,64}", "\\PC{0,32}", "\\PC{0,16}");
        let keys = prop::collection::vec(any::<[u8; 16]>().prop_map(Key), 0..5);
        let data = prop::collection::vec(any::<u8>(), 0..300);
        (ids, texts, any::<u16>(), place(), keys, data).prop_map(
            |(ids, texts, schema, at, keys, data)| NewRecord {
                event_id: Uuid::from_u128(ids.0),
                kind: texts.0.into(),
                schema_version: schema,
                occurred_at: at.recorded_at,
                actor: texts.1.into(),
                organisation: texts.2.into(),
                correlation: Uuid::from_u128(ids.1),
                causation: Uuid::from_u128(ids.2),
                keys,
                data,
            },
        )
    }

    fn record() -> impl Strategy<Value = Record> {
        let request = any::<[u8; 16]>().prop_map(|key| Request {
            key: Key(key),
            body: [7; 16],
        });
        let places = (place(), prop::option::of((place(), any::<bool>())));
        (
            places,
            any::<u128>(),
            any::<u32>(),
            prop::option::of(request),
            event(),
        )
            .prop_map(
                |((place, origin), stream, revision, request, event)| Record {
                    place,
                    origin: origin.map(|(origin, _)| origin),
                    stream: StreamId(Uuid::from_u128(stream)),
                    revision,
                    rival: origin.is_some_and(|(_, rival)| rival),
                    request,
                    event,
                },
            )
    }

    proptest! {
        #[test]
        fn a_record_comes_back_from_its_message_to_the_byte(record in record()) {
            let headers = to_headers(Role::Intake, &record).unwrap();
            prop_assert_eq!(to_record(&headers, &record.event.data).unwrap(), record);
            for (_, values) in headers.iter() {
                for value in values {
                    prop_assert!(value.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                }
            }
        }

        #[test]
        fn a_message_without_one_of_its_headers_is_no_record_and_no_panic(
            record in record(), gone in any::<prop::sample::Index>(), put in "[ -~]{0,40}",
        ) {
            let headers = to_headers(Role::Intake, &record).unwrap();
            let names: Vec<_> = headers.iter().map(|(name, _)| name.to_string()).collect();
            let mut changed = HeaderMap::new();
            for name in &names {
                let value = headers.get(name.as_str()).unwrap().as_str();
                let value = if *name == names[gone.index(names.len())] { put.as_str() } else { value };
                changed.insert(name.as_str(), value);
            }
            let _ = to_record(&changed, &record.event.data);
        }
    }

    #[test]
    fn a_time_that_no_calendar_writes_stays_out_of_the_headers() {
        assert_eq!(time(i64::MAX), None);
        assert_eq!(time(-100_000_000_000_000_000), None);
        assert_eq!(
            time(1_671_062_400_000_001).unwrap(),
            "2022-12-15T00:00:00.000001Z"
        );
    }
}

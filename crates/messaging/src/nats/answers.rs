//! What goes between a follower and an origin besides the stream: heads as text, records as canonical bytes.

use eventlog::{ChainHash, Head, LogId, Position, ReadError, Record, format};
use thiserror::Error;

/// Its presence says that an answer is a refusal, and its value why.
pub const REFUSAL: &str = "hoso-refusal";
/// An answer stays well below what NATS takes by default (1 MiB), so that a slow line is not blocked for long.
const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// Records read from the log at a time.
const READ: usize = 64;

/// An answer or a question that does not read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("what came does not read: {0}")]
pub struct Unreadable(pub String);

/// A head as text: log, epoch, position, chain hash, time, with spaces between.
pub fn head_text(head: &Head) -> String {
    let Head {
        log,
        epoch,
        position,
        hash,
        recorded_at,
    } = head;
    format!("{log} {epoch} {position} {hash} {recorded_at}")
}

/// The head in a text.
///
/// # Errors
/// When it is none.
pub fn head(text: &[u8]) -> Result<Head, Unreadable> {
    let read = || {
        let mut parts = str::from_utf8(text).ok()?.split(' ');
        let head = Head {
            log: LogId(parts.next()?.parse().ok()?),
            epoch: parts.next()?.parse().ok()?,
            position: parts.next()?.parse().ok()?,
            hash: hash(parts.next()?)?,
            recorded_at: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(head)
    };
    read().ok_or_else(|| Unreadable("it is no head of a log".to_owned()))
}

fn hash(text: &str) -> Option<ChainHash> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(ChainHash(bytes))
}

/// The question for records: after which position, and how many at most.
pub fn question_text(after: Position, max: usize) -> String {
    format!("{after} {max}")
}

/// The question in a text.
///
/// # Errors
/// When it is none.
pub fn question(text: &[u8]) -> Result<(Position, usize), Unreadable> {
    let read = || {
        let (after, max) = str::from_utf8(text).ok()?.split_once(' ')?;
        Some((after.parse().ok()?, max.parse().ok()?))
    };
    read().ok_or_else(|| Unreadable("a position and a number of records are asked for".to_owned()))
}

/// Up to `max` records after a position as they travel: each its length (four bytes, little-endian) and its canonical
/// bytes. Fewer than asked for when the answer would become larger than half of `payload_max`. `read` gives as many after a
/// position as it is asked for, if there are so many.
///
/// # Errors
/// When they cannot be read.
pub fn records_bytes(
    after: Position,
    max: usize,
    payload_max: usize,
    mut read: impl FnMut(Position, usize) -> Result<Vec<Record>, ReadError>,
) -> Result<Vec<u8>, String> {
    let bytes_max = ANSWER_BYTES_MAX.min(payload_max / 2);
    let mut out = Vec::new();
    let mut last = after;
    let mut left = max;
    while left > 0 {
        let records = read(last, left.min(READ)).map_err(|error| error.to_string())?;
        if records.is_empty() {
            break;
        }
        for record in records {
            let length = format::canonical_len(&record);
            if !out.is_empty() && out.len() + length + 4 > bytes_max {
                return Ok(out);
            }
            let prefix = u32::try_from(length).map_err(|error| error.to_string())?;
            out.extend_from_slice(&prefix.to_le_bytes());
            format::canonical(&record, &mut out).map_err(|error| error.to_string())?;
            last = record.place.position;
            left -= 1;
        }
    }
    Ok(out)
}

/// The records in an answer.
///
/// # Errors
/// When it is none.
pub fn records(mut bytes: &[u8]) -> Result<Vec<Record>, Unreadable> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes
            .split_first_chunk()
            .ok_or_else(|| Unreadable("it ends within a length".to_owned()))?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (record, rest) = rest
            .split_at_checked(length)
            .ok_or_else(|| Unreadable("it ends within a record".to_owned()))?;
        let record =
            format::decode_record(record).map_err(|error| Unreadable(error.to_string()))?;
        records.push(record);
        bytes = rest;
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_and_nothing_else_is_one() {
        let there = Head {
            log: LogId(uuid::Uuid::from_u128(7)),
            epoch: 2,
            position: 41,
            hash: ChainHash([0xab; 32]),
            recorded_at: -5,
        };
        let text = head_text(&there);
        assert_eq!(head(text.as_bytes()).unwrap(), there);
        for wrong in [
            "",
            "hello",
            &text[1..],
            &format!("{text} 1"),
            &text.replace("abab", "aưb"),
        ] {
            assert!(head(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(records(&[1, 0]).is_err());
        assert!(records(&[9, 0, 0, 0, 1]).is_err());
        assert!(question(b"12").is_err());
        assert_eq!(question(question_text(12, 3).as_bytes()).unwrap(), (12, 3));
    }
}
